"""Reads of tickets with more than one caller, inside the panel's scope. Each names its panel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from panelwright.customers.models import Staff
from panelwright.customers.queries import customer_id
from panelwright.orders.models import Order
from panelwright.staff import rights
from panelwright.staff.rights import Right
from panelwright.support import texts
from panelwright.support.commands import Wish
from panelwright.support.models import (
    Attachment,
    Author,
    Message,
    SavedReply,
    Ticket,
    TicketNote,
    TicketRequest,
    TicketRequestState,
    TicketState,
)

PAGE_MAX = 100
SHOWN_MAX = 100
# Of these a ticket can be given to one.
COLLEAGUES_MAX = 500
# Of a ticket, for what is told of its orders; and of the numbers that may be some.
ORDERS_MAX = 20
NUMBERS_MAX = 200


class TicketCursor(NamedTuple):
    """Where a page of a customer's tickets ends: the next one begins below it."""

    updated_at: datetime
    number: int


class TicketPage(NamedTuple):
    """Tickets, and where the next page begins; None on the last one."""

    tickets: list[Ticket]
    next: TicketCursor | None


def tickets(
    panel_id: int, customer_id: int, *, state: str = "", after: TicketCursor | None = None, limit: int = 25
) -> TicketPage:
    """A customer's tickets, what happened last first. `state`: a TicketState, or "active": all but the closed ones."""
    limit = max(1, min(limit, PAGE_MAX))
    rows = Ticket.objects.filter(panel_id=panel_id, customer_id=customer_id)
    if state == "active":
        rows = rows.exclude(state=TicketState.CLOSED)
    elif state:
        rows = rows.filter(state=state)
    if after is not None:
        # The first condition says to the index where to begin.
        rows = rows.filter(updated_at__lte=after.updated_at).filter(
            Q(updated_at__lt=after.updated_at) | Q(number__lt=after.number)
        )
    found = list(rows.order_by("-updated_at", "-number")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return TicketPage(found[:limit], None if last is None else TicketCursor(last.updated_at, last.number))


def unread(panel_id: int, customer_id: int) -> int:
    """How many of a customer's tickets have something new for her."""
    count: int = Ticket.objects.filter(panel_id=panel_id, customer_id=customer_id, unread_customer=True).count()
    return count


def ticket(panel_id: int, ticket_id: int, *, customer_id: int | None = None) -> Ticket | None:
    """A ticket of the panel, or (customer_id set) of that customer."""
    rows = Ticket.objects.filter(panel_id=panel_id, id=ticket_id).select_related("merged_into")
    found: Ticket | None = (rows if customer_id is None else rows.filter(customer_id=customer_id)).first()
    return found


def ticket_id(panel_id: int, number: int, *, customer_id: int | None = None) -> int | None:
    """The id of the panel's ticket with this number, or (customer_id set) of that customer's; None: there is none."""
    rows = Ticket.objects.filter(panel_id=panel_id, number=number)
    rows = rows if customer_id is None else rows.filter(customer_id=customer_id)
    found: int | None = rows.values_list("id", flat=True).first()
    return found


class MessageRow(NamedTuple):
    """A message with its files, without their bytes."""

    message: Message
    files: list[Attachment]


def messages(of: Ticket, *, before: int | None = None, limit: int = SHOWN_MAX) -> tuple[list[MessageRow], int | None]:
    """The latest messages in the order of writing, and the `before` of the page of older ones, None without any."""
    limit = max(1, min(limit, SHOWN_MAX))
    rows: QuerySet[Message] = Message.objects.filter(panel_id=of.panel_id, ticket=of)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: limit + 1])
    shown = found[:limit][::-1]
    files: dict[int, list[Attachment]] = {}
    ids = [message.id for message in shown]
    for file in Attachment.objects.filter(panel_id=of.panel_id, message_id__in=ids).defer("data").order_by("id"):
        files.setdefault(file.message_id, []).append(file)
    listed = [MessageRow(message, files.get(message.id, [])) for message in shown]
    return listed, shown[0].id if len(found) > limit else None


