"""What moved no money is taken back for ten minutes, where nobody has changed it since."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.bulk.test_bulk_pages import hidden_of, owner_of, text_of

if TYPE_CHECKING:
    from tests.staff.cases import World
    from tests.support.people import Time

pytestmark = pytest.mark.django_db


def rate(number: int) -> int:
    from tests.support.people import value

    return int(value("SELECT MIN(rate_micros) FROM catalog_service WHERE number = %s", number))


def test_a_change_of_a_price_is_taken_back_from_the_notice_and_told(world: World) -> None:
    from tests.support.people import FOLLOWERS, values

    browser = owner_of(world)
    before = rate(FOLLOWERS)
    browser.post(f"/admin/services/{FOLLOWERS}/set_rate", rate="0.42")
    assert rate(FOLLOWERS) == 420_000
    notice = browser.get("/admin/services")
    undo = re.search(r'action="(/admin/changes/\d+/undo)"', notice)
    assert undo, "the notice offers it"
    assert "/undo" not in browser.get("/admin/services"), "once"
    assert browser.post(undo[1], back="/admin/services").headers["Location"] == "/admin/services"
    assert rate(FOLLOWERS) == before
    told = values("SELECT action, object_kind FROM staff_trailentry ORDER BY id DESC LIMIT 2")
    assert told == [("change.undo", "change"), ("service.set_rate", "service")]
    again = browser.post(undo[1])
    assert (again.status_code, "already undone" in again.content.decode()) == (422, True)


def test_what_was_changed_since_stays_and_so_does_what_is_old(world: World, time: Time) -> None:
    from panelwright.core.refusal import Refusal
    from tests.support.people import FOLLOWERS, LIKES

    def refused(entry: int) -> str:
        found = world.tried("change.undo", entry, {})
        return found.code if isinstance(found, Refusal) else ""

    first = world.do("service.set_rate", FOLLOWERS, rate="0.42").entry_id
    world.do("service.set_rate", FOLLOWERS, rate="0.43")
    assert refused(first) == "changed_since"
    assert rate(FOLLOWERS) == 430_000
    order = world.queued()
    assert refused(world.do("order.cancel", order).entry_id) == "not_undoable", "money goes back by another entry"
    old = world.do("service.turn_off", LIKES).entry_id
    time.passes(seconds=601)
    assert refused(old) == "undo_too_late"
    assert refused(10**9) == "no_change"


def test_who_may_not_change_it_may_not_take_it_back(world: World) -> None:
    from django_scopes import scope

    from panelwright.core.refusal import Refusal
    from panelwright.staff import registry
    from panelwright.staff.actions import perform
    from panelwright.staff.actor import Actor, ActorKind
    from panelwright.staff.rights import Right
    from tests.support.people import FOLLOWERS, everything

    entry = world.do("service.set_rate", FOLLOWERS, rate="0.42").entry_id
    reader = Actor(ActorKind.STAFF, 1, "r", "", frozenset({Right.SERVICES}))
    before = everything()
    for owner, code in ((world.alice, "not_allowed"), (world.story.rival, "no_change")):
        with scope(panel=owner.panel):
            found = perform(
                registry.actions()["change.undo"], actor=reader, panel_id=owner.panel_id, target=entry, given={}
            )
        assert isinstance(found, Refusal) and found.code == code
    assert everything() == before


def test_bulk_work_is_taken_back_as_bulk_work(world: World) -> None:
    from tests.bulk.working import one_slice, started
    from tests.support.people import CLOSED, LIKES, value

    def on_sale() -> int:
        return int(value("SELECT COUNT(*) FROM catalog_service WHERE enabled AND panel_id = %s", world.alice.panel_id))

    before = on_sale()
    work = started(world.alice, "service.turn_off", on="services")
    one_slice()
    assert on_sale() == 0
    world.do("service.turn_on", LIKES)
    browser = owner_of(world)
    page = browser.get(f"/admin/bulk/{work.number}")
    where = re.search(r'href="(/admin/changes/bulk/undo[^"]*)"', page)
    assert where
    shown = browser.get(where[1].replace("&amp;", "&"))
    assert "changed again since" in text_of(shown)
    assert f"Will be changed {before - 1}" in text_of(shown)
    assert browser.post("/admin/changes/bulk/undo", **hidden_of(shown)).status_code == 302
    one_slice()
    assert on_sale() == before
    closed = "SELECT COUNT(*) FROM catalog_service WHERE NOT enabled AND number = %s AND panel_id = %s"
    assert value(closed, CLOSED, world.alice.panel_id) == 1, "it was off before"
    assert "/changes/bulk/undo" not in browser.get(f"/admin/bulk/{work.number + 1}"), (
        "what takes back is not taken back"
    )


def told_by(world: World, price_list_id: int | None = None) -> tuple[object, object, object]:
    """What Carol's own list, or another one, says: of services, of categories, of everything."""
    from django.db import transaction
    from django_scopes import scope

    from panelwright.catalog.price_declarations import price_list_state
    from panelwright.customers.models import Customer

    with scope(panel=world.alice.panel), transaction.atomic():
        if price_list_id is None:
            price_list_id = Customer.objects.get(id=world.carol.customer_id).price_list_id
        state = price_list_state(world.alice.panel_id, price_list_id or 0) or {}
    return state["rates"], state["categories"], state["percent_off"]


