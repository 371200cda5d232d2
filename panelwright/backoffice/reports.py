"""The reports: what the panel sells, earns and pays, by time and by what; each number leads to what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from panelwright.backoffice import lists, report_filters, support_report
from panelwright.backoffice.report_filters import BY, PERIODS, SOURCE_NAMES, SOURCES, STEP_LABELS, ReportAsked
from panelwright.backoffice.report_tables import (
    BY_NAME,
    MEASURES,
    Measure,
    Table,
    TableCell,
    TableHead,
    TableLine,
    Tile,
    cells,
    change_of,
    chart,
    heads,
    lasted,
    ledger_words,
    margin,
    percent,
    plain,
    shown,
    step_label,
)
from panelwright.ledger.models import TransferCode
from panelwright.reports import health, names, periods, queries, staff_work
from panelwright.reports.cuts import Cut, Figures, Flow, Grain, Source
from panelwright.reports.periods import Period, Step
from panelwright.reports.queries import Asked
from panelwright.staff import registry
from panelwright.staff.actor import ActorKind
from panelwright.staff.lists import named
from panelwright.staff.rights import Right
from panelwright.ui.files import csv_file
from panelwright.ui.request import StaffRequest

# Of what a table tells apart so many stand in it, the rest as one row; in the file are all of them.
LINES_MAX = 100
FILE_LINES_MAX = 100_000
_UNNAMED = names.Named(0, "", "")
# Where a request says that the file of a report is asked for.
_FILE = "report_file"
_NONE = {
    "service": gettext_noop("Deleted service"),
    "customer": gettext_noop("Deleted customer"),
    "provider": gettext_noop("No provider"),
    "source": gettext_noop("Unknown"),
    "category": gettext_noop("Unknown"),
}


@require_safe
def sales(request: StaffRequest) -> HttpResponseBase:
    """Orders, revenue, refunds, cost, profit and margin."""
    asked = report_filters.read(request)
    steps = asked.steps
    each = queries.in_steps(asked.panel_id, asked.series, steps)
    whole = queries.total(each)
    before = asked.period.before()
    past = queries.in_steps(asked.panel_id, asked.series, list(before.steps(periods.STEPS[asked.step])))
    measure = BY_NAME.get(asked.draw, BY_NAME["revenue"])
    table = _apart(request, asked) if asked.by else _over_time(request, asked, steps, each, whole)
    urls = [asked.orders(step.span) or _deeper(asked, step) for step in steps]
    drawn = chart(
        steps,
        map(measure.of, each),
        measure.unit,
        urls,
        [measure.of(figures) for figures in past] if asked.compare else (),
    )
    context = {
        "title": _("Sales"),
        "asked": asked,
        "tiles": _tiles(asked, whole, queries.total(past), request.panel.currency),
        "measure": _(measure.label),
        "total": _amount(measure, measure.of(whole), request.panel.currency),
        "money": bool(measure.unit),
        "chart": drawn,
        "table": table,
        "empty": _(
            "No orders in this period. Orders count on the day they are placed, refunds on the day they are made."
        )
        if not any(whole)
        else "",
        "before": before,
        **_choices(request, asked),
    }
    return _shown(request, "sales", context)


def _amount(measure: Measure, value: int, currency: str) -> str:
    return f"{shown(measure, value)} {currency}" if measure.unit else shown(measure, value)


def _deeper(asked: ReportAsked, step: Step) -> str:
    """The same report of a bar's days alone, where no list can be asked for what it counts."""
    return asked.address(**{"from": step.first.isoformat(), "to": step.last.isoformat(), "period": "", "step": ""})


def _tiles(asked: ReportAsked, now: Figures, before: Figures, currency: str) -> list[Tile]:
    made = []
    for measure in MEASURES:
        if measure.name == "quantity":
            continue
        value, was = measure.of(now), measure.of(before)
        made.append(
            Tile(
                _(measure.label),
                shown(measure, value),
                currency if measure.unit else "",
                shown(measure, was),
                change_of(value, was),
                (value >= was) == measure.up,
                asked.address(draw=measure.name),
                measure.name == asked.draw,
            )
        )
    better = (now.margin_e3 or 0) >= (before.margin_e3 or 0)
    return [
        *made,
        Tile(_("Margin"), margin(now) or "–", "", margin(before) or "–", "", better, asked.address(draw="profit")),
    ]


