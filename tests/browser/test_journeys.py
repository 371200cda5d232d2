"""What customers come for, from the first page to the end, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pyotp
import urllib3
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PASSWORD, Person, Town

LogIn = Callable[[Page, Person], None]
SOON_MS = 30_000


def test_from_signing_up_to_a_completed_order(page: Page, town: Town) -> None:
    person = Person("newcomer@customer.example")
    page.goto(town.url)
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Sign up").click()
    expect(page.locator("#password-error")).to_contain_text("too common")
    expect(page.get_by_label("Email address")).to_have_value(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()

    page.goto(town.link_in(town.letter(person.email)))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status").first).to_contain_text("Your account is ready.")
    town.credit(person, "5.00")

    page.get_by_role("searchbox").fill("quick start")
    offer = page.locator("#found a")
    expect(offer).to_have_count(1)
    offer.click()
    page.get_by_label("Link").fill("https://example.com/newcomer")
    page.get_by_label("Quantity").fill("100")
    expect(page.locator("#price")).to_contain_text("0.09012 USD")
    expect(page.locator("#price")).to_contain_text("4.90988 USD")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"Order \d+"))
    # The page follows the order by itself.
    expect(page.get_by_role("heading", level=1)).to_contain_text("Completed", timeout=SOON_MS)
    expect(page.locator(".delivered")).to_contain_text("100 / 100")
    assert town.balance(person) == 4_909_880


def test_a_double_click_and_a_reload_place_one_order(page: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer()
    log_in(page, person)
    page.goto(f"{town.url}/order?service=6&link=https://example.com/twice&quantity=100")
    page.get_by_role("button", name="Place order").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"Order \d+"))
    page.reload()
    page.goto(f"{town.url}/orders")
    expect(page.locator("#orders tbody tr")).to_have_count(1)


def test_what_is_wrong_is_said_beside_its_field(page: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer(balance="0.10")
    log_in(page, person)
    page.goto(f"{town.url}/order?service=1")
    page.get_by_label("Link").fill("javascript:alert(1)")
    page.get_by_label("Quantity").fill("7")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#link-error")).to_contain_text("A link must start with http")
    expect(page.get_by_label("Quantity")).to_have_value("7")
    page.get_by_label("Link").fill("https://example.com/x")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator("#quantity-error")).to_have_text("The minimum is 50.")
    page.wait_for_load_state()
    page.get_by_label("Quantity").fill("5000")
    expect(page.locator("#price")).to_contain_text("Funds needed")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("alert")).to_have_text("Not enough funds for this order. Add funds and try again.")
    assert town.balance(person) == 100_000


def test_what_was_typed_before_the_scripts_came_is_priced(page: Page, town: Town, log_in: LogIn) -> None:
    log_in(page, town.customer())
    held: list[Route] = []
    page.route(re.compile(r"/htmx[^/]*\.js"), lambda route: held.append(route))  # noqa: PLW0108 - Playwright cannot call a builtin
    page.goto(f"{town.url}/order?service=2", wait_until="commit")
    page.get_by_label("Quantity").fill("100")
    page.get_by_label("Link").fill("https://example.com/quick")
    for route in held:
        route.continue_()
    expect(page.locator("#price")).to_contain_text("0.09012 USD")


def test_many_at_once_the_good_are_placed_and_the_bad_stay(page: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer()
    log_in(page, person)
    page.get_by_role("link", name="Mass order").first.click()
    page.get_by_label("Orders, one per line").fill(
        "1 | https://example.com/a | 100\n6|https://example.com/b|200\n1 | https://example.com/c | 7\n"
        "99999 | https://example.com/d | 100\nnonsense"
    )
    page.get_by_role("button", name="Check and calculate").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator("tbody .error")).to_have_text(
        [
            "The minimum is 50.",
            "Service not found, or not available right now.",
            "Use the format service ID | link | quantity.",
        ]
    )
    # 0.14321 + 0.1935602, rounded up to the micro for each order
    expect(page.locator(".card-foot")).to_contain_text("0.336771 USD")
    page.get_by_role("button", name="Place 2 orders").click()
    expect(page.get_by_role("status").first).to_contain_text("Orders placed: 2.")
    expect(page.get_by_label("Orders, one per line")).to_have_value(
        "1 | https://example.com/c | 7\n99999 | https://example.com/d | 100\nnonsense"
    )
    assert town.balance(person) == 100_000_000 - 336_771
    page.get_by_label("Orders, one per line").fill("1 | https://example.com/c | 70")
    page.get_by_role("button", name="Check and calculate").click()
    page.get_by_role("button", name="Place 1 order").click()
    page.wait_for_url(re.compile(r"/orders\?ids=\d+$"))
    expect(page.locator("#orders tbody tr")).to_have_count(1)
    # Back leads to what was checked, and not to a question of the browser.
    page.go_back()
    expect(page.get_by_role("button", name="Place 1 order")).to_be_visible()
    page.goto(f"{town.url}/orders")
    expect(page.locator("#orders tbody tr")).to_have_count(3)


def test_a_refill_a_day_after_completion(page: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer()
    log_in(page, person)
    page.goto(f"{town.url}/order?service=1&link=https://example.com/refill&quantity=50")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Completed", timeout=SOON_MS)
    expect(page.get_by_text("Refills are available 24 hours after completion")).to_be_visible()
    order = int(page.url.rsplit("/", 1)[1])
    yesterday = town.rows.moment(datetime.now(UTC) - timedelta(hours=25))
    town.rows.run("UPDATE orders_order SET ended_at = ? WHERE number = ?", yesterday, order)
    page.reload()
    page.get_by_role("button", name="Refill").click()
    expect(page.get_by_role("status").first).to_contain_text("Refill requested.")
    expect(page.get_by_text("A refill is in progress.")).to_be_visible()
    page.goto(f"{town.url}/orders/refills")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_cancel_gives_back_what_was_not_delivered(page: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer()
    log_in(page, person)
    page.goto(f"{town.url}/order?service=3&link=https://example.com/cancel&quantity=10000")
    page.get_by_role("button", name="Place order").click()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(re.compile("Canceled|Partial"), timeout=SOON_MS)
    order = int(page.url.rsplit("/", 1)[1])
    ((charge,),) = town.rows.run("SELECT charge_micros FROM orders_order WHERE number = ?", order)
    assert town.balance(person) == 100_000_000 - charge


def test_logging_in_takes_the_second_factor(page: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer()
    log_in(page, person)
    page.goto(f"{town.url}/account/security")
    page.get_by_role("link", name="Turn on").click()
    secret = page.locator("code.copyable").inner_text().replace(" ", "")
    page.get_by_label("Code").fill("000000")
    page.get_by_label("Current password").fill(person.password)
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("#code-error")).to_contain_text("This code is wrong")
    assert page.locator("code.copyable").inner_text().replace(" ", "") == secret
    code = pyotp.TOTP(secret).now()
    page.get_by_label("Code").fill(code)
    page.get_by_label("Current password").fill(person.password)
    page.get_by_role("button", name="Turn on").click()
    recovery = page.locator(".codes code").all_inner_texts()
    assert len(set(recovery)) == 10
    page.get_by_role("link", name="I have saved them").click()
    page.get_by_role("button", name="Log out").last.click()

    def until_the_code() -> None:
        page.goto(f"{town.url}/login")
        page.get_by_label("Email address").fill(person.email)
        page.get_by_label("Password").fill(person.password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Two-factor authentication")).to_be_visible()

    until_the_code()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#code-error")).to_contain_text("was already used")
    page.get_by_label("Code").fill(recovery[0].upper())
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{town.url}/order")
    page.goto(f"{town.url}/account/security")
    expect(page.get_by_text("9 recovery codes left")).to_be_visible()


def test_a_new_key_orders_over_the_api(page: Page, town: Town, log_in: LogIn) -> None:
    person = town.customer()
    log_in(page, person)
    page.goto(f"{town.url}/account/keys")
    page.get_by_role("link", name="New key").click()
    page.get_by_label("Name").fill("my shop")
    page.get_by_label("Daily spending limit").fill("0.10")
    page.get_by_label("Current password").fill(person.password)
    page.get_by_role("button", name="Create key").click()
    key = page.locator("#new-key").inner_text()

    def ask(**form: str) -> dict[str, object]:
        sent = urlencode({"key": key, **form})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer: dict[str, object] = urllib3.request("POST", f"{town.url}/api/v2", body=sent, headers=kind).json()
        return answer

    order = {"action": "add", "service": "1", "link": "https://example.com/api", "quantity": "50"}
    assert list(ask(**order)) == ["order"]
    assert ask(**order) == {"error": "Daily spending cap is reached, orders are temporarily not taken"}
    page.get_by_role("link", name="I have copied it").click()
    assert key not in page.content()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status").first).to_contain_text("Key revoked.")
    assert ask(action="balance") == {"error": "Invalid API key"}


def test_a_forgotten_password(page: Page, town: Town) -> None:
    person = town.customer()
    page.goto(f"{town.url}/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email address").fill(person.email)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    link = town.link_in(town.letter(person.email))
    page.goto(link)
    page.get_by_label("New password").fill("another horse battery")
    page.get_by_role("button", name="Change password").click()
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#password-error")).to_have_text("Wrong email address or password.")
    page.get_by_label("Password").fill("another horse battery")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{town.url}/order")
    page.goto(link)
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
