"""What staff do with payments, inside the transaction that a declared action has opened. They raise Refused."""

from __future__ import annotations

from datetime import datetime

from panelwright.core.refusal import InvalidState, Refusal, Refused
from panelwright.payments import emails, registry, rules
from panelwright.payments.hold_rules import HELD
from panelwright.payments.models import GATEWAY_ID_MAX, PaymentState
from panelwright.payments.settling_actions import asked_of, lock_for, move, problem_text, settle, tell
from panelwright.staff.actor import Actor


def approve(
    actor: Actor,
    *,
    panel_id: int,
    payment_id: int,
    amount_micros: int | None = None,
    gateway_id: str = "",
    now: datetime,
) -> None:
    """The money is there: all that was asked for, or `amount_micros` of the method's currency, the fee included.

    `gateway_id`: what the transfer is called where it came in; without it, what the customer gave as proof. Refused:
    no_payment, own_payment, payment_settled, proof_used, amount_not_positive.
    """
    payment = lock_for(actor, panel_id, payment_id)
    asked = asked_of(payment)
    received = asked.gross_micros if amount_micros is None else amount_micros
    found = rules.accepted(asked, received)
    if isinstance(found, Refusal):
        raise Refused.of(found)
    # What a gateway calls it stays; by hand it is one proof for one payment.
    name = payment.gateway_id or rules.normal_proof(gateway_id or payment.proof)
    if len(gateway_id) > GATEWAY_ID_MAX:
        raise Refused("too_long", "gateway_id", limit=GATEWAY_ID_MAX)
    refused = settle(payment, found, received_micros=received, gateway_id=name, by=actor.name, now=now)
    if refused is not None:
        raise Refused.of(refused)


def release(actor: Actor, *, panel_id: int, payment_id: int, now: datetime) -> None:
    """Staff trust the money that a rule has held: it is credited, as it was asked for. Refused: no_payment,
    own_payment, payment_not_held, and as `settle`.
    """
    payment = lock_for(actor, panel_id, payment_id)
    if payment.problem_code != HELD:
        raise InvalidState("payment_not_held")
    approve(actor, panel_id=panel_id, payment_id=payment_id, now=now)


def reject(actor: Actor, *, panel_id: int, payment_id: int, reason: str, now: datetime) -> None:
    """There is no such money. The customer is told why. Refused: no_payment, own_payment, payment_settled,
    payment_ended; held_is_there, for what a gateway has and a rule holds.
    """
    payment = lock_for(actor, panel_id, payment_id)
    if payment.problem_code == HELD:
        raise InvalidState("held_is_there")
    if PaymentState(payment.state) not in rules.UNPAID:
        raise InvalidState("payment_settled")
    decided = problem_text(payment.problem_code, payment.problem_facts)
    # At a gateway its checkout is closed, so that nobody pays what was rejected.
    asked = payment.method.kind in registry.spoken_with() and payment.gateway_id is not None and not decided
    due_at = now if asked else None
    if not move(payment, PaymentState.FAILED, now=now, reason=reason, decided=decided, due_at=due_at):
        raise InvalidState("payment_ended")
    tell(payment, "rejected", by=actor.name, now=now, facts={"reason": reason})
    emails.rejected(payment, now=now)
