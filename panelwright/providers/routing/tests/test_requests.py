"""Refills and cancels on their way to the provider and back: passed on once, ended by the provider's word."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from panelwright.core import clock
from panelwright.core.refusal import InvalidState
from panelwright.orders import problems
from panelwright.providers.manual import manual_actions
from panelwright.providers.routing import request_actions, resolve_actions, rules, store
from panelwright.providers.wire.outcomes import Accepted, RefillReport
from tests.support.people import (
    FOLLOWERS,
    Buyer,
    Owner,
    Seen,
    Time,
    counts,
    execute,
    row_of,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.threads import together
from tests.support.upstream import LOST, Http, ScriptedUpstream

# Other threads and connections see only what is committed.
commits = pytest.mark.django_db(transaction=True)


class Sent:
    """An order of 1000 followers for 0.90 that a provider has as number 23501."""

    def __init__(self, alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time) -> None:
        self.carol, self.upstream, self.worker, self.time = carol, upstream, worker, time
        self.provider = alice.provider(upstream.url)
        alice.route(FOLLOWERS, self.provider)
        upstream.answers("add", {"order": 23501})
        self.id = carol.order()
        worker.forward()

    def reported(self, status: str, remains: int = 0) -> Seen:
        """The provider says this of the order, and we ask."""
        execute("UPDATE orders_order SET due_at = created_at WHERE id = %s AND job = 'poll'", self.id)
        self.upstream.answers("status", {"status": status, "remains": str(remains), "start_count": "5"})
        self.worker.poll()
        return self.carol.sees(self.id)

    def refill_asked(self) -> int:
        """A refill of the completed order that waits to be passed on; its id."""
        self.reported("Completed")
        self.time.passes(days=2)
        answer = self.carol.refill(self.id)
        assert isinstance(answer, list)
        (refill_id,) = answer
        assert isinstance(refill_id, int)
        return refill_id


@pytest.fixture
def sent(alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time) -> Sent:
    return Sent(alice, carol, upstream, worker, time)


def refill() -> tuple[Any, ...]:
    """Status, state, the provider's id, and the problem in words."""
    (row,) = values("SELECT status, state, upstream_id, problem_code, problem_facts FROM orders_refill")
    assert row[3] in {"", *problems.CODES, *problems.OF_REQUESTS}
    return (*row[:3], problems.told(*row[3:]))


def cancel() -> tuple[Any, ...]:
    """State, and the answer in words."""
    (row,) = values("SELECT state, answer_code, answer_facts FROM orders_cancel")
    assert row[1] in {"", *problems.CODES, *problems.OF_REQUESTS}
    return row[0], problems.told(*row[1:])


# ---- refills -----------------------------------------------------------------------------------------


def test_a_refill_is_passed_on_and_followed_to_its_completion(sent: Sent) -> None:
    sent.refill_asked()
    sent.upstream.answers("refill", {"refill": "777"})
    assert sent.worker.refills() == 1
    assert sent.upstream.called("refill") == [{"action": "refill", "order": "23501"}]
    assert refill() == ("Pending", "passed on", "777", "")
    assert sent.worker.refills() == sent.worker.refill_poll() == 0
    sent.upstream.answers("refill_status", {"status": "In progress"}, {"status": "Completed"})
    sent.time.passes(seconds=5)
    sent.worker.refill_poll()
    assert refill() == ("In progress", "passed on", "777", "")
    sent.time.passes(seconds=5)
    sent.worker.refill_poll()
    assert refill() == ("Completed", "done", "777", "")
    assert sent.upstream.called("refill_status") == [{"action": "refill_status", "refill": "777"}] * 2
    sent.time.passes(days=1)
    sent.worker.everything()
    assert len(sent.upstream.called("refill_status")) == 2
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'refill.completed'") == 1
    assert sent.carol.sees(sent.id)[:3] == ("Completed", "0.90", 0), "the order itself stays as it ended"
    assert sent.carol.balance() == "99.10"


