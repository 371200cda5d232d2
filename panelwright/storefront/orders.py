"""A customer's orders: the list that follows them, one order, refills, cancels, and what creates orders by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from panelwright.catalog.types import BY_NAME
from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.core.sql import PASSING_ERRORS
from panelwright.customers.access import Caller
from panelwright.lane.batcher import CommitUncertain
from panelwright.orders import details, export, listing, lists, pause_actions, queries, standing_store
from panelwright.orders.actions import AskOrders, request_cancels, request_refills
from panelwright.orders.details import Details
from panelwright.orders.listing import ListedOrder, OrderPage, Wanted
from panelwright.orders.models import OrderKind, PauseReason
from panelwright.orders.pause_letters import AT_NEW_PRICE, BY_ITSELF, IS_ENDED, PAUSED_FOR, WITHOUT_KEY
from panelwright.ui import refusals, status_labels
from panelwright.ui.auth import ADDRESS_MAX
from panelwright.ui.files import csv_file
from panelwright.ui.request import CustomerRequest

NUMBER_MAX = 10**18

KINDS = {"orders": listing.KINDS, "drip-feeds": listing.DRIP_FEEDS, "subscriptions": listing.SUBSCRIPTIONS}
LISTS = {"orders": lists.ORDERS, "drip-feeds": lists.SCHEDULES, "subscriptions": lists.SCHEDULES}
_PAGES = {"orders": "orders", "drip-feeds": "drip_feeds", "subscriptions": "subscriptions"}
_CSV = {"orders": "orders_csv", "drip-feeds": "drip_feeds_csv", "subscriptions": "subscriptions_csv"}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A row of the list, with what can be asked of it now: None where it can, else why not."""

    row: ListedOrder
    refill: Refusal | None
    cancel: Refusal | None

    @property
    def percent(self) -> int:
        """How much is delivered, as far as is known."""
        return self.row.delivered * 100 // self.row.quantity if self.row.quantity else 0


@require_safe
def orders(request: CustomerRequest, kind: str = "orders") -> HttpResponse:
    """The list, the newest first. While something is open, it asks for itself again, and changes when that has."""
    of = LISTS[kind]
    asked = of.asked(request.GET)
    refused = of.refused(asked)
    page = OrderPage([], None, None) if refused else _page(request, _wanted(request, kind, asked))
    mark = _mark(page.rows)
    if request.headers.get("HX-Request") and request.GET.get("seen") == mark:
        return HttpResponse(status=204)
    context = {
        "list": of,
        "asked": asked,
        "narrowed": any(asked.values()),
        "csv": reverse(f"storefront:{_CSV[kind]}"),
        "page": page,
        "rows": _shown(page.rows),
        "open": any(row.is_open for row in page.rows),
        "mark": mark,
        "again": _again(request, mark),
    }
    return render(request, "storefront/orders/list.html", context, status=422 if refused else 200)


def _wanted(request: CustomerRequest, kind: str, asked: Mapping[str, str]) -> Wanted:
    return listing.wanted(LISTS[kind], request.panel, asked, kinds=KINDS[kind])


def _page(request: CustomerRequest, wanted: Wanted) -> OrderPage:
    return listing.page(
        panel_id=request.panel.id,
        customer_id=request.customer.id,
        wanted=wanted,
        before=_number(request.GET.get("before", "")),
        after=_number(request.GET.get("after", "")),
    )


def _shown(rows: Sequence[ListedOrder]) -> list[OrderRow]:
    now = clock.now()
    return [OrderRow(row, row.may_refill(now), row.may_cancel()) for row in rows]


def _mark(rows: Sequence[ListedOrder]) -> str:
    """Stands for what the list shows: another mark, another list."""
    said = repr(
        [
            (row.number, row.status, row.remains, row.start_count, row.cancel_state, row.open_refill, row.waits)
            for row in rows
        ]
    )
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _again(request: CustomerRequest, mark: str) -> str:
    query = request.GET.copy()
    query["seen"] = mark
    return f"{request.path}?{query.urlencode()}"


@require_safe
def one_order(request: CustomerRequest, number: int) -> HttpResponse:
    """Everything about one order that is its customer's business."""
    found = _one(request, number)
    if found is None:
        return render(request, "ui/not_found.html", status=404)
    mark = _mark([found.row, *found.children.rows])
    if request.headers.get("HX-Request") and request.GET.get("seen") == mark:
        return HttpResponse(status=204)
    type_ = BY_NAME[found.row.service_type]
    row = found.row
    # What the page says in lines of its own.
    said = (
        {"username", "min", "max", "posts", "old_posts", "expiry"}
        if row.kind == OrderKind.SUBSCRIPTION.value
        else set()
    )
    names = [field for field in type_.own_fields if field.name in found.fields and field.name not in said]
    context = {
        "one": found,
        "shown": _shown([row])[0],
        "fields": [(_(field.label), found.fields[field.name]) for field in names],
        "timeline": [(_(status_labels.HAPPENED[moment.what]), moment) for moment in found.timeline],
        "children": _shown(found.children.rows),
        "children_list": lists.CHILDREN,
        "again": _again(request, mark),
        "open": row.is_open or any(child.is_open for child in found.children.rows) or row.open_refill,
        "flat": type_.flat,
        "paused_by_hand": row.paused_at is not None,
        **_paused_for(found),
    }
    return render(request, "storefront/orders/one.html", context)


