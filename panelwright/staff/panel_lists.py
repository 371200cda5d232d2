"""The lists of a panel's blocks and domains, declared."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.panels.models import Block, BlockKind, Domain, Panel
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right

BLOCK_KINDS = {
    BlockKind.EXACT: gettext_noop("Link"),
    BlockKind.DOMAIN: gettext_noop("Website"),
    BlockKind.PATTERN: gettext_noop("Pattern"),
    BlockKind.WORD: gettext_noop("Word"),
}

BLOCKS = Listing(
    name="blocks",
    label=gettext_noop("Blocks"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("text", label=gettext_noop("Text"), place=ColumnPlace.MAIN),
        Column("kind", label=gettext_noop("Kind"), place=ColumnPlace.LEFT, cell="kind"),
        Column("note", label=gettext_noop("Note"), place=ColumnPlace.END),
        Column("created_at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.FIRST),
        Column("actions", place=ColumnPlace.ACT, cell="block_actions", file=False),
    ),
    filters=(
        Filter(
            "kind",
            gettext_noop("Kind"),
            (("", gettext_noop("All")), *((kind.value, label) for kind, label in BLOCK_KINDS.items())),
            chips=True,
            where=lambda panel, kind: Narrowing(sought=Q(kind=kind)),
        ),
        Filter(
            "q",
            gettext_noop("Search blocks"),
            hint=gettext_noop("Text"),
            where=lambda panel, text: Narrowing(sought=Q(text__icontains=text)),
        ),
    ),
    empty=gettext_noop("No blocks yet. Block links, sites and words that nobody may order for."),
    none_match=gettext_noop("No blocks match your filters."),
)


DOMAINS = Listing(
    name="domains",
    label=gettext_noop("Domains"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("host", label=gettext_noop("Host"), place=ColumnPlace.MAIN, cell="domain"),
        Column("port", ColumnKind.NUMBER),
        Column("confirmed", ColumnKind.FLAG),
        Column("arrives", label=gettext_noop("Arrives"), place=ColumnPlace.FIRST, cell="arrives"),
        Column("checked_at", ColumnKind.TIME, gettext_noop("Checked"), ColumnPlace.LEFT, empty=True),
        Column("check", place=ColumnPlace.END, value="id", cell="domain_check", file=False),
        offers("domain"),
    ),
    filters=(),
    empty=gettext_noop("No domains yet."),
    none_match=gettext_noop("No domains yet."),
)


def _blocks(panel: Panel) -> Found:
    return Found(Block.objects.filter(panel_id=panel.id))


def _domains(panel: Panel) -> Found:
    return Found(Domain.objects.filter(panel_id=panel.id), small=True)


LISTS = (
    StaffList(BLOCKS, "block", Right.SETTINGS, _blocks),
    StaffList(DOMAINS, "domain", Right.SETTINGS, _domains),
)
