"""What of a payment goes back, by refunds and by disputes: the shares, and the state that follows from the rows.

Both take the same share of credit, bonus and fee, and all of them together what was booked, however it is divided.
Where the gateway has more money than was credited, what goes back there is of the surplus first.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Sum

from panelwright.core.refusal import Refusal
from panelwright.payments import fresh_actions, rules
from panelwright.payments.hold_rules import HELD
from panelwright.payments.models import (
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
from panelwright.payments.settling_actions import CHECKED, PAID_THERE_TOO, asked_of, move, reference_of
from panelwright.promotions import actions as promotions

# Refunds whose money is off the balance.
STANDS = tuple(one.value for one in (RefundState.REQUESTED, RefundState.SENT, RefundState.UNKNOWN, RefundState.DONE))
# Lines of the story: the gateway lists a dispute that is open no more, or again.
UNLISTED, LISTED = "dispute_unlisted", "dispute_listed"
_SHARE = ("credit_micros", "bonus_micros", "fee_micros")


def refunded(payment: Payment) -> int:
    """What of the received money was given back, or is on its way, without disputes."""
    rows = Refund.objects.filter(panel_id=payment.panel_id, payment_id=payment.id, state__in=STANDS)
    return int(rows.aggregate(sum=Sum("amount_micros"))["sum"] or 0)


def left(payment: Payment) -> int:
    """What of the received money is still the panel's."""
    rows = Dispute.objects.filter(panel_id=payment.panel_id, payment_id=payment.id, taken=True)
    taken = int(rows.aggregate(sum=Sum("taken_micros"))["sum"] or 0)
    return max((payment.received_micros or 0) - refunded(payment) - taken, 0)


def spare(payment: Payment, *, came_micros: int, refunded_micros: int = 0) -> int:
    """What the gateway still has beside what was received here: of what came in there, and of what went back there that
    nobody here has asked for. What a dispute took there and not here, it took of this.
    """
    surplus = came_micros - (payment.received_micros or 0)
    if surplus <= 0:
        return 0
    rows = Dispute.objects.filter(panel_id=payment.panel_id, payment_id=payment.id, taken=True)
    sums = rows.aggregate(amount=Sum("amount_micros"), taken=Sum("taken_micros"))
    gone = int(sums["amount"] or 0) - int(sums["taken"] or 0) + max(refunded_micros - refunded(payment), 0)
    return max(surplus - gone, 0)


def unlisted(payment: Payment) -> frozenset[int]:
    """The numbers of disputes of which the gateway said nothing when it was asked last, as the story has it."""
    rows = PaymentStep.objects.filter(panel_id=payment.panel_id, payment_id=payment.id)
    told = rows.filter(code__in=(UNLISTED, LISTED)).order_by("id").values_list("facts", "code")
    last = {int(facts["dispute"]): code for facts, code in told}
    return frozenset(n for n, code in last.items() if code == UNLISTED)


def share_of(payment: Payment, part_micros: int) -> RefundShare:
    """What goes back of credit, bonus and fee with a part of what is left; with all of that, all that is left."""
    received = payment.received_micros or 0
    if payment.paid_at is None:
        # What was held was credited to nobody.
        return RefundShare(0, 0, 0)
    found = rules.accepted(asked_of(payment), received)
    fee = 0 if isinstance(found, Refusal) else rules.fee_in_panel(found, payment.rate_e12)
    rest = RefundShare(payment.credit_micros, payment.bonus_micros, fee)
    mine = {"panel_id": payment.panel_id, "payment_id": payment.id}
    for rows in (Refund.objects.filter(**mine, state__in=STANDS), Dispute.objects.filter(**mine, taken=True)):
        gone = rows.aggregate(**{name: Sum(name) for name in _SHARE})
        rest = RefundShare(*(micros - int(gone[name] or 0) for micros, name in zip(rest, _SHARE, strict=True)))
    return rules.refund_share(rest, left_micros=left(payment), part_micros=part_micros)


def _may_be_paid_twice(payment: Payment) -> bool:
    """The gateway has received what staff have approved, and they have not looked yet."""
    rows = PaymentStep.objects.filter(panel_id=payment.panel_id, payment_id=payment.id)
    last = rows.filter(code__in=(PAID_THERE_TOO, CHECKED)).order_by("-id").values_list("code", flat=True).first()
    return bool(last == PAID_THERE_TOO)


def _set_held(payment: Payment, now: datetime) -> None:
    """Money that was held goes back: that is the end of the payment, unless the gateway refuses. So it is where a bank
    has taken all of it for good.
    """
    mine = {"panel_id": payment.panel_id, "payment_id": payment.id}
    unknown = Refund.objects.filter(**mine, state=RefundState.UNKNOWN).exists()
    open_ = frozenset(
        Dispute.objects.filter(**mine, state=DisputeState.OPEN, gateway_id__isnull=False).values_list("n", flat=True)
    )
    attention = ""
    if unknown:
        attention = Attention.REFUND_UNKNOWN.value
    elif open_:
        attention = Attention.UNLISTED.value if open_ <= unlisted(payment) else Attention.DISPUTED.value
    facts = {"problem_facts": payment.problem_facts, "attention": attention}
    if refunded(payment) or (not open_ and not left(payment)):
        move(payment, PaymentState.FAILED, now=now, again=True, **facts)
    else:
        move(payment, PaymentState.PROBLEM, now=now, again=True, problem_code=HELD, **facts)


def set_state(payment: Payment, now: datetime) -> None:
    """What refunds and disputes make of a payment, which is locked, and whether staff have to look at it."""
    if payment.paid_at is None:
        _set_held(payment, now)
        return
    mine = {"panel_id": payment.panel_id, "payment_id": payment.id}
    rows = list(Dispute.objects.filter(**mine).values_list("n", "state", "gateway_id"))
    disputes = {state for _n, state, _id in rows}
    unknown = Refund.objects.filter(**mine, state=RefundState.UNKNOWN).exists()
    state = rules.paid_state(
        received_micros=payment.received_micros or 0,
        refunded_micros=refunded(payment),
        disputes=frozenset(map(DisputeState, disputes)),
    )
    attention: str = ""
    if unknown:
        attention = Attention.REFUND_UNKNOWN.value
    elif state is PaymentState.DISPUTED:
        named = {n for n, state_, id_ in rows if state_ == DisputeState.OPEN and id_ is not None}
        over = bool(named) and named <= unlisted(payment)
        attention = Attention.UNLISTED.value if over else Attention.DISPUTED.value
    elif rules.surplus_of(payment.problem_facts).open_micros:
        attention = Attention.SURPLUS.value
    elif _may_be_paid_twice(payment):
        attention = Attention.PAID_TWICE.value
    Payment.objects.filter(panel_id=payment.panel_id, id=payment.id, paid_at__isnull=False).update(
        state=state, attention=attention, updated_at=now
    )
    payment.state, payment.attention = state, attention
    received = payment.received_micros or 0
    fresh_actions.follow(payment, left_micros=left(payment))
    promotions.follow(
        panel_id=payment.panel_id,
        payment_number=payment.number,
        account_id=payment.customer.account_id,
        reference=reference_of(payment),
        gone_micros=received - left(payment),
        received_micros=received,
        now=now,
    )
