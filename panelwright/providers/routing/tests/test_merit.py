"""Routing by merit: which route comes first, by what is measured, and that an order passes none over."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.providers.routing import assigning, merit_rules
from panelwright.providers.routing.health import Health
from panelwright.providers.routing.merit_rules import (
    FULL,
    KNOWN_FROM,
    LEARN_EVERY,
    PRICE,
    SPEED,
    SUCCESS,
    Candidate,
    Merit,
    added,
    choice,
)
from panelwright.providers.routing.tests.test_assigning import order, provider, route
from tests.support.people import NOON

COUNTS = st.integers(0, 60)


@st.composite
def merits(draw: st.DrawFn) -> Merit:
    ended = draw(COUNTS)
    completed = draw(st.integers(0, ended))
    return Merit(ended, completed, draw(COUNTS), took_s=completed * draw(st.integers(0, 10**6)))


CANDIDATES = st.lists(
    st.builds(Candidate, st.just(0), st.booleans(), st.none() | st.integers(0, 50), merits()), min_size=1, max_size=6
).map(lambda found: [one._replace(route_id=n + 1) for n, one in enumerate(found)])
BY = st.sampled_from([PRICE, SPEED, SUCCESS])


def value_of(by: str, one: Candidate) -> float | None:
    """Written otherwise than the rule: the higher, the better."""
    if by == PRICE:
        return None if one.cost_micros is None else -one.cost_micros
    if one.merit.ended + one.merit.refused < KNOWN_FROM:
        return None
    if by == SUCCESS:
        return one.merit.completed / (one.merit.ended + one.merit.refused)
    return -one.merit.took_s / one.merit.completed if one.merit.completed else None


@given(BY, CANDIDATES, st.integers(1, 10**6))
def test_the_best_known_route_comes_first_and_every_route_once(
    by: str, candidates: list[Candidate], order_id: int
) -> None:
    found = choice(by, candidates, order_id=order_id)
    by_id = {one.route_id: one for one in candidates}
    assert sorted(found.route_ids) == sorted(by_id)
    assert choice(by, candidates, order_id=order_id) == found
    ranked = found.route_ids[1:] if found.learns else found.route_ids
    for left, right in pairwise(ranked):
        one, two = by_id[left], by_id[right]
        if one.fits != two.fits:
            assert one.fits
            continue
        first, second = value_of(by, one), value_of(by, two)
        if first is None or second is None:
            # Who is not known comes last; of those the list's order holds.
            assert second is None and (first is not None or left < right)
        else:
            assert first >= second
            assert first > second or left < right
    if found.learns:
        assert value_of(by, by_id[found.route_ids[0]]) is None


@given(st.sampled_from([SPEED, SUCCESS]), CANDIDATES)
def test_unknown_routes_get_their_small_share_in_turn(by: str, candidates: list[Candidate]) -> None:
    unknown = [one for one in candidates if one.fits and value_of(by, one) is None]
    known = any(value_of(by, one) is not None for one in candidates)
    rounds = max(len(unknown), 1)
    firsts = [choice(by, candidates, order_id=n) for n in range(LEARN_EVERY * rounds)]
    learners = [found.route_ids[0] for found in firsts if found.learns]
    expected = sorted(one.route_id for one in unknown) if known else []
    assert sorted(learners) == expected


@given(st.lists(merits(), max_size=60))
def test_sums_never_grow_past_their_limit_and_stay_whole(parts: list[Merit]) -> None:
    total = Merit()
    for part in parts:
        total = added(total, part)
        assert 0 <= total.completed <= total.ended
        assert total.tried < FULL


@given(
    BY,
    st.lists(st.tuples(merits(), st.booleans(), st.booleans()), min_size=2, max_size=5),
    st.integers(1, 10**4),
)
def test_never_a_route_that_rests_or_costs_too_much(
    by: str, made: list[tuple[Merit, bool, bool]], order_id: int
) -> None:
    """Each route has a provider of its own; it may rest, or cost more than the order brings."""
    rests = Health(failures=9, rest_until=NOON + timedelta(hours=1))
    routes = [route(n + 1, rate_micros=10**9 if dear and n else 5) for n, (_merit, _resting, dear) in enumerate(made)]
    providers = {n + 1: provider(n + 1, rests if resting else None) for n, (_m, resting, _d) in enumerate(made)}
    known = {n + 1: merit for n, (merit, _resting, _dear) in enumerate(made)}
    asked = order(route_by=by)._replace(id=order_id)
    done = assigning.assign([asked], {1: routes}, providers, NOON, merits=known)
    usable = [n + 1 for n, (_merit, resting, dear) in enumerate(made) if not resting and not (dear and n)]
    if not usable:
        assert len(done.later) == 1
        return
    ((_, taken),) = done.send
    assert taken.id in usable
    reason = done.chosen.get(order_id)
    assert reason is None or reason.route_id == taken.id
    # Whoever refuses is followed by each other route once, in the list's order.
    tried = [taken.id]
    after: Any = asked._replace(first_route_id=taken.id)
    while left := assigning.after_refusal(after, routes, tried[-1]):
        tried.append(left[0].id)
    allowed = [r.id for r in routes if r.id == 1 or (r.rate_micros or 0) < 10**9]
    assert tried == [taken.id, *(id_ for id_ in allowed if id_ != taken.id)]


@pytest.mark.parametrize(("by", "wanted"), [(PRICE, 3), (SPEED, 2), (SUCCESS, 1)])
def test_each_word_means_its_measure(by: str, wanted: int) -> None:
    candidates = [
        Candidate(1, True, 30, Merit(100, 99, 0, 0, 0, 99 * 5_000)),
        Candidate(2, True, 20, Merit(100, 90, 0, 0, 0, 90 * 50)),
        Candidate(3, True, 10, Merit(100, 50, 0, 0, 0, 50 * 9_000)),
    ]
    assert choice(by, candidates, order_id=1).route_ids[0] == wanted


def test_a_list_that_is_not_known_at_all_is_taken_as_it_stands() -> None:
    candidates = [Candidate(n) for n in (1, 2, 3)]
    for order_id in range(1, 3 * LEARN_EVERY):
        for by in (PRICE, SPEED, SUCCESS):
            assert choice(by, candidates, order_id=order_id) == merit_rules.RouteChoice([1, 2, 3])
