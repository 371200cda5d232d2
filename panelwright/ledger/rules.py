"""What posting transfers does to accounts. Pure: they are refused as a whole, or posted as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.ledger import codes
from panelwright.ledger.codes import Shortfall
from panelwright.ledger.models import REFERENCE_CHARS, STORED, AccountKind, TransferCode

AMOUNT_NOT_POSITIVE = Refusal("amount_not_positive", "amount")
REFERENCE_TAKEN = Refusal("reference_taken", "reference")
# How long a reference may be: with its code before it, it names what is lent or paid beside the transfer.
REFERENCE_MAX = REFERENCE_CHARS - 1 - max(len(m.code.value) for m in codes.MOVEMENTS if m.may_stand_with_debt)
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


# An account that is there, by its id; one that is not there yet, by its panel and name.
Side = int | tuple[int, NamedAccount]


class AccountState(NamedTuple):
    """An account as it stands; where it stores a balance, locked. `owed_micros`: the debt of its customer."""

    side: Side
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
    debit: Side
    credit: Side


@dataclass(slots=True)
class Plan:
    """What is to be written. `posted` stands in the order of what was asked for: False, it stood already.

    `rows` are the transfers in the order in which they are written, with those that record and pay debts.
    """

    posted: list[bool] = field(default_factory=list)
    rows: list[NewTransfer] = field(default_factory=list)
    balances: dict[Side, int] = field(default_factory=dict)  # micros that come to the accounts that store a balance
    owed: dict[int, int] = field(default_factory=dict)  # customer account id -> micros that she owes more


def plan(
    transfers: Sequence[NewTransfer],
    accounts: Mapping[Side, AccountState],
    standing: Mapping[TransferKey, StandingTransfer],
) -> Plan | Refusal:
    """What posting the transfers one after the other does; a refusal when one of them cannot be posted.

    Accounts that are there are given by their ids. Raises ValueError for an id that is not there, LookupError where
    money never moves so (codes.py).
    """
    now = dict(accounts)
    known = dict(standing)
    made = Plan()
    for transfer in transfers:
        if transfer.amount_micros <= 0:
            return AMOUNT_NOT_POSITIVE
        if len(transfer.reference) > REFERENCE_MAX:
            return Refusal("reference_too_long", "reference", REFERENCE_MAX)
        debit, credit = sides(transfer)
        key = TransferKey(transfer.panel_id, transfer.code.value, transfer.reference)
        same = StandingTransfer(transfer.amount_micros, debit, credit)
        before = known.setdefault(key, same)
        if before is not same:
            if before != same:
                return REFERENCE_TAKEN
            made.posted.append(False)
            continue
        refused = _post(transfer, now, made)
        if refused is not None:
            return refused
        made.posted.append(True)
    return made


def sides(transfer: NewTransfer) -> tuple[Side, Side]:
    """Its debit and its credit account."""
    debit, credit = (
        side if isinstance(side, int) else (transfer.panel_id, side) for side in (transfer.debit, transfer.credit)
    )
    return debit, credit


def _post(transfer: NewTransfer, now: dict[Side, AccountState], made: Plan) -> Refusal | None:
    debit, credit = (_account(side, transfer, now) for side in sides(transfer))
    short = codes.movement(transfer.code, debit.kind, credit.kind).short
    if debit.kind in STORED and short is not Shortfall.BELOW:
        room = debit.balance_micros - (0 if short is Shortfall.OWN else debit.floor_micros)
        if short is Shortfall.DEBT:
            _record_debt(transfer, debit, now, made)
        elif transfer.amount_micros > room:
            return _short_of(debit, room, lent=short is not Shortfall.OWN)
    made.rows.append(transfer)
    _move(debit.side, -transfer.amount_micros, now, made)
    _move(credit.side, transfer.amount_micros, now, made)
    if credit.kind is _CUSTOMER:
        customer = _id(credit)
        repayment = repaid(transfer, customer, credit.owed_micros)
        if repayment is not None:
            made.rows.append(repayment)
            _move(customer, -repayment.amount_micros, now, made)
            _owe(customer, -repayment.amount_micros, now, made)
    return None


def _account(side: Side, transfer: NewTransfer, now: dict[Side, AccountState]) -> AccountState:
    if not isinstance(side, int):
        # Not there yet: nothing is in it.
        return now.setdefault(side, AccountState(side, transfer.panel_id, side[1].kind))
    found = now.get(side)
    if found is None or found.panel_id != transfer.panel_id:
        raise ValueError(f"panel {transfer.panel_id} has no account {side}")
    return found


def _id(account: AccountState) -> int:
    """Of a customer's account, which is never made by its name."""
    if not isinstance(account.side, int):
        raise LookupError("a customer's account has no name")
    return account.side


def _short_of(account: AccountState, room: int, *, lent: bool) -> Refusal:
    if account.floor_micros and lent:
        return Refusal("available_below", "amount", facts=(("available", money.text(room)),))
    return Refusal("balance_below", "amount", facts=(("balance", money.text(room)),))


def _record_debt(transfer: NewTransfer, debit: AccountState, now: dict[Side, AccountState], made: Plan) -> None:
    """What the balance does not hold of the transfer is lent to it: credit is granted for orders, and not for this."""
    missing = transfer.amount_micros - min(max(debit.balance_micros, 0), transfer.amount_micros)
    if missing:
        customer = _id(debit)
        lender = debt_of(customer)
        made.rows.append(
            NewTransfer(transfer.panel_id, lender, customer, missing, TransferCode.DEBT, _beside(transfer))
        )
        _move(customer, missing, now, made)
        _owe(customer, missing, now, made)


def _beside(transfer: NewTransfer) -> str:
    """The reference of what is recorded or paid with a transfer."""
    return f"{transfer.code.value}:{transfer.reference}"


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
        _beside(transfer),
    )


def _move(side: Side, micros: int, now: dict[Side, AccountState], made: Plan) -> None:
    account = now[side]
    now[side] = account._replace(balance_micros=account.balance_micros + micros)
    if account.kind in STORED:
        made.balances[side] = made.balances.get(side, 0) + micros


def _owe(account_id: int, micros: int, now: dict[Side, AccountState], made: Plan) -> None:
    account = now[account_id]
    now[account_id] = account._replace(owed_micros=account.owed_micros + micros)
    made.owed[account_id] = made.owed.get(account_id, 0) + micros
