"""Money: `int` micros (10^-6) of the panel's one currency. Only this module rounds.

The two roundings are made for each other: the charge is rounded up, the refund down, both to the
micro, so that the kept part and the refund always add up to the charge.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

MICROS = 1_000_000
# BIGINT holds 9.2e18; an amount that a person can enter stays a thousand times below, so that
# sums of amounts cannot overflow either.
AMOUNT_MAX_MICROS = 10**15 * 9

_DECIMAL = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,6}))?", re.ASCII)


def parse(text: str) -> int:
    """Micros of a plain decimal such as "12.5" or "0.000001".

    Refuses (ValueError) an exponent, more than 6 fraction digits, signs other than one minus,
    separators, and amounts of more than 12 whole digits: what cannot be kept exactly is not taken.
    """
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not an amount: write digits with a point and up to 6 decimals, like 12.50")
    sign, whole, fraction = match.groups()
    micros = int(whole) * MICROS + int((fraction or "").ljust(6, "0"))
    if micros > AMOUNT_MAX_MICROS:
        raise ValueError(f"{text!r} is too large: the limit is {AMOUNT_MAX_MICROS // MICROS}")
    return -micros if sign else micros


def text(micros: int) -> str:
    """The exact amount as on the wire: plain decimal, 2 to 6 fraction digits, zeros trimmed down to 2."""
    if micros < 0:
        return "-" + text(-micros)
    digits = str(micros).rjust(7, "0")
    return f"{digits[:-6]}.{digits[-6:-4]}{digits[-4:].rstrip('0')}"


def charge(*, rate_micros: int, units: int, flat: bool = False) -> int:
    """What `units` cost: `rate` is per 1000 units, or for the whole order when flat. Rounded up to the micro."""
    if flat:
        return rate_micros
    return -(-rate_micros * units // 1000)


# The version of `refund`. An order keeps the one that it was settled by, and the audit checks it by that one: whoever
# changes how the share is reckoned counts on here, and adds the new arithmetic to orders/audit.py beside the old.
REFUND_RULE = 1


def refund(*, charge_micros: int, remains: int, quantity: int) -> int:
    """What of the charge goes back when `remains` of `quantity` were not delivered. Rounded down to the micro.

    0 <= remains <= quantity and quantity > 0, or ValueError: more than the charge is never given back.
    """
    if not 0 <= remains <= quantity or quantity == 0:
        raise ValueError(f"remains {remains} is not between 0 and the quantity {quantity}")
    return charge_micros * remains // quantity


def rate_text(rate_e12: int) -> str:
    """An exchange rate of 12 decimals, as plain decimal without trailing zeros: "1", "0.0121"."""
    whole, parts = divmod(rate_e12, 10**12)
    return f"{whole}.{parts:012d}".rstrip("0").rstrip(".")


def discounted(*, rate_micros: int, percent_off_e2: int) -> int:
    """A rate less a discount in hundredths of a percent (1250 = 12.5 %), rounded up to the micro."""
    return -(-rate_micros * (10_000 - percent_off_e2) // 10_000)


def exchanged(*, micros: int, rate_e12: int) -> int:
    """An amount in another currency; one unit is worth `rate_e12` millionths of a millionth of that one.

    Rounded up to the micro: what is exchanged here is what we pay.
    """
    return -(-micros * rate_e12 // 10**12)


def cost(*, rate_micros: int, units: int, flat: bool, rate_e12: int) -> int | None:
    """What `units` cost at a provider's rate, in a currency of which one unit of its own is worth `rate_e12` 10^-12.

    Rounded up to the micro, once. None where it is more than an amount can be.
    """
    parts = 10**12 if flat else 1000 * 10**12
    micros = -(-rate_micros * (1 if flat else units) * rate_e12 // parts)
    return micros if 0 <= micros <= AMOUNT_MAX_MICROS else None


def told_cost(amount: Decimal, *, rate_e12: int) -> int | None:
    """Micros of what a provider says that it takes, however many digits it writes, exchanged as in `cost`.

    Rounded up, once. None for what is no amount: negative, not a number, more than an amount can be.
    """
    if not amount.is_finite() or not 0 <= amount <= AMOUNT_MAX_MICROS // MICROS:
        return None
    whole, parts = amount.as_integer_ratio()
    micros = -(-whole * MICROS * rate_e12 // (parts * 10**12))
    return micros if micros <= AMOUNT_MAX_MICROS else None


def marked_up(*, cost_micros: int, percent_e2: int, fixed_micros: int = 0, round_to_micros: int = 1) -> int:
    """A price from a cost: hundredths of a percent on top, then a fixed part, then up to a multiple. Never below."""
    price = -(-cost_micros * (10_000 + percent_e2) // 10_000) + fixed_micros
    return -(-price // round_to_micros) * round_to_micros


def cost_of(amount: Decimal) -> int:
    """Micros of what somebody asks for, however many digits he writes. Rounded up; ValueError above the limit."""
    return _whole(amount, ROUND_CEILING)


def owned(amount: Decimal) -> int:
    """Micros of what somebody says that we have. Rounded down; ValueError above the limit."""
    return _whole(amount, ROUND_FLOOR)


def _whole(amount: Decimal, rounding: str) -> int:
    # Scaled first: arithmetic on a Decimal is cut to 28 digits.
    if not amount.is_finite() or abs(amount) > AMOUNT_MAX_MICROS // MICROS:
        raise ValueError(f"{amount} is too large: the limit is {AMOUNT_MAX_MICROS // MICROS}")
    return int(amount.quantize(Decimal("0.000001"), rounding=rounding).scaleb(6))


def fee(*, amount_micros: int, percent_e2: int, fixed_micros: int, step_micros: int) -> int:
    """What a customer pays on top of an amount: hundredths of a percent and a fixed part, up to a multiple of the
    step, which is the smallest unit that the currency has.
    """
    micros = -(-amount_micros * percent_e2 // 10_000) + fixed_micros
    return -(-micros // step_micros) * step_micros


def credited(*, micros: int, rate_e12: int) -> int:
    """What an amount in another currency is worth on a balance. Rounded down to the micro."""
    return micros * rate_e12 // 10**12


def part_of(*, micros: int, percent_e2: int) -> int:
    """Hundredths of a percent of an amount, rounded down to the micro: what is given on top."""
    return micros * percent_e2 // 10_000


def nearest_part(*, micros: int, percent_e2: int) -> int:
    """Hundredths of a percent of an amount, to the nearest micro; half a micro is dropped. What others earn."""
    whole, rest = divmod(micros * percent_e2, 10_000)
    return whole + (2 * rest > 10_000)


def share(*, micros: int, part: int, whole: int) -> int:
    """What of an amount belongs to a part of a whole, rounded down to the micro. 0 <= part, 0 < whole."""
    if part < 0 or whole <= 0:
        raise ValueError(f"{part} is no part of {whole}")
    return micros * part // whole
