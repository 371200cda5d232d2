"""From an empty panel to the first delivered order, by the owner's pages alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import KEY, PASSWORD, Person, Town, enter, founded

SOON_MS = 60_000
# The first service of the provider.
SOLD = "Followers, fast"


@pytest.fixture
def town(new_database: Callable[[], str], tmp_path: Path) -> Iterator[Town]:
    """Of its own: the other name of the server is another panel's in the town of all."""
    with founded(new_database(), tmp_path) as made:
        yield made


def test_from_an_empty_panel_to_the_first_delivered_order(page: Page, town: Town) -> None:
    """A command makes the panel with its owner; after that nobody needs one."""
    alice, carol = (Person(f"{secrets.token_hex(4)}@{who}.example") for who in ("owner", "customer"))
    url = f"http://localhost:{urlsplit(town.url).port}"
    secret = town.launch.secret_file(alice.password)
    made = ("--slug", "fresh", "--name", "Fresh", "--domain", urlsplit(url).netloc)
    town.launch.command(
        "panel",
        "create",
        *made,
        "--currency",
        "USD",
        "--language",
        "en",
        "--owner",
        alice.email,
        "--owner-password-file",
        secret,
    )
    enter(page, url, alice)
    _connects_a_provider(page, town)
    _imports_a_service(page)
    _signs_up(page, town, url, carol)
    _adds_funds(page, url, carol)

    assert page.context.browser is not None
    hers = page.context.browser.new_context(locale="en-US").new_page()
    enter(hers, url, carol)
    hers.get_by_role("link", name=re.compile(SOLD)).first.click()
    hers.get_by_label("Link").fill("https://example.com/first")
    hers.get_by_label("Quantity").fill("100")
    hers.get_by_role("button", name="Place order").click()
    heading = hers.get_by_role("heading", level=1)
    expect(heading).to_contain_text(re.compile(r"Order 1001"))
    expect(heading).to_contain_text("Completed", timeout=SOON_MS)
    hers.context.close()

    page.goto(f"{url}/admin/orders")
    expect(page.get_by_role("row").filter(has_text="1001")).to_contain_text("Completed")


def _connects_a_provider(page: Page, town: Town) -> None:
    ((there,),) = town.rows.run("SELECT url FROM providers_provider WHERE name = 'north'")
    page.get_by_role("link", name="Add provider").first.click()
    page.get_by_label("Name").fill("north")
    page.get_by_label("API address").fill(there)
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Add provider").click()
    page.get_by_role("link", name="north", exact=True).click()


def _imports_a_service(page: Page) -> None:
    page.get_by_role("link", name="Import services").first.click()
    page.get_by_role("button", name="Read the list").click()
    page.get_by_label("Search services").fill(SOLD)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("checkbox", name=re.compile("Select 1$")).check()
    page.get_by_role("button", name="Preview the ticked").click()
    page.get_by_role("button", name=re.compile("Import 1 service")).click()
    expect(page.get_by_role("status").first).to_be_visible()


def _signs_up(page: Page, town: Town, url: str, carol: Person) -> None:
    assert page.context.browser is not None
    hers = page.context.browser.new_context(locale="en-US").new_page()
    hers.goto(f"{url}/signup")
    hers.get_by_label("Email address").fill(carol.email)
    hers.get_by_label("Password").fill(PASSWORD)
    hers.get_by_role("button", name="Sign up").click()
    hers.goto(town.link_in(town.letter(carol.email)))
    hers.get_by_role("button", name="Confirm").click()
    expect(hers.get_by_role("status").first).to_contain_text("Your account is ready.")
    hers.context.close()


def _adds_funds(page: Page, url: str, carol: Person) -> None:
    page.goto(f"{url}/admin/customers?q={carol.email}")
    page.get_by_role("link", name=carol.email, exact=True).click()
    page.get_by_role("link", name="Add money to the balance").first.click()
    page.get_by_label("Amount").fill("10")
    page.get_by_role("button", name="Continue").click()
    # The sum is shown before it moves.
    page.get_by_role("button", name=re.compile("Add money to the balance: .*10.00 USD")).click()
    expect(page.locator("main")).to_contain_text("10.00")
