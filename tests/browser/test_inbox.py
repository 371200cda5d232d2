"""The inbox in a real browser: a ticket is taken, noted on, answered with a saved reply, and locked."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Person, Town

LogIn = Callable[[Page, Person], None]


def opened(page: Page, town: Town, text: str) -> int:
    page.goto(f"{town.url}/tickets/new?subject=other")
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(re.compile(r"/tickets/\d+$"))
    return int(page.url.rsplit("/", 1)[1])


def test_a_ticket_is_worked_by_staff(page: Page, town: Town, browser: Browser, log_in: LogIn) -> None:
    carol, alice = town.customer(), town.staff()
    log_in(page, carol)
    ticket = opened(page, town, "When does it start?")

    office = browser.new_context(locale="en-US").new_page()
    log_in(office, alice)
    name = f"Soon {secrets.token_hex(4)}"
    office.goto(f"{town.url}/admin/saved-replies")
    office.get_by_role("link", name="Add saved reply").first.click()
    office.get_by_label("Name", exact=True).fill(name)
    office.get_by_label("Text", exact=True).fill("Hello {{nobody}}")
    office.get_by_role("button", name="Add saved reply").click()
    expect(office.locator("#text-error")).to_contain_text("There is no field {{nobody}}.")
    office.get_by_label("Text", exact=True).fill("Hello {{customer}}, ticket {{ticket}} is next. {{order}}")
    office.get_by_role("button", name="Add saved reply").click()
    expect(office.get_by_role("link", name=name)).to_be_visible()

    office.goto(f"{town.url}/admin/tickets/{ticket}")
    office.get_by_role("button", name="Take", exact=True).click()
    expect(office.get_by_role("button", name="Unassign")).to_be_visible()
    office.get_by_label("Your reply").fill("Ask the provider first.")
    office.get_by_role("button", name="Add internal note").click()
    expect(office.locator(".by-note")).to_contain_text("Ask the provider first.")

    # With scripts it is there when it is chosen, and the order that there is none of is left to be filled in.
    filled = f"Good morning.\n\nHello {carol.email}, ticket {ticket} is next. {{{{order}}}}"
    office.get_by_label("Your reply").fill("Good morning.")
    office.get_by_label("Saved reply").select_option(label=name)
    expect(office.get_by_label("Your reply")).to_have_value(filled)
    office.get_by_label("Your reply").fill(filled.replace("{{order}}", "Today."))
    office.get_by_role("button", name="Reply", exact=True).click()
    expect(office.locator(".by-staff")).to_contain_text("is next. Today.")
    office.get_by_role("link", name="Lock", exact=True).click()
    office.get_by_role("button", name="Lock", exact=True).click()
    expect(office.get_by_text("Locked", exact=True)).to_be_visible()

    page.goto(f"{town.url}/tickets/{ticket}")
    expect(page.locator(".by-staff")).to_contain_text("Today.")
    expect(page.get_by_text("This ticket is locked")).to_be_visible()
    expect(page.get_by_label("Your reply")).to_have_count(0)
    assert "provider" not in page.locator("main").inner_text()
    office.context.close()


def test_a_saved_reply_without_scripts(page: Page, town: Town, browser: Browser, log_in: LogIn) -> None:
    carol, alice = town.customer(), town.staff()
    log_in(page, carol)
    ticket = opened(page, town, "And without scripts?")
    plain = browser.new_context(java_script_enabled=False, locale="en-US").new_page()
    log_in(plain, alice)
    name = f"Plain {secrets.token_hex(4)}"
    plain.goto(f"{town.url}/admin/saved_replies/add")
    plain.get_by_label("Name", exact=True).fill(name)
    plain.get_by_label("Text", exact=True).fill("Yes, {{customer}}.")
    plain.get_by_role("button", name="Add saved reply").click()
    plain.goto(f"{town.url}/admin/tickets/{ticket}")
    plain.get_by_label("Saved reply").select_option(label=name)
    plain.get_by_role("button", name="Insert").click()
    expect(plain.get_by_label("Your reply")).to_have_value(f"Yes, {carol.email}.")
    plain.get_by_role("button", name="Reply", exact=True).click()
    expect(plain.locator(".by-staff")).to_contain_text(f"Yes, {carol.email}.")
    plain.context.close()
