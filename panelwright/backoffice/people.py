"""What the pages of customers and staff read beside their lists. Inside the panel's scope, and bounded."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection

from panelwright.backoffice import lists
from panelwright.backoffice.queries import ROWS_MAX
from panelwright.core import clock, sql
from panelwright.core.paging import counted
from panelwright.customers.models import CustomerNote, LoginRecord, Session
from panelwright.customers.sessions import LASTS_AT_MOST
from panelwright.orders.models import Order
from panelwright.staff.lists import named
from panelwright.ui.request import StaffRequest

SHOWN = 50


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


def orders_count(panel_id: int, customer_id: int) -> int:
    """Up to one more than is counted."""
    return counted(Order.objects.filter(panel_id=panel_id, customer_id=customer_id))


def last_login(panel_id: int, user_id: int) -> LoginRecord | None:
    """The newest log-in of the user's own: staff who signed in as them are not looked at."""
    rows = LoginRecord.objects.filter(panel_id=panel_id, user_id=user_id, staff=None)
    found: LoginRecord | None = rows.order_by("-id").first()
    return found


def logins(panel_id: int, user_id: int) -> list[LoginRecord]:
    rows = LoginRecord.objects.filter(panel_id=panel_id, user_id=user_id).select_related("staff__user")
    return list(rows.order_by("-id")[:SHOWN])


def sessions(panel_id: int, user_id: int) -> list[Session]:
    """Where somebody is logged in now, the one seen last first."""
    now = clock.now()
    rows = Session.objects.filter(
        panel_id=panel_id, user_id=user_id, expires_at__gt=now, created_at__gt=now - LASTS_AT_MOST
    )
    return list(rows.select_related("parent__user").order_by("-seen_at")[:SHOWN])


def notes(panel_id: int, customer_id: int) -> list[CustomerNote]:
    rows = CustomerNote.objects.filter(panel_id=panel_id, customer_id=customer_id)
    return list(rows.order_by("-id")[:SHOWN])


def trail_of(request: StaffRequest, noun: str, number: int) -> dict[str, Any]:
    """What staff changed about one object: the rows of the trail, for the page of the object."""
    of = named("trail")
    further, back = lists.cursor(request, "before"), lists.cursor(request, "after")
    page = of.page(request.panel, {"noun": noun, "object": str(number)}, further=further, back=back, limit=SHOWN)
    return {"list": of.listing, "rows": page.rows, "page": page}
