"""Money that a gateway has for a payment beside what was credited: a buyer who paid twice. Staff are told, and give it
back there; what goes back there is of this first. It never reaches the balance by itself.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from panelwright.core import money
from panelwright.core.refusal import InvalidState
from panelwright.payments.back_actions import set_state, spare
from panelwright.payments.models import Payment
from panelwright.payments.rules import Surplus, surplus_of
from panelwright.payments.settling_actions import lock, lock_for, tell
from panelwright.staff.actor import Actor


def note(*, panel_id: int, payment_id: int, came_micros: int, refunded_micros: int, now: datetime) -> None:
    """What came in at the gateway, and what went back there: whether it has more than was credited.

    Nothing came in: that cannot be told.
    """
    rows = Payment.objects.filter(panel_id=panel_id, id=payment_id, paid_at__isnull=False)
    found = rows.values_list("received_micros", "problem_facts").first()
    if not came_micros or found is None or (came_micros <= (found[0] or 0) and not found[1]):
        return
    with transaction.atomic(durable=True):
        payment = lock(panel_id, payment_id)
        if payment is None or payment.paid_at is None:
            return
        before = surplus_of(payment.problem_facts)
        there = spare(payment, came_micros=came_micros, refunded_micros=refunded_micros)
        # What has gone back is not there to be settled.
        after = Surplus(there, min(before.settled_micros, there))
        if after == before:
            return
        _keep(payment, after, now)
        if after.open_micros > before.open_micros:
            tell(payment, "surplus", now=now, facts=_facts(payment, after))


def settle(actor: Actor, *, panel_id: int, payment_id: int, now: datetime) -> None:
    """Staff have given it back by another way, or keep it: nobody is told of it any more. The caller has a transaction.
    Refused: no_payment, own_payment, no_surplus.
    """
    payment = lock_for(actor, panel_id, payment_id)
    found = surplus_of(payment.problem_facts)
    if not found.open_micros:
        raise InvalidState("no_surplus")
    _keep(payment, Surplus(found.there_micros, found.there_micros), now)
    tell(payment, "surplus_settled", by=actor.name, now=now, facts=_facts(payment, found))


def _facts(payment: Payment, found: Surplus) -> dict[str, object]:
    return {"amount": money.text(found.open_micros), "currency": payment.currency}


def _keep(payment: Payment, found: Surplus, now: datetime) -> None:
    facts = {"surplus_micros": found.there_micros, "settled_micros": found.settled_micros}
    payment.problem_facts = {name: micros for name, micros in facts.items() if micros}
    Payment.objects.filter(panel_id=payment.panel_id, id=payment.id).update(problem_facts=payment.problem_facts)
    set_state(payment, now)
