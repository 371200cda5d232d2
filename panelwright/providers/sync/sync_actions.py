"""The writes of keeping a catalogue in step with its providers: import, sync rounds, balances, exchange rates.

What a provider says was fetched before; no transaction is open while it is asked.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from panelwright.catalog.actions import add_services
from panelwright.catalog.changes import ChangeEvent
from panelwright.catalog.models import PriceListPercent, PriceListRate, Service
from panelwright.core import clock, refusal, sql
from panelwright.core.places import Room
from panelwright.customers.models import PriceList
from panelwright.events.actions import NewEvent, record
from panelwright.panels.actions import catalog_changed
from panelwright.panels.models import Panel
from panelwright.providers.models import ExchangeRate, HostExchangeRate, Provider, Route
from panelwright.providers.routing.route_actions import hears_posts
from panelwright.providers.sync import currencies, holding, import_rules, new_rows, parts
from panelwright.providers.sync.holding import RateLimits, Stood
from panelwright.providers.sync.import_rules import Chosen, SyncPlan
from panelwright.providers.sync.sync_rules import (
    Catalogue,
    Discount,
    Follows,
    Markup,
    OwnRate,
    RouteState,
    ServiceState,
    SyncChanges,
)
from panelwright.providers.wire.outcomes import Balance, LeftOut, Offers, Reason, ServiceOffer, Unknown, UpstreamRefused

# As long as a round may take before another worker does it again.
ROUND = timedelta(minutes=10)
ONE_E12 = 10**12
_BUSY = frozenset({Reason.LIMIT, Reason.UNREACHABLE})
_BATCH = 500

_DUE = sql.Query(
    "SELECT id, panel_id FROM providers_provider WHERE sync_due_at <= ? AND enabled AND kind = 'api'"
    " AND NOT id :in_int AND NOT panel_id :in_int ORDER BY sync_due_at LIMIT ?"
)
_CLAIM = sql.Query("UPDATE providers_provider SET sync_due_at = ? WHERE id = ? AND sync_due_at <= ? RETURNING id")
# Thousands of rows may change at once, and on SQLite nobody else writes meanwhile.
_UPDATE_ROUTES = sql.Update(
    "providers_route",
    {
        "rate_micros": "bigint",
        "min": "bigint",
        "max": "bigint",
        "available": "boolean",
        "upstream_type": "text",
        "step": "bigint",
        "upstream_name": "text",
        "rate_since": "timestamptz",
        "base_rate_micros": "bigint",
        "past_rates": "jsonb",
        "priced_e12": "bigint",
        "held": "jsonb",
        "held_stops": "boolean",
        "held_rejected": "boolean",
        "held_at": "timestamptz",
    },
    {"id": "bigint"},
)
_UPDATE_SERVICES = sql.Update(
    "catalog_service",
    {
        "rate_micros": "bigint",
        "min": "bigint",
        "max": "bigint",
        "enabled": "boolean",
        "paused_for": "text",
        "step": "bigint",
        "name": "text",
    },
    {"id": "bigint"},
)
_DELETE_RATES = sql.Query(
    "DELETE FROM catalog_pricelistrate WHERE panel_id = ? AND price_list_id = ? AND by_guard AND service_id :in_int"
)


class Imported(NamedTuple):
    """What an import made. `unknown` are offers that cannot be sold; `known` were here already; `left_out` is why."""

    services: list[Service]
    unknown: list[ServiceOffer]
    known: int
    left_out: list[LeftOut]


def claim_syncs(limit: int, *, but: Collection[int] = (), room: Room | None = None) -> list[int]:
    """Ids of providers whose round is due, ours to do; none of `but`. `room`: how many more rounds may run now."""
    now = clock.now()
    at = sql.moment(connection, now)
    full = [] if room is None else room.full_panels()
    rows = _DUE.rows(connection, at, sorted(but), full, limit)
    due = [id_ for id_, panel_id in rows if room is None or room.take(panel_id, id_)]
    if not due:
        return []
    with transaction.atomic(durable=True):
        later = sql.moment(connection, now + ROUND)
        return [id_ for id_ in due if _CLAIM.rows(connection, later, id_, at)]


# ---- exchange rates ----------------------------------------------------------------------------------


def set_exchange_rate(*, currency: str, target: str, rate_e12: int, panel_id: int | None = None) -> None:
    """What one unit of `currency` is worth in `target`; the host's for every panel, or one panel's own."""
    if len(currency) != 3 or len(target) != 3 or currency == target or not 0 < rate_e12 < 10**18:
        raise refusal.Refused("bad_exchange_rate")
    if panel_id is None:
        HostExchangeRate.objects.update_or_create(currency=currency, target=target, defaults={"rate_e12": rate_e12})
    else:
        ExchangeRate.objects.update_or_create(
            panel_id=panel_id, currency=currency, target=target, defaults={"rate_e12": rate_e12}
        )


def stored_rate(panel_id: int | None, *, currency: str, target: str) -> int | None:
    """The panel's own rate, or (panel_id None) the host's, in 10^-12; None where nobody set it."""
    rows = HostExchangeRate.objects if panel_id is None else ExchangeRate.objects.filter(panel_id=panel_id)
    found: int | None = rows.filter(currency=currency, target=target).values_list("rate_e12", flat=True).first()
    return found


def exchange_rate(*, panel: Panel, currency: str) -> int | None:
    """What one unit of a provider's currency is worth in the panel's, in 10^-12; None where nobody set it.

    The panel's own rate stands before the host's. The other direction is never turned round: a
    person who sets a rate knows what he sets.
    """
    if currency in {"", panel.currency}:
        return ONE_E12
    where = {"currency": currency, "target": panel.currency}
    row = ExchangeRate.objects.filter(panel=panel, **where).first() or HostExchangeRate.objects.filter(**where).first()
    return None if row is None else row.rate_e12


def _needed_rate(*, panel: Panel, provider: Provider) -> int:
    rate = exchange_rate(panel=panel, currency=provider.currency)
    if rate is None:
        raise refusal.Refused("no_exchange_rate", currency=provider.currency, target=panel.currency)
    return rate


def believed_rate(*, panel: Panel, provider: Provider) -> int:
    """The exchange rate that the provider's rates are counted with. Raises ValueError where they cannot be."""
    if other := other_currency(panel, provider):
        raise refusal.Refused.of(other)
    return _needed_rate(panel=panel, provider=provider)


