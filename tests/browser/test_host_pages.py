"""The operators' pages: accessible, no wider than the screen, nothing cut, and no English on a Russian page."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import HOST_SITE, PASSWORD, Town, enter
from tests.browser.test_every_page import SAME_EVERYWHERE, SEEN
from tests.support.looks import faults
from tests.support.widths import cut

# Looks at pages, which are the same on both databases.
pytestmark = pytest.mark.one_database

ADDRESSES = (
    "/",
    "/?q=nothing-like-it",
    "/?state=open",
    "/create-panel",
    "/panels/everything",
    "/health",
    "/blocks",
    "/blocks?q=bad&try=https://bad.example/x",
    "/trail",
    "/operators",
    "/nowhere",
)


@dataclass(frozen=True, slots=True)
class Olga:
    """The operator: where her pages are, and the key of her app."""

    url: str
    email: str
    key: str
    codes: list[str]


@pytest.fixture(scope="module")
def olga(town: Town) -> Olga:
    secret = town.launch.secret_file(PASSWORD)
    email = "olga.with.a.rather.long.address.of.an.operator@host.of.panels.example"
    told = town.command("operator", "add", "--email", email, "--password-file", secret, "--json")
    # So that somebody can be entered as.
    town.staff()
    word = "Donaudampfschifffahrtsgesellschaft" * 6
    town.command("host-block", "add", "--kind", "exact", "--text", f"https://bad.example/{word}", "--note", word)
    town.command("panel", "suspend", "--panel", "everything", "--reason", word)
    town.command("panel", "resume", "--panel", "everything")
    return Olga(town.url.replace("127.0.0.1", HOST_SITE), email, told["app_key"], list(told["recovery_codes"]))


def come_in(page: Page, olga: Olga) -> None:
    """By a recovery code: an app's code works once, and the next comes half a minute later."""
    page.goto(f"{olga.url}/login")
    page.get_by_label("Email address").fill(olga.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Code").fill(olga.codes.pop())
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{olga.url}/")


def test_the_app_s_code_lets_in(page: Page, olga: Olga) -> None:
    page.goto(f"{olga.url}/")
    assert page.url == f"{olga.url}/login"
    page.get_by_label("Email address").fill(olga.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Code").fill(pyotp.TOTP(olga.key).now())
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Panels")).to_be_visible()
    page.get_by_role("link", name="Health").first.click()
    expect(page.get_by_text("Running", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log out").first.click()
    assert page.url == f"{olga.url}/login"


def test_accessible_and_no_wider_than_the_screen(page: Page, olga: Olga) -> None:
    found = {}
    page.goto(f"{olga.url}/login")
    found["login"] = faults(page)
    come_in(page, olga)
    for address in ADDRESSES:
        page.goto(f"{olga.url}{address}")
        found[address] = faults(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_nothing_is_cut_at_any_width(page: Page, olga: Olga, language: str) -> None:
    come_in(page, olga)
    found = {}
    for address in ADDRESSES:
        page.goto(f"{olga.url}{address}{'&' if '?' in address else '?'}lang={language}")
        if wrong := cut(page):
            found[address] = wrong
    assert not found, "\n".join(f"{name} at {width}: {wrong}" for name in found for width, wrong in found[name].items())


def test_the_panels_of_one_person_are_accessible_and_not_cut(page: Page, town: Town) -> None:
    enter(page, town.url, town.staff())
    found = {}
    for address in ("/admin/my-panels", "/panel-enter/old-link", "/host-enter/old-link"):
        for language in ("ru", "en"):
            page.goto(f"{town.url}{address}?lang={language}")
            if wrong := cut(page):
                found[address, language] = str(wrong)
        if faulty := faults(page):
            found[address, "axe"] = str(faulty)
    assert found == {}


def test_nothing_on_a_russian_page_is_english(page: Page, olga: Olga) -> None:
    come_in(page, olga)
    left = {}
    for address in ADDRESSES:
        page.goto(f"{olga.url}{address}{'&' if '?' in address else '?'}lang=ru")
        expect(page.locator("html")).to_have_attribute("lang", "ru")
        texts = [text for text in page.evaluate(SEEN) if not re.search(r"[а-яё]", text, re.IGNORECASE)]
        left[address] = sorted({text for text in texts if re.search(r"[A-Za-z]{2,}", SAME_EVERYWHERE.sub("", text))})
    assert {name: texts for name, texts in left.items() if texts} == {}
