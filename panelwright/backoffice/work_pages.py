"""Pages of the daily work: orders, tickets, customers."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.backoffice import customers, orders, payment_pages, tickets
from panelwright.staff.rights import Right
from panelwright.ui.pages import Answer, Menu, SitePage, Who

ORDERS = (
    SitePage(
        "orders",
        "admin/orders",
        orders.orders,
        Who.STAFF,
        menus=(
            Menu("office", gettext_noop("Orders"), "list", count="problems"),
            Menu("office_orders", gettext_noop("Orders")),
        ),
        samples=("/admin/orders", "/admin/orders?show=problem", "/admin/orders?q=nothing+like+it"),
        right=Right.ORDERS_READ,
    ),
    SitePage(
        "work",
        "admin/work",
        orders.work,
        Who.STAFF,
        menus=(Menu("office_orders", gettext_noop("Work queue")),),
        under="orders",
        samples=("/admin/work", "/admin/work?show=begun"),
        right=Right.ORDERS_READ,
    ),
    SitePage(
        "dripfeeds",
        "admin/dripfeeds",
        orders.dripfeeds,
        Who.STAFF,
        menus=(Menu("office_orders", gettext_noop("Drip-feeds")),),
        under="orders",
        right=Right.ORDERS_READ,
    ),
    SitePage(
        "subscriptions",
        "admin/subscriptions",
        orders.subscriptions,
        Who.STAFF,
        menus=(Menu("office_orders", gettext_noop("Subscriptions")),),
        under="orders",
        right=Right.ORDERS_READ,
    ),
    SitePage(
        "refills",
        "admin/refills",
        orders.refills,
        Who.STAFF,
        menus=(Menu("office_orders", gettext_noop("Refill requests")),),
        under="orders",
        right=Right.ORDERS_READ,
    ),
    SitePage(
        "cancels",
        "admin/cancels",
        orders.cancels,
        Who.STAFF,
        menus=(Menu("office_orders", gettext_noop("Cancellation requests")),),
        under="orders",
        right=Right.ORDERS_READ,
    ),
    SitePage(
        "order",
        "admin/orders/<int:target>",
        orders.order,
        Who.STAFF,
        under="orders",
        samples=("/admin/orders/{order}",),
        right=Right.ORDERS_READ,
    ),
)

SUPPORT = (
    SitePage(
        "tickets",
        "admin/tickets",
        tickets.tickets,
        Who.STAFF,
        menus=(
            Menu("office", gettext_noop("Inbox"), "chat", count="tickets"),
            Menu("office_inbox", gettext_noop("Tickets")),
        ),
        samples=("/admin/tickets", "/admin/tickets?show=mine", "/admin/tickets?show=all"),
        right=Right.SUPPORT,
    ),
    SitePage(
        "saved_replies",
        "admin/saved-replies",
        tickets.saved_replies,
        Who.STAFF,
        menus=(Menu("office_inbox", gettext_noop("Saved replies")),),
        under="tickets",
        samples=("/admin/saved-replies", "/admin/saved-replies?q=nothing+like+it"),
        right=Right.SUPPORT,
    ),
    SitePage(
        "ticket",
        "admin/tickets/<int:target>",
        tickets.ticket,
        Who.STAFF,
        under="tickets",
        samples=("/admin/tickets/{ticket}",),
        right=Right.SUPPORT,
    ),
    SitePage(
        "ticket_file",
        "admin/tickets/<int:target>/files/<hidden:file_id>",
        tickets.ticket_file,
        Who.STAFF,
        Answer.FILE,
        samples=("/admin/tickets/{ticket}/files/{file}",),
        right=Right.SUPPORT,
    ),
)

CUSTOMERS = (
    SitePage(
        "customers",
        "admin/customers",
        customers.customers,
        Who.STAFF,
        menus=(
            Menu("office", gettext_noop("Customers"), "people"),
            Menu("office_customers", gettext_noop("Customers")),
        ),
        samples=("/admin/customers", "/admin/customers?q=carol"),
        right=Right.CUSTOMERS_READ,
    ),
    SitePage(
        "customer",
        "admin/customers/<int:target>",
        customers.customer,
        Who.STAFF,
        under="customers",
        samples=tuple(f"/admin/customers/{{customer}}{tab}" for tab in ("", "?tab=logins", "?tab=notes", "?tab=trail")),
        right=Right.CUSTOMERS_READ,
    ),
    SitePage(
        "price_lists",
        "admin/price-lists",
        customers.price_lists,
        Who.STAFF,
        menus=(Menu("office_customers", gettext_noop("Price lists")),),
        under="customers",
        right=Right.CUSTOMERS_READ,
    ),
    *payment_pages.PAGES,
)
