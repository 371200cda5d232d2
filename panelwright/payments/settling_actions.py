"""The one way to credit a payment, and what becomes of money that is not what was asked for.

Whoever learns that money has come in, a webhook, the loop that asks, the page that a customer comes back to, or staff,
ends here. The payment's row is locked first, then the accounts; the transfers go by the payment's number, once each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from panelwright.core.refusal import NotThere, Refusal
from panelwright.customers.own import refuse_own
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.payments import emails, fresh_actions, hold_rules, holding_actions, registry, rules, webhook_events
from panelwright.payments.hold_rules import HELD, Evidence, PaidBy
from panelwright.payments.models import (
    REASON_MAX,
    Attention,
    Dispute,
    DisputeState,
    Payment,
    PaymentState,
    PaymentStep,
    Refund,
    RefundState,
)
from panelwright.payments.rules import AskedPayment, PaymentSum, ReceivedMoney, rows_of
from panelwright.promotions import actions as promotions
from panelwright.staff.actor import Actor


def lock(panel_id: int, payment_id: int) -> Payment | None:
    """The payment, locked until the end of the transaction; None where the panel has none."""
    rows = Payment.objects.select_for_update(no_key=True, of=("self",)).filter(panel_id=panel_id, id=payment_id)
    found: Payment | None = rows.select_related("customer__account", "customer__user", "panel", "method").first()
    return found


def lock_for(actor: Actor, panel_id: int, payment_id: int) -> Payment:
    """The payment about which staff decide, locked. Refused: no_payment; own_payment, for what would be decided by
    whoever gains by it.
    """
    payment = lock(panel_id, payment_id)
    if payment is None:
        raise NotThere("no_payment", id=payment_id)
    refuse_own(actor, panel_id, payment.customer.user_id, code="own_payment")
    return payment


def asked_of(payment: Payment) -> AskedPayment:
    """What it was made for, for the rules."""
    return AskedPayment(
        reference=payment.reference,
        currency=payment.currency,
        asked_micros=payment.asked_micros,
        fee_micros=payment.fee_micros,
        rate_e12=payment.rate_e12,
        bonuses=rows_of(payment.bonuses),
        live=payment.live,
    )


def clearing_of(payment: Payment) -> NamedAccount:
    """The account of what a method holds for the panel."""
    return NamedAccount(AccountKind.CLEARING, f"{payment.method.kind}:{payment.method_id}")


def reference_of(payment: Payment) -> str:
    """What its transfers are called."""
    return f"P-{payment.number}"


# Problems of which it is known how much came in.
_AMOUNTS = frozenset({"received_other_amount", "received_in_parts"})
NOBODY_TOLD = PaidBy()
# Lines of a payment's story: the gateway has what staff have approved, and staff have looked.
PAID_THERE_TOO, CHECKED = "paid_there_too", "checked"


def receive(
    *,
    panel_id: int,
    payment_id: int,
    got: ReceivedMoney,
    gateway_id: str,
    by: PaidBy = NOBODY_TOLD,
    now: datetime,
) -> PaymentState | Refusal:
    """A gateway was asked, and has this money for the payment: credited if it is what was asked for, else a problem.
    Where a rule of the panel holds it, nothing is credited until staff release it. `by`: who paid.

    The payment's state afterwards; what `settle` refuses is a problem, too. Refused: no_payment. To tell it again
    changes nothing.
    """
    with transaction.atomic():
        limits = holding_actions.limits_of(panel_id)
        holding_actions.line_up(panel_id, payment_id, limits)
        payment = lock(panel_id, payment_id)
        if payment is None:
            return Refusal("no_payment")
        holding_actions.note_payer(payment, by)
        if not payment.at_gateway and got.live == payment.live and got.reference == payment.reference:
            # Also of what staff have approved: from now on it goes back through the gateway.
            values: dict[str, Any] = {"at_gateway": True}
            if PaymentState(payment.state) not in rules.UNPAID:
                # They may have had the money by another way, and nobody but them knows.
                tell(payment, PAID_THERE_TOO, now=now)
                values["attention"] = payment.attention or Attention.PAID_TWICE.value
            Payment.objects.filter(panel_id=panel_id, id=payment_id).update(**values)
            payment.at_gateway = True
        if PaymentState(payment.state) not in rules.UNPAID:
            return PaymentState(payment.state)
        if payment.problem_code == HELD or _has_gone_back(payment):
            # For staff, whatever the rules say by now; or refunded by them.
            return PaymentState(payment.state)
        found = rules.judge(asked_of(payment), got)
        if not got.live and not settings.TEST_PAYMENTS:
            # The installation took test money when the method was turned on, and takes none any more.
            found = Refusal("received_in_test_mode")
        if isinstance(found, Refusal):
            _problem(payment, found, got, now)
            return PaymentState(payment.state)
        held = holding_actions.why_held(payment, limits, by, micros=found.credit_micros, now=now)
        if held and _hold(payment, held, got, gateway_id, now):
            return PaymentState(payment.state)
        refused = settle(payment, found, received_micros=got.amount_micros, gateway_id=gateway_id, now=now)
        if refused is not None:
            # The money is there, and could not be booked: nobody but staff can do something about it.
            _problem(payment, refused, got, now)
        return PaymentState(payment.state)


def _hold(payment: Payment, why: Sequence[Evidence], got: ReceivedMoney, gateway_id: str, now: datetime) -> bool:
    """The gateway has the money, and nobody is credited until staff say so."""
    facts = hold_rules.kept(why)
    values: dict[str, Any] = {"received_micros": got.amount_micros, "due_at": None}
    if gateway_id and payment.gateway_id is None:
        values["gateway_id"] = gateway_id
    if not move(payment, PaymentState.PROBLEM, now=now, again=True, problem_code=HELD, problem_facts=facts, **values):
        return False
    tell(payment, "held", now=now, facts=facts)
    return True


def _is_disputed(payment: Payment) -> bool:
    """A bank wants the money back that nobody was credited with yet, or has it."""
    rows = Dispute.objects.filter(panel_id=payment.panel_id, payment_id=payment.id)
    return rows.exclude(state=DisputeState.WON).exists()


def _has_gone_back(payment: Payment) -> bool:
    """Staff have refunded what was held, or do so, or a bank has taken it: it is never credited after that."""
    if payment.state not in (PaymentState.FAILED, PaymentState.PROBLEM):
        return False
    if payment.state == PaymentState.FAILED and _is_disputed(payment):
        return True
    rows = Refund.objects.filter(panel_id=payment.panel_id, payment_id=payment.id)
    return rows.exclude(state=RefundState.FAILED).exists()


def _problem(payment: Payment, why: Refusal, got: ReceivedMoney, now: datetime) -> None:
    if payment.state == PaymentState.PROBLEM and payment.problem_code == why.code:
        return
    if payment.decided == problem_text(why.code, dict(why.facts)):
        # Staff have rejected just this.
        return
    values: dict[str, Any] = {"problem_code": why.code, "problem_facts": dict(why.facts), "due_at": None}
    if why.code in _AMOUNTS and got.amount_micros > 0:
        values["received_micros"] = got.amount_micros
    if move(payment, PaymentState.PROBLEM, now=now, again=True, **values):
        tell(payment, "problem", now=now, facts={"problem": why.code, **dict(why.facts)})


def problem_text(code: str, facts: Mapping[str, Any]) -> str:
    """A problem as one text, to know it again."""
    return f"{code} {json.dumps(dict(facts), sort_keys=True)}"[:REASON_MAX] if code else ""


def settle(
    payment: Payment, found: PaymentSum, *, received_micros: int, gateway_id: str = "", by: str = "", now: datetime
) -> Refusal | None:
    """Credit a payment whose row is locked: state, transfers, story and letter in the caller's transaction.

    `gateway_id`: what names the money where it came from; what named another payment's is refused as proof_used.
    Other refusals: payment_settled, payment_given_back, payment_taken_back, and what the ledger refuses. After a
    refusal nothing has changed.
    """
    if PaymentState(payment.state) not in rules.UNPAID:
        return Refusal("payment_settled")
    if _has_gone_back(payment):
        return Refusal("payment_given_back")
    if _is_disputed(payment):
        return Refusal("payment_taken_back")
    values: dict[str, Any] = {
        "received_micros": received_micros,
        "credit_micros": found.credit_micros,
        "bonus_micros": found.bonus_micros,
        "paid_at": now,
        "due_at": None,
        "reason": "",
    }
    if by and payment.problem_code in _AMOUNTS and (payment.received_micros or 0) > received_micros:
        # Staff have seen what came in, and accept less of it: what is more is settled.
        values["problem_facts"] = {"settled_micros": (payment.received_micros or 0) - received_micros}
    others = Payment.objects.filter(panel_id=payment.panel_id, method_id=payment.method_id, gateway_id=gateway_id)
    if gateway_id:
        values["gateway_id"] = gateway_id
        if others.exclude(id=payment.id).exists():
            return Refusal("proof_used", "gateway_id")
    if by and payment.method.kind in registry.spoken_with():
        # The gateway may have the money all the same; then what goes back goes through it.
        values["due_at"] = now
    try:
        with transaction.atomic():
            if not move(payment, PaymentState.PAID, now=now, **values):
                return Refusal("payment_settled")
            posted = ledger.post(_transfers(payment, found), now=now)
            if isinstance(posted, Refusal):
                raise _NotPosted(posted)
            given = promotions.give(
                panel_id=payment.panel_id,
                payment_number=payment.number,
                customer_id=payment.customer_id,
                account_id=payment.customer.account_id,
                reference=reference_of(payment),
                credit_micros=found.credit_micros,
                paid_so_by=partial(holding_actions.has_paid_so, payment),
                now=now,
            )
            if given is not None:
                raise _NotPosted(given)
            fresh_actions.hold_back(payment, reference_of(payment), now=now)
    except _NotPosted as error:
        return error.refusal
    except IntegrityError:
        if not gateway_id or not others.exclude(id=payment.id).exists():
            raise
        return Refusal("proof_used", "gateway_id")
    tell(payment, "settled", by=by, now=now)
    emails.settled(payment, now=now)
    return None


class _NotPosted(Exception):
    """Takes back the state of a payment whose money could not be posted."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def _transfers(payment: Payment, found: PaymentSum) -> list[NewTransfer]:
    panel_id, name, customer = payment.panel_id, reference_of(payment), payment.customer.account_id
    clearing, fees = clearing_of(payment), NamedAccount(AccountKind.FEES)
    wanted = [
        NewTransfer(panel_id, clearing, customer, found.credit_micros, TransferCode.DEPOSIT, name),
        NewTransfer(panel_id, clearing, fees, rules.fee_in_panel(found, payment.rate_e12), TransferCode.FEE, name),
        NewTransfer(panel_id, NamedAccount(AccountKind.BONUS), customer, found.bonus_micros, TransferCode.BONUS, name),
    ]
    return [transfer for transfer in wanted if transfer.amount_micros]


def move(payment: Payment, to: PaymentState, *, now: datetime, again: bool = False, **values: Any) -> bool:
    """One conditional change of state of a locked payment; False: it stands where it may not go there from.

    `again`: it may stand there already.
    """
    allowed = [*rules.before(to), *([to.value] if again else [])]
    if to is not PaymentState.PROBLEM:
        values = {"problem_code": "", "problem_facts": {}, **values}
    values |= {"state": to.value, "updated_at": now}
    rows = Payment.objects.filter(panel_id=payment.panel_id, id=payment.id, state__in=allowed)
    if not rows.update(**values):
        return False
    for name, value in values.items():
        setattr(payment, name, value)
    if to in rules.OVER:
        promotions.release(panel_id=payment.panel_id, payment_number=payment.number, now=now)
    return True


def tell(
    payment: Payment, code: str, *, now: datetime, by: str = "", facts: Mapping[str, object] | None = None
) -> None:
    """A line of its story, and what the panel's own programs hear of it."""
    PaymentStep.objects.create(
        panel_id=payment.panel_id, payment_id=payment.id, code=code, facts=dict(facts or {}), by=by[:300], at=now
    )
    webhook_events.tell(payment, code, facts or {}, now=now)
