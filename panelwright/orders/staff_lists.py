"""The list of customers' API keys for staff, declared. That of orders knows providers: providers/staff_orders.py."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.customers.models import ApiKey
from panelwright.customers.queries import customer_id
from panelwright.panels.models import Panel
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right

API_KEYS = Listing(
    name="api_keys",
    label=gettext_noop("API keys"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("customer", ColumnKind.ID, value=lambda row: row.customer.number),
        Column("prefix", label=gettext_noop("Key"), place=ColumnPlace.FIRST, cell="key_prefix"),
        Column("name", label=gettext_noop("Name"), place=ColumnPlace.MAIN),
        Column("can_read", ColumnKind.FLAG),
        Column("can_order", ColumnKind.FLAG),
        Column("addresses"),
        Column("daily_cap", ColumnKind.MONEY, empty=True),
        Column("last_used_at", ColumnKind.TIME, gettext_noop("Last used"), ColumnPlace.END, says=True, empty=True),
        Column("created_at", ColumnKind.TIME),
        offers("api_key"),
    ),
    filters=(
        Filter(
            "customer",
            gettext_noop("Customer"),
            kind=FilterKind.NUMBER,
            hidden=True,
            where=lambda panel, number: Narrowing(served=Q(customer_id=customer_id(panel.id, number) or 0)),
        ),
    ),
    empty=gettext_noop("No API keys."),
)


def _api_keys(panel: Panel) -> Found:
    """Those that have not been revoked."""
    every = ApiKey.objects.filter(panel_id=panel.id).select_related("customer")
    return Found(every.filter(revoked_at=None), within=every)


LISTS = (StaffList(API_KEYS, "api_key", Right.CUSTOMERS_READ, _api_keys),)
