"""The list of tickets for staff, declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found
from panelwright.customers.queries import customer_id
from panelwright.customers.staff_lists import with_email
from panelwright.panels.models import Panel
from panelwright.staff.lists import StaffList
from panelwright.staff.rights import Right
from panelwright.support.lists import STATE
from panelwright.support.models import Author, Message, Ticket, TicketState

# As long as what a message keeps of who wrote it.
BY_MAX = 300

TICKETS = Listing(
    name="tickets",
    label=gettext_noop("Tickets"),
    scope=ListScope.PANEL,
    columns=(
        Column(
            "id", ColumnKind.ID, gettext_noop("Ticket"), ColumnPlace.FIRST, value=lambda row: row.number, cell="ticket"
        ),
        Column("title", label=gettext_noop("Subject"), place=ColumnPlace.MAIN, cell="ticket_title"),
        Column(
            "customer",
            label=gettext_noop("Customer"),
            place=ColumnPlace.LEFT,
            value=lambda row: row.customer.user.email,
        ),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="ticket_state"),
        Column("updated_at", ColumnKind.TIME, gettext_noop("Last message"), ColumnPlace.END),
    ),
    filters=(
        Filter(
            "show",
            gettext_noop("Show"),
            (
                ("", gettext_noop("Waiting for us")),
                ("mine", gettext_noop("Answered by me")),
                ("all", gettext_noop("All")),
            ),
            chips=True,
        ),
        Filter("q", gettext_noop("Search tickets"), hint=gettext_noop("Ticket ID, subject, email")),
        replace(STATE, chips=False),
        Filter("customer", gettext_noop("Customer"), kind=FilterKind.NUMBER, hidden=True),
        # Of "mine": who looks at the list says so.
        Filter("by", gettext_noop("Who"), hidden=True),
    ),
    empty=gettext_noop("No tickets are waiting."),
    none_match=gettext_noop("No tickets match your filters."),
)


def _tickets(panel: Panel, asked: Mapping[str, Any]) -> Found:
    every: QuerySet[Ticket] = Ticket.objects.filter(panel_id=panel.id).select_related("customer__user")
    rows, exact = every, True
    narrowed = any(asked[name] for name in ("show", "state", "q", "customer", "by"))
    if not narrowed:
        # Those that wait longest first.
        return Found(rows.filter(state=TicketState.PENDING), oldest_first=True, key="number")
    if asked["state"]:
        rows = rows.filter(state=asked["state"])
    if asked["customer"] is not None:
        rows = rows.filter(customer_id=customer_id(panel.id, asked["customer"]) or 0)
    if asked["show"] == "mine" and not asked["by"]:
        return Found(every.none(), key="number")
    if asked["by"]:
        written = Message.objects.filter(panel_id=panel.id, ticket=OuterRef("pk"), author=Author.STAFF)
        rows, exact = rows.filter(Exists(written.filter(by=asked["by"][:BY_MAX]))), False
    if asked["q"]:
        search, found = _searched(panel, asked["q"])
        rows, exact = rows.filter(search), exact and found
    return Found(rows, within=None if exact else every, key="number")


def _searched(panel: Panel, text: str) -> tuple[Q, bool]:
    """What a search means, and whether an index serves it."""
    number = whole(text)
    if number is not None and Ticket.objects.filter(panel_id=panel.id, number=number).exists():
        return Q(number=number), True
    if "@" in text:
        ids = with_email(panel.id, text)
        return Q(customer_id__in=ids), len(ids) <= 1
    return Q(title__icontains=text) | Q(customer_id__in=with_email(panel.id, text)), False


LISTS = (StaffList(TICKETS, "ticket", Right.SUPPORT, _tickets, target=attrgetter("number"), programs=False, one=False),)
