"""One person with accounts at two panels: linked with proof of both, seen side by side, switched without a log-in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from panelwright.storefront.tests.browsing import Browser
    from tests.host.installation import Installation

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def alice_at_hers(installation: Installation) -> Browser:
    from panelwright.storefront.tests.browsing import Browser

    return Browser(installation.alice, installation.alice.staff.user)


def link(browser: Browser, **fields: str) -> Any:
    given = {"host": "rival.example", "email": "rita@rival.example", "password": PASSWORD, "current": PASSWORD}
    return browser.post("/admin/my-panels", **{**given, **fields})


def linked(installation: Installation) -> Browser:
    browser = alice_at_hers(installation)
    assert link(browser).status_code == 302
    # What is said of it once names the other panel.
    browser.get("/admin/my-panels")
    return browser


def way(browser: Browser, installation: Installation) -> str:
    """The path of the link to the other panel."""
    page = browser.post(f"/admin/my-panels/{installation.rival.panel_id}/switch")
    assert page.status_code == 200, page.content.decode()
    found = re.search(r'href="http://rival\.example(/panel-enter/[\w-]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def factor(user: Any) -> None:
    from panelwright.core.secret import installation_box
    from tests.support.people import execute

    execute("UPDATE customers_user SET totp_sealed = %s WHERE id = %s", installation_box().seal(TOTP), user.id)


def trail() -> list[tuple[Any, ...]]:
    from tests.support.people import values

    return values(
        "SELECT action, panel_id, actor_name FROM staff_trailentry WHERE action LIKE 'staff.%%_panel' ORDER BY id"
    )


def test_two_panels_are_linked_seen_and_switched(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser

    browser = alice_at_hers(installation)
    page = browser.get("/admin/my-panels")
    assert "You are here" in page and installation.rival.panel.name not in page
    assert link(browser).headers["Location"] == "/admin/my-panels"
    page = browser.get("/admin/my-panels")
    for text in (installation.rival.panel.name, "rita@rival.example", "Revenue in 30 days", "0.00 EUR", "0.00 USD"):
        assert text in page, text
    there = Browser(installation.rival)
    path = way(browser, installation)
    assert there.answer("/admin/").status_code == 302
    assert "You come from another panel of yours." in there.get(path)
    assert there.answer("/admin/").status_code == 302, "to open the link does nothing"
    assert there.post(path).headers["Location"] == "/inside"
    assert "rita@rival.example" in there.get("/admin/")
    # And the other way round.
    assert installation.alice.panel.name in there.get("/admin/my-panels")
    one, two = installation.alice.panel_id, installation.rival.panel_id
    assert trail() == [
        ("staff.link_panel", one, "alice@shop.example"),
        ("staff.link_panel", two, "rita@rival.example"),
        ("staff.switch_panel", one, "alice@shop.example"),
    ]
    assert "Linked an account at another panel" in there.get("/admin/trail")
    assert "From another panel" in there.get(f"/admin/staff/{installation.rival.staff.id}")


def test_a_provider_that_both_have_is_seen_once_with_both(installation: Installation) -> None:
    from tests.host.installation import provider_at
    from tests.support.people import execute

    here, there = installation.alice.panel_id, installation.rival.panel_id
    provider_at(here, "North", "https://api.north.example/api/v2", balance_micros=12_500_000)
    provider_at(there, "Nord", "https://API.north.example/other", balance_micros=None)
    provider_at(here, "Alone", "https://alone.example/api/v2", balance_micros=1)
    browser = linked(installation)
    page = browser.get("/admin/my-panels")
    assert "Providers that several panels use" in page
    for text in ("api.north.example", "· North", "· Nord", "12.50 USD"):
        assert text in page, text
    assert "alone.example" not in page
    # What her account there may not see is not counted in.
    execute("UPDATE customers_staff SET role = 'support' WHERE panel_id = %s", there)
    page = browser.get("/admin/my-panels")
    assert "north.example" not in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"current": "wrong"}, "Wrong password."),
        ({"current": ""}, "Wrong password."),
        ({"password": "wrong"}, "Wrong email address or password."),
        ({"email": "alice@shop.example"}, "Wrong email address or password."),
        ({"email": "mallory@customer.example"}, "Wrong email address or password."),
        ({"host": "nowhere.example"}, "No panel answers there."),
        ({"host": ""}, "No panel answers there."),
        ({"host": "shop.example", "email": "bob@shop.example"}, "This is the panel that you are on."),
    ],
)
def test_nothing_is_linked_without_proof(installation: Installation, fields: dict[str, str], said: str) -> None:
    from tests.host.installation import unmoved
    from tests.support.people import everything

    browser = alice_at_hers(installation)
    before = everything()
    answer = link(browser, **fields)
    assert answer.status_code == 422 and said in answer.content.decode()
    unmoved(before, "customers_addressattempts", "customers_attempts")
    refused = browser.post(f"/admin/my-panels/{installation.rival.panel_id}/switch")
    assert refused.status_code == 422


def test_an_equal_address_links_nothing(installation: Installation) -> None:
    """Whoever makes a staff account with Rita's address on a panel of theirs is not Rita."""
    from django_scopes import scope

    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from panelwright.storefront.tests.browsing import Browser

    with scope(panel=installation.alice.panel):
        fake = create_staff(
            panel_id=installation.alice.panel_id, email="rita@rival.example", password=PASSWORD, role=Role.OWNER
        )
    browser = Browser(installation.alice, fake.user)
    assert installation.rival.panel.name not in browser.get("/admin/my-panels")
    assert browser.post(f"/admin/my-panels/{installation.rival.panel_id}/switch").status_code == 422


