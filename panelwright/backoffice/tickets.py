"""The inbox of staff: which tickets wait, and one ticket with its conversation, its requests and its customer."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from panelwright.backoffice import acting, lists, queries
from panelwright.backoffice.acting import allowed
from panelwright.core import money
from panelwright.core.lists import whole
from panelwright.staff import registry
from panelwright.staff.actions import perform
from panelwright.staff.lists import named
from panelwright.staff.rights import Right
from panelwright.support import downloads, files, reply_fields, staff_lists
from panelwright.support import queries as support_queries
from panelwright.support.commands import Wish
from panelwright.support.models import Ticket, TicketRequestState
from panelwright.ui import status_labels
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
    return lists.shown(request, of, asked=asked, counts=counts, title=_("Inbox"), icon="chat", tabs="office_inbox")


@require_safe
def saved_replies(request: StaffRequest) -> HttpResponse:
    """The texts that staff answer with again and again."""
    return lists.shown(request, named("saved_replies"), title=_("Saved replies"), icon="chat", tabs="office_inbox")


@require_http_methods(["GET", "HEAD", "POST"])
def ticket(request: StaffRequest, target: int) -> HttpResponse:
    """One ticket. To have seen it marks it as read. POST writes nothing: it puts a saved reply into the form."""
    rows = queries.rows(Ticket, request.panel.id).filter(number=min(target, NUMBER_MAX))
    found: Ticket | None = rows.select_related(
        "customer__user", "customer__account", "assignee__user", "merged_into"
    ).first()
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
        "form": _with_reply(request, found) if request.method == "POST" else Form({"version": found.version}),
        "replies": support_queries.saved_replies(request.panel.id),
        "mine": found.assignee_id is not None and found.assignee_id == request.actor.id,
        "colleagues": [("", ""), *support_queries.colleagues(request.panel.id).items()],
        "to": Form({"to": found.assignee_id or ""}),
        "accept": files.ACCEPT,
        "may_credit": allowed(request, "customer.credit"),
        "back": acting.back_of(request, registry.actions()["ticket.answer"], found.number),
    }
    return render(request, "backoffice/ticket.html", context)


def _with_reply(request: StaffRequest, of: Ticket) -> Form:
    """What was typed, and behind it the saved reply that was chosen, filled in for the ticket."""
    form = Form.sent(request)
    chosen = whole(form.text("saved"))
    saved = support_queries.saved_reply(request.panel.id, chosen) if chosen is not None else None
    if saved is not None:
        text = reply_fields.filled(saved.text, _values(request, of))
        form.values["text"] = "\n\n".join(filter(None, [form.raw("text").strip(), text]))
    return form


def _values(request: StaffRequest, of: Ticket) -> dict[str, str]:
    """What the fields of saved replies stand for, in the customer's language; what the visitor may not read is left
    out."""
    customer, panel = of.customer, request.panel
    found = {
        "customer": customer.user.name or customer.user.email,
        "email": customer.user.email,
        "ticket": str(of.number),
        "panel": panel.name,
    }
    balance_micros = customer.account.balance_micros
    if request.actor.may(Right.CUSTOMERS_READ) and balance_micros is not None:
        found["balance"] = f"{money.text(balance_micros)} {panel.currency}"
    if request.actor.may(Right.ORDERS_READ):
        orders = support_queries.orders_of(of)
        found["order"] = ", ".join(str(order.number) for order in orders)
        if len(orders) == 1:
            with translation.override(customer.user.language or panel.language):
                found["status"] = _(status_labels.STATUS[orders[0].status])
            found["service"], found["link"] = orders[0].service.name, orders[0].link
    return found


@require_safe
def ticket_file(request: StaffRequest, target: int, file_id: int) -> HttpResponse:
    """A file of the conversation."""
    ticket_id = support_queries.ticket_id(request.panel.id, min(target, NUMBER_MAX))
    if ticket_id is None:
        raise Http404
    found = support_queries.attachment(request.panel.id, ticket_id, min(file_id, NUMBER_MAX), customer_id=None)
    if found is None:
        raise Http404
    return downloads.file(found)
