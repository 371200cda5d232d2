"""What the panel's own webhooks are told of payments: in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from panelwright.core import money
from panelwright.events import webhook_actions
from panelwright.events.models import PANELS_OWN
from panelwright.events.webhook_rules import WebhookMessage
from panelwright.payments.models import Payment

# Lines of a payment's story that are told, and as what.
_OF_STEPS = {
    "submitted": "payment.submitted",
    "settled": "payment.paid",
    "rejected": "payment.rejected",
    "problem": "payment.problem",
    "held": "payment.held",
    "refunded": "payment.refunded",
    "refunded_there": "payment.refunded",
    "refund_confirmed": "payment.refunded",
    "refund_failed": "payment.refund_failed",
}


# Of a dispute its amount and the reason that the gateway tells stand beside the payment's own.
_DISPUTES = frozenset({"disputed", "dispute_taken", "dispute_returned", "dispute_won", "dispute_lost"})
_OF_STEPS |= {step: f"payment.{step}" for step in _DISPUTES}


def tell(payment: Payment, step: str, facts: Mapping[str, object], *, now: datetime) -> None:
    """Nothing for a step that is not told; else one query, and more where somebody listens."""
    name = _OF_STEPS.get(step)
    if name is None:
        return
    listeners = webhook_actions.listeners({(payment.panel_id, PANELS_OWN)})
    if not any(name in one.names for one in listeners):
        return
    data: dict[str, object] = {
        "payment": payment.number,
        "method": payment.method.name,
        "state": payment.state,
        "amount": money.text(payment.asked_micros),
        "currency": payment.currency,
    }
    if payment.paid_at is not None:
        data["credited"] = money.text(payment.credit_micros)
        data["bonus"] = money.text(payment.bonus_micros)
        data["credited_currency"] = payment.panel.currency
    if step in _DISPUTES:
        data |= {f"disputed_{name}": facts[name] for name in ("amount", "reason") if facts.get(name)}
    if payment.problem_code:
        data["problem"] = payment.problem_code
    message = WebhookMessage(payment.panel_id, payment.customer_id, name, None, data, payment.customer.number)
    webhook_actions.tell([message], listeners, now=now)
