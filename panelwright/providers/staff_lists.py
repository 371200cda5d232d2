"""The lists of what delivers: refills and cancels that wait, providers, routes, services with their cost, declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from operator import attrgetter
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.catalog import changes, names
from panelwright.catalog.models import Category, Service
from panelwright.core import clock, money, said, sql
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found, Narrowing, narrowed
from panelwright.core.web_addresses import without_secrets
from panelwright.events.models import Event
from panelwright.orders.models import Cancel, Refill, RequestState
from panelwright.orders.status import RefillStatus
from panelwright.panels.models import Panel
from panelwright.providers import service_costs
from panelwright.providers.manual.manual_queries import OVERDUE, TRIES
from panelwright.providers.models import ExchangeRate, PostSource, Provider, ProviderKind, Route
from panelwright.providers.routing.health import FAILURES_MAX
from panelwright.providers.service_costs import ServiceCost
from panelwright.providers.staff_orders import PROVIDER, problem_orders
from panelwright.providers.sync import hold_actions, sync_problems
from panelwright.staff.lists import ShippedView, StaffList, offers
from panelwright.staff.rights import Right

# Services that a word of a search may name.
SERVICES_MAX = 1_000
ALL = "all"
_SHOW = Filter(
    "show", gettext_noop("Show"), (("", gettext_noop("Waiting for us")), (ALL, gettext_noop("All"))), chips=True
)

# ---- refills and cancels ---------------------------------------------------------------------------------


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


def _refills_that_wait(panel: Any, values: Mapping[str, Any]) -> Narrowing:
    """Refills that only a person moves, or whose trouble has lasted."""
    troubled = ~Q(problem_code="") & ~Q(state=RequestState.SENDING.value)
    overdue = Q(due_at__lt=clock.now() - OVERDUE)
    # Of what another order of ours delivers, only trouble is for a person.
    waits = Q(due_at=None, by_order=None)
    return Narrowing(served=Q(ended_at=None), sought=waits | troubled | overdue, oldest_first=True)


# What stands in the address -> the state of a refill, and its words.
REFILL_SLUGS = {status.value.lower().replace(" ", "-"): status.value for status in RefillStatus}
REFILL_WORDS = {
    RefillStatus.PENDING.value: gettext_noop("Pending"),
    RefillStatus.IN_PROGRESS.value: gettext_noop("In progress"),
    RefillStatus.COMPLETED.value: gettext_noop("Completed"),
    RefillStatus.REJECTED.value: gettext_noop("Rejected"),
    RefillStatus.CANCELED.value: gettext_noop("Canceled"),
}
_AT_PROVIDER = replace(PROVIDER, where=lambda panel, id_: Narrowing(sought=Q(order__provider_id=id_)))


def _refills_in_state(panel: Panel, show: str) -> Narrowing | None:
    if show == ALL:
        return None
    status = REFILL_SLUGS[show]
    is_open = status in {RefillStatus.PENDING.value, RefillStatus.IN_PROGRESS.value}
    return Narrowing(served=Q(ended_at=None) if is_open else None, sought=Q(status=status))


def _cancels_that_wait(panel: Any, values: Mapping[str, Any]) -> Narrowing:
    """Customers' cancels that wait for staff."""
    mine = Q(due_at=None) | Q(attempts__gte=TRIES, provider_id__isnull=False)
    waits = Q(state=sql.literal(RequestState.WAITING.value))
    return Narrowing(served=waits, sought=mine, oldest_first=True)


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
        offers("refill", attrgetter("number")),
    ),
    filters=(
        replace(
            _SHOW,
            choices=(*_SHOW.choices, *((slug, REFILL_WORDS[status]) for slug, status in REFILL_SLUGS.items())),
            where=_refills_in_state,
            unasked=_refills_that_wait,
        ),
        _AT_PROVIDER,
    ),
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
            value="order.charge_micros",
        ),
        Column("created_at", ColumnKind.TIME),
        offers("cancel", attrgetter("order.number"), about=attrgetter("order")),
    ),
    filters=(replace(_SHOW, unasked=_cancels_that_wait), _AT_PROVIDER),
    empty=gettext_noop("No cancellation requests are waiting."),
    none_match=gettext_noop("No cancellation requests match your filters."),
)
_WITH_ORDER = ("order__service", "order__customer__user")


def waiting_refills(panel_id: int) -> Found:
    """Those that the list shows first."""
    return narrowed(_refills_of(panel_id), [_refills_that_wait(None, {})])


