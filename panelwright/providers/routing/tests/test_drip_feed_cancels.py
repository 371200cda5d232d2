"""A drip-feed is cancelled in each way there is, in each state it can be in: once, exactly, and for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from panelwright.core.refusal import InvalidState
from panelwright.orders import pause_actions
from panelwright.providers.routing import actions, resolve_actions
from tests.support.people import FOLLOWERS, Buyer, Owner, Time, check_books, children_of, everything, row_of
from tests.support.rounds import Rounds
from tests.support.upstream import ScriptedUpstream

RUNS = 4  # of 100 units, 0.09 each


def by_api(carol: Buyer, order_id: int) -> bool:
    return carol.cancel(order_id) == [1]


def by_command(carol: Buyer, order_id: int) -> bool:
    return pause_actions.cancel(panel_id=carol.owner.panel_id, order_id=order_id, by="bob") is None


def by_staff_api(carol: Buyer, order_id: int) -> bool:
    """Ends it at once, whatever its provider still does; not while a run goes out."""
    try:
        resolve_actions.cancel(panel_id=carol.owner.panel_id, order_id=order_id, by="bob")
    except InvalidState:
        return False
    return True


Way = Callable[[Buyer, int], bool]
WAYS: list[Way] = [by_api, by_command, by_staff_api]


@pytest.fixture
def far(alice: Owner, upstream: ScriptedUpstream) -> ScriptedUpstream:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", *({"order": 700 + n} for n in range(RUNS)))
    upstream.answers("cancel", lambda params: [{"order": int(i), "cancel": 1} for i in params["orders"].split(",")])
    return upstream


def reports(far: ScriptedUpstream, **said: Any) -> None:
    one = {"charge": "0", "start_count": "0", "status": "In progress", "remains": "100", "currency": "USD"} | said
    far.answers("status", lambda p: one if "order" in p else dict.fromkeys(p["orders"].split(","), one))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("started", range(RUNS + 1))
@pytest.mark.parametrize("paused", [False, True])
def test_it_ends_once_and_gives_back_what_was_not_delivered(
    far: ScriptedUpstream, carol: Buyer, worker: Rounds, time: Time, way: Way, started: int, paused: bool
) -> None:
    """`started` runs are with the provider; of those the first one is done, and the others end when it says so."""
    order_id = carol.order(quantity=100, runs=RUNS, interval=10)
    reports(far)
    for number in range(started):
        worker.schedules()
        worker.forward()
        if number == 0:
            reports(far, status="Completed", remains="0")
            time.passes(minutes=5)
            worker.poll()
            reports(far)
        time.passes(minutes=10)
    if paused and started < RUNS:
        assert pause_actions.pause(panel_id=carol.owner.panel_id, order_id=order_id, by="carol") is None
    assert way(carol, order_id)
    after = everything()
    if way is by_staff_api or started <= 1:
        assert row_of(order_id).ended_at is not None
        assert not any(again(carol, order_id) for again in WAYS)
        assert everything() == after
    else:
        worker.cancels()
        reports(far, status="Canceled")
        time.passes(hours=1)
        worker.poll()
    order = row_of(order_id)
    assert order.status == ("Canceled" if started == 0 else "Partial")
    done = min(started, 1)
    assert (order.remains, carol.balance()) == (100 * (RUNS - done), "99.91" if done else "100.00")
    time.passes(days=1)
    sent = len(far.called("add"))
    worker.everything()
    assert len(far.called("add")) == sent and len(children_of(order_id)) == started
    check_books()


@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_goes_out_at_this_moment_is_not_lost(
    far: ScriptedUpstream, carol: Buyer, worker: Rounds, time: Time, way: Way
) -> None:
    order_id = carol.order(quantity=100, runs=RUNS, interval=10)
    worker.schedules()
    (sending,) = actions.claim_forward(10)
    before = everything()
    canceled = way(carol, order_id)
    if way is by_staff_api:
        assert not canceled and everything() == before
    actions.commit_sent([worker.send_one(sending)])
    (run,) = children_of(order_id)
    assert run.upstream_id == "700", "what the provider has taken is known"
    if way is by_staff_api:
        assert way(carol, order_id)
        assert carol.balance() == "100.00"
    else:
        time.passes(minutes=1)
        worker.cancels()
        reports(far, status="Partial", remains="40")
        time.passes(hours=1)
        worker.poll()
        assert row_of(order_id).status == "Partial" and row_of(order_id).remains == 340
        assert carol.balance() == "99.946"
    time.passes(days=1)
    worker.everything()
    assert len(far.called("add")) == 1
    check_books()


@pytest.mark.parametrize("way", WAYS)
def test_nobody_elses_is_cancelled(far: ScriptedUpstream, mallory: Buyer, carol: Buyer, time: Time, way: Way) -> None:
    order_id = mallory.order(quantity=100, runs=RUNS, interval=10)
    before = everything()
    try:
        assert not way(carol, order_id)
    except ValueError:
        pass
    assert everything() == before
