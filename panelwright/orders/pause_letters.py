"""Why a subscription pauses, in words for its customer, and the e-mail that tells her. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core import sql
from panelwright.events.mail import queue_mail
from panelwright.orders.models import Job, PauseReason
from panelwright.orders.settling import OpenOrder

PAUSED_FOR = {
    "": gettext_noop("Paused: not enough funds. Resumes automatically after you add funds."),
    PauseReason.FUNDS: gettext_noop("Not enough funds for the next post."),
    PauseReason.CAP: gettext_noop("Its API key has reached its daily spending limit."),
    PauseReason.KEY: gettext_noop("Its API key was revoked or can no longer place orders."),
    PauseReason.ACCOUNT: gettext_noop("Your account cannot place orders right now."),
    PauseReason.SERVICE: gettext_noop("The service is turned off."),
    PauseReason.PRIVATE: gettext_noop("The service is no longer available to you."),
    PauseReason.RATE: gettext_noop("The service now costs more than the price you agreed to."),
    PauseReason.QUANTITY: gettext_noop("The service is no longer sold in the quantities you chose."),
    PauseReason.BLOCKED: gettext_noop("Orders for this user are no longer accepted."),
    PauseReason.PROVIDER: gettext_noop("Delivery was paused."),
}
BY_ITSELF = gettext_noop("Resumes automatically once this is resolved.")
WITHOUT_KEY = gettext_noop("Resume it to continue without that key, or cancel it.")
AT_NEW_PRICE = gettext_noop("Resume it at the new price, or wait: it resumes automatically if the price drops.")
# A subscription that is delivered as a whole.
IS_ENDED = gettext_noop("The provider cannot pause it, so it is being canceled.")

# Subscriptions of one customer that an e-mail names; the others are counted.
NAMED_MAX = 20
# By this a customer switches these e-mails off (customers/emails.py).
KIND = "subscription"

_CUSTOMERS = sql.Query(
    "SELECT c.id, u.email, COALESCE(NULLIF(u.language, ''), p.language), u.mails_off, p.name"
    " FROM customers_customer c JOIN customers_user u ON u.id = c.user_id JOIN panels_panel p ON p.id = c.panel_id"
    " WHERE c.panel_id = ? AND c.id :in_int AND u.is_active"
)
_NAMES = sql.Query("SELECT order_id, number, username FROM orders_schedule WHERE panel_id = ? AND order_id :in_int")


class PauseNotice(NamedTuple):
    """A subscription that has just paused, and why: one of PauseReason."""

    order: OpenOrder
    reason: str


def tell(paused: Sequence[PauseNotice], now: datetime) -> None:
    """One e-mail a customer and reason, in her language, to those who have not switched them off."""
    by_panel: dict[int, dict[tuple[int, str, bool], list[int]]] = {}
    for order, reason in paused:
        here = order.job == Job.SCHEDULE.value
        by_panel.setdefault(order.panel_id, {}).setdefault((order.customer_id, reason, here), []).append(order.id)
    for panel_id, letters in by_panel.items():
        rows = _CUSTOMERS.rows(connection, panel_id, sorted({customer_id for customer_id, _, _ in letters}))
        customers = {row[0]: row[1:] for row in rows}
        ids = sorted(order_id for order_ids in letters.values() for order_id in order_ids[:NAMED_MAX])
        names = {row[0]: (row[1], row[2]) for row in _NAMES.rows(connection, panel_id, ids)}
        for (customer_id, reason, here), order_ids in letters.items():
            if customer_id not in customers:
                continue
            email, language, off, panel_name = customers[customer_id]
            if KIND in off.split(","):
                continue
            named = [names[id_] for id_ in order_ids[:NAMED_MAX]]
            with translation.override(language):
                queue_mail(
                    panel_id=panel_id,
                    to=email,
                    subject=f"{panel_name}: {_('Subscription paused')}",
                    text=_text(panel_name, named, len(order_ids), reason, here=here),
                    kind=KIND,
                    now=now,
                )


def _text(panel_name: str, named: Sequence[tuple[int, str]], count: int, reason: str, *, here: bool) -> str:
    """`named`: numbers and users of the first of `count` subscriptions. `here`: they wait with us; else their provider
    has them as a whole.
    """
    lines = [f"{number}  {username}" for number, username in named]
    if count > len(named):
        lines.append(_("and %(count)s more") % {"count": count - len(named)})
    said = [_("Paused at %(panel)s:") % {"panel": panel_name} + "\n" + "\n".join(lines), _(PAUSED_FOR[reason])]
    after = _then(reason, here=here)
    return "\n\n".join([*said, _(after)] if after else said)


def _then(reason: str, *, here: bool) -> str:
    """What comes of it; "" where there is nothing to say."""
    if not here:
        return "" if reason == PauseReason.PROVIDER.value else IS_ENDED
    return {PauseReason.KEY.value: WITHOUT_KEY, PauseReason.RATE.value: AT_NEW_PRICE}.get(reason, BY_ITSELF)
