"""The pages in a real browser: with and without scripts, by keyboard, on a phone, from right to left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from panelwright.panels import presets
from panelwright.storefront.tests.conftest import Live
from panelwright.ui.templatetags.pages import HUES
from tests.support.looks import DESK, PHONE, SIDEWAYS

# Looks at a page that reads one panel and one catalogue; tests without a browser read them on both databases.
pytestmark = pytest.mark.one_database


@pytest.fixture
def shop(live: Live) -> str:
    """The address of a panel that sells everything in every language."""
    return live.base_url


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A browser that runs no scripts."""
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    yield context.new_page()
    context.close()


def the_one(shown: Locator) -> Locator:
    """The only one left, once it is. After a click a page may be asked before its style sheet is there,
    and then all are seen: `expect` waits for a text, but gives up at once where it finds several."""
    expect(shown).to_have_count(1)
    return shown


def test_choosing_a_type_changes_the_table(page: Page, shop: str) -> None:
    page.goto(f"{shop}/api")
    shown = page.locator("[data-variant]:visible")
    expect(shown).to_have_count(1)
    expect(shown.locator("tbody th code")).to_have_text(
        ["key", "action", "service", "link", "quantity", "runs", "interval"]
    )
    page.get_by_label("Service type").select_option("Poll")
    expect(shown).to_have_count(1)
    expect(shown.locator("tbody th code")).to_have_text(
        ["key", "action", "service", "link", "quantity", "answer_number"]
    )
    assert page.url == f"{shop}/api#add-poll"
    page.reload()
    expect(page.get_by_label("Service type")).to_have_value("poll")
    expect(shown.locator("h3")).to_have_text("Poll")
    expect(page.get_by_role("button", name="Show")).to_have_count(0)


def test_the_first_page_leads_to_a_type(page: Page, shop: str) -> None:
    page.goto(shop)
    page.get_by_role("link", name="Comment Replies").click()
    expect(the_one(page.locator("[data-variant]:visible h3"))).to_have_text("Comment Replies")
    expect(page.get_by_label("Service type")).to_have_value("comment-replies")


def test_the_browser_finds_nothing_to_refuse(page: Page, shop: str) -> None:
    """A breach of the Content-Security-Policy or a file that is missing is an error on the console."""
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    for address in ("/", "/api", "/api?lang=ru&type=poll#add"):
        page.goto(f"{shop}{address}")
        page.wait_for_load_state("networkidle")
    assert messages == []
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.evaluate("document.body.setAttribute('style', 'color: red')")


def test_code_is_copied_as_it_stands(page: Page, shop: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{shop}/api")
    for part, text in (
        ("#status", '{"charge":"0.27819","start_count":"3572","status":"Partial","remains":"157","currency":"USD"}'),
        (".envelope", f"{shop}/api/v2"),
    ):
        button = page.locator(part).get_by_role("button", name="Copy").first
        button.click()
        expect(page.locator(part).get_by_role("button", name="Copied")).to_have_count(1)
        expect(page.get_by_role("status")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == text


def test_code_is_copied_where_the_browser_has_no_clipboard_for_pages(page: Page, shop: str) -> None:
    """Over plain HTTP on a host of its own, a page is no secure context."""
    page.context.grant_permissions(["clipboard-read"])
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.goto(f"{shop}/api")
    page.locator("#refill").get_by_role("button", name="Copy").click()
    expect(page.locator("#refill").get_by_role("button", name="Copied")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == '{"refill":"1"}'


def test_each_program_has_its_tab(page: Page, shop: str) -> None:
    page.goto(f"{shop}/api#examples")
    program = page.locator(".program:visible")
    expect(program).to_have_count(1)
    expect(program.locator("code")).to_contain_text("curl -fsS")
    page.get_by_role("radio", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(program).to_have_count(1)
    expect(program.locator("code")).to_contain_text("<?php")
    page.keyboard.press("ArrowRight")
    expect(program.locator("code")).to_contain_text("from urllib.request import urlopen")


def test_everything_is_there_without_scripts(plain: Page, shop: str) -> None:
    plain.goto(f"{shop}/api")
    expect(plain.locator("[data-variant]:visible")).to_have_count(17)
    expect(plain.get_by_role("button", name="Copy")).to_have_count(0)
    plain.get_by_label("Service type").select_option("SEO")
    plain.get_by_role("button", name="Show", exact=True).click()
    expect(plain).to_have_url(re.compile(r"\?type=seo#add$"))
    expect(the_one(plain.locator("[data-variant]:visible h3"))).to_have_text("SEO")
    plain.get_by_role("link", name="Show all types").click()
    expect(plain.locator("[data-variant]:visible")).to_have_count(17)
    plain.locator("label", has_text="Python").click()
    expect(the_one(plain.locator(".program:visible code"))).to_contain_text("import json")


def test_the_keyboard_reaches_the_content_and_the_languages(page: Page, shop: str) -> None:
    page.goto(shop)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.locator(".broad .menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".broad").get_by_role("link", name="Русский")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".broad").get_by_role("link", name="Русский")).to_be_hidden()
    expect(page.locator(".broad .menu summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator(".broad").get_by_role("link", name="Русский").press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.get_by_role("link", name="Услуги и цены")).to_be_visible()


@pytest.mark.parametrize("language", presets.load("everything").languages)
def test_no_page_is_wider_than_the_screen(page: Page, shop: str, language: str) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        for address in ("/", "/api", "/nothing"):
            page.goto(f"{shop}{address}?lang={language}")
            expect(page.locator("html")).to_have_attribute("lang", language)
            assert page.evaluate(SIDEWAYS) == 0, (size, address)
            page.evaluate("document.documentElement.dir = 'rtl'")
            assert page.evaluate(SIDEWAYS) == 0, (size, address, "right to left")


def test_from_right_to_left_only_the_code_stays(page: Page, shop: str) -> None:
    page.set_viewport_size(DESK)
    page.goto(f"{shop}/api")
    middle = DESK["width"] / 2
    start = "node => node.getBoundingClientRect().x"
    contents = page.locator(".contents")
    assert contents.evaluate(start) < middle
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert contents.evaluate(start) > middle
    directions = "nodes => [...new Set(nodes.map(node => getComputedStyle(node).direction))]"
    assert page.locator("pre, code").evaluate_all(directions) == ["ltr"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_ground(page: Page, shop: str, scheme: Literal["light", "dark"]) -> None:
    """Contrast of at least 4.5 to 1 (WCAG 2.2, AA) in the colours of every panel."""
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{shop}/api")
    for hue in range(HUES):
        ratios = page.evaluate(_CONTRASTS, f"hue-{hue}")
        assert len(ratios) == 15
        assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}, hue


# Colours are resolved by the browser: painted on a canvas and read back.
_CONTRASTS = """hue => {
  document.documentElement.className = hue;
  const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const probe = document.body.appendChild(document.createElement("i"));
  const light = name => {
    probe.style.setProperty("color", `var(--${name})`);
    pen.fillStyle = getComputedStyle(probe).color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratios = {};
  const grounds = {
    ground: ["ink", "quiet", "accent"], raised: ["ink", "quiet", "accent"], sunk: ["ink", "quiet", "accent"],
    "accent-ground": ["ink", "accent"], accent: ["on-accent"],
  };
  grounds.raised.push("code-string", "code-number", "code-comment");
  for (const [ground, texts] of Object.entries(grounds)) {
    for (const text of texts) {
      const [high, low] = [light(text), light(ground)].sort((a, b) => b - a);
      ratios[`${text} on ${ground}`] = (high + 0.05) / (low + 0.05);
    }
  }
  return ratios;
}"""