def notes(
    of: Ticket, shown: Sequence[MessageRow] = (), *, older: bool = False, newest: bool = True
) -> list[TicketNote]:
    """The notes of staff in a ticket, in the order of writing; of messages that are `shown`, those of their time.

    `older`, `newest`: whether there are messages before these, and none behind them.
    """
    rows: QuerySet[TicketNote] = TicketNote.objects.filter(panel_id=of.panel_id, ticket=of)
    if shown and older:
        rows = rows.filter(created_at__gte=shown[0].message.created_at)
    if shown and not newest:
        behind = Message.objects.filter(panel_id=of.panel_id, ticket=of, id__gt=shown[-1].message.id)
        if (until := behind.order_by("id").values_list("created_at", flat=True).first()) is not None:
            rows = rows.filter(created_at__lt=until)
    return list(rows.order_by("id"))


class TalkEntry(NamedTuple):
    """What stands in a conversation as staff read it: a message, or a note of theirs."""

    at: datetime
    row: MessageRow | None = None
    note: TicketNote | None = None


def talk(shown: Sequence[MessageRow], noted: Sequence[TicketNote]) -> list[TalkEntry]:
    """Messages and notes in the order of time."""
    entries = [TalkEntry(row.message.created_at, row=row) for row in shown]
    entries += [TalkEntry(note.created_at, note=note) for note in noted]
    return sorted(entries, key=lambda entry: entry.at)


def colleagues(panel_id: int) -> dict[int, str]:
    """Who of the staff may answer tickets: name or address by id."""
    rows = Staff.objects.filter(panel_id=panel_id, user__is_active=True).select_related("user").order_by("id")
    able = [row for row in rows[:COLLEAGUES_MAX] if Right.SUPPORT in rights.of(row.role, row.rights)]
    return {row.id: row.user.name or row.user.email for row in able}


def saved_replies(panel_id: int) -> list[SavedReply]:
    """All of a panel's, by name, without their texts."""
    return list(SavedReply.objects.filter(panel_id=panel_id).defer("text").order_by("name"))


def saved_reply(panel_id: int, id_: int) -> SavedReply | None:
    found: SavedReply | None = SavedReply.objects.filter(panel_id=panel_id, id=id_).first()
    return found


def orders_of(of: Ticket) -> list[Order]:
    """The orders that a ticket is about: those that something is asked of in it; else the customer's own whose numbers
    stand in what they wrote last.
    """
    hers = Order.objects.filter(panel_id=of.panel_id, customer_id=of.customer_id).select_related("service")
    asked = TicketRequest.objects.filter(panel_id=of.panel_id, ticket=of, order__isnull=False)
    ids = set(asked.values_list("order_id", flat=True))
    if ids:
        return list(hers.filter(id__in=sorted(ids)[:ORDERS_MAX]).order_by("number"))
    wrote = Message.objects.filter(panel_id=of.panel_id, ticket=of, author=Author.CUSTOMER).order_by("-id")
    text = " ".join([of.title, *wrote.values_list("text", flat=True)[:5]])
    numbers = {int(digits) for digits in re.findall(r"[0-9]+", text, re.ASCII) if len(digits) <= 18}
    return list(hers.filter(number__in=sorted(numbers)[:NUMBERS_MAX]).order_by("number")[:ORDERS_MAX])


def requests(of: Ticket) -> list[TicketRequest]:
    """All requests of a ticket, in the order in which they were made; there are at most rules.TICKET_ASKS_MAX."""
    return list(TicketRequest.objects.filter(panel_id=of.panel_id, ticket=of).select_related("refill").order_by("id"))


