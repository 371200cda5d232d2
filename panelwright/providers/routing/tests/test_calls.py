"""What is kept of requests about orders and of balances: for stories and as evidence, without keys, within limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.limits import CALL_SENT_CHARS_MAX, CALLS_KEPT_DAYS, CALLS_OF_ORDER_MAX
from panelwright.core.said import words
from panelwright.orders.models import Order
from panelwright.providers import evidence_queries
from panelwright.providers.models import BalanceReading, Provider, ProviderCall, Route
from panelwright.providers.routing import call_actions, calls
from panelwright.providers.routing.actions import claim_forward
from panelwright.providers.routing.evidence_rules import CutOff, Fall, Suggests
from tests.support.people import FOLLOWERS, Buyer, Owner, Time, value
from tests.support.rounds import Rounds
from tests.support.upstream import LOST, ScriptedUpstream

pytestmark = pytest.mark.django_db
NewUpstream = Callable[[], ScriptedUpstream]


def kept(owner: Owner) -> list[tuple[str, str, str]]:
    with scope(panel=owner.panel):
        rows = ProviderCall.objects.filter(panel_id=owner.panel_id).order_by("id")
        return [(row.action, row.outcome, words(row.came)) for row in rows]


def read_balance(owner: Owner, provider_id: int, micros: int) -> None:
    """As a round of its list reads it."""
    with scope(panel=owner.panel):
        BalanceReading.objects.create(
            panel_id=owner.panel_id, provider_id=provider_id, balance_micros=micros, at=clock.now()
        )


def priced(owner: Owner, provider: Provider, rate_micros: int = 420_000) -> None:
    """Followers go to the provider, whose rate is known."""
    owner.route(FOLLOWERS, provider)
    with scope(panel=owner.panel):
        Route.objects.filter(panel_id=owner.panel_id, provider=provider).update(rate_micros=rate_micros)


def evidence_of(owner: Owner, order_id: int) -> evidence_queries.Evidence:
    with scope(panel=owner.panel):
        order = Order.objects.select_related("service").get(id=order_id)
        provider = Provider.objects.get(id=order.provider_id or 0)
        return evidence_queries.of(order, provider, evidence_queries.calls_of(order, 50), "USD")


def test_what_was_sent_and_came_back_is_kept_without_our_key(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    provider = alice.provider(upstream.url)
    alice.route(FOLLOWERS, provider)
    upstream.answers(
        "add", {"order": 23501, "note": "thanks, key-of-upstream"}, {"error": "Incorrect service ID"}, LOST
    )
    upstream.answers("status", {"status": "Partial", "remains": "400", "charge": "0.1"})
    upstream.answers("balance", {"balance": "10", "currency": "USD"})
    first = carol.order()
    worker.forward()
    assert kept(alice) == [("add", "accepted", '{"order": 23501, "note": "thanks, ***"}')]
    with scope(panel=alice.panel):
        (row,) = ProviderCall.objects.filter(panel_id=alice.panel_id)
    assert (row.order_id, row.provider_id, row.attempt) == (first, provider.id, 1)
    assert set(json.loads(row.sent)) == {"service", "link", "quantity"}
    carol.order()
    worker.forward()
    carol.order()
    worker.forward()
    time.passes(seconds=3)
    worker.poll()
    assert [(action, outcome) for action, outcome, _ in kept(alice)[1:]] == [
        ("add", "refused"),
        ("add", "unknown"),
        ("status", "reported"),
    ]
    assert "key-of-upstream" not in str(kept(alice))
    assert json.loads(kept(alice)[3][2])["remains"] == "400"


def test_an_order_keeps_its_last_ones_and_none_for_ever(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"error": "Not enough funds on balance"})
    carol.order()
    for _ in range(CALLS_OF_ORDER_MAX + 3):
        worker.forward()
        time.passes(hours=2)
    with scope(panel=alice.panel):
        attempts = ProviderCall.objects.filter(panel_id=alice.panel_id).order_by("id").values_list("attempt", flat=True)
        assert list(attempts) == list(range(4, CALLS_OF_ORDER_MAX + 4))
    assert call_actions.forget_old() == 0
    time.passes(days=CALLS_KEPT_DAYS)
    assert call_actions.forget_old() == CALLS_OF_ORDER_MAX
    assert kept(alice) == []


def test_a_long_request_is_cut_at_a_parameter() -> None:
    said = calls.written({"request_id": "x", **{f"p{n}": "é" * 5_000 for n in range(50)}})
    assert len(said) <= CALL_SENT_CHARS_MAX
    assert set(json.loads(said)) <= {f"p{n}" for n in range(50)}
    assert len(json.loads(said)) >= 5


def test_a_balance_is_read_at_once_when_an_outcome_is_unknown(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    provider = alice.provider(upstream.url)
    priced(alice, provider)
    assert worker.balances() == 0
    time.passes(minutes=10)
    read_balance(alice, provider.id, 10_000_000)
    time.passes(minutes=30)
    upstream.answers("add", {"order": 1}, LOST)
    upstream.answers("balance", "<html>busy</html>", {"balance": "9.16", "currency": "USD"})
    other = carol.order()
    worker.forward()
    order_id = carol.order()
    worker.forward()
    before = evidence_of(alice, order_id)
    assert (before.fall, before.suggests) == (None, Suggests.NOTHING)
    worker.balances()
    assert evidence_of(alice, order_id).fall is None
    assert worker.balances() == 0  # what does not tell is asked again after a while
    time.passes(seconds=31)
    worker.balances()
    found = evidence_of(alice, order_id)
    assert found.fall == Fall(10_000_000, 9_160_000, 420_000, [420_000], [])
    assert found.suggests is Suggests.TAKEN
    number = value("SELECT number FROM orders_order WHERE id = %s", other)
    assert (found.others, found.others_number, found.others_micros) == ([number], 1, 420_000)
    assert worker.balances() == 0
    assert value("SELECT balance_micros FROM providers_provider WHERE id = %s", provider.id) == 9_160_000


def test_an_order_whose_sender_died_has_its_evidence_too(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    provider = alice.provider(upstream.url)
    priced(alice, provider)
    read_balance(alice, provider.id, 10_000_000)
    upstream.answers("balance", {"balance": "10", "currency": "USD"})
    order_id = carol.order()
    claim_forward(10)
    time.passes(minutes=5, seconds=1)
    worker.recover()
    assert kept(alice) == [("add", "unknown", "the sender stopped in the middle")]
    worker.balances()
    found = evidence_of(alice, order_id)
    assert found.fall == Fall(10_000_000, 10_000_000, 420_000, [], [])
    assert found.suggests is Suggests.NOT_TAKEN


def test_how_others_that_were_cut_off_ended_is_counted(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    from panelwright.providers.routing import resolve_actions

    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", LOST)
    ids = [carol.order() for _ in range(6)]
    worker.forward()
    time.passes(minutes=5)
    for n, order_id in enumerate(ids[1:4]):
        resolve_actions.arrived(panel_id=alice.panel_id, order_id=order_id, by="bob", upstream_id=f"7{n}")
    resolve_actions.cancel(panel_id=alice.panel_id, order_id=ids[4], by="bob")
    found = evidence_of(alice, ids[0])
    assert found.cut_off == CutOff(taken=3, not_taken=1, open=1)
    assert (found.until - found.sent_at) < timedelta(minutes=1)
    assert found.suggests is Suggests.NOTHING


def test_what_is_passed_on_about_an_order_stands_in_its_story(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 7})
    upstream.answers("cancel", [{"order": 7, "cancel": {"error": "Incorrect order ID"}}])
    upstream.answers("status", {"status": "Completed"})
    upstream.answers("refill", {"error": "Refill is disabled"})
    order_id = carol.order()
    worker.forward()
    carol.cancel(order_id)
    worker.cancels()
    assert [(action, outcome) for action, outcome, _ in kept(alice)] == [("add", "accepted"), ("cancel", "refused")]
    time.passes(seconds=5)
    worker.poll()
    time.passes(days=2)
    carol.refill(order_id)
    worker.refills()
    assert [(action, outcome) for action, outcome, _ in kept(alice)][2:] == [("refill", "refused")]
    with scope(panel=alice.panel):
        refill = ProviderCall.objects.filter(panel_id=alice.panel_id, action="refill").get()
    assert (refill.order_id, json.loads(refill.sent), refill.came) == (
        order_id,
        {"order": "7"},
        '{"error": "Refill is disabled"}',
    )
