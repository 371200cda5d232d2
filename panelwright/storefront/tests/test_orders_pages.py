"""Orders on the web: they are their customer's alone, and what is asked of them is told."""

from __future__ import annotations

import re

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_enabled, set_rate
from panelwright.orders.schedule_actions import record_post
from panelwright.storefront.tests.browsing import Browser
from panelwright.ui.hidden import hidden_id
from tests.support.people import (
    FOLLOWERS,
    LIKES,
    LINK,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Time,
    everything,
    execute,
    row_of,
    run_schedules,
)

PAGES = ("/orders/{}", "/orders/{}/again")
BUTTONS = ("/orders/{}/refill", "/orders/{}/cancel", "/orders/{}/pause", "/orders/{}/resume")


@pytest.fixture
def browser(carol: Buyer, time: Time) -> Browser:
    return Browser(carol.owner, carol.customer.user)


@pytest.fixture
def strangers(carol: Buyer, mallory: Buyer) -> list[Browser]:
    """Another customer of the same panel, and one of another."""
    dave = carol.owner.customer("dave", balance="5.00")
    return [Browser(buyer.owner, buyer.customer.user) for buyer in (dave, mallory)]


def test_nobody_else_sees_or_moves_an_order(carol: Buyer, strangers: list[Browser]) -> None:
    ids = [carol.order(), carol.order(service=SUBSCRIPTION), carol.order(runs=2, interval=5)]
    before = everything()
    for browser in strangers:
        for order_id in ids:
            for page in PAGES:
                assert LINK not in browser.get(page.format(order_id.number), 404)
            for button in BUTTONS:
                response = browser.post(button.format(order_id.number))
                assert response.status_code == 302
                assert "Order not found." in browser.get("/orders")
            assert browser.get(f"/orders?q={order_id.number}").count(f'href="/orders/{order_id.number}"') == 0
        for path in ("/orders", "/orders/drip-feeds", "/orders/subscriptions", "/orders/refills"):
            assert LINK not in browser.get(path)
        for path in ("/orders.csv", "/orders/drip-feeds.csv", "/orders/subscriptions.csv"):
            lines = b"".join(browser.answer(path).streaming_content).decode().splitlines()
            assert len(lines) == 1, "the heading alone"
            assert lines[0].startswith("\ufeffid,"), "a byte-order mark, for spreadsheets"
    assert everything() == before


def test_who_is_not_logged_in_sees_nothing(carol: Buyer, alice: Owner) -> None:
    order_id = carol.order()
    for path in (*PAGES, "/orders", "/orders.csv", "/orders/refills"):
        response = Browser(alice).answer(path.format(order_id.number))
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/login?next=")


def test_a_refill_and_a_cancel_are_asked_for_and_told(browser: Browser, carol: Buyer, time: Time) -> None:
    done, open_ = carol.order(), carol.order(link="https://example.com/other")
    execute(
        "UPDATE orders_order SET status = 'Completed', job = NULL, due_at = NULL, remains = 0, ended_at = created_at"
        " WHERE id = %s",
        done,
    )
    time.passes(hours=25)
    assert browser.post(f"/orders/{done.number}/refill").headers["Location"] == f"/orders/{done.number}"
    assert "Refill requested." in browser.get(f"/orders/{done.number}")
    browser.post(f"/orders/{done.number}/refill")
    assert "A refill is in progress." in browser.get("/orders/refills")
    assert str(done.number) in browser.get("/orders/refills")
    response = browser.post(f"/orders/{open_.number}/cancel", back="/orders?status=pending")
    assert response.headers["Location"] == "/orders?status=pending"
    assert row_of(open_).status == "Canceled"
    assert carol.balance() == "99.10"
    browser.post(f"/orders/{open_.number}/cancel")
    assert "This order has ended." in browser.get(f"/orders/{open_.number}")


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/orders//evil.example", "/orders\\x", "/account",
     "javascript:alert(1)", "/orders?" + "x" * 5000],
)  # fmt: skip
def test_a_button_leads_back_to_a_list_of_ours(browser: Browser, carol: Buyer, back: str) -> None:
    order_id = carol.order()
    assert (
        browser.post(f"/orders/{order_id.number}/refill", back=back).headers["Location"] == f"/orders/{order_id.number}"
    )


def test_a_subscription_is_paused_and_goes_on(browser: Browser, carol: Buyer) -> None:
    order_id = carol.order(service=SUBSCRIPTION)
    browser.post(f"/orders/{order_id.number}/pause")
    assert row_of(order_id).status == "Paused"
    assert "Order paused." in browser.get(f"/orders/{order_id.number}")
    browser.post(f"/orders/{order_id.number}/pause")
    assert "This order is already paused." in browser.get(f"/orders/{order_id.number}")
    browser.post(f"/orders/{order_id.number}/resume")
    assert row_of(order_id).status == "Active"
    plain = carol.order()
    browser.post(f"/orders/{plain.number}/pause")
    assert "Order not found." in browser.get(f"/orders/{plain.number}")


