"""What the panel's own people may do with an order of their queue, or a refill, and what becomes of it. Pure.

How any open order ends by a person's word is in resolve_rules.py.

An order that waits for them is Pending; with their first word it is In progress. Each function answers
the order's new state with its refund, and raises ValueError with a text that says what is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from panelwright.core.refusal import InvalidState, Refused
from panelwright.orders.models import Job, RequestState
from panelwright.orders.problems import NONE
from panelwright.orders.settling import OpenOrder, Settled

COUNT_MAX = 2**63 - 1


class OpenRefill(NamedTuple):
    """A refill as it stands, locked."""

    id: int
    number: int
    panel_id: int
    order_id: int
    order_number: int
    status: str
    state: str
    due_at: datetime | None
    problem_code: str
    ended_at: datetime | None
    upstream_order: str | None
    lease_until: datetime | None = None


def workable(order: OpenOrder) -> OpenOrder:
    """The order, if it is in the hands of the panel's own people. Raises InvalidState."""
    if order.ended_at is not None:
        raise InvalidState("order_ended", status=order.status)
    if order.job != Job.MANUAL.value:
        raise InvalidState("not_by_hand", status=order.status)
    return order


def start(order: OpenOrder, start_count: int | None) -> Settled:
    """Somebody has begun: from now on a cancel waits for an answer. `start_count`: what the target had before."""
    if workable(order).status != "Pending":
        raise InvalidState("order_started")
    return Settled(_begun(order, start_count))


def set_back(order: OpenOrder) -> Settled:
    """Nobody works on it any more: it waits as before somebody began. Refused once something is delivered."""
    if workable(order).status == "Pending":
        raise InvalidState("not_started")
    if order.remains < order.quantity:
        raise InvalidState("partly_delivered", delivered=order.quantity - order.remains, quantity=order.quantity)
    return Settled(order._replace(status="Pending"))


def progress(order: OpenOrder, *, remains: int, start_count: int | None = None) -> Settled:
    """So many units remain. A number that was wrong may be corrected in either direction."""
    workable(order)
    if not 1 <= remains <= order.quantity:
        raise Refused("bad_remains", "remains", least=1, most=order.quantity)
    return Settled(_begun(order, start_count)._replace(remains=remains))


def remains_after(order: OpenOrder, delivered: int) -> int:
    """What remains when so many units are delivered."""
    if not 0 <= delivered < order.quantity:
        raise Refused("bad_delivered", "delivered", most=order.quantity - 1)
    return order.quantity - delivered


def pass_on(order: OpenOrder, route_ids: Sequence[int], *, cancel_asked: bool, now: datetime) -> Settled:
    """Another route is to deliver it; `route_ids` are the usable ones of its service, the first choice first.

    Its own route is kept on the order: the next one after it is tried.
    """
    workable(order)
    if order.remains < order.quantity:
        raise InvalidState("partly_delivered", delivered=order.quantity - order.remains, quantity=order.quantity)
    if cancel_asked:
        raise InvalidState("cancel_waits")
    if not [route_id for route_id in route_ids if route_id != order.route_id]:
        raise InvalidState("no_other_route")
    return Settled(
        order._replace(
            status="Pending",
            job=Job.FORWARD.value,
            due_at=now,
            provider_id=None,
            attempts=0,
            start_count=None,
            cost_micros=None,
            cost_rate_e12=None,
            cost_told=False,
        ).having(NONE)
    )


def _begun(order: OpenOrder, start_count: int | None) -> OpenOrder:
    if start_count is not None and not 0 <= start_count <= COUNT_MAX:
        raise Refused("bad_start_count", "start_count")
    count = order.start_count if start_count is None else start_count
    return order._replace(status="In progress", start_count=count)


def workable_refill(refill: OpenRefill, now: datetime) -> OpenRefill:
    """The refill, if staff may decide about it: it has not ended and is not being passed on. Raises InvalidState."""
    if refill.ended_at is not None:
        raise InvalidState("refill_ended", status=refill.status)
    if refill.state == RequestState.SENDING.value and refill.lease_until is not None and refill.lease_until > now:
        raise InvalidState("refill_being_sent")
    return refill


def sendable_refill(refill: OpenRefill, now: datetime) -> OpenRefill:
    """The refill, if it can be passed on to the provider (again). Raises InvalidState."""
    if workable_refill(refill, now).upstream_order is None:
        raise InvalidState("refill_without_provider")
    if refill.state == RequestState.PASSED_ON.value and not refill.problem_code:
        raise InvalidState("refill_at_provider")
    return refill
