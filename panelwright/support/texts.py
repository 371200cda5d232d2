"""The words for people: refusals, wishes, states, and what the system says in a ticket. In the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core import refusals
from panelwright.core.refusal import Refusal
from panelwright.support import rules
from panelwright.support.commands import Wish
from panelwright.support.models import Message, TicketRequest
from panelwright.support.rules import ASKED, WITHDRAWN

WISHES = {
    Wish.REFILL: gettext_noop("Refill"),
    Wish.CANCEL: gettext_noop("Cancel"),
    Wish.SPEED_UP: gettext_noop("Speed up"),
}
SUBJECTS = {
    "order": gettext_noop("An order"),
    "payment": gettext_noop("A payment"),
    "other": gettext_noop("Something else"),
}
STATES = {
    "open": gettext_noop("In progress"),
    "pending": gettext_noop("Waiting for support"),
    "answered": gettext_noop("Answered"),
    "closed": gettext_noop("Closed"),
}
# Why something is not done for an order.
_REASONS = {
    "bad_order": gettext_noop("order not found"),
    "refill_disabled": gettext_noop("its service has no refills"),
    "refill_runs": gettext_noop("request a refill of a single run of this drip-feed or subscription"),
    "not_completed": gettext_noop("only a completed order can be refilled"),
    "refill_open": gettext_noop("a refill is already in progress"),
    "refill_too_soon": gettext_noop("refills are available 24 hours after completion or the last refill"),
    "refill_over": gettext_noop("the refill period is over"),
    "cancel_disabled": gettext_noop("its service cannot be canceled"),
    "cannot_cancel": gettext_noop("it has already ended"),
    "ended": gettext_noop("it has already ended"),
    "already_asked": gettext_noop("this was already requested and is being processed"),
    "may_not_order": gettext_noop("your account cannot place orders"),
    "bad_key": gettext_noop("your account cannot place orders"),
}
# Wish -> how it was taken.
_TAKEN = {
    Wish.REFILL: gettext_noop("Order %(order)s: refill requested. We will tell you here when it is done."),
    Wish.CANCEL: gettext_noop("Order %(order)s: cancellation requested. We will tell you here when it is done."),
    Wish.SPEED_UP: gettext_noop("Order %(order)s: speed-up requested."),
}
# Wish and outcome -> how it ended.
_ENDED = {
    (Wish.REFILL, "Completed"): gettext_noop("Refill of order %(order)s completed."),
    (Wish.REFILL, "Rejected"): gettext_noop(
        "Order %(order)s: refill rejected. Nothing was missing, or it cannot be refilled."
    ),
    (Wish.REFILL, "Canceled"): gettext_noop("Order %(order)s: refill canceled."),
    (Wish.CANCEL, "Canceled"): gettext_noop("Order %(order)s canceled. Its charge was refunded to your balance."),
    (Wish.CANCEL, "Partial"): gettext_noop(
        "Order %(order)s canceled. What was not delivered was refunded to your balance."
    ),
    (Wish.CANCEL, "Completed"): gettext_noop("Order %(order)s was completed before it could be canceled."),
    (Wish.CANCEL, "Expired"): gettext_noop("Order %(order)s expired before it could be canceled."),
    (Wish.CANCEL, "refused"): gettext_noop("Order %(order)s can no longer be canceled and continues."),
    (Wish.SPEED_UP, "done"): gettext_noop("Order %(order)s sped up."),
    (Wish.SPEED_UP, "refused"): gettext_noop("Order %(order)s cannot be sped up."),
    (Wish.SPEED_UP, "withdrawn"): gettext_noop(
        "Order %(order)s: speed-up request dropped because the ticket was closed."
    ),
    (Wish.SPEED_UP, "Completed"): gettext_noop("Order %(order)s completed."),
    (Wish.SPEED_UP, "Partial"): gettext_noop(
        "Order %(order)s partially delivered. What was not delivered was refunded."
    ),
    (Wish.SPEED_UP, "Canceled"): gettext_noop("Order %(order)s canceled."),
    (Wish.SPEED_UP, "Expired"): gettext_noop("Order %(order)s expired."),
}


def wish(value: str) -> str:
    return _(WISHES[Wish(value)])


def subject(value: str) -> str:
    return _(SUBJECTS[value])


def state(value: str) -> str:
    return _(STATES[value])


def reason(code: str) -> str:
    """Why a wish for an order was refused."""
    return _(_REASONS.get(code, _REASONS["may_not_order"]))


def refusal(refused: Refusal) -> str:
    """Why a ticket or message was not taken."""
    return refusals.page(refused, _)


def request_line(wish: str, order: int, *, reason_code: str = "", outcome: str = "") -> str:
    """How one request stands, as a sentence."""
    if reason_code:
        told = {"wish": _(WISHES[Wish(wish)]), "order": order, "reason": reason(reason_code)}
        return _("Order %(order)s, %(wish)s: not possible, %(reason)s.") % told
    text = _ENDED[Wish(wish), outcome] if outcome else _TAKEN[Wish(wish)]
    return _(text) % {"order": order}


# How a request stands, in a word or two.
_STANDING = {
    "accepted": gettext_noop("in progress"),
    "refused": gettext_noop("not possible"),
    "Completed": gettext_noop("completed"),
    "Rejected": gettext_noop("rejected"),
    "Canceled": gettext_noop("canceled"),
    "Partial": gettext_noop("partially delivered"),
    "Expired": gettext_noop("expired"),
    rules.DONE: gettext_noop("done"),
    WITHDRAWN: gettext_noop("dropped"),
}


def standing(request: TicketRequest) -> str:
    """How a request stands, in a word or two."""
    return _(_STANDING.get(request.outcome or request.state, _STANDING["refused"]))


def good(request: TicketRequest) -> bool:
    """Whether it ended as the customer wished."""
    return bool(request.outcome) and rules.granted(request.wish, request.outcome)


def of(message: Message) -> str:
    """A message as it is to be read: a person's as it was written, the system's in the reader's language."""
    if not message.code:
        return message.text
    rows: list[Mapping[str, Any]] = message.facts["requests"]
    if message.code == ASKED:
        return "\n".join(request_line(row["wish"], row["order"], reason_code=row["reason"]) for row in rows)
    return "\n".join(request_line(row["wish"], row["order"], outcome=row["outcome"]) for row in rows)
