"""Set statements for the hot actions, written once for SQLite and PostgreSQL.

The ORM makes one object a row and one statement a batch-size; the few statements that every order
passes through are written by hand instead. A statement's text is constant, so that SQLite's
statement cache and PostgreSQL's prepared statements serve it; lists go in as one parameter.

Marks in the text: `?` is a value, `:in_int` and `:in_text` follow a column and take a list;
`:pairs` stands after FROM or JOIN and takes a list of two whole numbers a row, `first` and `second`, as `pairs` gives
it. `:for_update` and `:skip_locked` lock rows where the database has row locks, and so does
`:for_no_key_update`, which lets others go on referring to them.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.connection import ConnectionProxy

Row = tuple[Any, ...]

# What can come out of the database. A bare cursor raises the driver's errors, not Django's.
ERRORS = (Error, psycopg.Error, sqlite3.Error)
# Of these the passing ones: locked, deadlocked, restarted, unreachable.
PASSING_ERRORS = (OperationalError, psycopg.OperationalError, sqlite3.OperationalError)

# PostgreSQL's codes for what may strike after the commit was done: a connection or a server that ends.
_MAY_BE_COMMITTED = ("08", "57P", "XX")
_REFUSED_BY_SQLITE = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)


def certainly_rolled_back(error: Exception) -> bool:
    """Whether an error of a transaction's end is the database's own word that nothing was committed.

    A connection that breaks during the commit, or a disk that fails, leaves both outcomes possible.
    """
    cause = error.__cause__ if isinstance(error, Error) and error.__cause__ is not None else error
    if isinstance(cause, psycopg.Error):
        return cause.sqlstate is not None and not cause.sqlstate.startswith(_MAY_BE_COMMITTED)
    return isinstance(cause, _REFUSED_BY_SQLITE)


# SQLite has the whole file locked already (BEGIN IMMEDIATE).
_LOCKING = re.compile(r":for_update|:skip_locked|:for_no_key_update")


def _this_thread(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """The connection behind `django.db.connection`, which looks itself up anew at each attribute."""
    real = connections[DEFAULT_DB_ALIAS] if isinstance(connection, ConnectionProxy) else connection
    if real.connection is None:
        real.ensure_connection()
    return real


_PAIRS_SQLITE = "(SELECT json_extract(value, '$[0]') AS first, json_extract(value, '$[1]') AS second FROM json_each(?))"
_PAIRS_POSTGRESQL = (
    "(SELECT (value->>0)::bigint AS first, (value->>1)::bigint AS second FROM json_array_elements(?::json))"
)


def pairs(rows: Iterable[tuple[int, int]]) -> str:
    """A value for `:pairs`, whose rows stand in this order."""
    return json.dumps(list(rows))


def cursor(connection: BaseDatabaseWrapper) -> Any:
    """A bare driver cursor in the connection's current transaction.

    It passes Django's wrappers by: on PostgreSQL it binds on the server, so that statements are
    prepared once; Django's own cursor writes the values into the text.
    """
    real = _this_thread(connection)
    if real.vendor == "postgresql":
        return psycopg.Cursor(real.connection)
    return real.connection.cursor()


@contextmanager
def _pipeline(real: BaseDatabaseWrapper) -> Iterator[None]:
    try:
        with real.connection.pipeline():
            yield
    except BaseException:
        # The driver takes statements behind the failed one for prepared that the server never looked at. It
        # forgets them with a rollback; where there is none, the connection is given up.
        if not real.in_atomic_block and real.connection is not None:
            real.connection.close()
            real.close()
        raise


def together(connection: BaseDatabaseWrapper) -> AbstractContextManager[object]:
    """Statements inside go to PostgreSQL without waiting for each other's answers: one trip instead of many.

    Run them all first, then fetch: fetching waits. An error may show at a later statement, or at the
    end of the block. Around a whole transaction it sends BEGIN along with the first statement and
    COMMIT along with the last. On SQLite there is no trip to save.
    """
    real = _this_thread(connection)
    if real.vendor == "postgresql" and not real.connection.pgconn.pipeline_status:
        return _pipeline(real)
    return nullcontext()


def moment(connection: BaseDatabaseWrapper, at: datetime | None) -> Any:
    """A time as the driver takes it: PostgreSQL an aware datetime, SQLite Django's text form."""
    if at is None or connection.vendor == "postgresql":
        return at
    return _sqlite_moment(at)


