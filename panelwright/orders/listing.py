"""One customer's orders and refills, a page at a time: as fast with a million orders as with a thousand.

Pages go by number (keyset): no OFFSET, no counting of everything. A filter that no index serves looks through
a window of WINDOW orders from the cursor on; when the window ends before the page is full, the page says how
far it looked, and its cursor goes on from there. Reads only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

from panelwright.core import limits, sql
from panelwright.core.lists import Listing
from panelwright.core.refusal import Refusal
from panelwright.orders import requests
from panelwright.orders.models import Job, OrderKind, RequestState
from panelwright.orders.requests import RefillTarget
from panelwright.orders.status import OrderStatus, SubscriptionStatus

PAGE = 50
PAGE_MAX = 500
# Rows that one page looks through for a filter that no index serves.
WINDOW = 1_000
_END = 2**63 - 1

# The tabs of the pages. A run or a post is an order like any other; its parent is shown with the schedules.
ORDERS = frozenset({OrderKind.PLAIN.value, OrderKind.RUN.value, OrderKind.POST.value})
DRIP_FEEDS = frozenset({OrderKind.DRIP_FEED.value})
SUBSCRIPTIONS = frozenset({OrderKind.SUBSCRIPTION.value})
_SCHEDULED = DRIP_FEEDS | SUBSCRIPTIONS
KINDS = frozenset(OrderKind.values)
# Words of these few orders stand in an index of their own.
_SHORT = frozenset({OrderStatus.PARTIAL.value, OrderStatus.CANCELED.value})
STATUSES = frozenset(OrderStatus.values) | frozenset(SubscriptionStatus.values)


class Condition(NamedTuple):
    """A part of a statement about an order `o`, and the values of its marks. Its text holds no value."""

    text: str
    values: tuple[object, ...] = ()


class Wanted(NamedTuple):
    """Which orders. Empty or None: all. `service` is its number; `numbers` and `text` come from `read_search`.

    `services` are ids of services that the text or the number names: orders of these are found, too.
    `parent`: what the drip-feed or subscription with this number created. `also`: what else is asked of an order, which
    is looked for through a window. A filter of lists.py says a part of this, and `wanted` puts them together.
    """

    status: str = ""
    service: int | None = None
    kinds: frozenset[str] = KINDS
    numbers: tuple[int, ...] = ()
    text: str = ""
    parent: int | None = None
    services: tuple[int, ...] = ()
    also: tuple[Condition, ...] = ()


EVERYTHING = Wanted()


def wanted(of: Listing, panel: Any, asked: Mapping[str, str], *, kinds: frozenset[str] = KINDS) -> Wanted:
    """What the filters of a list ask for: of two that say the same part the later one counts. Raises Refused."""
    found = Wanted(kinds=kinds)
    for part in of.narrowed(panel, asked):
        assert isinstance(part, Wanted)
        said = {name: value for name, value in part._asdict().items() if value != Wanted._field_defaults[name]}
        found = found._replace(**{**said, "also": found.also + part.also})
    return found


class ListedOrder(NamedTuple):
    """An order as a list shows it, with what `may_refill` and `may_cancel` need. Money in micros.

    `runs…` are a drip-feed's, `posts…` a subscription's (posts None: without limit), else 0 or None. `parent` is the
    number of what created it; the `id` is not shown.
    """

    id: int
    number: int
    kind: str
    parent: int | None
    service_id: int
    link: str
    quantity: int
    rate_micros: int
    booked_micros: int
    charge_micros: int
    status: str
    job: str | None
    start_count: int | None
    remains: int
    created_at: datetime
    ended_at: datetime | None
    service: int
    service_name: str
    service_type: str
    refill: bool
    refill_days: int | None
    cancel: bool
    drip_feed: bool
    runs: int
    runs_done: int
    posts: int | None
    old_posts: int
    posts_done: int
    expires_on: date | None
    paused_at: datetime | None
    # The state of its cancel request, and of its refills.
    cancel_state: str | None
    open_refill: bool = False
    last_refill_at: datetime | None = None

    @property
    def refunded_micros(self) -> int:
        return self.booked_micros - self.charge_micros

    @property
    def delivered(self) -> int:
        return self.quantity - self.remains

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def cancel_requested(self) -> bool:
        """A cancel is on its way: asked for, and neither done nor refused."""
        return self.ended_at is None and self.cancel_state not in {None, RequestState.DONE.value}

    @property
    def creates(self) -> bool:
        """Whether it still creates orders, runs or for posts: it can be paused and resumed."""
        return self.job == Job.SCHEDULE.value

    @property
    def waits(self) -> bool:
        """A drip-feed paused by hand. The protocol has no word for it, so its status does not tell."""
        return self.kind == OrderKind.DRIP_FEED.value and self.creates and self.paused_at is not None

    @property
    def asked(self) -> RefillTarget:
        return RefillTarget(self.kind, self.status, self.job, self.ended_at, self.refill, self.refill_days, self.cancel)

    def may_refill(self, now: datetime) -> Refusal | None:
        """None when a refill may be asked for, else why not."""
        return requests.may_refill(
            self.asked, open_refill=self.open_refill, last_refill_at=self.last_refill_at, now=now
        )

    def may_cancel(self) -> Refusal | None:
        """None when a cancel may be asked for, else why not."""
        return requests.may_cancel(self.asked)


class Looked(NamedTuple):
    """How far a page looked that is not full: to the order with this number, placed then."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders, newest first. `older` is the `before` of the page that follows, `newer` the `after` of the one above.

    `looked`: the window ended before the page was full; there may be more behind the cursor.
    """

    rows: list[ListedOrder]
    older: int | None
    newer: int | None
    looked: Looked | None = None


# ---- search --------------------------------------------------------------------------------------------


_NUMBERS = re.compile(r"#?[0-9]{1,18}(?:[\s,;]+#?[0-9]{1,18})*[\s,;]*", re.ASCII)


def read_search(text: str) -> tuple[tuple[int, ...], str]:
    """What somebody typed: (numbers, "") for the first 100 of them, else ((), part of a link)."""
    text = "".join(c for c in text if c.isprintable() or c.isspace()).strip()
    if _NUMBERS.fullmatch(text):
        found = dict.fromkeys(int(word) for word in re.findall(r"[0-9]+", text))
        return tuple(found)[: limits.SEARCH_IDS_MAX], ""
    return (), " ".join(text.split())[: limits.SEARCH_CHARS_MAX]


def _pattern(text: str) -> str:
    """Text as a part of LIKE, escaped by an exclamation mark."""
    return "%" + re.sub(r"([!%_])", r"!\1", text) + "%"


# ---- statements ----------------------------------------------------------------------------------------

# The panel is named without a look at each order: that lets the index alone answer. Other panels' customers
# have no orders here.
_MINE = "(SELECT id FROM customers_customer WHERE panel_id = ? AND id = ?)"
_OWN = (
    "id, number, kind, parent_id, service_id, link, quantity, rate_micros, booked_micros, charge_micros, status, job,"
    " start_count, remains, created_at, ended_at"
)
_INNER = ", ".join(f"o.{name}" for name in _OWN.split(", "))
# Only what a schedule created has a parent to look up.
_PARENTS_NUMBER = "(SELECT p.number FROM orders_order p WHERE p.id = o.parent_id)"
_SHOWN = (
    f"{_INNER.replace('o.parent_id', _PARENTS_NUMBER)}, v.number, v.name, v.type, v.refill, v.refill_days, v.cancel,"
    " v.drip_feed, s.runs, s.runs_done, s.posts, s.old_posts, s.posts_done, s.expires_on, s.paused_at, c.state"
)
_JOINS = (
    " JOIN catalog_service v ON v.id = o.service_id LEFT JOIN orders_schedule s ON s.order_id = o.id"
    " LEFT JOIN orders_cancel c ON c.order_id = o.id"
)
_REFILLS = sql.Query(
    "SELECT order_id, SUM(CASE WHEN ended_at IS NULL THEN 1 ELSE 0 END), MAX(created_at)"
    " FROM orders_refill WHERE panel_id = ? AND order_id :in_int GROUP BY order_id"
)
_PLACED_AT = sql.Query("SELECT created_at FROM orders_order WHERE panel_id = ? AND customer_id = ? AND number = ?")


class _Source(NamedTuple):
    """Where orders come from in order: a table, its number and the index that serves; `also` narrows it.

    `exact`: nothing else has to be looked at, so no window is needed.
    """

    table: str
    number: str
    near: sql.IndexRange
    also: str = ""
    exact: bool = False


_ORDERS = _Source("orders_order o", "o.number", sql.IndexRange("o.customer_id, o.number", f"{_MINE}; ?"))
_BY_NUMBERS = _Source(
    "orders_order o",
    "o.number",
    sql.IndexRange("o.customer_id, o.number", f"{_MINE}; ?"),
    " AND o.number :in_int",
    exact=True,
)
_SCHEDULES = _Source(
    "orders_schedule k JOIN orders_order o ON o.id = k.order_id",
    "k.number",
    sql.IndexRange("k.customer_id, k.number", f"{_MINE}; ?"),
)
# A constant word, and beside the key the index's own condition: so that both databases see that it serves.
_OF_SHORT = {
    word: _Source(
        "orders_order o",
        "o.number",
        sql.IndexRange("o.customer_id, o.status, o.number", f"{_MINE}; '{word}'; ?"),
        " AND o.status IN ('Partial', 'Canceled')",
    )
    for word in _SHORT
}
_PARENT = "(SELECT p.id FROM orders_order p WHERE p.panel_id = ? AND p.customer_id = ? AND p.number = ?)"
_CHILDREN = _Source(
    "orders_order o",
    "o.number",
    sql.IndexRange("o.parent_id, o.number", f"{_PARENT}; ?"),
    " AND o.parent_id IS NOT NULL",
)


def _source(wanted: Wanted) -> _Source:
    if wanted.numbers:
        return _BY_NUMBERS
    others = wanted.service is not None or wanted.kinds != KINDS
    others = others or bool(wanted.text or wanted.services or wanted.also)
    if wanted.parent is not None:
        return _CHILDREN._replace(exact=not others and not wanted.status)
    if wanted.kinds <= _SCHEDULED:
        return _SCHEDULES
    if wanted.status in _SHORT:
        return _OF_SHORT[wanted.status]._replace(exact=not others)
    return _ORDERS._replace(exact=not others and not wanted.status)


@cache
def _window(source: _Source, *, upward: bool) -> sql.Query:
    """The ends of the window, and how many it holds. Values: those of `_ends`, and the size."""
    # Of a schedule the index alone is asked, not the order behind it.
    table = source.table.partition(" JOIN")[0]
    return sql.Query(
        f"SELECT MIN(number), MAX(number), COUNT(*) FROM (SELECT {source.number} AS number FROM {table}"
        f" WHERE :near{source.also}"
        f" ORDER BY {source.near.order(upward=upward)} LIMIT ?) AS nearest",
        near=source.near,
    )


@cache
def _rows(
    source: _Source,
    *,
    status: bool,
    service: bool,
    kinds: int,
    text: bool,
    services: bool,
    upward: bool,
    also: tuple[str, ...] = (),
) -> sql.Query:
    """Values: those of `_ends`, then what is filtered by, then how many; of a window its ends again before these."""
    # Said plainly that it is a small part: PostgreSQL cannot tell from the keys, and would compile for millions.
    filters = "" if source.exact else f" AND {source.number} > ? AND {source.number} < ?"
    if status:
        filters += " AND o.status = ?"
    if service:
        filters += " AND o.service_id = (SELECT id FROM catalog_service WHERE panel_id = ? AND number = ?)"
    if kinds:
        filters += f" AND o.kind IN ({', '.join('?' * kinds)})"
    # Letters of either case: all of them on PostgreSQL, a to z on SQLite.
    named = ["LOWER(o.link) LIKE ? ESCAPE '!'", "o.link LIKE ? ESCAPE '!'"] if text else []
    if services:
        named.append("o.service_id :in_int")
    if named:
        filters += f" AND ({' OR '.join(named)})"
    filters += "".join(f" AND ({one})" for one in also)
    return sql.Query(
        f"SELECT {_SHOWN} FROM (SELECT {_INNER} FROM {source.table} WHERE :near{source.also}{filters}"
        f" ORDER BY {source.near.order(upward=upward)} LIMIT ?) AS o{_JOINS}"
        f" ORDER BY o.number {'ASC' if upward else 'DESC'}",
        near=source.near,
    )


# ---- pages ---------------------------------------------------------------------------------------------


def page(
    *,
    panel_id: int,
    customer_id: int,
    wanted: Wanted = EVERYTHING,
    before: int | None = None,
    after: int | None = None,
    limit: int = PAGE,
    with_refills: bool = True,
) -> OrderPage:
    """The orders below the number `before`, or the nearest above `after`, or the newest. At most 5 queries.

    A status that is none, or a kind, finds nothing. Without refills no row knows of an open one. Where a number may
    be an order's or a service's, the order stands first, on the newest page.
    """
    if wanted.numbers and wanted.services:
        return _of_number(
            panel_id, customer_id, wanted, before=before, after=after, limit=limit, with_refills=with_refills
        )
    upward = after is not None
    low, high = (after if after is not None else -1), (_END if before is None or upward else before)
    limit = min(max(limit, 1), PAGE_MAX)
    if (wanted.status and wanted.status not in STATUSES) or not wanted.kinds & KINDS:
        return OrderPage([], None, None)
    source = _source(wanted)
    ended_at: int | None = None
    if not source.exact:
        window = _window(source, upward=upward)
        ends = _ends(panel_id, customer_id, wanted, low=low, high=high)
        first, last, count = window.rows(connection, *ends, WINDOW)[0]
        if not count:
            return _turned([], before, after, more=False, ended_at=None)
        if count == WINDOW:
            ended_at = last if upward else first
        low, high = max(low, first - 1), min(high, last + 1)
    found = _find(panel_id, customer_id, wanted, source, low=low, high=high, upward=upward, limit=limit + 1)
    more = len(found) > limit
    rows = [_row(one) for one in found[:limit]]
    if with_refills:
        rows = _with_refills(panel_id, rows)
    if upward:
        rows.reverse()
    looked = None
    if ended_at is not None and not more:
        placed = sql.aware(_PLACED_AT.rows(connection, panel_id, customer_id, ended_at)[0][0])
        assert placed is not None
        looked = Looked(ended_at, placed)
    return _turned(rows, before, after, more=more, ended_at=ended_at, looked=looked)


def _of_number(
    panel_id: int,
    customer_id: int,
    wanted: Wanted,
    *,
    before: int | None,
    after: int | None,
    limit: int,
    with_refills: bool,
) -> OrderPage:
    whose = {"panel_id": panel_id, "customer_id": customer_id}
    of_service = wanted._replace(numbers=())
    found = page(**whose, wanted=of_service, before=before, after=after, limit=limit, with_refills=with_refills)
    rows = [row for row in found.rows if row.number not in wanted.numbers]
    if before is None and after is None:
        itself = page(**whose, wanted=wanted._replace(services=()), with_refills=with_refills)
        rows = [*itself.rows, *rows]
    return replace(found, rows=rows)


def _turned(
    rows: list[ListedOrder],
    before: int | None,
    after: int | None,
    *,
    more: bool,
    ended_at: int | None,
    looked: Looked | None = None,
) -> OrderPage:
    """The page with its cursors: in the way that it was read by what it found, in the other back to where it began."""
    if after is not None:
        newer = rows[0].number if more else ended_at
        return OrderPage(rows, older=rows[-1].number if rows else after + 1, newer=newer, looked=looked)
    older = rows[-1].number if more else ended_at
    newer = None if before is None else rows[0].number if rows else before - 1
    return OrderPage(rows, older=older, newer=newer, looked=looked)


def _ends(panel_id: int, customer_id: int, wanted: Wanted, *, low: int, high: int) -> list[object]:
    """The values of a source's two places, and of what narrows it."""
    whose = [panel_id, customer_id] if wanted.parent is None else [panel_id, customer_id, wanted.parent]
    ends: list[object] = [*whose, low, *whose, high]
    return [*ends, list(wanted.numbers)] if wanted.numbers else ends


