"""The SQL of adding up: what is read in the order of ids, and what is written. Over all panels, or of one alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.reports.horizon import NAMES, Ids
from panelwright.reports.rules import EVENTS, Key, NewCustomer, OrderEvent, PlacedOrder, PostedTransfer

# Where the next `?` ids of a table end, and how many there are.
_UPTO = tuple(
    sql.Query(f"SELECT MAX(id), COUNT(*) FROM (SELECT id FROM {table} WHERE id > ? AND id <= ? ORDER BY id LIMIT ?) t")
    for table in NAMES
)
# Panel 0: those of all panels.
_OF_PANEL = "(? = 0 OR {}.panel_id = ?)"
_PLACED = sql.Query(
    "SELECT id, panel_id, created_at, kind, key_id IS NOT NULL, service_id, customer_id, quantity"
    f" FROM orders_order o WHERE id > ? AND id <= ? AND {_OF_PANEL.format('o')}"
)
_POSTED = sql.Query(
    "SELECT t.id, t.panel_id, t.created_at, t.code, t.amount_micros, d.kind, c.kind,"
    " CASE 'provider' WHEN c.kind THEN c.name WHEN d.kind THEN d.name ELSE '' END,"
    " o.kind, o.key_id IS NOT NULL, o.service_id, o.customer_id FROM ledger_transfer t"
    " JOIN ledger_account d ON d.id = t.debit_account_id JOIN ledger_account c ON c.id = t.credit_account_id"
    " LEFT JOIN orders_order o ON o.id = t.order_id AND o.panel_id = t.panel_id"
    f" WHERE t.id > ? AND t.id <= ? AND {_OF_PANEL.format('t')}"
)
# A drip-feed has no provider of its own: its runs have.
PROVIDER = (
    "CASE WHEN o.kind = 'drip-feed' THEN (SELECT r.provider_id FROM orders_order r WHERE r.parent_id = o.id"
    " AND r.provider_id IS NOT NULL ORDER BY r.number DESC LIMIT 1) ELSE o.provider_id END"
)
_ENDED = sql.Query(
    f"SELECT e.id, e.panel_id, e.created_at, e.name, o.kind, o.service_id, {PROVIDER}, o.quantity, o.remains,"
    " o.booked_micros, o.charge_micros, o.created_at, o.ended_at FROM events_event e"
    " JOIN orders_order o ON o.id = e.subject_id AND o.panel_id = e.panel_id"
    f" WHERE e.id > ? AND e.id <= ? AND e.name :in_text AND {_OF_PANEL.format('e')}"
)
_JOINED = sql.Query(
    f"SELECT id, panel_id, created_at FROM customers_customer c WHERE id > ? AND id <= ? AND {_OF_PANEL.format('c')}"
)

_PROGRESS = sql.Query(
    "SELECT order_id, transfer_id, event_id, customer_id, version FROM reports_reportprogress WHERE id = 1"
)
_BEGIN = sql.Query(
    "INSERT INTO reports_reportprogress (id, order_id, transfer_id, event_id, customer_id, version)"
    " VALUES (1, 0, 0, 0, 0, 0) ON CONFLICT (id) DO NOTHING"
)
_IDS = "order_id = ?, transfer_id = ?, event_id = ?, customer_id = ?"
_GO_ON = sql.Query(
    f"UPDATE reports_reportprogress SET {_IDS} WHERE id = 1 AND {_IDS.replace(',', ' AND')} AND version = ?"
    " RETURNING id"
)
_CHANGED = sql.Query("UPDATE reports_reportprogress SET version = version + 1 WHERE id = 1 RETURNING version")
_CALENDARS = sql.Query(
    "SELECT p.id, COALESCE(c.zone, 'UTC'), COALESCE(c.anew, ''), p.timezone FROM panels_panel p"
    " LEFT JOIN reports_reportcalendar c ON c.panel_id = p.id WHERE c.panel_id IS NOT NULL OR p.timezone <> 'UTC'"
)
_CALENDAR = sql.Query(
    "SELECT order_id, transfer_id, event_id, customer_id FROM reports_reportcalendar WHERE panel_id = ? AND anew = ?"
)
_PANEL_GOES_ON = sql.Query(
    f"UPDATE reports_reportcalendar SET {_IDS} WHERE panel_id = ? AND anew = 'count'"
    f" AND {_IDS.replace(',', ' AND')} RETURNING panel_id"
)
_SET_ZONE = sql.Query(
    "INSERT INTO reports_reportcalendar (panel_id, zone, anew, order_id, transfer_id, event_id, customer_id)"
    " VALUES (?, ?, 'clear', 0, 0, 0, 0) ON CONFLICT (panel_id) DO UPDATE SET zone = excluded.zone, anew = 'clear',"
    " order_id = 0, transfer_id = 0, event_id = 0, customer_id = 0"
)
_SET_ANEW = sql.Query("UPDATE reports_reportcalendar SET anew = ? WHERE panel_id = ? AND anew = ? RETURNING panel_id")
_CLEAR = sql.Query(
    "DELETE FROM reports_reportsum WHERE panel_id = ? AND id IN"
    " (SELECT id FROM reports_reportsum WHERE panel_id = ? LIMIT ?)"
)
# A cut's hours before one of them.
_FORGET = sql.Query(
    "DELETE FROM reports_reportsum WHERE panel_id = ? AND id IN (SELECT id FROM reports_reportsum"
    " WHERE panel_id = ? AND cut = ? AND grain = 1 AND bucket < ? LIMIT ?)"
)

_PANELS = sql.Query("SELECT id FROM panels_panel ORDER BY id")

_FIGURES = ("orders", "quantity", "charged_micros", "refunded_micros", "cost_micros")
_COLUMNS = ("panel_id", "cut", "grain", "bucket", "key_a", "key_b", *_FIGURES)
_INTO = f"INSERT INTO reports_reportsum ({', '.join(_COLUMNS)}) "
_ON_CONFLICT = " ON CONFLICT (panel_id, cut, grain, bucket, key_a, key_b) DO UPDATE SET " + ", ".join(
    f"{name} = reports_reportsum.{name} + excluded.{name}" for name in _FIGURES
)
# Any number of sums in one statement: on SQLite the rows are one value, else each column is.
_VALUES = ", ".join(f"json_extract(value, '$[{n}]')" for n in range(len(_COLUMNS)))
_ADD_ROWS = sql.Query(f"{_INTO}SELECT {_VALUES} FROM json_each(?) WHERE 1{_ON_CONFLICT}")
_ADD_COLUMNS = sql.Query(
    f"{_INTO}SELECT * FROM unnest(?::bigint[], ?::smallint[], ?::smallint[], ?::int[]"
    f"{', ?::bigint[]' * (len(_COLUMNS) - 4)}){_ON_CONFLICT}"
)


def progress() -> tuple[Ids, int]:
    """How far all panels are in the sums, and the version of that."""
    rows = _PROGRESS.rows(connection)
    if not rows:
        _BEGIN.run(connection)
        rows = _PROGRESS.rows(connection)
    return Ids(*rows[0][:4]), rows[0][4]


class Calendar(NamedTuple):
    """The time zone by which a panel is counted, whether it is counted anew (Anew), and the time zone that it has."""

    zone: str
    anew: str
    wanted: str


def calendars() -> dict[int, Calendar]:
    """Panel id -> its calendar; of a panel that is not here all of it is DEFAULT_ZONE."""
    return {row[0]: Calendar(*row[1:]) for row in _CALENDARS.rows(connection)}


def upto(done: Ids, horizon: Ids, limit: int) -> Ids:
    """Where the next chunk ends: at most so many ids of each table."""
    found = []
    for query, behind, end in zip(_UPTO, done, horizon, strict=True):
        last, count = query.rows(connection, behind, end, limit)[0] if behind < end else (None, 0)
        found.append(last if count == limit else max(behind, end))
    return Ids(*found)


def placed(done: Ids, last: Ids, panel_id: int = 0) -> Iterator[PlacedOrder]:
    for row in _PLACED.run(connection, done.orders, last.orders, panel_id, panel_id):
        yield PlacedOrder(row[0], row[1], _aware(row[2]), row[3], bool(row[4]), *row[5:])


def posted(done: Ids, last: Ids, panel_id: int = 0) -> Iterator[PostedTransfer]:
    for row in _POSTED.run(connection, done.transfers, last.transfers, panel_id, panel_id):
        yield PostedTransfer(row[0], row[1], _aware(row[2]), *row[3:])


def ended(done: Ids, last: Ids, panel_id: int = 0) -> Iterator[OrderEvent]:
    for row in _ENDED.run(connection, done.events, last.events, list(EVENTS), panel_id, panel_id):
        yield OrderEvent._make((*row[:2], _aware(row[2]), *row[3:11], _aware(row[11]), sql.aware(row[12])))


def joined(done: Ids, last: Ids, panel_id: int = 0) -> Iterator[NewCustomer]:
    for row in _JOINED.run(connection, done.customers, last.customers, panel_id, panel_id):
        yield NewCustomer(row[0], row[1], _aware(row[2]))


def _aware(value: object) -> datetime:
    at = sql.aware(value)
    assert at is not None
    return at


def go_on(done: Ids, last: Ids, version: int) -> bool:
    """Move on; False where somebody else has, or where what is counted here has changed meanwhile."""
    return bool(_GO_ON.rows(connection, *last, *done, version))


def changed() -> None:
    """What is counted for all panels together is about to change: locks the progress until the commit."""
    if not _CHANGED.rows(connection):
        _BEGIN.run(connection)
        _CHANGED.rows(connection)


def panel_progress(panel_id: int) -> Ids | None:
    """How far a panel is that is counted anew; None where it is not."""
    rows = _CALENDAR.rows(connection, panel_id, "count")
    return Ids(*rows[0]) if rows else None


def panel_goes_on(panel_id: int, done: Ids, last: Ids) -> bool:
    return bool(_PANEL_GOES_ON.rows(connection, *last, panel_id, *done))


def set_zone(panel_id: int, zone: str) -> None:
    _SET_ZONE.run(connection, panel_id, zone)


def set_anew(panel_id: int, before: str, after: str) -> bool:
    return bool(_SET_ANEW.rows(connection, after, panel_id, before))


def clear(panel_id: int, limit: int) -> int:
    """Remove so many of a panel's sums; how many."""
    return int(_CLEAR.run(connection, panel_id, panel_id, limit).rowcount)


def forget_hours(panel_id: int, cut: int, before: int, limit: int) -> int:
    """Remove so many of a panel's hours that lie before an hour; how many."""
    return int(_FORGET.run(connection, panel_id, panel_id, cut, before, limit).rowcount)


def add(sums: dict[Key, list[int]]) -> None:
    """Add figures to the sums, in the order of their keys."""
    rows = [(*map(int, key), *sums[key]) for key in sorted(sums)]
    if not rows:
        return
    if connection.vendor == "postgresql":
        _ADD_COLUMNS.run(connection, *(list(column) for column in zip(*rows, strict=True)))
    else:
        _ADD_ROWS.run(connection, rows)


def panels() -> list[int]:
    return [row[0] for row in _PANELS.rows(connection)]
