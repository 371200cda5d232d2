"""Webhooks in a browser: made, its secret copied, a test sent by the real worker, verified by the library."""

from __future__ import annotations

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from panelwright.customers.session_actions import open_session
from panelwright.ui.cookies import session_name
from tests.support.looks import faults
from tests.support.people import Buyer, execute
from tests.support.processes import Launcher, free_port
from tests.support.receiver import Receiver, Say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


def test_from_the_form_to_a_verified_message(
    transactional_db: None, carol: Buyer, receiver: Receiver, launch: Launcher, page: Page
) -> None:
    port = free_port()
    panel = carol.owner.panel
    execute("INSERT INTO panels_domain (panel_id, host, port) VALUES (%s, '*', %s)", panel.id, port)
    launch.start("serve", "--port", str(port)).wait_for_http(f"http://127.0.0.1:{port}/")
    url = f"http://127.0.0.1:{port}"
    with scope(panel=panel):
        token = open_session(user=carol.customer.user, address="127.0.0.1", browser="test")
    page.context.add_cookies([{"name": session_name(panel), "value": token, "url": url}])

    page.goto(f"{url}/account/webhooks")
    expect(page.get_by_text("No webhooks yet.")).to_be_visible()
    page.get_by_role("link", name="New webhook").click()
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_label("Description").fill("The shop")
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("button", name="Create webhook").click()
    expect(page.get_by_text("Choose at least one.")).to_be_visible()
    expect(page.get_by_label("Address")).to_have_value(receiver.url)
    assert faults(page) == []
    page.get_by_label("A refill is rejected").check()
    page.get_by_role("button", name="Create webhook").click()
    secret = page.locator("#new-secret").inner_text()
    assert faults(page) == []
    page.get_by_role("link", name="I have copied it").click()

    receiver.says(Say(500, b"not yet"), Say(204))
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_text("Test sent.")).to_be_visible()
    expect(page.locator("#log")).to_be_visible()
    for _ in range(60):
        page.goto(page.url.partition("#")[0])
        if page.get_by_text("HTTP 500").count():
            break
        page.wait_for_timeout(250)
    page.get_by_text("Message and answer").click()
    expect(page.get_by_text("not yet")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Send again").click()
    for _ in range(60):
        page.goto(page.url.partition("#")[0])
        if page.get_by_text("delivered", exact=True).count():
            break
        page.wait_for_timeout(250)
    expect(page.get_by_text("delivered", exact=True)).to_be_visible()
    assert [heard.verify(secret)["type"] for heard in receiver.heard] == ["test", "test"]
    page.goto(f"{url}/account/webhooks")
    expect(page.get_by_text("The shop")).to_be_visible()
    assert faults(page) == []
