"""Customers for staff: the list, and one page with balance, transactions, orders, tickets and keys."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import lists, queries
from panelwright.backoffice.acting import allowed
from panelwright.catalog.models import PriceListRate
from panelwright.customers.models import Customer
from panelwright.ledger import lists as ledger_lists
from panelwright.ledger import statement
from panelwright.orders.queries import numbers_of
from panelwright.staff.lists import named
from panelwright.staff.rights import Right
from panelwright.ui.request import StaffRequest

NUMBER_MAX = 2**63 - 1
ROWS = 10
ENTRIES = 20


@require_safe
def customers(request: StaffRequest) -> HttpResponse:
    """All customers, the newest first, by the filters of the address."""
    actions = allowed(request, "customer.add")
    return lists.shown(request, named("customers"), title=_("Customers"), icon="people", actions=actions)


@require_safe
def customer(request: StaffRequest, target: int) -> HttpResponse:
    """One customer, as far as the visitor's rights reach."""
    panel_id = request.panel.id
    rows = queries.rows(Customer, panel_id).filter(number=min(target, NUMBER_MAX))
    found: Customer | None = rows.select_related("user", "account", "price_list").first()
    if found is None:
        raise Http404
    may = request.actor.may
    context: dict[str, Any] = {"customer": found, "actions": allowed(request, *_possible(found))}
    page = statement.page(
        panel_id=panel_id,
        account_id=found.account_id,
        before=request.GET.get("before") or None,
        after=request.GET.get("after") or None,
        limit=ENTRIES,
    )
    entries = statement.numbered(page.entries, partial(numbers_of, panel_id))
    context |= {"statement": replace(page, entries=entries), "statement_list": ledger_lists.STATEMENT}
    if may(Right.ORDERS_READ):
        context |= _latest(request, "orders", found)
    if may(Right.SUPPORT):
        context |= _latest(request, "tickets", found)
    context |= _latest(request, "api_keys", found)
    if found.price_list_id is not None:
        rates = queries.rows(PriceListRate, panel_id).filter(price_list_id=found.price_list_id)
        context["rates"] = rates.select_related("service").order_by("service__number")[:100]
        context["rate_actions"] = allowed(request, "price_list.set_rate")
    return render(request, "backoffice/customer.html", context)


def _latest(request: StaffRequest, name: str, customer: Customer) -> dict[str, Any]:
    """The newest rows of a list that are the customer's, who need not stand in each of them."""
    of = named(name)
    page = of.page(request.panel, {"customer": str(customer.number)}, limit=ROWS)
    return {f"{name}_list": lists.of_one(of.listing, "customer"), name: page.rows}


def _possible(customer: Customer) -> tuple[str, ...]:
    state = "customer.suspend" if customer.enabled else "customer.restore"
    factor = ("customer.reset_second_factor",) if customer.user.totp_sealed else ()
    return ("customer.credit", "customer.debit", "customer.set_credit_limit", "customer.set_rate", state, *factor)
