"""The loops of delivery: orders to providers and their outcomes back, catalogues in step, feeds read."""

from __future__ import annotations

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.providers.manual import paid_refill_actions
from panelwright.providers.posts.post_loop import Feeds
from panelwright.providers.routing import actions, call_actions, merit_actions
from panelwright.providers.worker import Worker

SYNC_IDLE_S = 5.0
POSTS_IDLE_S = 2.0
SILENT_IDLE_S = 60.0
REFILLS_IDLE_S = 10.0
BALANCES_IDLE_S = 2.0
FORGET_IDLE_S = 600.0
MERITS_IDLE_S = 30.0


def loops() -> AppLoops:
    worker, feeds = Worker(), Feeds()

    def finish(deadline: float) -> None:
        worker.finish(deadline)
        feeds.close()

    return AppLoops(
        (
            LoopSpec("forward", worker.forward),
            LoopSpec("recover", worker.recover),
            LoopSpec("poll", worker.poll),
            LoopSpec("try providers", worker.try_providers),
            LoopSpec("refills", worker.refills),
            LoopSpec("refill poll", worker.refill_poll),
            LoopSpec("ordered refills", paid_refill_actions.finish_ordered, idle_s=REFILLS_IDLE_S),
            LoopSpec("cancels", worker.cancels),
            LoopSpec("balances", worker.balances, idle_s=BALANCES_IDLE_S),
            LoopSpec("old calls", call_actions.forget_old, idle_s=FORGET_IDLE_S),
            LoopSpec("sync", worker.sync, idle_s=SYNC_IDLE_S),
            LoopSpec("posts", feeds.read, idle_s=POSTS_IDLE_S),
            LoopSpec("merits", merit_actions.roll_up, idle_s=MERITS_IDLE_S),
            LoopSpec("silent orders", actions.note_silent, idle_s=SILENT_IDLE_S),
        ),
        finish,
    )
