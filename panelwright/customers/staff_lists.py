"""The lists of customers, staff, staff keys and the audit trail, declared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core import sql
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found
from panelwright.customers.models import Customer, Staff, StaffKey
from panelwright.panels.models import Panel
from panelwright.staff import registry
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.models import TrailEntry
from panelwright.staff.rights import Right

# Customers that the beginning of an address may name in a search, and members of staff in a menu.
FOUND_MAX = 200
# Customers are looked through in larger parts than orders: there are fewer, and of a name only a part is typed.
WINDOW = 20_000


def with_email(panel_id: int, text: str) -> list[int]:
    """Ids of customers whose e-mail begins with the text, the first FOUND_MAX by their addresses."""
    rows = Customer.objects.filter(sql.begins("user__email", text.lower()), panel_id=panel_id, user__panel_id=panel_id)
    return list(rows.order_by("user__email").values_list("id", flat=True)[:FOUND_MAX])


def _price_list(row: Any) -> str:
    return row.price_list.name if row.price_list else ""


def _for_customer(row: Any) -> tuple[int, tuple[str, ...]]:
    state = "customer.suspend" if row.enabled else "customer.restore"
    return row.number, ("customer.credit", "customer.debit", "customer.set_credit_limit", "customer.set_rate", state)


CUSTOMERS = Listing(
    name="customers",
    label=gettext_noop("Customers"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST, value=attrgetter("number"), cell="customer"),
        Column(
            "email", label=gettext_noop("Email"), place=ColumnPlace.MAIN, value=lambda row: row.user.email, cell="email"
        ),
        Column("name", value=lambda row: row.user.name),
        Column("price_list", label=gettext_noop("Price list"), place=ColumnPlace.LEFT, value=_price_list),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="customer_state"),
        Column(
            "balance",
            ColumnKind.MONEY,
            gettext_noop("Balance"),
            ColumnPlace.END,
            value=lambda row: row.account.balance_micros,
        ),
        Column("created_at", ColumnKind.TIME),
        offers(_for_customer),
    ),
    filters=(
        Filter("q", gettext_noop("Search customers"), hint=gettext_noop("Email, name or ID")),
        Filter(
            "state",
            gettext_noop("State"),
            (
                ("", gettext_noop("All")),
                ("active", gettext_noop("Active")),
                ("suspended", gettext_noop("Suspended")),
            ),
            chips=True,
        ),
    ),
    empty=gettext_noop("No customers yet. They sign up on your storefront."),
    none_match=gettext_noop("No customers match your filters."),
)


def _customers(panel: Panel, asked: Mapping[str, Any]) -> Found:
    every: QuerySet[Customer] = Customer.objects.filter(panel_id=panel.id)
    every = every.select_related("user", "account", "price_list")
    rows, exact = every, True
    if asked["state"]:
        active = asked["state"] == "active"
        # Of the few that are suspended there is an index.
        rows, exact = rows.filter(enabled=active), not active
    if asked["q"]:
        search, found = _searched(panel, asked["q"])
        rows, exact = rows.filter(search), found
    return Found(rows, within=None if exact else every, key="number", window=WINDOW)


def _searched(panel: Panel, text: str) -> tuple[Q, bool]:
    """What a search means, and whether an index serves it."""
    number = whole(text)
    if number is not None and Customer.objects.filter(panel_id=panel.id, number=number).exists():
        return Q(number=number), True
    ids = with_email(panel.id, text)
    if "@" in text:
        return Q(id__in=ids), True
    return Q(id__in=ids) | Q(user__name__icontains=text), False


STAFF = Listing(
    name="staff",
    label=gettext_noop("Staff"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column("email", label=gettext_noop("Email"), place=ColumnPlace.MAIN, value=lambda row: row.user.email),
        Column("role", label=gettext_noop("Role"), place=ColumnPlace.LEFT, cell="role"),
        Column(
            "active",
            ColumnKind.FLAG,
            gettext_noop("State"),
            ColumnPlace.MARK,
            value=lambda row: row.user.is_active,
            cell="staff_state",
        ),
        Column(
            "two_factor",
            ColumnKind.FLAG,
            gettext_noop("Two-factor authentication"),
            ColumnPlace.END,
            value=lambda row: bool(row.user.totp_sealed),
            cell="factor",
            says=True,
        ),
        offers(lambda row: (row.id, ("staff.set",))),
    ),
    empty=gettext_noop("No staff yet."),
)


def _staff(panel: Panel, asked: Mapping[str, Any]) -> Found:
    return Found(Staff.objects.filter(panel_id=panel.id).select_related("user"))


STAFF_KEYS = Listing(
    name="staff_keys",
    label=gettext_noop("Staff keys"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("prefix", label=gettext_noop("Key"), place=ColumnPlace.FIRST, cell="key_prefix"),
        Column("name", label=gettext_noop("Name"), place=ColumnPlace.MAIN),
        Column("staff", label=gettext_noop("Email"), place=ColumnPlace.LEFT, value=lambda row: row.staff.user.email),
        Column("last_used_at", ColumnKind.TIME, gettext_noop("Last used"), ColumnPlace.END, says=True, empty=True),
        Column("created_at", ColumnKind.TIME),
        offers(lambda row: (row.id, ("staff_key.revoke",))),
    ),
    empty=gettext_noop("No staff keys."),
)


def _staff_keys(panel: Panel, asked: Mapping[str, Any]) -> Found:
    rows = StaffKey.objects.filter(panel_id=panel.id, revoked_at=None)
    return Found(rows.select_related("staff__user"))


def _who(panel_id: int) -> Iterable[tuple[str, str]]:
    people = Staff.objects.filter(panel_id=panel_id).select_related("user").order_by("user__email")[:FOUND_MAX]
    return [(str(row.id), row.user.email) for row in people]


def _changes(panel_id: int) -> Iterable[tuple[str, str]]:
    return [(name, f"{_(action.noun.label)}: {_(action.label)}") for name, action in registry.actions().items()]


def as_json(value: Any) -> str:
    """For a cell of a file."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


