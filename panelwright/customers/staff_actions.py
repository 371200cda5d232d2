"""Members of staff who come in by a letter: they choose their password themselves, and nobody else knows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import transaction

from panelwright.core import clock
from panelwright.core.refusal import Refusal, Refused
from panelwright.customers import actions, emails, letter_limits, passwords
from panelwright.customers.account_actions import (
    OLD_LINK,
    LinkTo,
    check_password,
    new_letter,
    open_letters,
    take_letter,
    void_letters,
)
from panelwright.customers.login_actions import Admitted, Visitor, admit
from panelwright.customers.models import LetterKind, LoginHow, Staff, User
from panelwright.events.actions import NewEvent, record
from panelwright.panels.models import Panel
from panelwright.staff.rights import Role

INVITED_FOR = timedelta(days=7)


def is_invited(user: User) -> bool:
    """Whether they have been asked to come, and have not chosen a password yet."""
    return user.password.startswith(UNUSABLE_PASSWORD_PREFIX)


def invite(
    *, panel: Panel, email: str, role: Role, single_rights: Sequence[str], by: str, language: str, link_to: LinkTo
) -> Staff:
    """A member of staff without a password, and the letter whose link lets them choose one, for seven days.

    Refused: bad_email, email_taken, unknown_right, no_address.
    """
    with transaction.atomic():
        row = actions.create_staff_hashed(
            panel_id=panel.id, email=email, password_hash=make_password(None), role=role, single_rights=single_rights
        )
        if language:
            row.user.language = language
            row.user.save(update_fields=["language"])
        send_invitation(panel=panel, staff=row, by=by, link_to=link_to)
    return row


def send_invitation(*, panel: Panel, staff: Staff, by: str, link_to: LinkTo) -> None:
    """The letter, once more: the link of the one before works no longer. Refused: has_password, may_not_log_in."""
    user: User = staff.user
    if not is_invited(user):
        raise Refused("has_password")
    if not user.is_active:
        raise Refused("may_not_log_in")
    now = clock.now()
    with transaction.atomic():
        if (limited := letter_limits.count(user, now=now)) is not None:
            raise Refused.of(limited)
        void_letters(user, now)
        token = new_letter(panel.id, LetterKind.INVITE, user=user, email=user.email, within=INVITED_FOR, now=now)
        language = user.language or panel.language
        emails.invited(panel, to=user.email, language=language, by=by, link=link_to(token), now=now)


def accept_invitation(*, panel: Panel, token: str, password: str, visitor: Visitor) -> Admitted | Refusal:
    """The password that they have chosen, and they are in. Refusals: old_link, those of a password, busy."""
    now = clock.now()
    waiting = open_letters(panel.id, LetterKind.INVITE, token, now).select_related("user").first()
    if waiting is None or waiting.user is None or not waiting.user.is_active:
        return OLD_LINK
    refused = check_password(password, email=waiting.user.email)
    if refused is not None:
        return refused
    hashed = passwords.hashed(password)
    if isinstance(hashed, Refusal):
        return hashed
    with transaction.atomic():
        letter = take_letter(panel.id, LetterKind.INVITE, token, now)
        if letter is None or letter.user is None:
            return OLD_LINK
        user: User = letter.user
        unset = User.objects.filter(
            panel_id=panel.id, id=user.id, is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX
        )
        if not unset.update(password=hashed, email_unproven=False):
            return OLD_LINK
        user.password = hashed
        void_letters(user, now)
        record([NewEvent(panel.id, "staff.came", user.id, {})], now=now)
        return admit(user, visitor, how=LoginHow.INVITATION) or OLD_LINK
