"""A refill by way of another service, at the panel's cost: an order of ours that its customer does not pay for.

The customer's refill is In progress while that order is delivered, and Completed with it. What the order costs stands
in the books as any order's cost does. Raises as manual_actions.py does, and then nothing moved.
"""

from __future__ import annotations

from django.db import connection, transaction

from panelwright.catalog.types import BY_NAME, Units
from panelwright.core import clock, sql
from panelwright.core.refusal import InvalidState, Refused
from panelwright.orders import problems, store
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.rules import NewOrder
from panelwright.providers.manual import manual_rules
from panelwright.providers.manual.manual_actions import read_refill, set_refill

FINISHED_AT_ONCE = 100

_SERVICE = sql.Query(
    "SELECT id, type, rate_micros, min, max, step FROM catalog_service WHERE panel_id = ? AND number = ?"
)
_ORIGINAL = sql.Query("SELECT customer_id, link FROM orders_order WHERE panel_id = ? AND id = ?")
_ORDERED = sql.Query(
    "UPDATE orders_refill SET by_order_id = ? WHERE panel_id = ? AND id = ? AND by_order_id IS NULL RETURNING id"
)
_BY_ORDER = sql.Query("SELECT by_order_id FROM orders_refill WHERE panel_id = ? AND id = ?")
# By the index of those that are ordered and open.
_OVER = sql.Query(
    "SELECT r.panel_id, r.id, o.number, o.status FROM orders_refill r JOIN orders_order o ON o.id = r.by_order_id"
    " WHERE r.by_order_id IS NOT NULL AND r.ended_at IS NULL AND r.problem_code = '' AND o.ended_at IS NOT NULL"
    " ORDER BY r.id LIMIT ?"
)


def order_refill(*, panel_id: int, refill_id: int, by: str, service: int, quantity: int) -> None:
    """Order so many units of another service for the refill's link; the customer is charged nothing.

    Refused: refill_ordered, bad_refill_service, and limits of the service.
    """
    now = clock.now()
    with transaction.atomic():
        refill = manual_rules.workable_refill(read_refill(panel_id, refill_id), now)
        if _BY_ORDER.rows(connection, panel_id, refill_id)[0][0] is not None:
            raise InvalidState("refill_ordered")
        rows = _SERVICE.rows(connection, panel_id, service)
        if not rows or not BY_NAME[rows[0][1]].has_link or BY_NAME[rows[0][1]].units is not Units.QUANTITY:
            raise Refused("bad_refill_service", "service")
        service_id, _type, rate_micros, least, most, step = rows[0]
        if not least <= quantity <= most or quantity % step:
            raise Refused("bad_refill_quantity", "quantity", least=least, most=most, step=step)
        ((customer_id, link),) = _ORIGINAL.rows(connection, panel_id, refill.order_id)
        facts: dict[str, object] = {"by": by, "service": service, "quantity": quantity}
        set_refill(refill, "In progress", state="waiting", event="refill.ordered", facts=facts)
        placed = store.insert_order(
            NewOrder(
                panel_id=panel_id,
                customer_id=customer_id,
                service_id=service_id,
                key_id=None,
                parent_id=None,
                kind=OrderKind.PLAIN.value,
                link=link,
                quantity=quantity,
                fields="",
                rate_micros=rate_micros,
                booked_micros=0,
                charge_micros=0,
                status="Pending",
                remains=quantity,
                job=Job.FORWARD.value,
                due_at=now,
                request_id=None,
                request_digest=None,
                open_link=None,
                created_at=now,
            ),
            now,
        )
        _ORDERED.rows(connection, placed.id, panel_id, refill_id)


def finish_ordered(limit: int = FINISHED_AT_ONCE) -> int:
    """Refills whose order has ended: Completed with it; where it was not delivered whole, a problem for a person.

    Answers how many.
    """
    did = 0
    for panel_id, refill_id, number, status in _OVER.rows(connection, limit):
        with transaction.atomic(durable=True):
            refill = read_refill(panel_id, refill_id)
            if refill.ended_at is not None or refill.problem_code:
                continue
            facts: dict[str, object] = {"by_order": number}
            if status == "Completed":
                set_refill(refill, "Completed", state="done", event="refill.completed", facts=facts)
            else:
                short = problems.problem(problems.REFILL_NOT_DELIVERED, order=number, status=status)
                set_refill(refill, refill.status, state="waiting", event="refill.short", facts=facts, problem=short)
        did += 1
    return did
