"""The lists of orders and refills as data: what a page, a file and the staff API show of a row of orders/listing.py."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_noop

from panelwright.core import limits
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, whole
from panelwright.orders.status import OrderStatus


def _numbers(text: str) -> tuple[int, ...]:
    """Ids between commas; what is none is left out."""
    found = [whole(part) for part in text.split(",")[: limits.SEARCH_IDS_MAX]]
    return tuple(dict.fromkeys(number for number in found if number is not None))


# What stands in the address -> the word of the order.
STATUS_SLUGS = {status.value.lower().replace(" ", "-"): status.value for status in OrderStatus}

SEARCH = Filter("q", gettext_noop("Search orders"), hint=gettext_noop("Order ID, link or service"))
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
)
SERVICE = Filter("service", gettext_noop("Orders for service"), kind=FilterKind.NUMBER, hidden=True)

IDS = Filter("ids", gettext_noop("Orders placed"), read=_numbers, hidden=True)

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
            value=lambda row: row.charge_micros,
            cell="charge",
        ),
        Column("refunded", ColumnKind.MONEY, value=lambda row: row.refunded_micros),
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
