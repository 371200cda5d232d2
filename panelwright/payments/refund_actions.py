"""Money that goes back through the gateway: the row and the transfers first, then the call, with a key of the row's.

What was given on top goes in the same proportion. A refund that the gateway refuses is booked back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Sum

from panelwright.core import money
from panelwright.core.loop import let_go
from panelwright.core.refusal import InvalidState, NotThere, Refusal, Refused
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.payments import registry, rules
from panelwright.payments.connections import api_of, connection_of
from panelwright.payments.gateway import AskedRefund, RefundProgress, Trouble
from panelwright.payments.models import REASON_MAX, Payment, PaymentState, Refund, RefundState
from panelwright.payments.rules import RefundShare
from panelwright.payments.settling_actions import asked_of, clearing_of, lock, reference_of, tell
from panelwright.promotions import actions as promotions
from panelwright.staff.actor import Actor

# The gateway is told again, with the same key, for less than the time that it keeps keys; then a person looks.
TOLD_AGAIN = timedelta(hours=20)
LEASE = timedelta(minutes=2)
_WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
_STANDS = (RefundState.REQUESTED.value, RefundState.SENT.value, RefundState.DONE.value)


def request(
    actor: Actor, *, panel_id: int, payment_id: int, amount_micros: int | None = None, reason: str = "", now: datetime
) -> None:
    """Give back a part of what was received, or all that is left of it: off the balance now, then by the gateway.

    By hand there is no gateway: staff have sent it. The caller has a transaction. Refused: no_payment, not_refundable,
    more_than_received, payment_decimals, and where the balance does not hold it.
    """
    payment = lock(panel_id, payment_id)
    if payment is None:
        raise NotThere("no_payment", id=payment_id)
    received = payment.received_micros
    if payment.state not in _REFUNDABLE or received is None:
        raise InvalidState("not_refundable")
    before = refunded(payment)
    part = received - before if amount_micros is None else amount_micros
    if part <= 0:
        raise Refused("amount_not_positive", "amount")
    if part > received - before:
        raise Refused("more_than_received", "amount", rest=money.text(received - before), currency=payment.currency)
    gateway = registry.gateway(payment.method.kind)
    step = rules.step_micros(payment.currency) if gateway is None else gateway.step(payment.currency)
    if part % step:
        raise Refused("payment_decimals", "amount", step=money.text(step), currency=payment.currency)
    by_hand = api_of(payment.method) is None
    row = _book(payment, before, part, now, state=RefundState.DONE if by_hand else RefundState.REQUESTED)
    if isinstance(row, Refusal):
        raise Refused.of(row)
    facts = {"amount": money.text(part), "reason": reason}
    tell(payment, "refunded" if by_hand else "refund_requested", by=actor.name, now=now, facts=facts)


_REFUNDABLE = frozenset({PaymentState.PAID.value, PaymentState.PART_REFUNDED.value, PaymentState.WON.value})


def refunded(payment: Payment) -> int:
    """What of the received money has gone back, or is on its way."""
    rows = Refund.objects.filter(panel_id=payment.panel_id, payment_id=payment.id, state__in=_STANDS)
    return int(rows.aggregate(sum=Sum("amount_micros"))["sum"] or 0)


def _book(
    payment: Payment, before: int, part: int, now: datetime, *, state: RefundState, taken: bool = False
) -> Refund | Refusal:
    """The row, the transfers and the payment's state. `taken`: the gateway has given it back already, so that what the
    balance does not hold becomes a debt.
    """
    received = payment.received_micros or 0
    booked = rules.accepted(asked_of(payment), received)
    fee = 0 if isinstance(booked, Refusal) else rules.fee_in_panel(booked, payment.rate_e12)
    share = rules.refund_share(
        RefundShare(payment.credit_micros, payment.bonus_micros, fee),
        received_micros=received,
        before_micros=before,
        part_micros=part,
    )
    n = Refund.objects.filter(panel_id=payment.panel_id, payment_id=payment.id).count() + 1
    with transaction.atomic():
        posted = ledger.post(_transfers(payment, n, share, debt=taken), now=now)
        if isinstance(posted, Refusal):
            return posted
        row: Refund = Refund.objects.create(
            panel_id=payment.panel_id,
            payment=payment,
            n=n,
            state=state,
            amount_micros=part,
            credit_micros=share.credit_micros,
            bonus_micros=share.bonus_micros,
            fee_micros=share.fee_micros,
            due_at=now if state is RefundState.REQUESTED else None,
            created_at=now,
        )
        _set_state(payment, now)
    return row


def _transfers(payment: Payment, n: int, share: RefundShare, *, debt: bool = False) -> list[NewTransfer]:
    panel_id, customer, name = payment.panel_id, payment.customer.account_id, f"{reference_of(payment)}.{n}"
    clearing, fees, bonus = clearing_of(payment), NamedAccount(AccountKind.FEES), NamedAccount(AccountKind.BONUS)
    code = TransferCode.CHARGEBACK if debt else TransferCode.GATEWAY_REFUND
    wanted = [
        NewTransfer(panel_id, customer, clearing, share.credit_micros, code, name),
        NewTransfer(panel_id, customer, bonus, share.bonus_micros, TransferCode.BONUS, name),
        NewTransfer(panel_id, fees, clearing, share.fee_micros, TransferCode.FEE, name),
    ]
    return [transfer for transfer in wanted if transfer.amount_micros]


def _set_state(payment: Payment, now: datetime) -> None:
    """Of a payment that is paid: whether all of it, a part or nothing has gone back."""
    gone = refunded(payment)
    whole = gone >= (payment.received_micros or 0)
    state = PaymentState.REFUNDED if whole else PaymentState.PART_REFUNDED if gone else PaymentState.PAID
    Payment.objects.filter(panel_id=payment.panel_id, id=payment.id, paid_at__isnull=False).update(
        state=state, updated_at=now
    )
    payment.state = state
    promotions.follow(
        panel_id=payment.panel_id,
        payment_number=payment.number,
        account_id=payment.customer.account_id,
        reference=reference_of(payment),
        gone_micros=gone,
        received_micros=payment.received_micros or 0,
        now=now,
    )


def note_refunded(*, panel_id: int, payment_id: int, refunded_micros: int, now: datetime) -> None:
    """The gateway says how much has gone back: what we have not asked for was done there, and is booked."""
    with transaction.atomic(durable=True):
        payment = lock(panel_id, payment_id)
        # What came in and was not credited takes nothing off the balance.
        if payment is None or payment.paid_at is None or payment.received_micros is None:
            return
        before = refunded(payment)
        part = min(refunded_micros, payment.received_micros) - before
        if part <= 0:
            return
        row = _book(payment, before, part, now, state=RefundState.DONE)
        if isinstance(row, Refusal):
            row = _book(payment, before, part, now, state=RefundState.DONE, taken=True)
        if not isinstance(row, Refusal):
            tell(payment, "refunded_there", now=now, facts={"amount": money.text(part)})


def send(*, panel_id: int, refund_id: int, now: datetime) -> bool:
    """Tell the gateway of a refund that is due; False where somebody else does. No transaction is open meanwhile."""
    rows = Refund.objects.filter(panel_id=panel_id, id=refund_id, due_at__lte=now, state=RefundState.REQUESTED)
    row: Refund | None = rows.select_related("payment__method").first()
    if row is None or not rows.update(due_at=now + LEASE, attempts=row.attempts + 1):
        return False
    payment, api = row.payment, api_of(row.payment.method)
    if api is None or payment.gateway_id is None:
        return False
    key = f"{payment.reference}-refund-{row.n}"
    let_go()
    try:
        made = api.refund(
            connection_of(payment.method),
            payment.reference,
            payment.gateway_id,
            AskedRefund(row.amount_micros, payment.currency, key, row.gateway_id),
        )
    except ValueError:
        made = Trouble("gateway_key")
    with transaction.atomic(durable=True):
        locked = lock(panel_id, payment.id)
        if locked is None:
            return True
        if isinstance(made, Trouble) and not (made.sure and made.code == "gateway_refused"):
            _again(row, made, now)
        elif isinstance(made, Trouble) or made.progress is RefundProgress.FAILED:
            _failed(locked, row, made.said if isinstance(made, Trouble) else "", now)
            if isinstance(made, Trouble):
                # What was given back there meanwhile may be why: it stood behind ours, and is to be booked now.
                _look_again(locked, now)
        else:
            state = RefundState.DONE if made.progress is RefundProgress.DONE else RefundState.SENT
            _rows(row).update(state=state, gateway_id=made.gateway_id, url=made.url, due_at=None)
            tell(locked, "refunded" if state is RefundState.DONE else "refund_sent", now=now)
            _look_again(locked, now)
    return True


def _look_again(payment: Payment, now: datetime) -> None:
    """Ask the gateway how much has gone back by now."""
    Payment.objects.filter(panel_id=payment.panel_id, id=payment.id).update(due_at=now)


def _rows(row: Refund) -> QuerySet[Refund]:
    return Refund.objects.filter(panel_id=row.panel_id, id=row.id)


def _again(row: Refund, why: Trouble, now: datetime) -> None:
    if now - row.created_at < TOLD_AGAIN:
        wait = _WAITS[min(row.attempts, len(_WAITS) - 1)]
        _rows(row).update(due_at=now + wait, said=why.said[:REASON_MAX])
    else:
        _rows(row).update(due_at=None, said=why.said[:REASON_MAX])


def _failed(payment: Payment, row: Refund, said: str, now: datetime) -> None:
    """The gateway refused: the money is back on the balance."""
    _rows(row).update(state=RefundState.FAILED, due_at=None, said=said[:REASON_MAX])
    name = f"{reference_of(payment)}.{row.n} back"
    panel_id, customer = payment.panel_id, payment.customer.account_id
    clearing, fees, bonus = clearing_of(payment), NamedAccount(AccountKind.FEES), NamedAccount(AccountKind.BONUS)
    wanted = [
        NewTransfer(panel_id, clearing, customer, row.credit_micros, TransferCode.DEPOSIT, name),
        NewTransfer(panel_id, bonus, customer, row.bonus_micros, TransferCode.BONUS, name),
        NewTransfer(panel_id, clearing, fees, row.fee_micros, TransferCode.FEE, name),
    ]
    posted = ledger.post([transfer for transfer in wanted if transfer.amount_micros], now=now)
    if isinstance(posted, Refusal):
        raise Refused.of(posted)
    _set_state(payment, now)
    tell(payment, "refund_failed", now=now, facts={"said": said[:REASON_MAX]})
