"""Quantities in steps: a pure rule, the wire, drip-feeds, subscriptions; types that count none have no step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django_scopes import scope
from hypothesis import assume, given
from hypothesis import strategies as st

from panelwright.catalog import quantities
from panelwright.catalog.actions import NewService, ServiceTerms, add_services, set_terms
from panelwright.catalog.change_feed import ChangeKind as News
from panelwright.catalog.change_feed import catalogue_news
from panelwright.catalog.types import TYPES, Units
from panelwright.core.refusal import Refusal
from panelwright.orders import pause_actions, quotes
from panelwright.orders.schedule_actions import post_quantity, record_post
from tests.support.asking import Door, Request
from tests.support.people import (
    COMMENTS,
    FOLLOWERS,
    PACKAGE,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Time,
    children_of,
    everything,
    execute,
    row_of,
    run_schedules,
    value,
    values,
)

commits = pytest.mark.django_db(transaction=True)
COUNT = st.integers(1, 10**9)


# ---- pure ------------------------------------------------------------------------------------------------


@given(COUNT, COUNT, COUNT)
def test_bounds_are_the_outermost_multiples(low: int, high: int, step: int) -> None:
    least, most = quantities.bounds(low, high, step)
    assert least % step == most % step == 0
    assert least - step < low <= least and most <= high < most + step
    assert quantities.can_be(low, high, step) is any(n * step >= low for n in (high // step,) if n)


@given(st.integers(0, 2**56), st.integers(1, 10**6), COUNT, st.integers(0, 10**6), st.integers(1, 1000))
def test_the_quantity_for_a_post_is_a_multiple_within(seed: int, post_id: int, low: int, more: int, step: int) -> None:
    high = low + more
    assume(quantities.can_be(low, high, step))
    drawn = post_quantity(seed, post_id, low, high, step=step)
    assert low <= drawn <= high
    assert drawn == post_quantity(seed, post_id, low, high, step=step), "anybody can draw it again"
    assert drawn % step == 0


def test_without_a_step_posts_draw_what_they_always_drew() -> None:
    assert [post_quantity(7, post_id, 50, 1000) for post_id in range(1, 5)] == [
        post_quantity(7, post_id, 50, 1000, step=1) for post_id in range(1, 5)
    ]
    assert {post_quantity(7, post_id, 100, 300, step=100) for post_id in range(1, 50)} == {100, 200, 300}


@given(COUNT, st.one_of(st.none(), COUNT), st.one_of(st.none(), COUNT))
def test_what_follows_a_provider_is_a_multiple_of_its_step(ours: int, before: int | None, theirs: int | None) -> None:
    after = quantities.after(ours=ours, before=before, theirs=theirs)
    assert after == ours or after % (theirs or 1) == 0
    assert theirs is None or after % theirs == 0


@pytest.mark.parametrize(
    ("ours", "before", "theirs", "after"),
    [
        (1, None, 100, 100),  # nobody set one: follow
        (100, 100, 10, 10),
        (100, 100, 1, 1),
        (100, 100, None, 100),  # not told any more: stay
        (200, 100, 50, 200),  # a person's own, and it fits
        (200, 100, 150, 600),  # a person's own, and it does not
        (50, None, 1, 50),
    ],
)
def test_a_step_follows_until_a_person_sets_another(
    ours: int, before: int | None, theirs: int | None, after: int
) -> None:
    assert quantities.after(ours=ours, before=before, theirs=theirs) == after


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.slug)
def test_only_where_a_customer_names_the_quantity_there_is_a_step(type_: Any) -> None:
    named = type_.units in (Units.QUANTITY, Units.PER_POST)
    assert quantities.step_of(type_.name, 100) == (100 if named else 1)


# ---- the wire --------------------------------------------------------------------------------------------


def step(owner: Owner, number: int, step: int) -> None:
    with scope(panel=owner.panel):
        set_terms(panel_id=owner.panel_id, number=number, terms=ServiceTerms(step=step))


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


@commits
def test_another_quantity_is_refused_with_the_step(door: Door, carol: Buyer, mallory: Buyer, alice: Owner) -> None:
    step(alice, FOLLOWERS, 100)
    asked: dict[str, Any] = {"service": FOLLOWERS, "link": "https://example.com/1"}
    before = everything()
    for quantity in ("101", "150", "9999"):
        answered = door.answer(Request(carol, "add", {**asked, "quantity": quantity}))
        assert (answered.status, answered.json) == (200, {"error": "Incorrect quantity"}), quantity
        assert answered.headers["x-error-code"] == "bad_field"
        assert answered.headers["x-error-detail"] == "The quantity must be a multiple of 100."
    # The service takes 50 to 10000: the least that can be ordered is 100.
    for quantity, text in {
        "50": "Quantity less than minimal 100",
        "99": "Quantity less than minimal 100",
        "10001": "Quantity more than maximum 10000",
        "10100": "Quantity more than maximum 10000",
    }.items():
        answered = door.answer(Request(carol, "add", {**asked, "quantity": quantity}))
        assert answered.json == {"error": text}, quantity
    assert everything() == before
    for quantity in ("100", "700", "10000"):
        assert "order" in door.ask(carol, "add", **asked, quantity=quantity)
    assert "order" in door.ask(mallory, "add", **asked, quantity=150)


@commits
def test_the_list_tells_quantities_that_can_be_ordered(door: Door, carol: Buyer, alice: Owner) -> None:
    before = {row["service"]: row for row in door.ask(carol, "services")}
    step(alice, FOLLOWERS, 30)
    after = {row["service"]: row for row in door.ask(carol, "services")}
    assert list(after[FOLLOWERS]) == list(before[FOLLOWERS]), "strict clients know these keys and no others"
    assert (before[FOLLOWERS]["min"], before[FOLLOWERS]["max"]) == ("50", "10000")
    assert (after[FOLLOWERS]["min"], after[FOLLOWERS]["max"]) == ("60", "9990")
    assert "order" in door.ask(carol, "add", service=FOLLOWERS, link="https://example.com/1", quantity=9990)


def test_each_run_of_a_drip_feed_is_a_multiple(carol: Buyer, alice: Owner, time: Time) -> None:
    step(alice, FOLLOWERS, 100)
    refused = carol.place(quantity=150, runs=2, interval=10)
    assert isinstance(refused, Refusal) and (refused.code, refused.field, refused.why) == (
        "bad_field",
        "quantity",
        "step",
    )
    placed = carol.order(quantity=100, runs=2, interval=10)
    run_schedules()
    time.passes(minutes=10)
    run_schedules()
    assert [child.quantity for child in children_of(placed)] == [100, 100]


def test_posts_are_ordered_for_in_multiples(carol: Buyer, alice: Owner, time: Time) -> None:
    step(alice, SUBSCRIPTION, 100)
    asked: dict[str, Any] = {"service": SUBSCRIPTION, "username": "carol", "delay": 0}
    refused = carol.place(**asked, min=110, max=190)
    assert isinstance(refused, Refusal) and (refused.code, refused.field) == ("bad_field", "max")
    assert (refused.why, dict(refused.facts)) == ("no_step", {"step": 100, "low": 110, "high": 190})
    placed = carol.order(**asked, min=110, max=420)
    with scope(panel=alice.panel):
        for number in range(12):
            link = f"https://example.com/p/{number}"
            assert record_post(panel_id=alice.panel_id, subscription_id=placed, link=link)
    time.passes(minutes=1)
    run_schedules()
    drawn = {child.quantity for child in children_of(placed)}
    assert drawn <= {200, 300, 400} and len(drawn) > 1


@pytest.mark.parametrize("limits", [(50, 10_000, 100), (111, 10_000, 1), (1, 109, 1), (120, 240, 120)])
def test_what_the_service_is_sold_in_no_more_pauses_and_goes_on_by_itself(
    carol: Buyer, alice: Owner, time: Time, limits: tuple[int, int, int]
) -> None:
    placed = carol.order(service=SUBSCRIPTION, username="carol", delay=0, min=110, max=110)
    limit = "UPDATE catalog_service SET min = %s, max = %s, step = %s WHERE id = %s"
    execute(limit, *limits, alice.services[SUBSCRIPTION].id)
    with scope(panel=alice.panel):
        assert record_post(panel_id=alice.panel_id, subscription_id=placed, link="https://example.com/p/1")
    before = carol.balance()
    time.passes(minutes=1)
    run_schedules()
    assert children_of(placed) == [] and row_of(placed).status == "Paused" and carol.balance() == before
    assert value("SELECT pause_reason FROM orders_schedule") == "quantity"
    which: dict[str, Any] = {"panel_id": alice.panel_id, "order_id": placed, "by": "carol"}
    assert pause_actions.resume(**which, customer_id=carol.customer_id) == pause_actions.WAITS_FOR_SERVICE
    execute(limit, 50, 10_000, 1, alice.services[SUBSCRIPTION].id)
    time.passes(minutes=10)
    run_schedules()
    assert [child.quantity for child in children_of(placed)] == [110] and row_of(placed).status == "Active"


def test_posts_are_ordered_for_within_what_the_service_is_sold_in_today(carol: Buyer, alice: Owner, time: Time) -> None:
    placed = carol.order(service=SUBSCRIPTION, username="carol", delay=0, min=100, max=1000)
    execute("UPDATE catalog_service SET min = 200, max = 210 WHERE id = %s", alice.services[SUBSCRIPTION].id)
    with scope(panel=alice.panel):
        for number in range(12):
            link = f"https://example.com/p/{number}"
            assert record_post(panel_id=alice.panel_id, subscription_id=placed, link=link)
    time.passes(minutes=1)
    run_schedules()
    drawn = [child.quantity for child in children_of(placed)]
    assert len(drawn) == 12 and all(200 <= quantity <= 210 for quantity in drawn)


def test_lines_and_packages_are_sold_as_ever_whatever_the_row_says(carol: Buyer, alice: Owner) -> None:
    for number in (COMMENTS, PACKAGE):
        with scope(panel=alice.panel), pytest.raises(ValueError, match="no step"):
            set_terms(panel_id=alice.panel_id, number=number, terms=ServiceTerms(step=100))
        execute("UPDATE catalog_service SET step = 100 WHERE id = %s", alice.services[number].id)
    assert row_of(carol.order(service=COMMENTS, comments="\n".join("abcd"))).quantity == 4
    assert isinstance(carol.place(service=PACKAGE, quantity=7), int)


def test_a_quote_refuses_as_the_order_does(carol: Buyer, alice: Owner) -> None:
    step(alice, FOLLOWERS, 100)
    refused, good = quotes.quote([carol.command(quantity=150), carol.command(quantity=200)]).lines
    assert isinstance(refused, Refusal) and refused.why == "step"
    assert isinstance(good, quotes.Quote) and good.quantity == 200


def test_what_cannot_be_a_step_changes_nothing(alice: Owner) -> None:
    before = everything()
    for wrong, said in ((0, "at least 1"), (-5, "at least 1"), (10_001, "No multiple"), (10**30, "No multiple")):
        with scope(panel=alice.panel), pytest.raises(ValueError, match=said):
            set_terms(panel_id=alice.panel_id, number=FOLLOWERS, terms=ServiceTerms(step=wrong))
        new = NewService(
            number=77, category="x", name="x", type="Default", rate_micros=1, min=50, max=10_000, step=wrong
        )
        with scope(panel=alice.panel), pytest.raises(ValueError, match=f"service 77: .*{said}"):
            add_services(alice.panel_id, [new])
    assert everything() == before


def test_a_new_step_is_told_once(alice: Owner) -> None:
    for _ in range(2):
        step(alice, FOLLOWERS, 100)
    assert value("SELECT step FROM catalog_service WHERE id = %s", alice.services[FOLLOWERS].id) == 100
    assert len(values("SELECT 1 FROM events_event WHERE name = 'service.step_changed'")) == 1
    with scope(panel=alice.panel):
        (news,) = catalogue_news(alice.panel_id, kind=News.LIMITS).items
    assert (news.old, news.new) == ((50, 10_000), (100, 10_000)), "what can be ordered, as customers are told"
