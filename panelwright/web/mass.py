"""Many orders at once: `service | link | quantity`, a line each. Checked and priced first, then placed."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from panelwright.catalog.shelf import Offer, Shelf
from panelwright.catalog.types import BY_NAME, Units
from panelwright.core.batcher import CommitUncertain
from panelwright.core.refusal import Refusal
from panelwright.core.sql import PASSING_ERRORS
from panelwright.customers.access import Caller
from panelwright.orders.actions import place_orders
from panelwright.orders.quotes import Quote, quote
from panelwright.orders.rules import PlaceOrder
from panelwright.web import refusals
from panelwright.web.doors import customers_only
from panelwright.web.request import CustomerRequest
from panelwright.web.shelves import shelf_of

LINES_MAX = 500
# So many lines with the longest links, and blank ones between them.
TEXT_MAX = 1_100_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was typed, with what was understood: either a command and its price, or what is wrong."""

    number: int
    text: str
    command: PlaceOrder | None = None
    offer: Offer | None = None
    quote: Quote | None = None
    error: str = ""
    order_id: int | None = None


@customers_only
@require_http_methods(["GET", "POST"])
def mass_order(request: CustomerRequest) -> HttpResponse:
    """One button checks, the next one places what is good. What is not stays in the box, to be mended."""
    text = request.POST.get("lines", "").replace("\r\n", "\n")
    # Never cut and then read: half a line is another order.
    lines = _read(request, text) if len(text) <= TEXT_MAX and text.count("\n") <= TEXT_MAX // 100 else None
    if lines == []:
        return render(request, "web/order/mass.html", {"text": ""})
    if lines is None or len(lines) > LINES_MAX:
        error = _("Send at most %(limit)s lines at once.") % {"limit": LINES_MAX}
        return render(request, "web/order/mass.html", {"text": text[:TEXT_MAX], "error": error}, status=422)
    # Only what was shown with its price is placed: what was changed since, text or rate, is checked again.
    batch = request.POST.get("batch", "")[:40]
    if batch and request.POST.get("do") != "check" and request.POST.get("checked") == _mark(lines):
        return _place(request, lines, batch)
    return _show(request, lines)


def _show(request: CustomerRequest, lines: list[Line], batch: str = "") -> HttpResponse:
    """The lines with prices and faults. `batch`: the one under which they may have been placed already."""
    lines, total_micros, missing_micros = _priced(lines)
    text = "\n".join(line.text for line in lines)
    context = {
        "text": text,
        "lines": lines,
        "good": sum(1 for line in lines if line.quote),
        "bad": sum(1 for line in lines if line.error),
        "total": total_micros,
        "missing": missing_micros,
        "batch": batch or secrets.token_urlsafe(16),
        "checked": _mark(lines),
    }
    return render(request, "web/order/mass.html", context, status=422 if context["bad"] else 200)


def _place(request: CustomerRequest, lines: list[Line], batch: str) -> HttpResponse:
    """Place what can be placed; sent twice, the second time finds the orders of the first."""
    asked = [line for line in lines if line.command]
    commands = [
        line.command._replace(request_id=f"web:{batch}:{line.number}") for line in asked if line.command is not None
    ]
    try:
        results = place_orders(commands) if commands else []
    except CommitUncertain:
        messages.error(request, refusals.text(Refusal("uncertain")))
        return _show(request, lines, batch)
    except PASSING_ERRORS:
        messages.error(request, refusals.text(Refusal("overloaded")))
        return _show(request, lines)
    placed = sum(1 for result in results if not isinstance(result, Refusal))
    done = {line.number for line, result in zip(asked, results, strict=True) if not isinstance(result, Refusal)}
    if placed:
        messages.success(request, _("Orders placed: %(count)s.") % {"count": placed})
    left = [line for line in lines if line.number not in done]
    return _show(request, left) if left else redirect("orders")


def _read(request: CustomerRequest, text: str) -> list[Line]:
    shelf = shelf_of(request)
    numbered = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    return [_read_line(request, shelf, number, line) for number, line in numbered if line]


def _read_line(request: CustomerRequest, shelf: Shelf, number: int, text: str) -> Line:
    parts = [part.strip() for part in text.split("|")]
    service = parts[0]
    if len(parts) not in {2, 3} or not service:
        return Line(number, text, error=_("Write service | link | quantity."))
    offer = shelf.get(int(service)) if service.isascii() and service.isdigit() and len(service) < 18 else None
    if offer is None:
        return Line(number, text, error=refusals.text(Refusal("bad_service")))
    type_ = BY_NAME[offer.type]
    if type_.units not in {Units.QUANTITY, Units.FLAT} or any(field.required for field in type_.own_fields):
        return Line(number, text, offer=offer, error=_("This service asks for more: order it by itself."))
    params = {"service": service, "link": parts[1]}
    if len(parts) == 3:
        params["quantity"] = parts[2]
    command = PlaceOrder(Caller(customer_id=request.customer.id), params, rate_max_micros=offer.rate_micros)
    return Line(number, text, command, offer)


def _priced(lines: list[Line]) -> tuple[list[Line], int, int]:
    """The lines with their prices or faults, what all good ones cost, and what the balance lacks for that."""
    asked = [line for line in lines if line.command is not None]
    priced = quote([line.command for line in asked if line.command is not None])
    found = {}
    for line, result in zip(asked, priced.lines, strict=True):
        if isinstance(result, Refusal):
            found[line.number] = replace(line, error=refusals.text(result))
        else:
            found[line.number] = replace(line, quote=result)
    return [found.get(line.number, line) for line in lines], priced.total_micros, priced.missing_micros


def _mark(lines: list[Line]) -> str:
    """Stands for what was checked: the lines as they were read, and at which rates."""
    said = [(line.text, line.offer.rate_micros if line.offer else None) for line in lines]
    return hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest()
