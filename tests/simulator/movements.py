"""What must hold of transfers in the order in which they came: debts and their repayment, and what orders cost."""

from __future__ import annotations

from django.db import connection

from panelwright.core import sql
from tests.simulator.books import Books
from tests.simulator.broken import Complaints
from tests.simulator.watch import TransferRow
from tests.simulator.world import World

_KINDS = sql.Query("SELECT kind, name FROM ledger_account WHERE id = ?")


class Movements:
    """Books new transfers, and complains of those that cannot be."""

    def __init__(self, world: World, books: Books, complaints: Complaints) -> None:
        self._world = world
        self._books = books
        self._complaints = complaints
        # Kind and name of an account.
        self._kinds: dict[int, tuple[str, str]] = {}

    def judge(self, transfers: list[TransferRow]) -> None:
        """Book the transfers one by one: what a chargeback cannot take is a debt, and money in pays it first."""
        say, books = self._complaints, self._books
        customers = {owner.account_id for owner in self._world.owners.values()}
        lent: TransferRow | None = None
        due: tuple[int, int, str] | None = None  # account, micros, reference of what has to be paid next
        for transfer in transfers:
            paid = (transfer.debit, transfer.micros, transfer.reference) if transfer.code == "repayment" else None
            if paid != due:
                say.add(f"to be repaid was {due}, next came {transfer}")
            due = None
            if transfer.code == "debt":
                books.owed[transfer.credit] += transfer.micros
                lent = transfer
            elif transfer.code == "chargeback":
                borrowed = lent.micros if lent is not None else 0
                there = max(books.balances.get(transfer.debit, 0) - borrowed, 0)
                missing = transfer.micros - min(there, transfer.micros)
                whose = (transfer.debit, f"chargeback:{transfer.reference}")
                if borrowed != missing or (lent is not None and (lent.credit, lent.reference) != whose):
                    say.add(f"{transfer} lacked {missing}, lent was {lent}")
                lent = None
            elif paid is not None:
                books.owed[transfer.debit] -= transfer.micros
            elif transfer.credit in customers and books.owed[transfer.credit]:
                micros = min(books.owed[transfer.credit], transfer.micros)
                due = (transfer.credit, micros, f"{transfer.code}:{transfer.reference}")
            books.book(transfer)
            if transfer.code == "cost":
                self._cost(transfer)
        if lent is not None or due is not None:
            say.add(f"a debt was not seen to: lent {lent}, due {due}")

    def _cost(self, transfer: TransferRow) -> None:
        """Book what an order cost: between the panel's costs and one provider."""
        debit, credit = self._kind(transfer.debit), self._kind(transfer.credit)
        order_id = transfer.order_id or 0
        if (debit, credit[0]) == (("cost", ""), "provider"):
            provider, micros = credit[1], transfer.micros
        elif (debit[0], credit) == ("provider", ("cost", "")):
            provider, micros = debit[1], -transfer.micros
        else:
            self._complaints.add(f"{transfer} is no cost: from {debit} to {credit}")
            return
        self._books.costs[order_id] += micros
        self._books.costs_at[order_id, provider] += micros
        if self._books.costs_at[order_id, provider] < 0:
            self._complaints.add(f"{transfer} takes more from provider {provider} than it got")

    def _kind(self, account: int) -> tuple[str, str]:
        if account not in self._kinds:
            self._kinds[account] = _KINDS.rows(connection, account)[0]
        return self._kinds[account]
