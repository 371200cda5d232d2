"""The proof that each payment was credited once, with what it says, and that it has a number. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

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
    " v.value_micros AS value,"
    " (SELECT COUNT(*) FROM payments_voucheruse u WHERE u.panel_id = v.panel_id AND u.voucher_id = v.id) AS uses,"
    " (SELECT COALESCE(SUM(t.amount_micros), 0) FROM payments_voucheruse u JOIN ledger_transfer t"
    " ON t.panel_id = u.panel_id AND t.code = 'voucher' AND t.reference = v.prefix || '-' || u.n"
    " WHERE u.panel_id = v.panel_id AND u.voucher_id = v.id) AS brought"
    " FROM payments_voucher v WHERE v.panel_id = ?) looked"
    " WHERE NOT (used = uses AND brought = uses * value) ORDER BY prefix LIMIT ?"
)

# Of each: what it took of credit, bonus and fee, and what it gave back. A refund that was made has given nothing back.
_REFUNDS = sql.Query(
    "SELECT number, n, state, credit, bonus, fee, took, took_bonus, took_fee, gave, gave_bonus, gave_fee FROM (SELECT"
    " p.number AS number, r.n AS n, r.state AS state,"
    " r.credit_micros AS credit, r.bonus_micros AS bonus, r.fee_micros AS fee,"
    " COALESCE(SUM(CASE WHEN t.code IN ('gateway_refund', 'chargeback') THEN t.amount_micros END), 0) AS took,"
    " COALESCE(SUM(CASE WHEN t.code = 'bonus' AND a.kind = 'customer' THEN t.amount_micros END), 0) AS took_bonus,"
    " COALESCE(SUM(CASE WHEN t.code = 'fee' AND a.kind = 'fees' THEN t.amount_micros END), 0) AS took_fee,"
    " COALESCE(SUM(CASE WHEN t.code = 'deposit' THEN t.amount_micros END), 0) AS gave,"
    " COALESCE(SUM(CASE WHEN t.code = 'bonus' AND a.kind = 'bonus' THEN t.amount_micros END), 0) AS gave_bonus,"
    " COALESCE(SUM(CASE WHEN t.code = 'fee' AND a.kind = 'clearing' THEN t.amount_micros END), 0) AS gave_fee"
    " FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id"
    " LEFT JOIN ledger_transfer t ON t.panel_id = r.panel_id"
    " AND t.code IN ('gateway_refund', 'chargeback', 'bonus', 'fee', 'deposit')"
    " AND t.reference IN ('P-' || p.number || '.' || r.n, 'P-' || p.number || '.' || r.n || ' back')"
    " LEFT JOIN ledger_account a ON a.id = t.debit_account_id WHERE r.panel_id = ?"
    " GROUP BY p.number, r.n, r.state, r.credit_micros, r.bonus_micros, r.fee_micros) looked"
    " WHERE NOT (took = credit AND took_bonus = bonus AND took_fee = fee"
    " AND gave = CASE WHEN state = 'failed' THEN credit ELSE 0 END"
    " AND gave_bonus = CASE WHEN state = 'failed' THEN bonus ELSE 0 END"
    " AND gave_fee = CASE WHEN state = 'failed' THEN fee ELSE 0 END) ORDER BY number, n LIMIT ?"
)
# What a dispute has taken and not given back, over the first three times that it took the money.
_DISPUTES = sql.Query(
    "SELECT number, n, credit, bonus, fee, took, took_bonus, took_fee FROM (SELECT p.number AS number, d.n AS n,"
    " d.credit_micros AS credit, d.bonus_micros AS bonus, d.fee_micros AS fee,"
    " COALESCE(SUM(CASE t.code WHEN 'chargeback' THEN t.amount_micros WHEN 'reversal' THEN -t.amount_micros END), 0)"
    " AS took,"
    " COALESCE(SUM(CASE WHEN t.code <> 'bonus' THEN 0 WHEN a.kind = 'customer' THEN t.amount_micros"
    " ELSE -t.amount_micros END), 0) AS took_bonus,"
    " COALESCE(SUM(CASE WHEN t.code <> 'fee' THEN 0 WHEN a.kind = 'fees' THEN t.amount_micros"
    " ELSE -t.amount_micros END), 0) AS took_fee"
    " FROM payments_dispute d JOIN payments_payment p ON p.id = d.payment_id"
    " LEFT JOIN ledger_transfer t ON t.panel_id = d.panel_id AND t.code IN ('chargeback', 'reversal', 'bonus', 'fee')"
    " AND t.reference IN ('P-' || p.number || ' dispute ' || d.n, 'P-' || p.number || ' dispute ' || d.n || ' back',"
    " 'P-' || p.number || ' dispute ' || d.n || '.2', 'P-' || p.number || ' dispute ' || d.n || '.2 back',"
    " 'P-' || p.number || ' dispute ' || d.n || '.3', 'P-' || p.number || ' dispute ' || d.n || '.3 back')"
    " LEFT JOIN ledger_account a ON a.id = t.debit_account_id WHERE d.panel_id = ? AND d.takes <= 3"
    " GROUP BY p.number, d.n, d.credit_micros, d.bonus_micros, d.fee_micros) looked"
    " WHERE NOT (took = credit AND took_bonus = bonus AND took_fee = fee) ORDER BY number, n LIMIT ?"
)
# No more goes back than came, with all of the money all of the credit, and the state says what the rows say.
_BACK = sql.Query(
    "SELECT number, state, received, refunded, disputed FROM (SELECT p.number AS number, p.state AS state,"
    " COALESCE(p.received_micros, 0) AS received, p.paid_at IS NULL AS is_held,"
    # What was held and has gone back was credited to nobody.
    " CASE WHEN p.paid_at IS NULL THEN 0 ELSE p.credit_micros END AS credit,"
    " COALESCE((SELECT SUM(r.amount_micros) FROM payments_refund r"
    " WHERE r.panel_id = p.panel_id AND r.payment_id = p.id AND r.state <> 'failed'), 0) AS refunded,"
    " COALESCE((SELECT SUM(r.credit_micros) FROM payments_refund r"
    " WHERE r.panel_id = p.panel_id AND r.payment_id = p.id AND r.state <> 'failed'), 0) AS refunded_credit,"
    " COALESCE((SELECT SUM(d.taken_micros) FROM payments_dispute d"
    " WHERE d.panel_id = p.panel_id AND d.payment_id = p.id), 0) AS disputed,"
    " COALESCE((SELECT SUM(d.credit_micros) FROM payments_dispute d"
    " WHERE d.panel_id = p.panel_id AND d.payment_id = p.id), 0) AS disputed_credit,"
    " EXISTS (SELECT 1 FROM payments_dispute d"
    " WHERE d.panel_id = p.panel_id AND d.payment_id = p.id AND d.state = 'open') AS is_open,"
    " EXISTS (SELECT 1 FROM payments_dispute d"
    " WHERE d.panel_id = p.panel_id AND d.payment_id = p.id AND d.state = 'lost') AS is_lost"
    " FROM payments_payment p WHERE p.panel_id = ? AND (p.paid_at IS NOT NULL OR EXISTS"
    " (SELECT 1 FROM payments_refund r WHERE r.panel_id = p.panel_id AND r.payment_id = p.id))) looked"
    " WHERE refunded + disputed > received OR refunded_credit + disputed_credit > credit"
    " OR (refunded + disputed = received AND refunded_credit + disputed_credit <> credit)"
    " OR state <> CASE WHEN is_held AND refunded = 0 THEN state WHEN is_held THEN 'failed'"
    " WHEN is_open THEN 'disputed' WHEN is_lost THEN 'lost' WHEN refunded = 0 AND state = 'won' THEN 'won'"
    " WHEN refunded = 0 THEN 'paid' WHEN refunded < received THEN 'part_refunded' ELSE 'refunded' END"
    " ORDER BY number LIMIT ?"
)

# What an account says cannot be spent yet is the sum of the rows of its payments.
_FRESH = sql.Query(
    "SELECT id, says, rows_say FROM (SELECT a.id AS id, a.fresh_micros AS says,"
    " (SELECT COALESCE(SUM(f.micros), 0) FROM payments_freshmoney f WHERE f.account_id = a.id) AS rows_say"
    " FROM ledger_account a WHERE a.panel_id = ? AND a.kind = 'customer') looked"
    " WHERE says <> rows_say ORDER BY id LIMIT ?"
)


def payment_faults(panel_id: int, limit: int = 100) -> list[str]:
    """What is wrong with a panel's payments, in words; empty where all is well."""
    found = list(_NUMBERS.faults(panel_id, limit))
    for number, credit, bonus, deposited, given in _BOOKED.rows(connection, panel_id, limit):
        found.append(
            f"payment {number} brought {money.text(int(deposited))} and a bonus of {money.text(int(given))},"
            f" and says {money.text(credit)} and {money.text(bonus)}"
        )
    for row in _REFUNDS.rows(connection, panel_id, limit):
        took, says, gave = (_amounts(row[part]) for part in (slice(6, 9), slice(3, 6), slice(9, 12)))
        found.append(f"refund {row[1]} of payment {row[0]} ({row[2]}) took {took}, gave back {gave}, and says {says}")
    for row in _DISPUTES.rows(connection, panel_id, limit):
        took, says = _amounts(row[5:8]), _amounts(row[2:5])
        found.append(f"dispute {row[1]} of payment {row[0]} has taken {took}, and says {says}")
    for number, state, received, refunded, disputed in _BACK.rows(connection, panel_id, limit):
        found.append(
            f"payment {number} is {state}: of {money.text(int(received))} went back {money.text(int(refunded))} by"
            f" refunds and {money.text(int(disputed))} by disputes"
        )
    for id_, says, rows_say in _FRESH.rows(connection, panel_id, limit):
        found.append(
            f"account {id_} says that {money.text(says)} cannot be spent yet, and its payments"
            f" {money.text(int(rows_say))}"
        )
    for prefix, used, uses, brought, value in _USED.rows(connection, panel_id, limit):
        found.append(
            f"voucher {prefix}… was used {uses} times and says {used}, and brought {money.text(int(brought))}"
            f" where each use is worth {money.text(value)}"
        )
    return found


def _amounts(micros: Sequence[object]) -> str:
    """Credit, bonus and fee."""
    return "/".join(money.text(int(str(one))) for one in micros)
