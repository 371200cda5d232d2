"""The list of all orders of a panel for its staff, declared, and what its filters ask of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.catalog import names
from panelwright.core import sql
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found, counted
from panelwright.customers.queries import customer_id
from panelwright.customers.staff_lists import with_email
from panelwright.orders import problems, queries
from panelwright.orders.lists import STATUS_SLUGS
from panelwright.orders.models import Job, Order
from panelwright.orders.status import OrderStatus
from panelwright.panels.models import Panel
from panelwright.providers.models import Provider
from panelwright.staff.lists import StaffList
from panelwright.staff.rights import Right

# Services that a word of a search may name, and providers of a panel.
FOUND_MAX = 200
UPSTREAM_ID_MAX = 100
# Statuses with an index of their own; in the order of its condition.
_SHORT = [OrderStatus.PARTIAL.value, OrderStatus.CANCELED.value]
_OPEN = frozenset({OrderStatus.PENDING.value, OrderStatus.PROCESSING.value, OrderStatus.IN_PROGRESS.value})

PROBLEM_LABELS = {
    problems.OUTCOME_UNKNOWN: gettext_noop("Outcome unknown"),
    problems.OUTCOME_ASKED_AGAIN: gettext_noop("Outcome unknown, asking again"),
    problems.REFUSED: gettext_noop("Refused by the provider"),
    problems.NO_ROUTE: gettext_noop("No provider for the service"),
    problems.ROUTES_HELD: gettext_noop("Provider's change on hold"),
    problems.ROUTE_GONE: gettext_noop("Chosen route not available"),
    problems.PROVIDERS_REST: gettext_noop("Providers unavailable"),
    problems.STATUS_NOT_UNDERSTOOD: gettext_noop("Unknown status at the provider"),
    problems.PARTIAL_WITHOUT_REMAINS: gettext_noop("Partial without remains"),
    problems.PARTIAL_ABOVE_QUANTITY: gettext_noop("Remains above the quantity"),
    problems.NOT_KNOWN_UPSTREAM: gettext_noop("Unknown to the provider"),
    problems.STATUS_REFUSED: gettext_noop("Provider does not report the status"),
    problems.PROVIDER_SILENT: gettext_noop("Provider does not answer"),
    problems.PROVIDER_GONE: gettext_noop("Provider removed"),
    problems.NOT_CHARGED: gettext_noop("Not charged"),
    problems.NOT_CANCELED: gettext_noop("Not canceled by the provider"),
    problems.NOT_OF_IT: gettext_noop("Order of another subscription"),
    problems.POST_NOT_KNOWN: gettext_noop("Post unknown to the provider"),
    problems.POST_UNREAD: gettext_noop("Post cannot be read"),
    problems.POSTS_DIFFER: gettext_noop("Number of posts differs"),
    problems.NOTED: gettext_noop("Note"),
}


def _providers(panel_id: int) -> Iterable[tuple[str, str]]:
    rows = Provider.objects.filter(panel_id=panel_id).order_by("name").values_list("id", "name")[:FOUND_MAX]
    return [(str(id_), name) for id_, name in rows]


# What stands in the address -> which orders; beside the words of orders.
NEEDS_ME, MANUAL = "problem", "manual"
SHOW = Filter(
    "show",
    gettext_noop("Status"),
    (
        ("", gettext_noop("All")),
        (NEEDS_ME, gettext_noop("Problems")),
        (MANUAL, gettext_noop("Manual")),
        ("pending", gettext_noop("Pending")),
        ("processing", gettext_noop("Processing")),
        ("in-progress", gettext_noop("In progress")),
        ("completed", gettext_noop("Completed")),
        ("partial", gettext_noop("Partial")),
        ("canceled", gettext_noop("Canceled")),
    ),
    chips=True,
)
SEARCH = Filter("q", gettext_noop("Search orders"), hint=gettext_noop("Order ID, ID at the provider, link, email"))
PROBLEM = Filter(
    "problem", gettext_noop("Problem"), (("", gettext_noop("Any problem or none")), *PROBLEM_LABELS.items())
)
PROVIDER = Filter(
    "provider",
    gettext_noop("Provider"),
    (("", gettext_noop("All providers")),),
    kind=FilterKind.NUMBER,
    offers=_providers,
    names=True,
)
ON = Filter("on", gettext_noop("Date"), kind=FilterKind.DAY, hint=gettext_noop("Date, such as 2030-12-31"))
SERVICE = Filter("service", gettext_noop("Service"), kind=FilterKind.NUMBER, hidden=True)
CUSTOMER = Filter("customer", gettext_noop("Customer"), kind=FilterKind.NUMBER, hidden=True)
PARENT = Filter("parent", gettext_noop("Parent order"), kind=FilterKind.NUMBER, hidden=True)

ORDERS = Listing(
    name="orders",
    label=gettext_noop("Orders"),
    scope=ListScope.PANEL,
    columns=(
        Column(
            "id",
            ColumnKind.ID,
            gettext_noop("Order"),
            ColumnPlace.FIRST,
            value=lambda row: row.order.number,
            cell="order",
        ),
        Column("kind"),
        Column("status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK, cell="order_status"),
        Column("problem", value=lambda row: row.order.problem_code),
        Column("service", ColumnKind.ID, value=lambda row: row.order.service.number),
        Column("service_name", label=gettext_noop("Service and link"), place=ColumnPlace.MAIN, cell="service_link"),
        Column("link"),
        Column("customer", label=gettext_noop("Customer"), place=ColumnPlace.LEFT, cell="order_customer"),
        Column("quantity", ColumnKind.NUMBER),
        Column("start_count", ColumnKind.NUMBER, empty=True),
        Column("remains", ColumnKind.NUMBER),
        Column(
            "charge",
            ColumnKind.MONEY,
            gettext_noop("Charge"),
            ColumnPlace.END,
            value=lambda row: row.order.charge_micros,
        ),
        Column("cost", ColumnKind.MONEY, value=lambda row: row.order.cost_micros, empty=True),
        Column("provider"),
        Column("upstream_id", empty=True),
        Column("created_at", ColumnKind.TIME),
        Column("ended_at", ColumnKind.TIME, empty=True),
    ),
    filters=(SHOW, SEARCH, PROBLEM, PROVIDER, ON, SERVICE, CUSTOMER, PARENT),
    empty=gettext_noop("No orders yet."),
    none_match=gettext_noop("No orders match your filters."),
)


class StaffOrderRow(NamedTuple):
    """An order with its service and customer, and the name of its provider, empty where it has none."""

    order: Order
    provider: str

    @property
    def customer(self) -> str:
        return str(self.order.customer.user.email)

    @property
    def service_name(self) -> str:
        return str(self.order.service.name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.order, name)


def problem_orders(panel_id: int) -> QuerySet[Order]:
    """Open orders that a person should look at."""
    rows: QuerySet[Order] = Order.objects.filter(panel_id=panel_id, problem_code__gt="", ended_at__isnull=True)
    return rows


def manual_orders(panel_id: int) -> QuerySet[Order]:
    """Orders in the hands of the panel's own people."""
    rows: QuerySet[Order] = Order.objects.filter(panel_id=panel_id, job=sql.literal(Job.MANUAL.value))
    return rows


