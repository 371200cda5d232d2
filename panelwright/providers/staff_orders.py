"""All orders of a panel as staff look through them: what they are found by, a page at a time, and as a file.

Pages go by id. What no index serves looks through a window of WINDOW orders from the cursor on, and says how far it
looked; so every page is bounded, whatever is searched. Reads only, inside the panel's scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop
from django_scopes import scope

from panelwright.catalog import names
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing
from panelwright.customers.models import Customer
from panelwright.orders import problems
from panelwright.orders.lists import STATUS_SLUGS
from panelwright.orders.models import Job, Order
from panelwright.panels.models import Panel
from panelwright.providers.models import Provider

PAGE = 50
WINDOW = 2_000
# Services that a word of a search may name.
SERVICES_MAX = 200
# A file has at most so many orders, and looks through so many windows for them.
FILE_MAX = 100_000
WINDOWS_MAX = 500
ID_MAX = 2**63 - 1
COUNTED_MAX = 99

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
    problems.NOTED: gettext_noop("Note"),
}

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
ON = Filter("on", gettext_noop("Date"), hint=gettext_noop("Date, such as 2030-12-31"))
SERVICE = Filter("service", gettext_noop("Service"), hidden=True)
CUSTOMER = Filter("customer", gettext_noop("Customer"), hidden=True)
PARENT = Filter("parent", gettext_noop("Parent order"), hidden=True)

ORDERS = Listing(
    name="orders",
    label=gettext_noop("Orders"),
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("Order"), ColumnPlace.FIRST, cell="order"),
        Column("kind"),
        Column("status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK, cell="order_status"),
        Column("problem", value=lambda row: row.order.problem_code),
        Column("service", ColumnKind.ID, value=lambda row: row.order.service.number),
        Column("service_name", label=gettext_noop("Service and link"), place=ColumnPlace.MAIN, cell="service_link"),
        Column("link"),
        Column("customer", label=gettext_noop("Customer"), place=ColumnPlace.LEFT, cell="order_customer"),
        Column("quantity", ColumnKind.NUMBER),
        Column("start_count", ColumnKind.NUMBER),
        Column("remains", ColumnKind.NUMBER),
        Column(
            "charge",
            ColumnKind.MONEY,
            gettext_noop("Charge"),
            ColumnPlace.END,
            value=lambda row: row.order.charge_micros,
        ),
        Column("cost", ColumnKind.MONEY, value=lambda row: row.order.cost_micros),
        Column("provider"),
        Column("upstream_id"),
        Column("created_at", ColumnKind.TIME),
        Column("ended_at", ColumnKind.TIME),
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


class StaffOrderPage(NamedTuple):
    """The newest first; `older` and `newer` are cursors. `looked`: to when a window was looked through, if it was."""

    rows: list[StaffOrderRow]
    older: int | None
    newer: int | None
    looked: datetime | None = None


def listing(panel_id: int) -> Listing:
    """The list with its filters; those of providers are the panel's."""
    rows = Provider.objects.filter(panel_id=panel_id).order_by("name").values_list("id", "name")[:200]
    providers = [(str(id_), name) for id_, name in rows]
    provider = Filter(
        "provider", gettext_noop("Provider"), (("", gettext_noop("All providers")), *providers), names=True
    )
    return replace(ORDERS, filters=(SHOW, SEARCH, PROBLEM, provider, ON, SERVICE, CUSTOMER, PARENT))


