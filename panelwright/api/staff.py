"""The staff API, `/api/staff/v1/…`: what waits for the panel's own people, and what they do with it.

JSON in and out. A refusal is `{"error": text}` with 400 (the request is wrong), 401 (no such key), 404 (no
such row on this panel), 405, 409 (the row is not in a state for that) or 413. See docs/reference/staff-api.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from panelwright.api import staff_reading as reading
from panelwright.api.staff_reading import Fields
from panelwright.core.refusal import NotNow, NotThere
from panelwright.customers import access
from panelwright.customers.actions import note_staff_key_use
from panelwright.providers import manual_actions, manual_queries, order_queries, resolve_actions

Work = Callable[..., object]

# Action -> what does it, the fields that it needs, the fields that it may have.
_DECISIONS: dict[str, tuple[Work, Fields, Fields]] = {
    "done": (resolve_actions.done, {}, {}),
    "partial": (resolve_actions.partial, {"remains": int}, {}),
    "cancel": (resolve_actions.cancel, {}, {}),
    "send": (resolve_actions.send, {}, {"route": int, "provider": str, "whole": bool}),
    "arrived": (resolve_actions.arrived, {"upstream_id": str}, {"provider": str}),
}
# Beside them what is for orders of the queue alone.
_ORDERS: dict[str, tuple[Work, Fields, Fields]] = {
    "start": (manual_actions.start, {}, {"start_count": int}),
    "progress": (manual_actions.progress, {}, {"remains": int, "delivered": int, "start_count": int}),
    "pass_on": (manual_actions.pass_on, {}, {}),
    **_DECISIONS,
}
_CANCELS: dict[str, tuple[Work, Fields, Fields]] = {
    "accept": (manual_actions.accept_cancel, {}, {}),
    "refuse": (manual_actions.refuse_cancel, {"text": str}, {}),
}
_REFILLS: dict[str, tuple[Work, Fields, Fields]] = {
    "start": (manual_actions.start_refill, {}, {}),
    "done": (manual_actions.finish_refill, {}, {}),
    "reject": (manual_actions.reject_refill, {"text": str}, {}),
    "send": (manual_actions.send_refill, {}, {}),
}
# "refund": as older programs call it.
_PROBLEMS = {**_DECISIONS, "refund": _DECISIONS["cancel"]}
_QUEUES = {
    "orders": manual_queries.waiting_orders,
    "refills": manual_queries.waiting_refills,
    "cancels": manual_queries.waiting_cancels,
}


class Call:
    """An admitted request: the panel of its host, and who calls."""

    def __init__(self, request: HttpRequest, panel_id: int, by: str) -> None:
        self.request = request
        self.panel_id = panel_id
        self.by = by


def _answer(status: int, body: dict[str, Any], **headers: str) -> JsonResponse:
    response = JsonResponse(body, status=status)
    # Links and quantities of customers: nobody in between may keep them.
    response.headers["Cache-Control"] = "no-store"
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def _error(status: int, text: str, **headers: str) -> JsonResponse:
    return _answer(status, {"error": text}, **headers)


def staff_only(
    method: str,
) -> Callable[[Callable[..., dict[str, Any] | HttpResponse]], Callable[..., HttpResponse]]:
    """Admits who has a staff key of this panel, and turns what is raised into an answer."""

    def wrap(handle: Callable[..., dict[str, Any] | HttpResponse]) -> Callable[..., HttpResponse]:
        # There is no cookie to forge a request with: the key stands in a header.
        @csrf_exempt
        @functools.wraps(handle)
        def view(request: HttpRequest, **where: int) -> HttpResponse:
            if request.method != method:
                return _error(405, f"use {method} here", Allow=method)
            panel_id = cast(Any, request).panel.id
            key = reading.bearer(request.headers.get("Authorization", ""))
            grant = access.staff_grant(panel_id, key) if key else None
            if grant is None:
                return _error(401, "Invalid staff key: send Authorization: Bearer <key>", WWW_Authenticate="Bearer")
            note_staff_key_use(panel_id=panel_id, key_id=grant.key_id, used_at=grant.used_at)
            if any(number > reading.NUMBER_MAX for number in where.values()):
                return _error(404, "there is no number so high")
            try:
                told = handle(Call(request, panel_id, grant.by), **where)
                return _answer(200, told) if isinstance(told, dict) else told
            except reading.TooLarge as error:
                return _error(413, str(error), Connection="close")
            except NotThere as error:
                return _error(404, str(error))
            except NotNow as error:
                return _error(409, str(error))
            except ValueError as error:
                return _error(400, str(error))

        return view

    return wrap


@staff_only("GET")
def queue(call: Call) -> dict[str, Any]:
    """One page of what waits: orders, refills or cancels, the oldest first."""
    asked = reading.queue_of(call.request.GET)
    page = _QUEUES[asked.kind](call.panel_id, asked.filters, after=asked.after, limit=asked.limit)
    return {"kind": asked.kind, "items": page.items, "next": page.next}


@staff_only("GET")
def problems(call: Call) -> dict[str, Any]:
    """One page of the orders that a person should look at, the oldest first."""
    after, limit = reading.page_of(call.request.GET)
    page = order_queries.problem_orders(call.panel_id, after=after, limit=limit)
    return {"items": page.items, "next": page.next}


@csrf_exempt
def order(request: HttpRequest, *, id_: int) -> HttpResponse:
    """GET: one order, open or ended. POST: work on one of the queue, or decide about any that is open."""
    return read_order(request, id_=id_) if request.method == "GET" else work_order(request, id_=id_)


@staff_only("GET")
def read_order(call: Call, *, id_: int) -> dict[str, Any]:
    return _order_after(call, id_)


@staff_only("POST")
def work_order(call: Call, *, id_: int) -> dict[str, Any]:
    _do(call, _ORDERS, order_id=id_)
    return _order_after(call, id_)


@staff_only("POST")
def cancel(call: Call, *, id_: int) -> dict[str, Any]:
    """Answer the cancel that a customer asked of the order with this id."""
    _do(call, _CANCELS, order_id=id_)
    return _order_after(call, id_)


@staff_only("POST")
def refill(call: Call, *, id_: int) -> dict[str, Any]:
    _do(call, _REFILLS, refill_id=id_)
    return {"refill": manual_queries.refill_facts(call.panel_id, id_)}


@staff_only("POST")
def problem(call: Call, *, id_: int) -> dict[str, Any]:
    """Decide about an order, whatever state it is in."""
    _do(call, _PROBLEMS, order_id=id_)
    return _order_after(call, id_)


def _do(call: Call, actions_: dict[str, tuple[Work, Fields, Fields]], **which: int) -> None:
    action, fields = reading.action_of(call.request, {name: row[1:] for name, row in actions_.items()})
    actions_[action][0](panel_id=call.panel_id, by=call.by, **which, **fields)


def _order_after(call: Call, order_id: int) -> dict[str, Any]:
    """The order as it stands. Raises NotThere."""
    facts = order_queries.order_facts(call.panel_id, order_id)
    if facts is None:
        raise NotThere(f"there is no order {order_id} on this panel")
    return {"order": facts}


@csrf_exempt
def not_found(request: HttpRequest, path: str = "") -> JsonResponse:
    return _error(404, "there is nothing at this address; see docs/reference/staff-api.md")
