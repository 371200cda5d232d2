"""Writes to the books outside the hot set: one way to post transfers, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from panelwright.core import money, sql
from panelwright.core.refusal import Refusal, Refused
from panelwright.ledger import rules, store
from panelwright.ledger.models import Account, AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer, TransferKey

# No balance that stands below the new floor: what is in use cannot be taken back.
_SET_FLOOR = sql.Query(
    "UPDATE ledger_account SET floor_micros = ? WHERE panel_id = ? AND id = ? AND kind = 'customer'"
    " AND balance_micros >= ? RETURNING id"
)
_ADD_FRESH = sql.Query(
    "UPDATE ledger_account SET fresh_micros = fresh_micros + ? WHERE panel_id = ? AND id = ? AND kind = 'customer'"
    " RETURNING id"
)
_BALANCE = sql.Query("SELECT balance_micros FROM ledger_account WHERE panel_id = ? AND id = ? AND kind = 'customer'")


def account(panel_id: int, kind: AccountKind, name: str = "") -> int:
    """The id of the panel's account of that kind and name, made when it is first needed."""
    return store.account_id(panel_id, kind, name)


def post(transfers: Sequence[NewTransfer], *, now: datetime) -> list[bool] | Refusal:
    """Post transfers together or not at all, each once: for each whether it was posted now; False, it stood already.

    What a chargeback cannot take back becomes a debt, and money that comes to a customer pays her debt first; the
    transfers for that are made here. Refused: amount_not_positive; reference_taken (the code and reference stand for
    another amount or other accounts); reference_too_long (REFERENCE_MAX characters); balance_below and
    available_below (a balance would go below its floor, or a payment be refunded from credit granted for orders).
    Raises for what a fault of ours alone can ask: ValueError for an account that is not there, LookupError where money
    never moves so.
    Locks the accounts that store a balance, in id order; what else is to be locked is locked before.
    """
    with transaction.atomic():
        known = store.with_ids(transfers)
        accounts = store.locked(known)
        # After the locks: who posts the same at the same time has been waited for, and has made what is named by now.
        if (again := store.with_ids(known)) != known:
            known, accounts = again, store.locked(again)
        standing = store.standing({TransferKey(t.panel_id, t.code.value, t.reference) for t in known})
        plan = rules.plan(known, accounts, standing)
        if isinstance(plan, Refusal):
            return plan
        made = store.write(plan.rows, now)
        moved = {side if isinstance(side, int) else made[side]: micros for side, micros in plan.balances.items()}
        store.add(moved, plan.owed)
        return plan.posted


_SOURCES = {
    TransferCode.DEPOSIT: AccountKind.CLEARING,
    TransferCode.BONUS: AccountKind.BONUS,
    TransferCode.ADJUSTMENT: AccountKind.ADJUSTMENT,
}


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

    `name` says which clearing account. A repeat of the same code and reference does nothing and answers False.
    Raises Refused as `post` refuses.
    """
    source = NamedAccount(_SOURCES[code], name)
    return _posted(NewTransfer(panel_id, source, account_id, amount_micros, code, reference), now)


def debit_customer(*, panel_id: int, account_id: int, amount_micros: int, reference: str, now: datetime) -> bool:
    """Take money off a customer's balance, to the panel's adjustment account.

    A repeat of the same reference does nothing and answers False. Raises Refused as `post` refuses.
    """
    target = NamedAccount(AccountKind.ADJUSTMENT)
    return _posted(NewTransfer(panel_id, account_id, target, amount_micros, TransferCode.ADJUSTMENT, reference), now)


def _posted(transfer: NewTransfer, now: datetime) -> bool:
    result = post([transfer], now=now)
    if isinstance(result, Refusal):
        raise Refused.of(result)
    return result[0]


def set_credit_limit(*, panel_id: int, account_id: int, limit_micros: int) -> None:
    """How far below zero a customer's balance may go. Refused: credit_in_use, for less than is in use."""
    if not _SET_FLOOR.rows(connection, -limit_micros, panel_id, account_id, -limit_micros):
        ((balance,),) = _BALANCE.rows(connection, panel_id, account_id)
        raise Refused("credit_in_use", "credit_limit", used=money.text(-balance))


def add_fresh(*, panel_id: int, account_id: int, micros: int) -> None:
    """So much more of a customer's balance cannot be spent on orders; below zero: so much less."""
    if not _ADD_FRESH.rows(connection, micros, panel_id, account_id):
        raise ValueError(f"panel {panel_id} has no account {account_id}")


def open_books(panel_id: int) -> None:
    """The accounts that every panel needs before its first order."""
    account(panel_id, AccountKind.SALES)


def open_customer_account(panel_id: int) -> Account:
    """A new account with a balance of zero."""
    return Account.objects.create(panel_id=panel_id, kind=AccountKind.CUSTOMER.value, balance_micros=0)
