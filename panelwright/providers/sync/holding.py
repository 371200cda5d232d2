"""What of a provider's list a person has to look at before it counts. Pure.

A rate that jumps, a rate of nothing, and a service that has become another one are held: what was accepted last
goes on to count, the service is not sold, and somebody decides (providers/sync/hold_actions.py). A hold ends by itself
when the list says again what can be believed.

A rate is judged by the one before it, by the last one that stood for a day or was accepted by a person, and by what it
was a month ago or when a person last accepted it: so steps of 1.9 times are held at the second, ten in an hour as well
as one a day, and slow drifting over months is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from panelwright.core import money
from panelwright.providers.sync import naming
from panelwright.providers.wire.folding import fold

STEADY = timedelta(days=1)
MONTH = timedelta(days=30)

RATE_UP = "rate_up"  # more than the provider's limit above what it was
RATE_DOWN = "rate_down"
FREE = "free"  # it costs nothing now, and nobody has said that it may
TYPE = "type"  # another type of service
NAME = "name"  # hardly a word of its name is left

ANOTHER_SERVICE = frozenset({TYPE, NAME})
# With these no order takes the route: it would cost more, or be another service.
STOPS = frozenset({RATE_UP, TYPE, NAME})

IN_WORDS = {
    RATE_UP: "its rate rose beyond the limit",
    RATE_DOWN: "its rate fell beyond the limit",
    FREE: "its rate is 0",
    TYPE: "it is of another type",
    NAME: "it has another name",
}


class RateLimits(NamedTuple):
    """How far a rate may go without a person, in hundredths of what it was; None: as far as it likes."""

    rise_max_e2: int | None = 200
    fall_max_e2: int | None = 50


class Said(NamedTuple):
    """What a list says of a service, as far as it is judged. The rate is in the provider's currency."""

    rate_micros: int | None
    name: str
    type: str


def rate_code(*, old_micros: int | None, new_micros: int, limits: RateLimits) -> str:
    """Which of the codes a rate deserves; "" when it may count. `old_micros` None: there was none."""
    if new_micros == 0:
        return "" if old_micros == 0 else FREE
    if old_micros is None:
        return ""
    if old_micros == 0:
        return RATE_UP
    if limits.rise_max_e2 is not None and new_micros * 100 > old_micros * limits.rise_max_e2:
        return RATE_UP
    if limits.fall_max_e2 is not None and new_micros * 100 < old_micros * limits.fall_max_e2:
        return RATE_DOWN
    return ""


def base_of(*, rate_micros: int | None, base_micros: int | None, since: datetime | None, now: datetime) -> int | None:
    """The rate that the next one is judged by: what there is when it stood for a day, else what stood before."""
    steady = since is None or now - since >= STEADY
    if steady and not (rate_micros == 0 and base_micros is None):
        return rate_micros
    return base_micros


class Stood(NamedTuple):
    """A rate that counted once, in the provider's currency, and when it ended."""

    until: datetime
    rate_micros: int


def past_after(past: Sequence[Stood], *, rate_micros: int | None, now: datetime) -> tuple[Stood, ...]:
    """What is kept of past rates when `rate_micros` ends: of the last month, and one a day at most.

    What is left out stood for less than a day, and the one before it stands in its place.
    """
    kept = tuple(one for one in past if now - one.until < MONTH)
    if rate_micros is None or (kept and now - kept[-1].until < STEADY):
        return kept
    return (*kept, Stood(now, rate_micros))


def month_ago(past: Sequence[Stood], now: datetime) -> int | None:
    """What the rate was a month ago, or as far back as is known; None: it is what it was."""
    return next((one.rate_micros for one in past if now - one.until < MONTH), None)


def codes(
    accepted: Said,
    said: Said,
    *,
    base_micros: int | None,
    limits: RateLimits,
    month_ago_micros: int | None = None,
) -> list[str]:
    """Why a person has to look at what a list says, where `accepted` is what counts until now; empty: it may count."""
    found = []
    assert said.rate_micros is not None
    olds = {accepted.rate_micros, base_micros}
    if base_micros is None:
        # A rate of 0 that nobody has accepted is not so by staying.
        olds = {accepted.rate_micros or None}
    if month_ago_micros is not None:
        olds.add(month_ago_micros)
    for old in sorted(olds, key=lambda micros: -1 if micros is None else micros):
        code = rate_code(old_micros=old, new_micros=said.rate_micros, limits=limits)
        if code and code not in found:
            found.append(code)
    if accepted.type and said.type and _letters(accepted.type) != _letters(said.type):
        found.append(TYPE)
    if accepted.name and said.name and not naming.same_service(accepted.name, said.name):
        found.append(NAME)
    return found


def _letters(type_name: str) -> str:
    return fold(type_name).replace(" ", "")


def held(found: Sequence[str], accepted: Said, said: Said) -> dict[str, Any]:
    """What is kept of a hold: the codes, and both sides, rates as text."""
    return {"codes": list(found), "old": _told(accepted), "new": _told(said)}


def _told(said: Said) -> dict[str, Any]:
    rate = None if said.rate_micros is None else money.text(said.rate_micros)
    return {"rate": rate, "name": said.name, "type": said.type}


def new_of(kept: Mapping[str, Any]) -> Said:
    """What the list said, of a hold that was kept."""
    new = kept["new"]
    return Said(None if new["rate"] is None else money.parse(new["rate"]), new["name"], new["type"])


def asks_again(before: Mapping[str, Any] | None, found: Sequence[str], said: Said, limits: RateLimits) -> bool:
    """Whether a hold is news to whoever has heard of the one before: other reasons, or much else than was told then."""
    if before is None or set(before["codes"]) != set(found):
        return True
    return bool(codes(new_of(before), said, base_micros=new_of(before).rate_micros, limits=limits))


def sides(kept: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Old and new, of what the hold is about only."""
    about = {"type" if code == TYPE else "name" if code == NAME else "rate" for code in kept["codes"]}
    about |= {"name"} if ANOTHER_SERVICE & set(kept["codes"]) else set()
    old, new = ({key: value for key, value in kept[side].items() if key in about} for side in ("old", "new"))
    return old, new
