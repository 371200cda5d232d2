"""When nobody knows whether an order arrived: it is never sent again on a guess, nor given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from panelwright.core.said import said
from panelwright.providers.routing import actions, resolve_actions
from panelwright.providers.routing.actions import Sent, claim_forward, claim_unfinished, commit_sent
from panelwright.providers.wire.outcomes import Accepted, Reason, Unknown, UpstreamRefused
from tests.support.people import (
    FOLLOWERS,
    Buyer,
    Owner,
    Seen,
    Time,
    problem_of,
    row_of,
    values,
)
from tests.support.rounds import Rounds
from tests.support.upstream import LOST, Http, ScriptedUpstream

# Other threads and connections see only what is committed.
commits = pytest.mark.django_db(transaction=True)

NewUpstream = Callable[[], ScriptedUpstream]
TAKEN: Any = {"order": 23501}
REFUSED = {"error": "Not enough funds on balance"}
TOO_FEW = {"error": "Quantity less than minimal 5000"}


def standing(order_id: int) -> tuple[str, str | None, str | None, str]:
    order = row_of(order_id)
    return order.status, order.job, order.upstream_id, problem_of(order_id)


# ---- unknown outcomes --------------------------------------------------------------------------------

# The request was read; nobody knows what became of it.
UNKNOWN_ANSWERS: list[Any] = [
    LOST,
    Http(500, "<html>Internal Server Error</html>"),
    Http(502, "Bad Gateway"),
    Http(200, "<html>Just a moment</html>"),
    Http(200, ""),
    {"status": "success"},
    {"order": None},
    {"order": 0},
]


@pytest.mark.parametrize("answer", UNKNOWN_ANSWERS, ids=str)
def test_an_order_whose_outcome_is_unknown_waits_for_a_person(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time, answer: Any
) -> None:
    first, second = new_upstream(), new_upstream()
    alice.route(FOLLOWERS, alice.provider(first.url, name="first"))
    alice.route(FOLLOWERS, alice.provider(second.url, name="second"))
    first.answers("add", answer)
    order_id = carol.order()
    worker.forward()
    status, job, upstream_id, problem = standing(order_id)
    assert (status, job, upstream_id) == ("Processing", None, None)
    assert problem.startswith("outcome unknown: ")
    for _ in range(4):
        time.passes(days=1)
        worker.everything()
    assert (len(first.calls), len(second.calls)) == (1, 0)
    assert carol.sees(order_id) == Seen("Processing", "0.90", 1000)
    assert carol.balance() == "99.10"
    assert values("SELECT name FROM events_event WHERE name = 'order.problem'") == [("order.problem",)]


def test_an_order_whose_sender_died_waits_for_a_person(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    order_id = carol.order()
    (sending,) = claim_forward(10)
    # Killed here. Until the lease ends somebody may still be sending it.
    time.passes(minutes=4, seconds=59)
    assert worker.recover() == worker.forward() == 0
    assert standing(order_id) == ("Processing", "sending", None, "")
    time.passes(seconds=1)
    worker.recover()
    assert standing(order_id) == ("Processing", None, None, "outcome unknown: the sender stopped in the middle")
    assert upstream.calls == []
    # And if it was only slow, its result comes too late.
    assert commit_sent([Sent(sending, Accepted("23501"))]) == 0
    assert standing(order_id)[2] is None


def test_an_answer_that_could_not_be_written_down_is_written_in_the_next_round(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadlock or a restart of the database lost every answer of the burst."""
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 23501})
    order_id = carol.order()

    def broken(sent: object) -> int:
        raise OperationalError("deadlock detected")

    with monkeypatch.context() as broken_once:
        broken_once.setattr(actions, "commit_sent", broken)
        with pytest.raises(OperationalError):
            worker.forward()
    worker.forward()
    assert standing(order_id)[:2] == ("Processing", "poll")
    assert len(upstream.calls) == 1


def test_a_provider_that_knows_request_id_is_asked_again_with_the_same(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    first, second = new_upstream(), new_upstream()
    alice.route(FOLLOWERS, alice.provider(first.url, name="first", knows_request_id=True))
    alice.route(FOLLOWERS, alice.provider(second.url, name="second"))
    first.answers("add", LOST, Http(502, "Bad Gateway"), TAKEN)
    order_id = carol.order()
    worker.forward()
    for wait_s in (5, 10):
        status, job, _, problem = standing(order_id)
        assert (status, job) == ("Processing", "sending")
        assert problem.startswith("outcome unknown, asking again: ")
        time.passes(seconds=wait_s - 1)
        assert worker.recover() == 0
        time.passes(seconds=1)
        assert worker.recover() == 1
    assert standing(order_id) == ("Processing", "poll", "23501", "")
    assert len({call["request_id"] for call in first.calls}) == 1
    assert (len(first.calls), second.calls) == (3, [])


def test_a_sender_that_died_is_made_up_for_where_request_id_is_known(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, knows_request_id=True))
    upstream.answers("add", TAKEN)
    order_id = carol.order()
    assert len(claim_forward(10)) == 1
    time.passes(minutes=5)
    assert worker.recover() == 1
    assert standing(order_id) == ("Processing", "poll", "23501", "")
    assert len(upstream.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "unreachable",
        {"error": "Invalid API key"},
        Http(429, {"error": "Rate limit exceeded"}),
        {"error": "Something is wrong"},
        {"error": "You have active order with this link. Please wait until order being completed."},
        REFUSED,
    ],
    ids=str,
)
def test_a_refused_repeat_does_not_prove_that_the_first_request_never_arrived(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time, answer: Any
) -> None:
    """These come before the provider looks for the request_id, or because of the first one, which is under way."""
    first, second = new_upstream(), new_upstream()
    alice.route(FOLLOWERS, alice.provider(first.url, name="first", knows_request_id=True))
    alice.route(FOLLOWERS, alice.provider(second.url, name="second"))
    first.answers("add", LOST, answer)
    order_id = carol.order()
    worker.forward()
    if answer == "unreachable":
        first.stop()
    for _ in range(5):
        time.passes(hours=2)
        worker.recover()
        worker.forward()
        assert standing(order_id)[:2] == ("Processing", "sending")
        # She may ask for a cancel; nothing is given back while it may be delivered.
        assert carol.cancel(order_id) == [1]
        worker.cancels()
    assert second.calls == []
    assert carol.balance() == "99.10"


