"""The owner and her people in a real browser: somebody is invited, a price changes, a customer is looked after."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Person, Town, enter

pytestmark = pytest.mark.one_database

LogIn = Callable[[Page, Person], None]


def test_bob_is_invited_a_price_is_traced_and_a_customer_is_looked_after(page: Page, town: Town, log_in: LogIn) -> None:
    owner, carol = town.staff(), town.customer()
    log_in(page, owner)
    _invites_bob(page, town)
    _traces_a_price(page, town, owner)
    _looks_after(page, town, owner, carol)


def _invites_bob(page: Page, town: Town) -> None:
    bob = Person(f"{secrets.token_hex(4)}@staff.example")
    page.goto(f"{town.url}/admin/staff")
    page.get_by_role("link", name="Invite staff").click()
    page.get_by_label("Email").fill(bob.email)
    page.get_by_label("Role").select_option("support")
    page.get_by_role("button", name="Invite staff").click()
    row = page.get_by_role("row").filter(has_text=bob.email)
    expect(row).to_contain_text("Invited")

    assert page.context.browser is not None
    theirs = page.context.browser.new_context(locale="en-US").new_page()
    theirs.goto(town.link_in(town.letter(bob.email)))
    theirs.get_by_label("New password").fill(PASSWORD)
    theirs.get_by_role("button", name="Log in").click()
    theirs.wait_for_url(re.compile(r"/admin/"))
    menu = theirs.get_by_role("navigation", name="Pages")
    expect(menu.get_by_role("link", name="Inbox")).to_be_visible()
    for hidden in ("Services", "Providers", "Staff", "Audit trail"):
        expect(menu.get_by_role("link", name=hidden)).to_have_count(0)
    theirs.goto(f"{town.url}/admin/trail")
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Your account cannot open this page")
    theirs.context.close()


def _traces_a_price(page: Page, town: Town, owner: Person) -> None:
    """Who changed the price of service 6."""
    page.goto(f"{town.url}/admin/services/6/set_rate")
    page.get_by_label("Price per 1,000").fill("0.97")
    page.get_by_role("button", name="Change price").click()
    page.goto(f"{town.url}/admin/trail?noun=service&object=6")
    change = page.get_by_role("row").filter(has_text="0.97").first
    expect(change).to_contain_text(owner.email)
    expect(change).to_contain_text("→ 0.97")


def _looks_after(page: Page, town: Town, owner: Person, carol: Person) -> None:
    """A discount that follows the price, and her pages as she sees them."""
    page.goto(f"{town.url}/admin/customers?q={carol.email}")
    page.get_by_role("link", name=carol.email, exact=True).click()
    page.get_by_role("link", name="Set discount").click()
    page.get_by_label("Discount in percent").fill("50")
    page.get_by_role("button", name="Set discount").click()
    expect(page.get_by_role("region", name="Custom prices")).to_contain_text("50%")
    page.get_by_role("link", name="Sign in as the customer").click()
    page.get_by_label("Reason").fill("sees no discount")
    page.get_by_role("button", name="Sign in as the customer").click()
    banner = page.get_by_role("region", name="Signed in as a customer")
    expect(banner).to_contain_text(f"You are {owner.email}, signed in as {carol.email}")
    page.goto(f"{town.url}/services?q=likes")
    expect(page.locator("main")).to_contain_text("0.485")
    page.goto(f"{town.url}/account/security")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not as the customer")
    banner.get_by_role("button", name="Back to my account").click()
    expect(page.get_by_role("status").first).to_contain_text("You are signed in as yourself again.")
    page.get_by_role("link", name="Changes").click()
    expect(page.locator("main")).to_contain_text("sees no discount")

    assert page.context.browser is not None
    hers = page.context.browser.new_context(locale="en-US").new_page()
    enter(hers, town.url, carol)
    hers.goto(f"{town.url}/account/security")
    expect(hers.get_by_role("region", name="Recent log-ins")).to_contain_text("Staff of this panel")
    hers.context.close()
