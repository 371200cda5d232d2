"""The account on the web: each sees and changes her own, and what is secret is shown once."""

from __future__ import annotations

import re
from typing import Any

import pyotp
import pytest
from django.test import Client
from django_scopes import scope

from panelwright.storefront.tests.browsing import Browser, error, hidden, letters
from panelwright.ui.hidden import hidden_id
from tests.support.asking import Door
from tests.support.people import PASSWORD, REMOTE, Buyer, Owner, Time, execute, value, values

CAROL = "carol@customer.example"


@pytest.fixture
def browser(carol: Buyer, time: Time) -> Browser:
    return Browser(carol.owner, carol.customer.user)


def test_a_profile_is_kept_and_its_time_zone_shows(browser: Browser, carol: Buyer) -> None:
    carol.order()
    response = browser.post("/account", part="profile", name=" Carol  C ", language="", timezone="America/Sao_Paulo")
    assert response.headers["Location"] == "/account"
    assert 'value="Carol C"' in browser.get("/account")
    assert "2026-05-04 09:00" in browser.get("/orders")
    page = browser.refused("/account", part="profile", name="x" * 101, language="", timezone="")
    assert error(page, "name") == "Use at most 100 characters."
    execute("UPDATE customers_user SET timezone = 'Mars/Base'")
    assert "2026-05-04 12:00" in browser.get("/orders"), "a zone that the machine does not know any more"


def test_a_new_address_needs_the_password(browser: Browser) -> None:
    page = browser.refused("/account", part="email", email="new@customer.example", current="x")
    assert error(page, "current") == "Wrong password."
    assert 'value="new@customer.example"' in page
    page = browser.refused("/account", part="email", email="none", current=PASSWORD)
    assert error(page, "email") == "Enter a valid email address."


def test_sessions_are_listed_and_ended_by_their_owner_only(browser: Browser, carol: Buyer, alice: Owner) -> None:
    other = Browser(alice, carol.customer.user)
    dave = Browser(alice, alice.customer("dave").customer.user)
    ids = [row[0] for row in values("SELECT id FROM customers_session ORDER BY id")]
    page = browser.get("/account/security")
    assert f'action="/account/sessions/{hidden_id(ids[1])}/end"' in page
    assert f"/account/sessions/{hidden_id(ids[0])}/end" not in page
    assert f"/account/sessions/{hidden_id(ids[2])}/end" not in page
    assert dave.post(f"/account/sessions/{hidden_id(ids[1])}/end").status_code == 302
    assert other.is_inside()
    browser.post(f"/account/sessions/{hidden_id(ids[1])}/end")
    assert not other.is_inside()
    Browser(alice, carol.customer.user)
    browser.post("/account/sessions/end")
    assert value("SELECT COUNT(*) FROM customers_session") == 2
    assert browser.is_inside()
    assert dave.is_inside()


def test_a_new_password_logs_other_browsers_out(browser: Browser, carol: Buyer, alice: Owner) -> None:
    other = Browser(alice, carol.customer.user)
    page = browser.refused("/account/security", current="x", password="a new good one")
    assert error(page, "current") == "Wrong password."
    assert "a new good one" not in page
    assert browser.post("/account/security", current=PASSWORD, password="a new good one").status_code == 302
    assert browser.is_inside()
    assert not other.is_inside()


