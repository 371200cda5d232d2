"""The lists of price lists and link patterns, declared. That of services knows routes: providers/staff_lists.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.catalog.models import LinkPattern
from panelwright.core.lists import Column, ColumnKind, Listing, ListScope
from panelwright.core.paging import Found
from panelwright.customers.models import PriceList
from panelwright.panels.models import Panel
from panelwright.staff.lists import StaffList
from panelwright.staff.rights import Right

PRICE_LISTS = Listing(
    name="price_lists",
    label=gettext_noop("Price lists"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("name"),
        Column("percent_off", value=lambda row: f"{row.percent_off_e2 / 100:.2f}"),
    ),
)
LINK_PATTERNS = Listing(
    name="link_patterns",
    label=gettext_noop("Link patterns"),
    scope=ListScope.PANEL,
    columns=(Column("id", ColumnKind.ID), Column("host"), Column("path"), Column("kinds")),
)


def _price_lists(panel: Panel, asked: Mapping[str, Any]) -> Found:
    return Found(PriceList.objects.filter(panel_id=panel.id))


def _link_patterns(panel: Panel, asked: Mapping[str, Any]) -> Found:
    return Found(LinkPattern.objects.filter(panel_id=panel.id))


LISTS = (
    StaffList(PRICE_LISTS, "price_list", Right.CUSTOMERS_READ, _price_lists),
    StaffList(LINK_PATTERNS, "link_pattern", Right.SERVICES, _link_patterns),
)
