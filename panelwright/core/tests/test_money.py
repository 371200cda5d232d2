"""Money is whole micros, in and out, and the two roundings are made for each other."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from panelwright.core import money

MICROS = st.integers(min_value=0, max_value=money.AMOUNT_MAX_MICROS)
RATES = st.integers(min_value=0, max_value=10**13)
UNITS = st.integers(min_value=1, max_value=10**9)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("0.000001", 1),
        ("1", 1_000_000),
        ("12.50", 12_500_000),
        (" 7.1 ", 7_100_000),
        ("-3.25", -3_250_000),
        ("000000000001.000000", 1_000_000),
        ("9000000000", 9_000_000_000_000_000),
    ],
)
def test_a_plain_decimal_is_taken_exactly(text: str, micros: int) -> None:
    assert money.parse(text) == micros


@pytest.mark.parametrize(
    "text",
    ["", "1.", ".5", "1e3", "1,5", "1 000", "+1", "--1", "1.0000001", "0x10", "NaN", "inf", "١", "1\n1", "$1"],
)
def test_what_cannot_be_kept_exactly_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        money.parse(text)


@pytest.mark.parametrize("text", ["9000000000.000001", "999999999999", "-999999999999"])
def test_an_amount_has_a_limit(text: str) -> None:
    with pytest.raises(ValueError, match="is too large"):
        money.parse(text)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0.00"),
        (1, "0.000001"),
        (10, "0.00001"),
        (900_000, "0.90"),
        (278_190, "0.27819"),
        (100_842_920, "100.84292"),
        (123_456_789, "123.456789"),
        (2_000_000_000_000, "2000000.00"),
        (-1_500_000, "-1.50"),
        (-1, "-0.000001"),
    ],
)
def test_an_amount_on_the_wire_has_two_to_six_decimals(micros: int, text: str) -> None:
    assert money.text(micros) == text


@given(st.integers(min_value=-money.AMOUNT_MAX_MICROS, max_value=money.AMOUNT_MAX_MICROS))
def test_every_amount_survives_the_wire(micros: int) -> None:
    text = money.text(micros)
    assert money.parse(text) == micros
    assert Decimal(text) * money.MICROS == micros
    digits = text.partition(".")[2]
    assert 2 <= len(digits) <= 6
    assert len(digits) == 2 or digits[-1] != "0"


@given(st.text(max_size=30))
@example("1\u0660.00")
@example("1.00\u2028")
def test_any_text_is_an_amount_or_a_clear_error(text: str) -> None:
    try:
        micros = money.parse(text)
    except ValueError as error:
        assert repr(text)[:20] in str(error)
    else:
        assert money.parse(money.text(micros)) == micros


@given(RATES, UNITS)
def test_a_charge_is_the_exact_price_rounded_up_to_the_micro(rate: int, units: int) -> None:
    charge = money.charge(rate_micros=rate, units=units)
    exact = Fraction(rate * units, 1000)
    assert 0 <= charge - exact < 1
    assert (charge == 0) == (rate == 0), "something that has a price is never free"


@given(RATES, UNITS)
def test_a_flat_price_does_not_know_the_units(rate: int, units: int) -> None:
    assert money.charge(rate_micros=rate, units=units, flat=True) == rate


@given(RATES, UNITS, st.data())
def test_what_is_kept_and_what_goes_back_add_up_to_the_charge(rate: int, units: int, data: st.DataObject) -> None:
    remains = data.draw(st.integers(min_value=0, max_value=units))
    charge = money.charge(rate_micros=rate, units=units)
    back = money.refund(charge_micros=charge, remains=remains, quantity=units)
    assert 0 <= back <= charge
    assert 0 <= Fraction(charge * remains, units) - back < 1
    assert back == 0 or remains > 0
    assert (back == charge) or remains < units
    # The kept part, counted from the other end, is the exact price of what was delivered, rounded up.
    delivered = units - remains
    assert charge - back == -(-charge * delivered // units)


@given(MICROS, UNITS, st.data())
def test_more_remains_never_gives_back_less(charge: int, quantity: int, data: st.DataObject) -> None:
    less = data.draw(st.integers(min_value=0, max_value=quantity))
    more = data.draw(st.integers(min_value=less, max_value=quantity))
    small = money.refund(charge_micros=charge, remains=less, quantity=quantity)
    assert small <= money.refund(charge_micros=charge, remains=more, quantity=quantity)


@pytest.mark.parametrize(("remains", "quantity"), [(-1, 10), (11, 10), (0, 0), (1, 0), (0, -5)])
def test_a_refund_of_more_than_was_ordered_is_refused(remains: int, quantity: int) -> None:
    with pytest.raises(ValueError, match="is not between 0 and the quantity"):
        money.refund(charge_micros=1_000_000, remains=remains, quantity=quantity)


@given(RATES, st.integers(min_value=0, max_value=10_000))
def test_a_discount_never_makes_dearer_and_never_gives_away(rate: int, percent_off_e2: int) -> None:
    price = money.discounted(rate_micros=rate, percent_off_e2=percent_off_e2)
    assert 0 <= price <= rate
    assert 0 <= price - Fraction(rate * (10_000 - percent_off_e2), 10_000) < 1


def test_a_discount_in_hundredths_of_a_percent() -> None:
    assert money.discounted(rate_micros=900_000, percent_off_e2=1250) == 787_500
    assert money.discounted(rate_micros=123_457, percent_off_e2=333) == 119_346  # 119345.8819
    assert money.discounted(rate_micros=123_457, percent_off_e2=10_000) == 0
