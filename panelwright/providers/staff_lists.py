"""The lists of what delivers: refills and cancels that wait, providers, routes, services with their cost, declared."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.catalog import names
from panelwright.catalog.models import Service
from panelwright.core import clock, money, sql
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope
from panelwright.core.paging import Found
from panelwright.orders.models import Cancel, Refill, RequestState
from panelwright.orders.status import RefillStatus
from panelwright.panels.models import Panel
from panelwright.providers.manual.manual_queries import OVERDUE, TRIES
from panelwright.providers.models import ExchangeRate, PostSource, Provider, Route
from panelwright.providers.sync import hold_actions, sync_problems
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right
from panelwright.staff.trail import without_secrets

# Services that a word of a search may name.
SERVICES_MAX = 1_000
ALL = "all"
SHOW = Filter(
    "show", gettext_noop("Show"), (("", gettext_noop("Waiting for us")), (ALL, gettext_noop("All"))), chips=True
)

# ---- refills and cancels ---------------------------------------------------------------------------------


def _for_refill(row: Any) -> tuple[int, tuple[str, ...]]:
    if row.ended_at is not None:
        return row.number, ()
    start = ("refill.start",) if row.status == RefillStatus.PENDING else ()
    send = ("refill.send",) if row.order.upstream_id else ()
    return row.number, (*start, "refill.done", *send, "refill.reject")


def _for_cancel(row: Any) -> tuple[int, tuple[str, ...]]:
    return row.order.number, ("cancel.accept", "cancel.refuse") if row.state == RequestState.WAITING.value else ()


# What both tell of the order.
_OF_ORDER = (
    Column("order", ColumnKind.ID, value=lambda row: row.order.number),
    Column("service", ColumnKind.ID, value=lambda row: row.order.service.number),
    Column(
        "service_name",
        label=gettext_noop("Service and link"),
        place=ColumnPlace.MAIN,
        value=lambda row: row.order.service.name,
        cell="of_order",
    ),
    Column("link", value=lambda row: row.order.link),
    Column("customer", value=lambda row: row.order.customer.user.email),
    Column("provider", label=gettext_noop("Provider"), place=ColumnPlace.LEFT),
)

REFILLS = Listing(
    name="refills",
    label=gettext_noop("Refill requests"),
    scope=ListScope.PANEL,
    columns=(
        Column(
            "id", ColumnKind.ID, gettext_noop("Refill"), ColumnPlace.FIRST, value=lambda row: row.number, cell="refill"
        ),
        Column("status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK),
        *_OF_ORDER,
        Column("created_at", ColumnKind.TIME, gettext_noop("Requested"), ColumnPlace.END),
        Column("ended_at", ColumnKind.TIME, empty=True),
        offers(_for_refill),
    ),
    filters=(SHOW,),
    empty=gettext_noop("No refill requests are waiting."),
    none_match=gettext_noop("No refill requests match your filters."),
)
CANCELS = Listing(
    name="cancels",
    label=gettext_noop("Cancellation requests"),
    scope=ListScope.PANEL,
    columns=(
        # As everywhere, a cancel is called by its order.
        Column(
            "id",
            ColumnKind.ID,
            gettext_noop("Order"),
            ColumnPlace.FIRST,
            value=lambda row: row.order.number,
            cell="cancel",
        ),
        Column(
            "status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK, value=lambda row: row.order.status
        ),
        Column("state"),
        *_OF_ORDER,
        Column(
            "charge",
            ColumnKind.MONEY,
            gettext_noop("Charge"),
            ColumnPlace.END,
            value=lambda row: row.order.charge_micros,
        ),
        Column("created_at", ColumnKind.TIME),
        offers(_for_cancel),
    ),
    filters=(SHOW,),
    empty=gettext_noop("No cancellation requests are waiting."),
    none_match=gettext_noop("No cancellation requests match your filters."),
)
_WITH_ORDER = ("order__service", "order__customer__user")


def waiting_refills(panel_id: int) -> Found:
    """Refills that only a person moves, or whose trouble has lasted."""
    troubled = ~Q(problem_code="") & ~Q(state=RequestState.SENDING.value)
    overdue = Q(due_at__lt=clock.now() - OVERDUE)
    open_: QuerySet[Refill] = Refill.objects.filter(panel_id=panel_id, ended_at=None).select_related(*_WITH_ORDER)
    return Found(open_.filter(Q(due_at=None) | troubled | overdue), within=open_, oldest_first=True, key="number")


def waiting_cancels(panel_id: int) -> Found:
    """Customers' cancels that wait for staff."""
    open_: QuerySet[Cancel] = Cancel.objects.filter(panel_id=panel_id, state=sql.literal(RequestState.WAITING.value))
    open_ = open_.select_related(*_WITH_ORDER)
    mine = Q(due_at=None) | Q(attempts__gte=TRIES, provider_id__isnull=False)
    return Found(open_.filter(mine), within=open_, oldest_first=True)


