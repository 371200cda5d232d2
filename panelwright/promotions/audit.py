"""The proof that coupons gave what their uses say, no oftener than they may, and took back their share, and that trial
balances gave what they say. Reads only.
"""

from __future__ import annotations

from django.db import connection

from panelwright.core import money, sql

_GIVEN = sql.Query(
    "SELECT number, given, withdrawn, gave, took FROM (SELECT u.payment_number AS number,"
    " COALESCE(u.given_micros, 0) AS given, u.withdrawn_micros AS withdrawn,"
    " COALESCE((SELECT SUM(t.amount_micros) FROM ledger_transfer t WHERE t.panel_id = u.panel_id"
    " AND t.code = 'coupon' AND t.reference = 'P-' || u.payment_number"
    " AND t.credit_account_id = c.account_id), 0) AS gave,"
    " COALESCE((SELECT SUM(CASE WHEN t.debit_account_id = c.account_id THEN t.amount_micros ELSE -t.amount_micros END)"
    " FROM ledger_transfer t WHERE t.panel_id = u.panel_id AND t.code = 'coupon'"
    " AND t.reference LIKE 'P-' || u.payment_number || ' coupon %'), 0) AS took"
    " FROM promotions_couponuse u JOIN customers_customer c ON c.id = u.customer_id WHERE u.panel_id = ?) looked"
    " WHERE NOT (given = gave AND withdrawn = took) ORDER BY number LIMIT ?"
)
_USED = sql.Query(
    "SELECT code, most, used FROM (SELECT k.code AS code, k.uses_max AS most, (SELECT COUNT(*) FROM"
    " promotions_couponuse u WHERE u.coupon_id = k.id AND u.given_micros > 0) AS used FROM promotions_coupon k"
    " WHERE k.panel_id = ? AND k.uses_max > 0) looked WHERE used > most ORDER BY code LIMIT ?"
)


_TRIALS = sql.Query(
    "SELECT number, says, gave FROM (SELECT c.number AS number, b.amount_micros AS says,"
    " COALESCE((SELECT SUM(t.amount_micros) FROM ledger_transfer t WHERE t.panel_id = b.panel_id AND t.code = 'bonus'"
    " AND t.reference = 'trial-' || c.number AND t.credit_account_id = c.account_id), 0) AS gave"
    " FROM promotions_trialbalance b JOIN customers_customer c ON c.id = b.customer_id WHERE b.panel_id = ?) looked"
    " WHERE NOT (says = gave) ORDER BY number LIMIT ?"
)
# Each of them has its row.
_TRIALS_GIVEN = sql.Query(
    "SELECT t.reference FROM ledger_transfer t WHERE t.panel_id = ? AND t.code = 'bonus' AND t.reference LIKE 'trial-%'"
    " AND NOT EXISTS (SELECT 1 FROM promotions_trialbalance b JOIN customers_customer c ON c.id = b.customer_id"
    " WHERE b.panel_id = t.panel_id AND c.account_id = t.credit_account_id) ORDER BY t.reference LIMIT ?"
)


def trial_faults(panel_id: int, limit: int = 100) -> list[str]:
    """What is wrong with a panel's trial balances, in words; empty where all is well."""
    found = [
        f"the trial balance of customer {number} gave {money.text(int(gave))}, and says {money.text(says)}"
        for number, says, gave in _TRIALS.rows(connection, panel_id, limit)
    ]
    return found + [
        f"transfer {name} gave a trial balance to a customer who has none"
        for (name,) in _TRIALS_GIVEN.rows(connection, panel_id, limit)
    ]


def coupon_faults(panel_id: int, limit: int = 100) -> list[str]:
    """What is wrong with a panel's coupons, in words; empty where all is well."""
    found = [
        f"the coupon of payment {number} gave {money.text(int(gave))} and took back {money.text(int(took))}, and says"
        f" {money.text(given)} and {money.text(withdrawn)}"
        for number, given, withdrawn, gave, took in _GIVEN.rows(connection, panel_id, limit)
    ]
    found += [
        f"coupon {code} gave {used} times, and may {most}"
        for code, most, used in _USED.rows(connection, panel_id, limit)
    ]
    return found
