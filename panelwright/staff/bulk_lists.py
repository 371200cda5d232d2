"""The lists of a panel's bulk work, and of the objects that were left out of it, declared.

Whoever looks sees the work on the lists that they may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from django.db.models import Q
from django.utils.translation import gettext_noop

from panelwright.core import refusals
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.panels.models import Panel
from panelwright.staff import bulk
from panelwright.staff.actor import Actor
from panelwright.staff.lists import StaffList, all_lists
from panelwright.staff.models import BulkMiss, BulkState, BulkWork

NOTHING = Narrowing(served=Q(pk__in=()), few=9)


def _on_lists(column: str) -> Filter:
    """The lists that whoever looks may read; nothing where that is not said."""
    return Filter(
        "lists",
        gettext_noop("Lists"),
        hidden=True,
        inner=True,
        most=2_000,
        where=lambda panel, names: Narrowing(sought=Q((f"{column}__in", names.split(",")))),
        unasked=lambda panel, values: NOTHING,
    )


BULK = Listing(
    name="bulk",
    label=gettext_noop("Bulk actions"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("Number"), ColumnPlace.FIRST, value=attrgetter("number"), cell="bulk"),
        Column("list", value=attrgetter("list_name")),
        Column("action", label=gettext_noop("Action"), place=ColumnPlace.MAIN, cell="bulk_action"),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="bulk_state"),
        Column("total", ColumnKind.NUMBER, gettext_noop("Selected"), ColumnPlace.LEFT, says=True),
        Column("done", ColumnKind.NUMBER, gettext_noop("Done"), ColumnPlace.LEFT, says=True),
        Column("skipped", ColumnKind.NUMBER, gettext_noop("Skipped"), ColumnPlace.LEFT, says=True),
        Column("failed", ColumnKind.NUMBER, gettext_noop("Failed"), ColumnPlace.LEFT, says=True),
        Column("refunded", ColumnKind.MONEY, gettext_noop("Refunded"), ColumnPlace.END, attrgetter("refund_micros")),
        Column("charged", ColumnKind.MONEY, value=attrgetter("charge_micros")),
        Column("by", value=attrgetter("actor_name")),
        Column("created_at", ColumnKind.TIME),
        Column("ended_at", ColumnKind.TIME, empty=True),
    ),
    filters=(
        Filter(
            "state",
            gettext_noop("State"),
            (
                ("", gettext_noop("All")),
                (BulkState.RUNNING.value, gettext_noop("Running")),
                (BulkState.DONE.value, gettext_noop("Done")),
                (BulkState.STOPPED.value, gettext_noop("Stopped")),
            ),
            chips=True,
            where=lambda panel, state: Narrowing(sought=Q(state=state)),
        ),
        _on_lists("list_name"),
    ),
    empty=gettext_noop("No bulk actions yet. Select rows in a list to change them all at once."),
    none_match=gettext_noop("No bulk actions match your filters."),
)

MISSES = Listing(
    name="bulk_misses",
    label=gettext_noop("Left out"),
    scope=ListScope.PANEL,
    columns=(
        Column("work", ColumnKind.ID, value=lambda row: row.work.number),
        Column("kind", value=lambda row: row.work.action.partition(".")[0]),
        Column("target", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST, cell="bulk_target"),
        Column("failed", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="bulk_failed"),
        Column("code"),
        Column(
            "why",
            label=gettext_noop("Reason"),
            place=ColumnPlace.MAIN,
            value=lambda row: refusals.page(bulk.refusal_of(row)),
            cell="bulk_why",
        ),
        Column("at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.END),
    ),
    filters=(
        Filter(
            "work",
            gettext_noop("Bulk action"),
            kind=FilterKind.NUMBER,
            hidden=True,
            where=lambda panel, number: Narrowing(served=Q(work_id=work_id(panel.id, number))),
            unasked=lambda panel, values: NOTHING,
        ),
        Filter(
            "show",
            gettext_noop("Show"),
            (("", gettext_noop("All")), ("failed", gettext_noop("Failed")), ("skipped", gettext_noop("Skipped"))),
            chips=True,
            where=lambda panel, show: Narrowing(sought=Q(failed=show == "failed")),
        ),
        _on_lists("work__list_name"),
    ),
    empty=gettext_noop("Nothing was left out."),
    none_match=gettext_noop("Nothing was left out."),
)


def _of_actor(actor: Actor, asked: Mapping[str, str]) -> dict[str, str]:
    return {"lists": ",".join(name for name, of in all_lists().items() if actor.may(of.right))}


def _bulk(panel: Panel) -> Found:
    return Found(BulkWork.objects.filter(panel_id=panel.id), key="number")


def _misses(panel: Panel) -> Found:
    """Of one work, in the order of the objects."""
    every = BulkMiss.objects.filter(panel_id=panel.id).select_related("work")
    return Found(every, oldest_first=True, key="target", moment="at")


def work_id(panel_id: int, number: int) -> int:
    """0: there is none."""
    found = bulk.work_numbered(panel_id, number)
    return 0 if found is None else found.id


LISTS = (
    StaffList(BULK, "bulk", None, _bulk, target=attrgetter("number"), narrow=_of_actor, one=True),
    StaffList(MISSES, "", None, _misses, narrow=_of_actor, one=False),
)
