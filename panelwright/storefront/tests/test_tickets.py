"""The pages of tickets: what is shown, what is refused beside its field, and that nobody's text runs."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from panelwright.core import limits
from panelwright.customers.session_actions import open_session
from panelwright.storefront.tests.reading import text_of
from panelwright.storefront.tests.test_public import Harmless
from panelwright.support.files import Upload
from panelwright.support.tests.making import ends, reply, requests, row_of, said, staff, state, written
from panelwright.support.tests.test_files import png
from panelwright.ui.cookies import session_name
from panelwright.ui.linkify import html_of
from tests.support.people import Buyer, Known, Owner, Time, counts, everything, execute, value, values

QUERIES_MAX = 12


class Browser:
    """A browser in which somebody is logged in at her panel."""

    def __init__(self, owner: Owner, user: Any) -> None:
        self.client = Client(headers={"host": owner.host})
        with scope(panel=owner.panel):
            token = open_session(user=user, address="198.51.100.7", browser="test")
        self.client.cookies[session_name(owner.panel)] = token

    def get(self, path: str, status: int = 200) -> str:
        """The page, in few queries."""
        with CaptureQueriesContext(connection) as asked:
            response = self.client.get(path)
        assert response.status_code == status, response.status_code
        assert len(asked) <= QUERIES_MAX, [query["sql"] for query in asked]
        page: str = response.content.decode()
        return page

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, fields)

    def refused(self, path: str, **fields: Any) -> str:
        """The form is shown again, and nothing was written."""
        before = everything()
        response = self.post(path, **fields)
        assert response.status_code == 422
        assert everything() == before
        page: str = response.content.decode()
        return page


@pytest.fixture
def browser(carol: Buyer, time: Time) -> Browser:
    return Browser(carol.owner, carol.customer.user)


def error(page: str, field: str) -> str:
    """What stands beside a field."""
    match = re.search(rf'id="{field}-error">(.*?)</p>', page, re.S)
    return html.unescape(match[1]) if match else ""


def opened(response: Any) -> Known:
    """The ticket that a form leads to; of the panel that there is."""
    assert response.status_code == 302, response.content.decode()
    match = re.fullmatch(r"/tickets/([0-9]+)", response.headers["Location"])
    assert match
    number = int(match[1])
    return Known(value("SELECT id FROM support_ticket WHERE number = %s", number), number)


def test_a_ticket_about_a_payment_is_written_answered_and_closed(browser: Browser, alice: Owner) -> None:
    assert "No tickets yet." in browser.get("/tickets")
    form = browser.get("/tickets/new?subject=payment")
    assert '<option value="payment" selected>' in form
    (request_id,) = re.findall(r'name="request_id" value="([\w-]{22})"', form)
    sent = {"subject": "payment", "title": "Deposit", "text": "Where is it?\r\nI paid.", "request_id": request_id}
    ticket_id = opened(browser.post("/tickets/new", **sent))
    assert opened(browser.post("/tickets/new", **sent)) == ticket_id, "a double click opens one"
    page = browser.get(f"/tickets/{ticket_id.number}")
    assert '<p class="talk-text" dir="auto">Where is it?\nI paid.</p>' in page
    assert "Waiting for support" in browser.get("/tickets")
    staff(alice, "answer", ticket_id, text="It is there now.")
    assert '<span class="badge busy">new</span>' in browser.get("/tickets")
    page = browser.get(f"/tickets/{ticket_id.number}")
    assert "It is there now." in page
    assert "bob" not in page, "who of the staff wrote it is not told"
    assert '<span class="badge busy">new</span>' not in browser.get("/tickets")

    response = browser.post(f"/tickets/{ticket_id.number}", text="Thank you", request_id="r")
    assert (response.status_code, response.headers["Location"]) == (302, f"/tickets/{ticket_id.number}#newest")
    assert re.search(
        r'<li class="by-customer" id="newest">\s*.*?Thank you', browser.get(f"/tickets/{ticket_id.number}"), re.S
    )
    assert browser.post(f"/tickets/{ticket_id.number}/close").status_code == 302
    assert state(ticket_id) == "closed"
    page = browser.get(f"/tickets/{ticket_id.number}")
    assert "This ticket is closed." in page
    assert "/close" not in page
    assert str(ticket_id.number) in browser.get("/tickets?state=closed")
    assert "No tickets match this filter." in browser.get("/tickets?state=answered")


def test_orders_are_picked_from_the_form_and_followed(browser: Browser, carol: Buyer) -> None:
    first, second = carol.order(), carol.order()
    form = browser.get(f"/tickets/new?order={first.number}&wish=cancel")
    assert f'name="orders" type="text" value="{first.number}"' in form
    assert '<option value="cancel" selected>' in form
    assert f'name="picked" value="{second.number}"' in form
    fields = {
        "subject": "order",
        "wish": "cancel",
        "orders": f"#{first.number}, ",
        "picked": [str(second.number), str(first.number)],
    }
    ticket_id = opened(browser.post("/tickets/new", **fields))
    assert requests(ticket_id) == [
        ("cancel", first.number, "done", "Canceled"),
        ("cancel", second.number, "done", "Canceled"),
    ]
    page = browser.get(f"/tickets/{ticket_id.number}")
    assert f"Order {first.number} canceled. Its charge was refunded to your balance." in text_of(page)
    assert f'<a href="/orders/{first.number}" translate="no">{first.number}</a>' in page
    assert '<span class="badge good">canceled</span>' in page
    assert f'href="/tickets/new?order={first.number}"' in browser.get(f"/orders/{first.number}")


def test_a_request_typed_into_the_message_is_one(browser: Browser, carol: Buyer) -> None:
    order_id = carol.order()
    ticket_id = opened(browser.post("/tickets/new", subject="order", text=f"speed up {order_id.number}\r\nplease"))
    page = text_of(browser.get(f"/tickets/{ticket_id.number}"))
    assert f"Order {order_id.number}: speed-up requested." in page
    ends(order_id)
    browser.post(f"/tickets/{ticket_id.number}", text=f"refill {order_id.number}")
    assert f"Order {order_id.number}, Refill: not possible, refills are available" not in page
    refused = browser.refused(f"/tickets/{ticket_id.number}", text=f"refill: {order_id.number}")
    assert error(refused, "text").startswith(
        f"Order {order_id.number}, Refill: not possible, refills are available 24 hours"
    )
    assert f"refill: {order_id.number}</textarea>" in refused


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"subject": "other"}, "text", "Enter a message."),
        ({"subject": "order"}, "text", "Enter a message."),
        ({"subject": "love", "text": "x"}, "subject", "Choose a topic."),
        ({"subject": "other", "text": "x", "title": "y" * 151}, "title", "Use at most 150 characters for the subject."),
        ({"subject": "other", "text": "x" * 5001}, "text", "Use at most 5000 characters."),
        ({"subject": "order", "wish": "refill"}, "orders", "Which orders?"),
        (
            {"subject": "order", "wish": "refill", "orders": "one"},
            "orders",
            "Enter order IDs, such as 123, 124.",
        ),
        ({"subject": "order", "orders": "12"}, "wish", "What should we do with these orders?"),
        (
            {"subject": "order", "wish": "refill", "orders": "999999"},
            "orders",
            "Order 999999, Refill: not possible, order not found.",
        ),
        (
            {"subject": "order", "text": "cancel 999998\r\ncancel 999999"},
            "text",
            "Order 999998, Cancel: not possible, order not found.\nOrder 999999, Cancel: not possible, "
            "order not found.",
        ),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    browser: Browser, fields: dict[str, str], field: str, text: str
) -> None:
    page = browser.refused("/tickets/new", request_id="the-form", **fields)
    assert error(page, field) == text
    assert 'name="request_id" value="the-form"' in page
    assert f'aria-describedby="{field}-' in page
    for name in ("title", "orders"):
        assert f'name="{name}" type="text" value="{fields.get(name, "")}"' in page
    kept = html.unescape(re.findall(r"<textarea.*?>\n(.*?)</textarea>", page, re.S)[0])
    assert kept == fields.get("text", "")


def test_limits_are_told_on_the_form(browser: Browser, carol: Buyer, time: Time) -> None:
    for n in range(20):
        written(carol, f"ticket {n}", subject="other")
        time.passes(minutes=3)
    page = browser.refused("/tickets/new", subject="other", text="one more")
    assert '<p class="notice bad" role="alert">You have 20 open tickets, the maximum.' in page
    assert "one more</textarea>" in page


# ---- files -------------------------------------------------------------------------------------------------


def upload(name: str, data: bytes, kind: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, kind)


def test_files_go_in_and_come_out_as_downloads(browser: Browser, alice: Owner, mallory: Buyer) -> None:
    files = [upload("Экран.png", png(), "text/html"), upload("log.txt", b"<b>no page</b>"[3:])]
    ticket_id = opened(browser.post("/tickets/new", subject="other", text="Look", files=files))
    page = browser.get(f"/tickets/{ticket_id.number}")
    first, second = re.findall(r'<a href="(/tickets/[0-9]+/files/[\w=-]+)" download', page)
    response = browser.client.get(first)
    assert (response.status_code, response.content) == (200, png())
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''%D0%AD")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "no-store" in response.headers["Cache-Control"]
    assert browser.client.get(second).headers["Content-Type"] == "text/plain; charset=utf-8"

    dave = alice.customer("dave")
    for stranger in (Browser(alice, dave.customer.user), Browser(mallory.owner, mallory.customer.user)):
        for path in (first, second, f"/tickets/{ticket_id.number}"):
            stranger.get(path, 404)
        before = everything()
        assert stranger.post(f"/tickets/{ticket_id.number}", text="Mine").status_code == 404
        assert stranger.post(f"/tickets/{ticket_id.number}/close").status_code == 404
        assert everything() == before
        assert f'href="/tickets/{ticket_id.number}"' not in stranger.get("/tickets")
    for path in ("/tickets", "/tickets/new", f"/tickets/{ticket_id.number}", first):
        response = Client(headers={"host": alice.host}).get(path)
        assert (response.status_code, response.headers["Location"].partition("=")[0]) == (302, "/login?next")
        Browser(alice, alice.staff.user).get(path, 403)


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ([("a.png", b"<script>alert(1)</script>")], "Attach PNG, JPEG or WebP images, PDF or plain text files"),
        ([("a.html", b"hello")], "Attach PNG, JPEG or WebP images, PDF or plain text files"),
        ([("a.txt", b"x" * (limits.ATTACHMENT_BYTES_MAX + 1))], "Use files of at most 2 MiB."),
        ([("a.txt", b"x")] * 4, "At most 3 files."),
        ([("a.txt", b"")], "The file is empty."),
    ],
)
def test_files_that_are_not_taken(browser: Browser, files: list[tuple[str, bytes]], text: str) -> None:
    page = browser.refused("/tickets/new", subject="other", text="Look", files=[upload(*file) for file in files])
    assert error(page, "files").startswith(text)
    assert "Choose your files again" in page
    assert "Look</textarea>" in page


# ---- text of strangers ---------------------------------------------------------------------------------------


EVIL = (
    '<script>alert(1)</script>\n"><img src=x onerror=alert(1)>\njavascript:alert(1)\n'
    "https://good.example/a?b=1&c=\"onmouseover=alert(1)\nhttps://x.example/'onclick='alert(1)\n"
    "data:text/html,<script>alert(1)</script> https://[::1 http:///x HTTPS://UP.example/(a). {{ 7|add:7 }}"
)


def test_no_text_becomes_markup(browser: Browser, alice: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, EVIL, subject="other", title=EVIL[:100], files=(Upload('"><b>.txt', b"x"),))
    staff(alice, "answer", ticket_id, text=EVIL)
    for path in (f"/tickets/{ticket_id.number}", "/tickets"):
        page = browser.get(path)
        assert "<script>alert" not in page
        assert "<img" not in page
        Harmless().feed(page)
        assert all(re.match(r"(https?://|/|\?|#)", link, re.I) for link in re.findall(r'href="([^"]*)"', page))
    page = browser.get(f"/tickets/{ticket_id.number}")
    assert text_of(re.findall(r'<p class="talk-text" dir="auto">(.*?)</p>', page, re.S)[0]) == EVIL
    refused = browser.refused(f"/tickets/{ticket_id.number}", text="</textarea><script>alert(1)</script>" * 200)
    assert "<script>alert" not in refused


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.example/b.", ["https://a.example/b"]),
        ("(http://a.example/?x=1&y=2)", ["http://a.example/?x=1&amp;y=2"]),
        ("https://a.example https://b.example", ["https://a.example", "https://b.example"]),
        ("javascript:alert(1) data:x ftp://a.example //a.example", []),
        ("https:// http://. https://[", []),
        ("https://a.example/\u202egnp.exe", []),
        ("https://пример.example/я", ["https://пример.example/я"]),
        ("xhttps://a.example", ["https://a.example"]),
    ],
)
def test_only_addresses_of_the_web_become_links_that_pass_nothing_on(text: str, links: list[str]) -> None:
    page = html_of(text)
    assert re.findall(r'<a href="([^"]*)" rel="nofollow noopener ugc">', page) == links
    assert text_of(page) == text


# ---- paging and queries ----------------------------------------------------------------------------------------


def test_pages_answer_in_few_queries_whatever_there_is(
    browser: Browser, carol: Buyer, alice: Owner, time: Time
) -> None:
    orders = [carol.order() for _ in range(30)]
    tickets = []
    for n in range(15):
        tickets.append(written(carol, f"speed up {orders[n].number}\nticket {n}", files=(Upload("a.txt", b"x"),)))
        time.passes(minutes=10)
    busy = tickets[0]
    for n in range(25):
        reply(carol, busy, f"message {n}\nspeed up {orders[n]}", files=(Upload("a.txt", b"x"),))
        staff(alice, "answer", busy, text=f"answer {n}")
        time.passes(minutes=10)
    assert counts("support_message") > (60,)
    for path in ("/tickets", "/tickets?state=pending", "/tickets/new", f"/tickets/{busy.number}"):
        browser.get(path)
    execute("UPDATE support_ticket SET unread_customer = %s", True)
    browser.get(f"/tickets/{busy.number}")
    assert row_of(busy).unread_customer is False


def test_the_list_goes_page_by_page(browser: Browser, carol: Buyer, alice: Owner, time: Time) -> None:
    tickets = []
    for n in range(60):
        tickets.append(written(carol, f"ticket {n}", subject="other"))
        staff(alice, "close", tickets[-1])
        time.passes(minutes=5)
    seen: list[int] = []
    path = "/tickets?state=closed"
    for _ in range(3):
        page = browser.get(path)
        seen += [int(number) for number in re.findall(r'href="/tickets/([0-9]+)" title', page)]
        older = re.search(r'href="(\?[^"]*)">Older', page)
        if older:
            path = "/tickets" + html.unescape(older[1])
    assert seen == [ticket_id.number for ticket_id in reversed(tickets)]
    for cursor in ("x", "1-2-3", "99999999999999999-1", "-1", "9" * 40 + "-1"):
        browser.get(f"/tickets?after={cursor}")


def test_a_long_conversation_goes_page_by_page(browser: Browser, carol: Buyer, alice: Owner) -> None:
    ticket_id = written(carol, "the first", subject="other")
    for n in range(120):
        staff(alice, "answer", ticket_id, text=f"answer {n:03}")
    page = browser.get(f"/tickets/{ticket_id.number}")
    assert ("answer 020" in page, "answer 119" in page, "answer 019" in page) == (True, True, False)
    older = re.search(r'href="(\?before=[0-9]+)">', page)
    assert older
    page = browser.get(f"/tickets/{ticket_id.number}{older[1]}")
    assert ("the first" in text_of(page), "answer 019" in page, "answer 020" in page) == (True, True, False)
    for before in ("x", "0", "9" * 30):
        browser.get(f"/tickets/{ticket_id.number}?before={before}")


def test_the_conversation_is_read_in_the_readers_language_and_the_customers_own_words(
    browser: Browser, carol: Buyer
) -> None:
    order_id = carol.order()
    ticket_id = written(carol, f"отмена {order_id.number}")
    assert said(ticket_id)[0] == f"customer: отмена {order_id.number}"
    assert f"отмена {order_id.number}" in browser.get(f"/tickets/{ticket_id.number}")
    assert values("SELECT text FROM support_message WHERE author = 'system'") == [("",), ("",)]


def test_a_form_from_another_site_is_refused(alice: Owner, carol: Buyer) -> None:
    ticket_id = written(carol, "Hello", subject="other")
    client = Client(headers={"host": alice.host}, enforce_csrf_checks=True)
    with scope(panel=alice.panel):
        client.cookies[session_name(alice.panel)] = open_session(user=carol.customer.user, address="", browser="")
    before = everything()
    for path in ("/tickets/new", f"/tickets/{ticket_id.number}", f"/tickets/{ticket_id.number}/close"):
        assert client.post(path, {"subject": "other", "text": "forged"}).status_code == 403
    assert everything() == before
