"""The loop that does bulk work."""

from __future__ import annotations

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.staff import bulk_actions
from panelwright.staff.bulk_actions import ActorAgain


def loops(*, actor_again: ActorAgain) -> AppLoops:
    """`actor_again` says what whoever started it may do now."""

    def work() -> int:
        claimed = bulk_actions.claim()
        if claimed is None:
            return 0
        bulk_actions.work_on(claimed, actor_again)
        return 1

    return AppLoops((LoopSpec("bulk work", work),))
