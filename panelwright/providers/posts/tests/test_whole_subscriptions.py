"""A subscription goes to a provider that sells subscriptions as a whole; each order that it reports is ours, once.

The upstream is a real server on loopback, and a worker's rounds are called one by one.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_enabled, set_rate
from panelwright.core import money
from panelwright.core.refusal import InvalidState, NotThere
from panelwright.orders import key_actions, pause_actions, problems
from panelwright.orders.schedule_actions import open_subscriptions, record_post
from panelwright.providers.posts import subscription_actions as subscriptions
from panelwright.providers.routing.route_actions import NewRoute, add_routes
from tests.support.people import (
    FOLLOWERS,
    NOON,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Time,
    check_books,
    children_of,
    execute,
    row_of,
    run_schedules,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.upstream import LOST, Http, ScriptedUpstream

REASON = "SELECT pause_reason FROM orders_schedule WHERE order_id = %s"


class Far:
    """What the provider has: subscription 900, and the orders that it has made of it."""

    def __init__(self, upstream: ScriptedUpstream) -> None:
        self.upstream = upstream
        self.word = "Active"
        self.posts: dict[int, dict[str, Any]] = {}
        self.listed: list[Any] | None = None
        upstream.answers("add", {"order": 900})
        upstream.answers("status", self.status)
        upstream.answers("cancel", lambda params: [{"order": int(i), "cancel": 1} for i in params["orders"].split(",")])

    def makes(self, ref: int, quantity: int, **more: Any) -> None:
        usual = {"charge": "0", "start_count": "0", "status": "Pending", "remains": str(quantity), "currency": "USD"}
        self.posts[ref] = {**usual, **more}

    def one(self, ref: str) -> Any:
        if ref == "900":
            five = {"charge": "0.00", "start_count": "0", "status": self.word, "remains": "0", "currency": "USD"}
            orders = list(self.posts) if self.listed is None else self.listed
            return five | {"posts": str(len(orders)), "orders": orders, "expiry": ""}
        return self.posts.get(int(ref), {"error": "Incorrect order ID"})

    def status(self, params: dict[str, str]) -> Any:
        if "order" in params:
            return self.one(params["order"])
        return {ref: self.one(ref) for ref in params["orders"].split(",")}


@pytest.fixture
def far(alice: Owner, upstream: ScriptedUpstream) -> Far:
    provider = alice.provider(upstream.url)
    with scope(panel=alice.panel):
        route = NewRoute(alice.services[SUBSCRIPTION].id, provider.id, "77", "Subscriptions")
        add_routes(alice.panel_id, [route])
    execute("UPDATE providers_route SET rate_micros = %s", 1_000_000)
    return Far(upstream)


def subscribe(carol: Buyer, worker: Rounds, **params: Any) -> int:
    order_id = carol.order(service=SUBSCRIPTION, **{"delay": 0, **params})
    worker.schedules()
    worker.forward()
    return order_id


def look(worker: Rounds, time: Time, **later: float) -> None:
    time.passes(**later or {"minutes": 20})
    worker.poll()


def trouble(order_id: int) -> str:
    order = row_of(order_id)
    return problems.words(order.problem_code, problems.facts_of(order.problem_facts))


def asked(far: Far) -> list[dict[str, str]]:
    return [call for call in far.upstream.called("status") if "orders" in call]


def stands(order_id: int) -> tuple[str, str, str | None]:
    """Status, why it pauses, and what a worker does next."""
    order = row_of(order_id)
    return order.status, value(REASON, order_id), order.job


def events(*names: str) -> list[dict[str, Any]]:
    rows = values("SELECT name, facts FROM events_event ORDER BY id")
    return [json.loads(f) if isinstance(f, str) else f for n, f in rows if n in names]


# ---- sent as one ------------------------------------------------------------------------------------------


def test_a_subscription_is_sent_as_one_and_then_polled(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = subscribe(carol, worker, min=10, max=20, posts=3, old_posts=2, delay=90, expiry="6/5/2026")
    (call,) = far.upstream.called("add")
    assert len(call.pop("request_id")) == 40
    assert call == {
        "action": "add",
        "service": "77",
        "username": "carol",
        "min": "10",
        "max": "20",
        "posts": "3",
        "old_posts": "2",
        "delay": "90",
        "expiry": "06/05/2026",
    }
    order = row_of(order_id)
    assert (order.status, order.job, order.upstream_id, order.charge_micros) == ("Active", "poll", "900", 0)
    for _ in range(5):
        worker.schedules()
        worker.forward()
        worker.recover()
        look(worker, time)
    assert len(far.upstream.called("add")) == 1 and stands(order_id) == ("Active", "", "poll")


def test_what_becomes_of_it_is_unknown_and_it_is_not_sent_again(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    far.upstream.answers("add", LOST)
    order_id = subscribe(carol, worker)
    assert trouble(order_id).startswith("outcome unknown") and stands(order_id) == ("Active", "", None)
    time.passes(days=1)
    for _ in range(3):
        worker.schedules()
        worker.forward()
        worker.recover()
    assert len(far.upstream.called("add")) == 1


def test_a_refusal_that_passes_is_waited_for_and_one_that_does_not_ends_it(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    far.upstream.answers("add", {"error": "Too many requests"}, {"error": "Incorrect service ID"})
    order_id = subscribe(carol, worker)
    assert stands(order_id) == ("Active", "", "forward")
    time.passes(hours=2)
    worker.forward()
    assert row_of(order_id).status == "Canceled" and carol.balance() == "100.00"


def test_posts_that_are_heard_of_here_are_not_ordered_for(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = carol.order(service=SUBSCRIPTION, delay=0)
    record_post(panel_id=carol.owner.panel_id, subscription_id=order_id, link="https://example.com/p/1")
    worker.schedules()
    worker.forward()
    assert open_subscriptions(carol.owner.panel_id, "carol") == []
    due_at = row_of(order_id).due_at
    record_post(panel_id=carol.owner.panel_id, subscription_id=order_id, link="https://example.com/p/2")
    assert row_of(order_id).due_at == due_at, "it is asked about no sooner for it"
    time.passes(days=1)
    worker.schedules()
    assert value("SELECT COUNT(*) FROM orders_post WHERE due_at IS NOT NULL") == 0
    assert children_of(order_id) == [] and far.upstream.called("add")[0]["username"] == "carol"


def test_a_service_whose_first_route_takes_single_orders_keeps_its_posts(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    provider = alice.provider(upstream.url)
    alice.route(SUBSCRIPTION, provider, upstream_service="5")
    with scope(panel=alice.panel):
        add_routes(alice.panel_id, [NewRoute(alice.services[SUBSCRIPTION].id, provider.id, "77", "Subscriptions")])
    upstream.answers("add", {"error": "Incorrect service ID"})
    order_id = subscribe(carol, worker)
    record_post(panel_id=alice.panel_id, subscription_id=order_id, link="https://example.com/p/1")
    worker.schedules()
    worker.forward()
    assert [(call["service"], call["link"]) for call in upstream.called("add")] == [("5", "https://example.com/p/1")]
    assert children_of(order_id)[0].status == "Canceled", "the service of subscriptions is no second try for a post"


# ---- its orders -------------------------------------------------------------------------------------------


def test_each_order_that_is_reported_becomes_ours_and_is_charged_once(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker, min=100, max=300)
    far.makes(901, 100)
    look(worker, time)
    far.makes(902, 250)
    far.listed = [902, 901, "902", 901]
    look(worker, time)
    far.listed = [901, 902]
    look(worker, time)
    orders = children_of(order_id)
    assert [(o.kind, o.upstream_id, o.quantity, o.charge_micros, o.job) for o in orders] == [
        ("post", "901", 100, 150_000, "poll"),
        ("post", "902", 250, 375_000, "poll"),
    ]
    assert carol.balance() == "99.475"
    assert value("SELECT posts_done FROM orders_schedule") == 2
    far.posts[901] |= {"status": "Completed", "remains": "0"}
    far.posts[902] |= {"status": "Partial", "remains": "50"}
    look(worker, time)
    assert [o.status for o in children_of(order_id)] == ["Completed", "Partial"]
    assert carol.balance() == "99.55"
    far.word = "Completed"
    look(worker, time)
    assert stands(order_id) == ("Completed", "", None)
    check_books()


def test_each_costs_what_the_route_does_until_the_provider_says_more(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    """Also what nobody paid for: it is not asked about, and its cost is what staff decide on."""
    order_id = subscribe(carol, worker, min=100, max=300)
    far.makes(901, 250)
    far.makes(902, 250, charge="0.27", status="In progress")
    look(worker, time)
    execute("UPDATE catalog_service SET enabled = %s", False)
    far.makes(903, 300)
    look(worker, time, seconds=1201)
    costs = values(
        "SELECT cost_micros, cost_rate_e12, cost_told FROM orders_order WHERE parent_id = %s ORDER BY id", order_id
    )
    known = [(cost, rate, bool(told)) for cost, rate, told in costs]
    # 901 was asked about again meanwhile, and its provider says 0: it has not started.
    assert known == [(250_000, 10**12, False), (270_000, 10**12, True), (300_000, 10**12, False)]


@pytest.mark.parametrize(
    "listed",
    [
        *(
            {"1": 901, "3": "902"},
            "901,902",
            [901, 902],
            {"0": "901", "1": 902},
            ["901", "902"],
            "901, 902",
            "[901,902]",
        ),
        *("901\n902", "901;902", [{"order": 901}, {"order": "902"}], [{"id": 901, "status": "Pending"}, {"id": "902"}]),
        *({"901": {"status": "Pending"}, "902": {}}, {"901": "Pending", "902": "In progress"}, [901.0, "902"]),
        {"a": {"order": 901}, "b": {"Order": 902}},
    ],
)
def test_lists_of_orders_in_every_form_are_read(
    far: Far, carol: Buyer, worker: Rounds, time: Time, listed: object
) -> None:
    order_id = subscribe(carol, worker, min=100, max=300)
    far.makes(901, 100)
    far.makes(902, 200)
    far.listed = listed  # type: ignore[assignment]
    look(worker, time)
    assert [o.upstream_id for o in children_of(order_id)] == ["901", "902"]
    assert carol.balance() == "99.55"


def test_a_worker_that_dies_before_it_writes_down_charges_nothing_and_nothing_twice(
    far: Far, carol: Buyer, worker: Rounds, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    from panelwright.providers.routing import actions

    order_id = subscribe(carol, worker)
    far.makes(901, 100)
    time.passes(minutes=20)
    commit = actions.commit_polled

    def dies(*args: Any, **kwargs: Any) -> int:
        raise RuntimeError("killed")

    worker.fails = True
    monkeypatch.setattr(actions, "commit_polled", dies)
    worker.poll()
    assert children_of(order_id) == [] and carol.balance() == "100.00"
    monkeypatch.setattr(actions, "commit_polled", commit)
    look(worker, time)
    look(worker, time)
    assert len(children_of(order_id)) == 1 and carol.balance() == "99.85"


def test_the_number_of_another_order_of_ours_is_not_taken_over(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    far.upstream.answers("add", {"order": 950})
    with scope(panel=alice.panel):
        provider = value("SELECT id FROM providers_provider")
        add_routes(alice.panel_id, [(alice.services[FOLLOWERS].id, provider, "5")])
    plain = carol.order(quantity=100)
    worker.forward()
    far.makes(950, 100)
    far.makes(951, 100)
    far.listed = [950, 900, 951]
    look(worker, time)
    assert [o.upstream_id for o in children_of(order_id)] == ["951"]
    assert f"order 950 is of this subscription, and it is another one: {plain.number}" in trouble(order_id)
    assert row_of(plain).upstream_id == "950" and carol.balance() == "99.76"


def test_an_order_that_cannot_be_asked_about_is_taken_over_later_and_the_end_waits_for_it(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    far.makes(901, 100)
    said = far.one

    def silent(ref: str) -> Any:
        return {} if ref == "901" else said(ref)

    far.one = silent  # type: ignore[method-assign]
    far.word = "Completed"
    look(worker, time)
    assert stands(order_id)[0] == "Active" and children_of(order_id) == []
    assert row_of(order_id).due_at == time.now + timedelta(seconds=10)
    far.one = said  # type: ignore[method-assign]
    look(worker, time, seconds=11)
    assert stands(order_id)[0] == "Completed" and len(children_of(order_id)) == 1
    assert carol.balance() == "99.85"


def test_many_orders_at_once_are_taken_over_in_rounds(far: Far, alice: Owner, worker: Rounds, time: Time) -> None:
    dora = alice.customer("dora", balance="100.00")
    order_id = subscribe(dora, worker)
    for ref in range(1000, 1250):
        far.makes(ref, 100)
    far.word = "Completed"
    counts: list[int] = []
    while row_of(order_id).ended_at is None and len(counts) < 20:
        look(worker, time, seconds=20)
        counts.append(len(children_of(order_id)))
    assert counts[0] == 100 and counts[-1] == 250 and all(len(c["orders"].split(",")) <= 100 for c in asked(far))
    assert stands(order_id)[0] == "Completed" and dora.balance() == "62.50"
    assert value("SELECT posts_done FROM orders_schedule") == 250


WORDS_OF_THEIRS = [
    *(("Active", "Active"), ("ACTIVE", "Active"), ("In progress", "Active"), ("Pending", "Active"), ("1", "Active")),
    *(("активна", "Active"), ("Paused", "Paused"), ("pausado", "Paused"), ("Completed", "Completed")),
    *(("Complete", "Completed"), ("Expired", "Expired"), ("истекла", "Expired"), ("Canceled", "Canceled")),
    *(("Cancelled", "Canceled"), ("Refunded", "Canceled"), ("Partial", "Canceled")),
]


@pytest.mark.parametrize(("theirs", "ours"), WORDS_OF_THEIRS)
def test_words(far: Far, carol: Buyer, worker: Rounds, time: Time, theirs: str, ours: str) -> None:
    order_id = subscribe(carol, worker)
    far.word = theirs
    look(worker, time)
    assert stands(order_id)[:2] == (ours, "provider" if ours == "Paused" else "")
    if ours in ("Active", "Paused"):
        far.word = "Active"
        look(worker, time)
        assert stands(order_id) == ("Active", "", "poll")


def test_a_word_that_nobody_knows_is_a_problem(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = subscribe(carol, worker)
    far.word = "Dreaming"
    far.makes(901, 100)
    look(worker, time)
    assert "not understood: “Dreaming”" in trouble(order_id)
    assert len(children_of(order_id)) == 1, "what it says beside it counts"


# ---- when something stands against it ----------------------------------------------------------------------


def test_without_funds_the_provider_is_asked_to_cancel_and_what_still_arrives_waits_for_staff(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    carol.spends_all_but("0.20")
    far.makes(901, 100)
    far.makes(902, 100)
    look(worker, time)
    paid, unpaid = children_of(order_id)
    assert (paid.charge_micros, unpaid.charge_micros, unpaid.job) == (150_000, 0, None)
    assert trouble(unpaid.id) == "not charged (funds): 0.15 USD for 100 units, which upstream delivers all the same"
    assert stands(order_id) == ("Paused", "funds", "poll")
    assert events("subscription.paused") == [{"reason": "funds"}]
    worker.cancels()
    assert [call["orders"] for call in far.upstream.called("cancel")] == ["900"]
    alice.credits(carol, "5.00", reference="too late")
    far.makes(903, 100)
    look(worker, time)
    assert [o.charge_micros for o in children_of(order_id)] == [150_000, 0, 0], "it was told that it ends"
    far.word = "Canceled"
    look(worker, time)
    assert stands(order_id) == ("Canceled", "", None)
    assert carol.balance() == "5.05"
    check_books()


def test_staff_decide_who_pays_for_what_arrived(
    far: Far, alice: Owner, rival: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    carol.spends_all_but("0.00")
    far.makes(901, 100)
    far.makes(902, 100)
    look(worker, time)
    first, second = (o.id for o in children_of(order_id))
    with pytest.raises(InvalidState, match=r"costs 0\.15"):
        subscriptions.charge_post(panel_id=alice.panel_id, order_id=first, by="bob")
    for panel_id, which in ((rival.panel_id, first), (alice.panel_id, 10**9)):
        with pytest.raises(NotThere):
            subscriptions.waive_post(panel_id=panel_id, order_id=which, by="x")
    alice.credits(carol, "1.00", reference="later")
    assert subscriptions.charge_post(panel_id=alice.panel_id, order_id=first, by="bob") == 150_000
    subscriptions.waive_post(panel_id=alice.panel_id, order_id=second, by="bob")
    assert carol.balance() == "0.85"
    for decide in (subscriptions.charge_post, subscriptions.waive_post):
        for which in (first, second, order_id):
            with pytest.raises(InvalidState):
                decide(panel_id=alice.panel_id, order_id=which, by="bob")
    far.posts[901] |= {"status": "Canceled", "remains": "100"}
    far.posts[902] |= {"status": "Completed", "remains": "0"}
    look(worker, time)
    assert [(o.status, o.charge_micros) for o in children_of(order_id)] == [("Canceled", 0), ("Completed", 0)]
    assert carol.balance() == "1.00"
    assert [e["decision"] for e in events("order.resolved")] == ["charge", "waive"]
    check_books()


def test_the_cap_of_the_key_counts_them(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    row, key = carol.new_key(daily_cap_micros=money.parse("0.30"))
    order_id = subscribe(carol, worker, caller=carol.caller(key=key))
    for ref in (901, 902, 903):
        far.makes(ref, 100)
    look(worker, time)
    assert [(o.charge_micros, o.key_id) for o in children_of(order_id)] == [(150_000, row.id)] * 2 + [(0, row.id)]
    assert stands(order_id) == ("Paused", "cap", "poll") and carol.balance() == "99.70"
    assert value("SELECT spent_micros FROM customers_apikey WHERE id = %s", row.id) == 300_000


def test_each_costs_the_lower_rate_and_a_higher_one_ends_it(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    for ref, rate in ((901, 1_000_000), (902, 1_500_000), (903, 1_500_001)):
        with scope(panel=alice.panel):
            set_rate(panel_id=alice.panel_id, number=SUBSCRIPTION, rate_micros=rate)
        far.makes(ref, 100)
        look(worker, time)
    assert [o.charge_micros for o in children_of(order_id)] == [100_000, 150_000, 0]
    assert stands(order_id) == ("Paused", "rate", "poll")
    which: dict[str, Any] = {
        "panel_id": alice.panel_id,
        "order_id": order_id,
        "by": "carol",
        "customer_id": carol.customer_id,
    }
    assert pause_actions.resume(**which) == pause_actions.AT_PROVIDER
    assert pause_actions.pause(**which) == pause_actions.AT_PROVIDER


@pytest.mark.parametrize("what", ["service", "account", "key"])
def test_what_stands_against_it_ends_it_before_anything_arrives(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time, what: str
) -> None:
    row, key = carol.new_key()
    order_id = subscribe(carol, worker, caller=carol.caller(key=key))
    with scope(panel=alice.panel):
        if what == "service":
            set_enabled(panel_id=alice.panel_id, number=SUBSCRIPTION, enabled=False)
        elif what == "account":
            execute("UPDATE customers_customer SET enabled = %s WHERE id = %s", False, carol.customer_id)
        else:
            assert key_actions.revoke_key(panel_id=alice.panel_id, key_id=row.id)
            assert stands(order_id) == ("Paused", "key", "poll"), "at once"
    look(worker, time)
    assert stands(order_id) == ("Paused", what, "poll")
    worker.cancels()
    assert len(far.upstream.called("cancel")) == 1
    far.word = "Cancelled"
    look(worker, time)
    assert stands(order_id) == ("Canceled", "", None)


def test_a_provider_that_does_not_cancel_is_told_to_staff_and_goes_on_when_the_reason_is_over(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    far.upstream.answers("cancel", [{"order": 900, "cancel": {"error": "Cancel is disabled for this service"}}])
    order_id = subscribe(carol, worker)
    with scope(panel=alice.panel):
        set_enabled(panel_id=alice.panel_id, number=SUBSCRIPTION, enabled=False)
    look(worker, time)
    worker.cancels()
    far.makes(901, 100)
    look(worker, time)
    assert "upstream does not cancel it (Cancel is disabled" in trouble(order_id)
    assert children_of(order_id)[0].charge_micros == 0
    with scope(panel=alice.panel):
        set_enabled(panel_id=alice.panel_id, number=SUBSCRIPTION, enabled=True)
    worker.cancels()
    far.makes(902, 100)
    look(worker, time)
    assert stands(order_id) == ("Active", "", "poll")
    assert [o.charge_micros for o in children_of(order_id)] == [0, 150_000]


def test_a_key_that_is_revoked_before_it_was_sent_keeps_it_here(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    row, key = carol.new_key()
    order_id = carol.order(service=SUBSCRIPTION, delay=0, caller=carol.caller(key=key))
    worker.schedules()
    assert stands(order_id) == ("Active", "", "forward")
    with scope(panel=alice.panel):
        key_actions.revoke_key(panel_id=alice.panel_id, key_id=row.id)
    worker.forward()
    worker.schedules()
    assert stands(order_id) == ("Paused", "key", "schedule") and far.upstream.called("add") == []
    hers: dict[str, Any] = {"by": "carol", "customer_id": carol.customer_id}
    assert pause_actions.resume(panel_id=alice.panel_id, order_id=order_id, **hers) is None
    worker.schedules()
    worker.forward()
    assert stands(order_id) == ("Active", "", "poll")


# ---- cancels ----------------------------------------------------------------------------------------------


def test_a_customers_cancel_asks_the_provider(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = subscribe(carol, worker)
    assert carol.cancel(order_id) == [1]
    worker.cancels()
    assert [call["orders"] for call in far.upstream.called("cancel")] == ["900"]
    assert stands(order_id)[0] == "Active", "it ends as the provider says"
    far.makes(901, 100)
    far.word = "Canceled"
    look(worker, time)
    assert stands(order_id)[0] == "Canceled"
    assert [o.charge_micros for o in children_of(order_id)] == [150_000], "what it had made until then is paid for"


@pytest.mark.parametrize("sent", [False, True])
def test_a_cancel_before_it_was_sent_ends_it_at_once(
    far: Far, carol: Buyer, worker: Rounds, time: Time, sent: bool
) -> None:
    order_id = carol.order(service=SUBSCRIPTION)
    if sent:
        worker.schedules()
    if sent:
        assert pause_actions.cancel(panel_id=carol.owner.panel_id, order_id=order_id, by="bob") is None
    else:
        assert carol.cancel(order_id) == [1]
    assert row_of(order_id).status == "Canceled"
    worker.forward()
    assert far.upstream.calls == []


# ---- what is not told --------------------------------------------------------------------------------------------


def test_what_is_not_told_is_counted_low_and_noted(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = subscribe(carol, worker, min=50, max=400)
    far.makes(901, 0, status="Completed", charge="0.1230")
    far.makes(902, 0, status="Completed", charge="7.77")
    look(worker, time)
    assert [o.quantity for o in children_of(order_id)] == [123, 50]
    (noted,) = events("subscription.quantity_unknown")
    assert (noted["theirs"], noted["counted"], noted["max"]) == ("902", 50, 400)


def test_an_error_of_the_whole_request_changes_nothing(far: Far, carol: Buyer, worker: Rounds, time: Time) -> None:
    order_id = subscribe(carol, worker)
    far.upstream.answers("status", Http(503, "busy"))
    look(worker, time)
    assert stands(order_id) == ("Active", "", "poll")
    assert row_of(order_id).created_at + timedelta(days=1) > NOON
    run_schedules()
    assert children_of(order_id) == []
