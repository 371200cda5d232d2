"""An owner writes what customers read: a page is previewed while it is typed, and stands in the menu once saved."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Town

pytestmark = pytest.mark.one_database

LogIn = Callable[[Page, Person], None]


def test_a_page_is_previewed_while_it_is_typed(page: Page, town: Town, log_in: LogIn) -> None:
    log_in(page, town.staff())
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Content").click()
    page.get_by_role("link", name="New page").click()
    page.get_by_role("textbox", name="Address").fill("how-we-work")
    page.get_by_label("Link from every page").check()
    english = page.get_by_role("region", name="English")
    english.get_by_label("Title").fill("How we work")
    english.get_by_label("Text in Markdown").fill("We deliver **day and night**.")
    expect(page.locator("#preview-en strong")).to_have_text("day and night")
    expect(page.locator("#preview-en")).to_contain_text("How we work")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved: English.")
    page.get_by_role("link", name="View page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How we work")
    expect(page.locator(".page-foot").get_by_role("link", name="How we work")).to_be_visible()
