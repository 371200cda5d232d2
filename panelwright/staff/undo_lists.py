"""The changes that bulk work made, as rows that can be selected: what undo of the whole goes through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, Filter, FilterKind, Listing, ListScope
from panelwright.core.paging import Found
from panelwright.panels.models import Panel
from panelwright.staff import undoing
from panelwright.staff.bulk_lists import work_id
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
    filters=(Filter("bulk", gettext_noop("Bulk action"), kind=FilterKind.NUMBER, hidden=True),),
    empty=gettext_noop("No changes."),
)


def _changes(panel: Panel, asked: Mapping[str, Any]) -> Found:
    """Of one bulk work; without it none. What takes a change back is no change of this kind."""
    of_work = 0 if asked["bulk"] is None else work_id(panel.id, asked["bulk"])
    rows = TrailEntry.objects.filter(panel_id=panel.id, bulk_id=of_work).exclude(action=undoing.UNDO)
    return Found(rows, moment="at")


LISTS = (StaffList(CHANGES, undoing.CHANGE, None, _changes, programs=False, one=False),)