def other_currency(panel: Panel, provider: Provider) -> refusal.Refusal | None:
    """Why nothing of its list counts where a provider tells another currency than its rates are counted in."""
    told, counted = provider.told_currency, provider.currency or panel.currency
    if not currencies.differs(told=told, counted=counted, overruled=provider.overruled_currency):
        return None
    return refusal.Refusal("other_currency", facts=(("told", told), ("counted", counted)))


def tell_currency(
    panel: Panel, provider: Provider, balance: Balance | UpstreamRefused | Unknown | None
) -> list[ChangeEvent]:
    """Keep which currency the provider tells. It becomes its own where nobody has set one and none of its rates
    counts yet: what has been counted in one currency never becomes another by what a provider answers. The row is
    not saved."""
    if not isinstance(balance, Balance) or not balance.currency:
        return []
    provider.told_currency = balance.currency
    meant = currencies.currencies_of(balance.currency)
    if provider.currency or panel.currency in meant or len(meant) != 1:
        return []
    if provider.pk is not None and Route.objects.filter(provider=provider, rate_micros__isnull=False).exists():
        return []
    (provider.currency,) = meant
    provider.rework = True
    facts = {"provider": provider.name, "old": panel.currency, "new": provider.currency}
    return [ChangeEvent("provider.currency", provider.id, facts)]


# ---- import ------------------------------------------------------------------------------------------


def preview(
    *,
    panel: Panel,
    provider: Provider,
    offers: Offers,
    chosen: Chosen,
    markup: Markup,
    free: bool = False,
    balance: Balance | UpstreamRefused | Unknown | None = None,
) -> SyncPlan:
    """What an import would make of each row of the list. Raises ValueError as `import_services` does."""
    tell_currency(panel, provider, balance)
    rate_e12 = believed_rate(panel=panel, provider=provider)
    offers = parts.counted(panel, provider, offers)
    return import_rules.plan(offers, chosen, known_services(provider), markup=markup, rate_e12=rate_e12, free=free)


