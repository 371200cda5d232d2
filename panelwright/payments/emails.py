"""The e-mails about payments. Plain text, in the language of whom they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.customers.emails import wants
from panelwright.events.mail import queue_mail
from panelwright.ledger.models import Account
from panelwright.payments.models import DisputeState, Payment
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
_OPENED = gettext_noop(
    "Your bank or payment provider has told us that you dispute %(amount)s %(currency)s of your payment %(number)s at"
    " %(panel)s. We will answer them. Nothing has changed on your balance yet.\n\n"
    "If this was a mistake, ask them to close the dispute."
)
_TAKEN = gettext_noop(
    "Your bank or payment provider has taken back %(amount)s %(currency)s of your payment %(number)s at %(panel)s"
    " because of a dispute. %(off)s %(panel_currency)s was taken off your balance until the dispute is closed.\n\n"
    "If this was a mistake, ask them to close the dispute."
)
_RETURNED = gettext_noop(
    "Your bank or payment provider has given back the disputed money of your payment %(number)s at %(panel)s."
    " %(off)s %(panel_currency)s is back on your balance."
)
_STAYS = gettext_noop("The dispute about your payment %(number)s at %(panel)s is closed. Your balance stays as it was.")
_BACK = gettext_noop(
    "The dispute about your payment %(number)s at %(panel)s is closed. %(off)s %(panel_currency)s is back on your"
    " balance."
)
_GONE = gettext_noop(
    "The dispute about your payment %(number)s at %(panel)s is closed. The money went back to you by your bank or"
    " payment provider, and stays off your balance."
)
_OWED = gettext_noop("You owe %(owed)s %(panel_currency)s. The next money you add pays it, then you can order again.")


def disputed(payment: Payment, state: DisputeState, *, amount_micros: int, off_micros: int, now: datetime) -> None:
    """How a dispute stands now. `amount_micros`: what it is about, in the method's currency; `off_micros`: what it has
    just taken off the balance, below zero for what it has given back. The caller holds the transaction.

    It cannot be turned off: it is about money that was the customer's.
    """
    if state is DisputeState.OPEN:
        message = _TAKEN if off_micros > 0 else _RETURNED if off_micros < 0 else _OPENED
    elif state is DisputeState.WON:
        message = _BACK if off_micros < 0 else _STAYS
    else:
        message = _GONE
    rows = Account.objects.filter(panel_id=payment.panel_id, id=payment.customer.account_id)
    told = {
        "amount": money.text(amount_micros),
        "currency": payment.currency,
        "off": money.text(abs(off_micros)),
        "panel_currency": payment.panel.currency,
        "owed": money.text(rows.values_list("owed_micros", flat=True).get()),
    }
    owes = rows.filter(owed_micros__gt=0).exists()
    _send(payment, (message, _OWED) if owes else (message,), now, kind="dispute", told=told)


def settled(payment: Payment, *, now: datetime) -> None:
    """The money is on the balance. The caller holds the transaction."""
    _send(payment, (_SETTLED_BONUS if payment.bonus_micros else _SETTLED,), now)


def rejected(payment: Payment, *, now: datetime) -> None:
    """Staff found no money, and said why. The caller holds the transaction."""
    _send(payment, (_REJECTED,), now)


def sent_back(payment: Payment, *, now: datetime) -> None:
    """What was held goes back to where it came from. The caller holds the transaction."""
    _send(payment, (_SENT_BACK,), now)


def _send(
    payment: Payment,
    messages: Sequence[str],
    now: datetime,
    *,
    kind: str = "payment",
    told: Mapping[str, object] | None = None,
) -> None:
    """`messages`: the paragraphs, which are filled in with the payment's own values and those of `told`."""
    panel, user = payment.panel, payment.customer.user
    if not wants(user, kind):
        return
    with translation.override(user.language or panel.language):
        values = {
            "number": payment.number,
            "panel": panel.name,
            "arrived": money.text(payment.arrives_micros + micros_of(use_of(panel.id, payment.number))),
            "bonus": money.text(payment.bonus_micros),
            "currency": panel.currency,
            "reason": payment.reason,
            **(told or {}),
        }
        subject = _("Payment %(number)s") % values
        try:
            queue_mail(
                panel_id=panel.id,
                to=user.email,
                subject=f"{panel.name}: {subject}",
                text="\n\n".join(_(message) % values for message in messages),
                kind=kind,
                now=now,
            )
        except ValueError:
            # An address that no letter reaches is no reason to keep money from its owner.
            return
