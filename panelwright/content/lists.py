"""The list of a panel's pages, declared."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Listing, ListScope

PAGES = Listing(
    name="pages",
    label=gettext_noop("Pages"),
    scope=ListScope.PANEL,
    columns=(
        Column("title", label=gettext_noop("Title"), place=ColumnPlace.MAIN, cell="content_page"),
        Column("languages", label=gettext_noop("Languages"), place=ColumnPlace.LEFT, cell="content_languages"),
        Column("in_menu", ColumnKind.FLAG, gettext_noop("In the menu"), ColumnPlace.MARK, cell="content_menu"),
        Column("updated_at", ColumnKind.TIME, gettext_noop("Updated"), ColumnPlace.END, empty=True),
    ),
)
