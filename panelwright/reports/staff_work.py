"""How much staff did, by the audit trail."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count

from panelwright.panels.models import Panel
from panelwright.reports.calendar import starts_at
from panelwright.reports.periods import Period
from panelwright.reports.queries import zone_of
from panelwright.staff.models import TrailEntry

# So many entries, the newest of the panel, are looked at.
ENTRIES_MAX = 20_000
LINES_MAX = 300


class WorkDone(NamedTuple):
    """How often somebody did an action, as an Actor: `actor_id` is of its kind."""

    name: str
    actor_kind: str
    actor_id: int | None
    action: str
    times: int


def actions_by_person(panel: Panel, period: Period) -> tuple[list[WorkDone], bool]:
    """By person and action, the most frequent first; and whether the period has more entries than are looked at."""
    zone = zone_of(panel)
    first, last = starts_at(period.first, zone), starts_at(period.last + timedelta(days=1), zone)
    entries = TrailEntry.objects.filter(panel_id=panel.id)
    edge = list(entries.order_by("-id").values_list("id", "at")[ENTRIES_MAX - 1 : ENTRIES_MAX])
    if edge:
        entries = entries.filter(id__gte=edge[0][0])
    rows = (
        entries.filter(at__gte=first, at__lt=last)
        .values_list("actor_name", "actor_kind", "actor_id", "action")
        .annotate(times=Count("id"))
        .order_by("-times", "actor_name", "action")[:LINES_MAX]
    )
    return [WorkDone(*row) for row in rows], bool(edge) and edge[0][1] > first
