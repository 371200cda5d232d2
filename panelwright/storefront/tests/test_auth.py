"""The doors as a stranger finds them: who gets in, where links lead, and what a form may hold."""

from __future__ import annotations

import re
from http.cookies import Morsel
from typing import Any

import pyotp
import pytest
from django.test import Client
from django_scopes import scope

from panelwright.customers import passwords
from panelwright.panels.actions import add_domain
from panelwright.panels.hosts import own_address
from panelwright.storefront.tests.browsing import Browser, error, hidden, letters, link_of, path_of, user_of
from panelwright.ui import links, views
from panelwright.ui.seldom import Seldom
from tests.support.people import PASSWORD, Buyer, Owner, Time, counts, execute, value

CAROL, DAVE = "carol@customer.example", "dave@customer.example"
GOOD = "a good password of dave"


def cookie(response: Any, name: str) -> Morsel[str]:
    found: Morsel[str] = response.cookies[name]
    return found


def test_from_signing_up_to_the_first_page(alice: Owner) -> None:
    browser = Browser(alice)
    page = browser.post("/signup", email=DAVE, password=GOOD).content.decode()
    assert "We sent an email to" in page
    link = link_of(DAVE, "sign-up")
    assert link.startswith("http://shop.example/signup/")
    assert 'name="password"' not in browser.get(path_of(link)), "this browser signed up itself"
    response = browser.post(path_of(link))
    assert (response.status_code, response.headers["Location"]) == (302, "/inside")
    assert browser.is_inside()
    assert browser.answer("/inside").headers["Location"] == "/order"
    assert "This link no longer works" in browser.get(path_of(link), 410)


def test_another_browser_needs_the_password_that_was_chosen(alice: Owner) -> None:
    Browser(alice).post("/signup", email=DAVE, password=GOOD)
    browser, link = Browser(alice), path_of(link_of(DAVE, "sign-up"))
    assert 'name="password"' in browser.get(link)
    page = browser.refused(link, password="not this one")
    assert error(page, "password") == "Wrong password. Enter the one you chose when you signed up."
    assert not browser.is_inside()
    assert browser.post(link, password=GOOD).headers["Location"] == "/inside"


def test_signing_up_and_resetting_look_the_same_for_who_has_an_account(alice: Owner, carol: Buyer) -> None:
    for path in ("/signup", "/reset"):
        seen = []
        for email in (CAROL, DAVE):
            response = Browser(alice).post(path, email=email, password=GOOD)
            seen.append((response.status_code, response.content.decode().replace(email, "?")))
        assert seen[0] == seen[1]
    assert [kind for kind, _ in letters(DAVE)] == ["sign-up"]
    assert [kind for kind, _ in letters(CAROL)] == ["sign-up", "reset"]


def test_the_cookies_of_signing_up_are_the_same_for_who_has_an_account(alice: Owner, carol: Buyer) -> None:
    found = [Browser(alice).post("/signup", email=email, password=GOOD).cookies for email in (CAROL, DAVE)]
    assert sorted(found[0]) == sorted(found[1])
    name = f"signup_{alice.panel_id}"
    assert len(found[0][name].value) == len(found[1][name].value) == 64


def test_a_wrong_log_in_says_nothing_of_the_account_and_forgets_the_password(alice: Owner, carol: Buyer) -> None:
    pages = []
    for email in (CAROL, DAVE):
        page = Browser(alice).refused("/login", email=email, password="not hers 123")
        assert error(page, "password") == "Wrong email address or password."
        assert "not hers" not in page
        assert f'value="{email}"' in page
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(email, "?"))
    assert pages[0] == pages[1]


def test_the_session_cookie_is_new_hidden_from_scripts_and_has_the_panels_name(alice: Owner, carol: Buyer) -> None:
    name = f"session_{alice.panel_id}"
    browser = Browser(alice)
    browser.client.cookies[name] = "chosen-by-somebody-else"
    response = browser.log_in(CAROL)
    set_ = cookie(response, name)
    assert len(set_.value) == 43
    assert (set_["httponly"], set_["samesite"], set_["secure"], set_["path"], set_["domain"]) == (
        True, "Lax", "", "/", "",
    )  # fmt: skip
    assert int(set_["max-age"]) == 30 * 24 * 3600


