"""What a provider's list makes of a panel's catalogue. Pure.

A route keeps what the list says of its service: rate, limits, whether it is there. A service in
step with a route follows it: its rate by the route's markup when the provider's rate has changed
(so that a rate which a person set stays until then), its limits, and it is not sold while nobody
has it. The guard looks at every service that the provider delivers, in step or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from panelwright.catalog import changes as catalog_changes
from panelwright.catalog import quantities
from panelwright.catalog.changes import Happened, Which
from panelwright.catalog.shelf import rate_for
from panelwright.catalog.types import BY_NAME
from panelwright.core import money
from panelwright.providers import route_rules
from panelwright.providers.outcomes import STEP_UNREAD, ServiceOffer

# A list that lost more than this part of what we have from it is for a person to look at.
LOST_MAX = 0.5
# A number that the protocol's 32-bit clients can hold.
LIMIT_MAX = 2_147_483_647


class Markup(NamedTuple):
    """Percent first, in hundredths; then the fixed part; then up to a multiple. In the panel's currency."""

    percent_e2: int = 0
    fixed_micros: int = 0
    round_to_micros: int = 1

    def price(self, cost_micros: int) -> int:
        return money.marked_up(
            cost_micros=cost_micros,
            percent_e2=self.percent_e2,
            fixed_micros=self.fixed_micros,
            round_to_micros=self.round_to_micros,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteState:
    """A route of any provider to a service that is looked at. `rate_e12` None: no exchange rate is set."""

    id: int
    service_id: int
    provider_id: int
    upstream_service: str
    usable: bool  # it and its provider are enabled
    rate_micros: int | None
    min: int | None
    max: int | None
    available: bool
    in_step: bool
    markup: Markup
    rate_e12: int | None
    upstream_type: str = ""
    step: int | None = None

    @property
    def cost_micros(self) -> int | None:
        """Its rate in the panel's currency, rounded up."""
        if self.rate_micros is None or self.rate_e12 is None:
            return None
        return money.exchanged(micros=self.rate_micros, rate_e12=self.rate_e12)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    id: int
    number: int
    type: str
    rate_micros: int
    min: int
    max: int
    enabled: bool
    paused_for: str
    private: bool = False
    step: int = 1

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest quantity that can be ordered."""
        return quantities.bounds(self.min, self.max, quantities.step_of(self.type, self.step))


class OwnRate(NamedTuple):
    """A price list's rate for a service, or (`by_guard`) the one that the guard set in place of its discount."""

    price_list_id: int
    service_id: int
    rate_micros: int
    by_guard: bool


class Discount(NamedTuple):
    id: int
    name: str
    percent_off_e2: int


@dataclass(slots=True)
class Changes:
    """What a round writes. A price list's rate of None is one that goes."""

    routes: dict[int, RouteState] = field(default_factory=dict)
    services: dict[int, ServiceState] = field(default_factory=dict)
    own_rates: dict[tuple[int, int], OwnRate | None] = field(default_factory=dict)
    events: list[Happened] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a round looks at: the services that the provider delivers, with all their routes in their order."""

    provider_id: int
    provider: str
    guard: str
    guard_percent_e2: int
    services: Mapping[int, ServiceState]
    routes: Sequence[RouteState]
    own_rates: Sequence[OwnRate]
    discounts: Sequence[Discount]
    hears_posts: bool = False


def cannot_be(offers: Collection[ServiceOffer], catalogue: Catalogue) -> str:
    """Why a list is not believed; empty when it is."""
    known = {r.upstream_service for r in catalogue.routes if r.provider_id == catalogue.provider_id and r.available}
    if not known:
        return ""
    if not offers:
        return "its list of services is empty"
    lost = len(known - {offer.service for offer in offers})
    if lost > LOST_MAX * len(known):
        return f"its list has lost {lost} of the {len(known)} services that we have from it"
    return ""


def unread(offers: Sequence[ServiceOffer], catalogue: Catalogue) -> str:
    """What a person has to look at, because it stands in the list and cannot be read; empty where nothing does."""
    ours = {r.upstream_service for r in catalogue.routes if r.provider_id == catalogue.provider_id}
    found = [offer.service for offer in offers if offer.step == STEP_UNREAD and offer.service in ours]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    told = f"the increment in its list cannot be read: service {', '.join(found[:5])}{more}"
    return f"{told}; what it was before stays" if found else ""


def limits(offer: ServiceOffer) -> tuple[int, int]:
    """Minimum and maximum that we can sell: whole, at least 1, the maximum not below the minimum."""
    low = min(max(offer.min, 1), LIMIT_MAX)
    return low, min(max(offer.max, low), LIMIT_MAX)


def step(catalogue: Catalogue, offers: Mapping[str, ServiceOffer]) -> Changes:
    """What a list changes. `offers` are by the provider's service id."""
    changes = Changes()
    followed = [_followed(catalogue, route, offers, changes) for route in catalogue.routes]
    by_service: dict[int, list[tuple[RouteState, RouteState]]] = {}
    for before, after in zip(catalogue.routes, followed, strict=True):
        by_service.setdefault(after.service_id, []).append((before, after))
    for service_id, routes in by_service.items():
        service = catalogue.services.get(service_id)
        if service is not None:
            _service(catalogue, service, routes, changes)
    return changes


def _followed(
    catalogue: Catalogue, route: RouteState, offers: Mapping[str, ServiceOffer], changes: Changes
) -> RouteState:
    """The route after the list; routes of other providers stay as they are."""
    if route.provider_id != catalogue.provider_id:
        return route
    offer = offers.get(route.upstream_service)
    facts = {"provider": catalogue.provider, "service": _number(catalogue, route), "theirs": route.upstream_service}
    if offer is None:
        after = replace(route, available=False)
        if route.available:
            changes.events.append(Happened("route.gone", route.service_id, facts))
    else:
        low, high = limits(offer)
        why_not = _no_route(catalogue, route, offer)
        after = replace(
            route,
            rate_micros=money.cost_of(offer.rate),
            min=low,
            max=high,
            available=not why_not,
            upstream_type=offer.type,
            # What cannot be read is not gone: it stays until it can.
            step=route.step if offer.step == STEP_UNREAD else offer.step,
        )
        if why_not and route.available:
            told_types = {"old": route.upstream_type, "new": offer.type, "why": why_not}
            changes.events.append(Happened("route.cannot_be", route.service_id, facts | told_types))
        if after.available and not route.available:
            changes.events.append(Happened("route.back", route.service_id, facts))
        if route.rate_micros is not None and after.rate_micros != route.rate_micros:
            told = {"old": _text(route.rate_micros), "new": _text(after.rate_micros)}
            changes.events.append(Happened("route.rate_changed", route.service_id, facts | told))
        if route.min is not None and (after.min, after.max) != (route.min, route.max):
            told_limits = {"old": [route.min, route.max], "new": [after.min, after.max]}
            changes.events.append(Happened("route.limits_changed", route.service_id, facts | told_limits))
        if route.step is not None and after.step != route.step:
            told_step = {"old": route.step, "new": after.step}
            changes.events.append(Happened("route.step_changed", route.service_id, facts | told_step))
    if after != route:
        changes.routes[route.id] = after
    return after


def _no_route(catalogue: Catalogue, route: RouteState, offer: ServiceOffer) -> str:
    """Why the route cannot be any more, now that their service has this type; "" where it can.

    What was routed before the type was known may have its posts by hand, and stays.
    """
    service = catalogue.services.get(route.service_id)
    if service is None:
        return ""
    as_before = route.available and route.upstream_type in {"", offer.type}
    return route_rules.cannot_be(
        service_type=service.type, upstream_type=offer.type, hears_posts=catalogue.hears_posts or as_before
    )


def _number(catalogue: Catalogue, route: RouteState) -> int | None:
    service = catalogue.services.get(route.service_id)
    return None if service is None else service.number


def _text(micros: int | None) -> str | None:
    return None if micros is None else money.text(micros)


def _service(
    catalogue: Catalogue, before: ServiceState, routes: Sequence[tuple[RouteState, RouteState]], changes: Changes
) -> None:
    service = before
    leads = next(((old, new) for old, new in routes if new.in_step), None)
    usable = [new for _, new in routes if new.usable and new.available]
    if leads is not None:
        service = _in_step(service, *leads)
        if not usable and service.enabled:
            service = replace(service, enabled=False, paused_for="gone")
        elif usable and service.paused_for == "gone":
            service = replace(service, enabled=True, paused_for="")
    # The one that orders go to; the others are not used where they cost more than an order brings.
    cost = usable[0].cost_micros if usable else None
    if cost is not None:
        least = money.marked_up(cost_micros=cost, percent_e2=catalogue.guard_percent_e2)
        service = _guarded(catalogue, service, least, leads[1].markup if leads else Markup(), cost)
        _price_lists(catalogue, before, service, least, changes)
    if service != before:
        changes.services[service.id] = service
        own = {rate.price_list_id for rate in catalogue.own_rates if rate.service_id == service.id}
        changed = {list_id for list_id, service_id in changes.own_rates if service_id == service.id}
        changes.events += _told(catalogue, before, service, cost, not_for=own | changed)


def _in_step(service: ServiceState, before: RouteState, after: RouteState) -> ServiceState:
    cost = after.cost_micros
    if cost is not None and after.rate_micros != before.rate_micros:
        service = replace(service, rate_micros=after.markup.price(cost))
    if after.min is not None and after.max is not None and not BY_NAME[service.type].flat:
        service = replace(service, min=after.min, max=after.max)
    return replace(service, step=_step(service, before, after))


def _step(service: ServiceState, before: RouteState, after: RouteState) -> int:
    """The service's step, each multiple of which the provider takes, too; its own where a person's cannot be kept."""
    if quantities.step_of(service.type, 2) == 1:
        return service.step
    step = quantities.after(ours=service.step, before=before.step, theirs=after.step)
    if step == service.step or (step <= LIMIT_MAX and quantities.can_be(service.min, service.max, step)):
        return step
    return after.step or service.step


def _guarded(catalogue: Catalogue, service: ServiceState, least: int, markup: Markup, cost: int) -> ServiceState:
    if service.rate_micros >= least:
        return replace(service, enabled=True, paused_for="") if service.paused_for == "cost" else service
    if catalogue.guard == "reprice":
        rate = money.marked_up(
            cost_micros=max(least, markup.price(cost)), percent_e2=0, round_to_micros=markup.round_to_micros
        )
        return replace(
            service,
            rate_micros=rate,
            enabled=service.enabled or service.paused_for == "cost",
            paused_for="" if service.paused_for == "cost" else service.paused_for,
        )
    return replace(service, enabled=False, paused_for="cost") if service.enabled else service


def _price_lists(
    catalogue: Catalogue, before: ServiceState, service: ServiceState, least: int, changes: Changes
) -> None:
    """No price list sells below cost: where it would, it has the least rate that the guard allows."""
    own = {rate.price_list_id: rate for rate in catalogue.own_rates if rate.service_id == service.id}
    for discount in catalogue.discounts:
        rate = own.get(discount.id)
        new: OwnRate | None
        if rate is not None and not rate.by_guard:
            new = rate._replace(rate_micros=max(rate.rate_micros, least))
        else:
            sold_at = money.discounted(rate_micros=service.rate_micros, percent_off_e2=discount.percent_off_e2)
            # With the service itself below cost, it is the service that is paused.
            below = sold_at < least <= service.rate_micros and not service.private
            new = OwnRate(discount.id, service.id, least, by_guard=True) if below else None
        if new != rate:
            changes.own_rates[discount.id, service.id] = new
            changes.events += _own_rate_told(catalogue, discount, (before, rate), (service, new))


def _own_rate_told(
    catalogue: Catalogue,
    discount: Discount,
    before: tuple[ServiceState, OwnRate | None],
    after: tuple[ServiceState, OwnRate | None],
) -> list[Happened]:
    """What the customers of a price list paid, and pay now: its own rate, or the service's less its discount."""
    old, new = (
        rate_for(
            rate_micros=service.rate_micros,
            private=service.private,
            own_rate_micros=None if rate is None else rate.rate_micros,
            percent_off_e2=discount.percent_off_e2,
        )
        for service, rate in (before, after)
    )
    if new is None or new == old:
        return []
    service = after[0]
    changed = catalog_changes.own_rate_changed(
        Which(service.id, service.number, {"provider": catalogue.provider}),
        price_list_id=discount.id,
        price_list=discount.name,
        old_micros=old,
        new_micros=new,
        guard=after[1] is not None,
    )
    return [changed]


def _told(
    catalogue: Catalogue, before: ServiceState, after: ServiceState, cost: int | None, *, not_for: Collection[int]
) -> list[Happened]:
    which = Which(after.id, after.number, {"provider": catalogue.provider})
    told = []
    if after.rate_micros != before.rate_micros:
        rate_changed = catalog_changes.rate_changed(
            which,
            old_micros=before.rate_micros,
            new_micros=after.rate_micros,
            not_for=not_for,
            cost_micros=cost,
        )
        told.append(rate_changed)
    if after.bounds != before.bounds:
        told.append(catalog_changes.limits_changed(which, old=before.bounds, new=after.bounds))
    if after.step != before.step:
        told.append(catalog_changes.step_changed(which, old=before.step, new=after.step))
    if before.enabled and not after.enabled:
        why = after.paused_for
        told.append(catalog_changes.paused(which, why=why, rate_micros=after.rate_micros, cost_micros=cost))
    if after.enabled and not before.enabled:
        told.append(catalog_changes.resumed(which, why=before.paused_for))
    return told


# ---- import ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which of a list's services are wanted: by category, by a text in name or category, by id; nothing is all."""

    category: str = ""
    search: str = ""
    services: frozenset[str] = frozenset()

    def wants(self, offer: ServiceOffer) -> bool:
        if self.category and offer.category.casefold() != self.category.casefold():
            return False
        if self.search and self.search.casefold() not in f"{offer.name}\n{offer.category}".casefold():
            return False
        return not self.services or offer.service in self.services


def sortable(
    offers: Sequence[ServiceOffer], chosen: Chosen, known: Collection[str]
) -> tuple[list[ServiceOffer], list[ServiceOffer], int]:
    """(what is imported, what cannot be, how many are here already)."""
    wanted = [offer for offer in offers if chosen.wants(offer)]
    new = [offer for offer in wanted if offer.service not in known]
    sold = [offer for offer in new if not unsaleable(offer)]
    return sold, [offer for offer in new if unsaleable(offer)], len(wanted) - len(new)


def unsaleable(offer: ServiceOffer) -> str:
    """Why an offer cannot be imported; empty when it can."""
    if offer.type not in BY_NAME:
        return f"its type {offer.type!r} is not known here"
    if offer.step == STEP_UNREAD:
        return "its increment cannot be read"
    low, high = limits(offer)
    if not BY_NAME[offer.type].flat and not quantities.can_be(
        low, high, quantities.step_of(offer.type, offer.step or 1)
    ):
        return f"no multiple of its increment {offer.step} lies between {low} and {high}"
    return ""
