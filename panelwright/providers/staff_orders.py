"""The list of all orders of a panel for its staff, declared, and what its filters ask of the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.catalog import names
from panelwright.core import clock, sql
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found, Narrowing, counted, on_day
from panelwright.customers.queries import customer_id
from panelwright.customers.staff_lists import with_email
from panelwright.orders import problems, queries
from panelwright.orders.lists import STATUS_SLUGS
from panelwright.orders.models import Job, Order
from panelwright.orders.status import OrderStatus
from panelwright.panels.models import Panel
from panelwright.providers.models import Provider
from panelwright.staff.lists import ShippedView, StaffList
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
NEEDS_ME, MANUAL, STUCK, FAILED = "problem", "manual", "stuck", "failed"
# In progress for so long an order is taken for stuck.
STUCK_AFTER = timedelta(hours=24)
# Problems of orders that no provider takes.
_FAILED = (problems.REFUSED, problems.NO_ROUTE, problems.ROUTES_HELD, problems.ROUTE_GONE, problems.PROVIDER_GONE)
# How few orders the index of a filter leaves, compared with the others (Narrowing.few).
_ITSELF, _OF_PARENT, _TROUBLED, _BY_HAND, _OF_CUSTOMER, _ENDED_SHORT, _STILL_OPEN = range(7, 0, -1)
_WITH_PROBLEM = Q(problem_code__gt="") & Q(ended_at__isnull=True)


def _shown(panel: Panel, show: str) -> Narrowing:
    """Of conditions of an index the words stand in it, so that both databases see that it serves."""
    if show == NEEDS_ME:
        return Narrowing(served=_WITH_PROBLEM, few=_TROUBLED)
    if show == MANUAL:
        return Narrowing(served=Q(job=sql.literal(Job.MANUAL.value)), few=_BY_HAND)
    if show == STUCK:
        in_progress = Q(status=OrderStatus.IN_PROGRESS.value) & Q(ended_at__isnull=True)
        long_ago = Q(created_at__lt=clock.now() - STUCK_AFTER)
        return Narrowing(served=in_progress, few=_STILL_OPEN, sought=long_ago)
    status = STATUS_SLUGS[show]
    if status in _SHORT:
        few = Q(status__in=[sql.literal(word) for word in _SHORT])
        return Narrowing(served=few & Q(status=status), few=_ENDED_SHORT)
    if status in _OPEN:
        return Narrowing(served=Q(status=status) & Q(ended_at__isnull=True), few=_STILL_OPEN)
    return Narrowing(sought=Q(status=status))


def _searched(panel: Panel, text: str) -> Narrowing:
    """What is found exactly is all that is shown: a number, an id at a provider; else a link, a service, an address."""
    if "@" in text and "/" not in text:
        ids = with_email(panel.id, text)
        # One customer's have an index; those of several stand in it one after the other.
        found = Q(customer_id__in=ids)
        return Narrowing(served=found, few=_ITSELF) if len(ids) <= 1 else Narrowing(sought=found)
    exact = Q()
    number = whole(text)
    if number is not None:
        exact |= Q(number=number)
    if len(text) <= UPSTREAM_ID_MAX:
        providers = list(Provider.objects.filter(panel_id=panel.id).values_list("id", flat=True)[:FOUND_MAX])
        exact |= Q(provider_id__in=providers, upstream_id=text)
    ids = list(Order.objects.filter(exact, panel_id=panel.id).values_list("id", flat=True)[:20]) if exact else []
    if ids:
        return Narrowing(served=Q(id__in=ids), few=_ITSELF)
    services = names.find(panel_id=panel.id, version=panel.catalog_version, text=text)[:FOUND_MAX]
    return Narrowing(sought=Q(link__icontains=text) | Q(service_id__in=services))


def _of_parent(panel: Panel, number: int) -> Narrowing:
    return Narrowing(served=Q(parent_id=queries.order_id(panel.id, number) or 0), few=_OF_PARENT)


def _of_customer(panel: Panel, number: int) -> Narrowing:
    return Narrowing(served=Q(customer_id=customer_id(panel.id, number) or 0), few=_OF_CUSTOMER)


SHOW = Filter(
    "show",
    gettext_noop("Status"),
    (
        ("", gettext_noop("All")),
        (NEEDS_ME, gettext_noop("Problems")),
        (MANUAL, gettext_noop("Manual")),
        (STUCK, gettext_noop("Stuck")),
        ("pending", gettext_noop("Pending")),
        ("processing", gettext_noop("Processing")),
        ("in-progress", gettext_noop("In progress")),
        ("completed", gettext_noop("Completed")),
        ("partial", gettext_noop("Partial")),
        ("canceled", gettext_noop("Canceled")),
    ),
    chips=True,
    where=_shown,
)
SEARCH = Filter(
    "q",
    gettext_noop("Search orders"),
    hint=gettext_noop("Order ID, ID at the provider, link, email"),
    where=_searched,
)
PROBLEM = Filter(
    "problem",
    gettext_noop("Problem"),
    (("", gettext_noop("Any problem or none")), (FAILED, gettext_noop("Failed")), *PROBLEM_LABELS.items()),
    where=lambda panel, code: Narrowing(
        served=_WITH_PROBLEM, few=_TROUBLED, sought=Q(problem_code__in=_FAILED if code == FAILED else (code,))
    ),
)
PROVIDER = Filter(
    "provider",
    gettext_noop("Provider"),
    (("", gettext_noop("All providers")),),
    kind=FilterKind.NUMBER,
    offers=_providers,
    names=True,
    where=lambda panel, id_: Narrowing(sought=Q(provider_id=id_)),
)
ON = Filter(
    "on",
    gettext_noop("Date"),
    kind=FilterKind.DAY,
    hint=gettext_noop("Date, such as 2030-12-31"),
    where=lambda panel, on: Narrowing(sought=on_day("created_at", on)),
)
SERVICE = Filter(
    "service",
    gettext_noop("Service"),
    kind=FilterKind.NUMBER,
    hidden=True,
    where=lambda panel, number: Narrowing(sought=Q(service__number=number)),
)
CUSTOMER = Filter("customer", gettext_noop("Customer"), kind=FilterKind.NUMBER, hidden=True, where=_of_customer)
PARENT = Filter("parent", gettext_noop("Parent order"), kind=FilterKind.NUMBER, hidden=True, where=_of_parent)

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
        ),
        Column("cost", ColumnKind.MONEY, empty=True),
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
    rows: QuerySet[Order] = Order.objects.filter(_WITH_PROBLEM, panel_id=panel_id)
    return rows


def manual_orders(panel_id: int) -> QuerySet[Order]:
    """Orders in the hands of the panel's own people."""
    rows: QuerySet[Order] = Order.objects.filter(panel_id=panel_id, job=sql.literal(Job.MANUAL.value))
    return rows


