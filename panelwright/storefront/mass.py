"""Many orders at once, a line each: `service | link | quantity`. Checked and priced first, then placed.

Behind the quantity may stand runs and interval of a drip-feed. Of a type with a list, such as comments, its lines
stand last, parted by a slash between spaces: `service | link | Great! / Well done`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from panelwright.catalog.priced_catalogue import Offer, Shelf
from panelwright.catalog.types import BY_NAME, FieldKind, ServiceType, TypeField, Units
from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.core.sql import PASSING_ERRORS
from panelwright.core.text import trim
from panelwright.customers.access import Caller
from panelwright.lane.batcher import CommitUncertain
from panelwright.orders import fields, same_link
from panelwright.orders.actions import place_orders
from panelwright.orders.quotes import Quote, quote
from panelwright.orders.rules import LATER, PlaceOrder
from panelwright.storefront import pasted
from panelwright.storefront.pasted import Cells
from panelwright.storefront.priced_catalogue import shelf_of
from panelwright.ui import refusals
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import CustomerRequest

# A slash between spaces: one within a comment or an address stands alone.
_LIST_MARK = re.compile(r"(?:^|(?<=\s))/(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was typed, with what was understood: either a command and its price, or what is wrong.

    `same_as`: the number of an earlier line that orders the same.
    """

    number: int
    text: str
    command: PlaceOrder | None = None
    offer: Offer | None = None
    quote: Quote | None = None
    error: str = ""
    same_as: int | None = None

    @property
    def runs(self) -> int:
        """More than 1 for a drip-feed."""
        return pasted.number(self.command.params.get("runs", "")) or 1 if self.command else 1

    @property
    def units(self) -> int:
        """Of one run."""
        return self.quote.quantity // self.runs if self.quote else 0


@require_http_methods(["GET", "POST"])
def mass_order(request: CustomerRequest) -> HttpResponse:
    """One button checks, the next one places what is good. What is not stays in the box, to be mended."""
    text = request.POST.get("lines", "")
    # Never cut and then read: half a line is another order.
    short = len(text) <= limits.MASS_CHARS_MAX and len(fields.split(text)) <= limits.MASS_CHARS_MAX // 100
    lines = _read(request, text) if short else None
    if lines == []:
        return render(request, "storefront/order/mass.html", {"text": ""})
    if lines is None or len(lines) > limits.MASS_LINES_MAX:
        error = _("Use at most %(limit)s lines.") % {"limit": limits.MASS_LINES_MAX}
        return render(
            request, "storefront/order/mass.html", {"text": text[: limits.MASS_CHARS_MAX], "error": error}, status=422
        )
    # Only what was shown with its price is placed: what was changed since, text or rate, is checked again.
    batch = request.POST.get("batch", "")[:40]
    if (
        batch
        and not is_resumed(request)
        and request.POST.get("do") != "check"
        and request.POST.get("checked") == _mark(lines)
    ):
        return _place(request, lines, batch)
    return _show(request, lines, batch if is_resumed(request) else "")


def _show(request: CustomerRequest, lines: list[Line], batch: str = "", placed: Sequence[int] = ()) -> HttpResponse:
    """The lines with prices and faults. `batch`: the one under which they may have been placed already.

    `placed`: orders that were placed just now, while these lines were left.
    """
    lines, total_micros, missing_micros = _priced(lines)
    text = "\n".join(line.text for line in lines)
    context = {
        "text": text,
        "lines": lines,
        "good": sum(1 for line in lines if line.quote),
        "bad": sum(1 for line in lines if line.error),
        "twins": sum(1 for line in lines if line.same_as),
        "total": total_micros,
        "missing": missing_micros,
        "batch": batch or secrets.token_urlsafe(16),
        "checked": _mark(lines),
        "placed": placed,
    }
    response = render(request, "storefront/order/mass.html", context, status=422 if context["bad"] else 200)
    # Back from what was placed leads here: a page that the browser may not keep would be asked for anew, as a form.
    response.for_back = True  # type: ignore[attr-defined]
    return response


