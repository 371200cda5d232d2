"""A customer account's transfers, newest first, each with the balance after it. Reads only.

Transfers of one account get their ids under the account's lock, so they become visible in the order of
their ids, and none ever changes: the balance after a transfer is a fact for ever. The newest page counts
back from the balance as it stands, in one statement and so in one state of the books; every other page
counts on from its cursor, which carries the balance and is concealed. So a page deep in the past reads as
little as the first. A month is entered by its sums, see statement_actions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from panelwright.core import sql
from panelwright.core.secret import conceal, reveal
from panelwright.ledger import codes
from panelwright.ledger.lists import STATEMENT
from panelwright.ledger.models import AccountKind, TransferCode

PAGE = 50
PAGE_MAX = 500
# Transfers that one page looks through for a code.
WINDOW = 1_000
EXPORT_MAX = 100_000
DAYS = 30
_END = 2**63 - 1
# Processes take their time before they take the lock: transfers may be out of order by moments, never by this.
_DISORDER = timedelta(hours=1)
# A quarter's last transfer is the last of all before its end, but for moments: look at a few.
_QUARTERS_NEAR = 5


class StatementEntry(NamedTuple):
    """A transfer as its customer sees it: what came in is positive. `balance_micros`: after it; None: not known.

    The ids are not shown: `reference` of an order or refund is the number of the order, or of the run it is for, and
    `order` (numbered) that of the order whose charge it is part of.
    """

    id: int
    code: str
    reference: str
    order_id: int | None
    micros: int
    at: datetime
    balance_micros: int | None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Entries, newest first. `older` is the `before` of the page that follows, `newer` the `after` of the one above.

    `looked_back_to`: the window for a code ended there before the page was full; the cursor goes on behind it.
    `ready` is False for a month that has not been added up yet: `statement_actions.catch_up` goes on with it.
    """

    entries: list[StatementEntry]
    older: str | None
    newer: str | None
    looked_back_to: datetime | None = None
    ready: bool = True


