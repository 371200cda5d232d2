"""The inbox of staff: which tickets wait, and one ticket with its conversation, its requests and its customer."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import acting, lists, queries
from panelwright.backoffice.acting import allowed
from panelwright.staff import registry
from panelwright.staff.actions import perform
from panelwright.staff.lists import named
from panelwright.support import downloads, staff_lists
from panelwright.support import queries as support_queries
from panelwright.support.commands import Wish
from panelwright.support.models import Ticket, TicketRequestState
from panelwright.ui.forms import Form
from panelwright.ui.request import StaffRequest

NUMBER_MAX = 2**63 - 1


@require_safe
def tickets(request: StaffRequest) -> HttpResponse:
    """Those that wait, that are unread, one's own and nobody's, the oldest first; or all, the newest first."""
    of = named("tickets")
    asked = of.listing.asked(request.GET)
    if asked["state"] or asked["q"] or asked["customer"]:
        asked["show"] = asked["show"] or "all"
    counts = staff_lists.counts(request.panel.id, request.actor.id)
    return lists.shown(request, of, asked=asked, counts=counts, title=_("Inbox"), icon="chat")


@require_safe
def ticket(request: StaffRequest, target: int) -> HttpResponse:
    """One ticket. To have seen it marks it as read."""
    rows = queries.rows(Ticket, request.panel.id).filter(number=min(target, NUMBER_MAX))
    found: Ticket | None = rows.select_related("customer__user", "customer__account", "assignee__user").first()
    if found is None:
        raise Http404
    if found.unread_staff and request.method == "GET":
        read = registry.actions()["ticket.read"]
        given = {"version": found.version}
        perform(read, actor=request.actor, panel_id=request.panel.id, target=found.number, given=given)
    before = lists.cursor(request, "before")
    shown, older = support_queries.messages(found, before=before)
    noted = support_queries.notes(found, shown, older=older is not None, newest=before is None)
    asked = support_queries.requests(found)
    speed_ups = [
        one.number
        for one in asked
        if one.wish == Wish.SPEED_UP and one.state == TicketRequestState.ACCEPTED and one.order_id is not None
    ]
    context = {
        "ticket": found,
        "talk": support_queries.talk(shown, noted),
        "older": older,
        "newest": before is None,
        "requests": asked,
        "speed_ups": speed_ups,
        "speeds": allowed(request, "ticket.pass_on", "ticket.done", "ticket.refuse"),
        "actions": acting.offered(request, "ticket", found),
        "form": Form({"version": found.version}),
        "mine": found.assignee_id is not None and found.assignee_id == request.actor.id,
        "colleagues": [("", ""), *support_queries.colleagues(request.panel.id).items()],
        "to": Form({"to": found.assignee_id or ""}),
        "may_credit": allowed(request, "customer.credit"),
        "back": acting.back_of(request, registry.actions()["ticket.answer"], found.number),
    }
    return render(request, "backoffice/ticket.html", context)


@require_safe
def ticket_file(request: StaffRequest, target: int, file_id: int) -> HttpResponse:
    """A file that the customer attached."""
    ticket_id = support_queries.ticket_id(request.panel.id, min(target, NUMBER_MAX))
    if ticket_id is None:
        raise Http404
    found = support_queries.attachment(request.panel.id, ticket_id, min(file_id, NUMBER_MAX), customer_id=None)
    if found is None:
        raise Http404
    return downloads.file(found)
