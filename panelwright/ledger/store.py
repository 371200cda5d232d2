"""The SQL of the books. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from panelwright.core import sql
from panelwright.ledger import rules, tally
from panelwright.ledger.models import STORED, AccountKind, TransferCode
from panelwright.ledger.rules import AccountState, NamedAccount, NewTransfer, Side, StandingTransfer, TransferKey

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
# One statement locks, checks and changes; the CHECK of the table refuses a balance below the floor.
ADD_TO_BALANCES = sql.Update("ledger_account", {"balance_micros +": "bigint"}, {"id": "bigint"})
# Where a debt moves, both at once: at no moment has anybody money and a debt.
_ADD_TO_BOTH = sql.Update("ledger_account", {"balance_micros +": "bigint", "owed_micros +": "bigint"}, {"id": "bigint"})
_KINDS = sql.Query("SELECT id, panel_id, kind FROM ledger_account WHERE panel_id :in_int AND id :in_int")
# Others write transfers of a gateway's account meanwhile, which refer to it.
_LOCK = sql.Query(
    "SELECT id, panel_id, kind, COALESCE(balance_micros, 0), floor_micros, owed_micros FROM ledger_account"
    " WHERE panel_id :in_int AND id :in_int ORDER BY id :for_no_key_update"
)
_LOCK_OWING = sql.Query("SELECT id, owed_micros FROM ledger_account WHERE id :in_int ORDER BY id :for_update")
_STANDING = sql.Query(
    "SELECT panel_id, code, reference, amount_micros, debit_account_id, credit_account_id FROM ledger_transfer"
    " WHERE panel_id :in_int AND code :in_text AND reference :in_text"
)
_FIND_SOME = sql.Query(
    "SELECT panel_id, kind, name, id FROM ledger_account"
    " WHERE panel_id :in_int AND kind :in_text AND name :in_text AND NOT (kind = 'customer')"
)
# The last condition is the index's own: without it SQLite reads all accounts of the panel.
_FIND = sql.Query(
    "SELECT id FROM ledger_account WHERE panel_id = ? AND kind = ? AND name = ? AND NOT (kind = 'customer')"
)
_ADD = sql.Query(
    "INSERT INTO ledger_account (panel_id, kind, name, balance_micros, floor_micros, owed_micros)"
    " VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING RETURNING id"
)


def account_id(panel_id: int, kind: AccountKind, name: str = "") -> int:
    """The id of the panel's account of that kind and name, made when it is first needed."""
    if kind is AccountKind.CUSTOMER:
        raise ValueError("a customer's account has no name: it is opened with the customer")
    found = _FIND.rows(connection, panel_id, kind.value, name)
    found = found or _ADD.rows(connection, panel_id, kind.value, name, 0 if kind in STORED else None)
    # Who made it at the same time has committed by now.
    found = found or _FIND.rows(connection, panel_id, kind.value, name)
    return int(found[0][0])


def with_ids(transfers: Sequence[NewTransfer]) -> list[NewTransfer]:
    """The transfers with the ids of those of their named accounts that are there.

    Where neither account of a transfer stands under its id, both are made: one of them is to be locked.
    """
    ids = _found({(t.panel_id, side) for t in transfers for side in (t.debit, t.credit) if not isinstance(side, int)})
    for t in transfers:
        named = [(t.panel_id, side) for side in (t.debit, t.credit) if not isinstance(side, int)]
        if len(named) == 2 and not ids.keys() & set(named):
            ids |= _ids(named)
    found = []
    for t in transfers:
        debit, credit = (
            side if isinstance(side, int) else ids.get((t.panel_id, side), side) for side in (t.debit, t.credit)
        )
        found.append(t._replace(debit=debit, credit=credit))
    return found