def known_services(provider: Provider) -> set[str]:
    """The provider's services that are sold here. One that has become another, as a person has said, is not."""
    rows = Route.objects.filter(provider=provider).values_list("upstream_service", "held", "held_rejected")
    return {
        service
        for service, held, rejected in rows
        if not (rejected and held and not holding.ANOTHER_SERVICE.isdisjoint(held["codes"]))
    }


def import_services(
    *,
    panel: Panel,
    provider: Provider,
    offers: Offers,
    chosen: Chosen,
    markup: Markup,
    free: bool = False,
    balance: Balance | UpstreamRefused | Unknown | None = None,
    categories: Mapping[str, str] | None = None,
) -> Imported:
    """Sell a provider's services at its rates and a markup, and keep them in step from now on. `categories`: ours in
    place of its own, by its names.

    What costs nothing there is not on sale until a person says that it may (`free`, or hold_actions.py).
    `balance`: what it answered when it was asked for it, which tells its currency. Raises ValueError where
    that is another one than its rates are counted in, or an exchange rate is missing; then nothing is
    imported. What is here already, by the provider's id of the service, is not imported again.
    """
    now = clock.now()
    with transaction.atomic():
        # Two imports at once would make everything twice: the provider's row is the lock.
        provider = Provider.objects.select_for_update().get(id=provider.id)
        events = tell_currency(panel, provider, balance)
        rate_e12 = believed_rate(panel=panel, provider=provider)
        offers = parts.counted(panel, provider, offers)
        plan = import_rules.plan(offers, chosen, known_services(provider), markup=markup, rate_e12=rate_e12, free=free)
        first = (Service.objects.filter(panel=panel).aggregate(last=Max("number"))["last"] or 0) + 1
        new = [
            new_rows.new_service(sold, first + i, provider.name, categories or {}) for i, sold in enumerate(plan.sold)
        ]
        services = add_services(panel.id, new) if new else []
        held = [service for service, sold in zip(services, plan.sold, strict=True) if sold.held is not None]
        for service in held:
            service.enabled, service.paused_for = False, "held"
        Service.objects.bulk_update(held, ["enabled", "paused_for"], batch_size=_BATCH)
        routes = [
            new_rows.new_route(panel, provider, service, sold, markup, rate_e12, now)
            for service, sold in zip(services, plan.sold, strict=True)
        ]
        Route.objects.bulk_create(routes, batch_size=_BATCH)
        events += [
            new_rows.held_at_once(provider, s, sold) for s, sold in zip(services, plan.sold, strict=True) if sold.held
        ]
        record([NewEvent(panel.id, e.name, e.subject_id, e.facts) for e in events], now=now)
        if provider.sync_due_at is None:
            provider.sync_due_at = now + timedelta(minutes=provider.sync_every_min)
        provider.save(update_fields=["sync_due_at", "currency", "told_currency", "rework"])
    return Imported(services, plan.unsaleable, plan.known, plan.left_out)


# ---- what a list is compared with, and what it changes ------------------------------------------------


def load(panel: Panel, provider: Provider, services: Collection[int], *, lock: bool = True) -> Catalogue:
    """Of the services with these ids those that the provider delivers, with all their routes in their order; locked,
    if they are to change. The provider is believed as it is given, changed since it was read or not."""
    theirs = Route.objects.filter(provider=provider, service_id__in=services).values("service_id")
    rows = Service.objects.filter(panel=panel, id__in=theirs).order_by("id")
    if lock:
        rows = rows.select_for_update()
    routes = Route.objects.filter(panel=panel, service_id__in=theirs).select_related("provider")
    routes = routes.order_by("service_id", "position")
    for route in routes:
        if route.provider_id == provider.id:
            route.provider = provider
    rates: dict[str, int | None] = {}
    for currency in {route.provider.currency for route in routes}:
        rates[currency] = exchange_rate(panel=panel, currency=currency)
    return Catalogue(
        provider_id=provider.id,
        provider=provider.name,
        guard=panel.guard,
        guard_percent_e2=panel.guard_percent_e2,
        services={s.id: _service_state(s) for s in rows},
        routes=[_route_state(r, rates) for r in routes],
        own_rates=[
            OwnRate(r.price_list_id, r.service_id, r.rate_micros, r.by_guard, r.percent_off_e2)
            for r in PriceListRate.objects.filter(panel=panel, service_id__in=theirs)
        ],
        discounts=_discounts(panel),
        now=clock.now(),
        hears_posts=hears_posts(panel.id),
        rate_limits=RateLimits(provider.rise_max_e2, provider.fall_max_e2),
        rework=provider.rework,
    )


