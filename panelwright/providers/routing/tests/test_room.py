"""No provider and no panel takes all places: what is slow holds up only itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from panelwright.core import clock, places
from panelwright.core.places import Room, Turns
from panelwright.core.refusal import InvalidState
from panelwright.orders.actions import cancel_unsent
from panelwright.providers.routing import actions, assigning, resolve_actions, rules, store
from panelwright.providers.routing.actions import Sending, Sent
from panelwright.providers.routing.health import FAILURES_MAX
from panelwright.providers.routing.tests.test_assigning import order, provider, route
from panelwright.providers.routing.tests.test_side_by_side import until
from panelwright.providers.sync.sync_actions import claim_syncs
from panelwright.providers.wire.outcomes import Accepted
from panelwright.providers.worker import RECOVERERS, SENDERS, SYNCS, Worker
from tests.support.people import FOLLOWERS, LIKES, NOON, ONE_A_LINK, Buyer, Owner, Time, execute, row_of, value, values
from tests.support.upstream import ScriptedUpstream

commits = pytest.mark.django_db(transaction=True)
NewUpstream = Callable[[], ScriptedUpstream]


# ---- the rule ----------------------------------------------------------------------------------------


def taken(room: Room, panel_id: int, provider_id: int) -> int:
    count = 0
    while room.take(panel_id, provider_id):
        count += 1
    return count


def test_one_provider_gets_a_third_and_a_panel_never_more_than_half() -> None:
    room = Room(96)
    assert room.more(1, 11) == 32
    # One panel with as many providers as it likes, none of which ever answers.
    assert [taken(room, 1, id_) for id_ in range(11, 21)] == [32, 11, 4, 1, 0, 0, 0, 0, 0, 0]
    assert (room.free, room.full_panels()) == (48, [1])


def test_where_many_panels_have_filled_all_places_the_next_one_that_is_free_is_for_others() -> None:
    had = [32, 22, 14, 10, 6, 4, 3, 2, 1, 1, 1]
    room = Room(96)
    assert [taken(room, panel, panel) for panel in range(11)] == had
    assert room.free == 0
    for answered in range(10):
        # One of theirs is answered: neither it nor any other one with requests under way takes the place.
        under_way = [(panel, panel) for panel, count in enumerate(had) for _ in range(count - (panel == answered))]
        after = Room(96, under_way)
        busy = [panel for panel in range(11) if had[panel] - (panel == answered)]
        assert (after.free, [after.more(panel, panel) for panel in busy]) == (1, [0] * len(busy))
        assert after.more(99, 99) == 1


def test_what_has_been_answered_gives_its_place_back() -> None:
    full = [(1, 11)] * 32
    assert (Room(96, full).more(1, 11), Room(96, full[1:]).more(1, 11), Room(96, full).more(1, 12)) == (0, 1, 11)
    assert Room(1).more(1, 11) == 1
    assert Room(1, [(2, 21)]).free == 0
    assert Room(1, [(2, 21)] * 5).more(1, 11) == 0


def test_an_order_whose_provider_may_get_no_more_stands_in_line_and_the_next_one_goes() -> None:
    routes = {1: [route(1), route(2)], 2: [route(3)]}
    providers = {n: provider(n) for n in (1, 2, 3)}
    orders = [order()._replace(id=n) for n in range(5)] + [order()._replace(id=9, service_id=2)]
    assigned = assigning.assign(orders, routes, providers, NOON, room=Room(6))
    assert [(o.id, r.id) for o, r in assigned.send] == [(0, 1), (1, 1), (9, 3)]
    assert [(o.id, r.id) for o, r in assigned.line] == [(2, 1), (3, 1), (4, 1)]
    assert assigned.later == []


def had(panel_id: int, provider_id: int) -> Turns:
    turns = Turns()
    turns.took(panel_id, provider_id)
    return turns


def test_where_more_wait_than_there_are_places_they_come_in_turns() -> None:
    """A hundred panels with a provider each, one with fifty: nobody waits for more than one turn of all panels."""
    waiting = [(panel, 1000 + panel) for panel in range(100)] + [(200, 2000 + n) for n in range(50)]
    turns = Turns()
    served = []
    for _ in range(101):
        room = Room(1, turns=turns)
        first = room.in_turn(waiting)[0]
        assert room.take(*first)
        served.append(first)
    assert {panel for panel, _ in served} == {panel for panel, _ in waiting}
    again = [Room(1, turns=turns).in_turn(waiting)[0]]
    assert again == served[:1]
    # Of the panel with many providers another one than before.
    assert next(one for one in Room(9, turns=turns).in_turn(waiting) if one[0] == 200) not in served


def test_the_emptiest_comes_first_whoever_had_a_turn() -> None:
    room = Room(9, [(1, 11)] * 2, had(2, 21))
    assert room.in_turn([(1, 11), (1, 12), (2, 21), (3, 31)]) == [(3, 31), (2, 21), (1, 12), (1, 11)]
    assert Room(1, [(1, 11)]).in_turn([(1, 11), (1, 12)]) == []


def test_turns_remember_no_more_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "TURNS_MAX", 3)
    turns = Turns()
    for n in range(1, 6):
        turns.took(n, 10 + n)
    assert [turns.last(n, 10 + n) for n in range(1, 6)] == [(0, 0), (0, 0), (3, 3), (4, 4), (5, 5)]


# ---- the queue ---------------------------------------------------------------------------------------


class TwoProviders:
    """`first` sells followers and `second` likes; `ids` are orders of followers."""

    def __init__(self, alice: Owner, carol: Buyer, count: int) -> None:
        self.first, self.second = (alice.provider(f"http://127.0.0.1:1/{n}", name=n) for n in ("first", "second"))
        alice.route(FOLLOWERS, self.first)
        alice.route(LIKES, self.second)
        self.ids = [carol.order(link=f"https://example.com/{n}", quantity=100) for n in range(count)]


def ids(claimed: list[Sending]) -> list[int]:
    return [sending.order.id for sending in claimed]


def lined_up() -> list[tuple[Any, ...]]:
    return values("SELECT provider_id, COUNT(*) FROM orders_order WHERE job = 'forward' GROUP BY 1 ORDER BY 1")


def test_many_orders_for_a_provider_that_is_full_are_in_nobodys_way(
    alice: Owner, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_LOOKED_AT", 20)
    shop = TwoProviders(alice, carol, 50)
    other = carol.order(service=LIKES, link="https://example.com/other")
    claimed = actions.claim_forward(9, Room(9))
    assert ids(claimed) == [*shop.ids[:3], other]
    assert lined_up() == [(shop.first.id, 47)]
    assert [row_of(id_).status for id_ in shop.ids[3:5]] == ["Pending", "Pending"]
    # They go on in the order in which they came, as places come free; those that came later behind them.
    late = carol.order(link="https://example.com/late")
    actions.commit_sent([Sent(sending, Accepted(str(sending.order.id))) for sending in claimed])
    assert ids(actions.claim_forward(9, Room(9))) == shop.ids[3:6]
    assert row_of(late).provider_id == shop.first.id
    assert ids(actions.claim_forward(300)) == shop.ids[6:26]
    assert ids(actions.claim_forward(300)) == shop.ids[26:46]
    assert ids(actions.claim_forward(300)) == [*shop.ids[46:], late]
    assert actions.claim_forward(300) == []


def test_who_stands_in_line_for_a_provider_goes_elsewhere_when_it_is_off(alice: Owner, carol: Buyer) -> None:
    shop = TwoProviders(alice, carol, 4)
    alice.route(FOLLOWERS, shop.second)
    assert ids(actions.claim_forward(3, Room(3))) == shop.ids[:1]
    assert lined_up() == [(shop.first.id, 3)]
    execute("UPDATE providers_provider SET enabled = %s WHERE id = %s", False, shop.first.id)
    # The one place goes to one of them, the others stand in the other line.
    (sending,) = actions.claim_forward(3, Room(3))
    assert (sending.order.id, sending.provider.id) == (shop.ids[1], shop.second.id)
    assert actions.claim_forward(3, Room(3, [(alice.panel_id, shop.second.id)])) == []
    assert lined_up() == [(shop.first.id, 1), (shop.second.id, 1)]
    assert sorted(ids(actions.claim_forward(3))) == shop.ids[2:]


def test_an_order_in_line_is_cancelled_at_once(alice: Owner, carol: Buyer) -> None:
    shop = TwoProviders(alice, carol, 2)
    assert ids(actions.claim_forward(3, Room(3))) == shop.ids[:1]
    assert cancel_unsent(shop.ids[1:], clock.now()) == {shop.ids[1]}
    assert carol.sees(shop.ids[1])[:2] == ("Canceled", "0.00")
    # No provider got it: its page names none.
    assert row_of(shop.ids[1]).provider_id is None


def test_an_order_in_line_has_not_arrived_where_nobody_says_so(alice: Owner, carol: Buyer) -> None:
    shop = TwoProviders(alice, carol, 2)
    assert ids(actions.claim_forward(3, Room(3))) == shop.ids[:1]
    which: dict[str, Any] = {"panel_id": alice.panel_id, "order_id": shop.ids[1], "by": "Bob", "upstream_id": "700"}
    with pytest.raises(InvalidState) as refused:
        resolve_actions.arrived(**which)
    assert refused.value.refusal.code == "not_sent"
    resolve_actions.arrived(**which, provider="first")
    assert row_of(shop.ids[1]).upstream_id == "700"


def test_idle_looks_at_a_line_that_may_not_move_take_no_lock(
    alice: Owner, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = TwoProviders(alice, carol, 3)
    assert ids(actions.claim_forward(3, Room(3))) == shop.ids[:1]
    picked: list[object] = []
    monkeypatch.setattr(store, "pick_forward", lambda *given: picked.append(given))
    assert actions.claim_forward(3, Room(3, [(alice.panel_id, shop.first.id)] * 2)) == []
    assert picked == []


def test_orders_of_unknown_outcome_wait_for_a_place_at_their_provider(alice: Owner, carol: Buyer, time: Time) -> None:
    shop = TwoProviders(alice, carol, 3)
    execute("UPDATE providers_provider SET knows_request_id = %s", True)
    assert len(actions.claim_forward(10)) == 3
    time.passes(minutes=10)
    assert ids(actions.claim_unfinished(3, Room(3))) == shop.ids[:1]
    # Where there is none they stay as they are, and nothing is locked.
    before = row_of(shop.ids[1])
    assert actions.claim_unfinished(2, Room(2, [(alice.panel_id, shop.first.id)] * 2)) == []
    waits = row_of(shop.ids[1])
    assert (waits.job, waits.due_at, waits.provider_id) == ("sending", before.due_at, shop.first.id)
    assert ids(actions.claim_unfinished(3)) == shop.ids[1:]


def test_orders_of_unknown_outcome_of_one_provider_are_not_in_the_way_of_anothers(
    alice: Owner, carol: Buyer, mallory: Buyer, time: Time
) -> None:
    shop = TwoProviders(alice, carol, 30)
    theirs = mallory.owner.provider("http://127.0.0.1:1/theirs")
    mallory.owner.route(FOLLOWERS, theirs)
    execute("UPDATE providers_provider SET knows_request_id = %s", True)
    assert len(actions.claim_forward(100)) == 30
    time.passes(seconds=30)
    others = [carol.order(service=LIKES, link="https://example.com/other"), mallory.order()]
    assert ids(actions.claim_forward(100)) == others
    time.passes(minutes=10)
    # Theirs are due last, behind all thirty.
    claimed = actions.claim_unfinished(9, Room(9))
    assert ids(claimed) == [*shop.ids[:3], *others]
    # Written down by who has the lease, and by nobody else.
    time.passes(minutes=10)
    (late,) = actions.claim_unfinished(1, Room(1, turns=had(alice.panel_id, shop.first.id)))
    assert late.order.id == others[1]
    late_one = [sending for sending in claimed if sending.order.id == others[1]]
    assert actions.commit_sent([Sent(sending, Accepted("1")) for sending in late_one]) == 0
    assert actions.commit_sent([Sent(late, Accepted("2"))]) == 1


def test_those_that_nobody_can_ask_about_need_no_place(alice: Owner, carol: Buyer, time: Time) -> None:
    shop = TwoProviders(alice, carol, 3)
    assert len(actions.claim_forward(10)) == 3
    time.passes(minutes=10)
    assert actions.claim_unfinished(0, Room(0)) == []
    assert {(row_of(id_).job, row_of(id_).problem_code) for id_ in shop.ids} == {(None, "outcome_unknown")}


def test_lines_come_in_turns_and_who_came_later_finds_its_line(alice: Owner, carol: Buyer) -> None:
    """As many providers with a line as there are places, and a third one's first order behind them."""
    shop = TwoProviders(alice, carol, 4)
    likes = [carol.order(service=LIKES, link=f"https://example.com/l{n}") for n in range(4)]
    assert ids(actions.claim_forward(2, Room(2))) == shop.ids[:1]
    third = alice.provider("http://127.0.0.1:1/third")
    alice.route(ONE_A_LINK, third)
    views = carol.order(service=ONE_A_LINK, link="https://example.com/v")
    turns = Turns()
    # One place at a time, as they come free: the one with the lowest id does not get all.
    sent = [actions.claim_forward(1, Room(1, turns=turns))[0] for _ in range(4)]
    assert ids(sent) == [shop.ids[1], likes[0], views, shop.ids[2]]


