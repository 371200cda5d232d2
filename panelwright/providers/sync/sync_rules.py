"""What a provider's list makes of a panel's catalogue. Pure.

A route keeps what the list says of its service: rate, limits, whether it is there. A service in
step with a route follows it: its rate by the route's markup when the provider's rate has changed
(so that a rate which a person set stays until then), its limits, and it is not sold while nobody
has it, or while a person has to look at what the list says of it (holding.py). The guard looks at
every service that the provider delivers, in step or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from panelwright.catalog import changes as catalog_changes
from panelwright.catalog import quantities
from panelwright.catalog.changes import ChangeEvent, ServiceRef
from panelwright.catalog.rates import CustomRate, rate_for
from panelwright.catalog.types import BY_NAME
from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.core.said import said
from panelwright.providers.routing import route_rules
from panelwright.providers.sync import holding, naming
from panelwright.providers.sync.holding import RateLimits
from panelwright.providers.wire.outcomes import STEP_UNREAD, Offers, ServiceOffer

# A number that the protocol's 32-bit clients can hold.
LIMIT_MAX = 2_147_483_647
# Characters that are kept of what a list calls a service and its type.
NAME_MAX, TYPE_MAX = 500, 100
# Of a service's own name.
SERVICE_NAME_MAX = 300


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


class Follows(NamedTuple):
    """What of a service in step follows its route. A service that is held is off whatever follows."""

    rate: bool = True
    limits: bool = True
    sale: bool = True
    name: bool = False


EVERYTHING = Follows()


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
    upstream_name: str = ""
    rate_since: datetime | None = None
    base_rate_micros: int | None = None
    past_rates: tuple[holding.Stood, ...] = ()
    priced_e12: int | None = None
    held: Mapping[str, Any] | None = None
    held_rejected: bool = False
    held_at: datetime | None = None
    follows: Follows = EVERYTHING

    @property
    def held_stops(self) -> bool:
        """Whether no order takes it, because of what the list says now."""
        return self.held is not None and not holding.STOPS.isdisjoint(self.held["codes"])

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
    category_id: int = 0
    name: str = ""

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest quantity that can be ordered."""
        return quantities.bounds(self.min, self.max, quantities.step_of(self.type, self.step))


class OwnRate(NamedTuple):
    """What a price list says of a service: a price, or (`by_guard`) the one that the guard set in place of a percent,
    or the percent off its rate."""

    price_list_id: int
    service_id: int
    rate_micros: int | None
    by_guard: bool
    percent_off_e2: int | None = None


class Discount(NamedTuple):
    """A price list: its percent off everything, and off categories by their ids."""

    id: int
    name: str
    percent_off_e2: int
    categories: Mapping[int, int] = MappingProxyType({})

    def rate_of(self, service: ServiceState, own: OwnRate | None) -> int | None:
        """What its customers pay for a service; None where it is not sold to them."""
        custom = CustomRate(
            None if own is None else own.rate_micros,
            None if own is None else own.percent_off_e2,
            self.categories.get(service.category_id),
        )
        return rate_for(
            rate_micros=service.rate_micros,
            private=service.private,
            custom=custom,
            percent_off_e2=self.percent_off_e2,
        )


@dataclass(slots=True)
class SyncChanges:
    """What a round writes. A price list's rate of None is one that goes."""

    routes: dict[int, RouteState] = field(default_factory=dict)
    services: dict[int, ServiceState] = field(default_factory=dict)
    own_rates: dict[tuple[int, int], OwnRate | None] = field(default_factory=dict)
    events: list[ChangeEvent] = field(default_factory=list)


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
    now: datetime
    rate_limits: RateLimits
    hears_posts: bool = False
    # The provider's currency is another one than when the rates were worked out.
    rework: bool = False


def limits(offer: ServiceOffer) -> tuple[int, int]:
    """Minimum and maximum that we can sell: whole, at least 1, the maximum not below the minimum."""
    low = min(max(offer.min, 1), LIMIT_MAX)
    return low, min(max(offer.max, low), LIMIT_MAX)


def step(catalogue: Catalogue, offers: Offers) -> SyncChanges:
    """What a list changes."""
    changes = SyncChanges()
    by_id = {offer.service: offer for offer in offers}
    unreadable = {row.service for row in offers.left_out} - set(by_id)
    counted = [_in_its_currency(catalogue, route) for route in catalogue.routes]
    followed = [
        route
        if route.provider_id != catalogue.provider_id or route.upstream_service in unreadable
        else _followed(catalogue, before, route, by_id.get(route.upstream_service), changes)
        for before, route in zip(catalogue.routes, counted, strict=True)
    ]
    changes.routes |= {
        after.id: after for before, after in zip(catalogue.routes, followed, strict=True) if after != before
    }
    # Only what the list says in the new currency and nobody has to look at is worked out anew.
    reworked = {
        route.id
        for route, after in zip(catalogue.routes, followed, strict=True)
        if _reworked(catalogue, route) and after.held is None and route.upstream_service in by_id
    }
    return _services(catalogue, counted, followed, changes, reworked=reworked)


