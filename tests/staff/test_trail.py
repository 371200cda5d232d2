"""Every staff action leaves its trail, a refused one leaves none, and secrets never stand in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import everything, value, values
from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream

if TYPE_CHECKING:
    from tests.support.rounds import Rounds

# As in the product: a transaction inside another that must be the outermost would raise.
pytestmark = pytest.mark.django_db(transaction=True)

_ENTRY = (
    "SELECT action, object_kind, object_id, actor_kind, actor_name, address, given, before, after"
    " FROM staff_trailentry ORDER BY id DESC LIMIT 1"
)


def entry() -> dict[str, Any]:
    """The newest one."""
    names = ("action", "kind", "id", "actor_kind", "actor", "address", "given", "before", "after")
    row = dict(zip(names, values(_ENTRY)[0], strict=True))
    for name in ("given", "before", "after"):
        row[name] = json.loads(row[name]) if isinstance(row[name], str) else row[name]
    return row


def count() -> int:
    return int(value("SELECT COUNT(*) FROM staff_trailentry"))


def test_each_action_leaves_its_trail_and_no_secret(story: Story, worker: Rounds, upstream: ScriptedUpstream) -> None:
    from panelwright.staff import registry
    from panelwright.staff.actor import Actor, ActorKind
    from panelwright.staff.rights import ALL
    from tests.staff.cases import CASES, PLANTED, World, secrets_of

    assert set(CASES) == set(registry.actions()), "each declared action has a case, and no other"
    world = World(story, worker, upstream)
    bob = Actor(ActorKind.STAFF, story.bob.id, "bob@shop.example", "203.0.113.9", ALL)
    for name, action in registry.actions().items():
        case = CASES[name](world)
        actor = None if action.for_operators else bob
        before = count()
        done = world.tried(name, case.target, {**case.given, **secrets_of(name)}, actor)
        assert not hasattr(done, "code"), (name, done)
        # What takes a change back does so by another action, which tells of itself.
        assert count() == before + (2 if name == "change.undo" else 1), name
        found = entry()
        assert (found["action"], found["kind"]) == (name, action.noun.name)
        if actor is not None:
            who = (found["actor_kind"], found["actor"], found["address"])
            assert who == ("staff", "bob@shop.example", "203.0.113.9"), name
        if action.on_target:
            assert found["id"] == getattr(case.target, "number", case.target), name
        assert found["before"] != found["after"], (name, "the trail shows no change", found)
        assert set(found["given"]) == {*case.given, *secrets_of(name)}, name
    for column in ("given", "before", "after", "actor_name"):
        assert values(f"SELECT action FROM staff_trailentry WHERE CAST({column} AS text) LIKE %s", f"%{PLANTED}%") == []


def test_a_refused_action_leaves_none_and_moves_nothing(
    story: Story, worker: Rounds, upstream: ScriptedUpstream
) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.staff import registry
    from panelwright.staff.actor import Actor, ActorKind
    from panelwright.staff.rights import ALL
    from tests.staff.cases import CASES, World, secrets_of

    world = World(story, worker, upstream)
    nobody = Actor(ActorKind.STAFF, story.bob.id, "bob@shop.example", "203.0.113.9", frozenset())
    bob = replace(nobody, rights=ALL)
    for name, action in registry.actions().items():
        case = CASES[name](world)
        before, entries = everything(), count()
        given = {**case.given, **secrets_of(name)}
        refused = world.tried(name, case.target, given, nobody)
        # Where any of the staff may try, what is not theirs to take back is not there for them.
        known = {"not_allowed"} if action.right is not None else {"not_allowed", f"no_{action.noun.name}"}
        assert isinstance(refused, Refusal) and refused.code in known, (name, refused)
        able = bob if action.person else None
        wrong = world.tried(name, case.target, {**given, "nonsense": "x"}, able)
        assert isinstance(wrong, Refusal) and wrong.code == "unknown_field", (name, wrong)
        if action.on_target:
            gone = world.tried(name, 10**12, given, able)
            assert isinstance(gone, Refusal) and gone.code == f"no_{action.noun.name}", (name, gone)
        assert (everything(), count()) == (before, entries), name


def test_what_fails_in_the_middle_leaves_none(story: Story, worker: Rounds, upstream: ScriptedUpstream) -> None:
    """The order has ended: the function itself refuses, after the object was read."""
    from panelwright.core.refusal import Refusal
    from tests.staff.cases import World

    world = World(story, worker, upstream)
    order_id = world.started()
    world.do("order.done", order_id)
    before, entries = everything(), count()
    assert isinstance(world.tried("order.cancel", order_id, {}), Refusal)
    assert (everything(), count()) == (before, entries)


def test_the_trail_of_another_panel_is_not_read(story: Story, worker: Rounds, upstream: ScriptedUpstream) -> None:
    from django_scopes import scope

    from panelwright.staff import trail
    from tests.staff.cases import World

    world = World(story, worker, upstream)
    world.do("order.done", world.started())
    with scope(panel=story.rival.panel):
        assert trail.entries(story.rival.panel_id).items == []
    with scope(panel=story.alice.panel):
        assert [e.action for e in trail.entries(story.alice.panel_id).items] == ["order.done", "order.start"]


def test_the_trail_is_read_by_filters_and_pages(story: Story, worker: Rounds, upstream: ScriptedUpstream) -> None:
    from datetime import timedelta

    from django_scopes import scope

    from panelwright.core import clock
    from panelwright.staff import trail
    from panelwright.staff.trail import TrailFilters
    from tests.staff.cases import World

    world = World(story, worker, upstream)
    first, second = world.started(), world.started()
    one, two = first.number, second.number
    world.do("order.done", first)

    def read(**filters: Any) -> list[tuple[str, int | None]]:
        page = trail.entries(story.alice.panel_id, TrailFilters(**filters))
        return [(found.action, found.object_id) for found in page.items]

    with scope(panel=story.alice.panel):
        assert read() == [("order.done", one), ("order.start", two), ("order.start", one)]
        assert read(action="order.start") == [("order.start", two), ("order.start", one)]
        assert read(object_kind="order", object_id=one) == [("order.done", one), ("order.start", one)]
        assert read(object_kind="ticket") == []
        assert read(actor_kind="operator", address="") == read()
        assert read(actor_kind="key") == read(actor_id=1) == read(address="203.0.113.9") == []
        assert read(since=clock.now() + timedelta(minutes=1)) == []
        assert read(until=clock.now() + timedelta(minutes=1)) == read()
        page = trail.entries(story.alice.panel_id, limit=2)
        assert [entry.action for entry in page.items] == ["order.done", "order.start"]
        rest = trail.entries(story.alice.panel_id, before=page.next, limit=2)
        assert ([entry.object_id for entry in rest.items], rest.next) == ([one], None)
