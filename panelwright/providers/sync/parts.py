"""What of a provider's list is about a panel: the rows in its currency, and those of services that it delivers."""

from __future__ import annotations

from panelwright.core.said import said
from panelwright.panels.models import Panel
from panelwright.providers.models import Provider, Route
from panelwright.providers.sync import currencies
from panelwright.providers.wire.outcomes import LeftOut, Offers, Unknown, UpstreamRefused


def sold(panel: Panel, provider_id: int) -> set[str]:
    """The provider's services that deliver one of the panel's."""
    routes = Route.objects.filter(panel=panel, provider_id=provider_id)
    return set(routes.values_list("upstream_service", flat=True))


def counted(panel: Panel, provider: Provider, offers: Offers) -> Offers:
    """The list without the rows in another currency than the provider's rates are counted in."""
    currency = provider.currency or panel.currency
    return currencies.counted_in(offers, currency, overruled=provider.overruled_currency)


def left_out(panel: Panel, provider: Provider, offers: Offers | UpstreamRefused | Unknown) -> list[LeftOut]:
    """The rows that change nothing here, and why."""
    if not isinstance(offers, Offers):
        return []
    offers, here = counted(panel, provider, offers), sold(panel, provider.id)
    others = [LeftOut(o.service, o.name, said("row_not_used")) for o in offers if o.service not in here]
    return [*offers.left_out, *others]
