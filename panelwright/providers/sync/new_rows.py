"""The rows that an import makes of what it sells: services, their routes, and the events of those that are held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from panelwright.catalog import quantities
from panelwright.catalog.actions import NewService
from panelwright.catalog.changes import ChangeEvent
from panelwright.catalog.models import Service
from panelwright.catalog.types import BY_NAME
from panelwright.core import money
from panelwright.panels.models import Panel
from panelwright.providers.models import Provider, Route
from panelwright.providers.sync import holding, sync_rules
from panelwright.providers.sync.import_rules import ToSell
from panelwright.providers.sync.sync_rules import Markup


def held_at_once(provider: Provider, service: Service, sold: ToSell) -> ChangeEvent:
    assert sold.held is not None
    old, new = holding.sides(sold.held)
    facts = {"provider": provider.name, "service": service.number, "theirs": sold.offer.service}
    why = ", ".join(sold.held["codes"])
    return ChangeEvent("route.held", service.id, {**facts, "why": why, "old": old, "new": new})


def new_service(sold: ToSell, number: int, provider: str, categories: Mapping[str, str]) -> NewService:
    offer = sold.offer
    low, high = sync_rules.limits(offer)
    type_ = BY_NAME[offer.type]
    return NewService(
        number=number,
        category=(categories.get(offer.category, "").strip() or offer.category)[:200] or "Services",
        name=offer.name[:300] or f"Service {offer.service}",
        type=offer.type,
        rate_micros=sold.rate_micros,
        min=1 if type_.flat else low,
        max=1 if type_.flat else high,
        step=quantities.step_of(offer.type, offer.step or 1),
        refill=offer.refill,
        cancel=offer.cancel,
        drip_feed=offer.dripfeed and type_.drip_feed,
        description=offer.description,
        about={"theirs": offer.service, "provider": provider},
    )


def new_route(
    panel: Panel,
    provider: Provider,
    service: Service,
    sold: ToSell,
    markup: Markup,
    rate_e12: int,
    now: datetime,
) -> Route:
    offer = sold.offer
    low, high = sync_rules.limits(offer)
    rate = money.cost_of(offer.rate)
    return Route(
        panel=panel,
        service=service,
        provider=provider,
        upstream_service=offer.service,
        rate_micros=rate,
        rate_since=now,
        base_rate_micros=None if sold.held is not None else rate,
        priced_e12=rate_e12,
        held=sold.held,
        held_at=None if sold.held is None else now,
        min=low,
        max=high,
        upstream_name=offer.name[: sync_rules.NAME_MAX],
        upstream_type=offer.type[: sync_rules.TYPE_MAX],
        step=offer.step,
        in_step=True,
        markup_percent_e2=markup.percent_e2,
        markup_fixed_micros=markup.fixed_micros,
        round_to_micros=markup.round_to_micros,
    )
