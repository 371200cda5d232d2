"""Threads that take turns run on one processor while they are busy.

On SQLite the event loop and a batch never run at the same time (see batcher.py). The system spreads
the two over two processors all the same: each turn then wakes a processor that had gone to sleep, and
finds nothing of what the other one just wrote in its cache. So the event loop, while it is busy, stays
where it is for a moment at a time, and the batch comes to it. docs/decisions/0008 has the numbers.

Where the system cannot do that, or a process has one processor only, nothing happens.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

# How long the loop stays on a processor. Then the system may move it, away from what else wants that one.
STAY_S = 1.0


def _allowed() -> frozenset[int]:
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else frozenset()


# The processors that this process may use, as it was started.
ALLOWED = _allowed()


def anywhere() -> None:
    """Lets the calling thread run on every processor. A new thread begins where the one that made it stays."""
    if len(ALLOWED) > 1:
        try:
            os.sched_setaffinity(0, ALLOWED)
        except OSError:
            log.debug("a thread stays where it is", exc_info=True)


class CpuSharing:
    """One an event loop: the processor that it shares with those it waits for."""

    def __init__(self, stay_s: float = STAY_S) -> None:
        self.processor: int | None = None
        self._stay_s = stay_s
        self._possible = len(ALLOWED) > 1

    def stay(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the event loop's thread, when it is busy: stay on this processor for a while."""
        if self.processor is not None or not self._possible:
            return
        try:
            here = _here()
            os.sched_setaffinity(0, {here})
        except (OSError, ValueError, IndexError):
            log.info("threads cannot be kept on a processor here", exc_info=True)
            self._possible = False
            return
        self.processor = here
        loop.call_later(self._stay_s, self.leave)

    def leave(self) -> None:
        """In the event loop's thread: stay no longer."""
        if self.processor is not None:
            self.processor = None
            anywhere()

    def follow(self, last: int | None) -> int | None:
        """In another thread, before its turn: go where the loop stays. `last` is what was answered before."""
        there = self.processor
        if there != last:
            if there is None:
                anywhere()
            else:
                try:
                    os.sched_setaffinity(0, {there})
                except OSError:
                    self._possible = False
        return there


def _here() -> int:
    """The processor that the calling thread runs on: field 39 of its line, see proc(5)."""
    # The second field is a name in brackets, which may hold anything.
    return int(Path("/proc/thread-self/stat").read_text().rpartition(")")[2].split()[36])
