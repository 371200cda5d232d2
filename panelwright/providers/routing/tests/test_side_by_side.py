"""Cancels and refills go to several providers at once: one that does not answer holds up nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from panelwright.core import clock
from panelwright.core.refusal import InvalidState
from panelwright.providers.manual import manual_actions
from panelwright.providers.routing import request_actions, resolve_actions
from panelwright.providers.routing.request_actions import REFILLS_AT_ONCE
from panelwright.providers.worker import Worker
from tests.support.by_hand import BY
from tests.support.people import FOLLOWERS, Buyer, Owner, Time, execute, value, values
from tests.support.rounds import Rounds
from tests.support.upstream import ScriptedUpstream

# The worker's threads see only what is committed.
commits = pytest.mark.django_db(transaction=True)
NewUpstream = Callable[[], ScriptedUpstream]


def accepts(params: dict[str, str]) -> Any:
    """A yes to each cancel that is asked for."""
    ids = params["orders"] if "orders" in params else params["order"]
    return [{"order": int(ref), "cancel": 1} for ref in ids.split(",")]


class Slow:
    """Two providers; the first one answers only when it is let go."""

    def __init__(self, alice: Owner, carol: Buyer, new: NewUpstream, rounds: Rounds) -> None:
        self.alice, self.carol = alice, carol
        self.let_go = threading.Event()
        self.first, self.second = new(), new()
        self.ids: list[int] = []
        for name, upstream in (("first", self.first), ("second", self.second)):
            provider = alice.provider(upstream.url, name=name)
            execute("UPDATE providers_route SET enabled = %s", False)
            alice.route(FOLLOWERS, provider)
            upstream.answers("add", *({"order": n} for n in range(1, 30)))
            for n in range(3):
                self.ids.append(carol.order(link=f"https://example.com/{name}/{n}"))
            rounds.forward()

    def waits(self, params: dict[str, str]) -> Any:
        assert self.let_go.wait(30)
        return {"refill": 1} if params["action"] == "refill" else accepts(params)


@pytest.fixture
def slow(alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds) -> Slow:
    return Slow(alice, carol, new_upstream, worker)


@pytest.fixture
def loops(slow: Slow) -> Iterator[Worker]:
    """A worker of which the test calls the loops; its rounds run on its threads."""
    made = Worker()
    yield made
    slow.let_go.set()
    made.close(wait_for=True)


def until(done: Callable[[], bool], again: Callable[[], object]) -> None:
    """Call `again` until it is done; 20 s are an eternity for it."""
    deadline = clock.now().timestamp() + 20
    while not done():
        assert clock.now().timestamp() < deadline
        again()
        threading.Event().wait(0.01)


@commits
def test_a_provider_that_does_not_answer_holds_up_nobody_elses_cancels(slow: Slow, loops: Worker) -> None:
    slow.first.answers("cancel", slow.waits)
    slow.second.answers("cancel", accepts)
    slow.carol.cancel(*slow.ids[:1])
    until(lambda: bool(slow.first.called("cancel")), loops.cancels)
    # What is asked for later goes out, too, and again.
    for order_id in slow.ids[3:]:
        before = len(slow.second.called("cancel"))
        slow.carol.cancel(slow.ids[1], order_id)
        until(partial(lambda count: len(slow.second.called("cancel")) > count, before), loops.cancels)
    assert len(slow.first.called("cancel")) == 1, "and it gets no second request meanwhile"
    slow.let_go.set()
    done = "SELECT COUNT(*) FROM orders_cancel WHERE state = 'passed on' AND order_id = %s"
    until(lambda: value(done, slow.ids[0]) == 1, loops.cancels)


@commits
def test_a_provider_that_does_not_answer_holds_up_nobody_elses_refills(slow: Slow, loops: Worker) -> None:
    slow.first.answers("refill", slow.waits)
    slow.second.answers("refill", *({"refill": n} for n in range(50, 60)))
    for order_id in slow.ids:
        resolve_actions.done(panel_id=slow.alice.panel_id, order_id=order_id, by=BY)
    execute("UPDATE orders_order SET ended_at = %s", clock.now() - timedelta(days=2))
    slow.carol.refill(slow.ids[0])
    until(lambda: bool(slow.first.called("refill")), loops.refills)
    taken = "SELECT COUNT(*) FROM orders_refill WHERE id = %s AND state = 'passed on'"
    for order_id in slow.ids[3:]:
        (refill_id,) = slow.carol.refill(order_id)
        until(partial(lambda id_: value(taken, id_) == 1, refill_id), loops.refills)
    assert len(slow.first.called("refill")) == 1
    slow.let_go.set()
    until(lambda: value("SELECT COUNT(*) FROM orders_refill WHERE state = 'passed on'") == 4, loops.refills)


def test_one_provider_gets_so_many_refills_at_once(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    count = REFILLS_AT_ONCE + 3
    upstream.answers("add", *({"order": n} for n in range(1, count + 1)))
    ids = [carol.order(link=f"https://example.com/{n}") for n in range(count)]
    worker.forward()
    execute(
        "UPDATE orders_order SET status = 'Completed', remains = 0, job = NULL, due_at = NULL, ended_at = %s", time.now
    )
    time.passes(days=2)
    carol.refill(*ids)
    assert len(request_actions.claim_refills(100)) == REFILLS_AT_ONCE
    assert len(request_actions.claim_refills(100)) == 3


def test_what_staff_answer_while_it_is_passed_on_stays_answered(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 1})
    order_id = carol.order()
    worker.forward()
    carol.cancel(order_id)
    ((provider_id, sent),) = request_actions.claim_cancels(10).items()
    manual_actions.refuse_cancel(panel_id=alice.panel_id, order_id=order_id, by=BY, text="nearly done")
    request_actions.commit_cancels(provider_id, sent, {})
    assert values("SELECT state, answer_code, answer_facts FROM orders_cancel") == [
        ("done", "request_refused", '{"said": "nearly done"}')
    ]
    with pytest.raises(InvalidState, match="No cancellation of this order"):
        manual_actions.accept_cancel(panel_id=alice.panel_id, order_id=order_id, by=BY)
    time.passes(hours=1)
    carol.cancel(order_id)
    manual_actions.accept_cancel(panel_id=alice.panel_id, order_id=order_id, by=BY)
    assert carol.sees(order_id)[:3] == ("Canceled", "0.00", 1000)
    assert values("SELECT state, answer_code, answer_facts FROM orders_cancel") == [
        ("done", "order_has_ended", '{"status": "Canceled"}')
    ]
