"""What the back office reads beside its lists: what waits for staff, and how the day goes. Inside the panel's scope.

Every number is bounded: counts stop at COUNTED_MAX, sums look at the newest ROWS_MAX rows and say so.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count, F, Model, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from panelwright.catalog.models import Service
from panelwright.core import clock
from panelwright.core.lists import COUNTED_MAX
from panelwright.core.paging import counted
from panelwright.customers.models import Customer
from panelwright.ledger.models import Account, AccountKind, Transfer, TransferCode
from panelwright.orders.models import Order, OrderKind
from panelwright.providers.models import Provider, ProviderKind
from panelwright.providers.routing.health import FAILURES_MAX
from panelwright.providers.staff_lists import held_routes, waiting_cancels, waiting_refills
from panelwright.providers.staff_orders import manual_orders, problem_orders
from panelwright.support.models import Ticket, TicketState

# Open orders with a problem that are looked at, to be told apart by what is wrong.
PROBLEMS_MAX = COUNTED_MAX + 1
# Where a request keeps what stands beside the entries of the menu.
OFFICE_COUNTS = "office_counts"
Row = TypeVar("Row", bound=Model)
ROWS_MAX = 20_000


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


class WaitingWork(NamedTuple):
    """What waits for staff beside problems."""

    manual: int
    refills: int
    cancels: int
    tickets: int
    providers: list[Provider]
    held: int


def waiting(panel_id: int) -> WaitingWork:
    """Counts for the home page: one query each."""
    tickets = Ticket.objects.filter(panel_id=panel_id, state=TicketState.PENDING)
    return WaitingWork(
        manual=counted(manual_orders(panel_id)),
        refills=counted(waiting_refills(panel_id)),
        cancels=counted(waiting_cancels(panel_id)),
        tickets=counted(tickets),
        providers=list(troubled_providers(panel_id).order_by("id")[:20]),
        held=counted(held_routes(panel_id)),
    )


class DayFigures(NamedTuple):
    """Orders placed, what of their charges is kept, what they cost as far as known, and refunds, all in micros."""

    orders: int = 0
    revenue: int = 0
    cost: int = 0
    refunds: int = 0

    @property
    def profit(self) -> int:
        return self.revenue - self.cost


class Days(NamedTuple):
    """Today, yesterday until this time, and yesterday whole. `partly`: there are more rows than were added up."""

    today: DayFigures
    so_far: DayFigures
    yesterday: DayFigures
    partly: bool


def days(panel_id: int) -> Days:
    """In the visitor's time zone, from the newest ROWS_MAX orders and refunds. A run is charged with its drip-feed."""
    now = timezone.localtime(clock.now())
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start = today - timedelta(days=1)
    spans = {"today": (today, None), "so_far": (start, now - timedelta(days=1)), "yesterday": (start, today)}
    sales = Account.objects.filter(panel_id=panel_id, kind=AccountKind.SALES).values_list("id", flat=True).first()
    orders, partly = _newest(Order.objects.filter(panel_id=panel_id), start, by="number")
    debits = Transfer.objects.filter(panel_id=panel_id, debit_account_id=sales or 0, code=TransferCode.REFUND)
    refunds, more = _newest(debits, start)
    sums: dict[str, Any] = {}
    for name, (first, last) in spans.items():
        within = Q(created_at__gte=first) & (Q(created_at__lt=last) if last else Q())
        sums |= {
            f"{name}_orders": Count("id", filter=within & Q(parent_id=None)),
            f"{name}_revenue": Sum("charge_micros", filter=within),
            # A drip-feed's cost is the sum of its runs', which are counted themselves.
            f"{name}_cost": Sum(
                Coalesce(F("cost_micros"), 0) + F("past_cost_micros"), filter=within & ~Q(kind=OrderKind.DRIP_FEED)
            ),
        }
    given = {
        f"{name}_refunds": Sum(
            "amount_micros", filter=Q(created_at__gte=first) & (Q(created_at__lt=last) if last else Q())
        )
        for name, (first, last) in spans.items()
    }
    found = {**orders.aggregate(**sums), **refunds.aggregate(**given)}
    made = {name: DayFigures(*(int(found[f"{name}_{part}"] or 0) for part in DayFigures._fields)) for name in spans}
    return Days(**made, partly=partly or more)


def _newest(rows: QuerySet[Any], start: datetime, *, by: str = "id") -> tuple[QuerySet[Any], bool]:
    """Those since `start` among the newest ROWS_MAX rows, and whether there are more of them."""
    edge = rows.order_by(f"-{by}").values_list(by, "created_at")[ROWS_MAX - 1 : ROWS_MAX]
    last = next(iter(edge), None)
    if last is None:
        return rows.filter(created_at__gte=start), False
    return rows.filter(**{f"{by}__gte": last[0]}, created_at__gte=start), bool(last[1] >= start)


class FirstSteps(NamedTuple):
    """What of a panel's beginning is done."""

    provider: bool
    service: bool
    customer: bool
    order: bool

    @property
    def done(self) -> bool:
        return all(self)


def first_steps(panel_id: int) -> FirstSteps:
    """One query each, and none more once there is an order."""
    if Order.objects.filter(panel_id=panel_id).exists():
        return FirstSteps(provider=True, service=True, customer=True, order=True)
    return FirstSteps(
        provider=Provider.objects.filter(panel_id=panel_id).exists(),
        service=Service.objects.filter(panel_id=panel_id, enabled=True).exists(),
        customer=Customer.objects.filter(panel_id=panel_id).exists(),
        order=False,
    )


def menu_counts(panel_id: int) -> dict[str, int]:
    """What stands beside the entries of the menu."""
    tickets = Ticket.objects.filter(panel_id=panel_id, state=TicketState.PENDING)
    return {"problems": counted(problem_orders(panel_id)), "tickets": counted(tickets)}
