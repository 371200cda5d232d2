"""What a person decides about services that are held (holding.py): take what the list says now, or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from panelwright.catalog.changes import ChangeEvent
from panelwright.catalog.types import BY_NAME
from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.events.actions import NewEvent, record
from panelwright.panels.models import Panel
from panelwright.providers.models import Provider, Route
from panelwright.providers.sync import holding, sync_actions, sync_rules
from panelwright.providers.sync.sync_rules import RouteState, ServiceState


class Held(NamedTuple):
    """A route of which a person has to look at something. `old` and `new` are the sides as kept: rate, name, type.

    `theirs` is the provider's id of the service, `service` ours. `rejected`: somebody has looked.
    """

    route_id: int
    provider_id: int
    provider: str
    theirs: str
    service: int
    name: str
    codes: list[str]
    old: dict[str, Any]
    new: dict[str, Any]
    rejected: bool
    since: datetime | None


def held_routes(*, panel_id: int, provider_id: int | None = None, service_id: int | None = None) -> list[Held]:
    """What is held, in the order of the services' numbers."""
    found = Route.objects.filter(panel_id=panel_id, held__isnull=False).select_related("provider", "service")
    if provider_id is not None:
        found = found.filter(provider_id=provider_id)
    if service_id is not None:
        found = found.filter(service_id=service_id)
    return [held(route) for route in found.order_by("service__number", "position")]


def held(route: Route) -> Held:
    """What is held of a route that was read with its provider and service."""
    return Held(
        route.id,
        route.provider_id,
        route.provider.name,
        route.upstream_service,
        route.service.number,
        route.service.name,
        **(route.held or {}),
        rejected=route.held_rejected,
        since=route.held_at,
    )


def accept(
    *, panel: Panel, provider_id: int, route_ids: Collection[int], by: str, seen: Mapping[str, Any] | None = None
) -> list[ChangeEvent]:
    """What the list says of these routes counts from now on: rate, name, type; and what follows from it is written.

    `seen`: the `new` side that the person looked at. Raises ValueError, and changes nothing, when one of them is
    not held, the list says something else by now, its type is not that of the service that it delivers, or the
    provider tells another currency than its rates are counted in. Answers the events.
    """
    return _decide(panel, provider_id, route_ids, by=by, seen=seen, accepted=True)


def reject(
    *, panel: Panel, provider_id: int, route_ids: Collection[int], by: str, seen: Mapping[str, Any] | None = None
) -> list[ChangeEvent]:
    """What the list says of these routes is not wanted: they stay as they are, and nobody is asked again.

    They come back by themselves when the list says what can be believed. Where theirs has become another service,
    it can be imported as one of its own. Raises ValueError as `accept` does, but for the type.
    """
    return _decide(panel, provider_id, route_ids, by=by, seen=seen, accepted=False)


def _decide(
    panel: Panel,
    provider_id: int,
    route_ids: Collection[int],
    *,
    by: str,
    seen: Mapping[str, Any] | None,
    accepted: bool,
) -> list[ChangeEvent]:
    with transaction.atomic():
        # As a round does, so that the two do not work on the same routes at once.
        provider = Provider.objects.select_for_update().get(panel=panel, id=provider_id)
        if accepted:
            sync_actions.believed_rate(panel=panel, provider=provider)
        rows = Route.objects.filter(panel=panel, provider=provider, id__in=route_ids)
        catalogue = sync_actions.load(panel, provider, list(rows.values_list("service_id", flat=True)))
        mine = {route.id: route for route in catalogue.routes if route.provider_id == provider.id}
        routes: dict[int, RouteState] = {}
        events = []
        for route_id in route_ids:
            route = mine.get(route_id)
            if route is None or route.held is None:
                raise Refused("nothing_held")
            service = catalogue.services[route.service_id]
            if seen is not None and dict(seen) != route.held["new"]:
                raise Refused("list_changed")
            routes[route_id] = _accepted(route, service) if accepted else replace(route, held_rejected=True)
            old, new = holding.sides(route.held)
            facts = {"provider": provider.name, "service": service.number, "theirs": route.upstream_service}
            facts |= {"why": ", ".join(route.held["codes"]), "old": old, "new": new, "by": by}
            name = "route.accepted" if accepted else "route.rejected"
            events.append(ChangeEvent(name, route.service_id, facts))
        changes = sync_rules.decided(catalogue, routes)
        sync_actions.write(panel, changes)
        events += changes.events
        record([NewEvent(panel.id, e.name, e.subject_id, e.facts) for e in events], now=clock.now())
    return events


def _accepted(route: RouteState, service: ServiceState) -> RouteState:
    assert route.held is not None
    said = holding.new_of(route.held)
    if said.type in BY_NAME and said.type != service.type:
        raise Refused("other_type", type=service.type, theirs=said.type)
    return replace(
        route,
        rate_micros=said.rate_micros,
        base_rate_micros=said.rate_micros,
        past_rates=(),
        rate_since=clock.now(),
        priced_e12=route.rate_e12 if route.in_step else route.priced_e12,
        upstream_name=said.name or route.upstream_name,
        upstream_type=said.type,
        held=None,
        held_rejected=False,
        held_at=None,
    )
