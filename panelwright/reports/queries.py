"""What reports read: few rows of sums, however many orders there are. Each names its panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from panelwright.core import clock, sql
from panelwright.panels.models import Panel
from panelwright.reports.calendar import DEFAULT_ZONE, buckets, day_number, day_of
from panelwright.reports.cuts import CODE_OF, CODES, GRAINS, Cut, End, Figures, Flow, Grain
from panelwright.reports.periods import Period, Step, ranges

_FIGURES = ", ".join(f"COALESCE(SUM({name}), 0)" for name in Figures._fields)
_SERIES = sql.Query(
    f"SELECT bucket, {_FIGURES} FROM reports_reportsum WHERE panel_id = ? AND cut = ? AND grain = ?"
    " AND bucket BETWEEN ? AND ? GROUP BY bucket"
)
_SERIES_OF_A = sql.Query(
    f"SELECT bucket, {_FIGURES} FROM reports_reportsum WHERE panel_id = ? AND cut = ? AND grain = ? AND key_a :in_int"
    " AND bucket BETWEEN ? AND ? GROUP BY bucket"
)
_SERIES_OF_BOTH = sql.Query(
    f"SELECT bucket, {_FIGURES} FROM reports_reportsum WHERE panel_id = ? AND cut = ? AND grain = ? AND key_a = ?"
    " AND bucket BETWEEN ? AND ? AND key_b = ? GROUP BY bucket"
)


def _ranged(columns: str, where: str = "") -> str:
    """Rows of up to three ranges of buckets. Values of each: panel, cut, grain, first, last, and those of `where`."""
    part = (
        f"SELECT {columns} FROM reports_reportsum WHERE panel_id = ? AND cut = ? AND grain = ?"
        f" AND bucket BETWEEN ? AND ?{where}"
    )
    return f"({' UNION ALL '.join([part] * 3)}) t"


_NAMES = ", ".join(Figures._fields)
_BY_A = sql.Query(f"SELECT key_a, {_FIGURES} FROM {_ranged(f'key_a, {_NAMES}')} GROUP BY key_a")
_BY_B_OF_A = sql.Query(f"SELECT key_b, {_FIGURES} FROM {_ranged(f'key_b, {_NAMES}', ' AND key_a = ?')} GROUP BY key_b")
_BY_A_OF_B = sql.Query(f"SELECT key_a, {_FIGURES} FROM {_ranged(f'key_a, {_NAMES}', ' AND key_b = ?')} GROUP BY key_a")
_BY_BOTH = sql.Query(f"SELECT key_a, key_b, {_FIGURES} FROM {_ranged(f'key_a, key_b, {_NAMES}')} GROUP BY key_a, key_b")
_PRESENT = sql.Query(f"SELECT COUNT(DISTINCT key_a) FROM {_ranged('key_a', ' AND orders > 0')}")
_PRESENT_EACH = sql.Query(
    "SELECT bucket, COUNT(*) FROM reports_reportsum WHERE panel_id = ? AND cut = ? AND grain = ?"
    " AND bucket BETWEEN ? AND ? AND orders > 0 GROUP BY bucket"
)
_PRESENT_HOURS = sql.Query(
    "SELECT COUNT(DISTINCT CASE WHEN bucket BETWEEN ? AND ? THEN key_a END),"
    " COUNT(DISTINCT CASE WHEN bucket BETWEEN ? AND ? THEN key_a END),"
    " COUNT(DISTINCT CASE WHEN bucket BETWEEN ? AND ? THEN key_a END) FROM reports_reportsum"
    " WHERE panel_id = ? AND cut = ? AND grain = 1 AND bucket BETWEEN ? AND ? AND orders > 0"
)
# The newest order, whether it is in, and by which time zone the panel is counted.
_BEHIND = sql.Query(
    "SELECT o.created_at, o.id > (SELECT COALESCE(MAX(order_id), 0) FROM reports_reportprogress),"
    " (SELECT zone FROM reports_reportcalendar WHERE panel_id = p.id),"
    " (SELECT anew FROM reports_reportcalendar WHERE panel_id = p.id) FROM panels_panel p"
    " LEFT JOIN orders_order o ON o.panel_id = p.id AND o.number ="
    " (SELECT MAX(number) FROM orders_order WHERE panel_id = p.id) WHERE p.id = ?"
)
# So long an order may wait to be counted before a page says so.
BEHIND_MAX = timedelta(minutes=1)


# Where in the order of ids a moment lies, as for orders: over all panels, as ids are. Values: the moment twice.
_ID_AT = sql.Query(
    "WITH RECURSIVE s(low, high) AS (SELECT (SELECT COALESCE(MIN(id), 1) - 1 FROM ledger_transfer),"
    " (SELECT COALESCE(MAX(id), 0) + 1 FROM ledger_transfer)"
    " UNION ALL SELECT CASE WHEN (SELECT created_at FROM ledger_transfer WHERE id >= (low + high) / 2"
    " ORDER BY id LIMIT 1) < ? THEN (low + high) / 2 ELSE low END,"
    " CASE WHEN (SELECT created_at FROM ledger_transfer WHERE id >= (low + high) / 2"
    " ORDER BY id LIMIT 1) < ? THEN high ELSE (low + high) / 2 END FROM s WHERE high - low > 1)"
    " SELECT MAX(low), MIN(high) FROM s"
)
# Transfers are dated when their transaction begins, and get their ids later.
_DISORDER = timedelta(minutes=2)


def transfers_between(since: datetime, until: datetime) -> tuple[int, int]:
    """The ids between which the transfers of that time lie, of all panels."""
    low = _ID_AT.rows(connection, *((since - _DISORDER,) * 2))[0][0]
    high = _ID_AT.rows(connection, *((until + _DISORDER,) * 2))[0][1]
    return low, high


def zone_of(panel: Panel) -> str:
    return panel.timezone or DEFAULT_ZONE


def today(panel: Panel) -> date:
    """The day that it is in the panel's time zone."""
    return day_of(buckets(clock.now(), zone_of(panel)).day)


