"""Pausing and resuming a drip-feed or subscription, by staff or by its customer, and cancelling a subscription.

A customer cancels through `actions.request_cancels`, where the service's own switch is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.core.refusal import Refusal
from panelwright.orders import settling, work
from panelwright.orders.models import Job, Kind
from panelwright.orders.schedule_actions import PAUSED_LOOK
from panelwright.orders.settling import OpenOrder, Settled

BAD_ORDER = Refusal("bad_order", "order")
HAS_ENDED = Refusal("order_ended")
NO_RUNS_LEFT = Refusal("no_runs_left")
IS_PAUSED = Refusal("is_paused")
NOT_PAUSED = Refusal("not_paused")
WAITS_FOR_FUNDS = Refusal("waits_for_funds")

_SCHEDULE = sql.Query("SELECT paused_at, interval_min FROM orders_schedule WHERE panel_id = ? AND order_id = ?")
_SET_PAUSED_AT = sql.Query("UPDATE orders_schedule SET paused_at = ? WHERE panel_id = ? AND order_id = ?")
_LAST_RUN = sql.Query("SELECT MAX(created_at) FROM orders_order WHERE panel_id = ? AND parent_id = ?")


def pause(*, panel_id: int, order_id: int, by: str, customer_id: int | None = None) -> Refusal | None:
    """No run starts, and no post is ordered for, until `resume`.

    What a subscription hears of meanwhile is never ordered for, and its last day stands. A drip-feed keeps its
    status: the protocol has no word for it, and the runs that have started go on. `customer_id`: it must be
    this customer's. None when it is done, else why nothing was changed.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        order = _locked(panel_id, order_id, customer_id)
        if isinstance(order, Refusal):
            return order
        paused_at, _interval = _schedule(order)
        if paused_at is not None:
            return IS_PAUSED
        if order.job != Job.SCHEDULE.value:
            return NO_RUNS_LEFT
        if order.kind == Kind.DRIP_FEED.value:
            paused, event = order._replace(due_at=now + PAUSED_LOOK), "dripfeed.paused"
        else:
            # Looked at right away: that finds the last day, and then sleeps until it.
            paused, event = order._replace(status="Paused", due_at=now), "subscription.paused"
        _SET_PAUSED_AT.run(connection, sql.moment(connection, now), panel_id, order_id)
        _write(order, paused, event, {"by": by}, now)
    return None


def resume(*, panel_id: int, order_id: int, by: str, customer_id: int | None = None) -> Refusal | None:
    """A drip-feed's next run starts one interval after its last one, at once when that is over.

    A subscription goes on with what waited when it was paused, and with what is heard of from now on. A pause
    for want of funds is no such pause: it ends by itself. None when it is done, else why not.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        order = _locked(panel_id, order_id, customer_id)
        if isinstance(order, Refusal):
            return order
        paused_at, interval_min = _schedule(order)
        if paused_at is None:
            return WAITS_FOR_FUNDS if order.status == "Paused" else NOT_PAUSED
        if order.job != Job.SCHEDULE.value:
            # It was cancelled in the pause, and waits for the runs that had started.
            return NO_RUNS_LEFT
        _SET_PAUSED_AT.run(connection, None, panel_id, order_id)
        # With its times: a post that is heard of later may have been published during the pause.
        facts: dict[str, object] = {"by": by, "paused_at": paused_at.isoformat(), "resumed_at": now.isoformat()}
        if order.kind == Kind.DRIP_FEED.value:
            last = sql.aware(_LAST_RUN.rows(connection, panel_id, order_id)[0][0])
            due_at = max(now, last + timedelta(minutes=interval_min)) if last else now
            _write(order, order._replace(due_at=due_at), "dripfeed.resumed", facts, now)
        else:
            _write(order, order._replace(status="Active", due_at=now), "subscription.resumed", facts, now)
    return None


def cancel(*, panel_id: int, order_id: int, by: str) -> Refusal | None:
    """Staff end a subscription, whatever the service's switch says; the orders that it created go on.

    None when done, else why nothing was changed.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        order = _locked(panel_id, order_id, None)
        if isinstance(order, Refusal):
            return order
        if order.kind != Kind.SUBSCRIPTION.value:
            return BAD_ORDER
        ended = settling.end(order, "Canceled", remains=0, now=now)
        changes = work.Changes({order_id: order}, now)
        changes.apply(ended)
        changes.event("subscription.canceled", order, {"by": by})
        changes.write()
    return None


def _locked(panel_id: int, order_id: int, customer_id: int | None) -> OpenOrder | Refusal:
    """The open drip-feed or subscription; somebody else's is answered as one that does not exist."""
    order = work.lock([order_id]).get(order_id)
    if order is None or order.panel_id != panel_id or order.kind not in {Kind.DRIP_FEED.value, Kind.SUBSCRIPTION.value}:
        return BAD_ORDER
    if customer_id is not None and order.customer_id != customer_id:
        return BAD_ORDER
    return HAS_ENDED if order.ended_at is not None else order


def _schedule(order: OpenOrder) -> tuple[datetime | None, int]:
    """Since when it is paused by hand, and the minutes between two runs (0: a subscription)."""
    paused_at, interval_min = _SCHEDULE.rows(connection, order.panel_id, order.id)[0]
    return sql.aware(paused_at), interval_min or 0


def _write(before: OpenOrder, after: OpenOrder, event: str, facts: dict[str, object], now: datetime) -> None:
    """`before`: the order as it was locked."""
    changes = work.Changes({before.id: before}, now)
    changes.apply(Settled(after))
    changes.event(event, after, facts)
    changes.write()
