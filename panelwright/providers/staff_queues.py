"""The lists of what the panel's own people deliver, and of drip-feeds and subscriptions, for staff, declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter

from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.lookups import Exact
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.orders.models import OrderKind, Schedule
from panelwright.panels.models import Panel
from panelwright.providers.staff_orders import manual_orders
from panelwright.staff.actor import Actor
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.models import TrailEntry
from panelwright.staff.rights import Right

# ---- what the panel's own people deliver -------------------------------------------------------------------

NEW, BEGUN, MINE = "new", "begun", "mine"


def _work_shown(panel: Panel, show: str) -> Narrowing:
    if show == MINE:
        return Narrowing(sought=~Q(status="Pending"))
    return Narrowing(sought=Q(status="Pending") if show == NEW else ~Q(status="Pending"))


def _begun_by(panel: Panel, staff_id: int) -> Narrowing:
    """Who began with it last, by the trail: their own hands or a program with their key."""
    began = TrailEntry.objects.filter(
        panel_id=panel.id, object_kind="order", object_id=OuterRef("number"), action="order.start"
    )
    last = Subquery(began.order_by("-id").values("actor_id")[:1])
    return Narrowing(sought=Q(Exact(last, Value(staff_id))))


def _whoever_looks(actor: Actor, asked: Mapping[str, str]) -> dict[str, str]:
    return {"by": str(actor.id or 0) if asked.get("show") == MINE else ""}


WORK = Listing(
    name="work",
    label=gettext_noop("Work queue"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("Order"), ColumnPlace.FIRST, value=attrgetter("number"), cell="work"),
        Column("status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK),
        Column(
            "service_name",
            label=gettext_noop("Service and link"),
            place=ColumnPlace.MAIN,
            value=lambda row: row.service.name,
            cell="work_link",
        ),
        Column("link"),
        Column("quantity", ColumnKind.NUMBER, gettext_noop("Quantity"), ColumnPlace.LEFT, says=True),
        Column("start_count", ColumnKind.NUMBER, empty=True),
        Column("remains", ColumnKind.NUMBER, gettext_noop("Remains"), ColumnPlace.LEFT, says=True),
        Column("created_at", ColumnKind.TIME),
        Column("waiting_since", ColumnKind.TIME, value=attrgetter("due_at")),
        Column("do", label=gettext_noop("Next step"), place=ColumnPlace.END, cell="work_do", file=False),
        offers("order", attrgetter("number")),
    ),
    filters=(
        Filter(
            "show",
            gettext_noop("Show"),
            (
                ("", gettext_noop("All")),
                (NEW, gettext_noop("Not started")),
                (BEGUN, gettext_noop("Started")),
                (MINE, gettext_noop("Mine")),
            ),
            chips=True,
            where=_work_shown,
        ),
        # Of "mine": who looks at the list.
        Filter("by", gettext_noop("Started by"), kind=FilterKind.NUMBER, hidden=True, inner=True, where=_begun_by),
        Filter(
            "service",
            gettext_noop("Service"),
            kind=FilterKind.NUMBER,
            hint=gettext_noop("Service ID"),
            where=lambda panel, number: Narrowing(sought=Q(service__number=number)),
        ),
    ),
    empty=gettext_noop("Nothing to deliver. Orders of services that your own people deliver will wait here."),
    none_match=gettext_noop("No orders match your filters."),
)


def _work(panel: Panel) -> Found:
    """The oldest first: who came first is served first."""
    rows = manual_orders(panel.id).select_related("service", "cancel", "schedule")
    return Found(rows, oldest_first=True, key="number")


# ---- drip-feeds and subscriptions --------------------------------------------------------------------------

OPEN, PAUSED, ENDED = "open", "paused", "ended"


def _schedules_shown(panel: Panel, show: str) -> Narrowing:
    if show == ENDED:
        return Narrowing(sought=Q(order__ended_at__isnull=False))
    paused = Q(paused_at__isnull=False) | ~Q(pause_reason="")
    return Narrowing(sought=Q(order__ended_at=None) & (paused if show == PAUSED else Q()))


def _listing(name: str, label: str, done: Column, empty: str) -> Listing:
    return Listing(
        name=name,
        label=label,
        scope=ListScope.PANEL,
        columns=(
            Column(
                "id",
                ColumnKind.ID,
                gettext_noop("Order"),
                ColumnPlace.FIRST,
                value=lambda row: row.order.number,
                cell="of_schedule",
            ),
            Column(
                "status",
                ColumnKind.STATUS,
                gettext_noop("Status"),
                ColumnPlace.MARK,
                value=lambda row: row.order.status,
                cell="schedule_status",
            ),
            Column(
                "service_name",
                label=gettext_noop("Service and link"),
                place=ColumnPlace.MAIN,
                value=lambda row: row.order.service.name,
                cell="schedule_link",
            ),
            Column("link", value=lambda row: row.username or row.order.link),
            Column(
                "customer",
                label=gettext_noop("Customer"),
                place=ColumnPlace.LEFT,
                value=lambda row: row.order.customer.user.email,
            ),
            done,
            Column(
                "next_at",
                ColumnKind.TIME,
                gettext_noop("Next"),
                ColumnPlace.LEFT,
                value=lambda row: row.order.due_at,
                says=True,
                empty=True,
            ),
            Column("paused_at", ColumnKind.TIME, empty=True),
            Column("pause_reason"),
            Column(
                "charge",
                ColumnKind.MONEY,
                gettext_noop("Charge"),
                ColumnPlace.END,
                value=lambda row: row.order.charge_micros,
            ),
            Column("created_at", ColumnKind.TIME, value=lambda row: row.order.created_at),
            Column("ended_at", ColumnKind.TIME, value=lambda row: row.order.ended_at, empty=True),
            offers("order", attrgetter("order.number"), about=attrgetter("order")),
        ),
        filters=(
            Filter(
                "show",
                gettext_noop("Show"),
                (
                    ("", gettext_noop("All")),
                    (OPEN, gettext_noop("In progress")),
                    (PAUSED, gettext_noop("Paused")),
                    (ENDED, gettext_noop("Ended")),
                ),
                chips=True,
                where=_schedules_shown,
            ),
            Filter(
                "service",
                gettext_noop("Service"),
                kind=FilterKind.NUMBER,
                hint=gettext_noop("Service ID"),
                where=lambda panel, number: Narrowing(sought=Q(order__service__number=number)),
            ),
        ),
        empty=empty,
        none_match=gettext_noop("No orders match your filters."),
    )


DRIP_FEEDS = _listing(
    "dripfeeds",
    gettext_noop("Drip-feeds"),
    Column(
        "runs",
        label=gettext_noop("Runs"),
        place=ColumnPlace.LEFT,
        value=lambda row: f"{row.runs_done}/{row.runs}",
        says=True,
    ),
    gettext_noop("No drip-feeds yet. Customers order them where a service allows it."),
)
SUBSCRIPTIONS = _listing(
    "subscriptions",
    gettext_noop("Subscriptions"),
    Column(
        "posts",
        label=gettext_noop("Posts"),
        place=ColumnPlace.LEFT,
        value=lambda row: f"{row.posts_done}/{row.posts or '∞'}",
        says=True,
    ),
    gettext_noop("No subscriptions yet. Customers order them from services of this type."),
)


def _schedules(kind: OrderKind) -> Callable[[Panel], Found]:
    def find(panel: Panel) -> Found:
        """By the index of the panel's schedules, among which those of one kind are looked for."""
        every: QuerySet[Schedule] = Schedule.objects.filter(panel_id=panel.id)
        every = every.select_related("order__service", "order__customer__user", "order__cancel", "order__schedule")
        rows = every.filter(runs__gt=0) if kind is OrderKind.DRIP_FEED else every.filter(runs=0)
        return Found(rows, within=every, key="number", moment="order__created_at")

    return find


_OF_ORDER = attrgetter("order.number")
LISTS = (
    StaffList(WORK, "order", Right.ORDERS_READ, _work, target=attrgetter("number"), one=False, narrow=_whoever_looks),
    StaffList(DRIP_FEEDS, "order", Right.ORDERS_READ, _schedules(OrderKind.DRIP_FEED), target=_OF_ORDER, one=False),
    StaffList(
        SUBSCRIPTIONS, "order", Right.ORDERS_READ, _schedules(OrderKind.SUBSCRIPTION), target=_OF_ORDER, one=False
    ),
)
