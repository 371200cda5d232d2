"""Decisions about receipts: the tax within an amount, how a number is written, whom it names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.receipts.models import PREFIX_MAX, ReceiptKind

PERCENT_MAX_E2 = 100_00
_PREFIX = re.compile(r"[A-Za-z0-9/._-]*", re.ASCII)
# What stands between the prefix and the year.
_LETTERS = {ReceiptKind.RECEIPT: "", ReceiptKind.CREDIT_NOTE: "CN-"}


def tax_within(amount_micros: int, percent_e2: int, step_micros: int) -> int:
    """The tax that an amount contains, in whole steps of its currency; a half is rounded up.

    Of 12.00 with 20 percent within it are 2.00: twenty of every hundred and twenty.
    """
    whole = 100_00 + percent_e2
    return (2 * amount_micros * percent_e2 + whole * step_micros) // (2 * whole * step_micros) * step_micros


def year_of(at: datetime, zone: str) -> int:
    """The year that a document of this moment is counted in: the panel's own."""
    return at.astimezone(ZoneInfo(zone)).year


def number_text(prefix: str, kind: ReceiptKind, year: int, serial: int) -> str:
    """INV-2026-000042, and INV-CN-2026-000007 of a credit note."""
    return f"{prefix}{_LETTERS[kind]}{year}-{serial:06d}"


def amounts(*, amount_micros: int, fee_micros: int) -> tuple[int, int]:
    """The line of the top-up and the line of the fee, which together are what was paid."""
    fee = min(fee_micros, amount_micros)
    return amount_micros - fee, fee


def may_set(values: Mapping[str, object], *, enabled: bool) -> Refusal | None:
    """Whether settings can stand so, all of them as they would be."""
    if enabled:
        for name in ("seller", "address"):
            if not values[name]:
                return Refusal("receipts_need", f"receipt_{name}")
    prefix = str(values["prefix"])
    # With these letters at its end a receipt would be called as a credit note is.
    letters = _LETTERS[ReceiptKind.CREDIT_NOTE]
    if not _PREFIX.fullmatch(prefix) or len(prefix) > PREFIX_MAX or prefix.endswith(letters):
        return Refusal("bad_receipt_prefix", "receipt_prefix", limit=PREFIX_MAX)
    percent = int(str(values["tax_percent_e2"]))
    if not 0 <= percent <= PERCENT_MAX_E2:
        return Refusal("bad_tax_percent", "receipt_tax_percent")
    if percent and not values["tax_name"]:
        return Refusal("tax_needs_name", "receipt_tax_name")
    return None


def percent_text(percent_e2: int) -> str:
    """20, 7.5"""
    return f"{percent_e2 // 100}.{percent_e2 % 100:02d}".rstrip("0").rstrip(".")


def sum_text(micros: int, currency: str) -> str:
    return f"{money.text(micros)} {currency}"