def _refills(panel: Panel, asked: Mapping[str, Any]) -> Found:
    if asked["show"] == ALL:
        return Found(Refill.objects.filter(panel_id=panel.id).select_related(*_WITH_ORDER), key="number")
    return waiting_refills(panel.id)


def _cancels(panel: Panel, asked: Mapping[str, Any]) -> Found:
    if asked["show"] == ALL:
        return Found(Cancel.objects.filter(panel_id=panel.id).select_related(*_WITH_ORDER))
    return waiting_cancels(panel.id)


def _with_providers(panel: Panel, rows: list[Any]) -> list[Any]:
    ids = {row.order.provider_id for row in rows if row.order.provider_id}
    known = dict(Provider.objects.filter(panel_id=panel.id, id__in=ids).values_list("id", "name")) if ids else {}
    for row in rows:
        row.provider = known.get(row.order.provider_id, "")
    return rows


# ---- providers, routes -----------------------------------------------------------------------------------

PROVIDERS = Listing(
    name="providers",
    label=gettext_noop("Providers"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column("name", label=gettext_noop("Name"), place=ColumnPlace.MAIN, cell="provider"),
        Column("kind", label=gettext_noop("Kind"), place=ColumnPlace.LEFT, cell="provider_kind"),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="provider_state"),
        Column("url", value=lambda row: without_secrets(row.url)),
        Column("currency"),
        Column(
            "balance",
            ColumnKind.MONEY,
            gettext_noop("Balance"),
            ColumnPlace.END,
            value=lambda row: row.balance_micros,
            cell="provider_balance",
            empty=True,
        ),
        Column("failures", ColumnKind.NUMBER),
        Column(
            "problem",
            value=lambda row: row.problem or sync_problems.of(row),
        ),
        offers(lambda row: (row.id, ("provider.set", "provider.sync", "provider.import"))),
    ),
    empty=gettext_noop("No providers yet. Add another panel that delivers for you, or your own people."),
)


def _providers(panel: Panel, asked: Mapping[str, Any]) -> Found:
    return Found(Provider.objects.filter(panel_id=panel.id))


ROUTES = Listing(
    name="routes",
    label=gettext_noop("Routes"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column(
            "service",
            ColumnKind.ID,
            gettext_noop("ID"),
            ColumnPlace.FIRST,
            value=lambda row: row.service.number,
        ),
        Column(
            "service_name",
            label=gettext_noop("Service"),
            place=ColumnPlace.MAIN,
            value=lambda row: row.service.name,
        ),
        Column("provider", value=lambda row: row.provider.name),
        Column("upstream_service", label=gettext_noop("ID at the provider"), place=ColumnPlace.LEFT, says=True),
        Column("position", ColumnKind.NUMBER),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="route_state"),
        Column("available", ColumnKind.FLAG),
        Column(
            "rate",
            ColumnKind.MONEY,
            gettext_noop("Cost"),
            ColumnPlace.END,
            value=lambda row: row.rate_micros,
            cell="route_rate",
            empty=True,
        ),
        offers(lambda row: (row.id, ("route.set",))),
    ),
    filters=(Filter("provider", gettext_noop("Provider"), kind=FilterKind.NUMBER, hidden=True),),
    empty=gettext_noop("No services from this provider yet."),
)


def _routes(panel: Panel, asked: Mapping[str, Any]) -> Found:
    rows: QuerySet[Route] = Route.objects.filter(panel_id=panel.id).select_related("service", "provider")
    if asked["provider"] is not None:
        rows = rows.filter(provider_id=asked["provider"])
    return Found(rows)


EXCHANGE_RATES = Listing(
    name="exchange_rates",
    label=gettext_noop("Exchange rates"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("from", value=lambda row: row.currency),
        Column("to", value=lambda row: row.target),
        Column("rate", value=lambda row: money.rate_text(row.rate_e12)),
        Column("changed_at", ColumnKind.TIME),
    ),
)
POST_SOURCES = Listing(
    name="post_sources",
    label=gettext_noop("Sources of posts"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("kind"),
        Column("username"),
        Column("url", value=lambda row: without_secrets(row.url)),
        Column("every_min", ColumnKind.NUMBER),
        Column("enabled", ColumnKind.FLAG),
        Column("read_at", ColumnKind.TIME, empty=True),
        Column("failures", ColumnKind.NUMBER),
        Column("problem"),
        Column("created_at", ColumnKind.TIME),
    ),
)


def _exchange_rates(panel: Panel, asked: Mapping[str, Any]) -> Found:
    return Found(ExchangeRate.objects.filter(panel_id=panel.id))


def _post_sources(panel: Panel, asked: Mapping[str, Any]) -> Found:
    return Found(PostSource.objects.filter(panel_id=panel.id))


# ---- services --------------------------------------------------------------------------------------------

