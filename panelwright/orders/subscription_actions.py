"""Pausing, resuming and cancelling a subscription, by staff or by its customer.

A customer cancels through `actions.request_cancels`, where the service's own switch is asked.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.core.refusal import Refusal
from panelwright.orders import settling, work
from panelwright.orders.models import Kind
from panelwright.orders.settling import OpenOrder, Settled

BAD_SUBSCRIPTION = Refusal("bad_order", "order")
HAS_ENDED = Refusal("subscription_ended")
IS_PAUSED = Refusal("subscription_paused")
NOT_PAUSED = Refusal("subscription_not_paused")
WAITS_FOR_FUNDS = Refusal("subscription_waits_for_funds")

_PAUSED_AT = sql.Query("SELECT paused_at FROM orders_schedule WHERE panel_id = ? AND order_id = ?")
_SET_PAUSED_AT = sql.Query("UPDATE orders_schedule SET paused_at = ? WHERE panel_id = ? AND order_id = ?")


def pause(*, panel_id: int, order_id: int, by: str, customer_id: int | None = None) -> Refusal | None:
    """No post is ordered for until `resume`, and what is heard of meanwhile never is. The last day stands.

    `customer_id`: it must be this customer's. None when it is done, else why nothing was changed.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        order = _locked(panel_id, order_id, customer_id)
        if isinstance(order, Refusal):
            return order
        if _paused_at(order) is not None:
            return IS_PAUSED
        _SET_PAUSED_AT.run(connection, sql.moment(connection, now), panel_id, order_id)
        # Looked at right away: that finds the last day, and then sleeps until it.
        _write(order._replace(status="Paused", due_at=now), "subscription.paused", {"by": by})
    return None


def resume(*, panel_id: int, order_id: int, by: str, customer_id: int | None = None) -> Refusal | None:
    """It goes on with what waited when it was paused, and with what is heard of from now on.

    A pause for want of funds is no such pause: it ends by itself. None when it is done, else why not.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        order = _locked(panel_id, order_id, customer_id)
        if isinstance(order, Refusal):
            return order
        paused_at = _paused_at(order)
        if paused_at is None:
            return WAITS_FOR_FUNDS if order.status == "Paused" else NOT_PAUSED
        _SET_PAUSED_AT.run(connection, None, panel_id, order_id)
        # With its times: a post that is heard of later may have been published during the pause.
        facts: dict[str, object] = {"by": by, "paused_at": paused_at.isoformat(), "resumed_at": now.isoformat()}
        _write(order._replace(status="Active", due_at=now), "subscription.resumed", facts)
    return None


def cancel(*, panel_id: int, order_id: int, by: str) -> Refusal | None:
    """Staff end it, whatever the service's switch says; the orders that it created go on. None when done."""
    now = clock.now()
    with transaction.atomic(durable=True):
        order = _locked(panel_id, order_id, None)
        if isinstance(order, Refusal):
            return order
        ended = settling.end(order, "Canceled", remains=0, now=now)
        changes = work.Changes({order_id: order}, now)
        changes.apply(ended)
        changes.event("subscription.canceled", order, {"by": by})
        changes.write()
    return None


def _locked(panel_id: int, order_id: int, customer_id: int | None) -> OpenOrder | Refusal:
    """The open subscription; somebody else's is answered as one that does not exist."""
    order = work.lock([order_id]).get(order_id)
    if order is None or order.panel_id != panel_id or order.kind != Kind.SUBSCRIPTION.value:
        return BAD_SUBSCRIPTION
    if customer_id is not None and order.customer_id != customer_id:
        return BAD_SUBSCRIPTION
    return HAS_ENDED if order.ended_at is not None else order


def _paused_at(order: OpenOrder) -> datetime | None:
    return sql.aware(_PAUSED_AT.rows(connection, order.panel_id, order.id)[0][0])


def _write(order: OpenOrder, event: str, facts: dict[str, object]) -> None:
    changes = work.Changes(work.lock([order.id]), clock.now())
    changes.apply(Settled(order))
    changes.event(event, order, facts)
    changes.write()
