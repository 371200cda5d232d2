"""What a coupon brings, when it can be used, and what of it goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.promotions.rules import (
    CouponTerms,
    CouponUsage,
    normal,
    refused,
    withdrawn,
    worth,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ONE = money.MICROS
TENTH = CouponTerms(percent_e2=10_00)
OPEN = CouponUsage(True, None, None, None, 1, False, False)
amounts = st.integers(0, money.AMOUNT_MAX_MICROS)


@pytest.mark.parametrize(
    ("terms", "credit", "brings"),
    [
        (TENTH, 20 * ONE, 2 * ONE),
        (TENTH, 9, 0),
        (TENTH._replace(most_micros=ONE), 20 * ONE, ONE),
        (TENTH._replace(least_micros=20 * ONE), 20 * ONE, 2 * ONE),
        (TENTH._replace(least_micros=20 * ONE), 20 * ONE - 1, 0),
        (CouponTerms(amount_micros=5 * ONE), 1, 5 * ONE),
        (CouponTerms(amount_micros=5 * ONE), 0, 0),
    ],
)
def test_what_a_coupon_brings(terms: CouponTerms, credit: int, brings: int) -> None:
    assert worth(terms, credit) == brings


@given(percent=st.integers(1, 100_000), most=amounts, least=amounts, credit=amounts)
def test_a_percentage_never_brings_more_than_it_may(percent: int, most: int, least: int, credit: int) -> None:
    brings = worth(CouponTerms(percent, 0, most, least), credit)
    assert 0 <= brings <= credit * percent // 10_000
    assert brings <= (most or money.AMOUNT_MAX_MICROS)
    assert brings == 0 or credit >= least


@given(given_micros=amounts, parts=st.lists(st.integers(1, 10**9), min_size=1, max_size=6), data=st.data())
def test_the_shares_of_all_parts_are_all_of_it_whatever_comes_back(
    given_micros: int, parts: list[int], data: st.DataObject
) -> None:
    received, gone, taken = sum(parts), 0, 0
    for part in parts:
        gone += part
        now = withdrawn(given_micros=given_micros, gone_micros=gone, received_micros=received)
        assert taken <= now <= given_micros
        assert now * received <= given_micros * gone, "never more than its share"
        taken = now
    assert taken == given_micros
    back = data.draw(st.integers(0, received))
    assert withdrawn(given_micros=given_micros, gone_micros=received - back, received_micros=received) <= taken
    assert withdrawn(given_micros=given_micros, gone_micros=0, received_micros=received) == 0
    assert withdrawn(given_micros=given_micros, gone_micros=2 * received, received_micros=received) == given_micros


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"enabled": False}, "bad_coupon"),
        ({"begins_at": NOW + timedelta(seconds=1)}, "bad_coupon"),
        ({"begins_at": NOW}, None),
        ({"expires_at": NOW}, "coupon_expired"),
        ({"expires_at": NOW + timedelta(seconds=1)}, None),
        ({"left": 0}, "coupon_used_up"),
        ({"left": 1}, None),
        ({"left_to_customer": 0}, "coupon_used"),
        ({"left_to_customer": 0, "left": 0}, "coupon_used"),
        ({"first_only": True, "has_deposits": True}, "coupon_first_only"),
        ({"first_only": True}, None),
        ({"has_deposits": True}, None),
    ],
)
def test_when_it_can_be_used(changes: dict[str, Any], code: str | None) -> None:
    why = refused(OPEN._replace(**changes), TENTH, 20 * ONE, now=NOW, currency="USD")
    assert (None if why is None else why.code) == code


def test_for_which_deposits() -> None:
    why = refused(OPEN, TENTH._replace(least_micros=25 * ONE), 20 * ONE, now=NOW, currency="USD")
    assert why == Refusal("coupon_below", "coupon", facts=(("amount", "25.00"), ("currency", "USD")))
    assert refused(OPEN, TENTH, 1, now=NOW, currency="USD") == Refusal("bad_coupon", "coupon"), "it would bring nothing"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("spring20", "SPRING20"),
        (" SPRING 20\n", "SPRING20"),
        ("a-b_1", "A-B_1"),
        ("ab", None),
        ("-ab", None),
        ("", None),
        ("A" * 30, "A" * 30),
        ("A" * 31, None),
        ("ΑΒΓΔ", None),
        ("A'; --", None),
        ("A\0B", None),
        (" " * 100_000, None),
    ],
)
def test_a_code_as_it_is_typed(text: str, code: str | None) -> None:
    assert normal(text) == code
