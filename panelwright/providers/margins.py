"""What services cost by their first route, in the panel's currency: to be put beside prices. Inside the scope."""

from __future__ import annotations

from collections.abc import Sequence

from panelwright.core import money
from panelwright.panels.models import Panel
from panelwright.providers.models import Route
from panelwright.providers.sync.sync_actions import exchange_rate


def costs_of(panel: Panel, service_ids: Sequence[int]) -> dict[int, int]:
    """Service id -> micros for 1000 units or an order, by the first route in use whose cost is known.

    One query, and one a currency that is not the panel's; left out where no exchange rate is set.
    """
    routes = Route.objects.filter(
        panel_id=panel.id, service_id__in=service_ids, enabled=True, provider__enabled=True, rate_micros__isnull=False
    ).select_related("provider")
    rates: dict[str, int | None] = {}
    found: dict[int, int] = {}
    for route in routes.order_by("service_id", "position"):
        currency = route.provider.currency
        if currency not in rates:
            rates[currency] = exchange_rate(panel=panel, currency=currency)
        rate_e12 = rates[currency]
        if rate_e12 is not None and route.rate_micros is not None:
            found.setdefault(route.service_id, money.exchanged(micros=route.rate_micros, rate_e12=rate_e12))
    return found