def decided(catalogue: Catalogue, routes: Mapping[int, RouteState]) -> SyncChanges:
    """What it changes that a person has decided about routes, given as they are then by their ids."""
    changes = SyncChanges(routes={route.id: routes[route.id] for route in catalogue.routes if route.id in routes})
    after = [routes.get(route.id, route) for route in catalogue.routes]
    reworked = {route.id for route in catalogue.routes if _reworked(catalogue, route)}
    return _services(catalogue, catalogue.routes, after, changes, reworked=reworked)


def _services(
    catalogue: Catalogue,
    counted: Sequence[RouteState],
    followed: Sequence[RouteState],
    changes: SyncChanges,
    *,
    reworked: Collection[int],
) -> SyncChanges:
    """`counted`: the routes as they were. `reworked`: ids of those whose rate counts anew, changed or not."""
    by_service: dict[int, list[tuple[RouteState, RouteState]]] = {}
    for before, after in zip(counted, followed, strict=True):
        by_service.setdefault(after.service_id, []).append((before, after))
    for service_id, routes in by_service.items():
        service = catalogue.services.get(service_id)
        if service is not None:
            _service(catalogue, service, routes, changes, reworked)
    return changes


def _in_its_currency(catalogue: Catalogue, route: RouteState) -> RouteState:
    """The route with its rates in the currency that a person has set for the provider since: worth what they were.

    So a service that costs a hundredth in another currency is a jump as any other one.
    """
    if not _reworked(catalogue, route) or not route.rate_e12 or not route.priced_e12:
        return route
    worth, one = route.priced_e12, route.rate_e12

    def counted(micros: int | None) -> int | None:
        return None if micros is None else -(-micros * worth // one)

    rate, base = counted(route.rate_micros), counted(route.base_rate_micros)
    past = tuple(stood._replace(rate_micros=-(-stood.rate_micros * worth // one)) for stood in route.past_rates)
    return replace(route, rate_micros=rate, base_rate_micros=base, past_rates=past, priced_e12=one)


def _followed(
    catalogue: Catalogue, before: RouteState, route: RouteState, offer: ServiceOffer | None, changes: SyncChanges
) -> RouteState:
    """The provider's route after the list. `before`: as it stood, in the currency of then."""
    told = Telling(catalogue, route, changes)
    if offer is None:
        after = replace(route, available=False)
        if route.available:
            told.say("route.gone")
    else:
        after = _after_offer(catalogue, route, offer, told, before=before)
    if route.in_step and route.rate_e12 is not None and after.rate_micros is not None:
        after = replace(after, priced_e12=route.rate_e12)
    return after


class Telling(NamedTuple):
    """Says what happened to a route."""

    catalogue: Catalogue
    route: RouteState
    changes: SyncChanges

    def say(self, name: str, **facts: Any) -> None:
        service = self.catalogue.services.get(self.route.service_id)
        about = {"provider": self.catalogue.provider, "service": None if service is None else service.number}
        about |= {"theirs": self.route.upstream_service}
        self.changes.events.append(ChangeEvent(name, self.route.service_id, about | facts))


def _after_offer(
    catalogue: Catalogue, route: RouteState, offer: ServiceOffer, told: Telling, *, before: RouteState
) -> RouteState:
    why_not = _no_route(catalogue, route, offer)
    if why_not is not None and route.available:
        why = {"why": why_not.code, "type": catalogue.services[route.service_id].type}
        told.say("route.cannot_be", old=route.upstream_type, new=offer.type, **why)
    if not why_not and not route.available:
        told.say("route.back")
    after = replace(route, available=not why_not)
    accepted = holding.Said(route.rate_micros, route.upstream_name, _type_of(catalogue, route))
    said = holding.Said(money.cost_of(offer.rate), offer.name[:NAME_MAX], offer.type[:TYPE_MAX])
    base = holding.base_of(
        rate_micros=route.rate_micros,
        base_micros=route.base_rate_micros,
        since=route.rate_since,
        now=catalogue.now,
    )
    codes = holding.codes(
        accepted,
        said,
        base_micros=base,
        month_ago_micros=holding.month_ago(route.past_rates, catalogue.now),
        limits=catalogue.rate_limits,
    )
    past = holding.past_after(
        # A rate of 0 that nobody has accepted was none.
        route.past_rates,
        rate_micros=route.rate_micros if base is not None else route.rate_micros or None,
        now=catalogue.now,
    )
    if _dearer_by_currency(catalogue, before, route, said) and holding.RATE_UP in codes:
        codes.remove(holding.RATE_UP)
        base, past = said.rate_micros, ()
    after = _held(catalogue, after, codes, accepted, said, told)
    if not holding.ANOTHER_SERVICE.isdisjoint(codes):
        return after  # nothing that is said of another service is ours
    after = _renamed(after, said, told)
    if not codes and said.rate_micros != route.rate_micros:
        if route.rate_micros is not None and said.rate_micros != before.rate_micros:
            told.say("route.rate_changed", old=_text(route.rate_micros), new=_text(said.rate_micros))
        after = replace(
            after,
            rate_micros=said.rate_micros,
            rate_since=catalogue.now,
            base_rate_micros=said.rate_micros if base is None else base,
            past_rates=past,
        )
    return _limits_followed(after, offer, told)


def _dearer_by_currency(catalogue: Catalogue, before: RouteState, route: RouteState, said: holding.Said) -> bool:
    """Whether a rate rises only because a person has said in which currency the list is. That counts at once: what
    was sold below cost until now would go on being paused instead. What becomes cheaper by it is looked at first."""
    if before.rate_micros == route.rate_micros or said.rate_micros is None:
        return False
    limits = catalogue.rate_limits
    return not holding.rate_code(old_micros=before.rate_micros, new_micros=said.rate_micros, limits=limits)


def _type_of(catalogue: Catalogue, route: RouteState) -> str:
    """What it was of until now. A service that was imported before types were kept is of its route's type."""
    service = catalogue.services.get(route.service_id)
    return route.upstream_type or (service.type if service is not None and route.in_step else "")


def _held(
    catalogue: Catalogue,
    route: RouteState,
    codes: Sequence[str],
    accepted: holding.Said,
    said: holding.Said,
    told: Telling,
) -> RouteState:
    if not codes:
        if route.held is not None:
            told.say("route.released", why=", ".join(route.held["codes"]))
        return replace(route, held=None, held_rejected=False, held_at=None)
    kept = holding.held(codes, accepted, said)
    if not holding.asks_again(route.held, codes, said, catalogue.rate_limits):
        return replace(route, held=kept)
    old, new = holding.sides(kept)
    told.say("route.held", why=", ".join(codes), old=old, new=new)
    return replace(route, held=kept, held_rejected=False, held_at=catalogue.now)


def _renamed(route: RouteState, said: holding.Said, told: Telling) -> RouteState:
    if route.upstream_name and said.name and not naming.same_words(route.upstream_name, said.name):
        told.say("route.renamed", old=route.upstream_name, new=said.name)
    return replace(route, upstream_name=said.name or route.upstream_name, upstream_type=said.type)


def _limits_followed(route: RouteState, offer: ServiceOffer, told: Telling) -> RouteState:
    low, high = limits(offer)
    # What cannot be read, or is not told any more, is not gone: it stays, and what follows it goes on following.
    step = route.step if offer.step in {None, STEP_UNREAD} else offer.step
    if route.min is not None and (low, high) != (route.min, route.max):
        told.say("route.limits_changed", old=[route.min, route.max], new=[low, high])
    if route.step is not None and step != route.step:
        told.say("route.step_changed", old=route.step, new=step)
    return replace(route, min=low, max=high, step=step)


def _no_route(catalogue: Catalogue, route: RouteState, offer: ServiceOffer) -> Refusal | None:
    """Why the route cannot be any more, now that their service has this type; None where it can.

    What was routed before the type was known may have its posts by hand, and stays.
    """
    service = catalogue.services.get(route.service_id)
    if service is None:
        return None
    as_before = route.available and route.upstream_type in {"", offer.type}
    hears_posts = catalogue.hears_posts or as_before
    return route_rules.cannot_be(service_type=service.type, upstream_type=offer.type, hears_posts=hears_posts)


def _text(micros: int | None) -> str | None:
    return None if micros is None else money.text(micros)


def _service(
    catalogue: Catalogue,
    before: ServiceState,
    routes: Sequence[tuple[RouteState, RouteState]],
    changes: SyncChanges,
    reworked: Collection[int],
) -> None:
    service = before
    leads = next(((old, new) for old, new in routes if new.in_step), None)
    there = [new for _, new in routes if new.usable and new.available]
    usable = [route for route in there if not route.held_stops]
    if leads is not None:
        service = _in_step(service, *leads, rework=leads[1].id in reworked)
    # The one that orders go to, or would go to: another one may take them while it is held.
    first = next(iter(usable or there), None)
    if first is not None and first.held is not None:
        service = _paused(service, "held")
    elif leads is not None and not usable and leads[1].follows.sale:
        service = _paused(service, "gone")
    elif service.paused_for == "held" or (leads is not None and service.paused_for == "gone"):
        service = replace(service, enabled=True, paused_for="")
    # The one that orders go to; the others are not used where they cost more than an order brings.
    cost = usable[0].cost_micros if usable else None
    if cost is not None:
        least = money.marked_up(cost_micros=cost, percent_e2=catalogue.guard_percent_e2)
        service = _guarded(catalogue, service, least, leads[1].markup if leads else Markup(), cost)
        _price_lists(catalogue, before, service, least, changes)
    if service != before:
        changes.services[service.id] = service
        priced = [rate for rate in catalogue.own_rates if rate.rate_micros is not None]
        own = {rate.price_list_id for rate in priced if rate.service_id == service.id}
        changed = {list_id for list_id, service_id in changes.own_rates if service_id == service.id}
        changes.events += _told(catalogue, before, service, cost, not_for=own | changed)


def _paused(service: ServiceState, why: str) -> ServiceState:
    """Not sold for this reason, unless a person has stopped selling it."""
    sold = service.enabled or service.paused_for != ""
    return replace(service, enabled=False, paused_for=why) if sold else service


def _in_step(service: ServiceState, before: RouteState, after: RouteState, *, rework: bool) -> ServiceState:
    cost = after.cost_micros
    follows = after.follows
    if follows.name and after.held is None and after.upstream_name:
        service = replace(service, name=after.upstream_name[:SERVICE_NAME_MAX])
    if (
        follows.rate
        and cost is not None
        and (after.rate_micros != before.rate_micros or rework or _exchanged_anew(service, before))
    ):
        rate = after.markup.price(cost)
        if rate > money.AMOUNT_MAX_MICROS:
            raise ValueError(said("service_costly", service=service.number))
        service = replace(service, rate_micros=rate)
    if not follows.limits:
        return service
    if after.min is not None and after.max is not None and not BY_NAME[service.type].flat:
        service = replace(service, min=after.min, max=after.max)
    return replace(service, step=_step(service, before, after))


def _reworked(catalogue: Catalogue, route: RouteState) -> bool:
    """Whether the rate was worked out in a currency that was not the provider's."""
    theirs = route.provider_id == catalogue.provider_id
    return catalogue.rework and theirs and route.priced_e12 != route.rate_e12


def _exchanged_anew(service: ServiceState, route: RouteState) -> bool:
    """Whether the exchange rate has changed under a rate that follows, and that no person has set."""
    if route.rate_micros is None or route.priced_e12 in {None, route.rate_e12}:
        return False
    assert route.priced_e12 is not None
    followed = route.markup.price(money.exchanged(micros=route.rate_micros, rate_e12=route.priced_e12))
    return service.rate_micros == followed


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
    catalogue: Catalogue, before: ServiceState, service: ServiceState, least: int, changes: SyncChanges
) -> None:
    """No price list sells below cost: where it would, it has the least rate that the guard allows."""
    own = {rate.price_list_id: rate for rate in catalogue.own_rates if rate.service_id == service.id}
    for discount in catalogue.discounts:
        rate = own.get(discount.id)
        new: OwnRate | None
        if rate is not None and rate.rate_micros is not None and not rate.by_guard:
            new = rate._replace(rate_micros=max(rate.rate_micros, least))
        else:
            percent = None if rate is None else rate.percent_off_e2
            said = None if percent is None else OwnRate(discount.id, service.id, None, False, percent)
            sold_at = discount.rate_of(service, said)
            # With the service itself below cost, it is the service that is paused.
            below = sold_at is not None and sold_at < least <= service.rate_micros
            new = OwnRate(discount.id, service.id, least, True, percent) if below else said
        if new != rate:
            changes.own_rates[discount.id, service.id] = new
            changes.events += _own_rate_told(catalogue, discount, (before, rate), (service, new))


def _own_rate_told(
    catalogue: Catalogue,
    discount: Discount,
    before: tuple[ServiceState, OwnRate | None],
    after: tuple[ServiceState, OwnRate | None],
) -> list[ChangeEvent]:
    """What the customers of a price list paid, and pay now: its own rate, or the service's less its discount."""
    old, new = (discount.rate_of(service, rate) for service, rate in (before, after))
    if new is None or new == old:
        return []
    service = after[0]
    changed = catalog_changes.own_rate_changed(
        ServiceRef(service.id, service.number, {"provider": catalogue.provider}),
        price_list_id=discount.id,
        price_list=discount.name,
        old_micros=old,
        new_micros=new,
        guard=after[1] is not None and after[1].rate_micros is not None,
    )
    return [changed]


def _told(
    catalogue: Catalogue, before: ServiceState, after: ServiceState, cost: int | None, *, not_for: Collection[int]
) -> list[ChangeEvent]:
    which = ServiceRef(after.id, after.number, {"provider": catalogue.provider})
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
