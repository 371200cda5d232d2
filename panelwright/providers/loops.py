"""The loops of delivery: orders to providers and their outcomes back, catalogues in step, feeds read."""

from __future__ import annotations

from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.providers.posts.post_loop import Feeds
from panelwright.providers.routing import actions
from panelwright.providers.worker import Worker

SYNC_IDLE_S = 5.0
POSTS_IDLE_S = 2.0
SILENT_IDLE_S = 60.0


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
            LoopSpec("cancels", worker.cancels),
            LoopSpec("sync", worker.sync, idle_s=SYNC_IDLE_S),
            LoopSpec("posts", feeds.read, idle_s=POSTS_IDLE_S),
            LoopSpec("silent orders", actions.note_silent, idle_s=SILENT_IDLE_S),
        ),
        finish,
    )
