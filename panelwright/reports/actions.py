"""Adding up what was placed, posted and ended since the last time; and counting a panel anew.

Nothing is read under a lock: a chunk is read and added up first, then one short transaction moves on and writes the
sums. Moving on is a guarded UPDATE, so of two workers one wins, and what a killed one had not committed is read again.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction

from panelwright.core import clock
from panelwright.reports import store
from panelwright.reports.calendar import DEFAULT_ZONE, buckets
from panelwright.reports.cuts import GRAINS, HOURS_KEPT, Grain
from panelwright.reports.horizon import Horizon, Ids
from panelwright.reports.models import Anew
from panelwright.reports.rules import Tally

# Rows of each table that one transaction adds up. On SQLite nobody else writes meanwhile: each may make a dozen sums.
CHUNK = 2_000
CHUNK_ON_SQLITE = 200
# Sums that one transaction removes.
CLEARED = 2_000


class Adder:
    """The work of one loop, a round at a time."""

    def __init__(self, chunk: int | None = None) -> None:
        self._chunk = chunk
        self._horizon = Horizon()
        self._safe: Ids | None = None
        self._forgotten = 0

    def round(self) -> int:
        """Add up the next chunk; how many rows it was of, 0 when there was nothing to do."""
        if self._chunk is None:
            self._chunk = CHUNK if connection.vendor == "postgresql" else CHUNK_ON_SQLITE
        done, version = store.progress()
        if self._safe is None or not _behind(done, self._safe):
            self._safe = self._horizon.look()
        work = 0
        if self._safe is not None and _behind(done, self._safe):
            work = self._add_up(done, self._safe, version)
        for panel_id, (zone, anew, wanted) in sorted(store.calendars().items()):
            if zone != wanted:
                count_by(panel_id=panel_id, zone=wanted)
                work += 1
            elif anew == Anew.CLEAR.value:
                work += _clear(panel_id)
            elif anew == Anew.COUNT.value:
                work += self._count_anew(panel_id, zone)
        return work or self._forget_hours()

    def _add_up(self, done: Ids, safe: Ids, version: int) -> int:
        # After the version was read: a calendar that changes from here on changes that, too.
        calendars = store.calendars()
        last = store.upto(done, safe, self._chunk or CHUNK)
        anew = {panel_id for panel_id, calendar in calendars.items() if calendar.anew}
        tally = Tally({id_: calendar.zone for id_, calendar in calendars.items()}, DEFAULT_ZONE, _hours_from(), anew)
        rows = _read(tally, done, last)
        with transaction.atomic():
            if store.go_on(done, last, version):
                store.add(tally.sums)
        return max(rows, 1)

    def _count_anew(self, panel_id: int, zone: str) -> int:
        done, (goal, _) = store.panel_progress(panel_id), store.progress()
        if done is None:
            return 0
        last = store.upto(done, goal, self._chunk or CHUNK)
        tally = Tally({panel_id: zone}, DEFAULT_ZONE, _hours_from())
        rows = _read(tally, done, last, panel_id)
        with transaction.atomic():
            if last == goal:
                # From here on nobody moves on until the commit.
                store.changed()
            if store.panel_goes_on(panel_id, done, last):
                store.add(tally.sums)
                if last == goal == store.progress()[0]:
                    # It is where all others are, and goes along with them.
                    store.set_anew(panel_id, Anew.COUNT.value, Anew.NOT.value)
        return max(rows, 1)

    def _forget_hours(self) -> int:
        """Once a day those that are too old to be kept, a few at a time."""
        first = _hours_from()
        if first == self._forgotten:
            return 0
        removed = 0
        for panel_id in store.panels():
            for cut in (cut for cut, grains in GRAINS.items() if Grain.HOUR in grains):
                with transaction.atomic():
                    removed += store.forget_hours(panel_id, cut, first * 24, CLEARED)
        if not removed:
            self._forgotten = first
        return removed


def _behind(done: Ids, safe: Ids) -> bool:
    return any(there < to for there, to in zip(done, safe, strict=True))


def _hours_from() -> int:
    """The first day of which hours are kept."""
    return buckets(clock.now() - timedelta(days=HOURS_KEPT), DEFAULT_ZONE).day


def _read(tally: Tally, done: Ids, last: Ids, panel_id: int = 0) -> int:
    """Add up what stands between; how many rows of interest that were."""
    count = 0
    for order in store.placed(done, last, panel_id):
        tally.placed(order)
        count += 1
    for transfer in store.posted(done, last, panel_id):
        tally.posted(transfer)
        count += 1
    for order_ended in store.ended(done, last, panel_id):
        tally.ended(order_ended)
        count += 1
    for customer in store.joined(done, last, panel_id):
        tally.joined(customer)
        count += 1
    return count


def _clear(panel_id: int) -> int:
    with transaction.atomic():
        removed = store.clear(panel_id, CLEARED)
        if not removed:
            store.set_anew(panel_id, Anew.CLEAR.value, Anew.COUNT.value)
    return max(removed, 1)


def count_by(*, panel_id: int, zone: str) -> None:
    """Count a panel by another time zone from now on, and all that there is anew."""
    with transaction.atomic():
        store.changed()
        store.set_zone(panel_id, zone)