@pytest.mark.parametrize("secure", [False, True])
def test_every_cookie_of_https_stays_there(alice: Owner, carol: Buyer, secure: bool) -> None:
    client = Browser(alice).client
    entered = client.post("/login", {"email": CAROL, "password": PASSWORD}, secure=secure)
    prefix = "__Host-" if secure else ""
    assert set(entered.cookies) == {f"{prefix}session_{alice.panel_id}", f"{prefix}device", f"{prefix}csrftoken"}
    for one in entered.cookies.values():
        assert (bool(one["secure"]), one["path"], one["domain"]) == (secure, "/", "")
        assert one["httponly"]
    assert client.get("/account", secure=secure).status_code == 200
    chosen = client.get("/?lang=en", secure=secure)
    assert f"{prefix}lang" in chosen.cookies
    assert [name for name in chosen.cookies if name.startswith("__Host-") != secure] == []
    assert client.get("/account", secure=not secure).status_code == 302, "the other kind of address knows it not"
    gone = client.post("/logout", secure=secure).cookies[f"{prefix}session_{alice.panel_id}"]
    assert (gone.value, gone["max-age"], bool(gone["secure"]), gone["path"]) == ("", 0, secure, "/")


def test_by_https_a_cookie_that_a_neighbour_set_is_not_ours(alice: Owner, carol: Buyer) -> None:
    """shop.example.com's neighbour evil.example.com can set a cookie for all of example.com, but none for one host."""
    inside = Browser(alice, carol.customer.user)
    assert inside.client.get("/account", secure=True).status_code == 302
    inside.client.cookies[f"__Host-session_{alice.panel_id}"] = inside.token
    assert inside.client.get("/account", secure=True).status_code == 200


def test_by_https_forms_and_messages_work_as_ever(alice: Owner, carol: Buyer) -> None:
    client = Client(headers={"host": alice.host}, enforce_csrf_checks=True)
    token = hidden(client.get("/login", secure=True).content.decode(), "csrfmiddlewaretoken")
    sent = {"email": CAROL, "password": PASSWORD, "csrfmiddlewaretoken": token}
    ours = {"origin": f"https://{alice.host}"}
    assert client.post("/login", sent, secure=True, headers={"origin": "https://evil.example"}).status_code == 403
    assert client.post("/login", sent, secure=True, headers=ours).status_code == 302
    page = client.get("/account", secure=True).content.decode()
    sent = {"name": "Carol", "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")}
    assert client.post("/account", sent, secure=True, headers=ours).status_code == 302
    assert "Saved." in client.get("/account", secure=True).content.decode()


def test_browsers_are_told_to_come_by_https_where_they_did(alice: Owner) -> None:
    for path in ("/", "/login", "/nowhere", "/static/ui.css"):
        for host in (alice.host, "nobody.example"):
            client = Client(headers={"host": host})
            assert client.get(path, secure=True).headers["Strict-Transport-Security"] == "max-age=31536000", path
            assert "Strict-Transport-Security" not in client.get(path).headers


