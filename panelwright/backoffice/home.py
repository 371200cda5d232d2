"""The first page of staff: what needs them now, and how the day goes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import first_steps, home_numbers, queries, words
from panelwright.backoffice.queries import OFFICE_COUNTS
from panelwright.core import money
from panelwright.core.lists import count_text
from panelwright.providers.models import Provider
from panelwright.providers.staff_orders import PROBLEM_LABELS
from panelwright.reports import queries as report_queries
from panelwright.staff.rights import Right
from panelwright.ui.request import StaffRequest


class Need(NamedTuple):
    """A line of what waits: what, where it is looked at, its money in micros, and since when the oldest waits."""

    icon: str
    tone: str
    title: str
    many: int
    url: str
    verb: str
    detail: str = ""
    micros: int | None = None
    since: datetime | None = None

    @property
    def number(self) -> str:
        return count_text(self.many)


@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """What the rights of the visitor allow of it."""
    may = request.actor.may
    steps = queries.first_steps(request.panel.id)
    begun = steps.order
    context = {
        "needs": _needs(request),
        "numbers": home_numbers.of(request) if begun and may(Right.REPORTS) else None,
        "steps": first_steps.of(request, steps) if not begun and may(Right.SERVICES) else None,
        "today": report_queries.today(request.panel),
    }
    return render(request, "backoffice/home.html", context)


def _needs(request: StaffRequest) -> list[Need]:
    may, panel_id = request.actor.may, request.panel.id
    problems, waits = queries.problems_by_code(panel_id), queries.waiting(panel_id)
    # The menu's counts, which need not be counted a second time.
    counts = {"problems": sum(one.number for one in problems), "tickets": waits.tickets.number}
    counts["payments"] = waits.payments.number + waits.payment_problems.number
    setattr(request, OFFICE_COUNTS, counts)
    found: list[Need] = []
    orders = reverse("backoffice:orders")
    if may(Right.ORDERS_READ):
        found += [
            Need(
                "alert",
                "warn" if one.code.startswith("outcome") else "bad",
                _(PROBLEM_LABELS.get(one.code, PROBLEM_LABELS["noted"])),
                one.number,
                f"{orders}?show=problem&problem={one.code}",
                _("Decide") if may(Right.ORDERS_ACT) else _("View"),
                _("charged to customers"),
                one.charge_micros,
                one.since,
            )
            for one in problems
        ]
    lines = [
        (
            Right.PAYMENTS,
            "wallet",
            _("Payments to approve"),
            waits.payments,
            reverse("backoffice:payments") + "?show=waiting",
            _("Review"),
        ),
        (
            Right.PAYMENTS,
            "wallet",
            _("Payments with a problem or dispute"),
            waits.payment_problems,
            reverse("backoffice:payments") + "?show=problem",
            _("Decide"),
        ),
        (
            Right.PAYMENTS,
            "wallet",
            _("Affiliate payouts to send"),
            waits.payouts,
            reverse("backoffice:payouts") + "?state=requested",
            _("Review"),
        ),
        (
            Right.PAYMENTS,
            "gift",
            _("Commissions to decide"),
            waits.commissions,
            reverse("backoffice:commissions") + "?state=refused",
            _("Review"),
        ),
        (Right.ORDERS_READ, "person", _("Manual orders"), waits.manual, f"{orders}?show=manual", _("Work on them")),
        (Right.ORDERS_READ, "refill", _("Refill requests"), waits.refills, reverse("backoffice:refills"), _("Review")),
        (
            Right.ORDERS_READ,
            "ban",
            _("Cancellation requests"),
            waits.cancels,
            reverse("backoffice:cancels"),
            _("Review"),
        ),
        (Right.SUPPORT, "chat", _("Tickets waiting"), waits.tickets, reverse("backoffice:tickets"), _("Answer")),
        (Right.SERVICES, "grid", _("Services on hold"), waits.held, reverse("backoffice:held"), _("Review")),
    ]
    found += [
        Need(icon, "", title, waiting.number, url, verb, since=waiting.since)
        for right, icon, title, waiting, url, verb in lines
        if waiting.number and may(right)
    ]
    if may(Right.PROVIDERS):
        found += [_troubled(provider) for provider in waits.providers]
    return found


def _troubled(provider: Provider) -> Need:
    low = provider.low_balance_micros
    is_low = low is not None and provider.balance_micros is not None and provider.balance_micros < low
    trouble = words.trouble(provider)
    title = _("%(provider)s: low balance") if is_low else _("%(provider)s does not work")
    detail = money.text(provider.balance_micros or 0) + f" {provider.currency}" if is_low else trouble
    url = reverse("backoffice:provider", args=[provider.id])
    return Need("alert", "bad", title % {"provider": provider.name}, 1, url, _("View"), detail)
