"""The public and the customers' pages."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.storefront import (
    account,
    balance,
    banners,
    funds,
    hooks,
    mass,
    ordering,
    orders,
    public,
    tickets,
    views,
    webhooks,
)
from panelwright.ui.pages import Answer, AsCustomer, Menu, Site, SitePage, Who

_API_URL = r"^api/?$"
_FREE_PAGE = r"^pages/(?P<slug>[a-z0-9][a-z0-9-]{0,59})$"
_ENDPOINT = "account/webhooks/<hidden:endpoint_id>"

_HOME = (SitePage("home", "", views.home, Who.EVERYBODY),)

_SERVICES = (
    SitePage(
        "services",
        "services",
        public.services,
        Who.EVERYBODY,
        menus=(Menu("main", gettext_noop("Services"), "grid"), Menu("public", gettext_noop("Services"))),
        samples=("/services", "/services?q=followers", "/services?q=nothing+like+it"),
    ),
    SitePage("services_csv", "services.csv", public.services_csv, Who.EVERYBODY, Answer.FILE),
    SitePage(
        "favourite",
        "services/<int:number>/favourite",
        public.favourite,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="services",
    ),
)

_NEWS = (
    SitePage(
        "news",
        "news",
        public.news,
        Who.EVERYBODY,
        menus=(
            Menu("main", gettext_noop("Updates"), "news"),
            Menu("public", gettext_noop("Updates")),
            Menu("updates", gettext_noop("Services and prices")),
        ),
        samples=("/news", "/news?kind=gone"),
    ),
    SitePage(
        "announcements",
        "news/announcements",
        public.announcements,
        Who.EVERYBODY,
        menus=(Menu("updates", gettext_noop("Announcements")),),
        under="news",
    ),
)

_TEXTS = (
    SitePage(
        "put_away",
        "banners/<int:number>/put-away",
        banners.put_away,
        Who.EVERYBODY,
        Answer.ACTION,
        under="announcements",
    ),
    SitePage(
        "api",
        _API_URL,
        views.api,
        Who.EVERYBODY,
        menus=(Menu("own", "API", "code"), Menu("public", "API")),
        samples=("/api",),
    ),
    SitePage("terms", "terms", public.page, Who.EVERYBODY, arguments={"slug": "terms"}),
    SitePage("faq", "faq", public.page, Who.EVERYBODY, arguments={"slug": "faq"}),
    SitePage("own_address", r"^pages/(?P<slug>terms|faq)$", public.own_address, Who.EVERYBODY, Answer.LEADS_ON),
    SitePage("page", _FREE_PAGE, public.page, Who.EVERYBODY, samples=("/pages/about",)),
)

_ORDERING = (
    SitePage(
        "new_order",
        "order",
        ordering.new_order,
        Who.CUSTOMERS,
        menus=(Menu("main", gettext_noop("New order"), "order"), Menu("order", gettext_noop("Single order"))),
        start=True,
        samples=("/order", "/order?service=1&link=https://example.com/x&quantity=100", "/order?service=36"),
        as_customer=AsCustomer.MONEY,
    ),
    SitePage("find_services", "order/services", ordering.find_services, Who.CUSTOMERS, Answer.PART),
    SitePage(
        "order_price",
        "order/price",
        ordering.price,
        Who.CUSTOMERS,
        Answer.PART,
        under="new_order",
        as_customer=AsCustomer.ACT,
    ),
    SitePage(
        "mass_order",
        "order/many",
        mass.mass_order,
        Who.CUSTOMERS,
        menus=(Menu("main", gettext_noop("Mass order"), "many"), Menu("order", gettext_noop("Mass order"))),
        as_customer=AsCustomer.MONEY,
    ),
)

_ORDERS = (
    SitePage(
        "orders",
        "orders",
        orders.orders,
        Who.CUSTOMERS,
        menus=(Menu("main", gettext_noop("Orders"), "list"), Menu("orders", gettext_noop("Orders"))),
        samples=("/orders", "/orders?q=nothing&status=partial"),
    ),
    SitePage(
        "drip_feeds",
        "orders/drip-feeds",
        orders.orders,
        Who.CUSTOMERS,
        menus=(Menu("orders", gettext_noop("Drip-feeds")),),
        under="orders",
        arguments={"kind": "drip-feeds"},
    ),
    SitePage(
        "subscriptions",
        "orders/subscriptions",
        orders.orders,
        Who.CUSTOMERS,
        menus=(Menu("orders", gettext_noop("Subscriptions")),),
        under="orders",
        arguments={"kind": "subscriptions"},
    ),
    SitePage(
        "refills",
        "orders/refills",
        orders.refills,
        Who.CUSTOMERS,
        menus=(Menu("orders", gettext_noop("Refills")),),
        under="orders",
    ),
    SitePage("orders_csv", "orders.csv", orders.orders_csv, Who.CUSTOMERS, Answer.FILE),
    SitePage(
        "drip_feeds_csv",
        "orders/drip-feeds.csv",
        orders.orders_csv,
        Who.CUSTOMERS,
        Answer.FILE,
        arguments={"kind": "drip-feeds"},
    ),
    SitePage(
        "subscriptions_csv",
        "orders/subscriptions.csv",
        orders.orders_csv,
        Who.CUSTOMERS,
        Answer.FILE,
        arguments={"kind": "subscriptions"},
    ),
    SitePage(
        "order",
        "orders/<int:number>",
        orders.one_order,
        Who.CUSTOMERS,
        under="orders",
        samples=("/orders/{order}",),
    ),
    SitePage(
        "order_again",
        "orders/<int:number>/again",
        orders.order_again,
        Who.CUSTOMERS,
        Answer.LEADS_ON,
        under="orders",
    ),
    SitePage(
        "refill_order",
        "orders/<int:number>/refill",
        orders.refill,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="orders",
        as_customer=AsCustomer.MONEY,
    ),
    SitePage(
        "cancel_order",
        "orders/<int:number>/cancel",
        orders.cancel,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="orders",
        as_customer=AsCustomer.MONEY,
    ),
    SitePage(
        "pause_order",
        "orders/<int:number>/pause",
        orders.pause,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="orders",
        as_customer=AsCustomer.MONEY,
    ),
    SitePage(
        "resume_order",
        "orders/<int:number>/resume",
        orders.resume,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="orders",
        as_customer=AsCustomer.MONEY,
    ),
)

_MONEY = (
    SitePage(
        "balance",
        "balance",
        balance.balance,
        Who.CUSTOMERS,
        menus=(Menu("main", gettext_noop("Balance"), "wallet"),),
        samples=("/balance", "/balance?code=refund"),
    ),
    SitePage("balance_csv", "balance.csv", balance.balance_csv, Who.CUSTOMERS, Answer.FILE),
    SitePage(
        "funds",
        "funds",
        funds.funds,
        Who.CUSTOMERS,
        menus=(Menu("main", gettext_noop("Add funds"), "plus"),),
        samples=("/funds", "/funds?amount=100", "/funds?need=12.34&back=/order"),
    ),
    SitePage("funds_price", "funds/price", funds.price, Who.CUSTOMERS, Answer.PART, under="funds"),
    SitePage(
        "funds_pay",
        "funds/pay",
        funds.pay,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="funds",
        as_customer=AsCustomer.MONEY,
    ),
    SitePage(
        "redeem",
        "funds/voucher",
        funds.redeem,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="funds",
        as_customer=AsCustomer.MONEY,
    ),
    SitePage(
        "payment",
        "funds/<int:number>",
        funds.payment,
        Who.CUSTOMERS,
        under="funds",
        samples=("/funds/{payment}",),
        as_customer=AsCustomer.MONEY,
    ),
    SitePage("payment_live", "funds/<int:number>/live", funds.live, Who.CUSTOMERS, Answer.PART, under="funds"),
    SitePage(
        "go_on",
        "funds/<int:number>/pay",
        funds.go_on,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="funds",
        as_customer=AsCustomer.MONEY,
    ),
    SitePage(
        "cancel_payment",
        "funds/<int:number>/cancel",
        funds.cancel,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="funds",
        as_customer=AsCustomer.MONEY,
    ),
    SitePage(
        "payment_file",
        "funds/<int:number>/files/<hidden:file_id>",
        funds.receipt,
        Who.CUSTOMERS,
        Answer.FILE,
    ),
)

_SUPPORT = (
    SitePage(
        "tickets",
        "tickets",
        tickets.tickets,
        Who.CUSTOMERS,
        menus=(Menu("main", gettext_noop("Support"), "chat", count="unread_tickets"),),
    ),
    SitePage("new_ticket", "tickets/new", tickets.new_ticket, Who.CUSTOMERS, under="tickets"),
    SitePage(
        "ticket",
        "tickets/<int:number>",
        tickets.ticket,
        Who.CUSTOMERS,
        under="tickets",
        samples=("/tickets/{ticket}",),
    ),
    SitePage(
        "close_ticket",
        "tickets/<int:number>/close",
        tickets.close_ticket,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="tickets",
    ),
    SitePage(
        "ticket_file",
        "tickets/<int:number>/files/<hidden:file_id>",
        tickets.ticket_file,
        Who.CUSTOMERS,
        Answer.FILE,
    ),
)

_ACCOUNT = (
    SitePage(
        "account",
        "account",
        account.account,
        Who.USERS,
        menus=(Menu("own", gettext_noop("Account"), "person"), Menu("account", gettext_noop("Profile"))),
        start=True,
    ),
    SitePage(
        "security",
        "account/security",
        account.security,
        Who.USERS,
        menus=(Menu("account", gettext_noop("Security")),),
        under="account",
        as_customer=AsCustomer.NEVER,
    ),
    SitePage(
        "second_factor_on",
        "account/security/on",
        account.second_factor_on,
        Who.USERS,
        under="security",
        as_customer=AsCustomer.NEVER,
    ),
    SitePage(
        "second_factor_off",
        "account/security/off",
        account.second_factor_off,
        Who.USERS,
        under="security",
        as_customer=AsCustomer.NEVER,
    ),
    SitePage(
        "recovery_codes",
        "account/security/codes",
        account.recovery_codes,
        Who.USERS,
        under="security",
        as_customer=AsCustomer.NEVER,
    ),
    SitePage(
        "end_sessions",
        "account/sessions/end",
        account.end_other_sessions,
        Who.USERS,
        Answer.ACTION,
        under="security",
    ),
    SitePage(
        "end_session",
        "account/sessions/<hidden:session_id>/end",
        account.end_one_session,
        Who.USERS,
        Answer.ACTION,
        under="security",
    ),
    SitePage(
        "keys",
        "account/keys",
        account.keys,
        Who.CUSTOMERS,
        menus=(Menu("account", gettext_noop("API keys")),),
        under="account",
    ),
    SitePage("new_key", "account/keys/new", account.new_key, Who.CUSTOMERS, under="keys", as_customer=AsCustomer.NEVER),
    SitePage(
        "revoke_key",
        "account/keys/<hidden:key_id>/revoke",
        account.revoke_key,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="keys",
    ),
    SitePage(
        "webhooks",
        "account/webhooks",
        webhooks.webhooks,
        Who.CUSTOMERS,
        menus=(Menu("account", gettext_noop("Webhooks")),),
        under="account",
    ),
    SitePage(
        "new_webhook",
        "account/webhooks/new",
        webhooks.new_webhook,
        Who.CUSTOMERS,
        under="webhooks",
        as_customer=AsCustomer.NEVER,
    ),
    SitePage(
        "webhook",
        _ENDPOINT,
        webhooks.webhook,
        Who.CUSTOMERS,
        under="webhooks",
        samples=("/account/webhooks/{webhook}", "/account/webhooks/{webhook}?show=failed"),
        as_customer=AsCustomer.NEVER,
    ),
    SitePage("try_webhook", f"{_ENDPOINT}/test", webhooks.try_webhook, Who.CUSTOMERS, Answer.ACTION, under="webhooks"),
    SitePage(
        "rotate_webhook",
        f"{_ENDPOINT}/rotate",
        webhooks.rotate_webhook,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="webhooks",
    ),
    SitePage(
        "delete_webhook",
        f"{_ENDPOINT}/delete",
        webhooks.delete_webhook,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="webhooks",
    ),
    SitePage(
        "retry_delivery",
        "account/webhooks/deliveries/<hidden:delivery_id>/retry",
        webhooks.retry_delivery,
        Who.CUSTOMERS,
        Answer.ACTION,
        under="webhooks",
    ),
    SitePage(
        "mails",
        "account/mails",
        account.mails,
        Who.USERS,
        menus=(Menu("account", gettext_noop("Notifications")),),
        under="account",
    ),
)

_PROGRAMS = (
    SitePage("hook_posts", r"^hooks/posts/([0-9]{1,18})$", hooks.posts, Who.EVERYBODY, Answer.PROGRAM),
    SitePage("hook_payments", r"^hooks/payments/([\w-]{43})$", hooks.payments, Who.EVERYBODY, Answer.PROGRAM),
)

# In the order of the menus.
SITE = Site(
    "storefront",
    (*_HOME, *_ORDERING, *_ORDERS, *_SERVICES, *_MONEY, *_SUPPORT, *_NEWS, *_TEXTS, *_ACCOUNT, *_PROGRAMS),
)
