"""The second factor: each code works once, whoever tries it at the same moment, and the way back is never shut."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from django_scopes import scope

from panelwright.core.refusal import Refusal
from panelwright.customers import account_actions, login_actions, second_factor
from panelwright.customers.account_actions import WRONG_PASSWORD, FactorOn
from panelwright.customers.login_actions import LOST_FACTOR, WRONG_CODE, Admitted, CodeNeeded, Visitor
from panelwright.customers.models import User
from panelwright.events.models import Event
from tests.support.people import PASSWORD, Buyer, Time, counts, execute, value
from tests.support.threads import together

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
VISITOR = Visitor("198.51.100.7", "Firefox", "device")


def code(time: Time, *, steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(int(time.now.timestamp()) + 30 * steps)


def user_of(buyer: Buyer) -> User:
    with scope(panel=buyer.owner.panel):
        found: User = User.objects.select_related("panel").get(id=buyer.customer.user_id)
        return found


def switch_on(buyer: Buyer, text: str, *, current: str = PASSWORD) -> Any:
    with scope(panel=buyer.owner.panel):
        return account_actions.switch_on_second_factor(
            user=user_of(buyer), current=current, secret=SECRET, code=text, session_id=0
        )


def switch_off(buyer: Buyer, text: str, *, current: str = PASSWORD) -> Any:
    with scope(panel=buyer.owner.panel):
        return account_actions.switch_off_second_factor(user=user_of(buyer), current=current, code=text, session_id=0)


def prove(buyer: Buyer) -> str:
    with scope(panel=buyer.owner.panel):
        needed = login_actions.log_in(
            panel_id=buyer.owner.panel_id, email="carol@customer.example", password=PASSWORD, visitor=VISITOR
        )
    assert isinstance(needed, CodeNeeded), needed
    return needed.proof


def enter(buyer: Buyer, text: str, proof: str = "") -> Admitted | Refusal:
    proof = proof or prove(buyer)
    with scope(panel=buyer.owner.panel):
        return login_actions.log_in_with_code(panel_id=buyer.owner.panel_id, proof=proof, code=text, visitor=VISITOR)


@pytest.fixture
def codes(carol: Buyer, time: Time) -> list[str]:
    """The recovery codes of Carol, who has a second factor; no code of the app was used in this half minute."""
    made: list[str] = switch_on(carol, code(time)).codes
    time.passes(seconds=60)
    return made


def test_it_is_switched_on_with_a_code_and_gives_ten_recovery_codes(carol: Buyer, time: Time) -> None:
    for wrong in ("", "000000x", "1" * 6, "１２３４５６", code(time, steps=2), code(time, steps=-2)):
        assert switch_on(carol, wrong) == WRONG_CODE
    assert counts("customers_recoverycode", "events_mail") == (0, 0)
    assert switch_on(carol, code(time), current="x") == WRONG_PASSWORD
    assert counts("customers_recoverycode", "events_mail") == (0, 0)
    made = switch_on(carol, f" {code(time)[:3]} {code(time)[3:]} ").codes
    assert len(set(made)) == 10
    assert all(len(one) == 14 for one in made)
    assert SECRET not in value("SELECT totp_sealed FROM customers_user WHERE email = 'carol@customer.example'")
    assert counts("customers_recoverycode", "events_mail") == (10, 1)
    assert switch_on(carol, code(time)) == Refusal("has_second_factor")


def test_a_code_works_once(carol: Buyer, codes: list[str], time: Time) -> None:
    assert enter(carol, "000000") == WRONG_CODE
    assert isinstance(enter(carol, code(time)), Admitted)
    assert enter(carol, code(time)) == WRONG_CODE
    assert enter(carol, code(time, steps=-1)) == WRONG_CODE, "an older one neither"
    assert isinstance(enter(carol, code(time, steps=1)), Admitted), "a clock may be half a minute off"
    time.passes(seconds=30)
    assert enter(carol, code(time)) == WRONG_CODE


def test_the_code_that_switched_it_on_does_not_log_in(carol: Buyer, time: Time) -> None:
    switch_on(carol, code(time))
    assert enter(carol, code(time)) == WRONG_CODE


def test_a_recovery_code_works_once_however_it_is_typed(carol: Buyer, codes: list[str]) -> None:
    assert isinstance(enter(carol, codes[0].upper().replace("-", " ")), Admitted)
    assert enter(carol, codes[0]) == WRONG_CODE
    assert isinstance(enter(carol, codes[1].replace("-", "")), Admitted)


def test_codes_are_not_guessed(carol: Buyer, codes: list[str], time: Time) -> None:
    proof = prove(carol)
    found = [enter(carol, "000000", proof) for _ in range(11)]
    assert [refused.code for refused in found if isinstance(refused, Refusal)] == ["wrong_code"] * 10 + ["too_often"]
    refused = enter(carol, code(time))
    assert isinstance(refused, Refusal), "not even the right one, and not with another proof"


def test_a_proof_ends_after_ten_minutes(carol: Buyer, codes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import time as wall

    proof = prove(carol)
    now = wall.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 601)
    assert enter(carol, codes[0], proof) == Refusal("login_again")


def test_another_secret_of_the_installation_is_a_clear_refusal(
    carol: Buyer, codes: list[str], time: Time, settings: Any
) -> None:
    """PANELWRIGHT_SECRET_KEY was lost: what the app shows cannot be checked, a recovery code still can."""
    settings.SECRET_KEY = "another key than the one before"
    assert enter(carol, code(time)) == LOST_FACTOR
    with scope(panel=carol.owner.panel):
        assert (
            account_actions.renew_recovery_codes(user=user_of(carol), current=PASSWORD, code=code(time)) == LOST_FACTOR
        )
    assert isinstance(enter(carol, codes[0]), Admitted)
    assert switch_off(carol, code(time)) == LOST_FACTOR
    assert isinstance(switch_off(carol, codes[1]), str)
    assert isinstance(switch_on(carol, code(time)), FactorOn)


def test_new_recovery_codes_take_the_place_of_the_old_ones(carol: Buyer, codes: list[str], time: Time) -> None:
    with scope(panel=carol.owner.panel):
        assert account_actions.renew_recovery_codes(user=user_of(carol), current=PASSWORD, code="000000") == WRONG_CODE
        refused = account_actions.renew_recovery_codes(user=user_of(carol), current="x", code=code(time))
        assert refused == WRONG_PASSWORD, "a session that somebody left open is not enough"
        new = account_actions.renew_recovery_codes(user=user_of(carol), current=PASSWORD, code=code(time))
    assert isinstance(new, list)
    assert not set(new) & set(codes)
    assert enter(carol, codes[0]) == WRONG_CODE
    assert isinstance(enter(carol, new[0]), Admitted)


def test_it_is_switched_off_with_password_and_code_and_nothing_is_left(
    carol: Buyer, codes: list[str], time: Time
) -> None:
    assert switch_off(carol, code(time), current="x") == WRONG_PASSWORD
    for wrong in ("", "000000", code(time, steps=3)):
        assert switch_off(carol, wrong) == WRONG_CODE
    assert user_of(carol).totp_sealed != ""
    assert isinstance(switch_off(carol, code(time)), str)
    assert switch_off(carol, code(time)) == Refusal("no_second_factor")
    with scope(panel=carol.owner.panel):
        assert account_actions.renew_recovery_codes(user=user_of(carol), current=PASSWORD, code="x") == Refusal(
            "no_second_factor"
        )
    assert counts("customers_recoverycode") == (0,)


def test_a_recovery_code_switches_it_off_as_well(carol: Buyer, codes: list[str]) -> None:
    assert isinstance(switch_off(carol, codes[3]), str)
    assert user_of(carol).totp_sealed == ""


def test_codes_are_not_guessed_where_it_is_switched_off(carol: Buyer, codes: list[str], time: Time) -> None:
    found = [switch_off(carol, "000000").code for _ in range(11)]
    assert found == ["wrong_code"] * 10 + ["too_often"]
    assert switch_off(carol, code(time)).code == "too_often"
    assert user_of(carol).totp_sealed != ""


def test_staff_take_it_off_who_lost_everything(carol: Buyer, codes: list[str]) -> None:
    with scope(panel=carol.owner.panel):
        user = user_of(carol)
        assert account_actions.take_off_second_factor(user=user, by="command line") is None
        assert account_actions.take_off_second_factor(user=user, by="command line") == Refusal("no_second_factor")
        assert user_of(carol).totp_sealed == ""
        told = Event.objects.get(panel_id=user.panel_id, name="user.second_factor_off")
        assert (told.subject_id, told.facts) == (user.id, {"by": "command line"})
    assert counts("customers_recoverycode") == (0,)
    assert str(value("SELECT MAX(subject) FROM events_mail WHERE text LIKE '%%turned off%%'")).endswith("off")


def test_the_code_for_the_app_names_panel_and_address() -> None:
    assert second_factor.address(SECRET, email="carol@customer.example", panel="Shop & Co") == (
        f"otpauth://totp/Shop%20%26%20Co:carol%40customer.example?secret={SECRET}&issuer=Shop%20%26%20Co"
    )


@pytest.mark.django_db(transaction=True)
def test_of_many_who_try_one_code_at_once_one_gets_in(transactional_db: None, carol: Buyer, time: Time) -> None:
    made = switch_on(carol, code(time)).codes
    time.passes(seconds=60)
    proof = prove(carol)
    for text in (code(time), made[0]):
        found = together([lambda text=text: enter(carol, text, proof)] * 6)  # type: ignore[misc]
        assert sum(isinstance(one, Admitted) for one in found) == 1
        execute("DELETE FROM customers_attempts")
    assert counts("customers_session") == (2,)
