"""Checks the parameters of `add` against the table of service types. Pure; refuses, never raises."""

from __future__ import annotations

import functools
import re
from datetime import date
from typing import NamedTuple

from panelwright.catalog import countries, types
from panelwright.catalog.types import LINK, FieldKind, ServiceType, TypeField, Units
from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.core.text import has_invisible, trim
from panelwright.orders.blocking import Screen
from panelwright.orders.linking import Needed

# What clients send on an optional parameter when they mean: not sent (PROTOCOL.md section 1).
ABSENT = frozenset({"", "undefined", "null", "None"})

_BAD_IN_LINK = re.compile(r"[\s\x00-\x20\x7f-\x9f\ud800-\udfff]")
_BAD_IN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BAD_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# "javascript:…" is a scheme, "t.me:443" is a host with a port, "user:name" is nothing we know. A host with a port
# has a dot and nothing but a path behind it: "javascript:1;alert(1)" and "javascript:1/alert(1)" would run.
_SCHEME = re.compile(r"(?!(?:[a-z0-9-]+\.)+[a-z0-9-]+\.?:[0-9]{1,5}(?:[/?#]|\Z))[a-z][a-z0-9+.-]*:", re.I | re.A)
# Of texts with spaces, which may hold a colon: what a browser would run or open.
_RUNS = re.compile(r"(?:javascript|vbscript|data|blob|file|about)\s*:", re.I | re.A)
# With a host, and where it has a port, a number: what is behind the colon is shown and clicked.
_HTTP = re.compile(
    r"https?://(?=[^/?#@\s])(?:[^/?#\s]*@)?(?:\[[0-9a-f:.]+\]|[^/?#\s:@\[\]]+)(?::[0-9]{0,5})?(?=[/?#]|\Z)",
    re.I | re.A,
)
# What nearly everybody sends, of which everything above says that it is good: an address of http, all in ASCII.
_USUAL = re.compile(r"https?://[A-Za-z0-9.-]++(?:/[!-~]*+)?")
# What stands before the path: of an address its scheme and host, of a bare name all of it.
_HOST = re.compile(r"(?:https?://)?[^/?#]*", re.I | re.A)
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


_DIGITS_MAX = limits.DIGITS_MAX
# Parameters that count for nothing where a type has none of them.
_ONLY_WHERE_ASKED = frozenset({"quantity", "runs", "interval"})


class CheckedFields(NamedTuple):
    """The parameters of an order that are in order. `own` holds the type's own fields as sent upstream."""

    link: str
    own: dict[str, str]
    runs: int  # 1 for a plain order
    interval_min: int
    quantity: int  # units of one run; 0 where the type has none


# As CheckedFields(...), without a function in Python in between: every order makes one.
_checked = functools.partial(tuple.__new__, CheckedFields)


def check(
    type_: ServiceType,
    params: dict[str, str],
    *,
    drip_feed: bool,
    flat_quantity: int,
    screen: Screen | None = None,
    rule: Needed | None = None,
) -> CheckedFields | Refusal:
    """Check in the order of PROTOCOL.md section 3: link, own fields, runs and interval, quantity.

    Minimum and maximum are the service's and checked by rules.py. `flat_quantity` is the quantity
    of types that are sold whole. `screen` holds the panel's blocked targets and words; what it refuses
    is answered at the field's own place in that order. `rule` is what the service's links must lead to.
    """
    link = ""
    own: dict[str, str] = {}
    if type_.has_link:
        link = params.get("link", "")
        fault = link_refusal(link)
        if fault is not None:
            return fault
        if screen is not None and screen.refuses(LINK, link):
            return Refusal("bad_link", "link", why="not_accepted")
        wrong = rule.refuses_link(link) if rule is not None else None
        if wrong is not None:
            return wrong
    for field in type_.own_fields:
        value = _value(field, params)
        if isinstance(value, BadText):
            return _refusal("bad_field", field.name, value)
        if value and screen is not None and screen.refuses(field, value):
            return Refusal("bad_field", field.name, why="not_accepted")
        if value and rule is not None and field.of_somebody:
            wrong = rule.refuses_name(field.name, value)
            if wrong is not None:
                return wrong
        if value:
            own[field.name] = value
    if type_.subscription:
        return CheckedFields(own["username"], own, 1, 0, 0)
    runs, interval_min = 1, 0
    if type_.drip_feed and ("runs" in params or "interval" in params):
        drip = _drip_feed(params, allowed=drip_feed)
        if isinstance(drip, Refusal):
            return drip
        runs, interval_min = drip
    if type_.units is Units.FLAT:
        quantity = flat_quantity
    elif type_.units is Units.LINES:
        quantity = own[type_.lines_of].count("\n") + 1
    else:
        text = params.get("quantity", "")
        given = whole(text)
        if given is None:
            return Refusal("bad_field", "quantity", why="missing" if text in ABSENT else "not_whole")
        quantity = given
    return _checked((link, own, runs, interval_min, quantity))


