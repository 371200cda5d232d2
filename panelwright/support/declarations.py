"""What staff can do with tickets, declared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import limits
from panelwright.core.refusal import Refused
from panelwright.customers.declarations import CUSTOMER
from panelwright.customers.models import Staff
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
    "assignee": maybe(TEXT),
    "locked": YES_NO,
    "merged_into": maybe(NUMBER),
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
        "notes": listed(fields({"by": TEXT, "text": TEXT, "created_at": MOMENT})),
        "older": maybe(NUMBER),
    }
)


def ticket_state(panel_id: int, ticket_id: int) -> State | None:
    ticket = Ticket.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=ticket_id).first()
    if ticket is None:
        return None
    whose = Staff.objects.filter(panel_id=panel_id, id=ticket.assignee_id or 0)
    asked = TicketRequest.objects.filter(panel_id=panel_id, ticket=ticket).order_by("id")
    return {
        "state": ticket.state,
        "unread": ticket.unread_staff,
        "assignee": whose.values_list("user__email", flat=True).first(),
        "locked": ticket.locked,
        "merged_into": None if ticket.merged_into is None else ticket.merged_into.number,
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


def _answer(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
    staff_actions.answer(panel_id=panel_id, ticket_id=target, by=actor.name, staff_id=actor.id, **values)


def _take(actor: Actor, panel_id: int, target: int, /) -> None:
    if actor.id is None:
        raise Refused("only_staff_take")
    staff_actions.assign(panel_id=panel_id, ticket_id=target, to=actor.id)


def _assign(_actor: Actor, panel_id: int, target: int, /, *, to: int | None = None) -> None:
    staff_actions.assign(panel_id=panel_id, ticket_id=target, to=to)


def _note(actor: Actor, panel_id: int, target: int, /, *, text: str) -> ActionDone:
    staff_actions.add_note(panel_id=panel_id, ticket_id=target, by=actor.name, text=text)
    return ActionDone(before={}, after={"note": text})


def _lock(_actor: Actor, panel_id: int, target: int, /, *, locked: bool) -> None:
    staff_actions.set_locked(panel_id=panel_id, ticket_id=target, locked=locked)


def _colleagues(panel_id: int) -> list[tuple[str, str]]:
    return [(str(id_), name) for id_, name in queries.colleagues(panel_id).items()]


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
        _answer,
        (
            Field("text", ActionFieldKind.LONG_TEXT, gettext_noop("Message"), required=True),
            _VERSION,
            Field("close", ActionFieldKind.YES_NO, gettext_noop("Close the ticket")),
            Field(
                "file",
                ActionFieldKind.FILE,
                gettext_noop("File"),
                help=gettext_noop("PNG, JPEG or WebP image, PDF or plain text, up to 2 MiB."),
                file_name="file_name",
            ),
            Field("file_name", ActionFieldKind.TEXT, gettext_noop("File name"), most=limits.FILE_NAME_CHARS_MAX),
        ),
        offered=in_its_place,
        # With room for the rest, each byte of the file in base64.
        body_max=limits.ATTACHMENT_BYTES_MAX * 3 // 2,
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
    Action(TICKET, "take", gettext_noop("Take"), Right.SUPPORT, _take, in_bulk=True, offered=in_its_place),
    Action(
        TICKET,
        "assign",
        gettext_noop("Assign"),
        Right.SUPPORT,
        _assign,
        (Field("to", ActionFieldKind.NUMBER, gettext_noop("Assign to"), required=True, offers=_colleagues),),
        in_bulk=True,
        offered=in_its_place,
    ),
    Action(TICKET, "release", gettext_noop("Unassign"), Right.SUPPORT, _assign, in_bulk=True, offered=in_its_place),
    Action(
        TICKET,
        "note",
        gettext_noop("Add internal note"),
        Right.SUPPORT,
        _note,
        (Field("text", ActionFieldKind.LONG_TEXT, gettext_noop("Note"), required=True),),
        help=gettext_noop("Only staff see notes."),
        offered=in_its_place,
    ),
    Action(
        TICKET,
        "lock",
        gettext_noop("Lock"),
        Right.SUPPORT,
        partial(_lock, locked=True),
        help=gettext_noop("The customer can read the ticket, but not reply."),
        offered=lambda ticket: not ticket.locked,
    ),
    Action(
        TICKET,
        "unlock",
        gettext_noop("Unlock"),
        Right.SUPPORT,
        partial(_lock, locked=False),
        offered=lambda ticket: ticket.locked and ticket.merged_into_id is None,
    ),
    Action(
        TICKET,
        "merge",
        gettext_noop("Merge"),
        Right.SUPPORT,
        _ticket(staff_actions.merge),
        (Field("into", ActionFieldKind.NUMBER, gettext_noop("Into ticket"), required=True, least=1),),
        caution=True,
        help=gettext_noop(
            "Messages, notes and requests move into an older ticket of the same customer. This cannot be undone."
        ),
        offered=lambda ticket: ticket.merged_into_id is None,
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