def locked(transfers: Sequence[NewTransfer]) -> dict[Side, AccountState]:
    """The accounts of transfers, by their ids; locked in id order until the commit is what stores a balance.

    Of a transfer without such an account the debit account is locked: it keeps those away who post the same.
    """
    sides = {t: tuple(side for side in (t.debit, t.credit) if isinstance(side, int)) for t in transfers}
    panels, ids = sorted({t.panel_id for t in transfers}), sorted({id_ for both in sides.values() for id_ in both})
    rows = _KINDS.rows(connection, panels, ids)
    found: dict[Side, AccountState] = {row[0]: AccountState(row[0], row[1], AccountKind(row[2])) for row in rows}
    stored = {id_ for id_, account in found.items() if account.kind in STORED}
    wanted = {id_ for both in sides.values() for id_ in ([id_ for id_ in both if id_ in stored] or both[:1])}
    for row in _LOCK.rows(connection, panels, sorted(wanted)):
        found[row[0]] = AccountState(row[0], row[1], AccountKind(row[2]), *row[3:])
    return found


def standing(keys: Collection[TransferKey]) -> dict[TransferKey, StandingTransfer]:
    """Those of the transfers that were posted before."""
    panels, codes, references = (sorted({key[i] for key in keys}) for i in range(3))
    rows = _STANDING.rows(connection, panels, codes, references)
    return {TransferKey(*row[:3]): StandingTransfer(*row[3:]) for row in rows if TransferKey(*row[:3]) in keys}


def write(transfers: Sequence[NewTransfer], now: datetime) -> dict[tuple[int, NamedAccount], int]:
    """Write transfers, and nothing but them. An account that is named is made when it is first needed; their ids."""
    at = sql.moment(connection, now)
    ids = _ids({(t.panel_id, side) for t in transfers for side in (t.debit, t.credit) if not isinstance(side, int)})
    rows = []
    for t in transfers:
        debit, credit = (side if isinstance(side, int) else ids[t.panel_id, side] for side in (t.debit, t.credit))
        rows.append((t.panel_id, debit, credit, t.amount_micros, t.code.value, t.reference, t.order_id, at))
    INSERT_TRANSFERS.run(connection, rows)
    tally.note(transfers)
    return ids


def _ids(named: Collection[tuple[int, NamedAccount]]) -> dict[tuple[int, NamedAccount], int]:
    """The accounts of panels by their names: one query, where all are there."""
    found = _found(named)
    for panel_id, side in sorted(set(named) - found.keys()):
        found[panel_id, side] = account_id(panel_id, side.kind, side.name)
    return found


def _found(named: Collection[tuple[int, NamedAccount]]) -> dict[tuple[int, NamedAccount], int]:
    """Those of them that are there."""
    if not named:
        return {}
    panels = sorted({panel_id for panel_id, _ in named})
    kinds, names = sorted({side.kind.value for _, side in named}), sorted({side.name for _, side in named})
    rows = _FIND_SOME.rows(connection, panels, kinds, names)
    found = {(row[0], NamedAccount(AccountKind(row[1]), row[2])): int(row[3]) for row in rows}
    return {key: id_ for key, id_ in found.items() if key in named}


def add(balances: dict[int, int], owed: dict[int, int]) -> None:
    """Change balances and what is owed, by account id. The accounts are locked."""
    alone = [(micros, id_) for id_, micros in sorted(balances.items()) if micros and id_ not in owed]
    ADD_TO_BALANCES.run(connection, alone)
    _ADD_TO_BOTH.run(connection, [(balances.get(id_, 0), micros, id_) for id_, micros in sorted(owed.items())])


def credit(transfers: Sequence[NewTransfer], now: datetime) -> None:
    """Write transfers that bring money to customers, each for the first time: their debts are paid first.

    One transfer each, the balances raised by their sums, the accounts locked in id order.
    """
    if not transfers:
        return
    owed: dict[int, int] = dict(_LOCK_OWING.rows(connection, sorted({_to(t) for t in transfers})))
    came: dict[int, int] = {}
    paid: dict[int, int] = {}
    rows = []
    for transfer in transfers:
        account, micros = _to(transfer), transfer.amount_micros
        rows.append(transfer)
        repayment = rules.repaid(transfer, account, owed[account])
        if repayment is not None:
            rows.append(repayment)
            owed[account] -= repayment.amount_micros
            paid[account] = paid.get(account, 0) - repayment.amount_micros
            micros -= repayment.amount_micros
        came[account] = came.get(account, 0) + micros
    write(rows, now)
    add(came, paid)


def _to(transfer: NewTransfer) -> int:
    assert isinstance(transfer.credit, int) and transfer.code is not TransferCode.DEBT
    return transfer.credit
