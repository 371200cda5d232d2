"""Orders, refills and cancels for staff: the lists, one order's story, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import evidence_words, lists, queries, story
from panelwright.backoffice.acting import offered
from panelwright.catalog.types import BY_NAME
from panelwright.orders import problems
from panelwright.orders.models import Order, OrderKind
from panelwright.providers import evidence_queries, order_queries, staff_orders
from panelwright.providers.models import Provider
from panelwright.staff.action import Action, Foretold
from panelwright.staff.lists import named
from panelwright.staff.rights import Right
from panelwright.ui.request import StaffRequest

NUMBER_MAX = 2**63 - 1
PROVIDERS_MAX = 500
# Problems that evidence is gathered for.
UNKNOWN = frozenset({problems.OUTCOME_UNKNOWN})


@require_safe
def orders(request: StaffRequest) -> HttpResponse:
    """All orders of the panel, by the filters of the address."""
    of = staff_orders.STAFF_ORDERS
    note = ""
    text = of.listing.asked(request.GET)["q"].strip()
    if text and of.listing.refused({"q": text}) is None:
        what = _(staff_orders.UNDERSTOOD[staff_orders.understood(request.panel, text).code])
        note = _("Searched for: %(what)s.") % {"what": what}
    return lists.shown(request, of, title=_("Orders"), icon="list", tabs="orders", note=note)


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
    of_panel = queries.rows(Provider, request.panel.id).order_by("id")[:PROVIDERS_MAX]
    providers = {provider.id: provider for provider in of_panel}
    facts = story.facts_of(found, providers)
    calls = evidence_queries.calls_of(found, story.EACH_MAX)
    told = story.of(found, facts["history"], calls, providers)
    actions = offered(request, "order", found)
    unknown = found.problem_code in UNKNOWN and found.ended_at is None
    sent_to = providers.get(found.provider_id or 0) if unknown else None
    evidence = evidence_queries.of(found, sent_to, calls, request.panel.currency) if sent_to is not None else None
    back = {action.name: gives_back(action, request.panel.id, found.number) for action in actions}
    currency = request.panel.currency
    choices: Sequence[evidence_words.Choice] = ()
    if evidence is not None:
        choices = evidence_words.choices(found, evidence, actions, back, providers, currency)
    context = {
        "order": found,
        "facts": facts,
        "fields": story.fields_of(found),
        "story": [entry for entry in told if not kind or entry.kind == kind],
        "kinds": story.kinds(told, kind),
        "actions": [(action, back[action.name]) for action in actions],
        "notes": request.actor.may(Right.SUPPORT),
        "evidence": evidence,
        "choices": choices,
        "proof": evidence_words.proof(evidence) if evidence is not None else (),
        "suggests": evidence_words.suggests(evidence) if evidence is not None else "",
        "problem_said": problems.words(found.problem_code, facts["problem_facts"], _),
        "problem": _(staff_orders.PROBLEM_LABELS.get(found.problem_code, "")) if found.problem_code else "",
        "paused_for": _(story.PAUSED_FOR[facts["paused_for"]]) if facts["paused_for"] else "",
        "refunded": found.booked_micros - found.charge_micros,
        "margin": None
        if found.cost_micros is None
        else found.charge_micros - found.cost_micros - found.past_cost_micros,
        "posts": story.posts_of(found) if found.kind == OrderKind.SUBSCRIPTION.value else (),
        "flat": BY_NAME[found.service.type].flat,
        "reads_customers": request.actor.may(Right.CUSTOMERS_READ),
    }
    return render(request, "backoffice/order.html", context)


def gives_back(action: Action, panel_id: int, number: int) -> int:
    """Micros that the customer gets back when this is done to the order now; 0 where a field decides that."""
    if not action.moves_money or action.foretell is None or any(field.required for field in action.fields):
        return 0
    (told,) = action.foretell(panel_id)([number])
    return told.refund_micros if isinstance(told, Foretold) else 0


@require_safe
def work(request: StaffRequest) -> HttpResponse:
    """What the panel's own people deliver: take, report, done, each with one key."""
    of, template = named("work"), "backoffice/work.html"
    return lists.shown(request, of, template=template, title=_("Work queue"), icon="check", tabs="orders")


@require_safe
def dripfeeds(request: StaffRequest) -> HttpResponse:
    """Drip-feeds with their runs."""
    return lists.shown(request, named("dripfeeds"), title=_("Drip-feeds"), icon="drip", tabs="orders")


@require_safe
def subscriptions(request: StaffRequest) -> HttpResponse:
    """Subscriptions with their posts."""
    return lists.shown(request, named("subscriptions"), title=_("Subscriptions"), icon="again", tabs="orders")


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
