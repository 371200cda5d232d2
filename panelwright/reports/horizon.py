"""Up to which id the rows of a table are all there: none below it can still come in. Reads only.

On SQLite one transaction writes at a time, and ids rise with the commits. On PostgreSQL a transaction takes its ids
long before it commits: what is read meanwhile lacks rows whose ids are lower than others that are there already. So the
highest ids are noted, then the transactions that may hold lower ones, and the ids count once all of these are over.

Who may hold ids can be seen in pg_locks: a transaction locks a table that it writes to, in a mode that forbids nobody
anything, before it takes an id, and keeps the lock until its rows are seen by others. Ids of orders are taken before
their table is touched, but after the accounts of their customers are locked. Who only reads has other modes, so no
export or backup holds anything up.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from panelwright.core import sql


class Ids(NamedTuple):
    """An id of each of the tables whose rows are added up."""

    orders: int = 0
    transfers: int = 0
    events: int = 0
    customers: int = 0


NAMES = ("orders_order", "ledger_transfer", "events_event", "customers_customer")
_HIGHEST = sql.Query("SELECT " + ", ".join(f"(SELECT COALESCE(MAX(id), 0) FROM {table})" for table in NAMES))
_WRITTEN = ", ".join(f"'{table}'::regclass" for table in (*NAMES, "ledger_account"))
_WRITERS = sql.Query(
    "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND mode IN ('RowShareLock', 'RowExclusiveLock') AND pid IS DISTINCT FROM pg_backend_pid()"
    f" AND relation IN ({_WRITTEN})"
)


class Horizon:
    """Keeps what was noted from one look to the next. Lives as long as its loop; one that is new begins anew."""

    def __init__(self) -> None:
        self._noted: Ids | None = None
        self._writers: set[str] = set()

    def look(self) -> Ids | None:
        """The highest ids that are safe to go to; None while somebody may still hold lower ones than were noted."""
        if self._noted is None:
            # In this order: who commits in between has left the locks and is in the next statement's sight.
            self._noted = Ids(*_HIGHEST.rows(connection)[0])
            self._writers = _writers()
        elif self._writers:
            self._writers &= _writers()
        if self._writers:
            return None
        safe, self._noted = self._noted, None
        return safe


def _writers() -> set[str]:
    if connection.vendor != "postgresql":
        return set()
    return {row[0] for row in _WRITERS.rows(connection)}
