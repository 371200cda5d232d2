"""What a channel is told, and of what it is told again: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from panelwright.notices import rules
from panelwright.notices.rules import Matter, NoticeKind, Part
from panelwright.staff.rights import Right

PROBLEM, TICKET = NoticeKind.ORDER_PROBLEM, NoticeKind.TICKET_WAITS
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def matters(*keys: str) -> list[Matter]:
    return [Matter(key) for key in keys]


def test_what_waits_is_told_once_and_again_when_it_comes_back() -> None:
    first = rules.plan({PROBLEM: matters("1", "2")}, {}, ["order_problem"])
    assert first.parts == (Part(PROBLEM, (Matter("1"), Matter("2")), 2),)
    assert first.told == {"order_problem": ["1", "2"]}
    again = rules.plan({PROBLEM: matters("1", "2", "3")}, first.told, ["order_problem"])
    assert again.parts == (Part(PROBLEM, (Matter("3"),), 3),)
    nothing = rules.plan({PROBLEM: matters("1", "2", "3")}, again.told, ["order_problem"])
    assert nothing.parts == () and nothing.told == again.told
    gone = rules.plan({PROBLEM: []}, nothing.told, ["order_problem"])
    assert (gone.parts, gone.told) == ((), {})
    assert rules.plan({PROBLEM: matters("1")}, gone.told, ["order_problem"]).parts[0].new == (Matter("1"),)


def test_only_chosen_kinds_are_told_and_others_are_forgotten() -> None:
    told = {"order_problem": ["1"], "ticket_waits": ["7"]}
    plan = rules.plan({PROBLEM: matters("1"), TICKET: matters("7", "8")}, told, ["ticket_waits", "unheard_of"])
    assert plan.parts == (Part(TICKET, (Matter("8"),), 2),)
    assert plan.told == {"ticket_waits": ["7", "8"]}


def test_of_many_the_oldest_are_looked_at() -> None:
    plan = rules.plan({PROBLEM: matters(*map(str, range(9_000)))}, {}, ["order_problem"])
    assert plan.parts[0].waiting == len(plan.parts[0].new) == len(plan.told["order_problem"]) == 500


@given(st.lists(st.sets(st.sampled_from("abcdef")), max_size=12))
def test_each_key_is_told_exactly_as_often_as_it_appears(rounds: list[set[str]]) -> None:
    told: dict[str, list[str]] = {}
    before: set[str] = set()
    for waits in rounds:
        plan = rules.plan({TICKET: matters(*sorted(waits))}, told, ["ticket_waits"])
        new = {one.key for part in plan.parts for one in part.new}
        assert new == waits - before
        told, before = plan.told, waits


def test_staff_hear_of_what_they_may_see() -> None:
    every = [kind.value for kind in NoticeKind]
    assert rules.allowed(every, frozenset({Right.SUPPORT})) == ["ticket_waits"]
    assert rules.allowed(["provider_low", "manual_order"], frozenset({Right.ORDERS_READ})) == ["manual_order"]
    assert rules.allowed(every, frozenset(Right)) == every
    assert rules.allowed(every, frozenset()) == []


def test_after_a_notice_it_is_quiet_for_the_time_that_was_chosen() -> None:
    assert rules.next_look(NOW, every_min=15, told=True) == NOW + timedelta(minutes=15)
    assert rules.next_look(NOW, every_min=15, told=False) == NOW + timedelta(seconds=30)
    assert rules.due(NOW, None, every_min=15) == NOW
    assert rules.due(NOW, NOW - timedelta(minutes=10), every_min=15) == NOW + timedelta(minutes=5)
    assert rules.due(NOW, NOW - timedelta(minutes=10), every_min=5) == NOW
