"""Everything that a customer has to be able to do works in a browser that runs no scripts, and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Person, Town

# What is ordered here is ordered in test_journeys.py too, on both databases.
pytestmark = pytest.mark.one_database

LogIn = Callable[[Page, Person], None]


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_ordering_without_scripts(plain: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer()
    log_in(plain, person)
    plain.get_by_role("searchbox").fill("quick start")
    plain.get_by_role("button", name="Search").click()
    plain.locator("#found a").click()
    plain.get_by_label("Link").fill("https://example.com/plain")
    plain.get_by_label("Quantity").fill("5")
    plain.get_by_role("button", name="Place order").click()
    expect(plain.locator("#quantity-error")).to_have_text("The minimum is 10.")
    plain.get_by_label("Quantity").fill("100")
    plain.get_by_role("button", name="Place order").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text(re.compile(r"Order \d+"))

    plain.goto(f"{town.url}/order/many")
    plain.get_by_label("Orders, one per line").fill("1 | https://example.com/plain2 | 100\nnonsense")
    plain.get_by_role("button", name="Check and calculate").click()
    plain.get_by_role("button", name="Place 1 order").click()
    expect(plain.get_by_label("Orders, one per line")).to_have_value("nonsense")

    plain.goto(f"{town.url}/orders")
    plain.get_by_label("Search orders").fill("plain2")
    plain.get_by_role("button", name="Search").click()
    expect(plain.locator("#orders tbody tr")).to_have_count(1)
    plain.get_by_role("button", name="Log out").last.click()
    expect(plain.get_by_role("link", name="Log in").first).to_be_visible()


def test_ordering_by_keyboard(page: Page, town: Town) -> None:
    person = town.customer()
    page.goto(f"{town.url}/login")
    page.get_by_label("Email address").focus()
    page.keyboard.type(person.email)
    page.keyboard.press("Tab")
    page.keyboard.type(person.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/order")
    # The search has the focus; the offers are the next stops after it, the category and the button.
    page.wait_for_load_state()
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("quick start")
    expect(page.locator("#found a")).to_have_count(1)
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.locator("#found a")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/order?service=2")
    page.get_by_label("Link").focus()
    page.keyboard.type("https://example.com/keyboard")
    page.keyboard.press("Tab")
    page.keyboard.type("100")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"Order \d+"))
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
