"""Orders, refills and cancels for staff: the lists, one order's story, and what can be done with it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import lists, queries, story
from panelwright.backoffice.acting import allowed
from panelwright.catalog.types import BY_NAME
from panelwright.core import clock
from panelwright.orders.models import Order, RequestState
from panelwright.providers import order_queries, staff_orders
from panelwright.providers.routing import possible_rules
from panelwright.staff.action import Action
from panelwright.staff.lists import named
from panelwright.staff.rights import Right
from panelwright.ui.request import PanelRequest, StaffRequest

NUMBER_MAX = 2**63 - 1


@require_safe
def orders(request: StaffRequest) -> HttpResponse:
    """All orders of the panel, by the filters of the address."""
    return lists.shown(request, staff_orders.STAFF_ORDERS, title=_("Orders"), icon="list", tabs="orders")


@require_safe
def order(request: StaffRequest, target: int) -> HttpResponse:
    """One order with its whole story, and the actions that are possible now."""
    related = (*order_queries.RELATED, "schedule", "customer__account")
    rows = queries.rows(Order, request.panel.id).filter(number=min(target, NUMBER_MAX)).select_related(*related)
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
        "paused_for": _(story.PAUSED_FOR[facts["paused_for"]]) if facts["paused_for"] else "",
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
    """Refills that wait for staff, the oldest first; or all of them."""
    of = named("refills")
    return lists.shown(request, of, title=_("Refill requests"), icon="refill", tabs="orders")


@require_safe
def cancels(request: StaffRequest) -> HttpResponse:
    """Cancels that wait for staff, the oldest first; or all of them."""
    of = named("cancels")
    return lists.shown(request, of, title=_("Cancellation requests"), icon="ban", tabs="orders")