def test_a_second_factor_there_is_asked_for_and_guessed_ten_times(installation: Installation) -> None:
    import pyotp

    factor(installation.rival.staff.user)
    factor(installation.alice.staff.user)
    browser = alice_at_hers(installation)
    for n in range(10):
        assert "This code is wrong" in link(browser, code="000000").content.decode(), n
    assert "Too many attempts." in link(browser, code="000000").content.decode()
    installation.time.passes(minutes=16)
    code = pyotp.TOTP(TOTP).at(int(installation.time.now.timestamp()))
    assert link(browser, code=code).status_code == 302


def test_the_way_over_asks_for_no_less_than_the_other_panel(installation: Installation) -> None:
    """With a second factor there and none here, the password here would be all."""
    from tests.support.people import execute

    browser = linked(installation)
    panel_id = installation.rival.panel_id
    execute("UPDATE panels_panel SET staff_factor_required = %s WHERE id = %s", True, panel_id)
    answer = browser.post(f"/admin/my-panels/{panel_id}/switch")
    assert answer.status_code == 422 and "asks for a second factor" in answer.content.decode()


def test_a_link_over_works_once_for_half_a_minute_there_alone_while_she_is_logged_in(
    installation: Installation,
) -> None:
    from panelwright.storefront.tests.browsing import Browser

    browser = linked(installation)
    there = Browser(installation.rival)
    path = way(browser, installation)
    assert Browser(installation.alice).post(path).status_code == 410, "another panel"
    assert there.post(path).status_code == 302
    assert Browser(installation.rival).post(path).status_code == 410, "once"
    stranger = Browser(installation.rival)
    path = way(browser, installation)
    installation.time.passes(seconds=31)
    assert stranger.post(path).status_code == 410
    path = way(browser, installation)
    browser.post("/logout")
    assert stranger.post(path).status_code == 410, "she has logged out"
    assert stranger.answer("/admin/").status_code == 302


@pytest.mark.parametrize("whose", ["alice", "rival"])
@pytest.mark.parametrize("column", ["password", "totp_sealed"])
def test_what_proves_either_account_ends_the_link_when_it_changes(
    installation: Installation, whose: str, column: str
) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import execute

    browser = linked(installation)
    path = way(browser, installation)
    user = getattr(installation, whose).staff.user_id
    execute(f"UPDATE customers_user SET {column} = 'changed' WHERE id = %s", user)
    assert Browser(installation.rival).post(path).status_code == 410, "in the half minute, too"
    assert installation.rival.panel.name not in browser.get("/admin/my-panels")
    assert browser.post(f"/admin/my-panels/{installation.rival.panel_id}/switch").status_code == 422