def test_whoever_had_the_sessions_token_is_out_after_a_new_password_or_factor(
    browser: Browser, carol: Buyer, alice: Owner, time: Time
) -> None:
    """The cookie was copied; the real browser goes on, with the new one."""

    def copy() -> Browser:
        thief = Browser(alice)
        thief.client.cookies.load(browser.client.cookies.output(header="", sep=";"))
        assert thief.is_inside()
        return thief

    thief = copy()
    assert browser.post("/account/security", current=PASSWORD, password="a new good one").status_code == 302
    assert (browser.is_inside(), thief.is_inside()) == (True, False)
    thief = copy()
    page = browser.get("/account/security/on")
    secret = page.split("<code")[1].split(">", 1)[1].split("<")[0].replace(" ", "")
    fields = {"kept": hidden(page, "kept"), "code": pyotp.TOTP(secret).at(int(time.now.timestamp()))}
    assert error(browser.refused("/account/security/on", **fields, current="x"), "current")
    done = browser.post("/account/security/on", **fields, current="a new good one")
    assert done.status_code == 200
    codes = re.findall(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", done.content.decode())
    assert len(codes) == 10
    assert (browser.is_inside(), thief.is_inside()) == (True, False)
    thief = copy()
    assert error(browser.refused("/account/security/off", current="x", code=codes[0]), "current")
    assert error(browser.refused("/account/security/off", current="a new good one", code="000000"), "code")
    assert browser.post("/account/security/off", current="a new good one", code=codes[0]).status_code == 302
    assert (browser.is_inside(), thief.is_inside()) == (True, False)
    for text in [text for kind, text in letters(CAROL) if kind == "account"]:
        assert "revoke it here:\nhttp://shop.example/account/keys" in text
    assert len(letters(CAROL)) == 3


def test_the_secret_of_a_second_factor_is_the_users_own(browser: Browser, carol: Buyer, alice: Owner) -> None:
    dave = Browser(alice, alice.customer("dave").customer.user)
    kept = hidden(dave.get("/account/security/on"), "kept")
    page = browser.refused("/account/security/on", kept=kept, code="000000", current=PASSWORD)
    assert hidden(page, "kept").split(":")[0] != kept.split(":")[0], "another secret than Dave's"
    assert error(page, "code") == "This code is wrong or was already used. Enter the next one."
    assert browser.answer("/account/security/off").status_code == 200
    assert browser.post("/account/security/off", current=PASSWORD, code="1").headers["Location"] == "/account/security"


def test_mails_that_are_not_wanted_are_kept_and_strange_ones_ignored(browser: Browser) -> None:
    browser.client.post("/account/mails", {"wanted": ["ticket", "nonsense", "x" * 5000]})
    off = value("SELECT mails_off FROM customers_user WHERE email = %s", CAROL)
    assert "login" in off.split(",")
    assert not {"ticket", "nonsense"} & set(off.split(","))


@pytest.mark.django_db(transaction=True)
def test_a_key_is_shown_once_works_and_is_revoked(door: Door, browser: Browser, carol: Buyer) -> None:
    wanted = {"name": "shop", "can_read": "1", "addresses": REMOTE}
    for current in ("", "x"):
        page = browser.refused("/account/keys/new", **wanted, current=current)
        assert error(page, "current") == "Wrong password."
        assert 'value="shop"' in page
    page = browser.post("/account/keys/new", **wanted, current=PASSWORD).content.decode()
    key = page.split('id="new-key"')[1].split(">", 1)[1].split("<")[0]
    assert len(key) == 40
    assert door.ask(carol, "balance", key=key) == {"balance": "100.00", "currency": "USD"}
    assert "error" in door.ask(carol, "add", key=key, service=1, link="https://example.com/x", quantity=100)
    page = browser.get("/account/keys")
    assert key not in page
    assert key[:8] in page
    key_id = value("SELECT MAX(id) FROM customers_apikey")
    browser.post(f"/account/keys/{hidden_id(key_id)}/revoke")
    assert door.ask(carol, "balance", key=key) == {"error": "Invalid API key"}


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"daily_cap": "-1"}, "daily_cap", "Enter an amount such as 25.00."),
        ({"daily_cap": "1e3"}, "daily_cap", "Enter an amount such as 25.00."),
        ({"daily_cap": "9" * 40}, "daily_cap", "Enter an amount such as 25.00."),
        ({"addresses": "example.com"}, "addresses", "Enter addresses or networks such as"),
        ({"addresses": "10.0.0.1 " * 300}, "addresses", "Enter addresses or networks such as"),
        ({"name": "x" * 101}, "name", "Use at most 100 characters."),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(browser: Browser, fields: dict[str, str], field: str, text: str) -> None:
    assert error(browser.refused("/account/keys/new", can_read="1", **fields), field).startswith(text)
    assert "Choose at least one." in browser.refused("/account/keys/new", name="nothing")


def test_keys_are_revoked_by_their_owner_only(carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    dave = alice.customer("dave")
    for buyer in (dave, mallory):
        browser = Browser(buyer.owner, buyer.customer.user)
        assert browser.post(f"/account/keys/{hidden_id(carol.key_row.id)}/revoke").status_code == 404
        assert carol.key_row.prefix not in browser.get("/account/keys")
    assert value("SELECT revoked_at FROM customers_apikey WHERE id = %s", carol.key_row.id) is None


def test_staff_have_an_account_and_no_keys(alice: Owner) -> None:
    browser = Browser(alice, alice.staff.user)
    for path in ("/account", "/account/security", "/account/mails", "/account/security/on"):
        assert browser.get(path)
    browser.get("/account/keys", 403)
    assert browser.answer("/inside").headers["Location"] == "/admin/"


def test_the_cookie_goes_on_with_the_session(browser: Browser, time: Time) -> None:
    time.passes(minutes=10)
    response = browser.answer("/account")
    name = f"session_{browser.owner.panel_id}"
    assert response.cookies[name].value == browser.token, "the cookie goes on with the session"
    assert name not in browser.answer("/account").cookies


def test_forms_inside_need_their_token(carol: Buyer, alice: Owner) -> None:
    inside = Browser(alice, carol.customer.user)
    client: Any = Client(headers={"host": alice.host}, enforce_csrf_checks=True)
    client.cookies = inside.client.cookies
    for path in ("/account", "/account/security", "/account/keys/new", "/order", "/order/many", "/order/price"):
        assert client.post(path, {}).status_code == 403, path
    with scope(panel=alice.panel):
        assert inside.is_inside()
