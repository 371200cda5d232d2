"""What staff can do with tickets, declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.customers.declarations import CUSTOMER
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, in_its_place
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import MOMENT, NUMBER, TEXT, YES_NO, Shape, fields, listed, maybe, words
from panelwright.support import queries, staff_actions
from panelwright.support.models import TITLE_MAX, Author, Message, Subject, Ticket, TicketRequest, TicketState

ROW: dict[str, Shape] = {
    "id": NUMBER,
    "customer": NUMBER,
    "email": TEXT,
    "subject": words(Subject.values),
    "title": TEXT,
    "state": words(TicketState.values),
    "unread": YES_NO,
    "version": NUMBER,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "closed_at": maybe(MOMENT),
}
TICKET_SHAPE = fields(
    {
        **ROW,
        "requests": listed(
            fields(
                {
                    "wish": TEXT,
                    "order": NUMBER,
                    "state": TEXT,
                    "reason": TEXT,
                    "outcome": TEXT,
                    "refill": maybe(NUMBER),
                    "passed_on_at": maybe(MOMENT),
                    "created_at": MOMENT,
                    "settled_at": maybe(MOMENT),
                }
            )
        ),
        "messages": listed(
            fields(
                {
                    "id": NUMBER,
                    "author": words(Author.values),
                    "by": TEXT,
                    "text": TEXT,
                    "attachments": listed(fields({"id": NUMBER, "name": TEXT, "type": TEXT, "size": NUMBER})),
                    "created_at": MOMENT,
                }
            )
        ),
        "older": maybe(NUMBER),
    }
)


def ticket_state(panel_id: int, ticket_id: int) -> State | None:
    ticket = Ticket.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=ticket_id).first()
    if ticket is None:
        return None
    asked = TicketRequest.objects.filter(panel_id=panel_id, ticket=ticket).order_by("id")
    return {
        "state": ticket.state,
        "unread": ticket.unread_staff,
        "version": ticket.version,
        "messages": Message.objects.filter(panel_id=panel_id, ticket=ticket).count(),
        "requests": [
            {"wish": row.wish, "order": row.number, "state": row.state, "passed_on": row.passed_on_at is not None}
            for row in asked
        ],
    }


def _by_number(panel_id: int, text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


TICKET = Noun(
    "ticket",
    "tickets",
    gettext_noop("Ticket"),
    ticket_state,
    shape=TICKET_SHAPE,
    answer=queries.whole_facts,
    find=_by_number,
    id_of=queries.ticket_id,
)


def _ticket(function: Callable[..., object]) -> Any:
    def do(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
        function(panel_id=panel_id, ticket_id=target, by=actor.name, **values)

    return do


def _open(actor: Actor, panel_id: int, target: int, /, *, title: str, text: str) -> ActionDone:
    ticket = staff_actions.open_ticket(panel_id=panel_id, customer_id=target, by=actor.name, title=title, text=text)
    return ActionDone(before={}, after={"ticket": ticket.number}, shown={"ticket": ticket.number})


_VERSION = Field(
    "version",
    ActionFieldKind.NUMBER,
    gettext_noop("Version"),
    help=gettext_noop("The ticket is left alone if it has changed since this version."),
)
_ORDER = Field("order", ActionFieldKind.NUMBER, gettext_noop("Order"), required=True)

ACTIONS = (
    Action(
        CUSTOMER,
        "open_ticket",
        gettext_noop("Write a ticket"),
        Right.SUPPORT,
        _open,
        (
            Field("title", ActionFieldKind.TEXT, gettext_noop("Subject"), required=True, most=TITLE_MAX),
            Field("text", ActionFieldKind.LONG_TEXT, gettext_noop("Message"), required=True),
        ),
        shown={"ticket": NUMBER},
    ),
    Action(
        TICKET,
        "answer",
        gettext_noop("Reply"),
        Right.SUPPORT,
        _ticket(staff_actions.answer),
        (
            Field("text", ActionFieldKind.LONG_TEXT, gettext_noop("Message"), required=True),
            _VERSION,
            Field("close", ActionFieldKind.YES_NO, gettext_noop("Close the ticket")),
        ),
        offered=in_its_place,
    ),
    Action(
        TICKET,
        "close",
        gettext_noop("Close the ticket"),
        Right.SUPPORT,
        _ticket(staff_actions.close),
        (_VERSION,),
        in_bulk=True,
        offered=in_its_place,
    ),
    Action(
        TICKET,
        "read",
        gettext_noop("Mark as read"),
        Right.SUPPORT,
        _ticket(staff_actions.mark_read),
        (Field("version", ActionFieldKind.NUMBER, gettext_noop("Version"), required=True),),
        in_bulk=True,
        offered=in_its_place,
    ),
    Action(
        TICKET,
        "pass_on",
        gettext_noop("Speed-up passed on to the provider"),
        Right.SUPPORT,
        _ticket(staff_actions.pass_on),
        (_ORDER,),
        offered=in_its_place,
    ),
    Action(
        TICKET,
        "done",
        gettext_noop("Speed-up done"),
        Right.SUPPORT,
        _ticket(staff_actions.finish),
        (_ORDER,),
        offered=in_its_place,
    ),
    Action(
        TICKET,
        "refuse",
        gettext_noop("Reject speed-up"),
        Right.SUPPORT,
        _ticket(staff_actions.refuse),
        (_ORDER,),
        offered=in_its_place,
    ),
)
