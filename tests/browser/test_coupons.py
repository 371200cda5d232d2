"""A coupon that is typed when nothing has shown yet what it brings: the button that pays asks first, then keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Person, Town

pytestmark = pytest.mark.one_database

LogIn = Callable[[Page, Person], None]
WHERE = ("--panel", "everything")


@pytest.mark.parametrize("scripts", [True, False])
def test_pay_right_after_typing_a_coupon(browser: Browser, town: Town, log_in: LogIn, scripts: bool) -> None:
    code = f"TYPED{int(scripts)}"
    town.launch.command("payment-method", "add", *WHERE, "--kind", "by_hand", "--name", f"Bank {code}")
    ((method,),) = town.rows.run("SELECT MAX(id) FROM payments_paymentmethod")
    town.launch.command("payment-method", "turn-on", str(method), *WHERE)
    town.launch.command("coupon", "make", *WHERE, "--code", code, "--percent", "10")
    context = browser.new_context(java_script_enabled=scripts, locale="en-US")
    context.set_default_timeout(10_000)
    page = context.new_page()
    log_in(page, town.customer())
    page.goto(f"{town.url}/funds?method={method}&amount=20")
    # The part of the page that says what arrives does not come in time.
    page.route(re.compile("/funds/price"), lambda route: route.abort())
    page.get_by_label("Coupon").fill(code.lower())
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    expect(page.get_by_role("alert")).to_have_text("You changed the form. Check what arrives, then pay.")
    expect(page.locator("#arrives")).to_contain_text(re.compile(rf"Coupon {code}\s*\+2.00"))
    page.get_by_role("button", name=re.compile("^Pay ")).dblclick()
    page.wait_for_url(re.compile(r"/funds/\d+$"))
    expect(page.locator("main")).to_contain_text(code)
    expect(page.locator("main")).to_contain_text("22.00")
    context.close()


def test_what_arrives_is_shown_without_scripts(browser: Browser, town: Town, log_in: LogIn) -> None:
    town.launch.command("payment-method", "add", *WHERE, "--kind", "by_hand", "--name", "Bank PLAIN")
    ((method,),) = town.rows.run("SELECT MAX(id) FROM payments_paymentmethod")
    town.launch.command("payment-method", "turn-on", str(method), *WHERE)
    town.launch.command("coupon", "make", *WHERE, "--code", "PLAIN", "--percent", "10")
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    context.set_default_timeout(10_000)
    page = context.new_page()
    log_in(page, town.customer())
    page.goto(f"{town.url}/funds?method={method}")
    page.get_by_label("Coupon").fill("PLAIN")
    page.get_by_label("Amount").fill("20")
    page.keyboard.press("Enter")
    expect(page.locator("#arrives")).to_contain_text(re.compile(r"Coupon PLAIN\s*\+2.00"))
    assert "csrf" not in page.url and "agreed" not in page.url
    page.get_by_label("Amount").fill("30")
    page.get_by_role("button", name="Show what arrives").click()
    expect(page.locator("#arrives")).to_contain_text(re.compile(r"Coupon PLAIN\s*\+3.00"))
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    page.wait_for_url(re.compile(r"/funds/\d+$"))
    expect(page.locator("main")).to_contain_text("33.00")
    context.close()
