"""The balance page in a real browser: what an order took stands in the statement, in the sums, and in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from panelwright.core import money
from tests.browser.conftest import Person, Town

# A page to look at; its queries are those of ledger/tests/test_statement.py, on both databases.
pytestmark = pytest.mark.one_database

LogIn = Callable[[Page, Person], None]


def test_what_an_order_took_is_in_the_statement_and_in_the_file(page: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer(balance="5.00")
    log_in(page, person)
    page.goto(f"{town.url}/order?service=6&link=https://example.com/statement&quantity=100")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Order")
    left, taken = money.text(town.balance(person)), money.text(5_000_000 - town.balance(person))

    page.locator(".side .wallet").click()
    amount, after = page.locator("tbody .c-mark"), page.locator("tbody .c-end")
    expect(amount).to_have_count(2)
    expect(amount.nth(1)).to_have_text("+5.00", use_inner_text=True)
    expect(amount.nth(0)).to_have_text(f"-{taken}", use_inner_text=True)
    expect(after.nth(0)).to_have_text(left, use_inner_text=True)
    expect(page.locator(".stat").nth(1)).to_contain_text(f"{taken} USD")

    # The numbers of the chart as a table, by keyboard.
    page.locator(".numbers summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".numbers tbody tr")).to_have_count(30)
    expect(page.locator(".numbers tbody tr").first).to_contain_text(taken)

    # A choice shows itself.
    page.get_by_role("group", name="Transaction type").get_by_role("link", name="Correction").click()
    page.wait_for_url("**code=adjustment**")
    expect(amount).to_have_text(["+5.00"], use_inner_text=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    lines = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(), newline="")))
    assert [line[1] for line in lines] == ["code", "adjustment"]