def counts(panel_id: int) -> dict[str, int]:
    """How many orders have a problem, and how many wait for the panel's own people, as far as `counted` counts."""
    return {NEEDS_ME: counted(problem_orders(panel_id)), MANUAL: counted(manual_orders(panel_id))}


def _find(panel: Panel, asked: Mapping[str, Any]) -> Found:
    """By the index of one of the filters, or of all orders; the other filters look through a window of these."""
    every: QuerySet[Order] = Order.objects.filter(panel_id=panel.id).select_related("service", "customer__user")
    leads, rest = _indexed(panel.id, asked), _others(asked)
    if asked["q"]:
        search, found = _searched(panel, asked["q"])
        if found:
            leads.insert(0, search)
        else:
            rest.append(search)
    base = every.filter(leads[0]) if leads else every
    rows = base.filter(*leads[1:], *rest)
    return Found(rows, within=base if leads[1:] or rest else None, key="number")


def _indexed(panel_id: int, asked: Mapping[str, Any]) -> list[Q]:
    """Filters that have an index of their own, the narrowest first; with the words of its condition."""
    found = []
    show, open_ = asked["show"], Q(ended_at__isnull=True)
    if asked["parent"] is not None:
        found.append(Q(parent_id=queries.order_id(panel_id, asked["parent"]) or 0))
    if show == NEEDS_ME or asked["problem"]:
        found.append(Q(problem_code__gt="") & open_)
    if show == MANUAL:
        found.append(Q(job=sql.literal(Job.MANUAL.value)))
    if asked["customer"] is not None:
        found.append(Q(customer_id=customer_id(panel_id, asked["customer"]) or 0))
    status = STATUS_SLUGS.get(show)
    if status in _SHORT:
        found.append(Q(status__in=[sql.literal(word) for word in _SHORT]) & Q(status=status))
    elif status in _OPEN:
        found.append(Q(status=status) & open_)
    return found


