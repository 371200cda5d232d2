"""Writes of the catalogue. Each raises the panel's catalogue version and records what changed, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max

from panelwright.catalog import changes
from panelwright.catalog.changes import Happened, Which
from panelwright.catalog.models import Category, PriceListRate, Service
from panelwright.catalog.shelf import rate_for
from panelwright.catalog.types import BY_NAME
from panelwright.core import clock
from panelwright.customers.models import PriceList
from panelwright.events.actions import NewEvent, record
from panelwright.panels.actions import catalog_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewService:
    """A service to be added. `rate_micros` is for 1000 units, or for one order of a flat type."""

    number: int
    category: str
    name: str
    type: str
    rate_micros: int
    min: int = 1
    max: int = 1
    refill: bool = False
    refill_days: int | None = 30
    cancel: bool = False
    drip_feed: bool = False
    unique_link: bool = False
    private: bool = False
    description: str = ""
    # Where it comes from, for the event that it was added.
    about: Mapping[str, Any] = field(default_factory=dict)


def add_services(panel_id: int, services: Sequence[NewService]) -> list[Service]:
    """Add services, and the categories that are new, in the order given.

    What a panel opens with is no news: without `about` the first services of a panel are not recorded.
    Raises ValueError for an unknown type, a drip-feed where the type has none, a minimum above the
    maximum, or a number that is taken.
    """
    for new in services:
        type_ = BY_NAME.get(new.type)
        if type_ is None:
            raise ValueError(f"service {new.number}: there is no type {new.type!r}; there are {', '.join(BY_NAME)}")
        if new.drip_feed and not type_.drip_feed:
            raise ValueError(f"service {new.number}: the type {new.type} has no drip-feed")
        if not 1 <= new.min <= new.max or new.rate_micros < 0 or new.number < 1:
            raise ValueError(f"service {new.number}: needs number >= 1, 1 <= min <= max and a rate >= 0")
    with transaction.atomic():
        taken = set(
            Service.objects.filter(panel_id=panel_id, number__in=[s.number for s in services]).values_list(
                "number", flat=True
            )
        )
        if taken:
            raise ValueError(f"service number {min(taken)} is taken")
        opens = not Service.objects.filter(panel_id=panel_id).exists()
        categories = _categories(panel_id, [s.category for s in services])
        rows = [
            Service(
                panel_id=panel_id,
                number=new.number,
                category=categories[new.category],
                name=new.name,
                description=new.description,
                type=new.type,
                rate_micros=new.rate_micros,
                min=new.min,
                max=new.max,
                refill=new.refill,
                refill_days=new.refill_days if new.refill else None,
                cancel=new.cancel,
                drip_feed=new.drip_feed,
                unique_link=new.unique_link,
                private=new.private,
                position=position,
            )
            for position, new in enumerate(services)
        ]
        Service.objects.bulk_create(rows, batch_size=500)
        catalog_changed(panel_id)
        _record(
            panel_id,
            [
                changes.added(Which(row.id, row.number, new.about), rate_micros=row.rate_micros)
                for row, new in zip(rows, services, strict=True)
                if new.about or not opens
            ],
        )
    return rows


def _record(panel_id: int, happened: Iterable[Happened]) -> None:
    record([NewEvent(panel_id, h.name, h.subject_id, h.facts) for h in happened], now=clock.now())


def _categories(panel_id: int, names: Sequence[str]) -> dict[str, Category]:
    found = {category.name: category for category in Category.objects.filter(panel_id=panel_id)}
    position = Category.objects.filter(panel_id=panel_id).aggregate(last=Max("position"))["last"] or 0
    for name in dict.fromkeys(names):
        if name not in found:
            position += 1
            found[name] = Category.objects.create(panel_id=panel_id, name=name, position=position)
    return found


def set_rate(*, panel_id: int, number: int, rate_micros: int) -> None:
    """Change the rate of a service for orders from now on. Raises ValueError when there is no such service."""
    if rate_micros < 0:
        raise ValueError("a rate cannot be below zero")
    with transaction.atomic():
        service = _locked(panel_id, number)
        Service.objects.filter(panel_id=panel_id, id=service.id).update(rate_micros=rate_micros)
        catalog_changed(panel_id)
        if rate_micros != service.rate_micros:
            own = PriceListRate.objects.filter(panel_id=panel_id, service=service)
            changed = changes.rate_changed(
                Which(service.id, number),
                old_micros=service.rate_micros,
                new_micros=rate_micros,
                not_for=set(own.values_list("price_list_id", flat=True)),
            )
            _record(panel_id, [changed])


def set_enabled(*, panel_id: int, number: int, enabled: bool) -> None:
    """Sell a service, or stop selling it; orders that were placed go on. Raises ValueError, as above."""
    with transaction.atomic():
        service = _locked(panel_id, number)
        Service.objects.filter(panel_id=panel_id, id=service.id).update(enabled=enabled, paused_for="")
        catalog_changed(panel_id)
        if enabled != service.enabled:
            which = Which(service.id, number)
            _record(panel_id, [changes.resumed(which, why=service.paused_for) if enabled else changes.paused(which)])


def _locked(panel_id: int, number: int) -> Service:
    """The service, which nobody else changes meanwhile."""
    row: Service | None = Service.objects.select_for_update().filter(panel_id=panel_id, number=number).first()
    if row is None:
        raise ValueError(f"there is no service {number}")
    return row


def set_own_rate(*, price_list: PriceList, number: int, rate_micros: int) -> None:
    """Give the customers of a price list their own rate for a service."""
    panel_id = price_list.panel_id
    with transaction.atomic():
        service = Service.objects.select_for_update().get(panel_id=panel_id, number=number)
        before = PriceListRate.objects.filter(panel_id=panel_id, price_list=price_list, service=service).first()
        PriceListRate.objects.update_or_create(
            panel_id=panel_id,
            price_list=price_list,
            service=service,
            defaults={"rate_micros": rate_micros, "by_guard": False},
        )
        catalog_changed(panel_id)
        old = rate_for(
            rate_micros=service.rate_micros,
            private=service.private,
            own_rate_micros=None if before is None else before.rate_micros,
            percent_off_e2=price_list.percent_off_e2,
        )
        if old != rate_micros:
            changed = changes.own_rate_changed(
                Which(service.id, number),
                price_list_id=price_list.id,
                price_list=price_list.name,
                old_micros=old,
                new_micros=rate_micros,
            )
            _record(panel_id, [changed])
