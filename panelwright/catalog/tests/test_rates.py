"""Prices of a price list: what says most is what counts, exactly; and everybody who reads prices reads the same."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from panelwright.catalog import price_list_actions as prices
from panelwright.catalog.actions import set_rate
from panelwright.catalog.change_feed import catalogue_news
from panelwright.catalog.models import Category, PriceListRate
from panelwright.catalog.priced_catalogue import shelf_for
from panelwright.catalog.rates import CustomRate, rate_for, together
from panelwright.core import money
from panelwright.customers.models import Customer, PriceList
from panelwright.panels.models import Panel
from tests.support.people import FOLLOWERS, LIKES, PRIVATE, TRAFFIC, Buyer, Owner, Time

RATE = st.integers(0, 10**15)
PERCENT = st.integers(0, 10_000)
MAYBE_RATE, MAYBE_PERCENT = st.none() | RATE, st.none() | PERCENT


@given(RATE, st.booleans(), MAYBE_RATE, MAYBE_PERCENT, MAYBE_PERCENT, PERCENT)
def test_the_first_that_says_something_counts(
    rate: int, private: bool, own: int | None, percent: int | None, of_category: int | None, off_all: int
) -> None:
    found = rate_for(
        rate_micros=rate, private=private, custom=CustomRate(own, percent, of_category), percent_off_e2=off_all
    )
    if own is not None:
        assert found == own
    elif private and percent is None:
        assert found is None
    else:
        off = next(one for one in (percent, of_category, off_all) if one is not None)
        # Exactly the fraction, rounded up to the micro once: never more than the rate, never less than what is owed.
        assert found == ceil(Fraction(rate) * (10_000 - off) / 10_000)
        assert 0 <= found <= rate


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 3), MAYBE_RATE, MAYBE_PERCENT, st.none()), max_size=6))
def test_rows_of_a_service_and_of_its_category_are_one(rows: list[Any]) -> None:
    of_service = {row[:2]: row for row in rows}
    both: list[Any] = [*of_service.values(), *((*key, None, None, 100) for key in of_service)]
    assert together(both) == together(reversed(both))
    assert together(both) == {key: CustomRate(row[2], row[3], 100) for key, row in of_service.items()}


@pytest.fixture
def own(alice: Owner, carol: Buyer) -> PriceList:
    with scope(panel=alice.panel):
        return prices.own_price_list(panel_id=alice.panel_id, customer_id=carol.customer.id)[0]


def on_the_shelf(owner: Owner, buyer: Buyer) -> dict[int, str]:
    with scope(panel=owner.panel):
        customer = Customer.objects.select_related("price_list").get(id=buyer.customer.id)
    shelf = shelf_for(Panel.objects.get(id=owner.panel_id), customer)
    return {offer.number: money.text(offer.rate_micros) for offer in shelf.offers}


def category(owner: Owner, name: str) -> int:
    return Category.objects.get(panel_id=owner.panel_id, name=name).id


def test_a_percent_moves_with_the_rate_and_a_price_does_not(alice: Owner, carol: Buyer, own: PriceList) -> None:
    with scope(panel=alice.panel):
        prices.set_own_percent(price_list=own, number=FOLLOWERS, percent_off_e2=1_000)
        prices.set_own_rate(price_list=own, number=LIKES, rate_micros=500_000)
        assert on_the_shelf(alice, carol) | {FOLLOWERS: "0.81", LIKES: "0.50"} == on_the_shelf(alice, carol)
        for number in (FOLLOWERS, LIKES):
            set_rate(panel_id=alice.panel_id, number=number, rate_micros=2_000_000)
    assert on_the_shelf(alice, carol) | {FOLLOWERS: "1.80", LIKES: "0.50"} == on_the_shelf(alice, carol)
    spent = carol.balance()
    carol.order(service=FOLLOWERS, quantity=1000)
    assert money.parse(spent) - money.parse(carol.balance()) == 1_800_000


def test_what_is_listed_is_what_is_charged(alice: Owner, carol: Buyer, own: PriceList) -> None:
    with scope(panel=alice.panel):
        prices.set_discount(price_list=own, percent_off_e2=333)
        prices.set_category_percent(price_list=own, category_id=category(alice, "Social"), percent_off_e2=1_250)
        prices.set_own_percent(price_list=own, number=LIKES, percent_off_e2=10)
        prices.set_own_percent(price_list=own, number=PRIVATE, percent_off_e2=0)
    listed = on_the_shelf(alice, carol)
    assert PRIVATE in listed, "a percent of its own names a private service"
    for number in (FOLLOWERS, LIKES, PRIVATE):
        before = money.parse(carol.balance())
        carol.order(service=number, quantity=1000)
        assert before - money.parse(carol.balance()) == money.parse(listed[number]), number


def test_a_category_does_not_open_what_is_private(alice: Owner, carol: Buyer, own: PriceList) -> None:
    with scope(panel=alice.panel):
        for row in Category.objects.filter(panel_id=alice.panel_id):
            prices.set_category_percent(price_list=own, category_id=row.id, percent_off_e2=5_000)
    assert PRIVATE not in on_the_shelf(alice, carol)
    assert carol.refused(service=PRIVATE, quantity=1000).code == "bad_service"


def test_her_updates_tell_each_change_at_her_prices(alice: Owner, carol: Buyer, own: PriceList, time: Time) -> None:
    def news() -> list[tuple[Any, ...]]:
        row = PriceList.objects.get(id=own.id)
        told = catalogue_news(alice.panel_id, row).items
        return [
            (change.kind.value, change.number, money.text(change.old or 0), money.text(change.new or 0))
            for change in told
            if change.number in {FOLLOWERS, TRAFFIC}
        ]

    with scope(panel=alice.panel):
        prices.set_category_percent(price_list=own, category_id=category(alice, "Social"), percent_off_e2=5_000)
        assert news() == [("down", FOLLOWERS, "0.90", "0.45")]
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=1_000_000)
        assert news()[0] == ("up", FOLLOWERS, "0.45", "0.50"), "the panel's change, at half"
        prices.reset(price_list=own)
        assert news()[0] == ("up", FOLLOWERS, "0.50", "1.00")
        assert catalogue_news(alice.panel_id).items[0].new == 1_000_000, "nobody else hears of it"


def test_copied_is_all_that_the_other_list_says(alice: Owner, carol: Buyer, own: PriceList) -> None:
    dora = alice.customer("dora", balance="10.00")
    with scope(panel=alice.panel):
        prices.set_own_rate(price_list=own, number=LIKES, rate_micros=1)
        other, made = prices.own_price_list(panel_id=alice.panel_id, customer_id=dora.customer.id)
        assert made
        prices.set_discount(price_list=other, percent_off_e2=1_000)
        prices.set_own_rate(price_list=other, number=FOLLOWERS, rate_micros=70_000)
        prices.set_category_percent(price_list=other, category_id=category(alice, "Traffic"), percent_off_e2=2_000)
        prices.copy_prices(source=other, to=own)
    assert on_the_shelf(alice, carol) == on_the_shelf(alice, dora)
    with scope(panel=alice.panel):
        prices.copy_prices(source=None, to=own)
        assert not PriceListRate.objects.filter(price_list=own).exists()


def test_a_group_is_not_changed_by_one_customers_prices(alice: Owner, carol: Buyer) -> None:
    with scope(panel=alice.panel):
        group = prices.add_price_list(panel_id=alice.panel_id, name="Gold", percent_off_e2=1_000)
        prices.set_group(panel_id=alice.panel_id, customer_id=carol.customer.id, price_list_id=group.id)
        with pytest.raises(ValueError, match="in the group Gold"):
            prices.own_price_list(panel_id=alice.panel_id, customer_id=carol.customer.id)
        assert on_the_shelf(alice, carol)[FOLLOWERS] == "0.81"
        prices.set_group(panel_id=alice.panel_id, customer_id=carol.customer.id, price_list_id=None)
        mine, made = prices.own_price_list(panel_id=alice.panel_id, customer_id=carol.customer.id)
        assert made and mine.personal
        with pytest.raises(ValueError, match="not found"):
            prices.set_group(panel_id=alice.panel_id, customer_id=carol.customer.id, price_list_id=mine.id)
