"""Whatever state an open order is in, a person can end it, send it, or say where it is; and no two things happen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from panelwright.core.refusal import InvalidState, NotThere
from panelwright.providers import order_queries
from panelwright.providers.manual import manual_actions
from panelwright.providers.models import Provider
from panelwright.providers.routing import actions, resolve_actions
from panelwright.providers.routing.actions import Sent, claim_forward, commit_sent
from panelwright.providers.wire.outcomes import Accepted
from tests.support.by_hand import BY, own_people
from tests.support.people import (
    FOLLOWERS,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Seen,
    Time,
    children_of,
    everything,
    execute,
    problem_of,
    row_of,
    run_schedules,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.upstream import LOST, ScriptedUpstream

NewUpstream = Callable[[], ScriptedUpstream]


class World:
    """An order of 1000 followers for 0.90, and two providers that may have it."""

    def __init__(self, alice: Owner, carol: Buyer, new: NewUpstream, worker: Rounds, time: Time) -> None:
        self.alice, self.carol, self.worker, self.time = alice, carol, worker, time
        self.first, self.second = new(), new()
        self.providers: list[Provider] = [
            alice.provider(self.first.url, name="first"),
            alice.provider(self.second.url, name="second"),
        ]
        self.id = 0

    def routes(self) -> None:
        for provider in self.providers:
            self.alice.route(FOLLOWERS, provider)

    def which(self, order_id: int | None = None) -> dict[str, Any]:
        return {"panel_id": self.alice.panel_id, "order_id": order_id or self.id, "by": BY}

    def order(self, *answers: Any, route: bool = True) -> None:
        """An order that the first provider answers so."""
        if route:
            self.routes()
        self.first.answers("add", *(answers or ({"order": 23501},)))
        self.second.answers("add", {"order": 900})
        self.id = self.carol.order()
        self.worker.forward()
        self.time.passes(seconds=2)

    def polled(self, answer: Any) -> None:
        self.order()
        self.first.answers("status", answer)
        self.worker.poll()
        self.time.passes(minutes=1)


@pytest.fixture
def world(alice: Owner, carol: Buyer, new_upstream: NewUpstream, worker: Rounds, time: Time) -> World:
    return World(alice, carol, new_upstream, worker, time)


def by_no_route(world: World) -> None:
    world.order(route=False)


def refused_by_an_unlisted_text(world: World) -> None:
    world.first.answers("add", {"error": "The stars are not right"})
    world.alice.route(FOLLOWERS, world.providers[0])
    world.id = world.carol.order()
    world.worker.forward()


def refused_for_want_of_funds(world: World) -> None:
    world.first.answers("add", {"error": "Not enough funds on balance"})
    world.alice.route(FOLLOWERS, world.providers[0])
    world.id = world.carol.order()
    world.worker.forward()
    world.time.passes(seconds=30)
    world.worker.forward()


def not_known_any_more(world: World) -> None:
    world.polled({"error": "Incorrect order ID"})


def partial_without_remains(world: World) -> None:
    world.polled({"status": "Partial", "charge": "0.1", "remains": None})


def of_an_unknown_word(world: World) -> None:
    world.polled({"status": "Levitating", "charge": "0.1", "remains": "3"})


def whose_status_is_refused(world: World) -> None:
    world.polled({"error": "The stars are not right"})


def of_unknown_outcome(world: World) -> None:
    world.order(LOST)


def asked_about_again(world: World) -> None:
    execute("UPDATE providers_provider SET knows_request_id = %s", True)
    world.order(LOST)


def whose_sender_died(world: World) -> None:
    world.routes()
    world.id = world.carol.order()
    assert len(claim_forward(10)) == 1
    world.time.passes(minutes=5)


def of_a_provider_that_is_off(world: World) -> None:
    world.order()
    execute("UPDATE providers_provider SET enabled = %s WHERE id = %s", False, world.providers[0].id)


def of_a_provider_that_is_gone(world: World) -> None:
    world.order()
    execute("DELETE FROM providers_route WHERE provider_id = %s", world.providers[0].id)
    execute("DELETE FROM providers_provider WHERE id = %s", world.providers[0].id)
    world.time.passes(hours=2)
    actions.note_silent()


def in_the_hands_of_staff(world: World) -> None:
    own_people(world.alice)
    world.id = world.carol.order()
    world.worker.forward()
    manual_actions.start(**world.which())


def under_way_as_it_should(world: World) -> None:
    world.polled({"status": "In progress", "charge": "0.1", "remains": "1000"})


STATES = [
    by_no_route,
    refused_by_an_unlisted_text,
    refused_for_want_of_funds,
    not_known_any_more,
    partial_without_remains,
    of_an_unknown_word,
    whose_status_is_refused,
    of_unknown_outcome,
    asked_about_again,
    whose_sender_died,
    of_a_provider_that_is_off,
    of_a_provider_that_is_gone,
    in_the_hands_of_staff,
    under_way_as_it_should,
]
# As it is listed; None: nothing is wrong with it, or nobody knows yet.
PROBLEMS = {
    by_no_route: "no_route",
    refused_by_an_unlisted_text: "refused",
    refused_for_want_of_funds: "providers_rest",
    not_known_any_more: "not_known_upstream",
    partial_without_remains: "partial_without_remains",
    of_an_unknown_word: "status_not_understood",
    whose_status_is_refused: "status_refused",
    of_unknown_outcome: "outcome_unknown",
    asked_about_again: "outcome_asked_again",
    of_a_provider_that_is_gone: "provider_gone",
}


@pytest.fixture(params=STATES, ids=lambda state: state.__name__)
def made(world: World, request: pytest.FixtureRequest) -> Any:
    """An order in each state in which one can stand, and that state."""
    request.param(world)
    return request.param


def unmoved_from_now_on(world: World) -> None:
    """Nothing that a worker does, and no late answer, changes an order that has ended, or sends it."""
    seen, balance = world.carol.sees(world.id), world.carol.balance()
    calls = [len(upstream.called("add")) for upstream in (world.first, world.second)]
    for upstream in (world.first, world.second):
        upstream.answers("status", {"status": "Canceled", "charge": "0", "remains": "1000"})
    for _ in range(3):
        world.time.passes(hours=2)
        world.worker.everything()
        actions.note_silent()
    assert (world.carol.sees(world.id), world.carol.balance()) == (seen, balance)
    assert [len(upstream.called("add")) for upstream in (world.first, world.second)] == calls
    for verb in (resolve_actions.done, resolve_actions.cancel, resolve_actions.send):
        before = everything()
        with pytest.raises(InvalidState, match="has ended"):
            verb(**world.which())
        assert everything() == before


def test_it_is_canceled_and_refunded_once(world: World, made: Any) -> None:
    assert world.carol.balance() == "99.10"
    resolve_actions.cancel(**world.which())
    assert world.carol.sees(world.id)[:3] == ("Canceled", "0.00", 1000)
    assert world.carol.balance() == "100.00"
    assert values("SELECT amount_micros FROM ledger_transfer WHERE code = 'refund'") == [(900_000,)]
    unmoved_from_now_on(world)


def test_it_is_done(world: World, made: Any) -> None:
    resolve_actions.done(**world.which())
    assert world.carol.sees(world.id)[:3] == ("Completed", "0.90", 0)
    assert world.carol.balance() == "99.10"
    unmoved_from_now_on(world)


def test_it_ends_as_partial(world: World, made: Any) -> None:
    for remains in (0, 1000, -1):
        before = everything()
        with pytest.raises(ValueError, match="between 1 and 999"):
            resolve_actions.partial(**world.which(), remains=remains)
        assert everything() == before
    resolve_actions.partial(**world.which(), remains=250)
    assert world.carol.sees(world.id)[:3] == ("Partial", "0.675", 250)
    assert world.carol.balance() == "99.325"
    unmoved_from_now_on(world)


def test_it_is_sent_to_the_route_that_is_chosen_and_to_no_other_one(world: World, made: Any) -> None:
    if not values("SELECT id FROM providers_route WHERE provider_id = %s", world.providers[1].id):
        world.alice.route(FOLLOWERS, world.providers[1])
    world.second.answers("add", {"order": 900})
    before = len(world.first.called("add"))
    resolve_actions.send(**world.which(), provider="second")
    assert (row_of(world.id).status, row_of(world.id).job, row_of(world.id).problem_code) == ("Pending", "forward", "")
    world.worker.forward()
    assert (row_of(world.id).job, row_of(world.id).upstream_id) == ("poll", "900")
    assert (len(world.first.called("add")), len(world.second.called("add"))) == (before, 1)
    assert world.carol.balance() == "99.10"


def test_it_is_followed_under_the_id_that_a_person_found(world: World, made: Any) -> None:
    world.second.answers("status", {"status": "Completed", "charge": "0.1", "remains": "0"})
    resolve_actions.arrived(**world.which(), upstream_id=" 77-a ", provider="second")
    row = row_of(world.id)
    assert (row.job, row.upstream_id, row.provider_id) == ("poll", "77-a", world.providers[1].id)
    world.worker.poll()
    assert world.carol.sees(world.id)[:3] == ("Completed", "0.90", 0)
    assert world.second.called("add") == []


def test_it_lists_itself_with_all_that_a_person_needs(world: World, made: Any) -> None:
    with scope(panel=world.alice.panel):
        items = order_queries.problem_orders(world.alice.panel_id).items
        item = order_queries.order_facts(world.alice.panel_id, world.id)
    code = PROBLEMS.get(made)
    assert [item["problem_code"] for item in items] == ([] if code is None else [code])
    assert item is not None
    assert item["customer"] == {"id": world.carol.number, "email": "carol@customer.example"}
    if code is not None:
        assert item["problem"] == problem_of(world.id) != ""
        assert item["problem_since"] is not None
        assert {**items[0], "history": item["history"]} == item
    if item["provider"] is not None and item["provider"]["name"] == "first":
        assert item["sent"] == {"service": "77", "link": "https://example.com/carol", "quantity": "1000"}
    assert "key-of-first" not in json.dumps(item)


def test_nobody_decides_about_orders_of_another_panel(world: World, made: Any, rival: Owner) -> None:
    which = {**world.which(), "panel_id": rival.panel_id}
    before = everything()
    for act in (
        lambda: resolve_actions.done(**which),
        lambda: resolve_actions.partial(**which, remains=1),
        lambda: resolve_actions.cancel(**which),
        lambda: resolve_actions.send(**which),
        lambda: resolve_actions.arrived(**which, upstream_id="1"),
    ):
        with pytest.raises(NotThere, match=f"Order {world.id} not found"):
            act()
    assert everything() == before


# ---- what is being sent ------------------------------------------------------------------------------


def test_an_order_that_is_being_sent_is_left_alone(world: World) -> None:
    world.routes()
    world.id = world.carol.order()
    (sending,) = claim_forward(10)
    world.time.passes(seconds=100)
    before = everything()
    for act in (
        lambda: resolve_actions.done(**world.which()),
        lambda: resolve_actions.partial(**world.which(), remains=1),
        lambda: resolve_actions.cancel(**world.which()),
        lambda: resolve_actions.send(**world.which()),
        lambda: resolve_actions.arrived(**world.which(), upstream_id="1"),
    ):
        with pytest.raises(InvalidState, match="Try again in 200 seconds at the latest"):
            act()
    assert everything() == before
    assert commit_sent([Sent(sending, Accepted("23501"))]) == 1
    resolve_actions.cancel(**world.which())
    assert world.carol.balance() == "100.00"


def test_an_answer_that_comes_after_a_person_decided_changes_nothing(world: World) -> None:
    """The sender's lease was over: a person may decide, and what the sender then says comes too late."""
    world.routes()
    world.id = world.carol.order()
    (sending,) = claim_forward(10)
    world.time.passes(minutes=5)
    resolve_actions.cancel(**world.which())
    assert commit_sent([Sent(sending, Accepted("23501"))]) == 0
    assert world.carol.sees(world.id) == Seen("Canceled", "0.00", 1000)


