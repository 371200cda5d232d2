"""The proof that the books balance. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import connection

from panelwright.core import money, sql
from panelwright.ledger.audit import balance_faults, transfer_faults
from panelwright.panels.models import Noun
from panelwright.panels.number_audit import NumberAudit

FAULTS_MAX = 100


@dataclass(slots=True)
class Audit:
    """Counts of what was looked at, and what is wrong in words; no faults: the books balance."""

    accounts: int = 0
    transfers: int = 0
    orders: int = 0
    faults: list[str] = field(default_factory=list)


_COUNTS = sql.Query(
    "SELECT (SELECT COUNT(*) FROM ledger_account WHERE panel_id = ?),"
    " (SELECT COUNT(*) FROM ledger_transfer WHERE panel_id = ?),"
    " (SELECT COUNT(*) FROM orders_order WHERE panel_id = ?)"
)
# Each order's charge is what was taken for it less what was given back, and what was taken is what was booked.
_CHARGES = sql.Query(
    "SELECT o.number, o.charge_micros, o.booked_micros, COALESCE(m.taken, 0), COALESCE(m.back, 0) FROM orders_order o"
    " LEFT JOIN (SELECT order_id, SUM(CASE WHEN code = 'order' THEN amount_micros ELSE 0 END) AS taken,"
    "  SUM(CASE WHEN code = 'refund' THEN amount_micros ELSE 0 END) AS back"
    "  FROM ledger_transfer WHERE panel_id = ? AND order_id IS NOT NULL GROUP BY order_id) m ON m.order_id = o.id"
    " WHERE o.panel_id = ? AND (o.booked_micros <> COALESCE(m.taken, 0)"
    " OR o.charge_micros <> COALESCE(m.taken, 0) - COALESCE(m.back, 0)) LIMIT ?"
)
# Money that moved for an order that is not there, or between the wrong accounts.
_STRAY = sql.Query(
    "SELECT t.id, t.code, t.reference FROM ledger_transfer t LEFT JOIN orders_order o"
    " ON o.id = t.order_id AND o.panel_id = t.panel_id"
    " LEFT JOIN customers_customer c ON c.id = o.customer_id"
    " JOIN ledger_account s ON s.id = CASE WHEN t.code = 'order' THEN t.credit_account_id ELSE t.debit_account_id END"
    " WHERE t.panel_id = ? AND t.code IN ('order', 'refund') AND (c.account_id IS NULL OR s.kind <> 'sales'"
    " OR c.account_id <> CASE WHEN t.code = 'order' THEN t.debit_account_id ELSE t.credit_account_id END) LIMIT ?"
)
# What goes back for a Partial, by the version of the rule that the order was settled by: that of core/money.py, written
# so that it does not overflow. More units than that are not checked.
_SHARES = {
    1: "CASE WHEN quantity BETWEEN 1 AND 3000000000"
    " THEN booked_micros / quantity * remains + booked_micros % quantity * remains / quantity"
    " ELSE booked_micros - charge_micros END",
}


def _ends(shares: Mapping[int, str]) -> sql.Query:
    """What the words promise: PROTOCOL.md section 4, "after the end"."""
    share = " ".join(f"WHEN {version} THEN {text}" for version, text in shares.items())
    known = ", ".join(map(str, shares))
    return sql.Query(
        "SELECT number, status, charge_micros, booked_micros, remains, quantity, refund_rule FROM orders_order"
        " WHERE panel_id = ? AND ended_at IS NOT NULL AND kind <> 'subscription' AND ("
        " (status = 'Completed' AND (remains <> 0 OR charge_micros <> booked_micros))"
        " OR (status = 'Canceled' AND (charge_micros <> 0 OR remains <> quantity))"
        " OR (status = 'Partial' AND (remains <= 0 OR remains >= quantity"
        f"  OR booked_micros - charge_micros <> CASE refund_rule {share} ELSE -1 END))"
        f" OR refund_rule NOT IN ({known}) OR status IN ('Pending', 'Processing', 'In progress')) LIMIT ?"
    )


# What was canceled costs nothing unless its provider says so; a drip-feed costs what its runs do, where all is known.
_COSTS = sql.Query(
    "SELECT o.number, o.status, o.cost_micros, r.cost FROM orders_order o LEFT JOIN (SELECT parent_id,"
    " CASE WHEN COUNT(*) = COUNT(cost_micros) THEN SUM(cost_micros) END AS cost FROM orders_order"
    " WHERE panel_id = ? AND kind = 'run' GROUP BY parent_id) r ON r.parent_id = o.id"
    " WHERE o.panel_id = ? AND o.ended_at IS NOT NULL AND ("
    " (o.kind <> 'drip-feed' AND o.status = 'Canceled' AND NOT o.cost_told AND o.cost_micros > 0)"
    " OR (o.kind = 'drip-feed' AND o.cost_micros <> COALESCE(r.cost, 0))) LIMIT ?"
)
# What the books say that an order cost is what it cost (costs.py), in as many transfers as it counts.
_EARNED = (
    "CASE WHEN o.kind = 'drip-feed' THEN 0 ELSE o.past_cost_micros + CASE WHEN o.upstream_id IS NOT NULL"
    " OR o.ended_at IS NOT NULL THEN COALESCE(o.cost_micros, 0) ELSE 0 END END"
)
_COST_TRANSFERS = sql.Query(
    f"SELECT o.number, {_EARNED}, COALESCE(m.posted, 0), o.cost_postings, COALESCE(m.number, 0) FROM orders_order o"
    " LEFT JOIN (SELECT t.order_id, SUM(CASE WHEN a.kind = 'provider' THEN t.amount_micros ELSE -t.amount_micros END)"
    "  AS posted, COUNT(*) AS number FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_account_id"
    "  WHERE t.panel_id = ? AND t.code = 'cost' GROUP BY t.order_id) m ON m.order_id = o.id"
    f" WHERE o.panel_id = ? AND ({_EARNED} <> COALESCE(m.posted, 0) OR o.cost_postings <> COALESCE(m.number, 0))"
    " LIMIT ?"
)
_STRAY_COSTS = sql.Query(
    "SELECT t.id, t.reference FROM ledger_transfer t LEFT JOIN orders_order o"
    " ON o.id = t.order_id AND o.panel_id = t.panel_id"
    " WHERE t.panel_id = ? AND t.code = 'cost' AND o.id IS NULL LIMIT ?"
)
# Which provider has got how much for which order.
_GOT = (
    "(SELECT m.order_id, a.name, SUM(m.micros) AS micros FROM ("
    "SELECT order_id, credit_account_id AS account, amount_micros AS micros FROM ledger_transfer"
    " WHERE panel_id = ? AND code = 'cost' UNION ALL"
    " SELECT order_id, debit_account_id, -amount_micros FROM ledger_transfer WHERE panel_id = ? AND code = 'cost') m"
    " JOIN ledger_account a ON a.id = m.account AND a.kind = 'provider' GROUP BY m.order_id, a.name)"
)
_NOW_EARNED = (
    "CASE WHEN o.kind <> 'drip-feed' AND (o.upstream_id IS NOT NULL OR o.ended_at IS NOT NULL)"
    " THEN COALESCE(o.cost_micros, 0) ELSE 0 END"
)
# The provider that has the order has got what it costs there, and where no other one had it before, nobody else has got
# anything. Nobody ever gets less than nothing.
_PROVIDERS = sql.Query(
    f"SELECT o.number, o.provider_id, {_NOW_EARNED}, COALESCE(h.micros, 0)"
    f" FROM orders_order o LEFT JOIN {_GOT} h"
    " ON h.order_id = o.id AND h.name = COALESCE(CAST(o.provider_id AS TEXT), '')"
    f" LEFT JOIN (SELECT order_id, MIN(micros) AS least FROM {_GOT} g GROUP BY order_id) e"
    " ON e.order_id = o.id"
    f" WHERE o.panel_id = ? AND (COALESCE(h.micros, 0) < {_NOW_EARNED}"
    f" OR (o.past_cost_micros = 0 AND COALESCE(h.micros, 0) <> {_NOW_EARNED}) OR e.least < 0) LIMIT ?"
)
_NUMBERS = tuple(
    NumberAudit(noun, table)
    for noun, table in (
        (Noun.ORDER, "orders_order"),
        (Noun.REFILL, "orders_refill"),
        (Noun.CUSTOMER, "customers_customer"),
    )
)


def audit(panel_id: int) -> Audit:
    """Look at all accounts, transfers and orders of a panel. At most 100 faults of each kind are listed."""
    result = Audit()
    # Each check is one statement and so sees one state of the books; nothing is locked meanwhile.
    result.accounts, result.transfers, result.orders = _COUNTS.rows(connection, panel_id, panel_id, panel_id)[0]
    result.faults += balance_faults(panel_id, FAULTS_MAX)
    for id_, charge, booked, taken, back in _CHARGES.rows(connection, panel_id, panel_id, FAULTS_MAX):
        result.faults.append(
            f"order {id_}: charge {money.text(charge)} of {money.text(booked)},"
            f" its transfers took {money.text(int(taken))} and gave back {money.text(int(back))}"
        )
    for id_, code, reference in _STRAY.rows(connection, panel_id, FAULTS_MAX):
        result.faults.append(f"transfer {id_} ({code} {reference}): not between its order's customer and sales")
    result.faults += transfer_faults(panel_id, FAULTS_MAX)
    for id_, status, charge, booked, remains, quantity, rule in _ends(_SHARES).rows(connection, panel_id, FAULTS_MAX):
        by = "" if rule == money.REFUND_RULE else f", by version {rule} of the rule"
        result.faults.append(
            f"order {id_}: {status} with charge {money.text(charge)} of {money.text(booked)},"
            f" {remains} of {quantity} remaining{by}"
        )
    for id_, status, cost, runs in _COSTS.rows(connection, panel_id, panel_id, FAULTS_MAX):
        of_runs = "" if runs is None else f", its runs together {money.text(int(runs))}"
        result.faults.append(f"order {id_}: {status} at a cost of {money.text(cost)}{of_runs}")
    costs = _COST_TRANSFERS.rows(connection, panel_id, panel_id, FAULTS_MAX)
    for id_, earned, posted, counted, number in costs:
        in_books = f"{money.text(int(posted))} in the books"
        transfers = f", by {number} transfers and not {counted}" if number != counted else ""
        result.faults.append(f"order {id_}: cost {money.text(earned)}, {in_books}{transfers}")
    for id_, reference in _STRAY_COSTS.rows(connection, panel_id, FAULTS_MAX):
        result.faults.append(f"transfer {id_} (cost {reference}): of no order")
    told = {row[0] for row in costs}
    for id_, provider, earned, got in _PROVIDERS.rows(connection, *[panel_id] * 5, FAULTS_MAX):
        if id_ in told:
            continue
        result.faults.append(
            f"order {id_}: provider {provider or 'none'} has got {money.text(int(got))} for it in the books,"
            f" it costs {money.text(earned)} there"
        )
    for each in _NUMBERS:
        result.faults += each.faults(panel_id, FAULTS_MAX)
    return result
