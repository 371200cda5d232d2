"""Logging in. Whether an address has an account shows neither in an answer nor in the time that it takes."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import transaction

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.core.secret import Box
from panelwright.customers import letters, second_factor, throttle_actions
from panelwright.customers.models import RecoveryCode, User
from panelwright.customers.session_actions import meet_device, open_session

WRONG = Refusal("wrong_login", "password")
WRONG_CODE = Refusal("wrong_code", "code")
START_AGAIN = Refusal("login_again")
_SALT = "panelwright.login"
_CODE_WITHIN_S = 600


class Visitor(NamedTuple):
    """Who is at the door: network address, what the browser calls itself, the token of its device cookie."""

    address: str
    browser: str
    device: str


class Admitted(NamedTuple):
    """`token` is for the session cookie."""

    user: User
    token: str


class CodeNeeded(NamedTuple):
    """The password was right; `proof` says so, for ten minutes, to `log_in_with_code`."""

    proof: str


def log_in(*, panel_id: int, email: str, password: str, visitor: Visitor) -> Admitted | CodeNeeded | Refusal:
    """Check a password. Refusals: wrong_login, too_often."""
    email = email.strip().lower()
    now = clock.now()
    attempts = [(throttle_actions.LOG_IN_ACCOUNT, email), (throttle_actions.LOG_IN_ADDRESS, visitor.address)]
    refused = throttle_actions.count(panel_id, attempts, now=now)
    if refused is not None:
        return refused
    user = User.objects.filter(panel_id=panel_id, email=email, is_active=True).select_related("panel").first()
    if user is None:
        # As long as a real check takes.
        make_password(password)
        return WRONG
    if not user.check_password(password):
        return WRONG
    throttle_actions.forget(panel_id, throttle_actions.LOG_IN_ACCOUNT, email)
    if user.totp_sealed:
        return CodeNeeded(signing.dumps([user.id, _password_mark(user)], salt=_SALT))
    return admit(user, visitor)


def log_in_with_code(*, panel_id: int, proof: str, code: str, visitor: Visitor) -> Admitted | Refusal:
    """The second step: a code of the app, or a recovery code. Refusals: wrong_code, too_often, login_again."""
    try:
        user_id, mark = signing.loads(proof, salt=_SALT, max_age=_CODE_WITHIN_S)
    except (signing.BadSignature, ValueError):
        return START_AGAIN
    user = User.objects.filter(panel_id=panel_id, id=user_id, is_active=True).select_related("panel").first()
    if user is None or mark != _password_mark(user) or not user.totp_sealed:
        return START_AGAIN
    refused = throttle_actions.count(panel_id, [(throttle_actions.CODE_ACCOUNT, str(user.id))], now=clock.now())
    if refused is not None:
        return refused
    if not use_code(user, code):
        return WRONG_CODE
    throttle_actions.forget(panel_id, throttle_actions.CODE_ACCOUNT, str(user.id))
    return admit(user, visitor)


def use_code(user: User, code: str) -> bool:
    """Take a code of the app or a recovery code; each works once, whoever else tries it at the same moment."""
    now = clock.now()
    secret = Box(settings.SECRET_KEY).open(user.totp_sealed)
    step = second_factor.step_of(secret, code, now=now, after_step=user.totp_last_step)
    if step is not None:
        mine = User.objects.filter(panel_id=user.panel_id, id=user.id, totp_last_step__lt=step)
        return bool(mine.update(totp_last_step=step))
    codes = RecoveryCode.objects.filter(
        panel_id=user.panel_id, user=user, digest=second_factor.recovery_digest(code), used_at=None
    )
    return bool(codes.update(used_at=now))


def admit(user: User, visitor: Visitor) -> Admitted:
    """Open a session for somebody who has proven who she is; she is told of a browser that is new."""
    now = clock.now()
    with transaction.atomic():
        token = open_session(user=user, address=visitor.address, browser=visitor.browser)
        if meet_device(user=user, device=visitor.device, now=now):
            letters.new_browser(user, address=visitor.address, browser=visitor.browser[:200], now=now)
    return Admitted(user, token)


def _password_mark(user: User) -> str:
    """Changes with the password, and tells nothing of it."""
    return signing.Signer(salt=_SALT).signature(user.password)[:16]
