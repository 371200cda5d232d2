"""The changes that bulk work made, as rows that can be selected: what undo of the whole goes through."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, Filter, FilterKind, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.panels.models import Panel
from panelwright.staff import undoing
from panelwright.staff.bulk_lists import NOTHING, work_id
from panelwright.staff.lists import StaffList
from panelwright.staff.models import TrailEntry

CHANGES = Listing(
    name=undoing.CHANGES,
    label=gettext_noop("Changes"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("action"),
        Column("object", value=lambda row: row.object_kind),
        Column("target", ColumnKind.ID, value=lambda row: row.object_id, empty=True),
        Column("at", ColumnKind.TIME),
    ),
    filters=(
        Filter(
            "bulk",
            gettext_noop("Bulk action"),
            kind=FilterKind.NUMBER,
            hidden=True,
            where=lambda panel, number: Narrowing(served=Q(bulk_id=work_id(panel.id, number))),
            unasked=lambda panel, values: NOTHING,
        ),
    ),
    empty=gettext_noop("No changes."),
)


def _changes(panel: Panel) -> Found:
    """Of one bulk work. What takes a change back is no change of this kind."""
    return Found(TrailEntry.objects.filter(panel_id=panel.id).exclude(action=undoing.UNDO), moment="at")


LISTS = (StaffList(CHANGES, undoing.CHANGE, None, _changes, programs=False, one=False),)
