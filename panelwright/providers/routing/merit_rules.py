"""Which route a service's orders take first, by price, speed or success instead of the list's order. Pure.

Only the first choice is by merit. Whoever refuses is followed by the others in the list's order, so that nothing which
is measured meanwhile can make an order pass a route over.

A route of which too few orders have ended is not known: it comes after those that are, and gets one order of
LEARN_EVERY, so that it becomes known. Which one is said by the order's id, not by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

PRICE, SPEED, SUCCESS = "price", "speed", "success"
# So many orders have to have ended before a route is judged by them.
KNOWN_FROM = 10
# One of so many orders goes to a route that is not known.
LEARN_EVERY = 20
# From so many ended and refused orders on all sums are halved.
FULL = 400


class Merit(NamedTuple):
    """What was measured of a route, as models.RouteMerit has it."""

    ended: int = 0
    completed: int = 0
    refused: int = 0
    started: int = 0
    start_s: int = 0
    took_s: int = 0

    @property
    def tried(self) -> int:
        return self.ended + self.refused

    @property
    def is_known(self) -> bool:
        return self.tried >= KNOWN_FROM

    @property
    def success(self) -> Fraction | None:
        """The share of completed orders, of those that it was given and that are over."""
        return Fraction(self.completed, self.tried) if self.tried else None

    @property
    def took(self) -> Fraction | None:
        """Seconds until an order is completed, on average."""
        return Fraction(self.took_s, self.completed) if self.completed else None

    @property
    def start(self) -> Fraction | None:
        """Seconds until an order has started, on average."""
        return Fraction(self.start_s, self.started) if self.started else None


class Candidate(NamedTuple):
    """A route that could take an order, as it stands in the list. `fits`: as far as its limits are known."""

    route_id: int
    fits: bool = True
    cost_micros: int | None = None
    merit: Merit = Merit()


class RouteChoice(NamedTuple):
    """The routes in the order in which they are asked whether they take the order now.

    `learns`: the first of them is there to become known.
    """

    route_ids: list[int]
    learns: bool = False


def choice(by: str, candidates: Sequence[Candidate], *, order_id: int) -> RouteChoice:
    """The first choice and what comes next while that one's provider rests. `by`: PRICE, SPEED or SUCCESS."""
    value = _VALUES[by]
    known = [one for one in candidates if value(one) is not None]
    # The sort is stable: of equals the one that stands first in the list stays first.
    ranked = sorted(known, key=lambda one: (not one.fits, value(one)))
    ranked += [one for one in candidates if value(one) is None]
    ranked.sort(key=lambda one: not one.fits)
    learner = _learner(by, candidates, order_id) if known else None
    if learner is None:
        return RouteChoice([one.route_id for one in ranked])
    return RouteChoice([learner, *(one.route_id for one in ranked if one.route_id != learner)], learns=True)


def _learner(by: str, candidates: Sequence[Candidate], order_id: int) -> int | None:
    """The unknown route whose turn it is with this order; of several one after the other."""
    if by == PRICE or order_id % LEARN_EVERY:
        return None
    unknown = [one.route_id for one in candidates if one.fits and _VALUES[by](one) is None]
    return unknown[order_id // LEARN_EVERY % len(unknown)] if unknown else None


def _by_price(one: Candidate) -> int | None:
    return one.cost_micros


def _by_speed(one: Candidate) -> Fraction | None:
    return one.merit.took if one.merit.is_known else None


def _by_success(one: Candidate) -> Fraction | None:
    success = one.merit.success if one.merit.is_known else None
    return None if success is None else -success


_VALUES: Mapping[str, Callable[[Candidate], int | Fraction | None]] = {
    PRICE: _by_price,
    SPEED: _by_speed,
    SUCCESS: _by_success,
}


def added(merit: Merit, new: Merit) -> Merit:
    """What was measured with what has come in since; what was long ago counts less."""
    total = Merit(*(old + more for old, more in zip(merit, new, strict=True)))
    while total.tried >= FULL:
        total = Merit(*(part // 2 for part in total))
    return total