TRAIL = Listing(
    name="trail",
    label=gettext_noop("Audit trail"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("at", ColumnKind.TIME, gettext_noop("Time"), ColumnPlace.FIRST),
        Column("action", label=gettext_noop("Change"), place=ColumnPlace.MAIN, cell="trail_change"),
        Column("object_kind"),
        Column("object_id", ColumnKind.ID, empty=True),
        Column("actor_name", label=gettext_noop("Who"), place=ColumnPlace.LEFT),
        Column("address", label=gettext_noop("Address"), place=ColumnPlace.END),
        Column("given", value=lambda row: as_json(row.given)),
        Column("before", value=lambda row: as_json(row.before)),
        Column("after", value=lambda row: as_json(row.after)),
    ),
    filters=(
        Filter(
            "who",
            gettext_noop("Who"),
            (("", gettext_noop("Everybody")),),
            kind=FilterKind.NUMBER,
            offers=_who,
            names=True,
        ),
        Filter("action", gettext_noop("Change"), (("", gettext_noop("All changes")),), offers=_changes, names=True),
        Filter("on", gettext_noop("Date"), kind=FilterKind.DAY, hint=gettext_noop("Date, such as 2030-12-31")),
        Filter("address", gettext_noop("Address"), hidden=True),
    ),
    empty=gettext_noop("No changes yet."),
    none_match=gettext_noop("No changes match your filters."),
)


def _trail(panel: Panel, asked: Mapping[str, Any]) -> Found:
    every: QuerySet[TrailEntry] = TrailEntry.objects.filter(panel_id=panel.id)
    rows, exact = every, True
    if asked["who"] is not None:
        rows = rows.filter(actor_id=asked["who"])
    if asked["action"]:
        rows = rows.filter(action=asked["action"])
    if asked["address"]:
        rows, exact = rows.filter(address=asked["address"]), False
    if asked["on"] is not None:
        day = datetime(asked["on"].year, asked["on"].month, asked["on"].day, tzinfo=UTC)
        rows = rows.filter(at__gte=day, at__lt=day + timedelta(days=1))
    return Found(rows, within=None if exact else every, moment="at")


LISTS = (
    StaffList(CUSTOMERS, "customer", Right.CUSTOMERS_READ, _customers, target=attrgetter("number")),
    StaffList(STAFF, "staff", Right.STAFF, _staff),
    StaffList(STAFF_KEYS, "staff_key", Right.STAFF, _staff_keys),
    StaffList(TRAIL, "", Right.STAFF, _trail, programs=False, one=False),
)