def test_a_report_that_was_asked_for_before_a_person_decided_changes_nothing(world: World) -> None:
    world.order()
    asked = actions.claim_poll(world.providers[0].id, 10)
    resolve_actions.partial(**world.which(), remains=400)
    assert actions.commit_polled(asked, {}, provider_id=world.providers[0].id) == 0
    assert world.carol.sees(world.id) == Seen("Partial", "0.54", 400)


# ---- sending again -----------------------------------------------------------------------------------


def test_what_a_provider_had_taken_is_a_new_order_there_when_it_is_sent_again(world: World) -> None:
    """With the same request_id a provider that knows it would give the old one again."""
    not_known_any_more(world)
    world.first.answers("add", {"order": 23502})
    resolve_actions.send(**world.which())
    world.worker.forward()
    first, again = (call["request_id"] for call in world.first.called("add"))
    assert first != again
    assert row_of(world.id).upstream_id == "23502"


def test_what_may_have_arrived_keeps_its_request_id(world: World) -> None:
    of_unknown_outcome(world)
    world.first.answers("add", {"order": 23502})
    resolve_actions.send(**world.which())
    world.worker.forward()
    assert len({call["request_id"] for call in world.first.called("add")}) == 1


def test_what_is_delivered_in_part_is_not_delivered_again_by_mistake(world: World) -> None:
    world.polled({"status": "In progress", "charge": "0.1", "remains": "400"})
    before = everything()
    with pytest.raises(InvalidState, match="600 of 1000 units are delivered"):
        resolve_actions.send(**world.which())
    assert everything() == before
    resolve_actions.send(**world.which(), whole=True)
    assert world.carol.sees(world.id) == Seen("Pending", "0.90", 1000)


