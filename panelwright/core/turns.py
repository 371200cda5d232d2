"""Turns at work that many may ask for, and that lets nobody else go on while it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from panelwright.core import limits

# No rest is longer: who has read seven megabytes has not made the next one wait for seconds.
_REST_MAX_S = 0.1


class WorkTurns:
    """One at a time, and half of the time at most: after each turn all rest for as long as it has computed.

    Threads of a process take the interpreter from each other. One that computes for long delays each step of the
    others a little; several of them, each step by all of their parts.
    """

    def __init__(self, *, rest: Callable[[float], None] = time.sleep) -> None:
        self._room = threading.BoundedSemaphore(limits.LARGE_BODIES_AT_ONCE)
        self._rest = rest

    @contextmanager
    def one(self) -> Iterator[None]:
        """Not to be asked for by a thread that has its turn."""
        with self._room:
            began_s = time.thread_time()
            try:
                yield
            finally:
                self._rest(min(time.thread_time() - began_s, _REST_MAX_S))


# Bodies of requests beyond `room.FREE_BYTES`, of the API and of pages, as their parameters are read.
LARGE_BODIES = WorkTurns()