class Month(NamedTuple):
    """A month in a time zone."""

    year: int
    month: int
    zone: ZoneInfo

    @property
    def starts_at(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=self.zone)

    @property
    def ends_at(self) -> datetime:
        following = (self.year + 1, 1) if self.month == 12 else (self.year, self.month + 1)
        return datetime(*following, 1, tzinfo=self.zone)

    def has(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


def read_month(text: str, zone: ZoneInfo) -> Month | None:
    """The month of "2026-05"; None when it is none."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return Month(first.year, first.month, zone) if 2000 <= first.year <= 2999 else None


# ---- cursors -------------------------------------------------------------------------------------------


class Cursor(NamedTuple):
    """A place between two transfers: beside `id`, with the balance there. None: the page shows no balances.

    `entered`: nobody turned a page to come here, it is the end of a month.
    """

    id: int
    balance_micros: int | None
    entered: bool = False


def _written(account_id: int, cursor: Cursor) -> str:
    """Concealed: nobody makes up a balance, and the ids of transfers, which run through all panels, are not seen."""
    balance = "" if cursor.balance_micros is None else str(cursor.balance_micros)
    return conceal(f"{cursor.id}.{balance}", purpose=f"statement {account_id}")


def _read(account_id: int, text: str | None) -> Cursor | None:
    """None for no cursor, and for one that is not ours for this account."""
    if not text or len(text) > 200:
        return None
    try:
        id_, _, balance = reveal(text, purpose=f"statement {account_id}").partition(".")
        return Cursor(int(id_), int(balance) if balance else None)
    except ValueError:
        return None


# ---- statements ----------------------------------------------------------------------------------------

_MINE = "(SELECT id FROM ledger_account WHERE panel_id = ? AND id = ? AND kind = 'customer')"
# The two index ranges of an account, with what the second one's index leaves out.
_SIDES = {"debit": ("-", ""), "credit": ("", " AND NOT (code = 'order')")}
_NEAR = {side: sql.IndexRange(f"{side}_account_id, id", f"{_MINE}; ?") for side in _SIDES}
_BOTH = ("debit", "credit")


def _sides_of(code: TransferCode) -> tuple[str, ...]:
    """Where transfers of a code can stand on a customer's account. A charge is always a debit."""
    seen = codes.on_statement(code)
    debit = any(each.debit is AccountKind.CUSTOMER for each in seen)
    credit = any(each.credit is AccountKind.CUSTOMER for each in seen)
    return (*(["debit"] if debit else []), *(["credit"] if credit else []))


_SIDES_OF = {code: _sides_of(TransferCode(code)) for code in codes.SEEN}
_COLUMNS = "code, reference, order_id, created_at"


def _ranges(sides: tuple[str, ...], columns: str, *, code: bool, upward: bool) -> str:
    """The nearest rows of each side, in no order. Values of each: those of `_ends`, the code, how many."""
    parts = []
    for side in sides:
        sign, also = _SIDES[side]
        parts.append(
            f"SELECT * FROM (SELECT id, {sign}amount_micros AS micros{columns} FROM ledger_transfer"
            f" WHERE :{side}{also}{' AND code = ?' if code else ''}"
            f" ORDER BY {_NEAR[side].order(upward=upward)} LIMIT ?) AS {side}s"
        )
    return " UNION ALL ".join(parts)


@cache
def _entries(sides: tuple[str, ...], *, code: bool, upward: bool) -> sql.Query:
    """Values: panel, account, those of `_ranges`, how many. The last column is the balance as it stands now."""
    return sql.Query(
        f"SELECT id, micros, {_COLUMNS}, (SELECT balance_micros FROM ledger_account WHERE panel_id = ? AND id = ?)"
        f" FROM ({_ranges(sides, f', {_COLUMNS}', code=code, upward=upward)}) AS t"
        f" ORDER BY id {'ASC' if upward else 'DESC'} LIMIT ?",
        **_NEAR,
    )


@cache
def _window(sides: tuple[str, ...], *, upward: bool) -> sql.Query:
    """The ends of the nearest transfers, and how many they are. Values: those of `_ranges`, how many."""
    return sql.Query(
        f"SELECT MIN(id), MAX(id), COUNT(*) FROM (SELECT id FROM ({_ranges(sides, '', code=False, upward=upward)})"
        f" AS t ORDER BY id {'ASC' if upward else 'DESC'} LIMIT ?) AS near",
        **_NEAR,
    )


_MADE_AT = sql.Query("SELECT created_at FROM ledger_transfer WHERE panel_id = ? AND id = ?")
_ROLLED_UP = sql.Query(
    "SELECT transfer_id, balance_micros, at FROM ledger_rollup WHERE panel_id = ? AND account_id = ?"
)
_BEFORE = sql.Query(
    "SELECT last_id, balance_micros FROM ledger_quarter WHERE panel_id = ? AND account_id = ? AND starts_at < ?"
    " ORDER BY starts_at DESC LIMIT ?"
)
_QUARTERS = sql.Query(
    "SELECT starts_at, ordered_micros, returned_micros FROM ledger_quarter"
    " WHERE panel_id = ? AND account_id = ? AND starts_at >= ? ORDER BY starts_at"
)


# ---- pages ---------------------------------------------------------------------------------------------


class _Range(NamedTuple):
    """Between two ids, exclusive; read from the lower one up, or from the higher one down."""

    low: int
    high: int
    upward: bool


def page(
    *,
    panel_id: int,
    account_id: int,
    code: str = "",
    month: Month | None = None,
    before: str | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Statement:
    """The transfers behind a cursor, or the newest ones; of one code, or of one month, or both. At most 3 queries.

    Balances stand on every page but those of one code. A cursor that is not ours is none. Somebody else's
    account, and a code that is none, has no transfers.
    """
    limit = min(max(limit, 1), PAGE_MAX)
    if code and code not in codes.SEEN:
        return Statement([], None, None)
    up, down = _read(account_id, after), _read(account_id, before)
    if up is None and down is None and month is not None:
        ready, down = end_of(panel_id, account_id, month)
        if not ready:
            return Statement([], None, None, ready=False)
    at = up or down
    if at is None:
        within = _Range(0, _END, upward=False)
    else:
        within = _Range(at.id, _END, upward=True) if up else _Range(0, at.id, upward=False)
    if code:
        return _page_of_code(panel_id, account_id, code, month, at, within, limit)
    rows = _fetch(panel_id, account_id, _BOTH, "", within, limit + 1)
    known = at.balance_micros if at is not None else None
    if at is None and rows:
        known = rows[0][-1]
    entries = _balanced(rows[:limit], known, upward=within.upward)
    return _turned(account_id, entries, at, within, month, more=_goes_on(rows[limit:], month))


def _fetch(
    panel_id: int, account_id: int, sides: tuple[str, ...], code: str, within: _Range, limit: int
) -> list[sql.Row]:
    ends = _ends(panel_id, account_id, within)
    ranged = [*ends, code, limit] if code else [*ends, limit]
    query = _entries(sides, code=bool(code), upward=within.upward)
    return query.rows(connection, panel_id, account_id, *(ranged * len(sides)), limit)


def _ends(panel_id: int, account_id: int, within: _Range) -> list[object]:
    return [panel_id, account_id, within.low, panel_id, account_id, within.high]


def _balanced(rows: list[sql.Row], known: int | None, *, upward: bool) -> list[StatementEntry]:
    """Entries in the order of the rows. `known`: the balance before the first one going up, after it going down."""
    entries = []
    for id_, micros, code, reference, order_id, created_at, _ in rows:
        if known is not None and upward:
            known += micros
        at = sql.aware(created_at)
        assert at is not None
        said = "" if code in codes.UNTOLD else reference
        entries.append(StatementEntry(id_, code, said, order_id, micros, at, known))
        if known is not None and not upward:
            known -= micros
    return entries


def _goes_on(rest: list[sql.Row], month: Month | None) -> bool:
    """Whether another page follows in the way of reading, with something of the month."""
    if not rest or month is None:
        return bool(rest)
    at = sql.aware(rest[0][5])
    assert at is not None
    return month.starts_at - _DISORDER <= at < month.ends_at + _DISORDER


def _turned(
    account_id: int,
    entries: list[StatementEntry],
    at: Cursor | None,
    within: _Range,
    month: Month | None,
    *,
    more: bool,
) -> Statement:
    """The page with its cursors; of a month only what is in it."""
    if within.upward:
        entries = entries[::-1]
    older = newer = None
    first, last = (entries[0], entries[-1]) if entries else (None, None)
    if last is not None and (more or within.upward):
        # Below the last entry the balance is what it was before it.
        balance = None if last.balance_micros is None else last.balance_micros - last.micros
        older = _written(account_id, Cursor(last.id, balance))
    elif last is None and within.upward and at is not None:
        older = _written(account_id, Cursor(at.id + 1, at.balance_micros))
    if first is not None and at is not None and (more or not within.upward):
        newer = _written(account_id, Cursor(first.id, first.balance_micros))
    elif first is None and at is not None and not within.upward:
        newer = _written(account_id, Cursor(at.id - 1, at.balance_micros))
    if at is not None and at.entered:
        newer = None
    if month is not None:
        entries = [entry for entry in entries if month.has(entry.at)]
    return Statement(entries, older, newer)


def _page_of_code(
    panel_id: int,
    account_id: int,
    code: str,
    month: Month | None,
    at: Cursor | None,
    within: _Range,
    limit: int,
) -> Statement:
    """Those of a code among the nearest WINDOW transfers of the side on which they stand."""
    sides = _SIDES_OF[code]
    ranged = [*_ends(panel_id, account_id, within), WINDOW]
    window = _window(sides, upward=within.upward)
    first, last, count = window.rows(connection, *(ranged * len(sides)), WINDOW)[0]
    at = at._replace(balance_micros=None) if at else None
    if not count:
        return _turned(account_id, [], at, within, month, more=False)
    within = _Range(max(within.low, first - 1), min(within.high, last + 1), within.upward)
    rows = _fetch(panel_id, account_id, sides, code, within, limit + 1)
    entries = _balanced(rows[:limit], None, upward=within.upward)
    found = _turned(account_id, entries, at, within, month, more=_goes_on(rows[limit:], month))
    if len(rows) > limit or count < WINDOW:
        return found
    end = last if within.upward else first
    ended_at = sql.aware(_MADE_AT.rows(connection, panel_id, end)[0][0])
    assert ended_at is not None
    on = _written(account_id, Cursor(end, None))
    if within.upward:
        over = month is not None and ended_at >= month.ends_at + _DISORDER
        return Statement(found.entries, found.older, None if over else on, ended_at)
    over = month is not None and ended_at < month.starts_at - _DISORDER
    return Statement(found.entries, None if over else on, found.newer, None if over else ended_at)


def end_of(panel_id: int, account_id: int, month: Month) -> tuple[bool, Cursor | None]:
    """Whether the sums reach a month's end, and the place there; no place: the newest transfer may be in it."""
    rolled = _ROLLED_UP.rows(connection, panel_id, account_id)
    at = sql.aware(rolled[0][2]) if rolled else None
    if at is None or at < month.ends_at + _DISORDER:
        newest = _fetch(panel_id, account_id, _BOTH, "", _Range(0, _END, upward=False), 1)
        newest_at = sql.aware(newest[0][5]) if newest else None
        if newest_at is None or newest_at < month.ends_at + _DISORDER:
            return True, None
        return False, None
    near = _BEFORE.rows(connection, panel_id, account_id, month.ends_at, _QUARTERS_NEAR)
    if not near:
        return True, Cursor(1, 0, entered=True)
    last_id, balance = max(near)
    return True, Cursor(last_id + 1, balance, entered=True)


def rolled_up(panel_id: int, account_id: int) -> tuple[int, int]:
    """The last transfer that is in the sums, and the balance after it; 0 and 0: none is."""
    found = _ROLLED_UP.rows(connection, panel_id, account_id)
    return (found[0][0], found[0][1]) if found else (0, 0)


def entries_from(
    panel_id: int, account_id: int, after: int, balance_micros: int, *, limit: int
) -> list[StatementEntry]:
    """The entries that follow a transfer, the oldest first; `balance_micros` is that after it."""
    rows = _fetch(panel_id, account_id, _BOTH, "", _Range(after, _END, upward=True), limit)
    return _balanced(rows, balance_micros, upward=True)


# ---- what was spent ------------------------------------------------------------------------------------


class Day(NamedTuple):
    """What a day's orders took, and what was given back on it."""

    day: date
    ordered_micros: int
    returned_micros: int

    @property
    def spent_micros(self) -> int:
        """May be below zero: what is given back today was perhaps taken last week."""
        return self.ordered_micros - self.returned_micros


class Spending(NamedTuple):
    """This month so far, and the last 30 days, today last.

    `counted_to` and `counted_id`: the last transfer that is in it; None and 0: none is.
    """

    month: Day
    days: list[Day]
    counted_to: datetime | None
    counted_id: int


def spending(*, panel_id: int, account_id: int, zone: ZoneInfo, now: datetime) -> Spending:
    """What was spent by the days of a time zone, out of the sums of statement_actions: catch up first. 2 queries.

    At most 3,000 sums are read, whatever the number of orders.
    """
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    first = min(days[0], today.replace(day=1))
    # Where each day begins, and where the last one ends.
    dates = [first + timedelta(days=n) for n in range((today - first).days + 2)]
    begins = [datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) for day in dates]
    sums: dict[date, tuple[int, int]] = {}
    for starts_at, ordered, returned in _QUARTERS.rows(connection, panel_id, account_id, begins[0]):
        at = sql.aware(starts_at)
        assert at is not None
        day = dates[bisect_right(begins, at) - 1]
        before = sums.get(day, (0, 0))
        sums[day] = (before[0] + ordered, before[1] + returned)
    in_month = [both for day, both in sums.items() if (day.year, day.month) == (today.year, today.month)]
    month = Day(today.replace(day=1), sum(o for o, _ in in_month), sum(r for _, r in in_month))
    rolled = _ROLLED_UP.rows(connection, panel_id, account_id)
    counted_id, counted_to = (rolled[0][0], sql.aware(rolled[0][2])) if rolled else (0, None)
    return Spending(month, [Day(day, *sums.get(day, (0, 0))) for day in days], counted_to, counted_id)


# ---- export --------------------------------------------------------------------------------------------

# The ids of orders -> their numbers; orders are above the ledger in the import order.
NumbersOf = Callable[[Collection[int]], Mapping[int, int]]


def numbered(entries: Sequence[StatementEntry], numbers_of: NumbersOf) -> list[StatementEntry]:
    """Entries with the numbers of the orders that they are about. A charge's reference is the number already."""
    charged = {
        e.order_id: int(e.reference) for e in entries if e.order_id is not None and e.code == TransferCode.ORDER.value
    }
    others = {e.order_id for e in entries if e.order_id is not None} - charged.keys()
    numbers = {**charged, **numbers_of(others)} if others else charged
    return [entry._replace(order=numbers.get(entry.order_id or 0)) for entry in entries]


def statement_csv(
    *,
    panel_id: int,
    account_id: int,
    numbers_of: NumbersOf,
    code: str = "",
    month: Month | None = None,
    before: str | None = None,
) -> Iterator[str]:
    """The lines, newest transfer first, after one with the columns' names; at most 100,000 transfers.

    Amounts are in the panel's currency as on the wire, those that came in positive; times in UTC.
    """
    whose = {"panel_id": panel_id, "account_id": account_id}
    pages = _pages(**whose, code=code, month=month, before=before)
    return STATEMENT.csv(numbered(entries, numbers_of) for entries in pages)


def _pages(
    *, panel_id: int, account_id: int, code: str, month: Month | None, before: str | None
) -> Iterator[list[StatementEntry]]:
    written = 0
    for _ in range(EXPORT_MAX // PAGE_MAX * 5):
        limit = min(PAGE_MAX, EXPORT_MAX - written)
        found = page(panel_id=panel_id, account_id=account_id, code=code, month=month, before=before, limit=limit)
        yield found.entries
        written += len(found.entries)
        before = found.older
        if before is None or written == EXPORT_MAX:
            return
