"""Revoking an API key, and with it what was placed with it and still spends: its subscriptions."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.customers import actions as customers
from panelwright.orders import actions, lifecycle, rules
from panelwright.orders.models import Job, PauseReason
from panelwright.orders.schedule_actions import note_pause
from panelwright.orders.settling import Settled

# By the customer: an index leads there, and none is by key.
_SUBSCRIPTIONS = sql.Query(
    "SELECT s.order_id FROM orders_schedule s JOIN orders_order o ON o.id = s.order_id"
    " WHERE s.customer_id = (SELECT k.customer_id FROM customers_apikey k WHERE k.panel_id = ? AND k.id = ?)"
    " AND o.key_id = ? AND o.kind = 'subscription' AND o.ended_at IS NULL AND NOT s.without_key"
    " AND s.paused_at IS NULL ORDER BY s.order_id"
)
_REASONS = sql.Query("SELECT order_id, pause_reason, expires_on FROM orders_schedule WHERE order_id :in_int")


def revoke_key(*, panel_id: int, key_id: int) -> bool:
    """Revoke a key for good; it stops with the next request, and its subscriptions pause at once.

    A subscription that a provider has as a whole cannot pause: the provider is asked to cancel it. False when
    the key was revoked before.
    """
    now = clock.now()
    with transaction.atomic():
        # Orders are locked before anything else is.
        ids = [row[0] for row in _SUBSCRIPTIONS.rows(connection, panel_id, key_id, key_id)]
        changes = lifecycle.OrderChanges(lifecycle.lock(ids), now)
        if not customers.revoke_key(panel_id=panel_id, key_id=key_id):
            return False
        whole = []
        for order_id, was, expires_on in _REASONS.rows(connection, ids):
            order = changes.orders[order_id]
            if order.ended_at is not None:
                continue
            if order.job in {Job.SCHEDULE.value, Job.FORWARD.value}:
                last_day = expires_on.isoformat() if isinstance(expires_on, date) else expires_on
                due_at = rules.subscription_due(now=now, expires_on_iso=last_day)
                after = order._replace(status="Paused", job=Job.SCHEDULE.value, due_at=due_at)
            else:
                after = order._replace(status="Paused")
                whole.append(after)
            note_pause(changes, order, after, was, PauseReason.KEY)
            changes.apply(Settled(after))
        changes.write()
        actions.pass_on_cancels(whole, now)
    return True