def _over_time(
    request: StaffRequest, asked: ReportAsked, steps: list[Step], each: list[Figures], whole: Figures
) -> Table:
    lines = []
    for step, figures in zip(reversed(steps), reversed(each), strict=True):
        door = asked.orders(step.span)
        refunds = _refunds(request, step.span) if not asked.narrowed.by else ""
        lines.append(TableLine(step_label(step), door or _deeper(asked, step), cells(figures, door, refunds)))
    span = periods.span(asked.period.first, asked.period.last)
    total = TableLine(_("Total"), "", cells(whole, asked.orders(span)))
    return Table(_(STEP_LABELS[asked.step]), heads(request.panel.currency), lines, total)


def _refunds(request: StaffRequest, span: str) -> str:
    """The list of refunds that a number adds up; empty where the visitor may not read it."""
    return f"{reverse('backoffice:refunds')}?span={span}" if request.actor.may(Right.ORDERS_READ) else ""


def _apart(request: StaffRequest, asked: ReportAsked) -> Table:
    """A row for each service, category, customer, provider or source, the highest revenue first."""
    limit = FILE_LINES_MAX if getattr(request, _FILE, False) else LINES_MAX
    found = queries.by_key(asked.panel_id, asked.apart, asked.period)
    if asked.narrowed.by == "category":
        found = {key: figures for key, figures in found.items() if key in asked.narrowed.services}
    if asked.by == "category":
        found = _by_category(asked.panel_id, found)
    ordered = sorted(found.items(), key=lambda one: (-one[1].charged_micros, -one[1].orders, one[0]))
    ordered = [(key, figures) for key, figures in ordered if any(figures)]
    named = _names(asked.panel_id, asked.by, [key for key, _figures in ordered[:limit]])
    span = periods.span(asked.period.first, asked.period.last)
    lines = []
    for key, figures in ordered[:limit]:
        _id, value, name = named.get(key, _UNNAMED)
        url = asked.address(**{asked.by: value, "by": ""}) if value and not asked.narrowed.by else ""
        door = asked.orders(span, **{asked.by: value}) if value and asked.by != "category" else ""
        lines.append(
            TableLine(name or _(_NONE[asked.by]), url, cells(figures, door), bool(name) and asked.by != "source")
        )
    if len(ordered) > limit:
        rest = queries.total(figures for _key, figures in ordered[limit:])
        lines.append(TableLine(_("All others (%(many)d)") % {"many": len(ordered) - limit}, "", cells(rest)))
    total = TableLine(_("Total"), "", cells(queries.total(found.values())))
    note = ""
    if "provider" in (asked.by, asked.narrowed.by):
        note = _("Providers: orders count on the day they end, costs on the day they are charged.")
    return Table(_(BY[asked.by][0]), heads(request.panel.currency), lines, total, note)


def _by_category(panel_id: int, found: Mapping[int, Figures]) -> dict[int, Figures]:
    """As the services stand in the catalogue today."""
    category = names.categories(panel_id)
    made: dict[int, Figures] = {}
    for service, figures in found.items():
        key = category.get(service, 0)
        made[key] = made.get(key, Figures()) + figures
    return made


def _names(panel_id: int, by: str, keys: list[int]) -> dict[int, names.Named]:
    """Key -> what it is called."""
    if by == "source":
        named = {source: SOURCE_NAMES[source] for source in Source}
        return {source: names.Named(source, name, _(SOURCES[name][1])) for source, name in named.items()}
    return names.of(panel_id, by, keys)


