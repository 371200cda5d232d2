"""How many units a provider made an order of, by what it says of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.providers.posts.subscription_rules import WORDS, Bounds, Quantity, quantity
from panelwright.providers.wire.outcomes import OrderReport

RATE = Bounds(100, 300, 1_500_000, "USD")


def said(status: str, remains: int | None, charge: str | None = None, currency: str = "USD") -> OrderReport:
    return OrderReport(status, None, remains, None if charge is None else Decimal(charge), currency, status)


@pytest.mark.parametrize(
    ("report", "bounds", "counted"),
    [
        (said("Pending", 250), RATE, Quantity(250, exact=True)),
        (said("Pending", 0, "0.30"), RATE, Quantity(200, exact=True)),
        (said("Pending", 0), RATE, Quantity(100, exact=False)),
        (said("Pending", 5000), RATE, Quantity(300, exact=False)),
        (said("In progress", 120, "0.255"), RATE, Quantity(170, exact=True)),
        (said("In progress", 120), RATE, Quantity(120, exact=False)),
        (said("Completed", 0, "0.2205"), RATE, Quantity(147, exact=True)),
        (said("Completed", 0, "0.2205", "EUR"), RATE, Quantity(100, exact=False)),
        (said("Completed", 0, "0.2205", ""), RATE, Quantity(147, exact=True)),
        (said("Completed", 0, "9.99"), RATE, Quantity(100, exact=False)),
        (said("Completed", 0, "0.01"), RATE, Quantity(100, exact=False)),
        (said("Completed", 0, "0.2205"), RATE._replace(rate_micros=None), Quantity(100, exact=False)),
        (said("Completed", 0, "0.2205"), RATE._replace(rate_micros=0), Quantity(100, exact=False)),
        (said("Partial", 40, "0.24"), RATE, Quantity(200, exact=True)),
        (said("Canceled", 210, "0.00"), RATE, Quantity(210, exact=True)),
        (said("Canceled", 0, "0.00"), RATE, Quantity(100, exact=False)),
        # A charge rounded to cents, of a dear service: only one number of units costs that.
        (said("Completed", 0, "12.35"), RATE._replace(rate_micros=100_030_000), Quantity(123, exact=False)),
        (said("Completed", 0, "14.67"), RATE._replace(rate_micros=99_777_000), Quantity(147, exact=True)),
        (said("Completed", None), RATE._replace(low=150, high=150), Quantity(150, exact=True)),
    ],
)
def test_how_many_units_an_order_of_theirs_has(report: OrderReport, bounds: Bounds, counted: Quantity) -> None:
    got = quantity(report, bounds)
    if counted.exact:
        assert got == counted
    else:
        assert got.units <= counted.units or got == counted


@given(
    st.sampled_from([*WORDS, None, "Rejected"]),
    st.none() | st.integers(0, 10**6),
    st.none() | st.decimals(0, 1000, places=4),
    st.integers(1, 500),
    st.integers(0, 500),
    st.none() | st.integers(0, 10**9),
)
def test_never_more_than_the_maximum_and_never_less_than_the_minimum(
    status: str | None, remains: int | None, charge: Decimal | None, low: int, more: int, rate: int | None
) -> None:
    report = OrderReport(status, None, remains, charge, "USD", status or "")
    assert low <= quantity(report, Bounds(low, low + more, rate, "USD")).units <= low + more


@given(st.integers(1, 5000), st.integers(1, 50_000_000), st.sampled_from(["Pending", "In progress", "Completed"]))
def test_an_exact_charge_tells_the_quantity(units: int, rate: int, status: str) -> None:
    charge = Decimal(rate) * units / 10**9
    report = OrderReport(status, None, 0 if status != "In progress" else units // 2, charge, "USD", status)
    assert quantity(report, Bounds(1, 5000, rate, "USD")) == Quantity(units, exact=True)
