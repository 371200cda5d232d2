"""A customer's tickets: the list, a new one, the conversation, and the files of it."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.core.text import trim
from panelwright.orders import listing
from panelwright.support import actions, downloads, files, lists, queries, rules, texts
from panelwright.support.actions import AllRejected, Letter, PostedMessage
from panelwright.support.commands import Ask, Wish
from panelwright.support.files import Upload
from panelwright.support.models import TITLE_MAX, Subject, Ticket
from panelwright.support.queries import TicketCursor
from panelwright.ui.forms import Form, PageForm
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import CustomerRequest

ORDERS_SHOWN = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)
_NUMBERS = re.compile(r"#?[0-9]{1,18}(?:[\s,;]+#?[0-9]{1,18})*", re.ASCII)


@require_safe
def tickets(request: CustomerRequest) -> HttpResponse:
    """The tickets, what happened last first."""
    asked = lists.TICKETS.asked(request.GET)
    page = queries.tickets(
        request.panel.id, request.customer.id, state=asked["state"], after=_place(request.GET.get("after", ""))
    )
    context = {
        "list": lists.TICKETS,
        "asked": asked,
        "narrowed": bool(asked["state"] or request.GET.get("after")),
        "rows": page.tickets,
        "older": _cursor(page.next) if page.next else "",
        "first": not request.GET.get("after"),
    }
    return render(request, "storefront/tickets/list.html", context)


def _cursor(place: TicketCursor) -> str:
    return f"{(place.updated_at - _EPOCH) // timedelta(microseconds=1)}-{place.number}"


def _place(cursor: str) -> TicketCursor | None:
    """The place that a cursor means; None for what is none."""
    match = _CURSOR.fullmatch(cursor)
    return TicketCursor(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2])) if match else None


class TicketForm(PageForm):
    """A new ticket. Orders are typed or picked, `picked`; with a wish they become what is asked for, `asks`."""

    subject = forms.CharField(required=False)
    wish = forms.CharField(required=False)
    orders = forms.CharField(required=False)
    picked = forms.Field(required=False, widget=forms.SelectMultiple)
    title = forms.CharField(required=False, strip=False)
    text = forms.CharField(required=False, strip=False)
    request_id = forms.CharField(required=False)

    asks: tuple[Ask, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A form of Django's has an attribute of this name.
        self.fields["files"] = forms.Field(required=False, widget=forms.FileInput)

    @property
    def chosen(self) -> list[str]:
        """The orders that are picked."""
        return list(self["picked"].value() or ())[: rules.ASKS_MAX]

    def clean(self) -> None:
        """What is picked and typed, as far as it makes sense together."""
        given = self.cleaned_data
        if given.get("subject") != Subject.ORDER:
            return
        typed, wish = trim(given.get("orders", "")), given.get("wish", "")
        if typed and not _NUMBERS.fullmatch(typed.rstrip(" ,;.")):
            self.add_error("orders", _("Enter order IDs, such as 123, 124."))
            return
        numbers = [int(number) for number in re.findall("[0-9]+", typed, re.ASCII)]
        numbers += [int(number) for number in self.chosen if re.fullmatch("[0-9]{1,18}", number, re.ASCII)]
        numbers = [number for number in dict.fromkeys(numbers) if number]
        if wish in Wish.values and not numbers:
            self.add_error("orders", _("Which orders?"))
        elif numbers and wish not in Wish.values and not trim(given.get("text", "")):
            self.add_error("wish", _("What should we do with these orders?"))
        if wish in Wish.values:
            self.asks = tuple(Ask(Wish(wish), number) for number in numbers)

    def refuse_asks(self, result: AllRejected) -> None:
        """Beside the numbers where they were picked, beside the message where they were written."""
        self.add_error("orders" if self.asks else "text", _lines(result))


@require_http_methods(["GET", "POST"])
def new_ticket(request: CustomerRequest) -> HttpResponse:
    """Write the first message. `?order=123&wish=refill` fills it in."""
    if request.method != "POST":
        form = TicketForm(initial=_filled_in(request))
    elif is_resumed(request):
        form = TicketForm(initial=request.POST.dict() | {"picked": request.POST.getlist("picked")})
    else:
        form = TicketForm(request.POST, request.FILES)
    if form.is_valid():
        result = actions.open_ticket(
            panel_id=request.panel.id,
            customer_id=request.customer.id,
            subject=form.cleaned_data["subject"],
            title=form.cleaned_data["title"],
            letter=_letter(request, form.cleaned_data["text"], form.cleaned_data["request_id"], asks=form.asks),
        )
        if isinstance(result, PostedMessage):
            messages.success(request, _("Ticket opened."))
            return redirect("storefront:ticket", result.number)
        if isinstance(result, AllRejected):
            form.refuse_asks(result)
        else:
            form.refuse(result)
    page = listing.page(panel_id=request.panel.id, customer_id=request.customer.id, limit=ORDERS_SHOWN)
    context = {
        **_limits(),
        "form": form,
        "subjects": [(value, texts.subject(value)) for value in Subject.values],
        "wishes": [("", _("Just a question")), *((wish.value, texts.wish(wish.value)) for wish in Wish)],
        "orders": page.rows,
        "title_max": TITLE_MAX,
    }
    return render(request, "storefront/tickets/new.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
def ticket(request: CustomerRequest, number: int) -> HttpResponse:
    """The conversation; POST writes the next message."""
    ticket_id = _hers(request, number)
    found = ticket_id and queries.ticket(request.panel.id, ticket_id, customer_id=request.customer.id)
    if not found:
        return _not_found(request)
    form = Form({"request_id": secrets.token_urlsafe(16)})
    if is_resumed(request):
        form = Form.sent(request)
    elif request.method == "POST":
        form = Form.sent(request)
        letter = _letter(request, form.raw("text"), form.text("request_id"))
        result = actions.reply(
            panel_id=request.panel.id, customer_id=request.customer.id, ticket_id=found.id, letter=letter
        )
        if isinstance(result, PostedMessage):
            return redirect(f"{reverse('storefront:ticket', args=[number])}#newest")
        _refuse(form, result)
    return _conversation(request, found, form)


def _conversation(request: CustomerRequest, found: Ticket, form: Form) -> HttpResponse:
    before = request.GET.get("before", "")
    shown, older = queries.messages(found, before=int(before) if re.fullmatch("[0-9]{1,18}", before) else None)
    context = {
        **_limits(),
        "ticket": found,
        "messages_shown": shown,
        "older": older,
        "newest": not before,
        "requests": queries.requests(found),
        "form": form,
    }
    response = render(request, "storefront/tickets/ticket.html", context, status=form.status)
    if found.unread_customer and not before and request.stand_in is None:
        actions.mark_read(
            panel_id=found.panel_id, customer_id=found.customer_id, ticket_id=found.id, version=found.version
        )
    return response


@require_POST
def close_ticket(request: CustomerRequest, number: int) -> HttpResponse:
    panel_id, customer_id, ticket_id = request.panel.id, request.customer.id, _hers(request, number) or 0
    if actions.close(panel_id=panel_id, customer_id=customer_id, ticket_id=ticket_id) is not None:
        return _not_found(request)
    found = queries.ticket(panel_id, ticket_id, customer_id=customer_id)
    if found is not None and found.locked:
        messages.success(request, _("Ticket closed."))
    else:
        messages.success(request, _("Ticket closed. Write a message to reopen it."))
    return redirect("storefront:ticket", number)


@require_safe
def ticket_file(request: CustomerRequest, number: int, file_id: int) -> HttpResponse:
    """A file of one of her tickets, as a download."""
    ticket_id = _hers(request, number) or 0
    found = queries.attachment(request.panel.id, ticket_id, file_id, customer_id=request.customer.id)
    return _not_found(request) if found is None else downloads.file(found)


def _hers(request: CustomerRequest, number: int) -> int | None:
    """The id of her ticket with this number; None where she has none."""
    return queries.ticket_id(request.panel.id, number, customer_id=request.customer.id)


def _not_found(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/not_found.html", status=404)


def _limits() -> dict[str, object]:
    return {
        "text_max": limits.TICKET_CHARS_MAX,
        "files_max": limits.ATTACHMENTS_MAX,
        "size_max_mib": limits.ATTACHMENT_BYTES_MAX // 2**20,
        "accept": files.ACCEPT,
    }


def _filled_in(request: CustomerRequest) -> dict[str, str]:
    wish = request.GET.get("wish", "")
    subject = request.GET.get("subject", "")
    order = request.GET.get("order", "")
    return {
        "subject": subject if subject in Subject.values else Subject.ORDER.value,
        "wish": wish if wish in Wish.values else "",
        "orders": order if _NUMBERS.fullmatch(order) else "",
        "request_id": secrets.token_urlsafe(16),
    }


def _letter(request: CustomerRequest, text: str, request_id: str, *, asks: tuple[Ask, ...] = ()) -> Letter:
    """What was typed, with the files beside it."""
    uploads = request.FILES.getlist("files")[: limits.ATTACHMENTS_MAX + 1]
    return Letter(
        text=text,
        picked=asks,
        # One byte more than is allowed says that it is too much.
        files=tuple(Upload(upload.name or "", upload.read(limits.ATTACHMENT_BYTES_MAX + 1)) for upload in uploads),
        request_id=request_id,
    )


def _lines(result: AllRejected) -> str:
    """Why none of what was asked for is possible, a line each."""
    lines = [texts.request_line(ask.wish, ask.number, reason_code=ask.reason) for ask in result.refused]
    return "\n".join(lines)


def _refuse(form: Form, result: Refusal | AllRejected) -> None:
    if isinstance(result, Refusal):
        form.wrong(result.field if result.field in {"text", "files"} else "", texts.refusal(result))
        return
    form.wrong("text", _lines(result))