def test_who_is_told_that_we_are_busy_keeps_what_was_typed_and_fills_no_log(
    alice: Owner, carol: Buyer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_in_turn", lambda work: passwords.BUSY)
    browser = Browser(alice, carol.customer.user)
    pages = [
        Browser(alice).refused("/login", 503, email=CAROL, password=PASSWORD, next="/orders"),
        Browser(alice).refused("/signup", 503, email=DAVE, password=GOOD),
        browser.refused("/account", 503, part="email", email=DAVE, current=PASSWORD),
        browser.refused("/account/security", 503, current=PASSWORD, password=GOOD),
        browser.refused("/account/keys/new", 503, name="shop", can_read="1", current=PASSWORD),
        browser.refused("/account/security/on", 503, kept="x", code="123456", current=PASSWORD),
    ]
    for page in pages:
        assert "We are busy right now." in page
        assert PASSWORD not in page
        assert GOOD not in page
    assert f'value="{CAROL}"' in pages[0]
    assert 'value="/orders"' in pages[0]
    assert f'value="{DAVE}"' in pages[1]
    assert f'value="{DAVE}"' in pages[2]
    assert 'value="shop"' in pages[4]
    answer = Browser(alice).post("/login", email=CAROL, password=PASSWORD)
    assert answer.headers["Retry-After"] == "5"
    assert caplog.text == ""


def test_logging_in_changes_the_form_token(alice: Owner, carol: Buyer) -> None:
    browser = Browser(alice)
    browser.get("/login")
    before = browser.client.cookies["csrftoken"].value
    browser.log_in(CAROL)
    assert browser.client.cookies["csrftoken"].value != before


def test_forms_of_other_pages_are_refused(alice: Owner, carol: Buyer) -> None:
    client = Client(headers={"host": alice.host}, enforce_csrf_checks=True)
    for path in ("/login", "/signup", "/reset", "/logout"):
        response = client.post(path, {"email": CAROL, "password": PASSWORD})
        assert response.status_code == 403
        assert "Send again" in response.content.decode()
    token = hidden(client.get("/login").content.decode(), "csrfmiddlewaretoken")
    sent = {"email": CAROL, "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/login", sent, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/login", sent, headers={"origin": f"http://{alice.host}"}).status_code == 302


def test_a_proxy_that_is_not_trusted_is_named_and_not_the_visitors_fault(
    alice: Owner, carol: Buyer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_warning", Seldom())
    client = Client(headers={"host": alice.host}, enforce_csrf_checks=True)
    token = hidden(client.get("/login").content.decode(), "csrfmiddlewaretoken")
    sent = {"email": CAROL, "password": PASSWORD, "csrfmiddlewaretoken": token}
    refused = client.post("/login", sent, headers={"origin": f"https://{alice.host}"})
    assert refused.status_code == 403
    assert "HTTPS proxy is not configured" in refused.content.decode()
    for _ in range(5):
        client.post("/login", sent, headers={"origin": f"https://{alice.host}"})
    assert caplog.text.count("PANELWRIGHT_TRUSTED_PROXIES") == 1, "anybody can send such a form, again and again"
    caplog.clear()
    assert client.post("/login", sent, headers={"origin": "https://evil.example"}).status_code == 403
    assert caplog.text.count("PANELWRIGHT") == 0


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/orders?status=pending", "/orders?status=pending"),
        ("", "/inside"),
        ("https://evil.example/", "/inside"),
        ("//evil.example/", "/inside"),
        ("///evil.example/", "/inside"),
        ("/\\evil.example/", "/inside"),
        ("/\t/evil.example/", "/inside"),
        ("\\\\evil.example", "/inside"),
        ("javascript:alert(1)", "/inside"),
        ("orders", "/inside"),
        ("http:evil.example", "/inside"),
        ("/" + "x" * 5000, "/inside"),
        ("/ok\r\nSet-Cookie: a=b", "/ok%0D%0ASet-Cookie:%20a=b"),
    ],
)
def test_after_the_log_in_one_stays_on_this_panel(alice: Owner, carol: Buyer, wanted: str, lands: str) -> None:
    response = Browser(alice).log_in(CAROL, next=wanted)
    assert (response.status_code, response.headers["Location"]) == (302, lands)
    again = Browser(alice, carol.customer.user).client.get("/login", {"next": wanted})
    assert again.headers["Location"] == lands


def test_who_is_not_logged_in_is_led_to_the_log_in_and_back(alice: Owner) -> None:
    browser = Browser(alice)
    assert browser.answer("/orders?status=pending").headers["Location"] == "/login?next=%2Forders%3Fstatus%3Dpending"
    assert browser.post("/account/mails").status_code == 401, "what was sent comes along: test_kept.py"
    assert browser.answer("/orders?q=" + "x" * 5000).headers["Location"] == "/login"
    part = browser.answer("/order/services", headers={"hx-request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/login?next=%2Forder%2Fservices")


def test_a_session_of_another_panel_opens_nothing(alice: Owner, carol: Buyer, mallory: Buyer) -> None:
    hers = Browser(mallory.owner, mallory.customer.user)
    browser = Browser(alice)
    browser.client.cookies[f"session_{alice.panel_id}"] = hers.token
    browser.client.cookies[f"session_{mallory.owner.panel_id}"] = hers.token
    assert not browser.is_inside()
    assert browser.log_in("mallory@customer.example").status_code == 422


def test_logging_out_ends_the_session_itself(alice: Owner, carol: Buyer, time: Time) -> None:
    browser = Browser(alice, carol.customer.user)
    time.passes(minutes=10)
    assert browser.answer("/logout").status_code == 405
    response = browser.post("/logout")
    assert cookie(response, f"session_{alice.panel_id}").value == ""
    browser.client.cookies[f"session_{alice.panel_id}"] = browser.token
    assert not browser.is_inside()
    assert counts("customers_session") == (0,)


def test_a_second_account_takes_the_place_of_the_first_in_a_browser(alice: Owner, carol: Buyer, time: Time) -> None:
    """The cookie of the new session must not be overwritten by the old one's, whose use is to be noted."""
    browser = Browser(alice, carol.customer.user)
    browser.post("/signup", email=DAVE, password=GOOD)
    time.passes(minutes=10)
    browser.post(path_of(link_of(DAVE, "sign-up")))
    assert DAVE in browser.get("/account")
    assert counts("customers_session") == (1,)


def test_the_second_factor_stands_between_password_and_session(alice: Owner, carol: Buyer, time: Time) -> None:
    browser = Browser(alice, carol.customer.user)
    page = browser.get("/account/security/on")
    secret = page.split("<code")[1].split(">", 1)[1].split("<")[0].replace(" ", "") if "<code" in page else ""
    assert len(secret) == 32, page
    code = pyotp.TOTP(secret).at(int(time.now.timestamp()))
    assert "000000" not in browser.refused(
        "/account/security/on", kept=hidden(page, "kept"), code="000000", current=PASSWORD
    )
    done = browser.post("/account/security/on", kept=hidden(page, "kept"), code=code, current=PASSWORD)
    assert done.status_code == 200
    time.passes(seconds=60)
    other = Browser(alice)
    step = other.log_in(CAROL, next="/orders")
    assert step.status_code == 200
    assert f"session_{alice.panel_id}" not in step.cookies
    assert not other.is_inside()
    page = step.content.decode()
    proof = hidden(page, "proof")
    page = other.refused("/login", proof=proof, code="12345", next="/orders")
    assert error(page, "code") == "This code is wrong or was already used. Enter the next one."
    code = pyotp.TOTP(secret).at(int(time.now.timestamp()))
    assert other.post("/login", proof=proof, code=code, next="/orders").headers["Location"] == "/orders"
    assert other.is_inside()
    page = Browser(alice).refused("/login", proof="forged", code=code)
    assert error(page, "") == "That took too long. Log in again."


def test_a_reset_leads_to_a_new_password_and_no_further(alice: Owner, carol: Buyer) -> None:
    inside = Browser(alice, carol.customer.user)
    browser = Browser(alice)
    browser.post("/reset", email=CAROL)
    link = path_of(link_of(CAROL, "reset"))
    page = browser.refused(link, password="1234567")
    assert error(page, "password") == "Use at least 8 characters."
    assert browser.post(link, password=GOOD).headers["Location"] == "/login"
    assert not browser.is_inside()
    assert not inside.is_inside()
    assert browser.get(link, 410)
    assert browser.log_in(CAROL, GOOD).status_code == 302


def test_pages_of_doors_and_of_who_is_inside_are_not_kept(alice: Owner, carol: Buyer) -> None:
    for path in ("/login", "/signup", "/reset", "/reset/x", "/signup/x"):
        assert "no-store" in Browser(alice).answer(path).headers["Cache-Control"], path
    inside = Browser(alice, carol.customer.user)
    for path in ("/account", "/", "/api", "/order", "/nowhere"):
        assert inside.answer(path).headers["Cache-Control"].count("no-store") == 1, path
        assert "private" in inside.answer(path).headers["Cache-Control"], path


def test_files_may_be_kept_by_who_is_inside_too(alice: Owner, carol: Buyer) -> None:
    page = Browser(alice, carol.customer.user).get("/account")
    path = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    kept = Browser(alice, carol.customer.user).answer(path).headers["Cache-Control"]
    assert kept == "public, max-age=31536000, immutable"


# Host headers


@pytest.mark.parametrize("path", ["/signup", "/reset"])
def test_a_letter_never_carries_the_host_of_who_asked_for_it(alice: Owner, carol: Buyer, path: str) -> None:
    """The panel answers on any host of port 80: the links lead to the one that it names."""
    with scope(panel=alice.panel):
        add_domain(panel_id=alice.panel_id, host="*", port=80)
    attacker = Client(headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    assert attacker.post(path, {"email": CAROL, "password": GOOD}).status_code == 200
    ((_, text),) = letters(CAROL)
    assert "evil" not in text
    assert "http://shop.example/reset" in text


def test_the_letter_to_a_new_address_neither(alice: Owner, carol: Buyer) -> None:
    with scope(panel=alice.panel):
        add_domain(panel_id=alice.panel_id, host="*", port=80)
    browser = Browser(alice, carol.customer.user)
    sent = {"part": "email", "email": DAVE, "current": PASSWORD}
    assert browser.client.post("/account", sent, headers={"host": "evil.example"}).status_code == 302
    assert link_of(DAVE, "new-email").startswith("http://shop.example/account/email/")


def test_a_panel_without_a_name_sends_no_links_to_strangers(
    alice: Owner, carol: Buyer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_warning", Seldom())
    execute("UPDATE panels_domain SET host = '*', port = 80")
    before = counts("events_mail", "customers_lettertoken")
    for host in ("evil.example", "169.254.169.254", "0.0.0.0", "198.18.0.1", "[2001:0:4137:9e76::1]", "10.0.0.1"):
        for path in ("/signup", "/reset"):
            response = Client(headers={"host": host}).post(path, {"email": CAROL, "password": GOOD})
            assert response.status_code == 422, host
            assert "own address is not set" in error(response.content.decode(), "")
    assert counts("events_mail", "customers_lettertoken") == before
    assert caplog.text.count("panelwright adddomain --panel shop --domain HOST") == 1, "the log is not filled with it"
    Client(headers={"host": "localhost"}).post("/reset", {"email": CAROL})
    assert link_of(CAROL, "reset").startswith("http://localhost/reset/")


NAMED = [("*", 8000), ("shop.example", 0), ("other.example", 8443)]


@pytest.mark.parametrize(
    ("domains", "asked", "own"),
    [
        (NAMED, ("shop.example", 0, 8000), ("shop.example", 0)),
        (NAMED, ("shop.example", 8000, 8000), ("shop.example", 8000)),
        # Another port of that host may be somebody else's.
        (NAMED, ("shop.example", 9999, 8000), ("shop.example", 0)),
        (NAMED, ("other.example", 8443, 8000), ("other.example", 8443)),
        (NAMED, ("evil.example", 8000, 8000), ("shop.example", 0)),
        (NAMED, ("localhost", 8000, 8000), ("shop.example", 0)),
        ([("*", 8000)], ("localhost", 8000, 8000), ("localhost", 8000)),
        ([("*", 8000)], ("127.0.0.1", 8000, 8000), ("127.0.0.1", 8000)),
        ([("*", 8000)], ("[::1]", 8000, 8000), ("[::1]", 8000)),
        ([("*", 80)], ("127.8.9.10", 0, 80), ("127.8.9.10", 0)),
        ([("*", 8000)], ("[::ffff:127.0.0.1]", 8000, 8000), ("[::ffff:127.0.0.1]", 8000)),
        *(
            ([("*", 8000)], (host, 8000, 8000), None)
            for host in (
                "192.168.1.5",
                "10.0.0.1",
                "169.254.169.254",
                "0.0.0.0",
                "198.18.0.1",
                "192.0.2.1",
                "100.64.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "224.0.0.1",
                "[::]",
                "[fe80::1]",
                "[fc00::1]",
                "[2001:db8::1]",
                "[2001:0:4137:9e76:8000:63bf:3fff:fdd2]",
                "[::ffff:10.0.0.1]",
                "[64:ff9b::a00:1]",
                "[2002:a00:1::]",
                "127.1",
                "2130706433",
                "0x7f.0.0.1",
                "127.0.0.1.evil.example",
                "[::1%25eth0]",
                "127.0.0.1@evil.example",
            )
        ),
        # On another port of this machine somebody else may listen.
        ([("*", 8000)], ("127.0.0.1", 22, 8000), None),
        ([("*", 8000)], ("127.8.9.10", 0, 8000), None),
        ([("*", 8000)], ("[::1]", 9999, 8000), None),
        ([("*", 8000)], ("localhost", 80, 8000), None),
        ([("*", 8000)], ("localhost", 0, 8000), None),
        ([("*", 443)], ("localhost", 0, 443), ("localhost", 0)),
        ([("*", 8000)], ("8.8.4.4", 9999, 8000), None),
        ([("*", 8000)], ("8.8.4.4", 0, 8000), None),
        ([("*", 80)], ("8.8.4.4", 0, 80), ("8.8.4.4", 0)),
        ([("*", 8000)], ("8.8.4.4", 8000, 8000), ("8.8.4.4", 8000)),
        ([("*", 8000)], ("8.8.8.8", 8000, 8000), None),
        ([("*", 8000)], ("evil.example", 8000, 8000), None),
        ([("*", 8000)], ("localhost.evil.example", 8000, 8000), None),
        ([("*", 8000)], ("", 0, 8000), None),
    ],
)
def test_the_address_that_a_panel_calls_its_own(
    domains: list[tuple[str, int]], asked: tuple[str, int, int], own: tuple[str, int] | None
) -> None:
    assert own_address(domains, asked, came_to="8.8.4.4") == own


# What a form may hold

STRANGE = [
    "\x00", "a\x00b@x.example", "🎉" * 500, "x" * 1_000_000, "9" * 5000, "-1", "1e999", "NaN", "٣",
    "%00", "{{ 7*7 }}", "<script>", "' OR 1=1 --", "\r\n\r\n", "\u202e", " ", "://", "[::1", "a@b@c",
]  # fmt: skip
# So many of them a database takes in its own way: too long for a column or a number, or not to be stored at all.
STORED = 8
FORMS = {
    "/login": ("email", "password", "next", "proof", "code"),
    "/signup": ("email", "password"),
    "/reset": ("email",),
    "/signup/x": ("password",),
    "/reset/x": ("password",),
    "/account": ("part", "email", "current", "name", "language", "timezone"),
    "/account/security": ("current", "password"),
    "/account/security/on": ("kept", "code", "current"),
    "/account/security/off": ("current", "code"),
    "/account/security/codes": ("code",),
    "/account/mails": ("wanted",),
    "/account/keys/new": ("name", "can_read", "addresses", "daily_cap", "current"),
    "/order": ("service", "request_id", "rate", "link", "quantity", "runs", "interval"),
    "/order/price": ("service", "link", "quantity", "runs", "interval"),
    "/order/many": ("lines", "batch", "checked", "do"),
    "/orders/1/refill": ("back",),
}


def fill(path: str, name: str, text: str) -> dict[str, str]:
    usual = {"email": DAVE, "service": "1", "link": "https://example.com/x", "quantity": "100", "part": "email"}
    return {field: usual.get(field, "x") for field in FORMS[path]} | {name: text}


@pytest.mark.parametrize("path", FORMS)
def test_no_field_breaks_a_page(alice: Owner, carol: Buyer, path: str, database_kind: str) -> None:
    """On SQLite each text in each field; on PostgreSQL those that it takes in its own way in each field, and of the
    others each in one."""
    for place, name in enumerate(FORMS[path]):
        others = [text for n, text in enumerate(STRANGE) if n >= STORED and n % len(FORMS[path]) == place]
        for text in STRANGE if database_kind == "sqlite" else [*STRANGE[:STORED], *others]:
            execute("DELETE FROM customers_attempts")
            browser = Browser(alice, carol.customer.user if path.startswith(("/account", "/order")) else None)
            response = browser.client.post(path, fill(path, name, text))
            assert response.status_code < 500, (name, text[:20])
            if "\x00" in text:
                assert response.status_code == 400
        twice = browser.client.post(path, {**fill(path, name, "x"), name: ["x", "y", "x" * 1000]})
        assert twice.status_code < 500


@pytest.mark.parametrize(
    "address",
    [
        "/login?next=%00", "/order?q=%00", "/orders?q=%ED%A0%80&status=%FF", "/orders?before=" + "9" * 40,
        "/orders?service=99999999999999999999", "/order?service=" + "9" * 30, "/order?category=%D9%A3",
        "/orders/" + "9" * 30, "/orders/" + "9" * 5000, "/orders/" + "9" * 30 + "/again", "/signup/%00",
        "/reset/%ED%A0%80", "/account/email/" + "x" * 5000, "/?lang=" + "x" * 5000, "/static/%00", "/orders.csv?q=%00",
        "/orders/refills?before=99999999999999999", "/order/services?q=" + "%F0%9F%8E%89" * 300, "/tickets?after=1-1",
    ],
)  # fmt: skip
def test_no_address_breaks_a_page(alice: Owner, carol: Buyer, address: str) -> None:
    for user in (None, carol.customer.user):
        browser = Browser(alice, user)
        assert browser.answer(address).status_code < 500


@pytest.mark.parametrize("path", ["/account/sessions/{}/end", "/account/keys/{}/revoke", "/orders/{}/refill",
                                  "/orders/{}/cancel", "/orders/{}/pause", "/orders/{}/resume"])  # fmt: skip
def test_no_number_in_an_address_breaks_a_button(alice: Owner, carol: Buyer, path: str) -> None:
    browser = Browser(alice, carol.customer.user)
    for number in ("0", "9" * 18, "9" * 19, "9" * 30):
        assert browser.post(path.format(number)).status_code < 500


def test_a_user_agent_that_cannot_be_read_is_no_reason_to_fail(alice: Owner, carol: Buyer) -> None:
    browser = Browser(alice, None, **{"user-agent": "Fire\x00fox " + "é" * 1000})
    assert browser.log_in(CAROL).status_code == 302
    assert value("SELECT browser FROM customers_session").startswith("Firefox é")
    assert user_of(CAROL).last_login is not None
