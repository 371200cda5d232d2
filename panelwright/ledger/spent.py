"""What a customer has spent since the account was opened. Inside the panel's scope; writes nothing."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from panelwright.core import sql

# Transfers that are added up at most, beside what is added up already.
ROWS_MAX = 20_000


class Spent(NamedTuple):
    """Micros that were ordered for, and given back. `partly`: newer orders than were added up are not all in."""

    ordered: int
    returned: int
    partly: bool

    @property
    def kept(self) -> int:
        return self.ordered - self.returned

    @property
    def percent_returned(self) -> str:
        """Of what was ordered, in percent with one place; empty where nothing was."""
        if not self.ordered:
            return ""
        tenths = (2000 * self.returned + self.ordered) // (2 * self.ordered)
        return f"{tenths // 10}.{tenths % 10}"


_SPENT = sql.Query(
    "WITH quarters AS (SELECT COALESCE(SUM(ordered_micros), 0) AS ordered,"
    " COALESCE(SUM(returned_micros), 0) AS returned FROM ledger_quarter WHERE panel_id = ? AND account_id = ?),"
    " done AS (SELECT COALESCE(MAX(transfer_id), 0) AS id FROM ledger_rollup WHERE panel_id = ? AND account_id = ?),"
    " ordered AS (SELECT COALESCE(SUM(amount_micros), 0) AS micros, COUNT(*) AS number FROM ("
    " SELECT amount_micros FROM ledger_transfer WHERE panel_id = ? AND debit_account_id = ? AND code = 'order'"
    " AND id > (SELECT id FROM done) ORDER BY id DESC LIMIT ?) AS newest),"
    " returned AS (SELECT COALESCE(SUM(amount_micros), 0) AS micros FROM ("
    " SELECT amount_micros FROM ledger_transfer WHERE panel_id = ? AND credit_account_id = ? AND code = 'refund'"
    " AND id > (SELECT id FROM done) ORDER BY id DESC LIMIT ?) AS newest)"
    " SELECT quarters.ordered + ordered.micros, quarters.returned + returned.micros, ordered.number"
    " FROM quarters, ordered, returned"
)


def spent(panel_id: int, account_id: int) -> Spent:
    """Since the account was opened: what is added up already, and the transfers since, the newest ROWS_MAX of them.

    One statement, which writes nothing: to add up is done where the customer looks (ledger/statement_actions.py).
    """
    of = (panel_id, account_id)
    ((ordered, returned, number),) = _SPENT.rows(connection, *of, *of, *of, ROWS_MAX, *of, ROWS_MAX)
    return Spent(int(ordered), int(returned), number == ROWS_MAX)