def _sqlite_moment(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def aware(value: Any) -> datetime | None:
    """A time as read by a bare cursor: aware, in UTC, on both databases."""
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


Heard = Callable[[str, Sequence[Any]], None]
# Who is told of each Query that runs, for core/plans.py. Of the whole process: nobody listens while it serves.
_heard: Heard | None = None


@contextmanager
def heard_by(listener: Heard) -> Iterator[None]:
    """Tell the listener of each Query that this thread runs in the block, with its text and values."""
    global _heard
    thread = threading.get_ident()

    def told(text: str, values: Sequence[Any]) -> None:
        if threading.get_ident() == thread:
            listener(text, values)

    before, _heard = _heard, told
    try:
        yield
    finally:
        _heard = before


def begins(field: str, text: str) -> Q:
    """Rows whose text begins so, in a form that an index of the field serves: a range of it on SQLite, which compares
    bytes; on PostgreSQL LIKE, for an index of `varchar_pattern_ops`. Both tell small letters from capital ones.
    """
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        return Q((f"{field}__startswith", text))
    return Q((f"{field}__gte", text), (f"{field}__lt", text + chr(0x10FFFF)))


def literal(word: str) -> RawSQL:
    """A word in the text of a query instead of a value beside it: only so SQLite sees that an index serves whose
    condition names the word.
    """
    assert word.isidentifier(), word
    return RawSQL(f"'{word}'", ())  # noqa: S611 - letters only


class IndexRange:
    """Rows of an index between two places of it, exclusive. `key` names its columns, `at` the place's values.

    Columns are separated by commas, values by semicolons; the last value is a `?`. What the values ask for
    goes in twice: for the lower place, then for the upper one.

    PostgreSQL compares keys whole: asked for `customer = …` in the order of ids it may walk the ids of
    everybody instead, and somebody who has not ordered for long stands at the far end of them. SQLite finds
    the lower or the upper place of whole keys, not both, and takes the columns.
    """

    def __init__(self, key: str, at: str) -> None:
        self.key = key
        columns, values = key.split(", "), at.split("; ")
        at = ", ".join(values)
        self.postgresql = f"({key}) > ({at}) AND ({key}) < ({at})"
        same = [f"{column} = {value}" for column, value in zip(columns[:-1], values[:-1], strict=True)]
        self.sqlite = " AND ".join([*same, f"{columns[-1]} > ?", *same, f"{columns[-1]} < ?"])

    def order(self, *, upward: bool) -> str:
        """What follows ORDER BY."""
        return ", ".join(f"{column} {'ASC' if upward else 'DESC'}" for column in self.key.split(", "))


class Query:
    """A statement with values and lists; `rows` runs it. A Between that is given as `near` stands for `:near`."""

    def __init__(self, text: str, **between: IndexRange) -> None:
        on_sqlite = text
        for name, keys in between.items():
            on_sqlite = on_sqlite.replace(f":{name}", keys.sqlite)
            text = text.replace(f":{name}", keys.postgresql)
        self._sqlite = on_sqlite.replace(":in_int", "IN (SELECT value FROM json_each(?))").replace(
            ":in_text", "IN (SELECT value FROM json_each(?))"
        )
        self._sqlite = _LOCKING.sub("", self._sqlite).replace(":pairs", _PAIRS_SQLITE)
        self._postgresql = (
            text.replace("%", "%%")
            .replace(":pairs", _PAIRS_POSTGRESQL)
            .replace(":in_int", "= ANY(?::bigint[])")
            .replace(":in_text", "= ANY(?::text[])")
            .replace(":for_update", "FOR UPDATE")
            .replace(":for_no_key_update", "FOR NO KEY UPDATE")
            .replace(":skip_locked", "FOR UPDATE SKIP LOCKED")
            .replace("?", "%s")
        )

    def text(self, connection: BaseDatabaseWrapper) -> str:
        return self._postgresql if connection.vendor == "postgresql" else self._sqlite

    def run(self, connection: BaseDatabaseWrapper, *values: Any) -> Any:
        """The cursor after running it; to be fetched from later."""
        real = _this_thread(connection)
        if real.vendor == "postgresql":
            given = [_array(value) if isinstance(value, list) else value for value in values]
            if _heard is not None:
                _heard(self._postgresql, given)
            return psycopg.Cursor(real.connection).execute(self._postgresql, given)
        given = [_sqlite_value(value) for value in values]
        if _heard is not None:
            _heard(self._sqlite, given)
        return real.connection.cursor().execute(self._sqlite, given)

    def rows(self, connection: BaseDatabaseWrapper, *values: Any) -> list[Row]:
        return self.run(connection, *values).fetchall()

    def plan(self, connection: BaseDatabaseWrapper, *values: Any) -> str:
        """How the database would run it, in its own words, a line a step."""
        with connection.cursor() as run:
            if connection.vendor == "postgresql":
                run.execute(f"EXPLAIN {self._postgresql}", values)
                return "\n".join(row[0] for row in run.fetchall())
            # Django's cursor takes %s where the driver takes ?.
            run.execute(f"EXPLAIN QUERY PLAN {self._sqlite.replace('%', '%%').replace('?', '%s')}", values)
            return "\n".join(row[3] for row in run.fetchall())


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value)
    if isinstance(value, datetime):
        return _sqlite_moment(value)
    return value


