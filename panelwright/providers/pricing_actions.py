"""Prices of many services at once: what a change makes of each, and the write, which is one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.catalog import changes
from panelwright.catalog.changes import ServiceRef
from panelwright.catalog.margins import ListPrice, lowest, margin_e2
from panelwright.catalog.models import PriceListRate, Service
from panelwright.catalog.pricing_rules import PriceChange, new_rate
from panelwright.core import clock, sql
from panelwright.core.refusal import Refused
from panelwright.events.actions import NewEvent, record
from panelwright.panels.actions import catalog_changed
from panelwright.panels.models import Panel
from panelwright.providers import service_costs
from panelwright.providers.service_costs import ServiceCost

# Services of one change; it is one transaction.
SERVICES_MAX = 20_000
_RATES = sql.Update("catalog_service", {"rate_micros": "bigint"}, {"panel_id": "bigint", "id": "bigint"})


class NewPrice(NamedTuple):
    """What a change makes of a service's rate. `margin_e2`: then, of the lowest rate that any customer has."""

    service: Service
    cost: ServiceCost
    rate_micros: int
    margin_e2: int | None
    own_lists: int

    @property
    def changes(self) -> bool:
        return self.rate_micros != self.service.rate_micros

    @property
    def is_below(self) -> bool:
        """Whether somebody would be sold it for less than it costs."""
        return self.margin_e2 is not None and self.margin_e2 < 0


def planned(panel: Panel, services: Sequence[Service], change: PriceChange) -> list[NewPrice]:
    """What the change would make of each, in their order. Six queries at most; nothing is written."""
    ids = [service.id for service in services]
    costs, lists = service_costs.costs(panel, ids), service_costs.list_prices(panel.id, services)
    return [_planned(service, costs.get(service.id, ServiceCost()), lists[service.id], change) for service in services]


def _planned(service: Service, cost: ServiceCost, lists: list[ListPrice], change: PriceChange) -> NewPrice:
    rate = new_rate(rate_micros=service.rate_micros, cost_micros=cost.cost_micros, change=change)
    least = lowest(rate_micros=rate, private=service.private, lists=lists)
    own = sum(one.custom.rate_micros is not None for one in lists)
    return NewPrice(service, cost, rate, margin_e2(rate_micros=least, cost_micros=cost.cost_micros), own)


def digest(plan: Sequence[NewPrice]) -> str:
    """What a confirmation is bound to: each rate before and after."""
    lines = [f"{one.service.number} {one.service.rate_micros} {one.rate_micros}" for one in plan if one.changes]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def reprice(*, panel: Panel, numbers: Collection[int], change: PriceChange) -> list[NewPrice]:
    """Give the services new rates, all or none. Answers the plan, with the rates of before in its services.

    Refused: selection_too_large.
    """
    if len(numbers) > SERVICES_MAX:
        raise Refused("selection_too_large", limit=SERVICES_MAX)
    with transaction.atomic():
        rows = Service.objects.select_for_update().filter(panel_id=panel.id, number__in=numbers).order_by("id")
        plan = sorted(planned(panel, list(rows), change), key=lambda one: one.service.number)
        changed = [one for one in plan if one.changes]
        if not changed:
            return plan
        _RATES.run(connection, [(one.rate_micros, panel.id, one.service.id) for one in changed])
        catalog_changed(panel.id)
        record([_event(panel.id, one, own) for one, own in _with_own(panel.id, changed)], now=clock.now())
    return plan


def _with_own(panel_id: int, changed: Sequence[NewPrice]) -> list[tuple[NewPrice, set[int]]]:
    """Each with the price lists that have a price of their own for it."""
    ids = [one.service.id for one in changed]
    own: dict[int, set[int]] = {}
    rows = PriceListRate.objects.filter(panel_id=panel_id, service_id__in=ids, rate_micros__isnull=False)
    for service_id, list_id in rows.values_list("service_id", "price_list_id"):
        own.setdefault(service_id, set()).add(list_id)
    return [(one, own.get(one.service.id, set())) for one in changed]


def _event(panel_id: int, one: NewPrice, own: set[int]) -> NewEvent:
    told = changes.rate_changed(
        ServiceRef(one.service.id, one.service.number),
        old_micros=one.service.rate_micros,
        new_micros=one.rate_micros,
        not_for=own,
    )
    return NewEvent(panel_id, told.name, told.subject_id, told.facts)


def delete_own_rates(*, panel_id: int, number: int) -> int:
    """Customers of price lists pay the service's rate less their discount again. Answers how many rates went.

    Refused: no_service.
    """
    with transaction.atomic():
        service = Service.objects.select_for_update().filter(panel_id=panel_id, number=number).first()
        if service is None:
            raise Refused("no_service", id=number)
        count, _ = PriceListRate.objects.filter(panel_id=panel_id, service=service).delete()
        if count:
            catalog_changed(panel_id)
    return count
