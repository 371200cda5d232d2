"""The loops about payments: gateways are asked, refunds sent, and what nobody has paid in time is over."""

from __future__ import annotations

from django_scopes import scope, scopes_disabled

from panelwright.core import clock
from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.payments import actions, asking_actions, queries, refund_actions

BATCH = 50
IDLE_S = 2.0
FORGET_IDLE_S = 600.0


def look(limit: int) -> int:
    """One round: payments that are due are asked about, or over; refunds are sent; webhooks that do not say whose they
    are find their payment. How many there were.
    """
    now = clock.now()
    with scopes_disabled():
        found, refunds = queries.due(now, limit), queries.refunds_due(now, limit)
        events = queries.events_due(now, limit)
    done = 0
    for panel_id, payment_id, by_hand in found:
        with scope(panel=panel_id):
            if by_hand:
                done += actions.expire(panel_id=panel_id, payment_id=payment_id, now=now)
            else:
                done += asking_actions.look(panel_id=panel_id, payment_id=payment_id, now=clock.now())
    for panel_id, refund_id in refunds:
        with scope(panel=panel_id):
            done += refund_actions.look(panel_id=panel_id, refund_id=refund_id, now=clock.now())
    for panel_id, event_id in events:
        with scope(panel=panel_id):
            done += asking_actions.learn(panel_id=panel_id, event_id=event_id, now=clock.now())
    return done


def forget(limit: int) -> int:
    """One round: webhooks that are older than they are kept."""
    with scopes_disabled():
        return asking_actions.forget_events(limit, now=clock.now())


def loops() -> AppLoops:
    return AppLoops(
        (
            LoopSpec("payments", lambda: look(BATCH), idle_s=IDLE_S),
            LoopSpec("payment webhooks", lambda: forget(BATCH), idle_s=FORGET_IDLE_S),
        )
    )
