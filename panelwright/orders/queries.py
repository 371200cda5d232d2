"""Reads of orders with more than one caller. Each names its panels; the caller checks the customer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.orders.models import OrderKind

# How an order stands, for `status`: id, customer id, kind, charge in micros, start count, status, remains, number. A
# plain tuple, as the database gives it: a request asks for 100 of them, and giving each one names doubled its time.
Standing = tuple[int, int, str, int, int | None, str, int, int]
# A panel's id with the number of an order or refill: the number alone is another one's in each panel.
Name = tuple[int, int]


class Progress(NamedTuple):
    """What a drip-feed or subscription has done so far. `children` are numbers of orders."""

    runs_done: int
    posts_done: int
    expires_on: date | None
    children: list[int]


_SCHEDULED = frozenset({OrderKind.DRIP_FEED.value, OrderKind.SUBSCRIPTION.value})
_STANDINGS = sql.Query(
    "SELECT id, customer_id, kind, charge_micros, start_count, status, remains, number"
    " FROM orders_order WHERE panel_id = ? AND number :in_int"
)
# The last condition is the index's own.
_BY_REQUEST = sql.Query(
    "SELECT customer_id, request_id, number FROM orders_order"
    " WHERE panel_id :in_int AND customer_id :in_int AND request_id :in_text AND request_id IS NOT NULL"
)
_PROGRESS = sql.Query(
    "SELECT order_id, runs_done, posts_done, expires_on FROM orders_schedule"
    " WHERE panel_id :in_int AND order_id :in_int"
)
_CHILDREN = sql.Query(
    "SELECT parent_id, number FROM orders_order WHERE panel_id :in_int AND parent_id :in_int ORDER BY parent_id, number"
)
_REFILLS = sql.Query(
    "SELECT r.number, o.customer_id, r.status FROM orders_refill r JOIN orders_order o ON o.id = r.order_id"
    " WHERE r.panel_id = ? AND r.number :in_int"
)
_BALANCES = sql.Query("SELECT id, balance_micros FROM ledger_account WHERE panel_id :in_int AND id :in_int")


def standings(
    wanted: Mapping[int, Collection[int]],
) -> tuple[dict[Name, Standing], dict[int, Progress]]:
    """The orders with these numbers, by panel id; and by order id what those with a schedule have done."""
    found: dict[Name, Standing] = {}
    # Panel by panel: a set of all numbers in all panels would be far more than was asked for.
    for panel_id, numbers in wanted.items():
        if numbers:
            found.update({(panel_id, row[7]): row for row in _STANDINGS.rows(connection, panel_id, sorted(numbers))})
    parents = sorted(row[0] for row in found.values() if row[2] in _SCHEDULED)
    progress: dict[int, Progress] = {}
    if parents:
        panels = sorted(wanted)
        for order_id, runs_done, posts_done, expires_on in _PROGRESS.rows(connection, panels, parents):
            on = date.fromisoformat(expires_on) if isinstance(expires_on, str) else expires_on
            progress[order_id] = Progress(runs_done, posts_done, on, [])
        for parent_id, number in _CHILDREN.rows(connection, panels, parents):
            progress[parent_id].children.append(number)
    return found, progress


def by_request(
    panel_ids: Collection[int], customer_ids: Collection[int], request_ids: Collection[str]
) -> dict[tuple[int, str], int]:
    """(customer id, request_id) -> the order's number."""
    rows = _BY_REQUEST.rows(connection, sorted(panel_ids), sorted(customer_ids), sorted(request_ids))
    return {(row[0], row[1]): row[2] for row in rows}


def refills(wanted: Mapping[int, Collection[int]]) -> dict[Name, tuple[int, str]]:
    """The refills with these numbers, by panel id: (panel id, number) -> (customer id, status)."""
    return {
        (panel_id, row[0]): (row[1], row[2])
        for panel_id, numbers in wanted.items()
        if numbers
        for row in _REFILLS.rows(connection, panel_id, sorted(numbers))
    }


_ID_OF = sql.Query("SELECT id FROM orders_order WHERE panel_id = ? AND number = ?")
_REFILL_ID_OF = sql.Query("SELECT id FROM orders_refill WHERE panel_id = ? AND number = ?")
_NUMBERS_OF = sql.Query("SELECT id, number FROM orders_order WHERE panel_id = ? AND id :in_int")


def order_id(panel_id: int, number: int) -> int | None:
    """The id of the panel's order with this number; None when there is none."""
    return _first(_ID_OF.rows(connection, panel_id, number)) if number < 2**63 else None


def refill_id(panel_id: int, number: int) -> int | None:
    """The id of the panel's refill with this number; None when there is none."""
    return _first(_REFILL_ID_OF.rows(connection, panel_id, number)) if number < 2**63 else None


def _first(rows: list[sql.Row]) -> int | None:
    return int(rows[0][0]) if rows else None


def numbers_of(panel_id: int, order_ids: Collection[int]) -> dict[int, int]:
    """Order id -> number, of the panel's own."""
    return dict(_NUMBERS_OF.rows(connection, panel_id, sorted(order_ids))) if order_ids else {}


def balances(panel_ids: Collection[int], account_ids: Collection[int]) -> dict[int, int]:
    """Account id -> micros."""
    return dict(_BALANCES.rows(connection, sorted(panel_ids), sorted(account_ids)))
