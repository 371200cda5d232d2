"""The loop that tells of a worker's loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from panelwright.core.loop import AppLoops, Loop, LoopSpec
from panelwright.host.beat_actions import Beats

EVERY_S = 15.0


def loops(*, running: Callable[[], Sequence[Loop]]) -> AppLoops:
    """`running`: all loops of the worker."""
    beats = Beats(running)
    return AppLoops((LoopSpec("beats", beats.beat, idle_s=EVERY_S),), beats.end)
