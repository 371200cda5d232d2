"""What two balances, and others that were cut off, suggest of an order whose outcome is unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.providers.routing.evidence_rules import (
    POSSIBLE_MAX,
    CutOff,
    Fall,
    Suggests,
    by_balance,
    step,
    suggests,
)

UNIT = 1_000_000
# Prices as providers have them, to four digits behind the point.
prices = st.integers(1, 10**6).map(lambda n: n * 100)


@given(
    before=st.integers(0, 10**7).map(lambda n: n * 100),
    cost=prices,
    certain=st.lists(prices, max_size=8),
    possible=st.lists(st.tuples(prices | prices.map(lambda n: -n), st.booleans()), max_size=8),
    taken=st.booleans(),
)
def test_what_was_taken_is_never_said_not_to_be(
    before: int, cost: int, certain: list[int], possible: list[tuple[int, bool]], taken: bool
) -> None:
    """Whatever moved the balance beside the order: where anything is suggested, it is the truth."""
    moved = sum(certain) + sum(amount for amount, happened in possible if happened) + (cost if taken else 0)
    fall = Fall(before, before - moved, cost, certain, [amount for amount, _ in possible])
    assert by_balance(fall) in {Suggests.NOTHING, Suggests.TAKEN if taken else Suggests.NOT_TAKEN}


@given(before=st.integers(0, 10**7), cost=st.integers(10, 10**6), others=st.lists(st.integers(1, 10**6), max_size=4))
def test_cents_that_add_up_decide(before: int, cost: int, others: list[int]) -> None:
    """Told to the cent, with costs above what rounding can hide, a balance says which it was."""
    cent = UNIT // 100
    told = [other * cent for other in others]
    for taken, found in ((True, Suggests.TAKEN), (False, Suggests.NOT_TAKEN)):
        after = before * cent - sum(told) - (cost * cent if taken else 0)
        fall = Fall(before * cent, after, cost * cent, told)
        # So many roundings of one cent each, here and there, may look like the order.
        assert by_balance(fall) is (found if cost > 2 * (len(told) + 2) else by_balance(fall))


@given(
    cost=st.integers(100, 10**4),
    off=st.lists(st.integers(-1, 1), min_size=1, max_size=5),
    taken=st.booleans(),
)
def test_prices_that_the_provider_rounds_change_nothing(cost: int, off: list[int], taken: bool) -> None:
    cent = UNIT // 100
    charged = [(500 + n) * cent for n in off]
    fall = Fall(10**9, 10**9 - sum(charged) - (cost * cent if taken else 0), cost * cent, [500 * cent] * len(off))
    assert by_balance(fall) is (Suggests.TAKEN if taken else Suggests.NOT_TAKEN)


def test_what_explains_both_says_nothing() -> None:
    # Another order of the same price, of which nobody knows either: which of the two was taken?
    assert by_balance(Fall(10 * UNIT, 9 * UNIT, UNIT, (), (UNIT,))) is Suggests.NOTHING
    # Both, or none: that is plain.
    assert by_balance(Fall(10 * UNIT, 8 * UNIT, UNIT, (), (UNIT,))) is Suggests.TAKEN
    assert by_balance(Fall(10 * UNIT, 10 * UNIT, UNIT, (), (UNIT,))) is Suggests.NOT_TAKEN
    # It fell by what nothing explains: somebody else uses the account, or it was topped up.
    assert by_balance(Fall(10 * UNIT, 3 * UNIT, UNIT)) is Suggests.NOTHING
    assert by_balance(Fall(10 * UNIT, 60 * UNIT, UNIT)) is Suggests.NOTHING


@pytest.mark.parametrize(
    "fall",
    [
        None,
        Fall(10 * UNIT, 9 * UNIT, None),
        Fall(10 * UNIT, 9 * UNIT, 0),
        Fall(10 * UNIT, 9 * UNIT, UNIT, (None,)),
        Fall(10 * UNIT, 9 * UNIT, UNIT, (), (None,)),
        Fall(10 * UNIT, 9 * UNIT, UNIT, (), (5 * UNIT,) * (POSSIBLE_MAX + 1)),
        # Cheaper than a balance told in cents can show.
        Fall(10 * UNIT, 10 * UNIT - 10_000, 4_000),
    ],
    ids=str,
)
def test_what_is_not_known_says_nothing(fall: Fall | None) -> None:
    assert by_balance(fall) is Suggests.NOTHING


def test_the_ends_of_others_lean_where_the_balance_is_silent() -> None:
    assert suggests(None, CutOff(taken=3)) is Suggests.LEANS_TAKEN
    assert suggests(None, CutOff(not_taken=3, open=9)) is Suggests.LEANS_NOT_TAKEN
    assert suggests(None, CutOff(taken=3, not_taken=1)) is Suggests.NOTHING
    assert suggests(None, CutOff(taken=2)) is Suggests.NOTHING
    assert suggests(Fall(10 * UNIT, 10 * UNIT, UNIT), CutOff(taken=9)) is Suggests.NOT_TAKEN


def test_the_step_of_a_balance() -> None:
    assert [step(1_500_000), step(1_504_300), step(1_504_321), step(0, 20_000_000)] == [10_000, 100, 1, 10_000]
