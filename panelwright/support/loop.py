"""The loop of the worker that follows what was asked for in tickets."""

from __future__ import annotations

from panelwright.core.loop import Loop
from panelwright.support.settling_actions import follow

BATCH = 100
IDLE_S = 1.0


def loops() -> list[Loop]:
    """What a worker process runs for this app."""
    return [Loop("tickets", lambda: follow(BATCH), idle_s=IDLE_S)]
