"""What customers do with tickets. Each function is one transaction, inside the panel's scope.

Lock order: the customer (so that her limits hold), the ticket, orders in id order, accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet, Sum

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.customers.access import Caller
from panelwright.customers.models import Customer
from panelwright.events.actions import NewEvent, record
from panelwright.orders import lifecycle
from panelwright.orders.actions import AskOrders, ask_cancels, ask_refills
from panelwright.orders.models import Order, Refill
from panelwright.orders.requests import BAD_ORDER
from panelwright.panels import numbers
from panelwright.panels.models import Noun
from panelwright.support import commands, files, rules, settling_actions, store, webhook_events
from panelwright.support.commands import Ask, Parsed, Wish
from panelwright.support.files import Upload
from panelwright.support.models import (
    Attachment,
    Author,
    Message,
    Subject,
    Ticket,
    TicketRequest,
    TicketRequestState,
    TicketState,
)


class Letter(NamedTuple):
    """What a customer sends. `picked` are requests chosen from a form: they are written below the text.

    `request_id` makes a repeat harmless: it answers what the first one wrote.
    """

    text: str = ""
    picked: tuple[Ask, ...] = ()
    files: tuple[Upload, ...] = ()
    request_id: str = ""


class PostedMessage(NamedTuple):
    """`number`: the ticket's, which its customer sees."""

    ticket_id: int
    message_id: int
    number: int


class AllRejected(NamedTuple):
    """All that the letter says are requests, and none of them is possible: nothing was written."""

    refused: tuple[RefusedAsk, ...]


class RefusedAsk(NamedTuple):
    """A request and the code of why not."""

    wish: Wish
    number: int
    reason: str


class _Draft(NamedTuple):
    """A letter that is fit to be written."""

    text: str
    parsed: Parsed
    files: list[files.CheckedFile]
    request_id: str | None

    @property
    def size(self) -> int:
        return sum(len(file.data) for file in self.files)


def open_ticket(
    *, panel_id: int, customer_id: int, subject: str, title: str = "", letter: Letter, now: datetime | None = None
) -> PostedMessage | AllRejected | Refusal:
    """A new ticket with its first message; on an order ticket, what is asked of orders is done or passed on.

    Refuses with bad_subject, title_too_long, too_many_open, or as `reply` does; then nothing was written.
    """
    now = now or clock.now()
    title = rules.clean_title(title)
    draft = _draft(letter, subject=subject, title=title)
    if isinstance(draft, Refusal):
        return draft
    with transaction.atomic(durable=True):
        before = _locked(panel_id, customer_id, draft.request_id)
        if before is not None:
            return before
        refused = rules.may_flood(_lately(panel_id, customer_id, now), opens=True, text=draft.text, size=draft.size)
        if refused is not None:
            return refused
        # Orders and accounts before the number, whose row all tickets of the panel wait for.
        answered = _ask(panel_id, customer_id, draft.parsed.asks, now)
        if (rejected := _all_rejected(draft, answered)) is not None:
            return rejected
        ticket: Ticket = Ticket.objects.create(
            panel_id=panel_id,
            number=numbers.take(panel_id, Noun.TICKET, 1).start,
            customer_id=customer_id,
            subject=subject,
            title=rules.title_of(title, draft.text),
            state=TicketState.OPEN,
            words_wait=False,
            created_at=now,
            updated_at=now,
        )
        record([NewEvent(panel_id, "ticket.opened", ticket.id, {"customer": customer_id, "subject": subject})], now=now)
        webhook_events.tell(webhook_events.OPENED, ticket, text=draft.text, now=now)
        return _write(ticket, draft, answered, now)


def reply(
    *, panel_id: int, customer_id: int, ticket_id: int, letter: Letter, now: datetime | None = None
) -> PostedMessage | AllRejected | Refusal:
    """One more message of the customer; it opens a closed ticket again.

    Refuses with no_ticket, ticket_merged, ticket_locked, ticket_full, no_text, text_too_long, too_many_orders,
    too_many_files, empty_file, file_too_large, bad_file, files_full, too_many_messages, same_text; then nothing was
    written.
    """
    now = now or clock.now()
    with transaction.atomic(durable=True):
        # Who has no such ticket waits for no lock of it.
        subject = _hers(panel_id, customer_id, ticket_id).values_list("subject", flat=True).first()
        if subject is None:
            return rules.NO_TICKET
        draft = _draft(letter, subject=subject, title="")
        if isinstance(draft, Refusal):
            return draft
        before = _locked(panel_id, customer_id, draft.request_id)
        if before is not None:
            return before
        ticket: Ticket = _hers(panel_id, customer_id, ticket_id).select_for_update().get()
        if ticket.merged_into is not None:
            return Refusal("ticket_merged", facts=(("id", ticket.merged_into.number),))
        if ticket.locked:
            return rules.LOCKED
        lately = _lately(panel_id, customer_id, now)
        closed = ticket.state == TicketState.CLOSED
        refused = _full(ticket, draft) or rules.may_flood(lately, opens=closed, text=draft.text, size=draft.size)
        if refused is not None:
            return refused
        answered = _ask(panel_id, customer_id, draft.parsed.asks, now)
        if (rejected := _all_rejected(draft, answered)) is not None:
            return rejected
        ticket.unread_customer = False
        if closed:
            settling_actions.move(ticket, TicketState.OPEN, now=now)
        webhook_events.tell(webhook_events.REPLIED, ticket, text=draft.text, now=now)
        return _write(ticket, draft, answered, now)


