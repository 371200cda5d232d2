"""What webhooks of customers and panels are told of orders, refills and subscriptions: in the transaction of the
change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from panelwright.core import money, sql
from panelwright.events import webhook_actions
from panelwright.events.models import PANELS_OWN
from panelwright.events.webhook_rules import WebhookMessage
from panelwright.orders import problems
from panelwright.orders.models import OrderKind
from panelwright.orders.settling import OpenOrder

# What becomes of an order or subscription, in the words of the events. The rest is not told.
_OF_ORDERS = {
    "In progress": "order.in_progress",
    "Completed": "order.completed",
    "Partial": "order.partial",
    "Canceled": "order.canceled",
}
_OF_SUBSCRIPTIONS = {
    "Paused": "subscription.paused",
    "Active": "subscription.resumed",
    "Completed": "subscription.completed",
    "Expired": "subscription.expired",
    "Canceled": "subscription.canceled",
}
_OF_REFILLS = {
    "In progress": "refill.in_progress",
    "Completed": "refill.completed",
    "Rejected": "refill.rejected",
    "Canceled": "refill.canceled",
}

# A person should look at it. Only the panel's own endpoints hear of it.
PROBLEM = "order.problem"
# The reason of a pause that somebody asked for; PauseReason has the others.
PAUSED_BY_HAND = "by hand"

_DETAILS = sql.Query(
    "SELECT o.id, s.number, o.link, p.currency, c.number, h.number,"
    " CASE WHEN d.paused_at IS NULL THEN COALESCE(d.pause_reason, '') END"
    " FROM orders_order o JOIN catalog_service s ON s.id = o.service_id"
    " JOIN panels_panel p ON p.id = o.panel_id JOIN customers_customer c ON c.id = o.customer_id"
    " LEFT JOIN orders_schedule d ON d.order_id = o.id"
    " LEFT JOIN orders_order h ON h.id = o.parent_id"
    " WHERE o.panel_id :in_int AND o.id :in_int"
)
_REFILLS = sql.Query(
    "SELECT r.number, r.panel_id, o.customer_id, c.number, o.number, r.status FROM orders_refill r"
    " JOIN orders_order o ON o.id = r.order_id JOIN customers_customer c ON c.id = o.customer_id"
    " WHERE r.id :in_int ORDER BY r.id"
)


def event_name(order: OpenOrder) -> str | None:
    """The event of an order whose status has just become what it is; None: there is none."""
    return (_OF_SUBSCRIPTIONS if order.kind == OrderKind.SUBSCRIPTION.value else _OF_ORDERS).get(order.status)


def tell_orders(changed: Iterable[OpenOrder], now: datetime, *, troubled: Iterable[OpenOrder] = ()) -> None:
    """Orders whose status has changed, and those that have a new problem. One query where something is to be told; more
    only where somebody listens."""
    named = [(name, order) for order in changed if (name := event_name(order)) is not None]
    named += [(PROBLEM, order) for order in troubled]
    listeners = webhook_actions.listeners({(order.panel_id, order.customer_id) for _, order in named})
    if not listeners:
        return
    heard = {(one.panel_id, one.customer_id, name) for one in listeners for name in one.names}
    named = [
        (name, order)
        for name, order in named
        if (order.panel_id, order.customer_id, name) in heard or (order.panel_id, PANELS_OWN, name) in heard
    ]
    panels, ids = sorted({o.panel_id for _, o in named}), sorted(o.id for _, o in named)
    details = {row[0]: row[1:] for row in _DETAILS.rows(connection, panels, ids)} if named else {}
    messages = [_message(name, order, *details[order.id]) for name, order in named]
    webhook_actions.tell(messages, listeners, now=now)


def _message(
    name: str, order: OpenOrder, service: int, link: str, currency: str, customer: int, *rest: Any
) -> WebhookMessage:
    data = _order_data(order, service, link, currency, *rest)
    if name == PROBLEM:
        facts = problems.facts_of(order.problem_facts)
        data |= {"problem": order.problem_code, "text": problems.words(order.problem_code, facts)}
    return WebhookMessage(order.panel_id, order.customer_id, name, order.number, data, customer)


def _order_data(
    order: OpenOrder, service: int, link: str, currency: str, parent: int | None, paused_for: str | None
) -> dict[str, object]:
    """In the words of the API's `status`: orders and services are numbers, the rest are texts. A pause has its
    `reason`; `parent` is a number, too."""
    data: dict[str, object] = {
        "order": order.number,
        "service": service,
        "status": order.status,
        "charge": money.text(order.charge_micros),
        "currency": currency,
        "start_count": str(order.start_count or 0),
        "remains": str(order.remains),
        "link": link,
    }
    if order.kind == OrderKind.SUBSCRIPTION.value and order.status == "Paused":
        data["reason"] = PAUSED_BY_HAND if paused_for is None else paused_for
    return data if parent is None else {**data, "parent": parent}


def tell_refills(refill_ids: Sequence[int], now: datetime) -> None:
    """Refills whose status has changed, as they stand in the database now."""
    rows = [row for row in _REFILLS.rows(connection, sorted(refill_ids)) if row[5] in _OF_REFILLS] if refill_ids else []
    listeners = webhook_actions.listeners({(row[1], row[2]) for row in rows})
    if not listeners:
        return
    messages = [
        WebhookMessage(
            panel_id,
            customer_id,
            _OF_REFILLS[status],
            order,
            {"refill": number, "order": order, "status": status},
            customer,
        )
        for number, panel_id, customer_id, customer, order, status in rows
    ]
    webhook_actions.tell(messages, listeners, now=now)
