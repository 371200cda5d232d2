"""The one place that asks what time it is, so that tests and the simulator can move it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_now: Callable[[], datetime] = _system


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _now()


@contextmanager
def at(source: Callable[[], datetime] | datetime) -> Iterator[None]:
    """Within the block, `now()` answers what `source` says. For tests and for making demo history."""
    global _now
    before = _now
    _now = source if callable(source) else lambda: source
    try:
        yield
    finally:
        _now = before
