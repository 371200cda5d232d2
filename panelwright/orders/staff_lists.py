"""The list of customers' API keys for staff, declared. That of orders knows providers: providers/staff_orders.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope
from panelwright.core.paging import Found
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
        Column("daily_cap", ColumnKind.MONEY, value=lambda row: row.daily_cap_micros, empty=True),
        Column("last_used_at", ColumnKind.TIME, gettext_noop("Last used"), ColumnPlace.END, says=True, empty=True),
        Column("created_at", ColumnKind.TIME),
        offers(lambda row: (row.id, ("api_key.revoke",))),
    ),
    filters=(Filter("customer", gettext_noop("Customer"), kind=FilterKind.NUMBER, hidden=True),),
    empty=gettext_noop("No API keys."),
)


def _api_keys(panel: Panel, asked: Mapping[str, Any]) -> Found:
    """Those that have not been revoked."""
    every = ApiKey.objects.filter(panel_id=panel.id).select_related("customer")
    rows = every.filter(revoked_at=None)
    if asked["customer"] is not None:
        return Found(rows.filter(customer_id=customer_id(panel.id, asked["customer"]) or 0))
    return Found(rows, within=every)


LISTS = (StaffList(API_KEYS, "api_key", Right.CUSTOMERS_READ, _api_keys),)
