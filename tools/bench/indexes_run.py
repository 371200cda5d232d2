"""What an index of orders costs an `add`: batches of 128 orders, placed in turn without it and with it.

Run by `bench --indexes` as a program of its own, because a process has one database. Writes JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from panelwright.cli import setup
from tools.bench.pages_run import _customer, _panel, host_of

if TYPE_CHECKING:
    from panelwright.orders.rules import PlaceOrder

BATCH = 128
# Batches of a turn; the first one is not counted: there the pages of a new index come in.
TURN = 5
CUSTOMERS = 16
SERVICES = 20
NAME = "bench_candidate"
# What is indexed, and of which orders. SQLite has no digests of its own: there the link itself is taken.
CANDIDATES = {
    "(panel, id)": ("panel_id, id", ""),
    "(panel, status, number) of open orders": ("panel_id, status, number", "ended_at IS NULL"),
    "(panel, number) of open orders": ("panel_id, number", "ended_at IS NULL"),
    "(panel, number) of manual orders": ("panel_id, number", "job = 'manual'"),
    "(panel, status, number) of Partial and Canceled": (
        "panel_id, status, number",
        "status IN ('Partial', 'Canceled')",
    ),
    "(service, number)": ("service_id, number", ""),
    "(provider, number)": ("provider_id, number", "provider_id IS NOT NULL"),
    "(panel, created_at)": ("panel_id, created_at", ""),
    "(panel, link)": ("panel_id, {link}", ""),
}


class Turn(NamedTuple):
    """The median of the batches: processor time of a batch in ms, and bytes of the database's log."""

    ms: float
    log_bytes: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.bench.indexes_run", description=__doc__)
    parser.add_argument("--orders", type=int, required=True, help="orders that are there before")
    parser.add_argument("--rounds", type=int, required=True, help="turns without and with each index")
    args = parser.parse_args()
    setup.django(migrated=False)
    setup.migrate()
    print(json.dumps(_run(args.orders, args.rounds)))
    return 0


def _run(orders: int, rounds: int) -> dict[str, Any]:
    from django.db import connection
    from django_scopes import scope

    panel = _panel("indexes")
    with scope(panel=panel):
        customers = [_customer(panel, f"c{n}", orders // CUSTOMERS)[0] for n in range(CUSTOMERS)]
    commands = _commands([customer.id for customer in customers])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # The disk's share is the same with and without; here it would only add chance.
            cursor.execute("SET synchronous_commit = off")
    found = {}
    for what, (columns, condition) in CANDIDATES.items():
        _turn(commands)
        without: list[Turn] = []
        with_: list[Turn] = []
        for n in range(rounds):
            for there in (False, True) if n % 2 else (True, False):
                if there:
                    _make(columns, condition)
                (with_ if there else without).append(_turn(commands))
                size = _index_bytes() if there else 0
                _drop()
                if there:
                    of_order = size / _rows(condition)
        logs = [statistics.median(turn.log_bytes for turn in turns) for turns in (without, with_)]
        found[what] = {
            "without_ms": round(statistics.median(turn.ms for turn in without), 3),
            "with_ms": round(statistics.median(turn.ms for turn in with_), 3),
            "log_bytes_an_order": round((logs[1] - logs[0]) / BATCH),
            "bytes_an_entry": round(of_order, 1),
        }
    return found


def _commands(customer_ids: list[int]) -> Callable[[], list[PlaceOrder]]:
    from panelwright.customers.access import Caller
    from panelwright.orders.rules import PlaceOrder
    from panelwright.panels import hosts

    draw, count = random.Random(3), 0
    address = hosts.split(host_of("indexes"), 80)

    def batch() -> list[PlaceOrder]:
        nonlocal count
        made = []
        for _ in range(BATCH):
            count += 1
            params = {"service": str(draw.randint(1, SERVICES)), "quantity": "1000"}
            params["link"] = f"https://example.com/{draw.getrandbits(64):x}/{count}"
            made.append(PlaceOrder(Caller(address, customer_id=draw.choice(customer_ids)), params))
        return made

    return batch


def _turn(commands: Callable[[], list[PlaceOrder]]) -> Turn:
    from django.db import connection

    from panelwright.orders.actions import place_orders

    clock = _server_s if connection.vendor == "postgresql" else time.process_time
    ms, logs = [], []
    for _ in range(TURN):
        wanted = commands()
        log = _log_at()
        started = clock()
        placed = place_orders(wanted)
        ms.append((clock() - started) * 1e3)
        logs.append(_log_at() - log)
        assert all(isinstance(one, int) for one in placed), placed[:3]
    return Turn(statistics.median(ms[1:]), statistics.median(logs[1:]))


def _server_s() -> float:
    """Processor time of the server's process that works for us, and of our own."""
    from django.db import connection

    connection.ensure_connection()
    server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    return time.process_time() + int(server.split()[0]) / 1e9


def _asked(statement: str, *values: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def _log_at() -> int:
    """Bytes that were written to PostgreSQL's log so far; SQLite writes pages, which say nothing of a row."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0
    return int(_asked("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))


def _make(columns: str, condition: str) -> None:
    from django.db import connection

    link = "md5(link)" if connection.vendor == "postgresql" else "link"
    with connection.cursor() as cursor:
        where = f" WHERE {condition}" if condition else ""
        cursor.execute(f"CREATE INDEX {NAME} ON orders_order ({columns.format(link=link)}){where}")
        if connection.vendor == "postgresql":
            # Else each page's first change is logged as a whole page.
            cursor.execute("CHECKPOINT")


def _drop() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {NAME}")
        if connection.vendor == "postgresql":
            cursor.execute("CHECKPOINT")


def _index_bytes() -> int:
    from django.db import connection

    if connection.vendor == "postgresql":
        return int(_asked("SELECT pg_relation_size(%s)", NAME))
    # Where SQLite was built without its table of pages, an index is not weighed.
    try:
        return int(_asked("SELECT SUM(pgsize) FROM dbstat WHERE name = %s", NAME) or 0)
    except Exception:
        return 0


def _rows(condition: str) -> int:
    return max(1, int(_asked(f"SELECT COUNT(*) FROM orders_order WHERE {condition or '1 = 1'}")))  # noqa: S608


if __name__ == "__main__":
    sys.exit(main())
