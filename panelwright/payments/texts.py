"""The words for payments: states, lines of their stories, and why one is a problem, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core import money, refusals
from panelwright.core.refusal import Refusal
from panelwright.payments.hold_rules import read_kept
from panelwright.payments.models import (
    Attention,
    Dispute,
    DisputeState,
    Payment,
    PaymentBlockKind,
    PaymentState,
    PaymentStep,
    Refund,
    RefundState,
)
from panelwright.payments.rules import surplus_of

STATES = {
    PaymentState.CREATED.value: gettext_noop("Waiting for payment"),
    PaymentState.SENT.value: gettext_noop("Payment started"),
    PaymentState.PENDING.value: gettext_noop("Being checked"),
    PaymentState.PAID.value: gettext_noop("Paid"),
    PaymentState.PART_REFUNDED.value: gettext_noop("Partly refunded"),
    PaymentState.REFUNDED.value: gettext_noop("Refunded"),
    PaymentState.DISPUTED.value: gettext_noop("Disputed"),
    PaymentState.WON.value: gettext_noop("Dispute won"),
    PaymentState.LOST.value: gettext_noop("Dispute lost"),
    PaymentState.FAILED.value: gettext_noop("Rejected"),
    PaymentState.EXPIRED.value: gettext_noop("Expired"),
    PaymentState.CANCELED.value: gettext_noop("Canceled"),
    PaymentState.PROBLEM.value: gettext_noop("Needs a decision"),
}
# What customers read where staff have to decide.
_FOR_CUSTOMERS = {
    PaymentState.PROBLEM.value: STATES[PaymentState.PENDING.value],
    # Who has won is told from the panel's side.
    PaymentState.WON.value: STATES[PaymentState.PAID.value],
    PaymentState.LOST.value: gettext_noop("Taken back"),
}
_BADGES = {
    PaymentState.CREATED: "warn",
    PaymentState.SENT: "warn",
    PaymentState.PENDING: "busy",
    PaymentState.PAID: "good",
    PaymentState.WON: "good",
    PaymentState.DISPUTED: "bad",
    PaymentState.LOST: "bad",
    PaymentState.FAILED: "bad",
    PaymentState.PROBLEM: "bad",
}
_STEPS = {
    "created": gettext_noop("Payment created"),
    "submitted": gettext_noop("Proof of payment sent"),
    "canceled": gettext_noop("Canceled by the customer"),
    "expired": gettext_noop("Expired: no payment was made in time"),
    "settled": gettext_noop("Payment received and credited"),
    "rejected": gettext_noop("Rejected"),
    "problem": gettext_noop("Needs a decision"),
    "held": gettext_noop("Received, and held by your payment rules"),
    "ripe": gettext_noop("Money made spendable by staff"),
    "sent": gettext_noop("Payment started"),
    "pending_there": gettext_noop("Paid; waiting for the payment provider to confirm it"),
    "refused": gettext_noop("Refused by the payment provider"),
    "refund_requested": gettext_noop("Refund requested"),
    "refund_sent": gettext_noop("Refund sent"),
    "refunded": gettext_noop("Refunded"),
    "refunded_there": gettext_noop("Refunded at the payment provider"),
    "refund_unknown": gettext_noop("Nobody knows whether the refund was made"),
    "refund_confirmed": gettext_noop("Refunded, as staff have found"),
    "disputed": gettext_noop("Disputed by the customer or their bank"),
    "dispute_taken": gettext_noop("Disputed money taken off the balance"),
    "dispute_returned": gettext_noop("Disputed money back on the balance"),
    "dispute_won": gettext_noop("Dispute closed: the money stays"),
    "dispute_lost": gettext_noop("Dispute closed: the money was taken back"),
    "dispute_unlisted": gettext_noop("The payment provider no longer lists the dispute"),
    "dispute_listed": gettext_noop("The payment provider lists the dispute again"),
    "surplus": gettext_noop("More came in than was credited"),
    "surplus_settled": gettext_noop("Surplus settled by staff"),
    "refund_failed": gettext_noop("Refund was not made; the money is back on the balance"),
    "paid_there_too": gettext_noop("Approved by staff, and received by the payment provider, too"),
    "checked": gettext_noop("Checked by staff"),
}

_REFUNDS = {
    RefundState.REQUESTED: ("busy", gettext_noop("Requested")),
    RefundState.SENT: ("busy", gettext_noop("Sent")),
    RefundState.UNKNOWN: ("bad", gettext_noop("Outcome unknown")),
    RefundState.DONE: ("good", gettext_noop("Done")),
    RefundState.FAILED: ("bad", gettext_noop("Failed")),
}


def refund(one: Refund) -> str:
    """How a refund stands."""
    return _(_REFUNDS[RefundState(one.state)][1])


def refund_badge(one: Refund) -> str:
    """The class of its badge."""
    return _REFUNDS[RefundState(one.state)][0]


_DISPUTES = {
    DisputeState.OPEN: ("warn", gettext_noop("Open")),
    DisputeState.WON: ("good", gettext_noop("Won")),
    DisputeState.LOST: ("bad", gettext_noop("Lost")),
}
_ATTENTION = {
    Attention.REFUND_UNKNOWN.value: gettext_noop(
        "The payment provider did not say whether a refund was made. Look there, and record what you find."
    ),
    Attention.PAID_TWICE.value: gettext_noop(
        "Staff approved this payment, and the payment provider has received it, too. If the customer has paid twice,"
        " add the second payment to the balance or send it back. Then mark the payment as checked."
    ),
    Attention.DISPUTED.value: gettext_noop("This payment is disputed. Answer the dispute at the payment provider."),
    Attention.UNLISTED.value: gettext_noop(
        "The payment provider no longer lists the dispute of this payment. Look there how it ended, and close it here."
    ),
    Attention.SURPLUS.value: gettext_noop(
        "%(amount)s %(currency)s more came in than was credited. Give it back at the payment provider."
    ),
}

# Of money that no payment provider has there is nobody to answer.
_DISPUTED_BY_HAND = gettext_noop("This payment is disputed. Close the dispute here once you know how it ended.")


_DISPUTES_FOR_CUSTOMERS = {
    DisputeState.OPEN: _DISPUTES[DisputeState.OPEN][1],
    DisputeState.WON: gettext_noop("Closed"),
    DisputeState.LOST: gettext_noop("Taken back"),
}


def dispute(one: Dispute, *, customer: bool = False) -> str:
    """How a dispute stands; won and lost are words of the panel's side."""
    state = DisputeState(one.state)
    return _(_DISPUTES_FOR_CUSTOMERS[state] if customer else _DISPUTES[state][1])


