"""The price list as data: what a page, a file and the staff API show of an offer of catalog/priced_catalogue.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing

SEARCH = Filter("q", gettext_noop("Search services"), hint=gettext_noop("Service name or ID"))

OFFERS = Listing(
    name="services",
    label=gettext_noop("Services"),
    columns=(
        Column(
            "service",
            ColumnKind.ID,
            gettext_noop("ID"),
            ColumnPlace.FIRST,
            value=lambda offer: offer.number,
            cell="offer_number",
        ),
        Column("category"),
        Column("name", label=gettext_noop("Service"), place=ColumnPlace.MAIN, cell="offer"),
        Column("type"),
        Column(
            "rate",
            ColumnKind.MONEY,
            gettext_noop("Price"),
            ColumnPlace.END,
            cell="offer_price",
        ),
        Column("min", ColumnKind.NUMBER, gettext_noop("Quantity"), ColumnPlace.LEFT, cell="offer_quantity"),
        Column("max", ColumnKind.NUMBER),
        Column("refill", ColumnKind.FLAG),
        Column("refill_days", ColumnKind.NUMBER, value=lambda offer: offer.refill_days if offer.refill else None),
        Column("cancel", ColumnKind.FLAG),
        Column("drip_feed", ColumnKind.FLAG),
        Column("step", ColumnKind.NUMBER),
        Column("link_sites", value=lambda offer: offer.sites),
        Column("link_kinds"),
        Column("actions", place=ColumnPlace.ACT, cell="offer_actions", file=False),
    ),
    empty=gettext_noop("No services are available right now."),
    none_match=gettext_noop("No services match your search."),
)


def offers(*, categories: Sequence[tuple[str, str]], types: Sequence[tuple[str, str]]) -> Listing:
    """The list with the filters that a panel's categories and service types make."""
    category = Filter(
        "category", gettext_noop("Category"), (("", gettext_noop("All categories")), *categories), names=True
    )
    type_ = Filter("type", gettext_noop("Type"), (("", gettext_noop("All types")), *types), names=True)
    return replace(OFFERS, filters=(SEARCH, category, type_))


CHANGES = Listing(
    name="changes",
    label=gettext_noop("Updates"),
    columns=(
        Column("number", ColumnKind.ID),
        Column("name"),
        Column("category"),
        Column("kind", value=lambda change: change.kind.value),
        Column("at", ColumnKind.TIME),
    ),
    filters=(
        Filter(
            "kind",
            gettext_noop("Filter updates"),
            (
                ("", gettext_noop("All updates")),
                ("up", gettext_noop("Price increased")),
                ("down", gettext_noop("Price decreased")),
                ("new", gettext_noop("New")),
                ("gone", gettext_noop("Discontinued")),
                ("back", gettext_noop("Available again")),
                ("limits", gettext_noop("Limits changed")),
            ),
            chips=True,
        ),
    ),
    empty=gettext_noop("No updates yet."),
    none_match=gettext_noop("No updates match this filter."),
)
