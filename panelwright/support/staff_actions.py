"""What a panel's staff do with tickets. `by` says who, for the events and the staff's own pages.

Each function is one transaction, inside the panel's scope. All raise NotThere (the panel has no such
ticket, or nothing of the kind is asked of that order), InvalidState (the ticket is not in a state for it, or has
changed since `version`) or another ValueError (the text); then nothing moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from panelwright.core import clock, limits
from panelwright.core.refusal import InvalidState, NotThere, Refusal, Refused
from panelwright.customers.models import Customer
from panelwright.events.actions import NewEvent, record
from panelwright.panels import numbers
from panelwright.panels.models import Noun
from panelwright.support import emails, queries, rules, settling_actions, store, webhook_events
from panelwright.support.commands import Parsed, Wish
from panelwright.support.files import CheckedFile, Upload, check, type_of
from panelwright.support.models import (
    Author,
    Message,
    Subject,
    Ticket,
    TicketNote,
    TicketRequest,
    TicketRequestState,
    TicketState,
)
from panelwright.support.rules import RequestProgress
from panelwright.support.settling_actions import save

# What stands in a ticket, and how much of it in one; files follow their messages.
_PARTS: tuple[tuple[Any, int], ...] = (
    (Message, 2 * rules.MESSAGES_MAX),
    (TicketRequest, rules.TICKET_ASKS_MAX),
    (TicketNote, rules.NOTES_MAX),
)


def open_ticket(*, panel_id: int, customer_id: int, by: str, title: str, text: str) -> Ticket:
    """Write to a customer who has not asked: a ticket that waits for their answer. They are told by e-mail."""
    text, title = rules.clean_text(text), rules.clean_title(title)
    refused = rules.may_write(subject=Subject.OTHER.value, title=title, text=text, parsed=Parsed((), words=bool(text)))
    if refused is not None:
        raise Refused.of(refused)
    now = clock.now()
    with transaction.atomic():
        customer = Customer.objects.select_related("user", "panel").get(panel_id=panel_id, id=customer_id)
        ticket: Ticket = Ticket.objects.create(
            panel_id=panel_id,
            number=numbers.take(panel_id, Noun.TICKET, 1).start,
            customer_id=customer_id,
            subject=Subject.OTHER,
            title=rules.title_of(title, text),
            state=TicketState.ANSWERED,
            words_wait=False,
            unread_customer=True,
            unread_staff=False,
            created_at=now,
            updated_at=now,
        )
        Message.objects.create(
            panel_id=panel_id, ticket=ticket, author=Author.STAFF, by=by[:300], text=text, created_at=now
        )
        facts = {"customer": customer_id, "subject": Subject.OTHER.value, "by": by}
        record([NewEvent(panel_id, "ticket.opened", ticket.id, facts)], now=now)
        webhook_events.tell(webhook_events.OPENED, ticket, text=text, by=by, now=now)
        emails.answered(customer, ticket, text, now=now)
    return ticket


def answer(
    *,
    panel_id: int,
    ticket_id: int,
    by: str,
    text: str,
    version: int | None = None,
    close: bool = False,
    staff_id: int | None = None,
    file: bytes = b"",
    file_name: str = "",
) -> None:
    """Answer the customer, who is told by e-mail; it is her turn then. `close`: it is the last word. `file`: goes with
    it; without a name it is called by what it is.

    `staff_id`: whose the ticket is then, if it was nobody's. A colleague's stays the colleague's.
    """
    text = rules.clean_text(text)
    if not text:
        raise Refused("missing_field", "text")
    if len(text) > limits.TICKET_CHARS_MAX:
        raise Refused("text_too_long", "text", limit=limits.TICKET_CHARS_MAX)
    attached = _checked(file, file_name) if file or file_name else []
    with _ticket(panel_id, ticket_id, version) as (ticket, now):
        if Message.objects.filter(panel_id=panel_id, ticket=ticket).count() >= 2 * rules.MESSAGES_MAX:
            raise InvalidState("ticket_is_full")
        if attached and store.attached_bytes(ticket, Author.STAFF) + len(file) > limits.ATTACHED_BYTES_MAX:
            raise Refused("files_full", "file", limit=limits.ATTACHED_BYTES_MAX // 2**20)
        message = Message.objects.create(
            panel_id=panel_id, ticket=ticket, author=Author.STAFF, by=by[:300], text=text, created_at=now
        )
        store.attach(message, ticket.customer_id, attached, now=now)
        if ticket.assignee_id is None:
            ticket.assignee_id = staff_id
        ticket.words_wait = False
        ticket.unread_customer = True
        ticket.unread_staff = False
        ticket.updated_at = now
        record([NewEvent(panel_id, "ticket.answered", ticket_id, {"by": by})], now=now)
        webhook_events.tell(webhook_events.ANSWERED, ticket, text=text, by=by, now=now)
        customer = Customer.objects.select_related("user", "panel").get(panel_id=panel_id, id=ticket.customer_id)
        emails.answered(customer, ticket, text, now=now)
        if close:
            settling_actions.close(ticket, now=now)
        else:
            if ticket.state == TicketState.CLOSED:
                settling_actions.move(ticket, TicketState.ANSWERED, now=now)
            settling_actions.settle(ticket, now=now)


def _checked(data: bytes, name: str) -> list[CheckedFile]:
    """Refused: empty_file, file_too_large, bad_file."""
    found = type_of(data)
    checked = check((Upload(name or f"file.{found.value if found else ''}", data),))
    if isinstance(checked, Refusal):
        limit = dict(checked.facts).get("limit", checked.limit)
        raise Refused(checked.code, "file", limit=int(str(limit)))
    return checked


def close(*, panel_id: int, ticket_id: int, by: str, version: int | None = None) -> None:
    """Nothing more is to be said. The customer may write again, which opens it."""
    with _ticket(panel_id, ticket_id, version) as (ticket, now):
        if ticket.state == TicketState.CLOSED:
            raise InvalidState("ticket_closed")
        ticket.unread_staff = False
        ticket.unread_customer = True
        settling_actions.close(ticket, now=now)
        record([NewEvent(panel_id, "ticket.worked", ticket_id, {"action": "close", "by": by})], now=now)


def mark_read(*, panel_id: int, ticket_id: int, by: str, version: int) -> bool:
    """Staff have seen the ticket as it was at this version. False when there was nothing to mark."""
    rows = Ticket.objects.filter(panel_id=panel_id, id=ticket_id, version=version, unread_staff=True)
    return bool(rows.update(unread_staff=False))


def assign(*, panel_id: int, ticket_id: int, to: int | None) -> None:
    """Whose the ticket is from now on: a member of staff who may answer tickets, or nobody's.

    Refused: no_colleague, already_assigned, assigned_to_nobody.
    """
    if to is not None and to not in queries.colleagues(panel_id):
        raise Refused("no_colleague", "to")
    with _ticket(panel_id, ticket_id) as (ticket, _now):
        if ticket.assignee_id == to:
            raise InvalidState("assigned_to_nobody" if to is None else "already_assigned")
        ticket.assignee_id = to
        save(ticket)


def add_note(*, panel_id: int, ticket_id: int, by: str, text: str) -> None:
    """A note for staff alone: the customer's ticket stays as it is, and nobody is told.

    Refused: missing_field, text_too_long, notes_full.
    """
    text = rules.clean_text(text)
    if not text:
        raise Refused("missing_field", "text")
    if len(text) > limits.TICKET_CHARS_MAX:
        raise Refused("text_too_long", "text", limit=limits.TICKET_CHARS_MAX)
    with _ticket(panel_id, ticket_id) as (ticket, now):
        if TicketNote.objects.filter(panel_id=panel_id, ticket=ticket).count() >= rules.NOTES_MAX:
            raise InvalidState("notes_full", limit=rules.NOTES_MAX)
        TicketNote.objects.create(panel_id=panel_id, ticket=ticket, by=by[:300], text=text, created_at=now)
        # Whoever is writing an answer has not seen it.
        save(ticket)


def set_locked(*, panel_id: int, ticket_id: int, locked: bool) -> None:
    """Whether the customer may write in the ticket. Staff may, always. Refused: ticket_is_locked, ticket_not_locked."""
    with _ticket(panel_id, ticket_id) as (ticket, _now):
        if ticket.locked == locked:
            raise InvalidState("ticket_is_locked" if locked else "ticket_not_locked")
        ticket.locked = locked
        save(ticket)


def merge(*, panel_id: int, ticket_id: int, by: str, into: int) -> None:
    """Move all that stands in a ticket into an older one of the same customer, by number. It stays as one that is
    closed and points there.

    Refused: no_ticket, ticket_merged, merge_into_older, other_customer, ticket_is_full.
    """
    into_id = queries.ticket_id(panel_id, into)
    if into_id is None:
        raise Refused("no_ticket", "into", id=into)
    # The newer one is locked first, always: so two that are merged at once never wait for each other.
    if into_id >= ticket_id:
        raise Refused("merge_into_older", "into")
    with _ticket(panel_id, ticket_id) as (ticket, now), _ticket(panel_id, into_id) as (older, _now):
        if older.customer_id != ticket.customer_id:
            raise Refused("other_customer", "into")
        both = {"panel_id": panel_id, "ticket_id__in": (ticket_id, into_id)}
        for model, most in _PARTS:
            if model.objects.filter(**both).count() > most:
                raise InvalidState("ticket_is_full")
            model.objects.filter(panel_id=panel_id, ticket=ticket).update(ticket=older)
        if ticket.state != TicketState.CLOSED and older.state == TicketState.CLOSED:
            settling_actions.move(older, TicketState.OPEN, now=now)
        older.words_wait = older.words_wait or ticket.words_wait
        older.unread_customer = older.unread_customer or ticket.unread_customer
        older.unread_staff = older.unread_staff or ticket.unread_staff
        older.updated_at = max(older.updated_at, ticket.updated_at)
        older.assignee_id = older.assignee_id or ticket.assignee_id
        ticket.words_wait = ticket.unread_customer = ticket.unread_staff = False
        ticket.locked, ticket.due_at, ticket.merged_into = True, None, older
        settling_actions.move(ticket, TicketState.CLOSED, now=now)
        save(ticket)
        record([NewEvent(panel_id, "ticket.worked", ticket_id, {"action": "merge", "into": into, "by": by})], now=now)
        settling_actions.settle(older, now=now)


def pass_on(*, panel_id: int, ticket_id: int, order: int, by: str) -> None:
    """Whoever delivers the order was asked to hurry: the speed-up waits for staff no more, and is followed."""
    with _ticket(panel_id, ticket_id) as (ticket, now):
        request = _speed_up(ticket, order)
        rows = TicketRequest.objects.filter(
            panel_id=panel_id, id=request.id, state=TicketRequestState.ACCEPTED, passed_on_at=None
        )
        if not rows.update(passed_on_at=now):
            raise InvalidState("speed_up_passed_on")
        _worked(ticket, "pass on", order, by, now)


def finish(*, panel_id: int, ticket_id: int, order: int, by: str) -> None:
    """The order goes faster now: the speed-up is done."""
    _end_speed_up(panel_id, ticket_id, order, rules.DONE, by)


def refuse(*, panel_id: int, ticket_id: int, order: int, by: str) -> None:
    """The order cannot be sped up. Why is best told in an answer."""
    _end_speed_up(panel_id, ticket_id, order, rules.REFUSED, by)


def _end_speed_up(panel_id: int, ticket_id: int, order: int, outcome: str, by: str) -> None:
    with _ticket(panel_id, ticket_id) as (ticket, now):
        settling_actions.end(ticket, [(_speed_up(ticket, order), outcome)], now=now)
        _worked(ticket, outcome, order, by, now, ended=True)


def _worked(ticket: Ticket, action: str, order: int, by: str, now: datetime, *, ended: bool = False) -> None:
    facts = {"action": action, "order": order, "by": by}
    record([NewEvent(ticket.panel_id, "ticket.worked", ticket.id, facts)], now=now)
    settling_actions.settle(ticket, now=now, ended=ended)


def _speed_up(ticket: Ticket, order: int) -> RequestProgress:
    """The speed-up of this order that is open in the locked ticket. Raises NotThere."""
    for request in store.standing([ticket.id])[ticket.id]:
        if request.wish is Wish.SPEED_UP and request.number == order:
            return request
    raise NotThere("no_speed_up", id=order)


@contextmanager
def _ticket(panel_id: int, ticket_id: int, version: int | None = None) -> Iterator[tuple[Ticket, datetime]]:
    """The locked ticket and the time, in one transaction. Raises NotThere, or InvalidState when it has changed."""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update().filter(panel_id=panel_id, id=ticket_id).first()
        if ticket is None:
            raise NotThere("no_ticket", id=ticket_id)
        if ticket.merged_into is not None:
            raise InvalidState("ticket_merged", id=ticket.merged_into.number)
        if version is not None and ticket.version != version:
            raise InvalidState("ticket_changed")
        yield ticket, clock.now()
