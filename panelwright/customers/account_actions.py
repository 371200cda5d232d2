"""What a user does with her own account: sign up, confirm, new password, new address, second factor, profile."""

from __future__ import annotations

import hashlib
import secrets
import zoneinfo
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from panelwright.core import clock, limits
from panelwright.core.refusal import Refusal
from panelwright.core.remote import neighbourhood
from panelwright.core.secret import installation_box
from panelwright.customers import (
    actions,
    broadcast_actions,
    emails,
    passwords,
    second_factor,
    sessions,
    throttle_actions,
)
from panelwright.customers.broadcasts import NEWS
from panelwright.customers.login_actions import WRONG_CODE, Admitted, Visitor, admit, is_password_of, use_code
from panelwright.customers.models import LetterKind, LetterToken, LoginHow, RecoveryCode, User
from panelwright.customers.session_actions import end_others, renew_session
from panelwright.events.actions import NewEvent, record
from panelwright.panels.models import Panel

# From the token of a letter to the address that its link leads to.
LinkTo = Callable[[str], str]

CONFIRM_WITHIN = timedelta(hours=24)
RESET_WITHIN = timedelta(hours=1)

_EVENTS = {
    "password": "user.password_changed",
    "second-factor-on": "user.second_factor_on",
    "second-factor-off": "user.second_factor_off",
}

BAD_EMAIL = Refusal("bad_email", "email")
SHORT_PASSWORD = Refusal("short_password", "password", limits.PASSWORD_CHARS_MIN)
LONG_PASSWORD = Refusal("long_password", "password", limits.PASSWORD_CHARS_MAX)
COMMON_PASSWORD = Refusal("common_password", "password")
WRONG_PASSWORD = Refusal("wrong_password", "current")
WRONG_CHOSEN_PASSWORD = Refusal("wrong_chosen_password", "password")
OLD_LINK = Refusal("old_link")
HAS_FACTOR = Refusal("has_second_factor")
NO_FACTOR = Refusal("no_second_factor")


class FactorOn(NamedTuple):
    """The recovery codes, which are seen only now, and the new token of the session that it was done in."""

    codes: list[str]
    token: str


class LetterSent(NamedTuple):
    """A letter is on its way, or not: nobody is told. `mark` shows later which browser asked for it."""

    mark: str


def mark_of(token: str) -> str:
    """What the browser that signed up may keep: it shows that the letter is its own, and does not open it."""
    return hashlib.sha256(f"signed up:{sessions.digest(token)}".encode()).hexdigest()


def check_email(email: str) -> str | Refusal:
    """The address in the form in which it is kept."""
    email = email.strip().lower()
    if len(email) > limits.EMAIL_CHARS_MAX:
        return BAD_EMAIL
    try:
        validate_email(email)
    except ValidationError:
        return BAD_EMAIL
    return email


def check_password(password: str, *, email: str) -> Refusal | None:
    """Long enough, and none of the twenty thousand that everybody tries first."""
    if len(password) < limits.PASSWORD_CHARS_MIN:
        return SHORT_PASSWORD
    if len(password) > limits.PASSWORD_CHARS_MAX:
        return LONG_PASSWORD
    try:
        validate_password(password)
    except ValidationError:
        return COMMON_PASSWORD
    return COMMON_PASSWORD if password.lower() == email else None


def sign_up(
    *,
    panel: Panel,
    email: str,
    password: str,
    language: str,
    link_to: LinkTo,
    reset_link: str,
    address: str,
    agreed: bool = False,
) -> LetterSent | Refusal:
    """Send a letter whose link makes the account, or one that says that there is one already.

    The answer is the same for both. `agreed`: to the panel's terms. Refusals: sign_up_closed, bad_email,
    short_password, common_password, terms_needed, too_often, busy.
    """
    if not panel.signup_open:
        return Refusal("sign_up_closed")
    checked = check_email(email)
    if isinstance(checked, Refusal):
        return checked
    refused = check_password(password, email=checked)
    if refused is None and panel.signup_terms and not agreed:
        refused = Refusal("terms_needed", "terms")
    if refused is None and passwords.no_room():
        refused = passwords.BUSY
    now = clock.now()
    refused = refused or _may_send(panel.id, checked, address, now=now)
    if refused is not None:
        return refused
    hashed = passwords.hashed(password)
    if isinstance(hashed, Refusal):
        throttle_actions.take_back(panel.id, _letter_attempts(checked, address), now=now)
        return hashed
    with transaction.atomic():
        known = User.objects.filter(panel_id=panel.id, email=checked).first()
        if known is not None:
            emails.signed_up_before(panel, to=checked, language=language, link=reset_link, now=now)
            return LetterSent(mark_of(sessions.new_token()))
        token = new_letter(panel.id, LetterKind.SIGN_UP, email=checked, password=hashed, within=CONFIRM_WITHIN, now=now)
        emails.sign_up(panel, to=checked, language=language, link=link_to(token), now=now)
    return LetterSent(mark_of(token))


