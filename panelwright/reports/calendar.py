"""Hours, days, weeks and months of a time zone as numbers. Pure.

They are those of the clock on the wall: in the night when clocks go back an hour stands twice and counts as one, and
zones that are half an hour off have their own hours. So a day, week or month is a number without any zone, and what it
holds is decided once, when a fact is added up.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from panelwright.reports.cuts import Grain

DEFAULT_ZONE = "UTC"
_FIRST = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)
_HOUR = timedelta(hours=1)
# Of a zone, how many quarters of an hour are remembered: two years.
_KEPT = 70_000


class Buckets(NamedTuple):
    """The numbers of the hour, day, week and month that a moment lies in; in the order of Grain."""

    hour: int
    day: int
    week: int
    month: int

    def of(self, grain: Grain) -> int:
        return self[grain - 1]


def day_number(day: date) -> int:
    return (day - _FIRST).days


def day_of(number: int) -> date:
    return _FIRST + timedelta(days=number)


def week_number(day: date) -> int:
    """Weeks begin on Monday; the first of January 1970 was a Thursday."""
    return (day_number(day) + 3) // 7


def month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def first_day(grain: Grain, number: int) -> date:
    """The first day of a day, week or month; of an hour the day that it lies in."""
    if grain is Grain.MONTH:
        return date(number // 12, number % 12 + 1, 1)
    if grain is Grain.WEEK:
        return day_of(number * 7 - 3)
    return day_of(number // 24 if grain is Grain.HOUR else number)


def number_of(grain: Grain, day: date) -> int:
    """The bucket that a day lies in; of hours the first one of the day."""
    if grain is Grain.MONTH:
        return month_number(day)
    if grain is Grain.WEEK:
        return week_number(day)
    return day_number(day) * (24 if grain is Grain.HOUR else 1)


@lru_cache(maxsize=_KEPT)
def _of_quarter(quarter: int, zone: str) -> Buckets:
    wall = (_EPOCH + quarter * _QUARTER).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    day = wall.date()
    return Buckets((wall - _EPOCH) // _HOUR, day_number(day), week_number(day), month_number(day))


def buckets(at: datetime, zone: str) -> Buckets:
    """Of an aware moment. No zone of today is off by less than a quarter of an hour."""
    return _of_quarter((at - _EPOCH) // _QUARTER, zone)


def starts_at(day: date, zone: str) -> datetime:
    """When a day of the zone begins."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


class Offset(NamedTuple):
    """A stretch of time from `from_s` until `until_s` (seconds since 1970), in which clocks are `off_s` seconds ahead
    of UTC.
    """

    from_s: int
    until_s: int
    off_s: int


def offsets(zone: str, first: datetime, last: datetime) -> list[Offset]:
    """The stretches that cover all between two moments, in order. Clocks change on quarters of an hour."""
    quarter, end = (first - _EPOCH) // _QUARTER, (last - _EPOCH) // _QUARTER + 1
    info = ZoneInfo(zone)

    def off(n: int) -> int:
        gone = (_EPOCH + n * _QUARTER).astimezone(info).utcoffset()
        assert gone is not None
        return int(gone.total_seconds())

    found = []
    while quarter < end:
        here, low = off(quarter), quarter
        # No two changes within a week: the first one that differs is looked for in steps of that.
        high = low + 672
        while high < end and off(high) == here:
            low, high = high, high + 672
        if high >= end and off(end) == here:
            found.append(Offset(quarter * 900, end * 900, here))
            break
        high = min(high, end)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if off(middle) == here else (low, middle)
        found.append(Offset(quarter * 900, high * 900, here))
        quarter = high
    return found
