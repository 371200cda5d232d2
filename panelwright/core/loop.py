"""Worker loops: claim, handle, commit, again; wait only when there was nothing to do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections, connection, connections

log = logging.getLogger(__name__)

IDLE_S = 0.5
AFTER_FAULT_S = 2.0


def let_go() -> None:
    """Before a wait for the network: on PostgreSQL this thread's connection goes back into the pool meanwhile."""
    if not connection.in_atomic_block:
        close_old_connections()


class Loop:
    """Runs `tick` on a thread of its own. `tick` answers how much it did; 0 means: wait a little.

    A tick that raises is logged and tried again: what it had claimed comes due when the lease ends.
    """

    def __init__(self, name: str, tick: Callable[[], int], *, idle_s: float = IDLE_S) -> None:
        self.name = name
        self._tick = tick
        self._idle_s = idle_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"loop-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the running tick to end. False when it did not end in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                wait_s = 0.0 if self._tick() else self._idle_s
            except Exception:
                log.exception("loop %s: a round failed and is tried again", self.name)
                connections.close_all()
                wait_s = AFTER_FAULT_S
            # PostgreSQL: back into the pool, which is smaller than the number of threads.
            close_old_connections()
            self._stop.wait(wait_s)
        connections.close_all()
