"""The loops about tickets."""

from __future__ import annotations

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.support.settling_actions import follow, forget_files

BATCH = 100
IDLE_S = 1.0
FILES_BATCH = 20
FILES_IDLE_S = 600.0


def loops() -> AppLoops:
    return AppLoops(
        (
            LoopSpec("tickets", lambda: follow(BATCH), idle_s=IDLE_S),
            LoopSpec("ticket files", lambda: forget_files(FILES_BATCH), idle_s=FILES_IDLE_S),
        )
    )
