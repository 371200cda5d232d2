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


def set_route(
    *,
    panel_id: int,
    service_id: int,
    route_id: int,
    first: bool = False,
    enabled: bool | None = None,
    rate_micros: int | None = None,
    low: int | None = None,
    high: int | None = None,
    step: int | None = None,
) -> None:
    """Change what is given, leave the rest; `first`: it is tried before all others.

    `rate_micros` is in the provider's currency. Raises ValueError when the service has no such
    route, the minimum is above the maximum, or the step below 1.
    """
    with transaction.atomic():
        found = list(Route.objects.select_for_update().filter(panel_id=panel_id, service_id=service_id).order_by("id"))
        route = next((route for route in found if route.id == route_id), None)
        if route is None:
            raise Refused("no_route", id=route_id)
        new: dict[str, Any] = {"enabled": enabled, "rate_micros": rate_micros, "min": low, "max": high, "step": step}
        new = {name: value for name, value in new.items() if value is not None}
        if rate_micros is not None:
            # A person says what it costs: what its list says is judged by that.
            new |= {"base_rate_micros": rate_micros, "rate_since": clock.now()}
        lowest, highest = new.get("min", route.min), new.get("max", route.max)
        wrong_limits = lowest is not None and highest is not None and lowest > highest
        if (rate_micros or 0) < 0 or (lowest or 0) < 0 or wrong_limits:
            raise Refused("bad_route_limits")
        if new.get("step", 1) < 1:
            raise Refused("step_too_small", "step")
        which = Route.objects.filter(panel_id=panel_id, service_id=service_id)
        if new:
            which.filter(id=route_id).update(**new)
        if first:
            which.update(position=F("position") + _ASIDE)
            ordered = sorted(found, key=lambda other: (other.id != route_id, other.position))
            for position, other in enumerate(ordered):
                which.filter(id=other.id).update(position=position)
