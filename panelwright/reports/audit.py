"""The proof that the sums are what the ledger and the orders say, by statements that share nothing with the loop.

The loop adds up row by row, in Python; here the database counts everything again by the hours and days of the panel's
time zone, and the two are held against each other in the statement that reads both, so in one state of the books.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection

from panelwright.core import clock, money, sql
from panelwright.orders.audit import FAULTS_MAX, Audit
from panelwright.orders.audit import audit as audit_books
from panelwright.reports import store
from panelwright.reports.calendar import DEFAULT_ZONE, Offset, buckets, offsets
from panelwright.reports.cuts import CODES, GRAINS, HOURS_KEPT, TIMES_S, Cut, Grain
from panelwright.reports.rules import ENDS, REFILL, STARTED

_COUNTED = "o.kind NOT IN ('run', 'subscription')"
_SOURCE = "CASE WHEN o.kind = 'post' THEN 3 WHEN o.key_id IS NOT NULL THEN 2 ELSE 1 END"
_DONE = "(SELECT {} FROM reports_reportprogress WHERE id = 1)"
_TRANSFERS = "ledger_transfer x LEFT JOIN orders_order o ON o.id = x.order_id"
# What a fact is told apart by, of facts about orders.
_KEYS_OF_ORDERS = {
    Cut.ALL: ("0", "0"),
    Cut.SERVICE: ("o.service_id", "0"),
    Cut.CUSTOMER: ("o.customer_id", "0"),
    Cut.SOURCE: (_SOURCE, "0"),
    Cut.CUSTOMER_SERVICE: ("o.customer_id", "o.service_id"),
    Cut.SOURCE_SERVICE: (_SOURCE, "o.service_id"),
}


class _Part:
    """Facts of one kind: when they happened, what they come from, and the five figures of each."""

    def __init__(self, at: str, source: str, where: str, *figures: str) -> None:
        self.at, self.source, self.where = at, source, where
        self.figures = (*figures, *["0"] * (5 - len(figures)))


_PLACED = _Part(
    "o.created_at", "orders_order o", f"o.id <= {_DONE.format('order_id')} AND {_COUNTED}", "1", "o.quantity"
)
_POSTED = f"x.id <= {_DONE.format('transfer_id')}"
_CHARGED = _Part("x.created_at", _TRANSFERS, f"x.code = 'order' AND {_POSTED}", "0", "0", "x.amount_micros")
_REFUNDED = _Part("x.created_at", _TRANSFERS, f"x.code = 'refund' AND {_POSTED}", "0", "0", "0", "x.amount_micros")
_TO_PROVIDER = (
    f"{_TRANSFERS} JOIN ledger_account p ON p.id IN (x.debit_account_id, x.credit_account_id) AND p.kind = 'provider'"
)
_EARNED = "CASE WHEN p.id = x.credit_account_id THEN x.amount_micros ELSE -x.amount_micros END"
_COST = _Part("x.created_at", _TO_PROVIDER, f"x.code = 'cost' AND {_POSTED}", "0", "0", "0", "0", _EARNED)
_EVENTS = "events_event x JOIN orders_order o ON o.id = x.subject_id AND o.kind <> 'subscription'"
_HAPPENED = f"x.id <= {_DONE.format('event_id')}"
_END_NAMES = ", ".join(f"'{name}'" for name in ENDS)
_ENDED = _Part(
    "x.created_at",
    _EVENTS,
    f"x.name IN ({_END_NAMES}) AND o.kind <> 'run' AND {_HAPPENED}",
    "1",
    "o.quantity - o.remains",
    "o.booked_micros",
    "o.booked_micros - o.charge_micros",
)
_DONE_ORDERS = f"x.name IN ({_END_NAMES}) AND o.kind <> 'drip-feed' AND {_HAPPENED}"
_END = "CASE x.name " + " ".join(f"WHEN '{name}' THEN {end.value}" for name, end in ENDS.items()) + " END"
_CODE = "CASE x.code " + " ".join(f"WHEN '{code}' THEN {number}" for code, number in CODES.items()) + " END"
_FLOW = (
    "CASE WHEN (SELECT a.kind FROM ledger_account a WHERE a.id = x.credit_account_id) = 'customer' THEN 1"
    " WHEN (SELECT a.kind FROM ledger_account a WHERE a.id = x.debit_account_id) = 'customer' THEN 2 ELSE 0 END"
)
_PROVIDER = f"COALESCE({store.PROVIDER}, 0)"
_NAMED = "CASE p.name WHEN '' THEN 0 ELSE CAST(p.name AS BIGINT) END"


def _place(seconds: str) -> str:
    """The place of a time in the histogram."""
    return (
        "CASE "
        + " ".join(f"WHEN {seconds} < {s} THEN {n}" for n, s in enumerate(TIMES_S, 1))
        + (f" ELSE {len(TIMES_S) + 1} END")
    )


def _between(first: str, last: str, postgresql: bool) -> str:
    """Whole seconds between two moments."""
    if postgresql:
        return f"FLOOR(EXTRACT(EPOCH FROM {last} - {first}))"
    # Of the fractions of a second the later one may be the smaller.
    seconds = f"CAST(strftime('%s', {last}) AS INTEGER) - CAST(strftime('%s', {first}) AS INTEGER)"
    parts = [f"(strftime('%f', {at}) - CAST(strftime('%S', {at}) AS INTEGER))" for at in (last, first)]
    return f"({seconds} - ({parts[0]} < {parts[1]}))"


def _parts(cut: Cut, postgresql: bool) -> list[tuple[_Part, str, str]]:
    """The facts that a cut adds up, each with what stands for its keys."""
    if cut in _KEYS_OF_ORDERS:
        return [(part, *_KEYS_OF_ORDERS[cut]) for part in (_PLACED, _CHARGED, _REFUNDED, _COST)]
    if cut is Cut.PROVIDER:
        return [(_ENDED, _PROVIDER, "0"), (_COST, _NAMED, "0")]
    if cut is Cut.PROVIDER_SERVICE:
        return [(_ENDED, _PROVIDER, "o.service_id"), (_COST, _NAMED, "o.service_id")]
    if cut is Cut.LEDGER:
        every = _Part("x.created_at", "ledger_transfer x", _POSTED, "1", "0", "x.amount_micros")
        return [(every, _CODE, _FLOW)]
    if cut is Cut.ENDS:
        return [(_Part("x.created_at", _EVENTS, _DONE_ORDERS, "1"), "o.service_id", _END)]
    if cut is Cut.END_TIMES:
        part = _Part("x.created_at", _EVENTS, f"{_DONE_ORDERS} AND x.name <> 'order.canceled'", "1")
        return [(part, "o.service_id", _place(_between("o.created_at", "o.ended_at", postgresql)))]
    if cut is Cut.START_TIMES:
        begun = f"x.name = '{STARTED}' AND o.kind <> 'drip-feed' AND {_HAPPENED}"
        part = _Part("x.created_at", _EVENTS, begun, "1")
        return [(part, "o.service_id", _place(_between("o.created_at", "x.created_at", postgresql)))]
    if cut is Cut.REFILLS:
        return [(_Part("x.created_at", _EVENTS, f"x.name = '{REFILL}' AND {_HAPPENED}", "1"), "o.service_id", "0")]
    if cut is Cut.NEW_CUSTOMERS:
        joined = _Part("x.created_at", "customers_customer x", f"x.id <= {_DONE.format('customer_id')}", "1")
        return [(joined, "0", "0")]
    return []


_COLUMNS = ("orders", "quantity", "charged_micros", "refunded_micros", "cost_micros")


def _statement(cut: Cut, grain: Grain, postgresql: bool) -> sql.Query:
    """The sums that differ. Values: of each part the stretches of the time zone and the panel; then the panel and the
    first bucket; how many.
    """
    counted = []
    parts = _parts(cut, postgresql)
    for part, a, b in parts:
        second = _seconds(part.at, postgresql)
        zone = (
            "unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS z(first, last, ahead)"
            if postgresql
            else "(SELECT json_extract(value, '$[0]') AS first, json_extract(value, '$[1]') AS last,"
            " json_extract(value, '$[2]') AS ahead FROM json_each(?)) z"
        )
        figures = ", ".join(f"-({figure}) AS {name}" for figure, name in zip(part.figures, _COLUMNS, strict=True))
        table = "o" if part.source.startswith("orders_order") else "x"
        counted.append(
            f"SELECT {_bucket(f'({second} + z.ahead)', grain, postgresql)} AS bucket, {a} AS key_a, {b} AS key_b,"
            f" {figures} FROM {part.source} JOIN {zone} ON {second} >= z.first AND {second} < z.last"
            f" WHERE {table}.panel_id = ? AND {part.where}"
        )
    sums = ", ".join(f"SUM({name}) AS {name}" for name in _COLUMNS)
    columns = f"bucket, key_a, key_b, {', '.join(_COLUMNS)}"
    return sql.Query(
        f"SELECT bucket, key_a, key_b, {sums} FROM ({' UNION ALL '.join(counted)} UNION ALL SELECT {columns}"
        f" FROM reports_reportsum WHERE panel_id = ? AND cut = {cut.value} AND grain = {grain.value}) f"
        f" WHERE bucket >= ? GROUP BY bucket, key_a, key_b HAVING "
        + " OR ".join(f"SUM({name}) <> 0" for name in _COLUMNS)
        + " LIMIT ?"
    )


def _seconds(at: str, postgresql: bool) -> str:
    return f"FLOOR(EXTRACT(EPOCH FROM {at}))::bigint" if postgresql else f"CAST(strftime('%s', {at}) AS INTEGER)"


def _bucket(seconds: str, grain: Grain, postgresql: bool) -> str:
    if grain is Grain.HOUR:
        return f"{seconds} / 3600"
    if grain is Grain.DAY:
        return f"{seconds} / 86400"
    if grain is Grain.WEEK:
        return f"({seconds} / 86400 + 3) / 7"
    if postgresql:
        wall = f"(TIMESTAMP '1970-01-01' + {seconds} * INTERVAL '1 second')"
        return f"(EXTRACT(YEAR FROM {wall}) * 12 + EXTRACT(MONTH FROM {wall}) - 1)::int"
    return (
        f"CAST(strftime('%Y', {seconds}, 'unixepoch') AS INTEGER) * 12"
        f" + CAST(strftime('%m', {seconds}, 'unixepoch') AS INTEGER) - 1"
    )


_FIRST = sql.Query(
    "SELECT MIN(at) FROM (SELECT MIN(created_at) AS at FROM orders_order WHERE panel_id = ? UNION ALL"
    " SELECT MIN(created_at) FROM ledger_transfer WHERE panel_id = ? UNION ALL"
    " SELECT MIN(created_at) FROM customers_customer WHERE panel_id = ?) t"
)


# How far rows may lie behind the clock: one that was wrong, or was set back.
_AHEAD = timedelta(days=800)


def _whole(stretches: list[Offset]) -> list[Offset]:
    """The first and last one without an end."""
    stretches[0] = stretches[0]._replace(from_s=-(2**40))
    return [*stretches[:-1], stretches[-1]._replace(until_s=2**40)]


def sum_faults(panel_id: int, limit: int = FAULTS_MAX) -> Iterator[str]:
    """Sums that are not what the ledger and the orders say; of a panel that is being counted anew none."""
    zone, anew, _ = store.calendars().get(panel_id, store.Calendar(DEFAULT_ZONE, "", DEFAULT_ZONE))
    first = sql.aware(_FIRST.rows(connection, panel_id, panel_id, panel_id)[0][0])
    if anew:
        return
    now, postgresql = clock.now(), connection.vendor == "postgresql"
    stretches = _whole(offsets(zone, first or now, max(first or now, now) + _AHEAD))
    given = [list(column) for column in zip(*stretches, strict=True)] if postgresql else [[list(s) for s in stretches]]
    # A day more than are kept: hours are removed a little at a time.
    hours_from = (buckets(now - timedelta(days=HOURS_KEPT), DEFAULT_ZONE).day + 1) * 24
    for cut, grains in GRAINS.items():
        parts = len(_parts(cut, postgresql))
        for grain in grains if parts else ():
            values = [value for _ in range(parts) for value in (*given, panel_id)]
            least = hours_from if grain is Grain.HOUR else -(2**31)
            for bucket, a, b, *off in _statement(cut, grain, postgresql).rows(
                connection, *values, panel_id, least, limit
            ):
                orders, quantity, *micros = map(int, off)
                amounts = " and ".join(money.text(one) for one in micros)
                yield (
                    f"report {cut.name.lower()} {a}/{b}, {grain.name.lower()} {bucket}: {orders} orders,"
                    f" {quantity} units, {amounts} more than there are"
                )


def audit(panel_id: int) -> Audit:
    """The books (orders/audit.py), and what reports add up of them."""
    result = audit_books(panel_id)
    result.faults += sum_faults(panel_id)
    return result
