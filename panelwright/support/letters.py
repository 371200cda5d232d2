"""The e-mails about tickets. Plain text, in the language of whom they are for."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from panelwright.customers.letters import wants
from panelwright.customers.models import Customer
from panelwright.events.mail import queue_mail
from panelwright.support.models import Ticket


def answered(customer: Customer, ticket: Ticket, text: str, *, now: datetime) -> None:
    """Staff have answered: their text, under the ticket's title. The caller holds the transaction."""
    panel, user = customer.panel, customer.user
    if not wants(user, "ticket"):
        return
    with translation.override(user.language or panel.language):
        queue_mail(
            panel_id=panel.id,
            to=user.email,
            subject=f"{panel.name}: {ticket.title} [{ticket.id}]",
            text=_(
                "The staff of %(panel)s have answered your ticket %(number)s, “%(title)s”:\n\n%(text)s\n\n"
                "To write back, log in and open Tickets. Answers to this e-mail are not read."
            )
            % {"panel": panel.name, "number": ticket.id, "title": ticket.title, "text": text},
            kind="ticket",
            now=now,
        )
