"""The loop that tells staff what waits."""

from __future__ import annotations

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.notices import actions

WATCH_IDLE_S = 5.0


def loops() -> AppLoops:
    return AppLoops((LoopSpec("notices", actions.watch, idle_s=WATCH_IDLE_S),))
