"""Orders, refills and cancels for staff: the lists, one order's story, and what can be done with it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import lists, queries, story
from panelwright.backoffice.acting import allowed
from panelwright.catalog.types import BY_NAME
from panelwright.core import clock
from panelwright.core.lists import Listing
from panelwright.orders.models import Order, RequestState
from panelwright.providers import order_queries, staff_orders
from panelwright.providers.models import Provider
from panelwright.providers.routing import possible_rules
from panelwright.staff.action import Action
from panelwright.staff.rights import Right
from panelwright.ui.files import csv_file
from panelwright.ui.request import PanelRequest, StaffRequest

ID_MAX = 2**63 - 1


@require_safe
def orders(request: StaffRequest) -> HttpResponse:
    """All orders of the panel, by the filters of the address."""
    of = staff_orders.listing(request.panel.id)
    asked = of.asked(request.GET)
    before, after = lists.cursor(request, "before"), lists.cursor(request, "after")
    page = staff_orders.page(panel=request.panel, asked=asked, before=before, after=None if before else after)
    context = {
        "list": lists.with_counts(of, staff_orders.counts(request.panel.id)),
        "asked": asked,
        "page": page,
        "narrowed": any(asked.values()),
        "exports": request.actor.may(Right.EXPORTS),
    }
    return render(request, "backoffice/orders.html", context)


@require_safe
def orders_csv(request: StaffRequest) -> HttpResponseBase:
    """The orders of the same filters as a file."""
    of = staff_orders.listing(request.panel.id)
    lines = of.csv(staff_orders.pages(panel=request.panel, asked=of.asked(request.GET)))
    return csv_file(lines, name="orders")


@require_safe
def order(request: StaffRequest, target: int) -> HttpResponse:
    """One order with its whole story, and the actions that are possible now."""
    related = (*order_queries.RELATED, "schedule", "customer__account")
    rows = queries.rows(Order, request.panel.id).filter(id=min(target, ID_MAX)).select_related(*related)
    found: Order | None = rows.first()
    if found is None:
        raise Http404
    kind = request.GET.get("kind", "")
    kind = kind if kind in story.KINDS else ""
    facts = story.facts_of(request.panel.id, found)
    actions = possible(request, found)
    context = {
        "order": found,
        "facts": facts,
        "fields": story.fields_of(found),
        "story": story.of(found, facts["history"], kind=kind),
        "kinds": [(value, _(text), value == kind) for value, text in story.KINDS.items()],
        "actions": actions,
        "problem": _(staff_orders.PROBLEM_LABELS.get(found.problem_code, "")) if found.problem_code else "",
        "refunded": found.booked_micros - found.charge_micros,
        "margin": None
        if found.cost_micros is None
        else found.charge_micros - found.cost_micros - found.past_cost_micros,
        "flat": BY_NAME[found.service.type].flat,
        "reads_customers": request.actor.may(Right.CUSTOMERS_READ),
    }
    return render(request, "backoffice/order.html", context)


def possible(request: PanelRequest, of: Order) -> list[Action]:
    """What the visitor may do with the order as it stands."""
    cancel = getattr(of, "cancel", None)
    schedule = getattr(of, "schedule", None)
    names = possible_rules.with_order(
        of,
        cancel_asked=cancel is not None and cancel.state == RequestState.WAITING.value,
        paused=schedule is not None and schedule.paused_at is not None,
        now=clock.now(),
    )
    return allowed(request, *names)


@require_safe
def refills(request: StaffRequest) -> HttpResponse:
    """Refills that wait for staff, the oldest first."""
    rows = queries.waiting_refills(request.panel.id).select_related("order__service", "order__customer__user")
    return _queue(request, lists.REFILLS, rows, _("Refill requests"), "refill")


@require_safe
def cancels(request: StaffRequest) -> HttpResponse:
    """Cancels that wait for staff, the oldest first."""
    rows = queries.waiting_cancels(request.panel.id).select_related("order__service", "order__customer__user")
    return _queue(request, lists.CANCELS, rows, _("Cancellation requests"), "ban")


def _queue(request: StaffRequest, of: Listing, rows: QuerySet[Any], title: str, icon: str) -> HttpResponse:
    page = lists.page(request, rows, upward=True)
    providers = dict(
        queries.rows(Provider, request.panel.id)
        .filter(id__in={row.order.provider_id for row in page.rows if row.order.provider_id})
        .values_list("id", "name")
    )
    for row in page.rows:
        row.provider = providers.get(row.order.provider_id, "")
    context = {"list": of, "asked": {}, "page": page, "title": title, "icon": icon, "narrowed": False, "tabs": "orders"}
    return render(request, "backoffice/list.html", context)
