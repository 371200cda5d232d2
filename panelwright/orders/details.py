"""One order as its customer may see it: what was ordered, what happened, what was paid and given back.

Nothing of who delivers it: no provider, no cost, no name of staff, no text that was meant for them. Reads only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.orders import listing
from panelwright.orders.listing import ListedOrder, OrderPage, RefillRow, Wanted

REFILLS_MAX = 50
MOMENTS_MAX = 200
# Events with the order's id that are looked through; those of other nouns may have the same.
EVENTS_WINDOW = 1_000
TRANSFERS_MAX = 200


class Milestone(StrEnum):
    """What a customer is told of an order's life."""

    PLACED = "placed"
    CANCEL_REQUESTED = "cancel requested"
    CANCEL_REFUSED = "cancel refused"
    COMPLETED = "completed"
    PARTIAL = "partial"
    CANCELED = "canceled"
    EXPIRED = "expired"
    PAUSED = "paused"
    RESUMED = "resumed"
    REFILL_REQUESTED = "refill requested"
    REFILL_STARTED = "refill started"
    REFILL_COMPLETED = "refill completed"
    REFILL_REJECTED = "refill rejected"
    REFILL_CANCELED = "refill canceled"


# Events that are not named here are for staff.
_TOLD = {
    "order.cancel_requested": Milestone.CANCEL_REQUESTED,
    "order.cancel_refused": Milestone.CANCEL_REFUSED,
    "order.completed": Milestone.COMPLETED,
    "order.partial": Milestone.PARTIAL,
    "order.canceled": Milestone.CANCELED,
    "order.expired": Milestone.EXPIRED,
    "dripfeed.paused": Milestone.PAUSED,
    "dripfeed.resumed": Milestone.RESUMED,
    "subscription.paused": Milestone.PAUSED,
    "subscription.resumed": Milestone.RESUMED,
    "subscription.went_on": Milestone.RESUMED,
    "refill.requested": Milestone.REFILL_REQUESTED,
    "refill.started": Milestone.REFILL_STARTED,
    "refill.in progress": Milestone.REFILL_STARTED,
    "refill.completed": Milestone.REFILL_COMPLETED,
    "refill.rejected": Milestone.REFILL_REJECTED,
    "refill.canceled": Milestone.REFILL_CANCELED,
}


class Moment(NamedTuple):
    """Something that happened. `remains`: of an end, the units that were not delivered; `refill`: its number."""

    what: Milestone
    at: datetime
    remains: int | None = None
    refill: int | None = None


class SchedulePlan(NamedTuple):
    """How a drip-feed or subscription creates its orders."""

    run_quantity: int
    interval_min: int
    runs_started: int
    undelivered: int
    username: str
    min: int
    max: int
    delay_min: int
    old_posts_done: int
    # Why a subscription pauses that nobody paused by hand (models.PauseReason), or empty; and the rate agreed on.
    pause_reason: str
    agreed_micros: int


class OrderTransfer(NamedTuple):
    """A transfer for the order: what it took from the customer, or (refund) gave back.

    `reference`: the number of the order or run.
    """

    code: str
    reference: str
    micros: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Details:
    """`fields` are those of the service's type, by name; `key_name` is the customer's name of the key that placed it.

    `timeline` begins with the oldest. `children` is a page of what a drip-feed or subscription created. `refill_of`:
    the number of the order whose refill this one delivers.
    """

    row: ListedOrder
    fields: dict[str, str]
    key_name: str | None
    plan: SchedulePlan | None
    children: OrderPage
    refills: list[RefillRow]
    timeline: list[Moment]
    transfers: list[OrderTransfer]
    refill_of: int | None = None


