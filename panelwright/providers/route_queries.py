"""A service's routes with what each costs, brings and how it has done; and the log of what changed. In the scope."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count

from panelwright.catalog import changes
from panelwright.catalog.margins import lowest, margin_e2
from panelwright.catalog.models import Service
from panelwright.core import sql
from panelwright.panels.models import Panel
from panelwright.providers import service_costs
from panelwright.providers.models import Route, RouteMerit
from panelwright.providers.routing.merit_actions import merit_of
from panelwright.providers.routing.merit_rules import Merit

# What happens to services and their routes.
LOGGED = (
    *(changes.ADDED, changes.RATE_CHANGED, changes.LIMITS_CHANGED, changes.STEP_CHANGED, changes.LINKS_CHANGED),
    *(changes.PAUSED, changes.RESUMED, changes.OWN_RATE_CHANGED, changes.BELOW_COST, changes.IMPORTED),
    *("route.gone", "route.back", "route.cannot_be", "route.rate_changed", "route.limits_changed"),
    *("route.step_changed", "route.renamed", "route.held", "route.released", "route.accepted", "route.rejected"),
)
LOG_PAGE = 50
_END = 2**63 - 1

# One part a name: each is read from the end of its piece of the index, whatever else happened on the panel.
_PART = (
    "SELECT id, name, subject_id, facts, created_at FROM (SELECT id, name, subject_id, facts, created_at"
    " FROM events_event WHERE panel_id = ? AND name = ? AND id < ? ORDER BY id DESC LIMIT ?) AS part"
)
_LOG = sql.Query(" UNION ALL ".join([_PART] * len(LOGGED)) + " ORDER BY 1 DESC LIMIT ?")
_LOG_OF_ONE = sql.Query(
    "SELECT id, name, subject_id, facts, created_at FROM events_event WHERE panel_id = ? AND subject_id = ? AND id < ?"
    " AND name :in_text ORDER BY id DESC LIMIT ?"
)


class RouteFigures(NamedTuple):
    """A route as it stands beside the others. Money in micros of the panel's currency; None: not known.

    `margin_e2`: of the lowest rate that a customer has. `first`: orders try it first, by the list.
    """

    route: Route
    cost_micros: int | None
    margin_e2: int | None
    merit: Merit

    @property
    def success_e2(self) -> int | None:
        return None if self.merit.success is None else int(self.merit.success * 10_000)

    @property
    def start_s(self) -> int | None:
        return None if self.merit.start is None else int(self.merit.start)

    @property
    def took_s(self) -> int | None:
        return None if self.merit.took is None else int(self.merit.took)


def figures(panel: Panel, services: Sequence[Service]) -> dict[int, list[RouteFigures]]:
    """By service id its routes in their order. Six queries at most."""
    ids = [service.id for service in services]
    by_id = {service.id: service for service in services}
    rows = Route.objects.filter(panel_id=panel.id, service_id__in=ids).select_related("provider")
    routes = list(rows.order_by("service_id", "position"))
    rates = service_costs.exchange_rates(panel, {route.provider.currency for route in routes})
    lists = service_costs.list_prices(panel.id, services)
    held = RouteMerit.objects.filter(panel_id=panel.id, route_id__in=[route.id for route in routes])
    merits = {row.route_id: merit_of(row) for row in held}
    found: dict[int, list[RouteFigures]] = {service.id: [] for service in services}
    for route in routes:
        service = by_id[route.service_id]
        least = lowest(rate_micros=service.rate_micros, private=service.private, lists=lists[service.id])
        cost = service_costs.cost_of(route, rates)
        margin = margin_e2(rate_micros=least, cost_micros=cost)
        found[service.id].append(RouteFigures(route, cost, margin, merits.get(route.id, Merit())))
    return found


class LoggedChange(NamedTuple):
    """Something that happened to a service; `number` is its own, None where it is gone."""

    id: int
    at: datetime
    name: str
    facts: dict[str, Any]
    number: int | None
    service: str


class LogPage(NamedTuple):
    """The newest first; `older` is the `before` of the page that follows."""

    rows: list[LoggedChange]
    older: int | None
    newer: int | None = None


def log(panel_id: int, *, service_id: int | None = None, before: int | None = None) -> LogPage:
    """What changed in the catalogue, or of one service. Two queries."""
    below = _END if before is None else before
    if service_id is None:
        given: list[Any] = []
        for name in LOGGED:
            given += [panel_id, name, below, LOG_PAGE + 1]
        rows = _LOG.rows(connection, *given, LOG_PAGE + 1)
    else:
        rows = _LOG_OF_ONE.rows(connection, panel_id, service_id, below, list(LOGGED), LOG_PAGE + 1)
    ids = {row[2] for row in rows[:LOG_PAGE]}
    names = Service.objects.filter(panel_id=panel_id, id__in=ids).values_list("id", "number", "name")
    services = {row[0]: (row[1], row[2]) for row in names}
    found = []
    for id_, name, subject_id, facts, at in rows[:LOG_PAGE]:
        moment = sql.aware(at)
        assert moment is not None
        number, called = services.get(subject_id, (None, ""))
        told = facts if isinstance(facts, dict) else json.loads(facts)
        found.append(LoggedChange(id_, moment, name, told, number, called))
    return LogPage(found, found[-1].id if len(rows) > LOG_PAGE else None)


def compared(panel: Panel, services: Sequence[Service]) -> list[tuple[Service, list[RouteFigures]]]:
    """Services that several providers deliver, each with its routes side by side."""
    found = figures(panel, services)
    return [(service, found[service.id]) for service in services]


def shared_services(panel_id: int) -> Any:
    """Services with more than one route, the newest last."""
    many = Route.objects.filter(panel_id=panel_id).values("service_id").annotate(many=Count("id"))
    ids = many.filter(many__gt=1).values("service_id")
    return Service.objects.filter(panel_id=panel_id, id__in=ids).select_related("category")
