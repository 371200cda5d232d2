"""What operators are shown of all panels: the one place where the product's pages read rows of many panels at once.

Numbers of panels stand beside each other here, and no customer's or order's row of any is shown. Statements by hand
(store.py) name the panel of each row, and what the ORM asks over all panels is asked within `scopes_disabled`: here and
in few other places (tests/host/test_across_panels.py). Counts stop at COUNTED_MAX.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q
from django_scopes import scopes_disabled

from panelwright.core import clock, paging, sql
from panelwright.core.lists import count_text
from panelwright.core.paging import Found, ListPage, Narrowing
from panelwright.customers.models import Staff
from panelwright.host import store
from panelwright.host.models import Operator, WorkerBeat
from panelwright.panels.models import Domain, HostBlock, Panel
from panelwright.reports import side_by_side
from panelwright.staff.models import TrailEntry
from panelwright.staff.rights import Role


class PanelRow(NamedTuple):
    """A panel on the operators' list. Counts are texts that stop at "999+". `revenue_micros`: of 30 days, without what
    was refunded, in the panel's currency."""

    panel: Panel
    customers: str
    today: int
    month: int
    problems: str
    tickets: str
    revenue_micros: int = 0

    @property
    def slug(self) -> str:
        return str(self.panel.slug)

    @property
    def troubled(self) -> bool:
        return self.problems != "0"


def panels(asked: Mapping[str, str], *, further: int | None, back: int | None) -> ListPage:
    """A page of the panels: by id, the newest first."""
    rows = Panel.objects.all()
    if text := asked.get("q", ""):
        with scopes_disabled():
            there = Domain.objects.filter(host__icontains=text, panel_id__isnull=False).values("panel_id")
            rows = rows.filter(Q(slug__icontains=text) | Q(name__icontains=text) | Q(id__in=list(_ids(there))))
    if state := asked.get("state", ""):
        rows = rows.filter(suspended_at__isnull=state == "open")
    found = paging.page(Found(rows, small=True), further=further, back=back)
    return found._replace(rows=rows_of(found.rows))


def _ids(rows: Any) -> Sequence[int]:
    return [row["panel_id"] for row in rows[:1000]]


def rows_of(found: Sequence[Panel], *, now: datetime | None = None) -> list[PanelRow]:
    """Two queries, whatever the number of panels."""
    figures = side_by_side.figures(found, now or clock.now())
    return [
        PanelRow(
            panel,
            count_text(figures[panel.id].customers),
            figures[panel.id].today,
            figures[panel.id].month,
            count_text(figures[panel.id].problems),
            count_text(figures[panel.id].tickets),
            figures[panel.id].revenue_micros,
        )
        for panel in found
    ]


def panel_of(slug: str) -> Panel | None:
    return Panel.objects.filter(slug=slug).first()


class Queue(NamedTuple):
    """What is due and was not done yet: of one kind, how many of those that were looked at, and since when."""

    panel_id: int
    kind: str
    number: int
    since: datetime

    def age(self, now: datetime) -> timedelta:
        return max(now - self.since, timedelta(0))


def queues(now: datetime) -> list[Queue]:
    """Of all panels: orders to be sent and polled, runs to be started, letters. The oldest first."""
    at = sql.moment(connection, now)
    found = [
        Queue(panel_id, job, int(number), _aware(since))
        for panel_id, job, number, since in store.DUE.rows(connection, ["forward", "sending", "poll", "schedule"], at)
    ]
    for kind, asked in (("mail", store.MAIL), ("webhook", store.WEBHOOKS)):
        found += [Queue(row[0], kind, int(row[1]), _aware(row[2])) for row in asked.rows(connection, at)]
    return sorted(found, key=lambda queue: queue.since)


def panels_by_id(ids: Iterable[int]) -> dict[int, Panel]:
    return {panel.id: panel for panel in Panel.objects.filter(id__in=set(ids))}


def database() -> tuple[str, int]:
    """Which database server, with its version, and how many bytes the database has."""
    vendor = connection.vendor
    version = str(store.SERVER[vendor].rows(connection)[0][0]).split()[0]
    return f"{connection.display_name} {version}", int(store.SIZE[vendor].rows(connection)[0][0])


class PanelStorage(NamedTuple):
    """What a panel takes of the database. `orders`: about as many as it has given numbers to; `share_bytes`: its part
    of the database by them, the files apart from that."""

    orders: int
    files: int
    files_bytes: int
    share_bytes: int


def storage(of: Panel) -> PanelStorage:
    """Three statements, none of which counts orders."""
    orders = {row[0]: 0 if row[1] is None else row[2] - row[1] + 1 for row in store.ORDERS.rows(connection)}
    files = [(int(number), int(size)) for number, size in store.FILES.rows(connection, of.id, of.id)]
    mine, every = orders.get(of.id, 0), sum(orders.values())
    _server, size = database()
    share = size * mine // every if every else 0
    return PanelStorage(mine, sum(number for number, _ in files), sum(size for _, size in files), share)


def beats() -> list[WorkerBeat]:
    """Of the workers that were heard of in the last day, the one that was heard of last first."""
    return list(WorkerBeat.objects.order_by("-seen_at")[:50])


def blocks(text: str, *, further: int | None, back: int | None) -> ListPage:
    """What is blocked on all panels, the newest first."""
    asks = [Narrowing(sought=Q(text__icontains=text))] if text else []
    return paging.page(paging.narrowed(Found(HostBlock.objects.all()), asks), further=further, back=back)


def _aware(held: object) -> datetime:
    found = sql.aware(held)
    assert found is not None  # the statements ask for rows that are due
    return found


def domains_of(panel: Panel) -> list[Domain]:
    with scopes_disabled():
        return list(Domain.objects.filter(panel_id=panel.id).order_by("id")[:100])


def waiting_domains() -> list[Domain]:
    """Those that panels have named and no operator has confirmed, of all panels."""
    with scopes_disabled():
        return list(Domain.objects.filter(confirmed=False).select_related("panel").order_by("id")[:100])


def owners_of(panel: Panel) -> list[Staff]:
    with scopes_disabled():
        rows = Staff.objects.filter(panel_id=panel.id, role=Role.OWNER.value, user__is_active=True)
        return list(rows.select_related("user").order_by("id")[:20])


def trail(*, panel: Panel | None = None, further: int | None = None, back: int | None = None) -> ListPage:
    """What operators did, over all panels or on one, the newest first."""
    with scopes_disabled():
        rows = TrailEntry.objects.filter(actor_id=None).select_related("panel")
        if panel is not None:
            rows = rows.filter(panel_id=panel.id)
        return paging.page(Found(rows, moment="at"), further=further, back=back)


def operators() -> list[Operator]:
    return list(Operator.objects.order_by("email")[:200])