_MORE = sql.Query(
    "SELECT o.fields, a.name, (SELECT p.number FROM orders_refill r JOIN orders_order p ON p.id = r.order_id"
    " WHERE r.by_order_id = o.id), s.run_quantity, s.interval_min, s.runs_started, s.undelivered, s.username, s.min,"
    " s.max, s.delay_min, s.old_posts_done, s.pause_reason, COALESCE(s.agreed_micros, o.rate_micros)"
    " FROM orders_order o LEFT JOIN customers_apikey a ON a.id = o.key_id"
    " LEFT JOIN orders_schedule s ON s.order_id = o.id WHERE o.panel_id = ? AND o.customer_id = ? AND o.id = ?"
)
_REFILLS = sql.Query(
    "SELECT r.number, r.status, r.created_at, r.ended_at, d.number FROM orders_refill r"
    " LEFT JOIN orders_order d ON d.id = r.by_order_id WHERE r.panel_id = ? AND r.order_id = ?"
    " ORDER BY r.number DESC LIMIT ?"
)
_EVENTS = sql.Query(
    "SELECT name, facts, created_at FROM (SELECT id, name, facts, created_at FROM events_event"
    " WHERE panel_id = ? AND subject_id = ? ORDER BY id DESC LIMIT ?) AS newest"
    " WHERE name :in_text ORDER BY id DESC LIMIT ?"
)
# By what is unique in the books. A run has no charge; what it gave back carries the run's number.
_TRANSFERS = sql.Query(
    "SELECT code, reference, amount_micros, created_at FROM ledger_transfer"
    " WHERE panel_id = ? AND code IN ('order', 'refund') AND reference :in_text ORDER BY id LIMIT ?"
)
_RUNS = sql.Query(
    "SELECT number FROM orders_order WHERE panel_id = ? AND parent_id = ? AND charge_micros = 0"
    " ORDER BY number DESC LIMIT ?"
)


def one(
    *,
    panel_id: int,
    customer_id: int,
    number: int,
    before: int | None = None,
    after: int | None = None,
) -> Details | None:
    """The order with this number, if it is this customer's. At most 8 queries.

    `before` and `after` are cursors of its children.
    """
    rows = listing.by_numbers(panel_id=panel_id, customer_id=customer_id, numbers=[number])
    if not rows:
        return None
    row = rows[0]
    fields, key_name, refill_of, *plan = _MORE.rows(connection, panel_id, customer_id, row.id)[0]
    scheduled = plan[0] is not None
    children = OrderPage([], None, None)
    if scheduled:
        wanted = Wanted(parent=number)
        children = listing.page(panel_id=panel_id, customer_id=customer_id, wanted=wanted, before=before, after=after)
    return Details(
        row=row,
        fields=json.loads(fields) if fields else {},
        key_name=key_name,
        plan=SchedulePlan(*plan) if scheduled else None,
        children=children,
        refills=_refills(panel_id, row),
        timeline=_timeline(panel_id, row),
        transfers=_transfers(panel_id, row),
        refill_of=refill_of,
    )


def _refills(panel_id: int, row: ListedOrder) -> list[RefillRow]:
    if row.last_refill_at is None:
        return []
    found = []
    for number, status, created_at, ended_at, by_order in _REFILLS.rows(connection, panel_id, row.id, REFILLS_MAX):
        asked_at = sql.aware(created_at) or row.created_at
        shown = (row.link, row.quantity, row.service, row.service_name)
        found.append(RefillRow(number, row.number, status, asked_at, sql.aware(ended_at), *shown, by_order))
    return found


def _timeline(panel_id: int, row: ListedOrder) -> list[Moment]:
    moments = []
    names = sorted(_TOLD)
    for name, facts, at in _EVENTS.rows(connection, panel_id, row.id, EVENTS_WINDOW, names, MOMENTS_MAX):
        said = json.loads(facts) if isinstance(facts, str) else facts
        what, when = _TOLD[name], sql.aware(at) or row.created_at
        # An end is told with what is left; of a refill only its number. Whatever else was noted is for staff.
        moments.append(Moment(what, when, said.get("remains") if what in _ENDS else None, said.get("refill")))
    moments.append(Moment(Milestone.PLACED, row.created_at))
    moments.reverse()
    return moments


_ENDS = {Milestone.COMPLETED, Milestone.PARTIAL, Milestone.CANCELED}


def _transfers(panel_id: int, row: ListedOrder) -> list[OrderTransfer]:
    references = [str(row.number)]
    if row.runs and row.refunded_micros:
        references += [str(run[0]) for run in _RUNS.rows(connection, panel_id, row.id, TRANSFERS_MAX)]
    return [
        OrderTransfer(code, reference, micros, sql.aware(at) or row.created_at)
        for code, reference, micros, at in _TRANSFERS.rows(connection, panel_id, references, TRANSFERS_MAX)
    ]
