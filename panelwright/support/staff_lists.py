"""The list of tickets for staff, declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found, Narrowing, counted
from panelwright.customers.queries import customer_id
from panelwright.customers.staff_lists import with_email
from panelwright.panels.models import Panel
from panelwright.staff.actor import Actor
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right
from panelwright.support.lists import STATE
from panelwright.support.models import SavedReply, Ticket, TicketState


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


def _shown(panel: Panel, show: str) -> Narrowing | None:
    if show == "unread":
        return Narrowing(served=Q(unread_staff=True), few=1, oldest_first=True)
    if show == "nobody":
        return Narrowing(served=_OF_NOBODY, few=1, oldest_first=True)
    return None


_OF_NOBODY = Q(assignee__isnull=True, closed_at__isnull=True)


def _of(staff_id: int) -> Q:
    return Q(assignee_id=staff_id, closed_at__isnull=True)


def _assigned_to(panel: Panel, staff_id: int) -> Narrowing:
    return Narrowing(served=_of(staff_id), few=2, oldest_first=True)


def _assigned_to_nobody(panel: Panel, values: Mapping[str, Any]) -> Narrowing | None:
    """Whoever is no member of staff has none."""
    return Narrowing(served=Q(pk__in=()), few=9) if values["show"] == "mine" else None


def _whoever_looks(actor: Actor, asked: Mapping[str, str]) -> dict[str, str]:
    return {"by": str(actor.id or "") if asked.get("show") == "mine" else ""}


def counts(panel_id: int, staff_id: int | None) -> dict[str, int]:
    """How many tickets stand behind each tab of the inbox of a member of staff."""
    rows = Ticket.objects.filter(panel_id=panel_id)
    return {
        "": counted(rows.filter(state=TicketState.PENDING)),
        "unread": counted(rows.filter(unread_staff=True)),
        "mine": counted(rows.filter(_of(staff_id))) if staff_id is not None else 0,
        "nobody": counted(rows.filter(_OF_NOBODY)),
    }


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
        Column(
            "assignee",
            label=gettext_noop("Assigned to"),
            place=ColumnPlace.LEFT,
            value=lambda row: None if row.assignee is None else row.assignee.user.email,
            cell="ticket_assignee",
            says=True,
            empty=True,
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
                ("unread", gettext_noop("Unread")),
                ("mine", gettext_noop("Mine")),
                ("nobody", gettext_noop("Unassigned")),
                ("all", gettext_noop("All")),
            ),
            chips=True,
            where=_shown,
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
        # Of "mine": who looks at the list.
        Filter(
            "by",
            gettext_noop("Assigned to"),
            kind=FilterKind.NUMBER,
            hidden=True,
            inner=True,
            where=_assigned_to,
            unasked=_assigned_to_nobody,
        ),
    ),
    empty=gettext_noop("No tickets are waiting."),
    none_match=gettext_noop("No tickets match your filters."),
)


def _tickets(panel: Panel) -> Found:
    every: QuerySet[Ticket] = Ticket.objects.filter(panel_id=panel.id).select_related(
        "customer__user", "assignee__user"
    )
    return Found(every, key="number")


SAVED_REPLIES = Listing(
    name="saved_replies",
    label=gettext_noop("Saved replies"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("name", label=gettext_noop("Name"), place=ColumnPlace.MAIN, cell="reply_name"),
        Column("text", label=gettext_noop("Text"), place=ColumnPlace.LEFT, cell="reply_text"),
        Column("created_at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.END),
        offers("saved_reply"),
    ),
    filters=(
        Filter(
            "q",
            gettext_noop("Search saved replies"),
            hint=gettext_noop("Name or text"),
            where=lambda panel, text: Narrowing(sought=Q(name__icontains=text) | Q(text__icontains=text)),
        ),
    ),
    empty=gettext_noop("No saved replies yet. Add the texts that you answer with again and again."),
    none_match=gettext_noop("No saved replies match your filters."),
)


def _saved_replies(panel: Panel) -> Found:
    return Found(SavedReply.objects.filter(panel_id=panel.id), small=True)


LISTS = (
    StaffList(SAVED_REPLIES, "saved_reply", Right.SUPPORT, _saved_replies),
    StaffList(
        TICKETS,
        "ticket",
        Right.SUPPORT,
        _tickets,
        target=attrgetter("number"),
        programs=False,
        one=False,
        all_shown="all",
        narrow=_whoever_looks,
    ),
)
