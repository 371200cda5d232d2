"""The file: what a call reads and writes in it, looked at from within."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from panelwright.sandbox.clock import Anchor, Clock
from panelwright.sandbox.panel import SandboxPanel, Settings, owner_of
from panelwright.sandbox.store import Store, Unusable

T0 = 1_700_000_000_000
LINK = "https://example.com/page"


def test_no_call_walks_through_all_orders(tmp_path: Path):
    path = str(tmp_path / "sandbox.sqlite3")
    store = Store(path)
    panel = SandboxPanel(store, Clock(Anchor(T0, T0, 0.0), wall=lambda: T0), Settings((owner_of("key"),)))
    store.open_account(owner_of("key"), balance_micros=10**12)
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)
    calls: list[dict[str, str]] = [
        {"action": "add", "service": "6", "link": LINK, "quantity": "100", "request_id": "r"},
        {"action": "add", "service": "6", "link": LINK, "quantity": "100", "request_id": "r"},
        {"action": "add", "service": "2", "link": LINK, "quantity": "100", "runs": "2", "interval": "5"},
        {
            "action": "add",
            "service": "15",
            "username": "anna",
            "min": "10",
            "max": "20",
            "delay": "0",
            "old_posts": "1",
        },
        {"action": "balance"},
        {"action": "status", "orders": "700001,700002,700003"},
        {"action": "refill", "order": "700002"},
        {"action": "refill_status", "refill": "90001"},
        {"action": "cancel", "orders": "700002,700003"},
    ]
    for params in calls:
        with store.step():
            panel.answer({"key": "key", **params})
    store._db.set_trace_callback(None)
    store.close()

    selects = [s for s in statements if s.startswith("SELECT")]
    assert sum(" FROM orders WHERE next_at" in s for s in selects) == len(calls)
    db = sqlite3.connect(path)
    plans = {s: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {s}")] for s in selects if "max(id)" not in s}
    db.close()
    assert [(s, steps) for s, steps in plans.items() if any(step.startswith("SCAN") for step in steps)] == []


def test_a_step_that_fails_leaves_its_neighbours_alone(tmp_path: Path):
    store = Store(str(tmp_path / "sandbox.sqlite3"))
    with store.step():
        store.open_account("alice", balance_micros=5)
    try:
        with store.step():
            store.set_balance("alice", balance_micros=7)
            raise RuntimeError("in the middle of it")
    except RuntimeError:
        pass
    with store.step():
        store.open_account("bob", balance_micros=6)
    store.close()
    again = Store(str(tmp_path / "sandbox.sqlite3"))
    assert (again.balance("alice"), again.balance("bob")) == (5, 6)
    assert again._db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL: every commit reaches the disk
    assert again._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    again.close()


def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path):
    path = str(tmp_path / "sandbox.sqlite3")
    store = Store(path)
    panel = SandboxPanel(store, Clock(Anchor(T0, T0, 0.0), wall=lambda: T0), Settings((owner_of("key"),)))
    store.open_account(owner_of("key"), balance_micros=10**12)
    with store.step():
        panel.answer({"key": "key", "action": "add", "service": "2", "link": LINK, "quantity": "100"})
    store.close()
    db = sqlite3.connect(path)
    db.execute("ALTER TABLE orders DROP COLUMN lost")
    db.execute("PRAGMA user_version=1")
    db.close()
    for _ in range(2):
        again = Store(path)
        assert [(order.quantity, order.lost) for order in again.all_orders()] == [(100, False)]
        again.close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version=3")
    newer.close()
    with pytest.raises(Unusable, match="written by another version"):
        Store(path)