def dispute_badge(one: Dispute) -> str:
    """The class of its badge."""
    return _DISPUTES[DisputeState(one.state)][0]


def attention(payment: Payment) -> str:
    """Why staff have to look at a payment that is paid; empty where they have not."""
    if payment.attention not in _ATTENTION:
        return ""
    amount = money.text(surplus_of(payment.problem_facts).open_micros)
    if payment.attention == Attention.DISPUTED and not payment.at_gateway:
        return _(_DISPUTED_BY_HAND)
    return _(_ATTENTION[payment.attention]) % {"amount": amount, "currency": payment.currency}


def state(payment: Payment, *, customer: bool = False) -> str:
    """Its state; customers are not told of what staff have to decide."""
    words = STATES[payment.state]
    return _(_FOR_CUSTOMERS.get(payment.state, words) if customer else words)


def badge(payment: Payment) -> str:
    """The class of its badge."""
    return _BADGES.get(PaymentState(payment.state), "")


def step(one: PaymentStep) -> str:
    """A line of its story; what is not known any more stands as its code."""
    known = _STEPS.get(one.code)
    return _(known) if known else one.code.replace("_", " ")


_EVIDENCE = {
    "blocked": gettext_noop("Blocked for payments: %(what)s"),
    "new_customer": gettext_noop("New customer: signed up %(days)s days ago, your limit is %(limit)s"),
    "first_payment": gettext_noop("First payment of %(amount)s %(currency)s, your limit is %(limit)s %(currency)s"),
    "countries": gettext_noop("The card is from %(card)s, the billing address in %(address)s"),
    "many_cards": gettext_noop("Paid with %(count)s different cards in 30 days, your limit is %(limit)s"),
    "shared_card": gettext_noop("Other customers paid with the same card or account: %(customers)s"),
    "many_payments": gettext_noop("%(count)s payments in %(hours)s hours, your limit is %(limit)s"),
    "large_sum": gettext_noop("%(amount)s %(currency)s in %(hours)s hours, your limit is %(limit)s %(currency)s"),
}


BLOCK_KINDS = {
    PaymentBlockKind.CUSTOMER: gettext_noop("Customer"),
    PaymentBlockKind.ADDRESS: gettext_noop("IP address"),
    PaymentBlockKind.DOMAIN: gettext_noop("Email domain"),
}


def evidence(facts: Mapping[str, Any], currency: str) -> list[str]:
    """Why a payment was held, a line for each rule; a rule that is not known any more stands as its name."""
    found = []
    for one in read_kept(facts):
        words = _EVIDENCE.get(one.rule)
        try:
            found.append(_(words) % {**one.facts, "currency": currency} if words else one.rule.replace("_", " "))
        except KeyError:
            found.append(one.rule.replace("_", " "))
    return found


def problem(payment: Payment) -> str:
    """Why staff have to decide; empty where they have not."""
    if not payment.problem_code:
        return ""
    return refusals.page(Refusal(payment.problem_code, facts=tuple(payment.problem_facts.items())), _)
