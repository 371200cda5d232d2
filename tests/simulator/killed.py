"""A process that dies in the middle of a transaction: nothing after a certain statement happens any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from panelwright.core import sql


class Killed(BaseException):
    """Stands for SIGKILL, so no handler of ordinary errors may catch it."""


@contextmanager
def dies_after(writes: int) -> Iterator[None]:
    """Within the block the process dies instead of running its next writing statement after so many.

    Only what this thread runs counts: others are no part of the simulation.
    """
    left, ours = writes, threading.get_ident()

    def dying(run: Callable[..., Any]) -> Callable[..., Any]:
        def counted(statement: Any, connection: Any, *values: Any) -> Any:
            nonlocal left
            reads = isinstance(statement, sql.Query) and statement.text(connection).startswith("SELECT")
            if not reads and threading.get_ident() == ours:
                left -= 1
                if left < 0:
                    raise Killed
            return run(statement, connection, *values)

        return counted

    places = ((sql.Query, "run"), (sql.Insert, "run"), (sql.Update, "run"), (sql.Update, "count"))
    whole = [(kind, name, getattr(kind, name)) for kind, name in places]
    for kind, name, run in whole:
        setattr(kind, name, dying(run))
    try:
        yield
    finally:
        for kind, name, run in whole:
            setattr(kind, name, run)
