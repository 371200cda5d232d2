"""What customers do with payments. Each function is one transaction, inside the panel's scope.

Lock order: the customer (so that their limits hold), the coupon of a new payment, the payment, accounts; the panel's
numbers last.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Sum

from panelwright.core import clock, limits
from panelwright.core.refusal import Refusal
from panelwright.customers.models import Customer
from panelwright.panels import numbers
from panelwright.panels.models import Noun
from panelwright.payments import holding_actions, queries, registry, rules
from panelwright.payments.gateways.by_hand.gateway import needed
from panelwright.payments.models import (
    ADDRESS_CHARS_MAX,
    PROOF_MAX,
    Payment,
    PaymentFile,
    PaymentMethod,
    PaymentState,
)
from panelwright.payments.rules import PaymentSum, Terms, rows_of
from panelwright.payments.settling_actions import lock, move, tell
from panelwright.promotions import actions as promotions
from panelwright.promotions import queries as promotion_queries
from panelwright.promotions.actions import Entered
from panelwright.promotions.models import Coupon
from panelwright.support import files
from panelwright.support.files import Upload
from panelwright.support.rules import clean_title

# Letters and digits that nobody mixes up.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_BY_HAND_CHARS, _GATEWAY_CHARS = 10, 24
_DAY = timedelta(days=1)
# A payment by hand that nobody made is over after so long; money that comes later is credited all the same.
WAITS = timedelta(days=7)


class BegunPayment(NamedTuple):
    """`number`: the payment's, which its customer sees. `repeated`: the same form had made it before."""

    payment_id: int
    number: int
    by_hand: bool
    repeated: bool = False


def terms_of(method: PaymentMethod) -> Terms:
    """What a method asks and gives, for the rules."""
    gateway = registry.gateway(method.kind)
    return Terms(
        currency=method.currency,
        rate_e12=method.rate_e12,
        min_micros=method.min_micros,
        max_micros=method.max_micros,
        fee_percent_e2=method.fee_percent_e2,
        fee_fixed_micros=method.fee_fixed_micros,
        bonuses=rows_of(method.bonuses),
        step_micros=0 if gateway is None else gateway.step(method.currency),
    )


def begin(
    *,
    panel_id: int,
    customer_id: int,
    method_id: int,
    amount_micros: int,
    agreed: PaymentSum | None = None,
    back: str = "",
    request_id: str = "",
    coupon: Entered | None = None,
    address: str = "",
    now: datetime | None = None,
) -> BegunPayment | Refusal:
    """A new payment by a method that is on. `agreed`: what the customer was shown; other terms are refused.

    `coupon`: with what it was said to bring. The payment is made with it or not at all, and one that was made before
    never gets it. `address`: the network address that it is begun from, which says whose code was tried, and whether a
    block matches.

    Refused: no_customer, payments_blocked, no_payment_method, too_many_payments, too_many_today, terms_changed, and as
    `rules.quote`; for the coupon as `promotions.recognize` and `promotions.hold`.
    """
    now = now or clock.now()
    if coupon is not None:
        known = promotions.recognize(
            panel_id=panel_id, customer_id=customer_id, address=address, code=coupon.code, now=now
        )
        if isinstance(known, Refusal):
            return known
    with transaction.atomic(durable=True):
        rows = Customer.objects.select_for_update(no_key=True, of=("self",)).select_related("user")
        customer = rows.filter(panel_id=panel_id, id=customer_id).first()
        if customer is None or not customer.enabled:
            return Refusal("no_customer")
        mine = Payment.objects.filter(panel_id=panel_id, customer_id=customer_id)
        if request_id and (before := mine.filter(request_id=request_id).select_related("method").first()) is not None:
            if coupon is not None and not promotion_queries.has_use(panel_id, before.number, coupon.code):
                # Nobody is to pay for what they do not get.
                return Refusal("terms_changed")
            by_hand = _is_by_hand(before.method.kind)
            return BegunPayment(before.id, before.number, by_hand, repeated=True)
        method = queries.offered(panel_id).filter(id=method_id).first()
        gateway = registry.gateway(method.kind) if method is not None else None
        if method is None or gateway is None:
            return Refusal("no_payment_method", "method")
        if holding_actions.block_of(customer, address):
            return Refusal("payments_blocked")
        waiting = mine.filter(state__in=[state.value for state in rules.OPEN]).count()
        refused = rules.may_begin(open_=waiting, today=mine.filter(created_at__gt=now - _DAY).count())
        if refused is not None:
            return refused
        found = rules.quote(terms_of(method), amount_micros)
        if isinstance(found, Refusal):
            return found
        if agreed is not None and agreed != found:
            return Refusal("terms_changed")
        held = None if coupon is None else _held(customer, coupon, found.credit_micros, now)
        if isinstance(held, Refusal):
            return held
        chars = _BY_HAND_CHARS if gateway.by_hand else _GATEWAY_CHARS
        payment: Payment = Payment.objects.create(
            panel_id=panel_id,
            number=numbers.take(panel_id, Noun.PAYMENT, 1).start,
            customer_id=customer_id,
            method=method,
            state=PaymentState.CREATED,
            reference="".join(secrets.choice(_ALPHABET) for _ in range(chars)),
            live=method.live,
            currency=method.currency,
            asked_micros=found.asked_micros,
            fee_micros=found.fee_micros,
            rate_e12=method.rate_e12,
            bonuses=method.bonuses,
            credit_micros=found.credit_micros,
            bonus_micros=found.bonus_micros,
            address=address[:ADDRESS_CHARS_MAX],
            back=back,
            request_id=request_id[:64] or None,
            due_at=now + WAITS if gateway.by_hand else now,
            created_at=now,
            updated_at=now,
        )
        if coupon is not None and held is not None:
            micros = coupon.micros
            promotions.promise(held, customer_id=customer_id, payment_number=payment.number, micros=micros, now=now)
        tell(payment, "created", now=now)
        return BegunPayment(payment.id, payment.number, gateway.by_hand)


