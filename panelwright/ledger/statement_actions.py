"""Adding up a customer account's transfers by quarters of an hour, as far as somebody looks at them.

A day of a customer with 100,000 orders is then 96 rows to read. Nothing is added up while orders are
placed: whoever looks at a statement has it done, from where the last one stopped. Transfers never change
and an account's become visible in the order of their ids, so what is in the sums is in them for good; the
only race is that of two who add up the same part, and the guarded UPDATE lets one of them win.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.core import sql
from panelwright.ledger import statement
from panelwright.ledger.models import TransferCode

CHUNK = 10_000
# What one call adds up: less than a second of work.
ROWS_MAX = 50_000
_QUARTER = timedelta(minutes=15)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

_BEGIN = sql.Query(
    "INSERT INTO ledger_rollup (account_id, panel_id, transfer_id, balance_micros) VALUES (?, ?, 0, 0)"
    " ON CONFLICT (account_id) DO NOTHING"
)
_MOVE = sql.Query(
    "UPDATE ledger_rollup SET transfer_id = ?, balance_micros = ?, at = ?"
    " WHERE panel_id = ? AND account_id = ? AND transfer_id = ? RETURNING account_id"
)
_INTO = (
    "INSERT INTO ledger_quarter (panel_id, account_id, starts_at, ordered_micros, returned_micros, last_id,"
    " balance_micros) "
)
_ON_CONFLICT = (
    " ON CONFLICT (panel_id, account_id, starts_at) DO UPDATE SET"
    " ordered_micros = ledger_quarter.ordered_micros + excluded.ordered_micros,"
    " returned_micros = ledger_quarter.returned_micros + excluded.returned_micros,"
    " last_id = excluded.last_id, balance_micros = excluded.balance_micros"
)
# Any number of quarters in one statement. Values: panel, account, then on SQLite the rows, else each column.
_ADD_ROWS = sql.Query(
    f"{_INTO}SELECT ?, ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
    f" json_extract(value, '$[3]'), json_extract(value, '$[4]') FROM json_each(?) WHERE 1{_ON_CONFLICT}"
)
_ADD_COLUMNS = sql.Query(
    f"{_INTO}SELECT ?, ?, * FROM unnest(?::timestamptz[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])"
    f"{_ON_CONFLICT}"
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


def sums(entries: Sequence[statement.StatementEntry]) -> list[Sum]:
    """The quarters of entries that stand in the order of their ids, with their balances. Pure."""
    found: dict[datetime, Sum] = {}
    now = Sum(_NEVER, 0, 0, 0, 0)
    ends_at = _NEVER
    for entry in entries:
        if not now.starts_at <= entry.at < ends_at:
            found[now.starts_at] = now
            start = quarter_of(entry.at)
            now, ends_at = found.get(start, Sum(start, 0, 0, 0, 0)), start + _QUARTER
        assert entry.balance_micros is not None
        ordered = -entry.micros if entry.code == TransferCode.ORDER.value else 0
        returned = entry.micros if entry.code == TransferCode.REFUND.value else 0
        now = Sum(now[0], now[1] + ordered, now[2] + returned, entry.id, entry.balance_micros)
    found[now.starts_at] = now
    del found[_NEVER]
    return list(found.values())


def catch_up(*, panel_id: int, account_id: int, rows_max: int = ROWS_MAX) -> bool:
    """Add up what has not been, at most `rows_max` transfers. True when all is in that was there at the beginning."""
    for _ in range(max(rows_max // CHUNK, 1)):
        done, balance = statement.rolled_up(panel_id, account_id)
        entries = statement.entries_from(panel_id, account_id, done, balance, limit=CHUNK)
        if entries:
            _write(panel_id, account_id, done, entries)
        if len(entries) < CHUNK:
            return True
    return False


def _write(panel_id: int, account_id: int, done: int, entries: Sequence[statement.StatementEntry]) -> None:
    last = entries[-1]
    with transaction.atomic():
        if not done:
            _BEGIN.run(connection, account_id, panel_id)
        moved = (last.id, last.balance_micros, last.at, panel_id, account_id, done)
        if not _MOVE.rows(connection, *moved):
            return  # Somebody else has added up this part.
        _add(panel_id, account_id, sorted(sums(entries)))


def _add(panel_id: int, account_id: int, quarters: Sequence[Sum]) -> None:
    rows = [(sql.moment(connection, starts_at), *rest) for starts_at, *rest in quarters]
    if connection.vendor == "postgresql":
        _ADD_COLUMNS.run(connection, panel_id, account_id, *(list(column) for column in zip(*rows, strict=True)))
    else:
        _ADD_ROWS.run(connection, panel_id, account_id, rows)