def test_what_the_customer_wants_cancelled_is_not_sent_again(world: World) -> None:
    not_known_any_more(world)
    world.carol.cancel(world.id)
    with pytest.raises(InvalidState, match="requested a cancellation"):
        resolve_actions.send(**world.which())
    manual_actions.refuse_cancel(**world.which(), text="it is on its way")
    resolve_actions.send(**world.which())
    assert row_of(world.id).job == "forward"


def test_a_chosen_route_waits_for_its_provider_and_falls_back_once_it_refused(world: World) -> None:
    of_unknown_outcome(world)
    later = world.time.now + timedelta(minutes=3)
    execute(
        "UPDATE providers_provider SET failures = 5, problem = 'down', rest_until = %s WHERE id = %s",
        later,
        world.providers[1].id,
    )
    resolve_actions.send(**world.which(), provider="second")
    world.worker.forward()
    assert problem_of(world.id) == "will be sent when a provider takes orders again (second: down)"
    assert len(world.first.called("add")) == 1, "the first provider would have taken it"
    execute("UPDATE providers_provider SET failures = 0, problem = '', rest_until = NULL")
    world.second.answers("add", {"error": "Incorrect service ID"})
    world.time.passes(minutes=4)
    world.worker.forward()
    assert row_of(world.id).status == "Canceled", "it was the last route, as for any order"
    assert world.carol.balance() == "100.00"


