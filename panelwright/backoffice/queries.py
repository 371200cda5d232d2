"""What the back office reads beside its lists: what waits for staff. Inside the panel's scope.

Every number is bounded: counts stop at COUNTED_MAX.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count, F, Model, Q, QuerySet

from panelwright.catalog import names
from panelwright.catalog.models import Category, Service
from panelwright.core import paging, sql
from panelwright.core.lists import COUNTED_MAX, whole
from panelwright.core.paging import Found, counted
from panelwright.customers.models import Customer
from panelwright.customers.staff_lists import with_email
from panelwright.orders.models import Order
from panelwright.panels.models import Panel
from panelwright.payments.models import PaymentState
from panelwright.payments.queries import waiting as waiting_payments
from panelwright.promotions.affiliate_queries import refused_commissions, waiting_payouts
from panelwright.providers.models import Provider, ProviderKind, Route
from panelwright.providers.routing.health import FAILURES_MAX
from panelwright.providers.staff_lists import held_routes, waiting_cancels, waiting_refills
from panelwright.providers.staff_orders import FOUND_MAX, UPSTREAM_ID_MAX, manual_orders, problem_orders
from panelwright.support.models import Ticket, TicketState

# Open orders with a problem that are looked at, to be told apart by what is wrong.
PROBLEMS_MAX = COUNTED_MAX + 1
# Where a request keeps what stands beside the entries of the menu.
OFFICE_COUNTS = "office_counts"
Row = TypeVar("Row", bound=Model)


def rows(table: type[Row], panel_id: int) -> QuerySet[Row]:
    """All rows of a table that are the panel's."""
    found: QuerySet[Row] = table._default_manager.filter(panel_id=panel_id)
    return found


def troubled_providers(panel_id: int) -> QuerySet[Provider]:
    """Providers that are low, fail, or whose list cannot be read."""
    rows: QuerySet[Provider] = Provider.objects.filter(panel_id=panel_id, enabled=True, kind=ProviderKind.API)
    low = Q(low_balance_micros__isnull=False, balance_micros__lt=F("low_balance_micros"))
    return rows.filter(low | Q(failures__gte=FAILURES_MAX) | ~Q(problem="") | ~Q(sync_problem_code=""))


class Problems(NamedTuple):
    """Open orders with one problem: how many of the oldest PROBLEMS_MAX, their charge, since when the oldest waits."""

    code: str
    number: int
    charge_micros: int
    since: datetime


def problems_by_code(panel_id: int) -> list[Problems]:
    """The most frequent first."""
    rows = problem_orders(panel_id).order_by("number").values_list("problem_code", "charge_micros", "problem_at")
    found: list[Any] = list(rows[:PROBLEMS_MAX])
    counts = Counter(code for code, _charge, _at in found)
    return [
        Problems(
            code,
            number,
            sum(charge for one, charge, _at in found if one == code),
            min(at for one, _charge, at in found if one == code),
        )
        for code, number in counts.most_common()
    ]


class Waiting(NamedTuple):
    """How many wait, as far as is counted, and since when the oldest of these does; None: nothing waits."""

    number: int
    since: datetime | None


class WaitingWork(NamedTuple):
    """What waits for staff beside problems."""

    manual: Waiting
    refills: Waiting
    cancels: Waiting
    tickets: Waiting
    providers: list[Provider]
    held: Waiting
    # To be approved, and those of which something else has to be decided.
    payments: Waiting
    payment_problems: Waiting
    payouts: Waiting
    commissions: Waiting


def waiting(panel_id: int) -> WaitingWork:
    """For the home page: one query each."""
    tickets = Ticket.objects.filter(panel_id=panel_id, state=TicketState.PENDING).order_by("number")
    return WaitingWork(
        manual=_waiting(manual_orders(panel_id).order_by("number"), "due_at"),
        refills=_waiting(waiting_refills(panel_id), "created_at"),
        cancels=_waiting(waiting_cancels(panel_id), "created_at"),
        tickets=_waiting(tickets, "updated_at"),
        providers=list(troubled_providers(panel_id).order_by("id")[:20]),
        held=_waiting(held_routes(panel_id).order_by("id"), "held_at"),
        **_waiting_payments(panel_id),
        payouts=_waiting(waiting_payouts(panel_id), "at"),
        commissions=_waiting(refused_commissions(panel_id), "at"),
    )


