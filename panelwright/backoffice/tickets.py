"""The inbox of staff: which tickets wait, and one ticket with its conversation, its requests and its customer."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import acting, lists, queries
from panelwright.backoffice.acting import allowed
from panelwright.staff import registry
from panelwright.staff.actions import perform
from panelwright.support import downloads
from panelwright.support import queries as support_queries
from panelwright.support.commands import Wish
from panelwright.support.models import Author, Ticket, TicketRequestState, TicketState
from panelwright.ui.forms import Form
from panelwright.ui.request import StaffRequest

ID_MAX = 2**63 - 1


@require_safe
def tickets(request: StaffRequest) -> HttpResponse:
    """Those that wait, the oldest first; or all, the newest first."""
    of = lists.TICKETS
    asked = of.asked(request.GET)
    if asked["state"] or asked["q"] or asked["customer"]:
        asked["show"] = asked["show"] or "all"
    rows = _asked(request, asked)
    page = lists.page(request, rows.select_related("customer__user"), upward=not asked["show"])
    context = {
        "list": of,
        "asked": asked,
        "page": page,
        "title": _("Inbox"),
        "icon": "chat",
        "narrowed": any(asked.values()),
    }
    return render(request, "backoffice/list.html", context)


def _asked(request: StaffRequest, asked: dict[str, str]) -> QuerySet[Ticket]:
    rows: QuerySet[Ticket] = queries.rows(Ticket, request.panel.id)
    if not asked["show"]:
        rows = rows.filter(state=TicketState.PENDING)
    if asked["show"] == "mine":
        by = request.actor.name[:300]
        rows = rows.filter(messages__by=by, messages__author=Author.STAFF).distinct()
    if asked["state"]:
        rows = rows.filter(state=asked["state"])
    if asked["customer"].isdecimal():
        rows = rows.filter(customer_id=min(int(asked["customer"]), ID_MAX))
    text = asked["q"].strip()
    if text:
        wanted = Q(title__icontains=text) | Q(customer__user__email__istartswith=text)
        if text.isascii() and text.isdigit() and int(text) <= ID_MAX:
            wanted |= Q(id=int(text))
        rows = rows.filter(wanted)
    return rows


@require_safe
def ticket(request: StaffRequest, target: int) -> HttpResponse:
    """One ticket. To have seen it marks it as read."""
    rows = queries.rows(Ticket, request.panel.id).filter(id=min(target, ID_MAX))
    found: Ticket | None = rows.select_related("customer__user", "customer__account").first()
    if found is None:
        raise Http404
    if found.unread_staff and request.method == "GET":
        read = registry.actions()["ticket.read"]
        given = {"version": found.version}
        perform(read, actor=request.actor, panel_id=request.panel.id, target=found.id, given=given)
    before = lists.cursor(request, "before")
    shown, older = support_queries.messages(found, before=before)
    asked = support_queries.requests(found)
    speed_ups = [
        one.number
        for one in asked
        if one.wish == Wish.SPEED_UP and one.state == TicketRequestState.ACCEPTED and one.order_id is not None
    ]
    context = {
        "ticket": found,
        "messages_shown": shown,
        "older": older,
        "newest": before is None,
        "requests": asked,
        "speed_ups": speed_ups,
        "speeds": allowed(request, "ticket.pass_on", "ticket.done", "ticket.refuse"),
        "form": Form({"version": found.version}),
        "may_credit": allowed(request, "customer.credit"),
        "back": acting.back_of(request, registry.actions()["ticket.answer"], found.id),
    }
    return render(request, "backoffice/ticket.html", context)


@require_safe
def ticket_file(request: StaffRequest, target: int, file_id: int) -> HttpResponse:
    """A file that the customer attached."""
    found = support_queries.attachment(request.panel.id, min(target, ID_MAX), min(file_id, ID_MAX), customer_id=None)
    if found is None:
        raise Http404
    return downloads.file(found)