@pytest.mark.parametrize(
    "answer", [{"error": "Refill is disabled for this service"}, {"error": "Incorrect order ID"}], ids=str
)
def test_a_refill_that_is_refused_is_rejected(sent: Sent, answer: Any) -> None:
    sent.refill_asked()
    sent.upstream.answers("refill", answer)
    sent.worker.refills()
    assert refill() == ("Rejected", "done", None, answer["error"])
    sent.time.passes(days=1)
    sent.worker.everything()
    assert len(sent.upstream.called("refill")) == 1
    # It has ended, so another may be asked for.
    assert sent.carol.refill(sent.id) != []
    assert counts("orders_refill") == (2,)


@pytest.mark.parametrize("answer", [Http(429, {"error": "Rate limit exceeded"}), {"error": "Invalid API key"}], ids=str)
def test_a_refill_waits_out_what_passes(sent: Sent, answer: Any) -> None:
    sent.refill_asked()
    sent.upstream.answers("refill", answer, {"refill": 777})
    sent.worker.refills()
    status, state, _, problem = refill()
    assert (status, state) == ("Pending", "waiting")
    assert problem != ""
    sent.time.passes(seconds=4)
    assert sent.worker.refills() == 0
    sent.time.passes(seconds=1)
    sent.worker.refills()
    assert refill() == ("Pending", "passed on", "777", "")


@pytest.mark.parametrize("answer", [LOST, Http(500, "<html>oops</html>")], ids=str)
def test_a_refill_whose_outcome_is_unknown_is_not_passed_on_again(sent: Sent, answer: Any) -> None:
    sent.refill_asked()
    sent.upstream.answers("refill", answer)
    sent.worker.refills()
    status, state, _, problem = refill()
    assert (status, state) == ("Pending", "sending")
    assert problem.startswith("outcome unknown: ")
    for _ in range(3):
        sent.time.passes(days=1)
        sent.worker.everything()
    assert len(sent.upstream.called("refill")) == 1


def test_a_refill_whose_sender_died_is_not_passed_on_again(sent: Sent) -> None:
    sent.refill_asked()
    (sending,) = request_actions.claim_refills(10)
    sent.time.passes(minutes=5)
    sent.worker.refills()
    assert refill() == ("Pending", "sending", None, "outcome unknown: the sender stopped in the middle")
    assert sent.upstream.called("refill") == []
    # And its answer comes too late.
    request_actions.commit_refills([(sending, Accepted("777"))])
    assert refill()[2] is None


def test_a_refill_that_is_taken_without_an_id_cannot_be_followed(sent: Sent) -> None:
    sent.refill_asked()
    sent.upstream.answers("refill", {"status": "success"})
    sent.worker.refills()
    status, _, upstream_id, problem = refill()
    assert (status, upstream_id) == ("Pending", None)
    assert problem != ""
    sent.time.passes(days=1)
    sent.worker.everything()
    assert len(sent.upstream.called("refill")) == 1


@pytest.mark.parametrize("answer", [LOST, {"status": "success"}, {"error": "Invalid API key"}], ids=str)
def test_a_refill_that_stands_still_is_ended_by_staff(sent: Sent, alice: Owner, answer: Any) -> None:
    """Its outcome is unknown, or the provider gave no id, or it does not take our key."""
    refill_id = sent.refill_asked()
    sent.upstream.answers("refill", answer)
    sent.worker.refills()
    manual_actions.finish_refill(panel_id=alice.panel_id, refill_id=refill_id, by="bob")
    assert refill() == ("Completed", "done", None, "")
    sent.time.passes(days=1)
    sent.worker.everything()
    assert len(sent.upstream.called("refill")) == 1
    assert sent.carol.refill(sent.id) == [refill_id + 1], "another one may be asked for"


def test_a_refill_that_never_arrived_is_passed_on_again_by_staff(sent: Sent, alice: Owner) -> None:
    refill_id = sent.refill_asked()
    sent.upstream.answers("refill", LOST, {"refill": 777})
    sent.worker.refills()
    manual_actions.send_refill(panel_id=alice.panel_id, refill_id=refill_id, by="bob")
    sent.worker.refills()
    assert refill() == ("Pending", "passed on", "777", "")
    with pytest.raises(InvalidState, match="already at the provider"):
        manual_actions.send_refill(panel_id=alice.panel_id, refill_id=refill_id, by="bob")


