"""How many work at once in the threads of a process; the others wait at the gate, each address in its turn.

Threads that compute take the interpreter from each other: each step of an order waits for all of theirs. So few pages
are made at once, whoever asks for how many. Who only waits for something else, the hash of a password or another
server, steps aside for as long as that takes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from panelwright.core import limits

# The part of those who wait that may come from one address.
_SHARE = 4


class Crowded(Exception):
    """Too many wait already; nothing was begun."""


class _Place(NamedTuple):
    gate: Gate
    of: str
    loop: asyncio.AbstractEventLoop


_place: ContextVar[_Place | None] = ContextVar("place", default=None)


class Gate:
    """Of one event loop. `places`: so many go through at once; at most `waiting_max` wait, a quarter of an address."""

    def __init__(self, places: int, waiting_max: int) -> None:
        self._free = places
        self._waiting_max = waiting_max
        self._count = 0
        # By address, who comes next first.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def through(self, of: str, *, goes_on: bool = False) -> AsyncIterator[None]:
        """A place, while it lasts also for what the block has done in threads.

        Raises Crowded, but not where it `goes_on`: half an answer is out already.
        """
        full = self._count >= self._waiting_max or len(self._waiting.get(of, ())) >= self._waiting_max // _SHARE
        if full and not goes_on:
            raise Crowded
        await self._enter(of)
        token = _place.set(_Place(self, of, asyncio.get_running_loop()))
        try:
            yield
        finally:
            _place.reset(token)
            self._leave()

    async def _enter(self, of: str) -> None:
        if self._free > 0:
            self._free -= 1
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(of, deque()).append(future)
        self._count += 1
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():
                # It was let in at the same moment.
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            of = next(iter(self._waiting))
            queue = self._waiting.pop(of)
            future = queue.popleft()
            self._count -= 1
            if queue:
                self._waiting[of] = queue
            if not future.done():
                future.set_result(None)
                return
        self._free += 1


@contextmanager
def aside() -> Iterator[None]:
    """In a thread that has a place and now waits for something else: another one has it meanwhile."""
    place = _place.get()
    if place is None:
        yield
        return
    token = _place.set(None)
    place.loop.call_soon_threadsafe(place.gate._leave)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(place.gate._enter(place.of), place.loop).result()
        _place.reset(token)


# The pages of a web process.
PAGES = Gate(limits.PAGES_AT_ONCE, limits.PAGES_WAITING_MAX)