def test_who_may_not_log_in_there_any_more_is_not_let_in(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import execute

    browser = linked(installation)
    path = way(browser, installation)
    execute("UPDATE customers_user SET is_active = %s WHERE id = %s", False, installation.rival.staff.user_id)
    assert Browser(installation.rival).post(path).status_code == 410
    assert installation.rival.panel.name not in browser.get("/admin/my-panels")


def test_either_side_unlinks(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser

    browser = linked(installation)
    rita = Browser(installation.rival, installation.rival.staff.user)
    assert installation.alice.panel.name in rita.get("/admin/my-panels")
    assert rita.post(f"/admin/my-panels/{installation.rival.panel_id}/unlink").status_code == 302
    assert installation.rival.panel.name not in browser.get("/admin/my-panels")
    assert [row[0] for row in trail()][-2:] == ["staff.unlink_panel"] * 2


def test_other_staff_see_nothing_of_it(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser

    linked(installation)
    bob = Browser(installation.alice, installation.story.bob.user)
    assert installation.rival.panel.name not in bob.get("/admin/my-panels")
    assert bob.post(f"/admin/my-panels/{installation.rival.panel_id}/switch").status_code == 422
    carol = Browser(installation.alice, installation.carol.customer.user)
    assert carol.answer("/admin/my-panels").status_code == 404
    assert carol.post(f"/admin/my-panels/{installation.rival.panel_id}/switch").status_code == 404


def test_what_her_account_there_may_not_see_is_not_shown(installation: Installation) -> None:
    from tests.support.people import execute

    browser = linked(installation)
    execute("UPDATE customers_staff SET role = 'support' WHERE id = %s", installation.rival.staff.id)
    page = browser.get("/admin/my-panels")
    assert "0.00 EUR" not in page and installation.rival.panel.name in page
    assert page.count("Tickets waiting") == 2 and page.count("Providers low or failing") == 1


def test_an_operator_in_her_place_has_no_panels_there(installation: Installation) -> None:
    from tests.host.test_enter import guest

    linked(installation)
    operator = guest(installation)
    assert operator.answer("/admin/my-panels").status_code == 403
    assert operator.post(f"/admin/my-panels/{installation.rival.panel_id}/switch").status_code == 403
    assert link(operator).status_code == 403
    assert operator.post(f"/admin/my-panels/{installation.alice.panel_id}/unlink").status_code == 403


def test_three_accounts_are_one_person(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import Owner

    third = Owner("tina", slug="third", host="third.example", currency="USD", rate="1.00")
    browser = linked(installation)
    assert link(browser, host="https://third.example/admin/", email="tina@third.example").status_code == 302
    rita = Browser(installation.rival, installation.rival.staff.user)
    page = rita.get("/admin/my-panels")
    assert third.panel.name in page and installation.alice.panel.name in page
    queries = len(rita.queries("/admin/my-panels"))
    assert queries <= 15, queries


def test_a_link_outlives_another_key_and_another_way_of_hashing(installation: Installation, settings: Any) -> None:
    """It is the same password and the same factor: neither rekeying nor what we hash with today undoes a link."""
    from panelwright.core.rekey_actions import rekey, sealed_columns

    alice, rita = installation.alice.staff.user, installation.rival.staff.user
    factor(alice)
    factor(rita)
    browser = alice_at_hers(installation)
    import pyotp

    code = pyotp.TOTP(TOTP).at(installation.time.now)
    assert link(browser, code=code).status_code == 302
    assert "rival.example" in browser.get("/admin/my-panels")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key of the installation " * 2, [settings.SECRET_KEY]
    before = sealed()
    for column in sealed_columns():
        list(rekey(column))
    assert sealed() != before, "both factors were sealed anew"
    settings.SECRET_KEY_FALLBACKS = []
    browser = alice_at_hers(installation)
    assert "rival.example" in browser.get("/admin/my-panels")
    # Her password is hashed as we do it today, at her next log-in.
    settings.PASSWORD_HASHERS = ["panelwright.customers.passwords.OwaspArgon2", *settings.PASSWORD_HASHERS]
    from django.test import Client

    from tests.support.people import value

    hashed = value("SELECT password FROM customers_user WHERE id = %s", rita.id)
    Client(headers={"host": "rival.example"}).post("/login", {"email": rita.email, "password": PASSWORD})
    assert value("SELECT password FROM customers_user WHERE id = %s", rita.id) != hashed
    assert "rival.example" in browser.get("/admin/my-panels")


def sealed() -> list[tuple[Any, ...]]:
    from tests.support.people import values

    return values("SELECT totp_sealed FROM customers_user WHERE totp_sealed <> '' ORDER BY id")
