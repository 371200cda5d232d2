"""Hashing takes its time. What was proven with a password that is changed meanwhile counts no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django_scopes import scope

from panelwright.core.refusal import Refusal
from panelwright.customers import account_actions, login_actions, passwords
from panelwright.customers.account_actions import WRONG_PASSWORD, FactorOn
from panelwright.customers.login_actions import START_AGAIN, WRONG, CodeNeeded, Visitor
from panelwright.customers.models import User
from panelwright.customers.passwords import PasswordVerdict
from panelwright.customers.session_actions import open_session
from tests.support.people import PASSWORD, Buyer, Owner, Time, counts, execute, value, values

CAROL = "carol@customer.example"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
VISITOR = Visitor("198.51.100.7", "Firefox", "device")

Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Something happens once, while the next password is being checked."""
    check = passwords.check

    def happens(what: Callable[[], object]) -> None:
        left = [what]

        def slowly(password: str, kept: str) -> PasswordVerdict | Refusal:
            found = check(password, kept)
            if left:
                left.pop()()
            return found

        monkeypatch.setattr(passwords, "check", slowly)

    return happens


def reset(user: User) -> Callable[[], object]:
    """She sets another password by the link of a letter: all sessions end."""

    def do() -> None:
        execute("UPDATE customers_user SET password = 'chosen meanwhile' WHERE id = %s", user.id)
        execute("DELETE FROM customers_session WHERE user_id = %s", user.id)

    return do


def user_of(buyer: Buyer) -> User:
    with scope(panel=buyer.owner.panel):
        found: User = User.objects.select_related("panel").get(id=buyer.customer.user_id)
        return found


def log_in(owner: Owner) -> Any:
    with scope(panel=owner.panel):
        return login_actions.log_in(panel_id=owner.panel_id, email=CAROL, password=PASSWORD, visitor=VISITOR)


def now_code(time: Time) -> str:
    return pyotp.TOTP(SECRET).at(int(time.now.timestamp()))


def test_a_log_in_that_is_late_is_none(alice: Owner, carol: Buyer, meanwhile: Meanwhile) -> None:
    meanwhile(reset(user_of(carol)))
    assert log_in(alice) == WRONG
    assert counts("customers_session", "customers_device") == (0, 0)
    assert value("SELECT last_login FROM customers_user WHERE email = %s", CAROL) is None


def test_a_log_in_does_not_slip_by_a_second_factor_that_is_turned_on(
    alice: Owner, carol: Buyer, meanwhile: Meanwhile
) -> None:
    meanwhile(lambda: execute("UPDATE customers_user SET totp_sealed = 'sealed' WHERE email = %s", CAROL))
    assert log_in(alice) == WRONG
    assert counts("customers_session") == (0,)


def test_nor_does_who_is_locked_out_meanwhile(alice: Owner, carol: Buyer, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: execute("UPDATE customers_user SET is_active = %s WHERE email = %s", False, CAROL))
    assert log_in(alice) == WRONG
    assert counts("customers_session") == (0,)


def test_a_code_that_is_late_starts_again(
    alice: Owner, carol: Buyer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched = call(carol, "on", code=now_code(time))
    assert isinstance(switched, FactorOn)
    needed = log_in(alice)
    assert isinstance(needed, CodeNeeded)
    use_code = login_actions.use_code

    def slowly(user: User, code: str) -> Refusal | None:
        used = use_code(user, code)
        reset(user)()
        return used

    monkeypatch.setattr(login_actions, "use_code", slowly)
    time.passes(seconds=30)
    with scope(panel=alice.panel):
        found = login_actions.log_in_with_code(
            panel_id=alice.panel_id, proof=needed.proof, code=now_code(time), visitor=VISITOR
        )
    assert found == START_AGAIN
    assert counts("customers_session") == (0,)


def call(buyer: Buyer, what: str, *, code: str = "", session_id: int = 0) -> Any:
    """One of the things that need her password."""
    user = user_of(buyer)
    with scope(panel=buyer.owner.panel):
        if what == "password":
            return account_actions.change_password(
                user=user, current=PASSWORD, password="of the one who was shut out", session_id=session_id
            )
        if what == "email":
            return account_actions.ask_new_email(
                user=user,
                current=PASSWORD,
                email="dave@customer.example",
                link_to=lambda token: f"https://shop.example/{token}",
                address="198.51.100.7",
            )
        if what == "on":
            return account_actions.switch_on_second_factor(
                user=user, current=PASSWORD, secret=SECRET, code=code, session_id=session_id
            )
        if what == "off":
            return account_actions.switch_off_second_factor(
                user=user, current=PASSWORD, code=code, session_id=session_id
            )
        return account_actions.renew_recovery_codes(user=user, current=PASSWORD, code=code)


@pytest.mark.parametrize("what", ["password", "email", "on", "off", "codes"])
def test_who_was_shut_out_meanwhile_changes_nothing(carol: Buyer, time: Time, meanwhile: Meanwhile, what: str) -> None:
    if what in {"off", "codes"}:
        assert isinstance(call(carol, "on", code=now_code(time)), FactorOn)
        time.passes(seconds=30)
    user = user_of(carol)
    with scope(panel=carol.owner.panel):
        open_session(user=user, address="", browser="")
    session_id = int(value("SELECT id FROM customers_session"))
    account = "SELECT email, totp_sealed FROM customers_user WHERE email = %s"
    recovery = "SELECT digest FROM customers_recoverycode ORDER BY digest"
    before = values(account, CAROL), values(recovery), counts("events_mail", "events_event", "customers_lettertoken")
    meanwhile(reset(user))
    assert call(carol, what, code=now_code(time), session_id=session_id) == WRONG_PASSWORD
    after = values(account, CAROL), values(recovery), counts("events_mail", "events_event", "customers_lettertoken")
    assert after == before
    assert value("SELECT password FROM customers_user WHERE email = %s", CAROL) == "chosen meanwhile"
