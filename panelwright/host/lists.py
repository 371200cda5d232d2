"""The lists of the operators' pages, declared."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing, ListScope

PANELS = Listing(
    name="panels",
    label=gettext_noop("Panels"),
    scope=ListScope.HOST,
    columns=(
        Column("panel", label=gettext_noop("Panel"), place=ColumnPlace.MAIN, value="panel.name", cell="panel"),
        Column("state", label=gettext_noop("Status"), place=ColumnPlace.MARK, value="slug", cell="panel_state"),
        Column("customers", ColumnKind.NUMBER, gettext_noop("Customers"), ColumnPlace.END, says=True),
        Column("today", ColumnKind.NUMBER, gettext_noop("Orders today"), ColumnPlace.END, says=True),
        Column("month", ColumnKind.NUMBER, gettext_noop("Orders in 30 days"), ColumnPlace.END, says=True),
        Column("problems", ColumnKind.NUMBER, gettext_noop("Problems"), ColumnPlace.END, says=True),
        Column("tickets", ColumnKind.NUMBER, gettext_noop("Tickets waiting"), ColumnPlace.END, says=True),
    ),
    filters=(
        Filter(
            "state",
            gettext_noop("Status"),
            (("", gettext_noop("All")), ("open", gettext_noop("Open")), ("suspended", gettext_noop("Suspended"))),
            chips=True,
        ),
        Filter("q", gettext_noop("Search panels"), hint=gettext_noop("Name, short name or domain")),
    ),
    empty=gettext_noop("No panels yet."),
    none_match=gettext_noop("No panels match your filters."),
)

TRAIL = Listing(
    name="host_trail",
    label=gettext_noop("Audit trail"),
    scope=ListScope.HOST,
    columns=(
        Column("at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.FIRST),
        Column("action", label=gettext_noop("Change"), place=ColumnPlace.MAIN, cell="host_change"),
        Column("panel", label=gettext_noop("Panel"), place=ColumnPlace.LEFT, value="panel_id", cell="host_panel"),
        Column("actor_name", label=gettext_noop("Who"), place=ColumnPlace.LEFT),
        Column("address", label=gettext_noop("Address"), place=ColumnPlace.END),
    ),
    empty=gettext_noop("No changes yet."),
    none_match=gettext_noop("No changes match your filters."),
)

BLOCKS = Listing(
    name="host_blocks",
    label=gettext_noop("Blocks on all panels"),
    scope=ListScope.HOST,
    columns=(
        Column("text", label=gettext_noop("Text"), place=ColumnPlace.MAIN),
        Column("kind", label=gettext_noop("Kind"), place=ColumnPlace.LEFT, cell="block_kind"),
        Column("note", label=gettext_noop("Note"), place=ColumnPlace.END),
        Column("created_at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.FIRST),
        Column("remove", place=ColumnPlace.ACT, value="id", cell="block_remove", file=False),
    ),
    filters=(Filter("q", gettext_noop("Search blocks"), hint=gettext_noop("Text")),),
    empty=gettext_noop("No blocks yet. Block links, sites and words that nobody may order for."),
    none_match=gettext_noop("No blocks match your filters."),
)