def understood(type_: ServiceType, params: dict[str, str]) -> dict[str, str]:
    """What an order of this type asks for: the same for parameters that mean the same.

    What is wrong stays as it was written, and so do fields that only other types have: who sends them means more
    than this type takes. How often and how many they are to be is left out where the type does not ask for it.
    """
    others = types.parameters() - _ONLY_WHERE_ASKED - {field.name for field in type_.fields}
    said = {k: v for k, v in params.items() if k in others and v not in ABSENT}
    said["service"] = _counted(params.get("service", ""))
    for field in type_.fields:
        text = params.get(field.name, "")
        if text and not (text in ABSENT and not _is_required(field, params)):
            value = text if field.kind is FieldKind.LINK else _CHECKS[field.kind](field, text)
            said[field.name] = text if isinstance(value, BadText) else value
    if type_.drip_feed and _is_plain(params):
        said.pop("runs", None)
        said.pop("interval", None)
    if type_.subscription and said.get("old_posts", "0") == "0":
        said.pop("old_posts", None)
        if said.get("posts") == "0":
            del said["posts"]
    return dict(sorted(said.items()))


def _counted(text: str) -> str:
    number = whole(text)
    return text if number is None else str(number)


class BadText(NamedTuple):
    """What is wrong with a text, and the limit that it passes; the words for it are in reasons.py."""

    why: str
    limit: int = 0


def _refusal(code: str, field: str, bad: BadText) -> Refusal:
    return Refusal(code, field, why=bad.why, facts=(("limit", bad.limit),) if bad.limit else ())


def good_link(text: str) -> bool:
    """A link or a bare name that a provider can look up: one word, of http or https if it has a scheme."""
    return _link_fault(text) is None


def link_refusal(text: str) -> Refusal | None:
    """What is wrong with a link of an order, whatever its service asks of it."""
    bad = _link_fault(text)
    return None if bad is None else _refusal("bad_link", "link", bad)


def _link_fault(text: str) -> BadText | None:
    if text in ABSENT:
        return BadText("missing")
    if len(text) > limits.LINK_CHARS_MAX:
        return BadText("too_long", limits.LINK_CHARS_MAX)
    if _USUAL.fullmatch(text):
        return None
    if _BAD_IN_LINK.search(text):
        return BadText("spaces" if any(c.isspace() for c in text) else "bad_characters")
    if _SCHEME.match(text) and not _HTTP.match(text):
        return BadText("bad_scheme")
    return BadText("invisible") if _hidden_in_host(text) else None


def _hidden_in_host(text: str) -> bool:
    """A host that looks like another leads nowhere; what nobody sees within a path may belong there."""
    if text.isascii():
        return False
    host = _HOST.match(text)
    return host is not None and has_invisible(host[0])


def whole(text: str) -> int | None:
    """A whole number >= 0 in ASCII digits, or None."""
    return int(text) if text.isdigit() and text.isascii() and len(text) <= _DIGITS_MAX else None


def split(text: str) -> list[str]:
    """The text at every line end that Unicode has, those with nothing in them included."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        for end in "\x85\u2028\u2029":
            text = text.replace(end, "\n")
    return text.split("\n")


def lines(text: str) -> list[str]:
    """The lines that count: trimmed, without those of nothing that can be seen."""
    return [line for part in split(text) if (line := trim(part))]


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
    """Runs and interval (minutes): together or neither."""
    if _is_plain(params):
        return 1, 0
    runs_text, interval_text = params.get("runs", ""), params.get("interval", "")
    runs = whole(runs_text)
    if runs is None:
        return Refusal("bad_field", "runs", why="no_runs" if runs_text in ABSENT else "not_whole")
    if runs < 1:
        return _refusal("bad_field", "runs", BadText("too_low", 1))
    if runs > limits.RUNS_MAX:
        return _refusal("bad_field", "runs", BadText("too_high", limits.RUNS_MAX))
    if not allowed:
        return Refusal("bad_field", "runs", why="no_drip_feed")
    interval_min = whole(interval_text)
    if interval_min is None:
        return Refusal("bad_field", "interval", why="no_runs" if interval_text in ABSENT else "not_whole")
    if interval_min < 1:
        return _refusal("bad_field", "interval", BadText("too_low", 1))
    if interval_min > limits.INTERVAL_MAX_MIN:
        return _refusal("bad_field", "interval", BadText("too_high", limits.INTERVAL_MAX_MIN))
    return runs, interval_min


def _is_plain(params: dict[str, str]) -> bool:
    """Whether runs and interval say nothing of a drip-feed.

    One run is a plain order, whatever the interval says; programs that fill in every field send 0 for nothing.
    """
    runs_text, interval_text = params.get("runs", ""), params.get("interval", "")
    if runs_text in ABSENT and interval_text in ABSENT:
        return True
    runs, interval_min = whole(runs_text), whole(interval_text)
    return runs == 1 or (interval_min == 0 and (runs == 0 or runs_text in ABSENT))


def _value(field: TypeField, params: dict[str, str]) -> str | BadText:
    """The field's text as it is kept and sent on; "" when it is left out; Bad when it is wrong."""
    text = params.get(field.name, "")
    required = _is_required(field, params)
    if not text or (not required and text in ABSENT):
        return BadText("missing") if required else ""
    return _CHECKS[field.kind](field, text)