def close(*, panel_id: int, customer_id: int, ticket_id: int, now: datetime | None = None) -> Refusal | None:
    """The customer needs no answer any more. What was asked of refills and cancels goes on. Refuses with no_ticket."""
    with transaction.atomic(durable=True):
        ticket = _hers(panel_id, customer_id, ticket_id).select_for_update().first()
        if ticket is None:
            return rules.NO_TICKET
        if ticket.state != TicketState.CLOSED:
            settling_actions.close(ticket, now=now or clock.now())
            Ticket.objects.filter(panel_id=panel_id, id=ticket_id).update(unread_customer=False, unread_staff=False)
    return None


def mark_read(*, panel_id: int, customer_id: int, ticket_id: int, version: int) -> bool:
    """The customer has seen the ticket as it was at this version. False when there was nothing to mark."""
    rows = _hers(panel_id, customer_id, ticket_id).filter(version=version, unread_customer=True)
    return bool(rows.update(unread_customer=False))


def _hers(panel_id: int, customer_id: int, ticket_id: int) -> QuerySet[Ticket]:
    return Ticket.objects.filter(panel_id=panel_id, customer_id=customer_id, id=ticket_id)


def _draft(letter: Letter, *, subject: str, title: str) -> _Draft | Refusal:
    """The letter, cleaned and read; or what is wrong with it."""
    text = rules.clean_text(letter.text)
    if letter.picked and subject == Subject.ORDER:
        text = f"{text}\n{commands.lines(letter.picked)}".strip()
    parsed = commands.parse(text) if subject == Subject.ORDER else Parsed((), words=True)
    refused = rules.may_write(subject=subject, title=title, text=text, parsed=parsed)
    if refused is not None:
        return refused
    checked = files.check(letter.files)
    if isinstance(checked, Refusal):
        return checked
    return _Draft(text, parsed, checked, letter.request_id[: rules.REQUEST_ID_MAX] or None)


def _locked(panel_id: int, customer_id: int, request_id: str | None) -> PostedMessage | Refusal | None:
    """Lock the customer, so that her messages come one after the other. Not None: there is nothing more to do."""
    # No key update: orders that are being placed for her do not wait for this.
    row = Customer.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=customer_id).values_list("id")
    if not row:
        return rules.NO_CUSTOMER
    if request_id is None:
        return None
    rows = Message.objects.filter(panel_id=panel_id, customer_id=customer_id, request_id=request_id)
    before = rows.select_related("ticket").first()
    return None if before is None else PostedMessage(before.ticket_id, before.id, before.ticket.number)


def _lately(panel_id: int, customer_id: int, now: datetime) -> rules.RecentActivity:
    """What the limits are about. The customer is locked."""
    hers = {"panel_id": panel_id, "customer_id": customer_id}
    texts = Message.objects.filter(**hers, created_at__gt=now - rules.HOUR).values_list("text", flat=True)
    return rules.RecentActivity(
        open=Ticket.objects.filter(**hers).exclude(state=TicketState.CLOSED).count(),
        # What staff have sent takes none of her room.
        bytes=Attachment.objects.filter(**hers, message__author=Author.CUSTOMER).aggregate(bytes=Sum("size"))["bytes"]
        or 0,
        texts=list(texts[: rules.PER_HOUR_MAX]),
    )


def _full(ticket: Ticket, draft: _Draft) -> Refusal | None:
    """Whether the ticket has no room for one more message, or so many more requests."""
    ours = {"panel_id": ticket.panel_id, "ticket": ticket}
    if Message.objects.filter(**ours).count() >= rules.MESSAGES_MAX:
        return Refusal("ticket_full", "", rules.MESSAGES_MAX)
    asked = TicketRequest.objects.filter(**ours).count() if draft.parsed.asks else 0
    if asked + len(draft.parsed.asks) > rules.TICKET_ASKS_MAX:
        return Refusal("too_many_orders", "text", rules.TICKET_ASKS_MAX)
    return None


