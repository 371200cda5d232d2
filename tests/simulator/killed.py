"""A process that dies in the middle of a transaction: nothing after a certain statement happens any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from panelwright.core import sql


class Killed(BaseException):
    """Stands for SIGKILL, so no handler of ordinary errors may catch it."""


@contextmanager
def dies_after(statements: int) -> Iterator[None]:
    """Within the block the process dies instead of running its next statement after so many."""
    left = statements

    def dying(run: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return run(*arguments)

        return counted

    whole = [(kind, name, getattr(kind, name)) for kind in (sql.Query, sql.Insert, sql.Update) for name in ("run", "count") if hasattr(kind, name)]
    for kind, name, run in whole:
        setattr(kind, name, dying(run))
    try:
        yield
    finally:
        for kind, name, run in whole:
            setattr(kind, name, run)