def test_a_refill_on_its_way_is_not_for_staff(sent: Sent, alice: Owner) -> None:
    refill_id = sent.refill_asked()
    (sending,) = request_actions.claim_refills(10)
    with pytest.raises(InvalidState, match="is being sent to the provider"):
        manual_actions.reject_refill(panel_id=alice.panel_id, refill_id=refill_id, by="bob", text="no")
    request_actions.commit_refills([(sending, Accepted("777"))])
    assert refill() == ("Pending", "passed on", "777", "")


def test_a_report_that_comes_after_staff_ended_a_refill_changes_nothing(sent: Sent, alice: Owner) -> None:
    refill_id = sent.refill_asked()
    sent.upstream.answers("refill", {"refill": 777})
    sent.worker.refills()
    sent.upstream.answers("refill_status", {"error": "Refill not found"})
    sent.time.passes(seconds=5)
    sent.worker.refill_poll()
    sent.time.passes(hours=5)
    asked = request_actions.claim_refill_poll(sent.provider.id, 100)
    manual_actions.reject_refill(panel_id=alice.panel_id, refill_id=refill_id, by="bob", text="not known there")
    request_actions.commit_refill_polled(asked, {"777": RefillReport("Completed", "Completed")})
    assert refill() == ("Rejected", "done", "777", "not known there")
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'refill.completed'") == 0


def test_a_rejected_refill_is_told_as_such(sent: Sent) -> None:
    sent.refill_asked()
    sent.upstream.answers("refill", {"refill": 777})
    sent.worker.refills()
    sent.time.passes(seconds=5)
    sent.upstream.answers("refill_status", {"status": "Rejected"})
    sent.worker.refill_poll()
    assert refill() == ("Rejected", "done", "777", "")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"status": "Levitating"}, "the provider's status is not understood: “Levitating”"),
        ({"error": "Refill not found"}, "the provider does not know its refill 777"),
        (LOST, ""),
    ],
    ids=str,
)
def test_a_refill_goes_on_whatever_is_not_an_end(sent: Sent, answer: Any, problem: str) -> None:
    sent.refill_asked()
    sent.upstream.answers("refill", {"refill": 777})
    sent.worker.refills()
    sent.time.passes(seconds=5)
    sent.upstream.answers("refill_status", answer, answer, {"status": "Completed"})
    sent.worker.refill_poll()
    assert refill() == ("Pending", "passed on", "777", problem)
    for _ in range(3):
        sent.time.passes(hours=1)
        sent.worker.refill_poll()
    assert refill() == ("Completed", "done", "777", "")


def test_a_refill_that_ended_stays_as_it_ended(sent: Sent) -> None:
    sent.refill_asked()
    sent.upstream.answers("refill", {"refill": 777})
    sent.worker.refills()
    sent.time.passes(seconds=5)
    asked = request_actions.claim_refill_poll(sent.provider.id, 100)
    request_actions.commit_refill_polled(asked, {"777": RefillReport("Completed", "Completed")})
    request_actions.commit_refill_polled(asked, {"777": RefillReport("Rejected", "Rejected")})
    assert refill()[:2] == ("Completed", "done")


# ---- cancels -----------------------------------------------------------------------------------------


def test_an_order_is_cancelled_only_when_its_provider_says_so(sent: Sent) -> None:
    assert sent.carol.cancel(sent.id) == [1]
    assert sent.carol.sees(sent.id) == Seen("Processing", "0.90", 1000)
    sent.upstream.answers("cancel", [{"order": 23501, "cancel": 1}])
    assert sent.worker.cancels() == 1
    assert sent.upstream.called("cancel") == [{"action": "cancel", "orders": "23501"}]
    assert cancel() == ("passed on", "accepted")
    # The provider took the request; that is not yet a cancel.
    assert sent.carol.sees(sent.id) == Seen("Processing", "0.90", 1000)
    assert sent.reported("In progress", remains=700).status == "In progress"
    assert sent.carol.balance() == "99.10"
    assert sent.reported("Canceled", remains=600) == Seen("Canceled", "0.00", 1000, 5)
    assert sent.carol.balance() == "100.00"
    assert sent.worker.cancels() == 0


