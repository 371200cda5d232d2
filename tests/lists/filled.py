"""A panel with many rows in each list, and another one that has as many: what lists read must be a small part.

Import this late: it needs Django to be set up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection, transaction
from django_scopes import scope

from panelwright.panels import numbers
from panelwright.panels.models import Noun
from panelwright.payments import method_actions
from tests.support.people import execute, value
from tests.support.story import Story

ORDERS = 15_000
OTHERS = 6_000
# Both panels' rows come in in turn, as they do where both are in use.
PART = 200
AT = "2026-05-04 12:00:00"


class Filled(NamedTuple):
    """`dave` ordered little, long ago. `values`: what each filter is asked for, by its name."""

    dave: Any
    values: dict[str, str]


@contextmanager
def filled(story: Story) -> Iterator[Filled]:
    """Inside the block; behind it the books balance again."""
    with transaction.atomic():
        yield _fill(story)
        transaction.set_rollback(True)


def _fill(story: Story) -> Filled:
    alice, carol = story.alice, story.carol
    dave = alice.customer("dave", balance="5.00")
    provider = alice.provider("https://north.example/api/v2", name="north")
    for buyer, count in ((dave, 60), (carol, ORDERS), (story.mallory, ORDERS)):
        _orders(buyer, count, provider.id if buyer is not story.mallory else None)
    _of_orders((carol, story.mallory))
    for first in range(0, OTHERS, PART):
        for buyer in (carol, story.mallory):
            _of_panel(buyer, first)
    for buyer in (carol, story.mallory):
        _log(buyer)
        _payments(buyer)
    if connection.vendor == "postgresql":
        # As it does by itself after a while. SQLite keeps to what it was told (core/sqlite_statistics.py).
        connection.cursor().execute("ANALYZE")
    number = int(value("SELECT MIN(number) FROM orders_order WHERE customer_id = %s", dave.customer_id))
    values = {
        "customer": str(dave.number),
        "provider": str(provider.id),
        "service": "2",
        "parent": str(number),
        "ids": f"{number},{number + 1}",
        "on": AT[:10],
        "span": AT[:10],
        "joined": AT[:10],
        "ended": f"{AT[:10]}..{AT[:10]}",
        "who": str(story.bob.id),
        "action": "order.start",
    }
    return Filled(dave, values)


def _insert(table: str, count: int, behind: int = 0, **columns: object) -> None:
    """Rows of a table: each column is an expression of `n`, which goes on behind a number."""
    last = behind + count
    grown = f"WITH RECURSIVE g(n) AS (SELECT {behind + 1} UNION ALL SELECT n + 1 FROM g WHERE n < {last})"
    values = ", ".join(map(str, columns.values())).replace("%", "%%")
    execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM ({grown} SELECT n FROM g) AS x ORDER BY n"
    )


def _orders(buyer: Any, count: int, provider: int | None) -> None:
    service = min(one.id for one in buyer.owner.services.values())
    first = numbers.take(buyer.owner.panel_id, Noun.ORDER, count).start
    open_ = "n % 16 IN (2, 3)"
    _insert(
        "orders_order",
        count,
        panel_id=buyer.owner.panel_id,
        number=f"{first} - 1 + n",
        customer_id=buyer.customer_id,
        service_id=f"{service} + n % 2",
        kind="'plain'",
        link="'https://example.com/p' || (n % 13) || '/' || n",
        quantity=1000,
        fields="''",
        rate_micros=1_000_000,
        booked_micros=1_000_000,
        charge_micros="CASE n % 16 WHEN 0 THEN 0 WHEN 1 THEN 750000 ELSE 1000000 END",
        status="CASE n % 16 WHEN 0 THEN 'Canceled' WHEN 1 THEN 'Partial' WHEN 2 THEN 'In progress'"
        " WHEN 3 THEN 'Pending' ELSE 'Completed' END",
        remains="CASE n % 16 WHEN 0 THEN 1000 WHEN 1 THEN 250 WHEN 2 THEN 500 WHEN 3 THEN 1000 ELSE 0 END",
        job=f"CASE WHEN n % 64 = 3 THEN 'manual' WHEN {open_} THEN 'poll' END",
        due_at=f"CASE WHEN {open_} THEN CAST('{AT}' AS {_time()}) END",
        provider_id=provider or "NULL",
        upstream_id=f"'{buyer.customer_id}-' || n" if provider else "NULL",
        problem_code="CASE WHEN n % 160 = 2 THEN 'outcome_unknown' ELSE '' END",
        problem_at=f"CASE WHEN n % 160 = 2 THEN CAST('{AT}' AS {_time()}) END",
        created_at=_at(),
        ended_at=f"CASE WHEN {open_} THEN NULL ELSE {_at()} END",
    )


def _time() -> str:
    return "timestamptz" if connection.vendor == "postgresql" else "text"


def _at() -> str:
    return f"CAST('{AT}' AS {_time()})"


def _of_orders(buyers: tuple[Any, ...]) -> None:
    """A refill and a cancel for each order, one panel's and another's in turn, and a transfer."""
    whose = ", ".join(str(buyer.customer_id) for buyer in buyers)
    mine = f"customer_id IN ({whose}) ORDER BY number, panel_id"
    execute(
        "INSERT INTO orders_refill (panel_id, number, order_id, customer_id, status, state, due_at, created_at,"
        " ended_at) SELECT panel_id, number, id, customer_id,"
        f" CASE WHEN id %% 40 = 0 THEN 'Pending' ELSE 'Completed' END, 'passed on', NULL, {_at()},"
        f" CASE WHEN id %% 40 = 0 THEN NULL ELSE {_at()} END FROM orders_order WHERE {mine}"
    )
    execute(
        "INSERT INTO orders_cancel (panel_id, order_id, state, created_at) SELECT panel_id, id,"
        f" CASE WHEN id %% 40 = 0 THEN 'waiting' ELSE 'done' END, {_at()} FROM orders_order WHERE {mine}"
    )
    for buyer in buyers:
        sales = value("SELECT id FROM ledger_account WHERE kind = 'sales' AND panel_id = %s", buyer.owner.panel_id)
        execute(
            "INSERT INTO ledger_transfer (panel_id, debit_account_id, credit_account_id, amount_micros, code,"
            f" reference, order_id, created_at) SELECT panel_id, {buyer.account_id}, {sales}, 1, 'order', 'f' || id,"
            f" id, {_at()} FROM orders_order WHERE customer_id = {buyer.customer_id} ORDER BY id"
        )


def _of_panel(buyer: Any, first: int) -> None:
    panel, at, mine = buyer.owner.panel_id, _at(), buyer.customer_id
    _insert(
        "support_ticket",
        PART,
        first,
        panel_id=panel,
        number="100000 + n",
        customer_id=mine,
        subject="'other'",
        title="'Question ' || n",
        state="CASE WHEN n % 50 = 0 THEN 'pending' WHEN n % 50 = 1 THEN 'answered' ELSE 'closed' END",
        words_wait="FALSE",
        unread_customer="FALSE",
        unread_staff="FALSE",
        version=1,
        created_at=at,
        updated_at=at,
        closed_at=f"CASE WHEN n % 50 IN (0, 1) THEN NULL ELSE {at} END",
    )
    _insert(
        "staff_trailentry",
        PART,
        first,
        panel_id=panel,
        actor_kind="'staff'",
        actor_id="n % 7",
        actor_name="'bob'",
        address="'127.0.0.1'",
        action="CASE WHEN n % 90 = 0 THEN 'order.start' ELSE 'order.done' END",
        object_kind="'order'",
        object_id="n",
        given="'{}'",
        before="'{}'",
        after="'{}'",
        at=at,
    )
    _insert("panels_block", PART, first, panel_id=panel, kind="'word'", text="'word ' || n", note="''", created_at=at)
    _insert(
        "customers_apikey",
        PART,
        first,
        panel_id=panel,
        customer_id=mine,
        name="''",
        digest="'d' || n",
        prefix="'12345678'",
        can_read="TRUE",
        can_order="TRUE",
        addresses="''",
        spent_micros=0,
        revoked_at=f"CASE WHEN n % 100 = 0 THEN NULL ELSE {at} END",
        created_at=at,
    )
    _insert(
        "customers_user",
        PART,
        first,
        panel_id=panel,
        email="'u' || n || '@customers.example'",
        password="'!'",
        name="'User ' || n",
        is_active="TRUE",
        created_at=at,
    )
    _insert("ledger_account", PART, first, panel_id=panel, kind="'customer'", name="''", balance_micros=0)
    execute(
        "INSERT INTO customers_customer (panel_id, number, user_id, account_id, enabled, created_at)"
        f" SELECT {panel}, 100000 + u.id, u.id, a.id, u.id %% 90 <> 0, {at}"
        " FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM customers_user WHERE panel_id = %s"
        " AND email LIKE 'u%%@customers.example' AND id NOT IN (SELECT user_id FROM customers_customer)) AS u"
        " JOIN (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n"
        " FROM ledger_account WHERE panel_id = %s AND kind = 'customer' AND id NOT IN (SELECT account_id FROM"
        " customers_customer)) AS a ON a.n = u.n ORDER BY u.n",
        panel,
        panel,
    )


def _payments(buyer: Any) -> None:
    """One in fifty waits for staff."""
    panel, at = buyer.owner.panel_id, _at()
    with scope(panel=buyer.owner.panel):
        method = method_actions.add(panel_id=panel, kind="by_hand", name="Bank").id
    _insert(
        "payments_payment",
        OTHERS,
        panel_id=panel,
        number="100000 + n",
        customer_id=buyer.customer_id,
        method_id=method,
        state="CASE WHEN n % 50 = 0 THEN 'pending' WHEN n % 50 = 1 THEN 'problem' ELSE 'canceled' END",
        reference="'R' || n",
        gateway_id="'T' || n",
        url="''",
        live="TRUE",
        currency="'USD'",
        asked_micros=1_000_000,
        fee_micros=0,
        rate_e12=10**12,
        bonuses="'[]'",
        credit_micros=1_000_000,
        bonus_micros=0,
        problem_code="''",
        problem_facts="'{}'",
        proof="''",
        reason="''",
        back="''",
        attempts=0,
        created_at=at,
        updated_at=at,
    )


def _log(buyer: Any) -> None:
    """A webhook with a long log."""
    panel, at, mine = buyer.owner.panel_id, _at(), buyer.customer_id
    _insert(
        "events_endpoint",
        1,
        panel_id=panel,
        customer_id=mine,
        slot=1,
        url="'https://hooks.example'",
        description="''",
        names="'[]'",
        sealed_secret="''",
        old_sealed_secret="''",
        enabled="TRUE",
        stopped_why="''",
        created_at=at,
    )
    endpoint = value("SELECT MAX(id) FROM events_endpoint")
    _insert(
        "events_delivery",
        OTHERS,
        panel_id=panel,
        endpoint_id=endpoint,
        name="'test'",
        message_id="'m' || n",
        body="'{}'",
        attempts=1,
        delivered_at=f"CASE WHEN n % 50 = 0 THEN NULL ELSE {at} END",
        created_at=at,
    )
