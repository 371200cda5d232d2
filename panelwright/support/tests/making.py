"""What the tests of tickets do over and over. Import this late: it needs Django to be set up."""

from __future__ import annotations

from typing import Any

from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.orders import lifecycle, settling
from panelwright.support import actions, staff_actions, texts
from panelwright.support.actions import AllRejected, Letter, PostedMessage
from panelwright.support.models import Message, Ticket
from tests.support.people import Buyer, Known, Owner, everything, values

BY = "bob, by test"


def write(
    buyer: Buyer, text: str = "", *, subject: str = "order", title: str = "", **letter: Any
) -> PostedMessage | AllRejected | Refusal:
    with scope(panel=buyer.owner.panel):
        return actions.open_ticket(
            panel_id=buyer.owner.panel_id,
            customer_id=buyer.customer_id,
            subject=subject,
            title=title,
            letter=Letter(text, **letter),
        )


def written(buyer: Buyer, text: str = "", **how: Any) -> Known:
    """Open a ticket that must be taken; its id and number."""
    result = write(buyer, text, **how)
    assert isinstance(result, PostedMessage), result
    return Known(result.ticket_id, result.number)


def not_done(buyer: Buyer, text: str) -> list[tuple[str, int, str]]:
    """Open a ticket of which nothing must be possible: (wish, number, reason) of each, and nothing was written."""
    before = everything()
    result = write(buyer, text)
    assert isinstance(result, AllRejected), result
    assert everything() == before
    return [(ask.wish.value, ask.number, ask.reason) for ask in result.refused]


def reply(buyer: Buyer, ticket_id: int, text: str = "", **letter: Any) -> PostedMessage | AllRejected | Refusal:
    with scope(panel=buyer.owner.panel):
        return actions.reply(
            panel_id=buyer.owner.panel_id,
            customer_id=buyer.customer_id,
            ticket_id=ticket_id,
            letter=Letter(text, **letter),
        )


def close(buyer: Buyer, ticket_id: int) -> Refusal | None:
    with scope(panel=buyer.owner.panel):
        return actions.close(panel_id=buyer.owner.panel_id, customer_id=buyer.customer_id, ticket_id=ticket_id)


def staff(owner: Owner, action: str, ticket_id: int, **fields: Any) -> None:
    """`staff(alice, "answer", 5, text="Hello")`."""
    with scope(panel=owner.panel):
        getattr(staff_actions, action)(panel_id=owner.panel_id, ticket_id=ticket_id, by=BY, **fields)


def row_of(ticket_id: int) -> Ticket:
    (panel_id,) = values("SELECT panel_id FROM support_ticket WHERE id = %s", ticket_id)[0]
    with scope(panel=panel_id):
        row: Ticket = Ticket.objects.get(id=ticket_id)
        return row


def state(ticket_id: int) -> str:
    return row_of(ticket_id).state


def said(ticket_id: int) -> list[str]:
    """The conversation, as `author: text`."""
    with scope(panel=row_of(ticket_id).panel_id):
        return [f"{m.author}: {texts.of(m)}" for m in Message.objects.filter(ticket_id=ticket_id).order_by("id")]


def requests(ticket_id: int) -> list[tuple[Any, ...]]:
    """(wish, number, state, reason or outcome) of each request."""
    return values(
        "SELECT wish, number, state, reason || outcome FROM support_ticketrequest WHERE ticket_id = %s ORDER BY id",
        ticket_id,
    )


def ends(order_id: int, status: str = "Completed", *, remains: int = 0) -> None:
    """What a provider's report would do to an order."""
    now = clock.now()
    changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), now)
    changes.apply(settling.end(changes.orders[order_id], status, remains=remains, now=now))
    changes.write()
