"""The loop about drip-feeds and subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.orders.schedule_actions import Undecided, run_schedules

BATCH = 100


def loops(*, pass_on: Callable[[Sequence[Undecided]], set[int]]) -> AppLoops:
    """`pass_on` says which subscriptions go to their provider as a whole (run_schedules)."""
    return AppLoops((LoopSpec("schedules", lambda: run_schedules(BATCH, pass_on=pass_on)),))
