"""From an order that lacks funds over a code to scan and back to the order, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from panelwright.sandbox import simulated_mercado_pago
from tests.browser.conftest import Town, enter, founded

SOON_MS = 30_000


def test_a_code_is_paid_and_the_page_shows_it_by_itself(
    page: Page, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with founded(new_database(), tmp_path_factory.mktemp("pix"), takes_payments=True) as town:
        _method(town)
        person = town.customer(balance="0.10")
        enter(page, town.url, person)
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{town.url}/order?service=1&link=https://example.com/pix&quantity=1000")
        page.get_by_role("link", name="Add funds").last.click()
        page.get_by_role("button", name=re.compile("^Pay ")).click()
        expect(page.get_by_role("heading", name="Waiting for your payment")).to_be_visible()
        # The time that is left runs, the code can be scanned and copied, and nothing is wider than a phone.
        expect(page.locator("time[data-until]")).to_have_text(re.compile(r"59:\d\d"))
        expect(page.get_by_text("Time left")).to_be_visible()
        expect(page.locator("svg.qr")).to_be_visible()
        code = page.locator("code.copyable").inner_text()
        assert code.startswith("000201")
        page.get_by_role("button", name="Copy", exact=True).click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Pay on another page").click()
        bank = opened.value
        bank.get_by_role("button", name="Pay").click()
        bank.close()
        # Nobody touches the page: it asks, and is loaded anew once the money is there.
        expect(page.get_by_text("arrived on your balance.")).to_be_visible(timeout=SOON_MS)
        page.get_by_role("link", name="Back to your order").click()
        expect(page.get_by_label("Quantity")).to_have_value("1000")
        expect(page.locator("#price")).not_to_contain_text("Funds needed")


def _method(town: Town) -> None:
    where, launch = ("--panel", "everything"), town.launch
    launch.command("payment-method", "add", *where, "--kind", "mercado_pago", "--name", "Pix")
    ((method,),) = town.rows.run("SELECT MAX(id) FROM payments_paymentmethod")
    at = (str(method), *where)
    launch.command("payment-method", "set", *at, "--currency", "BRL", "--rate", "0.2")
    token = launch.secret_file(simulated_mercado_pago.TOKEN)
    secret = launch.secret_file(simulated_mercado_pago.SECRET)
    launch.command(
        "payment-method",
        "set-mercado-pago",
        *at,
        "--product",
        "pix",
        "--token-file",
        token,
        "--hook-secret-file",
        secret,
    )
    status, said = launch.run("payment-method", "turn-on", *at, PANELWRIGHT_TEST_PAYMENTS="1")
    assert status == 0, said