def test_no_panel_takes_all_rounds_of_lists(alice: Owner, mallory: Buyer) -> None:
    providers = [alice.provider(f"http://127.0.0.1:1/{n}", name=f"n{n}") for n in range(SYNCS + 4)]
    other = mallory.owner.provider("http://127.0.0.1:1/other")
    execute("UPDATE providers_provider SET sync_due_at = %s", NOON - timedelta(minutes=1))
    execute("UPDATE providers_provider SET sync_due_at = %s WHERE id = %s", NOON, other.id)
    room = Room(SYNCS)
    first = claim_syncs(room.free, room=room)
    assert set(first) < {p.id for p in providers}
    assert len(first) == SYNCS // 2
    assert claim_syncs(room.free, but=first, room=room) == [other.id]


# ---- over the wire -----------------------------------------------------------------------------------


class Tarpit:
    """A worker of which the test calls the loops, and a provider that answers only when it is let go."""

    def __init__(self, alice: Owner, mallory: Buyer, new: NewUpstream) -> None:
        self.loops = Worker()
        self.let_go = threading.Event()
        self.slow, self.quick, self.others = new(), new(), new()
        self.provider = alice.provider(self.slow.url, name="slow")
        alice.route(FOLLOWERS, self.provider)
        alice.route(LIKES, alice.provider(self.quick.url, name="quick"))
        mallory.owner.route(FOLLOWERS, mallory.owner.provider(self.others.url))
        for upstream in (self.quick, self.others):
            upstream.answers("add", {"order": 501})
        self.quick.answers("balance", *[{"balance": "100.00", "currency": "USD"}] * 9)
        self.quick.answers("services", *[[]] * 9)
        for action in ("add", "balance", "services"):
            self.slow.answers(action, *[self._waits] * 200)

    def _waits(self, params: dict[str, str]) -> Any:
        assert self.let_go.wait(60)
        return {"error": "Try again later"}

    def close(self) -> None:
        self.let_go.set()
        self.loops.close(wait_for=True)