def is_behind(panel: Panel) -> bool:
    """Whether there are orders that wait to be counted for longer than is usual, or everything is counted anew."""
    newest, waits, zone, anew = _BEHIND.rows(connection, panel.id)[0]
    if anew or (zone or DEFAULT_ZONE) != zone_of(panel):
        return True
    since = sql.aware(newest)
    return bool(waits) and since is not None and since < clock.now() - BEHIND_MAX


class Asked(NamedTuple):
    """What sums are asked for: those of a cut, of one key of it or of two; `keys_a`: of several first keys."""

    cut: Cut
    key_a: int | None = None
    key_b: int | None = None
    keys_a: tuple[int, ...] | None = None


def series(panel_id: int, of: Asked, grain: Grain, first: int, last: int) -> dict[int, Figures]:
    """Bucket -> figures, of hours or days."""
    given = (panel_id, of.cut, grain)
    keys = list(of.keys_a) if of.keys_a is not None else [of.key_a] if of.key_a is not None else None
    if keys is None:
        rows = _SERIES.rows(connection, *given, first, last)
    elif of.key_b is None:
        rows = _SERIES_OF_A.rows(connection, *given, keys, first, last)
    else:
        rows = _SERIES_OF_BOTH.rows(connection, *given, of.key_a, first, last, of.key_b)
    return {row[0]: Figures(*map(int, row[1:])) for row in rows}


def in_steps(panel_id: int, of: Asked, steps: Sequence[Step]) -> list[Figures]:
    """The figures of each step: weeks and months are made of the days of them that are in the period."""
    if not steps:
        return []
    if steps[0].grain is Grain.HOUR:
        hours = series(panel_id, of, Grain.HOUR, steps[0].number, steps[-1].number)
        return [hours.get(step.number, Figures()) for step in steps]
    days = series(panel_id, of, Grain.DAY, day_number(steps[0].first), day_number(steps[-1].last))
    return [
        total(days[day] for day in range(day_number(step.first), day_number(step.last) + 1) if day in days)
        for step in steps
    ]


def total(figures: Iterable[Figures]) -> Figures:
    sums = Figures()
    for one in figures:
        sums += one
    return sums


def _values(panel_id: int, cut: Cut, period: Period, *more: int) -> list[int]:
    made = ranges(period, months=Grain.MONTH in GRAINS[cut])
    return [value for each in made for value in (panel_id, cut, each.grain, each.first, each.last, *more)]


