"""What can happen to a service of the catalogue, in the words in which it is recorded. Pure.

Whoever changes a service, a person or a round of keeping in step, records what these functions make, in the
same transaction. `facts` hold the service's number, and `old` and `new`: rates as text, limits as [min, max].
Whose doing it was stands in `about`: the provider, where it was one. catalog/change_feed.py tells customers of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from panelwright.core import money

ADDED = "service.added"
RATE_CHANGED = "service.rate_changed"
LIMITS_CHANGED = "service.limits_changed"
STEP_CHANGED = "service.step_changed"
LINKS_CHANGED = "service.links_changed"
PAUSED = "service.paused"
RESUMED = "service.resumed"
# A price list's own rate for a service: set by a person, or by the guard, which has a name of its own.
OWN_RATE_CHANGED = "service.own_rate_changed"
BELOW_COST = "service.below_cost"
# How releases before this one named what an import added.
IMPORTED = "service.imported"

Facts = Mapping[str, Any]


class ChangeEvent(NamedTuple):
    """An event to be written: its name, what it is about, and the facts."""

    name: str
    subject_id: int
    facts: dict[str, Any]


class ServiceRef(NamedTuple):
    """The service that something happened to. `about`: facts to be told besides."""

    id: int
    number: int
    about: Facts = {}

    def happened(self, name: str, facts: Facts) -> ChangeEvent:
        return ChangeEvent(name, self.id, {"service": self.number, **self.about, **facts})


def added(which: ServiceRef, *, rate_micros: int) -> ChangeEvent:
    return which.happened(ADDED, {"new": money.text(rate_micros)})


def rate_changed(
    which: ServiceRef,
    *,
    old_micros: int,
    new_micros: int,
    not_for: Collection[int] = (),
    cost_micros: int | None = None,
) -> ChangeEvent:
    """The rate for everybody but the price lists `not_for`, which have their own."""
    facts: dict[str, Any] = {"old": money.text(old_micros), "new": money.text(new_micros)}
    if cost_micros is not None:
        facts["cost"] = money.text(cost_micros)
    if not_for:
        facts["not_for"] = sorted(not_for)
    return which.happened(RATE_CHANGED, facts)


def limits_changed(which: ServiceRef, *, old: tuple[int, int], new: tuple[int, int]) -> ChangeEvent:
    return which.happened(LIMITS_CHANGED, {"old": list(old), "new": list(new)})


def step_changed(which: ServiceRef, *, old: int, new: int) -> ChangeEvent:
    """Of what quantities are multiples."""
    return which.happened(STEP_CHANGED, {"old": old, "new": new})


def links_changed(which: ServiceRef, *, old: Facts, new: Facts) -> ChangeEvent:
    """What links must lead to: the columns of the service."""
    return which.happened(LINKS_CHANGED, {"old": dict(old), "new": dict(new)})


def paused(
    which: ServiceRef, *, why: str = "", rate_micros: int | None = None, cost_micros: int | None = None
) -> ChangeEvent:
    """It is not sold any more. `why`: a value of Paused, empty where a person did it."""
    facts = {"why": why, "rate": _text(rate_micros), "cost": _text(cost_micros)}
    return which.happened(PAUSED, facts)


def resumed(which: ServiceRef, *, why: str = "") -> ChangeEvent:
    """It is sold again. `why`: what it was paused for."""
    return which.happened(RESUMED, {"why": why})


def own_rate_changed(
    which: ServiceRef,
    *,
    price_list_id: int,
    price_list: str,
    old_micros: int | None,
    new_micros: int,
    guard: bool = False,
) -> ChangeEvent:
    """What a price list's customers pay. `old_micros` None: it was not sold to them."""
    facts = {
        "price_list": price_list,
        "price_list_id": price_list_id,
        "old": _text(old_micros),
        "new": money.text(new_micros),
    }
    return which.happened(BELOW_COST if guard else OWN_RATE_CHANGED, facts)


def _text(micros: int | None) -> str | None:
    return None if micros is None else money.text(micros)
