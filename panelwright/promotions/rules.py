"""Decisions about coupons: what one brings, whether it can be used, and what goes back. Pure: they refuse and never
raise. Amounts are micros of the panel's currency.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.promotions.models import CODE_MAX

CODE_MIN = 3
PERCENT_MAX_E2 = 1_000_00
USES_MAX = 1_000_000
# As long as a payment by hand is waited for: so long a promise is kept, and counts as a use.
HELD = timedelta(days=7)

BAD_COUPON = Refusal("bad_coupon", "coupon")

_CODE = re.compile(rf"[A-Z0-9][A-Z0-9_-]{{{CODE_MIN - 1},{CODE_MAX - 1}}}", re.ASCII)


class CouponTerms(NamedTuple):
    """What it brings: a percentage or an amount, the most of a percentage, and for which deposits at least."""

    percent_e2: int = 0
    amount_micros: int = 0
    most_micros: int = 0
    least_micros: int = 0


class CouponUsage(NamedTuple):
    """How a coupon stands for one customer. `left` None: nothing limits the uses of all together."""

    enabled: bool
    begins_at: datetime | None
    expires_at: datetime | None
    left: int | None
    left_to_customer: int
    first_only: bool
    has_deposits: bool


def normal(text: str) -> str | None:
    """A code as it was typed, in capitals without blanks; None for what is none."""
    code = "".join(text.split()).upper() if len(text) <= 2 * CODE_MAX else ""
    return code if _CODE.fullmatch(code) else None


def worth(terms: CouponTerms, credit_micros: int) -> int:
    """What a coupon brings on top of a deposit that brings `credit_micros` by itself."""
    if credit_micros <= 0 or credit_micros < terms.least_micros:
        return 0
    if terms.amount_micros:
        return terms.amount_micros
    part = money.part_of(micros=credit_micros, percent_e2=terms.percent_e2)
    return min(part, terms.most_micros or money.AMOUNT_MAX_MICROS, money.AMOUNT_MAX_MICROS)


def refused(
    usage: CouponUsage, terms: CouponTerms, credit_micros: int, *, now: datetime, currency: str
) -> Refusal | None:
    """Why a coupon cannot be used for a deposit; a coupon that is off or has not begun is as one that there is not."""
    if not usage.enabled or (usage.begins_at is not None and now < usage.begins_at):
        return BAD_COUPON
    if usage.expires_at is not None and now >= usage.expires_at:
        return Refusal("coupon_expired", "coupon")
    if usage.left_to_customer <= 0:
        return Refusal("coupon_used", "coupon")
    if usage.left is not None and usage.left <= 0:
        return Refusal("coupon_used_up", "coupon")
    if usage.first_only and usage.has_deposits:
        return Refusal("coupon_first_only", "coupon")
    if credit_micros < terms.least_micros:
        least = money.text(terms.least_micros)
        return Refusal("coupon_below", "coupon", facts=(("amount", least), ("currency", currency)))
    return None if worth(terms, credit_micros) > 0 else BAD_COUPON


def withdrawn(*, given_micros: int, gone_micros: int, received_micros: int) -> int:
    """What of a coupon goes back, all told, when so much of what was received has gone back: the same share of it."""
    if received_micros <= 0:
        return 0
    gone = min(max(gone_micros, 0), received_micros)
    return money.share(micros=given_micros, part=gone, whole=received_micros)
