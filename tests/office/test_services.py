"""The catalogue in the back office: edited in its table, put in order, switched on and off."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.office.test_acting import text_of

if TYPE_CHECKING:
    from tests.office.office import Office
    from tests.support.people import Time

pytestmark = pytest.mark.django_db

FOLLOWERS, LIKES = 1, 2


def form_of(page: str) -> dict[str, Any]:
    """What a browser would send back of the table as it stands."""
    found: dict[str, Any] = {"row": re.findall(r'name="row" value="(\d+)"', page)}
    for name, value in re.findall(r'name="([a-z]+-\d+)" value="([^"]*)"', page):
        found[name] = html.unescape(value)
    return found


def rate_of(number: int) -> int:
    from tests.support.people import value

    return int(value("SELECT rate_micros FROM catalog_service WHERE number = %s ORDER BY id LIMIT 1", number))


def test_changed_cells_are_saved_with_their_trail_and_nothing_else(office: Office) -> None:
    from tests.support.people import value, values

    browser = office.browser("owner")
    form = form_of(browser.get("/admin/services"))
    assert len(form["row"]) > 5
    version = value("SELECT catalog_version FROM panels_panel WHERE id = %s", office.alice.panel_id)
    done = "FROM staff_trailentry WHERE action IN ('service.set', 'service.set_rate')"
    before = value(f"SELECT COUNT(*) {done}")
    form |= {"rate-1": "0.97", "name-2": "Likes, quick", "max-2": "7000", "save": "1"}
    assert browser.post("/admin/services", **form).status_code == 302
    assert rate_of(FOLLOWERS) == 970_000
    rows = values("SELECT name, max FROM catalog_service WHERE number = 2 AND panel_id = %s", office.alice.panel_id)
    assert rows == [("Likes, quick", 7000)]
    trail = values(f"SELECT action, object_id {done} ORDER BY id")[before:]
    assert trail == [("service.set_rate", 1), ("service.set", 2)]
    assert value("SELECT catalog_version FROM panels_panel WHERE id = %s", office.alice.panel_id) == version + 2
    # The same number, written otherwise, is no change.
    form = form_of(browser.get("/admin/services"))
    assert browser.post("/admin/services", **form | {"rate-1": "0.9700", "save": "1"}).status_code == 302
    assert value(f"SELECT COUNT(*) {done}") == before + 2


def test_a_row_that_somebody_changed_meanwhile_is_shown_with_both_values_and_the_others_are_saved(
    office: Office,
) -> None:
    browser = office.browser("owner")
    form = form_of(browser.get("/admin/services")) | {"rate-1": "0.97", "rate-2": "0.55", "save": "1"}
    office.world.do("service.set_rate", FOLLOWERS, rate="0.99")
    answer = browser.post("/admin/services", **form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert rate_of(FOLLOWERS) == 990_000
    assert rate_of(LIKES) == 550_000
    assert "Somebody else changed 1 service meanwhile" in text_of(page)
    assert re.search(r'class="was"[^>]*>.{0,60}</span>0\.99</s><input[^>]*name="rate-1" value="0\.97"', page)
    # Whoever has seen both saves the own one by the next click.
    assert browser.post("/admin/services", **form_of(page), save="1").status_code == 302
    assert rate_of(FOLLOWERS) == 970_000


def test_a_price_below_cost_is_saved_only_by_who_says_so(office: Office) -> None:
    from tests.support.people import execute

    execute(
        "UPDATE providers_route SET rate_micros = 800000 WHERE id = (SELECT MIN(id) FROM providers_route WHERE"
        " service_id = (SELECT id FROM catalog_service WHERE number = 1 AND panel_id = %s))",
        office.alice.panel_id,
    )
    browser = office.browser("owner")
    form = form_of(browser.get("/admin/services")) | {"rate-1": "0.50", "save": "1"}
    answer = browser.post("/admin/services", **form)
    assert (answer.status_code, rate_of(FOLLOWERS)) == (422, 900_000)
    assert "1 price would be below cost" in text_of(answer.content.decode())
    assert "dirty below" in answer.content.decode()
    assert browser.post("/admin/services", **form, sure="1").status_code == 302
    assert rate_of(FOLLOWERS) == 500_000


def test_what_cannot_be_is_said_beside_its_cell_and_the_rest_is_saved(office: Office) -> None:
    browser = office.browser("owner")
    form = form_of(browser.get("/admin/services"))
    form |= {"rate-1": "cheap", "min-2": "9999999", "name-3": "", "step-4": "0", "rate-5": "0.75", "save": "1"}
    answer = browser.post("/admin/services", **form)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    for cell, words in (
        ("rate-1", "Enter an amount such as"),
        ("min-2", "The maximum cannot be below the minimum."),
        ("name-3", "This field is required."),
    ):
        assert re.search(rf'id="{cell}-error">{words}', page), cell
    assert rate_of(5) == 750_000
    assert rate_of(FOLLOWERS) == 900_000
    assert 'value="cheap"' in page


def test_a_switch_saves_at_once_and_keeps_what_was_typed(office: Office) -> None:
    from tests.support.people import value

    def on() -> bool:
        return bool(value("SELECT enabled FROM catalog_service WHERE number = 2 ORDER BY id LIMIT 1"))

    browser = office.browser("owner")
    form = form_of(browser.get("/admin/services")) | {"rate-1": "0.97", "turn": "2:off"}
    page = browser.post("/admin/services", **form).content.decode()
    assert not on()
    assert "Service 2 is off. Orders already placed continue." in text_of(page)
    assert re.search(r'name="rate-1" value="0\.97"', page)
    assert rate_of(FOLLOWERS) == 900_000
    part = browser.client.post("/admin/services", {"turn": "2:on"}, headers={"HX-Request": "true"}).content.decode()
    assert on()
    assert "<html" not in part and "Service 2 is on sale." in part and "Undo" in part


def test_percent_over_a_selection_fills_the_cells_and_saves_nothing(office: Office) -> None:
    browser = office.browser("owner")
    form = form_of(browser.get("/admin/services"))
    filled = form | {"pick": ["1", "2"], "percent": "+10", "round_to": "10000", "adjust": "1"}
    page = browser.post("/admin/services", **filled).content.decode()
    assert re.search(r'name="rate-1" value="0\.99"', page)
    assert re.search(r'name="rate-1"[^>]*data-was="0\.90"', page)
    assert rate_of(FOLLOWERS) == 900_000
    assert browser.post("/admin/services", **form_of(page), save="1").status_code == 302
    assert rate_of(FOLLOWERS) == 990_000
    wrong = browser.post("/admin/services", **filled | {"percent": "much"})
    assert wrong.status_code == 422
    assert "Enter a number such as 2.5." in html.unescape(wrong.content.decode())


def test_who_may_not_change_prices_reads_them(office: Office) -> None:
    from panelwright.customers.models import Staff

    member = office.member("custom")
    with scope(panel=office.alice.panel):
        Staff.objects.filter(id=member.id).update(rights=["services"])
    from panelwright.storefront.tests.browsing import Browser

    browser = Browser(office.alice, member.user)
    page = browser.get("/admin/services")
    assert 'name="rate-1"' not in page and 'name="name-1"' in page
    form = form_of(page) | {"rate-1": "0.10", "save": "1"}
    assert browser.post("/admin/services", **form).status_code == 422
    assert rate_of(FOLLOWERS) == 900_000


def order_of(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'name="move" value="service:(\d+):up"', page)]


def test_services_and_categories_move_by_buttons(office: Office) -> None:
    from tests.support.people import value

    browser = office.browser("owner")
    first = browser.get("/admin/services/order")
    numbers = order_of(first)
    assert len(numbers) > 2
    address = "/admin/services/order"
    assert browser.post(address, move=f"service:{numbers[1]}:up").status_code == 302
    assert order_of(browser.get(address))[:2] == [numbers[1], numbers[0]]
    assert browser.post(address, move=f"service:{numbers[0]}:", before=str(numbers[2])).status_code == 302
    assert order_of(browser.get(address)) == [numbers[1], numbers[0], *numbers[2:]]
    assert browser.post(address, move=f"service:{numbers[0]}:bottom").status_code == 302
    assert order_of(browser.get(address))[-1] == numbers[0]
    assert browser.post("/admin/categories/add", name="Very best", icon="star").status_code == 302
    made = value("SELECT MAX(id) FROM catalog_category")
    assert browser.post(address, move=f"service:{numbers[2]}:", **{f"to-{numbers[2]}": str(made)}).status_code == 302
    assert order_of(browser.get(f"{address}?category={made}")) == [numbers[2]]
    assert numbers[2] not in order_of(browser.get(address))
    assert browser.post(address, move=f"category:{made}:top").status_code == 302
    assert order_of(browser.get(address)) == [numbers[2]]
    strange = value("SELECT MIN(id) FROM catalog_category WHERE panel_id <> %s", office.alice.panel_id)
    browser.post(address, move=f"service:{numbers[0]}:", **{f"to-{numbers[0]}": str(strange)})
    assert (
        value(
            "SELECT COUNT(*) FROM catalog_service WHERE category_id = %s AND panel_id = %s",
            strange,
            office.alice.panel_id,
        )
        == 0
    )
    refused = browser.post(f"/admin/categories/{made}/remove", sure="x")
    assert "This category has services." in html.unescape(refused.content.decode()) or refused.status_code in {409, 422}


def test_what_is_in_the_form_is_what_was_seen(office: Office) -> None:
    """A row without what it showed, or with nonsense in it, saves nothing."""
    browser = office.browser("owner")
    for seen in ("", "[]", "{", json.dumps({"name": 1})):
        form = {"row": ["1"], "rate-1": "0.10", "seen-1": seen, "save": "1"}
        assert browser.post("/admin/services", **form).status_code == 302
    assert rate_of(FOLLOWERS) == 900_000


def test_a_list_is_read_chosen_looked_at_and_imported_with_its_own_categories(office: Office) -> None:
    from tests.staff.cases import _offer
    from tests.support.people import value, values

    world, browser = office.world, office.browser("owner")
    offers = [_offer(str(n), f"Views {n}", "1.00") for n in range(10, 14)]
    offers += [{**_offer("20", "Odd", "1.00"), "type": "Telepathy"}, _offer("21", "Gift", "0")]
    world.upstream.answers("services", offers)
    world.upstream.answers("balance", {"balance": "10.00", "currency": "USD"})
    provider = world.provider()
    address = f"/admin/services/import?provider={provider}"
    assert f"?provider={provider}" in browser.get("/admin/services/import")
    assert "Read the list" in browser.get(address)
    assert browser.post(address, read="1").status_code == 302
    page = browser.get(address)
    assert "its type 'Telepathy' is not known here" in text_of(page)
    assert re.findall(r'name="pick" value="(\d+)"', page) == ["10", "11", "12", "13", "21"]
    prices = {"markup": "25", "fixed": "0.01", "round_to": "0.05"}
    count = "SELECT COUNT(*) FROM providers_route WHERE provider_id = %s"
    assert "Nothing to import" in browser.post(address, **prices, preview="1").content.decode()
    wrong = browser.post(address, **prices | {"markup": "lots"}, pick=["10"], preview="1")
    assert wrong.status_code == 422
    shown = browser.post(address, **prices, pick=["10", "21", "20"], preview="1").content.decode()
    assert "2 services will be imported" in text_of(shown)
    assert "1.30" in text_of(shown)
    assert "its type 'Telepathy' is not known here: 1" in text_of(shown)
    assert value(count, provider) == 0
    # The rates are those of this moment, whatever the list was when it was looked at.
    world.upstream.answers("services", offers)
    world.upstream.answers("balance", {"balance": "10.00", "currency": "USD"})
    mapped = {"theirs": "All", "category-0": "Mine"}
    done = browser.post(address, **{**prices, **mapped, "import": "1"}, pick=["10", "21", "20"])
    assert done.headers["Location"] == f"/admin/services?provider={provider}"
    rows = values(
        "SELECT s.rate_micros, s.enabled, c.name FROM catalog_service s JOIN catalog_category c ON c.id = s.category_id"
        " JOIN providers_route r ON r.service_id = s.id WHERE r.provider_id = %s ORDER BY s.number",
        provider,
    )
    assert [(row[0], bool(row[1]), row[2]) for row in rows] == [(1_300_000, True, "Mine"), (50_000, False, "Mine")]
    assert "it is here already" in text_of(browser.get(address))
    assert value("SELECT COUNT(*) FROM staff_trailentry WHERE action = 'provider.import'") == 1


def test_a_service_s_page_shows_its_routes_side_by_side_and_puts_them_in_order(office: Office) -> None:
    from tests.support.people import value, values

    world, browser = office.world, office.browser("owner")
    office.alice.route(LIKES, office.alice.provider("https://west.example/api/v2", name="west"))
    routes = "SELECT id, position FROM providers_route WHERE service_id = (SELECT id FROM catalog_service WHERE"
    routes += " number = 2 AND panel_id = %s) ORDER BY position"
    first, last = (row[0] for row in values(routes, office.alice.panel_id))
    world.do("route.set", last, rate="0.09")
    world.do("customer.set_rate", office.carol.number, service=LIKES, rate="0.12")
    page = text_of(browser.get(f"/admin/services/{LIKES}"))
    # The lowest price of a customer is 0.12: a quarter of it is left.
    assert "25.0%" in page
    assert browser.post(f"/admin/services/{LIKES}", move=f"route:{last}:up").status_code == 302
    assert [row[0] for row in values(routes, office.alice.panel_id)] == [last, first]
    browser.post("/admin/services/1", move=f"route:{first}:up")
    assert [row[0] for row in values(routes, office.alice.panel_id)] == [last, first]
    assert "west" in browser.get("/admin/services/compare")
    assert browser.post(f"/admin/services/{LIKES}/set", route_by="success").status_code == 302
    assert value("SELECT route_by FROM catalog_service WHERE number = 2 ORDER BY id LIMIT 1") == "success"
    assert "Most completed orders" in text_of(browser.get(f"/admin/services/{LIKES}"))
    world.do("service.set_rate", LIKES, rate="0.95")
    assert "Price changed" in text_of(browser.get("/admin/services/changes"))


def test_an_order_by_merit_says_why_and_passes_no_route_over(office: Office, time: Time) -> None:
    """West completes more orders than the others; it refuses, and the order goes through the list from its top."""
    from panelwright.providers.models import RouteMerit
    from panelwright.providers.routing import merit_actions
    from tests.support.people import LIKES as number
    from tests.support.people import execute, value, values

    world = office.world
    world.upstream.answers("add", {"error": "Incorrect service ID"})
    office.alice.route(number, office.alice.provider(world.upstream.url, name="west"))
    ids = [
        row[0]
        for row in values(
            "SELECT id FROM providers_route WHERE service_id = (SELECT id FROM catalog_service WHERE number = 2"
            " AND panel_id = %s) ORDER BY position",
            office.alice.panel_id,
        )
    ]
    world.do("service.set", number, route_by="success")
    with scope(panel=office.alice.panel):
        for route, completed in zip(ids, (10, 19), strict=True):
            RouteMerit.objects.create(
                panel_id=office.alice.panel_id, route_id=route, ended=20, completed=completed, measured_at=time.now
            )
    order = world.carol.order(service=number, link="https://example.com/merit")
    world.worker.forward()
    world.worker.forward()
    assert value("SELECT provider_id FROM orders_order WHERE id = %s", order) == world.people.id
    page = text_of(office.browser("owner").get(f"/admin/orders/{order.number}"))
    assert "west: the most completed orders (95.0%)" in page
    world.do("order.done", order)
    time.passes(minutes=2)
    a_minute_ago = time.now - timedelta(minutes=1)
    execute("UPDATE events_event SET created_at = %s WHERE created_at > %s", a_minute_ago, a_minute_ago)
    while merit_actions.roll_up() == 0 and value("SELECT COUNT(*) FROM providers_meritcursor") == 0:
        pass
    while merit_actions.roll_up():
        pass
    found = dict(values("SELECT route_id, refused FROM providers_routemerit"))
    assert found[ids[1]] == 1
    assert value("SELECT completed FROM providers_routemerit WHERE route_id = %s", ids[0]) == 11
    with scope(panel=office.alice.panel):
        assert merit_actions.roll_up() == 0


def test_five_hundred_services_are_imported_and_priced_at_once_in_few_queries(office: Office) -> None:
    from tests.staff.cases import _offer
    from tests.support.people import value, values

    world, browser = office.world, office.browser("owner")
    offers = [{**_offer(str(n), f"Views {n}", "1.00"), "category": f"Kind {n % 7}"} for n in range(1000, 1500)]
    world.upstream.answers("services", offers)
    world.upstream.answers("balance", {"balance": "10.00", "currency": "USD"})
    provider = world.provider()
    done = world.do("provider.import", provider, markup="50", round_to="0.01")
    assert len(done.shown["imported"]) == 500
    address = f"/admin/services/prices?provider={provider}&percent=-40&round_to=50000"
    for page in (f"/admin/services?provider={provider}&page=3", address, "/admin/services/order", "/admin/services"):
        assert len(browser.queries(page)) <= 15, page
    page = browser.get(address)
    assert "500 of 500 services change, 500 below cost" in text_of(page)
    (sure,) = re.findall(r'name="sure" value="(\w+)"', page)
    version = value("SELECT catalog_version FROM panels_panel WHERE id = %s", office.alice.panel_id)
    # Somebody changes one of them meanwhile: what is shown anew is confirmed anew.
    first = done.shown["imported"][0]
    world.do("service.set_rate", first, rate="3.00")
    again = browser.post(address, sure=sure)
    assert again.status_code == 422
    (sure,) = re.findall(r'name="sure" value="(\w+)"', again.content.decode())
    there = browser.post(address, sure=sure).headers["Location"]
    assert "Undo" in browser.get(there)
    rates = {row[0] for row in values("SELECT rate_micros FROM catalog_service WHERE number > %s", first)}
    assert rates == {900_000}
    assert value("SELECT rate_micros FROM catalog_service WHERE number = %s", first) == 1_800_000
    assert value("SELECT catalog_version FROM panels_panel WHERE id = %s", office.alice.panel_id) == version + 2
    trail = values("SELECT object_id, before, after FROM staff_trailentry WHERE action = 'service.reprice'")
    assert sorted(row[0] for row in trail) == done.shown["imported"]
    assert "1.50" in str(trail[-1][1]) and "0.90" in str(trail[-1][2])
    # A floor keeps each of them above its cost.
    address = f"/admin/services/prices?provider={provider}&margin=10&round_to=10000"
    page = browser.get(address)
    assert "499 of 500 services change" in text_of(page) and "below cost" not in text_of(page)


def test_custom_prices_of_a_service_are_deleted(office: Office) -> None:
    from tests.support.people import value

    world, browser = office.world, office.browser("owner")
    world.do("customer.set_rate", office.carol.number, service=LIKES, rate="0.11")
    assert value("SELECT COUNT(*) FROM catalog_pricelistrate WHERE rate_micros = 110000") == 1
    assert browser.post(f"/admin/services/{LIKES}/delete_own_rates").status_code == 302
    assert value("SELECT COUNT(*) FROM catalog_pricelistrate WHERE rate_micros = 110000") == 0


def test_ticked_services_go_to_the_page_of_prices(office: Office) -> None:
    browser = office.browser("owner")
    form = form_of(browser.get("/admin/services"))
    there = browser.post("/admin/services", **form, pick=["1", "2"], prices="1").headers["Location"]
    assert there == "/admin/services/prices?services=1%2C2"
    assert "2 of 2 services change" in text_of(browser.get(f"{there}&percent=10"))
    assert browser.get("/admin/services/prices?percent=much", status=422)


def test_new_prices_and_ailing_services_are_views_of_their_own(office: Office) -> None:
    from panelwright.storefront.tests.reading import text_of
    from tests.support.people import FOLLOWERS, LIKES, PRIVATE, execute

    browser = office.browser("owner")

    def shown(state: str) -> set[int]:
        page = browser.get(f"/admin/services?state={state}")
        return {number for number in range(1, 10) if f'href="/admin/services/{number}"' in page}

    assert "Changed prices" in text_of(browser.get("/admin/services"))
    execute("DELETE FROM events_event WHERE name = 'service.rate_changed'")
    assert shown("changed") == set()
    office.world.do("service.set_rate", LIKES, rate="3.21")
    assert shown("changed") == {LIKES}
    # Whose routes cannot be used at all, or whose orders need somebody.
    execute("UPDATE orders_order SET problem_code = '', problem_at = NULL WHERE problem_code > '' AND ended_at IS NULL")
    well = shown("ailing")
    assert FOLLOWERS not in well and PRIVATE in well, "one without a route is"
    order = office.world.queued(FOLLOWERS)
    assert FOLLOWERS not in shown("ailing")
    execute("UPDATE orders_order SET problem_code = 'no_route', problem_at = created_at WHERE id = %s", int(order))
    assert FOLLOWERS in shown("ailing")
    execute("UPDATE orders_order SET problem_code = '', problem_at = NULL WHERE id = %s", int(order))
    execute("UPDATE providers_route SET enabled = %s WHERE service_id = %s", False, office.alice.services[FOLLOWERS].id)
    assert FOLLOWERS in shown("ailing")