@pytest.fixture
def tarpit(alice: Owner, mallory: Buyer, new_upstream: NewUpstream) -> Iterator[Tarpit]:
    made = Tarpit(alice, mallory, new_upstream)
    yield made
    made.close()


@commits
def test_a_provider_that_does_not_answer_holds_up_no_other_order(tarpit: Tarpit, carol: Buyer, mallory: Buyer) -> None:
    for n in range(SENDERS + 4):
        carol.order(link=f"https://example.com/{n}", quantity=100)
    until(lambda: len(tarpit.slow.called("add")) == SENDERS // 3, tarpit.loops.forward)
    mine, theirs = carol.order(service=LIKES, link="https://example.com/x"), mallory.order()
    until(lambda: row_of(mine).upstream_id == row_of(theirs).upstream_id == "501", tarpit.loops.forward)
    assert len(tarpit.slow.called("add")) == SENDERS // 3


@commits
def test_a_provider_that_does_not_answer_holds_up_nobody_elses_unknown_outcome(
    tarpit: Tarpit, carol: Buyer, mallory: Buyer
) -> None:
    execute("UPDATE providers_provider SET knows_request_id = %s", True)
    for n in range(RECOVERERS + 4):
        carol.order(link=f"https://example.com/{n}", quantity=100)
    theirs = mallory.order()
    # Their sender died.
    assert len(actions.claim_forward(100)) == RECOVERERS + 5
    past = clock.now() - 2 * rules.LEASE
    execute("UPDATE orders_order SET due_at = %s, lease_until = %s", past, past)
    until(lambda: row_of(theirs).upstream_id == "501", tarpit.loops.recover)
    assert 0 < len(tarpit.slow.called("add")) < RECOVERERS


@commits
def test_a_provider_that_does_not_answer_holds_up_nobody_elses_trial_or_list(tarpit: Tarpit, mallory: Buyer) -> None:
    """It comes first, as its id is lower."""
    other = value("SELECT id FROM providers_provider WHERE panel_id = %s", mallory.owner.panel_id)
    tarpit.others.answers("balance", *[{"balance": "100.00", "currency": "USD"}] * 9)
    tarpit.others.answers("services", [])
    execute("UPDATE providers_provider SET failures = %s, rest_until = %s", FAILURES_MAX, clock.now())
    back = "SELECT rest_until IS NULL FROM providers_provider WHERE id = %s"
    until(lambda: bool(value(back, other)), tarpit.loops.try_providers)
    assert not value(back, tarpit.provider.id)
    execute("UPDATE providers_provider SET failures = 0, rest_until = NULL, sync_due_at = %s", clock.now())
    synced = "SELECT synced_at IS NOT NULL FROM providers_provider WHERE id = %s"
    until(lambda: bool(value(synced, other)), tarpit.loops.sync)
    assert not value(synced, tarpit.provider.id)
