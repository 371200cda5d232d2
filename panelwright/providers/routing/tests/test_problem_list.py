"""The list of problems is read by its index, and its words are made from codes where somebody reads them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from panelwright.orders import problems
from panelwright.providers import order_queries
from panelwright.providers.staff_orders import PROBLEM_LABELS
from tests.support.people import FOLLOWERS, Buyer, Owner, Time, execute, problem_of, row_of, value
from tests.support.rounds import Rounds
from tests.support.upstream import ScriptedUpstream


def test_the_list_of_problems_is_read_by_an_index_that_holds_nothing_else(alice: Owner, carol: Buyer) -> None:
    for _ in range(20):
        carol.order(link=f"https://example.com/{_}")
    if connection.vendor == "postgresql":
        execute("ANALYZE orders_order")
        execute("SET LOCAL enable_seqscan = off")
    plan = order_queries.explain_problems(alice.panel_id)
    assert "order_problem" in plan, plan
    if connection.vendor == "postgresql":
        where = value("SELECT pg_get_indexdef('order_problem'::regclass)")
    else:
        where = value("SELECT sql FROM sqlite_master WHERE name = 'order_problem'")
        assert "SEARCH orders_order USING" in plan, plan
        assert "panel_id=?" in plan, plan
    assert "WHERE" in where, "a plain new order must not be in it"


def test_pages_of_problems_are_those_of_the_panel(alice: Owner, carol: Buyer, mallory: Buyer, worker: Rounds) -> None:
    ids = [carol.order(link=f"https://example.com/{n}").number for n in range(5)]
    theirs = mallory.order()
    worker.forward()
    assert problem_of(theirs) == "no provider is set for this service"
    with scope(panel=alice.panel):
        first = order_queries.problem_orders(alice.panel_id, limit=3)
        second = order_queries.problem_orders(alice.panel_id, after=first.next or 0, limit=3)
    assert ([item["id"] for item in first.items], first.next) == (ids[:3], ids[2])
    assert ([item["id"] for item in second.items], second.next) == (ids[3:], None)


def test_since_when_it_has_a_problem_stays_while_it_has_one(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    order_id, since = carol.order(), time.now
    worker.forward()
    time.passes(minutes=5)
    worker.forward()
    assert row_of(order_id).problem_at == since
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"error": "The stars are not right"}, {"order": 5})
    time.passes(minutes=5)
    worker.forward()
    assert (row_of(order_id).problem_code, row_of(order_id).problem_at) == ("refused", since)
    time.passes(minutes=5)
    worker.forward()
    assert (row_of(order_id).problem_code, row_of(order_id).problem_at) == ("", None)


@pytest.mark.parametrize("code", sorted(problems.CODES))
def test_each_code_has_words_whatever_its_facts_are(code: str) -> None:
    text = problems._WORDS[code]
    names = dict.fromkeys(re.findall(r"%\((\w+)\)", text), "x")
    told: dict[str, Any] = {**names, "providers": [["first", "down"]]}
    assert problems.words(code, told)
    assert isinstance(problems.words(code, {}), str)


def test_each_code_has_a_name_on_pages_and_in_the_filter_of_orders() -> None:
    assert set(PROBLEM_LABELS) == problems.CODES


def test_what_came_back_stays_to_be_read_while_an_order_waits_for_a_rest(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url, name="north"))
    upstream.answers("add", {"error": "Something is odd"}, {"error": "No money"}, {"error": "No money"})
    odd, since = carol.order(), time.now
    worker.forward()
    assert problem_of(odd) == "north refused it: Something is odd"
    carol.order(link="https://example.com/second")
    worker.forward()
    for _ in range(2):
        time.passes(seconds=30)
        worker.forward()
        assert problem_of(odd) == (
            "will be sent when a provider takes orders again (north: No money) | north refused it: Something is odd"
        )
    assert row_of(odd).problem_at == since


def test_a_rest_without_words_is_told_without_them() -> None:
    told = problems.words(problems.PROVIDERS_REST, {"providers": [["north", ""], ["south", "down"]]})
    assert told == "will be sent when a provider takes orders again (north; south: down)"


def test_what_is_no_code_of_ours_is_told_all_the_same() -> None:
    assert problems.words("something_new", {}) == "something new"
    assert problems.words("", {"why": "x"}) == ""
    assert problems.facts_of("") == {}


def test_facts_are_cut_and_keep_what_they_are() -> None:
    made = problems.problem(problems.OUTCOME_UNKNOWN, why="x" * 2000, said="é")
    facts = problems.facts_of(made.problem_facts)
    assert facts == {"why": "x" * 1000, "said": "é"}
    assert problems.words(made.problem_code, facts) == f"outcome unknown: {'x' * 1000} | é"
