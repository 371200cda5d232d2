"""Tables, tiles and charts of reports, ready for the template and for the file: every number with where it leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core import csv, money
from panelwright.ledger import codes
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.reports.cuts import Figures, Flow, Grain
from panelwright.reports.periods import Step
from panelwright.ui import charts
from panelwright.ui.templatetags.pages import rounded


class Measure(NamedTuple):
    """A number of a report. `of`: micros, or a count where `unit` is empty. `wide`: how much room it takes to be shown
    in the table, 1 always; `up`: whether more of it is good.
    """

    name: str
    label: str
    of: Callable[[Figures], int]
    unit: str = "money"
    wide: int = 1
    up: bool = True


MEASURES = (
    Measure("orders", gettext_noop("Orders"), lambda f: f.orders, ""),
    Measure("quantity", gettext_noop("Quantity"), lambda f: f.quantity, "", wide=3),
    Measure("revenue", gettext_noop("Revenue"), lambda f: f.charged_micros),
    Measure("refunds", gettext_noop("Refunds"), lambda f: f.refunded_micros, wide=2, up=False),
    Measure("cost", gettext_noop("Cost"), lambda f: f.cost_micros, wide=2, up=False),
    Measure("profit", gettext_noop("Profit"), lambda f: f.profit_micros),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


class TableCell(NamedTuple):
    """`text` as people read it, `plain` as it stands in a file; `url`: the list that it counts; `wide` as in Measure;
    `head`: that of its column, where the table has no room for one.
    """

    text: str
    plain: str = ""
    url: str = ""
    wide: int = 1
    tone: str = ""
    head: str = ""


class TableLine(NamedTuple):
    """A row; `name`: its label is one, in no language. `note` stands beside the label."""

    label: str
    url: str
    cells: Sequence[TableCell]
    name: bool = False
    note: str = ""


class TableHead(NamedTuple):
    label: str
    unit: str = ""
    wide: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """`first`: the head of the labels. `total`: the last row, if there is one."""

    first: str
    heads: Sequence[TableHead]
    lines: Sequence[TableLine]
    total: TableLine | None = None
    note: str = ""

    def csv(self) -> Iterator[str]:
        yield csv.line(
            [self.first, *(f"{head.label}, {head.unit}" if head.unit else head.label for head in self.heads)]
        )
        for one in self.lines:
            yield csv.line([one.label, *(cell.plain or cell.text for cell in one.cells)])


class Tile(NamedTuple):
    """A number with what it is compared to. `change`: in percent, empty where there is nothing to compare with."""

    label: str
    value: str
    unit: str
    before: str
    change: str
    good: bool
    url: str
    current: bool = False


def shown(measure: Measure, value: int) -> str:
    return rounded(value) if measure.unit else str(value)


def plain(measure: Measure, value: int) -> str:
    return money.text(value) if measure.unit else str(value)


def margin(figures: Figures) -> str:
    """ "31.4%"; empty where nothing was kept."""
    e3 = figures.margin_e3
    return "" if e3 is None else f"{'−' if e3 < 0 else ''}{abs(e3) // 10}.{abs(e3) % 10}%"


def percent(part: int, whole: int) -> str:
    """A share with one decimal; empty of nothing."""
    if whole <= 0:
        return ""
    e3 = (2_000 * part + whole) // (2 * whole)
    return f"{'−' if e3 < 0 else ''}{abs(e3) // 10}.{abs(e3) % 10}%"


def lasted(seconds: int | None) -> str:
    """A time in its two largest units, as "2 h 5 min"; empty where it is not known."""
    if seconds is None:
        return ""
    minutes = seconds // 60
    if minutes < 1:
        return _("%(n)d s") % {"n": seconds}
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    if minutes < 24 * 60:
        return _("%(n)d h %(m)d min") % {"n": minutes // 60, "m": minutes % 60}
    return _("%(n)d d %(m)d h") % {"n": minutes // 1440, "m": minutes // 60 % 24}


def change_of(now: int, before: int) -> str:
    """By how much it is more or less, as "+8%"; empty where there was nothing."""
    if before <= 0:
        return ""
    change = round((now - before) * 100 / before)
    return f"{'+' if change > 0 else '−' if change < 0 else ''}{abs(change)}%"


def cells(figures: Figures, orders_url: str = "", refunds_url: str = "") -> list[TableCell]:
    urls = {"orders": orders_url, "revenue": orders_url, "refunds": refunds_url}
    made = []
    for measure in MEASURES:
        value = measure.of(figures)
        tone = "bad-text" if measure.name == "profit" and value < 0 else ""
        url = urls.get(measure.name, "") if value else ""
        made.append(TableCell(shown(measure, value), plain(measure, value), url, measure.wide, tone))
    return [*made, TableCell(margin(figures), wide=2)]


def heads(currency: str) -> list[TableHead]:
    made = [TableHead(_(one.label), currency if one.unit else "", one.wide) for one in MEASURES]
    return [*made, TableHead(_("Margin"), wide=2)]


def step_label(step: Step) -> str:
    """As people read it: "4 May", "13:00, 4 May", "4 May - 10 May" or "May 2026"."""
    if step.grain is Grain.HOUR:
        return f"{step.first:%Y-%m-%d} {step.number % 24:02d}:00"
    if step.grain is Grain.MONTH:
        return formats.date_format(step.first, "YEAR_MONTH_FORMAT")
    if step.first == step.last:
        return f"{step.first:%Y-%m-%d}"
    return f"{step.first:%Y-%m-%d} – {step.last:%m-%d}"


def short_label(step: Step) -> str:
    """Under a bar."""
    if step.grain is Grain.HOUR:
        return f"{step.number % 24:02d}:00"
    return f"{step.first:%Y-%m}" if step.grain is Grain.MONTH else f"{step.first:%m-%d}"


def chart(
    steps: Sequence[Step], values: Iterable[int], unit: str, urls: Sequence[str], before: Sequence[int] = ()
) -> charts.Chart:
    """Bars of the steps, each leading to what it counts; `before`: what stood there in the period before."""
    points = [
        charts.Point(
            short_label(step),
            value,
            f"{step_label(step)}: {rounded(value) if unit else value}",
            url=url,
            before=before[n] if n < len(before) else None,
        )
        for n, (step, value, url) in enumerate(zip(steps, values, urls, strict=True))
    ]
    return charts.bars(points)


# What does not stand on a customer's statement.
_BESIDE = {
    TransferCode.FEE.value: gettext_noop("Payment fees"),
    TransferCode.COMMISSION.value: gettext_noop("Affiliate commission"),
    TransferCode.PAYOUT.value: gettext_noop("Affiliate payout"),
    TransferCode.SETTLEMENT.value: gettext_noop("Settlement by the payment provider"),
    TransferCode.COST.value: gettext_noop("Provider costs"),
}


def ledger_words(code: str, flow: Flow) -> str:
    """Why money moved, as customers read it where it was theirs."""
    if flow is Flow.BESIDE:
        return _(_BESIDE.get(code, code))
    side = "credit" if flow is Flow.IN else "debit"
    for movement in codes.on_statement(TransferCode(code)):
        if getattr(movement, side) is AccountKind.CUSTOMER:
            return _(movement.words)
    return code
