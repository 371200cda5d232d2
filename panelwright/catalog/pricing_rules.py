"""What a change of prices makes of a rate: percent, then an amount, rounded up, not below cost plus margin. Pure."""

from __future__ import annotations

from typing import NamedTuple

from panelwright.core import money

# What prices are rounded up to, in micros; 1 is none.
ROUNDINGS = (1, 100, 1_000, 10_000, 50_000, 100_000, 500_000, 1_000_000)
# The most that a price may rise or fall by at once, in hundredths of a percent.
PERCENT_MAX_E2 = 1_000_000


class PriceChange(NamedTuple):
    """`percent_e2`: hundredths of a percent on top, or off where negative; `amount_micros`: added after, or taken.

    `round_to_micros`: up to a multiple of it. `margin_e2`: the least that is added to the cost, in hundredths of a
    percent of the cost; None: the cost does not count.
    """

    percent_e2: int = 0
    amount_micros: int = 0
    round_to_micros: int = 1
    margin_e2: int | None = None


def new_rate(*, rate_micros: int, cost_micros: int | None, change: PriceChange) -> int:
    """The rate after the change: at least 0, at most what an amount can be, a multiple of the rounding.

    With a floor it is at least the cost with its margin, where the cost is known.
    """
    wanted = -(-rate_micros * (10_000 + change.percent_e2) // 10_000) + change.amount_micros
    if change.margin_e2 is not None and cost_micros is not None:
        wanted = max(wanted, money.marked_up(cost_micros=cost_micros, percent_e2=change.margin_e2))
    step = change.round_to_micros
    rate = -(-max(wanted, 0) // step) * step
    return min(rate, money.AMOUNT_MAX_MICROS // step * step)


def changes_nothing(change: PriceChange) -> bool:
    """Whether it leaves each rate as it is."""
    return change.percent_e2 == 0 and change.amount_micros == 0 and change.margin_e2 is None