def _is_required(field: TypeField, params: dict[str, str]) -> bool:
    if field.needed_when is None:
        return field.required
    other, value = field.needed_when
    return params.get(other) == value


def _lines(field: TypeField, text: str) -> str | BadText:
    if len(text) > limits.LINES_CHARS_MAX:
        return BadText("too_long", limits.LINES_CHARS_MAX)
    if _BAD_IN_TEXT.search(text):
        return BadText("bad_characters")
    found = lines(text if field.verbatim else _unescaped(text))
    if not found:
        return BadText("missing")
    if len(found) > limits.LINES_MAX:
        return BadText("too_many_lines", limits.LINES_MAX)
    most = limits.COMMENT_CHARS_MAX if field.verbatim else limits.NAME_CHARS_MAX
    if max(map(len, found)) > most and any(len(line) > most and not _is_link(field, line) for line in found):
        return BadText("long_line", most)
    return "\n".join(found)


def _is_link(field: TypeField, line: str) -> bool:
    """Of lines that name somebody, one may be an address."""
    return field.names_target and len(line) <= limits.LINK_CHARS_MAX and _HTTP.match(line) is not None


def _unescaped(text: str) -> str:
    """Line ends that a program wrote in letters, as '\\n' in single quotes is to PHP: names hold no backslash."""
    return text.replace("\\r\\n", "\n").replace("\\n", "\n") if "\\" in text else text


def _name(field: TypeField, text: str) -> str | BadText:
    if len(text) > limits.NAME_CHARS_MAX:
        return BadText("too_long", limits.NAME_CHARS_MAX)
    if _BAD_IN_NAME.search(text):
        return BadText("bad_characters")
    # A name may be a URL (PROTOCOL.md: username "a URL or a name"), but never one that runs.
    if _RUNS.match(text):
        return BadText("bad_scheme")
    if not _SCHEME.match(text) or " " in text:
        return text
    if not _HTTP.match(text):
        return BadText("bad_scheme")
    return BadText("invisible") if _hidden_in_host(text) else text


def _url(field: TypeField, text: str) -> str | BadText:
    bad = _link_fault(text)
    if bad is None and not _HTTP.match(text):
        bad = BadText("bad_scheme")
    return text if bad is None else bad


def _number(field: TypeField, text: str) -> str | BadText:
    number = whole(text)
    if number is None:
        return BadText("not_whole")
    if number >= 2**62:
        return BadText("too_high", 2**62 - 1)
    if field.kind is FieldKind.COUNT and number < 1:
        return BadText("too_low", 1)
    return str(number)


def _choice(field: TypeField, text: str) -> str | BadText:
    return text if text in field.choices else BadText("not_listed")


def _country(field: TypeField, text: str) -> str | BadText:
    return countries.code(text) or BadText("bad_country")


def _date(field: TypeField, text: str) -> str | BadText:
    on = day(text)
    return f"{on.day:02d}/{on.month:02d}/{on.year:04d}" if on else BadText("bad_date")


_CHECKS = {
    FieldKind.LINK: _url,
    FieldKind.URL: _url,
    FieldKind.NAME: _name,
    FieldKind.LINES: _lines,
    FieldKind.COUNT: _number,
    FieldKind.NUMBER: _number,
    FieldKind.CHOICE: _choice,
    FieldKind.COUNTRY: _country,
    FieldKind.DATE: _date,
}
