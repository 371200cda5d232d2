"""Which connections are open: a number from one address and in all, and none that only sits there.

An event loop looks through its connections once a second. A timer of each connection's own, made and cancelled
with each request, would cost more than to read the request's head.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Protocol

from panelwright.core import limits
from panelwright.core.remote import neighbourhood, plain

LOOK_EVERY_S = 1.0


class TimedConnection(Protocol):
    """What is asked of a connection. Times are the event loop's clock."""

    # Whose it is among the others; a note of OpenConnections.
    of: str

    @property
    def waiting_since(self) -> float | None:
        """Since when we wait for the client; None while the client waits for us."""

    def look(self, now: float) -> None:
        """Close it when it has waited, or let us wait, for too long."""

    def close(self) -> None:
        """Close it at once."""


class OpenConnections:
    """The connections of one event loop.

    `each` from one address (of IPv6: one /64), except from those of `proxies`, which carry many clients; `total` in
    all. A new connection of an address that has its number, or when all places are taken, takes the place of the one
    that has kept us waiting longest: one of its own address, or else of the address that has the most.
    """

    def __init__(
        self,
        *,
        each: int = limits.CONNECTIONS_PER_ADDRESS_MAX,
        total: int = limits.CONNECTIONS_MAX,
        proxies: Collection[str] = (),
    ) -> None:
        self.each, self.total, self.proxies = each, total, proxies
        self._open: dict[str, dict[TimedConnection, None]] = {}
        self._count = 0
        self._due = 0.0
        self._looking: asyncio.TimerHandle | None = None

    def admit(self, connection: TimedConnection, peer: str, loop: asyncio.AbstractEventLoop) -> bool:
        """False when there is no room. `peer`: the address that it comes from, "" for a socket without one."""
        address = plain(peer) or peer
        of = "" if address in self.proxies else neighbourhood(address)
        if of and len(self._open.get(of, ())) >= self.each and not self._make_room(of):
            return False
        if self._count >= self.total and not self._make_room(max(self._open, key=lambda key: len(self._open[key]))):
            return False
        connection.of = of
        self._open.setdefault(of, {})[connection] = None
        self._count += 1
        if self._looking is None:
            self._look_soon(loop)
        return True

    def remove(self, connection: TimedConnection) -> None:
        """It is closed. May be told twice."""
        known = self._open.get(connection.of)
        if known is not None and connection in known:
            del known[connection]
            self._count -= 1
            if not known:
                del self._open[connection.of]

    def _make_room(self, of: str) -> bool:
        """Close the one of this address that we have waited for longest. False when all are being answered."""
        waiting = [(since, one) for one in self._open[of] if (since := one.waiting_since) is not None]
        if not waiting:
            return False
        _, longest = min(waiting, key=lambda pair: pair[0])
        self.remove(longest)
        longest.close()
        return True

    def _look_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + LOOK_EVERY_S
        self._looking = loop.call_later(LOOK_EVERY_S, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = None
        now = loop.time()
        # After we stood still ourselves, what they sent meanwhile is read first.
        if now < self._due + LOOK_EVERY_S:
            for connections in list(self._open.values()):
                for connection in list(connections):
                    connection.look(now)
        if self._open:
            self._look_soon(loop)