def waiting_cancels(panel_id: int) -> Found:
    """Those that the list shows first."""
    return narrowed(_cancels_of(panel_id), [_cancels_that_wait(None, {})])


def _refills_of(panel_id: int) -> Found:
    return Found(Refill.objects.filter(panel_id=panel_id).select_related(*_WITH_ORDER), key="number")


def _cancels_of(panel_id: int) -> Found:
    return Found(Cancel.objects.filter(panel_id=panel_id).select_related(*_WITH_ORDER))


def _keys_of_cancels(panel_id: int, numbers: Sequence[int]) -> list[int]:
    """Those of the cancels of orders with these numbers."""
    rows = Cancel.objects.filter(panel_id=panel_id, order__panel_id=panel_id, order__number__in=numbers)
    return list(rows.values_list("id", flat=True))


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
            cell="provider_balance",
            empty=True,
        ),
        Column("failures", ColumnKind.NUMBER),
        Column(
            "problem",
            value=lambda row: said.words(row.problem) or sync_problems.of(row),
        ),
        offers("provider"),
    ),
    empty=gettext_noop("No providers yet. Add another panel that delivers for you, or your own people."),
)


def _providers(panel: Panel) -> Found:
    return Found(Provider.objects.filter(panel_id=panel.id), small=True)


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
            cell="route_rate",
            empty=True,
        ),
        offers("route"),
    ),
    filters=(
        Filter(
            "provider",
            gettext_noop("Provider"),
            kind=FilterKind.NUMBER,
            hidden=True,
            where=lambda panel, id_: Narrowing(served=Q(provider_id=id_)),
        ),
    ),
    empty=gettext_noop("No services from this provider yet."),
)


def _routes(panel: Panel) -> Found:
    return Found(Route.objects.filter(panel_id=panel.id).select_related("service", "provider"), small=True)


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
        Column("problem", value=lambda row: said.words(row.problem)),
        Column("created_at", ColumnKind.TIME),
    ),
)


def _exchange_rates(panel: Panel) -> Found:
    return Found(ExchangeRate.objects.filter(panel_id=panel.id), small=True)


def _post_sources(panel: Panel) -> Found:
    return Found(PostSource.objects.filter(panel_id=panel.id), small=True)


# ---- services --------------------------------------------------------------------------------------------

_STATES = {
    "on": Q(enabled=True),
    "off": Q(enabled=False, paused_for=""),
    "paused": Q(enabled=False) & ~Q(paused_for=""),
    "secret": Q(private=True),
}


# So long a new price is shown as one.
CHANGED_WITHIN = timedelta(days=7)


def _with_new_prices(panel_id: int) -> Q:
    """Whoever changed it: staff, a provider's list, or the guard."""
    since = clock.now() - CHANGED_WITHIN
    events = Event.objects.filter(panel_id=panel_id, name=changes.RATE_CHANGED, created_at__gt=since)
    return Q(id__in=events.values("subject_id"))


def _ailing(panel_id: int) -> Q:
    """On sale, and orders for it need a person, or no route of it is one that orders could take now; or paused."""
    good = Q(provider__kind=ProviderKind.MANUAL.value) | Q(provider__failures__lt=FAILURES_MAX)
    works = Route.objects.filter(
        good, panel_id=panel_id, enabled=True, available=True, held_stops=False, provider__enabled=True
    )
    troubled = problem_orders(panel_id).values("service_id")
    return (Q(enabled=True) & (~Q(id__in=works.values("service_id")) | Q(id__in=troubled))) | _STATES["paused"]


def _in_state(panel: Panel, state: str) -> Narrowing:
    if state == "changed":
        return Narrowing(served=_with_new_prices(panel.id))
    if state == "ailing":
        return Narrowing(served=_ailing(panel.id))
    if state != "manual":
        return Narrowing(served=_STATES[state])
    manual = Route.objects.filter(panel_id=panel.id, enabled=True, provider__kind=ProviderKind.MANUAL.value)
    return Narrowing(served=Q(id__in=manual.values("service_id")))


def _of_provider(panel: Panel, provider_id: int) -> Narrowing:
    theirs = Route.objects.filter(panel_id=panel.id, provider_id=provider_id)
    return Narrowing(served=Q(id__in=theirs.values("service_id")))