def _find(
    panel_id: int,
    customer_id: int,
    wanted: Wanted,
    source: _Source,
    *,
    low: int,
    high: int,
    upward: bool,
    limit: int,
) -> list[sql.Row]:
    # The index of the few has the word in its key.
    status = bool(wanted.status) and "o.status" not in source.near.key
    kinds = sorted(wanted.kinds & KINDS) if wanted.kinds != KINDS else []
    query = _rows(
        source,
        status=status,
        service=wanted.service is not None,
        kinds=len(kinds),
        text=bool(wanted.text),
        services=bool(wanted.services),
        also=tuple(one.text for one in wanted.also),
        upward=upward,
    )
    values = _ends(panel_id, customer_id, wanted, low=low, high=high)
    if not source.exact:
        values += [low, high]
    if status:
        values.append(wanted.status)
    if wanted.service is not None:
        values += [panel_id, wanted.service]
    values += kinds
    if wanted.text:
        values += [_pattern(wanted.text.lower()), _pattern(wanted.text)]
    if wanted.services:
        values.append(list(wanted.services))
    values += [value for one in wanted.also for value in one.values]
    return query.rows(connection, *values, limit)


_TIMES = tuple(i for i, name in enumerate(ListedOrder._fields) if name.endswith("_at") and name != "last_refill_at")
_FLAGS = tuple(ListedOrder._fields.index(name) for name in ("refill", "cancel", "drip_feed"))
_COUNTS = tuple(ListedOrder._fields.index(name) for name in ("runs", "runs_done", "old_posts", "posts_done"))
_EXPIRES = ListedOrder._fields.index("expires_on")


