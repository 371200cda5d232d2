"""What a month of a customer's account adds up to, from balance to balance. Reads only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from panelwright.core import sql
from panelwright.ledger import statement
from panelwright.ledger.statement import Month

# Transfers of a month that are added up; whoever has more has the file of them.
TRANSFERS_MAX = 300_000
# Who took the time of a transfer before the month's end has committed by then.
_DISORDER = timedelta(hours=1)
_SUMS = sql.Query(
    "SELECT code, came_in, SUM(amount_micros), COUNT(*) FROM (SELECT * FROM (SELECT code, 0 AS came_in, amount_micros"
    " FROM ledger_transfer WHERE panel_id = ? AND debit_account_id = ? AND id > ? AND id <= ? LIMIT ?) AS went"
    " UNION ALL SELECT * FROM (SELECT code, 1 AS came_in, amount_micros FROM ledger_transfer"
    " WHERE panel_id = ? AND credit_account_id = ? AND id > ? AND id <= ? AND NOT (code = 'order') LIMIT ?) AS came)"
    " AS both_sides GROUP BY code, came_in ORDER BY came_in DESC, code"
)


class CodeSum(NamedTuple):
    """All transfers of a code in one direction. `micros` is positive for what came in, below zero for what went."""

    code: str
    micros: int
    transfers: int


class MonthSums(NamedTuple):
    """The balance before and after, and what lies between: `opening_micros` and all sums are `closing_micros`."""

    opening_micros: int
    closing_micros: int
    sums: tuple[CodeSum, ...]


def over(month: Month, now: datetime) -> bool:
    """Whether nothing can come into the month any more."""
    return now >= month.ends_at + _DISORDER


def before(year: int, month: int, zone: ZoneInfo) -> Month:
    """The month before one."""
    first = date(year - (month == 1), (month - 2) % 12 + 1, 1)
    return Month(first.year, first.month, zone)


def of_month(panel_id: int, account_id: int, month: Month) -> MonthSums | None:
    """The sums of a month that is over; None while the account is not added up so far (statement_actions.catch_up), or
    where the month has more transfers than are added up at once.
    """
    ends = [
        _place(panel_id, account_id, before(month.year, month.month, month.zone)),
        _place(panel_id, account_id, month),
    ]
    if ends[0] is None or ends[1] is None:
        return None
    (first, opening), (last, closing) = ends[0], ends[1]
    asked = [panel_id, account_id, first, last, TRANSFERS_MAX + 1]
    rows = _SUMS.rows(connection, *asked, *asked)
    sums = tuple(CodeSum(code, int(sum_) * (1 if came_in else -1), count) for code, came_in, sum_, count in rows)
    if sum(one.transfers for one in sums) > TRANSFERS_MAX:
        return None
    return MonthSums(opening, closing, sums)


_NEWEST = sql.Query(
    "SELECT COALESCE(MAX(id), 0), (SELECT balance_micros FROM ledger_account WHERE panel_id = ? AND id = ?) FROM"
    " (SELECT MAX(id) AS id FROM ledger_transfer WHERE panel_id = ? AND debit_account_id = ?"
    " UNION ALL SELECT MAX(id) FROM ledger_transfer WHERE panel_id = ? AND credit_account_id = ?"
    " AND NOT (code = 'order')) AS ends"
)


def _place(panel_id: int, account_id: int, month: Month) -> tuple[int, int] | None:
    """The last transfer of a month, and the balance after it; 0 and 0 before there was any."""
    ready, cursor = statement.end_of(panel_id, account_id, month)
    if not ready:
        return None
    if cursor is None:
        # Nothing has come since: one statement, and so one state of the books.
        mine = [panel_id, account_id]
        ((newest, balance),) = _NEWEST.rows(connection, *mine, *mine, *mine)
        return int(newest), int(balance or 0)
    return cursor.id - 1, cursor.balance_micros or 0
