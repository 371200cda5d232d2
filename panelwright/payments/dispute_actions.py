"""Disputes: what a customer's bank takes back of a payment is off the balance, and back on it once the panel has won.

What the balance does not hold becomes a debt, and while that stands its customer orders nothing. The gateway is asked
what holds now; the order in which it tells things changes nothing. Where no gateway tells, staff write it down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from panelwright.core import money
from panelwright.core.refusal import InvalidState, Refusal, Refused
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.payments import emails
from panelwright.payments.back_actions import LISTED, UNLISTED, left, set_state, share_of, spare, unlisted
from panelwright.payments.gateway import DisputeProgress, FoundDispute
from panelwright.payments.hold_rules import HELD
from panelwright.payments.models import Dispute, DisputeState, Payment
from panelwright.payments.rules import RefundShare
from panelwright.payments.settling_actions import clearing_of, lock, lock_for, reference_of, tell
from panelwright.staff.actor import Actor


def note(
    *,
    panel_id: int,
    payment_id: int,
    found: Sequence[FoundDispute],
    ended: Sequence[tuple[str, DisputeProgress]] = (),
    came_micros: int = 0,
    refunded_micros: int = 0,
    now: datetime,
) -> bool:
    """What the gateway says of a payment's disputes is written down and booked; whether one of them is open.

    What is open here and is neither listed there nor told to have ended, staff may close from now on.
    """
    open_ = Dispute.objects.filter(
        panel_id=panel_id, payment_id=payment_id, state=DisputeState.OPEN, gateway_id__isnull=False
    )
    if not found and not open_.exists():
        return False
    with transaction.atomic(durable=True):
        payment = lock(panel_id, payment_id)
        # What came in and was not credited takes nothing off the balance; staff have to know of it all the same, before
        # they credit it.
        if payment is None or (payment.paid_at is None and payment.problem_code != HELD and not open_.exists()):
            return False
        before = _standing(payment)
        for one in found:
            row = _row(payment, one, now)
            more = spare(payment, came_micros=came_micros, refunded_micros=refunded_micros)
            _book(payment, row, one.taken, now, spare_micros=more)
            _close(payment, row, DisputeState(one.progress.value), now)
        ends, silent = dict(ended), unlisted(payment)
        listed = {one.gateway_id for one in found}
        for row in open_.order_by("n"):
            end = ends.get(row.gateway_id or "")
            if row.gateway_id in listed:
                if row.n in silent:
                    tell(payment, LISTED, now=now, facts={"dispute": row.n})
            elif end is not None:
                # What is lost without a chargeback was given back, and is booked as a refund.
                _book(payment, row, row.taken and end is DisputeProgress.LOST, now)
                _close(payment, row, DisputeState(end.value), now)
            elif row.n not in silent:
                tell(payment, UNLISTED, now=now, facts={"dispute": row.n})
        set_state(payment, now)
        _letters(payment, before, now)
        return open_.exists()


class _Standing(NamedTuple):
    """How a dispute stands, as far as its customer hears of it. `off_micros`: what it has taken off the balance."""

    state: DisputeState
    off_micros: int
    amount_micros: int


def _standing(payment: Payment) -> dict[int, _Standing]:
    rows = Dispute.objects.filter(panel_id=payment.panel_id, payment_id=payment.id).order_by("n")
    found = rows.values_list("n", "state", "credit_micros", "bonus_micros", "amount_micros")
    return {n: _Standing(DisputeState(state), credit + bonus, amount) for n, state, credit, bonus, amount in found}


def _letters(payment: Payment, before: Mapping[int, _Standing], now: datetime) -> None:
    """One letter for each dispute that stands otherwise than before, whatever has happened on the way; none where the
    customer was never credited.
    """
    if payment.paid_at is None:
        return
    for n, after in _standing(payment).items():
        was = before.get(n)
        if was is not None and (was.state, was.off_micros) == (after.state, after.off_micros):
            continue
        off = after.off_micros - (0 if was is None else was.off_micros)
        emails.disputed(payment, after.state, amount_micros=after.amount_micros, off_micros=off, now=now)


def _row(payment: Payment, one: FoundDispute, now: datetime) -> Dispute:
    """The dispute's row; one that staff have written down, and the gateway tells of now, is the same."""
    mine = Dispute.objects.filter(panel_id=payment.panel_id, payment_id=payment.id)
    row: Dispute | None = mine.filter(gateway_id=one.gateway_id).first()
    if row is None and (row := mine.filter(gateway_id__isnull=True, state=DisputeState.OPEN).first()) is not None:
        mine.filter(id=row.id).update(gateway_id=one.gateway_id)
        row.gateway_id = one.gateway_id
    if row is None:
        # In another currency than was paid it is about all of the payment, as where it does not say of how much: nobody
        # knows the rate, and what the bank has taken must not stay on the balance.
        known = one.currency == payment.currency and one.amount_micros > 0
        amount = one.amount_micros if known else payment.received_micros or 0
        return _open(payment, amount, one.reason, now, gateway_id=one.gateway_id, answer_by=one.answer_by)
    if (row.reason, row.answer_by) != (one.reason, one.answer_by):
        mine.filter(id=row.id).update(reason=one.reason, answer_by=one.answer_by)
    return row


