"""The list of all orders of a panel for its staff, declared, and what its filters ask of the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.catalog import names
from panelwright.catalog.models import Service
from panelwright.core import clock, spans, sql
from panelwright.core.lists import (
    COUNTED_MAX,
    Column,
    ColumnKind,
    ColumnPlace,
    Filter,
    FilterKind,
    Listing,
    ListScope,
    whole,
)
from panelwright.core.paging import WINDOW, Found, Narrowing
from panelwright.core.spans import Span
from panelwright.customers.queries import customer_id
from panelwright.customers.staff_lists import with_email
from panelwright.orders import problems, queries
from panelwright.orders.lists import STATUS_SLUGS
from panelwright.orders.models import Job, Order, OrderKind, Schedule
from panelwright.orders.status import OrderStatus
from panelwright.panels.models import Panel
from panelwright.providers.models import Provider, ProviderKind
from panelwright.staff.lists import ShippedView, StaffList, offers
from panelwright.staff.rights import Right

# Services that a word of a search may name, and providers of a panel.
FOUND_MAX = 200
UPSTREAM_ID_MAX = 100
USERNAME = re.compile(r"@?[\w.]{1,60}")
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
    problems.PARTIAL_OF_ALL: gettext_noop("Partial with nothing remaining"),
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


class Understood(NamedTuple):
    """What a search was taken for: a code of UNDERSTOOD, and what it then asks for."""

    code: str
    narrowing: Narrowing


UNDERSTOOD = {
    "number": gettext_noop("Order ID"),
    "upstream_id": gettext_noop("ID at the provider"),
    "email": gettext_noop("Customer's email"),
    "username": gettext_noop("User name of a subscription"),
    "service": gettext_noop("Service ID"),
    "text": gettext_noop("Part of a link, or of a service's name"),
}


def understood(panel: Panel, text: str) -> Understood:
    """What a search means; kept with the panel as it was read, for the page that says so beside the list."""
    known: dict[str, Understood] = panel.__dict__.setdefault("_understood", {})
    if text not in known:
        known[text] = _understood(panel, text)
    return known[text]


def _understood(panel: Panel, text: str) -> Understood:
    """What is found exactly is all that is shown."""
    if "@" in text[1:] and "/" not in text:
        ids = with_email(panel.id, text)
        # One customer's have an index; those of several stand in it one after the other.
        found = Q(customer_id__in=ids)
        return Understood("email", Narrowing(served=found, few=_ITSELF) if len(ids) <= 1 else Narrowing(sought=found))
    number = whole(text)
    exact = Q() if number is None else Q(number=number)
    if len(text) <= UPSTREAM_ID_MAX:
        providers = list(Provider.objects.filter(panel_id=panel.id).values_list("id", flat=True)[:FOUND_MAX])
        exact |= Q(provider_id__in=providers, upstream_id=text)
    rows = Order.objects.filter(exact, panel_id=panel.id) if exact else Order.objects.none()
    same = list(rows.values_list("id", "number")[:20])
    if same:
        code = "number" if any(one == number for _, one in same) else "upstream_id"
        return Understood(code, Narrowing(served=Q(id__in=[id_ for id_, _ in same]), few=_ITSELF))
    users = _subscriptions_to(panel, text.removeprefix("@")) if USERNAME.fullmatch(text) else []
    if users:
        return Understood("username", Narrowing(sought=Q(id__in=users) | Q(parent_id__in=users)))
    if number is not None:
        of_service = list(Service.objects.filter(panel_id=panel.id, number=number).values_list("id", flat=True))
        if of_service:
            return Understood("service", Narrowing(sought=Q(service_id__in=of_service)))
    services = names.find(panel_id=panel.id, version=panel.catalog_version, text=text)[:FOUND_MAX]
    return Understood("text", Narrowing(sought=Q(link__icontains=text) | Q(service_id__in=services)))


def _subscriptions_to(panel: Panel, name: str) -> list[int]:
    """Ids of subscriptions to a user, of the panel's newest ones."""
    newest = Schedule.objects.filter(panel_id=panel.id).order_by("-number").values("order_id")[:WINDOW]
    rows = Schedule.objects.filter(order_id__in=newest, panel_id=panel.id, username__in=[name, f"@{name}"])
    return list(rows.values_list("order_id", flat=True)[:FOUND_MAX])


