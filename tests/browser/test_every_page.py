"""Every page: accessible by axe's rules, no wider than the screen, nothing on the console, in light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page

from panelwright.catalog.types import TYPES
from tests.browser.conftest import Person, Town, enter
from tests.browser.pages import WALKS, World, of_walk
from tests.browser.payments import payments
from tests.support.looks import faults

# Looks at pages; the journeys and the count of queries beside it run on both databases.
pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def carol(town: Town) -> Person:
    return town.customer()


@pytest.fixture(scope="module")
def world(town: Town, carol: Person, browser: Browser) -> World:
    """An order that is under way, one that is a drip-feed, a ticket about it, a key, a webhook that fails, and news."""
    town.write_pages()
    context = browser.new_context(locale="en-US", base_url=town.url)
    page = context.new_page()
    enter(page, town.url, carol)
    page.goto("/order?service=3&link=https://example.com/world&quantity=10000")
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url(re.compile(r"/orders/\d+$"))
    order = int(page.url.rsplit("/", 1)[1])
    page.goto("/order?service=1&link=https://example.com/drip&quantity=50&runs=2&interval=60")
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url(re.compile(r"/orders/\d+$"))
    page.goto("/account/keys/new")
    page.get_by_label("Current password").fill(carol.password)
    page.get_by_role("button", name="Create key").click()
    page.goto("/tickets/new")
    page.get_by_label("Message").fill(f"Please speed up {order}\n<script>alert(1)</script>")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(re.compile(r"/tickets/\d+$"))
    ticket = int(page.url.rstrip("/").rsplit("/", 1)[1])
    page.goto("/account/webhooks/new")
    page.get_by_label("Address").fill("http://127.0.0.1:9/hook")
    page.get_by_role("button", name="Create webhook").click()
    page.get_by_role("link", name="I have copied it").click()
    page.wait_for_url(re.compile(r"/webhooks/[\w-]{20,}$"))
    webhook = page.url.rsplit("/", 1)[1]
    page.get_by_role("button", name="Send test").click()
    page.get_by_text("Test sent.").wait_for()
    paid = payments(town, page)
    context.close()
    of = "SELECT c.number FROM orders_order o JOIN customers_customer c ON c.id = o.customer_id WHERE o.number = ?"
    ((customer,),) = town.rows.run(of, order)
    ((provider,),) = town.rows.run("SELECT MIN(id) FROM providers_provider WHERE name = ?", "north")
    return World(order=order, ticket=ticket, webhook=webhook, customer=customer, provider=provider, **paid)


@pytest.fixture(scope="module")
def alice(town: Town) -> Person:
    return town.staff()


@pytest.mark.parametrize(("who", "share"), WALKS)
def test_accessible_and_no_wider_than_the_screen(
    page: Page, town: Town, carol: Person, alice: Person, world: World, who: str, share: int
) -> None:
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text) if message.type in {"error", "warning"} else None)
    if who != "visitor":
        enter(page, town.url, alice if who == "staff" else carol)
    addresses = of_walk(who, share, world)
    found: dict[str, list[str]] = {}
    for name, address in addresses.items():
        page.goto(f"{town.url}{address}")
        found[name] = faults(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    expected = ("the server responded with a status of 404", "the server responded with a status of 410")
    assert [text for text in messages if not any(known in text for known in expected)] == []


def test_what_a_customer_wrote_never_runs(page: Page, town: Town, carol: Person, world: World) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    enter(page, town.url, carol)
    page.goto(f"{town.url}/tickets/{world.ticket}")
    assert "<script>alert(1)</script>" in page.locator("main").inner_text()
    assert page.locator("main script").count() == 0


# Words that are the same in every language: names, units, what the wire says.
SAME_EVERYWHERE = re.compile(
    r"\b(API|URL|USD|UTC|VAT|CSV|PDF|PNG|JPEG|WebP|MiB|POST|JSON|HTTP|HTTPS|QR|TOTP|OK|Panelwright|Everything|Chrome|Linux|Android|iOS|FAQ"
    r"|id|webhook|webhooks|drip-feed|Package|Default|About us|English|Español|Português \(Brasil\)|e-mail|HTML|Markdown"
    r"|Binance Pay|BTCPay Server|Cryptomus|Heleket|Mercado Pago|NOWPayments|PayPal|Paystack|PipraPay|Razorpay"
    r"|UddoktaPay|Flutterwave|Stripe|YooKassa|curl|PHP|Python|Shell|Idempotency-Key|request_id"
    rf"|{'|'.join(type_.name for type_ in TYPES)})\b",
    re.IGNORECASE,
)
# The texts that are seen, without what is marked as nobody's to translate: names, codes, what people wrote.
SEEN = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    const ours = "[translate=no], code, kbd, pre, script, style, textarea, [lang], [dir=auto]";
    if (!parent || parent.closest(ours)) continue;
    if (node.textContent.trim()) texts.push(node.textContent.trim());
  }
  for (const name of ["placeholder", "aria-label", "title", "alt", "data-label", "data-sure"]) {
    for (const node of document.querySelectorAll(`[${name}]`)) {
      if (!node.closest("[translate=no], [lang]:not(html)")) texts.push(node.getAttribute(name));
    }
  }
  return texts.filter((text) => /[A-Za-z]{2,}/.test(text));
}""".replace("[lang], [dir=auto]", "[lang]:not(html), [dir=auto]")


@pytest.mark.parametrize(("who", "share"), WALKS)
def test_nothing_on_a_russian_page_is_english(
    page: Page, town: Town, carol: Person, alice: Person, world: World, who: str, share: int
) -> None:
    """In Russian every word of ours is in another alphabet, so what was forgotten can be seen."""
    if who != "visitor":
        enter(page, town.url, alice if who == "staff" else carol)
    addresses = of_walk(who, share, world)
    left: dict[str, list[str]] = {}
    for name, address in addresses.items():
        page.goto(f"{town.url}{address}{'&' if '?' in address else '?'}lang=ru")
        language, seen = page.evaluate(f"() => [document.documentElement.lang, ({SEEN})()]")
        assert language == "ru", name
        # A translated sentence may name a word of the wire; a text without any Russian letter is not translated.
        texts = [text for text in seen if not re.search(r"[а-яё]", text, re.IGNORECASE)]
        left[name] = sorted({text for text in texts if re.search(r"[A-Za-z]{2,}", SAME_EVERYWHERE.sub("", text))})
    assert {name: texts for name, texts in left.items() if texts} == {}
