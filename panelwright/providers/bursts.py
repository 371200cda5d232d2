"""Answers that came in together are written down together, and one that cannot be written harms no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from panelwright.core.sql import PASSING_ERRORS

log = logging.getLogger(__name__)

T = TypeVar("T")


def write_down(results: Sequence[T], commit: Callable[[Sequence[T]], object], over: Callable[[T], object] = id) -> None:
    """Commit results in one transaction; where that fails, each in one of its own, so that only the guilty one fails.

    What made the guilty one fail may be over by then: an id that another transaction had written and not committed
    is seen as taken. `over` is called with each result that is done with: written, or logged because it cannot be.
    Raises PASSING_ERRORS; what is not over then is to be written another time, as leases tell what was written.
    """
    if _written(results, commit, last=False):
        for result in results:
            over(result)
        return
    for result in results:
        _written([result], commit, last=True)
        over(result)


def _written(results: Sequence[T], commit: Callable[[Sequence[T]], object], *, last: bool) -> bool:
    try:
        commit(results)
    except PASSING_ERRORS:
        raise
    except Exception as error:
        if last:
            log.exception("an answer cannot be written down; what it is about comes due again")
        else:
            log.warning("%d answers cannot be written down at once, now one by one: %s", len(results), error)
        return False
    return True
