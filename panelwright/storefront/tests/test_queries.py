"""Every page answers in at most twelve queries, and in no more where there are many rows.

The pages are those of the registry (ui/pages.py), at the addresses that it gives as their samples.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_rate
from panelwright.content.actions import announce, set_page
from panelwright.customers import broadcasts
from panelwright.events import webhook_actions
from panelwright.payments.tests.making import approve, begun, method
from panelwright.receipts.tests.making import issued
from panelwright.storefront.tests.browsing import Browser, link_of, path_of
from panelwright.support.tests.making import written
from panelwright.ui.hidden import hidden_id
from panelwright.ui.pages import Answer, Who, all_pages
from tests.support.people import PASSWORD, SUBSCRIPTION, Buyer, Owner, Time, execute, run_schedules, value

QUERIES_MAX = 12


class Rows(NamedTuple):
    """Who visits, and numbers of rows of hers, or ids where they have none."""

    carol: Buyer
    stranger: Browser
    order: int
    ticket: int
    webhook_id: int
    payment: int
    method: int
    receipt_id: int


def addresses(rows: Rows) -> dict[tuple[str, str], str]:
    """The address of each sample of each page of the registry, by its page's name and itself."""
    known = {
        "order": rows.order,
        "ticket": rows.ticket,
        "payment": rows.payment,
        "receipt": hidden_id(rows.receipt_id),
        "webhook": hidden_id(rows.webhook_id),
        "signup_token": token("new@customer.example", "sign-up"),
        "reset_token": token("carol@customer.example", "reset"),
        "unsubscribe_token": broadcasts.token(panel_id=rows.carol.owner.panel_id, user_id=rows.carol.customer.user_id),
        "email_token": token("other@customer.example", "new-email"),
    }
    found: dict[tuple[str, str], str] = {}
    for _site, page in all_pages():
        # Those of staff: tests/office.
        if page.who is not Who.STAFF and page.answers in READ and page.name not in TESTED_ELSEWHERE:
            found |= {
                (page.name, sample): sample.format(**known) for sample in page.addresses if "old-link" not in sample
            }
    return found


def token(to: str, kind: str) -> str:
    return path_of(link_of(to, kind)).rsplit("/", 1)[1]


# What answers with something to read.
READ = frozenset({Answer.PAGE, Answer.PART, Answer.FILE})
# Files from memory, what needs a file to be there, and what takes POST.
TESTED_ELSEWHERE = frozenset({"asset", "logo", "theme", "ticket_file", "payment_file", "order_price"})
# Pages for who is not logged in.
OUTSIDE = frozenset({"login", "signup", "confirm_signup", "reset", "reset_password", "terms", "faq"})


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
    drip_feed = carol.order(runs=9, interval=1, quantity=100)
    bank = method(alice)
    waits, receipt = begun(carol, bank).number, issued(alice, begun(carol, bank))
    return Rows(carol, stranger, drip_feed.number, ticket_id.number, webhook_id, waits, bank, receipt)


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
        approve(carol.owner, begun(carol, rows.method))
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


def counted(rows: Rows) -> dict[tuple[str, str], int]:
    inside = Browser(rows.carol.owner, rows.carol.customer.user)
    found = {}
    for key, path in addresses(rows).items():
        browser = rows.stranger if key[0] in OUTSIDE else inside
        browser.client.get(path)  # what is kept in memory from the first time on
        with scope(panel=rows.carol.owner.panel):
            found[key] = len(browser.queries(path))
    return found


def test_every_page_answers_in_few_queries_whatever_the_number_of_rows(rows: Rows, time: Time) -> None:
    few = counted(rows)
    assert len(few) > 40
    assert {name: number for name, number in few.items() if number > QUERIES_MAX} == {}
    many(rows, time)
    assert value("SELECT COUNT(*) FROM orders_order") > 60
    more = counted(rows)
    grown = {name: (few[name], number) for name, number in more.items() if number > few[name]}
    assert grown == {}, "the number grows with the rows"
