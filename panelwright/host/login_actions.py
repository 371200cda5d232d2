"""Logging in of operators: password, then always a code. Whether there is such an operator shows neither in an answer
nor in the time that it takes."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.db import transaction

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.core.remote import neighbourhood
from panelwright.core.secret import installation_box
from panelwright.customers import passwords, second_factor, throttle_actions
from panelwright.customers.login_actions import LOST_FACTOR, START_AGAIN, WRONG, WRONG_CODE
from panelwright.host import actions
from panelwright.host.models import Operator, OperatorRecoveryCode, OperatorSession
from panelwright.host.operators import actor_of
from panelwright.staff.actions import note
from panelwright.staff.actor import Actor, ActorKind

_SALT = "panelwright.operator"
_CODE_WITHIN_S = 300
# Where limits ask for a panel: what counts operators is counted over the installation.
_NO_PANEL = 0
LOGGED_IN, LOGGED_OUT = "operator.log_in", "operator.log_out"
WRONG_PASSWORD, NO_CODE = "operator.wrong_password", "operator.wrong_code"


class Caller(NamedTuple):
    """Who is at the door: network address, and what the browser calls itself."""

    address: str
    browser: str


class OperatorProof(NamedTuple):
    """The password was right; `text` says so, for five minutes, to `log_in_with_code`."""

    text: str


class OperatorIn(NamedTuple):
    """`token` is for the session's cookie."""

    token: str


def log_in(*, email: str, password: str, caller: Caller) -> OperatorProof | Refusal:
    """Check a password. Refusals: wrong_login, too_often, busy."""
    if passwords.no_room():
        return passwords.BUSY
    email = email.strip().lower()
    now = clock.now()
    place = neighbourhood(caller.address)
    # What customers and staff of panels try from there is counted by itself: they may share an operator's address.
    # By the network too: whoever knows an operator's address and guesses from elsewhere does not keep them out.
    account = f"{email} {place}"
    attempts = [(throttle_actions.OPERATOR_ACCOUNT, account), (throttle_actions.OPERATOR_ADDRESS, place)]
    refused = throttle_actions.count(_NO_PANEL, attempts, now=now)
    if refused is not None:
        return refused
    operator = Operator.objects.filter(email=email, enabled=True).first()
    right = passwords.pretend(password) if operator is None else _is_password_of(operator, password)
    if isinstance(right, Refusal):
        throttle_actions.take_back(_NO_PANEL, attempts, now=now)
        return right
    if operator is None or not right:
        _trace(operator, WRONG_PASSWORD, caller.address)
        return WRONG
    throttle_actions.forget(_NO_PANEL, throttle_actions.OPERATOR_ACCOUNT, account)
    return OperatorProof(signing.dumps([operator.id, _password_mark(operator)], salt=_SALT))


def _is_password_of(operator: Operator, password: str) -> bool | Refusal:
    kept = operator.password
    verdict = passwords.check(password, kept)
    if isinstance(verdict, Refusal):
        return verdict
    same = Operator.objects.filter(id=operator.id, password=kept)
    if verdict.anew and same.update(password=verdict.anew):
        operator.password = verdict.anew
    return verdict.right


def log_in_with_code(*, proof: str, code: str, caller: Caller) -> OperatorIn | Refusal:
    """The second step: a code of the app, or a recovery code. Refusals: wrong_code, too_often, login_again,
    lost_factor."""
    try:
        operator_id, mark = signing.loads(proof, salt=_SALT, max_age=_CODE_WITHIN_S)
    except (signing.BadSignature, ValueError):
        return START_AGAIN
    operator = Operator.objects.filter(id=operator_id, enabled=True).first()
    if operator is None or mark not in _marks(operator):
        return START_AGAIN
    tries = [(throttle_actions.OPERATOR_CODE, str(operator.id))]
    refused = throttle_actions.count(_NO_PANEL, tries, now=clock.now())
    if refused is not None:
        return refused
    refused = _use_code(operator, code)
    if refused is not None:
        _trace(operator, NO_CODE, caller.address)
        return refused
    throttle_actions.forget(_NO_PANEL, throttle_actions.OPERATOR_CODE, str(operator.id))
    return _admit(operator, caller) or START_AGAIN


def _use_code(operator: Operator, code: str) -> Refusal | None:
    """Each works once, whoever else tries it at the same moment."""
    now = clock.now()
    recovery = OperatorRecoveryCode.objects.filter(
        operator_id=operator.id, digest=second_factor.recovery_digest(code), used_at=None
    )
    try:
        secret = installation_box().open(operator.totp_sealed)
    except ValueError:
        return None if recovery.update(used_at=now) else LOST_FACTOR
    step = second_factor.step_of(secret, code, now=now, after_step=operator.totp_last_step)
    if step is None:
        return None if recovery.update(used_at=now) else WRONG_CODE
    mine = Operator.objects.filter(id=operator.id, totp_sealed=operator.totp_sealed, totp_last_step__lt=step)
    return None if mine.update(totp_last_step=step) else WRONG_CODE


def _admit(operator: Operator, caller: Caller) -> OperatorIn | None:
    """None when what was proven counts no more: password, factor or account were changed meanwhile."""
    with transaction.atomic():
        same = Operator.objects.filter(
            id=operator.id, enabled=True, password=operator.password, totp_sealed=operator.totp_sealed
        )
        if not same.update(last_login_at=clock.now()):
            return None
        token = actions.open_session(operator=operator, address=caller.address, browser=caller.browser)
        _note(operator, LOGGED_IN, caller.address)
    return OperatorIn(token)


def log_out(session: OperatorSession, *, address: str) -> None:
    with transaction.atomic():
        if actions.end_sessions(operator_id=session.operator_id, only_id=session.id):
            _note(session.operator, LOGGED_OUT, address)


def _note(operator: Operator, action: str, address: str) -> None:
    note(
        actor_of(operator, address=address),
        panel_id=None,
        action=action,
        object_kind="operator",
        object_id=operator.id,
        given={},
    )


def _trace(operator: Operator | None, action: str, address: str) -> None:
    """Of a log-in that failed, whoever it was: from where, and to whose account. What was typed is not kept: it may be
    a password. Strangers do not fill the trail: of so many in a quarter of an hour the rest is not told."""
    if throttle_actions.count(_NO_PANEL, [(throttle_actions.OPERATOR_TRACE, "")], now=clock.now()) is not None:
        return
    note(
        Actor(ActorKind.OPERATOR, None, "", address, frozenset()),
        panel_id=None,
        action=action,
        object_kind="operator",
        object_id=operator.id if operator is not None else 0,
        given={"email": operator.email if operator is not None else ""},
    )


def _password_mark(operator: Operator) -> str:
    """Changes with password and factor, and tells nothing of them."""
    return signing.Signer(salt=_SALT).signature(f"{operator.password} {operator.totp_sealed}")[:16]


def _marks(operator: Operator) -> list[str]:
    """With the key of now, and those from before."""
    text = f"{operator.password} {operator.totp_sealed}"
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [signing.Signer(salt=_SALT, key=key).signature(text)[:16] for key in keys]
