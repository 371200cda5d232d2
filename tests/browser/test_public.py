"""Services, news and free pages in a real browser: searching, marking, without scripts, by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Person, Town

# Pages to look at; the same ones are asked for on both databases in storefront/tests.
pytestmark = pytest.mark.one_database

LogIn = Callable[[Page, Person], None]


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A browser that runs no scripts."""
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    yield context.new_page()
    context.close()


def test_the_list_follows_the_search_while_it_is_typed(page: Page, town: Town) -> None:
    page.goto(f"{town.url}/services")
    rows = page.locator("#services tr[id]")
    expect(page.locator("#service-40")).to_be_visible()
    page.get_by_role("searchbox").press_sequentially("START quick")
    expect(rows).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page).to_have_url(f"{town.url}/services?q=START%20quick&category=&type=")
    expect(page.get_by_role("link", name="Export")).to_have_attribute(
        "href", "/services.csv?q=START+quick&category=&type="
    )
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Type").select_option("poll")
    expect(rows).to_have_count(2)
    rows.first.get_by_text("Description").click()
    expect(rows.first.locator("details div")).to_be_visible()


def test_a_favourite_is_marked_by_keyboard_and_stands_first(page: Page, town: Town, log_in: LogIn) -> None:
    log_in(page, town.customer())
    page.goto(f"{town.url}/services")
    star = page.get_by_role("button", name="Favorite: 6")
    expect(star).to_have_attribute("aria-pressed", "false")
    star.focus()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    page.reload()
    expect(page.locator("#services tr[id]").first).to_have_attribute("id", "service-6")
    expect(page.locator("#services th[scope=rowgroup]").first).to_have_text("Favorites")
    page.get_by_role("link", name="Order now: 6").click()
    expect(page.get_by_role("heading", name="Likes")).to_be_visible()


def test_it_works_without_scripts(plain: Page, town: Town, log_in: LogIn) -> None:
    log_in(plain, town.customer())
    plain.goto(f"{town.url}/services")
    plain.get_by_role("searchbox").fill("quick")
    plain.get_by_role("button", name="Search").click()
    expect(plain.locator("#services tr[id]")).to_have_count(1)
    plain.get_by_role("button", name="Favorite: 2").click()
    expect(plain).to_have_url(f"{town.url}/services?q=quick&category=&type=")
    expect(plain.get_by_role("button", name="Favorite: 2")).to_have_attribute("aria-pressed", "true")


def test_what_staff_write_is_read_and_nothing_of_it_runs(page: Page, town: Town) -> None:
    town.write_pages()
    page.goto(f"{town.url}/faq")
    page.get_by_role("link", name="About us").click()
    expect(page.get_by_role("heading", name="First", level=2)).to_be_visible()
    page.get_by_text("[what is none]").click()
    expect(page).to_have_title("About us · Everything")
    expect(page.locator("article img, article script")).to_have_count(0)