def _choices(request: StaffRequest, asked: ReportAsked) -> dict[str, Any]:
    """What can be chosen on a report, each with whether it is."""
    may = request.actor.may
    name = asked.period.name
    possible = periods.possible_steps(asked.period, today=asked.today)
    by = [value for value in asked.possible_by if BY[value][1] is None or may(BY[value][1])]
    return {
        "periods": [
            (_(label), asked.address(**{"period": one, "from": "", "to": "", "step": ""}), one == name)
            for one, label in PERIODS.items()
        ],
        "steps": [(one, _(STEP_LABELS[one]), one == asked.step) for one in possible],
        "bys": [(one, _(BY[one][0]), one == asked.by) for one in by],
        "span": f"{asked.period.first:%Y-%m-%d} – {asked.period.last:%Y-%m-%d}",
        "zone": queries.zone_of(request.panel),
        "behind": queries.is_behind(request.panel),
        "everything": asked.address(**{asked.narrowed.by: "", "by": ""}) if asked.narrowed.by else "",
        "narrowed_label": _(BY[asked.narrowed.by][0]) if asked.narrowed.by else "",
    }


def _shown(request: StaffRequest, name: str, context: dict[str, Any]) -> HttpResponseBase:
    """The page; or, where its file is asked for, the table of it."""
    if getattr(request, _FILE, False):
        return csv_file(context["table"].csv(), name=f"{name}-{context['asked'].period.first:%Y-%m-%d}")
    csv_url = reverse("backoffice:report_csv", args=[name]) if request.actor.may(Right.EXPORTS) else ""
    zone_url = reverse("backoffice:panel_set_timezone") if request.actor.may(Right.SETTINGS) else ""
    return render(request, "backoffice/report.html", {"csv": csv_url, "zone_action": zone_url, **context})


@require_safe
def file(request: StaffRequest, name: str) -> HttpResponseBase:
    """The table of a report as a file: all rows of it."""
    view, right = _FILES.get(name, (None, None))
    if view is None:
        raise Http404
    if right is not None and not request.actor.may(right):
        raise PermissionDenied
    setattr(request, _FILE, True)
    return view(request)


@require_safe
def customers(request: StaffRequest) -> HttpResponseBase:
    """Who joined, and how many ordered."""
    asked = report_filters.read(request)._replace(narrowed=report_filters.Narrowed())
    steps = asked.steps
    joined = [f.orders for f in queries.in_steps(asked.panel_id, Asked(Cut.NEW_CUSTOMERS), steps)]
    active = queries.active_in_steps(asked.panel_id, steps)
    before = asked.period.before()
    past = queries.total(
        queries.in_steps(asked.panel_id, Asked(Cut.NEW_CUSTOMERS), list(before.steps(Grain.DAY)))
    ).orders
    everyone, past_active = (queries.active_customers(asked.panel_id, one) for one in (asked.period, before))
    sales = reverse("backoffice:reports")
    urls = [_customers_of(sales, step) for step in steps]
    drawn_active = asked.draw != "new"
    lines = [
        TableLine(
            step_label(step),
            url,
            [
                TableCell(str(new), url=_joined(request, step) if new else ""),
                TableCell(str(here), url=url if here else ""),
            ],
        )
        for step, url, new, here in zip(steps[::-1], urls[::-1], joined[::-1], active[::-1], strict=True)
    ]
    table = Table(
        _(STEP_LABELS[asked.step]),
        [TableHead(_("New customers")), TableHead(_("Active customers"))],
        lines,
        TableLine(_("Total"), "", [TableCell(str(sum(joined))), TableCell(str(everyone))]),
        _("Active: ordered at least once. Whoever orders on several days counts once in the total."),
    )
    tiles = [
        _count_tile(_("New customers"), sum(joined), past, asked.address(draw="new"), not drawn_active),
        _count_tile(_("Active customers"), everyone, past_active, asked.address(draw="active"), drawn_active),
    ]
    context = {
        "title": _("Customers"),
        "asked": asked,
        "tiles": tiles,
        "measure": tiles[drawn_active].label,
        "total": tiles[drawn_active].value,
        "chart": chart(steps, active if drawn_active else joined, "", urls),
        "table": table,
        "empty": "" if any(joined) or everyone else _("Nobody signed up or ordered in this period."),
        "before": before,
        **_choices(request, asked),
        "bys": (),
    }
    return _shown(request, "customers", context)


