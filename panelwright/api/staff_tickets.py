"""The tickets of the staff API, `/api/staff/v1/tickets…`. Refusals as in staff.py."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from panelwright.api import staff_reading as reading
from panelwright.api.staff import Call, Work, staff_only
from panelwright.api.staff_reading import Fields
from panelwright.core.refusal import NotThere
from panelwright.support import queries, serving, staff_actions

_ORDER: Fields = {"order": int}
# Action -> what does it, the fields that it needs, the fields that it may have.
_TICKETS: dict[str, tuple[Work, Fields, Fields]] = {
    "answer": (staff_actions.answer, {"text": str}, {"version": int, "close": bool}),
    "close": (staff_actions.close, {}, {"version": int}),
    "read": (staff_actions.mark_read, {"version": int}, {}),
    "pass_on": (staff_actions.pass_on, _ORDER, {}),
    "done": (staff_actions.finish, _ORDER, {}),
    "refuse": (staff_actions.refuse, _ORDER, {}),
}


@staff_only("GET")
def tickets(call: Call) -> dict[str, Any]:
    """One page of the panel's tickets, the oldest first."""
    asked = reading.tickets_of(call.request.GET)
    found, after = queries.waiting(call.panel_id, asked.filters, after=asked.after, limit=asked.limit)
    return {"items": [queries.facts(ticket) for ticket in found], "next": after}


@csrf_exempt
def ticket(request: HttpRequest, *, id_: int) -> HttpResponse:
    """GET: one ticket with its latest messages. POST: answer it, close it, or tell what became of a speed-up."""
    return _read(request, id_=id_) if request.method == "GET" else _work(request, id_=id_)


@staff_only("GET")
def _read(call: Call, *, id_: int) -> dict[str, Any]:
    return _facts(call, id_, before=reading.before_of(call.request.GET))


@staff_only("POST")
def _work(call: Call, *, id_: int) -> dict[str, Any]:
    action, fields = reading.action_of(call.request, {name: row[1:] for name, row in _TICKETS.items()})
    if "order" in fields:
        fields["order_id"] = fields.pop("order")
    _TICKETS[action][0](panel_id=call.panel_id, ticket_id=id_, by=call.by, **fields)
    return _facts(call, id_)


@staff_only("GET")
def attachment(call: Call, *, id_: int, file_id: int) -> HttpResponse:
    """The file itself."""
    found = queries.attachment(call.panel_id, id_, file_id, customer_id=None)
    if found is None:
        raise NotThere(f"there is no file {file_id} in ticket {id_} of this panel")
    return serving.file(found)


def _facts(call: Call, ticket_id: int, *, before: int | None = None) -> dict[str, Any]:
    facts = queries.whole_facts(call.panel_id, ticket_id, before=before)
    if facts is None:
        raise NotThere(f"there is no ticket {ticket_id} on this panel")
    return {"ticket": facts}
