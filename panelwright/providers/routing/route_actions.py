"""The writes of routes: which providers deliver a service, and in which order they are tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from panelwright.catalog.models import Service
from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.providers.models import PostSource, Route
from panelwright.providers.routing import route_rules

# Above every position that there is, so that routes can change places under their unique positions.
_ASIDE = 1_000_000


class NewRoute(NamedTuple):
    """A route to be. `upstream_service` is the id of the provider's service, `upstream_type` its type where known."""

    service_id: int
    provider_id: int
    upstream_service: str
    upstream_type: str = ""


def hears_posts(panel_id: int) -> bool:
    """Whether the panel has a feed or webhook that tells it of posts."""
    return PostSource.objects.filter(panel_id=panel_id, enabled=True).exists()


def add_routes(panel_id: int, routes: Sequence[tuple[int, int, str] | NewRoute]) -> None:
    """Add routes; a service's first one is tried first.

    Raises ValueError with the reason when one of them cannot be (route_rules.py); then none is made.
    """
    positions: dict[int, int] = {}
    rows = []
    new = [NewRoute(*route) for route in routes]
    with transaction.atomic():
        _refuse(panel_id, [route for route in new if route.upstream_type])
        for service_id, provider_id, upstream_service, upstream_type in new:
            if service_id not in positions:
                positions[service_id] = Route.objects.filter(panel_id=panel_id, service_id=service_id).count()
            rows.append(
                Route(
                    panel_id=panel_id,
                    service_id=service_id,
                    provider_id=provider_id,
                    upstream_service=upstream_service,
                    upstream_type=upstream_type,
                    position=positions[service_id],
                )
            )
            positions[service_id] += 1
        Route.objects.bulk_create(rows, batch_size=500)


def _refuse(panel_id: int, routes: Sequence[NewRoute]) -> None:
    ids = {route.service_id for route in routes}
    types = dict(Service.objects.filter(panel_id=panel_id, id__in=ids).values_list("id", "type")) if ids else {}
    hears = bool(ids) and hears_posts(panel_id)
    for route in routes:
        why_not = route_rules.cannot_be(
            service_type=types[route.service_id], upstream_type=route.upstream_type, hears_posts=hears
        )
        if why_not is not None:
            raise Refused.of(why_not)


def routes_of(*, panel_id: int, service_id: int) -> list[Route]:
    """A service's routes in the order in which they are tried."""
    found = Route.objects.filter(panel_id=panel_id, service_id=service_id).select_related("provider")
    return list(found.order_by("position"))


class RouteTerms(NamedTuple):
    """What is known of a route and what of its service follows it; None stays as it is. Money in micros.

    `rate_micros` is in the provider's currency, `fixed_micros` and `round_to_micros` in the panel's. `in_step`: the
    service follows this route, and no other one any more.
    """

    enabled: bool | None = None
    rate_micros: int | None = None
    low: int | None = None
    high: int | None = None
    step: int | None = None
    in_step: bool | None = None
    markup_e2: int | None = None
    fixed_micros: int | None = None
    round_to_micros: int | None = None
    follows_rate: bool | None = None
    follows_limits: bool | None = None
    follows_sale: bool | None = None
    follows_name: bool | None = None


AS_IT_IS = RouteTerms()
# Names of RouteTerms that are columns of another name.
_COLUMNS = {"low": "min", "high": "max", "markup_e2": "markup_percent_e2", "fixed_micros": "markup_fixed_micros"}


def set_route(
    *, panel_id: int, service_id: int, route_id: int, first: bool = False, terms: RouteTerms = AS_IT_IS
) -> None:
    """Change what is given, leave the rest; `first`: it is tried before all others.

    Raises ValueError when the service has no such route, the minimum is above the maximum, the step below 1, or the
    rounding is none.
    """
    with transaction.atomic():
        found = _locked(panel_id, service_id)
        route = next((route for route in found if route.id == route_id), None)
        if route is None:
            raise Refused("no_route", id=route_id)
        new = {_COLUMNS.get(name, name): value for name, value in terms._asdict().items() if value is not None}
        _check(route, new)
        if terms.rate_micros is not None:
            # A person says what it costs: what its list says is judged by that.
            new |= {"base_rate_micros": terms.rate_micros, "rate_since": clock.now(), "past_rates": None}
        which = Route.objects.filter(panel_id=panel_id, service_id=service_id)
        if terms.in_step:
            which.exclude(id=route_id).update(in_step=False)
        if new:
            which.filter(id=route_id).update(**new)
        if first:
            _reorder(found, sorted(found, key=lambda other: (other.id != route_id, other.position)))


def move_route(*, panel_id: int, route_id: int, up: bool) -> None:
    """Try a route one place sooner, or later. Refused: no_route."""
    with transaction.atomic():
        route = Route.objects.filter(panel_id=panel_id, id=route_id).first()
        if route is None:
            raise Refused("no_route", id=route_id)
        ordered = sorted(_locked(panel_id, route.service_id), key=lambda one: one.position)
        at = next(place for place, one in enumerate(ordered) if one.id == route_id)
        to = at - 1 if up else at + 1
        if 0 <= to < len(ordered):
            wanted = list(ordered)
            wanted[at], wanted[to] = wanted[to], wanted[at]
            _reorder(ordered, wanted)


def _locked(panel_id: int, service_id: int) -> list[Route]:
    """All routes of a service, in the order of their ids."""
    return list(Route.objects.select_for_update().filter(panel_id=panel_id, service_id=service_id).order_by("id"))


def _check(route: Route, new: dict[str, Any]) -> None:
    lowest, highest = new.get("min", route.min), new.get("max", route.max)
    wrong_limits = lowest is not None and highest is not None and lowest > highest
    if new.get("rate_micros", 0) < 0 or (lowest or 0) < 0 or wrong_limits:
        raise Refused("bad_route_limits")
    if new.get("step", 1) < 1:
        raise Refused("step_too_small", "step")
    if new.get("round_to_micros", 1) < 1 or new.get("markup_fixed_micros", 0) < 0:
        raise Refused("bad_rounding", "round_to")


def _reorder(found: Sequence[Route], wanted: Sequence[Route]) -> None:
    """Positions by the order wanted; first all aside, as they are unique."""
    which = Route.objects.filter(panel_id=found[0].panel_id, service_id=found[0].service_id)
    which.update(position=F("position") + _ASIDE)
    for position, other in enumerate(wanted):
        which.filter(id=other.id).update(position=position)