def _named(panel: Panel, text: str) -> Narrowing:
    found = names.find(panel_id=panel.id, version=panel.catalog_version, text=text)
    return Narrowing(served=Q(id__in=found[:SERVICES_MAX]))


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
        Column("rate", ColumnKind.MONEY, gettext_noop("Price"), ColumnPlace.END),
        Column(
            "cost",
            ColumnKind.MONEY,
            gettext_noop("Cost"),
            ColumnPlace.END,
            value="cost",
            says=True,
            empty=True,
        ),
        Column("provider"),
        Column("min", ColumnKind.NUMBER),
        Column("max", ColumnKind.NUMBER),
        Column("step", ColumnKind.NUMBER),
        offers("service", attrgetter("number")),
    ),
    filters=(
        Filter("q", gettext_noop("Search services"), hint=gettext_noop("Service name or ID"), where=_named),
        Filter(
            "category",
            gettext_noop("Category"),
            (("", gettext_noop("All categories")),),
            names=True,
            read=whole,
            offers=lambda panel_id: _names(Category.objects.filter(panel_id=panel_id).order_by("position", "id")),
            where=lambda panel, category_id: Narrowing(served=Q(category_id=category_id)),
        ),
        Filter(
            "provider",
            gettext_noop("Provider"),
            (("", gettext_noop("All providers")),),
            names=True,
            read=whole,
            offers=lambda panel_id: _names(Provider.objects.filter(panel_id=panel_id).order_by("name", "id")),
            where=_of_provider,
        ),
        Filter(
            "state",
            gettext_noop("State"),
            (
                ("", gettext_noop("All")),
                ("on", gettext_noop("On sale")),
                ("off", gettext_noop("Off")),
                ("paused", gettext_noop("Paused by the system")),
                ("secret", gettext_noop("Secret")),
                ("manual", gettext_noop("Own people")),
                ("changed", gettext_noop("Changed prices")),
                ("ailing", gettext_noop("Ailing")),
            ),
            chips=True,
            where=_in_state,
        ),
    ),
    empty=gettext_noop("No services yet. Import them from a provider."),
    none_match=gettext_noop("No services match your filters."),
)


SERVICE_VIEWS = (
    ShippedView(gettext_noop("Changed prices"), "state=changed"),
    ShippedView(gettext_noop("Ailing"), "state=ailing"),
)


def _names(rows: QuerySet[Any]) -> list[tuple[str, str]]:
    return [(str(id_), name) for id_, name in rows.values_list("id", "name")]


def _services(panel: Panel) -> Found:
    """A catalogue has thousands of rows at most, so that no filter of it needs an index of its own."""
    rows: QuerySet[Service] = Service.objects.filter(panel_id=panel.id).select_related("category")
    return Found(rows, key="number", small=True)


def _with_costs(panel: Panel, rows: list[Any]) -> list[Any]:
    """Each service's cost by the first route that is in use, in the panel's currency; None where it is not known."""
    found = service_costs.costs(panel, [row.id for row in rows])
    for row in rows:
        cost = found.get(row.id, ServiceCost())
        row.cost, row.provider = cost.cost_micros, cost.provider
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
        offers("held", attrgetter("route_id")),
    ),
    empty=gettext_noop("No service is on hold. Sudden price jumps of providers will wait for you here."),
)


def held_routes(panel_id: int) -> QuerySet[Route]:
    """Routes whose provider's list says what a person has to look at first, and nobody has yet."""
    rows: QuerySet[Route] = Route.objects.filter(panel_id=panel_id, held__isnull=False, held_rejected=False)
    return rows


def _held(panel: Panel) -> Found:
    return Found(held_routes(panel.id).select_related("provider", "service"))


LISTS = (
    StaffList(
        REFILLS,
        "refill",
        Right.ORDERS_READ,
        lambda panel: _refills_of(panel.id),
        _with_providers,
        target=attrgetter("number"),
        all_shown=ALL,
    ),
    StaffList(
        CANCELS,
        "cancel",
        Right.ORDERS_READ,
        lambda panel: _cancels_of(panel.id),
        _with_providers,
        target=attrgetter("order.number"),
        keys=_keys_of_cancels,
        all_shown=ALL,
    ),
    StaffList(PROVIDERS, "provider", Right.PROVIDERS, _providers),
    StaffList(ROUTES, "route", Right.SERVICES, _routes),
    StaffList(EXCHANGE_RATES, "exchange_rate", Right.PROVIDERS, _exchange_rates),
    StaffList(POST_SOURCES, "post_source", Right.PROVIDERS, _post_sources),
    StaffList(
        SERVICES, "service", Right.SERVICES, _services, _with_costs, target=attrgetter("number"), views=SERVICE_VIEWS
    ),
    StaffList(HELD, "held", Right.SERVICES, _held, lambda panel, rows: list(map(hold_actions.held, rows))),
)
