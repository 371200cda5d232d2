"""Which days a report is about, in what steps it is drawn, and what it is compared with. Pure.

Days are those of the panel's time zone, as numbers (calendar.py). What the address of a page asks for is read here:
what makes no sense becomes what is usual.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from panelwright.reports.calendar import day_number, day_of, first_day, number_of
from panelwright.reports.cuts import HOURS_KEPT, Grain

# The longest period that one report is about, and the most steps that one is drawn in.
DAYS_MAX = 3_660
STEPS_MAX = 400
# A report by the hour is of so many days at most.
HOURLY_DAYS_MAX = 14
STEPS = {"hour": Grain.HOUR, "day": Grain.DAY, "week": Grain.WEEK, "month": Grain.MONTH}
LAST_DAYS = {"7": 7, "30": 30, "90": 90, "365": 365}
USUAL = "30"


class Period(NamedTuple):
    """The days from `first` to `last`, both in it. `name`: what the address called it; empty: two days were named."""

    first: date
    last: date
    name: str = ""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """The period before that is compared with: as many days, or the month or year before."""
        if self.name in ("month", "last-month") or (self.first.day == 1 and (self.last + _DAY).day == 1):
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            first = first_day(Grain.MONTH, number_of(Grain.MONTH, self.first) - months)
            whole = self.first - _DAY
            # Of a month that is under way as many days as have passed.
            return Period(first, whole if (self.last + _DAY).day == 1 else min(first + (self.last - self.first), whole))
        return Period(self.first - timedelta(days=self.days), self.first - _DAY)

    def steps(self, grain: Grain) -> Iterator[Step]:
        """The hours, days, weeks or months that the period touches; those at its ends no longer than it is."""
        if grain is Grain.HOUR:
            for hour in range(day_number(self.first) * 24, (day_number(self.last) + 1) * 24):
                yield Step(grain, hour, day_of(hour // 24), day_of(hour // 24))
            return
        for number in range(number_of(grain, self.first), number_of(grain, self.last) + 1):
            first, after = first_day(grain, number), first_day(grain, number + 1)
            yield Step(grain, number, max(first, self.first), min(after - _DAY, self.last))


_DAY = timedelta(days=1)


class Step(NamedTuple):
    """One bar: a bucket, and the days of it that are in the period."""

    grain: Grain
    number: int
    first: date
    last: date

    @property
    def span(self) -> str:
        """As lists are asked for it: "2026-05-04T13", "2026-05-04" or "2026-05-04..2026-05-10"."""
        if self.grain is Grain.HOUR:
            return f"{self.first.isoformat()}T{self.number % 24:02d}"
        return span(self.first, self.last)


def span(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first.isoformat()}..{last.isoformat()}"


def read(name: str, first: str, last: str, *, today: date) -> Period:
    """The period of an address: a name, or two days."""
    days = _read_day(first), _read_day(last)
    if days[0] is not None:
        begin, end = days[0], days[1] or today
        begin, end = min(begin, end), max(begin, end)
        return Period(max(begin, end - timedelta(days=DAYS_MAX - 1)), end)
    if name == "today":
        return Period(today, today, name)
    if name == "yesterday":
        return Period(today - _DAY, today - _DAY, name)
    month = today.replace(day=1)
    if name == "month":
        return Period(month, today, name)
    if name == "last-month":
        return Period((month - _DAY).replace(day=1), month - _DAY, name)
    name = name if name in LAST_DAYS else USUAL
    return Period(today - timedelta(days=LAST_DAYS[name] - 1), today, name)


def _read_day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found is not None and 2000 <= found.year <= 2999 else None


def possible_steps(period: Period, *, today: date) -> list[str]:
    """The steps that a period can be drawn in."""
    found = []
    kept = (today - period.first).days <= HOURS_KEPT - 2
    if kept and period.days <= HOURLY_DAYS_MAX:
        found.append("hour")
    found += ["day"] if period.days <= STEPS_MAX else []
    found += ["week"] if 7 < period.days <= STEPS_MAX * 7 else []
    return found + (["month"] if period.days > 28 else [])


def step_of(asked: str, period: Period, *, today: date) -> str:
    """The step that is asked for where it is possible, else the one that suits the period."""
    possible = possible_steps(period, today=today)
    if asked in possible:
        return asked
    usual = "hour" if period.days <= 2 else "day" if period.days <= 62 else "week" if period.days <= 370 else "month"
    return usual if usual in possible else possible[-1]


class Range(NamedTuple):
    """Buckets of a grain from `first` to `last`, both in it; empty where the last one lies before."""

    grain: Grain
    first: int
    last: int


def ranges(period: Period, *, months: bool) -> tuple[Range, Range, Range]:
    """What a period is made of with few rows: the days before its first whole month, whole months, the days behind."""
    first, last = day_number(period.first), day_number(period.last)
    nothing = Range(Grain.DAY, 0, -1)
    if not months:
        return Range(Grain.DAY, first, last), Range(Grain.MONTH, 0, -1), nothing
    low = number_of(Grain.MONTH, period.first) + (period.first.day > 1)
    high = number_of(Grain.MONTH, period.last + _DAY) - 1
    if high < low:
        return Range(Grain.DAY, first, last), Range(Grain.MONTH, 0, -1), nothing
    return (
        Range(Grain.DAY, first, day_number(first_day(Grain.MONTH, low)) - 1),
        Range(Grain.MONTH, low, high),
        Range(Grain.DAY, day_number(first_day(Grain.MONTH, high + 1)), last),
    )
