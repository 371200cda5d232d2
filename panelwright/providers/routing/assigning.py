"""Which route an order takes. Pure.

A service's routes are tried in their order; by merit (merit_rules.py) one of them comes first, and whoever refuses is
followed by the others in their order. What is known of a route only changes that order: one
whose provider's list does not have the service, or has other limits, is tried last, because the
provider's own answer is what counts. Four things keep an order from a route: a service at its other
end that takes no such orders (route_rules.py), a list that says of it what a person has to look at
first (holding.py), a provider that rests, and, for every route but the first, a rate above what the
order brings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from panelwright.catalog.quantities import step_of
from panelwright.catalog.types import BY_NAME
from panelwright.core import money
from panelwright.core.places import Room
from panelwright.orders import problems
from panelwright.orders.models import OrderKind
from panelwright.orders.problems import NONE, Problem
from panelwright.providers.routing import health, merit_rules, route_rules
from panelwright.providers.routing.health import HealthState
from panelwright.providers.routing.merit_rules import Candidate, Merit, RouteChoice
from panelwright.providers.routing.store import ProviderRow, RouteRow, SendTask

NO_ROUTE_AGAIN = timedelta(minutes=1)
# Of so many resting providers it is told why they rest.
TOLD_MAX = 10


class Deferred(NamedTuple):
    """An order that is looked at again; `problem` is for staff, with since when it has one, whichever."""

    order_id: int
    due_at: datetime
    problem: Problem = NONE
    since: datetime | None = None


class RouteReason(NamedTuple):
    """Why an order goes where it goes, where that is not for the list's order. `by`: price, speed or success.

    `learns`: so that the route becomes known. `others`: how many routes there were besides.
    """

    route_id: int
    by: str
    learns: bool
    merit: Merit
    cost_micros: int | None
    others: int


@dataclass(slots=True)
class Assigned:
    """What becomes of a batch of orders that are due; the dicts are by provider id.

    `line`: those whose provider has as many requests under way as it may. `put_off_us`: until when a provider is
    spoken for with those orders, too, that wait for their turn. `chosen`: by order id, why a route came first by merit.
    """

    send: list[tuple[SendTask, RouteRow]] = field(default_factory=list)
    by_hand: list[tuple[SendTask, RouteRow]] = field(default_factory=list)
    later: list[Deferred] = field(default_factory=list)
    line: list[tuple[SendTask, RouteRow]] = field(default_factory=list)
    spoken_for_us: dict[int, int] = field(default_factory=dict)
    chosen: dict[int, RouteReason] = field(default_factory=dict)
    put_off_us: dict[int, int] = field(default_factory=dict)
    trials: set[int] = field(default_factory=set)


def in_order(order: SendTask, routes: Sequence[RouteRow]) -> list[RouteRow]:
    """The routes that may take the order, the first choice first. `routes` stand in the service's order."""
    flat = BY_NAME[order.type_name].flat
    routes = [route for route in routes if route_rules.carries(order.kind, route.upstream_type)]
    # The first one is promised; where it is held, the next one is not in its place.
    usable = [r for i, r in enumerate(routes) if not r.held_stops and (i == 0 or not _too_dear(order, r))]
    # What was chosen by merit stays in front, whatever was measured since.
    return sorted(usable, key=lambda route: (route.id != order.first_route_id, not _fits(order, route, flat=flat)))


def by_merit(order: SendTask, usable: Sequence[RouteRow], merits: Mapping[int, Merit]) -> RouteChoice:
    """The routes of an order that no one has refused yet, the first choice first. `usable`: as `in_order` has them."""
    flat = BY_NAME[order.type_name].flat
    candidates = [
        Candidate(route.id, _fits(order, route, flat=flat), _cost_of(route), merits.get(route.id, Merit()))
        for route in usable
    ]
    return merit_rules.choice(order.route_by, candidates, order_id=order.id)


def _cost_of(route: RouteRow) -> int | None:
    if route.rate_micros is None or route.rate_e12 is None:
        return None
    return money.exchanged(micros=route.rate_micros, rate_e12=route.rate_e12)


def _too_dear(order: SendTask, route: RouteRow) -> bool:
    cost = _cost_of(route)
    return cost is not None and cost > order.rate_micros


def _fits(order: SendTask, route: RouteRow, *, flat: bool) -> bool:
    if flat or order.kind == OrderKind.SUBSCRIPTION.value or not route.available:
        return route.available
    if route.step is not None and order.quantity % step_of(order.type_name, route.step):
        return False
    return (route.min is None or order.quantity >= route.min) and (route.max is None or order.quantity <= route.max)


def after_refusal(order: SendTask, routes: Sequence[RouteRow], refused_by: int | None) -> list[RouteRow]:
    """The routes after the one that refused; empty when it was the last one."""
    ordered = in_order(order, routes)
    places = [i for i, route in enumerate(ordered) if route.id == refused_by]
    return ordered[places[0] + 1 :] if places else ordered


