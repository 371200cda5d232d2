"""What the address of a report asks for, as far as the visitor's rights reach: the period, the steps, what the
report is narrowed to and what it is told apart by.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core.lists import whole
from panelwright.reports import names, periods, queries
from panelwright.reports.cuts import Cut, Source
from panelwright.reports.periods import STEPS, Period, Step
from panelwright.reports.queries import Asked
from panelwright.staff.rights import Right
from panelwright.ui.request import StaffRequest

PERIODS = {
    "today": gettext_noop("Today"),
    "yesterday": gettext_noop("Yesterday"),
    "7": gettext_noop("7 days"),
    "30": gettext_noop("30 days"),
    "90": gettext_noop("90 days"),
    "365": gettext_noop("365 days"),
    "month": gettext_noop("This month"),
    "last-month": gettext_noop("Last month"),
}
STEP_LABELS = {
    "hour": gettext_noop("By hour"),
    "day": gettext_noop("By day"),
    "week": gettext_noop("By week"),
    "month": gettext_noop("By month"),
}
SOURCES = {
    "web": (Source.WEB, gettext_noop("Website")),
    "api": (Source.API, gettext_noop("API")),
    "subscription": (Source.SUBSCRIPTION, gettext_noop("Subscriptions")),
}
SOURCE_NAMES = {source: name for name, (source, _label) in SOURCES.items()}
# What a table may be told apart by, and the right that its names need.
BY = {
    "": (gettext_noop("By time"), None),
    "service": (gettext_noop("By service"), None),
    "category": (gettext_noop("By category"), None),
    "customer": (gettext_noop("By customer"), Right.CUSTOMERS_READ),
    "provider": (gettext_noop("By provider"), Right.PROVIDERS),
    "source": (gettext_noop("By source"), None),
}
# Narrowed to -> what can be told apart within it.
_WITHIN = {
    "": tuple(BY),
    "service": ("", "customer", "provider", "source"),
    "category": ("", "service"),
    "customer": ("", "service", "category"),
    "provider": ("", "service", "category"),
    "source": ("", "service", "category"),
}
_ALONE = {"": Cut.ALL, "service": Cut.SERVICE, "category": Cut.SERVICE, "customer": Cut.CUSTOMER}
_ALONE |= {"provider": Cut.PROVIDER, "source": Cut.SOURCE}
_PAIRS = {"customer": Cut.CUSTOMER_SERVICE, "provider": Cut.PROVIDER_SERVICE, "source": Cut.SOURCE_SERVICE}


class Narrowed(NamedTuple):
    """What a report is narrowed to: by what, what the address says of it, its id, and its name."""

    by: str = ""
    value: str = ""
    id: int = 0
    name: str = ""
    # Of a category the ids of its services.
    services: tuple[int, ...] = ()


class ReportAsked(NamedTuple):
    """What a report is about. `address` gives it with other parameters."""

    panel_id: int
    today: date
    period: Period
    step: str
    by: str
    narrowed: Narrowed
    draw: str
    compare: bool
    given: dict[str, str]
    path: str
    reads_orders: bool

    @property
    def steps(self) -> list[Step]:
        return list(self.period.steps(STEPS[self.step]))

    @property
    def possible_by(self) -> tuple[str, ...]:
        return _WITHIN[self.narrowed.by]

    @property
    def series(self) -> Asked:
        """The sums of what the report is narrowed to."""
        if self.narrowed.by == "category":
            return Asked(Cut.SERVICE, keys_a=self.narrowed.services)
        return Asked(_ALONE[self.narrowed.by], self.narrowed.id if self.narrowed.by else None)

    @property
    def apart(self) -> Asked:
        """The sums that the table tells apart."""
        narrowed = self.narrowed.by
        if narrowed in ("", "category"):
            return Asked(_ALONE[self.by])
        if narrowed == "service":
            return Asked(_PAIRS[self.by], key_b=self.narrowed.id)
        return Asked(_PAIRS[narrowed], key_a=self.narrowed.id)

    def address(self, **changes: str) -> str:
        """This report with other parameters; an empty value takes one away."""
        return f"{self.path}?{urlencode({k: v for k, v in {**self.given, **changes}.items() if v})}"

    def orders(self, span: str, **more: str) -> str:
        """The list of the orders that a number counts; empty where the visitor may not read it, or it cannot be asked
        so.
        """
        asked = {**more, "span": span, "charged": "yes"}
        if self.narrowed.by == "category" or not self.reads_orders:
            return ""
        if self.narrowed.by:
            asked[self.narrowed.by] = self.narrowed.value
        if "source" in asked:
            asked["origin"] = asked.pop("source")
        if "provider" in asked:
            asked["ended"] = asked.pop("span")
        return f"{reverse('backoffice:orders')}?{urlencode(asked)}"


def read(request: StaffRequest) -> ReportAsked:
    """What makes no sense, or is not for the visitor, is left out."""
    given = {name: value.strip()[:100] for name, value in request.GET.items() if isinstance(value, str)}
    today = queries.today(request.panel)
    period = periods.read(given.get("period", ""), given.get("from", ""), given.get("to", ""), today=today)
    narrowed = _narrowed(request, given)
    by = given.get("by", "")
    right = BY.get(by, ("", None))[1]
    if by not in _WITHIN[narrowed.by] or (right is not None and not request.actor.may(right)):
        by = ""
    return ReportAsked(
        panel_id=request.panel.id,
        today=today,
        period=period,
        step=periods.step_of(given.get("step", ""), period, today=today),
        by=by,
        narrowed=narrowed,
        draw=given.get("draw", "revenue"),
        compare=given.get("compare", "") == "yes",
        given={name: value for name, value in given.items() if name in _NAMES and value},
        path=request.path,
        reads_orders=request.actor.may(Right.ORDERS_READ),
    )


_NAMES = ("period", "from", "to", "step", "by", "draw", "compare", *(name for name in BY if name), "year", "measure")


def _narrowed(request: StaffRequest, given: dict[str, str]) -> Narrowed:
    panel_id, may = request.panel.id, request.actor.may
    for by in ("service", "customer", "provider", "category"):
        value, right = whole(given.get(by, "")), BY[by][1]
        if value is not None and (right is None or may(right)):
            found = names.find(panel_id, by, value)
            if found is None:
                return Narrowed()
            services = names.services_of(panel_id, found.id) if by == "category" else ()
            return Narrowed(by, found.value, found.id, found.name, services)
    if given.get("source", "") in SOURCES:
        source, label = SOURCES[given["source"]]
        return Narrowed("source", given["source"], source, _(label))
    return Narrowed()
