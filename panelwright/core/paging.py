"""A page of a list by the key of its rows: no OFFSET, no number of pages, and nothing is counted to its end.

What no index serves looks through a window of rows from the cursor on, and says how far it looked: so every page is
bounded, whatever is searched. Reads only, inside the scope of the panel whose rows they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from panelwright.core.lists import COUNTED_MAX

PAGE = 50
PAGE_MAX = 500
# Rows that one page looks through for a filter that no index serves.
WINDOW = 2_000
# A file has at most so many rows, and looks through so many windows for them.
FILE_MAX = 100_000
WINDOWS_MAX = 500


class Found(NamedTuple):
    """The rows that the filters of a list ask for, the newest first or `oldest_first`, by `key`: a column, or the path
    to one of a row that each of them has.

    `within`: where no index serves the filters, all rows among which they are looked for, a window at a time;
    `moment` then names what tells when a row was made, and `window` says of how many rows it is. `small`: a panel has
    so few of these rows that no filter needs an index.
    """

    rows: QuerySet[Any]
    within: QuerySet[Any] | None = None
    oldest_first: bool = False
    key: str = "id"
    moment: str = "created_at"
    window: int = WINDOW
    small: bool = False

    @property
    def is_dated(self) -> bool:
        """Whether its rows tell when they were made."""
        return any(column.name == self.moment for column in self.rows.model._meta.concrete_fields)


class Narrowing(NamedTuple):
    """What a filter asks of the rows of a list.

    `served` is a condition that an index serves, `few` how few rows it leaves: the one with the highest leads, and the
    others are looked for among its rows. `sought` is looked for, a window at a time. `between`: a range of the list's
    key, which every index serves, as each ends with it. `oldest_first`: what waits longest stands first.
    """

    served: Q | None = None
    few: int = 0
    sought: Q | None = None
    between: Q | None = None
    oldest_first: bool = False


def narrowed(found: Found, asks: Sequence[Narrowing]) -> Found:
    """The rows that all of them ask for: by the index of one of them, or of all rows; the others through a window."""
    leads = [one.served for one in sorted(asks, key=lambda one: -one.few) if one.served is not None]
    lead, others = (leads[0], leads[1:]) if leads else (Q(), [])
    others += [one.sought for one in asks if one.sought is not None]
    bounds = [one.between for one in asks if one.between is not None]
    rows = found.rows.filter(lead, *bounds, *others)
    within = (found.rows if found.within is None else found.within).filter(*bounds)
    looks = (bool(others) or found.within is not None) and not found.small
    return found._replace(
        rows=rows,
        within=within.filter(lead) if looks else None,
        oldest_first=found.oldest_first or any(one.oldest_first for one in asks),
    )


def on_day(column: str, on: date) -> Q:
    """Rows of a day in UTC."""
    return of_days(column, on, on)


def of_days(column: str, first: date | None, last: date | None) -> Q:
    """Rows of the days from the first to the last, in UTC; None: there is no such end."""
    found = Q()
    if first is not None:
        found &= Q((f"{column}__gte", datetime(first.year, first.month, first.day, tzinfo=UTC)))
    if last is not None:
        end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
        found &= Q((f"{column}__lt", end))
    return found


class ListPage(NamedTuple):
    """Rows with the cursors of the pages beside: `older` follows, `newer` stands above; None where there is none.

    `looked`: the window ended before the page was full, at a row of then; there may be more behind the cursor.
    `keys`: of the rows, in their order.
    """

    rows: list[Any]
    older: int | None
    newer: int | None
    looked: datetime | None = None
    keys: Sequence[int] = ()


def page(found: Found, *, further: int | None = None, back: int | None = None, limit: int = PAGE) -> ListPage:
    """The page behind the cursor `further`, or the one above `back`, or the first one. At most two queries."""
    limit = min(max(limit, 1), PAGE_MAX)
    backward = further is None and back is not None
    rising = found.oldest_first != backward
    start = back if backward else further
    rows, edge = _window(found, start, rising=rising)
    read = list(_from(rows, found.key, start, rising=rising).order_by(_order(found.key, rising=rising))[: limit + 1])
    more, read = len(read) > limit, read[:limit]
    key = attrgetter(found.key.replace("__", "."))
    ends = key(read[-1]) if more else edge[0] if edge else None
    looked = edge[1] if edge and not more else None
    if backward:
        assert back is not None
        older = key(read[0]) if read else back + (-1 if found.oldest_first else 1)
        read.reverse()
        return ListPage(read, older, ends, looked, list(map(key, read)))
    newer = None
    if further is not None:
        newer = key(read[0]) if read else further + (1 if found.oldest_first else -1)
    return ListPage(read, ends, newer, looked, list(map(key, read)))


def _window(found: Found, start: int | None, *, rising: bool) -> tuple[QuerySet[Any], tuple[int, datetime] | None]:
    """The rows inside the window, and where it ends if there may be others behind it."""
    if found.within is None:
        return found.rows, None
    inside = _from(found.within, found.key, start, rising=rising).order_by(_order(found.key, rising=rising))
    edge = next(iter(inside.values_list(found.key, found.moment)[found.window - 1 : found.window]), None)
    if edge is None:
        return found.rows, None
    return found.rows.filter(**{f"{found.key}__{'lte' if rising else 'gte'}": edge[0]}), edge


def _from(rows: QuerySet[Any], key: str, start: int | None, *, rising: bool) -> QuerySet[Any]:
    return rows if start is None else rows.filter(**{f"{key}__{'gt' if rising else 'lt'}": start})


def _order(key: str, *, rising: bool) -> str:
    return key if rising else f"-{key}"


def pages(read: Callable[[int | None], ListPage]) -> Iterator[list[Any]]:
    """All rows for a file: `read` gives the page behind a cursor."""
    further: int | None = None
    written = 0
    for _ in range(WINDOWS_MAX):
        found = read(further)
        yield found.rows
        written, further = written + len(found.rows), found.older
        if further is None or written >= FILE_MAX:
            return


def counted(found: QuerySet[Any] | Found) -> int:
    """How many rows; COUNTED_MAX + 1 stands for more. Of what no index serves those of the first window are counted."""
    if isinstance(found, Found):
        rows = found.rows
        if found.within is not None:
            order = _order(found.key, rising=found.oldest_first)
            rows = rows.filter(pk__in=found.within.order_by(order).values("pk")[: found.window])
        return counted(rows)
    return found[: COUNTED_MAX + 1].count()
