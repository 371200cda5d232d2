"""What happens to the requests of tickets after they were made: they are followed until they are done.

Every ticket is locked while it changes, and changes by guarded updates, so that each end is told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django_scopes import scope

from panelwright.core import clock
from panelwright.customers.models import Customer
from panelwright.events.actions import NewEvent, record
from panelwright.support import emails, rules, store, webhook_events
from panelwright.support.commands import Wish
from panelwright.support.models import Author, Message, Ticket, TicketRequest, TicketRequestState, TicketState
from panelwright.support.rules import SETTLED, WITHDRAWN, RequestProgress


class StaleRequest(Exception):
    """A row was not as it had just been read under its lock: a fault of ours, everything is rolled back."""


def follow(limit: int) -> int:
    """Look at the tickets that are due and write down which of their requests have ended. Answers how many tickets."""
    now = clock.now()
    if not store.any_due(now):
        return 0
    with transaction.atomic(durable=True):
        ids = store.pick_due(now, limit)
        waiting: dict[int, datetime | None] = {}
        for ticket_id, requests in store.standing(ids).items():
            if any(rules.outcome(request) is not None for request in requests):
                panel_id = requests[0].panel_id
                with scope(panel=panel_id):
                    settle(Ticket.objects.get(panel_id=panel_id, id=ticket_id), requests, now=now)
            else:
                waiting[ticket_id] = rules.next_look(requests, now)
        store.look_again(waiting)
    return len(ids)


def forget_files(limit: int) -> int:
    """Delete some of the files whose tickets have been closed for long; answers how many."""
    with transaction.atomic(durable=True):
        return store.delete_old_files(clock.now() - rules.FILES_KEPT, limit)


def settle(
    ticket: Ticket,
    requests: Sequence[RequestProgress] | None = None,
    *,
    now: datetime,
    ended: bool = False,
    seen: bool = False,
) -> None:
    """Write down which requests have ended, tell the customer, and save the locked ticket as it stands then.

    Runs in the caller's transaction. What the caller changed of the ticket is saved with it. `ended`: the
    caller has just ended one. `seen`: the customer is at it herself, and needs no e-mail.
    """
    requests = store.standing([ticket.id])[ticket.id] if requests is None else requests
    ends = [(request, outcome) for request in requests if (outcome := rules.outcome(request)) is not None]
    end(ticket, ends, now=now)
    ended_ids = {request.id for request, _ in ends}
    still_open = [request for request in requests if request.id not in ended_ids]
    ticket.due_at = rules.next_look(still_open, now)
    if ticket.state != TicketState.CLOSED:
        state = rules.state_of(words_wait=ticket.words_wait, open_requests=still_open)
        if (ends or ended) and rules.closes_itself(
            words_wait=ticket.words_wait, open_requests=still_open, ends=_ends(ticket)
        ):
            state = TicketState.CLOSED
        move(ticket, state, now=now)
    save(ticket)
    if (ends or ended) and not still_open and not seen:
        # Once, when the last one has ended: not an e-mail for each of a hundred orders.
        customer = Customer.objects.select_related("user", "panel").get(panel_id=ticket.panel_id, id=ticket.customer_id)
        emails.settled(customer, ticket, now=now)


def end(ticket: Ticket, ends: Sequence[tuple[RequestProgress, str]], *, now: datetime) -> None:
    """Write down how requests ended, in the table and in the conversation."""
    if not ends:
        return
    for request, outcome in ends:
        rows = TicketRequest.objects.filter(
            panel_id=ticket.panel_id, id=request.id, ticket=ticket, state=TicketRequestState.ACCEPTED
        )
        if rows.update(state=TicketRequestState.DONE, outcome=outcome, settled_at=now) != 1:
            raise StaleRequest(f"request {request.id} of ticket {ticket.id} was not as it had been read under its lock")
    facts = [{"order": request.number, "wish": request.wish.value, "outcome": outcome} for request, outcome in ends]
    say(ticket, SETTLED, facts, now=now)


def say(ticket: Ticket, code: str, facts: list[dict[str, object]], *, now: datetime) -> None:
    """A message of the system; the customer has not read it yet."""
    Message.objects.create(
        panel_id=ticket.panel_id,
        ticket=ticket,
        author=Author.SYSTEM,
        code=code,
        facts={"requests": facts},
        created_at=now,
    )
    ticket.unread_customer = True
    ticket.updated_at = now


def _ends(ticket: Ticket) -> list[tuple[str, str]]:
    rows = TicketRequest.objects.filter(panel_id=ticket.panel_id, ticket=ticket)
    return list(rows.values_list("wish", "outcome"))


def move(ticket: Ticket, state: TicketState, *, now: datetime) -> None:
    """Change the state; an event tells of a close."""
    closes = state == TicketState.CLOSED and ticket.state != TicketState.CLOSED
    if closes:
        record([NewEvent(ticket.panel_id, "ticket.closed", ticket.id, {})], now=now)
        webhook_events.tell(webhook_events.CLOSED, ticket, now=now)
    if state != TicketState.CLOSED:
        ticket.closed_at = None
    elif closes:
        ticket.closed_at = now
    ticket.state = state.value


def close(ticket: Ticket, *, now: datetime) -> None:
    """Close the locked ticket. Speed-ups are given up; refills and cancels are under way and followed on."""
    requests = store.standing([ticket.id])[ticket.id]
    end(ticket, [(request, WITHDRAWN) for request in requests if request.wish is Wish.SPEED_UP], now=now)
    ticket.words_wait = False
    ticket.updated_at = now
    move(ticket, TicketState.CLOSED, now=now)
    settle(ticket, now=now, seen=True)


def save(ticket: Ticket) -> None:
    """Write the locked ticket, if it is the one that was read. Raises Stale."""
    rows = Ticket.objects.filter(panel_id=ticket.panel_id, id=ticket.id, version=ticket.version)
    changed = rows.update(
        state=ticket.state,
        words_wait=ticket.words_wait,
        unread_customer=ticket.unread_customer,
        unread_staff=ticket.unread_staff,
        assignee_id=ticket.assignee_id,
        locked=ticket.locked,
        merged_into_id=ticket.merged_into_id,
        version=ticket.version + 1,
        due_at=ticket.due_at,
        updated_at=ticket.updated_at,
        closed_at=ticket.closed_at,
    )
    if changed != 1:
        raise StaleRequest(f"ticket {ticket.id} was not as it had been read under its lock")
    ticket.version += 1
