"""How it goes, on the home page: today against yesterday and the same day last week until the same hour, and the days
before, drawn. Four queries, of sums alone, however many orders there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from panelwright.backoffice.report_tables import BY_NAME, Measure, change_of, chart, margin, shown
from panelwright.core import clock
from panelwright.reports import periods, queries
from panelwright.reports.cuts import Cut, Figures, Grain
from panelwright.reports.queries import Asked, Hours
from panelwright.staff.rights import Right
from panelwright.ui.charts import Chart
from panelwright.ui.request import StaffRequest

DAYS = ("7", "30", "365")
_TODAY, _YESTERDAY, _WEEK = 0, 24, 7 * 24


class TodayTile(NamedTuple):
    """A number of today, with those of yesterday and of a week ago until the same hour, and the changes since."""

    label: str
    value: str
    unit: str
    url: str
    yesterday: str
    change: str
    good: bool
    last_week: str


@dataclass(frozen=True, slots=True)
class HomeNumbers:
    """`until`: the hour up to which days are compared, as "14:00"; empty in the first hour of a day."""

    tiles: list[TodayTile]
    until: str
    chart: Chart
    total: str
    days: list[tuple[str, str, bool]]
    report: str


def of(request: StaffRequest) -> HomeNumbers:
    panel, panel_id = request.panel, request.panel.id
    now = queries.hour_of(panel, clock.now())
    begin = now - now % 24
    hours = queries.series(panel_id, Asked(Cut.ALL), Grain.HOUR, begin - _WEEK, now)
    joined = queries.series(panel_id, Asked(Cut.NEW_CUSTOMERS), Grain.HOUR, begin - _WEEK, now)
    # Whole hours alone are compared; today is all that there is.
    spans = [Hours(begin - back, now - back - 1) for back in (_TODAY, _YESTERDAY, _WEEK)]
    whole = Hours(begin, now)
    active = queries.active_in_hours(panel_id, whole, *spans[1:])

    def summed(of: dict[int, Figures], span: Hours) -> Figures:
        return queries.total(of[hour] for hour in range(span.first, span.last + 1) if hour in of)

    today, until = summed(hours, whole), [summed(hours, span) for span in spans]
    day = queries.today(panel)
    reports = reverse("backoffice:reports")
    may_read = request.actor.may(Right.ORDERS_READ)
    orders = f"{reverse('backoffice:orders')}?{urlencode({'span': day.isoformat(), 'charged': 'yes'})}"
    comparing = now > begin

    def door(draw: str) -> str:
        return f"{reports}?{urlencode({'period': 'today', 'draw': draw})}"

    tiles = [
        _tile(
            measure,
            today,
            until if comparing else None,
            panel.currency,
            orders if measure.name == "orders" and may_read else door(measure.name),
        )
        for measure in (BY_NAME[name] for name in ("orders", "revenue", "cost", "profit", "refunds"))
    ]
    tiles.insert(
        4,
        TodayTile(
            _("Margin"),
            margin(today) or "–",
            "",
            door("profit"),
            margin(until[1]) or "–" if comparing else "",
            "",
            True,
            margin(until[2]) or "–" if comparing else "",
        ),
    )
    new = [summed(joined, span).orders for span in (whole, *spans)]
    customers = reverse("backoffice:report_customers")
    tiles.append(_count(_("New customers"), new[0], new[1:], comparing, f"{customers}?period=today&draw=new"))
    # Of this hour, too: who ordered in it may have ordered before.
    counts = [active[0], active[1], active[2]]
    tiles.append(
        _count(_("Active customers"), active[0], counts, comparing, f"{customers}?period=today", compare_now=False)
    )
    return _drawn(request, tiles, f"{now % 24:02d}:00" if comparing else "", reports)


def _tile(measure: Measure, today: Figures, until: list[Figures] | None, currency: str, url: str) -> TodayTile:
    yesterday = last_week = change = ""
    good = True
    if until is not None:
        now, before, earlier = (measure.of(figures) for figures in until)
        yesterday, last_week = shown(measure, before), shown(measure, earlier)
        change, good = change_of(now, before), (now >= before) == measure.up
    unit = currency if measure.unit else ""
    return TodayTile(_(measure.label), shown(measure, measure.of(today)), unit, url, yesterday, change, good, last_week)


def _count(label: str, now: int, until: list[int], comparing: bool, url: str, *, compare_now: bool = True) -> TodayTile:
    if not comparing:
        return TodayTile(label, str(now), "", url, "", "", True, "")
    change = change_of(until[0], until[1]) if compare_now else ""
    return TodayTile(label, str(now), "", url, str(until[1]), change, until[0] >= until[1], str(until[2]))


def _drawn(request: StaffRequest, tiles: list[TodayTile], until: str, reports: str) -> HomeNumbers:
    """The revenue of the last days; a year by weeks."""
    asked = request.GET.get("days", "")
    name = asked if asked in DAYS else "30"
    period = periods.read(name, "", "", today=queries.today(request.panel))
    steps = list(period.steps(Grain.WEEK if name == "365" else Grain.DAY))
    each = queries.in_steps(request.panel.id, Asked(Cut.ALL), steps)
    revenue = BY_NAME["revenue"]
    may_read = request.actor.may(Right.ORDERS_READ)
    urls = []
    for step in steps:
        asked_orders = urlencode({"span": step.span, "charged": "yes"})
        asked_report = urlencode({"from": step.first.isoformat(), "to": step.last.isoformat()})
        urls.append(f"{reverse('backoffice:orders')}?{asked_orders}" if may_read else f"{reports}?{asked_report}")
    return HomeNumbers(
        tiles=tiles,
        until=until,
        chart=chart(steps, [revenue.of(figures) for figures in each], revenue.unit, urls),
        total=f"{shown(revenue, revenue.of(queries.total(each)))} {request.panel.currency}",
        days=[(one, f"?days={one}", one == name) for one in DAYS],
        report=f"{reports}?period={name}",
    )
