"""Decisions about affiliates: what a deposit earns, what can be paid out, and who looks like one person. Pure: they
refuse and never raise. Amounts are micros of the panel's currency.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.core.remote import neighbourhood
from panelwright.promotions.models import PARTNER_CODE_MAX

CODE_CHARS = 8
# Without letters and digits that are read as one another.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PERCENT_MAX_E2 = 100_00
DAYS_MAX, MONTHS_MAX = 365, 120
# Of the addresses from which each of the two has logged in, the latest.
ADDRESSES_MAX = 100
# A piece of evidence: the same browser; the same card or account at a gateway; the same network address, which follows.
SAME_DEVICE, SAME_PAYER, SAME_ADDRESS = "device", "payer", "address"

_CODE = re.compile(rf"[A-Z0-9]{{4,{PARTNER_CODE_MAX}}}", re.ASCII)


class PartnerMoney(NamedTuple):
    """What stands on a partner's account, what of it is held still, and what a payout was asked for of it."""

    earned_micros: int = 0
    held_micros: int = 0
    asked_micros: int = 0

    @property
    def available_micros(self) -> int:
        """What can be paid out now. Nothing where commission was taken back that had been paid out."""
        return max(self.earned_micros - self.held_micros - self.asked_micros, 0)

    @property
    def lacks_micros(self) -> int:
        """What was paid out and has been taken back since: the next commissions fill it up."""
        return max(-self.earned_micros, 0)


def normal_code(text: str) -> str | None:
    """A code as somebody's link had it, in capitals; None for what is none."""
    code = text.strip().upper() if len(text) <= 2 * PARTNER_CODE_MAX else ""
    return code if _CODE.fullmatch(code) else None


def commission(*, credit_micros: int, percent_e2: int) -> int:
    """Hundredths of a percent of a deposit, to the nearest micro; what lies in the middle goes down."""
    return money.nearest_part(micros=max(credit_micros, 0), percent_e2=percent_e2)


def months_later(at: datetime, months: int) -> datetime:
    """The same day so many months later, or the last one of a shorter month."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def earns(*, first_only: bool, months: int, joined_at: datetime, has_deposits: bool, now: datetime) -> bool:
    """Whether a deposit of somebody who joined then earns a commission at all."""
    if first_only and has_deposits:
        return False
    return not months or now < months_later(joined_at, months)


def same_person(
    *, device: bool, payer: bool, partner_addresses: Collection[str], addresses: Collection[str]
) -> list[str]:
    """What says that partner and customer are one: of IPv6 addresses the network counts. Empty: nothing does."""
    theirs = {neighbourhood(one) for one in partner_addresses if one}
    shared = sorted(theirs & {neighbourhood(one) for one in addresses if one})
    known = [name for name, same in ((SAME_DEVICE, device), (SAME_PAYER, payer)) if same]
    return [*known, *(f"{SAME_ADDRESS} {one}" for one in shared)]


def payout_refused(
    money_: PartnerMoney, *, amount_micros: int, least_micros: int, blocked: bool, currency: str
) -> Refusal | None:
    """Why so much cannot be paid out now."""
    if blocked:
        return Refusal("partner_blocked")
    if amount_micros > money_.available_micros:
        facts = (("amount", money.text(money_.available_micros)), ("currency", currency))
        return Refusal("payout_above", "amount", facts=facts)
    if amount_micros < least_micros:
        return Refusal("payout_below", "amount", facts=(("amount", money.text(least_micros)), ("currency", currency)))
    return Refusal("amount_not_positive", "amount") if amount_micros <= 0 else None
