"""The lists of customers, staff, staff keys and the audit trail, declared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core import spans, sql
from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found, Narrowing, of_days, on_day
from panelwright.core.spans import Span
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


def _searched(panel: Panel, text: str) -> Narrowing:
    """A customer's number, the beginning of an address, or a part of a name."""
    number = whole(text)
    if number is not None and Customer.objects.filter(panel_id=panel.id, number=number).exists():
        return Narrowing(served=Q(number=number), few=2)
    ids = with_email(panel.id, text)
    if "@" in text:
        return Narrowing(served=Q(id__in=ids), few=2)
    return Narrowing(sought=Q(id__in=ids) | Q(user__name__icontains=text))


def _in_state(panel: Panel, state: str) -> Narrowing:
    # Of the few that are suspended there is an index.
    return Narrowing(sought=Q(enabled=True)) if state == "active" else Narrowing(served=Q(enabled=False), few=1)


def _joined_in(panel: Panel, span: Span) -> Narrowing:
    since, until = span.bounds(panel.timezone)
    return Narrowing(sought=Q(created_at__gte=since) & Q(created_at__lt=until))


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
        Column(
            "last_login",
            ColumnKind.TIME,
            gettext_noop("Last log-in"),
            ColumnPlace.LEFT,
            value=lambda row: row.user.last_login,
            says=True,
            empty=True,
        ),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="customer_state"),
        Column(
            "balance",
            ColumnKind.MONEY,
            gettext_noop("Balance"),
            ColumnPlace.END,
            value="account.balance_micros",
        ),
        Column("created_at", ColumnKind.TIME),
        offers("customer", attrgetter("number")),
    ),
    filters=(
        Filter("q", gettext_noop("Search customers"), hint=gettext_noop("Email, name or ID"), where=_searched),
        # As reports count: by the clock of the panel's time zone.
        Filter("joined", gettext_noop("Signed up"), hidden=True, read=spans.read, where=_joined_in),
        Filter(
            "state",
            gettext_noop("State"),
            (
                ("", gettext_noop("All")),
                ("active", gettext_noop("Active")),
                ("suspended", gettext_noop("Suspended")),
            ),
            chips=True,
            where=_in_state,
        ),
        Filter(
            "price_list",
            gettext_noop("Price list"),
            kind=FilterKind.NUMBER,
            hidden=True,
            # In a window: by an index of the lists all of a group's customers would be sorted.
            where=lambda panel, number: Narrowing(sought=Q(Exact(F("price_list_id") + 0, number))),
        ),
    ),
    empty=gettext_noop("No customers yet. They sign up on your storefront."),
    none_match=gettext_noop("No customers match your filters."),
)


def _customers(panel: Panel) -> Found:
    every: QuerySet[Customer] = Customer.objects.filter(panel_id=panel.id)
    return Found(every.select_related("user", "account", "price_list"), key="number", window=WINDOW)


STAFF = Listing(
    name="staff",
    label=gettext_noop("Staff"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID, gettext_noop("ID"), ColumnPlace.FIRST),
        Column(
            "email",
            label=gettext_noop("Email"),
            place=ColumnPlace.MAIN,
            value=lambda row: row.user.email,
            cell="member",
        ),
        Column("last_login", ColumnKind.TIME, value=lambda row: row.user.last_login, empty=True),
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
        offers("staff"),
    ),
    empty=gettext_noop("No staff yet."),
)


def _staff(panel: Panel) -> Found:
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
        Column("addresses"),
        Column("last_used_at", ColumnKind.TIME, gettext_noop("Last used"), ColumnPlace.END, says=True, empty=True),
        Column("created_at", ColumnKind.TIME),
        offers("staff_key"),
    ),
    empty=gettext_noop("No staff keys."),
)


def _staff_keys(panel: Panel) -> Found:
    rows = StaffKey.objects.filter(panel_id=panel.id, revoked_at=None)
    return Found(rows.select_related("staff__user"))


def _who(panel_id: int) -> Iterable[tuple[str, str]]:
    people = Staff.objects.filter(panel_id=panel_id).select_related("user").order_by("user__email")[:FOUND_MAX]
    return [(str(row.id), row.user.email) for row in people]


def _nouns(panel_id: int) -> Iterable[tuple[str, str]]:
    return [(name, _(noun.label)) for name, noun in registry.nouns().items()]


def _changes(panel_id: int) -> Iterable[tuple[str, str]]:
    return [(name, f"{_(action.noun.label)}: {_(action.label)}") for name, action in registry.actions().items()]


def as_json(value: Any) -> str:
    """For a cell of a file."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _of_noun(panel: Any, values: Mapping[str, Any]) -> Narrowing | None:
    return None if values["object"] is not None else Narrowing(served=Q(object_kind=values["noun"]), few=4)


def _of_object(panel: Any, values: Mapping[str, Any]) -> Narrowing:
    number = values["object"]
    if values["noun"]:
        return Narrowing(served=Q(object_kind=values["noun"], object_id=number), few=5)
    # An index serves a number together with its kind; alone it is looked for in a window, by no index.
    return Narrowing(sought=Q(Exact(F("object_id") + 0, number)))


def _in_days(panel: Any, values: Mapping[str, Any]) -> Narrowing:
    return Narrowing(served=of_days("at", values["since"], values["until"]), few=1)


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
            where=lambda panel, who: Narrowing(served=Q(actor_id=who), few=3),
        ),
        Filter(
            "action",
            gettext_noop("Change"),
            (("", gettext_noop("All changes")),),
            offers=_changes,
            names=True,
            where=lambda panel, name: Narrowing(served=Q(action=name), few=2),
        ),
        Filter(
            "on",
            gettext_noop("Date"),
            kind=FilterKind.DAY,
            hint=gettext_noop("Date, such as 2030-12-31"),
            where=lambda panel, on: Narrowing(served=on_day("at", on), few=1),
        ),
        Filter(
            "address",
            gettext_noop("Address"),
            hidden=True,
            where=lambda panel, address: Narrowing(sought=Q(address=address)),
        ),
        Filter(
            "noun",
            gettext_noop("Kind"),
            (("", gettext_noop("Everything")),),
            offers=_nouns,
            names=True,
            joint=_of_noun,
        ),
        Filter(
            "object",
            gettext_noop("Object"),
            kind=FilterKind.NUMBER,
            hint=gettext_noop("ID"),
            joint=_of_object,
        ),
        Filter(
            "since",
            gettext_noop("From"),
            kind=FilterKind.DAY,
            hint=gettext_noop("Date, such as 2030-12-31"),
            joint=_in_days,
        ),
        Filter(
            "until",
            gettext_noop("To"),
            kind=FilterKind.DAY,
            hint=gettext_noop("Date, such as 2030-12-31"),
            joint=lambda panel, values: None if values["since"] else _in_days(panel, values),
        ),
    ),
    empty=gettext_noop("No changes yet."),
    none_match=gettext_noop("No changes match your filters."),
)


def _trail(panel: Panel) -> Found:
    return Found(TrailEntry.objects.filter(panel_id=panel.id), moment="at")


LISTS = (
    StaffList(CUSTOMERS, "customer", Right.CUSTOMERS_READ, _customers, target=attrgetter("number")),
    StaffList(STAFF, "staff", Right.STAFF, _staff),
    StaffList(STAFF_KEYS, "staff_key", Right.STAFF, _staff_keys),
    StaffList(TRAIL, "", Right.STAFF, _trail, programs=False, one=False),
)