def test_a_route_that_is_not_there_is_refused_and_one_that_went_is_told(world: World) -> None:
    of_unknown_outcome(world)
    before = everything()
    for wrong in ({"route": 10**6}, {"provider": "nobody"}):
        with pytest.raises(ValueError, match=r"no such route in use. It has: .* to first, .* to second"):
            resolve_actions.send(**world.which(), **wrong)
    with pytest.raises(ValueError, match="Provider nobody not found"):
        resolve_actions.arrived(**world.which(), upstream_id="5", provider="nobody")
    assert everything() == before
    resolve_actions.send(**world.which(), provider="second")
    execute("UPDATE providers_route SET enabled = %s WHERE provider_id = %s", False, world.providers[1].id)
    world.worker.forward()
    assert row_of(world.id).problem_code == "route_gone"
    resolve_actions.send(**world.which())
    world.first.answers("add", {"order": 5})
    world.worker.forward()
    assert row_of(world.id).upstream_id == "5"


def test_an_id_that_another_order_has_is_not_given_twice(world: World) -> None:
    world.order()
    first = world.id
    world.first.answers("add", {"order": 23502})
    world.id = world.carol.order()
    world.worker.forward()
    before = everything()
    with pytest.raises(InvalidState, match="Another order already has this ID"):
        resolve_actions.arrived(**world.which(), upstream_id="23501")
    assert everything() == before
    resolve_actions.arrived(**world.which(), upstream_id="23502")
    assert (row_of(first).upstream_id, row_of(world.id).upstream_id) == ("23501", "23502")