def attachment(panel_id: int, ticket_id: int, attachment_id: int, *, customer_id: int | None) -> Attachment | None:
    """A file with its bytes; for a customer (not None) only one of her own tickets'."""
    rows = Attachment.objects.filter(panel_id=panel_id, id=attachment_id, message__ticket_id=ticket_id)
    if customer_id is not None:
        rows = rows.filter(message__ticket__customer_id=customer_id)
    found: Attachment | None = rows.first()
    return found


class TicketFilters(NamedTuple):
    """Which of a panel's tickets. None: all. `speed_up`: those in which one waits to be passed on."""

    state: str | None = None
    subject: str | None = None
    customer: int | None = None
    unread: bool = False
    speed_up: bool = False


ALL = TicketFilters()


def waiting(
    panel_id: int, filters: TicketFilters = ALL, *, after: int = 0, limit: int = 50
) -> tuple[list[Ticket], int | None]:
    """One page of a panel's tickets, the oldest first, and the number that is `after` of the next page."""
    limit = max(1, min(limit, PAGE_MAX))
    rows = Ticket.objects.filter(panel_id=panel_id, number__gt=after).select_related(
        "customer__user", "assignee__user", "merged_into"
    )
    if filters.state is not None:
        rows = rows.filter(state=filters.state)
    if filters.subject is not None:
        rows = rows.filter(subject=filters.subject)
    if filters.customer is not None:
        rows = rows.filter(customer_id=customer_id(panel_id, filters.customer) or 0)
    if filters.unread:
        rows = rows.filter(unread_staff=True)
    if filters.speed_up:
        # Such a ticket waits for staff, and those are in the index.
        rows = (
            rows.filter(state=TicketState.PENDING)
            .filter(
                requests__wish=Wish.SPEED_UP, requests__state=TicketRequestState.ACCEPTED, requests__passed_on_at=None
            )
            .distinct()
        )
    found = list(rows.order_by("number")[: limit + 1])
    return found[:limit], found[limit - 1].number if len(found) > limit else None


def facts(of: Ticket) -> dict[str, Any]:
    """A ticket as plain JSON values, for staff."""
    return {
        "id": of.number,
        "customer": of.customer.number,
        "email": of.customer.user.email,
        "subject": of.subject,
        "title": of.title,
        "state": of.state,
        "unread": of.unread_staff,
        "assignee": None if of.assignee is None else of.assignee.user.email,
        "locked": of.locked,
        "merged_into": None if of.merged_into is None else of.merged_into.number,
        "version": of.version,
        "created_at": _text(of.created_at),
        "updated_at": _text(of.updated_at),
        "closed_at": _text(of.closed_at),
    }


def whole_facts(panel_id: int, ticket_id: int, *, before: int | None = None) -> dict[str, Any] | None:
    """A ticket with its latest messages and all its requests; None when the panel has none of this id."""
    rows = Ticket.objects.filter(panel_id=panel_id, id=ticket_id).select_related(
        "customer__user", "assignee__user", "merged_into"
    )
    found = rows.first()
    if found is None:
        return None
    shown, older = messages(found, before=before)
    return {
        **facts(found),
        "requests": [_request_facts(row) for row in requests(found)],
        "messages": [_message_facts(row) for row in shown],
        "notes": [{"by": note.by, "text": note.text, "created_at": _text(note.created_at)} for note in notes(found)],
        "older": older,
    }


def _request_facts(row: TicketRequest) -> dict[str, Any]:
    return {
        "wish": row.wish,
        "order": row.number,
        "state": row.state,
        "reason": row.reason,
        "outcome": row.outcome,
        "refill": None if row.refill is None else row.refill.number,
        "passed_on_at": _text(row.passed_on_at),
        "created_at": _text(row.created_at),
        "settled_at": _text(row.settled_at),
    }


def _message_facts(shown: MessageRow) -> dict[str, Any]:
    row, files = shown
    return {
        "id": row.id,
        "author": row.author,
        "by": row.by,
        "text": texts.of(row),
        "attachments": [{"id": file.id, "name": file.name, "type": file.type, "size": file.size} for file in files],
        "created_at": _text(row.created_at),
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