def _of_parent(panel: Panel, number: int) -> Narrowing:
    return Narrowing(served=Q(parent_id=queries.order_id(panel.id, number) or 0), few=_OF_PARENT)


def _of_customer(panel: Panel, number: int) -> Narrowing:
    return Narrowing(served=Q(customer_id=customer_id(panel.id, number) or 0), few=_OF_CUSTOMER)


def _midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=UTC)


def _placed(panel: Panel, start: datetime | None, end: datetime | None) -> Narrowing:
    """Orders of a time, in UTC. Their numbers are known from it, so that no window has to be walked to get there."""
    exact = Q() if start is None else Q(created_at__gte=start)
    exact &= Q() if end is None else Q(created_at__lt=end)
    return Narrowing(between=queries.numbers_between(panel.id, start, end), sought=exact)


def _by_mode(panel: Panel, mode: str) -> Narrowing:
    """Delivered by the panel's own people, or by other panels (also of those that are still to be sent)."""
    people = Provider.objects.filter(panel_id=panel.id, kind=ProviderKind.MANUAL.value).order_by("id")
    ids = list(people.values_list("id", flat=True)[:FOUND_MAX])
    by_people = Q(provider_id__in=ids)
    return Narrowing(sought=by_people if mode == BY_PEOPLE else ~by_people | Q(provider_id__isnull=True))


# A mass order gives each of its lines a request_id of its own (storefront/mass.py).
_MASS = Q(request_id__startswith="web:")
_PLACED = Q(parent_id__isnull=True)
_SOURCES = {
    "web": _PLACED & Q(key_id__isnull=True) & (Q(request_id__isnull=True) | ~_MASS),
    "api": _PLACED & Q(key_id__isnull=False),
    "mass": _PLACED & Q(key_id__isnull=True) & _MASS,
    "drip-feed": Q(kind__in=[OrderKind.DRIP_FEED.value, OrderKind.RUN.value]),
    "subscription": Q(kind__in=[OrderKind.SUBSCRIPTION.value, OrderKind.POST.value]),
}
# As reports tell sources apart.
_ORIGINS = {
    "web": ~Q(kind=OrderKind.POST.value) & Q(key_id__isnull=True),
    "api": ~Q(kind=OrderKind.POST.value) & Q(key_id__isnull=False),
    "subscription": Q(kind=OrderKind.POST.value),
}


def _placed_in(panel: Panel, span: Span) -> Narrowing:
    return _placed(panel, *span.bounds(panel.timezone))


