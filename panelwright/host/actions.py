"""Writes of operators' accounts and sessions."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.core.secret import installation_box
from panelwright.core.sql import PASSING_ERRORS
from panelwright.customers import account_actions, host_guest_actions, second_factor
from panelwright.customers.sessions import browser as browser_text
from panelwright.customers.sessions import digest, new_token
from panelwright.host.models import Operator, OperatorRecoveryCode, OperatorSession
from panelwright.host.sessions import AT_MOST, IDLE, SEEN_EVERY, used_until

log = logging.getLogger(__name__)
ISSUER = "Panelwright host"


class NewFactor(NamedTuple):
    """What an operator types into the app, as text and as what a QR code says, and the codes for when it is lost.
    Shown once."""

    key: str
    address: str
    codes: list[str]


def add_operator(*, email: str, password_hash: str) -> tuple[Operator, NewFactor]:
    """Refused: bad_email, operator_taken."""
    checked = account_actions.check_email(email)
    if not isinstance(checked, str):
        raise Refused.of(checked)
    secret = second_factor.new_secret()
    try:
        with transaction.atomic():
            made = Operator.objects.create(
                email=checked, password=password_hash, totp_sealed=installation_box().seal(secret)
            )
    except IntegrityError:
        raise Refused("operator_taken", "email") from None
    return made, _factor(made, secret)


def set_password(*, operator_id: int, password_hash: str) -> None:
    """And end all sessions."""
    Operator.objects.filter(id=operator_id).update(password=password_hash, password_at=clock.now())
    end_sessions(operator_id=operator_id)


def new_factor(*, operator_id: int) -> NewFactor:
    """In place of the one before, which is worth nothing any more, nor are its recovery codes. Ends all sessions."""
    secret = second_factor.new_secret()
    operator = Operator.objects.get(id=operator_id)
    sealed = installation_box().seal(secret)
    Operator.objects.filter(id=operator_id).update(totp_sealed=sealed, totp_last_step=0, factor_at=clock.now())
    OperatorRecoveryCode.objects.filter(operator_id=operator_id).delete()
    end_sessions(operator_id=operator_id)
    return _factor(operator, secret)


def _factor(operator: Operator, secret: str) -> NewFactor:
    codes = second_factor.new_recovery_codes()
    rows = [OperatorRecoveryCode(operator=operator, digest=second_factor.recovery_digest(code)) for code in codes]
    OperatorRecoveryCode.objects.bulk_create(rows)
    address = second_factor.address(secret, email=operator.email, panel=ISSUER)
    return NewFactor(secret, address, codes)


def enable(*, operator_id: int, enabled: bool) -> None:
    """Whether they may log in; who may not is logged out."""
    Operator.objects.filter(id=operator_id).update(enabled=enabled)
    if not enabled:
        end_sessions(operator_id=operator_id)


def open_session(*, operator: Operator, address: str, browser: str) -> str:
    """The token for the cookie, which is not stored. Runs in the caller's transaction, or its own."""
    now = clock.now()
    token = new_token()
    with transaction.atomic():
        over = Q(expires_at__lte=now) | Q(created_at__lte=now - AT_MOST)
        old = OperatorSession.objects.filter(over, operator=operator)
        # Where it was signed in as an owner would be found no more, when the account is turned off.
        host_guest_actions.end_all(list(old.values_list("id", flat=True)))
        old.delete()
        OperatorSession.objects.create(
            operator=operator,
            digest=digest(token),
            address=address[:45],
            browser=browser_text(browser),
            created_at=now,
            seen_at=now,
            expires_at=now + IDLE,
        )
    return token


def note_seen(session: OperatorSession, *, address: str, now: datetime) -> None:
    """A session goes on while it is used, for 12 hours at most."""
    if now - session.seen_at < SEEN_EVERY:
        return
    rows = OperatorSession.objects.filter(id=session.id)
    until = used_until(session, now=now)
    try:
        rows.update(seen_at=now, expires_at=until, address=address[:45])
    except PASSING_ERRORS:
        log.warning("session %d of an operator: the database was too busy to note that it is used", session.id)


def end_sessions(*, operator_id: int, keep_id: int | None = None, only_id: int | None = None) -> int:
    """End all of an operator's sessions but one, or only one; how many."""
    rows = OperatorSession.objects.filter(operator_id=operator_id)
    if keep_id is not None:
        rows = rows.exclude(id=keep_id)
    if only_id is not None:
        rows = rows.filter(id=only_id)
    ids = list(rows.values_list("id", flat=True))
    # With them ends where an operator was signed in as an owner.
    host_guest_actions.end_all(ids)
    gone, _ = OperatorSession.objects.filter(id__in=ids).delete()
    return int(gone)
