"""The proof that partners have got what their rows say, and nothing else. Reads only."""

from __future__ import annotations

from django.db import connection

from panelwright.core import money, sql

# What moved is added up once for each payment and account: "P-1001" and "P-1001 commission 2" are of one payment.
# Half a micro is dropped. In two parts, since the product of an amount and a percentage may not fit.
_COMMISSIONS = sql.Query(
    "SELECT number, kept, moved, right_one FROM (SELECT c.payment_number AS number,"
    " CASE WHEN c.state = 'earned' THEN c.earned_micros - c.withdrawn_micros ELSE 0 END AS kept,"
    " COALESCE(m.micros, 0) AS moved,"
    " CASE WHEN c.earned_micros = c.credit_micros / 10000 * c.percent_e2"
    " + (2 * ((c.credit_micros - c.credit_micros / 10000 * 10000) * c.percent_e2) + 9999) / 20000"
    " THEN 1 ELSE 0 END AS right_one"
    " FROM promotions_commission c JOIN promotions_partner p ON p.id = c.partner_id"
    " JOIN customers_customer u ON u.id = p.customer_id"
    " LEFT JOIN ledger_account a ON a.panel_id = c.panel_id AND a.kind = 'earnings'"
    " AND a.name = CAST(u.account_id AS varchar(20)) AND NOT (a.kind = 'customer')"
    " LEFT JOIN (SELECT payment, account_id, SUM(micros) AS micros FROM ("
    "SELECT CASE WHEN reference LIKE 'P-% commission %' THEN rtrim(rtrim(reference, '0123456789'), ' comisn')"
    " ELSE reference END AS payment, credit_account_id AS account_id, amount_micros AS micros"
    " FROM ledger_transfer WHERE panel_id = ? AND code = 'commission'"
    " UNION ALL"
    " SELECT CASE WHEN reference LIKE 'P-% commission %' THEN rtrim(rtrim(reference, '0123456789'), ' comisn')"
    " ELSE reference END, debit_account_id, -amount_micros"
    " FROM ledger_transfer WHERE panel_id = ? AND code = 'commission') sides GROUP BY payment, account_id) m"
    " ON m.payment = 'P-' || c.payment_number AND m.account_id = a.id WHERE c.panel_id = ?) looked"
    " WHERE NOT (kept = moved AND right_one = 1) ORDER BY number LIMIT ?"
)
# The whole account: what stands in it is what rows say, so that no transfer stands beside them.
_ACCOUNTS = sql.Query(
    "SELECT code, stands, earned, paid FROM (SELECT p.code AS code, COALESCE(a.balance_micros, 0) AS stands,"
    " COALESCE((SELECT SUM(c.earned_micros - c.withdrawn_micros) FROM promotions_commission c"
    " WHERE c.partner_id = p.id AND c.state = 'earned'), 0) AS earned,"
    " COALESCE((SELECT SUM(o.amount_micros) FROM promotions_payout o"
    " WHERE o.partner_id = p.id AND o.state = 'paid'), 0) AS paid"
    " FROM promotions_partner p JOIN customers_customer u ON u.id = p.customer_id"
    " LEFT JOIN ledger_account a ON a.panel_id = p.panel_id AND a.kind = 'earnings'"
    " AND a.name = CAST(u.account_id AS varchar(20)) AND NOT (a.kind = 'customer') WHERE p.panel_id = ?) looked"
    " WHERE NOT (stands = earned - paid) ORDER BY code LIMIT ?"
)
_PAYOUTS = sql.Query(
    "SELECT name, paid, moved FROM (SELECT p.code || '-' || o.n AS name,"
    " CASE WHEN o.state = 'paid' THEN o.amount_micros ELSE 0 END AS paid,"
    " COALESCE((SELECT SUM(t.amount_micros) FROM ledger_transfer t WHERE t.panel_id = o.panel_id AND t.code = 'payout'"
    " AND t.reference = p.code || '-' || o.n), 0) AS moved"
    " FROM promotions_payout o JOIN promotions_partner p ON p.id = o.partner_id WHERE o.panel_id = ?) looked"
    " WHERE NOT (paid = moved) ORDER BY name LIMIT ?"
)
# It goes to whoever brought the customer, and nobody brings themselves.
_SELF = sql.Query(
    "SELECT c.payment_number FROM promotions_commission c JOIN promotions_partner p ON p.id = c.partner_id"
    " JOIN promotions_referral r ON r.id = c.referral_id WHERE c.panel_id = ?"
    " AND (r.partner_id <> c.partner_id OR r.customer_id = p.customer_id) ORDER BY c.payment_number LIMIT ?"
)


def affiliate_faults(panel_id: int, limit: int = 100) -> list[str]:
    """What is wrong with a panel's affiliates, in words; empty where all is well."""
    found = [
        f"the commission of payment {number} moved {money.text(int(moved))}, and says {money.text(int(kept))}"
        + ("" if right else ", which is not what its terms give")
        for number, kept, moved, right in _COMMISSIONS.rows(connection, panel_id, panel_id, panel_id, limit)
    ]
    found += [
        f"partner {code} has {money.text(int(stands))}, and earned {money.text(int(earned))} of which"
        f" {money.text(int(paid))} was paid"
        for code, stands, earned, paid in _ACCOUNTS.rows(connection, panel_id, limit)
    ]
    found += [
        f"payout {name} moved {money.text(int(moved))}, and says {money.text(int(paid))}"
        for name, paid, moved in _PAYOUTS.rows(connection, panel_id, limit)
    ]
    found += [
        f"the commission of payment {number} went to nobody who brought its customer"
        for (number,) in _SELF.rows(connection, panel_id, limit)
    ]
    return found