def counts(panel_id: int) -> dict[str, int]:
    """How many orders have a problem, and how many wait for the panel's own people, as far as `counted` counts."""
    return {NEEDS_ME: counted(problem_orders(panel_id)), MANUAL: counted(manual_orders(panel_id))}


def _all(panel: Panel) -> Found:
    every: QuerySet[Order] = Order.objects.filter(panel_id=panel.id)
    return Found(every.select_related("service", "customer__user"), key="number")


def with_providers(panel: Panel, rows: Sequence[Order]) -> list[StaffOrderRow]:
    """The orders with the names of their providers, as the list shows them. One query at most."""
    ids = {order.provider_id for order in rows if order.provider_id is not None}
    known = dict(Provider.objects.filter(panel_id=panel.id, id__in=ids).values_list("id", "name")) if ids else {}
    return [StaffOrderRow(order, known.get(order.provider_id or 0, "")) for order in rows]


VIEWS = (
    ShippedView(gettext_noop("Needs me"), "show=problem", NEEDS_ME),
    ShippedView(gettext_noop("Failed"), "show=problem&problem=failed"),
    ShippedView(gettext_noop("Unknown outcome"), f"show=problem&problem={problems.OUTCOME_UNKNOWN}"),
    ShippedView(gettext_noop("Manual waiting"), "show=manual", MANUAL),
    ShippedView(gettext_noop("Stuck"), "show=stuck"),
    ShippedView(gettext_noop("Today"), "on=today"),
)
STAFF_ORDERS = StaffList(
    ORDERS,
    "order",
    Right.ORDERS_READ,
    _all,
    with_providers,
    counts,
    target=attrgetter("number"),
    one=False,
    views=VIEWS,
    first=("send", "done", "cancel"),
)
LISTS = (STAFF_ORDERS,)
