"""What can be known of an order whose outcome is unknown, and what it suggests. Pure; a person decides.

A provider that takes an order takes its price from our balance there. So the balance before and after, less what the
other orders in between cost, says whether it took this one; unless other movements could explain the same, and then
nothing is suggested. How others that were cut off in the same minutes ended only leans one way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

# More movements that may or may not lie between the two balances explain anything.
POSSIBLE_MAX = 12
# So many that were cut off at the same time, all with one end, lean towards it.
LEANING_MIN = 3
# The coarsest step in which a balance may be told: a hundredth of a unit.
STEP_MAX = 10_000


class Suggests(StrEnum):
    TAKEN = "taken"
    NOT_TAKEN = "not_taken"
    LEANS_TAKEN = "leans_taken"
    LEANS_NOT_TAKEN = "leans_not_taken"
    NOTHING = "nothing"


class Fall(NamedTuple):
    """Our balance at the provider around an order, in micros of its currency.

    `cost`: the order's. `certain`: what other requests between the two readings have cost for sure. `possible`: what
    may have been taken (or, below zero, given back) in between. None: not known.
    """

    before: int
    after: int
    cost: int | None
    certain: Sequence[int | None] = ()
    possible: Sequence[int | None] = ()

    @property
    def fell(self) -> int:
        """Below zero where it rose."""
        return self.before - self.after


class CutOff(NamedTuple):
    """Other orders whose outcome at the provider was unknown in the same minutes: what became of them since."""

    taken: int = 0
    not_taken: int = 0
    open: int = 0

    @property
    def number(self) -> int:
        return self.taken + self.not_taken + self.open


def by_balance(fall: Fall | None) -> Suggests:
    """TAKEN or NOT_TAKEN where the two balances can only be explained so; else NOTHING."""
    if fall is None or not fall.cost or None in fall.certain or None in fall.possible:
        return Suggests.NOTHING
    possible = [amount for amount in fall.possible if amount is not None]
    if len(possible) > POSSIBLE_MAX:
        return Suggests.NOTHING
    certain = [amount for amount in fall.certain if amount is not None]
    left = fall.fell - sum(certain)
    # Each price, and each of the two balances, may have been rounded by the provider.
    slack = step(fall.before, fall.after) * (len(certain) + len(possible) + 2)
    sums = _sums(possible)
    taken = any(abs(left - fall.cost - other) <= slack for other in sums)
    not_taken = any(abs(left - other) <= slack for other in sums)
    if taken == not_taken:
        return Suggests.NOTHING
    return Suggests.TAKEN if taken else Suggests.NOT_TAKEN


def suggests(fall: Fall | None, cut_off: CutOff) -> Suggests:
    """What all of it suggests. The balance counts first."""
    found = by_balance(fall)
    if found is not Suggests.NOTHING:
        return found
    if cut_off.taken >= LEANING_MIN and not cut_off.not_taken:
        return Suggests.LEANS_TAKEN
    if cut_off.not_taken >= LEANING_MIN and not cut_off.taken:
        return Suggests.LEANS_NOT_TAKEN
    return Suggests.NOTHING


def step(*amounts: int) -> int:
    """The step in which these amounts are told, in micros: 10,000 for 1.50, 10 for 1.50432."""
    found = STEP_MAX
    while any(amount % found for amount in amounts):
        found //= 10
    return found


def _sums(amounts: Iterable[int]) -> Collection[int]:
    """What any of them together come to; 0 for none of them."""
    found = {0}
    for amount in amounts:
        found |= {one + amount for one in found}
    return found
