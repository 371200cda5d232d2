"""Following orders: what a provider reports settles each order once, and never the wrong one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from panelwright.providers.models import Provider
from panelwright.providers.routing.actions import claim_poll, commit_polled
from panelwright.providers.wire.outcomes import OrderReport, Reason, Unknown, UpstreamRefused
from tests.support.people import (
    COMMENTS,
    FOLLOWERS,
    LIKES,
    Buyer,
    Owner,
    Seen,
    Time,
    children_of,
    counts,
    execute,
    problem_of,
    row_of,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.threads import together
from tests.support.upstream import LOST, Http, ScriptedUpstream

# Other threads and connections see only what is committed.
commits = pytest.mark.django_db(transaction=True)

NewUpstream = Callable[[], ScriptedUpstream]


def report(
    status: str, *, remains: object = "1000", start_count: object = "3572", charge: object = "0.50"
) -> dict[str, object]:
    return {"charge": charge, "start_count": start_count, "status": status, "remains": remains, "currency": "USD"}


def told(status: str | None, *, remains: int | None = None, start_count: int | None = None) -> OrderReport:
    return OrderReport(status, start_count, remains, None, "USD", status or "?")


class Sent:
    """An order of 1000 followers for 0.90 that a provider has as number 23501."""

    def __init__(self, alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time) -> None:
        self.carol, self.upstream, self.worker, self.time = carol, upstream, worker, time
        self.provider: Provider = alice.provider(upstream.url)
        alice.route(FOLLOWERS, self.provider)
        upstream.answers("add", {"order": 23501})
        self.id = carol.order()
        worker.forward()
        time.passes(seconds=2)

    def reported(self, *answers: Any) -> Seen:
        """What the customer sees after the provider has said this, one thing a round."""
        self.upstream.answers("status", *answers)
        for _ in answers:
            self.worker.poll()
            self.time.passes(hours=1)
        return self.carol.sees(self.id)

    @property
    def problem(self) -> str:
        return problem_of(self.id)


@pytest.fixture
def sent(alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time) -> Sent:
    return Sent(alice, carol, upstream, worker, time)


# ---- one order ---------------------------------------------------------------------------------------


def test_an_order_is_followed_to_its_completion(sent: Sent) -> None:
    assert sent.reported(report("Pending")) == Seen("Processing", "0.90", 1000, 3572)
    assert sent.reported(report("In progress", remains=400)) == Seen("In progress", "0.90", 400, 3572)
    assert sent.reported(report("Completed", remains="0")) == Seen("Completed", "0.90", 0, 3572)
    assert sent.carol.balance() == "99.10"
    # It has ended: nobody asks any more.
    sent.time.passes(days=1)
    assert sent.worker.poll() == 0
    assert len(sent.upstream.called("status")) == 3
    assert sent.upstream.called("status")[0] == {"action": "status", "order": "23501"}


@pytest.mark.parametrize("start_count", ["0", "", None])
def test_a_zero_before_anything_began_is_the_quantity(sent: Sent, start_count: object) -> None:
    for word, ours in (("Pending", "Processing"), ("Processing", "Processing"), ("In progress", "In progress")):
        seen = sent.reported(report(word, remains="0", start_count=start_count))
        assert (seen.status, seen.remains, seen.charge) == (ours, 1000, "0.90")
    assert sent.reported(report("In progress", remains="400")).remains == 400
    assert sent.reported(report("In progress", remains="0", start_count=start_count)).remains == 0


@pytest.mark.parametrize("remains", ["-2", -2, "0", "-1,000"])
def test_success_with_nothing_left_is_completed(sent: Sent, remains: object) -> None:
    assert sent.reported({"status": "Success", "remains": remains}) == Seen("Completed", "0.90", 0)


def test_a_partial_order_is_refunded_once(sent: Sent) -> None:
    assert sent.reported(report("Partial", remains="157")) == Seen("Partial", "0.7587", 157, 3572)
    assert sent.carol.balance() == "99.2413"
    sent.time.passes(days=1)
    sent.worker.everything()
    assert sent.carol.balance() == "99.2413"
    assert values("SELECT amount_micros FROM ledger_transfer WHERE code = 'refund'") == [(141_300,)]


@pytest.mark.parametrize(
    "said",
    [{"remains": "600"}, {"remains": "0"}, {"remains": "0", "charge": "0.50"}, {"remains": "-2"}, {"charge": None}],
)
def test_a_canceled_order_is_refunded_whole_and_all_of_it_remains(sent: Sent, said: dict[str, Any]) -> None:
    assert sent.reported(report("Canceled", **said)) == Seen("Canceled", "0.00", 1000, 3572)
    assert sent.carol.balance() == "100.00"


@pytest.mark.parametrize(
    "answer",
    [
        report("Awaiting"),
        report("Pending", remains="0"),
        report("Pending", remains=None, start_count=None),
        {"status": "0", "remains": "1000"},
        {"error": "Incorrect order ID"},
        {"status": "success"},
        {},
        [],
        "",
        LOST,
        Http(500, "<html>Internal Server Error</html>"),
        Http(404, "Not found"),
        {"23501": {"error": "Incorrect order ID"}},
        {"error": "Invalid API key"},
        {"status": "fail", "message": "Try again"},
    ],
    ids=str,
)
def test_nothing_that_is_not_an_end_ends_an_order(sent: Sent, answer: Any) -> None:
    seen = sent.reported(answer, answer)
    assert (seen.status, seen.charge) == ("Processing", "0.90")
    assert sent.carol.balance() == "99.10"
    assert sent.reported(report("Completed"))[:3] == ("Completed", "0.90", 0)


def test_an_order_that_the_provider_does_not_know_is_a_problem_for_a_person(sent: Sent) -> None:
    sent.reported({"error": "Incorrect order ID"})
    assert sent.problem == "the provider does not know its order 23501"
    assert counts("orders_cancel") == (0,)
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'order.problem'") == 1


@pytest.mark.parametrize("word", ["Levitating", "Active", "Paused", "Expired", ""])
def test_a_word_that_is_not_understood_is_a_problem_and_no_end(sent: Sent, word: str) -> None:
    assert sent.reported(report(word, remains="0")) == Seen("Processing", "0.90", 1000, 3572)
    assert sent.problem == f"the provider's status is not understood: “{word}”"
    assert sent.reported(report("In progress", remains=10)).status == "In progress"
    assert sent.problem == ""


def test_one_order_that_is_not_understood_holds_up_no_other(
    sent: Sent, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    upstream.answers("add", {"order": 23502})
    second = carol.order()
    worker.forward()
    time.passes(seconds=2)
    upstream.answers("status", {"23501": report("Active"), "23502": report("Completed")})
    worker.poll()
    assert carol.sees(second).status == "Completed"
    assert carol.sees(sent.id).status == "Processing"


@pytest.mark.parametrize("remains", [None, "", "Unknown", 1001, "5000"])
def test_a_partial_without_an_honest_remainder_gives_nothing_back(sent: Sent, remains: object) -> None:
    assert sent.reported(report("Partial", remains=remains)).status == "Processing"
    assert sent.problem.startswith("the provider says Partial")
    assert sent.carol.balance() == "99.10"
    assert sent.reported(report("Partial", remains="100")) == Seen("Partial", "0.81", 100, 3572)
    assert sent.carol.balance() == "99.19"


def test_a_status_that_goes_back_is_not_followed(sent: Sent) -> None:
    assert sent.reported(report("In progress", remains=300)).status == "In progress"
    assert sent.reported(report("Pending", remains=900)) == Seen("In progress", "0.90", 900, 3572)
    assert sent.reported(report("Processing", remains=900)).status == "In progress"


@pytest.mark.parametrize("last", ["Pending", "In progress", "Canceled", "Partial"])
def test_an_end_stays_whatever_is_reported_later(sent: Sent, last: str) -> None:
    sent.reported(report("Completed"))
    execute(
        "UPDATE orders_order SET ended_at = NULL, job = 'poll', due_at = created_at, lease_until = NULL WHERE id = %s",
        sent.id,
    )
    # Even a row that somebody put back into the queue.
    sent.reported(report(last, remains="500"))
    assert (sent.carol.sees(sent.id).status, sent.carol.balance()) == ("Completed", "99.10")
    execute("UPDATE orders_order SET ended_at = created_at, job = NULL, due_at = NULL WHERE id = %s", sent.id)


def test_over_delivery_is_no_remainder(sent: Sent) -> None:
    assert sent.reported(report("In progress", remains="-20"))[:3] == ("In progress", "0.90", 0)
    assert sent.reported(report("Partial", remains="-20"))[:3] == ("Completed", "0.90", 0)


# ---- exactly once ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "charge"),
    [(told("Completed"), "0.90"), (told("Partial", remains=500), "0.45"), (told("Canceled", remains=500), "0.00")],
    ids=str,
)
def test_a_report_that_is_committed_twice_counts_once(sent: Sent, outcome: OrderReport, charge: str) -> None:
    asked = claim_poll(sent.provider.id, 100)
    assert commit_polled(asked, {"23501": outcome}, provider_id=sent.provider.id) == 1
    balance = sent.carol.balance()
    assert commit_polled(asked, {"23501": outcome}, provider_id=sent.provider.id) == 0
    assert commit_polled(asked, {"23501": told("Canceled")}, provider_id=sent.provider.id) == 0
    assert (sent.carol.sees(sent.id).charge, sent.carol.balance()) == (charge, balance)


def test_a_worker_with_a_stale_lease_settles_nothing(sent: Sent) -> None:
    stale = claim_poll(sent.provider.id, 100)
    assert claim_poll(sent.provider.id, 100) == [], "it is leased"
    sent.time.passes(minutes=5)
    fresh = claim_poll(sent.provider.id, 100)
    assert commit_polled(stale, {"23501": told("Canceled")}, provider_id=sent.provider.id) == 0
    assert sent.carol.sees(sent.id).status == "Processing"
    assert commit_polled(fresh, {"23501": told("Partial", remains=100)}, provider_id=sent.provider.id) == 1
    assert commit_polled(stale, {"23501": told("Canceled")}, provider_id=sent.provider.id) == 0
    assert sent.carol.balance() == "99.19"


@commits
def test_workers_that_commit_at_once_refund_once(sent: Sent) -> None:
    asked = claim_poll(sent.provider.id, 100)
    reports: dict[str, OrderReport | UpstreamRefused | Unknown] = {"23501": told("Canceled")}
    commit = [lambda: commit_polled(asked, reports, provider_id=sent.provider.id)] * 6
    assert sorted(together(commit)) == [0, 0, 0, 0, 0, 1]
    assert sent.carol.balance() == "100.00"
    assert counts("ledger_transfer") == (3,)


@commits
def test_cancels_at_once_refund_once(sent: Sent) -> None:
    execute(
        "UPDATE orders_order SET status = 'Pending', job = 'forward', upstream_id = NULL, provider_id = NULL"
        " WHERE id = %s",
        sent.id,
    )
    answers = together([lambda: sent.carol.cancel(sent.id)] * 5)
    assert sorted(str(answer) for answer in answers).count("[1]") == 1
    assert sent.carol.balance() == "100.00"


# ---- whose order -------------------------------------------------------------------------------------


def test_equal_numbers_at_two_providers_do_not_mix(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    first, second = new_upstream(), new_upstream()
    providers = [alice.provider(first.url, name="first"), alice.provider(second.url, name="second")]
    alice.route(FOLLOWERS, providers[0])
    alice.route(LIKES, providers[1])
    for upstream in (first, second):
        upstream.answers("add", {"order": 23501})
    mine, other = carol.order(), carol.order(service=LIKES)
    worker.forward()
    time.passes(seconds=2)
    first.answers("status", report("Canceled"))
    second.answers("status", report("In progress", remains=7))
    worker.poll()
    assert carol.sees(mine) == Seen("Canceled", "0.00", 1000, 3572)
    assert carol.sees(other) == Seen("In progress", "0.123457", 7, 3572)
    # And a report that was read from one provider says nothing of the other's order.
    time.passes(hours=1)
    asked = claim_poll(providers[1].id, 100)
    assert commit_polled(asked, {"23501": told("Canceled")}, provider_id=providers[0].id) == 0
    assert carol.sees(other).status == "In progress"


def test_equal_numbers_on_two_panels_do_not_mix(
    alice: Owner, carol: Buyer, rival: Owner, mallory: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    for owner, status in ((alice, "Canceled"), (rival, "In progress")):
        upstream = new_upstream()
        owner.route(FOLLOWERS, owner.provider(upstream.url))
        upstream.answers("add", {"order": 23501})
        upstream.answers("status", report(status))
    mine, hers = carol.order(), mallory.order()
    worker.forward()
    time.passes(seconds=2)
    worker.poll()
    assert (carol.sees(mine).status, mallory.sees(hers).status) == ("Canceled", "In progress")
    assert (carol.balance(), mallory.balance()) == ("100.00", "97.00")


def test_a_hundred_orders_are_one_request_and_each_gets_its_own_report(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", lambda params: {"order": int(params["quantity"])})
    orders = {quantity: carol.order(quantity=quantity) for quantity in range(100, 200)}
    while worker.forward():
        pass
    time.passes(seconds=2)

    def statuses(params: dict[str, str]) -> dict[str, object]:
        # Backwards, and one is left out: nobody may go by the position.
        ids = sorted(params["orders"].split(","), reverse=True)
        return {i: report("Partial", remains=int(i) % 50 + 1) for i in ids if i != "150"}

    upstream.answers("status", statuses)
    worker.poll()
    assert [len(call["orders"].split(",")) for call in upstream.called("status")] == [100]
    for quantity, order_id in orders.items():
        expected = ("Processing", quantity) if quantity == 150 else ("Partial", quantity % 50 + 1)
        seen = carol.sees(order_id)
        assert (seen.status, seen.remains) == expected


# ---- a provider in trouble ---------------------------------------------------------------------------


def test_a_rate_limit_of_the_provider_is_kept(sent: Sent) -> None:
    sent.upstream.answers("status", Http(429, {"error": "Rate limit exceeded"}, (("Retry-After", "300"),)))
    sent.worker.poll()
    (row,) = values("SELECT rest_until FROM providers_provider")
    assert row[0].isoformat()[:19] == (sent.time.now + timedelta(seconds=300)).isoformat()[:19]


def test_a_fault_of_the_whole_request_is_no_problem_of_the_order(sent: Sent) -> None:
    asked = claim_poll(sent.provider.id, 100)
    limit: dict[str, OrderReport | UpstreamRefused | Unknown] = {"23501": UpstreamRefused(Reason.LIMIT, "slow down")}
    assert commit_polled(asked, limit, provider_id=sent.provider.id) == 1
    order = row_of(sent.id)
    assert (order.problem_code, order.attempts, order.job, order.lease_until) == ("", 1, "poll", None)
    assert order.due_at == sent.time.now + timedelta(seconds=5)


def test_a_disabled_provider_gets_no_orders_and_is_asked_about_those_it_has(sent: Sent) -> None:
    execute("UPDATE providers_provider SET enabled = %s", False)
    sent.upstream.answers("status", report("Completed"))
    late = sent.carol.order()
    sent.worker.forward()
    assert row_of(late).status == "Pending"
    assert sent.worker.poll() == 1
    assert sent.carol.sees(sent.id).status == "Completed"


# ---- drip-feeds from end to end ------------------------------------------------------------------------


def test_a_drip_feed_is_delivered_run_by_run(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 1}, {"order": 2}, {"order": 3})
    order_id = carol.order(quantity=100, runs=3, interval=60)
    ends = [report("Completed"), report("Partial", remains=25), report("Canceled", remains=100)]
    for end in ends:
        worker.schedules()
        worker.forward()
        time.passes(seconds=2)
        upstream.answers("status", end)
        worker.poll()
        time.passes(minutes=60)
    assert [run.status for run in children_of(order_id)] == ["Completed", "Partial", "Canceled"]
    # 125 of 300 did not come.
    assert carol.sees(order_id) == Seen("Partial", "0.1575", 125, 3572)
    assert carol.balance() == "99.8425"
    time.passes(days=1)
    worker.everything()
    assert len(upstream.called("add")) == 3


def test_a_drip_feed_cancelled_in_the_middle_ends_with_its_running_run(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 1})
    order_id = carol.order(quantity=1000, runs=3, interval=60)
    worker.schedules()
    worker.forward()
    assert carol.cancel(order_id) == [1]
    assert carol.sees(order_id) == Seen("In progress", "0.90", 3000)
    assert carol.balance() == "99.10"
    upstream.answers("cancel", [{"order": 1, "cancel": 1}])
    worker.cancels()
    time.passes(hours=5)
    worker.schedules()
    worker.forward()
    upstream.answers("status", report("Partial", remains=300))
    worker.poll()
    assert len(upstream.called("add")) == 1
    assert carol.sees(order_id) == Seen("Partial", "0.63", 2300, 3572)
    assert carol.balance() == "99.37"


def test_a_comment_order_is_refunded_by_its_lines(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(COMMENTS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 1})
    order_id = carol.order(service=COMMENTS)
    worker.forward()
    time.passes(seconds=2)
    upstream.answers("status", report("Partial", remains="1"))
    worker.poll()
    assert carol.sees(order_id) == Seen("Partial", "0.02002", 1, 3572)
    assert carol.balance() == "99.97998"