def _joined(request: StaffRequest, step: Step) -> str:
    """The list of those who joined; empty where the visitor may not read it."""
    if not request.actor.may(Right.CUSTOMERS_READ):
        return ""
    return f"{reverse('backoffice:customers')}?joined={step.span}"


def _customers_of(sales: str, step: Step) -> str:
    return f"{sales}?from={step.first.isoformat()}&to={step.last.isoformat()}&by=customer"


def _count_tile(label: str, now: int, before: int, url: str, current: bool) -> Tile:
    return Tile(label, str(now), "", str(before), change_of(now, before), now >= before, url, current)


@require_safe
def payments(request: StaffRequest) -> HttpResponseBase:
    """What moved in the books, by code."""
    asked = report_filters.read(request)._replace(narrowed=report_filters.Narrowed())
    span = periods.span(asked.period.first, asked.period.last)
    found = queries.ledger(asked.panel_id, asked.period)
    doors = {
        TransferCode.ORDER.value: asked.orders(span),
        TransferCode.REFUND.value: _refunds(request, span),
        TransferCode.COST.value: _costs(asked) if request.actor.may(Right.PROVIDERS) else "",
    }
    lines = [
        TableLine(
            ledger_words(one.code, one.flow),
            doors.get(one.code, ""),
            [
                TableCell(str(one.transfers), url=doors.get(one.code, "")),
                TableCell(shown(BY_NAME["revenue"], one.micros), plain(BY_NAME["revenue"], one.micros)),
            ],
        )
        for one in found
    ]
    currency = request.panel.currency
    steps = asked.steps
    deposits = queries.ledger_in_steps(asked.panel_id, TransferCode.DEPOSIT.value, Flow.IN, steps)
    total = sum(figures.charged_micros for figures in deposits)
    context = {
        "title": _("Payments"),
        "asked": asked,
        "measure": _("Deposits"),
        "total": f"{shown(BY_NAME['revenue'], total)} {currency}",
        "money": True,
        "chart": chart(
            steps,
            [figures.charged_micros for figures in deposits],
            "money",
            [_deeper(asked, step) for step in steps],
        ),
        "table": Table(_("What moved"), [TableHead(_("Transfers")), TableHead(_("Amount"), currency)], lines),
        "empty": ""
        if found
        else _(
            "No money has moved in this period. Deposits, refunds, bonuses, fees and costs will appear here by kind."
        ),
        **_choices(request, asked),
        "bys": (),
    }
    return _shown(request, "payments", context)


@require_safe
def refunds(request: StaffRequest) -> HttpResponseBase:
    """What was given back for orders."""
    return lists.shown(request, named("refunds"), title=_("Refunds"), icon="wallet", tabs="office_reports")


def _costs(asked: ReportAsked) -> str:
    days = urlencode({"from": asked.period.first.isoformat(), "to": asked.period.last.isoformat()})
    return f"{reverse('backoffice:report_providers')}?{days}"


@require_safe
def providers(request: StaffRequest) -> HttpResponseBase:
    """Orders, revenue and cost of each provider."""
    asked = report_filters.read(request)._replace(by="provider", narrowed=report_filters.Narrowed(), draw="cost")
    steps = asked.steps
    costs = queries.in_steps(asked.panel_id, Asked(Cut.ALL), steps)
    table = _apart(request, asked)
    lines = [replace_url(one) for one in table.lines]
    context = {
        "title": _("Providers"),
        "asked": asked,
        "measure": _("Cost"),
        "total": f"{shown(BY_NAME['cost'], sum(f.cost_micros for f in costs))} {request.panel.currency}",
        "money": True,
        "chart": chart(steps, [f.cost_micros for f in costs], "money", [_deeper(asked, step) for step in steps]),
        "table": replace(table, lines=lines),
        "empty": "" if lines else _("No orders were delivered in this period. Add a provider and send it orders."),
        **_choices(request, asked),
        "bys": (),
    }
    return _shown(request, "providers", context)


