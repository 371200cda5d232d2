"""Operators: made by a command, logged in with password and code, out again when anything about them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.host.installation import Installation

pytestmark = pytest.mark.django_db(transaction=True)


def trail() -> list[tuple[Any, ...]]:
    from tests.support.people import values

    return values(
        "SELECT action, panel_id, actor_kind, actor_name, address FROM staff_trailentry"
        " WHERE object_kind = 'operator' ORDER BY id"
    )


def test_password_and_code_let_in_and_both_are_needed(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser, proof_of

    browser = HostBrowser()
    assert browser.answer("/").headers["Location"] == "/login"
    page = browser.post("/login", email=EMAIL, password=PASSWORD)
    assert page.status_code == 200 and not browser.is_inside(), "the password alone lets nobody in"
    proof = proof_of(page.content.decode())
    wrong = browser.post("/login", proof=proof, code="000000")
    assert wrong.status_code == 422 and not browser.is_inside()
    done = browser.post("/login", proof=proof, code=installation.code())
    assert done.headers["Location"] == "/" and browser.is_inside()
    cookie = done.cookies["operator"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Strict", 12 * 3600)
    assert browser.answer("/").headers["Cache-Control"] == "private, no-store"
    # The code of one moment lets in once.
    again = HostBrowser()
    proof = proof_of(again.post("/login", email=EMAIL, password=PASSWORD).content.decode())
    assert again.post("/login", proof=proof, code=installation.code()).status_code == 422
    assert browser.post("/logout").headers["Location"] == "/login"
    assert not browser.is_inside()
    who = ("operator", f"{EMAIL} (host)", "198.51.100.9")
    assert trail() == [
        ("operator.add", None, "operator", "a test", ""),
        ("operator.wrong_code", None, "operator", "", "198.51.100.9"),
        ("operator.log_in", None, *who),
        ("operator.wrong_code", None, "operator", "", "198.51.100.9"),
        ("operator.log_out", None, *who),
    ]


def test_a_recovery_code_lets_in_once(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser, proof_of

    came = []
    for _ in range(2):
        browser = HostBrowser()
        proof = proof_of(browser.post("/login", email=EMAIL, password=PASSWORD).content.decode())
        came.append(browser.post("/login", proof=proof, code=installation.recovery_codes[0].upper()).status_code)
    assert came == [302, 422]


def test_nothing_is_told_of_who_is_an_operator(installation: Installation) -> None:
    """A stranger, an owner of a panel, and an operator with a wrong password read the same."""
    from tests.host.installation import EMAIL, HostBrowser
    from tests.support.people import PASSWORD as OF_STAFF
    from tests.support.people import everything

    before = everything()
    said = set()
    for email, password in (
        (EMAIL, "not her password"),
        ("nobody@host.example", "not her password"),
        ("alice@shop.example", OF_STAFF),
        ("carol@customer.example", OF_STAFF),
    ):
        answer = HostBrowser().post("/login", email=email, password=password)
        assert answer.status_code == 422
        said.add("Wrong email address or password." in answer.content.decode())
    assert said == {True}
    from tests.host.installation import unmoved

    unmoved(before, "customers_addressattempts", "staff_trailentry")
    rows = [(action, name, address) for action, _panel, _kind, name, address in trail()][1:]
    assert rows == [("operator.wrong_password", "", "198.51.100.9")] * 4, "each leaves the same trace"


def test_a_log_in_that_fails_is_told_without_what_was_typed(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser, proof_of
    from tests.support.people import values

    stranger = HostBrowser(address="203.0.113.66")
    stranger.post("/login", email="my secret passphrase", password="and another")
    stranger.post("/login", email=EMAIL, password="n0t it")
    proof = proof_of(stranger.post("/login", email=EMAIL, password=PASSWORD).content.decode())
    stranger.post("/login", proof=proof, code="000000")
    told = [(action, address) for action, _panel, _kind, _name, address in trail()][1:]
    failed = "operator.wrong_password"
    assert told == [(failed, "203.0.113.66")] * 2 + [("operator.wrong_code", "203.0.113.66")]
    kept = str(values("SELECT * FROM staff_trailentry"))
    assert "n0t it" not in kept and "passphrase" not in kept and PASSWORD not in kept
    page = installation.browser().get("/trail")
    assert "Failed log-in: right password, wrong code" in page and EMAIL in page
    # Strangers do not fill the trail.
    for n in range(120):
        HostBrowser(address=f"203.0.{n}.1").post("/login", email=EMAIL, password="guess")
    assert len([row for row in trail() if row[0].startswith("operator.wrong")]) == 100


def test_what_is_tried_at_panels_keeps_no_operator_of_the_same_network_out(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser

    beside = HostBrowser(at=installation.alice.host, address="203.0.113.5")
    for n in range(61):
        answer = beside.post("/login", email=f"c{n}@customer.example", password="guess")
    assert "Too many attempts." in answer.content.decode()
    came = HostBrowser(address="203.0.113.5").post("/login", email=EMAIL, password=PASSWORD)
    assert came.status_code == 200 and "Two-factor" in came.content.decode()


def test_whoever_guesses_is_slowed_down_and_keeps_nobody_else_out(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser

    guesser = HostBrowser(address="203.0.113.66")
    came = [guesser.post("/login", email=EMAIL, password=f"guess {n}") for n in range(11)]
    assert [answer.status_code for answer in came] == [422] * 11
    assert "Too many attempts." in came[-1].content.decode()
    right = guesser.post("/login", email=EMAIL, password=PASSWORD)
    assert "Too many attempts." in right.content.decode(), "and the right one is not looked at, either"
    assert "Two-factor" in HostBrowser().post("/login", email=EMAIL, password=PASSWORD).content.decode()


def test_codes_are_guessed_ten_times(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser, proof_of

    browser = HostBrowser()
    proof = proof_of(browser.post("/login", email=EMAIL, password=PASSWORD).content.decode())
    came = [browser.post("/login", proof=proof, code="000000") for _ in range(11)]
    assert ["Too many attempts." in answer.content.decode() for answer in came] == [False] * 10 + [True]
    assert browser.post("/login", proof=proof, code=installation.code()).status_code == 422
    installation.time.passes(minutes=16)
    proof = proof_of(browser.post("/login", email=EMAIL, password=PASSWORD).content.decode())
    assert browser.post("/login", proof=proof, code=installation.code()).status_code == 302


def test_a_proof_is_good_for_this_password_and_factor(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser, proof_of

    browser = HostBrowser()
    proof = proof_of(browser.post("/login", email=EMAIL, password=PASSWORD).content.decode())
    for text in (proof[:-3] + "abc", "x", proof + "x" * 5000):
        answer = browser.post("/login", proof=text, code=installation.code())
        assert answer.status_code == 422 and "That took too long." in answer.content.decode()
    installation.command("operator.set_password", installation.operator.id, password="quite another phrase")
    answer = browser.post("/login", proof=proof, code=installation.code())
    assert "That took too long." in answer.content.decode() and not browser.is_inside()


@pytest.mark.parametrize("change", ["operator.set_password", "operator.new_factor", "operator.turn_off"])
def test_a_change_of_the_account_ends_all_sessions(installation: Installation, change: str) -> None:
    from tests.host.installation import HostBrowser

    browser = installation.browser()
    token = browser.token
    assert HostBrowser(token).is_inside()
    given = {"password": "quite another phrase"} if change == "operator.set_password" else {}
    installation.command(change, installation.operator.id, **given)
    assert not HostBrowser(token).is_inside()
    assert not browser.is_inside()


def test_who_is_turned_off_cannot_log_in_and_can_again(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser

    installation.command("operator.turn_off", installation.operator.id)
    assert HostBrowser().post("/login", email=EMAIL, password=PASSWORD).status_code == 422
    installation.command("operator.turn_on", installation.operator.id)
    assert HostBrowser().post("/login", email=EMAIL, password=PASSWORD).status_code == 200


def test_a_new_factor_makes_the_old_one_worthless(installation: Installation) -> None:
    from tests.host.installation import EMAIL, PASSWORD, HostBrowser, proof_of

    old, codes = installation.code(), installation.recovery_codes
    made = installation.command("operator.new_factor", installation.operator.id)
    browser = HostBrowser()
    proof = proof_of(browser.post("/login", email=EMAIL, password=PASSWORD).content.decode())
    for code in (old, codes[0]):
        assert browser.post("/login", proof=proof, code=code).status_code == 422
    installation.key = str(made.shown["app_key"])
    assert browser.post("/login", proof=proof, code=installation.code()).status_code == 302


def test_a_session_ends_when_it_is_not_used_and_after_twelve_hours(installation: Installation) -> None:
    browser = installation.browser()
    for _ in range(13):
        installation.time.passes(minutes=50)
        assert browser.is_inside()
    installation.time.passes(minutes=65)
    assert not browser.is_inside(), "an hour without use"
    browser = installation.browser()
    inside = 0
    while browser.is_inside():
        installation.time.passes(minutes=50)
        inside += 1
    assert inside == 15, "twelve hours, however much it is used"


def test_other_sessions_can_be_ended(installation: Installation) -> None:
    one, two = installation.browser(), installation.browser()
    assert "Your active sessions" in two.get("/operators")
    assert two.post("/operators/end-others").status_code == 302
    assert two.is_inside() and not one.is_inside()


def test_secrets_are_told_once_and_kept_sealed_or_hashed(installation: Installation) -> None:
    from tests.host.installation import PASSWORD
    from tests.support.people import everything

    kept = str(everything())
    for secret in (PASSWORD, installation.key, *installation.recovery_codes):
        assert secret not in kept
    browser = installation.browser()
    assert browser.token not in str(everything())


def test_one_address_is_one_operator(installation: Installation) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.staff import actor, registry
    from panelwright.staff.actions import perform
    from tests.host.installation import EMAIL, PASSWORD
    from tests.support.people import everything

    before = everything()
    for email, password, code in (
        (EMAIL.upper(), PASSWORD, "operator_taken"),
        ("no address", PASSWORD, "bad_email"),
        ("new@host.example", "short", "short_password"),
        ("new@host.example", "password1", "common_password"),
    ):
        refused = perform(
            registry.actions()["operator.add"],
            actor=actor.operator("a test"),
            panel_id=None,
            given={"email": email, "password": password},
        )
        assert isinstance(refused, Refusal) and refused.code == code, refused
    assert everything() == before


def test_a_command_makes_the_first_operator(installation: Installation, capsys: Any, tmp_path: Any) -> None:
    import json

    from panelwright.cli.main import main

    secret = tmp_path / "password"
    secret.write_text("a phrase from a file\n")
    arguments = ["operator", "add", "--email", "otto@host.example", "--password-file", str(secret), "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["after"]["email"] == "otto@host.example" and len(told["recovery_codes"]) == 10
    assert told["app_address"].startswith("otpauth://totp/") and told["app_key"] in told["app_address"]
    assert main(["operator", "turn-off", "otto@host.example"]) == 0
    assert main(["operator", "turn-off", "nobody@host.example"]) == 1