def _arrays(rows: Sequence[Row]) -> list[str]:
    """The columns of the rows, each as the text of a PostgreSQL array.

    The driver would write the same, value by value and looking up the type of each: half of the
    time that Python spent on a batch of orders.
    """
    return [_array(column) for column in zip(*rows, strict=True)]


def _array(values: Sequence[Any]) -> str:
    # A column mostly holds one kind of value, or the same one again and again: then no value is looked at alone.
    kinds = set(map(type, values))
    if len(kinds) == 1:
        (kind,) = kinds
        if kind is int:
            return "{" + ",".join(map(str, values)) + "}"
        if kind is str:
            text = '","'.join(values)
            if "\\" not in text and text.count('"') == 2 * (len(values) - 1):
                return '{"' + text + '"}'
        elif len(set(map(id, values))) == 1:
            return "{" + ",".join([_element(values[0])] * len(values)) + "}"
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return f'"{value.isoformat()}"' if isinstance(value, date) else str(value)


# Rows of one INSERT on SQLite, so that any number is made of few statements, which the driver keeps prepared.
_CHUNKS = (64, 32, 16, 8, 4, 2, 1)


class Insert:
    """Inserts many rows. `columns` maps a column to its PostgreSQL type."""

    def __init__(self, table: str, columns: dict[str, str]) -> None:
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
        # One statement for many rows: Python's driver hands the interpreter to other threads at each
        # step of a statement, and under load every hand-over costs more than the row itself.
        self._sqlite = {n: f"INSERT INTO {table} ({names}) VALUES " + ", ".join([f"({marks})"] * n) for n in _CHUNKS}
        self._postgresql = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"

    def run(self, connection: BaseDatabaseWrapper, rows: Sequence[Row]) -> None:
        if not rows:
            return
        real = _this_thread(connection)
        if real.vendor == "postgresql":
            psycopg.Cursor(real.connection).execute(self._postgresql, _arrays(rows))
        else:
            run = real.connection.cursor()
            start = 0
            for size in _CHUNKS:
                while len(rows) - start >= size:
                    run.execute(self._sqlite[size], list(chain.from_iterable(rows[start : start + size])))
                    start += size