@pytest.mark.django_db(transaction=True)
def test_custom_prices_are_taken_back_one_by_one_and_all_at_once(world: World) -> None:
    from panelwright.core.refusal import Refusal
    from tests.support.people import FOLLOWERS, LIKES

    def undo(entry: int) -> str:
        found = world.tried("change.undo", entry, {})
        return found.code if isinstance(found, Refusal) else ""

    carol = world.carol.number
    first = world.do("customer.set_rate", carol, service=LIKES, rate="0.75").entry_id
    second = world.do("customer.set_percent", carol, service=LIKES, percent="12.5").entry_id
    assert told_by(world)[0] == {str(LIKES): "-12.50%"}
    assert undo(first) == "changed_since"
    assert undo(second) == "" and told_by(world)[0] == {str(LIKES): "0.75"}
    assert undo(first) == "" and told_by(world)[0] == {}, "the first of a list that was made for it"
    world.do("customer.set_rate", carol, service=FOLLOWERS, rate="0.50")
    world.do("customer.set_percent", carol, category="Social", percent="3")
    world.do("customer.set_discount", carol, percent="7")
    before = told_by(world)
    assert before == ({str(FOLLOWERS): "0.50"}, {"Social": "3.00"}, "7.00")
    gone = world.do("customer.reset_rates", carol).entry_id
    assert told_by(world) == ({}, {}, "7.00")
    assert undo(gone) == "" and told_by(world) == before
    # So are those of a group, and its own trail says so.
    group = world.price_list()
    of_group = world.do("price_list.set_rate", group, service=LIKES, rate="0.40").entry_id
    assert told_by(world, group)[0] == {str(LIKES): "0.40"}
    assert undo(of_group) == "" and told_by(world, group)[0] == {}


def test_prices_that_are_none_replace_nothing(world: World) -> None:
    from panelwright.core.refusal import Refusal
    from tests.support.people import FOLLOWERS, LIKES

    carol = world.carol.number
    world.do("customer.set_rate", carol, service=LIKES, rate="0.75")
    before = told_by(world)
    wrong: list[tuple[dict[str, object], str]] = [
        ({"rates": {"x": "1.00"}}, "no_service"),
        ({"rates": {"987654": "1.00"}}, "no_service"),
        ({"rates": {str(FOLLOWERS): 1}}, "not_a_decimal"),
        ({"rates": {str(FOLLOWERS): "-1.00"}}, "price_below_zero"),
        ({"rates": {str(FOLLOWERS): "-100.01%"}}, "percent_too_high"),
        ({"categories": {"Nowhere": "1.00"}}, "no_category"),
        ({"categories": {"Social": "1.005"}}, "not_a_decimal"),
    ]
    for given, code in wrong:
        found = world.tried("customer.replace_rates", carol, given)
        assert isinstance(found, Refusal) and found.code == code, (given, found)
        assert told_by(world) == before