def _paused_for(found: Details) -> dict[str, Any]:
    """Why a subscription pauses that nobody paused by hand, and how its customer can let it go on."""
    row, plan = found.row, found.plan
    if row.kind != OrderKind.SUBSCRIPTION.value or row.status != "Paused" or plan is None or row.paused_at is not None:
        return {}
    told: dict[str, Any] = {"paused_for": _(PAUSED_FOR[plan.pause_reason])}
    if not plan.pause_reason:
        return told
    if not row.creates:
        return told if plan.pause_reason == PauseReason.PROVIDER else told | {"paused_then": _(IS_ENDED)}
    if plan.pause_reason == PauseReason.KEY:
        return told | {"paused_then": _(WITHOUT_KEY), "may_resume": True}
    if plan.pause_reason == PauseReason.RATE:
        new = standing_store.rate_now(row.id)
        told |= {"paused_then": _(AT_NEW_PRICE), "may_resume": new is not None}
        return told | {"agreed_rate": plan.agreed_micros, "new_rate": new}
    return told | {"paused_then": _(BY_ITSELF)}


@require_safe
def order_again(request: CustomerRequest, number: int) -> HttpResponse:
    """The order form, filled in with what was ordered then."""
    found = _one(request, number)
    if found is None:
        return render(request, "ui/not_found.html", status=404)
    return redirect(f"{reverse('storefront:new_order')}?{urlencode(_same(found))}")


def _one(request: CustomerRequest, number: int) -> Details | None:
    if number >= NUMBER_MAX:
        return None
    return details.one(
        panel_id=request.panel.id,
        customer_id=request.customer.id,
        number=number,
        before=_number(request.GET.get("before", "")),
        after=_number(request.GET.get("after", "")),
    )


def _same(found: Details) -> dict[str, Any]:
    """What the order form is filled with to order the same again."""
    row, plan = found.row, found.plan
    values: dict[str, Any] = {"service": row.service, "link": row.link, **found.fields}
    if plan is not None and row.runs:
        values |= {"quantity": plan.run_quantity, "runs": row.runs, "interval": plan.interval_min}
    else:
        values["quantity"] = row.quantity
    values.pop("expiry", None)
    # Long lists do not fit into an address; they are pasted again.
    return {name: value for name, value in values.items() if value and len(str(value)) <= 1500}


@require_POST
def refill(request: CustomerRequest, number: int) -> HttpResponse:
    return _ask(request, number, request_refills, _("Refill requested."))


@require_POST
def cancel(request: CustomerRequest, number: int) -> HttpResponse:
    return _ask(request, number, request_cancels, _("Cancellation requested."))


def _ask(request: CustomerRequest, number: int, action: Any, done: str) -> HttpResponse:
    command = AskOrders(Caller(customer_id=request.customer.id), (number if number < NUMBER_MAX else None,))
    try:
        result = action([command])[0]
    except PASSING_ERRORS:
        result = Refusal("overloaded")
    except CommitUncertain:
        result = Refusal("uncertain")
    if not isinstance(result, Refusal):
        result = result[0]
    return _told(request, number, result if isinstance(result, Refusal) else None, done)


def _told(request: CustomerRequest, number: int, refused: Refusal | None, done: str) -> HttpResponse:
    if refused is None:
        messages.success(request, done)
    else:
        messages.error(request, refusals.text(refused))
    return redirect(_back(request) or reverse("storefront:order", args=[number]))


def _back(request: CustomerRequest) -> str:
    """The list that the button stood in, if it was a list of ours."""
    back = request.POST.get("back", "")
    ours = back.startswith("/orders") and "\\" not in back and "//" not in back
    return back if ours and len(back) <= ADDRESS_MAX else ""


@require_POST
def pause(request: CustomerRequest, number: int) -> HttpResponse:
    return _told(request, number, _pause(request, number, "pause"), _("Order paused."))


@require_POST
def resume(request: CustomerRequest, number: int) -> HttpResponse:
    return _told(request, number, _pause(request, number, "resume"), _("Order resumed."))


def _pause(request: CustomerRequest, number: int, what: str) -> Refusal | None:
    which: dict[str, Any] = {"customer_id": request.customer.id, "by": request.visitor.email}
    try:
        order_id = queries.order_id(request.panel.id, number)
        if order_id is None:
            return Refusal("bad_order", "order")
        if what == "pause":
            return pause_actions.pause(panel_id=request.panel.id, order_id=order_id, **which)
        # Without the rate that the page showed nobody agrees to a higher one.
        shown = request.POST.get("rate", "")
        which["rate_max_micros"] = int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 18 else 0
        return pause_actions.resume(panel_id=request.panel.id, order_id=order_id, **which)
    except PASSING_ERRORS:
        return Refusal("overloaded")


@require_safe
def refills(request: CustomerRequest) -> HttpResponse:
    """All refills, the newest first."""
    page = listing.refills(
        panel_id=request.panel.id,
        customer_id=request.customer.id,
        before=_number(request.GET.get("before", "")),
        after=_number(request.GET.get("after", "")),
    )
    return render(request, "storefront/orders/refills.html", {"list": lists.REFILLS, "page": page})


@require_safe
def orders_csv(request: CustomerRequest, kind: str = "orders") -> HttpResponseBase:
    """The list as a file, with the filters of the page that it stands on."""
    asked = LISTS[kind].asked(request.GET)
    if LISTS[kind].refused(asked):
        # The page says which filter, and what is wrong with it.
        return redirect(f"{reverse(f'storefront:{_PAGES[kind]}')}?{request.GET.urlencode()}")
    lines: Iterator[str] = export.orders_csv(
        panel_id=request.panel.id,
        customer_id=request.customer.id,
        wanted=_wanted(request, kind, asked),
        before=_number(request.GET.get("before", "")),
    )
    return csv_file(lines, name=kind)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
