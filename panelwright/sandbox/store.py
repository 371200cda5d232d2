"""What the sandbox must not lose, in one SQLite file.

Every call does its reading and writing in one `step()` and is answered after `durable()`: all steps of one
turn of the event loop share one commit, with a full fsync. So an answer that went out survives `kill -9`.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from panelwright.sandbox.clock import Anchor
from panelwright.sandbox.delivery import OPEN, OrderCourse, SandboxOrder, SandboxRefill

SCHEMA_VERSION = 2
# Ids begin far from 1, so that a panel's own ids are never taken for the upstream's by luck.
FIRST_ORDER_ID = 700_001
FIRST_REFILL_ID = 90_001

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (owner TEXT PRIMARY KEY, balance_micros INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, owner TEXT NOT NULL, service INTEGER NOT NULL, link TEXT NOT NULL,
    quantity INTEGER NOT NULL, charge_micros INTEGER NOT NULL, params TEXT NOT NULL,
    received_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
    starts_at INTEGER NOT NULL, full_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, start_count INTEGER NOT NULL,
    outcome TEXT NOT NULL, remains INTEGER NOT NULL, kept_micros INTEGER NOT NULL,
    request_id TEXT, digest TEXT NOT NULL, parent INTEGER, runs INTEGER NOT NULL, next_at INTEGER,
    settled INTEGER NOT NULL, lost INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX orders_unsettled ON orders (ends_at) WHERE settled = 0;
CREATE INDEX orders_link ON orders (service, link);
CREATE INDEX orders_next ON orders (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX orders_request ON orders (owner, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX orders_parent ON orders (parent) WHERE parent IS NOT NULL;
CREATE TABLE refills (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, owner TEXT NOT NULL, created_at INTEGER NOT NULL,
    starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, outcome TEXT NOT NULL
);
CREATE INDEX refills_order ON refills (order_id);
CREATE TABLE add_log (
    id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, owner TEXT NOT NULL, request_id TEXT,
    result TEXT NOT NULL, order_id INTEGER, error TEXT, params TEXT NOT NULL
);
CREATE INDEX add_log_request ON add_log (request_id) WHERE request_id IS NOT NULL;
"""
# From an older version of the file to the next.
_UPGRADES = {1: "ALTER TABLE orders ADD COLUMN lost INTEGER NOT NULL DEFAULT 0"}

_PLAN = ("starts_at", "full_at", "ends_at", "start_count", "outcome", "remains", "kept_micros")
_ORDER = (
    *("id", "owner", "service", "link", "quantity", "charge_micros", "params", "received_at", "created_at"),
    *_PLAN,
    *("request_id", "digest", "parent", "runs", "next_at", "settled", "lost"),
)
_INSERT_ORDER = f"INSERT INTO orders ({', '.join(_ORDER)}) VALUES ({', '.join(':' + c for c in _ORDER)})"


class Unusable(Exception):
    """The file cannot be used; the text says why."""


