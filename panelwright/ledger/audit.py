"""The proof that accounts and transfers hold together, whatever the transfers are for. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.db import connection

from panelwright.core import money, sql
from panelwright.ledger import store
from panelwright.ledger.codes import MOVEMENTS
from panelwright.ledger.rules import TransferKey

# What came to each account less what left it. Values: the panel, twice.
_MOVED = (
    "(SELECT account, SUM(amount) AS moved FROM ("
    "SELECT credit_account_id AS account, amount_micros AS amount FROM ledger_transfer WHERE panel_id = ?"
    " UNION ALL SELECT debit_account_id, -amount_micros FROM ledger_transfer WHERE panel_id = ?) t GROUP BY account)"
)
_BALANCES = sql.Query(
    f"SELECT a.id, a.balance_micros, COALESCE(m.moved, 0) FROM ledger_account a LEFT JOIN {_MOVED} m"
    " ON m.account = a.id WHERE a.panel_id = ? AND a.balance_micros <> COALESCE(m.moved, 0) LIMIT ?"
)
# What a customer owes is what has left her debt account and not come back.
_OWED = sql.Query(
    "SELECT a.id, a.owed_micros, -COALESCE(m.moved, 0) FROM ledger_account a LEFT JOIN ledger_account d"
    " ON d.panel_id = a.panel_id AND d.kind = 'debt' AND d.name = CAST(a.id AS TEXT)"
    f" LEFT JOIN {_MOVED} m ON m.account = d.id"
    " WHERE a.panel_id = ? AND a.kind = 'customer' AND a.owed_micros <> -COALESCE(m.moved, 0) LIMIT ?"
)
# Accounts that belong to a customer, of one who is not there.
_OF_NOBODY = sql.Query(
    "SELECT d.id, d.kind, d.name FROM ledger_account d LEFT JOIN ledger_account a"
    " ON a.panel_id = d.panel_id AND a.kind = 'customer' AND d.name = CAST(a.id AS TEXT)"
    " WHERE d.panel_id = ? AND d.kind IN ('debt', 'earnings') AND a.id IS NULL LIMIT ?"
)
# Both accounts of a transfer belong to its panel.
_FOREIGN = sql.Query(
    "SELECT t.id FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_account_id"
    " JOIN ledger_account c ON c.id = t.credit_account_id"
    " WHERE t.panel_id = ? AND (d.panel_id <> t.panel_id OR c.panel_id <> t.panel_id) LIMIT ?"
)
# Money moves as the table of codes says. What moves for orders is held against the orders themselves.
_MOVEMENTS = sql.Query(
    "SELECT t.id, t.code, t.reference, d.kind, c.kind FROM ledger_transfer t"
    " JOIN ledger_account d ON d.id = t.debit_account_id JOIN ledger_account c ON c.id = t.credit_account_id"
    " WHERE t.panel_id = ? AND t.code NOT IN ('order', 'refund')"
    " AND NOT (t.code || ' ' || d.kind || ' ' || c.kind) :in_text LIMIT ?"
)
# What was lent and paid back, with what it names: code and reference of the transfer beside which it stands.
_DEBTS = sql.Query(
    "SELECT id, code, reference, amount_micros, debit_account_id, credit_account_id FROM ledger_transfer"
    " WHERE panel_id = ? AND code IN ('debt', 'repayment') AND id > ? ORDER BY id LIMIT ?"
)
_CHUNK = 500
_ALLOWED = sorted(f"{each.code.value} {each.debit.value} {each.credit.value}" for each in MOVEMENTS)


def balance_faults(panel_id: int, limit: int) -> Iterator[str]:
    """Balances and debts that are not what their transfers add up to."""
    for id_, stored, moved in _BALANCES.rows(connection, panel_id, panel_id, panel_id, limit):
        yield f"account {id_}: balance {money.text(stored)}, its transfers add up to {money.text(int(moved))}"
    for id_, owed, moved in _OWED.rows(connection, panel_id, panel_id, panel_id, limit):
        yield f"account {id_}: owes {money.text(owed)}, its debts add up to {money.text(int(moved))}"
    for id_, kind, name in _OF_NOBODY.rows(connection, panel_id, limit):
        yield f"account {id_}: {kind} of {name}, and there is no such customer account"


def transfer_faults(panel_id: int, limit: int) -> Iterator[str]:
    """Transfers between accounts that they cannot stand between."""
    for (id_,) in _FOREIGN.rows(connection, panel_id, limit):
        yield f"transfer {id_}: an account of another panel"
    for id_, code, reference, debit, credit in _MOVEMENTS.rows(connection, panel_id, _ALLOWED, limit):
        yield f"transfer {id_} ({code} {reference}): never from {debit} to {credit}"
    yield from islice(_debt_faults(panel_id), limit)


def _debt_faults(panel_id: int) -> Iterator[str]:
    """A debt is part of what could not be taken from its customer, a repayment part of what came to her."""
    last = 0
    while rows := _DEBTS.rows(connection, panel_id, last, _CHUNK):
        last = rows[-1][0]
        named = {row[0]: TransferKey(panel_id, *(row[2].split(":", 1) if ":" in row[2] else ("", ""))) for row in rows}
        beside = store.standing(set(named.values()))
        for id_, code, reference, micros, debit, credit in rows:
            other = beside.get(named[id_])
            whose = (other and other.debit, credit) if code == "debt" else (other and other.credit, debit)
            if other is None or whose[0] != whose[1] or micros > other.amount_micros:
                yield f"transfer {id_} ({code} {reference}): not part of what it names"
