"""Tells panels' own programs of orders that were created, behind the placing of orders and at no cost to it.

A loop reads them in the order of their ids, up to where none can still come in: as far as the sums of reports have got
(reports/horizon.py). The cursor moves in the transaction that queues the messages, so each order is told once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django_scopes import scope

from panelwright.core import clock, money, sql
from panelwright.events import webhook_actions
from panelwright.events.models import PANELS_OWN
from panelwright.events.webhook_rules import WebhookMessage
from panelwright.notices.models import CreatedCursor
from panelwright.reports import store as reports_store

CREATED = "order.created"
# Ids that a round looks at for one panel, which are orders of all panels, and so the messages that it writes at most.
WINDOW = 1_000

_ORDERS = sql.Query(
    "SELECT o.number, s.number, o.status, o.quantity, o.charge_micros, p.currency, o.link, c.number, o.customer_id,"
    " o.created_at, h.number FROM orders_order o JOIN catalog_service s ON s.id = o.service_id"
    " JOIN panels_panel p ON p.id = o.panel_id JOIN customers_customer c ON c.id = o.customer_id"
    " LEFT JOIN orders_order h ON h.id = o.parent_id"
    " WHERE o.panel_id = ? AND o.id > ? AND o.id <= ? ORDER BY o.id"
)
_LISTEN = sql.Query(
    "SELECT panel_id, names FROM events_endpoint WHERE customer_id = ? AND enabled AND deleted_at IS NULL"
)
_CURSORS = sql.Query("SELECT panel_id FROM notices_createdcursor")
_FORGET = sql.Query("DELETE FROM notices_createdcursor WHERE panel_id = ?")
_MOVE = sql.Query("UPDATE notices_createdcursor SET upto = ? WHERE panel_id = ? AND upto = ? RETURNING panel_id")


class CreatedOrder(NamedTuple):
    """An order as it stands when it is told. Money in micros; `parent`: the number of the order that made it."""

    number: int
    service: int
    status: str
    quantity: int
    charge_micros: int
    currency: str
    link: str
    customer: int
    customer_id: int
    created_at: datetime
    parent: int | None


def tell_created() -> int:
    """One window of each panel that listens; how many ids were looked at. Inside no scope."""
    upto = reports_store.progress()[0].orders
    did = 0
    for panel_id in _listening():
        did += _tell(panel_id, upto)
    return did


def _listening() -> list[int]:
    """The panels that want to hear of it. Of others the cursor goes: on again, they hear from then on."""
    rows = _LISTEN.rows(connection, PANELS_OWN)
    found = {row[0] for row in rows if CREATED in (json.loads(row[1]) if isinstance(row[1], str) else row[1])}
    for (panel_id,) in _CURSORS.rows(connection):
        if panel_id not in found:
            _FORGET.run(connection, panel_id)
    return sorted(found)


def _tell(panel_id: int, upto: int) -> int:
    with scope(panel=panel_id):
        cursor, made = CreatedCursor.objects.get_or_create(panel_id=panel_id, defaults={"upto": upto})
    last = min(upto, cursor.upto + WINDOW)
    if made or last <= cursor.upto:
        return 0
    now = clock.now()
    rows = [CreatedOrder(*row) for row in _ORDERS.rows(connection, panel_id, cursor.upto, last)]
    with transaction.atomic(durable=True):
        # Another worker was faster: it has told of them.
        if _MOVE.rows(connection, last, panel_id, cursor.upto) and rows:
            listeners = webhook_actions.listeners({(panel_id, PANELS_OWN)})
            webhook_actions.tell(_messages(panel_id, rows), listeners, now=now)
    return last - cursor.upto


def _messages(panel_id: int, rows: Sequence[CreatedOrder]) -> list[WebhookMessage]:
    return [WebhookMessage(panel_id, row.customer_id, CREATED, row.number, _data(row), row.customer) for row in rows]


def _data(row: CreatedOrder) -> dict[str, object]:
    created_at = sql.aware(row.created_at)
    assert created_at is not None
    data: dict[str, object] = {
        "order": row.number,
        "service": row.service,
        "status": row.status,
        "quantity": row.quantity,
        "charge": money.text(row.charge_micros),
        "currency": row.currency,
        "link": row.link,
        "created_at": created_at.isoformat(timespec="seconds"),
    }
    return data if row.parent is None else {**data, "parent": row.parent}