SERVICES = Listing(
    name="services",
    label=gettext_noop("Services"),
    scope=ListScope.PANEL,
    columns=(
        Column("number", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column("name", label=gettext_noop("Service"), place=ColumnPlace.MAIN, cell="service"),
        Column("category", value=lambda row: row.category.name),
        Column("type"),
        Column("limits", label=gettext_noop("Limits"), place=ColumnPlace.LEFT, cell="service_limits", file=False),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="service_state"),
        Column("paused_for"),
        Column("rate", ColumnKind.MONEY, gettext_noop("Price"), ColumnPlace.END, value=lambda row: row.rate_micros),
        Column(
            "cost",
            ColumnKind.MONEY,
            gettext_noop("Cost"),
            ColumnPlace.END,
            value=lambda row: row.cost,
            says=True,
            empty=True,
        ),
        Column("provider"),
        Column("min", ColumnKind.NUMBER),
        Column("max", ColumnKind.NUMBER),
        Column("step", ColumnKind.NUMBER),
        offers(
            lambda row: (
                row.number,
                ("service.set_rate", "service.set", "service.turn_off" if row.enabled else "service.turn_on"),
            )
        ),
    ),
    filters=(
        Filter("q", gettext_noop("Search services"), hint=gettext_noop("Service name or ID")),
        Filter(
            "state",
            gettext_noop("State"),
            (
                ("", gettext_noop("All")),
                ("on", gettext_noop("On sale")),
                ("off", gettext_noop("Off")),
                ("paused", gettext_noop("Paused by the system")),
            ),
            chips=True,
        ),
    ),
    empty=gettext_noop("No services yet. Import them from a provider."),
    none_match=gettext_noop("No services match your filters."),
)


def _services(panel: Panel, asked: Mapping[str, Any]) -> Found:
    """A catalogue has thousands of rows at most, so that no filter of it needs an index of its own."""
    rows: QuerySet[Service] = Service.objects.filter(panel_id=panel.id).select_related("category")
    match asked["state"]:
        case "on":
            rows = rows.filter(enabled=True)
        case "off":
            rows = rows.filter(enabled=False, paused_for="")
        case "paused":
            rows = rows.filter(enabled=False).exclude(paused_for="")
    if asked["q"]:
        found = names.find(panel_id=panel.id, version=panel.catalog_version, text=asked["q"])
        rows = rows.filter(id__in=found[:SERVICES_MAX])
    return Found(rows, key="number")


def _with_costs(panel: Panel, rows: list[Any]) -> list[Any]:
    """Each service's cost by the first route that is in use; None where it is not known."""
    routes = Route.objects.filter(panel_id=panel.id, service_id__in=[row.id for row in rows], enabled=True)
    first: dict[int, Route] = {}
    for route in routes.select_related("provider").order_by("service_id", "position"):
        first.setdefault(route.service_id, route)
    for row in rows:
        found = first.get(row.id)
        # In another currency it says nothing beside the price.
        same = found is not None and found.provider.currency in {"", panel.currency}
        row.cost = found.rate_micros if found is not None and same else None
        row.provider = found.provider.name if found is not None else ""
    return rows


HELD = Listing(
    name="held",
    label=gettext_noop("Services on hold"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID, value=lambda row: row.route_id),
        Column("service", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column("name", label=gettext_noop("Service"), place=ColumnPlace.MAIN, cell="held"),
        Column("why", value=lambda row: ", ".join(row.codes)),
        Column("provider", label=gettext_noop("Provider"), place=ColumnPlace.LEFT),
        Column("since", ColumnKind.TIME, gettext_noop("Since"), ColumnPlace.END, empty=True),
        offers(lambda row: (row.route_id, ("held.accept", "held.reject"))),
    ),
    empty=gettext_noop("No service is on hold. Sudden price jumps of providers will wait for you here."),
)


def held_routes(panel_id: int) -> QuerySet[Route]:
    """Routes whose provider's list says what a person has to look at first, and nobody has yet."""
    rows: QuerySet[Route] = Route.objects.filter(panel_id=panel_id, held__isnull=False, held_rejected=False)
    return rows


def _held(panel: Panel, asked: Mapping[str, Any]) -> Found:
    return Found(held_routes(panel.id).select_related("provider", "service"))


LISTS = (
    StaffList(REFILLS, "refill", Right.ORDERS_READ, _refills, _with_providers, target=attrgetter("number")),
    StaffList(CANCELS, "cancel", Right.ORDERS_READ, _cancels, _with_providers, target=attrgetter("order.number")),
    StaffList(PROVIDERS, "provider", Right.PROVIDERS, _providers),
    StaffList(ROUTES, "route", Right.SERVICES, _routes),
    StaffList(EXCHANGE_RATES, "exchange_rate", Right.PROVIDERS, _exchange_rates),
    StaffList(POST_SOURCES, "post_source", Right.PROVIDERS, _post_sources),
    StaffList(SERVICES, "service", Right.SERVICES, _services, _with_costs, target=attrgetter("number")),
    StaffList(HELD, "held", Right.SERVICES, _held, lambda panel, rows: list(map(hold_actions.held, rows))),
)
