"""Customers for staff: the list, and one page with balance, transactions, orders, tickets and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import lists, queries
from panelwright.backoffice.acting import allowed
from panelwright.catalog.models import PriceListRate
from panelwright.core.lists import Listing
from panelwright.customers.models import ApiKey, Customer
from panelwright.ledger import lists as ledger_lists
from panelwright.ledger import statement
from panelwright.orders.models import Order
from panelwright.providers.staff_orders import ORDERS, StaffOrderRow
from panelwright.staff.rights import Right
from panelwright.support.models import Ticket
from panelwright.ui.files import csv_file
from panelwright.ui.request import StaffRequest

ID_MAX = 2**63 - 1
ROWS = 10
ENTRIES = 20


@require_safe
def customers(request: StaffRequest) -> HttpResponse:
    """All customers, the newest first, by the filters of the address."""
    asked = lists.CUSTOMERS.asked(request.GET)
    page = lists.page(request, _asked(request, asked))
    context = {
        "list": lists.CUSTOMERS,
        "asked": asked,
        "page": page,
        "title": _("Customers"),
        "icon": "people",
        "narrowed": any(asked.values()),
        "actions": allowed(request, "customer.add"),
        "csv": reverse("backoffice:customers_csv") if request.actor.may(Right.EXPORTS) else "",
    }
    return render(request, "backoffice/list.html", context)


@require_safe
def customers_csv(request: StaffRequest) -> HttpResponseBase:
    """The customers of the same filters as a file."""
    rows = _asked(request, lists.CUSTOMERS.asked(request.GET))
    return csv_file(lists.CUSTOMERS.csv(lists.all_pages(rows)), name="customers")


def _asked(request: StaffRequest, asked: dict[str, str]) -> QuerySet[Customer]:
    rows: QuerySet[Customer] = queries.rows(Customer, request.panel.id)
    rows = rows.select_related("user", "account", "price_list")
    if asked["state"]:
        rows = rows.filter(enabled=asked["state"] == "active")
    text = asked["q"].strip()
    if text:
        wanted = Q(user__email__istartswith=text) | Q(user__name__icontains=text)
        if text.isascii() and text.isdigit() and int(text) <= ID_MAX:
            wanted |= Q(id=int(text))
        rows = rows.filter(wanted)
    return rows


@require_safe
def customer(request: StaffRequest, target: int) -> HttpResponse:
    """One customer, as far as the visitor's rights reach."""
    panel_id = request.panel.id
    rows = queries.rows(Customer, panel_id).filter(id=min(target, ID_MAX))
    found: Customer | None = rows.select_related("user", "account", "price_list").first()
    if found is None:
        raise Http404
    may = request.actor.may
    context: dict[str, Any] = {"customer": found, "actions": allowed(request, *_possible(found))}
    context["statement"] = statement.page(
        panel_id=panel_id,
        account_id=found.account_id,
        before=request.GET.get("before") or None,
        after=request.GET.get("after") or None,
        limit=ENTRIES,
    )
    context["statement_list"] = ledger_lists.STATEMENT
    if may(Right.ORDERS_READ):
        orders = queries.rows(Order, panel_id).filter(customer=found).select_related("service", "customer__user")
        context |= {
            "orders_list": _of_one(ORDERS),
            "orders": [StaffOrderRow(row, "") for row in orders.order_by("-id")[:ROWS]],
        }
    if may(Right.SUPPORT):
        tickets = queries.rows(Ticket, panel_id).filter(customer=found).select_related("customer__user")
        context |= {"tickets_list": _of_one(lists.TICKETS), "tickets": tickets.order_by("-id")[:ROWS]}
    context["keys"] = queries.rows(ApiKey, panel_id).filter(customer=found, revoked_at=None).order_by("-id")[:50]
    if found.price_list_id is not None:
        rates = queries.rows(PriceListRate, panel_id).filter(price_list_id=found.price_list_id)
        context["rates"] = rates.select_related("service").order_by("service__number")[:100]
        context["rate_actions"] = allowed(request, "price_list.set_rate")
    return render(request, "backoffice/customer.html", context)


def _of_one(of: Listing) -> Listing:
    """A list on the page of its customer, who need not stand in each row."""
    return replace(of, columns=tuple(column for column in of.columns if column.name != "customer"))


def _possible(customer: Customer) -> tuple[str, ...]:
    state = "customer.suspend" if customer.enabled else "customer.restore"
    factor = ("customer.reset_second_factor",) if customer.user.totp_sealed else ()
    return ("customer.credit", "customer.debit", "customer.set_rate", state, *factor)
