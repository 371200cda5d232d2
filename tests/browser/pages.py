"""Every page, by the name of its address: for tests that look at all of them.

A new address that is missing here fails `test_every_address_is_looked_at`.
"""

from __future__ import annotations

from dataclasses import dataclass

# What is posted to, sent as a file, part of a page, or the end of a letter's link.
NO_PAGES = frozenset(
    {
        *("asset", "hook_posts", "logout", "inside", "find_services", "order_price", "order_again"),
        *("end_session", "end_sessions", "revoke_key", "refill_order", "cancel_order", "pause_order", "resume_order"),
        *("orders_csv", "orders_of_csv", "confirm_signup", "reset_password", "confirm_email"),
        *("close_ticket", "ticket_file", "services_csv", "favourite", "own_address", "theme", "logo", "balance_csv"),
        *("try_webhook", "rotate_webhook", "delete_webhook", "retry_delivery"),
    }
)


@dataclass(frozen=True, slots=True)
class World:
    """Ids of rows that the pages of one customer show."""

    order: int
    ticket: int
    webhook: int


def public(world: World) -> dict[str, str]:
    """Pages for whoever comes by; beside the names addresses that lead nowhere."""
    return {
        "home": "/",
        "api": "/api",
        "services": "/services",
        "services searched": "/services?q=followers",
        "news": "/news",
        "news of one kind": "/news?kind=gone",
        "announcements": "/news/announcements",
        "terms": "/terms",
        "faq": "/faq",
        "page": "/pages/about",
        "login": "/login",
        "signup": "/signup",
        "reset": "/reset",
        "nowhere": "/nowhere",
        "old link": "/signup/old-link",
    }


def inside(world: World) -> dict[str, str]:
    """Pages of a customer who is logged in. Several of one name: name, a space, what is special."""
    return {
        "services with stars": "/services",
        "news inside": "/news",
        "new_order": "/order",
        "new_order chosen": "/order?service=1",
        "new_order with all fields": "/order?service=36",
        "mass_order": "/order/many",
        "orders": "/orders",
        "orders searched": "/orders?q=nothing&status=partial",
        "orders_of drip": "/orders/drip-feeds",
        "orders_of subscriptions": "/orders/subscriptions",
        "order": f"/orders/{world.order}",
        "refills": "/orders/refills",
        "balance": "/balance",
        "balance filtered": "/balance?code=refund",
        "tickets": "/tickets",
        "new_ticket": "/tickets/new",
        "ticket": f"/tickets/{world.ticket}",
        "account": "/account",
        "security": "/account/security",
        "second_factor_on": "/account/security/on",
        "second_factor_off": "/account/security/off",
        "recovery_codes": "/account/security/codes",
        "mails": "/account/mails",
        "keys": "/account/keys",
        "new_key": "/account/keys/new",
        "webhooks": "/account/webhooks",
        "new_webhook": "/account/webhooks/new",
        "webhook": f"/account/webhooks/{world.webhook}",
        "webhook failed": f"/account/webhooks/{world.webhook}?show=failed",
    }