def test_a_cancel_that_comes_out_as_partial_pays_for_what_came(sent: Sent) -> None:
    sent.carol.cancel(sent.id)
    sent.upstream.answers("cancel", {"23501": {"cancel": "requested"}})
    sent.worker.cancels()
    assert sent.reported("Partial", remains=250) == Seen("Partial", "0.675", 250, 5)
    assert sent.carol.balance() == "99.325"


def test_after_an_accepted_cancel_the_order_is_looked_at_soon(sent: Sent) -> None:
    execute("UPDATE orders_order SET due_at = %s WHERE id = %s", sent.time.now + timedelta(hours=1), sent.id)
    sent.carol.cancel(sent.id)
    sent.upstream.answers("cancel", [{"order": 23501, "cancel": 1}])
    sent.worker.cancels()
    assert row_of(sent.id).due_at == sent.time.now


@pytest.mark.parametrize(
    "answer",
    [
        [{"order": 23501, "cancel": {"error": "The order cannot be canceled"}}],
        {"error": "Cancel is disabled for this service"},
        {"23501": {"error": "Incorrect order ID"}},
    ],
    ids=str,
)
def test_a_cancel_that_is_refused_leaves_the_order_running(sent: Sent, answer: Any) -> None:
    sent.carol.cancel(sent.id)
    sent.upstream.answers("cancel", answer)
    sent.worker.cancels()
    state, said = cancel()
    assert state == "done"
    assert said != ""
    assert sent.carol.sees(sent.id) == Seen("Processing", "0.90", 1000)
    assert sent.carol.balance() == "99.10"
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'order.cancel_refused'") == 1
    # She may ask again.
    assert sent.carol.cancel(sent.id) == [1]
    assert cancel()[0] == "waiting"
    assert sent.reported("Completed") == Seen("Completed", "0.90", 0, 5)


@pytest.mark.parametrize("answer", [LOST, Http(503, "down"), {"error": "Invalid API key"}, ""], ids=str)
def test_a_cancel_that_was_not_heard_is_passed_on_again(sent: Sent, answer: Any) -> None:
    """Asking twice for a cancel changes nothing more, so here a repeat is safe."""
    sent.carol.cancel(sent.id)
    sent.upstream.answers("cancel", answer, [{"order": 23501, "cancel": 1}])
    sent.worker.cancels()
    assert cancel()[0] == "waiting"
    assert sent.worker.cancels() == 0
    sent.time.passes(seconds=5)
    sent.worker.cancels()
    assert cancel() == ("passed on", "accepted")
    assert sent.carol.sees(sent.id).status == "Processing"


def test_a_cancel_of_an_order_that_ended_meanwhile_is_not_passed_on(sent: Sent) -> None:
    sent.carol.cancel(sent.id)
    assert sent.reported("Completed") == Seen("Completed", "0.90", 0, 5)
    sent.worker.cancels()
    assert cancel() == ("done", "the order has ended: Completed")
    assert sent.upstream.called("cancel") == []
    assert sent.carol.balance() == "99.10"


@commits
def test_a_cancel_of_an_order_that_came_back_is_done_here(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    """While it was being sent she asked for a cancel; then the provider refused the order."""
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"error": "Not enough funds on balance"})
    order_id = carol.order()
    upstream.look = lambda _: execute_and_close(carol, order_id)
    worker.forward()
    assert upstream.looked == [[1]]
    assert carol.sees(order_id) == Seen("Pending", "0.90", 1000)
    worker.cancels()
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 1000)
    assert carol.balance() == "100.00"
    assert cancel() == ("done", "cancelled before it was sent")
    time.passes(days=1)
    worker.everything()
    assert len(upstream.called("add")) == 1


def execute_and_close(carol: Buyer, order_id: int) -> object:
    from django.db import connections

    try:
        return carol.cancel(order_id)
    finally:
        connections.close_all()


