"""Which rows a step changed: triggers in the database note them, whoever changed them and how.

Written for the simulator only: SQLite keeps triggers and notes in the connection's temporary schema,
PostgreSQL in a table that goes with the watch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import copy
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from panelwright.core import sql

ORDER, REFILL, CANCEL, ACCOUNT, TRANSFER, SCHEDULE, POST = (
    "order",
    "refill",
    "cancel",
    "account",
    "transfer",
    "schedule",
    "post",
)
_WATCHED = {
    "orders_order": (ORDER, "id"),
    "orders_refill": (REFILL, "id"),
    "orders_cancel": (CANCEL, "order_id"),
    "orders_schedule": (SCHEDULE, "order_id"),
    "orders_post": (POST, "id"),
    "ledger_account": (ACCOUNT, "id"),
    "ledger_transfer": (TRANSFER, "id"),
}
_FORGET_EVERY = 2000


class OrderRow(NamedTuple):
    """An order as it stands in the database. Money in micros."""

    id: int
    number: int
    panel_id: int
    customer_id: int
    service_id: int
    kind: str
    parent_id: int | None
    link: str
    quantity: int
    rate: int
    booked: int
    charge: int
    status: str
    start_count: int | None
    remains: int
    job: str | None
    due_at: datetime | None
    lease_until: datetime | None
    problem_code: str
    provider_id: int | None
    route_id: int | None
    upstream_id: str | None
    created_at: datetime
    ended_at: datetime | None
    open_link: str | None
    cost: int | None
    cost_told: bool
    key_id: int | None
    past_cost: int


class RefillRow(NamedTuple):
    id: int
    number: int
    order_id: int
    status: str
    state: str
    due_at: datetime | None
    lease_until: datetime | None
    problem: str
    upstream_id: str | None
    created_at: datetime
    ended_at: datetime | None


class TransferRow(NamedTuple):
    id: int
    panel_id: int
    debit: int
    credit: int
    micros: int
    code: str
    reference: str
    order_id: int | None


class Changes(NamedTuple):
    """Rows that are new or were changed, as they are now. `gone` names tables in which rows were deleted or,
    where nothing may ever change, changed."""

    orders: list[OrderRow]
    refills: list[RefillRow]
    cancels: list[int]
    transfers: list[TransferRow]
    balances: dict[int, int]
    owed: dict[int, int]
    gone: list[str]


_ORDER_COLUMNS = ", ".join(
    f"o.{name}"
    for name in [
        "id",
        "number",
        "panel_id",
        "customer_id",
        "service_id",
        "kind",
        "parent_id",
        "link",
        "quantity",
        "rate_micros",
        "booked_micros",
        "charge_micros",
        "status",
        "start_count",
        "remains",
        "job",
        "due_at",
        "lease_until",
        "problem_code",
        "provider_id",
        "route_id",
        "upstream_id",
        "created_at",
        "ended_at",
        "open_link",
        "cost_micros",
        "cost_told",
        "key_id",
        "past_cost_micros",
    ]
)
_TIMES = tuple(i for i, name in enumerate(OrderRow._fields) if name.endswith(("_at", "_until")))
_TOLD = OrderRow._fields.index("cost_told")
_REFILL_TIMES = tuple(i for i, name in enumerate(RefillRow._fields) if name.endswith(("_at", "_until")))

NOTES = sql.Query("SELECT n, what, id FROM simulator_note WHERE n > ? ORDER BY n")
ORDERS = sql.Query(f"SELECT {_ORDER_COLUMNS} FROM orders_order o WHERE o.id :in_int ORDER BY o.id")
OPEN_ORDERS = sql.Query(f"SELECT {_ORDER_COLUMNS} FROM orders_order o WHERE o.ended_at IS NULL ORDER BY o.id")
REFILLS = sql.Query(
    "SELECT id, number, order_id, status, state, due_at, lease_until, problem_code, upstream_id, created_at, ended_at"
    " FROM orders_refill WHERE id :in_int ORDER BY id"
)
TRANSFERS = sql.Query(
    "SELECT id, panel_id, debit_account_id, credit_account_id, amount_micros, code, reference, order_id"
    " FROM ledger_transfer WHERE id :in_int ORDER BY id"
)
BALANCES = sql.Query(
    "SELECT id, balance_micros, owed_micros FROM ledger_account WHERE kind = 'customer' AND id :in_int ORDER BY id"
)


def order_row(row: sql.Row) -> OrderRow:
    values = list(row)
    for i in _TIMES:
        values[i] = sql.aware(values[i])
    values[_TOLD] = bool(values[_TOLD])
    return OrderRow._make(values)


def refill_row(row: sql.Row) -> RefillRow:
    values = list(row)
    for i in _REFILL_TIMES:
        values[i] = sql.aware(values[i])
    return RefillRow._make(values)


class Watch:
    """Reads what was noted since the last time."""

    def __init__(self) -> None:
        self._last = 0

    def changes(self) -> Changes:
        notes = NOTES.rows(connection, self._last)
        if not notes:
            return Changes([], [], [], [], {}, {}, [])
        self._last = notes[-1][0]
        ids: dict[str, set[int]] = {}
        for _, what, id_ in notes:
            ids.setdefault(what, set()).add(id_)
        orders, refills, transfers, accounts = (sorted(ids.get(w, ())) for w in (ORDER, REFILL, TRANSFER, ACCOUNT))
        with sql.together(connection):
            found = [
                query.run(connection, listed) if listed else None
                for query, listed in (
                    (ORDERS, orders),
                    (REFILLS, refills),
                    (TRANSFERS, transfers),
                    (BALANCES, accounts),
                )
            ]
            rows: list[list[Any]] = [cursor.fetchall() if cursor is not None else [] for cursor in found]
        if self._last > _FORGET_EVERY:
            self._forget()
        return Changes(
            [order_row(row) for row in rows[0]],
            [refill_row(row) for row in rows[1]],
            sorted(ids.get(CANCEL, ())),
            [TransferRow._make(row) for row in rows[2]],
            {row[0]: row[1] for row in rows[3]},
            {row[0]: row[2] for row in rows[3]},
            sorted(what for what in ids if what.startswith("-")),
        )

    def _forget(self) -> None:
        """Empty the notes, and count them from 1 again."""
        restart = "TRUNCATE simulator_note RESTART IDENTITY"
        sql.cursor(connection).execute(restart if connection.vendor == "postgresql" else "DELETE FROM simulator_note")
        self._last = 0


@contextmanager
def watching() -> Iterator[Watch]:
    """Note every change of the watched tables until the block ends."""
    on_postgresql = connection.vendor == "postgresql"
    make, remove = _postgresql() if on_postgresql else _sqlite()
    with connection.cursor() as cursor:
        for statement in make:
            cursor.execute(statement)
    try:
        with _in_order() if on_postgresql else nullcontext():
            yield Watch()
    finally:
        with connection.cursor() as cursor:
            for statement in remove:
                cursor.execute(statement)


@contextmanager
def _in_order() -> Iterator[None]:
    """Rows come in the order of their ids wherever the product leaves their order open.

    PostgreSQL answers them as they lie in the table, and where they lie depends on which connection wrote them, and
    on what other databases of the server do meanwhile: a seed would give another history now and then. SQLite answers
    them by their ids anyway.
    """
    # With the query itself: one that is made for a moment would leave its id to the next one.
    run, ordered = sql.Query.run, dict[int, tuple[sql.Query, sql.Query]]()

    def run_ordered(query: sql.Query, connection: Any, *values: Any) -> Any:
        if id(query) not in ordered:
            ordered[id(query)] = query, _ordered(query)
        return run(ordered[id(query)][1], connection, *values)

    sql.Query.run = run_ordered  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        sql.Query.run = run  # type: ignore[method-assign]


def _ordered(query: sql.Query) -> sql.Query:
    text = query._postgresql.replace(" due_at LIMIT ", " due_at, id LIMIT ")
    if text.startswith("UPDATE") and " RETURNING " in text:
        text = f"WITH changed AS ({text}) SELECT * FROM changed ORDER BY 1"
    made = copy(query)
    made._postgresql = text
    return made


def _noted(table: str) -> Iterator[tuple[str, str, str]]:
    """(event, what is noted, column of the id) for the triggers of a table."""
    what, key = _WATCHED[table]
    yield "INSERT", what, f"NEW.{key}"
    # Transfers are never changed, and nothing is ever deleted.
    yield "UPDATE", f"-{what}" if what == TRANSFER else what, f"NEW.{key}"
    yield "DELETE", f"-{what}", f"OLD.{key}"


def _sqlite() -> tuple[list[str], list[str]]:
    make = [
        "PRAGMA temp_store = MEMORY",
        # Without AUTOINCREMENT: its table of the temporary schema would hide the one that the product reads.
        "CREATE TEMP TABLE simulator_note (n INTEGER PRIMARY KEY, what TEXT, id INTEGER)",
    ]
    remove = []
    for table in _WATCHED:
        for event, what, value in _noted(table):
            name = f"simulator_{table}_{event.lower()}"
            make.append(
                f"CREATE TEMP TRIGGER {name} AFTER {event} ON main.{table}"
                f" BEGIN INSERT INTO simulator_note (what, id) VALUES ('{what}', {value}); END"
            )
            remove.append(f"DROP TRIGGER {name}")
    return make, [*remove, "DROP TABLE simulator_note"]


def _postgresql() -> tuple[list[str], list[str]]:
    make = [
        "CREATE UNLOGGED TABLE simulator_note (n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what TEXT, id BIGINT)"
    ]
    remove = []
    for table in _WATCHED:
        for event, what, value in _noted(table):
            name = f"simulator_{table}_{event.lower()}"
            make.append(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN INSERT INTO simulator_note (what, id) VALUES ('{what}', {value}); RETURN NULL; END $$"
            )
            make.append(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
            remove += [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}"]
    return make, [*remove, "DROP TABLE simulator_note"]
