"""The list of tickets for staff, declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found, Narrowing
from panelwright.customers.queries import customer_id
from panelwright.customers.staff_lists import with_email
from panelwright.panels.models import Panel
from panelwright.staff.lists import StaffList
from panelwright.staff.rights import Right
from panelwright.support.lists import STATE
from panelwright.support.models import Author, Message, Ticket, TicketState

# As long as what a message keeps of who wrote it.
BY_MAX = 300


def _searched(panel: Panel, text: str) -> Narrowing:
    """A ticket's number, the beginning of an address, or a part of a subject."""
    number = whole(text)
    if number is not None and Ticket.objects.filter(panel_id=panel.id, number=number).exists():
        return Narrowing(served=Q(number=number), few=3)
    ids = with_email(panel.id, text)
    if "@" not in text:
        return Narrowing(sought=Q(title__icontains=text) | Q(customer_id__in=ids))
    # One customer's have an index; those of several stand in it one after the other.
    found = Q(customer_id__in=ids)
    return Narrowing(served=found, few=3) if len(ids) <= 1 else Narrowing(sought=found)


def _waiting(panel: Panel, values: Mapping[str, Any]) -> Narrowing | None:
    """Those that wait longest first, where nothing else is asked for."""
    if any(value not in (None, "") for value in values.values()):
        return None
    return Narrowing(served=Q(state=TicketState.PENDING), oldest_first=True)


def _answered_by(panel: Panel, by: str) -> Narrowing:
    written = Message.objects.filter(panel_id=panel.id, ticket=OuterRef("pk"), author=Author.STAFF)
    return Narrowing(sought=Q(Exists(written.filter(by=by[:BY_MAX]))))


def _answered_by_nobody(panel: Panel, values: Mapping[str, Any]) -> Narrowing | None:
    return Narrowing(served=Q(pk__in=()), few=9) if values["show"] == "mine" else None


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
            unasked=_waiting,
        ),
        Filter("q", gettext_noop("Search tickets"), hint=gettext_noop("Ticket ID, subject, email"), where=_searched),
        replace(STATE, chips=False, where=lambda panel, state: Narrowing(served=Q(state=state), few=1)),
        Filter(
            "customer",
            gettext_noop("Customer"),
            kind=FilterKind.NUMBER,
            hidden=True,
            where=lambda panel, number: Narrowing(served=Q(customer_id=customer_id(panel.id, number) or 0), few=2),
        ),
        # Of "mine": who looks at the list says so.
        Filter("by", gettext_noop("Who"), hidden=True, where=_answered_by, unasked=_answered_by_nobody, most=BY_MAX),
    ),
    empty=gettext_noop("No tickets are waiting."),
    none_match=gettext_noop("No tickets match your filters."),
)


def _tickets(panel: Panel) -> Found:
    every: QuerySet[Ticket] = Ticket.objects.filter(panel_id=panel.id).select_related("customer__user")
    return Found(every, key="number")


LISTS = (
    StaffList(
        TICKETS,
        "ticket",
        Right.SUPPORT,
        _tickets,
        target=attrgetter("number"),
        programs=False,
        one=False,
        all_shown="all",
    ),
)
