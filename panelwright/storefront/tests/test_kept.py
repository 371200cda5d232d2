"""Nothing typed is lost: the session was over, the form was open for too long, or something stood in the way."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from panelwright.orders import listing
from panelwright.storefront.tests.browsing import Browser, hidden
from panelwright.ui.cookies import session_name
from tests.support.people import PASSWORD, Buyer, Owner, Time, everything, value


@pytest.fixture
def browser(alice: Owner, carol: Buyer, time: Time) -> Browser:
    return Browser(alice, carol.customer.user)


def log_out(browser: Browser) -> None:
    """The session is over, without the browser being told."""
    browser.client.cookies.pop(session_name(browser.owner.panel))


def log_in_again(browser: Browser, page: str, carol: Buyer, **more: str) -> Any:
    """By the form that stands on the page, with all that is hidden in it."""
    kept = [html.unescape(text) for text in re.findall(r'name="kept" value="([^"]*)"', page)]
    fields = {
        "email": carol.customer.user.email,
        "password": PASSWORD,
        "next": hidden(page, "next"),
        "kept": kept,
        **more,
    }
    return browser.client.post("/login", fields)


def brought(page: str) -> tuple[str, dict[str, str]]:
    """Where the button leads, and what it brings."""
    (address,) = re.findall(r'<form method="post" action="([^"]*)">', page)
    fields = re.findall(r'<textarea name="([^"]*)" hidden>\n(.*?)</textarea>', page, re.S)
    resume = {"resume": "1"} if 'name="resume"' in page else {}
    return html.unescape(address), {**{name: html.unescape(text) for name, text in fields}, **resume}


ORDER = {"service": "1", "link": "https://example.com/<me>", "quantity": "1000", "request_id": "x1", "rate": "900000"}


def test_an_order_that_was_typed_while_the_session_ended(browser: Browser, carol: Buyer) -> None:
    log_out(browser)
    before = everything()
    answer = browser.post("/order", **ORDER)
    assert answer.status_code == 401
    page = answer.content.decode()
    assert "What you typed is kept" in page
    assert hidden(page, "next") == "/order"
    answer = log_in_again(browser, page, carol)
    assert answer.status_code == 200
    address, fields = brought(answer.content.decode())
    assert (address, fields) == ("/order", {**ORDER, "resume": "1"})
    assert value("SELECT COUNT(*) FROM orders_order") == 0
    again = browser.client.post(address, fields)
    assert again.status_code == 200
    page = again.content.decode()
    assert 'value="https://example.com/&lt;me&gt;"' in page
    assert hidden(page, "request_id") == "x1"
    assert value("SELECT COUNT(*) FROM orders_order") == 0, (
        "nothing is ordered before the button of the form is pressed"
    )
    assert browser.post("/order", **ORDER).status_code == 302
    assert value("SELECT COUNT(*) FROM orders_order") == 1
    assert before != everything()


def test_a_mass_order_and_a_message_come_back(browser: Browser, carol: Buyer) -> None:
    lines = "1 | https://example.com/a | 100\n1 | https://example.com/b | 100"
    log_out(browser)
    answer = log_in_again(browser, browser.post("/order/many", lines=lines).content.decode(), carol)
    address, fields = brought(answer.content.decode())
    assert "Place 2 orders" in browser.client.post(address, fields).content.decode()
    log_out(browser)
    text = "A long story.\n\nIn two parts."
    page = browser.post("/tickets/new", subject="other", title="Hello", text=text).content.decode()
    address, fields = brought(log_in_again(browser, page, carol).content.decode())
    page = browser.client.post(address, fields).content.decode()
    assert "A long story.\n\nIn two parts." in html.unescape(page)
    assert value("SELECT COUNT(*) FROM support_ticket") == 0


def test_an_action_is_done_by_a_button_after_the_log_in(browser: Browser, carol: Buyer) -> None:
    order_id = carol.order()
    for path, fields in (
        (f"/orders/{order_id.number}/cancel", {"back": "/orders?status=pending"}),
        ("/services/1/favourite", {"on": "1", "back": "/services?q=x"}),
    ):
        log_out(browser)
        page = browser.post(path, **fields).content.decode()
        answer = log_in_again(browser, page, carol)
        assert brought(answer.content.decode()) == (path, fields)
        done = browser.client.post(path, fields)
        assert (done.status_code, done.headers["Location"]) == (302, fields["back"])
    assert value("SELECT status FROM orders_order") == "Canceled"
    assert value("SELECT COUNT(*) FROM catalog_favourite") == 1


def test_passwords_are_not_kept(browser: Browser, carol: Buyer) -> None:
    log_out(browser)
    page = browser.post("/account/security", current="my secret", password="a new secret").content.decode()
    assert "secret" not in page.replace("Secret", "")
    answer = log_in_again(browser, page, carol, kept=json.dumps(["password", "x"]))
    assert answer.status_code == 302, "nothing was sent"


def test_a_failed_log_in_brings_it_along(alice: Owner, time: Time) -> None:
    page = Browser(alice).client.post(
        "/login", {"email": "x@y.example", "password": "wrong", "kept": '["link", "a\\"b"]'}
    )
    assert html.unescape(re.findall(r'name="kept" value="([^"]*)"', page.content.decode())[0]) == '["link", "a\\"b"]'


def test_a_part_of_a_page_does_not_take_the_page_away(browser: Browser) -> None:
    log_out(browser)
    answer = browser.client.post("/order/price", ORDER, headers={"hx-request": "true"})
    assert (answer.status_code, answer.content) == (204, b"")
    answer = browser.client.get("/order/services", headers={"hx-request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/login")


@pytest.mark.parametrize("origin", ["same", "strange", "none"])
def test_a_form_that_was_open_for_too_long_is_sent_by_a_button(
    alice: Owner, carol: Buyer, time: Time, origin: str
) -> None:
    """Only where the browser says that it stood on a page of ours: else a stranger's page could use our button."""
    browser = Browser(alice, carol.customer.user)
    client = Client(enforce_csrf_checks=True, headers={"host": alice.host})
    client.cookies = browser.client.cookies
    headers = {
        "same": {"origin": f"http://{alice.host}", "sec-fetch-site": "same-origin"},
        "strange": {"origin": "http://strange.example", "sec-fetch-site": "cross-site"},
        "none": {},
    }[origin]
    answer = client.post("/order", {**ORDER, "csrfmiddlewaretoken": "old"}, headers=headers)
    assert answer.status_code == 403
    page = answer.content.decode()
    if origin != "same":
        assert "came from another page" in page
        assert "example.com" not in page
        return
    address, fields = brought(page)
    assert (address, fields) == ("/order", {**ORDER, "resume": "1"})
    token = hidden(page, "csrfmiddlewaretoken")
    assert client.post(address, {**fields, "csrfmiddlewaretoken": token}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("path", "back"),
    [("/orders/5/cancel", "/orders"), ("/account/sessions/end", "/account/security"), ("/logout", "/")],
)
def test_an_action_that_is_opened_says_what_it_is(browser: Browser, path: str, back: str) -> None:
    answer = browser.answer(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    page = answer.content.decode()
    assert "This page cannot be opened like this" in page
    assert f'<a class="button" href="{back}">Go back</a>' in page


def test_a_database_that_is_busy_for_a_moment(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(listing, "page", busy)
    answer = browser.answer("/orders?q=x")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert '<a class="button" href="/orders?q=x">Try again</a>' in answer.content.decode()


def test_after_a_mass_order_the_orders_are_listed_and_the_balance_is_new(browser: Browser, carol: Buyer) -> None:
    lines = "1 | https://example.com/a | 1000\n1 | https://example.com/b | 1000"
    page = browser.post("/order/many", lines=lines, do="check").content.decode()
    fields = {"lines": lines, "batch": hidden(page, "batch"), "checked": hidden(page, "checked")}
    answer = browser.post("/order/many", **fields)
    page = browser.get(answer.headers["Location"])
    placed = re.findall(r'class="t-link num" href="/orders/(\d+)"', page)
    assert len(placed) == 2
    assert "98.20" in page
    # What is left is shown with what was placed, and with the balance after it.
    lines = f"{lines.replace('/a', '/c').replace('/b', '/d')}\nnonsense"
    page = browser.post("/order/many", lines=lines, do="check").content.decode()
    fields = {"lines": lines, "batch": hidden(page, "batch"), "checked": hidden(page, "checked")}
    page = browser.post("/order/many", **fields).content.decode()
    assert len(re.findall(r'<a class="num" href="/orders/(\d+)"', page)) == 2
    assert "96.40" in page
