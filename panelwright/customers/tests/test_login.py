"""Logging in: who gets in, who does not, and that an answer tells nobody whether an address has an account."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from panelwright.core.refusal import Refusal
from panelwright.customers import login_actions
from panelwright.customers.login_actions import START_AGAIN, WRONG, Admitted, CodeNeeded, Visitor
from panelwright.customers.models import User
from panelwright.events.models import Mail
from tests.support.people import PASSWORD, Buyer, Owner, Time, execute, value, values
from tests.support.threads import together

CAROL = "carol@customer.example"
HOME = Visitor("198.51.100.7", "Firefox on Linux", "the device of carol")
STRANGER = Visitor("203.0.113.66", "curl", "the device of a stranger")


def log_in(
    owner: Owner, email: str = CAROL, password: str = PASSWORD, visitor: Visitor = HOME
) -> Admitted | CodeNeeded | Refusal:
    with scope(panel=owner.panel):
        return login_actions.log_in(panel_id=owner.panel_id, email=email, password=password, visitor=visitor)


def test_the_right_password_opens_a_session(carol: Buyer, alice: Owner, time: Time) -> None:
    admitted = log_in(alice, f"  {CAROL.upper()} ")
    assert isinstance(admitted, Admitted)
    assert admitted.user.id == carol.customer.user_id
    assert value("SELECT COUNT(*) FROM customers_session") == 1
    with scopes_disabled():
        assert User.objects.get(email=CAROL).last_login == time.now


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (CAROL, "correct hors"),
        (CAROL, PASSWORD + " "),
        (CAROL, PASSWORD.upper()),
        (CAROL, ""),
        (CAROL, "x" * 201),
        ("dave@customer.example", PASSWORD),
        ("", PASSWORD),
        ("no address", PASSWORD),
        ("mallory@customer.example", PASSWORD),  # who is another panel's
    ],
)
def test_everything_else_is_answered_the_same(
    carol: Buyer, mallory: Buyer, alice: Owner, email: str, password: str
) -> None:
    assert log_in(alice, email, password) == WRONG
    assert value("SELECT COUNT(*) FROM customers_session") == 0


def test_somebody_who_was_locked_out_is_answered_the_same(carol: Buyer, alice: Owner) -> None:
    execute("UPDATE customers_user SET is_active = %s WHERE email = %s", False, CAROL)
    assert log_in(alice) == WRONG


def test_guessing_is_slowed_down_for_addresses_with_and_without_an_account(carol: Buyer, alice: Owner) -> None:
    for email in (CAROL, "dave@customer.example"):
        found = [log_in(alice, email, f"guess {n}", STRANGER) for n in range(11)]
        assert found[:10] == [WRONG] * 10
        assert isinstance(found[10], Refusal)
        assert found[10].code == "too_often"
    # Even the right password, from there.
    assert isinstance(log_in(alice, visitor=STRANGER), Refusal)


def test_a_stranger_who_guesses_does_not_keep_her_out_of_her_own_browser(carol: Buyer, alice: Owner) -> None:
    assert isinstance(log_in(alice), Admitted)
    for n in range(12):
        log_in(alice, CAROL, f"guess {n}", STRANGER)
    assert isinstance(log_in(alice, visitor=STRANGER), Refusal)
    assert isinstance(log_in(alice), Admitted), "her browser has a count of its own"
    found = [log_in(alice, CAROL, f"guess {n}") for n in range(11)]
    assert [refused.code for refused in found if isinstance(refused, Refusal)] == ["wrong_login"] * 10 + ["too_often"]


def test_one_address_cannot_try_many_accounts(carol: Buyer, alice: Owner) -> None:
    network = [Visitor(f"2001:db8:1:2::{n:x}", "curl", f"device {n}") for n in range(61)]
    found = [log_in(alice, f"somebody{n}@customer.example", "x", visitor) for n, visitor in enumerate(network)]
    assert found[:60] == [WRONG] * 60
    assert isinstance(found[60], Refusal)
    assert found[60].code == "too_often", "addresses of one /64 are one"


def test_she_is_told_of_a_new_browser_unless_she_does_not_want_it(carol: Buyer, alice: Owner, time: Time) -> None:
    log_in(alice)
    assert value("SELECT COUNT(*) FROM events_mail") == 0, "the first browser is no news"
    log_in(alice)
    log_in(alice, visitor=STRANGER)
    with scopes_disabled():
        (mail,) = Mail.objects.all()
    assert (mail.to, mail.subject, mail.kind) == (CAROL, "Shop: New log-in to your account", "login")
    assert "Address: 203.0.113.66\nBrowser: curl\nTime: 2026-05-04 12:00 UTC" in mail.text
    execute("UPDATE customers_user SET mails_off = %s", "login")
    log_in(alice, visitor=STRANGER._replace(device="a third one"))
    assert value("SELECT COUNT(*) FROM events_mail") == 1


def test_a_proof_is_worth_nothing_elsewhere(carol: Buyer, mallory: Buyer, alice: Owner, rival: Owner) -> None:
    execute("UPDATE customers_user SET totp_sealed = %s WHERE email = %s", "sealed", CAROL)
    needed = log_in(alice)
    assert isinstance(needed, CodeNeeded)

    def with_code(owner: Owner, proof: str) -> Any:
        with scope(panel=owner.panel):
            return login_actions.log_in_with_code(panel_id=owner.panel_id, proof=proof, code="123456", visitor=HOME)

    for proof in ("", "x", needed.proof + "x", needed.proof[:-1], "a:b:c", "\x00", "é" * 1000):
        assert with_code(alice, proof) == START_AGAIN
    assert with_code(rival, needed.proof) == START_AGAIN
    execute("UPDATE customers_user SET password = %s WHERE email = %s", "md5$other$", CAROL)
    assert with_code(alice, needed.proof) == START_AGAIN, "the password was changed since"


@pytest.mark.django_db(transaction=True)
def test_guesses_that_come_at_once_are_counted_one_by_one(transactional_db: None, carol: Buyer, alice: Owner) -> None:
    found = together([lambda n=n: log_in(alice, CAROL, f"guess {n}", STRANGER) for n in range(14)])  # type: ignore[misc]
    codes = sorted(refused.code for refused in found if isinstance(refused, Refusal))
    assert codes == ["too_often"] * 4 + ["wrong_login"] * 10


def test_an_address_is_counted_over_all_panels_and_a_refused_try_writes_nothing(
    carol: Buyer, mallory: Buyer, alice: Owner, rival: Owner, time: Time
) -> None:
    for number in range(60):
        assert log_in(alice if number % 2 else rival, f"{number}@customer.example", "x", STRANGER) == WRONG
    before = values("SELECT * FROM customers_attempts ORDER BY id")
    everywhere = values("SELECT * FROM customers_addressattempts ORDER BY id")
    for number in range(60, 80):
        refused = log_in(alice if number % 2 else rival, f"{number}@customer.example", "x", STRANGER)
        assert isinstance(refused, Refusal)
        assert refused.code == "too_often"
    assert values("SELECT * FROM customers_attempts ORDER BY id") == before
    assert values("SELECT * FROM customers_addressattempts ORDER BY id") == everywhere
    assert isinstance(log_in(alice), Admitted), "from elsewhere she gets in"
