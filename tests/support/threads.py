"""Functions run at the same moment, each on a thread with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connections

T = TypeVar("T")

DONE_MAX_S = 120.0


def together(functions: Sequence[Callable[[], T]]) -> list[T]:
    """Their results, in their order. The first exception of any of them is raised after all have ended."""
    barrier = threading.Barrier(len(functions))
    results: dict[int, T] = {}
    failures: list[BaseException] = []

    def run(place: int, function: Callable[[], T]) -> None:
        try:
            barrier.wait(DONE_MAX_S)
            results[place] = function()
        except BaseException as failure:
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=run, args=(place, function), daemon=True) for place, function in enumerate(functions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DONE_MAX_S)
    assert not any(thread.is_alive() for thread in threads), "a thread goes on for ever"
    if failures:
        raise failures[0]
    return [results[place] for place in range(len(functions))]