def _waiting_payments(panel_id: int) -> dict[str, Waiting]:
    """As the two tabs of the list tell them apart, in one query."""
    rows = waiting_payments(panel_id).values_list("updated_at", "state", "attention")[: 2 * (COUNTED_MAX + 1)]
    decide = [at for at, state, attention in rows if state == PaymentState.PROBLEM or attention]
    approve = [at for at, state, attention in rows if state != PaymentState.PROBLEM and not attention]
    found = {"payments": approve, "payment_problems": decide}
    return {name: Waiting(min(len(times), COUNTED_MAX + 1), min(times, default=None)) for name, times in found.items()}


def _waiting(found: QuerySet[Any] | Found, since: str) -> Waiting:
    """Of what no index serves those of the first window."""
    if isinstance(found, Found):
        rows = found.rows.order_by(found.key)
        if found.within is not None:
            rows = rows.filter(pk__in=found.within.order_by(found.key).values("pk")[: found.window])
    else:
        rows = found
    times = list(rows.values_list(since, flat=True)[: COUNTED_MAX + 1])
    return Waiting(len(times), min((at for at in times if at is not None), default=None))


class FirstSteps(NamedTuple):
    """What of a panel's beginning is done."""

    look: bool
    provider: bool
    service: bool
    price: bool
    customer: bool
    order: bool
    published: bool

    @property
    def done(self) -> int:
        return sum(self)


_FIRST_STEPS = sql.Query(
    "SELECT (SELECT hue IS NOT NULL OR logo_version <> '' FROM panels_panel WHERE id = ?),"
    " EXISTS (SELECT 1 FROM providers_provider WHERE panel_id = ?),"
    " EXISTS (SELECT 1 FROM catalog_service WHERE panel_id = ? AND enabled),"
    " EXISTS (SELECT 1 FROM providers_route WHERE panel_id = ? AND (markup_percent_e2 > 0 OR markup_fixed_micros > 0))"
    " OR EXISTS (SELECT 1 FROM staff_trailentry WHERE panel_id = ? AND action = 'service.set_rate'),"
    " EXISTS (SELECT 1 FROM customers_customer WHERE panel_id = ?),"
    " EXISTS (SELECT 1 FROM orders_order WHERE panel_id = ?),"
    " EXISTS (SELECT 1 FROM panels_domain WHERE panel_id = ? AND confirmed AND NOT (host = '*'))"
)


def first_steps(panel_id: int) -> FirstSteps:
    """One query; a step is done when there is something to show for it."""
    values = [panel_id] * len(FirstSteps._fields)
    row = _FIRST_STEPS.rows(connection, *values, panel_id)[0]
    return FirstSteps(*map(bool, row))


def menu_counts(panel_id: int) -> dict[str, int]:
    """What stands beside the entries of the menu."""
    tickets = Ticket.objects.filter(panel_id=panel_id, state=TicketState.PENDING)
    return {
        "problems": counted(problem_orders(panel_id)),
        "tickets": counted(tickets),
        "payments": counted(waiting_payments(panel_id)),
    }


class Thing(NamedTuple):
    """Something that a search found: its number, a name, and how it stands, as a word of ours or of a person."""

    number: int
    name: str
    state: str = ""


# Of each kind; and how many of the newest rows a word is looked for in.
THINGS_MAX = 5


def query_of(text: str) -> str:
    return urlencode({"q": text})


def orders_named(panel: Panel, text: str) -> list[Thing]:
    """By number or upstream id, exactly; else by a part of the link among the newest. Three queries at most."""
    every = rows(Order, panel.id).select_related("service", "customer__user")
    number = whole(text)
    exact = Q() if number is None else Q(number=number)
    if len(text) <= UPSTREAM_ID_MAX:
        providers = list(rows(Provider, panel.id).values_list("id", flat=True)[:FOUND_MAX])
        exact |= Q(provider_id__in=providers, upstream_id=text)
    found = list(every.filter(exact).order_by("-number")[:THINGS_MAX]) if exact else []
    if not found and number is None and len(text) >= 4 and "@" not in text.split("/")[0]:
        found = paging.page(Found(every.filter(link__icontains=text), every, key="number"), limit=THINGS_MAX).rows
    return [Thing(order.number, f"{order.service.name} · {order.customer.user.email}", order.status) for order in found]