def _place(request: CustomerRequest, lines: list[Line], batch: str) -> HttpResponse:
    """Place what can be placed; sent twice, the second time finds the orders of the first."""
    asked = [line for line in lines if line.command]
    commands = [
        line.command._replace(request_id=f"web:{batch}:{line.number}") for line in asked if line.command is not None
    ]
    try:
        results = _in_parts(commands)
    except CommitUncertain:
        messages.error(request, refusals.text(Refusal("uncertain")))
        return _show(request, lines, batch)
    except PASSING_ERRORS:
        messages.error(request, refusals.text(Refusal("overloaded")))
        return _show(request, lines)
    placed = [result for result in results if not isinstance(result, Refusal)]
    done = {line.number for line, result in zip(asked, results, strict=True) if not isinstance(result, Refusal)}
    if placed:
        messages.success(request, _("Orders placed: %(count)s.") % {"count": len(placed)})
    left = [line for line in lines if line.number not in done]
    if left:
        # The page shows the balance, which was read before these were charged.
        request.customer.account.refresh_from_db(fields=["balance_micros", "owed_micros"])
        return _show(request, left, placed=placed)
    shown = ",".join(map(str, placed[: limits.SEARCH_IDS_MAX]))
    return redirect(f"{reverse('storefront:orders')}?{urlencode({'ids': shown}, safe=',')}")


def _in_parts(commands: Sequence[PlaceOrder]) -> list[int | Refusal]:
    """What becomes of each. Where looking at them takes long, others' orders come in between.

    Raises as `place_orders`; what was placed before that is found again by its request_id.
    """
    results: dict[int, int | Refusal] = {}
    left = list(range(len(commands)))
    while left:
        for place, result in zip(left, place_orders([commands[n] for n in left], may_wait=True), strict=True):
            if result is not LATER:
                results[place] = result
        left = [place for place in left if place not in results]
    return [results[place] for place in range(len(commands))]


def _read(request: CustomerRequest, text: str) -> list[Line]:
    shelf = shelf_of(request)
    numbered = [(number, trim(line)) for number, line in enumerate(fields.split(text), start=1)]
    lines = [_read_line(request, shelf, number, line) for number, line in numbered if line]
    return _marked_twins(lines)


def _read_line(request: CustomerRequest, shelf: Shelf, number: int, text: str) -> Line:
    cells = pasted.cells(text)
    if cells is None:
        return Line(number, text, error=_("Use the format service ID | link | quantity."))
    offer = shelf.get(cells.service)
    if offer is None:
        return Line(number, text, error=refusals.text(Refusal("bad_service")))
    type_ = BY_NAME[offer.type]
    asked = [field for field in type_.own_fields if field.required]
    if type_.subscription or len(asked) > 1 or any(field.kind is not FieldKind.LINES for field in asked):
        return Line(
            number, text, offer=offer, error=_("This service needs more details. Order it with the single order form.")
        )
    params = _params(cells, type_, asked[0] if asked else None)
    if params is None:
        return Line(number, text, offer=offer, error=_("Write %(format)s.") % {"format": _format(type_, asked)})
    params = {"service": str(offer.number), "link": cells.link, **params}
    command = PlaceOrder(Caller(customer_id=request.customer.id), params, rate_max_micros=offer.rate_micros)
    return Line(number, text, command, offer)


def _params(cells: Cells, type_: ServiceType, listed: TypeField | None) -> dict[str, str] | None:
    """What stands behind the link, by name; None when it is more or less than the type takes."""
    more = list(cells.more)
    params = {}
    if type_.units is Units.QUANTITY:
        # Left out, it is refused with all that is missing.
        params["quantity"] = pasted.understood(more.pop(0)) if more else ""
    elif more and pasted.number(more[0]) is not None:
        # Where it counts for nothing, as many write it all the same.
        more.pop(0)
    if listed is not None:
        if not more:
            return None
        # A bar within a comment is part of it.
        params[listed.name] = "\n".join(_LIST_MARK.split(" | ".join(more)))
        return params
    if type_.drip_feed and len(more) == 2:
        params["runs"], params["interval"] = map(pasted.understood, more)
        return params
    return None if more else params


def _format(type_: ServiceType, asked: list[TypeField]) -> str:
    parts = [_("service"), _("link")]
    if type_.units is Units.QUANTITY:
        parts.append(_("quantity"))
    parts += [f"{field.name} / {field.name}" for field in asked]
    return " | ".join(parts)


def _marked_twins(lines: list[Line]) -> list[Line]:
    """The lines, those marked that order what an earlier one orders. It may be meant, so nothing is refused."""
    first: dict[tuple[tuple[str, str], ...], int] = {}
    marked = []
    for line in lines:
        if line.command is not None and line.offer is not None:
            said = fields.understood(BY_NAME[line.offer.type], line.command.params)
            key = tuple({**said, "link": same_link.normal(line.command.params["link"])}.items())
            before = first.setdefault(key, line.number)
            if before != line.number:
                line = replace(line, same_as=before)
        marked.append(line)
    return marked


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
