"""Orders that a provider reports of a subscription: unreadable ones, very many, and another number than of posts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scope

from panelwright.core.said import words
from panelwright.orders import problems
from panelwright.orders.models import Order
from panelwright.providers import order_queries
from panelwright.providers.posts import subscription_actions as subscriptions
from panelwright.providers.posts.tests import test_whole_subscriptions
from panelwright.providers.posts.tests.test_whole_subscriptions import Far, asked, look, stands, subscribe, trouble
from panelwright.providers.routing import resolve_actions
from tests.support.people import Buyer, Owner, Time, check_books, children_of, execute, row_of, value, values
from tests.support.rounds import Rounds
from tests.support.upstream import Http

far = test_whole_subscriptions.far


def test_an_order_that_the_provider_does_not_know_holds_up_nothing_else(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    far.makes(901, 100)
    far.listed = [777, "Array", None, 0, -5, "x" * 300, 901]
    look(worker, time)
    assert [o.upstream_id for o in children_of(order_id)] == ["901"]
    assert stands(order_id) == ("Active", "", "poll") and trouble(order_id) == ""


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ({"error": "Incorrect order ID"}, problems.POST_NOT_KNOWN, "Incorrect order ID"),
        ({}, problems.POST_UNREAD, "not understood"),
        ("<br>Deprecated: each()", problems.POST_UNREAD, ""),
    ],
)
def test_the_charge_of_an_order_that_cannot_be_read_is_not_lost_at_the_end(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time, answer: Any, code: str, said: str
) -> None:
    """It ends at its provider while one of its orders is not known there, or nothing can be read of it."""
    order_id = subscribe(carol, worker, min=100, max=300)
    far.makes(901, 100)
    known = far.one
    far.one = lambda ref: answer if ref == "777" else known(ref)  # type: ignore[method-assign]
    far.listed = [901, 777]
    far.word = "Completed"
    waits: list[float] = []
    while len(children_of(order_id)) < 2 and len(waits) < 20:
        look(worker, time, seconds=901)
        due_at = row_of(order_id).due_at
        waits.append((due_at - time.now).total_seconds() if due_at else 0)
        if len(waits) == 3:
            assert stands(order_id) == ("Active", "", "poll") and trouble(order_id) == ""
    assert waits == [10, 20, 40, 80, 160, 320, 640, 0], "asked again after twice as long each time"
    assert stands(order_id) == ("Completed", "", None)
    paid, unread = children_of(order_id)
    assert (paid.upstream_id, paid.charge_micros) == ("901", 150_000)
    assert (unread.upstream_id, unread.charge_micros, unread.job, unread.ended_at) == ("777", 0, None, None)
    facts = problems.facts_of(unread.problem_facts)
    assert unread.problem_code == code and said in words(facts["said"])
    assert (facts["cost"], facts["cost_max"], facts["currency"]) == ("0.15", "0.45", "USD")
    assert "0.15 to 0.45 USD" in trouble(unread.id)
    assert value("SELECT unread FROM orders_schedule") == ""
    with scope(panel=alice.panel):
        listed = [item["id"] for item in order_queries.problem_orders(alice.panel_id).items]
    assert listed == [unread.number]
    assert subscriptions.charge_post(panel_id=alice.panel_id, order_id=unread.id, by="bob") == 150_000
    assert carol.balance() == "99.70"
    check_books()


def test_an_order_that_can_be_read_after_all_is_charged_as_any(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker, min=100, max=300)
    far.listed = [777]
    for _ in range(5):
        look(worker, time)
    assert json.loads(value("SELECT unread FROM orders_schedule")) == {"777": [5, 0]}
    # A provider that takes no requests says nothing of the order.
    far.upstream.answers("status", Http(429, "busy"))
    look(worker, time)
    far.upstream.answers("status", far.status)
    time.passes(hours=2)
    execute("UPDATE orders_schedule SET unread = %s", '{"777": 5}')  # as it was written before
    far.makes(777, 200)
    look(worker, time)
    assert [(o.upstream_id, o.charge_micros) for o in children_of(order_id)] == [("777", 300_000)]
    assert value("SELECT unread FROM orders_schedule") == "" and trouble(order_id) == ""


LATER = {"error": "Rate limit exceeded, please retry later"}


def waited(worker: Rounds, time: Time, order_id: int) -> float:
    """Seconds to the next look at it, after one that comes once it is due."""
    due_at = row_of(order_id).due_at
    assert due_at is not None
    time.passes(seconds=max((due_at - time.now).total_seconds(), 0))
    worker.poll()
    due_at = row_of(order_id).due_at
    return (due_at - time.now).total_seconds() if due_at is not None else 0.0


def test_a_refusal_that_passes_counts_where_others_beside_it_are_answered(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker, min=100, max=300)
    known = far.one
    far.one = lambda ref: LATER if ref == "777" else known(ref)  # type: ignore[method-assign]
    waits = []
    for ref in range(901, 909):
        # Each time there is a new one, which is answered.
        far.makes(ref, 100)
        far.listed = [*range(901, ref + 1), 777]
        waits.append(waited(worker, time, order_id))
    assert waits[:7] == [10, 20, 40, 80, 160, 320, 640]
    *paid, unread = children_of(order_id)
    assert [o.charge_micros for o in paid] == [150_000] * 8
    assert (unread.upstream_id, unread.charge_micros) == ("777", 0)
    assert unread.problem_code == problems.POST_UNREAD
    assert value("SELECT unread FROM orders_schedule") == ""


def test_a_refusal_that_passes_of_one_order_alone_is_of_the_order_after_a_day(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker, min=100, max=300)
    known = far.one
    far.one = lambda ref: LATER if ref == "777" else known(ref)  # type: ignore[method-assign]
    far.listed = [777]
    began = time.now
    waits: list[float] = []
    while not children_of(order_id) and len(waits) < 200:
        waits.append(waited(worker, time, order_id))
        execute("UPDATE providers_provider SET rest_until = NULL")
    assert waits[:9] == [10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert 0.6 < (time.now - began).total_seconds() / 86_400 < 1.1
    (unread,) = children_of(order_id)
    assert (unread.charge_micros, unread.problem_code) == (0, problems.POST_UNREAD)


@pytest.mark.parametrize("per_minute", [1, 10])
def test_orders_of_a_provider_with_a_low_limit_are_asked_about_all_the_same(
    far: Far, carol: Buyer, worker: Rounds, time: Time, monkeypatch: pytest.MonkeyPatch, per_minute: int
) -> None:
    """The look at the subscription takes what may be sent at once; the next request is waited for."""
    order_id = subscribe(carol, worker)
    execute("UPDATE providers_provider SET per_minute_max = %s", per_minute)
    far.makes(901, 100)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.passes(seconds=seconds)

    monkeypatch.setattr("panelwright.providers.worker.time.sleep", sleep)
    look(worker, time)
    assert slept == [pytest.approx(61 / per_minute)]
    assert [(o.upstream_id, o.charge_micros) for o in children_of(order_id)] == [("901", 150_000)]


@pytest.mark.parametrize(("posts", "differs"), [("2", False), ("3", True), ("1", True), ("0", False), ("", False)])
def test_posts_and_orders_that_differ_at_the_end_are_a_problem(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time, posts: str, differs: bool
) -> None:
    order_id = subscribe(carol, worker)
    far.makes(901, 100)
    far.makes(902, 100)
    known = far.one
    far.one = lambda ref: known(ref) | ({"posts": posts} if ref == "900" else {})  # type: ignore[method-assign]
    look(worker, time)
    assert trouble(order_id) == "", "it is not over yet: one may have been made just now"
    far.word = "Completed"
    look(worker, time)
    if not differs:
        assert stands(order_id) == ("Completed", "", None)
        return
    assert stands(order_id) == ("Active", "", "poll")
    assert trouble(order_id) == f"upstream says that it is over with {posts} posts, and names 2 orders"
    if posts == "3":
        far.makes(903, 100)
        look(worker, time)
        assert stands(order_id) == ("Completed", "", None) and carol.balance() == "99.55"
    else:
        resolve_actions.done(panel_id=alice.panel_id, order_id=order_id, by="bob")
        assert stands(order_id)[0] == "Completed" and carol.balance() == "99.70"
    check_books()


def test_more_than_ten_thousand_orders_are_all_taken_over(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = subscribe(carol, worker)
    far.makes(901, 100)
    look(worker, time)
    (first,) = children_of(order_id)
    own = {"id", "number", "upstream_id", "ended_at", "job", "due_at", "status", "booked_micros", "charge_micros"}
    columns = ", ".join(str(field.column) for field in Order._meta.fields if field.column not in own)
    execute(
        "WITH RECURSIVE n(ref) AS (SELECT 100000 UNION ALL SELECT ref + 1 FROM n WHERE ref < 109999)"
        f" INSERT INTO orders_order ({columns}, id, number, upstream_id, ended_at, status, booked_micros,"
        f" charge_micros) SELECT {columns}, ref, ref, CAST(ref AS text), created_at, 'Canceled', 0, 0"
        " FROM orders_order, n WHERE id = %s",
        first.id,
    )
    for ref in (902, 903):
        far.makes(ref, 100)
    far.listed = [*range(100_000, 110_000), 901, 902, 903]
    look(worker, time)
    fresh = values("SELECT upstream_id FROM orders_order WHERE upstream_id IN ('902', '903') ORDER BY id")
    assert fresh == [("902",), ("903",)]
    assert all(len(call["orders"].split(",")) <= 100 for call in asked(far))
    execute("DELETE FROM orders_order WHERE id BETWEEN 100000 AND 109999")


def test_a_single_order_may_come_without_a_list(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = subscribe(carol, worker, min=100, max=300)
    far.makes(901, 100)
    said = far.one
    far.one = lambda ref: said(ref) | ({"orders": 901} if ref == "900" else {})  # type: ignore[method-assign]
    look(worker, time)
    assert [o.upstream_id for o in children_of(order_id)] == ["901"] and carol.balance() == "99.85"
