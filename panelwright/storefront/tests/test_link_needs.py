"""What a service needs, on the pages: links of some kinds, and quantities in steps."""

from __future__ import annotations

import pytest
from django_scopes import scope

from panelwright.catalog.actions import LinkNeeds, ServiceTerms, set_terms
from panelwright.storefront.tests.browsing import Browser, error
from tests.support.people import FOLLOWERS, SUBSCRIPTION, Buyer, Owner, Time, everything

CHANNEL, POST = "https://t.me/s/carol", "https://t.me/carol/12"
# A rate above every one here: whatever a form showed.
ANY_RATE = str(10**9)
WRONG = "Wrong kind of link. Needed: post. This one leads to: channel, group. Example: https://t.me/anna/12"


@pytest.fixture(autouse=True)
def needs(alice: Owner) -> None:
    with scope(panel=alice.panel):
        link = LinkNeeds(["telegram"], ["post"])
        set_terms(panel_id=alice.panel_id, number=FOLLOWERS, terms=ServiceTerms(step=100, link=link))


@pytest.fixture
def browser(carol: Buyer, time: Time) -> Browser:
    return Browser(carol.owner, carol.customer.user)


def help_of(page: str, name: str) -> str:
    return page.partition(f'id="{name}-help">')[2].partition("<")[0]


def test_the_form_says_what_is_needed_with_an_example(browser: Browser) -> None:
    page = browser.get(f"/order?service={FOLLOWERS}")
    assert help_of(page, "link") == "Needed: post. Sites: Telegram. Example: https://t.me/anna/12"
    assert help_of(page, "quantity") == "From 100 to 10000, in steps of 100."
    assert "<dt>Link</dt><dd>post · " in page and "100 – 10000, in steps of 100" in page
    listed = browser.get("/services")
    assert "in steps of 100" in listed and "Link: post" in listed


def test_a_refused_order_says_why_beside_the_field(browser: Browser) -> None:
    sent = {"service": str(FOLLOWERS), "rate": ANY_RATE, "request_id": "a"}
    before = everything()
    page = browser.refused("/order", **sent, link=CHANNEL, quantity="100")
    assert error(page, "link") == WRONG
    assert help_of(page, "link") == "Needed: post. Sites: Telegram."
    page = browser.refused("/order", **sent, link=POST, quantity="150")
    assert error(page, "quantity") == "The quantity must be a multiple of 100."
    assert everything() == before
    assert browser.post("/order", **sent, link=POST, quantity="200").status_code == 302


def test_the_price_says_it_before_the_order_is_sent(browser: Browser) -> None:
    sent = {"service": str(FOLLOWERS), "link": CHANNEL, "quantity": "100"}
    assert WRONG in browser.post("/order/price", **sent).text
    assert "must be a multiple of 100" in browser.post("/order/price", **sent | {"link": POST, "quantity": "150"}).text
    unfinished = browser.post("/order/price", **sent | {"link": ""}).text
    assert 'class="error"' not in unfinished


def test_the_lines_of_a_mass_order_say_it_each(browser: Browser, carol: Buyer) -> None:
    lines = f"{FOLLOWERS} | {CHANNEL} | 100\n{FOLLOWERS} | {POST} | 150\n{FOLLOWERS} | {POST} | 200"
    page = browser.refused("/order/many", lines=lines)
    assert WRONG in page and "The quantity must be a multiple of 100." in page
    assert "Place 1 order" in page


def test_a_subscription_in_steps_says_so(browser: Browser, alice: Owner) -> None:
    with scope(panel=alice.panel):
        set_terms(panel_id=alice.panel_id, number=SUBSCRIPTION, terms=ServiceTerms(step=100))
    page = browser.get(f"/order?service={SUBSCRIPTION}")
    assert help_of(page, "max") == "Maximum quantity per post. Each post gets a multiple of 100."


def test_the_api_page_tells_programs_of_both_and_its_example_is_taken(browser: Browser) -> None:
    page = browser.get("/api")
    assert "the quantity must be a multiple of 100" in page
    assert "Some services need a link of a certain kind" in page
    assert "https://t.me/anna/12" in page
