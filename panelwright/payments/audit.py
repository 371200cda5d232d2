"""The proof that each payment was credited once, with what it says, and that it has a number. Reads only."""

from __future__ import annotations

from django.db import connection

from panelwright.core import money, sql
from panelwright.panels.models import Noun
from panelwright.panels.number_audit import NumberAudit

_NUMBERS = NumberAudit(Noun.PAYMENT, "payments_payment")
_BOOKED = sql.Query(
    "SELECT number, credit, bonus, deposited, given FROM (SELECT p.number AS number,"
    " CASE WHEN p.paid_at IS NULL THEN 0 ELSE p.credit_micros END AS credit,"
    " CASE WHEN p.paid_at IS NULL THEN 0 ELSE p.bonus_micros END AS bonus,"
    " (SELECT COALESCE(SUM(t.amount_micros), 0) FROM ledger_transfer t WHERE t.panel_id = p.panel_id"
    " AND t.code = 'deposit' AND t.reference = 'P-' || p.number AND t.credit_account_id = c.account_id) AS deposited,"
    " (SELECT COALESCE(SUM(t.amount_micros), 0) FROM ledger_transfer t WHERE t.panel_id = p.panel_id"
    " AND t.code = 'bonus' AND t.reference = 'P-' || p.number AND t.credit_account_id = c.account_id) AS given"
    " FROM payments_payment p JOIN customers_customer c ON c.id = p.customer_id WHERE p.panel_id = ?) looked"
    " WHERE NOT (credit = deposited AND bonus = given) ORDER BY number LIMIT ?"
)

_USED = sql.Query(
    "SELECT prefix, used, uses, brought, value FROM (SELECT v.prefix AS prefix, v.uses_max - v.uses_left AS used,"
    " v.value_micros AS value, (SELECT COUNT(*) FROM payments_voucheruse u WHERE u.voucher_id = v.id) AS uses,"
    " (SELECT COALESCE(SUM(t.amount_micros), 0) FROM payments_voucheruse u JOIN ledger_transfer t"
    " ON t.panel_id = u.panel_id AND t.code = 'voucher' AND t.reference = v.prefix || '-' || u.n"
    " WHERE u.voucher_id = v.id) AS brought FROM payments_voucher v WHERE v.panel_id = ?) looked"
    " WHERE NOT (used = uses AND brought = uses * value) ORDER BY prefix LIMIT ?"
)


def payment_faults(panel_id: int, limit: int = 100) -> list[str]:
    """What is wrong with a panel's payments, in words; empty where all is well."""
    found = list(_NUMBERS.faults(panel_id, limit))
    for number, credit, bonus, deposited, given in _BOOKED.rows(connection, panel_id, limit):
        found.append(
            f"payment {number} brought {money.text(int(deposited))} and a bonus of {money.text(int(given))},"
            f" and says {money.text(credit)} and {money.text(bonus)}"
        )
    for prefix, used, uses, brought, value in _USED.rows(connection, panel_id, limit):
        found.append(
            f"voucher {prefix}… was used {uses} times and says {used}, and brought {money.text(int(brought))}"
            f" where each use is worth {money.text(value)}"
        )
    return found
