"""The lists of orders and refills as data: what a page, a file and the staff API show of a row of orders/listing.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.catalog import names
from panelwright.core import limits
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, whole
from panelwright.orders.listing import Wanted, read_search
from panelwright.orders.status import OrderStatus


def _numbers(text: str) -> tuple[int, ...]:
    """Ids between commas; what is none is left out."""
    found = [whole(part) for part in text.split(",")[: limits.SEARCH_IDS_MAX]]
    return tuple(dict.fromkeys(number for number in found if number is not None))


# What stands in the address -> the word of the order.
STATUS_SLUGS = {status.value.lower().replace(" ", "-"): status.value for status in OrderStatus}


def _searched(panel: Any, typed: str) -> Wanted:
    """Orders by their numbers, a part of the link, the name or the number of a service."""
    numbers, text = read_search(typed)
    # Of one number it cannot be told whether it is an order's or a service's.
    named = text or (str(numbers[0]) if len(numbers) == 1 else "")
    services = names.find(panel_id=panel.id, version=panel.catalog_version, text=named)
    return Wanted(numbers=numbers, text=text, services=services)


SEARCH = Filter("q", gettext_noop("Search orders"), hint=gettext_noop("Order ID, link or service"), where=_searched)
STATUS = Filter(
    "status",
    gettext_noop("Status"),
    (
        ("", gettext_noop("All")),
        ("pending", gettext_noop("Pending")),
        ("processing", gettext_noop("Processing")),
        ("in-progress", gettext_noop("In progress")),
        ("completed", gettext_noop("Completed")),
        ("partial", gettext_noop("Partial")),
        ("canceled", gettext_noop("Canceled")),
    ),
    read=lambda text: STATUS_SLUGS.get(text, ""),
    chips=True,
    where=lambda panel, status: Wanted(status=status),
)
SERVICE = Filter(
    "service",
    gettext_noop("Orders for service"),
    kind=FilterKind.NUMBER,
    hidden=True,
    where=lambda panel, number: Wanted(service=number),
)

# A hundred numbers of 18 digits go in.
IDS = Filter(
    "ids",
    gettext_noop("Orders placed"),
    read=_numbers,
    hidden=True,
    where=lambda panel, numbers: Wanted(numbers=numbers),
    most=2_000,
)

ORDERS = Listing(
    name="orders",
    label=gettext_noop("Orders"),
    columns=(
        Column(
            "id", ColumnKind.ID, gettext_noop("Order"), ColumnPlace.FIRST, value=lambda row: row.number, cell="order"
        ),
        Column("parent", ColumnKind.ID),
        Column("kind"),
        Column("status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK, cell="order_status"),
        Column("service", ColumnKind.ID),
        Column("service_name", label=gettext_noop("Service and link"), place=ColumnPlace.MAIN, cell="service_link"),
        Column("link"),
        Column("quantity", ColumnKind.NUMBER, gettext_noop("Delivered"), ColumnPlace.LEFT, cell="delivered"),
        Column("start_count", ColumnKind.NUMBER),
        Column("remains", ColumnKind.NUMBER),
        Column(
            "charge",
            ColumnKind.MONEY,
            gettext_noop("Charge"),
            ColumnPlace.END,
            cell="charge",
        ),
        Column("refunded", ColumnKind.MONEY),
        Column("created_at", ColumnKind.TIME),
        Column("ended_at", ColumnKind.TIME),
        Column("actions", place=ColumnPlace.ACT, cell="order_actions", file=False),
    ),
    filters=(STATUS, SEARCH, SERVICE, IDS),
    empty=gettext_noop("No orders yet."),
    none_match=gettext_noop("No orders match your filters."),
)
# A schedule's own word is one of others.
SCHEDULES = replace(ORDERS, filters=(SEARCH, SERVICE, IDS))
# What a drip-feed or subscription created is free: its parent was charged. The service is the parent's.
CHILDREN = replace(ORDERS, name="children", label=gettext_noop("Orders created"), filters=())

REFILLS = Listing(
    name="refills",
    label=gettext_noop("Refills"),
    columns=(
        Column(
            "id", ColumnKind.ID, gettext_noop("Refill"), ColumnPlace.FIRST, value=lambda row: row.number, cell="refill"
        ),
        Column("order", ColumnKind.ID, gettext_noop("Order"), ColumnPlace.END, cell="of_order"),
        Column("status", ColumnKind.STATUS, gettext_noop("Status"), ColumnPlace.MARK),
        Column("service", ColumnKind.ID),
        Column("service_name", label=gettext_noop("Service and link"), place=ColumnPlace.MAIN, cell="refill_service"),
        Column("link"),
        Column("quantity", ColumnKind.NUMBER, gettext_noop("Quantity"), ColumnPlace.LEFT),
        Column("created_at", ColumnKind.TIME),
        Column("ended_at", ColumnKind.TIME),
    ),
    empty=gettext_noop("No refills yet. You can request one for a completed order if its service has refills."),
)