def _row(found: sql.Row) -> ListedOrder:
    values = list(found)
    for i in _TIMES:
        values[i] = sql.aware(values[i])
    for i in _FLAGS:
        values[i] = bool(values[i])
    for i in _COUNTS:
        values[i] = values[i] or 0
    if isinstance(values[_EXPIRES], str):
        values[_EXPIRES] = date.fromisoformat(values[_EXPIRES])
    return ListedOrder(*values)


def _with_refills(panel_id: int, rows: list[ListedOrder]) -> list[ListedOrder]:
    """The rows with how their refills stand: one query for all of them, none where nothing can have any."""
    listed = sorted(row.id for row in rows if row.status == OrderStatus.COMPLETED.value)
    if not listed:
        return rows
    refills = {
        order_id: (bool(open_), sql.aware(last))
        for order_id, open_, last in _REFILLS.rows(connection, panel_id, listed)
    }
    return [
        row._replace(open_refill=refills[row.id][0], last_refill_at=refills[row.id][1]) if row.id in refills else row
        for row in rows
    ]


def by_numbers(*, panel_id: int, customer_id: int, numbers: Collection[int]) -> list[ListedOrder]:
    """Those of up to 100 orders that are the customer's, newest first: for progress that is shown live. 2 queries."""
    good = tuple(dict.fromkeys(n for n in numbers if 0 < n < _END))[: limits.SEARCH_IDS_MAX]
    if not good:
        return []
    wanted = Wanted(numbers=good)
    return page(panel_id=panel_id, customer_id=customer_id, wanted=wanted, limit=limits.SEARCH_IDS_MAX).rows