def by_key(panel_id: int, of: Asked, period: Period) -> dict[int, Figures]:
    """Key -> figures: of a cut with one key its keys; of one with two the keys beside the one that is given."""
    if of.key_a is not None:
        rows = _BY_B_OF_A.rows(connection, *_values(panel_id, of.cut, period, of.key_a))
    elif of.key_b is not None:
        rows = _BY_A_OF_B.rows(connection, *_values(panel_id, of.cut, period, of.key_b))
    else:
        rows = _BY_A.rows(connection, *_values(panel_id, of.cut, period))
    return {row[0]: Figures(*map(int, row[1:])) for row in rows}


def by_both(panel_id: int, cut: Cut, period: Period) -> dict[tuple[int, int], Figures]:
    """(first key, second key) -> figures."""
    rows = _BY_BOTH.rows(connection, *_values(panel_id, cut, period))
    return {row[:2]: Figures(*map(int, row[2:])) for row in rows}


class LedgerLine(NamedTuple):
    """Transfers of a code: how many, and their sum in micros. `flow`: to customers, from them, or beside them."""

    code: str
    flow: Flow
    transfers: int
    micros: int


def ledger(panel_id: int, period: Period) -> list[LedgerLine]:
    """By code, in the order of the codes."""
    found = by_both(panel_id, Cut.LEDGER, period)
    return [
        LedgerLine(CODE_OF[code], Flow(flow), figures.orders, figures.charged_micros)
        for (code, flow), figures in sorted(found.items())
        if figures.orders
    ]


def ledger_in_steps(panel_id: int, code: str, flow: Flow, steps: Sequence[Step]) -> list[Figures]:
    """Transfers of one code in one direction; their amount is what is charged."""
    return in_steps(panel_id, Asked(Cut.LEDGER, CODES[code], flow), steps)


def active_customers(panel_id: int, period: Period) -> int:
    """How many customers ordered in it."""
    return int(_PRESENT.rows(connection, *_values(panel_id, Cut.CUSTOMER, period))[0][0])


def active_in_steps(panel_id: int, steps: Sequence[Step]) -> list[int]:
    """How many customers ordered in each step; of weeks and months at the ends in the whole of them."""
    if not steps:
        return []
    grain = steps[0].grain
    rows = _PRESENT_EACH.rows(connection, panel_id, Cut.CUSTOMER, grain, steps[0].number, steps[-1].number)
    found: dict[int, int] = dict(rows)
    return [int(found.get(step.number, 0)) for step in steps]


class Hours(NamedTuple):
    """The first and the last of some hours."""

    first: int
    last: int


def active_in_hours(panel_id: int, today: Hours, before: Hours, earlier: Hours) -> tuple[int, int, int]:
    """How many customers ordered in each of three stretches of hours."""
    spans = (today, before, earlier)
    row = _PRESENT_HOURS.rows(
        connection,
        *(hour for span in spans for hour in span),
        panel_id,
        Cut.CUSTOMER,
        min(span.first for span in spans),
        max(span.last for span in spans),
    )[0]
    return int(row[0]), int(row[1]), int(row[2])


def hour_of(panel: Panel, at: datetime) -> int:
    """The hour that a moment lies in, by the panel's clock."""
    return buckets(at, zone_of(panel)).hour


class Ends(NamedTuple):
    """How many orders of a service ended, by how."""

    completed: int = 0
    partial: int = 0
    canceled: int = 0

    @property
    def all(self) -> int:
        return sum(self)


def ends_by_service(panel_id: int, period: Period) -> dict[int, Ends]:
    found: dict[int, dict[int, int]] = {}
    for (service, end), figures in by_both(panel_id, Cut.ENDS, period).items():
        found.setdefault(service, {})[end] = figures.orders
    return {service: Ends(*(ends.get(end, 0) for end in End)) for service, ends in found.items()}


def times_by_service(panel_id: int, cut: Cut, period: Period) -> dict[int, list[tuple[int, int]]]:
    """Service -> (place in the histogram, how many); of END_TIMES or START_TIMES."""
    found: dict[int, list[tuple[int, int]]] = {}
    for (service, place), figures in by_both(panel_id, cut, period).items():
        found.setdefault(service, []).append((place, figures.orders))
    return found


def refills_by_service(panel_id: int, period: Period) -> dict[int, int]:
    return {service: figures.orders for service, figures in by_key(panel_id, Asked(Cut.REFILLS), period).items()}
