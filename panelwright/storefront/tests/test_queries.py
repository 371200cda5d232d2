"""Every page answers in at most twelve queries, and in no more where there are many rows.

A page is an address that takes GET and answers with something to read. A new one needs a line in CASES,
keyed by the name of its address; what takes only POST or is no page stands in NO_PAGES with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_rate
from panelwright.content.actions import announce, set_page
from panelwright.events import webhook_actions
from panelwright.storefront.tests.browsing import Browser, link_of, path_of
from panelwright.storefront.urls import urlpatterns as ours
from panelwright.support.tests.making import written
from panelwright.ui.urls import urlpatterns as shared
from tests.support.people import PASSWORD, SUBSCRIPTION, Buyer, Owner, Time, execute, run_schedules, value

QUERIES_MAX = 12


class Rows(NamedTuple):
    """Who visits, and ids of rows of hers."""

    carol: Buyer
    stranger: Browser
    order_id: int
    ticket_id: int
    webhook_id: int


class Case(NamedTuple):
    """Where the page is; `inside`: it is looked at by Carol, logged in."""

    path: Callable[[Rows], str] | str
    inside: bool = True


def _letter(kind: str) -> Callable[[Rows], str]:
    to = {"sign-up": "new@customer.example", "reset": "carol@customer.example", "new-email": "other@customer.example"}
    return lambda rows: path_of(link_of(to[kind], kind))


CASES: dict[str, Case] = {
    "home": Case("/"),
    "api": Case("/api"),
    "login": Case("/login", inside=False),
    "signup": Case("/signup", inside=False),
    "confirm_signup": Case(_letter("sign-up"), inside=False),
    "reset": Case("/reset", inside=False),
    "reset_password": Case(_letter("reset"), inside=False),
    "account": Case("/account"),
    "confirm_email": Case(_letter("new-email")),
    "security": Case("/account/security"),
    "second_factor_on": Case("/account/security/on"),
    "second_factor_off": Case("/account/security/off"),
    "recovery_codes": Case("/account/security/codes"),
    "mails": Case("/account/mails"),
    "keys": Case("/account/keys"),
    "new_key": Case("/account/keys/new"),
    "new_order": Case("/order?service=1&link=https://example.com/x&quantity=100"),
    "find_services": Case("/order/services"),
    "mass_order": Case("/order/many"),
    "orders": Case("/orders"),
    "orders_csv": Case("/orders.csv"),
    "refills": Case("/orders/refills"),
    "order": Case(lambda rows: f"/orders/{rows.order_id}"),
    "orders_of": Case("/orders/drip-feeds"),
    "orders_of_csv": Case("/orders/subscriptions.csv"),
    "services": Case("/services"),
    "services_csv": Case("/services.csv"),
    "news": Case("/news"),
    "announcements": Case("/news/announcements"),
    "terms": Case("/terms", inside=False),
    "faq": Case("/faq", inside=False),
    "page": Case("/pages/about"),
    "balance": Case("/balance"),
    "balance_csv": Case("/balance.csv"),
    "webhooks": Case("/account/webhooks"),
    "new_webhook": Case("/account/webhooks/new"),
    "webhook": Case(lambda rows: f"/account/webhooks/{rows.webhook_id}"),
    "tickets": Case("/tickets"),
    "new_ticket": Case("/tickets/new"),
    "ticket": Case(lambda rows: f"/tickets/{rows.ticket_id}"),
}
NO_PAGES = {
    "asset": "a file from memory",
    "cancel_order": "POST",
    "close_ticket": "POST",
    "delete_webhook": "POST",
    "end_session": "POST",
    "end_sessions": "POST",
    "favourite": "POST",
    "hook_posts": "POST, for programs",
    "inside": "leads on",
    "logo": "a picture",
    "logout": "POST",
    "order_again": "leads on",
    "order_price": "POST",
    "own_address": "leads on",
    "pause_order": "POST",
    "refill_order": "POST",
    "resume_order": "POST",
    "retry_delivery": "POST",
    "revoke_key": "POST",
    "rotate_webhook": "POST",
    "theme": "a style sheet",
    "ticket_file": "a file of a ticket, tested with the tickets",
    "try_webhook": "POST",
}


@pytest.fixture
def rows(alice: Owner, carol: Buyer, time: Time) -> Rows:
    """One of each."""
    stranger = Browser(alice)
    stranger.post("/signup", email="new@customer.example", password="a new good one")
    stranger.post("/reset", email="carol@customer.example")
    inside = Browser(alice, carol.customer.user)
    inside.post("/account", part="email", email="other@customer.example", current=PASSWORD)
    ticket_id = written(carol, "Hello", subject="other")
    carol.order(service=SUBSCRIPTION)
    with scope(panel=alice.panel):
        set_page(panel_id=alice.panel_id, slug="about", language="en", title="About", body="Us.", by="alice")
    webhook_id = _webhook(carol)
    return Rows(carol, stranger, carol.order(runs=9, interval=1, quantity=100), ticket_id, webhook_id)


def _webhook(carol: Buyer, number: int = 0) -> int:
    with scope(panel=carol.owner.panel):
        made = webhook_actions.create_endpoint(
            panel_id=carol.owner.panel_id,
            customer_id=carol.customer_id,
            url=f"https://hooks.example.com/{number}",
            names=["order.completed"],
        )
        assert isinstance(made, tuple)
        for _ in range(2):
            webhook_actions.send_test(panel_id=carol.owner.panel_id, customer_id=carol.customer_id, endpoint_id=made[0])
    return made[0]


def many(rows: Rows, time: Time) -> None:
    """Twenty of each."""
    carol = rows.carol
    for n in range(20):
        carol.order(link=f"https://example.com/{n}")
        carol.order(service=SUBSCRIPTION, username=f"carol{n}")
        carol.new_key(name=f"key {n}")
        carol.order(link=f"https://example.com/d{n}", runs=3, interval=1, quantity=50)
        Browser(carol.owner, carol.customer.user)
        if n < 15:  # so many may be open
            written(carol, f"Hello {n}", subject="other")
        if n < 8:  # so many a customer may have
            _webhook(carol, n + 1)
        with scope(panel=carol.owner.panel):
            announce(panel_id=carol.owner.panel_id, title=f"News {n}", body="Hello.", by="alice")
            set_rate(panel_id=carol.owner.panel_id, number=1 + n % 2, rate_micros=1_000_000 + n)
            set_page(
                panel_id=carol.owner.panel_id,
                slug=f"page-{n}",
                language="en",
                title=f"Page {n}",
                body="Hello.",
                by="alice",
                in_menu=True,
            )
    for _ in range(8):
        run_schedules()
        time.passes(minutes=1)
    execute("UPDATE customers_session SET seen_at = %s", time.now)


def counted(rows: Rows) -> dict[str, int]:
    inside = Browser(rows.carol.owner, rows.carol.customer.user)
    found = {}
    for name, case in CASES.items():
        path = case.path if isinstance(case.path, str) else case.path(rows)
        browser = inside if case.inside else rows.stranger
        browser.client.get(path)  # what is kept in memory from the first time on
        with scope(panel=rows.carol.owner.panel):
            found[name] = len(browser.queries(path))
    return found


def test_every_page_has_a_case() -> None:
    names = {pattern.name for pattern in [*ours, *shared]}
    assert names == set(CASES) | set(NO_PAGES), "a page is missing here, or one that is here is gone"
    assert not set(CASES) & set(NO_PAGES)


def test_every_page_answers_in_few_queries_whatever_the_number_of_rows(rows: Rows, time: Time) -> None:
    few = counted(rows)
    assert {name: number for name, number in few.items() if number > QUERIES_MAX} == {}
    many(rows, time)
    assert value("SELECT COUNT(*) FROM orders_order") > 60
    more = counted(rows)
    grown = {name: (few[name], number) for name, number in more.items() if number > few[name]}
    assert grown == {}, "the number grows with the rows"
