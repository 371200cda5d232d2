"""The lists of price lists and link patterns, declared. That of services knows routes: providers/staff_lists.py."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.catalog.models import Category, LinkPattern, PriceListPercent, PriceListRate
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.customers.models import Customer, PriceList
from panelwright.panels.models import Panel
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right

PRICE_LISTS = Listing(
    name="price_lists",
    label=gettext_noop("Price lists"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("name", label=gettext_noop("Name"), place=ColumnPlace.MAIN),
        Column("personal", ColumnKind.FLAG),
        Column(
            "percent_off",
            label=gettext_noop("Discount in percent"),
            place=ColumnPlace.LEFT,
            value=lambda row: f"{row.percent_off_e2 / 100:.2f}",
        ),
        Column(
            "customers",
            ColumnKind.NUMBER,
            gettext_noop("Customers"),
            ColumnPlace.MARK,
            says=True,
            cell="list_customers",
        ),
        Column("custom", ColumnKind.NUMBER, gettext_noop("Custom prices"), ColumnPlace.END, says=True),
        offers("price_list"),
    ),
    filters=(
        Filter(
            "kind",
            gettext_noop("Kind"),
            (
                ("", gettext_noop("All")),
                ("group", gettext_noop("Groups")),
                ("own", gettext_noop("Of one customer")),
            ),
            chips=True,
            where=lambda panel, kind: Narrowing(served=Q(personal=kind == "own")),
        ),
    ),
    empty=gettext_noop("No price lists yet. Give a group of customers a discount or prices of its own."),
    none_match=gettext_noop("No price lists match your filters."),
)
CATEGORIES = Listing(
    name="categories",
    label=gettext_noop("Categories"),
    scope=ListScope.PANEL,
    columns=(Column("id", ColumnKind.ID), Column("name"), Column("icon"), Column("position", ColumnKind.NUMBER)),
)
LINK_PATTERNS = Listing(
    name="link_patterns",
    label=gettext_noop("Link patterns"),
    scope=ListScope.PANEL,
    columns=(Column("id", ColumnKind.ID), Column("host"), Column("path"), Column("kinds")),
)


def _price_lists(panel: Panel) -> Found:
    return Found(PriceList.objects.filter(panel_id=panel.id), small=True)


def _counted(panel: Panel, rows: list[Any]) -> list[Any]:
    """With how many customers are in each, and how many prices and percents of its own it has."""
    ids = [row.id for row in rows]
    of_ids = {"panel_id": panel.id, "price_list_id__in": ids}
    customers = _per_list(Customer.objects.filter(**of_ids))
    custom = _per_list(PriceListRate.objects.filter(**of_ids)) + _per_list(PriceListPercent.objects.filter(**of_ids))
    for row in rows:
        row.customers, row.custom = customers[row.id], custom[row.id]
    return rows


def _per_list(rows: QuerySet[Any]) -> Counter[int]:
    found = rows.order_by().values_list("price_list_id").annotate(number=Count("id"))
    return Counter(dict(found))


def _categories(panel: Panel) -> Found:
    return Found(Category.objects.filter(panel_id=panel.id), small=True)


def _link_patterns(panel: Panel) -> Found:
    return Found(LinkPattern.objects.filter(panel_id=panel.id), small=True)


LISTS = (
    StaffList(PRICE_LISTS, "price_list", Right.CUSTOMERS_READ, _price_lists, fill=_counted),
    StaffList(CATEGORIES, "category", Right.SERVICES, _categories),
    StaffList(LINK_PATTERNS, "link_pattern", Right.SERVICES, _link_patterns),
)