def _held(customer: Customer, coupon: Entered, credit_micros: int, now: datetime) -> Coupon | Refusal:
    return promotions.hold(
        panel_id=customer.panel_id,
        customer_id=customer.id,
        account_id=customer.account_id,
        agreed=coupon,
        credit_micros=credit_micros,
        currency=customer.panel.currency,
        now=now,
    )


def _is_by_hand(kind: str) -> bool:
    gateway = registry.gateway(kind)
    return gateway is not None and gateway.by_hand


def submit(
    *,
    panel_id: int,
    customer_id: int,
    payment_id: int,
    proof: str = "",
    uploads: Sequence[Upload] = (),
    now: datetime | None = None,
) -> Refusal | None:
    """The customer has paid by hand, and gives what the method asks for as proof; staff confirm it.

    Refused: no_payment, payment_ended, proof_missing, receipt_missing, too_long, files_full, and as `files.check`.
    """
    now = now or clock.now()
    proof = clean_title(proof)
    if len(proof) > PROOF_MAX:
        return Refusal("too_long", "proof", PROOF_MAX)
    checked = files.check(tuple(uploads))
    if isinstance(checked, Refusal):
        return checked
    with transaction.atomic(durable=True):
        # The customer first: their files are counted.
        Customer.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=customer_id).first()
        payment = lock(panel_id, payment_id)
        if payment is None or payment.customer_id != customer_id:
            return Refusal("no_payment")
        gateway = registry.gateway(payment.method.kind)
        there = PaymentFile.objects.filter(panel_id=panel_id, payment_id=payment_id)
        wants = needed(payment.method.settings)
        state = PaymentState(payment.state)
        if gateway is None or not gateway.by_hand or not rules.may_be_proven(state):
            return Refusal("payment_ended")
        if wants.reference and not proof:
            return Refusal("proof_missing", "proof")
        if wants.file and not checked:
            return Refusal("receipt_missing", "files")
        if there.count() + len(checked) > limits.ATTACHMENTS_MAX:
            return Refusal("too_many_files", "files", limits.ATTACHMENTS_MAX)
        size = sum(len(file.data) for file in checked)
        mine = PaymentFile.objects.filter(panel_id=panel_id, customer_id=customer_id)
        if size and (mine.aggregate(sum=Sum("size"))["sum"] or 0) + size > limits.ATTACHED_BYTES_MAX:
            most = limits.ATTACHED_BYTES_MAX
            return Refusal("files_full", "files", most, facts=(("limit", most // 2**20),))
        if not move(payment, PaymentState.PENDING, now=now, proof=proof, due_at=None):
            return Refusal("payment_ended")
        PaymentFile.objects.bulk_create(
            [
                PaymentFile(
                    panel_id=panel_id,
                    payment=payment,
                    customer_id=customer_id,
                    name=file.name,
                    type=file.type,
                    size=len(file.data),
                    data=file.data,
                    created_at=now,
                )
                for file in checked
            ]
        )
        tell(payment, "submitted", now=now, facts={"files": len(checked)})
    return None


def cancel(*, panel_id: int, customer_id: int, payment_id: int, now: datetime | None = None) -> Refusal | None:
    """The customer does not want to pay after all. Refused: no_payment, payment_ended."""
    now = now or clock.now()
    with transaction.atomic(durable=True):
        payment = lock(panel_id, payment_id)
        if payment is None or payment.customer_id != customer_id:
            return Refusal("no_payment")
        # What they say that they have paid is staff's to decide.
        if payment.state not in (PaymentState.CREATED, PaymentState.SENT):
            return Refusal("payment_ended")
        # Its checkout is closed at the gateway by who asks there; who has paid meanwhile is found by asking, too.
        due_at = None if _is_by_hand(payment.method.kind) or payment.gateway_id is None else now
        move(payment, PaymentState.CANCELED, now=now, due_at=due_at)
        tell(payment, "canceled", now=now)
    return None


def expire(*, panel_id: int, payment_id: int, now: datetime) -> bool:
    """Nobody has paid by hand for WAITS; False where the payment was moved on meanwhile."""
    with transaction.atomic(durable=True):
        payment = lock(panel_id, payment_id)
        if payment is None or payment.state != PaymentState.CREATED or payment.due_at is None or payment.due_at > now:
            return False
        move(payment, PaymentState.EXPIRED, now=now, due_at=None)
        tell(payment, "expired", now=now)
        return True
