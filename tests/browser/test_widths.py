"""At every width and in every language nothing is cut and nothing scrolls sideways, whatever stands on the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Town, enter
from tests.browser.crowded import Crowded, crowd
from tests.browser.pages import WALKS, of_walk
from tests.support.looks import resize
from tests.support.widths import LANGUAGES, WIDTHS, cut

# Looks at pages, which are the same on both databases.
pytestmark = pytest.mark.one_database


@pytest.fixture(scope="session")
def made() -> list[Crowded]:
    """The panel, once it is there: one process may come back to these tests after others, with another browser."""
    return []


@pytest.fixture(scope="module")
def crowded(town: Town, browser: Browser, made: list[Crowded]) -> Crowded:
    if not made:
        made.append(crowd(town, browser))
    return made[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("who", "share"), WALKS)
def test_nothing_is_cut_at_any_width(page: Page, crowded: Crowded, who: str, share: int, language: str) -> None:
    if who != "visitor":
        enter(page, crowded.url, crowded.staff if who == "staff" else crowded.person)
    # In Russian, whose words are the longest, the forms of all actions, too.
    addresses = of_walk(who, share, crowded.world, forms=language == "ru")
    found = {}
    for name, address in addresses.items():
        page.goto(f"{crowded.url}{address}{'&' if '?' in address else '?'}lang={language}")
        if wrong := cut(page):
            found[name] = wrong
    assert not found, "\n".join(f"{name} at {width}: {wrong}" for name in found for width, wrong in found[name].items())


def test_a_list_on_a_phone_is_three_lines_a_row(page: Page, crowded: Crowded) -> None:
    """Fifty orders were 17,000 pixels."""
    enter(page, crowded.url, crowded.person)
    page.goto(f"{crowded.url}/orders")
    resize(page, {"width": 390, "height": 844})
    rows = page.locator("#orders tbody tr")
    heights = [row.bounding_box()["height"] for row in rows.all()]  # type: ignore[index]
    assert len(heights) > 10
    assert max(heights) < 110, heights


def test_the_name_and_the_menu_of_a_phone(page: Page, crowded: Crowded) -> None:
    """The panel's name stands first, on two lines at most; the whole menu is one sheet, without any script."""
    enter(page, crowded.url, crowded.person)
    resize(page, {"width": 390, "height": 844})
    name = page.locator(".bar-top .brand span")
    box = name.bounding_box()
    assert box is not None and box["width"] > 100 and box["height"] < 48
    page.get_by_role("button", name="Menu").click()
    sheet = page.locator("#menu")
    for words in ("New order", "Orders", "Services", "Balance", "Support", "Account", "Русский"):
        assert sheet.get_by_text(words, exact=True).is_visible(), words
    assert sheet.get_by_role("button", name="Log out").is_visible()
    page.keyboard.press("Escape")
    assert not sheet.is_visible()


# Each with the widths at which it is wrong, and what is said of it.
WRONG = {
    "a text that is cut": (
        '<p class="a" style="width: 300px; overflow: hidden; white-space: nowrap">Some words that go on and on and on'
        " and on and on</p>",
        (WIDTHS, "cut: p.a Some words"),
    ),
    "a row that spills": (
        '<div class="b" style="height: 20px"><i style="display: inline-block; width: 700px">wide</i></div>',
        ((360, 390), "spills: div.b wide"),
    ),
    "what is narrow on a phone alone": (
        "<style>@media (max-width: 380px) { .c { width: 30px; overflow: hidden } }</style>"
        '<p class="c" style="white-space: nowrap">A title of its own</p>',
        ((360,), "cut: p.c A title"),
    ),
    "lines that are cut below": (
        '<p class="d" style="height: 20px; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical;'
        ' -webkit-line-clamp: 1; width: 200px">One line and another one, and more of them behind it</p>',
        (WIDTHS, "cut: p.d One line"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_cut_is_found_at_its_width(page: Page, name: str) -> None:
    html, (widths, said) = WRONG[name]
    page.set_content(f"<!doctype html><body>{html}</body>")
    found = cut(page)
    assert set(widths) <= set(found)
    assert all(any(text.startswith(said) for text in found[width]) for width in widths), found
    assert {width for width, texts in found.items() if any(text.startswith(said) for text in texts)} == set(widths)


def test_nothing_is_found_where_nothing_is_cut(page: Page) -> None:
    page.set_content(
        '<!doctype html><body><p>Some words</p><p title="Whole" style="width: 50px; overflow: hidden;'
        ' text-overflow: ellipsis; white-space: nowrap">Whole, of which a part is seen</p></body>'
    )
    assert cut(page) == {}
