"""Money that goes back through the gateway: the row and the transfers first, then the call, with a key of the row's.

What was given on top goes in the same proportion. A refund that the gateway refuses is booked back. One whose outcome
nobody knows is never sent again by itself: the gateway is asked, and where it cannot say, staff decide.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from panelwright.core import money
from panelwright.core.loop import let_go
from panelwright.core.refusal import InvalidState, Refusal, Refused
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.payments import emails, registry, rules
from panelwright.payments.back_actions import left, refunded, set_state, share_of, spare
from panelwright.payments.connections import api_of, connection_of
from panelwright.payments.gateway import Api, AskedRefund, MadeRefund, RefundProgress, Trouble
from panelwright.payments.hold_rules import HELD
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
from panelwright.payments.rules import RefundShare
from panelwright.payments.settling_actions import CHECKED, clearing_of, lock, lock_for, reference_of, tell
from panelwright.staff.actor import Actor

# The gateway is told again, with the same key, for less than the time that it keeps keys; then it is asked.
TOLD_AGAIN = timedelta(hours=20)
LEASE = timedelta(minutes=2)
_WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
# At these ages it is asked how a refund stands that it has, or may have; then a person looks.
AGES = tuple(timedelta(hours=hours) for hours in (1, 6, 21, 48, 4 * 24, 7 * 24, 14 * 24, 30 * 24))


def request(
    actor: Actor, *, panel_id: int, payment_id: int, amount_micros: int | None = None, reason: str = "", now: datetime
) -> None:
    """Give back a part of what was received, or all that is left of it: off the balance now, then by the gateway.

    Where no gateway has the money, or it gives nothing back by program, staff have sent it, and `reason` may say what
    their transfer is called. The caller has a transaction. Refused: no_payment, own_payment, not_refundable,
    payment_disputed, more_than_received, payment_decimals, and where the balance does not hold it.

    What is held goes back as a whole, takes nothing off the balance, and is never credited: held_goes_back_whole.
    """
    payment = lock_for(actor, panel_id, payment_id)
    if payment.state == PaymentState.DISPUTED:
        raise InvalidState("payment_disputed")
    held = payment.problem_code == HELD
    if held and Dispute.objects.filter(panel_id=panel_id, payment_id=payment_id, state=DisputeState.OPEN).exists():
        # Given back now, it may be taken once more.
        raise InvalidState("payment_disputed")
    if not (held or payment.state in REFUNDABLE) or payment.received_micros is None:
        raise InvalidState("not_refundable")
    rest = left(payment)
    part = rest if amount_micros is None else amount_micros
    if rest <= 0:
        raise InvalidState("not_refundable")
    if part <= 0:
        raise Refused("amount_not_positive", "amount")
    if part > rest:
        raise Refused("more_than_received", "amount", rest=money.text(rest), currency=payment.currency)
    if held and part < rest:
        raise Refused("held_goes_back_whole", "amount")
    gateway = registry.gateway(payment.method.kind)
    step = rules.step_micros(payment.currency) if gateway is None else gateway.step(payment.currency)
    if part % step:
        raise Refused("payment_decimals", "amount", step=money.text(step), currency=payment.currency)
    api = api_of(payment.method)
    by_hand = api is None or not api.gives_back or not payment.at_gateway
    row = _book(payment, part, now, state=RefundState.DONE if by_hand else RefundState.REQUESTED)
    if isinstance(row, Refusal):
        raise Refused.of(row)
    facts = {"amount": money.text(part), "reason": reason}
    tell(payment, "refunded" if by_hand else "refund_requested", by=actor.name, now=now, facts=facts)


REFUNDABLE = frozenset(
    {PaymentState.PAID.value, PaymentState.PART_REFUNDED.value, PaymentState.WON.value, PaymentState.LOST.value}
)


def decide(actor: Actor, *, panel_id: int, payment_id: int, made: bool, reason: str = "", now: datetime) -> None:
    """Staff have looked whether the gateway has made a refund of which nobody knew: done, or the money is back on the
    balance. The oldest first, where there are several. The caller has a transaction. Refused: no_payment,
    own_payment, no_unknown_refund.
    """
    payment = lock_for(actor, panel_id, payment_id)
    rows = Refund.objects.filter(panel_id=panel_id, payment_id=payment_id, state=RefundState.UNKNOWN).order_by("n")
    row = rows.select_for_update(no_key=True).first()
    if row is None:
        raise InvalidState("no_unknown_refund")
    if made:
        _rows(row).update(state=RefundState.DONE, due_at=None)
        _letter(payment, now)
        set_state(payment, now)
        facts = {"amount": money.text(row.amount_micros), "reason": reason}
        tell(payment, "refund_confirmed", by=actor.name, now=now, facts=facts)
    else:
        _failed(payment, row, reason, now, by=actor.name)


def check(actor: Actor, *, panel_id: int, payment_id: int, reason: str = "", now: datetime) -> None:
    """Staff have looked whether the customer has paid twice, and have done what follows. The caller has a transaction.
    Refused: no_payment, own_payment, nothing_to_check.
    """
    payment = lock_for(actor, panel_id, payment_id)
    if payment.attention != Attention.PAID_TWICE:
        raise InvalidState("nothing_to_check")
    tell(payment, CHECKED, by=actor.name, now=now, facts={"reason": reason})
    set_state(payment, now)


def _book(payment: Payment, part: int, now: datetime, *, state: RefundState, taken: bool = False) -> Refund | Refusal:
    """The row, the transfers and the payment's state. `taken`: the gateway has given it back already, so that what the
    balance does not hold becomes a debt.
    """
    share = share_of(payment, part)
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
        if state is RefundState.DONE:
            _letter(payment, now)
        set_state(payment, now)
    return row


def _letter(payment: Payment, now: datetime) -> None:
    """Money that was held is on its way back: its customer is told, once, and no sooner."""
    told = PaymentStep.objects.filter(panel_id=payment.panel_id, payment_id=payment.id, code="refund_sent")
    if payment.paid_at is None and not told.exists():
        emails.sent_back(payment, now=now)


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


def note_refunded(*, panel_id: int, payment_id: int, refunded_micros: int, came_micros: int = 0, now: datetime) -> None:
    """The gateway says how much has gone back: what we have not asked for was done there, and is booked.

    `came_micros`: all that came in there. What is more than was received here went back first.
    """
    with transaction.atomic(durable=True):
        payment = lock(panel_id, payment_id)
        if payment is None or payment.received_micros is None:
            return
        if payment.paid_at is None:
            # What came in and was not credited takes nothing off the balance; once all of what was held has gone back,
            # there is nothing to release.
            whole = payment.problem_code == HELD and refunded_micros >= left(payment) > 0
            if whole and not isinstance(_book(payment, left(payment), now, state=RefundState.DONE), Refusal):
                tell(payment, "refunded_there", now=now, facts={"amount": money.text(payment.received_micros)})
            return
        unasked = refunded_micros - refunded(payment) - spare(payment, came_micros=came_micros)
        part = min(unasked, left(payment))
        if part <= 0:
            return
        row = _book(payment, part, now, state=RefundState.DONE)
        if isinstance(row, Refusal):
            row = _book(payment, part, now, state=RefundState.DONE, taken=True)
        if not isinstance(row, Refusal):
            tell(payment, "refunded_there", now=now, facts={"amount": money.text(part)})


def look(*, panel_id: int, refund_id: int, now: datetime) -> bool:
    """Tell the gateway of a refund that is due, or ask how it stands; False where somebody else does. No transaction is
    open meanwhile.
    """
    open_ = (RefundState.REQUESTED, RefundState.SENT, RefundState.UNKNOWN)
    rows = Refund.objects.filter(panel_id=panel_id, id=refund_id, due_at__lte=now, state__in=open_)
    row: Refund | None = rows.select_related("payment__method").first()
    if row is None or not rows.update(due_at=now + LEASE, attempts=row.attempts + 1):
        return False
    payment, api = row.payment, api_of(row.payment.method)
    if api is None or payment.gateway_id is None:
        # Its folder was taken away, or nobody knows what it is called there.
        _wait_or_give_up(row, "", now)
        return True
    asked = AskedRefund(row.amount_micros, payment.currency, f"{payment.reference}-refund-{row.n}", row.gateway_id)
    tells = row.state == RefundState.REQUESTED and (row.attempts == 0 or now - row.created_at < TOLD_AGAIN)
    let_go()
    try:
        to = connection_of(payment.method)
        found: MadeRefund | Trouble | None = None
        if row.attempts or not tells:
            # Of what was told before, the answer may have been lost: it may be there.
            found = _asked(api)(to, payment.reference, payment.gateway_id, asked)
        if tells and found is None:
            found = api.refund(to, payment.reference, payment.gateway_id, asked)
    except ValueError:
        found = Trouble("gateway_key")
    with transaction.atomic(durable=True):
        locked = lock(panel_id, payment.id)
        if locked is not None:
            _write(locked, row, found, now, told=tells)
    return True


def _asked(api: Api) -> Any:
    return api.ask_refund or (lambda *_asked: None)


def _write(payment: Payment, row: Refund, found: MadeRefund | Trouble | None, now: datetime, *, told: bool) -> None:
    """What the gateway has answered, unless somebody has decided meanwhile."""
    if not _rows(row).filter(state=row.state).exists():
        return
    if isinstance(found, MadeRefund) and found.progress is not RefundProgress.FAILED:
        due_at = _next(row, now) if found.progress is RefundProgress.PENDING else None
        state = RefundState.SENT if due_at else RefundState.UNKNOWN
        if found.progress is RefundProgress.DONE:
            state = RefundState.DONE
        _rows(row).update(
            state=state, gateway_id=found.gateway_id or row.gateway_id, url=found.url or row.url, due_at=due_at
        )
        if state != row.state:
            if state is not RefundState.UNKNOWN:
                _letter(payment, now)
            facts = {"amount": money.text(row.amount_micros)} if state is RefundState.UNKNOWN else None
            tell(payment, _TOLD[state], now=now, facts=facts)
            _look_again(payment, now)
        set_state(payment, now)
    elif isinstance(found, MadeRefund):
        _failed(payment, row, "", now)
    elif told and isinstance(found, Trouble) and found.sure and found.code == "gateway_refused":
        if row.attempts:
            # What it refuses now it may have made when it was told first: nothing is booked back before that is known.
            _wait_or_give_up(row, found.said, now, payment=payment)
        else:
            _failed(payment, row, found.said, now)
        # What was given back there meanwhile may be why: it stood behind ours, and is to be booked now.
        _look_again(payment, now)
    elif told:
        wait = _WAITS[min(row.attempts, len(_WAITS) - 1)]
        _rows(row).update(due_at=now + wait, said=found.said[:REASON_MAX] if isinstance(found, Trouble) else "")
    else:
        _wait_or_give_up(row, found.said if isinstance(found, Trouble) else "", now, payment=payment)


_TOLD = {
    RefundState.DONE: "refunded",
    RefundState.SENT: "refund_sent",
    RefundState.UNKNOWN: "refund_unknown",
}


def _wait_or_give_up(row: Refund, said: str, now: datetime, *, payment: Payment | None = None) -> None:
    """Asked again at the next age; what cannot be told any more, and what has no age left, is for staff meanwhile."""
    due_at = _next(row, now)
    unknown = row.state == RefundState.REQUESTED or due_at is None
    with transaction.atomic():
        locked = payment or lock(row.panel_id, row.payment_id)
        if locked is None:
            return
        state = RefundState.UNKNOWN.value if unknown else row.state
        _rows(row).update(state=state, due_at=due_at, said=said[:REASON_MAX] or row.said)
        if state != row.state:
            tell(locked, "refund_unknown", now=now, facts={"amount": money.text(row.amount_micros)})
        set_state(locked, now)


def _next(row: Refund, now: datetime) -> datetime | None:
    return next((row.created_at + age for age in AGES if row.created_at + age > now), None)


def _look_again(payment: Payment, now: datetime) -> None:
    """Ask the gateway how much has gone back by now."""
    Payment.objects.filter(panel_id=payment.panel_id, id=payment.id).update(due_at=now)


def _rows(row: Refund) -> QuerySet[Refund]:
    return Refund.objects.filter(panel_id=row.panel_id, id=row.id)


def hasten(*, panel_id: int, payment_id: int, now: datetime) -> None:
    """Ask how those refunds stand that the gateway has, or may have: something has happened there."""
    rows = Refund.objects.filter(panel_id=panel_id, payment_id=payment_id)
    rows.filter(state__in=(RefundState.SENT, RefundState.UNKNOWN)).update(due_at=now)


def _failed(payment: Payment, row: Refund, said: str, now: datetime, *, by: str = "") -> None:
    """The gateway refused, or staff say that it has made none: the money is back on the balance."""
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
    set_state(payment, now)
    tell(payment, "refund_failed", by=by, now=now, facts={"said": said[:REASON_MAX]})
