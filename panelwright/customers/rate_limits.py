"""Rate limits and last use of API keys, counted in memory and shared every second.

A request costs no query: each process counts for itself and, once a second, adds what it counted
to a row a key and minute, and reads back what all processes counted. So a limit holds over all
processes within about a second, and an idle key costs nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection, connections

from panelwright.core import sql
from panelwright.customers.actions import share_key_use

log = logging.getLogger(__name__)

WINDOW_S = 60
KEYS_MAX = 50_000
LAST_USED_EVERY_S = 60

_COUNTED = sql.Query("SELECT key_id, requests FROM customers_keyuse WHERE minute = ? AND key_id :in_int")


class RateDecision(NamedTuple):
    """Whether a request may go on. `left` requests in the `reset_s` seconds that the minute still has."""

    allowed: bool
    limit: int
    left: int
    reset_s: int


class _Counter:
    __slots__ = ("elsewhere", "here", "key_id", "limit", "minute", "shared", "used_at", "written_at")

    def __init__(self, key_id: int, limit: int | None) -> None:
        self.key_id = key_id
        self.limit = limit
        self.minute = 0
        self.here = 0  # requests of this minute in this process
        self.shared = 0  # of these, those that are in the database already
        self.elsewhere = 0  # requests of this minute in other processes, as last read
        self.used_at = 0.0
        self.written_at = 0.0


class Meter:
    """One a process. `admit` is called for each request, from the event loop only."""

    def __init__(self, every_s: float = 1.0) -> None:
        self._counters: dict[str, _Counter] = {}
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)
        self._thread.start()

    def admit(self, digest: str) -> RateDecision | None:
        """Count a request of a key. None: the key has no limit, or is not known yet."""
        counter = self._counters.get(digest)
        if counter is None:
            return None
        now = time.time()
        counter.used_at = now
        limit = counter.limit
        if limit is None:
            return None
        minute = int(now) // WINDOW_S
        if counter.minute != minute:
            counter.minute, counter.here, counter.shared, counter.elsewhere = minute, 0, 0, 0
        left = limit - counter.here - counter.elsewhere
        reset_s = WINDOW_S - int(now) % WINDOW_S
        if left <= 0:
            return RateDecision(False, limit, 0, reset_s)
        counter.here += 1
        return RateDecision(True, limit, left - 1, reset_s)

    def learn(self, digest: str, key_id: int, limit: int | None) -> None:
        """A key was found good, with this limit (requests a minute). Called with every batch."""
        counter = self._counters.get(digest)
        if counter is None:
            if len(self._counters) >= KEYS_MAX:
                self._counters.clear()
            counter = self._counters[digest] = _Counter(key_id, limit)
            counter.used_at = time.time()
        elif counter.limit != limit:
            counter.limit = limit

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self.share()
        self.share()
        connections.close_all()

    def share(self) -> None:
        """Add what was counted here, read what all counted, note the last use."""
        now = time.time()
        minute = int(now) // WINDOW_S
        counters = list(self._counters.values())
        dirty = [c for c in counters if c.minute == minute and c.here > c.shared]
        # Nothing new here, but the other processes may have counted on.
        watched = {c.key_id: c for c in counters if c.minute == minute and c.here == c.shared and c.limit is not None}
        used = [c for c in counters if c.used_at > c.written_at and now - c.written_at >= LAST_USED_EVERY_S]
        if not dirty and not used and not watched:
            return
        ordered = sorted(dirty, key=lambda c: c.key_id)
        fresh = [counter.here - counter.shared for counter in ordered]
        try:
            counted = _COUNTED.rows(connection, minute, sorted(watched)) if watched else []
            totals: list[int] = []
            if dirty or used:
                totals = share_key_use(
                    [(counter.key_id, count) for counter, count in zip(ordered, fresh, strict=True)],
                    minute=minute,
                    used=[counter.key_id for counter in used],
                    now=datetime.fromtimestamp(now, UTC),
                )
        except sql.ERRORS as error:
            # Counting goes on in memory; the next second tries again.
            log.warning("rate limits could not be shared: %s", error)
            connections.close_all()
            return
        for counter, count, total in zip(ordered, fresh, totals, strict=True):
            if counter.minute == minute:
                counter.shared += count
                counter.elsewhere = total - counter.shared
        for key_id, total in counted:
            if watched[key_id].minute == minute:
                watched[key_id].elsewhere = total - watched[key_id].shared
        for counter in used:
            counter.written_at = now
