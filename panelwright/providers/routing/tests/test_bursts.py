"""Answers that are written down together: one that cannot be written changes nothing for the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from panelwright.orders import lifecycle
from panelwright.orders.settling import Settled
from panelwright.providers.routing import calls
from panelwright.providers.routing.actions import claim_forward
from tests.support.people import FOLLOWERS, Buyer, Owner, Time, check_books, execute, problem_of, row_of, value
from tests.support.rounds import Rounds
from tests.support.upstream import ScriptedUpstream

NewUpstream = Callable[[], ScriptedUpstream]
# How long the other worker leaves open what it has written, in seconds.
OPEN_S = 1.0


def unwritable(monkeypatch: pytest.MonkeyPatch, order_id: int, *, status: str) -> None:
    """The database refuses what becomes of one order when it gets this status, as it would for a fault of ours."""
    apply = lifecycle.OrderChanges.apply

    def broken(self: lifecycle.OrderChanges, settled: Settled) -> None:
        order = settled.order
        bad = order.id == int(order_id) and order.status == status
        apply(self, Settled(order._replace(remains=-1)) if bad else settled)

    monkeypatch.setattr(lifecycle.OrderChanges, "apply", broken)


@pytest.mark.django_db(transaction=True)
def test_an_id_that_is_taken_while_a_burst_is_written_harms_no_other_panel(
    alice: Owner, rival: Owner, carol: Buyer, mallory: Buyer, new_upstream: NewUpstream, worker: Rounds
) -> None:
    bad, good = new_upstream(), new_upstream()
    alice.route(FOLLOWERS, alice.provider(bad.url))
    rival.route(FOLLOWERS, rival.provider(good.url))
    rival.credits(mallory, "10.00", reference="1")
    bad.answers("add", {"order": 1})
    good.answers("add", {"order": 55})
    first = carol.order()
    assert len(claim_forward(10)) == 1  # another worker has this one
    second, theirs = carol.order(link="https://example.com/b"), mallory.order(link="https://example.com/c")
    written = threading.Event()

    def other_worker() -> None:
        taken = "UPDATE orders_order SET upstream_id = '1', job = 'poll', lease_until = NULL WHERE id = %s"
        with transaction.atomic():
            execute(taken, int(first))
            written.set()
            threading.Event().wait(OPEN_S)
        connections.close_all()

    beside = threading.Thread(target=other_worker)
    beside.start()
    assert written.wait(30)
    worker.forward()
    beside.join()
    assert (row_of(theirs).job, row_of(theirs).upstream_id) == ("poll", "55")
    assert (row_of(second).job, row_of(second).upstream_id) == (None, None)
    assert "answered with the id 1, which another order has already" in problem_of(second)
    assert row_of(first).upstream_id == "1"


@pytest.mark.django_db(transaction=True)
def test_an_answer_to_a_poll_that_cannot_be_written_harms_no_other(
    alice: Owner,
    carol: Buyer,
    upstream: ScriptedUpstream,
    worker: Rounds,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", *({"order": n} for n in range(1, 4)))
    ids = [carol.order(link=f"https://example.com/{n}") for n in range(3)]
    worker.forward()

    def status(params: dict[str, str]) -> Any:
        done = {"status": "Completed", "remains": "0"}
        return done if "order" in params else dict.fromkeys(params["orders"].split(","), done)

    upstream.answers("status", status)
    time.passes(minutes=1)
    unwritable(monkeypatch, ids[1], status="Completed")
    worker.fails = True
    worker.poll()
    assert [row_of(id_).status for id_ in ids] == ["Completed", "Processing", "Completed"]
    assert "cannot be written down" in caplog.text
    # It is not asked about again at once: another worker may have it as well.
    due_at = row_of(ids[1]).due_at
    assert due_at is not None and due_at > time.now + timedelta(minutes=1)
    monkeypatch.undo()
    time.passes(hours=1)
    worker.poll()
    assert row_of(ids[1]).status == "Completed"
    check_books()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["refill", "cancel"])
def test_an_answer_to_a_request_that_cannot_be_written_harms_no_other(
    alice: Owner,
    carol: Buyer,
    upstream: ScriptedUpstream,
    worker: Rounds,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", *({"order": n} for n in range(1, 4)))
    ids = [carol.order(link=f"https://example.com/{n}") for n in range(3)]
    worker.forward()
    if what == "refill":
        execute(
            "UPDATE orders_order SET status = 'Completed', remains = 0, job = NULL, due_at = NULL, ended_at = %s",
            time.now - timedelta(days=2),
        )
        upstream.answers("refill", lambda params: {"refill": params["order"]})
        carol.refill(*ids)
    else:
        upstream.answers("cancel", lambda params: [{"order": int(i), "cancel": 1} for i in params["orders"].split(",")])
        carol.cancel(*ids)
    kept = calls.keep

    def broken(made: Any) -> None:
        if any(call.order_id == int(ids[1]) for call in made):
            raise ValueError("a fault of ours")
        kept(made)

    monkeypatch.setattr(calls, "keep", broken)
    worker.fails = True
    if what == "refill":
        worker.refills()
    else:
        worker.cancels()
    table = f"orders_{what}"
    states = [value(f"SELECT state FROM {table} WHERE order_id = %s", int(id_)) for id_ in ids]
    assert states == ["passed on", "sending" if what == "refill" else "waiting", "passed on"]
