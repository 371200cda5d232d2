"""Sending: claimed and written down before the call, sent once, and never again on a guess.

The upstream is a real server on loopback; `worker.forward()` is one round of the product's worker.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from panelwright.providers.routing import rules
from panelwright.providers.routing.actions import claim_forward, claim_unfinished
from tests.support.people import (
    COMMENTS,
    FOLLOWERS,
    LINK,
    NOON,
    SUBSCRIPTION,
    TRAFFIC,
    Buyer,
    Owner,
    Seen,
    Time,
    children_of,
    execute,
    problem_of,
    row_of,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.upstream import Http, ScriptedUpstream

# Other threads and connections see only what is committed.
commits = pytest.mark.django_db(transaction=True)

NewUpstream = Callable[[], ScriptedUpstream]
TAKEN: Any = {"order": 23501}
REFUSED = {"error": "Not enough funds on balance"}


def standing(order_id: int) -> tuple[str, str | None, str | None, str]:
    order = row_of(order_id)
    return order.status, order.job, order.upstream_id, problem_of(order_id)


# ---- the plain way ---------------------------------------------------------------------------------


def test_an_order_is_sent_once_and_then_polled(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    provider = alice.provider(upstream.url)
    alice.route(FOLLOWERS, provider, upstream_service="812")
    upstream.answers("add", TAKEN)
    order_id = carol.order(quantity=1000)
    assert worker.forward() == 1
    created_at = row_of(order_id).created_at
    assert upstream.calls == [
        {
            "action": "add",
            "service": "812",
            "link": LINK,
            "quantity": "1000",
            "request_id": rules.request_id(settings.SECRET_KEY, order_id, created_at),
        }
    ]
    assert upstream.keys == ["key-of-upstream"]
    assert standing(order_id) == ("Processing", "poll", "23501", "")
    order = row_of(order_id)
    assert (order.provider_id, order.lease_until, order.due_at) == (provider.id, None, NOON + timedelta(seconds=2))
    assert worker.forward() == worker.recover() == 0
    assert len(upstream.calls) == 1
    assert carol.balance() == "99.10"


@commits
def test_the_claim_is_in_the_database_before_the_provider_is_called(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    provider = alice.provider(upstream.url)
    alice.route(FOLLOWERS, provider)
    upstream.answers("add", TAKEN)

    def look(_: object) -> object:
        try:
            (row,) = values("SELECT status, job, provider_id, upstream_id, attempts FROM orders_order")
            leased = value("SELECT COUNT(*) FROM orders_order WHERE lease_until = due_at AND lease_until IS NOT NULL")
            # Nobody else can take it meanwhile.
            return row, leased, claim_forward(10), claim_unfinished(10)
        finally:
            connections.close_all()

    upstream.look = look
    carol.order()
    worker.forward()
    assert upstream.looked == [(("Processing", "sending", provider.id, None, 1), 1, [], [])]


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        ({"service": COMMENTS, "comments": "One\r\n\r\nTwo ж\r\n"}, {"comments": "One\nTwo ж"}),
        (
            {"service": TRAFFIC, "country": "Brazil", "type_of_traffic": 2, "referring_url": "https://r.example"},
            {
                "quantity": "1000",
                "country": "BR",
                "device": "5",
                "type_of_traffic": "2",
                "referring_url": "https://r.example",
            },
        ),
    ],
)
def test_the_fields_of_the_type_go_with_it(
    alice: Owner,
    carol: Buyer,
    upstream: ScriptedUpstream,
    worker: Rounds,
    params: dict[str, Any],
    fields: dict[str, str],
) -> None:
    alice.route(params["service"], alice.provider(upstream.url))
    upstream.answers("add", TAKEN)
    carol.order(**params)
    worker.forward()
    (call,) = upstream.calls
    del call["request_id"]
    assert call == {"action": "add", "service": "77", "link": LINK, **fields}


def test_many_orders_are_sent_each_once(alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", lambda params: {"order": f"API{params['quantity']}"})
    orders = [carol.order(quantity=100 + n) for n in range(90)]
    while worker.forward():
        pass
    assert sorted(int(call["quantity"]) for call in upstream.calls) == [100 + n for n in range(90)]
    assert [row_of(order_id).upstream_id for order_id in orders] == [f"API{100 + n}" for n in range(90)]
    assert len({call["request_id"] for call in upstream.calls}) == 90


@commits
def test_two_workers_send_each_order_once(alice: Owner, carol: Buyer, upstream: ScriptedUpstream) -> None:
    from tests.support.threads import together

    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", lambda params: {"order": int(params["quantity"])})
    for n in range(40):
        carol.order(quantity=100 + n)
    workers = [Rounds(), Rounds(), Rounds()]

    together([worker.forward for worker in workers])
    for worker in workers:
        worker.close()
    assert sorted(int(call["quantity"]) for call in upstream.calls) == [100 + n for n in range(40)]
    assert value("SELECT COUNT(*) FROM orders_order WHERE job = 'poll'") == 40


# ---- refusals --------------------------------------------------------------------------------------


def test_after_a_refusal_the_next_route_is_tried(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    first, second = new_upstream(), new_upstream()
    alice.route(FOLLOWERS, alice.provider(first.url, name="first"), upstream_service="1")
    backup = alice.provider(second.url, name="second")
    alice.route(FOLLOWERS, backup, upstream_service="2")
    first.answers("add", REFUSED)
    second.answers("add", TAKEN)
    order_id = carol.order()
    worker.forward()
    assert standing(order_id) == ("Pending", "forward", None, "")
    worker.forward()
    assert standing(order_id) == ("Processing", "poll", "23501", "")
    assert row_of(order_id).provider_id == backup.id
    assert [call["service"] for call in (*first.calls, *second.calls)] == ["1", "2"]
    # Another provider, another panel: the request_id is that of the order all the same.
    assert first.calls[0]["request_id"] == second.calls[0]["request_id"]


def test_when_all_routes_refused_for_now_the_first_is_tried_again_later(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    first, second = new_upstream(), new_upstream()
    for name, upstream in (("first", first), ("second", second)):
        alice.route(FOLLOWERS, alice.provider(upstream.url, name=name))
        upstream.answers("add", REFUSED)
    order_id = carol.order()
    worker.forward()
    worker.forward()
    problem = "second refused it: Not enough funds on balance"
    assert standing(order_id) == ("Pending", "forward", None, problem)
    first.answers("add", TAKEN)
    time.passes(seconds=119)
    assert worker.forward() == 0
    broke = "Not enough funds on balance"
    problem = f"will be sent when a provider takes orders again (first: {broke}; second: {broke})"
    assert standing(order_id) == ("Pending", "forward", None, problem)
    time.passes(seconds=5)
    assert worker.forward() == 1
    assert standing(order_id) == ("Processing", "poll", "23501", "")
    assert (len(first.calls), len(second.calls)) == (2, 1)
    assert carol.balance() == "99.10"


def test_an_open_order_for_the_link_heals_by_waiting(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time
) -> None:
    first, second = new_upstream(), new_upstream()
    for name, upstream in (("first", first), ("second", second)):
        alice.route(FOLLOWERS, alice.provider(upstream.url, name=name))
    same = {"error": "You have active order with this link. Please wait until order being completed."}
    first.answers("add", same, same, TAKEN)
    order_id = carol.order()
    for wait_s in (5, 10):
        worker.forward()
        assert row_of(order_id).due_at == time.now + timedelta(seconds=wait_s)
        time.passes(seconds=wait_s)
    worker.forward()
    assert standing(order_id) == ("Processing", "poll", "23501", "")
    assert second.calls == [], "the second provider would deliver it beside the first"


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Incorrect service ID"},
        {"error": "neworder.error.min_quantity"},
        {"status": "fail", "message": "Quantity more than maximum 5000"},
        {"error": {"link": ["Bad link"]}},
        Http(422, {"error": "Incorrect link"}),
    ],
)
def test_what_nobody_can_take_is_cancelled_and_refunded_once(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, answer: Any
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", answer)
    order_id = carol.order()
    worker.forward()
    assert carol.sees(order_id) == Seen("Canceled", "0.00", 1000)
    assert carol.balance() == "100.00"
    assert worker.forward() == worker.recover() == worker.poll() == 0
    assert len(upstream.calls) == 1
    assert value("SELECT COUNT(*) FROM ledger_transfer WHERE code = 'refund'") == 1


def test_a_rate_limit_is_waited_for_as_long_as_the_provider_says(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", Http(429, {"error": "Rate limit exceeded"}, (("Retry-After", "90"),)), TAKEN)
    order_id = carol.order()
    worker.forward()
    assert standing(order_id)[:2] == ("Pending", "forward")
    assert row_of(order_id).due_at == NOON + timedelta(seconds=90)
    time.passes(seconds=90)
    worker.forward()
    assert standing(order_id) == ("Processing", "poll", "23501", "")


def test_a_provider_that_cannot_be_reached_was_not_told(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds
) -> None:
    gone, there = new_upstream(), new_upstream()
    gone.stop()
    alice.route(FOLLOWERS, alice.provider(gone.url, name="gone"))
    alice.route(FOLLOWERS, alice.provider(there.url, name="there"))
    there.answers("add", TAKEN)
    order_id = carol.order()
    worker.forward()
    worker.forward()
    assert standing(order_id) == ("Processing", "poll", "23501", "")


def test_a_service_without_a_route_waits_for_one(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    order_id = carol.order()
    worker.forward()
    assert standing(order_id) == ("Pending", "forward", None, "no provider is set for this service")
    assert row_of(order_id).due_at == NOON + timedelta(minutes=1)
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", TAKEN)
    time.passes(minutes=1)
    worker.forward()
    assert standing(order_id) == ("Processing", "poll", "23501", "")


@pytest.mark.parametrize("table", ["providers_provider", "providers_route"])
def test_what_is_switched_off_is_not_used(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, table: str
) -> None:
    off, on = new_upstream(), new_upstream()
    provider = alice.provider(off.url, name="off")
    alice.route(FOLLOWERS, provider)
    alice.route(FOLLOWERS, alice.provider(on.url, name="on"))
    column = "id" if table == "providers_provider" else "provider_id"
    execute(f"UPDATE {table} SET enabled = %s WHERE {column} = %s", False, provider.id)
    on.answers("add", TAKEN)
    carol.order()
    worker.forward()
    assert (len(off.calls), len(on.calls)) == (0, 1)


def test_a_provider_key_that_cannot_be_read_sends_nothing(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds
) -> None:
    provider = alice.provider(upstream.url)
    alice.route(FOLLOWERS, provider)
    execute("UPDATE providers_provider SET sealed_key = 'of another installation' WHERE id = %s", provider.id)
    order_id = carol.order()
    worker.forward()
    assert standing(order_id)[:2] == ("Pending", "forward")
    assert "cannot be decrypted" in problem_of(order_id)
    assert upstream.calls == []


# ---- ids -------------------------------------------------------------------------------------------


def test_an_id_that_another_order_has_is_not_believed(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", TAKEN)
    first = carol.order()
    worker.forward()
    second, third = carol.order(), carol.order()
    worker.forward()
    assert standing(first) == ("Processing", "poll", "23501", "")
    for order_id in (second, third):
        assert standing(order_id) == (
            "Processing",
            None,
            None,
            "outcome unknown: upstream answered with the id 23501, which another order has already",
        )


def test_two_orders_of_one_round_with_one_id_are_not_mixed(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", TAKEN)
    orders = [carol.order(), carol.order()]
    worker.forward()
    assert sorted(str(row_of(order_id).upstream_id) for order_id in orders) == ["23501", "None"]


def test_equal_ids_at_two_providers_are_two_orders(
    alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds
) -> None:
    first, second = new_upstream(), new_upstream()
    alice.route(FOLLOWERS, alice.provider(first.url, name="first"))
    alice.route(COMMENTS, alice.provider(second.url, name="second"))
    first.answers("add", TAKEN)
    second.answers("add", TAKEN)
    orders = [carol.order(), carol.order(service=COMMENTS)]
    worker.forward()
    assert [standing(order_id) for order_id in orders] == [("Processing", "poll", "23501", "")] * 2


# ---- runs and posts --------------------------------------------------------------------------------------


def test_runs_go_out_one_by_one_as_plain_orders(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 1}, {"order": 2}, {"order": 3})
    order_id = carol.order(quantity=100, runs=3, interval=30)
    assert worker.forward() == 0, "the drip-feed itself is never sent"
    for _ in range(3):
        worker.schedules()
        worker.forward()
        time.passes(minutes=30)
    for call in upstream.calls:
        assert call.keys() == {"action", "service", "link", "quantity", "request_id"}
        assert call["quantity"] == "100"
    assert len({call["request_id"] for call in upstream.calls}) == 3
    assert [run.upstream_id for run in children_of(order_id)] == ["1", "2", "3"]


def test_after_a_long_pause_one_run_is_sent_and_not_all(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", *({"order": n} for n in range(1, 9)))
    carol.order(quantity=100, runs=8, interval=30)
    worker.schedules()
    worker.forward()
    time.passes(days=1)
    for _ in range(20):
        worker.schedules()
        worker.forward()
    assert len(upstream.calls) == 2


def test_a_post_goes_out_as_an_order_for_its_link(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    from panelwright.orders.schedule_actions import record_post

    alice.route(SUBSCRIPTION, alice.provider(upstream.url))
    upstream.answers("add", TAKEN)
    order_id = carol.order(service=SUBSCRIPTION, delay=0)
    record_post(panel_id=alice.panel_id, subscription_id=order_id, link="https://example.com/p/1")
    worker.schedules()
    worker.forward()
    (call,) = upstream.calls
    del call["request_id"]
    assert call == {"action": "add", "service": "77", "link": "https://example.com/p/1", "quantity": "100"}
