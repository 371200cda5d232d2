"""Services, news and free pages in a real browser: searching, marking, without scripts, by keyboard, for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import Person, Town

LogIn = Callable[[Page, Person], None]
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
ADDRESSES = ("/services", "/services?q=nothing+like+that", "/news", "/news/announcements", "/terms", "/faq")
SIZES = (ViewportSize(width=390, height=844), ViewportSize(width=1440, height=900))


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A browser that runs no scripts."""
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    yield context.new_page()
    context.close()


def test_the_list_follows_the_search_while_it_is_typed(page: Page, town: Town) -> None:
    page.goto(f"{town.url}/services")
    rows = page.locator("#services tr[id]")
    expect(rows).to_have_count(40)
    page.get_by_role("searchbox").press_sequentially("START quick")
    expect(rows).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page).to_have_url(f"{town.url}/services?q=START%20quick&category=&type=")
    expect(page.get_by_role("link", name="Export")).to_have_attribute(
        "href", "/services.csv?q=START+quick&category=&type="
    )
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Type").select_option("poll")
    expect(rows).to_have_count(2)
    rows.first.get_by_text("Description").click()
    expect(rows.first.locator("details div")).to_be_visible()


def test_a_favourite_is_marked_by_keyboard_and_stands_first(page: Page, town: Town, log_in: LogIn) -> None:
    log_in(page, town.customer())
    page.goto(f"{town.url}/services")
    star = page.get_by_role("button", name="Favourite: 6")
    expect(star).to_have_attribute("aria-pressed", "false")
    star.focus()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    page.reload()
    expect(page.locator("#services tr[id]").first).to_have_attribute("id", "service-6")
    expect(page.locator("#services th[scope=rowgroup]").first).to_have_text("Favourites")
    page.get_by_role("link", name="Order: 6").click()
    expect(page.get_by_role("heading", name="Likes")).to_be_visible()


def test_it_works_without_scripts(plain: Page, town: Town, log_in: LogIn) -> None:
    log_in(plain, town.customer())
    plain.goto(f"{town.url}/services")
    plain.get_by_role("searchbox").fill("quick")
    plain.get_by_role("button", name="Search").click()
    expect(plain.locator("#services tr[id]")).to_have_count(1)
    plain.get_by_role("button", name="Favourite: 2").click()
    expect(plain).to_have_url(f"{town.url}/services?q=quick&category=&type=")
    expect(plain.get_by_role("button", name="Favourite: 2")).to_have_attribute("aria-pressed", "true")


def test_what_staff_write_is_read_and_nothing_of_it_runs(page: Page, town: Town) -> None:
    town.launch.folder.joinpath("evil.md").write_text(
        "Hello\n\n[go](javascript:document.title='run') <script>document.title='run'</script>"
        " <img src=x onerror=\"document.title='run'\">\n\n# Head"
    )
    where = ("--panel", "everything", "--language", "en", "--title", "About us")
    town.command("setpage", *where, "--slug", "about-us", "--menu", str(town.launch.folder / "evil.md"))
    page.goto(f"{town.url}/faq")
    page.get_by_role("link", name="About us").click()
    expect(page.get_by_role("heading", name="Head", level=2)).to_be_visible()
    page.get_by_text("[go]").click()
    expect(page).to_have_title("About us · Everything")
    expect(page.locator("article img, article script")).to_have_count(0)


@pytest.mark.parametrize("inside", [False, True], ids=["visitor", "customer"])
def test_everybody_can_use_them_on_every_screen(page: Page, town: Town, log_in: LogIn, inside: bool) -> None:
    if inside:
        log_in(page, town.customer())
    for size in SIZES:
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for address in ADDRESSES:
                page.goto(f"{town.url}{address}")
                assert page.evaluate(SIDEWAYS) == 0, (address, size)
                found = Axe().run(page).response["violations"]
                assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == [], address
