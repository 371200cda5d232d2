"""A customer's money: every transfer with the balance after it, what was spent, and how to add funds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from panelwright.core import clock, money
from panelwright.core.lists import Filter
from panelwright.core.sql import PASSING_ERRORS
from panelwright.ledger import lists, statement
from panelwright.ledger.month_sums import over
from panelwright.ledger.statement import Month, Spending
from panelwright.ledger.statement_actions import catch_up
from panelwright.orders.queries import numbers_of
from panelwright.ui import charts
from panelwright.ui.files import csv_file
from panelwright.ui.request import CustomerRequest

MONTHS_MAX = 36
# Statements that the page leads to.
STATEMENTS_MAX = 12


@require_safe
def balance(request: CustomerRequest) -> HttpResponse:
    """The statement by pages. The newest page has the sums and the chart as well."""
    asked, month = _asked(request)
    newest = not any((asked["code"], month, asked["before"], asked["after"]))
    if newest or month is not None:
        catch_up_account(request)
    page = statement.page(**_account(request), month=month, **asked)
    page = replace(page, entries=statement.numbered(page.entries, partial(numbers_of, request.panel.id)))
    months = Filter("month", gettext_noop("Month"), (("", gettext_noop("All months")), *_months(request)))
    of = lists.OF_CODE if asked["code"] else lists.STATEMENT
    of = replace(of, filters=(lists.CODE, months))
    context: dict[str, Any] = {
        "page": page,
        "list": of,
        "asked": {"code": asked["code"], "month": f"{month.year:04}-{month.month:02}" if month else ""},
        "narrowed": bool(asked["code"] or month),
        "newest": newest,
        "over": _statements(request) if newest else [],
    }
    if newest:
        zone = time_zone()
        spent = statement.spending(**_account(request), zone=zone, now=clock.now())
        context |= {"spent": spent, "chart": _chart(spent, request.panel.currency)}
        top = page.entries[0].id if page.entries else 0
        context["behind"] = spent.counted_to if spent.counted_id < top else None
    return render(request, "storefront/balance.html", context)


@require_safe
def balance_csv(request: CustomerRequest) -> HttpResponseBase:
    """The statement as a file, with the filters of the page that it stands on."""
    asked, month = _asked(request)
    if month is not None:
        catch_up_account(request)
        if not statement.page(**_account(request), month=month, limit=1).ready:
            messages.error(request, _("This month is still being counted. Try again in a moment."))
            return redirect("storefront:balance")
    lines = statement.statement_csv(
        **_account(request),
        numbers_of=partial(numbers_of, request.panel.id),
        code=asked["code"],
        month=month,
        before=asked["before"],
    )
    return csv_file(lines, name="statement")


def _account(request: CustomerRequest) -> dict[str, Any]:
    return {"panel_id": request.panel.id, "account_id": request.customer.account_id}


def _asked(request: CustomerRequest) -> tuple[dict[str, Any], Month | None]:
    """The filters and cursors of the address; what is none of ours is left out."""
    code = request.GET.get("code", "")
    asked = {
        "code": lists.CODE.asked(code),
        "before": request.GET.get("before") or None,
        "after": request.GET.get("after") or None,
    }
    return asked, statement.read_month(request.GET.get("month", ""), time_zone())


def time_zone() -> ZoneInfo:
    """That of the pages."""
    zone = timezone.get_current_timezone()
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


def catch_up_account(request: CustomerRequest) -> None:
    """Go on adding up the customer's transfers."""
    try:
        catch_up(**_account(request))
    except PASSING_ERRORS:
        pass  # The database is busy: the sums are those of the last time, and the page says so.


def _months(request: CustomerRequest) -> list[tuple[str, str]]:
    """This month and those before it, back to the one in which the customer came."""
    today = clock.now().astimezone(time_zone()).date()
    first = timezone.localtime(request.customer.created_at).date()
    found: list[tuple[str, str]] = []
    while len(found) < MONTHS_MAX and (today.year, today.month) >= (first.year, first.month):
        found.append((f"{today:%Y-%m}", f"{today:%Y-%m}"))
        today = date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    return found


def _statements(request: CustomerRequest) -> list[str]:
    """The last months that are over."""
    zone, now = time_zone(), clock.now()
    months = ((name, statement.read_month(name, zone)) for name, _label in _months(request))
    return [name for name, month in months if month is not None and over(month, now)][:STATEMENTS_MAX]


def _chart(spent: Spending, currency: str) -> charts.Chart:
    """Spending by day, the last 30 days."""
    return charts.bars(
        [
            charts.Point(f"{day.day:%m-%d}", day.spent_micros, f"{money.text(day.spent_micros)} {currency}")
            for day in spent.days
        ]
    )