def tickets_named(panel: Panel, text: str) -> list[Thing]:
    """By number; else by a part of the subject among the newest. Two queries at most."""
    every = rows(Ticket, panel.id).select_related("customer__user")
    number = whole(text)
    if number is not None:
        found = list(every.filter(number=number))
    else:
        found = paging.page(Found(every.filter(title__icontains=text), every, key="number"), limit=THINGS_MAX).rows
    return [Thing(ticket.number, f"{ticket.title} · {ticket.customer.user.email}") for ticket in found]


def customers_named(panel: Panel, text: str) -> list[Thing]:
    """By number, or by how the email begins. Two queries at most."""
    every = rows(Customer, panel.id).select_related("user")
    number = whole(text)
    where = Q(id__in=with_email(panel.id, text)) if number is None else Q(number=number)
    return [Thing(one.number, one.user.email, one.user.name) for one in every.filter(where)[:THINGS_MAX]]


def services_named(panel: Panel, text: str) -> list[Thing]:
    """By number or by words of the name, in memory. Two queries at most."""
    ids = names.find(panel_id=panel.id, version=panel.catalog_version, text=text)
    number = whole(text)
    found = list(rows(Service, panel.id).filter(id__in=ids[:THINGS_MAX])) if ids else []
    return [Thing(one.number, one.name) for one in sorted(found, key=lambda one: one.number != number)]


# ---- the catalogue --------------------------------------------------------------------------------------

# Services of one category that can be put in order on one page.
ARRANGED_MAX = 500
PAGES_MAX = 10_000


class NumberedPage(NamedTuple):
    """A page of what has thousands of rows at most: `number` from 1, `total` of all rows."""

    rows: list[Any]
    number: int
    pages: int
    total: int

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.pages else None


def id_of(text: str) -> int | None:
    """A number of an address or a form; None for what can be none of ours."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def page_number(text: str) -> int:
    """The page that an address asks for."""
    return min(max(int(text), 1), PAGES_MAX) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def page_of(found: QuerySet[Any], number: int, *, size: int) -> NumberedPage:
    """Two queries. Behind the last page there is the last page."""
    count = found.count()
    pages = max(-(-count // size), 1)
    number = min(number, pages)
    return NumberedPage(list(found[(number - 1) * size : number * size]), number, pages, count)


def services_of(panel_id: int, numbers: Collection[int]) -> list[Service]:
    """With their categories, in the order of the numbers."""
    found = Service.objects.filter(panel_id=panel_id, number__in=numbers).select_related("category")
    return list(found.order_by("number"))


def categories(panel_id: int) -> list[Category]:
    """In their order, each with `services`, how many it has."""
    found = Category.objects.filter(panel_id=panel_id).annotate(services=Count("service"))
    return list(found.order_by("position", "id"))


def category_of(panel_id: int, text: str) -> Category | None:
    """The category that an address names, else the first one."""
    found = Category.objects.filter(panel_id=panel_id).order_by("position", "id")
    id_ = id_of(text)
    return (found.filter(id=id_).first() if id_ is not None else None) or found.first()


def services_in(panel_id: int, category_id: int) -> list[Service]:
    """The services of a category in their order, one more than ARRANGED_MAX at most."""
    found = Service.objects.filter(panel_id=panel_id, category_id=category_id).order_by("position", "number")
    return list(found[: ARRANGED_MAX + 1])


def service_numbered(panel_id: int, number: int) -> Service | None:
    """With its category; None where the panel has none."""
    rows = Service.objects.filter(panel_id=panel_id, number=min(number, 2**63 - 1)).select_related("category")
    found: Service | None = rows.first()
    return found


def route_of(panel_id: int, service_id: int, route_id: int | None) -> int:
    """The route's id where it is the service's; else 0, which is none."""
    rows = Route.objects.filter(panel_id=panel_id, service_id=service_id, id=route_id or 0)
    return rows.values_list("id", flat=True).first() or 0


def provider_of(panel_id: int, provider_id: int | None) -> Provider | None:
    """Another panel that delivers here; None for the panel's own people, too."""
    rows = Provider.objects.filter(panel_id=panel_id, id=provider_id or 0, kind=ProviderKind.API.value)
    found: Provider | None = rows.first()
    return found


def api_providers(panel_id: int) -> list[Provider]:
    """Other panels, each with `imported`, how many of its services are sold here."""
    rows = Provider.objects.filter(panel_id=panel_id, kind=ProviderKind.API.value)
    return list(rows.annotate(imported=Count("routes")).order_by("name", "id"))
