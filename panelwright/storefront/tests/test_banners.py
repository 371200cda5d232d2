"""Banners: over the pages where customers order and the home page, in their time and language, until put away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from panelwright.content.actions import Banner, announce, withdraw_announcement
from panelwright.core import clock
from panelwright.storefront.tests.browsing import Browser
from tests.support.people import Buyer, Owner, Time

pytestmark = pytest.mark.django_db


def told(
    owner: Owner, title: str, *, kind: str = "info", since: Any = None, until: Any = None, language: str = ""
) -> int:
    with scope(panel=owner.panel):
        row = announce(
            panel_id=owner.panel_id,
            title=title,
            body="More of it.",
            by="bob",
            language=language,
            banner=Banner(kind, since, until),
        )
    return int(row.id)


def test_a_banner_stands_where_customers_order_in_its_time(alice: Owner, carol: Buyer, time: Time) -> None:
    now = clock.now()
    told(alice, "At once")
    told(alice, "Only news", kind="")
    told(alice, "Later", kind="warning", since=now + timedelta(hours=1), until=now + timedelta(hours=2))
    told(alice, "Скоро", language="ru")
    browser = Browser(alice, carol.customer.user)
    for path in ("/", "/order", "/order?service=1", "/order/many"):
        page = browser.get(path)
        assert "At once" in page and "Only news" not in page and "Later" not in page and "Скоро" not in page, path
    assert "At once" not in browser.get("/orders") and "At once" in Browser(alice).get("/")
    time.passes(hours=1)
    assert "Later" in browser.get("/order")
    time.passes(hours=1)
    assert "Later" not in browser.get("/order")


def test_a_withdrawn_banner_is_gone_and_so_is_the_news(alice: Owner) -> None:
    number = told(alice, "Gone soon")
    with scope(panel=alice.panel):
        assert withdraw_announcement(panel_id=alice.panel_id, announcement_id=number, by="bob")
    stranger = Browser(alice)
    assert "Gone soon" not in stranger.get("/") and "Gone soon" not in stranger.get("/news/announcements")


def test_a_banner_is_put_away_in_this_browser(alice: Owner, carol: Buyer) -> None:
    first, second = told(alice, "First"), told(alice, "Second")
    browser = Browser(alice, carol.customer.user)
    answer = browser.post(f"/banners/{first}/put-away", back="/order?service=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/order?service=1")
    assert "First" not in browser.get("/order") and "Second" in browser.get("/order")
    browser.post(f"/banners/{second}/put-away", back="https://elsewhere.example/")
    assert "Second" not in browser.get("/") and "First" not in browser.get("/")
    assert "First" in Browser(alice, carol.customer.user).get("/order"), "another browser has not"
    # What no browser of ours sends.
    assert browser.post(f"/banners/{10**30}/put-away", back="//elsewhere.example").headers["Location"] == "/"
    browser.client.cookies[f"banners_{alice.panel_id}"] = "x.².-1.99999999999999999999999." + "." * 3000
    assert "First" in browser.get("/order")
    assert browser.answer(f"/banners/{first}/put-away").status_code == 405


def test_at_most_three_banners_are_shown(alice: Owner) -> None:
    for n in range(5):
        told(alice, f"Banner {n}")
    page = Browser(alice).get("/")
    assert [n for n in range(5) if f"Banner {n}" in page] == [2, 3, 4]
    assert page.count("/put-away") == 3