@commits
def test_a_cancel_is_not_lost_when_the_order_is_just_being_claimed(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds
) -> None:
    """The order came back to us, and in the moment in which it would be cancelled a worker sends it again."""
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    order_id = carol.order()
    execute(
        "INSERT INTO orders_cancel (panel_id, order_id, state, due_at, created_at, attempts, answer_code)"
        " SELECT panel_id, id, 'waiting', created_at, created_at, 0, '' FROM orders_order WHERE id = %s",
        order_id,
    )
    claimed = threading.Event()

    def claim() -> None:
        now = clock.now()
        with transaction.atomic():
            picked = store.pick_forward(now, 10)
            (route,) = store.routes({alice.panel_id}, {picked[0].service_id})[picked[0].service_id]
            store.claim_sending([(picked[0], route)], now + rules.LEASE)
            claimed.set()
            threading.Event().wait(0.5)

    def pass_on() -> None:
        assert claimed.wait(60)
        request_actions.claim_cancels(10)

    together([claim, pass_on])
    assert carol.sees(order_id).status == "Processing"
    assert cancel() == ("waiting", "")


def test_a_cancel_of_an_unknown_order_waits_with_it(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", LOST)
    order_id = carol.order()
    worker.forward()
    assert carol.cancel(order_id) == [1]
    for _ in range(5):
        time.passes(hours=1)
        worker.everything()
    assert cancel()[0] == "waiting"
    assert carol.sees(order_id) == Seen("Processing", "0.90", 1000)
    assert upstream.called("cancel") == []


def test_a_cancel_that_waits_for_its_order_is_looked_at_less_and_less_often(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", LOST)
    order_id = carol.order()
    worker.forward()
    carol.cancel(order_id)
    waits = []
    for _ in range(7):
        request_actions.claim_cancels(10)
        (due_at,) = (row[0] for row in values("SELECT due_at FROM orders_cancel"))
        due_at = due_at if isinstance(due_at, datetime) else datetime.fromisoformat(due_at)
        waits.append((due_at.replace(tzinfo=UTC) - time.now).total_seconds())
        time.passes(seconds=waits[-1])
    assert waits == [3, 6, 12, 24, 48, 60, 60]
    # It arrived after all: the cancel goes out within a minute, and failures count from there.
    resolve_actions.arrived(panel_id=alice.panel_id, order_id=order_id, upstream_id="23501", by="test")
    upstream.answers("cancel", LOST, [{"order": 23501, "cancel": 1}])
    worker.cancels()
    time.passes(seconds=5)
    worker.cancels()
    assert cancel() == ("passed on", "accepted")


def test_a_provider_that_accepted_a_cancel_and_goes_on_can_be_asked_again(sent: Sent) -> None:
    sent.upstream.answers("cancel", [{"order": 23501, "cancel": 1}])
    for minutes, passed_on in ((0, 1), (59, 1), (1, 2)):
        sent.time.passes(minutes=minutes)
        assert sent.carol.cancel(sent.id) == [1]
        sent.worker.cancels()
        assert len(sent.upstream.called("cancel")) == passed_on
        assert cancel() == ("passed on", "accepted")
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'order.cancel_requested'") == 2
    assert sent.reported("Canceled", remains=1000).charge == "0.00"


def test_cancels_of_a_provider_share_a_request_and_each_has_its_own_answer(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", lambda params: {"order": int(params["quantity"])})
    orders = [carol.order(quantity=100 + n) for n in range(3)]
    worker.forward()
    carol.cancel(*orders)
    upstream.answers(
        "cancel",
        [
            {"order": 102, "cancel": 1},
            {"order": 100, "cancel": {"error": "The order cannot be canceled"}},
            {"order": 101, "cancel": 1},
        ],
    )
    worker.cancels()
    assert len(upstream.called("cancel")) == 1
    states = values("SELECT o.quantity, k.state FROM orders_cancel k JOIN orders_order o ON o.id = k.order_id")
    assert sorted(states) == [(100, "done"), (101, "passed on"), (102, "passed on")]
