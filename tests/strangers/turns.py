"""When a program of this folder has its turns: at set times, until its standard input ends."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator


def turns(every_s: float) -> Iterator[float]:
    """The time that each turn is due. What is done in one may be late for the next, which is due all the same."""
    stop = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    due = time.time()
    while not stop.is_set():
        yield due
        due += every_s
        stop.wait(max(due - time.time(), 0))