def assign(
    orders: Sequence[SendTask],
    routes: Mapping[int, Sequence[RouteRow]],
    providers: Mapping[int, ProviderRow],
    now: datetime,
    *,
    limit: int | None = None,
    room: Room | None = None,
    merits: Mapping[int, Merit] | None = None,
) -> Assigned:
    """Give each order its route, within what its provider may get now; the others wait.

    `routes` are by service id. A provider that was resting gets one order, which tries it. With
    `limit` orders to be sent the rest is left as it is, or where there is `room` stands in line: how many more
    may be under way; what is sent is taken from it. `merits`: what was
    measured, by route id; needed where services choose by it.
    """
    assigned = Assigned()
    for order in orders:
        full = limit is not None and len(assigned.send) >= limit
        if full and room is None:
            break
        chosen = _choose(order, routes.get(order.service_id, ()), providers, now, merits or {}, assigned.chosen)
        if isinstance(chosen, Deferred):
            assigned.later.append(chosen)
            continue
        provider = providers[chosen.provider_id]
        if provider.kind == "manual":
            assigned.by_hand.append((order, chosen))
            continue
        if room is not None and (full or not room.more(provider.panel_id, provider.id)):
            assigned.line.append((order, chosen))
            continue
        wait_until = _permit(provider, assigned, now)
        if wait_until is None:
            if room is not None:
                room.take(provider.panel_id, provider.id)
            assigned.send.append((order, chosen))
        else:
            assigned.later.append(Deferred(order.id, wait_until))
    return assigned


def _choose(
    order: SendTask,
    routes: Sequence[RouteRow],
    providers: Mapping[int, ProviderRow],
    now: datetime,
    merits: Mapping[int, Merit],
    reasons: dict[int, RouteReason],
) -> RouteRow | Deferred:
    """`reasons`: takes the reason of a choice by merit, by the order's id."""
    since = order.problem_at or now
    # After the last route the first one is tried again: the order would not be due if that made no sense.
    begins = not after_refusal(order, routes, order.route_id) or order.route_id is None
    ordered = after_refusal(order, routes, order.route_id) or in_order(order, routes)
    merit: RouteChoice | None = None
    if order.route_by and begins and order.chosen_route_id is None and len(ordered) > 1:
        merit = by_merit(order, ordered, merits)
        by_id = {route.id: route for route in ordered}
        ordered = [by_id[route_id] for route_id in merit.route_ids]
    if order.chosen_route_id is not None:
        # Where a person sends it, whatever the rate: no other route is tried before this one has refused.
        ordered = [
            route
            for route in routes
            if route.id == order.chosen_route_id and route_rules.carries(order.kind, route.upstream_type)
        ]
    if not ordered:
        gone = problems.problem(problems.ROUTE_GONE, route=order.chosen_route_id)
        held = any(route.held_stops for route in routes)
        none = problems.problem(problems.ROUTES_HELD if held else problems.NO_ROUTE)
        none = gone if order.chosen_route_id is not None else none
        return Deferred(order.id, now + NO_ROUTE_AGAIN, none, since)
    for route in ordered:
        if health.takes_orders(providers[route.provider_id].health, now):
            if merit is not None:
                learns = merit.learns and route is ordered[0]
                measured = merits.get(route.id, Merit())
                others = len(ordered) - 1
                reasons[order.id] = RouteReason(route.id, order.route_by, learns, measured, _cost_of(route), others)
            return route
    resting = [providers[route.provider_id] for route in ordered]
    told = dict.fromkeys((p.name, p.health.problem[:200]) for p in resting)
    due_at = min(health.again_at(p.health, now) for p in resting)
    rest = problems.problem(problems.PROVIDERS_REST, providers=list(told)[:TOLD_MAX], **_refused_before(order))
    return Deferred(order.id, due_at, rest, since)


def _refused_before(order: SendTask) -> dict[str, object]:
    """What the last provider that refused the order said, which stays to be read while it waits."""
    if order.problem_code not in {problems.REFUSED, problems.PROVIDERS_REST}:
        return {}
    facts = problems.facts_of(order.problem_facts)
    return {name: facts[name] for name in ("provider", "said", "reason") if name in facts}


def _permit(provider: ProviderRow, assigned: Assigned, now: datetime) -> datetime | None:
    """None when one more order may go to this provider now, and then it is counted; else when."""
    state = health.state(provider.health, now)
    if state is HealthState.WAITS:
        return health.again_at(provider.health, now)
    if state is HealthState.TRIAL:
        if provider.id in assigned.trials:
            return now + health.TRIAL / 10
        assigned.trials.add(provider.id)
    if provider.per_minute_max is None:
        return None
    now_us = micros_of(now)
    spoken_for_us = assigned.spoken_for_us.get(provider.id, provider.spoken_for_us)
    granted, spoken_for_us = health.permits(
        per_minute_max=provider.per_minute_max, spoken_for_us=spoken_for_us, wanted=1, now_us=now_us
    )
    assigned.spoken_for_us[provider.id] = spoken_for_us
    if granted:
        return None
    # One after the other, so that not all of them are looked at again for each request that may go out.
    put_off_us = assigned.put_off_us.get(provider.id, spoken_for_us)
    share_us, _ = health.share(provider.per_minute_max)
    assigned.put_off_us[provider.id] = put_off_us + share_us
    at_us = health.next_permit_us(per_minute_max=provider.per_minute_max, spoken_for_us=put_off_us, now_us=now_us)
    return now + timedelta(microseconds=at_us - now_us)


def micros_of(at: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
