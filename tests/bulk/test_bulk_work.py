"""Bulk work: each object is done exactly once, whoever is killed when; what was shown is what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.effort import effort

if TYPE_CHECKING:
    from tests.staff.cases import World
    from tests.support.people import Time

pytestmark = pytest.mark.django_db

WHERE = "198.51.100.9"


def refunds() -> int:
    from tests.support.people import value

    return int(value("SELECT COALESCE(SUM(amount_micros), 0) FROM ledger_transfer WHERE code = 'refund'"))


def trail_of(work: Any) -> list[int]:
    from tests.support.people import values

    return [row[0] for row in values("SELECT object_id FROM staff_trailentry WHERE bulk_id = %s ORDER BY id", work.id)]


def test_what_is_shown_is_what_is_done_and_told(world: World) -> None:
    from panelwright.staff.bulk import Foreseen
    from tests.bulk.working import again, foreseen, one_slice, started
    from tests.support.people import value, values

    orders = [world.queued() for _ in range(5)]
    world.do("order.done", orders[1])
    before = refunds()
    seen = foreseen(world.alice, "order.cancel")
    assert isinstance(seen, Foreseen)
    assert (seen.count, seen.tried, seen.todo, seen.expected) == (5, 5, 4, 4)
    assert seen.refund_micros == 4 * 900_000
    assert {code: (one.count, one.first) for code, one in seen.skipped.items()} == {
        "order_ended": (1, orders[1].number)
    }
    assert refunds() == before, "to look ahead moves nothing"
    work = started(world.alice, "order.cancel")
    # What comes in later is not part of it.
    later = world.queued()
    assert one_slice() == 5
    done = again(world.alice, work)
    assert (done.state, done.total, done.done, done.skipped, done.failed) == ("done", 5, 4, 1, 0)
    assert done.refund_micros == seen.refund_micros == refunds() - before
    assert (done.due_at, done.lease_until, done.ended_at is not None) == (None, None, True)
    assert trail_of(work) == [order.number for i, order in enumerate(orders) if i != 1]
    who = values("SELECT DISTINCT actor_kind, actor_id, actor_name, address FROM staff_trailentry WHERE bulk_id > 0")
    assert who == [("staff", world.alice.staff.id, world.alice.staff.user.email, WHERE)]
    assert values("SELECT target, failed, code FROM staff_bulkmiss") == [(orders[1].number, False, "order_ended")]
    assert value("SELECT status FROM orders_order WHERE id = %s", later) == "Pending"
    assert one_slice() == 0


def test_a_worker_that_is_killed_at_any_statement_leaves_each_object_done_once(world: World, time: Time) -> None:
    from tests.bulk.working import again, one_slice, started
    from tests.simulator.killed import Killed, dies_after
    from tests.support.people import values

    orders = [world.queued() for _ in range(4)]
    world.do("order.done", orders[2])
    before = refunds()
    work = started(world.alice, "order.cancel")
    deaths, writes = 0, 0
    while again(world.alice, work).state == "running":
        try:
            # Each life gets one statement further than the last: each is once the one before which it dies.
            with dies_after(writes):
                one_slice()
        except Killed:
            deaths += 1
        writes = writes + 1 if deaths < 25 else 1_000
        # Who is dead keeps the work until its lease is over.
        time.passes(seconds=21)
    done = again(world.alice, work)
    assert deaths >= 10
    assert (done.done, done.skipped, done.failed) == (3, 1, 0)
    assert done.refund_micros == refunds() - before == 3 * 900_000
    assert trail_of(work) == [order.number for i, order in enumerate(orders) if i != 2]
    events = values("SELECT COUNT(*) FROM events_event WHERE name = 'order.canceled'")
    assert events == [(3,)]


def test_of_two_workers_with_the_same_work_one_commits(world: World, time: Time) -> None:
    """The lease of the first is over while it is in the middle of an object."""
    from panelwright.customers.access import actor_again
    from panelwright.staff import bulk_actions
    from tests.bulk.working import again, one_slice, started

    for _ in range(3):
        world.queued()
    before = refunds()
    work = started(world.alice, "order.cancel")
    slow = bulk_actions.claim()
    assert slow is not None
    assert bulk_actions.claim() is None, "it is somebody's"
    time.passes(seconds=21)
    assert one_slice() == 3
    assert bulk_actions.work_on(slow, actor_again, rest=False) == 0
    done = again(world.alice, work)
    assert (done.state, done.done, done.skipped) == ("done", 3, 0)
    assert refunds() - before == 3 * 900_000


def test_work_goes_on_in_slices_and_is_stopped_in_between(world: World, time: Time) -> None:
    from panelwright.core.refusal import Refusal
    from tests.bulk.working import again, one_slice, started
    from tests.support.people import execute

    orders = [world.queued() for _ in range(4)]
    work = started(world.alice, "order.cancel")
    other = started(world.alice, "order.done", keys=[orders[3].number])
    assert one_slice(slice_s=0) == 1
    # Whoever was served last waits longest.
    time.passes(seconds=1)
    execute("UPDATE staff_bulkwork SET due_at = %s WHERE id = %s", time.now, work.id)
    assert one_slice(slice_s=0) == 1, "the other's turn"
    assert again(world.alice, other).done == 1
    assert one_slice(slice_s=0) in {0, 1}
    world.do("bulk.stop", work.number)
    while one_slice(slice_s=0):
        pass
    done = again(world.alice, work)
    assert (done.state, done.stop_code) == ("stopped", "by_hand")
    assert 1 <= done.done <= 2
    refused = world.tried("bulk.stop", work.number, {})
    assert isinstance(refused, Refusal) and refused.code == "bulk_ended"


def test_who_may_not_any_more_goes_on_with_nothing(world: World) -> None:
    from panelwright.customers.access import staff_actor
    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from tests.bulk.working import again, foreseen, one_slice, started

    for _ in range(3):
        world.queued()
    with scope(panel=world.alice.panel):
        eve = create_staff(
            panel_id=world.alice.panel_id, email="eve@staff.example", password="x" * 12, role=Role.ORDERS
        )
        actor = staff_actor(eve, address=WHERE)
    work = started(world.alice, "order.cancel", actor=actor)
    assert one_slice(slice_s=0) == 1
    with scope(panel=world.alice.panel):
        type(eve).objects.filter(id=eve.id).update(role=Role.SUPPORT.value)
    assert one_slice() == 0
    done = again(world.alice, work)
    assert (done.state, done.stop_code, done.done) == ("stopped", "not_allowed", 1)
    with scope(panel=world.alice.panel):
        actor = staff_actor(type(eve).objects.select_related("user").get(id=eve.id), address=WHERE)
    refused = foreseen(world.alice, "order.cancel", actor=actor)
    assert getattr(refused, "code", "") == "not_allowed"


def test_a_fault_in_one_object_fails_that_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.providers.routing import resolve_rules
    from tests.bulk.working import again, one_slice, started
    from tests.support.people import values

    orders = [world.queued() for _ in range(3)]
    work = started(world.alice, "order.cancel")
    whole = resolve_rules.cancel

    def faulty(order: Any, *args: Any, **kwargs: Any) -> Any:
        if order.number == orders[1].number:
            raise ZeroDivisionError
        return whole(order, *args, **kwargs)

    monkeypatch.setattr(resolve_rules, "cancel", faulty)
    world.worker.fails = True
    assert one_slice() == 3
    done = again(world.alice, work)
    assert (done.state, done.done, done.skipped, done.failed) == ("done", 2, 0, 1)
    assert values("SELECT target, failed, code FROM staff_bulkmiss") == [(orders[1].number, True, "bulk_failed")]


def test_what_is_sent_twice_is_started_once(world: World) -> None:
    from panelwright.core.refusal import Refused
    from tests.bulk.working import started
    from tests.support.people import value

    world.queued()
    first = started(world.alice, "order.done", once="form-1")
    assert started(world.alice, "order.done", once="form-1").id == first.id
    with pytest.raises(Refused, match="already used"):
        started(world.alice, "order.cancel", once="form-1")
    assert value("SELECT COUNT(*) FROM staff_bulkwork") == 1


STATES = st.lists(
    st.tuples(
        st.sampled_from(["queued", "started", "partly", "ended", "lost", "drip", "drip with runs", "subscription"]),
        st.integers(1, 999),
    ),
    min_size=1,
    max_size=5,
)
ACTIONS = st.sampled_from(
    ["order.cancel", "order.partial", "order.stop", "cancel.accept", "order.done", "order.send", "order.set_remains"]
)


@settings(
    max_examples=effort(12, proving=300), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(states=STATES, action=ACTIONS, remains=st.none() | st.integers(1, 999))
def test_the_sum_that_is_shown_is_the_sum_that_goes_back(
    world: World, states: list[tuple[str, int]], action: str, remains: int | None
) -> None:
    """When nothing changes between: the same orders, the same money, the same refusals."""
    from panelwright.core.refusal import Refusal
    from panelwright.staff.bulk import Foreseen
    from tests.bulk.working import again, foreseen, one_slice, started
    from tests.support.people import values

    first = _made(world, states)
    how: dict[str, Any] = {"remains": remains} if action == "order.partial" and remains is not None else {}
    if action == "order.set_remains":
        how = {"remains": remains or 1}
    if action == "order.send":
        how = {"provider": "our people", "whole": remains is None}
    on = "cancels" if action.startswith("cancel.") else "orders"
    if on == "orders":
        how["keys"] = [row[0] for row in values("SELECT number FROM orders_order WHERE id >= %s", first)]
    seen = foreseen(world.alice, action, on=on, **how)
    if isinstance(seen, Refusal):
        assert seen.code == "nothing_selected" and on == "cancels"
        return
    before = refunds()
    assert isinstance(seen, Foreseen)
    work = started(world.alice, action, on=on, **how)
    while one_slice():
        pass
    done = again(world.alice, work)
    assert refunds() - before == seen.refund_micros == done.refund_micros
    assert (done.done, done.skipped + done.failed) == (seen.todo, seen.left_out)
    codes = values("SELECT code, COUNT(*) FROM staff_bulkmiss WHERE work_id = %s GROUP BY code", work.id)
    assert dict(codes) == {code: one.count for code, one in seen.skipped.items()}


def _made(world: World, states: list[tuple[str, int]]) -> int:
    """Orders in these states; the id of the first of them."""
    from tests.support.people import SUBSCRIPTION, execute

    made = []
    for state, remains in states:
        match state:
            case "drip" | "drip with runs":
                order = world.carol.order(runs=3, interval=5, quantity=50, link=world.link())
                if state == "drip with runs":
                    world.worker.schedules()
                    world.worker.forward()
            case "subscription":
                order = world.carol.order(service=SUBSCRIPTION)
            case "lost":
                order = world.lost()
            case "queued" | "ended":
                order = world.queued()
            case _:
                order = world.cancel_asked() if remains % 2 else world.started()
        if state == "partly":
            execute("UPDATE orders_order SET remains = %s WHERE id = %s", remains, order)
        if state == "ended":
            world.do("order.done", order)
        made.append(int(order))
    return min(made)


def test_work_over_windows_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that no index serves: windows without a row of it move the work on, too."""
    from panelwright.core import paging
    from tests.bulk.working import again, one_slice, started
    from tests.support.people import FOLLOWERS, LIKES

    numbers = [world.queued(LIKES if n in {1, 7} else FOLLOWERS).number for n in range(9)]
    page = paging.page

    def in_small_windows(found: Any, **how: Any) -> Any:
        return page(found._replace(window=2), **how)

    monkeypatch.setattr(paging, "page", in_small_windows)
    work = started(world.alice, "order.done", asked={"service": str(LIKES)})
    rounds = 0
    while again(world.alice, work).state == "running":
        one_slice(slice_s=0)
        rounds += 1
    done = again(world.alice, work)
    assert (done.done, done.total) == (2, 2)
    assert rounds > 4
    assert trail_of(work) == [numbers[1], numbers[7]]