# ---- drip-feeds and subscriptions ----------------------------------------------------------------------


def drip_feed(world: World, *, started: int) -> int:
    """Four runs of 250 for 0.90, so many of them started; the first one is completed."""
    world.routes()
    world.first.answers("add", *({"order": 100 + n} for n in range(4)))
    order_id = world.carol.order(quantity=250, runs=4, interval=60)
    for _ in range(started):
        run_schedules()
        world.worker.forward()
        world.time.passes(hours=1)
    resolve_actions.done(**world.which(children_of(order_id)[0].id))
    return order_id


@pytest.mark.parametrize(
    ("verb", "how", "seen", "runs"),
    [
        ("cancel", {}, ("Partial", "0.225", 750), ["Completed", "Canceled"]),
        ("done", {}, ("Completed", "0.90", 0), ["Completed", "Completed"]),
        ("partial", {"remains": 500}, ("Partial", "0.45", 500), ["Completed", "Completed"]),
        ("partial", {"remains": 600}, ("Partial", "0.36", 600), ["Completed", "Partial"]),
        ("partial", {"remains": 100}, ("Partial", "0.81", 100), ["Completed", "Completed"]),
        ("partial", {"remains": 750}, ("Partial", "0.225", 750), ["Completed", "Canceled"]),
    ],
)
def test_a_drip_feed_is_ended_with_its_runs(
    world: World, verb: str, how: dict[str, int], seen: tuple[str, str, int], runs: list[str]
) -> None:
    world.id = drip_feed(world, started=2)
    getattr(resolve_actions, verb)(**world.which(), **how)
    assert world.carol.sees(world.id)[:3] == seen
    assert [run.status for run in children_of(world.id)] == runs
    unmoved_from_now_on(world)


def test_a_drip_feed_does_not_end_while_a_run_is_being_sent(world: World) -> None:
    world.id = drip_feed(world, started=1)
    run_schedules()
    assert len(claim_forward(10)) == 1
    before = everything()
    with pytest.raises(InvalidState, match="is being sent to a provider"):
        resolve_actions.cancel(**world.which())
    with pytest.raises(ValueError, match="between 0 and 750: the other runs have ended"):
        resolve_actions.partial(**world.which(), remains=751)
    with pytest.raises(InvalidState, match="Nothing is sent for this order itself"):
        resolve_actions.send(**world.which())
    assert everything() == before


def test_a_drip_feed_of_which_no_run_has_started(world: World) -> None:
    world.id = world.carol.order(quantity=250, runs=4, interval=60)
    resolve_actions.cancel(**world.which())
    assert world.carol.sees(world.id) == Seen("Canceled", "0.00", 1000)
    assert world.carol.balance() == "100.00"


def test_a_run_that_a_person_ends_counts_for_its_drip_feed(world: World) -> None:
    parent = drip_feed(world, started=2)
    world.id = children_of(parent)[1].id
    resolve_actions.cancel(**world.which())
    assert world.carol.sees(parent)[:2] == ("In progress", "0.675")
    assert world.carol.balance() == "99.325"


