"""The sandbox's own sums, in micros (10^-6) of its currency.

It is the other side of the trade, so it reckons by itself: a wrong rounding in the panel shows as a
difference instead of being made twice.
"""

from __future__ import annotations

import re

from panelwright.sandbox.catalogue import SandboxService

CURRENCY = "USD"

_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,6}))?", re.ASCII)


def text(micros: int) -> str:
    """Plain decimal with 2 to 6 fraction digits, as on the wire."""
    whole, fraction = divmod(abs(micros), 1_000_000)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}{whole}.{digits}"


def parse(amount: str) -> int | None:
    """Micros of a plain decimal such as "12.5"; None for anything else."""
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        return None
    return int(match[1]) * 1_000_000 + int((match[2] or "").ljust(6, "0"))


def charge(service: SandboxService, *, units: int) -> int:
    """What `units` of the service cost, rounded up to the micro."""
    if service.service_type.flat:
        return service.rate_micros
    return -(-service.rate_micros * units // 1000)


def kept(*, outcome: str, charge_micros: int, remains: int, quantity: int) -> int:
    """What of the charge stays when an order has ended so."""
    if outcome == "Canceled":
        return 0
    if outcome == "Partial":
        return charge_micros - charge_micros * min(max(remains, 0), quantity) // quantity
    return charge_micros
