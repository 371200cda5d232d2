"""Checks the parameters of `add` against the table of service types. Pure; refuses, never raises."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from panelwright.catalog import countries
from panelwright.catalog.types import TYPES, Field, Kind, ServiceType, Units
from panelwright.core.refusal import Refusal
from panelwright.orders.blocking import Screen

LINK_MAX = 2000  # characters
NAME_MAX = 500
TEXT_MAX = 500_000
LINES_MAX = 10_000
RUNS_MAX = 10_000
INTERVAL_MAX_MIN = 60 * 24 * 365
POSTS_MAX = 1_000_000
DIGITS_MAX = 100

# What clients send on an optional parameter when they mean: not sent (PROTOCOL.md section 1).
ABSENT = frozenset({"", "undefined", "null", "None"})

_BAD_IN_LINK = re.compile(r"[\s\x00-\x20\x7f-\x9f\ud800-\udfff]")
_BAD_IN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BAD_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# "javascript:…" is a scheme, "t.me:443" is a host with a port, "user:name" is nothing we know.
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d)", re.I | re.A)
_HTTP = re.compile(r"https?://[^/?#@\s]+", re.I | re.A)
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


# Per type: whether it takes a link, and the fields that only it has.
_PARTS = {t.name: (t.field("link") is not None, t.own_fields) for t in TYPES}


class Checked(NamedTuple):
    """The parameters of an order that are in order. `own` holds the type's own fields as sent upstream."""

    link: str
    own: dict[str, str]
    runs: int  # 1 for a plain order
    interval_min: int
    quantity: int  # units of one run; 0 where the type has none


def check(
    type_: ServiceType,
    params: dict[str, str],
    *,
    drip_feed: bool,
    flat_quantity: int,
    screen: Screen | None = None,
) -> Checked | Refusal:
    """Check in the order of PROTOCOL.md section 3: link, own fields, runs and interval, quantity.

    Minimum and maximum are the service's and checked by rules.py. `flat_quantity` is the quantity
    of types that are sold whole. `screen` holds the panel's blocked targets and words; what it refuses
    is answered at the field's own place in that order.
    """
    link = ""
    own: dict[str, str] = {}
    has_link, own_fields = _PARTS[type_.name]
    if has_link:
        link = params.get("link", "")
        if not good_link(link) or (screen is not None and screen.refuses("link", Kind.LINK, link)):
            return Refusal("bad_link", "link")
    for field in own_fields:
        value = _value(field, params)
        if value is None or (value and screen is not None and screen.refuses(field.name, field.kind, value)):
            return Refusal("bad_field", field.name)
        if value:
            own[field.name] = value
    if type_.subscription:
        return Checked(own["username"], own, 1, 0, 0)
    runs, interval_min = 1, 0
    if type_.drip_feed:
        drip = _drip_feed(params, allowed=drip_feed)
        if isinstance(drip, Refusal):
            return drip
        runs, interval_min = drip
    if type_.units is Units.FLAT:
        quantity = flat_quantity
    elif type_.units is Units.LINES:
        quantity = own[type_.lines_of].count("\n") + 1
    else:
        given = whole(params.get("quantity", ""))
        if given is None:
            return Refusal("bad_field", "quantity")
        quantity = given
    return Checked(link, own, runs, interval_min, quantity)


def good_link(text: str) -> bool:
    """A link or a bare name that a provider can look up: one word, of http or https if it has a scheme."""
    if text in ABSENT or len(text) > LINK_MAX or _BAD_IN_LINK.search(text):
        return False
    if _SCHEME.match(text):
        return _HTTP.match(text) is not None
    return True


def whole(text: str) -> int | None:
    """A whole number >= 0 in ASCII digits, or None."""
    return int(text) if text.isdigit() and text.isascii() and len(text) <= DIGITS_MAX else None


def lines(text: str) -> list[str]:
    """The lines that count: split at \\r\\n, \\n or a lone \\r, without blank ones, trimmed."""
    return [line for part in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if (line := part.strip())]


def day(text: str) -> date | None:
    """A day written d/m/Y, or None."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        return None


def _drip_feed(params: dict[str, str], *, allowed: bool) -> tuple[int, int] | Refusal:
    """Runs and interval (minutes): together or neither; one run is a plain order."""
    runs_text, interval_text = params.get("runs", ""), params.get("interval", "")
    if runs_text in ABSENT and interval_text in ABSENT:
        return 1, 0
    runs = whole(runs_text)
    if runs is None or not 1 <= runs <= RUNS_MAX or (runs > 1 and not allowed):
        return Refusal("bad_field", "runs")
    if runs == 1 and interval_text in ABSENT:
        return 1, 0
    interval_min = whole(interval_text)
    if interval_min is None or not 1 <= interval_min <= INTERVAL_MAX_MIN:
        return Refusal("bad_field", "interval")
    return (runs, interval_min) if runs > 1 else (1, 0)


def _value(field: Field, params: dict[str, str]) -> str | None:
    """The field's text as it is kept and sent on; "" when it is left out; None when it is wrong."""
    text = params.get(field.name, "")
    required = field.required
    if field.needed_when is not None:
        other, value = field.needed_when
        required = params.get(other) == value
    if not text or (not required and text in ABSENT):
        return None if required else ""
    return _CHECKS[field.kind](field, text)


def _lines(field: Field, text: str) -> str | None:
    if len(text) > TEXT_MAX or _BAD_IN_TEXT.search(text):
        return None
    found = lines(text)
    return "\n".join(found) if 0 < len(found) <= LINES_MAX else None


def _name(field: Field, text: str) -> str | None:
    if len(text) > NAME_MAX or _BAD_IN_NAME.search(text):
        return None
    # A name may be a URL (PROTOCOL.md: username "a URL or a name"), but never one that runs.
    return text if not _SCHEME.match(text) or _HTTP.match(text) or " " in text else None


def _url(field: Field, text: str) -> str | None:
    return text if len(text) <= LINK_MAX and _HTTP.match(text) and not _BAD_IN_LINK.search(text) else None


def _number(field: Field, text: str) -> str | None:
    number = whole(text)
    if number is None or number >= 2**62 or (field.kind is Kind.COUNT and number < 1):
        return None
    return str(number)


def _date(field: Field, text: str) -> str | None:
    on = day(text)
    return f"{on.day:02d}/{on.month:02d}/{on.year:04d}" if on else None


_CHECKS = {
    Kind.LINK: _url,
    Kind.URL: _url,
    Kind.NAME: _name,
    Kind.LINES: _lines,
    Kind.COUNT: _number,
    Kind.NUMBER: _number,
    Kind.CHOICE: lambda field, text: text if text in field.choices else None,
    Kind.COUNTRY: lambda field, text: countries.code(text),
    Kind.DATE: _date,
}