def _open(
    payment: Payment,
    amount: int,
    reason: str,
    now: datetime,
    *,
    gateway_id: str | None = None,
    answer_by: datetime | None = None,
    by: str = "",
) -> Dispute:
    row: Dispute = Dispute.objects.create(
        panel_id=payment.panel_id,
        payment=payment,
        n=Dispute.objects.filter(panel_id=payment.panel_id, payment_id=payment.id).count() + 1,
        state=DisputeState.OPEN,
        gateway_id=gateway_id,
        amount_micros=min(amount, payment.received_micros or 0),
        reason=reason[:60],
        answer_by=answer_by,
        created_at=now,
    )
    tell(payment, "disputed", by=by, now=now, facts={"amount": money.text(row.amount_micros), "reason": row.reason})
    return row


def _book(payment: Payment, row: Dispute, taken: bool, now: datetime, *, spare_micros: int = 0) -> None:
    """Take the money off the balance, or give it back, where it is not so yet. `spare_micros`: what the gateway has
    beside what was credited, of which it is taken first.
    """
    if taken and not row.taken:
        part = min(max(row.amount_micros - spare_micros, 0), left(payment))
        row.taken, row.takes, row.taken_micros = True, row.takes + 1, part
        row.credit_micros, row.bonus_micros, row.fee_micros = share_of(payment, part)
        _post(payment, row, now)
        if part and payment.paid_at is not None:
            tell(payment, "dispute_taken", now=now, facts={"amount": money.text(part)})
    elif row.taken and not taken:
        _post(payment, row, now, back=True)
        if row.taken_micros and payment.paid_at is not None:
            tell(payment, "dispute_returned", now=now, facts={"amount": money.text(row.taken_micros)})
        row.taken, row.taken_micros = False, 0
        row.credit_micros = row.bonus_micros = row.fee_micros = 0
    else:
        return
    row.save(
        update_fields=["taken", "takes", "taken_micros", "credit_micros", "bonus_micros", "fee_micros"],
    )


def _post(payment: Payment, row: Dispute, now: datetime, *, back: bool = False) -> None:
    share = RefundShare(row.credit_micros, row.bonus_micros, row.fee_micros)
    posted = ledger.post(_transfers(payment, row, share, back=back), now=now)
    if isinstance(posted, Refusal):
        raise Refused.of(posted)


