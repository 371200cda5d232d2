"""The page of the balance: every transfer, what was spent, and nobody else's money."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django_scopes import scope

from panelwright.core import clock
from panelwright.customers.session_actions import open_session
from panelwright.ledger import statement_actions
from panelwright.ledger.actions import post, set_credit_limit
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.orders import lifecycle, settling
from panelwright.storefront import balance as page_of_balance
from panelwright.storefront.tests.reading import text_of
from panelwright.ui.cookies import session_name
from tests.support.people import FOLLOWERS, Buyer, Owner, Time, execute, place
from tests.support.statements import statements

QUERIES_MAX = 12


class Browser:
    """A browser in which the customer is logged in at her panel; `asked` counts what the last page read."""

    def __init__(self, buyer: Buyer) -> None:
        owner = buyer.owner
        self.client = Client(headers={"host": owner.host})
        with scope(panel=owner.panel):
            token = open_session(user=buyer.customer.user, address="198.51.100.7", browser="test")
        self.client.cookies[session_name(owner.panel)] = token
        self.get("/balance")

    def get(self, path: str, **query: Any) -> str:
        with statements() as seen:
            response = self.client.get(path, query)
        assert response.status_code == 200, (path, response.status_code)
        self.asked = len(seen)
        assert self.asked <= QUERIES_MAX, seen.texts
        page: str = response.getvalue().decode()
        return page


@pytest.fixture
def browser(time: Time, carol: Buyer) -> Browser:
    execute("UPDATE customers_customer SET created_at = %s", time.now - timedelta(days=70))
    return Browser(carol)


def end(order_id: int, status: str, *, remains: int = 0) -> None:
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), clock.now())
    changes.apply(settling.end(changes.orders[order_id], status, remains=remains, now=clock.now()))
    changes.write()


def rows(page: str) -> list[list[str]]:
    """The cells of the statement, as text."""
    if 'class="table cards statement"' not in page:
        return []
    table = page.rpartition('class="table cards statement"')[2].partition("<tbody")[2].partition("</tbody>")[0]
    # What only a card says, a table says in its head.
    table = re.sub(r'<span class="[^"]*only-narrow[^"]*"[^>]*>.*?</span>', "", table)
    return [
        [
            " ".join(text_of(cell.replace("</span><span", "</span> <span")).split())
            for cell in re.findall(r"<td.*?</td>", row, re.S)
        ]
        for row in table.split("</tr>")[:-1]
    ]


def stat(page: str, name: str) -> str:
    found = re.search(rf"<dt>{name}</dt><dd[^>]*>(.*?)</dd>", page)
    assert found, name
    return found[1]


def test_every_transfer_with_the_balance_after_it(browser: Browser, carol: Buyer, time: Time) -> None:
    time.passes(hours=1)
    order_id = carol.order()
    time.passes(hours=1)
    end(order_id, "Partial", remains=500)
    page = browser.get("/balance")
    assert rows(page) == [
        ["2026-05-04 14:00", f"Refund {order_id.number}", "+0.45", "99.55"],
        ["2026-05-04 13:00", f"Order {order_id.number}", "-0.90", "99.10"],
        ["2026-05-04 12:00", "Deposit first of carol", "+100.00", "100.00"],
    ]
    assert stat(page, "Balance") == "99.55 USD"
    assert stat(page, "Spent this month") == "0.45 USD"
    assert stat(page, "Refunded this month") == "0.45 USD"
    assert "<title>05-04: 0.45 USD</title>" in page
    assert page.count('class="chart-bar"') == 30
    assert 'href="/funds"' in page


def test_a_credit_limit_and_a_debt_stand_on_the_page(browser: Browser, alice: Owner, carol: Buyer) -> None:
    with scope(panel=alice.panel):
        set_credit_limit(panel_id=alice.panel_id, account_id=carol.account_id, limit_micros=50_000_000)
    carol.spends_all_but("0.00")
    carol.order()
    page = browser.get("/balance")
    assert (stat(page, "Balance"), stat(page, "Available")) == ("-0.90 USD", "49.10 USD")
    assert "includes a credit limit of 50.00 USD" in page
    assert "You owe" not in page
    dispute = NewTransfer(
        alice.panel_id,
        carol.account_id,
        NamedAccount(AccountKind.CLEARING, "cards"),
        7_000_000,
        TransferCode.CHARGEBACK,
        "d-1",
    )
    with scope(panel=alice.panel):
        assert post([dispute], now=clock.now()) == [True]
    page = browser.get("/balance")
    assert stat(page, "Available") == "0.00 USD"
    assert "You owe 7.00 USD after a chargeback." in page
    # The debt came first, so that the chargeback found what it took. What it names is told with it, once.
    assert [row[1:] for row in rows(page)[:2]] == [
        ["Chargeback d-1", "-7.00", "-0.90"],
        ["Recorded as debt", "+7.00", "6.10"],
    ]
    offer = f"/order?service={FOLLOWERS}&link=https://example.com/a&quantity=100"
    assert "There is an unpaid debt on your account." in browser.get(offer)
    alice.credits(carol, "8.00", reference="p-1")
    assert [row[1:3] for row in rows(browser.get("/balance"))[:2]] == [
        ["Debt repayment", "-7.00"],
        ["Deposit p-1", "+8.00"],
    ]


def test_before_any_money_has_moved(alice: Owner, time: Time) -> None:
    page = Browser(alice.customer("erin")).get("/balance")
    assert "No transactions yet." in page
    assert "Nothing was spent in the last 30 days." in page
    assert stat(page, "Spent this month") == "0.00 USD"
    assert '<svg class="chart"' not in page


def test_filters_and_pages(browser: Browser, carol: Buyer, time: Time) -> None:
    time.passes(days=20)
    orders = [order for order in place(*[carol.command(quantity=50) for _ in range(60)]) if isinstance(order, int)]
    time.passes(days=20)
    carol.order()
    browser = Browser(carol)
    page = browser.get("/balance")
    assert len(rows(page)) == 50
    assert rows(page)[0] == ["2026-06-13 12:00", f"Order {orders[-1].number + 1}", "-0.90", "96.40"]
    (older,) = re.findall(r'href="\?before=([^"]+)" rel="next"', page)
    second = browser.client.get(f"/balance?before={older}").content.decode()
    assert [row[3] for row in rows(second)][-2:] == ["99.955", "100.00"]
    assert "Spent this month" not in second
    # Of one kind there is no balance after each.
    deposits = browser.get("/balance", code="deposit")
    assert rows(deposits) == [["2026-05-04 12:00", "Deposit first of carol", "+100.00"]]
    assert rows(browser.get("/balance", code="deposit", month="")) == rows(deposits)
    may = browser.get("/balance", month="2026-05")
    assert [row[3] for row in rows(may)][:2] == ["97.30", "97.345"]
    assert rows(browser.get("/balance", month="2026-05", code="deposit")) == rows(deposits)
    assert "No transactions match your filters." in browser.get("/balance", month="2026-04")
    assert re.findall(r'<option value="(2026-\d\d)"', page) == ["2026-06", "2026-05", "2026-04", "2026-03", "2026-02"]
    for nonsense in ({"code": "x"}, {"month": "2026-99"}, {"before": "x"}, {"after": "\x01"}, {"month": "٢٠٢٦-05"}):
        assert rows(browser.get("/balance", **nonsense)) == rows(page)


def test_a_month_that_is_not_added_up_says_so(
    browser: Browser, carol: Buyer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: object) -> bool:
        raise OperationalError("database is locked")

    monkeypatch.setattr(page_of_balance, "catch_up", busy)
    time.passes(days=40)
    carol.order()
    browser = Browser(carol)
    page = browser.get("/balance")
    assert 'Totals are complete up to <span class="time">2026-05-04 12:00</span>.' in page
    assert "This month is still being counted." in browser.get("/balance", month="2026-05")
    response = browser.client.get("/balance.csv?month=2026-05")
    assert (response.status_code, response.headers["Location"]) == (302, "/balance")
    monkeypatch.setattr(page_of_balance, "catch_up", statement_actions.catch_up)
    assert rows(browser.get("/balance", month="2026-05"))[0][2] == "+100.00"


def test_the_statement_as_a_file(browser: Browser, carol: Buyer, time: Time) -> None:
    order_id = carol.order()
    text = browser.get("/balance.csv")
    assert text.startswith("\ufeff"), "a byte-order mark, for spreadsheets"
    found = list(csv.reader(io.StringIO(text[1:], newline="")))
    assert found[0] == ["at", "code", "reference", "order", "amount", "balance"]
    assert found[1:] == [
        ["2026-05-04T12:00:00Z", "order", str(order_id.number), str(order_id.number), "-0.90", "99.10"],
        ["2026-05-04T12:00:00Z", "deposit", "first of carol", "", "100.00", "100.00"],
    ]
    assert len(browser.get("/balance.csv", code="deposit").splitlines()) == 2


def test_nobody_sees_the_money_of_others(browser: Browser, carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    place(*[carol.command(quantity=50) for _ in range(60)])
    (cursor,) = re.findall(r'href="\?before=([^"]+)" rel="next"', browser.get("/balance"))
    for stranger in (mallory, alice.customer("dave", balance="7.00")):
        theirs = Browser(stranger)
        page = theirs.client.get(f"/balance?before={cursor}").content.decode()
        assert rows(page) == rows(theirs.get("/balance"))
        assert len(rows(page)) == 1
        assert len(theirs.get("/balance.csv").splitlines()) == 2
    anybody = Client(headers={"host": alice.host}).get("/balance")
    assert (anybody.status_code, anybody.headers["Location"]) == (302, "/login?next=%2Fbalance")


def test_what_staff_wrote_as_a_reference_is_text(browser: Browser, carol: Buyer, alice: Owner) -> None:
    alice.credits(carol, "1.00", reference="<script>alert(1)</script>")
    page = browser.get("/balance")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "style=" not in page


def test_days_are_the_customers_own(browser: Browser, carol: Buyer, time: Time) -> None:
    execute("UPDATE customers_user SET timezone = 'Asia/Tokyo' WHERE id = %s", carol.customer.user_id)
    time.passes(hours=4)
    carol.order(service=FOLLOWERS)
    page = browser.get("/balance")
    assert rows(page)[0][0] == "2026-05-05 01:00"
    assert "<title>05-05: 0.90 USD</title>" in page


def test_a_page_reads_the_same_number_of_times_whatever_there_is(browser: Browser, carol: Buyer, time: Time) -> None:
    asked = set()
    for _ in range(3):
        place(*[carol.command(quantity=50) for _ in range(70)])
        time.passes(hours=5)
        browser.get("/balance")
        asked.add(browser.asked)
    assert len(asked) == 1, asked
