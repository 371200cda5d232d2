"""The loops that tell staff what waits, and panels' programs which orders were created."""

from __future__ import annotations

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.notices import actions, created_actions

WATCH_IDLE_S = 5.0
CREATED_IDLE_S = 5.0


def loops() -> AppLoops:
    return AppLoops(
        (
            LoopSpec("notices", actions.watch, idle_s=WATCH_IDLE_S),
            LoopSpec("created orders", created_actions.tell_created, idle_s=CREATED_IDLE_S),
        )
    )