def _transfers(payment: Payment, row: Dispute, share: RefundShare, *, back: bool) -> list[NewTransfer]:
    panel_id, customer = payment.panel_id, payment.customer.account_id
    clearing, fees, bonus = clearing_of(payment), NamedAccount(AccountKind.FEES), NamedAccount(AccountKind.BONUS)
    name = name_of(payment, row)
    if back:
        wanted = [
            NewTransfer(panel_id, clearing, customer, share.credit_micros, TransferCode.REVERSAL, name),
            NewTransfer(panel_id, bonus, customer, share.bonus_micros, TransferCode.BONUS, f"{name} back"),
            NewTransfer(panel_id, clearing, fees, share.fee_micros, TransferCode.FEE, f"{name} back"),
        ]
    else:
        wanted = [
            NewTransfer(panel_id, customer, clearing, share.credit_micros, TransferCode.CHARGEBACK, name),
            NewTransfer(panel_id, customer, bonus, share.bonus_micros, TransferCode.BONUS, name),
            NewTransfer(panel_id, fees, clearing, share.fee_micros, TransferCode.FEE, name),
        ]
    return [transfer for transfer in wanted if transfer.amount_micros]


def name_of(payment: Payment, row: Dispute) -> str:
    """What the transfers of a dispute are called, each time that the money is taken."""
    again = f".{row.takes}" if row.takes > 1 else ""
    return f"{reference_of(payment)} dispute {row.n}{again}"


def _close(payment: Payment, row: Dispute, state: DisputeState, now: datetime, *, by: str = "") -> None:
    """What has become of it; one that was closed may be opened again."""
    if row.state == state:
        return
    closed_at = None if state is DisputeState.OPEN else now
    Dispute.objects.filter(panel_id=row.panel_id, id=row.id).update(state=state, closed_at=closed_at)
    code = {DisputeState.OPEN: "disputed", DisputeState.WON: "dispute_won", DisputeState.LOST: "dispute_lost"}[state]
    tell(payment, code, by=by, now=now, facts={"amount": money.text(row.amount_micros)})
    row.state, row.closed_at = state, closed_at


def record(
    actor: Actor, *, panel_id: int, payment_id: int, amount_micros: int | None = None, reason: str = "", now: datetime
) -> None:
    """Staff have learnt that money was taken back: all that is left of the payment, or a part. It is off the balance
    at once. The caller has a transaction. Refused: no_payment, own_payment, not_disputable, payment_disputed,
    more_than_received, amount_not_positive.
    """
    payment = lock_for(actor, panel_id, payment_id)
    if payment.paid_at is None or not (rest := left(payment)):
        raise InvalidState("not_disputable")
    if Dispute.objects.filter(panel_id=panel_id, payment_id=payment_id, state=DisputeState.OPEN).exists():
        raise InvalidState("payment_disputed")
    part = rest if amount_micros is None else amount_micros
    if part <= 0:
        raise Refused("amount_not_positive", "amount")
    if part > rest:
        raise Refused("more_than_received", "amount", rest=money.text(rest), currency=payment.currency)
    before = _standing(payment)
    row = _open(payment, part, reason, now, by=actor.name)
    _book(payment, row, True, now)
    set_state(payment, now)
    _letters(payment, before, now)


def close(actor: Actor, *, panel_id: int, payment_id: int, won: bool, now: datetime) -> None:
    """What became of a dispute that staff have written down, or of which the gateway says nothing any more; won, the
    money is back on the balance. What a gateway tells of, it closes. The caller has a transaction. Refused: no_payment,
    own_payment, no_open_dispute, dispute_at_gateway.
    """
    payment = lock_for(actor, panel_id, payment_id)
    open_ = Dispute.objects.filter(panel_id=panel_id, payment_id=payment_id, state=DisputeState.OPEN).order_by("n")
    row = open_.filter(gateway_id__isnull=True).first() or open_.filter(n__in=unlisted(payment)).first()
    if row is None:
        raise InvalidState("dispute_at_gateway" if open_.exists() else "no_open_dispute")
    before = _standing(payment)
    _book(payment, row, not won, now)
    _close(payment, row, DisputeState.WON if won else DisputeState.LOST, now, by=actor.name)
    set_state(payment, now)
    _letters(payment, before, now)
