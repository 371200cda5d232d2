"""How a provider fares: when it rests, when it is tried again, and how many requests it may get. Pure.

A provider that fails several times in a row is rested: nothing is sent to it and its orders go to
their next routes. When the rest is over, one harmless request (its balance) tries whether it is
back; then one order, or one look at its orders, must succeed before it counts as well again. Each
further failure doubles the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from panelwright.providers.wire.outcomes import Reason, Unknown, UpstreamRefused

# So many failures in a row, and it rests.
FAILURES_MAX = 5
REST_MIN = timedelta(seconds=10)
REST_MAX = timedelta(minutes=15)
# No orders are sent to a provider that said that our balance there is too small.
FUNDS_REST = timedelta(minutes=2)
# A limit of the provider's own that names no time.
LIMIT_REST = timedelta(seconds=5)
# How long the one order that tries a provider may be under way before another one may try.
TRIAL = timedelta(minutes=1)

# A minute, and a second for requests that are on the way longer than others: what we let go within
# a minute must not arrive within less.
_WINDOW_US = 61_000_000
_FAILURES = frozenset({Reason.UNREACHABLE, Reason.KEY})


class Health(NamedTuple):
    """What is known of a provider. `failures` are in a row."""

    failures: int = 0
    rest_until: datetime | None = None
    sends_rest_until: datetime | None = None
    problem: str = ""


class HealthState(Enum):
    WELL = "well"
    WAITS = "waits"  # it asked for a pause: orders wait for it
    RESTS = "rests"  # it failed: orders go elsewhere
    TRIAL = "trial"  # it answers again: one order may try


def state(health: Health, now: datetime) -> HealthState:
    if health.failures >= FAILURES_MAX:
        return HealthState.RESTS if health.rest_until is not None else HealthState.TRIAL
    if health.rest_until is not None and health.rest_until > now:
        return HealthState.WAITS
    return HealthState.WELL


def takes_orders(health: Health, now: datetime) -> bool:
    """Whether it can be expected to take a new order now or soon; else the next route is tried."""
    funds = health.sends_rest_until is None or health.sends_rest_until <= now
    return funds and state(health, now) is not HealthState.RESTS


def again_at(health: Health, now: datetime) -> datetime:
    """When it is worth looking again at a provider that takes no orders, or asked for a pause."""
    times = [t for t in (health.rest_until, health.sends_rest_until) if t is not None and t > now]
    return max([*times, now + timedelta(seconds=5)])


class HealthSignal(NamedTuple):
    """What answers say of the provider that gave them. `pause_s`: it asked to be left alone so long."""

    answered: bool
    failures: int
    why: str
    pause_s: float | None = None
    no_funds: bool = False


def judge(answers: Iterable[object]) -> HealthSignal:
    """The verdict of some answers of one provider, of any type of outcomes.py.

    One sensible answer is proof that it lives: then failures beside it count for nothing.
    """
    answered, failures, why = False, 0, ""
    pause_s: float | None = None
    no_funds = False
    for answer in answers:
        if isinstance(answer, Unknown) or (isinstance(answer, UpstreamRefused) and answer.reason in _FAILURES):
            failures, why = failures + 1, answer.text
        elif isinstance(answer, UpstreamRefused) and answer.reason is Reason.LIMIT:
            named = LIMIT_REST.total_seconds() if answer.retry_after_s is None else float(answer.retry_after_s)
            pause_s = min(max(pause_s or 0.0, named), REST_MAX.total_seconds())
            why = why or answer.text
        else:
            answered = True
            if isinstance(answer, UpstreamRefused) and answer.reason is Reason.FUNDS:
                no_funds, why = True, why or answer.text
    return HealthSignal(answered, 0 if answered else failures, why, pause_s, no_funds)


def after(health: Health, verdict: HealthSignal, now: datetime) -> Health:
    """The provider's health after some answers."""
    if verdict.answered:
        # Pauses that it asked for stand; a rest for its failures is over.
        rest_until = health.rest_until if health.failures < FAILURES_MAX else None
        health = Health(0, rest_until, health.sends_rest_until)._replace(
            # What it waits for is told as long as it waits.
            problem=health.problem if _waits(rest_until, now) or _waits(health.sends_rest_until, now) else ""
        )
    elif verdict.failures:
        # Many failures at once are one fault seen many times: up to the first rest, then one by one.
        failures = max(health.failures + 1, min(health.failures + verdict.failures, FAILURES_MAX))
        rest_until, why = health.rest_until, verdict.why
        if failures >= FAILURES_MAX:
            rest_until = now + min(REST_MIN * 2 ** min(failures - FAILURES_MAX, 10), REST_MAX)
        elif health.problem and _waits(health.sends_rest_until, now):
            why = health.problem
        health = Health(failures, rest_until, health.sends_rest_until, why)
    if verdict.pause_s is not None:
        until = now + timedelta(seconds=verdict.pause_s)
        rest_until = until if health.rest_until is None else max(health.rest_until, until)
        health = health._replace(rest_until=rest_until, problem=health.problem or verdict.why)
    if verdict.no_funds:
        health = health._replace(sends_rest_until=now + FUNDS_REST, problem=verdict.why or health.problem)
    elif verdict.answered and health.sends_rest_until is not None and health.sends_rest_until <= now:
        health = health._replace(sends_rest_until=None)
    return health


def _waits(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def answers_again(health: Health) -> Health:
    """After a harmless request was answered: one order may try it."""
    return health._replace(rest_until=None, sends_rest_until=None)


class Permits(NamedTuple):
    """`granted` requests may go out now; `spoken_for_us` is what has to be remembered."""

    granted: int
    spoken_for_us: int


def permits(*, per_minute_max: int | None, spoken_for_us: int, wanted: int, now_us: int) -> Permits:
    """How many of `wanted` requests may go out now. Times in microseconds since 1970.

    In no minute, wherever it starts, are there more than `per_minute_max`. (The generic cell rate
    algorithm of ITU-T I.371: each request speaks for its share of the minute, and a tenth of the
    minute's requests may come at once.)
    """
    if per_minute_max is None:
        return Permits(wanted, spoken_for_us)
    share_us, ahead_us = share(per_minute_max)
    # A clock that was set back must not stop a provider for the difference.
    start = min(max(spoken_for_us, now_us), now_us + ahead_us + share_us)
    granted = max(0, min(wanted, (now_us + ahead_us + share_us - start) // share_us))
    return Permits(granted, start + granted * share_us)


def next_permit_us(*, per_minute_max: int, spoken_for_us: int, now_us: int) -> int:
    """When a request may go out after those that are spoken for, in microseconds since 1970."""
    _, ahead_us = share(per_minute_max)
    return max(now_us, spoken_for_us - ahead_us)


def share(per_minute_max: int) -> tuple[int, int]:
    """(what one request takes of the minute, how far ahead may be spoken for and a request still go out), in us."""
    at_once = max(1, per_minute_max // 10)
    share_us = -(-_WINDOW_US // (per_minute_max - at_once + 1))
    return share_us, (at_once - 1) * share_us