class Update:
    """Updates many rows by key. `sets` and `keys` map a column to its PostgreSQL type.

    A set column may be written "balance_micros +": the value is then added to what is there.
    `keys` that may be null are compared null-safely when named with a trailing "?".
    """

    def __init__(self, table: str, sets: dict[str, str], keys: dict[str, str], also: str = "") -> None:
        def target(column: str) -> str:
            return column.removesuffix(" +")

        def value(column: str, source: str) -> str:
            return f"{target(column)} + {source}" if column.endswith(" +") else source

        also = f" AND {also}" if also else ""
        self._sqlite = (
            f"UPDATE {table} SET "
            + ", ".join(f"{target(c)} = {value(c, '?')}" for c in sets)
            + " WHERE "
            + " AND ".join(f"{k} = ?" for k in keys)
            + also
        )
        names = [f"v{i}" for i in range(len(sets) + len(keys))]
        arrays = ", ".join(f"%s::{kind}[]" for kind in (*sets.values(), *keys.values()))

        def pg_value(column: str, source: str) -> str:
            return f"t.{target(column)} + {source}" if column.endswith(" +") else source

        self._postgresql = (
            f"UPDATE {table} t SET "
            + ", ".join(f"{target(c)} = {pg_value(c, 'v.' + n)}" for c, n in zip(sets, names, strict=False))
            + f" FROM unnest({arrays}) AS v({', '.join(names)}) WHERE "
            + " AND ".join(f"t.{k} = v.{n}" for k, n in zip(keys, names[len(sets) :], strict=True))
            + also
        )

    def run(self, connection: BaseDatabaseWrapper, rows: Sequence[Row]) -> None:
        """Rows hold the set values, then the key values."""
        if not rows:
            return
        run = cursor(connection)
        if connection.vendor == "postgresql":
            run.execute(self._postgresql, _arrays(rows))
        else:
            run.executemany(self._sqlite, rows)

    def count(self, connection: BaseDatabaseWrapper, rows: Sequence[Row]) -> int:
        """As `run`, and waits for how many rows were changed."""
        if not rows:
            return 0
        run = cursor(connection)
        if connection.vendor == "postgresql":
            # In a block of `together` a cursor knows its count only after fetching.
            run.execute(f"{self._postgresql} RETURNING 1", _arrays(rows))
            return len(run.fetchall())
        return int(run.executemany(self._sqlite, rows).rowcount)


# The sequence is looked up once, not for each id.
_NEXT_IDS = (
    "WITH s AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name)"
    " SELECT nextval(s.name) FROM s, generate_series(1, %s)"
)


def next_ids(connection: BaseDatabaseWrapper, table: str, count: int) -> Sequence[int]:
    """Ids for `count` rows that are about to be inserted, in ascending order.

    SQLite: the write lock is already held (BEGIN IMMEDIATE), so the ids that follow the last one
    ever given are free; AUTOINCREMENT's own memory is read, so that a deleted row's id is not
    given again. PostgreSQL: the column's sequence; other processes may take ids in between.
    """
    return take_ids(connection, table, count)() if count else []


def take_ids(connection: BaseDatabaseWrapper, table: str, count: int) -> Callable[[], Sequence[int]]:
    """Asks for ids as `next_ids` does, and answers what fetches them: for a block of `together`."""
    run = cursor(connection)
    if connection.vendor == "postgresql":
        run.execute(_NEXT_IDS, (table, count))
        return lambda: [row[0] for row in run.fetchall()]
    run.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
    row = run.fetchone()
    first = (row[0] if row else 0) + 1
    return lambda: range(first, first + count)
