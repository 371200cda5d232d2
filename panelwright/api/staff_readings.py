"""What staff read over the staff API: each GET with its right, its parameters and the shape of its answer."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from panelwright.api import staff_lists
from panelwright.api import staff_reading as reading
from panelwright.api.staff import Reading, StaffCall
from panelwright.content import declarations as content
from panelwright.content import queries as content_queries
from panelwright.core.refusal import Refused
from panelwright.orders import queries as order_numbers
from panelwright.providers import order_declarations, order_queries
from panelwright.providers.manual import manual_queries
from panelwright.staff import trail
from panelwright.staff.rights import Right
from panelwright.staff.shapes import MOMENT, NUMBER, TEXT, Shape, fields, listed, maybe, words
from panelwright.support import declarations as tickets
from panelwright.support import downloads
from panelwright.support import queries as ticket_queries
from panelwright.support.models import Subject, TicketState

_QUEUES = {
    "orders": manual_queries.waiting_orders,
    "refills": manual_queries.waiting_refills,
    "cancels": manual_queries.waiting_cancels,
}


def _queue(call: StaffCall) -> dict[str, Any]:
    asked = reading.queue_of(call.request.GET)
    page = _QUEUES[asked.kind](call.panel_id, asked.filters, after=asked.after, limit=asked.limit)
    return {"kind": asked.kind, "items": page.items, "next": page.next}


def _problems(call: StaffCall) -> dict[str, Any]:
    after, limit = reading.page_of(call.request.GET)
    page = order_queries.problem_orders(call.panel_id, after=after, limit=limit)
    return {"items": page.items, "next": page.next}


def _order(call: StaffCall, *, id_: int) -> dict[str, Any]:
    order_id = order_numbers.order_id(call.panel_id, id_)
    return {"order": _there(order_queries.order_facts(call.panel_id, order_id or 0), "no_order", id_)}


def _pages(call: StaffCall) -> dict[str, Any]:
    slug = reading.slug_of(call.request.GET)
    if not slug:
        return {"items": [content.page_row(row) for row in content_queries.pages(call.panel_id)]}
    rows = content_queries.pages_of(call.panel_id, slug)
    return {"items": [{**content.page_row(row), "body": row.body} for row in rows]}


def _announcements(call: StaffCall) -> dict[str, Any]:
    before, limit = reading.before_and_limit_of(call.request.GET, most=content_queries.ANNOUNCEMENTS_MAX)
    page = content_queries.announcements(call.panel_id, before=before, limit=limit)
    return {"items": [content.announcement_facts(row) for row in page.items], "next": page.next}


def _tickets(call: StaffCall) -> dict[str, Any]:
    asked = reading.tickets_of(call.request.GET)
    found, after = ticket_queries.waiting(call.panel_id, asked.filters, after=asked.after, limit=asked.limit)
    return {"items": [ticket_queries.facts(ticket) for ticket in found], "next": after}


def _ticket(call: StaffCall, *, id_: int) -> dict[str, Any]:
    before = reading.before_of(call.request.GET)
    ticket_id = ticket_queries.ticket_id(call.panel_id, id_) or 0
    return {"ticket": _there(ticket_queries.whole_facts(call.panel_id, ticket_id, before=before), "no_ticket", id_)}


def _attachment(call: StaffCall, *, id_: int, file_id: int) -> HttpResponse:
    ticket_id = ticket_queries.ticket_id(call.panel_id, id_) or 0
    found = ticket_queries.attachment(call.panel_id, ticket_id, file_id, customer_id=None)
    return downloads.file(_there(found, "no_file", file_id))


def _trail(call: StaffCall) -> dict[str, Any]:
    filters, before, limit = reading.trail_of(call.request.GET)
    page = trail.entries(call.panel_id, filters, before=before, limit=limit)
    return {"items": [trail.facts_of(entry) for entry in page.items], "next": page.next}


def _there(found: Any, code: str, id_: int) -> Any:
    if found is None:
        raise Refused(code, id=id_)
    return found


def _list(shape: Shape, *, pages: bool = True) -> Shape:
    return fields({"items": listed(shape), **({"next": maybe(NUMBER)} if pages else {})})


_AFTER: dict[str, Shape] = {"after": NUMBER, "limit": NUMBER}
_BEFORE: dict[str, Shape] = {"before": NUMBER, "limit": NUMBER}
_PAGE = fields({**content.PAGE_ROW, "body": TEXT}, optional=("body",))

READINGS = (
    Reading(
        "queue",
        Right.ORDERS_READ,
        "What waits for the panel's own people, the oldest first",
        _queue,
        fields(
            {
                "kind": words(reading.KINDS),
                "items": listed(
                    {
                        "anyOf": [
                            order_declarations.ORDER_SHAPE,
                            order_declarations.REFILL_SHAPE,
                            order_declarations.CANCEL_SHAPE,
                        ]
                    }
                ),
                "next": maybe(NUMBER),
            }
        ),
        {
            "kind": words(reading.KINDS),
            "state": words(("waiting", "started")),
            "service": NUMBER,
            "provider": TEXT,
            **_AFTER,
        },
    ),
    Reading(
        "problems",
        Right.ORDERS_READ,
        "Open orders that a person should look at, the oldest first",
        _problems,
        _list(order_declarations.ORDER_SHAPE),
        _AFTER,
    ),
    Reading(
        "orders/<int:id_>",
        Right.ORDERS_READ,
        "One order, open or ended, with its history",
        _order,
        fields({"order": order_declarations.ORDER_SHAPE}),
    ),
    Reading(
        "pages",
        Right.CONTENT,
        "All pages; with slug one page with its text",
        _pages,
        _list(_PAGE, pages=False),
        {"slug": TEXT},
    ),
    Reading(
        "announcements",
        Right.CONTENT,
        "Announcements, the newest first",
        _announcements,
        _list(content.ANNOUNCEMENT_SHAPE),
        _BEFORE,
    ),
    Reading(
        "tickets",
        Right.SUPPORT,
        "Tickets, the oldest first",
        _tickets,
        _list(fields(tickets.ROW)),
        {
            "state": words(TicketState.values),
            "subject": words(Subject.values),
            "customer": NUMBER,
            "unread": words(("1",)),
            "speed_up": words(("1",)),
            **_AFTER,
        },
    ),
    Reading(
        "tickets/<int:id_>",
        Right.SUPPORT,
        "One ticket with its latest messages",
        _ticket,
        fields({"ticket": tickets.TICKET_SHAPE}),
        {"before": NUMBER},
    ),
    Reading("tickets/<int:id_>/attachments/<int:file_id>", Right.SUPPORT, "The file itself", _attachment, None),
    Reading(
        "trail",
        Right.STAFF,
        "What staff did, the newest first",
        _trail,
        _list(trail.SHAPE),
        {
            "actor": NUMBER,
            "actor_kind": words(("staff", "key", "host", "operator")),
            "action": TEXT,
            "object": TEXT,
            "id": NUMBER,
            "address": TEXT,
            "since": MOMENT,
            "until": MOMENT,
            **_BEFORE,
        },
    ),
    *staff_lists.readings(),
)
