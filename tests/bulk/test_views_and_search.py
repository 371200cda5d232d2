"""Views of lists as tabs, and the one box that finds pages, actions and things."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.bulk.test_bulk_pages import owner_of, text_of

if TYPE_CHECKING:
    from tests.staff.cases import World
    from tests.support.people import Time

pytestmark = pytest.mark.django_db


def member(world: World, role: str) -> Any:
    from django_scopes import scope

    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import PASSWORD

    with scope(panel=world.alice.panel):
        staff = create_staff(
            panel_id=world.alice.panel_id, email=f"{role}@staff.example", password=PASSWORD, role=Role(role)
        )
    return Browser(world.alice, staff.user)


def tabs_of(page: str) -> dict[str, str]:
    """Label -> address of the tabs, and which one is shown."""
    nav = page.partition('aria-label="Views"')[2].partition("</nav>")[0]
    return {
        text_of(text).strip(): href.replace("&amp;", "&")
        for href, text in re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', nav)
    }


def current_of(page: str) -> str:
    found = re.search(r'aria-current="page">(.*?)</a>', page.partition('aria-label="Views"')[2].partition("</nav>")[0])
    return text_of(found[1]).strip() if found else ""


def orders_on(page: str) -> set[int]:
    return {int(number) for number in re.findall(r'href="/admin/orders/(\d+)"', page)}


def test_views_that_come_with_the_product_show_their_orders(world: World, time: Time) -> None:
    from tests.support.people import execute

    # Numbers rise with time: the one of today is the last.
    stuck, lost, failed, fresh = world.queued(), world.lost(), world.lost(), world.queued()
    execute("UPDATE orders_order SET created_at = %s", time.now)
    execute("UPDATE orders_order SET problem_code = 'no_route' WHERE id = %s", failed)
    execute("UPDATE orders_order SET status = 'In progress' WHERE id IN (%s, %s)", stuck, fresh)
    time.passes(seconds=25 * 3600)
    execute("UPDATE orders_order SET created_at = %s WHERE id = %s", time.now, fresh)
    browser = owner_of(world)
    first = browser.get("/admin/orders")
    tabs = tabs_of(first)
    assert current_of(first) == "All"
    wanted = {
        "Needs me 2": {lost, failed},
        "Failed": {failed},
        "Unknown outcome": {lost},
        "Manual waiting 2": {stuck, fresh},
        "Stuck": {stuck},
        "Today": {fresh},
    }
    assert list(tabs)[:7] == ["All", *wanted]
    for label, orders in wanted.items():
        page = browser.get(tabs[label])
        assert orders_on(page) == {order.number for order in orders}, label
        assert current_of(page) == label


def test_a_view_is_saved_shared_changed_renamed_and_deleted(world: World) -> None:
    order = world.queued()
    owner, bob = owner_of(world), member(world, "orders")
    page = owner.get("/admin/orders?q=needle&show=pending")
    where = re.search(r'href="(/admin/views/add\?[^"]*)"', page)
    assert where and "Unsaved view" in text_of(page)
    form = owner.get(where[1].replace("&amp;", "&"))
    assert 'value="q=needle&amp;show=pending"' in form
    filled = {"list": "orders", "query": "q=needle&show=pending", "back": "/admin/orders"}
    assert owner.post("/admin/views/add", **filled, name="Needles").status_code == 302
    assert owner.post("/admin/views/add", **filled, name="Needles").status_code == 422
    tabs = tabs_of(owner.get("/admin/orders"))
    assert "Needles" in tabs and "Needles" not in tabs_of(bob.get("/admin/orders")), "private"
    opened = owner.get(tabs["Needles"])
    assert current_of(opened) == "Needles" and "Save as new" not in opened
    view = re.search(r"view=(\d+)", tabs["Needles"])
    assert view
    # What the filters' form sends keeps the view.
    assert f'name="view" value="{view[1]}"' in opened
    changed = owner.get(f"/admin/orders?view={view[1]}&show=pending")
    assert current_of(changed) == "Needles" and "Changed" in text_of(changed) and "Save as new" in changed
    assert orders_on(changed) == {order.number}
    set_ = f"/admin/views/{view[1]}/set"
    assert bob.post(set_, query="show=manual").status_code == 422, "not his"
    assert owner.post(set_, query="show=pending", back="/admin/orders").status_code == 302
    assert owner.post(set_, name="Waiting", shared="yes", back="/admin/orders").status_code == 302
    shared = tabs_of(bob.get("/admin/orders"))
    assert orders_on(bob.get(shared["Waiting"])) == {order.number}
    assert "/admin/views/" not in bob.get(shared["Waiting"]), "shared is not given away"
    assert owner.post(f"/admin/views/{view[1]}/remove", back="/admin/orders").status_code == 200
    page = owner.post(f"/admin/views/{view[1]}/remove", back="/admin/orders").content.decode()
    sure = re.search(r'name="sure" value="([0-9a-f]{64})"', page)
    assert sure and owner.post(f"/admin/views/{view[1]}/remove", sure=sure[1]).status_code == 302
    assert "Waiting" not in tabs_of(owner.get("/admin/orders"))


def test_a_view_of_a_list_is_for_who_may_read_it(world: World) -> None:
    finance = member(world, "finance")
    assert finance.post("/admin/views/add", list="services", name="x", query="state=on").status_code == 422
    assert finance.post("/admin/views/add", list="nothing", name="x").status_code == 422
    assert finance.post("/admin/views/add", list="orders", name="x", query="show=nonsense&x=1").status_code == 302
    from tests.support.people import values

    assert values("SELECT query FROM staff_savedview") == [("",)]


def test_the_box_finds_things_by_number_and_words_within_rights(world: World) -> None:
    from tests.support.people import execute

    browser = owner_of(world)
    order, ticket = world.queued(), world.ticket()
    execute(
        "UPDATE orders_order SET upstream_id = 'up-77', link = 'https://example.com/needle', provider_id = %s"
        " WHERE id = %s",
        world.people.id,
        order,
    )
    wanted = {
        str(order.number): f"/admin/orders/{order.number}",
        "up-77": f"/admin/orders/{order.number}",
        "needle": f"/admin/orders/{order.number}",
        str(ticket.number): f"/admin/tickets/{ticket.number}",
        "What about": f"/admin/tickets/{ticket.number}",
        str(world.carol.number): f"/admin/customers/{world.carol.number}",
        "carol@": f"/admin/customers/{world.carol.number}",
        "Followers": "/admin/services?q=1",
        "audit tr": "/admin/trail",
        "add prov": "/admin/providers/add",
    }
    for text, where in wanted.items():
        page = browser.get("/admin/search?" + __import__("urllib.parse").parse.urlencode({"q": text}))
        assert f'href="{where}"' in page, text
        assert len(browser.queries(f"/admin/search?q={text}")) <= 15, text
    assert "Nothing found" in browser.get("/admin/search?q=zzzzzz")
    support = member(world, "support")
    page = support.get("/admin/search?q=Followers")
    assert "/admin/services" not in page.partition('id="found"')[2]
    assert f"/admin/orders/{order.number}" in support.get(f"/admin/search?q={order.number}")
    rita = __import__("panelwright.storefront.tests.browsing", fromlist=["Browser"]).Browser(
        world.story.rival, world.story.rival.staff.user
    )
    for text in ("up-77", "needle", "carol@", str(order.number)):
        assert f"/admin/orders/{order.number}" not in rita.get(f"/admin/search?q={text}"), text
        assert "carol@customer" not in rita.get(f"/admin/search?q={text}"), text
