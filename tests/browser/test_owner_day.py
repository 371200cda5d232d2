"""An owner's day in a real browser: tasks of docs/explanation/back-office.md that no other journey walks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Person, Town

pytestmark = pytest.mark.one_database

LogIn = Callable[[Page, Person], None]
# Of the panel; nobody delivers it, and no other test orders it.
SERVICE = 38


def other(page: Page) -> Page:
    """Somebody else's browser."""
    assert page.context.browser is not None
    found = page.context.browser.new_context(locale="en-US").new_page()
    found.set_default_timeout(10_000)
    return found


def place(page: Page, town: Town, query: str) -> int:
    page.goto(f"{town.url}/order?{query}")
    page.get_by_role("button", name="Place order").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(re.compile(r"Order \d+"))
    return int(re.findall(r"\d+", heading.inner_text())[0])


def rows(page: Page) -> Locator:
    return page.locator("table tbody tr")


def test_an_order_is_found_narrowed_and_changed(page: Page, town: Town, log_in: LogIn) -> None:
    owner, carol = town.staff(), town.customer()
    theirs, name = other(page), secrets.token_hex(5)
    log_in(theirs, carol)
    number = place(theirs, town, f"service={SERVICE}&link=https://example.com/{name}&quantity=400")
    log_in(page, owner)
    page.goto(f"{town.url}/admin/orders")
    for text in (str(number), name, carol.email):
        page.get_by_label("Search orders").fill(text)
        page.get_by_role("button", name="Search").click()
        expect(rows(page)).to_have_count(1)
        expect(rows(page)).to_contain_text(str(number))
    # Each filter is a chip that takes it away.
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Service", exact=True).fill(str(SERVICE))
    page.locator("details.more-filters").get_by_role("button", name="Show").click()
    chips = page.get_by_role("group", name="Active filters")
    expect(chips.get_by_role("link")).to_have_count(2)
    chips.get_by_role("link", name="Service").click()
    expect(chips.get_by_role("link")).to_have_count(1)
    expect(page).not_to_have_url(re.compile("service="))
    rows(page).get_by_role("link", name=str(number)).click()
    page.get_by_role("link", name="Set start count").click()
    page.get_by_label("Start count").fill("77")
    page.get_by_role("button", name="Set start count").click()
    expect(page.get_by_text("Done: Set start count.")).to_be_visible()
    page.get_by_role("link", name="Mark as partial and refund the rest").click()
    page.get_by_label("Remains").fill("100")
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("main")).to_contain_text("Refunded to the customer")
    before = town.balance(carol)
    page.get_by_role("button", name=re.compile("Mark as partial")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Partial")
    charge = town.rows.run("SELECT booked_micros FROM orders_order WHERE number = ?", number)[0][0]
    assert town.balance(carol) == before + charge * 100 // 400
    theirs.context.close()


def test_a_transfer_is_offered_paid_approved_and_found_in_the_statement(page: Page, town: Town, log_in: LogIn) -> None:
    owner, carol = town.staff(), town.customer(balance="1.00")
    name = f"Bank {secrets.token_hex(3)}"
    log_in(page, owner)
    page.goto(f"{town.url}/admin/payment_methods/add")
    page.get_by_label("Kind").select_option("by_hand")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add payment method").click()
    row = rows(page).filter(has_text=name)
    row.get_by_label("Actions").click()
    row.get_by_role("link", name="Turn on").click()
    page.locator("main form button[type=submit]").first.click()
    expect(rows(page).filter(has_text=name)).to_contain_text("On")

    theirs = other(page)
    log_in(theirs, carol)
    theirs.goto(f"{town.url}/funds")
    theirs.locator(".choice").filter(has_text=name).click()
    theirs.locator("#amount").fill("40")
    theirs.get_by_role("button", name=re.compile("^Pay 40")).click()
    theirs.wait_for_url(re.compile(r"/funds/\d+$"))
    number = theirs.url.rsplit("/", 1)[1]
    theirs.get_by_label("Reference or transaction ID").fill(f"TX-{secrets.token_hex(4)}")
    theirs.get_by_role("button", name="I have paid").click()
    theirs.get_by_text("We are checking your payment.").wait_for()
    theirs.context.close()

    page.goto(f"{town.url}/admin/")
    page.get_by_role("listitem").filter(has_text="Payments to approve").get_by_role("link", name="Review").click()
    page.goto(f"{town.url}/admin/payments/{number}")
    page.get_by_role("link", name="Approve payment").click()
    page.get_by_role("button", name=re.compile(r"Approve payment.*40\.00 USD")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paid")
    assert town.balance(carol) == 41_000_000
    page.goto(f"{town.url}/admin/customers?q={carol.email}")
    page.get_by_role("link", name=carol.email, exact=True).click()
    page.get_by_role("link", name=f"P-{number}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Payment {number}")


def test_a_drip_feed_is_paused_and_goes_on(page: Page, town: Town, log_in: LogIn) -> None:
    owner, carol = town.staff(), town.customer()
    theirs = other(page)
    log_in(theirs, carol)
    link = f"https://example.com/{secrets.token_hex(5)}"
    theirs.goto(f"{town.url}/order?service=2&link={link}&quantity=100")
    theirs.get_by_text("Drip-feed").first.click()
    theirs.get_by_label("Runs").fill("5")
    theirs.get_by_label(re.compile("Interval")).fill("60")
    theirs.get_by_role("button", name="Place order").click()
    expect(theirs.get_by_role("heading", level=1)).to_contain_text(re.compile(r"Drip-feed \d+"))
    theirs.context.close()
    log_in(page, owner)
    page.goto(f"{town.url}/admin/dripfeeds")
    row = rows(page).filter(has_text=link)
    for verb in ("Pause", "Resume"):
        row.get_by_label("Actions").click()
        row.get_by_role("link", name=verb, exact=True).click()
        page.locator("main form button[type=submit]").first.click()
        expect(page.get_by_text(f"Done: {verb}.")).to_be_visible()
        if verb == "Pause":
            expect(row).to_contain_text("Paused")
        else:
            expect(row).not_to_contain_text("Paused")
