"""Placing an order on the web. The same rules, prices and fields as over the API."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from panelwright.catalog import countries
from panelwright.catalog.priced_catalogue import Offer, Shelf
from panelwright.catalog.queries import description
from panelwright.catalog.types import BY_NAME, FieldKind, TypeField
from panelwright.core.refusal import Refusal
from panelwright.core.sql import PASSING_ERRORS
from panelwright.core.text import trim
from panelwright.customers.access import Caller
from panelwright.lane.batcher import CommitUncertain
from panelwright.orders import reasons
from panelwright.orders.actions import place_orders
from panelwright.orders.quotes import Quote, Quotes, quote
from panelwright.orders.rules import DEBT_STANDS, PlaceOrder
from panelwright.payments.models import BACK_MAX
from panelwright.storefront import pasted
from panelwright.storefront.priced_catalogue import shelf_of
from panelwright.ui import refusals
from panelwright.ui.forms import Form
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import CustomerRequest

FOUND_MAX = 50
_BUSY = Refusal("overloaded")
# What is wrong with a value that was written to its end: told beside the price, before the order is sent.
_TOLD_AT_ONCE = frozenset({"step", "no_step", "link_host", "link_kind"})


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the type as the form shows it."""

    field: TypeField
    input: str  # text, number, textarea, select, date, url
    value: str
    error: str
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    label: str = ""
    help: str = ""


@require_http_methods(["GET", "POST"])
def new_order(request: CustomerRequest) -> HttpResponse:
    """Choose a service, fill in what its type asks for, see the price, place the order."""
    shelf = shelf_of(request)
    if request.method == "POST":
        return _place(request, shelf)
    number = pasted.service(request.GET.get("service", "")) or 0
    offer = shelf.get(number) if number else None
    if offer is None:
        return render(request, "storefront/order/choose.html", _found(request, shelf, missing=bool(number)))
    values = {name: value[:2000] for name, value in request.GET.items()}
    return _form(request, offer, Form(values), _new_request_id())


@require_safe
def find_services(request: CustomerRequest) -> HttpResponse:
    """The part of the page that follows the search while it is typed."""
    return render(request, "storefront/order/found.html", _found(request, shelf_of(request), missing=False))


def _found(request: HttpRequest, shelf: Shelf, *, missing: bool) -> dict[str, Any]:
    text = request.GET.get("q", "")[:200]
    category = _number(request.GET.get("category", "")) or None
    found = shelf.search(text, category=category, limit=FOUND_MAX + 1)
    return {
        "q": text,
        "category": category,
        "categories": shelf.categories,
        "found": found[:FOUND_MAX],
        "more": len(found) > FOUND_MAX,
        "missing": missing,
    }


@require_POST
def price(request: CustomerRequest) -> HttpResponse:
    """What the form as it stands would cost; nothing while something is missing."""
    offer = shelf_of(request).get(_number(request.POST.get("service", "")))
    priced = quote([_command(request, offer, "")]) if offer else None
    return render(request, "storefront/order/price.html", {"offer": offer, **_priced(request, priced)})


def _priced(request: CustomerRequest, priced: Quotes | None) -> dict[str, Any]:
    line = priced.lines[0] if priced else None
    if priced is None or not isinstance(line, Quote):
        told = isinstance(line, Refusal) and (line.why in _TOLD_AT_ONCE or line == DEBT_STANDS)
        why = refusals.text(line) if isinstance(line, Refusal) and told else ""
        return {"quote": None, "why": why, "request": request}
    # The balance itself: what can be spent is more by the credit that is granted, and less by what is fresh.
    account = request.customer.account
    left = priced.available_micros + account.floor_micros + account.fresh_micros - line.charge_micros
    # A number that was written in groups is shown as it was read, before anything is paid.
    typed = trim(request.POST.get("quantity", request.GET.get("quantity", "")))
    understood = pasted.understood(typed) if typed and not (typed.isascii() and typed.isdigit()) else ""
    missing = priced.missing_micros
    return {
        "quote": line,
        "left": left,
        "understood": understood,
        "missing": missing,
        "back": _back_here(request) if missing else "",
        "request": request,
    }


# What a form holds beside what was typed in.
_NOT_TYPED = frozenset({"csrfmiddlewaretoken", "rate", "request_id", "lang", "resume", "back"})


def _back_here(request: HttpRequest) -> str:
    """The address of the form as it is filled in, to come back to once there are funds; empty where it is too long."""
    sent = request.POST or request.GET
    typed = {name: str(value) for name, value in sent.items() if name not in _NOT_TYPED and value}
    address = f"{reverse('storefront:new_order')}?{urlencode(typed)}"
    return address if len(address) <= BACK_MAX else ""


def _place(request: CustomerRequest, shelf: Shelf) -> HttpResponse:
    form = Form(request.POST.dict())
    offer = shelf.get(_number(form.text("service")))
    if offer is None:
        messages.error(request, refusals.text(Refusal("bad_service")))
        return redirect("storefront:new_order")
    request_id = form.text("request_id")[:100] or _new_request_id()
    if is_resumed(request):
        return _form(request, offer, form, request_id)
    command = _command(request, offer, request_id)._replace(rate_max_micros=_number(form.text("rate")))
    try:
        result = place_orders([command])[0]
    except PASSING_ERRORS:
        result = _BUSY
    except CommitUncertain:
        # The form keeps its request_id: sent again, it finds the order or places it.
        result = Refusal("uncertain")
    if not isinstance(result, Refusal):
        messages.success(request, _("Order %(id)s placed.") % {"id": result})
        return redirect("storefront:order", result)
    if result.field == "request_id":
        # The form was sent before with other values: Back in the browser, for one.
        form.wrong("", _("This form was already sent. Check your orders; send again to place another one."))
        return _form(request, offer, form, _new_request_id())
    known = {asked.name for asked in BY_NAME[offer.type].fields}
    form.refuse(result, beside=result.field if result.field in known else "")
    return _form(request, offer, form, request_id)


