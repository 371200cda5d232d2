"""What staff can do about money of payments that goes back, by refunds and by disputes, declared."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock
from panelwright.payments import dispute_actions, refund_actions, surplus_actions
from panelwright.payments.declarations import PAYMENT
from panelwright.payments.hold_rules import HELD
from panelwright.payments.models import REASON_MAX, Attention, DisputeState, Payment, PaymentState
from panelwright.staff.action import Action, ActionFieldKind, Field
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right

_KIND = ActionFieldKind
_DISPUTABLE = frozenset(
    {
        PaymentState.PAID.value,
        PaymentState.PART_REFUNDED.value,
        PaymentState.WON.value,
    }
)


def _refund(actor: Actor, panel_id: int, payment_id: int, /, **given: Any) -> None:
    refund_actions.request(actor, panel_id=panel_id, payment_id=payment_id, now=clock.now(), **given)


def _confirm_refund(actor: Actor, panel_id: int, payment_id: int, /, **given: Any) -> None:
    refund_actions.decide(actor, panel_id=panel_id, payment_id=payment_id, made=True, now=clock.now(), **given)


def _undo_refund(actor: Actor, panel_id: int, payment_id: int, /, **given: Any) -> None:
    refund_actions.decide(actor, panel_id=panel_id, payment_id=payment_id, made=False, now=clock.now(), **given)


def _mark_checked(actor: Actor, panel_id: int, payment_id: int, /, **given: Any) -> None:
    refund_actions.check(actor, panel_id=panel_id, payment_id=payment_id, now=clock.now(), **given)


def _record_dispute(actor: Actor, panel_id: int, payment_id: int, /, **given: Any) -> None:
    dispute_actions.record(actor, panel_id=panel_id, payment_id=payment_id, now=clock.now(), **given)


def _close_dispute(actor: Actor, panel_id: int, payment_id: int, /, *, outcome: str) -> None:
    won = outcome == DisputeState.WON
    dispute_actions.close(actor, panel_id=panel_id, payment_id=payment_id, won=won, now=clock.now())


def _settle_surplus(actor: Actor, panel_id: int, payment_id: int, /) -> None:
    surplus_actions.settle(actor, panel_id=panel_id, payment_id=payment_id, now=clock.now())


def _is_unknown(payment: Payment) -> bool:
    return payment.attention == Attention.REFUND_UNKNOWN


def _may_go_back(payment: Payment) -> int:
    """What is held goes back just as well as what was credited."""
    if payment.problem_code == HELD:
        return 2
    return int(payment.state in refund_actions.REFUNDABLE - {PaymentState.LOST.value})


_REASON = Field("reason", _KIND.TEXT, gettext_noop("Reason"), most=REASON_MAX)
ACTIONS = (
    Action(
        PAYMENT,
        "refund",
        gettext_noop("Refund payment"),
        Right.PAYMENTS,
        _refund,
        (
            Field(
                "amount",
                _KIND.AMOUNT,
                gettext_noop("Amount"),
                argument="amount_micros",
                help=gettext_noop("Of what was received, in the currency of the method. Empty: all that is left."),
            ),
            _REASON,
        ),
        moves_money=True,
        offered=_may_go_back,
        help=gettext_noop(
            "Takes the amount and its share of the bonus off the balance and sends it back through the gateway. Where"
            " no gateway has the money, send it yourself. A held payment goes back as a whole."
        ),
    ),
    Action(
        PAYMENT,
        "confirm_refund",
        gettext_noop("Refund was made"),
        Right.PAYMENTS,
        _confirm_refund,
        (_REASON,),
        moves_money=True,
        offered=lambda payment: 4 if _is_unknown(payment) else 0,
        help=gettext_noop("Only after you have found the refund at the payment provider."),
    ),
    Action(
        PAYMENT,
        "undo_refund",
        gettext_noop("Refund was not made"),
        Right.PAYMENTS,
        _undo_refund,
        (_REASON,),
        moves_money=True,
        offered=lambda payment: 3 if _is_unknown(payment) else 0,
        help=gettext_noop(
            "The money goes back on the balance. Make sure that the payment provider made no such refund."
        ),
    ),
    Action(
        PAYMENT,
        "mark_checked",
        gettext_noop("Mark as checked"),
        Right.PAYMENTS,
        _mark_checked,
        (_REASON,),
        offered=lambda payment: 4 if payment.attention == Attention.PAID_TWICE else 0,
        help=gettext_noop("Only after you have found out whether the customer paid twice. It moves no money."),
    ),
    Action(
        PAYMENT,
        "record_dispute",
        gettext_noop("Record dispute"),
        Right.PAYMENTS,
        _record_dispute,
        (
            Field(
                "amount",
                _KIND.AMOUNT,
                gettext_noop("Amount"),
                argument="amount_micros",
                help=gettext_noop("What was taken back, in the currency of the method. Empty: all that is left."),
            ),
            _REASON,
        ),
        moves_money=True,
        offered=lambda payment: int(payment.state in _DISPUTABLE),
        help=gettext_noop(
            "The customer or their bank has taken the money back. It goes off the balance; what the balance does not"
            " hold becomes a debt, and the customer cannot order until it is paid. Disputes that"
            " a payment provider reports are recorded by themselves."
        ),
    ),
    Action(
        PAYMENT,
        "close_dispute",
        gettext_noop("Close dispute"),
        Right.PAYMENTS,
        _close_dispute,
        (
            Field(
                "outcome",
                _KIND.CHOICE,
                gettext_noop("Outcome"),
                required=True,
                choices=(DisputeState.WON.value, DisputeState.LOST.value),
                help=gettext_noop("Won: the money came back to you, and goes back on the balance."),
            ),
        ),
        moves_money=True,
        offered=lambda payment: 2 if payment.state == PaymentState.DISPUTED else 0,
        help=gettext_noop(
            "A dispute that the payment provider reports is closed by the provider. When the provider no longer lists"
            " it, look there how it ended, and close it here."
        ),
    ),
    Action(
        PAYMENT,
        "settle_surplus",
        gettext_noop("Surplus settled"),
        Right.PAYMENTS,
        _settle_surplus,
        offered=lambda payment: 3 if payment.attention == Attention.SURPLUS else 0,
        help=gettext_noop(
            "More came in than was credited, and you have given it back by another way or keep it. What you give back"
            " at the payment provider is recorded by itself."
        ),
    ),
)
