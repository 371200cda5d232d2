"""Which route an order takes, by what is known of the routes and their providers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from panelwright.orders.problems import NO_ROUTE, NONE, problem
from panelwright.providers.routing import assigning
from panelwright.providers.routing.health import Health
from panelwright.providers.routing.store import ProviderRow, RouteRow, SendTask
from tests.support.people import NOON

ONE = 10**12


def order(**more: Any) -> SendTask:
    said = {"quantity": 500, "type_name": "Default", "route_id": None, "rate_micros": 900_000, **more}
    return SendTask(
        id=1, panel_id=1, service_id=1, kind="plain", link="x", fields="", attempts=0, created_at=NOON, **said
    )


def route(id_: int, **known: Any) -> RouteRow:
    return RouteRow(id_, 1, id_, str(id_), id_, **{"rate_e12": ONE, **known})


def ids(routes: list[RouteRow]) -> list[int]:
    return [r.id for r in routes]


def provider(id_: int, health: Health | None = None, **more: Any) -> ProviderRow:
    return ProviderRow(id_, 1, f"p{id_}", "", "", False, health=health or Health(), **more)


def test_limits_and_lists_only_change_the_order_of_the_routes() -> None:
    routes = [route(1, min=1000, max=5000), route(2, available=False), route(3, min=10, max=500), route(4)]
    assert ids(assigning.in_order(order(), routes)) == [3, 4, 1, 2]
    assert ids(assigning.in_order(order(quantity=1000), routes)) == [1, 4, 2, 3]
    assert ids(assigning.in_order(order(type_name="Package", quantity=1), routes)) == [1, 3, 4, 2]


@pytest.mark.parametrize(
    ("rate", "rate_e12", "usable"),
    [
        (900_000, ONE, True),
        (900_001, ONE, False),
        (180_000, 5 * ONE, True),
        (180_001, 5 * ONE, False),
        (10**9, None, True),
        (None, ONE, True),
    ],
)
def test_a_later_route_must_not_cost_more_than_the_order_brings(
    rate: int | None, rate_e12: int | None, usable: bool
) -> None:
    routes = [route(1, rate_micros=10**9), route(2, rate_micros=rate, rate_e12=rate_e12)]
    assert ids(assigning.in_order(order(), routes)) == ([1, 2] if usable else [1])


def test_after_a_refusal_the_next_one_and_after_the_last_the_first() -> None:
    routes = [route(1), route(2)]
    providers = {1: provider(1), 2: provider(2)}
    for refused_by, chosen in ((None, 1), (1, 2), (2, 1), (77, 1)):
        assigned = assigning.assign([order(route_id=refused_by)], {1: routes}, providers, NOON)
        assert [r.id for _, r in assigned.send] == [chosen]


def test_a_provider_that_rests_is_passed_over_and_one_that_paused_is_waited_for() -> None:
    routes = [route(1), route(2)]
    rests = provider(1, Health(5, NOON + timedelta(seconds=50), None, "down"))
    paused = provider(1, Health(0, NOON + timedelta(seconds=50), None, "slow down"))
    broke = provider(1, Health(0, None, NOON + timedelta(seconds=50), "no funds"))
    for first, chosen in ((rests, [2]), (paused, []), (broke, [2])):
        assigned = assigning.assign([order()], {1: routes}, {1: first, 2: provider(2)}, NOON)
        assert [r.id for _, r in assigned.send] == chosen
    assigned = assigning.assign([order()], {1: routes}, {1: paused, 2: provider(2)}, NOON)
    assert assigned.later == [assigning.Deferred(1, NOON + timedelta(seconds=50))]


def test_without_any_route_the_order_says_so_and_waits() -> None:
    assigned = assigning.assign([order()], {}, {}, NOON)
    assert assigned.later == [assigning.Deferred(1, NOON + timedelta(minutes=1), problem(NO_ROUTE), NOON)]


def test_one_order_at_a_time_tries_a_provider_that_had_rested() -> None:
    tried = provider(1, Health(6, None, None, "down"))
    assigned = assigning.assign([order(), order()], {1: [route(1)]}, {1: tried}, NOON)
    assert len(assigned.send) == 1
    assert assigned.trials == {1}
    assert assigned.later == [assigning.Deferred(1, NOON + timedelta(seconds=6))]


def test_permits_of_a_batch_are_counted_together() -> None:
    limited = provider(1, per_minute_max=30)
    assigned = assigning.assign([order()] * 10, {1: [route(1)]}, {1: limited}, NOON)
    assert len(assigned.send) == 3, "a tenth of the minute's at once"
    assert len(assigned.later) == 7
    assert assigned.later[0].due_at > NOON
    assert assigned.later[0].problem == NONE


def test_a_manual_provider_gets_no_request() -> None:
    people = provider(1, kind="manual", per_minute_max=1)
    assigned = assigning.assign([order(), order()], {1: [route(1)]}, {1: people}, NOON)
    assert ([r.id for _, r in assigned.by_hand], assigned.send, assigned.later) == ([1, 1], [], [])
