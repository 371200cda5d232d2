"""The statement of a month: from balance to balance, to the micro, whatever moved, and of nobody else."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panelwright.ledger import month_sums
from panelwright.ledger.statement import Month
from panelwright.ledger.statement_actions import catch_up
from panelwright.storefront.tests.browsing import Browser
from tests.support.people import Buyer, Owner, Time

pytestmark = pytest.mark.django_db(transaction=True)
ZONE = ZoneInfo("UTC")


def sums(buyer: Buyer, month: Month) -> month_sums.MonthSums:
    with scope(panel=buyer.owner.panel):
        catch_up(panel_id=buyer.owner.panel_id, account_id=buyer.account_id)
        found = month_sums.of_month(buyer.owner.panel_id, buyer.account_id, month)
    assert found is not None
    return found


def month_of(time: Time) -> Month:
    return Month(time.now.year, time.now.month, ZONE)


def to_next_month(time: Time) -> None:
    time.now = month_of(time).ends_at + timedelta(days=3)


def test_a_month_adds_up_and_the_next_begins_where_it_ended(time: Time, alice: Owner, carol: Buyer) -> None:
    to_next_month(time)
    first = month_of(time)
    alice.credits(carol, "50", reference="D-1")
    for n in range(3):
        carol.order(link=f"https://example.com/m{n}", quantity=100)
        time.passes(hours=3)
    spent = [one for one in sums(carol, first).sums if one.code == "order"]
    assert [one.transfers for one in spent] == [3]
    to_next_month(time)
    second = month_of(time)
    carol.order(link="https://example.com/later", quantity=100)
    to_next_month(time)
    one, two = sums(carol, first), sums(carol, second)
    assert one.opening_micros + sum(each.micros for each in one.sums) == one.closing_micros == two.opening_micros
    assert two.opening_micros + sum(each.micros for each in two.sums) == two.closing_micros
    assert [(each.code, each.transfers) for each in one.sums] == [("deposit", 1), ("order", 3)]
    assert [(each.code, each.transfers) for each in two.sums] == [("order", 1)]
    # Before anybody was here there was nothing.
    assert sums(carol, Month(2020, 1, ZONE)) == (0, 0, ())


def test_page_and_pdf_say_it(time: Time, alice: Owner, carol: Buyer) -> None:
    to_next_month(time)
    name = f"{time.now:%Y-%m}"
    alice.credits(carol, "50", reference="D-1")
    carol.order(link="https://example.com/m", quantity=100)
    browser = Browser(alice, carol.customer.user)
    assert browser.client.get(f"/balance/statements/{name}", headers={"host": alice.host}).status_code == 404
    time.now = month_of(time).ends_at + timedelta(minutes=59)
    browser = Browser(alice, carol.customer.user)
    assert f"/balance/statements/{name}" not in browser.get("/balance")
    time.passes(minutes=1)
    page = browser.get(f"/balance/statements/{name}")
    assert "Balance at the start" in page and "Orders (1 transaction)" in page and "Balance at the end" in page
    assert carol.balance() + " USD" in page and carol.customer.user.email in page
    assert f"/balance/statements/{name}" in browser.get("/balance")
    file = browser.client.get(f"/balance/statements/{name}/pdf", headers={"host": alice.host})
    assert file.content.startswith(b"%PDF-") and f"statement-{name}.pdf" in file["content-disposition"]
    for wrong in ("2999-01", "2020-13", "now", "2020"):
        for path in (f"/balance/statements/{wrong}", f"/balance/statements/{wrong}/pdf"):
            assert browser.client.get(path, headers={"host": alice.host}).status_code == 404


def test_more_than_can_be_added_up_is_not_half_added_up(
    time: Time, alice: Owner, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_next_month(time)
    month = month_of(time)
    for n in range(3):
        alice.credits(carol, "1", reference=f"D-{n}")
    to_next_month(time)
    monkeypatch.setattr(month_sums, "TRANSFERS_MAX", 2)
    with scope(panel=alice.panel):
        assert month_sums.of_month(alice.panel_id, carol.account_id, month) is None
    monkeypatch.setattr(month_sums, "TRANSFERS_MAX", 3)
    assert sums(carol, month).closing_micros - sums(carol, month).opening_micros == 3_000_000


def test_anothers_account_has_no_sums_here(alice: Owner, mallory: Buyer) -> None:
    with scope(panel=alice.panel):
        found = month_sums.of_month(alice.panel_id, mallory.account_id, Month(2020, 1, ZONE))
    assert found in (None, (0, 0, ()))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 900)), min_size=1, max_size=12))
def test_months_are_a_chain_whatever_moves_when(
    time: Time, alice: Owner, carol: Buyer, moves: list[tuple[int, int]]
) -> None:
    to_next_month(time)
    months = [month_of(time)]
    for amount, hours in moves:
        alice.credits(carol, str(amount), reference=f"C-{time.now:%Y%m%d%H}-{amount}-{hours}")
        time.passes(hours=hours)
        if month_of(time) != months[-1]:
            months.append(month_of(time))
    to_next_month(time)
    found = [sums(carol, month) for month in months]
    for before, after in pairwise(found):
        gap = months[found.index(after)].starts_at - months[found.index(before)].ends_at
        assert before.closing_micros == after.opening_micros or gap
    for one in found:
        assert one.opening_micros + sum(each.micros for each in one.sums) == one.closing_micros
    assert found[-1].closing_micros == round(float(carol.balance()) * 1_000_000)
