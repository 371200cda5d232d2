"""The writes of keeping a catalogue in step with its providers: import, sync rounds, balances, exchange rates.

What a provider says was fetched before; no transaction is open while it is asked.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from panelwright.catalog.actions import add_services
from panelwright.catalog.changes import ChangeEvent
from panelwright.catalog.models import PriceListPercent, PriceListRate, Service
from panelwright.core import clock, money, refusal, sql
from panelwright.core.places import Room
from panelwright.customers.models import PriceList
from panelwright.events.actions import NewEvent, record
from panelwright.orders import problems
from panelwright.orders.problems import NONE, Problem, problem
from panelwright.panels.actions import catalog_changed
from panelwright.panels.models import Panel
from panelwright.providers.models import ExchangeRate, HostExchangeRate, Provider, Route
from panelwright.providers.routing import calls
from panelwright.providers.routing.route_actions import hears_posts
from panelwright.providers.sync import currencies, holding, import_rules, new_rows, parts, sync_problems, sync_rules
from panelwright.providers.sync.holding import RateLimits
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


class Round(NamedTuple):
    """What came of a sync round: the events that it wrote, and what a person has to look at, if anything.

    `left_out`: each row of the list that changes nothing here, and why.
    """

    events: list[ChangeEvent]
    trouble: Problem
    left_out: Sequence[LeftOut] = ()

    @property
    def problem(self) -> str:
        """In English."""
        return sync_problems.words(self.trouble.problem_code, problems.facts_of(self.trouble.problem_facts))


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
    if other := _other_currency(panel, provider):
        raise refusal.Refused.of(other)
    return _needed_rate(panel=panel, provider=provider)


def _other_currency(panel: Panel, provider: Provider) -> refusal.Refusal | None:
    """Why nothing of its list counts where a provider tells another currency than its rates are counted in."""
    told, counted = provider.told_currency, provider.currency or panel.currency
    if not currencies.differs(told=told, counted=counted, overruled=provider.overruled_currency):
        return None
    return refusal.Refusal("other_currency", facts=(("told", told), ("counted", counted)))


def _followers(provider: Provider) -> int:
    """How many services on sale follow its rates."""
    routes = Route.objects.filter(provider=provider, in_step=True, enabled=True, service__enabled=True)
    return routes.count() if provider.pk is not None else 0


def _tell_currency(
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
    _tell_currency(panel, provider, balance)
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
        events = _tell_currency(panel, provider, balance)
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


# ---- a round -----------------------------------------------------------------------------------------


def commit_sync(
    *,
    panel: Panel,
    provider_id: int,
    offers: Offers | UpstreamRefused | Unknown,
    balance: Balance | UpstreamRefused | Unknown,
    accept: bool = False,
    dry_run: bool = False,
) -> Round:
    """Write what a provider's list and balance change. `accept`: believe the list whatever it has lost.

    `dry_run`: nothing is written; the answer is what would be.
    """
    now = clock.now()
    # Of a list of fifty thousand rows a hundred may be about services of ours. The others are left out before anything
    # is locked: nobody's order waits while they are read.
    sold = parts.sold(panel, provider_id)
    ours = offers.only(sold) if isinstance(offers, Offers) else None
    seen = None if ours is None else _unchanged(panel, provider_id, ours)
    with transaction.atomic():
        provider = Provider.objects.select_for_update().get(id=provider_id)
        events, trouble = _balance(panel, provider, balance)
        if isinstance(offers, Offers):
            part = offers if ours is None or parts.sold(panel, provider_id) != sold else ours
            counted = parts.counted(panel, provider, part)
            same = seen is not None and part is ours and seen == _standing(provider)
            changed, not_believed = ([], NONE) if same else _catalogue_after(panel, provider, counted, accept=accept)
            events += changed
            trouble = next((found for found in (trouble, not_believed, _unread(balance)) if found != NONE), NONE)
        elif trouble == NONE:
            trouble = problem(sync_problems.LIST_UNREAD, said=offers.text)
        if trouble not in {NONE, Problem(provider.sync_problem_code, provider.sync_problem_facts)}:
            told = problems.facts_of(trouble.problem_facts)
            facts = {"provider": provider.name, "code": trouble.problem_code, **told}
            facts["problem"] = sync_problems.words(trouble.problem_code, told)
            events.append(ChangeEvent("provider.sync_failed", provider.id, facts))
        if dry_run:
            transaction.set_rollback(True)
        else:
            _keep(panel, provider, trouble, events, now)
    return Round(events, trouble, parts.left_out(panel, provider, offers) if dry_run else ())


def _unchanged(panel: Panel, provider_id: int, offers: Offers) -> tuple[object, ...] | None:
    """What stood in the provider's row where its list changes nothing; None where it changes something.

    Most rounds change nothing. That is found out before anything is locked: reading five thousand services takes a
    second, in which nobody else could write on SQLite. What a person changes meanwhile is for the next round.
    """
    provider = Provider.objects.get(id=provider_id)
    try:
        believed_rate(panel=panel, provider=provider)
        catalogue, counted = load(panel, provider, lock=False), parts.counted(panel, provider, offers)
        changes = sync_rules.step(catalogue, counted)
    except ValueError:
        return None
    wrong = sync_rules.cannot_be(counted, catalogue) != NONE or sync_rules.unread(counted, catalogue) != NONE
    if wrong or provider.rework or changes != SyncChanges():
        return None
    return _standing(provider)


def _standing(provider: Provider) -> tuple[object, ...]:
    """What of its row decides what its list means."""
    money_ = (provider.currency, provider.told_currency, provider.overruled_currency)
    return (*money_, provider.rework, provider.enabled, provider.rise_max_e2, provider.fall_max_e2)


def _keep(panel: Panel, provider: Provider, trouble: Problem, events: Sequence[ChangeEvent], now: datetime) -> None:
    provider.sync_problem_code, provider.sync_problem_facts = trouble
    provider.synced_at = now
    if provider.sync_due_at is not None:
        provider.sync_due_at = now + timedelta(minutes=provider.sync_every_min)
    provider.save(
        update_fields=[
            *("sync_problem_code", "sync_problem_facts", "synced_at", "sync_due_at", "currency", "told_currency"),
            *("rework", "balance_micros", "balance_at", "balance_is_low"),
        ]
    )
    record([NewEvent(panel.id, e.name, e.subject_id, e.facts) for e in events], now=now)


def _unread(balance: Balance | UpstreamRefused | Unknown) -> Problem:
    """What a person has to know where something else than a balance was answered; of a busy provider, nothing."""
    if isinstance(balance, Balance) or (isinstance(balance, UpstreamRefused) and balance.reason in _BUSY):
        return NONE
    return problem(sync_problems.BALANCE_UNREAD, said=balance.text)


def _balance(
    panel: Panel, provider: Provider, balance: Balance | UpstreamRefused | Unknown
) -> tuple[list[ChangeEvent], Problem]:
    """Our balance there, once low and once well again; and the currency that is told with it."""
    if not isinstance(balance, Balance):
        return [], NONE
    events = _tell_currency(panel, provider, balance)
    other = _other_currency(panel, provider)
    trouble = NONE
    if other is not None:
        trouble = problem(other.code, **dict(other.facts), followers=_followers(provider))
    try:
        provider.balance_micros = money.owned(balance.amount)
    except ValueError as error:
        cannot_be = problem(sync_problems.BALANCE_CANNOT_BE, said=str(error))
        return events, cannot_be if trouble == NONE else trouble
    provider.balance_at = clock.now()
    calls.keep_balance(provider.id, provider.balance_micros, provider.balance_at)
    low = provider.low_balance_micros is not None and provider.balance_micros < provider.low_balance_micros
    if low != provider.balance_is_low and trouble == NONE:
        provider.balance_is_low = low
        name = "provider.low_balance" if low else "provider.balance_ok"
        facts = {"provider": provider.name, "balance": money.text(provider.balance_micros)}
        events.append(ChangeEvent(name, provider.id, facts | {"currency": provider.currency or panel.currency}))
    return events, trouble


def _catalogue_after(
    panel: Panel, provider: Provider, offers: Offers, *, accept: bool
) -> tuple[list[ChangeEvent], Problem]:
    try:
        believed_rate(panel=panel, provider=provider)
    except refusal.Refused as refused:
        return [], problem(refused.refusal.code, **dict(refused.refusal.facts))
    # The routes are read with their provider's row.
    provider.save(update_fields=["currency", "rework"])
    catalogue = load(panel, provider)
    why_not = NONE if accept else sync_rules.cannot_be(offers, catalogue)
    if why_not != NONE:
        return [], why_not
    try:
        changes = sync_rules.step(catalogue, offers)
    except ValueError as error:
        return [], problem(sync_problems.LIST_CANNOT_BE, said=str(error))
    write(panel, changes)
    provider.rework = False
    return changes.events, sync_rules.unread(offers, catalogue)


def load(panel: Panel, provider: Provider, *, lock: bool = True) -> Catalogue:
    """The services that the provider delivers with all their routes in their order; locked, if they are to change."""
    theirs = Route.objects.filter(provider=provider).values("service_id")
    services = Service.objects.filter(panel=panel, id__in=theirs).order_by("id")
    if lock:
        services = services.select_for_update()
    routes = Route.objects.filter(panel=panel, service_id__in=theirs).select_related("provider")
    rates: dict[str, int | None] = {}
    for currency in {route.provider.currency for route in routes}:
        rates[currency] = exchange_rate(panel=panel, currency=currency)
    return Catalogue(
        provider_id=provider.id,
        provider=provider.name,
        guard=panel.guard,
        guard_percent_e2=panel.guard_percent_e2,
        services={s.id: _service_state(s) for s in services},
        routes=[_route_state(r, rates) for r in routes.order_by("service_id", "position")],
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
        *(sql.moment(connection, r.rate_since), r.base_rate_micros, r.priced_e12),
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
