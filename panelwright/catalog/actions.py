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
from panelwright.catalog.priced_catalogue import rate_for
from panelwright.catalog.types import BY_NAME
from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.customers.models import Customer, PriceList
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
            own = PriceListRate.objects.filter(panel_id=panel_id, service=service)
            changed = changes.rate_changed(
                ServiceRef(service.id, number),
                old_micros=service.rate_micros,
                new_micros=rate_micros,
                not_for=set(own.values_list("price_list_id", flat=True)),
            )
            _record(panel_id, [changed])


def set_terms(*, panel_id: int, number: int, step: int | None = None, link: LinkNeeds | None = None) -> None:
    """Change how a service is sold from the next order on; what is None stays.

    `step`: in multiples of it, 1 in any quantity; `link`: what its links must lead to. Raises ValueError when there
    is no such service, it counts no quantity, nothing could be ordered any more, or links cannot be like that.
    """
    with transaction.atomic():
        service = _locked(panel_id, number)
        which = ServiceRef(service.id, number)
        new: dict[str, Any] = {}
        happened: list[ChangeEvent] = []
        if step is not None and step != service.step:
            _check_step(service.type, service.min, service.max, step)
            new["step"] = step
            happened.append(changes.step_changed(which, old=service.step, new=step))
            old_bounds, new_bounds = (quantities.bounds(service.min, service.max, s) for s in (service.step, step))
            if new_bounds != old_bounds:
                happened.append(changes.limits_changed(which, old=old_bounds, new=new_bounds))
        if link is not None:
            columns = _link_columns(link, link_store.current(panel_id))
            old = {name: getattr(service, name) for name in columns}
            if columns != old:
                new |= columns
                happened.append(changes.links_changed(which, old=old, new=columns))
        if new:
            Service.objects.filter(panel_id=panel_id, id=service.id).update(**new)
            catalog_changed(panel_id)
            _record(panel_id, happened)


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


def own_price_list(*, panel_id: int, customer_id: int) -> tuple[PriceList, bool]:
    """The price list that this customer alone has, and whether it was made now. Refused: price_list_shared."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(panel_id=panel_id, id=customer_id)
        if customer.price_list is not None:
            others = Customer.objects.filter(panel_id=panel_id, price_list=customer.price_list).exclude(id=customer_id)
            if others.exists():
                raise Refused("price_list_shared", name=customer.price_list.name)
            return customer.price_list, False
        made = PriceList.objects.create(panel_id=panel_id, name=f"{customer.user.email[:90]} #{customer.number}")
        customer.price_list = made
        customer.save(update_fields=["price_list"])
        return made, True


def set_own_rate(*, price_list: PriceList, number: int, rate_micros: int) -> None:
    """Give the customers of a price list their own rate for a service. Refused: price_below_zero."""
    if rate_micros < 0:
        raise Refused("price_below_zero", "rate")
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
                ServiceRef(service.id, number),
                price_list_id=price_list.id,
                price_list=price_list.name,
                old_micros=old,
                new_micros=rate_micros,
            )
            _record(panel_id, [changed])
