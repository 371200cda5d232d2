"""Loops: claim, handle, commit, again; wait only when there was nothing to do.

An app that has some exports them as data: its module `loops` has a function of this name, which gives `AppLoops`. What
it needs of apps above it comes as arguments. The command that starts a process (cli/worker.py) puts them together.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import close_old_connections, connection, connections

from panelwright.core import clock

log = logging.getLogger(__name__)

IDLE_S = 0.5
AFTER_FAULT_S = 2.0


class Process(StrEnum):
    """Which of the installation's processes runs a loop."""

    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class LoopSpec:
    """A loop as an app exports it. `tick` does one round and answers how much it did; after 0 `idle_s` are waited."""

    name: str
    tick: Callable[[], int]
    idle_s: float = IDLE_S
    process: Process = Process.WORKER


def _nothing(deadline: float) -> None:
    pass


class AppLoops(NamedTuple):
    """The loops of one app, made for one process.

    `finish` is called once they have ended: what is still under way is written down until `deadline`, in seconds since
    1970, and threads and connections are let go.
    """

    loops: tuple[LoopSpec, ...]
    finish: Callable[[float], None] = _nothing


def let_go() -> None:
    """Before a wait for the network: on PostgreSQL this thread's connection goes back into the pool meanwhile."""
    if not connection.in_atomic_block:
        close_old_connections()


def let_others_write(took_s: float) -> None:
    """After a transaction of so many seconds, where another one follows at once: on SQLite whoever writes all the time
    keeps all others from it. Not inside of one."""
    if connection.vendor == "sqlite":
        time.sleep(took_s)


class Loop:
    """Runs `tick` on a thread of its own. `tick` answers how much it did; 0 means: wait a little.

    A tick that raises is logged and tried again: what it had claimed comes due when the lease ends.
    """

    def __init__(self, name: str, tick: Callable[[], int], *, idle_s: float = IDLE_S) -> None:
        self.name = name
        self._tick = tick
        self._idle_s = idle_s
        # When its last round ended without a fault, and how many have failed since.
        self.beat_at: datetime | None = None
        self.failures = 0
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
                self.beat_at, self.failures = clock.now(), 0
            except Exception:
                self.failures += 1
                log.exception("loop %s: a round failed and is tried again", self.name)
                connections.close_all()
                wait_s = AFTER_FAULT_S
            # PostgreSQL: back into the pool, which is smaller than the number of threads.
            close_old_connections()
            self._stop.wait(wait_s)
        connections.close_all()


class Loops:
    """The loops of several apps that one kind of process runs."""

    def __init__(self, apps: Sequence[AppLoops], process: Process = Process.WORKER) -> None:
        self._apps = apps
        specs = [spec for app in apps for spec in app.loops if spec.process is process]
        self.running = [Loop(spec.name, spec.tick, idle_s=spec.idle_s) for spec in specs]

    def start(self) -> None:
        for loop in self.running:
            loop.start()

    def stop(self, timeout_s: float = 40) -> None:
        """End after the running rounds. A round that takes longer loses only its lease."""
        for loop in self.running:
            loop.ask_to_stop()
        deadline = clock.now().timestamp() + timeout_s
        for loop in self.running:
            if not loop.join(max(deadline - clock.now().timestamp(), 0.1)):
                log.warning("loop %s did not end in time", loop.name)
        for app in self._apps:
            app.finish(deadline)
