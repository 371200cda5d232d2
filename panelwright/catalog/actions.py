"""Writes of the catalogue. Each raises the panel's catalogue version and records what changed, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max

from panelwright.catalog import changes, link_kinds, link_store, quantities
from panelwright.catalog.changes import ChangeEvent, ServiceRef
from panelwright.catalog.link_kinds import Table
from panelwright.catalog.models import Category, PriceListRate, Service
from panelwright.catalog.types import BY_NAME
from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.core.text import without_invisible
from panelwright.events.actions import NewEvent, record
from panelwright.panels.actions import catalog_changed

# Characters of an example link.
EXAMPLE_MAX = 300


class LinkNeeds(NamedTuple):
    """What the links of a service must lead to: sites or hosts, and kinds (catalog/link_kinds.py); none: any.

    `example` is a link that fits, for the order form; empty: one of the table's.
    """

    hosts: Sequence[str] = ()
    kinds: Sequence[str] = ()
    example: str = ""


ANY_LINK = LinkNeeds()


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
    # Quantities are multiples of it; 1 where customers name none.
    step: int = 1
    link: LinkNeeds = ANY_LINK
    # Where it comes from, for the event that it was added.
    about: Mapping[str, Any] = field(default_factory=dict)


def add_services(panel_id: int, services: Sequence[NewService]) -> list[Service]:
    """Add services, and the categories that are new, in the order given.

    What a panel opens with is no news: without `about` the first services of a panel are not recorded.
    Raises ValueError for an unknown type, a drip-feed where the type has none, a minimum above the
    maximum, a step of which no multiple can be ordered, links that cannot be, or a number that is taken.
    """
    table = link_store.current(panel_id) if any(new.link != ANY_LINK for new in services) else link_kinds.shipped()
    links = {}
    for new in services:
        type_ = BY_NAME.get(new.type)
        if type_ is None:
            raise ValueError(f"service {new.number}: there is no type {new.type!r}; there are {', '.join(BY_NAME)}")
        if new.drip_feed and not type_.drip_feed:
            raise ValueError(f"service {new.number}: the type {new.type} has no drip-feed")
        if not 1 <= new.min <= new.max or new.rate_micros < 0 or new.number < 1:
            raise ValueError(f"service {new.number}: needs number >= 1, 1 <= min <= max and a rate >= 0")
        try:
            _check_step(new.type, new.min, new.max, new.step)
            links[new.number] = _link_columns(new.link, table)
        except ValueError as error:
            raise ValueError(f"service {new.number}: {error}") from None
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
                step=new.step,
                **links[new.number],
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
                changes.added(ServiceRef(row.id, row.number, new.about), rate_micros=row.rate_micros)
                for row, new in zip(rows, services, strict=True)
                if new.about or not opens
            ],
        )
    return rows


def _record(panel_id: int, happened: Iterable[ChangeEvent]) -> None:
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
        raise Refused("price_below_zero", "rate")
    with transaction.atomic():
        service = _locked(panel_id, number)
        Service.objects.filter(panel_id=panel_id, id=service.id).update(rate_micros=rate_micros)
        catalog_changed(panel_id)
        if rate_micros != service.rate_micros:
            own = PriceListRate.objects.filter(panel_id=panel_id, service=service, rate_micros__isnull=False)
            changed = changes.rate_changed(
                ServiceRef(service.id, number),
                old_micros=service.rate_micros,
                new_micros=rate_micros,
                not_for=set(own.values_list("price_list_id", flat=True)),
            )
            _record(panel_id, [changed])


class ServiceTerms(NamedTuple):
    """How a service is sold; what is None stays.

    `step`: quantities are multiples of it, 1: any; `link`: what its links must lead to. `refill_days` 0: for ever.
    """

    name: str | None = None
    description: str | None = None
    low: int | None = None
    high: int | None = None
    step: int | None = None
    link: LinkNeeds | None = None
    refill: bool | None = None
    refill_days: int | None = None
    cancel: bool | None = None
    drip_feed: bool | None = None
    unique_link: bool | None = None
    private: bool | None = None
    # A value of RouteBy.
    route_by: str | None = None


def set_terms(*, panel_id: int, number: int, terms: ServiceTerms) -> None:
    """Change how a service is sold from the next order on.

    Raises ValueError when there is no such service, nothing could be ordered any more, its type has no step, limits or
    drip-feed, or links cannot be like that.
    """
    with transaction.atomic():
        service = _locked(panel_id, number)
        which = ServiceRef(service.id, number)
        new = {**_plain_terms(service, terms), **_quantity_terms(service, terms)}
        happened: list[ChangeEvent] = []
        if "step" in new:
            happened.append(changes.step_changed(which, old=service.step, new=new["step"]))
        old_bounds = quantities.bounds(service.min, service.max, service.step)
        new_bounds = quantities.bounds(
            new.get("min", service.min), new.get("max", service.max), new.get("step", service.step)
        )
        if new_bounds != old_bounds:
            happened.append(changes.limits_changed(which, old=old_bounds, new=new_bounds))
        if terms.link is not None:
            columns = _link_columns(terms.link, link_store.current(panel_id))
            old = {name: getattr(service, name) for name in columns}
            if columns != old:
                new |= columns
                happened.append(changes.links_changed(which, old=old, new=columns))
        if new:
            Service.objects.filter(panel_id=panel_id, id=service.id).update(**new)
            catalog_changed(panel_id)
            _record(panel_id, happened)


def _plain_terms(service: Service, terms: ServiceTerms) -> dict[str, Any]:
    """The columns that change, of those that are no quantities."""
    name = None if terms.name is None else " ".join(terms.name.split())
    if name is not None and not without_invisible(name):
        raise Refused("missing_field", "name")
    if terms.drip_feed and not BY_NAME[service.type].drip_feed:
        raise Refused("type_without_drip_feed", "drip_feed", type=service.type)
    given: dict[str, Any] = {
        "name": name,
        "description": terms.description,
        "refill": terms.refill,
        "cancel": terms.cancel,
        "drip_feed": terms.drip_feed,
        "unique_link": terms.unique_link,
        "private": terms.private,
        "route_by": terms.route_by,
    }
    new = {key: value for key, value in given.items() if value is not None and value != getattr(service, key)}
    if terms.refill_days is not None and (terms.refill_days or None) != service.refill_days:
        new["refill_days"] = terms.refill_days or None
    return new


def _quantity_terms(service: Service, terms: ServiceTerms) -> dict[str, Any]:
    """Minimum, maximum and step, as far as they change."""
    given = {"min": terms.low, "max": terms.high, "step": terms.step}
    new = {key: value for key, value in given.items() if value is not None and value != getattr(service, key)}
    if not new:
        return {}
    low, high, step = (new.get(key, getattr(service, key)) for key in ("min", "max", "step"))
    if BY_NAME[service.type].flat and not {"min", "max"}.isdisjoint(new):
        raise Refused("flat_without_limits", next(iter(new)), type=service.type)
    if low < 1:
        raise Refused("number_out_of_range", "min", least=1, most=high)
    if low > high:
        raise Refused("below_low", "max")
    _check_step(service.type, low, high, step)
    return new


def _check_step(type_name: str, low: int, high: int, step: int) -> None:
    if step < 1:
        raise Refused("step_too_small", "step")
    if step > 1 and quantities.step_of(type_name, step) == 1:
        raise Refused("type_without_step", "step", type=type_name)
    if not quantities.can_be(low, high, step):
        raise Refused("no_step", "step", step=step, low=low, high=high)


def _link_columns(link: LinkNeeds, table: Table) -> dict[str, str]:
    """The columns of what a service's links must lead to. Raises ValueError, also for an example that is refused."""
    hosts = link_kinds.hosts_text(link.hosts, table) if link.hosts else ""
    kinds = link_kinds.kinds_text(link.kinds) if link.kinds else ""
    example = link.example.strip()
    if len(example) > EXAMPLE_MAX or not example.isprintable() or " " in example:
        raise Refused("bad_example", "link_example", limit=EXAMPLE_MAX)
    rule = link_kinds.rule_of(hosts, kinds)
    if example and rule is not None and link_kinds.wrong_link(rule, table, example) is not None:
        raise Refused("example_refused", "link_example")
    return {"link_hosts": hosts, "link_kinds": kinds, "link_example": example}


def set_enabled(*, panel_id: int, number: int, enabled: bool) -> None:
    """Sell a service, or stop selling it; orders that were placed go on. Raises ValueError, as above."""
    with transaction.atomic():
        service = _locked(panel_id, number)
        Service.objects.filter(panel_id=panel_id, id=service.id).update(enabled=enabled, paused_for="")
        catalog_changed(panel_id)
        if enabled != service.enabled:
            which = ServiceRef(service.id, number)
            _record(panel_id, [changes.resumed(which, why=service.paused_for) if enabled else changes.paused(which)])


def _locked(panel_id: int, number: int) -> Service:
    """The service, which nobody else changes meanwhile."""
    row: Service | None = Service.objects.select_for_update().filter(panel_id=panel_id, number=number).first()
    if row is None:
        raise Refused("no_service", id=number)
    return row
