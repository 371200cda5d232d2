"""Amounts as gateways write them: decimal texts, and numbers of JSON. Exact, or nothing."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from panelwright.core.money import AMOUNT_MAX_MICROS, MICROS

_CHARS_MAX = 40


def micros_of(value: object) -> int:
    """Micros of a decimal text, or of a number of JSON read as int or Decimal; 0 for what is none of ours: below zero,
    finer than a micro, or larger than any balance.
    """
    micros = _micros(value)
    return int(micros) if micros == micros.to_integral_value() else 0


def micros_down(value: object, step_micros: int) -> int:
    """The same, rounded down to a currency's smallest unit: what coins were worth, which may have many digits."""
    return int(_micros(value)) // step_micros * step_micros


def coins_worth(amount_micros: int, *, asked: object, came: object, step_micros: int) -> int:
    """What came of the coins that were asked for an amount, in micros of its currency, rounded down to its smallest
    unit. Exact: as many coins as were asked for are worth the amount. 0 for what cannot be read, and for more than any
    balance.
    """
    wanted, given = _coins(asked), _coins(came)
    if not wanted or not given:
        return 0
    micros = int(amount_micros * given / wanted) // step_micros * step_micros
    return micros if micros <= AMOUNT_MAX_MICROS else 0


def _coins(value: object) -> Fraction:
    """A number of coins; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)) or len(str(value)) > _CHARS_MAX:
        return Fraction(0)
    try:
        found = Decimal(value)
    except InvalidOperation:
        return Fraction(0)
    if not found.is_finite() or found <= 0 or not -_CHARS_MAX < found.adjusted() <= _DIGITS_MAX:
        return Fraction(0)
    return Fraction(found)


def _micros(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return _NOTHING
    if isinstance(value, str) and len(value) > _CHARS_MAX:
        return _NOTHING
    try:
        found = Decimal(value)
    except InvalidOperation:
        return _NOTHING
    # Looked at before it is multiplied: 1e999999 is short to write.
    if not found.is_finite() or found <= 0 or not -_CHARS_MAX < found.adjusted() <= _DIGITS_MAX:
        return _NOTHING
    micros = found * MICROS
    return micros if micros <= AMOUNT_MAX_MICROS else _NOTHING


_NOTHING = Decimal(0)
_DIGITS_MAX = 18


def decimal_text(micros: int, step_micros: int) -> str:
    """An amount with as many digits behind the point as its currency has; none: without a point."""
    places = len(str(MICROS // step_micros)) - 1
    whole, rest = divmod(micros, MICROS)
    return f"{whole}.{rest:06d}"[: len(str(whole)) + 1 + places] if places else str(whole)


def json_number(micros: int) -> int | float:
    """For gateways that want a number: exact for up to fifteen digits, which is more than anybody pays."""
    whole, rest = divmod(micros, MICROS)
    return whole if not rest else float(f"{whole}.{rest:06d}")
