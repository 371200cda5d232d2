"""A provider that fails is rested and tried again; one with a rate limit is never asked more than that."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.providers.routing import health, health_actions, store
from panelwright.providers.routing.health import FAILURES_MAX, Health, HealthState
from panelwright.providers.wire.outcomes import Accepted, Reason, Unknown, UpstreamRefused
from tests.support.people import FOLLOWERS, LIKES, NOON, Buyer, Owner, Time, execute, problem_of, row_of, value, values
from tests.support.rounds import Rounds
from tests.support.upstream import LOST, Http, ScriptedUpstream

NewUpstream = Callable[[], ScriptedUpstream]
DOWN = Unknown("the connection broke")
WELL = Accepted("1")


def after(before: Health, *answers: object, seconds: float = 0) -> Health:
    return health.after(before, health.judge(answers), NOON + timedelta(seconds=seconds))


def event_names() -> list[str]:
    return [row[0] for row in values("SELECT name FROM events_event WHERE name LIKE 'provider.%%' ORDER BY id")]


# ---- what answers say --------------------------------------------------------------------------------


def test_failures_in_a_row_rest_a_provider_and_each_further_one_doubles_the_rest() -> None:
    fares = Health()
    for n in range(1, FAILURES_MAX):
        fares = after(fares, DOWN)
        assert (fares.failures, fares.rest_until, health.state(fares, NOON)) == (n, None, HealthState.WELL)
    rests = []
    for _ in range(9):
        fares = after(fares, DOWN)
        assert fares.rest_until is not None
        rests.append((fares.rest_until - NOON).total_seconds())
        assert health.state(fares, NOON + timedelta(days=1)) is HealthState.RESTS, "until somebody has tried it"
    assert rests == [10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_many_failures_at_once_are_one_fault() -> None:
    fares = after(Health(), *[DOWN] * 64)
    assert (fares.failures, fares.rest_until) == (FAILURES_MAX, NOON + timedelta(seconds=10))
    assert after(fares, *[DOWN] * 64).failures == FAILURES_MAX + 1


def test_one_answer_is_proof_of_life() -> None:
    assert after(Health(4, None, None, "slow"), DOWN, DOWN, WELL) == Health()
    resting = Health(7, NOON + timedelta(minutes=1), None, "down")
    assert after(resting, UpstreamRefused(Reason.SERVICE, "closed")) == Health()


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_but_two_comes_from_somebody_alive(reason: Reason) -> None:
    verdict = health.judge([UpstreamRefused(reason, "no")])
    assert (verdict.answered, verdict.failures) == {
        Reason.UNREACHABLE: (False, 1),
        Reason.KEY: (False, 1),
        Reason.LIMIT: (False, 0),
    }.get(reason, (True, 0))


def test_a_pause_that_it_asks_for_is_kept_and_is_no_failure() -> None:
    fares = after(Health(), UpstreamRefused(Reason.LIMIT, "slow down", retry_after_s=300), WELL)
    assert fares == Health(0, NOON + timedelta(seconds=300), None, "slow down")
    assert health.state(fares, NOON) is HealthState.WAITS
    assert health.takes_orders(fares, NOON), "its orders wait for it"
    assert health.state(fares, NOON + timedelta(seconds=300)) is HealthState.WELL
    assert after(Health(), UpstreamRefused(Reason.LIMIT, "busy")).rest_until == NOON + timedelta(seconds=5)
    assert after(Health(), UpstreamRefused(Reason.LIMIT, "", 10**9)).rest_until == NOON + health.REST_MAX


def test_without_funds_it_is_asked_but_gets_no_orders() -> None:
    fares = after(Health(), UpstreamRefused(Reason.FUNDS, "Not enough funds"))
    assert fares == Health(0, None, NOON + timedelta(minutes=2), "Not enough funds")
    assert not health.takes_orders(fares, NOON)
    assert health.state(fares, NOON) is HealthState.WELL
    assert health.takes_orders(fares, NOON + timedelta(minutes=2))
    assert after(fares, WELL, seconds=121) == Health()


def test_why_a_provider_gets_no_orders_is_told_as_long_as_it_gets_none() -> None:
    broke = Health(0, None, NOON + timedelta(minutes=2), "Not enough funds")
    for answers in ([WELL], [DOWN], [DOWN, WELL], [UpstreamRefused(Reason.SERVICE, "closed")]):
        fares = broke
        for answer in answers:
            fares = after(fares, answer, seconds=30)
        assert (fares.problem, fares.sends_rest_until) == ("Not enough funds", broke.sends_rest_until), answers
    assert after(after(Health(1, None, None, "down"), UpstreamRefused(Reason.FUNDS, "no money")), WELL) == Health(
        0, None, NOON + timedelta(minutes=2), "no money"
    )
    paused = Health(0, NOON + timedelta(minutes=5), None, "slow down")
    assert after(paused, WELL, seconds=30).problem == "slow down"
    assert after(paused, WELL, seconds=301).problem == ""
    # One that rests for its failures says so.
    assert after(broke, *[DOWN] * FAILURES_MAX).problem == "the connection broke"


@given(
    st.integers(1, 2000),
    st.lists(st.tuples(st.integers(0, 20_000_000), st.integers(1, 200)), min_size=1, max_size=120),
    st.integers(0, 2**52),
)
def test_no_minute_has_more_requests_than_the_provider_allows(
    per_minute_max: int, asks: list[tuple[int, int]], start_us: int
) -> None:
    now_us, spoken_for_us, times = start_us, 0, []
    for passes_us, wanted in asks:
        now_us += passes_us
        granted, spoken_for_us = health.permits(
            per_minute_max=per_minute_max, spoken_for_us=spoken_for_us, wanted=wanted, now_us=now_us
        )
        assert 0 <= granted <= wanted
        times += [now_us] * granted
    assert times, "an idle provider can always be asked once"
    for i, at in enumerate(times):
        assert bisect_left(times, at + 60_000_000) - i <= per_minute_max


@given(st.integers(1, 2000), st.integers(0, 2**52), st.integers(-(10**12), 10**12))
def test_a_permit_that_is_put_off_is_granted_then(per_minute_max: int, now_us: int, ahead_us: int) -> None:
    """Also after the clock was set back: never later than a minute."""
    spoken_for_us = max(0, now_us + ahead_us)
    _, spoken_for_us = health.permits(
        per_minute_max=per_minute_max, spoken_for_us=spoken_for_us, wanted=0, now_us=now_us
    )
    at_us = health.next_permit_us(per_minute_max=per_minute_max, spoken_for_us=spoken_for_us, now_us=now_us)
    assert now_us <= at_us <= now_us + 62_000_000

    def granted(at: int) -> int:
        return health.permits(per_minute_max=per_minute_max, spoken_for_us=spoken_for_us, wanted=1, now_us=at).granted

    assert granted(at_us) == 1
    if at_us > now_us:
        assert granted(at_us - 1) == 0


# ---- a worker and a provider in trouble --------------------------------------------------------------


def test_a_provider_that_keeps_failing_rests_is_tried_and_comes_back(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    first, second = new_upstream(), new_upstream()
    for name, upstream in (("first", first), ("second", second)):
        alice.route(FOLLOWERS, alice.provider(upstream.url, name=name))
    first.answers("add", LOST)
    second.answers("add", {"order": 1}, {"order": 2}, {"order": 3}, {"order": 4})
    lost = []
    for _ in range(FAILURES_MAX):
        lost.append(carol.order())
        worker.forward()
    assert event_names() == ["provider.resting"]
    assert len(first.called("add")) == FAILURES_MAX
    assert second.calls == [], "nobody knows what became of them, so no other route gets them"
    # While it rests its orders go to the next route.
    order_id = carol.order()
    worker.forward()
    assert (len(first.called("add")), row_of(order_id).upstream_id) == (FAILURES_MAX, "1")
    # The rest is over: it is asked something harmless first, and rests on while that fails.
    assert worker.try_providers() == 0
    time.passes(seconds=10)
    first.answers("balance", Http(503, "down"), {"balance": "5.00", "currency": "USD"})
    assert worker.try_providers() == 1
    assert worker.try_providers() == 0
    time.passes(seconds=19)
    assert worker.try_providers() == 0
    time.passes(seconds=1)
    assert worker.try_providers() == 1
    # It answers: one order tries it, the others wait for what comes of that.
    first.answers("add", {"order": 901}, {"order": 902}, {"order": 903})
    tried = [carol.order() for _ in range(3)]
    assert [sending.order.id for sending in claimed()] == tried[:1]
    execute(
        "UPDATE orders_order SET job = 'forward', provider_id = NULL, route_id = NULL, due_at = created_at"
        " WHERE id = %s",
        tried[0],
    )
    execute("UPDATE providers_provider SET rest_until = NULL")
    time.passes(seconds=10)
    worker.forward()
    assert row_of(tried[0]).upstream_id == "901"
    assert event_names() == ["provider.resting", "provider.back"]
    time.passes(seconds=10)
    worker.forward()
    assert {row_of(i).provider_id for i in tried} == {row_of(tried[0]).provider_id}
    assert value("SELECT problem FROM providers_provider ORDER BY id LIMIT 1") == ""


def claimed() -> list[Any]:
    from panelwright.providers.routing.actions import claim_forward

    return claim_forward(10)


def test_orders_without_another_route_wait_for_the_one_that_rests(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    execute(
        "UPDATE providers_provider SET failures = 5, rest_until = %s, problem = 'down'", NOON + timedelta(minutes=9)
    )
    order_id = carol.order()
    assert worker.forward() == 0
    order = row_of(order_id)
    assert (order.status, order.job, order.attempts) == ("Pending", "forward", 0)
    assert problem_of(order.id) == "will be sent when a provider takes orders again (upstream: down)"
    assert order.due_at == NOON + timedelta(minutes=9)
    assert upstream.calls == []


def test_the_last_refusal_is_not_the_end_while_another_route_rests(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    first, second = new_upstream(), new_upstream()
    rests = alice.provider(first.url, name="first")
    alice.route(FOLLOWERS, rests)
    alice.route(FOLLOWERS, alice.provider(second.url, name="second"))
    until = NOON + timedelta(minutes=9)
    execute("UPDATE providers_provider SET failures = 5, rest_until = %s WHERE id = %s", until, rests.id)
    second.answers("add", {"error": "Incorrect service ID"})
    order_id = carol.order()
    worker.forward()
    assert row_of(order_id).status == "Pending"
    assert carol.balance() == "99.10"
    execute("UPDATE providers_provider SET failures = 0, rest_until = NULL")
    first.answers("add", {"error": "Incorrect service ID"})
    time.passes(minutes=1)
    worker.forward()
    worker.forward()
    assert (row_of(order_id).status, carol.balance()) == ("Canceled", "100.00")


def test_polls_that_fail_rest_the_provider_too(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 23501})
    carol.order()
    worker.forward()
    upstream.answers("status", Http(503, "down"))
    for _ in range(FAILURES_MAX):
        time.passes(hours=1)
        worker.poll()
    assert len(upstream.called("status")) == FAILURES_MAX
    time.passes(hours=1)
    assert worker.poll() == 0
    assert len(upstream.called("status")) == FAILURES_MAX
    upstream.answers("balance", {"balance": "1.00"})
    upstream.answers("status", {"23501": {"status": "Completed", "remains": "0"}})
    assert worker.try_providers() == 1
    assert worker.poll() == 1
    assert event_names() == ["provider.resting", "provider.back"]


def test_a_rate_limit_holds_for_orders_and_everything_else_together(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    provider = alice.provider(upstream.url)
    alice.route(FOLLOWERS, provider)
    execute("UPDATE providers_provider SET per_minute_max = 30")
    upstream.answers("add", lambda params: {"order": int(params["quantity"])})
    upstream.answers("status", {"error": "Rate limit exceeded"})
    orders = [carol.order(quantity=quantity) for quantity in range(100, 140)]
    times = []
    for _ in range(120):
        before = len(upstream.calls)
        worker.forward()
        worker.poll()
        execute("UPDATE providers_provider SET rest_until = NULL")
        times += [time.now.timestamp()] * (len(upstream.calls) - before)
        time.passes(seconds=1)
    assert {row_of(i).status for i in orders} == {"Processing"}
    assert len(upstream.called("add")) == 40
    for i, at in enumerate(times):
        assert bisect_left(times, at + 60) - i <= 30
    assert carol.owner.audit() == []


def test_one_provider_that_rests_or_is_slow_does_not_keep_others_waiting(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    limited, free = new_upstream(), new_upstream()
    alice.route(FOLLOWERS, alice.provider(limited.url, name="limited"))
    alice.route(LIKES, alice.provider(free.url, name="free"))
    execute("UPDATE providers_provider SET per_minute_max = 1 WHERE name = 'limited'")
    limited.answers("add", {"order": 1})
    free.answers("add", lambda params: {"order": int(params["quantity"])})
    for _ in range(70):
        carol.order()
    order_id = carol.order(service=LIKES, quantity=100)
    while worker.forward():
        pass
    assert row_of(order_id).upstream_id == "100"
    assert len(limited.calls) == 1


def test_a_request_that_was_put_off_says_that_nothing_was_sent(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream
) -> None:
    provider = alice.provider(upstream.url)
    execute("UPDATE providers_provider SET per_minute_max = 1")
    (row,) = store.providers([provider.id]).values()
    assert [health_actions.take_request(row) for _ in range(3)] == [True, False, False]
    assert upstream.calls == []
