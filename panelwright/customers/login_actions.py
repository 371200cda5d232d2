"""Logging in. Whether an address has an account shows neither in an answer nor in the time that it takes."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.db import transaction

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.core.remote import neighbourhood
from panelwright.core.secret import installation_box
from panelwright.customers import (
    emails,
    login_records,
    panel_links,
    passwords,
    second_factor,
    sessions,
    throttle_actions,
)
from panelwright.customers.models import Device, LoginHow, RecoveryCode, StaffLink, User
from panelwright.customers.session_actions import meet_device, open_session

WRONG = Refusal("wrong_login", "password")
WRONG_CODE = Refusal("wrong_code", "code")
START_AGAIN = Refusal("login_again")
LOST_FACTOR = Refusal("lost_factor", "code")
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
    """Check a password. Refusals: wrong_login, too_often, busy."""
    user = _by_password(panel_id, email, password, visitor)
    if isinstance(user, Refusal):
        return user
    if user.totp_sealed:
        return CodeNeeded(signing.dumps([user.id, _password_mark(user)], salt=_SALT))
    return admit(user, visitor) or WRONG


def prove(*, panel_id: int, email: str, password: str, code: str, visitor: Visitor) -> User | Refusal:
    """Whose account it is, proven as at the log-in, and without logging in. `code`: where there is a second factor.

    Refusals: wrong_login, wrong_code, lost_factor, too_often, busy.
    """
    user = _by_password(panel_id, email, password, visitor)
    if isinstance(user, Refusal) or not user.totp_sealed:
        return user
    refused = throttle_actions.count(panel_id, [(throttle_actions.CODE_ACCOUNT, str(user.id))], now=clock.now())
    refused = refused or use_code(user, code)
    if refused is not None:
        return refused
    throttle_actions.forget(panel_id, throttle_actions.CODE_ACCOUNT, str(user.id))
    return user


def _by_password(panel_id: int, email: str, password: str, visitor: Visitor) -> User | Refusal:
    if passwords.no_room():
        return passwords.BUSY
    email = email.strip().lower()
    now = clock.now()
    account = _guessed_at(panel_id, email, visitor)
    attempts = [
        (throttle_actions.LOG_IN_ACCOUNT, account),
        (throttle_actions.LOG_IN_ADDRESS, neighbourhood(visitor.address)),
    ]
    refused = throttle_actions.count(panel_id, attempts, now=now)
    if refused is not None:
        return refused
    user = User.objects.filter(panel_id=panel_id, email=email, is_active=True).select_related("panel").first()
    # Without an account it takes as long as a real check.
    right = passwords.pretend(password) if user is None else is_password_of(user, password)
    if isinstance(right, Refusal):
        throttle_actions.take_back(panel_id, attempts, now=now)
        return right
    if user is None or not right:
        return WRONG
    throttle_actions.forget(panel_id, throttle_actions.LOG_IN_ACCOUNT, account)
    found: User = user
    return found


def is_password_of(user: User, password: str) -> bool | Refusal:
    """Whether it is her password; then it is kept as passwords are hashed today. Refusal: busy."""
    kept = user.password
    verdict = passwords.check(password, kept)
    if isinstance(verdict, Refusal):
        return verdict
    # Only in place of the hash that was looked at: she may have chosen another password meanwhile.
    same = User.objects.filter(panel_id=user.panel_id, id=user.id, password=kept)
    if verdict.anew:
        before = panel_links.mark_of(user)
        with transaction.atomic():
            if same.update(password=verdict.anew):
                user.password = verdict.anew
                # It is the same password: links to accounts at other panels stay.
                links = StaffLink.objects.filter(panel_id=user.panel_id, staff__user_id=user.id, mark=before)
                links.update(mark=panel_links.mark_of(user))
    return verdict.right


def _guessed_at(panel_id: int, email: str, visitor: Visitor) -> str:
    """Whose tries are counted together. A browser that she has logged in with has a count of its own:
    otherwise whoever knows her address could keep her out by guessing."""
    device = sessions.digest(visitor.device)
    known = Device.objects.filter(panel_id=panel_id, user__email=email, digest=device).exists()
    return f"{email} {device}" if known else email


def log_in_with_code(*, panel_id: int, proof: str, code: str, visitor: Visitor) -> Admitted | Refusal:
    """The second step: a code of the app, or a recovery code.

    Refusals: wrong_code, too_often, login_again, lost_factor.
    """
    try:
        user_id, mark = signing.loads(proof, salt=_SALT, max_age=_CODE_WITHIN_S)
    except (signing.BadSignature, ValueError):
        return START_AGAIN
    user = User.objects.filter(panel_id=panel_id, id=user_id, is_active=True).select_related("panel").first()
    if user is None or not _is_mark(user, mark) or not user.totp_sealed:
        return START_AGAIN
    refused = throttle_actions.count(panel_id, [(throttle_actions.CODE_ACCOUNT, str(user.id))], now=clock.now())
    if refused is not None:
        return refused
    refused = use_code(user, code)
    if refused is not None:
        return refused
    throttle_actions.forget(panel_id, throttle_actions.CODE_ACCOUNT, str(user.id))
    return admit(user, visitor) or START_AGAIN


def use_code(user: User, code: str) -> Refusal | None:
    """Take a code of the app or a recovery code; each works once, whoever else tries it at the same moment.

    None when it was right. Refusals: wrong_code; lost_factor when the app's codes cannot be checked any
    more, because the installation has another secret than when they were set up. Recovery codes still work.
    """
    now = clock.now()
    try:
        secret = installation_box().open(user.totp_sealed)
    except ValueError:
        return None if _use_recovery_code(user, code) else LOST_FACTOR
    step = second_factor.step_of(secret, code, now=now, after_step=user.totp_last_step)
    if step is not None:
        mine = User.objects.filter(panel_id=user.panel_id, id=user.id, totp_last_step__lt=step)
        return None if mine.update(totp_last_step=step) else WRONG_CODE
    return None if _use_recovery_code(user, code) else WRONG_CODE


def _use_recovery_code(user: User, code: str) -> bool:
    codes = RecoveryCode.objects.filter(
        panel_id=user.panel_id, user=user, digest=second_factor.recovery_digest(code), used_at=None
    )
    return bool(codes.update(used_at=clock.now()))


def admit(user: User, visitor: Visitor, *, how: LoginHow = LoginHow.PASSWORD) -> Admitted | None:
    """Open a session for somebody who has proven who she is; she is told of a browser that is new.

    None when what was proven counts no more: hashing takes its time, and a password that was changed meanwhile, or
    a second factor that was turned on, has ended all sessions, and must not let in one that is late.
    """
    now = clock.now()
    with transaction.atomic():
        same = User.objects.filter(panel_id=user.panel_id, id=user.id, is_active=True, password=user.password)
        if not user.totp_sealed:
            same = same.filter(totp_sealed="")
        if not same.update(last_login=now):
            return None
        token = open_session(user=user, address=visitor.address, browser=visitor.browser)
        login_records.write(user=user, how=how, address=visitor.address, browser=visitor.browser, now=now)
        if meet_device(user=user, device=visitor.device, now=now):
            emails.new_browser(user, address=visitor.address, browser=sessions.browser(visitor.browser)[:200], now=now)
    return Admitted(user, token)


def _password_mark(user: User) -> str:
    """Changes with the password, and tells nothing of it."""
    return signing.Signer(salt=_SALT).signature(user.password)[:16]


def _is_mark(user: User, mark: str) -> bool:
    """Whether the password is the one that it was made of, with the key of now or one from before."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    marks = [signing.Signer(salt=_SALT, key=key).signature(user.password)[:16] for key in keys]
    return str(mark) in marks
