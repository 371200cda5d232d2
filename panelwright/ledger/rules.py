"""What posting transfers does to accounts. Pure: they are refused as a whole, or posted as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.ledger import codes
from panelwright.ledger.codes import Shortfall
from panelwright.ledger.models import AccountKind, TransferCode

AMOUNT_NOT_POSITIVE = Refusal("amount_not_positive", "amount")
REFERENCE_TAKEN = Refusal("reference_taken", "reference")
_CUSTOMER = AccountKind.CUSTOMER


class NamedAccount(NamedTuple):
    """An account of a panel by its kind and name, which is made when it is first needed."""

    kind: AccountKind
    name: str = ""


class NewTransfer(NamedTuple):
    """Money that is to move, `amount_micros` from the debit to the credit account: each by its id, or by its name."""

    panel_id: int
    debit: int | NamedAccount
    credit: int | NamedAccount
    amount_micros: int
    code: TransferCode
    reference: str
    order_id: int | None = None


class AccountState(NamedTuple):
    """An account as it stands; where it stores a balance, locked. `owed_micros`: the debt of its customer."""

    id: int
    panel_id: int
    kind: AccountKind
    balance_micros: int = 0
    floor_micros: int = 0
    owed_micros: int = 0


class TransferKey(NamedTuple):
    """What a transfer is once."""

    panel_id: int
    code: str
    reference: str


class StandingTransfer(NamedTuple):
    """A transfer that was posted before."""

    amount_micros: int
    debit_id: int
    credit_id: int


@dataclass(slots=True)
class Plan:
    """What is to be written. `posted` stands in the order of what was asked for: False, it stood already.

    `rows` are the transfers in the order in which they are written, with those that record and pay debts.
    """

    posted: list[bool] = field(default_factory=list)
    rows: list[NewTransfer] = field(default_factory=list)
    balances: dict[int, int] = field(default_factory=dict)  # account id -> micros that come to it
    owed: dict[int, int] = field(default_factory=dict)  # customer account id -> micros that she owes more


def plan(
    transfers: Sequence[NewTransfer],
    accounts: Mapping[int, AccountState],
    standing: Mapping[TransferKey, StandingTransfer],
) -> Plan | Refusal:
    """What posting the transfers one after the other does; a refusal when one of them cannot be posted.

    All accounts are given by their ids. LookupError: money never moves so (codes.py), or an account is not there.
    """
    now = dict(accounts)
    known = dict(standing)
    made = Plan()
    for transfer in transfers:
        if transfer.amount_micros <= 0:
            return AMOUNT_NOT_POSITIVE
        assert isinstance(transfer.debit, int) and isinstance(transfer.credit, int)
        key = TransferKey(transfer.panel_id, transfer.code.value, transfer.reference)
        same = StandingTransfer(transfer.amount_micros, transfer.debit, transfer.credit)
        if known.setdefault(key, same) != same:
            return REFERENCE_TAKEN
        refused = None
        if key in standing or key in (_key(row) for row in made.rows):
            made.posted.append(False)
        else:
            refused = _post(transfer, now, made)
            made.posted.append(True)
        if refused is not None:
            return refused
    return made


def _key(transfer: NewTransfer) -> TransferKey:
    return TransferKey(transfer.panel_id, transfer.code.value, transfer.reference)


def _post(transfer: NewTransfer, now: dict[int, AccountState], made: Plan) -> Refusal | None:
    debit, credit = (_account(side, transfer, now) for side in (transfer.debit, transfer.credit))
    short = codes.movement(transfer.code, debit.kind, credit.kind).short
    if debit.kind in (_CUSTOMER, AccountKind.EARNINGS) and short is not Shortfall.BELOW:
        room = debit.balance_micros - debit.floor_micros
        if short is Shortfall.DEBT:
            _record_debt(transfer, debit, now, made)
        elif transfer.amount_micros > room:
            return _short_of(debit, room)
    made.rows.append(transfer)
    _move(debit.id, -transfer.amount_micros, now, made)
    _move(credit.id, transfer.amount_micros, now, made)
    if credit.kind is _CUSTOMER:
        repayment = repaid(transfer, credit.id, credit.owed_micros)
        if repayment is not None:
            made.rows.append(repayment)
            _move(credit.id, -repayment.amount_micros, now, made)
            _owe(credit.id, -repayment.amount_micros, now, made)
    return None


def _account(side: int | NamedAccount, transfer: NewTransfer, now: Mapping[int, AccountState]) -> AccountState:
    found = now.get(side) if isinstance(side, int) else None
    if found is None or found.panel_id != transfer.panel_id:
        raise LookupError(f"panel {transfer.panel_id} has no account {side}")
    return found


def _short_of(account: AccountState, room: int) -> Refusal:
    if account.floor_micros:
        return Refusal("available_below", "amount", facts=(("available", money.text(room)),))
    return Refusal("balance_below", "amount", facts=(("balance", money.text(room)),))


def _record_debt(transfer: NewTransfer, debit: AccountState, now: dict[int, AccountState], made: Plan) -> None:
    """What the balance does not hold of the transfer is lent to it: credit is granted for orders, and not for this."""
    missing = transfer.amount_micros - min(max(debit.balance_micros, 0), transfer.amount_micros)
    if missing:
        reference = f"{transfer.code.value}:{transfer.reference}"
        lender = debt_of(debit.id)
        made.rows.append(NewTransfer(transfer.panel_id, lender, debit.id, missing, TransferCode.DEBT, reference))
        _move(debit.id, missing, now, made)
        _owe(debit.id, missing, now, made)


def debt_of(account_id: int) -> NamedAccount:
    """The account of what a customer owes."""
    return NamedAccount(AccountKind.DEBT, str(account_id))


def repaid(transfer: NewTransfer, account_id: int, owed_micros: int) -> NewTransfer | None:
    """What of money that came to a customer pays her debt: all of it, until nothing is owed."""
    if not owed_micros:
        return None
    return NewTransfer(
        transfer.panel_id,
        account_id,
        debt_of(account_id),
        min(owed_micros, transfer.amount_micros),
        TransferCode.REPAYMENT,
        f"{transfer.code.value}:{transfer.reference}",
    )


def _move(account_id: int, micros: int, now: dict[int, AccountState], made: Plan) -> None:
    account = now[account_id]
    now[account_id] = account._replace(balance_micros=account.balance_micros + micros)
    if account.kind in (_CUSTOMER, AccountKind.EARNINGS):
        made.balances[account_id] = made.balances.get(account_id, 0) + micros


def _owe(account_id: int, micros: int, now: dict[int, AccountState], made: Plan) -> None:
    account = now[account_id]
    now[account_id] = account._replace(owed_micros=account.owed_micros + micros)
    made.owed[account_id] = made.owed.get(account_id, 0) + micros
