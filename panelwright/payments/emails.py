"""The e-mails about payments. Plain text, in the language of whom they are for."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.customers.emails import wants
from panelwright.events.mail import queue_mail
from panelwright.payments.models import Payment
from panelwright.promotions.queries import micros_of, use_of

_SETTLED = gettext_noop(
    "We received your payment %(number)s at %(panel)s.\n\n%(arrived)s %(currency)s was added to your balance."
)
_SETTLED_BONUS = gettext_noop(
    "We received your payment %(number)s at %(panel)s.\n\n%(arrived)s %(currency)s was added to your balance,"
    " including a bonus of %(bonus)s %(currency)s."
)
_REJECTED = gettext_noop(
    "We could not confirm your payment %(number)s at %(panel)s, so nothing was added to your balance.\n\n"
    "%(reason)s\n\nIf you did pay, reply through a ticket with your payment ID."
)
_SENT_BACK = gettext_noop(
    "We could not accept your payment %(number)s at %(panel)s, so nothing was added to your balance.\n\n"
    "Your money is on its way back to you. Depending on how you paid, it can take a few days to arrive."
)


def settled(payment: Payment, *, now: datetime) -> None:
    """The money is on the balance. The caller holds the transaction."""
    _send(payment, _SETTLED_BONUS if payment.bonus_micros else _SETTLED, now)


def rejected(payment: Payment, *, now: datetime) -> None:
    """Staff found no money, and said why. The caller holds the transaction."""
    _send(payment, _REJECTED, now)


def sent_back(payment: Payment, *, now: datetime) -> None:
    """What was held goes back to where it came from. The caller holds the transaction."""
    _send(payment, _SENT_BACK, now)


def _send(payment: Payment, message: str, now: datetime) -> None:
    panel, user = payment.panel, payment.customer.user
    if not wants(user, "payment"):
        return
    with translation.override(user.language or panel.language):
        told = {
            "number": payment.number,
            "panel": panel.name,
            "arrived": money.text(payment.arrives_micros + micros_of(use_of(panel.id, payment.number))),
            "bonus": money.text(payment.bonus_micros),
            "currency": panel.currency,
            "reason": payment.reason,
        }
        subject = _("Payment %(number)s") % told
        try:
            queue_mail(
                panel_id=panel.id,
                to=user.email,
                subject=f"{panel.name}: {subject}",
                text=_(message) % told,
                kind="payment",
                now=now,
            )
        except ValueError:
            # An address that no letter reaches is no reason to keep money from its owner.
            return