def replace_url(one: TableLine) -> TableLine:
    """A provider's row leads to its services in the report of sales."""
    query = one.url.partition("?")[2]
    return one._replace(url=f"{reverse('backoffice:reports')}?{query}&by=service" if query else "")


def _sales_of(period: Period, number: str) -> str:
    asked = {"from": period.first.isoformat(), "to": period.last.isoformat(), "service": number}
    return f"{reverse('backoffice:reports')}?{urlencode(asked)}"


@require_safe
def services(request: StaffRequest) -> HttpResponseBase:
    """How each service does: completion, times, refills and refunds."""
    asked = report_filters.read(request)._replace(narrowed=report_filters.Narrowed())
    found = health.of_services(asked.panel_id, asked.period)
    busiest = sorted(found.values(), key=lambda one: (-one.ends.all, -one.figures.orders, one.service_id))
    limit = FILE_LINES_MAX if getattr(request, _FILE, False) else LINES_MAX * 2
    named = _names(asked.panel_id, "service", [one.service_id for one in busiest[:limit]])
    span = periods.span(asked.period.first, asked.period.last)
    lines = []
    for one in busiest[:limit]:
        _id, number, name = named.get(one.service_id, _UNNAMED)
        orders = asked.orders(span, service=number) if number else ""
        ended = orders.replace("span=", "ended=") if orders else ""
        lines.append(
            TableLine(
                name or _(_NONE["service"]),
                _sales_of(asked.period, number) if number else "",
                [
                    TableCell(str(one.figures.orders), url=orders if one.figures.orders else ""),
                    TableCell(str(one.ends.all), url=ended if one.ends.all else "", wide=2),
                    TableCell(percent(one.ends.completed, one.ends.all)),
                    TableCell(lasted(one.start_s), wide=2),
                    TableCell(lasted(one.took_s)),
                    TableCell(lasted(one.took_90_s), wide=2),
                    TableCell(str(one.stuck), wide=2, tone="bad-text" if one.stuck else ""),
                    TableCell(percent(one.refills, one.ends.all), wide=2),
                    TableCell(percent(one.figures.refunded_micros, one.figures.charged_micros)),
                ],
                bool(name),
            )
        )
    table_heads = [
        TableHead(_("Orders")),
        TableHead(_("Ended"), wide=2),
        TableHead(_("Completed")),
        TableHead(_("Start, median"), wide=2),
        TableHead(_("Delivery, median")),
        TableHead(_("Delivery, 90th percentile"), wide=2),
        TableHead(_("Stuck"), wide=2),
        TableHead(_("Refill rate"), wide=2),
        TableHead(_("Refunded")),
    ]
    note = _(
        "Completed, delivery time and refills are of orders that ended in the period."
        " Stuck: open for more than a day and twice as long as nine in ten of its orders take."
    )
    context = {
        "title": _("Services"),
        "asked": asked,
        "table": Table(_("Service"), table_heads, lines, note=note),
        "empty": ""
        if lines
        else _("No orders in this period. How fast and how well each service delivers appears here."),
        **_choices(request, asked),
        "bys": (),
        "steps": (),
    }
    return _shown(request, "services", context)


