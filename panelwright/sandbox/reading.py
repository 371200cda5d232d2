"""Reading what is written to the control address: JSON whose numbers are text, into values or a Bad."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from panelwright.sandbox import money
from panelwright.sandbox.checks import whole

COUNT_MAX = 10**12


class BadControl(Exception):
    """Bad input at the control address; the text goes back to whoever wrote the test."""


def iso(ms: int) -> str:
    """A moment (ms since 1970) as ISO 8601 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(value: object, *, name: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 text (UTC unless it says otherwise) or of seconds since 1970."""
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = math.nan
    if math.isfinite(seconds) and 0 <= seconds < 1e11:
        return int(seconds * 1000)
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadControl(f"{name}: write an ISO 8601 time or seconds since 1970") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def count(row: dict[str, Any], name: str, default: int | None = None) -> int:
    """A whole number of 0 or more."""
    if name not in row and default is not None:
        return default
    found = whole(str(row.get(name, "")))
    if found is None or found > COUNT_MAX:
        raise BadControl(f"{name}: write a whole number")
    return found


def amount(row: dict[str, Any], name: str) -> int:
    """Micros of an amount of money."""
    micros = money.parse(str(row.get(name, "")))
    if micros is None:
        raise BadControl(f"{name}: write an amount such as 12.50, with up to 6 decimals")
    return micros


def number(row: dict[str, Any], name: str, *, most: float, least: float = 0.0) -> float:
    try:
        found = float(str(row[name]))
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        raise BadControl(f"{name}: write a number from {least:.0f} to {most:.0f}")
    return found


def flag(row: dict[str, Any], name: str, default: bool) -> bool:
    value = row.get(name, default)
    if not isinstance(value, bool):
        raise BadControl(f"{name}: write true or false")
    return value


def refuse_unknown(row: dict[str, Any], known: set[str] | frozenset[str]) -> None:
    if unknown := set(row) - known:
        raise BadControl(f"unknown: {', '.join(sorted(unknown))}")
