"""Customers for staff: the list, the groups, and one page with money, prices, and in its tabs what they did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from panelwright.backoffice import lists, people, queries
from panelwright.backoffice.acting import offered
from panelwright.customers import lists as customers_lists
from panelwright.customers import people_queries
from panelwright.customers.models import Customer
from panelwright.ledger import lists as ledger_lists
from panelwright.ledger import spent, statement
from panelwright.orders.queries import count_of_customer, numbers_of
from panelwright.providers import custom_rates
from panelwright.staff.lists import named
from panelwright.staff.rights import Right
from panelwright.ui.request import StaffRequest

NUMBER_MAX = 2**63 - 1
ROWS = 20
ENTRIES = 20


@require_safe
def customers(request: StaffRequest) -> HttpResponse:
    """All customers, the newest first, by the filters of the address."""
    return lists.shown(request, named("customers"), title=_("Customers"), icon="people", tabs="office_customers")


@require_safe
def price_lists(request: StaffRequest) -> HttpResponse:
    """The groups, with their discounts, how many are in them, and how many prices of their own they have."""
    return lists.shown(request, named("price_lists"), title=_("Price lists"), icon="people", tabs="office_customers")


@require_safe
def customer(request: StaffRequest, target: int) -> HttpResponse:
    """One customer, as far as the visitor's rights reach. `?tab=` says what stands beside money and prices."""
    panel_id = request.panel.id
    rows = queries.rows(Customer, panel_id).filter(number=min(target, NUMBER_MAX))
    found: Customer | None = rows.select_related("user", "account", "price_list").first()
    if found is None:
        raise Http404
    tabs = {name: tab for name, tab in _TABS.items() if tab.right is None or request.actor.may(tab.right)}
    tab = request.GET.get("tab", "")
    tab = tab if tab in tabs else next(iter(tabs))
    context: dict[str, Any] = {
        "customer": found,
        "actions": offered(request, "customer", found),
        "spent": spent.spent(panel_id, found.account_id),
        "last_login": people_queries.last_login(panel_id, found.user_id),
        "tab": tab,
        "tabs": [(name, _(one.label), name == tab) for name, one in tabs.items()],
        **tabs[tab].read(request, found),
    }
    if request.actor.may(Right.ORDERS_READ):
        context["orders_count"] = count_of_customer(panel_id, found.id)
    if request.actor.may(Right.PRICES):
        context["rates"] = custom_rates.of(request.panel, found)
        context["rate_actions"] = offered(request, "customer", found, part="rates")
    return render(request, "backoffice/customer.html", context)


# What a tab reads: the name of a list, its rows, and what else its part of the page shows.
Read = Callable[[StaffRequest, Customer], dict[str, Any]]


class _Tab:
    def __init__(self, label: str, read: Read, right: Right | None = None) -> None:
        self.label, self.read, self.right = label, read, right


def _statement(request: StaffRequest, found: Customer) -> dict[str, Any]:
    panel_id = request.panel.id
    page = statement.page(
        panel_id=panel_id,
        account_id=found.account_id,
        before=request.GET.get("before") or None,
        after=request.GET.get("after") or None,
        limit=ENTRIES,
    )
    entries = statement.numbered(page.entries, partial(numbers_of, panel_id))
    return {"list": ledger_lists.STATEMENT, "rows": entries, "page": replace(page, entries=entries)}


def _of_list(name: str) -> Read:
    """The rows of a declared list that are the customer's, who need not stand in each of them."""

    def read(request: StaffRequest, found: Customer) -> dict[str, Any]:
        of = named(name)
        further, back = lists.cursor(request, "before"), lists.cursor(request, "after")
        asked = {"customer": str(found.number)}
        page = of.page(request.panel, asked, further=further, back=back, limit=ROWS)
        return {"list": lists.of_one(of.listing, "customer"), "rows": page.rows, "page": page}

    return read


def _sessions(request: StaffRequest, found: Customer) -> dict[str, Any]:
    rows = people_queries.sessions(request.panel.id, found.user_id)
    return {
        "list": customers_lists.SESSIONS_SEEN,
        "rows": rows,
        "tab_actions": offered(request, "customer", found, part="sessions"),
    }


def _logins(request: StaffRequest, found: Customer) -> dict[str, Any]:
    return {"list": customers_lists.LOGINS, "rows": people_queries.logins(request.panel.id, found.user_id)}


def _notes(request: StaffRequest, found: Customer) -> dict[str, Any]:
    return {
        "notes": people_queries.notes(request.panel.id, found.id),
        "tab_actions": offered(request, "customer", found, part="notes"),
    }


def _trail(request: StaffRequest, found: Customer) -> dict[str, Any]:
    return people.trail_of(request, "customer", found.number)


_TABS = {
    "statement": _Tab(gettext_noop("Statement"), _statement),
    "orders": _Tab(gettext_noop("Orders"), _of_list("orders"), Right.ORDERS_READ),
    "tickets": _Tab(gettext_noop("Tickets"), _of_list("tickets"), Right.SUPPORT),
    "payments": _Tab(gettext_noop("Payments"), _of_list("payments"), Right.PAYMENTS),
    "keys": _Tab(gettext_noop("API keys"), _of_list("api_keys")),
    "sessions": _Tab(gettext_noop("Sessions"), _sessions),
    "logins": _Tab(gettext_noop("Log-ins"), _logins),
    "notes": _Tab(gettext_noop("Notes"), _notes),
    "trail": _Tab(gettext_noop("Changes"), _trail, Right.STAFF),
}