def confirm_sign_up(
    *,
    panel: Panel,
    token: str,
    visitor: Visitor,
    mark: str = "",
    password: str = "",
    joined: Callable[..., None] | None = None,
) -> Admitted | Refusal:
    """Make the account that the letter was about, and log in. `joined(panel_id, customer, now)` is told of it in the
    same transaction.

    Anybody can sign up with a stranger's address and a password of his own, and the stranger might open
    that letter. So the password is asked for, unless `mark` shows that this browser signed up itself.
    Refusals: old_link, wrong_chosen_password, too_often, busy.
    """
    now = clock.now()
    if not secrets.compare_digest(mark.encode("utf-8", "replace"), mark_of(token).encode()):
        refused = _prove_chosen_password(panel.id, token, password, now)
        if refused is not None:
            return refused
    try:
        with transaction.atomic():
            letter = take_letter(panel.id, LetterKind.SIGN_UP, token, now)
            if letter is None:
                return OLD_LINK
            user = User(panel=panel, email=letter.email, password=letter.password)
            user.save(force_insert=True)
            customer = actions.new_customer(user)
            record([NewEvent(panel.id, "customer.signed_up", customer.id, {})], now=now)
            if joined is not None:
                joined(panel_id=panel.id, customer=customer, now=now)
            return admit(user, visitor, how=LoginHow.SIGN_UP) or OLD_LINK
    except IntegrityError:
        # Somebody opened another letter to the same address meanwhile.
        return OLD_LINK


def _prove_chosen_password(panel_id: int, token: str, password: str, now: datetime) -> Refusal | None:
    attempt = (throttle_actions.PASSWORD_LETTER, sessions.digest(token))
    refused = throttle_actions.count(panel_id, [attempt], now=now)
    if refused is not None:
        return refused
    letter = open_letters(panel_id, LetterKind.SIGN_UP, token, now).first()
    if letter is None:
        return OLD_LINK
    verdict = passwords.check(password[: limits.PASSWORD_CHARS_MAX + 1], letter.password)
    if isinstance(verdict, Refusal):
        throttle_actions.take_back(panel_id, [attempt], now=now)
        return verdict
    return None if verdict.right else WRONG_CHOSEN_PASSWORD


def ask_reset(*, panel: Panel, email: str, language: str, link_to: LinkTo, address: str) -> Refusal | None:
    """Send a letter whose link sets a new password, if there is such an account; the answer is the same if not."""
    checked = check_email(email)
    if isinstance(checked, Refusal):
        return checked
    now = clock.now()
    refused = _may_send(panel.id, checked, address, now=now)
    if refused is not None:
        return refused
    with transaction.atomic():
        user = User.objects.filter(panel_id=panel.id, email=checked, is_active=True).first()
        if user is not None:
            token = new_letter(panel.id, LetterKind.RESET, user=user, email=checked, within=RESET_WITHIN, now=now)
            emails.reset(panel, to=checked, language=user.language or language, link=link_to(token), now=now)
        else:
            _decoy(panel.id, LetterKind.RESET, checked, now)
    return None


def letter_works(*, panel_id: int, kind: LetterKind, token: str) -> bool:
    """Whether a link can still be used; looking does not use it up."""
    return open_letters(panel_id, kind, token, clock.now()).exists()


