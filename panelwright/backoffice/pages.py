"""The pages of owner and staff, under /admin/ on the panel's own address. Each declared staff action is one."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_noop

from panelwright.backoffice import acting, customers, home, lists, orders, panel, tickets
from panelwright.staff import registry
from panelwright.staff.action import Action
from panelwright.staff.lists import all_lists
from panelwright.staff.rights import Right
from panelwright.ui.pages import Answer, Menu, Site, SitePage, Who

_HOME = (
    SitePage(
        "home",
        "admin/",
        home.home,
        Who.STAFF,
        # Of the storefront's own menu, too: there staff find the way back.
        menus=(Menu("office", gettext_noop("Home"), "home"), Menu("own", gettext_noop("Back office"), "grid")),
        start=True,
    ),
)

_ORDERS = (
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

_SUPPORT = (
    SitePage(
        "tickets",
        "admin/tickets",
        tickets.tickets,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Inbox"), "chat", count="tickets"),),
        samples=("/admin/tickets", "/admin/tickets?show=all"),
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

_CUSTOMERS = (
    SitePage(
        "customers",
        "admin/customers",
        customers.customers,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Customers"), "people"),),
        samples=("/admin/customers", "/admin/customers?q=carol"),
        right=Right.CUSTOMERS_READ,
    ),
    SitePage(
        "customer",
        "admin/customers/<int:target>",
        customers.customer,
        Who.STAFF,
        under="customers",
        samples=("/admin/customers/{customer}",),
        right=Right.CUSTOMERS_READ,
    ),
)

_PANEL = (
    SitePage(
        "services",
        "admin/services",
        panel.services,
        Who.STAFF,
        menus=(
            Menu("office", gettext_noop("Services"), "grid"),
            Menu("office_services", gettext_noop("Services")),
        ),
        samples=("/admin/services", "/admin/services?state=off"),
        right=Right.SERVICES,
    ),
    SitePage(
        "held",
        "admin/held",
        panel.held,
        Who.STAFF,
        menus=(Menu("office_services", gettext_noop("On hold")),),
        under="services",
        right=Right.SERVICES,
    ),
    SitePage(
        "providers",
        "admin/providers",
        panel.providers,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Providers"), "server"),),
        right=Right.PROVIDERS,
    ),
    SitePage(
        "provider",
        "admin/providers/<int:target>",
        panel.provider,
        Who.STAFF,
        under="providers",
        samples=("/admin/providers/{provider}",),
        right=Right.PROVIDERS,
    ),
    SitePage(
        "blocks",
        "admin/blocks",
        panel.blocks,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Blocks"), "ban"),),
        samples=("/admin/blocks", "/admin/blocks?kind=word&q=x"),
        right=Right.SETTINGS,
    ),
    SitePage(
        "staff",
        "admin/staff",
        panel.staff,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Staff"), "shield"),),
        right=Right.STAFF,
    ),
    SitePage(
        "trail",
        "admin/trail",
        panel.trail,
        Who.STAFF,
        menus=(Menu("office", gettext_noop("Audit trail"), "clock"),),
        samples=("/admin/trail", "/admin/trail?on=2026-05-04"),
        right=Right.STAFF,
    ),
)

# Noun -> the page in whose menu entry its actions are found.
_UNDER = {
    "order": "orders",
    "cancel": "cancels",
    "refill": "refills",
    "ticket": "tickets",
    "customer": "customers",
    "price_list": "customers",
    "service": "services",
    "route": "services",
    "held": "held",
    "provider": "providers",
    "block": "blocks",
    "staff": "staff",
    "staff_key": "staff",
}


def _actions() -> Iterator[SitePage]:
    """Each action's form, behind the right that the action names. What an operator of the host does has none here."""
    for action in registry.actions().values():
        if not action.for_operators:
            yield _action(action)


def _action(action: Action) -> SitePage:
    noun = action.noun
    where = (
        f"admin/{noun.plural}/<int:target>/{action.verb}" if action.on_target else f"admin/{noun.plural}/{action.verb}"
    )
    sample = f"/admin/{noun.plural}/{{{noun.name}}}/{action.verb}" if action.on_target else f"/{where}"
    return SitePage(
        action.name.replace(".", "_"),
        where,
        acting.act,
        Who.STAFF,
        under=_UNDER.get(noun.name, ""),
        samples=(sample,),
        arguments={"name": action.name},
        right=action.right,
    )


def _files() -> Iterator[SitePage]:
    """Each list that has a page as a file of the same filters."""
    for page in (*_ORDERS, *_SUPPORT, *_CUSTOMERS, *_PANEL):
        of = all_lists().get(page.name)
        if of is not None:
            yield SitePage(
                f"{of.name}_csv",
                f"admin/{of.name}.csv",
                lists.file,
                Who.STAFF,
                Answer.FILE,
                arguments={"name": of.name},
                right=Right.EXPORTS,
                also=of.right,
            )


SITE = Site("backoffice", (*_HOME, *_ORDERS, *_SUPPORT, *_CUSTOMERS, *_PANEL, *_files(), *_actions()))