def page(
    *, panel: Panel, asked: dict[str, str], before: int | None = None, after: int | None = None, limit: int = PAGE
) -> StaffOrderPage:
    """One page of the orders that are asked for by the filters of `listing`."""
    found, exact = _narrowed(panel, asked)
    if before is not None:
        found = found.filter(id__lt=before)
    looked = None
    floor = None
    if after is not None:
        found = found.filter(id__gt=after)
    if not exact:
        found, floor, looked = _window(panel.id, found, before=before, after=after)
    order = "id" if after is not None else "-id"
    rows = list(found.select_related("service", "customer__user").order_by(order)[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    if after is not None:
        rows.reverse()
        return StaffOrderPage(_named(panel.id, rows), rows[-1].id if rows else None, rows[0].id if more else None)
    older = rows[-1].id if more else floor
    newer = rows[0].id if rows and before is not None else None
    return StaffOrderPage(_named(panel.id, rows), older, newer, None if more else looked)


def pages(*, panel: Panel, asked: dict[str, str]) -> Iterator[list[StaffOrderRow]]:
    """All of them, for a file."""
    before, written = None, 0
    for _ in range(WINDOWS_MAX):
        # A file is written while it is sent: the request's own scope is over by then.
        with scope(panel=panel):
            found = page(panel=panel, asked=asked, before=before, limit=500)
        yield found.rows
        written += len(found.rows)
        before = found.older
        if before is None or written >= FILE_MAX:
            return


def counts(panel_id: int) -> dict[str, int]:
    """How many orders have a problem, and how many wait for the panel's own people; at most COUNTED_MAX + 1 each."""
    problem = Order.objects.filter(panel_id=panel_id, problem_code__gt="", ended_at__isnull=True)
    manual = Order.objects.filter(panel_id=panel_id, job=Job.MANUAL.value)
    return {NEEDS_ME: problem[: COUNTED_MAX + 1].count(), MANUAL: manual[: COUNTED_MAX + 1].count()}


def _narrowed(panel: Panel, asked: dict[str, str]) -> tuple[QuerySet[Order], bool]:
    """The orders, and whether an index serves what they are narrowed by."""
    rows: QuerySet[Order] = Order.objects.filter(panel_id=panel.id)
    exact = True
    show = asked["show"]
    if show == NEEDS_ME or asked["problem"]:
        rows = rows.filter(problem_code__gt="", ended_at__isnull=True)
        if asked["problem"]:
            rows = rows.filter(problem_code=asked["problem"])
    if show == MANUAL:
        rows = rows.filter(job=Job.MANUAL.value)
    indexed = bool(asked["problem"]) or show in {NEEDS_ME, MANUAL}
    if asked["customer"].isdecimal():
        rows, indexed = rows.filter(customer_id=min(int(asked["customer"]), ID_MAX)), True
    if asked["parent"].isdecimal():
        rows, indexed = rows.filter(parent_id=min(int(asked["parent"]), ID_MAX)), True
    narrow, served = _others(asked)
    if narrow is not None:
        rows, exact = rows.filter(narrow), indexed or served
    if asked["q"].strip():
        search, found = _searched(panel, asked["q"].strip())
        rows, exact = rows.filter(search), found or (exact and indexed)
    return rows, exact


def _others(asked: dict[str, str]) -> tuple[Q | None, bool]:
    narrow = Q()
    if asked["show"] in STATUS_SLUGS:
        narrow &= Q(status=STATUS_SLUGS[asked["show"]])
    if asked["provider"].isdecimal():
        narrow &= Q(provider_id=int(asked["provider"]))
    if asked["service"].isdecimal():
        narrow &= Q(service__number=min(int(asked["service"]), ID_MAX))
    day = _day(asked["on"])
    if day is not None:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        narrow &= Q(created_at__gte=start, created_at__lt=start + timedelta(days=1))
    return (narrow, False) if narrow else (None, True)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _searched(panel: Panel, text: str) -> tuple[Q, bool]:
    """What a search means, and whether an index serves it. What is found exactly is all that is shown."""
    if "@" in text and "/" not in text:
        emails = Customer.objects.filter(panel_id=panel.id, user__email__istartswith=text)
        ids = list(emails.order_by("id").values_list("id", flat=True)[:SERVICES_MAX])
        return Q(customer_id__in=ids), True
    exact = Q()
    if text.isascii() and text.isdigit() and int(text) <= ID_MAX:
        exact |= Q(id=int(text))
    providers = list(Provider.objects.filter(panel_id=panel.id).values_list("id", flat=True)[:SERVICES_MAX])
    if len(text) <= 100:
        exact |= Q(provider_id__in=providers, upstream_id=text)
    ids = list(Order.objects.filter(exact, panel_id=panel.id).values_list("id", flat=True)[:20]) if exact else []
    if ids:
        return Q(id__in=ids), True
    services = names.find(panel_id=panel.id, version=panel.catalog_version, text=text)[:SERVICES_MAX]
    return Q(link__icontains=text) | Q(service_id__in=services), False


def _window(
    panel_id: int, found: QuerySet[Order], *, before: int | None, after: int | None
) -> tuple[QuerySet[Order], int | None, datetime | None]:
    """The part of the orders that lies in one window, where it ends, and to when it reaches."""
    if after is not None:
        return found, None, None
    rows: QuerySet[Order] = Order.objects.filter(panel_id=panel_id)
    if before is not None:
        rows = rows.filter(id__lt=before)
    edge = rows.order_by("-id").values_list("id", "created_at")[WINDOW - 1 : WINDOW]
    last = next(iter(edge), None)
    if last is None:
        return found, None, None
    return found.filter(id__gte=last[0]), last[0], last[1]


def _named(panel_id: int, rows: Sequence[Order]) -> list[StaffOrderRow]:
    ids = {order.provider_id for order in rows if order.provider_id is not None}
    known = dict(Provider.objects.filter(panel_id=panel_id, id__in=ids).values_list("id", "name")) if ids else {}
    return [StaffOrderRow(order, known.get(order.provider_id or 0, "")) for order in rows]
