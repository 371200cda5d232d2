"""psycopg: what `core/sql.py` and `core/postgresql` build on. On PostgreSQL alone is there anything to look at."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import pq
from psycopg_pool import ConnectionPool, PoolTimeout

from panelwright.core import sql

PIECES = {
    "a bare cursor binds on the server": "psycopg.Cursor(connection)",
    "a pipeline tells whether it is open": "connection.pgconn.pipeline_status",
    "the text of an array is an array": "%s::bigint[]",
    "the driver forgets what it prepared with a rollback": "connection._prepared",
    "a pool that has nothing to lend": "psycopg_pool.PoolTimeout",
}


@pytest.fixture
def real(transactional_db: object) -> Iterator[psycopg.Connection[Any]]:
    """The driver's connection; there is none on SQLite, and then nothing is looked at that needs one."""
    connection.ensure_connection()
    yield connection.connection
    if on_postgresql():
        # Not lent again as these tests leave it.
        connection.connection.close()
    connection.close()


def on_postgresql() -> bool:
    return connection.vendor == "postgresql"


def test_errors_and_the_pool_s_end_are_what_the_callers_catch() -> None:
    assert issubclass(PoolTimeout, psycopg.OperationalError)
    assert issubclass(psycopg.OperationalError, sql.PASSING_ERRORS)
    assert {"max_size", "putconn"} <= {*dir(ConnectionPool), *inspect.signature(ConnectionPool).parameters}


def test_a_bare_cursor_binds_on_the_server_and_prepares(real: psycopg.Connection[Any]) -> None:
    if not on_postgresql():
        return
    assert type(real.cursor()) is not psycopg.Cursor  # Django's writes values into the text.
    for _ in range(8):
        psycopg.Cursor(real).execute("SELECT %s::bigint + 20261129", (1,)).fetchall()
    prepared = real.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    assert [text for (text,) in prepared if "20261129" in text] == ["SELECT $1::bigint + 20261129"]


def test_the_text_of_an_array_is_an_array(real: psycopg.Connection[Any]) -> None:
    if not on_postgresql():
        return
    found = psycopg.Cursor(real).execute("SELECT %s::bigint[], %s::text[]", ("{1,NULL}", '{"a\\"b"}')).fetchall()
    assert found == [([1, None], ['a"b'])]


def test_a_pipeline_says_that_it_is_one_and_a_cursor_in_it_knows_no_count(real: psycopg.Connection[Any]) -> None:
    if not on_postgresql():
        return
    assert real.pgconn.pipeline_status == pq.PipelineStatus.OFF
    with real.pipeline():
        assert real.pgconn.pipeline_status == pq.PipelineStatus.ON
        asked = psycopg.Cursor(real).execute("SELECT 1")
        told = psycopg.Cursor(real).execute("SELECT 2")
        assert (asked.fetchall(), told.fetchall()) == ([(1,)], [(2,)])


def test_behind_a_failed_statement_of_a_pipeline_nothing_was_prepared(real: psycopg.Connection[Any]) -> None:
    """`sql.together` gives a connection up for that, outside a transaction. When this passes no more, it need not."""
    if not on_postgresql():
        return
    real.prepare_threshold = 1
    psycopg.Cursor(real).execute("SELECT %s::int + 77", (1,))
    with pytest.raises(psycopg.errors.DivisionByZero), real.pipeline():
        psycopg.Cursor(real).execute("SELECT 1 / %s::int", (0,))
        psycopg.Cursor(real).execute("SELECT %s::int + 77", (1,))
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        psycopg.Cursor(real).execute("SELECT %s::int + 77", (1,))


def test_a_setting_says_after_how_many_times_a_statement_is_prepared(real: psycopg.Connection[Any]) -> None:
    if on_postgresql():
        assert real.prepare_threshold == 5
