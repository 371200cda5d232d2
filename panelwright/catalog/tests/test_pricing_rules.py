"""What changes of prices make of rates, and what services bring at least."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from panelwright.catalog.margins import ListPrice, lowest, margin_e2
from panelwright.catalog.pricing_rules import ROUNDINGS, PriceChange, new_rate
from panelwright.catalog.rates import CustomRate
from panelwright.core import money

RATES = st.integers(0, 10**12)
CHANGES = st.builds(
    PriceChange,
    percent_e2=st.integers(-10_000, 100_000),
    amount_micros=st.integers(-(10**9), 10**9),
    round_to_micros=st.sampled_from(ROUNDINGS),
    margin_e2=st.none() | st.integers(0, 100_000),
)


@given(RATES, st.none() | RATES, CHANGES)
def test_a_new_rate_is_rounded_up_once_and_never_below_its_floor(
    rate: int, cost: int | None, change: PriceChange
) -> None:
    new = new_rate(rate_micros=rate, cost_micros=cost, change=change)
    exact = Fraction(rate) * (10_000 + change.percent_e2) / 10_000 + change.amount_micros
    floor = Fraction(0)
    if change.margin_e2 is not None and cost is not None:
        floor = Fraction(cost) * (10_000 + change.margin_e2) / 10_000
    assert new % change.round_to_micros == 0
    wanted = max(exact, floor, Fraction(0))
    if wanted <= money.AMOUNT_MAX_MICROS - change.round_to_micros:
        assert wanted <= new < wanted + change.round_to_micros + 1
    assert 0 <= new <= money.AMOUNT_MAX_MICROS


@given(RATES)
def test_no_change_changes_nothing(rate: int) -> None:
    assert new_rate(rate_micros=rate, cost_micros=None, change=PriceChange()) == rate


PERCENTS = st.integers(0, 10_000)
CUSTOM = st.builds(CustomRate, st.none() | RATES, st.none() | PERCENTS, st.none() | PERCENTS)
LISTS = st.lists(st.builds(ListPrice, PERCENTS, CUSTOM), max_size=5)


@given(RATES, st.booleans(), LISTS)
def test_the_lowest_rate_is_what_some_customer_pays(rate: int, private: bool, lists: list[ListPrice]) -> None:
    least = lowest(rate_micros=rate, private=private, lists=lists)
    sold = [] if private else [rate]
    for one in lists:
        price, own, of_category = one.custom
        if price is not None:
            sold.append(price)
        elif own is not None or not private:
            percent = next(part for part in (own, of_category, one.percent_off_e2) if part is not None)
            sold.append(money.discounted(rate_micros=rate, percent_off_e2=percent))
    assert least == min(sold, default=None)


def test_a_margin_is_a_part_of_the_rate() -> None:
    assert margin_e2(rate_micros=1_290_000, cost_micros=840_000) == 3488
    assert margin_e2(rate_micros=660_000, cost_micros=690_000) == -455
    assert margin_e2(rate_micros=0, cost_micros=1) is None
    assert margin_e2(rate_micros=1, cost_micros=None) is None
