"""The e-mails about tickets. Plain text, in the language of whom they are for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.customers import letter_limits
from panelwright.customers.emails import wants
from panelwright.customers.models import Customer
from panelwright.events.mail import queue_mail
from panelwright.support import texts
from panelwright.support.models import Ticket, TicketRequest, TicketRequestState

_ANSWERED = gettext_noop(
    "%(panel)s answered your ticket %(number)s, “%(title)s”:\n\n%(text)s\n\nTo reply, log in "
    "and open Tickets. Replies to this email are not read."
)
_SETTLED = gettext_noop(
    "Your request in ticket %(number)s at %(panel)s, “%(title)s”, was processed:\n\n%(text)s\n"
    "\nTo reply, log in and open Tickets. Replies to this email are not read."
)


def answered(customer: Customer, ticket: Ticket, text: str, *, now: datetime) -> None:
    """Staff have answered: their text, under the ticket's title. The caller holds the transaction.

    The answer stands in the ticket either way; an address that nobody has confirmed gets no more than its share.
    """
    if wants(customer.user, "ticket") and letter_limits.count(customer.user, now=now) is not None:
        return
    _send(customer, ticket, _ANSWERED, lambda: text, now)


def settled(customer: Customer, ticket: Ticket, *, now: datetime) -> None:
    """All that was asked for in the ticket has ended: how, a line for each order. The caller holds the transaction."""
    done = TicketRequest.objects.filter(panel_id=ticket.panel_id, ticket=ticket, state=TicketRequestState.DONE)

    def lines() -> str:
        return "\n".join(texts.request_line(one.wish, one.number, outcome=one.outcome) for one in done.order_by("id"))

    _send(customer, ticket, _SETTLED, lines, now)


def _send(customer: Customer, ticket: Ticket, message: str, text: Callable[[], str], now: datetime) -> None:
    panel, user = customer.panel, customer.user
    if not wants(user, "ticket"):
        return
    with translation.override(user.language or panel.language):
        told = {"panel": panel.name, "number": ticket.number, "title": ticket.title, "text": text()}
        queue_mail(
            panel_id=panel.id,
            to=user.email,
            subject=f"{panel.name}: {ticket.title} [{ticket.number}]",
            text=_(message) % told,
            kind="ticket",
            now=now,
        )