def _form(request: CustomerRequest, offer: Offer, form: Form, request_id: str) -> HttpResponse:
    type_ = BY_NAME[offer.type]
    drip = {"runs", "interval"} if not (type_.drip_feed and offer.drip_feed) else set()
    asked = [_asked(field, form, offer) for field in type_.fields if field.name not in drip]
    context = {
        "offer": offer,
        "description": description(request.panel.id, offer.number),
        "type": type_,
        "form": form,
        "fields": [one for one in asked if one.field.name not in {"runs", "interval"}],
        "drip": [one for one in asked if one.field.name in {"runs", "interval"}],
        "dripping": bool(form.text("runs") or form.errors.get("runs") or form.errors.get("interval")),
        "request_id": request_id,
        "flat": type_.flat,
        "subscription": type_.subscription,
        **_priced(request, quote([_command(request, offer, "", form)]) if form.text("link") else None),
    }
    if form.errors:
        # It is told beside its field.
        context["why"] = ""
    return render(request, "storefront/order/form.html", context, status=form.status)


_NUMBERS = frozenset({FieldKind.COUNT, FieldKind.NUMBER})
_INPUTS = {
    FieldKind.LINES: "textarea",
    FieldKind.COUNT: "number",
    FieldKind.NUMBER: "number",
    FieldKind.DATE: "date",
    FieldKind.URL: "url",
}


def _asked(field: TypeField, form: Form, offer: Offer) -> FormField:
    choices: tuple[tuple[str, str], ...] = ()
    if field.kind is FieldKind.CHOICE:
        choices = _choices(field)
    elif field.kind is FieldKind.COUNTRY:
        choices = countries.names()
    help_ = _(field.help) if field.help and not choices else ""
    if field.kind is FieldKind.LINES:
        # The form takes lines as everybody writes them; \r\n is for programs.
        help_ = _("One per line.")
    if field.name == "quantity":
        help_ = _quantity_help(offer)
    if field.kind is FieldKind.LINK and offer.needs is not None:
        # With its reason a refusal shows the example, too.
        help_ = _link_help(offer, example=offer.example not in form.errors.get(field.name, ""))
    if field.name == "max" and offer.step > 1:
        help_ = f"{help_}. {_('Each post gets a multiple of %(step)s.') % {'step': offer.step}}"
    if field.kind is FieldKind.DATE:
        help_ = ""
    return FormField(
        field=field,
        input="select" if choices else _INPUTS.get(field.kind, "text"),
        value=str(form.shown(field.name)),
        error=form.errors.get(field.name, ""),
        choices=(("", "–"), *choices) if choices else (),
        optional=not field.required,
        label=_(field.label),
        help=help_,
    )


def _quantity_help(offer: Offer) -> str:
    limits = {"min": offer.min, "max": offer.max, "step": offer.step}
    if offer.step > 1:
        return _("From %(min)s to %(max)s, in steps of %(step)s.") % limits
    return _("From %(min)s to %(max)s.") % limits


def _link_help(offer: Offer, *, example: bool) -> str:
    """What the service's links must lead to, and one that does."""
    parts = []
    if offer.link_kinds:
        parts.append(_("Needed: %(kinds)s.") % {"kinds": reasons.link_kinds(offer.link_kinds, _)})
    if offer.link_hosts:
        parts.append(_("Sites: %(sites)s.") % {"sites": offer.sites})
    if offer.example and example:
        parts.append(_(reasons.EXAMPLE) % {"example": offer.example})
    return " ".join(parts)


def _choices(field: TypeField) -> tuple[tuple[str, str], ...]:
    """The values that the API takes, in words: "1 desktop, 2 Android" is written in the field's help."""
    words = dict(part.strip().split(" ", 1) for part in _(field.help).split(",") if part.strip()[:1].isdigit())
    return tuple((choice, words.get(choice, choice)) for choice in field.choices)


def _command(request: CustomerRequest, offer: Offer, request_id: str, form: Form | None = None) -> PlaceOrder:
    """What the form says, in the parameters of the API."""
    values = form.values if form is not None else request.POST.dict()
    type_ = BY_NAME[offer.type]
    params = {"service": str(offer.number)}
    for field in type_.fields:
        text = trim(str(values.get(field.name, "")))
        if field.kind is FieldKind.DATE:
            text = _wire_day(text)
        elif field.kind in _NUMBERS:
            text = pasted.understood(text)
        if text:
            params[field.name] = text
    return PlaceOrder(Caller(customer_id=request.customer.id), params, f"web:{request_id}" if request_id else "")


def _wire_day(text: str) -> str:
    """A day as the browser sends it (2026-05-04), in the words of the wire (04/05/2026)."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def _number(text: str) -> int:
    """A number as the forms send it; 0 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _new_request_id() -> str:
    return secrets.token_urlsafe(16)
