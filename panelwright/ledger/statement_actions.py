"""Adding up a customer account's transfers by quarters of an hour, as far as somebody looks at them.

A day of a customer with 100,000 orders is then 96 rows to read. Nothing is added up while orders are
placed: whoever looks at a statement has it done, from where the last one stopped. Transfers never change
and an account's become visible in the order of their ids, so what is in the sums is in them for good; the
only race is that of two who add up the same part, and the guarded UPDATE lets one of them win.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.core import sql
from panelwright.ledger import statement
from panelwright.ledger.models import Code

CHUNK = 10_000
# What one call adds up: about half a second of work.
ROWS_MAX = 100_000

_ACCOUNT = sql.Query("SELECT 1 FROM ledger_account WHERE panel_id = ? AND id = ? AND kind = 'customer'")
_BEGIN = sql.Query(
    "INSERT INTO ledger_rollup (account_id, panel_id, transfer_id, balance_micros) VALUES (?, ?, 0, 0)"
    " ON CONFLICT (account_id) DO NOTHING"
)
_MOVE = sql.Query(
    "UPDATE ledger_rollup SET transfer_id = ?, balance_micros = ?, at = ?"
    " WHERE panel_id = ? AND account_id = ? AND transfer_id = ? RETURNING account_id"
)
_ADD = sql.Query(
    "INSERT INTO ledger_quarter (panel_id, account_id, starts_at, ordered_micros, returned_micros, last_id,"
    " balance_micros) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (panel_id, account_id, starts_at) DO UPDATE SET"
    " ordered_micros = ledger_quarter.ordered_micros + excluded.ordered_micros,"
    " returned_micros = ledger_quarter.returned_micros + excluded.returned_micros,"
    " last_id = excluded.last_id, balance_micros = excluded.balance_micros"
)


class Sum(NamedTuple):
    """A quarter of an hour of an account; `last_id` and the balance after that transfer."""

    starts_at: datetime
    ordered_micros: int
    returned_micros: int
    last_id: int
    balance_micros: int


def quarter_of(at: datetime) -> datetime:
    """The start of the quarter of an hour."""
    return at - timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)


def sums(entries: Sequence[statement.Entry]) -> list[Sum]:
    """The quarters of entries that stand in the order of their ids, with their balances. Pure."""
    found: dict[datetime, Sum] = {}
    for entry in entries:
        start = quarter_of(entry.at)
        before = found.get(start) or Sum(start, 0, 0, 0, 0)
        assert entry.balance_micros is not None
        found[start] = Sum(
            start,
            before.ordered_micros + (-entry.micros if entry.code == Code.ORDER.value else 0),
            before.returned_micros + (entry.micros if entry.code == Code.REFUND.value else 0),
            entry.id,
            entry.balance_micros,
        )
    return list(found.values())


def catch_up(*, panel_id: int, account_id: int, rows_max: int = ROWS_MAX) -> bool:
    """Add up what has not been, at most `rows_max` transfers. True when all is in that was there at the beginning."""
    if not _ACCOUNT.rows(connection, panel_id, account_id):
        return True
    for _ in range(max(rows_max // CHUNK, 1)):
        done, balance = statement.rolled_up(panel_id, account_id)
        entries = statement.entries_from(panel_id, account_id, done, balance, limit=CHUNK)
        if entries:
            _write(panel_id, account_id, done, entries)
        if len(entries) < CHUNK:
            return True
    return False


def _write(panel_id: int, account_id: int, done: int, entries: Sequence[statement.Entry]) -> None:
    last = entries[-1]
    with transaction.atomic():
        _BEGIN.run(connection, account_id, panel_id)
        moved = (last.id, last.balance_micros, last.at, panel_id, account_id, done)
        if not _MOVE.rows(connection, *moved):
            return  # Somebody else has added up this part.
        for one in sorted(sums(entries)):
            _ADD.run(connection, panel_id, account_id, *one)
