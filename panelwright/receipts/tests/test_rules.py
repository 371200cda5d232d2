"""The arithmetic of receipts, over everything that can be paid."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.receipts import rules
from panelwright.receipts.models import ReceiptKind

STEPS = st.sampled_from([1, 1_000, 10_000, 1_000_000])
PERCENTS = st.integers(0, 100_00)


@given(STEPS, st.integers(1, 10**9), PERCENTS)
def test_tax_is_the_nearest_step_within_the_amount(step: int, steps: int, percent_e2: int) -> None:
    amount = step * steps
    tax = rules.tax_within(amount, percent_e2, step)
    exact = Fraction(amount * percent_e2, 100_00 + percent_e2)
    assert tax % step == 0 and 0 <= tax < amount + (not percent_e2)
    assert abs(tax - exact) <= Fraction(step, 2)


@given(STEPS, st.lists(st.integers(1, 10**6), min_size=1, max_size=8), PERCENTS)
def test_parts_that_go_back_take_back_the_tax_of_the_whole(step: int, parts: list[int], percent_e2: int) -> None:
    """As credit notes count it: of all that has gone back, less what earlier notes said."""
    back, said = 0, 0
    for part in parts:
        back += part * step
        tax = rules.tax_within(back, percent_e2, step) - said
        assert 0 <= tax <= part * step
        said += tax
    assert said == rules.tax_within(sum(parts) * step, percent_e2, step)


@pytest.mark.parametrize(
    ("amount", "percent_e2", "tax"),
    [(12_000_000, 20_00, 2_000_000), (10_000_000, 19_00, 1_600_000), (20_000, 100_00, 10_000), (10_000, 7_50, 0)],
)
def test_tax_in_cents(amount: int, percent_e2: int, tax: int) -> None:
    assert rules.tax_within(amount, percent_e2, 10_000) == tax


def test_numbers_as_they_are_written() -> None:
    assert rules.number_text("", ReceiptKind.RECEIPT, 2026, 42) == "2026-000042"
    assert rules.number_text("INV-", ReceiptKind.CREDIT_NOTE, 2026, 7) == "INV-CN-2026-000007"


def test_the_year_is_the_panels_own() -> None:
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert (rules.year_of(at, "UTC"), rules.year_of(at, "Europe/Berlin")) == (2026, 2027)