def reset_password(*, panel: Panel, token: str, password: str, keys_link: str = "") -> User | Refusal:
    """Set the password that the letter's link leads to, and end all sessions. Nobody is logged in by it.

    `keys_link` leads to the page of API keys, for the letter about it. Refusals: old_link, short_password,
    common_password, busy.
    """
    now = clock.now()
    waiting = open_letters(panel.id, LetterKind.RESET, token, now).select_related("user").first()
    if waiting is None or waiting.user is None:
        return OLD_LINK
    refused = check_password(password, email=waiting.user.email)
    if refused is not None:
        return refused
    hashed = passwords.hashed(password)
    if isinstance(hashed, Refusal):
        return hashed
    with transaction.atomic():
        letter = take_letter(panel.id, LetterKind.RESET, token, now)
        if letter is None or letter.user is None:
            return OLD_LINK
        user: User = letter.user
        _proven(user)
        _set_password(user, hashed, keep_session_id=None, keys_link=keys_link, now=now)
        throttle_actions.forget(panel.id, throttle_actions.LOG_IN_ACCOUNT, user.email)
    return user


def _proven(user: User) -> None:
    """A letter that went to the address was opened."""
    if user.email_unproven:
        user.email_unproven = False
        user.save(update_fields=["email_unproven"])


def change_password(*, user: User, current: str, password: str, session_id: int, keys_link: str = "") -> str | Refusal:
    """A new password for who knows the old one. All other sessions end; the new token of this one.

    Refusals: wrong_password, too_often, short_password, long_password, common_password, busy.
    """
    refused = prove_password(user, current) or check_password(password, email=user.email)
    if refused is not None:
        return refused
    hashed = passwords.hashed(password)
    if isinstance(hashed, Refusal):
        return hashed
    with transaction.atomic():
        if not _is_still_hers(user):
            return WRONG_PASSWORD
        return _set_password(user, hashed, keep_session_id=session_id, keys_link=keys_link, now=clock.now())


def ask_new_email(*, user: User, current: str, email: str, link_to: LinkTo, address: str) -> Refusal | None:
    """Send a letter to the new address; it counts once its link was opened."""
    checked = check_email(email)
    if isinstance(checked, Refusal):
        return checked
    now = clock.now()
    refused = prove_password(user, current) or _may_send(user.panel_id, checked, address, now=now)
    if refused is not None:
        return refused
    with transaction.atomic():
        if not _is_still_hers(user):
            return WRONG_PASSWORD
        # An address that somebody has gets no letter, and the answer is the same.
        if User.objects.filter(panel_id=user.panel_id, email=checked).exists():
            _decoy(user.panel_id, LetterKind.NEW_EMAIL, checked, now)
        else:
            token = new_letter(
                user.panel_id, LetterKind.NEW_EMAIL, user=user, email=checked, within=CONFIRM_WITHIN, now=now
            )
            emails.new_email(
                user.panel, to=checked, language=user.language or user.panel.language, link=link_to(token), now=now
            )
    return None


def confirm_new_email(*, panel: Panel, token: str) -> User | Refusal:
    """The address of the letter becomes the account's. Refusal: old_link."""
    now = clock.now()
    try:
        with transaction.atomic():
            letter = take_letter(panel.id, LetterKind.NEW_EMAIL, token, now)
            if letter is None or letter.user is None:
                return OLD_LINK
            user: User = letter.user
            before = user.email
            user.email, user.email_unproven = letter.email, False
            user.save(update_fields=["email", "email_unproven"])
            void_letters(user, now)
            emails.changed(user, "email", to=before, keys_link="", now=now)
            facts = {"before": before, "after": user.email}
            record([NewEvent(panel.id, "user.email_changed", user.id, facts)], now=now)
    except IntegrityError:
        # Somebody has had the address since the letter was sent.
        return OLD_LINK
    return user


def change_profile(*, user: User, name: str, language: str, timezone: str) -> Refusal | None:
    """`language`: one that the panel offers, or empty. `timezone`: a name of the tz database, or empty."""
    name = " ".join(name.split())
    if len(name) > limits.PERSON_NAME_CHARS_MAX:
        return Refusal("too_long", "name", limits.PERSON_NAME_CHARS_MAX)
    if language and language not in {user.panel.language, *user.panel.languages}:
        return Refusal("bad_choice", "language")
    if timezone and timezone not in zoneinfo.available_timezones():
        return Refusal("bad_choice", "timezone")
    user.name, user.language, user.timezone = name, language, timezone
    user.save(update_fields=["name", "language", "timezone"])
    return None


def choose_mails(*, user: User, wanted: frozenset[str]) -> None:
    """Which of the e-mails that can be switched off are wanted."""
    user.mails_off = ",".join(kind for kind in emails.OPTIONAL if kind not in wanted)
    with transaction.atomic():
        user.save(update_fields=["mails_off"])
        if NEWS not in wanted:
            broadcast_actions.drop_waiting(user, now=clock.now())


