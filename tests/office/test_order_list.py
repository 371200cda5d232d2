"""The list of orders: one search box that says what it understood, each filter in the address, tabs with counts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

if TYPE_CHECKING:
    from panelwright.storefront.tests.browsing import Browser
    from tests.office.office import Office

pytestmark = pytest.mark.django_db


def found(browser: Browser, query: str) -> set[int]:
    """Numbers of the orders in the rows."""
    rows = re.findall(r'<td role="cell" class="c-first.*?</td>', browser.get(f"/admin/orders?{query}"), re.S)
    return {int(re.findall(r"/admin/orders/(\d+)", row)[0]) for row in rows}


def understood(browser: Browser, text: str) -> str:
    page = browser.get(f"/admin/orders?q={text}")
    told = re.search(r'<p class="help">Searched for: (.*?)\.</p>', page)
    assert told, page
    return told[1].replace("&#x27;", "'")


def test_one_box_takes_whatever_names_an_order_and_says_what_it_took_it_for(office: Office) -> None:
    from tests.support.people import LIKES, SUBSCRIPTION, execute

    browser = office.browser("owner")
    likes = office.carol.order(service=LIKES, link="https://photo.example.com/p/one")
    standing = office.carol.order(service=SUBSCRIPTION, username="gallery.owner")
    office.world.do("order.arrived", office.lost, upstream_id="up-4711")
    number = office.lost.number
    assert (found(browser, f"q={number}"), understood(browser, str(number))) == ({number}, "Order ID")
    assert (found(browser, "q=up-4711"), understood(browser, "up-4711")) == ({number}, "ID at the provider")
    assert found(browser, "q=photo.example.com/p/one") == {likes.number}
    assert understood(browser, "photo.example.com/p/one") == "Part of a link, or of a service's name"
    assert found(browser, "q=@gallery.owner") == found(browser, "q=gallery.owner") == {standing.number}
    assert understood(browser, "gallery.owner") == "User name of a subscription"
    assert understood(browser, office.carol.customer.user.email) == "Customer's email"
    assert {likes.number, number} < found(browser, f"q={office.carol.customer.user.email}")
    # A number that no order has may be a service's.
    assert found(browser, f"q={LIKES}") == {likes.number}
    assert understood(browser, str(LIKES)) == "Service ID"
    # An order's own number is found although a service has it, too.
    execute("UPDATE orders_order SET number = %s WHERE id = %s", LIKES, likes)
    assert understood(browser, str(LIKES)) == "Order ID"


def test_each_filter_narrows_and_is_taken_away_by_its_chip(office: Office) -> None:
    from tests.support.people import LIKES, SUBSCRIPTION, execute, value

    browser = office.browser("owner")
    all_of_them = found(browser, "")
    key = value("SELECT MIN(id) FROM customers_apikey WHERE customer_id = %s", office.carol.customer_id)
    by_api = office.carol.order(service=LIKES)
    execute("UPDATE orders_order SET key_id = %s WHERE id = %s", key, by_api)
    mass = office.carol.order(service=LIKES, link="https://example.com/mass")
    execute("UPDATE orders_order SET key_id = NULL, request_id = 'web:b:1' WHERE id = %s", mass)
    web = office.carol.order(service=LIKES, link="https://example.com/web")
    execute("UPDATE orders_order SET key_id = NULL, request_id = 'a1b2' WHERE id = %s", web)
    drip = office.carol.order(runs=3, interval=5, quantity=50, link="https://example.com/drip")
    standing = office.carol.order(service=SUBSCRIPTION)
    made = {order.number for order in (by_api, mass, web, drip, standing)}
    assert found(browser, "") == all_of_them | made
    assert found(browser, f"service={LIKES}") == {by_api.number, mass.number, web.number}
    assert found(browser, "source=mass") == {mass.number}
    assert web.number in found(browser, "source=web")
    assert not found(browser, "source=web") & {mass.number, by_api.number, drip.number}
    assert found(browser, "source=drip-feed") == {drip.number}
    assert found(browser, "source=subscription") == {standing.number}
    assert found(browser, f"key={key}") >= {by_api.number}
    assert not found(browser, f"key={key}") & {mass.number, web.number}
    by_people = found(browser, "mode=manual")
    assert office.cancel.number in by_people
    assert office.lost.number in found(browser, "mode=auto")
    assert not by_people & found(browser, "mode=auto")
    assert by_people | found(browser, "mode=auto") == all_of_them | made
    page = browser.get(f"/admin/orders?service={LIKES}&source=mass&mode=auto")
    chips = re.findall(r'<a class="chip clip" href="([^"]*)"', page)
    assert len(chips) == 3
    assert all(address.count("=") == 2 for address in chips)


def test_days_are_found_by_numbers_whatever_lies_between(office: Office) -> None:
    """Both ends are included, in UTC; a page does not walk the windows of all the days after it."""
    from panelwright.core import paging
    from panelwright.orders import queries
    from panelwright.providers.staff_orders import STAFF_ORDERS
    from tests.support.people import execute, value

    orders = [office.carol.order(link=f"https://example.com/day/{n}") for n in range(12)]
    first = datetime.fromisoformat("2026-03-01T00:00:00+00:00")
    execute("UPDATE orders_order SET created_at = %s WHERE number < %s", first - timedelta(days=9), orders[0].number)
    for n, order in enumerate(orders):
        execute("UPDATE orders_order SET created_at = %s WHERE id = %s", first + timedelta(hours=12 * n), order)
    browser = office.browser("owner")
    numbers = [order.number for order in orders]
    assert found(browser, "since=2026-03-02&until=2026-03-03") == set(numbers[2:6])
    assert found(browser, "on=2026-03-04") == set(numbers[6:8])
    assert found(browser, "since=2026-03-06") == set(numbers[10:])
    assert found(browser, "until=2026-02-28&service=1") <= set(range(1, numbers[0]))
    with scope(panel=office.alice.panel):
        for n, number in enumerate(numbers):
            assert queries.number_at(office.alice.panel_id, first + timedelta(hours=12 * n)) == number
        last = value("SELECT MAX(number) FROM orders_order WHERE panel_id = %s", office.alice.panel_id)
        assert queries.number_at(office.alice.panel_id, first + timedelta(days=99)) == last + 1
        read = STAFF_ORDERS.found(office.alice.panel, {"since": "2026-03-02", "until": "2026-03-02"})
        # Of all orders only those of the day, and of the seconds beside it, are in the window.
        assert read.within is not None
        assert set(read.within.values_list("number", flat=True)) == set(numbers[2:5])
        assert paging.page(read).looked is None


def test_tabs_count_what_stands_behind_them(office: Office) -> None:
    browser = office.browser("owner")
    page = browser.get("/admin/orders")
    counted = r'href="/admin/orders\?show=([a-z-]+)">[^<]*?(?:<span class="badge">)?(\d+)(?:</span>)?</a>'
    tabs = dict(re.findall(counted, page))
    assert tabs
    for show, number in tabs.items():
        assert len(found(browser, f"show={show}")) == int(number), show
    assert {"problem", "manual"} <= set(tabs)
    # What is a view over the list is no chip beside it as well, unless it is chosen.
    chips = re.search(r'class="chips strip".*?</div>', page, re.S)
    assert chips and "show=pending" in chips[0] and "show=problem" not in chips[0]
    chosen = re.search(r'class="chips strip".*?</div>', browser.get("/admin/orders?show=problem&q=1"), re.S)
    assert chosen and "show=problem" in chosen[0]


def test_the_work_queue_shows_who_began_what_as_mine(office: Office) -> None:
    alice, bob = office.browser("owner"), office.browser("orders")
    first, second, third = (office.world.queued() for _ in range(3))

    def mine(browser: Any) -> list[int]:
        page = browser.get("/admin/work?show=mine")
        return [number for number in (first.number, second.number, third.number) if f"/admin/orders/{number}" in page]

    assert mine(alice) == mine(bob) == []
    alice.post(f"/admin/orders/{first.number}/start")
    bob.post(f"/admin/orders/{second.number}/start")
    assert (mine(alice), mine(bob)) == ([first.number], [second.number])
    # Given back and begun by another, it is the other's.
    alice.post(f"/admin/orders/{first.number}/set_back")
    assert mine(alice) == []
    bob.post(f"/admin/orders/{first.number}/start")
    assert (mine(alice), mine(bob)) == ([], [first.number, second.number])
