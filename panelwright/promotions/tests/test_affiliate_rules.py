"""What a deposit earns, what can be paid out, and who looks like one person."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.promotions.affiliate_rules import (
    PERCENT_MAX_E2,
    PartnerMoney,
    commission,
    earns,
    months_later,
    normal_code,
    payout_refused,
    same_person,
)
from panelwright.promotions.rules import withdrawn

ONE = money.MICROS
JOINED = datetime(2026, 1, 31, 12, tzinfo=UTC)
amounts = st.integers(0, money.AMOUNT_MAX_MICROS)
percents = st.integers(0, PERCENT_MAX_E2)


@pytest.mark.parametrize(
    ("credit", "percent_e2", "earned"),
    [
        (20 * ONE, 5_00, ONE),
        (1, 5_00, 0),
        (10, 5_00, 0),  # 0.5: half a micro is dropped
        (11, 5_00, 1),  # 0.55
        (30, 5_00, 1),  # 1.5
        (31, 5_00, 2),
        (-5, 5_00, 0),
        (7, 0, 0),
        (7, PERCENT_MAX_E2, 7),
    ],
)
def test_a_commission_is_the_nearest_micro(credit: int, percent_e2: int, earned: int) -> None:
    assert commission(credit_micros=credit, percent_e2=percent_e2) == earned


@given(amounts, percents)
def test_it_is_what_exact_arithmetic_says(credit: int, percent_e2: int) -> None:
    exact = (Decimal(credit) * percent_e2 / 10_000).quantize(Decimal(1), rounding=ROUND_HALF_DOWN)
    assert commission(credit_micros=credit, percent_e2=percent_e2) == exact <= credit


@given(amounts, amounts, percents)
def test_parts_earn_what_the_whole_does_but_for_a_micro(one: int, other: int, percent_e2: int) -> None:
    apart = commission(credit_micros=one, percent_e2=percent_e2) + commission(
        credit_micros=other, percent_e2=percent_e2
    )
    assert abs(apart - commission(credit_micros=one + other, percent_e2=percent_e2)) <= 1


@given(amounts.filter(bool), st.lists(st.integers(0, 10**6), max_size=6), st.integers(1, 10**6))
def test_what_goes_back_never_exceeds_what_was_earned_and_ends_with_all_of_it(
    earned: int, parts: list[int], received: int
) -> None:
    gone, taken = 0, 0
    for part in parts:
        gone = min(gone + part, received)
        now = withdrawn(given_micros=earned, gone_micros=gone, received_micros=received)
        assert taken <= now <= earned
        taken = now
    assert withdrawn(given_micros=earned, gone_micros=received, received_micros=received) == earned
    assert withdrawn(given_micros=earned, gone_micros=0, received_micros=received) == 0


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_nothing_that_is_held_or_asked_for_is_available(earned: int, held: int, asked: int) -> None:
    stands = PartnerMoney(earned, held, asked)
    assert 0 <= stands.available_micros <= max(earned, 0)
    assert stands.available_micros + held + asked <= max(earned, held + asked)
    assert stands.lacks_micros == max(-earned, 0)


@pytest.mark.parametrize(
    ("amount", "blocked", "code"),
    [
        (10 * ONE, False, ""),
        (30 * ONE, False, ""),
        (30 * ONE + 1, False, "payout_above"),
        (10 * ONE - 1, False, "payout_below"),
        (0, False, "payout_below"),
        (-1, False, "payout_below"),
        (10 * ONE, True, "partner_blocked"),
    ],
)
def test_a_payout_is_of_what_is_available_and_enough(amount: int, blocked: bool, code: str) -> None:
    why = payout_refused(
        PartnerMoney(50 * ONE, 15 * ONE, 5 * ONE),
        amount_micros=amount,
        least_micros=10 * ONE,
        blocked=blocked,
        currency="USD",
    )
    assert (why.code if why else "") == code


def test_where_there_is_no_minimum_nothing_is_still_no_payout() -> None:
    why = payout_refused(PartnerMoney(), amount_micros=0, least_micros=0, blocked=False, currency="USD")
    assert why == Refusal("amount_not_positive", "amount")


@pytest.mark.parametrize(
    ("months", "later"),
    [(0, (2026, 1, 31)), (1, (2026, 2, 28)), (2, (2026, 3, 31)), (11, (2026, 12, 31)), (25, (2028, 2, 29))],
)
def test_a_month_later_is_the_same_day_or_the_last_one(months: int, later: tuple[int, int, int]) -> None:
    assert months_later(JOINED, months) == datetime(*later, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first_only", "months", "has_deposits", "now", "does"),
    [
        (False, 0, True, datetime(2036, 1, 1, tzinfo=UTC), True),
        (True, 0, False, JOINED, True),
        (True, 0, True, JOINED, False),
        (False, 1, True, datetime(2026, 2, 28, 11, 59, tzinfo=UTC), True),
        (False, 1, True, datetime(2026, 2, 28, 12, tzinfo=UTC), False),
    ],
)
def test_which_deposits_earn(first_only: bool, months: int, has_deposits: bool, now: datetime, does: bool) -> None:
    found = earns(first_only=first_only, months=months, joined_at=JOINED, has_deposits=has_deposits, now=now)
    assert found is does


def test_one_person_has_one_browser_or_one_network() -> None:
    apart = same_person(device=False, payer=False, partner_addresses={"203.0.113.9"}, addresses={"203.0.113.8", ""})
    assert apart == []
    hers, his = {"203.0.113.9", "2001:db8::1", ""}, {"203.0.113.9", "2001:db8::2", ""}
    assert same_person(device=True, payer=True, partner_addresses=hers, addresses=his) == [
        "device",
        "payer",
        "address 2001:db8::/64",
        "address 203.0.113.9",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("k7f3m2qa", "K7F3M2QA"),
        (" K7F3M2QA ", "K7F3M2QA"),
        ("", None),
        ("abc", None),
        ("K7F3-M2QA", None),
        ("К7F3M2QA", None),  # a letter of another alphabet
        ("A" * 13, None),
        ("A" * 100_000, None),
    ],
)
def test_a_code_is_short_and_plain(text: str, code: str | None) -> None:
    assert normal_code(text) == code