@pytest.mark.parametrize(
    ("answer", "ended"),
    [({"error": "Incorrect service ID"}, False), ({"error": "Bad link"}, True), (TOO_FEW, False)],
    ids=str,
)
def test_a_repeat_that_is_refused_after_the_request_id_was_looked_up_is_a_refusal(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time, answer: Any, ended: bool
) -> None:
    first, second = new_upstream(), new_upstream()
    alice.route(FOLLOWERS, alice.provider(first.url, name="first", knows_request_id=True))
    alice.route(FOLLOWERS, alice.provider(second.url, name="second"))
    first.answers("add", LOST, answer)
    second.answers("add", TAKEN)
    order_id = carol.order()
    worker.forward()
    time.passes(seconds=5)
    worker.recover()
    worker.forward()
    assert carol.sees(order_id).status == ("Canceled" if ended else "Processing")
    assert len(second.calls) == (0 if ended else 1)
    assert carol.balance() == ("100.00" if ended else "99.10")


# ---- stale results -------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [Accepted("1"), UpstreamRefused(Reason.LINK, "bad"), Unknown("lost")], ids=str)
def test_a_worker_that_lost_its_lease_writes_nothing(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time, late: Any
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, knows_request_id=True))
    upstream.answers("add", TAKEN)
    order_id = carol.order()
    (slow,) = claim_forward(10)
    time.passes(minutes=5)
    worker.recover()
    before = row_of(order_id).__dict__
    assert commit_sent([Sent(slow, late)]) == 0
    assert {**row_of(order_id).__dict__, "_state": None} == {**before, "_state": None}
    assert carol.balance() == "99.10"


@pytest.mark.parametrize("late", [Accepted("1"), UpstreamRefused(Reason.LINK, "bad"), Unknown("lost")], ids=str)
def test_a_late_result_does_not_speak_for_the_worker_who_took_over(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, time: Time, late: Any
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, knows_request_id=True))
    order_id = carol.order()
    (slow,) = claim_forward(10)
    time.passes(minutes=5)
    (fresh,) = claim_unfinished(10)
    assert commit_sent([Sent(slow, late)]) == 0
    assert standing(order_id) == ("Processing", "sending", None, "")
    assert commit_sent([Sent(fresh, Accepted("23501"))]) == 1
    assert standing(order_id) == ("Processing", "poll", "23501", "")
    assert carol.balance() == "99.10"


@pytest.mark.parametrize("outcome", [Accepted("1"), UpstreamRefused(Reason.LINK, "bad"), Unknown("lost")], ids=str)
def test_a_result_is_written_once(alice: Owner, carol: Buyer, upstream: ScriptedUpstream, outcome: Any) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    carol.order()
    (sending,) = claim_forward(10)
    assert commit_sent([Sent(sending, outcome)]) == 1
    balance = carol.balance()
    assert commit_sent([Sent(sending, outcome)]) == 0
    assert commit_sent([Sent(sending, UpstreamRefused(Reason.LINK, "bad"))]) == 0
    assert carol.balance() == balance == ("100.00" if isinstance(outcome, UpstreamRefused) else "99.10")


def test_a_worker_that_slept_sends_nothing(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    """The machine was suspended between claim and call: the lease is about to be somebody else's."""
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    carol.order()
    (sending,) = claim_forward(10)
    time.passes(minutes=2, seconds=30)
    assert worker.send_one(sending).outcome == UpstreamRefused(Reason.LIMIT, said("own_slow"))
    assert upstream.calls == []


# ---- a person decides ---------------------------------------------------------------------------------


def unknown_order(alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds) -> int:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", LOST, TAKEN)
    order_id = carol.order()
    worker.forward()
    return order_id


def test_a_person_finds_the_order_at_the_provider(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds
) -> None:
    order_id = unknown_order(alice, carol, upstream, worker)
    resolve_actions.arrived(panel_id=alice.panel_id, order_id=order_id, upstream_id="900", by="bob")
    assert standing(order_id) == ("Processing", "poll", "900", "")


def test_a_person_sends_it_again(alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds) -> None:
    order_id = unknown_order(alice, carol, upstream, worker)
    resolve_actions.send(panel_id=alice.panel_id, order_id=order_id, by="bob")
    worker.forward()
    assert standing(order_id) == ("Processing", "poll", "23501", "")
    assert len(upstream.calls) == 2


def test_a_person_gives_the_money_back_once(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, rival: Owner
) -> None:
    order_id = unknown_order(alice, carol, upstream, worker)
    with pytest.raises(ValueError, match=f"Order {order_id} not found"):
        resolve_actions.cancel(panel_id=rival.panel_id, order_id=order_id, by="mallory")
    assert carol.balance() == "99.10"
    resolve_actions.cancel(panel_id=alice.panel_id, order_id=order_id, by="bob")
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 1000)
    assert carol.balance() == "100.00"
    with pytest.raises(ValueError, match="order has ended"):
        resolve_actions.cancel(panel_id=alice.panel_id, order_id=order_id, by="bob")
    assert carol.balance() == "100.00"
