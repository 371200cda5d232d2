"""What a stretch of work has moved: the transfers that this thread writes meanwhile. Nothing of it is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from panelwright.ledger.rules import NewTransfer

_heard: ContextVar[list[NewTransfer] | None] = ContextVar("tally", default=None)


@contextmanager
def tallied() -> Iterator[list[NewTransfer]]:
    """The transfers that `store.write` writes within the block, in a list that grows."""
    found: list[NewTransfer] = []
    token = _heard.set(found)
    try:
        yield found
    finally:
        _heard.reset(token)


def note(transfers: Sequence[NewTransfer]) -> None:
    heard = _heard.get()
    if heard is not None:
        heard.extend(transfers)