def _all_rejected(draft: _Draft, answered: _Answered) -> AllRejected | None:
    """Nobody would ever answer a letter of which nothing is possible: she is told at once, and nothing is written."""
    refused = [(ask, answer) for ask, answer in answered.answers.items() if isinstance(answer, Refusal)]
    if draft.parsed.words or draft.files or not refused or len(refused) < len(answered.answers):
        return None
    transaction.set_rollback(True)
    return AllRejected(tuple(RefusedAsk(ask.wish, ask.number, answer.code) for ask, answer in refused))


def _write(ticket: Ticket, draft: _Draft, answered: _Answered, now: datetime) -> PostedMessage:
    """Write the message with its files and what came of what it asks for, and save the locked ticket."""
    message: Message = Message.objects.create(
        panel_id=ticket.panel_id,
        ticket=ticket,
        author=Author.CUSTOMER,
        customer_id=ticket.customer_id,
        text=draft.text,
        request_id=draft.request_id,
        created_at=now,
    )
    store.attach(message, ticket.customer_id, draft.files, now=now)
    ticket.words_wait = ticket.words_wait or draft.parsed.words or bool(draft.files)
    ticket.unread_staff = True
    ticket.updated_at = now
    if draft.parsed.asks:
        rows = [_request(message, ask, answered, now) for ask in draft.parsed.asks]
        TicketRequest.objects.bulk_create(rows)
        facts = [{"order": r.number, "wish": r.wish, "reason": r.reason} for r in rows]
        settling_actions.say(ticket, rules.ASKED, facts, now=now)
    settling_actions.settle(ticket, now=now, seen=True)
    return PostedMessage(ticket.id, message.id, ticket.number)


class _Answered(NamedTuple):
    """What came of what a letter asks for; the ids of her orders, and of the refills, by their numbers."""

    answers: dict[Ask, Refusal | int]
    orders: dict[int, int]
    refills: dict[int, int]


def _ask(panel_id: int, customer_id: int, asks: Sequence[Ask], now: datetime) -> _Answered:
    """Ask for everything that may be asked for. Locks her orders, then accounts, then numbers."""
    if not asks:
        return _Answered({}, {}, {})
    ours = {"panel_id": panel_id, "number__in": sorted({ask.number for ask in asks})}
    mine = dict(Order.objects.filter(**ours, customer_id=customer_id).values_list("number", "id"))
    # All at once and in id order, whatever is asked of which.
    orders = lifecycle.lock(mine.values())
    followed = TicketRequest.objects.filter(
        panel_id=panel_id, order_id__in=sorted(mine.values()), state=TicketRequestState.ACCEPTED
    )
    known = {Ask(Wish(wish), number) for wish, number in followed.values_list("wish", "order__number")}
    answers: dict[Ask, Refusal | int] = {ask: rules.ALREADY_ASKED if ask in known else BAD_ORDER for ask in asks}
    caller = Caller(customer_id=customer_id)
    for wish, asked in rules.by_wish([ask for ask in asks if ask.number in mine], known).items():
        command = AskOrders(caller, tuple(asked))
        if wish is Wish.SPEED_UP:
            results: Refusal | list[Refusal | int] = [rules.may_speed_up(orders[mine[n]].status) or 1 for n in asked]
        else:
            results = (ask_refills if wish is Wish.REFILL else ask_cancels)([command], now=now)[0]
        # One refusal for the whole command: she may order nothing at all now.
        told = [results] * len(asked) if isinstance(results, Refusal) else results
        answers.update({Ask(wish, n): answer for n, answer in zip(asked, told, strict=True)})
    return _Answered(answers, mine, _refills(panel_id, answers))


def _refills(panel_id: int, answers: Mapping[Ask, Refusal | int]) -> dict[int, int]:
    """Number -> id, of the refills that were just asked for."""
    made = [a for ask, a in answers.items() if ask.wish is Wish.REFILL and isinstance(a, int)]
    return dict(Refill.objects.filter(panel_id=panel_id, number__in=made).values_list("number", "id")) if made else {}


def _request(message: Message, ask: Ask, answered: _Answered, now: datetime) -> TicketRequest:
    """A row for each wish, refused ones too."""
    answer = answered.answers[ask]
    refusal = answer if isinstance(answer, Refusal) else None
    return TicketRequest(
        panel_id=message.panel_id,
        ticket_id=message.ticket_id,
        message=message,
        wish=ask.wish.value,
        number=ask.number,
        order_id=answered.orders.get(ask.number),
        refill_id=answered.refills[answer] if isinstance(answer, int) and ask.wish is Wish.REFILL else None,
        state=TicketRequestState.REFUSED if refusal else TicketRequestState.ACCEPTED,
        reason=refusal.code if refusal else "",
        created_at=now,
        settled_at=now if refusal else None,
    )
