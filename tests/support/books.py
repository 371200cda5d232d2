"""The books of the test's database, read as they stand: balances, orders, transfers, and the audit."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import connection


def rows(query: str, *values: str | int) -> list[tuple[Any, ...]]:
    """The rows of a query; `%s` stands for a value."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def number(query: str, *values: str | int) -> int:
    """The one number that a query answers."""
    return int(rows(query, *values)[0][0])


def balance_micros(account_id: int) -> int:
    return number("SELECT balance_micros FROM ledger_account WHERE id = %s", account_id)


def orders() -> int:
    """How many orders there are."""
    return number("SELECT COUNT(*) FROM orders_order")


def transfers() -> Counter[str]:
    """How many transfers there are of each code; deposits are left out."""
    counted = rows("SELECT code, COUNT(*) FROM ledger_transfer WHERE code <> 'deposit' GROUP BY code")
    return Counter(dict(counted))


def faults(panel_id: int) -> list[str]:
    """What the audit of a panel finds; nothing when the books balance."""
    from panelwright.orders.audit import audit

    return audit(panel_id).faults