@pytest.mark.parametrize(("verb", "status"), [("done", "Completed"), ("cancel", "Canceled")])
def test_a_subscription_is_ended(world: World, verb: str, status: str) -> None:
    world.id = world.carol.order(service=SUBSCRIPTION)
    with pytest.raises(InvalidState, match="This is a subscription"):
        resolve_actions.partial(**world.which(), remains=1)
    with pytest.raises(InvalidState, match="Nothing is sent for this order itself"):
        resolve_actions.send(**world.which())
    getattr(resolve_actions, verb)(**world.which())
    assert row_of(world.id).status == status
    assert world.carol.balance() == "100.00"


# ---- what is kept of a refusal -------------------------------------------------------------------------


def test_what_a_provider_said_when_it_refused_is_kept_with_what_it_was_sent(world: World) -> None:
    world.routes()
    world.first.answers("add", {"error": "Bad link"})
    world.id = world.carol.order()
    world.worker.forward()
    assert world.carol.sees(world.id).status == "Canceled"
    with scope(panel=world.alice.panel):
        facts = order_queries.order_facts(world.alice.panel_id, world.id)
    assert facts is not None
    (refused,) = [moment["facts"] for moment in facts["history"] if moment["event"] == "order.refused"]
    route = value("SELECT id FROM providers_route WHERE provider_id = %s", world.providers[0].id)
    assert refused == {
        "provider": world.providers[0].id,
        "name": "first",
        "route": route,
        "reason": "link",
        "said": "Bad link",
        "sent": {"service": "77", "link": "https://example.com/carol", "quantity": "1000"},
        "attempt": 1,
    }


def test_only_the_first_refusals_and_the_one_that_ends_it_are_kept(world: World) -> None:
    world.first.answers("add", {"error": "The stars are not right"})
    world.alice.route(FOLLOWERS, world.providers[0])
    world.id = world.carol.order()
    for _ in range(25):
        world.worker.forward()
        world.time.passes(hours=2)
    count = "SELECT COUNT(*) FROM events_event WHERE name = 'order.refused'"
    assert (len(world.first.called("add")), value(count)) == (25, 20)
    world.first.answers("add", {"error": "Bad link"})
    world.worker.forward()
    assert (world.carol.sees(world.id).status, value(count)) == ("Canceled", 21)


# ---- providers that say nothing -------------------------------------------------------------------------


def test_a_provider_that_has_been_silent_for_an_hour_is_a_problem_until_it_speaks(world: World) -> None:
    world.order()
    execute("UPDATE providers_provider SET failures = 7, problem = 'no connection', rest_until = %s", world.time.now)
    assert actions.note_silent() == 0
    world.time.passes(hours=2)
    assert actions.note_silent() == 1
    assert problem_of(world.id) == "first has not told the status for long: no connection"
    since = row_of(world.id).problem_at
    world.time.passes(hours=2)
    assert actions.note_silent() == 1
    assert row_of(world.id).problem_at == since
    execute("UPDATE providers_provider SET failures = 0, problem = '', rest_until = NULL")
    assert actions.note_silent() == 0
    world.first.answers("status", {"status": "In progress", "charge": "0.1", "remains": "5"})
    world.worker.poll()
    assert (row_of(world.id).problem_code, row_of(world.id).problem_at) == ("", None)


def due_at(order_id: int) -> datetime:
    at = row_of(order_id).due_at
    assert at is not None
    return at


def test_what_is_not_understood_is_asked_about_less_and_less_often(world: World) -> None:
    of_an_unknown_word(world)
    waits = []
    for _ in range(14):
        world.time.now = due_at(world.id)
        world.worker.poll()
        waits.append((due_at(world.id) - world.time.now).total_seconds())
    assert waits == sorted(waits)
    assert waits[-1] == 3600