# ---- refills -------------------------------------------------------------------------------------------


class RefillRow(NamedTuple):
    """A refill as a list shows it. `order` is its order's number, `by_order` that of another that delivers it."""

    number: int
    order: int
    status: str
    created_at: datetime
    ended_at: datetime | None
    link: str
    quantity: int
    service: int
    service_name: str
    by_order: int | None = None


class Refills(NamedTuple):
    """Refills, newest first, with cursors as in Page."""

    rows: list[RefillRow]
    older: int | None
    newer: int | None


_REFILL_COLUMNS = "r.number, o.number, r.status, r.created_at, r.ended_at, o.link, o.quantity, v.number, v.name"


_OF_CUSTOMER = sql.IndexRange("r.customer_id, r.number", f"{_MINE}; ?")


@cache
def _refills(*, upward: bool) -> sql.Query:
    """Values: panel, customer, after, panel, customer, before, how many."""
    return sql.Query(
        f"SELECT {_REFILL_COLUMNS} FROM (SELECT r.* FROM orders_refill r WHERE :near"
        f" ORDER BY {_OF_CUSTOMER.order(upward=upward)} LIMIT ?) AS r"
        " JOIN orders_order o ON o.id = r.order_id JOIN catalog_service v ON v.id = o.service_id"
        f" ORDER BY r.number {'ASC' if upward else 'DESC'}",
        near=_OF_CUSTOMER,
    )


def refills(
    *, panel_id: int, customer_id: int, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> Refills:
    """The customer's refills: below the number `before`, or the nearest above `after`, or the newest. One query."""
    upward = after is not None
    low, high = (after if after is not None else -1), (_END if before is None or upward else before)
    limit = min(max(limit, 1), PAGE_MAX)
    ends = (panel_id, customer_id, low, panel_id, customer_id, high)
    found = _refills(upward=upward).rows(connection, *ends, limit + 1)
    more = len(found) > limit
    rows = [_refill(row) for row in found[:limit]]
    if after is not None:
        rows.reverse()
        return Refills(rows, rows[-1].number if rows else after + 1, rows[0].number if more else None)
    newer = None if before is None else rows[0].number if rows else before - 1
    return Refills(rows, rows[-1].number if more else None, newer)


def _refill(found: sql.Row) -> RefillRow:
    number, order, status, created_at, ended_at, *rest = found
    created = sql.aware(created_at)
    assert created is not None
    return RefillRow(number, order, status, created, sql.aware(ended_at), *rest)