def switch_on_second_factor(
    *, user: User, current: str, secret: str, code: str, session_id: int, keys_link: str = ""
) -> FactorOn | Refusal:
    """With the password, and a code that proves that the app has the secret. All other sessions end.

    Refusals: wrong_password, wrong_code, has_second_factor, too_often, busy.
    """
    if user.totp_sealed:
        return HAS_FACTOR
    now = clock.now()
    refused = prove_password(user, current) or _may_try_code(user)
    if refused is not None:
        return refused
    step = second_factor.step_of(secret, code, now=now, after_step=0)
    if step is None:
        return WRONG_CODE
    sealed = installation_box().seal(secret)
    with transaction.atomic():
        if not _is_still_hers(user):
            return WRONG_PASSWORD
        mine = User.objects.filter(panel_id=user.panel_id, id=user.id, totp_sealed="")
        if not mine.update(totp_sealed=sealed, totp_last_step=step):
            return HAS_FACTOR
        user.totp_sealed, user.totp_last_step = sealed, step
        codes = _new_recovery_codes(user)
        end_others(panel_id=user.panel_id, user_id=user.id, keep_id=session_id)
        throttle_actions.forget(user.panel_id, throttle_actions.CODE_ACCOUNT, str(user.id))
        _tell(user, "second-factor-on", now, keys_link=keys_link)
        return FactorOn(codes, renew_session(panel_id=user.panel_id, user_id=user.id, session_id=session_id))


def switch_off_second_factor(
    *, user: User, current: str, code: str, session_id: int, keys_link: str = ""
) -> str | Refusal:
    """For who knows the password and has the app, or a recovery code. The new token of the session.

    Refusals: wrong_password, wrong_code, lost_factor, too_often, no_second_factor, busy.
    """
    if not user.totp_sealed:
        return NO_FACTOR
    refused = prove_password(user, current) or _may_try_code(user)
    if refused is not None:
        return refused
    with transaction.atomic():
        if not _is_still_hers(user):
            return WRONG_PASSWORD
        refused = use_code(user, code) or take_off_second_factor(user=user, keys_link=keys_link)
        if refused is not None:
            return refused
        throttle_actions.forget(user.panel_id, throttle_actions.CODE_ACCOUNT, str(user.id))
        return renew_session(panel_id=user.panel_id, user_id=user.id, session_id=session_id)


def take_off_second_factor(*, user: User, by: str = "", keys_link: str = "") -> Refusal | None:
    """For who has lost the app and the recovery codes: staff `by` name have made sure who asks. She is told.

    Refusal: no_second_factor.
    """
    with transaction.atomic():
        mine = User.objects.filter(panel_id=user.panel_id, id=user.id).exclude(totp_sealed="")
        if not mine.update(totp_sealed=""):
            return NO_FACTOR
        user.totp_sealed = ""
        RecoveryCode.objects.filter(panel_id=user.panel_id, user=user).delete()
        _tell(user, "second-factor-off", clock.now(), {"by": by} if by else {}, keys_link=keys_link)
    return None


def renew_recovery_codes(*, user: User, current: str, code: str) -> list[str] | Refusal:
    """Ten new recovery codes in place of the old ones, for who knows the password and has the app at hand.

    Refusals: wrong_password, wrong_code, too_often, lost_factor, no_second_factor, busy.
    """
    if not user.totp_sealed:
        return NO_FACTOR
    refused = prove_password(user, current) or _may_try_code(user)
    if refused is not None:
        return refused
    with transaction.atomic():
        if not _is_still_hers(user):
            return WRONG_PASSWORD
        refused = use_code(user, code)
        if refused is not None:
            return refused
        throttle_actions.forget(user.panel_id, throttle_actions.CODE_ACCOUNT, str(user.id))
        return _new_recovery_codes(user)


def _may_try_code(user: User) -> Refusal | None:
    """Count one try of a code. Refusal: too_often."""
    return throttle_actions.count(user.panel_id, [(throttle_actions.CODE_ACCOUNT, str(user.id))], now=clock.now())