def _discounts(panel: Panel) -> list[Discount]:
    off: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for one in PriceListPercent.objects.filter(panel=panel):
        off[one.price_list_id][one.category_id] = one.percent_off_e2
    return [Discount(p.id, p.name, p.percent_off_e2, off[p.id]) for p in PriceList.objects.filter(panel=panel)]


def _service_state(s: Service) -> ServiceState:
    return ServiceState(
        id=s.id,
        number=s.number,
        type=s.type,
        rate_micros=s.rate_micros,
        min=s.min,
        max=s.max,
        step=s.step,
        enabled=s.enabled,
        paused_for=s.paused_for,
        private=s.private,
        category_id=s.category_id,
        name=s.name,
    )


def _route_state(r: Route, rates: dict[str, int | None]) -> RouteState:
    return RouteState(
        id=r.id,
        service_id=r.service_id,
        provider_id=r.provider_id,
        upstream_service=r.upstream_service,
        usable=r.enabled and r.provider.enabled,
        rate_micros=r.rate_micros,
        min=r.min,
        max=r.max,
        available=r.available,
        in_step=r.in_step,
        markup=Markup(r.markup_percent_e2, r.markup_fixed_micros, r.round_to_micros),
        rate_e12=rates[r.provider.currency],
        upstream_type=r.upstream_type,
        step=r.step,
        upstream_name=r.upstream_name,
        rate_since=r.rate_since,
        base_rate_micros=r.base_rate_micros,
        past_rates=tuple(Stood(datetime.fromisoformat(at), micros) for at, micros in r.past_rates or ()),
        priced_e12=r.priced_e12,
        held=r.held,
        held_rejected=r.held_rejected,
        held_at=r.held_at,
        follows=Follows(r.follows_rate, r.follows_limits, r.follows_sale, r.follows_name),
    )


def _route_row(r: RouteState) -> sql.Row:
    """As _UPDATE_ROUTES takes it."""
    return (
        *(r.rate_micros, r.min, r.max, r.available, r.upstream_type, r.step, r.upstream_name),
        *(sql.moment(connection, r.rate_since), r.base_rate_micros),
        json.dumps([[one.until.isoformat(), one.rate_micros] for one in r.past_rates]) if r.past_rates else None,
        r.priced_e12,
        None if r.held is None else json.dumps(r.held),
        *(r.held_stops, r.held_rejected, sql.moment(connection, r.held_at), r.id),
    )


def write(panel: Panel, changes: SyncChanges) -> None:
    """Write down what a round, or a decision, changes; its events are left to the caller."""
    _UPDATE_ROUTES.run(connection, [_route_row(r) for r in changes.routes.values()])
    _UPDATE_SERVICES.run(
        connection,
        [
            (s.rate_micros, s.min, s.max, s.enabled, s.paused_for, s.step, s.name, s.id)
            for s in changes.services.values()
        ],
    )
    for price_list_id in {key[0] for key, rate in changes.own_rates.items() if rate is None}:
        gone = [key[1] for key, rate in changes.own_rates.items() if rate is None and key[0] == price_list_id]
        _DELETE_RATES.run(connection, panel.id, price_list_id, gone)
    PriceListRate.objects.bulk_create(
        [
            PriceListRate(
                panel=panel,
                price_list_id=rate.price_list_id,
                service_id=rate.service_id,
                rate_micros=rate.rate_micros,
                percent_off_e2=rate.percent_off_e2,
                by_guard=rate.by_guard,
            )
            for rate in changes.own_rates.values()
            if rate is not None
        ],
        update_conflicts=True,
        unique_fields=["panel", "price_list", "service"],
        update_fields=["rate_micros", "percent_off_e2", "by_guard"],
        batch_size=_BATCH,
    )
    if changes.services or changes.own_rates:
        catalog_changed(panel.id)