@require_safe
def staff(request: StaffRequest) -> HttpResponseBase:
    """Who did how much of what, by the audit trail."""
    asked = report_filters.read(request)._replace(narrowed=report_filters.Narrowed())
    found, looked = staff_work.actions_by_person(request.panel, asked.period)
    trail = reverse("backoffice:trail")
    actions = registry.actions()
    lines = [
        TableLine(
            one.name,
            "",
            [
                TableCell(_(actions[one.action].label) if one.action in actions else one.action),
                TableCell(
                    str(one.times),
                    url=f"{trail}?action={one.action}&since={asked.period.first}&until={asked.period.last}"
                    + (f"&who={one.actor_id}" if one.actor_kind == ActorKind.STAFF.value else ""),
                ),
            ],
            True,
        )
        for one in found
    ]
    context = {
        "title": _("Staff"),
        "asked": asked,
        "table": Table(
            _("Who"),
            [TableHead(_("Action")), TableHead(_("Times"))],
            lines,
            note=_("Only the newest %(many)d entries of the audit trail are counted.")
            % {"many": staff_work.ENTRIES_MAX}
            if looked
            else "",
        ),
        "empty": ""
        if lines
        else _("No actions by staff in this period. Everything your team changes is counted here."),
        **_choices(request, asked),
        "bys": (),
        "steps": (),
    }
    return _shown(request, "staff", context)


@require_safe
def support(request: StaffRequest) -> HttpResponseBase:
    """How fast tickets are answered and closed."""
    asked = report_filters.read(request)._replace(narrowed=report_filters.Narrowed())
    table = support_report.table(request.panel, asked.period)
    none = _("No tickets in this period. How fast customers get an answer appears here.")
    context = {"title": _("Support"), "asked": asked, "table": table, "empty": "" if table.lines else none}
    return _shown(request, "support", {**context, **_choices(request, asked), "bys": (), "steps": ()})


@require_safe
def year(request: StaffRequest) -> HttpResponseBase:
    """One number for each day of a year: days as rows, months as columns."""
    asked = report_filters.read(request)
    wanted = request.GET.get("year", "")
    number = (
        int(wanted) if wanted.isdecimal() and len(wanted) == 4 and 2000 <= int(wanted) <= 2999 else asked.today.year
    )
    period = Period(date(number, 1, 1), date(number, 12, 31))
    measure = BY_NAME.get(request.GET.get("measure", ""), BY_NAME["revenue"])
    steps = list(period.steps(Grain.DAY))
    each = dict(zip([step.first for step in steps], queries.in_steps(asked.panel_id, asked.series, steps), strict=True))
    totals = [queries.total(f for day, f in each.items() if day.month == month) for month in range(1, 13)]
    table_heads = [TableHead(formats.date_format(date(number, month, 1), "M")) for month in range(1, 13)]
    lines = []
    for number_of_day in range(1, 32):
        row = []
        for month in range(1, 13):
            day = _day(number, month, number_of_day)
            value = measure.of(each[day]) if day else 0
            url = asked.orders(day.isoformat()) if day and value else ""
            text, head = shown(measure, value) if value else "", table_heads[month - 1].label
            row.append(TableCell(text, plain(measure, value) if day else "", url, head=head))
        lines.append(TableLine(str(number_of_day), "", row))
    total = TableLine(_("Total"), "", [TableCell(shown(measure, measure.of(one))) for one in totals])
    context = {
        "title": _("Year"),
        "asked": asked,
        "table": Table(_("Day"), table_heads, lines, total),
        "months": True,
        "total": _amount(measure, sum(map(measure.of, totals)), request.panel.currency),
        "measure": _(measure.label),
        "measures": [(one.name, _(one.label), one is measure) for one in MEASURES],
        "year": number,
        "years": [(str(n), n == number) for n in range(asked.today.year, asked.today.year - 5, -1)],
        **_choices(request, asked),
        "bys": (),
        "steps": (),
        "periods": (),
        "span": "",
    }
    return _shown(request, "year", context)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# Name in the address of the file -> the report, and the right that it needs beside those of all.
_FILES: dict[str, tuple[Callable[[StaffRequest], HttpResponseBase], Right | None]] = {
    "sales": (sales, None),
    "customers": (customers, None),
    "payments": (payments, Right.PAYMENTS),
    "providers": (providers, Right.PROVIDERS),
    "services": (services, None),
    "staff": (staff, Right.STAFF),
    "support": (support, Right.SUPPORT),
    "year": (year, None),
}