def prove_password(user: User, password: str) -> Refusal | None:
    """None when it is her password. Refusals: wrong_password, too_often, busy."""
    attempt = (throttle_actions.PASSWORD_ACCOUNT, str(user.id))
    now = clock.now()
    refused = throttle_actions.count(user.panel_id, [attempt], now=now)
    if refused is not None:
        return refused
    right = is_password_of(user, password[: limits.PASSWORD_CHARS_MAX + 1])
    if isinstance(right, Refusal):
        throttle_actions.take_back(user.panel_id, [attempt], now=now)
        return right
    if not right:
        return WRONG_PASSWORD
    throttle_actions.forget(user.panel_id, *attempt)
    return None


def _is_still_hers(user: User) -> bool:
    """Whether the password that was proven is still hers, now until the end of the caller's transaction.

    Hashing takes its time: who knew the old one and was shut out by a new one meanwhile changes nothing any more.
    """
    same = User.objects.select_for_update().filter(panel_id=user.panel_id, id=user.id, password=user.password)
    return bool(same.values_list("id", flat=True))


def _new_recovery_codes(user: User) -> list[str]:
    codes = second_factor.new_recovery_codes()
    RecoveryCode.objects.filter(panel_id=user.panel_id, user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(panel_id=user.panel_id, user=user, digest=second_factor.recovery_digest(code)) for code in codes
    )
    return codes


def _set_password(user: User, hashed: str, *, keep_session_id: int | None, keys_link: str, now: datetime) -> str:
    """The new token of the session that goes on; empty when none does."""
    with transaction.atomic():
        user.password = hashed
        user.save(update_fields=["password"])
        end_others(panel_id=user.panel_id, user_id=user.id, keep_id=keep_session_id)
        # A link that was sent before would set it back.
        void_letters(user, now)
        _tell(user, "password", now, keys_link=keys_link)
        if keep_session_id is None:
            return ""
        return renew_session(panel_id=user.panel_id, user_id=user.id, session_id=keep_session_id)


def void_letters(user: User, now: datetime) -> None:
    """Links that were sent to her before work no more."""
    LetterToken.objects.filter(panel_id=user.panel_id, user=user, used_at=None).update(used_at=now)


def _tell(user: User, what: str, now: datetime, facts: dict[str, object] | None = None, *, keys_link: str = "") -> None:
    emails.changed(user, what, to=user.email, keys_link=keys_link, now=now)
    record([NewEvent(user.panel_id, _EVENTS[what], user.id, facts or {})], now=now)


def _may_send(panel_id: int, email: str, address: str, *, now: datetime) -> Refusal | None:
    return throttle_actions.count(panel_id, _letter_attempts(email, address), now=now)


def _letter_attempts(email: str, address: str) -> list[throttle_actions.Attempt]:
    return [(throttle_actions.LETTER_ACCOUNT, email), (throttle_actions.LETTER_ADDRESS, neighbourhood(address))]


def new_letter(
    panel_id: int,
    kind: LetterKind,
    *,
    email: str,
    within: timedelta,
    now: datetime,
    user: User | None = None,
    password: str = "",
) -> str:
    """The token of a link that is about to be sent, which is not stored."""
    token = sessions.new_token()
    LetterToken.objects.filter(panel_id=panel_id, expires_at__lt=now - timedelta(days=30)).delete()
    LetterToken.objects.create(
        panel_id=panel_id,
        kind=kind.value,
        user=user,
        email=email,
        digest=sessions.digest(token),
        password=password,
        created_at=now,
        expires_at=now + within,
    )
    return token


def _decoy(panel_id: int, kind: LetterKind, email: str, now: datetime) -> None:
    """A row that nobody can use, where no letter is sent: so that the answer takes as long as with one."""
    token = new_letter(panel_id, kind, email=email, within=timedelta(0), now=now)
    LetterToken.objects.filter(panel_id=panel_id, digest=sessions.digest(token)).update(used_at=now)


def open_letters(panel_id: int, kind: LetterKind, token: str, now: datetime) -> Any:
    """The letter of a link that still works, as a query."""
    return LetterToken.objects.filter(
        panel_id=panel_id, kind=kind.value, digest=sessions.digest(token), used_at=None, expires_at__gt=now
    )


def take_letter(panel_id: int, kind: LetterKind, token: str, now: datetime) -> LetterToken | None:
    """The letter, used up: of two who open a link at once, one has it."""
    waiting = open_letters(panel_id, kind, token, now)
    found: LetterToken | None = waiting.select_related("user__panel").first()
    if found is None or not waiting.update(used_at=now, password=""):
        return None
    return found
