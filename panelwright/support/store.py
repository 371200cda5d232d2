"""The set SQL that follows requests. Every function runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Sum

from panelwright.core import sql
from panelwright.support.commands import Wish
from panelwright.support.files import CheckedFile
from panelwright.support.models import Attachment, Author, Message, Ticket
from panelwright.support.rules import RequestProgress

_ANY_DUE = sql.Query("SELECT 1 FROM support_ticket WHERE due_at <= ? LIMIT 1")
# The queue of all panels, like that of the orders; each row names its panel.
PICK_DUE = sql.Query("SELECT id FROM support_ticket WHERE due_at <= ? ORDER BY due_at LIMIT ? :skip_locked")
_STANDING = sql.Query(
    "SELECT r.id, r.ticket_id, r.panel_id, r.wish, r.number, r.passed_on_at, o.status, f.status, k.state, r.created_at"
    " FROM support_ticketrequest r JOIN orders_order o ON o.id = r.order_id"
    " LEFT JOIN orders_refill f ON f.id = r.refill_id LEFT JOIN orders_cancel k ON k.order_id = r.order_id"
    " WHERE r.ticket_id :in_int AND r.state = 'accepted' ORDER BY r.ticket_id, r.id"
)
# Of all panels: what is old is deleted wherever it is.
_OLD_FILES = sql.Query(
    "SELECT a.id FROM support_attachment a JOIN support_message m ON m.id = a.message_id"
    " JOIN support_ticket t ON t.id = m.ticket_id WHERE a.created_at < ? AND t.closed_at < ?"
    " ORDER BY a.created_at LIMIT ?"
)
_DELETE_FILES = sql.Query("DELETE FROM support_attachment WHERE id :in_int")
_LOOK_AGAIN = sql.Update("support_ticket", {"due_at": "timestamptz"}, {"id": "bigint"})


def attach(message: Message, customer_id: int, files: Iterable[CheckedFile], *, now: datetime) -> None:
    """The files of a message that stands already."""
    Attachment.objects.bulk_create(
        Attachment(
            panel_id=message.panel_id,
            message=message,
            customer_id=customer_id,
            name=file.name,
            type=file.type.value,
            size=len(file.data),
            data=file.data,
            created_at=now,
        )
        for file in files
    )


def attached_bytes(ticket: Ticket, author: Author) -> int:
    """What all files of one side take in the tickets of this customer."""
    rows = Attachment.objects.filter(
        panel_id=ticket.panel_id, customer_id=ticket.customer_id, message__author=author.value
    )
    return rows.aggregate(bytes=Sum("size"))["bytes"] or 0


def any_due(now: datetime) -> bool:
    return bool(_ANY_DUE.rows(connection, sql.moment(connection, now)))


def pick_due(now: datetime, limit: int) -> list[int]:
    """Ids of tickets to look at, locked; those that somebody holds are left for the next round."""
    return [row[0] for row in PICK_DUE.rows(connection, sql.moment(connection, now), limit)]


def standing(ticket_ids: Collection[int]) -> dict[int, list[RequestProgress]]:
    """The requests of locked tickets that are followed, by ticket, as they and their orders stand now."""
    found: dict[int, list[RequestProgress]] = {ticket_id: [] for ticket_id in ticket_ids}
    for row in _STANDING.rows(connection, sorted(ticket_ids)):
        created_at = sql.aware(row[9])
        assert created_at is not None
        request = RequestProgress._make((*row[:3], Wish(row[3]), row[4], row[5] is not None, *row[6:9], created_at))
        found[request.ticket_id].append(request)
    return found


def look_again(at: dict[int, datetime | None]) -> None:
    """Set when tickets are looked at next, by ticket id."""
    _LOOK_AGAIN.run(connection, [(sql.moment(connection, due_at), id_) for id_, due_at in sorted(at.items())])


def delete_old_files(before: datetime, limit: int) -> int:
    """Delete files of tickets that were closed before this; answers how many."""
    at = sql.moment(connection, before)
    ids = [row[0] for row in _OLD_FILES.rows(connection, at, at, limit)]
    if ids:
        _DELETE_FILES.run(connection, ids)
    return len(ids)
