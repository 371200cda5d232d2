"""Reads of orders with more than one caller. Each names its panels; the caller checks the customer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.orders.models import OrderKind

# How an order stands, for `status`: id, customer id, kind, charge in micros, start count, status, remains. A plain
# tuple, as the database gives it: a request asks for 100 of them, and giving each one names doubled its time.
Standing = tuple[int, int, str, int, int | None, str, int]


class Progress(NamedTuple):
    """What a drip-feed or subscription has done so far."""

    runs_done: int
    posts_done: int
    expires_on: date | None
    children: list[int]


_SCHEDULED = frozenset({OrderKind.DRIP_FEED.value, OrderKind.SUBSCRIPTION.value})
_STANDINGS = sql.Query(
    "SELECT id, customer_id, kind, charge_micros, start_count, status, remains"
    " FROM orders_order WHERE panel_id :in_int AND id :in_int"
)
# The last condition is the index's own.
_BY_REQUEST = sql.Query(
    "SELECT customer_id, request_id, id FROM orders_order"
    " WHERE panel_id :in_int AND customer_id :in_int AND request_id :in_text AND request_id IS NOT NULL"
)
_PROGRESS = sql.Query(
    "SELECT order_id, runs_done, posts_done, expires_on FROM orders_schedule"
    " WHERE panel_id :in_int AND order_id :in_int"
)
_CHILDREN = sql.Query(
    "SELECT parent_id, id FROM orders_order WHERE panel_id :in_int AND parent_id :in_int ORDER BY parent_id, id"
)
_REFILLS = sql.Query(
    "SELECT r.id, o.customer_id, r.status FROM orders_refill r JOIN orders_order o ON o.id = r.order_id"
    " WHERE r.panel_id :in_int AND r.id :in_int"
)
_BALANCES = sql.Query("SELECT id, balance_micros FROM ledger_account WHERE panel_id :in_int AND id :in_int")


def standings(
    panel_ids: Collection[int], order_ids: Collection[int]
) -> tuple[dict[int, Standing], dict[int, Progress]]:
    """The orders by id, and what those with a schedule have done."""
    panels = sorted(panel_ids)
    rows = _STANDINGS.rows(connection, panels, sorted(order_ids))
    found: dict[int, Standing] = {row[0]: row for row in rows}
    parents = [row[0] for row in rows if row[2] in _SCHEDULED]
    progress: dict[int, Progress] = {}
    if parents:
        parents.sort()
        for order_id, runs_done, posts_done, expires_on in _PROGRESS.rows(connection, panels, parents):
            on = date.fromisoformat(expires_on) if isinstance(expires_on, str) else expires_on
            progress[order_id] = Progress(runs_done, posts_done, on, [])
        for parent_id, child_id in _CHILDREN.rows(connection, panels, parents):
            progress[parent_id].children.append(child_id)
    return found, progress


def by_request(
    panel_ids: Collection[int], customer_ids: Collection[int], request_ids: Collection[str]
) -> dict[tuple[int, str], int]:
    """(customer id, request_id) -> order id."""
    rows = _BY_REQUEST.rows(connection, sorted(panel_ids), sorted(customer_ids), sorted(request_ids))
    return {(row[0], row[1]): row[2] for row in rows}


def refills(panel_ids: Collection[int], refill_ids: Collection[int]) -> dict[int, tuple[int, str]]:
    """Refill id -> (customer id, status)."""
    rows = _REFILLS.rows(connection, sorted(panel_ids), sorted(refill_ids))
    return {row[0]: (row[1], row[2]) for row in rows}


def balances(panel_ids: Collection[int], account_ids: Collection[int]) -> dict[int, int]:
    """Account id -> micros."""
    return dict(_BALANCES.rows(connection, sorted(panel_ids), sorted(account_ids)))
