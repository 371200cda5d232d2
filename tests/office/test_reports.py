"""Reports and the home page: the numbers are those of the books, and what they lead to adds up to them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest
from django_scopes import scope

if TYPE_CHECKING:
    from panelwright.storefront.tests.browsing import Browser
    from tests.office.office import Office
    from tests.support.people import Owner, Time
    from tests.support.story import Story

pytestmark = pytest.mark.django_db


def add_up() -> None:
    from panelwright.reports.actions import Adder

    adder = Adder()
    while adder.round():
        pass


def ended(order: int, status: str, remains: int = 0) -> None:
    from panelwright.core import clock
    from panelwright.orders import lifecycle, settling

    changes = lifecycle.OrderChanges(lifecycle.lock([order]), clock.now())
    changes.apply(settling.end(changes.orders[order], status, remains=remains, now=clock.now()))
    changes.write()


def text_of(page: str) -> str:
    main = page.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", main, flags=re.S)))


def test_today_is_compared_with_yesterday_and_a_week_ago_until_the_same_hour(
    time: Time, alice: Owner, carol: object
) -> None:
    """It is 12:00. Orders of 12:30 yesterday are not yet comparable, those of 11:30 are."""
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import LIKES, execute

    at = {"today": 0, "an hour ago": 1, "yesterday before": 25, "yesterday after": 23, "last week": 7 * 24 + 2}
    for n, hours in enumerate(at.values()):
        order = carol.order(service=LIKES, quantity=1000, link=f"https://example.com/h{n}")  # type: ignore[attr-defined]
        moved = time.now - timedelta(hours=hours)
        execute("UPDATE orders_order SET created_at = %s WHERE id = %s", moved, order)
        execute("UPDATE ledger_transfer SET created_at = %s WHERE order_id = %s", moved, order)
    add_up()
    page = Browser(alice, alice.staff.user).get("/admin/")
    tiles = re.findall(r'<a class="tile" href="([^"]*)">(.*?)</a>', page, re.S)
    told = {re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", tile)).strip(): href for href, tile in tiles}
    orders = next(text for text in told if text.startswith("Orders"))
    # Two today, of which one before 12:00; one yesterday by then, and one a week ago.
    assert orders == "Orders 2 0% 1 by 12:00 yesterday 1 a week ago"
    assert "span=2026-05-04" in told[orders]


def _office_with_history(office: Office, time: Time) -> Browser:
    """Over three days: charges, a refund, a cancel, API and web."""
    for n in range(5):
        order = office.carol.order(service=1 + n % 2, quantity=1000, link=f"https://example.com/r{n}")
        time.passes(hours=11)
        if n % 2:
            ended(order, "Partial" if n == 1 else "Completed", remains=100 if n == 1 else 0)
    add_up()
    return office.browser("owner")


def test_what_a_number_leads_to_adds_up_to_it(office: Office, time: Time) -> None:
    browser = _office_with_history(office, time)
    followed = 0
    for address in (
        "/admin/reports?period=30&step=day",
        "/admin/reports?period=30&by=service",
        "/admin/reports?by=source",
    ):
        page = browser.get(address)
        table = page.partition("<tbody>")[2].partition("</tbody>")[0]
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.S):
            counted = re.search(r'<td class="num"><a href="(/admin/orders\?[^"]*)">(\d+)</a>', row)
            if counted is None:
                continue
            door = counted[1].replace("&amp;", "&")
            assert _orders_of(browser, door) == int(counted[2]), door
            followed += 1
    assert followed >= 6
    year = browser.get("/admin/reports/year?measure=orders")
    cells = re.findall(r'data-head="[^"]*"><a href="(/admin/orders\?[^"]*)">(\d+)</a>', year)
    assert cells
    for href, number in cells:
        assert _orders_of(browser, href.replace("&amp;", "&")) == int(number)


def _orders_of(browser: Browser, door: str) -> int:
    return len(re.findall(r'<a class="t-link num" href="/admin/orders/\d+"', browser.get(door)))


def test_totals_are_those_of_the_ledger_and_of_the_file(office: Office, time: Time) -> None:
    from panelwright.core import money
    from tests.support.people import value

    browser = _office_with_history(office, time)
    sums = {
        code: int(
            value(
                "SELECT COALESCE(SUM(amount_micros), 0) FROM ledger_transfer WHERE code = %s AND panel_id = %s",
                code,
                office.alice.panel_id,
            )
        )
        for code in ("order", "refund")
    }
    file = browser.answer("/admin/reports/sales.csv?period=365&by=service")
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    heads = lines[0].split(",")
    revenue = heads.index('"Revenue') if '"Revenue' in heads else 3
    assert lines[0].startswith("By service,Orders,Quantity,")
    rows = [re.findall(r'("[^"]*"|[^,]*)(?:,|$)', line) for line in lines[1:]]
    assert sum(money.parse(row[3]) for row in rows) == sums["order"], (revenue, lines)
    assert sum(money.parse(row[4]) for row in rows) == sums["refund"]
    payments = text_of(browser.get("/admin/reports/payments?period=365"))
    cents = sums["refund"] // 10_000
    assert f"{cents // 100}.{cents % 100:02d}" in payments


def test_names_and_money_of_customers_and_providers_need_their_rights(office: Office, time: Time) -> None:
    from panelwright.customers.models import Staff

    _office_with_history(office, time)
    member = office.member("custom")
    with scope(panel=office.alice.panel):
        Staff.objects.filter(id=member.id).update(rights=["reports"])
    from panelwright.storefront.tests.browsing import Browser

    browser = Browser(office.alice, member.user)
    for address in (
        "/admin/reports?by=customer",
        f"/admin/reports?customer={office.carol.number}",
        "/admin/reports?by=provider",
        f"/admin/reports?provider={office.rows['provider']}",
        "/admin/reports/services",
        "/admin/",
    ):
        page = browser.get(address)
        assert "carol@" not in page, address
        assert "our people" not in page, address
        assert "/admin/orders" not in page, address
    assert "carol@" in office.browser("read_only").get("/admin/reports?by=customer")


def test_a_report_of_another_panel_s_things_is_one_of_nothing(office: Office, time: Time) -> None:
    _office_with_history(office, time)
    from panelwright.storefront.tests.browsing import Browser

    rita = Browser(office.rival, office.rival.staff.user)
    for query in (f"customer={office.carol.number}", f"provider={office.rows['provider']}", "by=customer&period=365"):
        page = rita.get(f"/admin/reports?{query}")
        assert "carol@" not in page, query
        assert "our people" not in page, query


def test_what_nobody_can_ask_for_is_left_out(office: Office) -> None:
    browser = office.browser("owner")
    for query in (
        "period=x&step=second&by=everything&draw=nothing",
        "from=2026-99-99&to=1",
        "from=2026-05-04&to=2020-01-01",
        "service=999999&customer=99999999999999999999&provider=-1&category=x&source=%00",
        "year=0000&measure=x",
        f"service=1&by={'x' * 3000}",
    ):
        for path in ("/admin/reports", "/admin/reports/year", "/admin/reports/customers", "/admin/reports/services"):
            if "%00" in query:
                continue
            assert browser.answer(f"{path}?{query}").status_code == 200, query
    assert browser.answer("/admin/reports/nothing.csv").status_code == 404


def test_an_empty_panel_is_told_what_comes_next(story: Story) -> None:
    from panelwright.storefront.tests.browsing import Browser

    browser = Browser(story.rival, story.rival.staff.user)
    page = browser.get("/admin/")
    assert "Place a test order" in page
    assert page.count('aria-current="step"') == 1
    for name in ("", "/payments", "/staff", "/customers", "/providers", "/services", "/year"):
        assert "<main" in browser.get(f"/admin/reports{name}")
    assert "No orders in this period" in browser.get("/admin/reports")
    links = re.findall(r'href="(/admin/[^"#]*)"', page)
    for link in set(links):
        path = urlsplit(link.replace("&amp;", "&"))
        assert browser.answer(path.path, data=dict(parse_qsl(path.query))).status_code == 200, link