class Store:
    def __init__(self, path: str) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=1.0)
            self._db.row_factory = sqlite3.Row
            self._open()
        except sqlite3.Error as error:
            raise Unusable(f"cannot use {path}: {error}") from error
        self._commit: asyncio.Future[None] | None = None

    def _open(self) -> None:
        # Exclusive: a second sandbox on the same file would be refused instead of mixing in.
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN IMMEDIATE")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            version = SCHEMA_VERSION
        while version in _UPGRADES:
            self._db.execute(_UPGRADES[version])
            version += 1
        if version == SCHEMA_VERSION:
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._db.execute("COMMIT")
        if version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"it was written by another version ({version}, not {SCHEMA_VERSION})")

    def commit(self) -> None:
        """Make the steps so far durable at once, outside the event loop."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def close(self) -> None:
        self.commit()
        self._db.close()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Everything written within stays or goes together. To be followed by `durable()`."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN")
        self._db.execute("SAVEPOINT step")
        try:
            yield
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK TO step")
                self._db.execute("RELEASE step")
            else:
                # SQLite gave up the whole transaction (a full disk): the steps before this one went with it.
                self._fail_waiting(error)
            raise
        self._db.execute("RELEASE step")

    async def durable(self) -> None:
        """Return when the caller's step, and all that it may have read, is on the disk."""
        if self._commit is None:
            loop = asyncio.get_running_loop()
            self._commit = loop.create_future()
            loop.call_soon(self._commit_now)
        await asyncio.shield(self._commit)

    def _commit_now(self) -> None:
        if self._commit is None:
            return
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._fail_waiting(error)
        else:
            waiting, self._commit = self._commit, None
            waiting.set_result(None)

    def _fail_waiting(self, error: BaseException) -> None:
        waiting, self._commit = self._commit, None
        if waiting is not None:
            waiting.set_exception(error)

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()

    # The clock and the accounts

    def load_anchor(self) -> Anchor | None:
        rows = self._rows("SELECT value FROM meta WHERE name = 'clock'")
        return Anchor(**json.loads(rows[0]["value"])) if rows else None

    def save_anchor(self, anchor: Anchor) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('clock', ?)", [json.dumps(asdict(anchor))])

    def open_account(self, owner: str, *, balance_micros: int) -> None:
        """An account that exists keeps its balance."""
        self._db.execute("INSERT OR IGNORE INTO accounts VALUES (?, ?)", [owner, balance_micros])

    def balance(self, owner: str) -> int:
        return int(self._rows("SELECT balance_micros FROM accounts WHERE owner = ?", owner)[0][0])

    def set_balance(self, owner: str, *, balance_micros: int) -> None:
        self._db.execute("UPDATE accounts SET balance_micros = ? WHERE owner = ?", [balance_micros, owner])

    def _credit(self, owner: str, *, micros: int) -> None:
        self._db.execute("UPDATE accounts SET balance_micros = balance_micros + ? WHERE owner = ?", [micros, owner])

    # Orders

    def next_order_id(self) -> int:
        return int(self._rows("SELECT coalesce(max(id) + 1, ?) FROM orders", FIRST_ORDER_ID)[0][0])

    def insert_order(self, order: SandboxOrder, *, debit: bool = True) -> None:
        """Add the order and take its charge; without `debit` for history, which was paid long ago."""
        row: dict[str, Any] = asdict(order)
        row |= row.pop("plan")
        row["params"] = json.dumps(order.params, ensure_ascii=False)
        self._db.execute(_INSERT_ORDER, row)
        if debit:
            self._credit(order.owner, micros=-order.charge_micros)

    def replace_plan(self, order: SandboxOrder, plan: OrderCourse, *, settled: bool) -> SandboxOrder:
        """Give the order another course and credit (or take) the difference in what it costs now."""
        held = order.plan.kept_micros if order.settled else order.charge_micros
        holds = plan.kept_micros if settled else order.charge_micros
        ended = settled and plan.outcome not in OPEN
        changed = replace(order, plan=plan, settled=settled, next_at=None if ended else order.next_at)
        row = asdict(plan) | {"id": order.id, "settled": settled, "next_at": changed.next_at}
        columns = ", ".join(f"{c} = :{c}" for c in (*_PLAN, "settled", "next_at"))
        self._db.execute(f"UPDATE orders SET {columns} WHERE id = :id", row)
        self._credit(order.owner, micros=held - holds)
        return changed

    def set_next(self, order_id: int, *, next_at: int | None) -> None:
        self._db.execute("UPDATE orders SET next_at = ? WHERE id = ?", [next_at, order_id])

    def orders(self, ids: Iterable[int], *, owner: str | None = None) -> dict[int, SandboxOrder]:
        """The orders of these ids that exist; with an owner, those that he can see."""
        wanted = list(ids)
        marks = ", ".join("?" * len(wanted))
        rows = self._rows(f"SELECT * FROM orders WHERE id IN ({marks})", *wanted)
        return {r["id"]: _order(r) for r in rows if owner is None or (r["owner"] == owner and not r["lost"])}

    def latest_order(self, owner: str) -> int | None:
        """The id of the owner's latest `add`."""
        rows = self._rows("SELECT id FROM orders WHERE owner = ? AND parent IS NULL ORDER BY id DESC LIMIT 1", owner)
        return rows[0]["id"] if rows else None

    def all_orders(self) -> list[SandboxOrder]:
        return [_order(r) for r in self._rows("SELECT * FROM orders ORDER BY id")]

    def by_request_id(self, request_id: str, *, owner: str) -> SandboxOrder | None:
        rows = self._rows(
            "SELECT * FROM orders WHERE owner = ? AND request_id = ? AND lost = 0 ORDER BY id LIMIT 1",
            owner,
            request_id,
        )
        return _order(rows[0]) if rows else None

    def children(self, parent: int) -> list[int]:
        return [r["id"] for r in self._rows("SELECT id FROM orders WHERE parent = ? ORDER BY id", parent)]

    def due_to_settle(self, now: int) -> list[SandboxOrder]:
        return [_order(r) for r in self._rows("SELECT * FROM orders WHERE settled = 0 AND ends_at <= ?", now)]

    def due_schedules(self, now: int) -> list[SandboxOrder]:
        return [_order(r) for r in self._rows("SELECT * FROM orders WHERE next_at <= ? ORDER BY next_at, id", now)]

    def link_in_use(self, *, service: int, link: str) -> bool:
        """Whether an order of the service is open for the link. Due ends must have been settled before."""
        rows = self._rows(
            "SELECT settled, outcome FROM orders WHERE service = ? AND link = ? AND lost = 0", service, link
        )
        return any(not r["settled"] or r["outcome"] in OPEN for r in rows)

    # Refills

    def next_refill_id(self) -> int:
        return int(self._rows("SELECT coalesce(max(id) + 1, ?) FROM refills", FIRST_REFILL_ID)[0][0])

    def insert_refill(self, refill: SandboxRefill) -> None:
        row = asdict(refill)
        self._db.execute(f"INSERT INTO refills ({', '.join(row)}) VALUES ({', '.join(':' + c for c in row)})", row)

    def refills(self, ids: Iterable[int], *, owner: str) -> dict[int, SandboxRefill]:
        wanted = list(ids)
        marks = ", ".join("?" * len(wanted))
        rows = self._rows(f"SELECT * FROM refills WHERE id IN ({marks}) AND owner = ?", *wanted, owner)
        return {r["id"]: SandboxRefill(**dict(r)) for r in rows}

    def latest_refill(self, order_id: int) -> SandboxRefill | None:
        rows = self._rows("SELECT * FROM refills WHERE order_id = ? ORDER BY id DESC LIMIT 1", order_id)
        return SandboxRefill(**dict(rows[0])) if rows else None

    # The log and the dump

    def log_add(
        self,
        *,
        received_at: int,
        owner: str,
        request_id: str | None,
        result: str,
        order_id: int | None,
        error: str | None,
        params: dict[str, str],
    ) -> None:
        """Append one `add` call: `result` is placed, repeated or refused. Nothing changes or removes a row."""
        self._db.execute(
            "INSERT INTO add_log (received_at, owner, request_id, result, order_id, error, params)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [received_at, owner, request_id, result, order_id, error, json.dumps(params, ensure_ascii=False)],
        )

    def dump(self, table: str) -> list[dict[str, Any]]:
        """All rows of accounts, refills or add_log, in the order of their first column."""
        assert table in ("accounts", "refills", "add_log")
        return [dict(r) for r in self._rows(f"SELECT * FROM {table} ORDER BY 1")]


def _order(row: sqlite3.Row) -> SandboxOrder:
    facts = dict(row)
    plan = OrderCourse(**{name: facts.pop(name) for name in _PLAN})
    facts["params"] = json.loads(facts["params"])
    facts |= {name: bool(facts[name]) for name in ("settled", "lost")}
    return SandboxOrder(plan=plan, **facts)