def _others(asked: Mapping[str, Any]) -> list[Q]:
    found = []
    if asked["problem"]:
        found.append(Q(problem_code=asked["problem"]))
    if STATUS_SLUGS.get(asked["show"]) == OrderStatus.COMPLETED.value:
        found.append(Q(status=OrderStatus.COMPLETED.value))
    if asked["provider"] is not None:
        found.append(Q(provider_id=asked["provider"]))
    if asked["service"] is not None:
        found.append(Q(service__number=asked["service"]))
    if asked["on"] is not None:
        start = datetime(asked["on"].year, asked["on"].month, asked["on"].day, tzinfo=UTC)
        found.append(Q(created_at__gte=start, created_at__lt=start + timedelta(days=1)))
    return found


def _searched(panel: Panel, text: str) -> tuple[Q, bool]:
    """What a search means, and whether an index serves it. What is found exactly is all that is shown."""
    if "@" in text and "/" not in text:
        ids = with_email(panel.id, text)
        # One customer's have an index; those of several stand in it one after the other.
        return Q(customer_id__in=ids), len(ids) <= 1
    exact = Q()
    number = whole(text)
    if number is not None:
        exact |= Q(number=number)
    if len(text) <= UPSTREAM_ID_MAX:
        providers = list(Provider.objects.filter(panel_id=panel.id).values_list("id", flat=True)[:FOUND_MAX])
        exact |= Q(provider_id__in=providers, upstream_id=text)
    ids = list(Order.objects.filter(exact, panel_id=panel.id).values_list("id", flat=True)[:20]) if exact else []
    if ids:
        return Q(id__in=ids), True
    services = names.find(panel_id=panel.id, version=panel.catalog_version, text=text)[:FOUND_MAX]
    return Q(link__icontains=text) | Q(service_id__in=services), False


def with_providers(panel: Panel, rows: Sequence[Order]) -> list[StaffOrderRow]:
    """The orders with the names of their providers, as the list shows them. One query at most."""
    ids = {order.provider_id for order in rows if order.provider_id is not None}
    known = dict(Provider.objects.filter(panel_id=panel.id, id__in=ids).values_list("id", "name")) if ids else {}
    return [StaffOrderRow(order, known.get(order.provider_id or 0, "")) for order in rows]


STAFF_ORDERS = StaffList(
    ORDERS, "order", Right.ORDERS_READ, _find, with_providers, counts, target=attrgetter("number"), one=False
)
LISTS = (STAFF_ORDERS,)
