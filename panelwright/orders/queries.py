"""Reads of orders with more than one caller. Each names its panels; the caller checks the customer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from panelwright.core import sql
from panelwright.core.paging import counted
from panelwright.orders.models import Order

# How an order stands, for `status`: number, customer id, charge in micros, start count, status, remains, and its id
# where it has a schedule. A plain tuple, as the database gives it, and nothing that is not told: a request asks for
# 100 of them, and giving each one names doubled its time.
Standing = tuple[int, int, int, int | None, str, int, int | None]
# A panel's id with the number of an order or refill: the number alone is another one's in each panel.
Name = tuple[int, int]


class Progress(NamedTuple):
    """What a drip-feed or subscription has done so far. `children` are numbers of orders."""

    kind: str
    runs_done: int
    posts_done: int
    expires_on: date | None
    children: list[int]


def of_panels(one: sql.Query, each: sql.Query, wanted: Mapping[int, Collection[int]]) -> list[sql.Row]:
    """The rows with these numbers, by panel id. `one` asks for a panel and its numbers, `each` for pairs of both.

    Never for a set of panels and a set of numbers: all numbers in all panels would be far more than was asked for.
    """
    asked = {panel_id: numbers for panel_id, numbers in wanted.items() if numbers}
    if len(asked) == 1:
        ((panel_id, numbers),) = asked.items()
        return one.rows(connection, panel_id, sorted(numbers))
    return each.rows(connection, _pairs(asked)) if asked else []


def _pairs(asked: Mapping[int, Collection[int]]) -> str:
    return sql.pairs(sorted([(panel_id, number) for panel_id, numbers in asked.items() for number in numbers]))


_STANDINGS = sql.Query(
    "SELECT number, customer_id, charge_micros, start_count, status, remains,"
    " CASE WHEN kind IN ('drip-feed', 'subscription') THEN id END"
    " FROM orders_order WHERE panel_id = ? AND number :in_int"
)
# Of several panels, each row with its panel's id behind it; what was asked for comes first, whatever the database
# thinks of it.
_STANDINGS_EACH = sql.Query(
    "SELECT o.number, o.customer_id, o.charge_micros, o.start_count, o.status, o.remains,"
    " CASE WHEN o.kind IN ('drip-feed', 'subscription') THEN o.id END, o.panel_id"
    " FROM :pairs p CROSS JOIN orders_order o WHERE o.panel_id = p.first AND o.number = p.second"
)
# The last condition is the index's own.
_BY_REQUEST = sql.Query(
    "SELECT customer_id, request_id, number FROM orders_order"
    " WHERE panel_id :in_int AND customer_id :in_int AND request_id :in_text AND request_id IS NOT NULL"
)
_PROGRESS = sql.Query(
    "SELECT s.order_id, o.kind, s.runs_done, s.posts_done, s.expires_on FROM orders_schedule s"
    " JOIN orders_order o ON o.id = s.order_id WHERE s.panel_id :in_int AND s.order_id :in_int"
)
_CHILDREN = sql.Query(
    "SELECT parent_id, number FROM orders_order WHERE panel_id :in_int AND parent_id :in_int ORDER BY parent_id, number"
)
_REFILLS = sql.Query(
    "SELECT r.panel_id, r.number, o.customer_id, r.status FROM orders_refill r JOIN orders_order o ON o.id = r.order_id"
    " WHERE r.panel_id = ? AND r.number :in_int"
)
_REFILLS_EACH = sql.Query(
    "SELECT r.panel_id, r.number, o.customer_id, r.status FROM :pairs p CROSS JOIN orders_refill r"
    " JOIN orders_order o ON o.id = r.order_id WHERE r.panel_id = p.first AND r.number = p.second"
)
_BALANCES = sql.Query("SELECT id, balance_micros FROM ledger_account WHERE panel_id :in_int AND id :in_int")


def standings(
    wanted: Mapping[int, Collection[int]],
) -> tuple[dict[int, dict[int, Standing]], dict[int, Progress]]:
    """The orders with these numbers, both by panel id; and by order id what those with a schedule have done."""
    asked = {panel_id: numbers for panel_id, numbers in wanted.items() if numbers}
    found: dict[int, dict[int, Standing]] = {panel_id: {} for panel_id in wanted}
    if len(asked) == 1:
        ((panel_id, numbers),) = asked.items()
        rows = _STANDINGS.rows(connection, panel_id, sorted(numbers))
        found[panel_id] = {row[0]: row for row in rows}
    else:
        rows = _STANDINGS_EACH.rows(connection, _pairs(asked)) if asked else []
        for row in rows:
            found[row[7]][row[0]] = row[:7]
    parents = sorted([row[6] for row in rows if row[6] is not None])
    progress: dict[int, Progress] = {}
    if parents:
        panels = sorted(wanted)
        for order_id, kind, runs_done, posts_done, expires_on in _PROGRESS.rows(connection, panels, parents):
            on = date.fromisoformat(expires_on) if isinstance(expires_on, str) else expires_on
            progress[order_id] = Progress(kind, runs_done, posts_done, on, [])
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
    return {row[:2]: row[2:] for row in of_panels(_REFILLS, _REFILLS_EACH, wanted)}


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


_NUMBER_FROM = sql.Query(
    "SELECT number, created_at FROM orders_order WHERE panel_id = ? AND number >= ? ORDER BY number LIMIT 1"
)
_LAST_NUMBER = sql.Query("SELECT number FROM orders_order WHERE panel_id = ? ORDER BY number DESC LIMIT 1")
# Processes take numbers in blocks: those of one moment stand this far apart at most (docs/decisions/0016-numbers.md).
BLOCKS_LAST = timedelta(seconds=30)


def number_at(panel_id: int, at: datetime) -> int:
    """The first number of the panel's orders that were placed from then on, or one a little before or behind it.

    Numbers rise with time, so it is found by halving: some 40 looks into the index, however many orders there are.
    """
    last = _first(_LAST_NUMBER.rows(connection, panel_id))
    low, high = 0, 0 if last is None else last + 1
    while low < high:
        middle = (low + high) // 2
        rows = _NUMBER_FROM.rows(connection, panel_id, middle)
        placed = sql.aware(rows[0][1]) if rows else None
        if placed is None or placed >= at:
            high = middle
        else:
            low = rows[0][0] + 1
    return low


def numbers_between(panel_id: int, start: datetime | None, end: datetime | None) -> Q:
    """A range of numbers that holds all of the panel's orders of this time; `end` excluded, None: no bound."""
    found = Q()
    if start is not None:
        found &= Q(number__gte=number_at(panel_id, start - BLOCKS_LAST))
    if end is not None:
        found &= Q(number__lt=number_at(panel_id, end + BLOCKS_LAST))
    return found


def balances(panel_ids: Collection[int], account_ids: Collection[int]) -> dict[int, int]:
    """Account id -> micros."""
    return dict(_BALANCES.rows(connection, sorted(panel_ids), sorted(account_ids)))


def count_of_customer(panel_id: int, customer_id: int) -> int:
    """How many orders a customer has, up to one more than lists count."""
    return counted(Order.objects.filter(panel_id=panel_id, customer_id=customer_id))