def test_a_page_says_why_a_subscription_pauses_and_what_ends_it(browser: Browser, carol: Buyer, alice: Owner) -> None:
    row, key = carol.new_key()
    by_key = carol.order(service=SUBSCRIPTION, delay=0, caller=carol.caller(key=key))
    order_id = carol.order(service=SUBSCRIPTION, delay=0)
    browser.post(f"/account/keys/{hidden_id(row.id)}/revoke")
    page = browser.get(f"/orders/{by_key.number}")
    assert "Its API key was revoked" in page and "Resume it to continue without that key" in page
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=SUBSCRIPTION, rate_micros=2_500_000)
    record_post(panel_id=alice.panel_id, subscription_id=order_id, link=f"{LINK}/1")
    run_schedules()
    page = browser.get(f"/orders/{order_id.number}")
    assert "now costs more than the price you agreed to" in page and "1.50 → 2.50 USD" in page
    for shown in ("", "2499999", "x", "-1"):
        browser.post(f"/orders/{order_id.number}/resume", rate=shown)
        assert row_of(order_id).status == "Paused", "she did not see that rate"
    assert 'name="rate" value="2500000"' in page
    browser.post(f"/orders/{order_id.number}/resume", rate="2500000")
    browser.post(f"/orders/{by_key.number}/resume")
    run_schedules()
    assert row_of(order_id).status == "Active" and carol.balance() == "99.75"
    assert row_of(by_key).status == "Paused", "now the rate stands against it"
    assert "Resumed" in browser.get(f"/orders/{order_id.number}")
    with scope(panel=alice.panel):
        set_enabled(panel_id=alice.panel_id, number=SUBSCRIPTION, enabled=False)
    record_post(panel_id=alice.panel_id, subscription_id=order_id, link=f"{LINK}/2")
    run_schedules()
    page = browser.get(f"/orders/{order_id.number}")
    assert "The service is turned off. Resumes automatically once this is resolved." in page
    assert f"/orders/{order_id.number}/resume" not in page


def test_a_drip_feed_is_paused_and_goes_on(browser: Browser, carol: Buyer) -> None:
    """The protocol has no word for it, so the pages say it beside the status."""
    order_id = carol.order(quantity=100, runs=3, interval=30)
    badge = '<span class="badge warn">paused</span>'
    assert badge not in browser.get(f"/orders/{order_id.number}")
    again = browser.get("/orders/drip-feeds").split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    browser.post(f"/orders/{order_id.number}/pause")
    page = browser.get(f"/orders/{order_id.number}")
    assert badge in page
    assert "Resume" in page
    assert badge in browser.get("/orders/drip-feeds")
    assert browser.answer(again, headers={"hx-request": "true"}).status_code == 200, "the list has changed"
    assert carol.sees(order_id).status == "Pending"
    browser.post(f"/orders/{order_id.number}/resume")
    page = browser.get(f"/orders/{order_id.number}")
    assert badge not in page
    assert "Pause" in page
    browser.post(f"/orders/{order_id.number}/cancel")
    browser.post(f"/orders/{order_id.number}/pause")
    assert "This order has ended." in browser.get(f"/orders/{order_id.number}")


def test_a_list_that_has_not_changed_is_not_sent_again(browser: Browser, carol: Buyer) -> None:
    order_id = carol.order()
    for path in ("/orders", f"/orders/{order_id.number}"):
        again = browser.get(path).split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
        assert browser.answer(again, headers={"hx-request": "true"}).status_code == 204
        assert browser.answer(again).status_code == 200, "a person who opens the address gets a page"
    again = browser.get("/orders").split('hx-get="')[1].split('"')[0]
    execute("UPDATE orders_order SET remains = 400, status = 'In progress' WHERE id = %s", order_id)
    page = browser.answer(again, headers={"hx-request": "true"})
    assert page.status_code == 200
    assert "In progress" in page.content.decode()
    execute("UPDATE orders_order SET remains = 1000, status = 'Pending' WHERE id = %s", order_id)


def test_what_a_customer_wrote_never_runs(browser: Browser, carol: Buyer) -> None:
    link = "https://example.com/<script>alert(1)</script>\"onx='"
    order_id = carol.order(link=link)
    for path in (
        "/orders",
        f"/orders/{order_id.number}",
        f"/orders?q={'<script>'}",
        f"/order?service={FOLLOWERS}&link={link}",
    ):
        assert "<script>alert" not in browser.get(path)


def test_the_search_finds_the_name_or_number_of_a_service(browser: Browser, carol: Buyer) -> None:
    followers = [carol.order(quantity=50) for _ in range(3)]
    likes = carol.order(service=LIKES, quantity=100).number
    mine = [order_id.number for order_id in reversed(followers)]
    execute("UPDATE orders_order SET link = 'https://example.org/old' WHERE id < %s", followers[0])
    for q, found in (
        ("likes", [likes]),
        (str(LIKES), [likes]),
        (f"%23{LIKES}", [likes]),
        (str(likes), [likes]),
        (f"{likes} {mine[0]}", [likes, mine[0]]),
        ("nothing like it", []),
    ):
        page = browser.get(f"/orders?q={q}")
        shown = [int(id_) for id_ in dict.fromkeys(re.findall(r'href="/orders/([0-9]+)"', page))]
        assert shown == found, q
        lines = b"".join(browser.answer(f"/orders.csv?q={q}").streaming_content).decode().splitlines()
        assert len(lines) == 1 + len(shown)
    assert browser.get("/orders?q=FOLLOW").count("Followers") >= len(followers)
