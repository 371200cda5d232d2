"""Bulk work as staff do it on the pages, and programs over the staff API."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.staff.cases import World

pytestmark = pytest.mark.django_db


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def hidden_of(page: str) -> dict[str, str]:
    """What the form of the page sends back unseen."""
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and name[1] != "csrfmiddlewaretoken":
            found[name[1]] = html.unescape(value[1])
    return found


def owner_of(world: World) -> Any:
    from panelwright.storefront.tests.browsing import Browser

    return Browser(world.alice, world.alice.staff.user)


def test_the_rows_that_are_ticked_are_canceled_and_their_page_tells(world: World) -> None:
    from tests.bulk.working import one_slice
    from tests.support.people import value, values

    browser = owner_of(world)
    orders = [world.queued() for _ in range(4)]
    world.do("order.done", orders[1])
    page = browser.get("/admin/orders")
    assert page.count('name="row"') == 4
    assert 'formaction="/admin/orders/bulk/cancel"' in page
    rows = "&".join(f"row={order.number}" for order in orders[:3])
    shown = browser.get(f"/admin/orders/bulk/cancel?{rows}")
    assert "Refunded to customers 1.80 USD" in text_of(shown)
    assert "Selected 3 Will be changed 2" in text_of(shown)
    assert f"for example {orders[1].number}" in text_of(shown)
    filled = hidden_of(shown)
    wrong = browser.post("/admin/orders/bulk/cancel", **{**filled, "sure": "0" * 64})
    assert wrong.status_code == 409
    forged = browser.post("/admin/orders/bulk/cancel", **{**filled, "selection": filled["selection"] + "x"})
    assert "Nothing is selected" in forged.content.decode()
    assert value("SELECT COUNT(*) FROM staff_bulkwork") == 0
    started = browser.post("/admin/orders/bulk/cancel", **filled)
    where = started.headers["Location"]
    assert browser.post("/admin/orders/bulk/cancel", **filled).headers["Location"] == where, "sent twice, started once"
    running = browser.get(where)
    assert "Running" in text_of(running) and 'http-equiv="refresh"' in running
    assert browser.get("/admin/bulk").count("Cancel and refund") == 1
    one_slice()
    done = browser.get(where)
    assert "Done 2 Skipped 1" in text_of(done)
    assert "Refunded to customers 1.80 USD" in text_of(done)
    assert "has ended" in text_of(done) and 'http-equiv="refresh"' not in done
    lines = b"".join(browser.answer(f"/admin/bulk_misses.csv?work={where.split('/')[-1]}").streaming_content).decode()
    assert f"order,{orders[1].number},0,order_ended" in lines
    assert values("SELECT status, COUNT(*) FROM orders_order GROUP BY status ORDER BY status") == [
        ("Canceled", 2),
        ("Completed", 1),
        ("Pending", 1),
    ]


def test_all_that_match_are_a_filter_and_above_a_hundred_the_number_is_typed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from panelwright.staff import bulk
    from tests.bulk.working import one_slice
    from tests.support.people import LIKES, value

    monkeypatch.setattr(bulk, "TYPED_ABOVE", 2)
    browser = owner_of(world)
    for n in range(5):
        world.queued(LIKES if n % 2 else 1)
    world.queued()
    first = browser.get("/admin/orders/bulk/done?all=1&service=1&q=")
    assert "enter the number of rows" in first
    filled = hidden_of(first)
    assert not any(char in filled["selection"] for char in " {")
    for typed in ("", "3", "four"):
        wrong = browser.post("/admin/orders/bulk/done", **filled, count=typed)
        assert (wrong.status_code, "that will change: 4." in wrong.content.decode()) == (422, True)
    # Orders that come in before it starts are not part of it.
    world.queued()
    assert browser.post("/admin/orders/bulk/done", **filled, count="4").status_code == 302
    one_slice()
    assert value("SELECT COUNT(*) FROM orders_order WHERE status = 'Completed'") == 4


def test_fields_are_asked_for_first_and_stand_in_the_trail(world: World) -> None:
    from tests.bulk.working import one_slice
    from tests.support.people import values

    browser = owner_of(world)
    order = world.cancel_asked()
    key = values("SELECT id FROM orders_cancel WHERE order_id = %s", order)[0][0]
    first = browser.get(f"/admin/cancels/bulk/refuse?row={key}")
    assert 'name="text"' in first and "What will happen" not in first
    filled = hidden_of(first)
    shown = browser.post("/admin/cancels/bulk/refuse", **filled, text="Nearly done.")
    assert "Will be changed 1" in text_of(shown.content.decode())
    assert "Nearly done." in text_of(shown.content.decode())
    started = browser.post("/admin/cancels/bulk/refuse", **hidden_of(shown.content.decode()))
    assert started.status_code == 302
    one_slice()
    assert values("SELECT given, object_id FROM staff_trailentry WHERE bulk_id IS NOT NULL")[0][1] == order.number


def test_somebody_sees_and_does_only_what_their_rights_allow(world: World) -> None:
    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from panelwright.storefront.tests.browsing import Browser
    from tests.bulk.working import started
    from tests.support.people import PASSWORD

    world.queued()
    work = started(world.alice, "order.done")
    services = started(world.alice, "service.turn_off", on="services")

    def member(role: str) -> Browser:
        from django_scopes import scope

        with scope(panel=world.alice.panel):
            staff = create_staff(
                panel_id=world.alice.panel_id, email=f"{role}@staff.example", password=PASSWORD, role=Role(role)
            )
        return Browser(world.alice, staff.user)

    reader, nobody = member("read_only"), member("custom")
    assert 'name="row"' not in reader.get("/admin/orders")
    assert reader.answer("/admin/orders/bulk/done?all=1").status_code == 403
    assert reader.answer(f"/admin/bulk/{work.number}").status_code == 200
    assert reader.answer(f"/admin/bulk/{services.number}").status_code == 404
    assert reader.post(f"/admin/bulk/{work.number}/stop").status_code == 422
    assert str(services.number) not in text_of(reader.get("/admin/bulk"))
    assert nobody.answer(f"/admin/bulk/{work.number}").status_code == 404
    assert str(work.number) not in text_of(nobody.get("/admin/bulk"))
    owner = owner_of(world)
    assert owner.post(f"/admin/bulk/{work.number}/stop").status_code == 302
    assert "Stopped" in text_of(owner.get(f"/admin/bulk/{work.number}"))


def test_numbers_of_the_selection_are_there_to_be_copied(world: World) -> None:
    from tests.support.people import execute

    browser = owner_of(world)
    orders = [world.queued() for _ in range(3)]
    for n, order in enumerate(orders):
        execute("UPDATE orders_order SET upstream_id = %s WHERE id = %s", f"up-{n}", order)
    page = browser.get(f"/admin/orders/ids?row={orders[0].number}&row={orders[2].number}")
    assert f"{orders[0].number},{orders[2].number}" in page
    assert "up-0,up-2" in page


def test_programs_preview_and_start_over_the_staff_api(world: World) -> None:
    from django.test import Client
    from django_scopes import scope

    from panelwright.customers.actions import create_staff_key
    from tests.bulk.working import one_slice

    orders = [world.queued() for _ in range(3)]
    with scope(panel=world.alice.panel):
        key = create_staff_key(staff=world.alice.staff)[1]
    client = Client(HTTP_HOST=world.alice.host, headers={"Authorization": f"Bearer {key}"})

    def post(where: str, **body: Any) -> tuple[int, dict[str, Any]]:
        answer = client.post(f"/api/staff/v1/{where}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    status, told = post("orders/bulk", action="cancel", filters={"show": "pending"}, preview=True)
    assert status == 200, told
    seen = told["preview"]
    assert (seen["selected"], seen["changes"], seen["refunded"]) == (3, 3, "2.70")
    world.do("order.done", orders[0])
    status, told = post("orders/bulk", action="cancel", filters={"show": "pending"}, sure=seen["digest"])
    assert (status, told["code"]) == (409, "moves_differ")
    body = {"action": "cancel", "ids": [order.number for order in orders], "once": "job 1"}
    status, told = post("orders/bulk", **body)
    assert (status, told["bulk"]["total"], told["bulk"]["state"]) == (200, 3, "running")
    assert post("orders/bulk", **body)[1]["bulk"]["id"] == told["bulk"]["id"]
    one_slice()
    now = client.get(f"/api/staff/v1/bulk/{told['bulk']['id']}").json()["bulk"]
    assert (now["state"], now["done"], now["skipped"], now["refunded"]) == ("done", 2, 1, "1.80")
    (miss,) = client.get(f"/api/staff/v1/bulk_misses?work={now['id']}").json()["items"]
    assert (miss["target"], miss["code"]) == (orders[0].number, "order_ended")
    assert [row["id"] for row in client.get("/api/staff/v1/bulk").json()["items"]] == [now["id"]]
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"action": "cancel"}, "filters_or_ids"),
        ({"action": "cancel", "ids": [0]}, "not_a_number"),
        ({"action": "arrived", "filters": {}}, "not_a_choice"),
        ({"action": "cancel", "filters": {"show": "x"}}, "not_a_choice"),
        ({"action": "cancel", "filters": {}, "given": {"x": 1}}, "unknown_field"),
        ({"action": "cancel", "filters": {"q": "nothing like it"}}, "nothing_selected"),
    )
    for given, code in wrong:
        assert post("orders/bulk", **given)[1]["code"] == code, given
