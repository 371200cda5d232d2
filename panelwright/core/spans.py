"""A stretch of time as the address of a list asks for it: an hour, a day, or days, of some time zone. Pure.

"2026-05-04T13"    "2026-05-04"    "2026-05-04..2026-05-10"
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_TEXT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2})|\.\.(\d{4}-\d{2}-\d{2}))?", re.ASCII)


class Span(NamedTuple):
    """From the beginning of `first` until `last` is over; `hour` of a single day, else all of it."""

    first: date
    last: date
    hour: int | None = None

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """The moments between which it lies, the second one no more in it. An hour that stands twice is both."""
        info = ZoneInfo(zone)
        if self.hour is None:
            return _at(self.first, 0, info), _at(self.last + timedelta(days=1), 0, info)
        begins = _at(self.first, self.hour, info)
        wall = datetime.combine(self.first, time(self.hour)) + timedelta(hours=1)
        return begins, _at(wall.date(), wall.hour, info)


def _at(day: date, hour: int, info: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=info).astimezone(UTC)


def read(text: str) -> Span | None:
    """None for what is no such text, or no day."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        return None
    try:
        first = date.fromisoformat(found[1])
        last = date.fromisoformat(found[3]) if found[3] else first
    except ValueError:
        return None
    hour = int(found[2]) if found[2] else None
    sound = first <= last and first.year >= 2000 and last.year <= 2999 and (hour is None or hour < 24)
    return Span(first, last, hour) if sound else None
