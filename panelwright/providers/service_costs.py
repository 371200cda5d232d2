"""What services cost by the route that their orders take first, and what they bring at least. Reads, in the scope."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from panelwright.catalog.margins import ListPrice, lowest, margin_e2
from panelwright.catalog.models import PriceListPercent, PriceListRate, Service
from panelwright.catalog.rates import CustomRate
from panelwright.core import money
from panelwright.customers.models import PriceList
from panelwright.panels.models import Panel
from panelwright.providers.models import ExchangeRate, HostExchangeRate, Route

ONE_E12 = 10**12


class ServiceCost(NamedTuple):
    """`cost_micros`: for 1000 units or one order of a flat type, in the panel's currency; None: not known.

    `provider`: who delivers first; empty: nobody. `in_step`: the route that the service follows, if any. `routes`: how
    many are enabled.
    """

    cost_micros: int | None = None
    provider: str = ""
    in_step: Route | None = None
    routes: int = 0


class PricedService(NamedTuple):
    """A service with its cost, the lowest rate that a customer has, and the margin of that (margins.py)."""

    service: Service
    cost: ServiceCost
    lowest_micros: int | None
    margin_e2: int | None

    @property
    def is_below(self) -> bool:
        """Whether somebody is sold it for less than it costs."""
        return self.margin_e2 is not None and self.margin_e2 < 0


def exchange_rates(panel: Panel, currencies: Iterable[str]) -> dict[str, int | None]:
    """Each currency -> what one unit is worth in the panel's, in 10^-12; None: not set. The panel's before the host's.

    No query where all are the panel's own.
    """
    wanted = set(currencies)
    found: dict[str, int | None] = {one: ONE_E12 for one in wanted if one in {"", panel.currency}}
    foreign = wanted - set(found)
    if foreign:
        where = {"currency__in": sorted(foreign), "target": panel.currency}
        found |= dict.fromkeys(foreign)
        found |= dict(HostExchangeRate.objects.filter(**where).values_list("currency", "rate_e12"))
        found |= dict(ExchangeRate.objects.filter(panel_id=panel.id, **where).values_list("currency", "rate_e12"))
    return found


def cost_of(route: Route, rates: dict[str, int | None]) -> int | None:
    """A route's rate in the panel's currency, rounded up."""
    rate_e12 = rates.get(route.provider.currency)
    if route.rate_micros is None or rate_e12 is None:
        return None
    return money.exchanged(micros=route.rate_micros, rate_e12=rate_e12)


def costs(panel: Panel, service_ids: Collection[int]) -> dict[int, ServiceCost]:
    """By service id; a service without a route is left out. Two queries more where currencies differ."""
    rows = Route.objects.filter(panel_id=panel.id, service_id__in=service_ids, enabled=True)
    routes = list(rows.select_related("provider").order_by("service_id", "position"))
    rates = exchange_rates(panel, {route.provider.currency for route in routes})
    by_service: dict[int, list[Route]] = {}
    for route in routes:
        by_service.setdefault(route.service_id, []).append(route)
    found = {}
    for service_id, of in by_service.items():
        usable = [route for route in of if route.provider.enabled and route.available and not route.held_stops]
        first = next(iter(usable), of[0])
        leads = next((route for route in of if route.in_step), None)
        found[service_id] = ServiceCost(cost_of(first, rates), first.provider.name, leads, len(of))
    return found


def list_prices(panel_id: int, services: Collection[Service]) -> dict[int, list[ListPrice]]:
    """By service id: what each price list that a customer has makes of it. Three queries."""
    lists = dict(
        PriceList.objects.filter(panel_id=panel_id, customer__isnull=False)
        .order_by("id")
        .distinct()
        .values_list("id", "percent_off_e2")
    )
    own: dict[tuple[int, int], tuple[int | None, int | None]] = {}
    of_categories: dict[tuple[int, int], int] = {}
    if lists:
        rates = PriceListRate.objects.filter(panel_id=panel_id, service_id__in=[service.id for service in services])
        for list_id, service_id, rate, percent in rates.values_list(
            "price_list_id", "service_id", "rate_micros", "percent_off_e2"
        ):
            own[list_id, service_id] = (rate, percent)
        percents = PriceListPercent.objects.filter(panel_id=panel_id)
        for list_id, category_id, percent in percents.values_list("price_list_id", "category_id", "percent_off_e2"):
            of_categories[list_id, category_id] = percent

    def custom(list_id: int, service: Service) -> CustomRate:
        return CustomRate(
            *own.get((list_id, service.id), (None, None)), of_categories.get((list_id, service.category_id))
        )

    return {
        service.id: [ListPrice(percent, custom(list_id, service)) for list_id, percent in lists.items()]
        for service in services
    }


def priced(panel: Panel, services: Collection[Service]) -> list[PricedService]:
    """The services with what they cost and bring, in their order; bounded by who asks for them."""
    ids = [service.id for service in services]
    cost, lists = costs(panel, ids), list_prices(panel.id, services)
    return [_priced(service, cost.get(service.id, ServiceCost()), lists[service.id]) for service in services]


def _priced(service: Service, cost: ServiceCost, lists: list[ListPrice]) -> PricedService:
    least = lowest(rate_micros=service.rate_micros, private=service.private, lists=lists)
    return PricedService(service, cost, least, margin_e2(rate_micros=least, cost_micros=cost.cost_micros))


def listed(rows: Any) -> Any:
    """The services of a query in the order in which customers see them."""
    return rows.order_by("category__position", "category_id", "position", "number")
