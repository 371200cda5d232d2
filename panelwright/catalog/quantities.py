"""A step of quantities: a service may be sold in multiples of 100 only. Pure.

A step of 1 is none. It counts where a customer names the quantity: types that count lines, and types that
are sold whole, have none.
"""

from __future__ import annotations

import math

from panelwright.catalog.types import BY_NAME, Units

STEPPED = frozenset({Units.QUANTITY, Units.PER_POST})


def step_of(type_name: str, step: int) -> int:
    """The step that counts for a service of this type: 1 where its customers name no quantity."""
    return step if BY_NAME[type_name].units in STEPPED else 1


def bounds(low: int, high: int, step: int) -> tuple[int, int]:
    """The least and the greatest quantity that can be ordered between `low` and `high`.

    Where no multiple lies between them the first is above the second.
    """
    if step == 1:
        return low, high
    return -(-low // step) * step, high // step * step


def can_be(low: int, high: int, step: int) -> bool:
    """Whether anything at all can be ordered."""
    least, most = bounds(low, high, step)
    return least <= most


def after(*, ours: int, before: int | None, theirs: int | None) -> int:
    """A service's step after the provider's became `theirs`; `before`: what the provider's was, None: not known.

    One that followed the provider's goes on following it. Whoever set another one keeps it, as far as each of
    its multiples is one of the provider's; else it becomes the least that is.
    """
    if theirs is None:
        return ours
    if ours == (before or 1):
        return theirs
    return math.lcm(ours, theirs)
