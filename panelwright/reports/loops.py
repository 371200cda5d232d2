"""The loop that adds up."""

from __future__ import annotations

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.reports.actions import Adder

IDLE_S = 3.0


def loops() -> AppLoops:
    return AppLoops((LoopSpec("reports", Adder().round, idle_s=IDLE_S),))
