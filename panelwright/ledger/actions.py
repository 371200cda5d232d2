"""Writes to the books outside orders: accounts, deposits, adjustments."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from panelwright.core import money, sql
from panelwright.core.refusal import Refused
from panelwright.ledger.models import Account, AccountKind, TransferCode

INSERT_TRANSFERS = sql.Insert(
    "ledger_transfer",
    {
        "panel_id": "bigint",
        "debit_account_id": "bigint",
        "credit_account_id": "bigint",
        "amount_micros": "bigint",
        "code": "text",
        "reference": "text",
        "order_id": "bigint",
        "created_at": "timestamptz",
    },
)
# One statement locks, checks and changes; the CHECK of the table refuses a balance below zero.
ADD_TO_BALANCES = sql.Update("ledger_account", {"balance_micros +": "bigint"}, {"id": "bigint"})
_EXISTS = sql.Query(
    "SELECT amount_micros, credit_account_id FROM ledger_transfer WHERE panel_id = ? AND code = ? AND reference = ?"
)
_DEBITED = sql.Query(
    "SELECT amount_micros, debit_account_id FROM ledger_transfer WHERE panel_id = ? AND code = ? AND reference = ?"
)
_LOCK = sql.Query("SELECT balance_micros FROM ledger_account WHERE panel_id = ? AND id = ? :for_update")


def account(panel_id: int, kind: AccountKind, name: str = "") -> int:
    """The id of the panel's account of that kind and name, made when it is first needed."""
    found, _ = Account.objects.get_or_create(panel_id=panel_id, kind=kind.value, name=name)
    return int(found.id)


def credit_customer(
    *,
    panel_id: int,
    account_id: int,
    amount_micros: int,
    code: TransferCode,
    reference: str,
    name: str = "",
    now: datetime,
) -> bool:
    """Add money to a customer's balance, from the panel's clearing, bonus or adjustment account.

    `name` says which clearing account. A repeat of the same code and reference does nothing and
    answers False; with another amount or customer it raises ValueError, and so does an amount <= 0.
    """
    if amount_micros <= 0:
        raise Refused("amount_not_positive", "amount")
    source = {
        TransferCode.DEPOSIT: AccountKind.CLEARING,
        TransferCode.BONUS: AccountKind.BONUS,
        TransferCode.ADJUSTMENT: AccountKind.ADJUSTMENT,
    }[code]
    with transaction.atomic():
        source_id = account(panel_id, source, name)
        # The lock makes a concurrent repeat wait, so that it then finds the first one's transfer.
        if not _LOCK.rows(connection, panel_id, account_id):
            raise ValueError(f"panel {panel_id} has no account {account_id}")
        before = _EXISTS.rows(connection, panel_id, code.value, reference)
        if before:
            if before[0] != (amount_micros, account_id):
                raise Refused("reference_taken", "reference")
            return False
        at = sql.moment(connection, now)
        row = (panel_id, source_id, account_id, amount_micros, code.value, reference, None, at)
        INSERT_TRANSFERS.run(connection, [row])
        ADD_TO_BALANCES.run(connection, [(amount_micros, account_id)])
        return True


def debit_customer(*, panel_id: int, account_id: int, amount_micros: int, reference: str, now: datetime) -> bool:
    """Take money off a customer's balance, to the panel's adjustment account.

    A repeat of the same reference does nothing and answers False. Refused: amount_not_positive, reference_taken (for
    another amount or customer), balance_below.
    """
    if amount_micros <= 0:
        raise Refused("amount_not_positive", "amount")
    with transaction.atomic():
        target_id = account(panel_id, AccountKind.ADJUSTMENT)
        held = _LOCK.rows(connection, panel_id, account_id)
        if not held:
            raise ValueError(f"panel {panel_id} has no account {account_id}")
        before = _DEBITED.rows(connection, panel_id, TransferCode.ADJUSTMENT.value, reference)
        if before:
            if before[0] != (amount_micros, account_id):
                raise Refused("reference_taken", "reference")
            return False
        if held[0][0] < amount_micros:
            raise Refused("balance_below", "amount", balance=money.text(held[0][0]))
        at = sql.moment(connection, now)
        row = (panel_id, account_id, target_id, amount_micros, TransferCode.ADJUSTMENT.value, reference, None, at)
        INSERT_TRANSFERS.run(connection, [row])
        ADD_TO_BALANCES.run(connection, [(-amount_micros, account_id)])
        return True


def open_books(panel_id: int) -> None:
    """The accounts that every panel needs before its first order."""
    account(panel_id, AccountKind.SALES)


def open_customer_account(panel_id: int) -> Account:
    """A new account with a balance of zero."""
    return Account.objects.create(panel_id=panel_id, kind=AccountKind.CUSTOMER.value, balance_micros=0)
