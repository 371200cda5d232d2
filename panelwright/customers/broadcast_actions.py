"""The writes of letters to many customers. One is queued in the transaction in which the bulk work moves on behind its
customer (staff/bulk_actions.py): so nobody gets it twice, whoever is killed when.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from panelwright.content import markdown
from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.customers import broadcasts, letter_limits
from panelwright.customers.models import Customer, User
from panelwright.events.actions import NewEvent, record
from panelwright.events.mail import HTML_MAX, drop_mail, queue_mail


def recipient(customer: Customer, user: User) -> broadcasts.Recipient:
    return broadcasts.Recipient(user.is_active, customer.enabled, user.mails_off)


def send(*, customer: Customer, subject: str, text: str, link: str, origin: str) -> None:
    """One letter. `link`: where its reader ends them; `origin`: where links to the panel lead.

    Refused: panel_suspended, unsubscribed, letters_end, missing_field, letter_too_long, letters_unproven.
    """
    panel = customer.panel
    # Under its lock: who unsubscribes now waits for this letter, and takes it out again.
    user = User.objects.select_for_update(no_key=True).get(panel_id=panel.id, id=customer.user_id)
    refused = broadcasts.SUSPENDED_PANEL if panel.suspended_at is not None else None
    refused = refused or broadcasts.left_out(recipient(customer, user))
    if refused is not None:
        raise Refused.of(refused)
    body = checked(text, origin=origin)
    text = _plain(text)
    now = clock.now()
    if (refused := letter_limits.count(user, now=now)) is not None:
        raise Refused.of(refused)
    with translation.override(user.language or panel.language):
        why = _("You get this email as a customer of %(panel)s.") % {"panel": panel.name}
        ends = _("Unsubscribe")
    queue_mail(
        panel_id=panel.id,
        to=user.email,
        subject=f"{panel.name}: {subject}",
        text=f"{text}\n\n-- \n{why}\n{ends}: {link}\n",
        html=_page(body, why, ends, link),
        unsubscribe=link,
        kind=broadcasts.NEWS,
        now=now,
    )


def checked(text: str, *, origin: str) -> str:
    """The text as a page. Refused: missing_field, letter_too_long."""
    text = _plain(text)
    if not text:
        raise Refused("missing_field", "text", action="broadcast")
    body = markdown.html(text, origin=origin)
    # With room for what stands below it.
    most = HTML_MAX - 5_000
    if len(body) > most:
        raise Refused("letter_too_long", "text", limit=most)
    return body


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _page(body: str, why: str, ends: str, link: str) -> str:
    """Without styles, pictures and addresses but those of the text: every mail program shows it."""
    from django.utils.html import format_html

    return str(format_html('{}<hr><p>{}<br><a href="{}">{}</a></p>', body, why, link, ends))


def unsubscribe(*, panel_id: int, user_id: int) -> bool:
    """No more such letters to the user, nor those that wait to be sent. False: there is no such user. Doing it again
    changes nothing."""
    now = clock.now()
    with transaction.atomic():
        rows = User.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=user_id)
        user: User | None = rows.first()
        if user is None:
            return False
        kinds = [kind for kind in user.mails_off.split(",") if kind]
        if broadcasts.NEWS not in kinds:
            user.mails_off = ",".join([*kinds, broadcasts.NEWS])
            user.save(update_fields=["mails_off"])
            drop_waiting(user, now=now)
            record([NewEvent(panel_id, "customer.unsubscribed", user_id, {})], now=now)
    return True


def drop_waiting(user: User, *, now: datetime) -> None:
    """Letters to many that were queued for somebody who wants none any more. A mail server may be away for two days."""
    token = broadcasts.token(panel_id=user.panel_id, user_id=user.id)
    drop_mail(panel_id=user.panel_id, to=user.email, unsubscribe=f"/{token}", kind=broadcasts.NEWS, now=now)
