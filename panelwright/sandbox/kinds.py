"""The kinds of faults, as data: what each can be told, and which calls it concerns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from panelwright.sandbox import checks
from panelwright.sandbox.checks import SandboxRefusal
from panelwright.sandbox.dialects import DIALECTS
from panelwright.sandbox.reading import BadControl, amount, count, flag, number

# Before the panel sees the call: the order is not taken. After: it is taken, and the answer is what suffers.
BEFORE, AFTER = "before", "after"
HOLD_MAX_S = 3_600.0
BODIES = ("error", "empty", "page", "answer")
REDIRECTS = (301, 302, 303, 307, 308)
ELSEWHERE = "https://elsewhere.example/api/v2"

INCREMENT = SandboxRefusal("Quantity must be a multiple of 10", "quantity_increment")
TOO_MANY = SandboxRefusal("Rate limit exceeded. Please try again later.", "rate_limit")
REFUSALS = {
    refusal.code: refusal
    for refusal in (
        *(checks.INVALID_KEY, checks.INCORRECT_REQUEST, checks.INCORRECT_SERVICE, checks.BAD_LINK, checks.LINK_BUSY),
        *(checks.NO_FUNDS, checks.INCORRECT_ORDER, checks.REFILL_UNKNOWN, checks.REFILL_DISABLED),
        *(checks.NOT_COMPLETED, checks.REFILL_OPEN, checks.REFILL_TOO_EARLY, checks.REFILL_OVER),
        *(checks.CANCEL_DISABLED, checks.NOT_CANCELABLE, INCREMENT, TOO_MANY),
        SandboxRefusal("Quantity less than minimal 10", "quantity_below_min"),
        SandboxRefusal("Quantity more than maximum 100000", "quantity_above_max"),
    )
}


class FaultGroup(Enum):
    """How a fault works together with others."""

    DELAY = auto()  # all of them add up
    INSTEAD = auto()  # takes the place of the answer; the first one does
    DIALECT = auto()
    SERVICE = auto()
    FUNDS = auto()
    LOSS = auto()  # order by order, when it is placed
    REPORT = auto()  # order by order, when it is shown


# Reads one setting out of a rule, by its name; Bad for what cannot be read.
Setting = Callable[[dict[str, Any], str], object]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """`settings` are read from the rule; `actions` limits the calls that it concerns, () to none."""

    group: FaultGroup
    settings: dict[str, Setting] = field(default_factory=dict)
    actions: tuple[str, ...] = ()

    def concerns(self, action: str) -> bool:
        return not self.actions or action in self.actions

    def read(self, row: dict[str, Any]) -> dict[str, Any]:
        values = {name: setting(row, name) for name, setting in self.settings.items()}
        if values.get("body") == "answer" and values.get("when") == BEFORE:
            raise BadControl('body: there is an answer only "when": "after"')
        return {name: value for name, value in values.items() if value is not None}


def _seconds(default: float) -> Setting:
    return lambda row, name: number(row, name, most=HOLD_MAX_S) if name in row else default


def _one_of(*words: str) -> Setting:
    """The first word is the default."""

    def read(row: dict[str, Any], name: str) -> object:
        word = row.get(name, words[0])
        if word not in words:
            raise BadControl(f"{name}: write one of {', '.join(words)}")
        return word

    return read


def _text(default: str | None = None) -> Setting:
    def read(row: dict[str, Any], name: str) -> object:
        value = row.get(name, default)
        if value is not None and (not isinstance(value, str) or any(c in value for c in "\r\n\0")):
            raise BadControl(f"{name}: write one line of text")
        return value

    return read


def _whole(default: int | None, *, least: int = 0, most: int = 1_000_000_000) -> Setting:
    def read(row: dict[str, Any], name: str) -> object:
        if name not in row:
            return default
        value = count(row, name)
        if not least <= value <= most:
            raise BadControl(f"{name}: write a whole number from {least} to {most}")
        return value

    return read


def _redirect(row: dict[str, Any], name: str) -> object:
    value = count(row, name, REDIRECTS[1])
    if value not in REDIRECTS:
        raise BadControl(f"{name}: write one of {', '.join(map(str, REDIRECTS))}")
    return value


def _status(row: dict[str, Any], name: str) -> object:
    value = count(row, name)
    if not 200 <= value <= 599:
        raise BadControl(f"{name}: write a whole number from 200 to 599")
    return value


def _refusal(row: dict[str, Any], name: str) -> object:
    if ("text" in row) == (name in row):
        raise BadControl(f"write either {name} or text")
    if name in row and row[name] not in REFUSALS:
        raise BadControl(f"{name}: write one of {', '.join(REFUSALS)}")
    return row.get(name)


def _dialects(row: dict[str, Any], name: str) -> object:
    return dialect_names(row.get(name), name=name)


def dialect_names(value: object, *, name: str) -> tuple[str, ...]:
    """The names of dialects, out of one name or a list of them."""
    names = tuple(value) if isinstance(value, list) else (value,)
    if not all(isinstance(one, str) and one in DIALECTS for one in names):
        raise BadControl(f"{name}: write one or a list of {', '.join(DIALECTS)}")
    return names


def _rate(row: dict[str, Any], name: str) -> object:
    return amount(row, name) if name in row else None


def _percent(row: dict[str, Any], name: str) -> object:
    """Up or down: 20 makes a rate of 1.00 one of 1.20."""
    return number(row, name, least=-100, most=10_000) if name in row else None


_WHEN = _one_of(BEFORE, AFTER)
_ONLY_BEFORE, _ONLY_AFTER = _one_of(BEFORE), _one_of(AFTER)

KINDS: dict[str, FaultKind] = {
    # The call waits, before the panel sees it or after; `jitter_s` adds up to so much, drawn from the seed.
    "latency": FaultKind(FaultGroup.DELAY, {"when": _WHEN, "seconds": _seconds(1), "jitter_s": _seconds(0)}),
    # No answer for so long, then the connection is closed.
    "timeout": FaultKind(FaultGroup.INSTEAD, {"when": _WHEN, "seconds": _seconds(60)}),
    # The connection is reset (TCP RST) without an answer.
    "reset": FaultKind(FaultGroup.INSTEAD, {"when": _WHEN}),
    # The answer breaks off in the middle.
    "cut": FaultKind(FaultGroup.INSTEAD, {"when": _ONLY_AFTER}),
    # Any HTTP status with: a refusal as the dialect writes it, nothing, a page, or the answer itself.
    "http": FaultKind(
        FaultGroup.INSTEAD,
        {"when": _WHEN, "status": _status, "body": _one_of(*BODIES), "text": _text("Internal server error")},
    ),
    # HTTP 200 with a page of HTML.
    "html": FaultKind(FaultGroup.INSTEAD, {"when": _WHEN}),
    "redirect": FaultKind(FaultGroup.INSTEAD, {"when": _WHEN, "status": _redirect, "location": _text(ELSEWHERE)}),
    # A refusal in the words of the dialect (`code`, one of REFUSALS) or in any words (`text`).
    "refuse": FaultKind(FaultGroup.INSTEAD, {"when": _WHEN, "code": _refusal, "text": _text()}),
    # HTTP 429 with Retry-After, or a refusal in an ordinary answer.
    "rate_limit": FaultKind(
        FaultGroup.INSTEAD,
        {"when": _ONLY_BEFORE, "retry_after_s": _whole(5, most=86_400), "in_body": lambda r, n: flag(r, n, False)},
    ),
    "wrong_key": FaultKind(FaultGroup.INSTEAD, {"when": _ONLY_BEFORE}),
    # The id of the caller's latest order instead of a new one; "after": a new one was placed all the same.
    "duplicate": FaultKind(FaultGroup.INSTEAD, {"when": _WHEN}, actions=("add",)),
    "dialect": FaultKind(FaultGroup.DIALECT, {"dialect": _dialects}),
    # Other rates and limits, or closed; the service, or all of them. With `action` "services" only the list says so.
    # The orders that a subscription makes keep the catalogue's rate.
    "service": FaultKind(
        FaultGroup.SERVICE,
        {
            "rate": _rate,
            "percent": _percent,
            "min": _whole(None, least=1),
            "max": _whole(None, least=1),
            "increment": _whole(None, least=1),
            "closed": lambda row, name: flag(row, name, False),
        },
        actions=("services", "add"),
    ),
    "no_funds": FaultKind(FaultGroup.FUNDS, actions=("add", "balance")),
    # Placed and paid, its id given, and never heard of again.
    "lost": FaultKind(FaultGroup.LOSS, actions=("add",)),
    # One step back: ended orders in progress, those in progress pending.
    "backwards": FaultKind(FaultGroup.REPORT, actions=("status",)),
    "over_delivery": FaultKind(FaultGroup.REPORT, {"units": _whole(37, least=1)}, actions=("status",)),
    # Any text for `remains`; "above" is above the order's quantity.
    "remains": FaultKind(FaultGroup.REPORT, {"value": _text("Unknown")}, actions=("status",)),
}
