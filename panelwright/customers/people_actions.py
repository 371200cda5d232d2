"""What staff do for one customer beside money: letters, sessions, notes, a sign-up that waits. Raises Refused."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.customers import account_actions, actions, emails, letter_limits
from panelwright.customers.account_actions import LinkTo, new_letter, void_letters
from panelwright.customers.models import Customer, CustomerNote, LetterKind, LetterToken, Session, User
from panelwright.events.actions import NewEvent, record
from panelwright.events.mail import queue_mail
from panelwright.panels.models import Panel

# A link that staff had sent may lie in an inbox over night.
PASSWORD_WITHIN = timedelta(hours=24)
NOTE_MAX = 4_000
MAIL_SUBJECT_MAX = 150
MAIL_TEXT_MAX = 20_000


def send_password_letter(*, panel: Panel, user: User, link_to: LinkTo) -> None:
    """A letter whose link sets a new password, for 24 hours; links that were sent before work no more.

    Nobody of the staff ever sees the link or the password. Refused: may_not_log_in.
    """
    if not user.is_active:
        raise Refused("may_not_log_in")
    now = clock.now()
    with transaction.atomic():
        if (refused := letter_limits.count(user, now=now)) is not None:
            raise Refused.of(refused)
        void_letters(user, now)
        token = new_letter(panel.id, LetterKind.RESET, user=user, email=user.email, within=PASSWORD_WITHIN, now=now)
        language = user.language or panel.language
        emails.set_password(panel, to=user.email, language=language, link=link_to(token), now=now)


def end_sessions(*, panel_id: int, user_id: int) -> int:
    """Log somebody out everywhere; how many sessions there were. Staff who are signed in as them are out, too."""
    gone = Session.objects.filter(panel_id=panel_id, user_id=user_id).delete()[0]
    return int(gone)


def add_note(*, panel_id: int, customer_id: int, text: str, author: str) -> None:
    """A note for staff. Refused: missing_field, text_too_long."""
    text = text.strip()
    if not text:
        raise Refused("missing_field", "text", action="add_note")
    if len(text) > NOTE_MAX:
        raise Refused("text_too_long", "text", limit=NOTE_MAX)
    CustomerNote.objects.create(
        panel_id=panel_id, customer_id=customer_id, text=text, author=author[:300], at=clock.now()
    )


def mail(*, customer: Customer, subject: str, text: str) -> None:
    """An e-mail from the panel to one customer, as staff wrote it. Refused: missing_field, letters_unproven."""
    text = text.strip()
    if not text:
        raise Refused("missing_field", "text", action="mail")
    now = clock.now()
    if (refused := letter_limits.count(customer.user, now=now)) is not None:
        raise Refused.of(refused)
    queue_mail(
        panel_id=customer.panel_id,
        to=customer.user.email,
        subject=f"{customer.panel.name}: {subject}",
        text=text,
        kind="staff",
        now=now,
    )


def confirm_sign_up(*, panel_id: int, email: str) -> Customer:
    """Make the account of somebody who signed up and whose letter did not arrive, with the password they chose.

    For staff who know that the address is theirs. Refused: bad_email, no_sign_up, email_taken.
    """
    checked = account_actions.check_email(email)
    if not isinstance(checked, str):
        raise Refused.of(checked)
    now = clock.now()
    waiting = LetterToken.objects.filter(
        panel_id=panel_id, kind=LetterKind.SIGN_UP.value, email=checked, used_at=None, expires_at__gt=now
    ).exclude(password="")
    with transaction.atomic():
        letter = waiting.select_for_update().order_by("-id").first()
        if letter is None:
            raise Refused("no_sign_up", "email")
        password = letter.password
        # All letters to the address: an older one holds another password.
        waiting.update(used_at=now, password="")
        try:
            with transaction.atomic():
                customer = actions.create_customer_hashed(panel_id=panel_id, email=checked, password_hash=password)
        except IntegrityError:
            raise Refused("email_taken", "email", email=checked) from None
        record([NewEvent(panel_id, "customer.signed_up", customer.id, {"confirmed_by": "staff"})], now=now)
    return customer
