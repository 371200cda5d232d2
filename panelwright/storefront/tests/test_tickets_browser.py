"""Tickets in a real browser: a cancel asked for and followed by the worker; without scripts; for every eye."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django_scopes import scope
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from panelwright.customers.session_actions import open_session
from panelwright.providers.manual.manual_actions import accept_cancel
from panelwright.support.files import Upload
from panelwright.support.tests.making import reply, requests, staff, state, written
from panelwright.support.tests.test_files import png
from panelwright.ui.cookies import session_name
from tests.support.by_hand import own_people
from tests.support.looks import faults
from tests.support.people import FOLLOWERS, execute, value
from tests.support.processes import Launcher, free_port
from tests.support.story import Story

# The server sees only what is committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


@pytest.fixture
def shop(story: Story, launch: Launcher) -> Iterator[str]:
    """Alice's panel, served with a worker; her own people deliver."""
    own_people(story.alice, FOLLOWERS)
    port = free_port()
    execute("INSERT INTO panels_domain (panel_id, host, port) VALUES (%s, '*', %s)", story.alice.panel_id, port)
    launch.start("serve", "--port", str(port)).wait_for_http(f"http://127.0.0.1:{port}/")
    yield f"http://127.0.0.1:{port}"


def log_in(context: BrowserContext, story: Story, shop: str) -> None:
    """Carol is logged in in this browser."""
    panel = story.alice.panel
    with scope(panel=panel):
        token = open_session(user=story.carol.customer.user, address="127.0.0.1", browser="Chrome")
    context.add_cookies([{"name": session_name(panel), "value": token, "url": shop}])


def test_a_cancel_is_asked_for_in_a_ticket_and_followed(page: Page, shop: str, story: Story) -> None:
    log_in(page.context, story, shop)
    alice, carol = story.alice, story.carol
    order_id = carol.order()
    page.goto(f"{shop}/orders/{order_id.number}")
    page.get_by_role("link", name="Contact support about this order").click()
    expect(page.get_by_label("Orders", exact=False).first).to_have_value(str(order_id.number))
    page.get_by_label("What is it about?").select_option("A payment")
    expect(page.get_by_label("What do you need?")).to_be_hidden()
    page.get_by_label("What is it about?").select_option("An order")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#text-error, #wish-error").first).to_be_visible()
    page.get_by_label("What do you need?").select_option("Cancel")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").first).to_contain_text("Ticket opened.")
    expect(page.locator(".talk")).to_contain_text(
        f"Order {order_id.number} canceled. Its charge was refunded to your balance."
    )
    expect(page.locator(".ticket-facts .badge")).to_have_text("Closed")
    assert carol.balance() == "100.00"

    second = carol.order()
    execute("UPDATE orders_order SET status = 'In progress', job = 'manual', start_count = 5 WHERE id = %s", second)
    page.goto(f"{shop}/tickets/new")
    page.get_by_label("Message").fill(f"cancel {second.number}")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".ticket-facts .badge")).to_have_text("In progress")
    ticket_id = value("SELECT id FROM support_ticket WHERE number = %s", int(page.url.rpartition("/")[2]))
    accept_cancel(panel_id=alice.panel_id, order_id=second, by="bob")
    page.wait_for_timeout(500)
    for _ in range(40):
        if state(ticket_id) == "closed":
            break
        page.wait_for_timeout(250)
    page.goto(f"{shop}/tickets")
    expect(page.locator(".unread")).to_have_count(1)
    page.locator("a.unread").click()
    expect(page.locator(".talk")).to_contain_text(f"Order {second.number} canceled")
    page.goto(f"{shop}/tickets")
    expect(page.locator(".unread")).to_have_count(0)


def test_a_conversation_without_scripts(browser: Browser, shop: str, story: Story) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    log_in(context, story, shop)
    page = context.new_page()
    page.goto(f"{shop}/tickets")
    page.get_by_role("link", name="New ticket").first.click()
    page.get_by_label("What is it about?").select_option("Something else")
    page.get_by_label("Message").fill("What does a refill cost?")
    picture = FilePayload(name="before.png", mimeType="image/png", buffer=png())
    page.get_by_label("Files").set_input_files([picture])
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".talk-files a")).to_have_text("before.png")
    with page.expect_download() as downloading:
        page.locator(".talk-files a").click()
    assert Path(downloading.value.path()).read_bytes() == png()
    ticket_id = value("SELECT id FROM support_ticket WHERE number = %s", int(page.url.rpartition("/")[2]))
    staff(story.alice, "answer", ticket_id, text="Nothing: see https://example.com/terms.")
    page.reload()
    link = page.locator(".talk-text a")
    expect(link).to_have_attribute("href", "https://example.com/terms")
    page.get_by_label("Your reply").fill("Thank you")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".talk > li")).to_have_count(3)
    page.get_by_role("button", name="Close ticket").click()
    expect(page.locator(".ticket-facts .badge")).to_have_text("Closed")
    context.close()


def test_nobodys_text_runs(page: Page, shop: str, story: Story) -> None:
    """A script of the customer's or the staff's would set a mark; the browser finds nothing to refuse either."""
    log_in(page.context, story, shop)
    evil = (
        "<script>window.ran=1</script><img src=x onerror='window.ran=1'>\n"
        'javascript:window.ran=1 https://a.example/"onmouseover="window.ran=1\n<svg onload=window.ran=1>'
    )
    ticket_id = written(story.carol, evil, subject="other", title="<b onclick=window.ran=1>x</b>")
    staff(story.alice, "answer", ticket_id, text=evil)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    for path in ("/tickets", f"/tickets/{ticket_id.number}"):
        page.goto(f"{shop}{path}")
        page.wait_for_load_state("networkidle")
    for link in page.locator(".talk a").all():
        link.hover()
    assert page.evaluate("window.ran") is None
    assert told == []
    expect(page.locator(".by-staff .talk-text")).to_have_text(evil, use_inner_text=True)


def test_the_pages_are_for_everybody(page: Page, shop: str, story: Story) -> None:
    """With long words, long names and many orders: axe finds no fault, and nothing is wider than the screen."""
    carol, alice = story.carol, story.alice
    orders = [carol.order() for _ in range(4)]
    ticket_id = written(carol, f"speed up {orders[0].number}, 999999\ncancel {orders[1].number}\nPlease: {'x' * 200}")
    staff(alice, "answer", ticket_id, text="We are on it.\n\nSee https://example.com/" + "y" * 150)
    staff(alice, "pass_on", ticket_id, order=orders[0].number)
    reply(
        carol,
        ticket_id,
        f"refill {orders[2].number}\nСпасибо!",
        files=(Upload("a very long name " * 4 + ".png", png()),),
    )
    written(carol, "Hello", subject="payment", title="A title " * 15)
    assert requests(ticket_id)[0][2] == "accepted"
    log_in(page.context, story, shop)
    for path in (
        "/tickets",
        f"/tickets/{ticket_id.number}",
        "/tickets/new?order=5&wish=refill",
        "/tickets?state=answered",
    ):
        page.goto(f"{shop}{path}")
        for details in page.locator(".picks summary").all():
            details.click()
        assert faults(page) == [], path
    # A form that is shown again, with its errors.
    page.goto(f"{shop}/tickets/new")
    page.get_by_label("What do you need?").select_option("Refill")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#orders-error")).to_have_text("Which orders?")
    assert faults(page) == []
