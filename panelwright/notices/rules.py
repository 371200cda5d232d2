"""What a notice tells: what waits now and was not told of yet. Pure.

What waits has a key that stays the same as long as it is the same trouble: an order with the moment of its problem, a
ticket with its last message. A channel keeps the keys that it was told of; those that no longer wait are forgotten, so
that the same is told again when it comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from panelwright.events.webhook_rules import PANEL_NAMES
from panelwright.staff.rights import Right


class NoticeKind(StrEnum):
    ORDER_PROBLEM = "order_problem"
    MANUAL_ORDER = "manual_order"
    REFILL_WAITS = "refill_waits"
    CANCEL_WAITS = "cancel_waits"
    TICKET_WAITS = "ticket_waits"
    PAYMENT_WAITS = "payment_waits"
    DISPUTE = "dispute"
    PAYOUT_WAITS = "payout_waits"
    PROVIDER_LOW = "provider_low"
    PROVIDER_FAILS = "provider_fails"
    PRICE_HELD = "price_held"
    WEBHOOK_STOPPED = "webhook_stopped"
    MAIL_FAILED = "mail_failed"


# What staff need to see of the panel to be told of it: by e-mail at that moment, in a chat or at an address when they
# have it sent there.
RIGHT_FOR = {
    NoticeKind.ORDER_PROBLEM: Right.ORDERS_READ,
    NoticeKind.MANUAL_ORDER: Right.ORDERS_READ,
    NoticeKind.REFILL_WAITS: Right.ORDERS_READ,
    NoticeKind.CANCEL_WAITS: Right.ORDERS_READ,
    NoticeKind.TICKET_WAITS: Right.SUPPORT,
    NoticeKind.PAYMENT_WAITS: Right.PAYMENTS,
    NoticeKind.DISPUTE: Right.PAYMENTS,
    NoticeKind.PAYOUT_WAITS: Right.PAYMENTS,
    NoticeKind.PROVIDER_LOW: Right.PROVIDERS,
    NoticeKind.PROVIDER_FAILS: Right.PROVIDERS,
    NoticeKind.PRICE_HELD: Right.SERVICES,
    NoticeKind.WEBHOOK_STOPPED: Right.CUSTOMERS_READ,
    NoticeKind.MAIL_FAILED: Right.CUSTOMERS_READ,
}
# The same for the panel's own webhooks, by the noun of an event's name.
_RIGHT_FOR_EVENTS = {
    "order": Right.ORDERS_READ,
    "refill": Right.ORDERS_READ,
    "subscription": Right.ORDERS_READ,
    "ticket": Right.SUPPORT,
    "payment": Right.PAYMENTS,
}
# The code of a payment that waits because it is disputed: who hears of disputes hears of it there.
DISPUTED = "disputed"
# Of one kind that are looked at, the ones that wait longest; so many keys are kept at most.
LOOKED_MAX = 500
# Of one kind that a notice names; the rest it counts.
NAMED_MAX = 5
LABEL_MAX = 120
# How often a channel that has nothing to tell is looked at.
LOOK = timedelta(seconds=30)


class Matter(NamedTuple):
    """Something that waits. `number`: as staff find it; `label`: a name that somebody gave it; `code` and `facts`: what
    is wrong, as it stands on the row."""

    key: str
    number: int = 0
    label: str = ""
    code: str = ""
    facts: str = ""


Waiting = Mapping[NoticeKind, Sequence[Matter]]
Told = Mapping[str, Sequence[str]]


class Part(NamedTuple):
    """Of one kind: what is new, and how many wait in all, LOOKED_MAX at most."""

    kind: NoticeKind
    new: tuple[Matter, ...]
    waiting: int


class NoticePlan(NamedTuple):
    """What to tell, nothing at times, and the keys to keep afterwards."""

    parts: tuple[Part, ...]
    told: dict[str, list[str]]


def plan(waiting: Waiting, told: Told, kinds: Sequence[str]) -> NoticePlan:
    """What a channel for these kinds is told, and what it was told of then. Of other kinds it forgets all."""
    chosen = [kind for kind in NoticeKind if kind.value in set(kinds)]
    parts = []
    kept: dict[str, list[str]] = {}
    for kind in chosen:
        matters = list(waiting.get(kind, ()))[:LOOKED_MAX]
        if kind is NoticeKind.PAYMENT_WAITS and NoticeKind.DISPUTE in chosen:
            matters = [one for one in matters if one.code != DISPUTED]
        known = set(told.get(kind.value, ()))
        new = tuple(one for one in matters if one.key not in known)
        if new:
            parts.append(Part(kind, new, len(matters)))
        if matters:
            kept[kind.value] = [one.key for one in matters]
    return NoticePlan(tuple(parts), kept)


def unseen(kinds: Sequence[str], may: Callable[[Right], bool]) -> Right | None:
    """The right that somebody lacks who has these kinds sent to a place of their choice; None: they may."""
    needed = (RIGHT_FOR[kind] for kind in NoticeKind if kind.value in set(kinds))
    return next((right for right in needed if not may(right)), None)


def unseen_events(names: Sequence[str], may: Callable[[Right], bool]) -> Right | None:
    """The same for the panel's own webhooks, by the names of events."""
    needed = (_RIGHT_FOR_EVENTS[name.partition(".")[0]] for name in PANEL_NAMES if name in set(names))
    return next((right for right in needed if not may(right)), None)


def allowed(kinds: Sequence[str], rights: frozenset[Right]) -> list[str]:
    """Those of the kinds that somebody with these rights may hear of."""
    return [kind.value for kind in NoticeKind if kind.value in set(kinds) and RIGHT_FOR[kind] in rights]


def next_look(now: datetime, *, every_min: int, told: bool) -> datetime:
    """After a notice not before `every_min` have passed: until then what comes up is gathered."""
    return now + (max(timedelta(minutes=every_min), LOOK) if told else LOOK)


def due(now: datetime, told_at: datetime | None, *, every_min: int) -> datetime:
    """When a channel is looked at whose settings have changed."""
    return now if told_at is None else max(now, told_at + timedelta(minutes=every_min))


def in_order(kinds: Sequence[str]) -> list[str]:
    """Each once, as lists for people have them."""
    return [kind.value for kind in NoticeKind if kind.value in set(kinds)]