def _ended_in(panel: Panel, span: Span) -> Narrowing:
    since, until = span.bounds(panel.timezone)
    return Narrowing(sought=Q(ended_at__gte=since) & Q(ended_at__lt=until))


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
    hint=gettext_noop("Order ID, ID at the provider, link, user name, email, service ID"),
    where=lambda panel, text: understood(panel, text).narrowing,
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
    hidden=True,
    where=lambda panel, on: _placed(panel, _midnight(on), _midnight(on) + timedelta(days=1)),
)
SINCE = Filter(
    "since",
    gettext_noop("From"),
    kind=FilterKind.DAY,
    hint=gettext_noop("First day, such as 2030-12-01"),
    where=lambda panel, on: _placed(panel, _midnight(on), None),
)
UNTIL = Filter(
    "until",
    gettext_noop("Until"),
    kind=FilterKind.DAY,
    hint=gettext_noop("Last day, such as 2030-12-31"),
    where=lambda panel, on: _placed(panel, None, _midnight(on) + timedelta(days=1)),
)
SERVICE = Filter(
    "service",
    gettext_noop("Service"),
    kind=FilterKind.NUMBER,
    hint=gettext_noop("Service ID"),
    where=lambda panel, number: Narrowing(sought=Q(service__number=number)),
)
BY_PEOPLE, BY_PROVIDERS = "manual", "auto"
MODE = Filter(
    "mode",
    gettext_noop("Mode"),
    (
        ("", gettext_noop("Manual and automatic")),
        (BY_PEOPLE, gettext_noop("Manual")),
        (BY_PROVIDERS, gettext_noop("Automatic")),
    ),
    where=_by_mode,
)
SOURCE = Filter(
    "source",
    gettext_noop("Source"),
    (
        ("", gettext_noop("All sources")),
        ("web", gettext_noop("Website")),
        ("api", gettext_noop("API")),
        ("mass", gettext_noop("Mass order")),
        ("drip-feed", gettext_noop("Drip-feed")),
        ("subscription", gettext_noop("Subscription")),
    ),
    where=lambda panel, source: Narrowing(sought=_SOURCES[source]),
)
KEY = Filter(
    "key",
    gettext_noop("API key"),
    kind=FilterKind.NUMBER,
    hidden=True,
    where=lambda panel, id_: Narrowing(sought=Q(key_id=id_)),
)
CUSTOMER = Filter("customer", gettext_noop("Customer"), kind=FilterKind.NUMBER, hidden=True, where=_of_customer)
PARENT = Filter("parent", gettext_noop("Parent order"), kind=FilterKind.NUMBER, hidden=True, where=_of_parent)
# By the clock of the panel's time zone, as reports count.
SPAN = Filter("span", gettext_noop("Period of ordering"), hidden=True, read=spans.read, where=_placed_in)
ENDED = Filter("ended", gettext_noop("Period of ending"), hidden=True, read=spans.read, where=_ended_in)
# Those that reports count: a drip-feed and not its runs, the posts of a subscription and not the subscription.
CHARGED = Filter(
    "charged",
    gettext_noop("Charged orders only"),
    (("", gettext_noop("All")), ("yes", gettext_noop("Charged orders only"))),
    hidden=True,
    where=lambda panel, _: Narrowing(sought=~Q(kind__in=(OrderKind.RUN.value, OrderKind.SUBSCRIPTION.value))),
)
ORIGIN = Filter(
    "origin",
    gettext_noop("Order source"),
    (
        ("", gettext_noop("Any source")),
        ("web", gettext_noop("Website")),
        ("api", gettext_noop("API")),
        ("subscription", gettext_noop("Subscriptions")),
    ),
    hidden=True,
    where=lambda panel, origin: Narrowing(sought=_ORIGINS[origin]),
)

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
        Column(
            "quantity", ColumnKind.NUMBER, gettext_noop("Quantity"), ColumnPlace.LEFT, cell="order_quantity", says=True
        ),
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
        offers("order", attrgetter("number"), about=attrgetter("order")),
    ),
    filters=(
        SHOW,
        SEARCH,
        PROBLEM,
        PROVIDER,
        SERVICE,
        MODE,
        SOURCE,
        SINCE,
        UNTIL,
        ON,
        KEY,
        CUSTOMER,
        PARENT,
        ORIGIN,
        SPAN,
        ENDED,
        CHARGED,
    ),
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


# What stands behind the tabs, by the indexes of their conditions: as many rows of each as are counted.
_COUNTED = {
    NEEDS_ME: "problem_code > '' AND ended_at IS NULL",
    MANUAL: "job = 'manual'",
    "pending": "status = 'Pending' AND ended_at IS NULL",
    "processing": "status = 'Processing' AND ended_at IS NULL",
    "in-progress": "status = 'In progress' AND ended_at IS NULL",
    "partial": "status IN ('Partial', 'Canceled') AND status = 'Partial'",
    "canceled": "status IN ('Partial', 'Canceled') AND status = 'Canceled'",
}
_COUNTS = sql.Query(
    " UNION ALL ".join(
        f"SELECT '{name}', COUNT(*) FROM (SELECT 1 FROM orders_order WHERE panel_id = ? AND {where} LIMIT"  # noqa: S608
        f" {COUNTED_MAX + 1}) AS counted"
        for name, where in _COUNTED.items()
    )
)


def counts(panel_id: int) -> dict[str, int]:
    """How many orders stand behind each tab that an index counts, as far as `counted` counts. One query."""
    return dict(_COUNTS.rows(connection, *[panel_id] * len(_COUNTED)))


def _all(panel: Panel) -> Found:
    every: QuerySet[Order] = Order.objects.filter(panel_id=panel.id)
    return Found(every.select_related("service", "customer__user", "cancel", "schedule"), key="number")


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
