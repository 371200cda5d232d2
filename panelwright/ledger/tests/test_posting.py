"""Whatever is posted: money is conserved and moves once, no balance goes below its floor, debts are paid first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django_scopes import scope
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from panelwright.core import money, refusals, sql
from panelwright.core.refusal import Refusal, Refused
from panelwright.ledger import audit, codes, statement
from panelwright.ledger.actions import account, debit_customer, post, set_credit_limit
from panelwright.ledger.codes import MOVEMENTS, NAMED, Movement, Shortfall
from panelwright.ledger.models import OF_ORDERS, Account, AccountKind, TransferCode
from panelwright.ledger.rules import REFERENCE_MAX, NamedAccount, NewTransfer
from panelwright.panels.actions import create_panel
from tests.support.effort import effort
from tests.support.people import FOLLOWERS, NOON, Buyer, Owner, counts, everything, execute, value, values
from tests.support.threads import together

CLEARING = NamedAccount(AccountKind.CLEARING, "cards")
BONUS = NamedAccount(AccountKind.BONUS)
MICROS = 1_000_000


class Moves:
    """Posts on one panel; amounts in units of its currency."""

    def __init__(self, panel: Any) -> None:
        self.panel = panel

    def post(self, *transfers: NewTransfer) -> list[bool] | Refusal:
        with scope(panel=self.panel):
            return post(transfers, now=NOON)

    def of(self, debit: Any, credit: Any, amount: int, code: TransferCode, reference: str) -> NewTransfer:
        return NewTransfer(self.panel.id, debit, credit, amount * MICROS, code, reference)

    def deposit(self, to: int, amount: int, reference: str) -> NewTransfer:
        return self.of(CLEARING, to, amount, TransferCode.DEPOSIT, reference)

    def chargeback(self, of: int, amount: int, reference: str) -> NewTransfer:
        return self.of(of, CLEARING, amount, TransferCode.CHARGEBACK, reference)

    def stands(self, account_id: int) -> tuple[int, int]:
        """Balance and debt."""
        ((balance, owed),) = values("SELECT balance_micros, owed_micros FROM ledger_account WHERE id = %s", account_id)
        return balance // MICROS, owed // MICROS

    def faults(self) -> list[str]:
        return [*audit.balance_faults(self.panel.id, 10), *audit.transfer_faults(self.panel.id, 10)]


@pytest.fixture
def moves(alice: Owner) -> Moves:
    return Moves(alice.panel)


def statement_of(account_id: int) -> list[tuple[str, str, int]]:
    rows = values(
        "SELECT code, reference, CASE WHEN credit_account_id = %s THEN amount_micros ELSE -amount_micros END"
        " FROM ledger_transfer WHERE credit_account_id = %s OR debit_account_id = %s ORDER BY id",
        *[account_id] * 3,
    )
    return [(code, reference, micros // MICROS) for code, reference, micros in rows]


def test_what_was_posted_and_what_stood_already_is_told_one_by_one(moves: Moves, carol: Buyer) -> None:
    deposit, bonus = (
        moves.deposit(carol.account_id, 10, "p-1"),
        moves.of(BONUS, carol.account_id, 1, TransferCode.BONUS, "p-1"),
    )
    fee = moves.of(CLEARING, NamedAccount(AccountKind.FEES), 2, TransferCode.FEE, "p-1")
    assert moves.post(deposit) == [True]
    assert moves.post(deposit, bonus, fee, bonus) == [False, True, True, False]
    assert carol.balance() == "111.00"
    before = everything()
    assert moves.post(fee, bonus, deposit) == [False, False, False]
    assert everything() == before


def test_one_refusal_refuses_all(moves: Moves, carol: Buyer) -> None:
    back = moves.of(carol.account_id, CLEARING, 101, TransferCode.GATEWAY_REFUND, "r-1")
    moves.post(moves.deposit(carol.account_id, 1, "first"))
    before = everything()
    enough = Refusal("balance_below", "amount")
    assert moves.post(back._replace(amount_micros=101 * MICROS + 1)) == enough
    assert moves.post(moves.deposit(carol.account_id, 5, "p-2"), back._replace(amount_micros=200 * MICROS)) == enough
    assert moves.post(moves.deposit(carol.account_id, 5, "p-2"), back._replace(amount_micros=0)) == Refusal(
        "amount_not_positive", "amount"
    )
    assert everything() == before
    refused = moves.post(back._replace(amount_micros=102 * MICROS))
    assert isinstance(refused, Refusal) and refused.facts == (("balance", "101.00"),)
    assert moves.post(back) == [True]
    assert carol.balance() == "0.00"


def test_a_reference_stands_for_one_amount_between_two_accounts(moves: Moves, carol: Buyer, alice: Owner) -> None:
    dave = alice.customer("dave")
    deposit = moves.deposit(carol.account_id, 10, "p-1")
    assert moves.post(deposit) == [True]
    before = everything()
    for other in (
        deposit._replace(amount_micros=10 * MICROS + 1),
        deposit._replace(credit=dave.account_id),
        deposit._replace(debit=NamedAccount(AccountKind.CLEARING)),
    ):
        assert moves.post(other) == Refusal("reference_taken", "reference")
        assert moves.post(moves.deposit(carol.account_id, 3, "p-3"), other) == Refusal("reference_taken", "reference")
    assert everything() == before


def test_money_never_moves_otherwise_than_the_table_says(moves: Moves, carol: Buyer, mallory: Buyer) -> None:
    before = everything()
    for debit, credit, code in (
        (BONUS, carol.account_id, TransferCode.DEPOSIT),
        (carol.account_id, BONUS, TransferCode.VOUCHER),
        (CLEARING, mallory.account_id, TransferCode.DEPOSIT),
        (CLEARING, 10**12, TransferCode.DEPOSIT),
    ):
        with pytest.raises((LookupError, ValueError)), transaction.atomic():
            moves.post(moves.of(debit, credit, 1, code, "x"))
    assert everything() == before


def ends(panel_id: int, carol: int, kind: AccountKind) -> int | NamedAccount:
    if kind is AccountKind.CUSTOMER:
        return carol
    return NamedAccount(kind, str(carol) if kind in (AccountKind.DEBT, AccountKind.EARNINGS) else "")


# What moves for orders is held against orders; debts are recorded and repaid by the rule itself.
POSTED = [each for each in MOVEMENTS if each.code not in (*OF_ORDERS, TransferCode.DEBT, TransferCode.REPAYMENT)]


@pytest.mark.parametrize("way", POSTED, ids=lambda way: f"{way.code.value}-from-{way.debit.value}")
def test_each_row_of_the_table_can_be_posted_and_passes_the_audit(moves: Moves, carol: Buyer, way: Movement) -> None:
    debit, credit = (ends(moves.panel.id, carol.account_id, kind) for kind in (way.debit, way.credit))
    if way.debit is AccountKind.EARNINGS and way.short is Shortfall.REFUSED:
        earned = moves.of(NamedAccount(AccountKind.COMMISSION), debit, 5, TransferCode.COMMISSION, "earned")
        assert moves.post(earned) == [True]
    assert moves.post(moves.of(debit, credit, 5, way.code, "a")) == [True]
    assert moves.faults() == []
    if way.seen:
        assert codes.words(way.code.value, came_in=way.credit is AccountKind.CUSTOMER) == way.words
    assert bool(way.words) == way.seen


def test_a_refund_of_a_payment_takes_nothing_of_the_credit(moves: Moves, carol: Buyer) -> None:
    set_credit_limit(panel_id=moves.panel.id, account_id=carol.account_id, limit_micros=10 * MICROS)
    back = moves.of(carol.account_id, CLEARING, 101, TransferCode.GATEWAY_REFUND, "r-1")
    assert moves.stands(carol.account_id) == (100, 0)
    refused = moves.post(back)
    assert refused == Refusal("balance_below", "amount")
    assert isinstance(refused, Refusal) and refused.facts == (("balance", "100.00"),)
    assert moves.post(back._replace(amount_micros=100 * MICROS)) == [True]
    assert moves.stands(carol.account_id) == (0, 0)


def test_a_reference_has_room_for_the_code_of_what_stands_beside_it(moves: Moves, carol: Buyer) -> None:
    """Also on SQLite, which would store a longer one."""
    long = "d" * REFERENCE_MAX
    assert REFERENCE_MAX == 117
    assert moves.post(moves.chargeback(carol.account_id, 105, long)) == [True]
    assert moves.post(moves.deposit(carol.account_id, 2, long)) == [True]
    assert max(len(row[0]) for row in values("SELECT reference FROM ledger_transfer")) == 128
    assert moves.faults() == []
    for new in (moves.chargeback(carol.account_id, 5, long + "d"), moves.deposit(carol.account_id, 5, long + "d")):
        refused = moves.post(new)
        assert isinstance(refused, Refusal)
        assert refusals.staff(refused) == "reference: The reference is longer than 117 characters."


def test_the_table_names_every_code_and_every_kind_of_account() -> None:
    assert {each.code for each in MOVEMENTS} == set(TransferCode)
    assert {kind for each in MOVEMENTS for kind in (each.debit, each.credit)} == set(AccountKind)
    assert set(NAMED) < set(AccountKind)
    assert all(each.debit is not each.credit for each in MOVEMENTS)
    # A shortfall means something where the debit account stores a balance.
    for each in MOVEMENTS:
        if each.short is not Shortfall.REFUSED:
            assert each.debit in (AccountKind.CUSTOMER, AccountKind.EARNINGS)


def test_a_transfer_of_an_order_says_which_and_no_other_one_does(moves: Moves, carol: Buyer) -> None:
    for code, order_id in ((TransferCode.REFUND, None), (TransferCode.DEPOSIT, 7)):
        source = NamedAccount(AccountKind.SALES) if code is TransferCode.REFUND else CLEARING
        new = moves.of(source, carol.account_id, 1, code, "x")._replace(order_id=order_id)
        with pytest.raises(sql.ERRORS, match="transfer_order"), transaction.atomic():
            moves.post(new)


# ---- floors --------------------------------------------------------------------------------------------


def limit(owner: Owner, buyer: Buyer, amount: str) -> None:
    with scope(panel=owner.panel):
        set_credit_limit(panel_id=owner.panel_id, account_id=buyer.account_id, limit_micros=money.parse(amount))


def test_orders_may_take_the_balance_down_to_the_credit_limit_and_no_further(alice: Owner, carol: Buyer) -> None:
    limit(alice, carol, "0.80")
    carol.spends_all_but("0.10")
    assert carol.order(quantity=1000)
    assert carol.balance() == "-0.80"
    assert carol.refused(quantity=50) == Refusal("no_funds")
    assert alice.audit() == []


def test_a_limit_is_not_lowered_below_what_is_in_use(alice: Owner, carol: Buyer) -> None:
    limit(alice, carol, "5.00")
    carol.spends_all_but("0.00")
    carol.order(quantity=1000)
    before = everything()
    with pytest.raises(Refused, match=r"The customer is using 0\.90 of the credit\."), transaction.atomic():
        limit(alice, carol, "0.899999")
    assert everything() == before
    limit(alice, carol, "0.90")
    assert carol.refused(quantity=50) == Refusal("no_funds")
    alice.credits(carol, "0.90", reference="paid back")
    limit(alice, carol, "0")
    assert carol.balance() == "0.00"


def test_staff_take_no_more_off_than_is_available(alice: Owner, carol: Buyer) -> None:
    limit(alice, carol, "5.00")

    def debit(amount: str) -> bool:
        with scope(panel=alice.panel):
            micros = money.parse(amount)
            return debit_customer(
                panel_id=alice.panel_id, account_id=carol.account_id, amount_micros=micros, reference="d", now=NOON
            )

    with pytest.raises(Refused, match=r"Only 105\.00 is available, credit limit included\."):
        debit("105.000001")
    assert debit("105.00")
    assert carol.balance() == "-5.00"


@pytest.mark.parametrize(
    "change",
    [
        "balance_micros = -5000001",
        "floor_micros = 1",
        "owed_micros = -1",
        "balance_micros = NULL",
    ],
)
def test_the_database_holds_the_floor(alice: Owner, carol: Buyer, change: str) -> None:
    limit(alice, carol, "5.00")
    assert execute("UPDATE ledger_account SET balance_micros = -5000000 WHERE id = %s", carol.account_id) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        execute(f"UPDATE ledger_account SET {change} WHERE id = %s", carol.account_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        execute("UPDATE ledger_account SET floor_micros = -1 WHERE id = %s", alice.sales_account_id)
    execute("UPDATE ledger_account SET balance_micros = 100000000 WHERE id = %s", carol.account_id)


# ---- debts ---------------------------------------------------------------------------------------------


def test_what_a_chargeback_cannot_take_back_is_a_debt_that_the_next_money_pays(
    moves: Moves, alice: Owner, carol: Buyer
) -> None:
    order = carol.order(quantity=1000)
    carol.spends_all_but("20.00")
    assert moves.post(moves.chargeback(carol.account_id, 50, "d-1")) == [True]
    assert moves.stands(carol.account_id) == (0, 30)
    assert moves.post(moves.chargeback(carol.account_id, 50, "d-1")) == [False]
    assert carol.refused(quantity=50) == Refusal("debt_stands")
    assert moves.post(moves.deposit(carol.account_id, 10, "p-1")) == [True]
    assert moves.stands(carol.account_id) == (0, 20)
    assert alice.credits(carol, "25.00", reference="p-2")
    assert moves.stands(carol.account_id) == (5, 0)
    assert statement_of(carol.account_id)[-6:] == [
        ("debt", "chargeback:d-1", 30),
        ("chargeback", "d-1", -50),
        ("deposit", "p-1", 10),
        ("repayment", "deposit:p-1", -10),
        ("deposit", "p-2", 25),
        ("repayment", "deposit:p-2", -20),
    ]
    assert carol.order(quantity=50) > order
    assert alice.audit() == []
    # The statement shows it beside what paid it, and does not name that once more.
    page = statement.page(panel_id=alice.panel_id, account_id=carol.account_id, code="repayment")
    assert [(entry.reference, entry.micros) for entry in page.entries] == [("", -20 * MICROS), ("", -10 * MICROS)]


def test_credit_is_for_orders_and_not_for_chargebacks(moves: Moves, alice: Owner, carol: Buyer) -> None:
    limit(alice, carol, "50.00")
    carol.spends_all_but("0.00")
    carol.order(quantity=1000)
    assert moves.post(moves.chargeback(carol.account_id, 7, "d-1")) == [True]
    assert (carol.balance(), moves.stands(carol.account_id)[1]) == ("-0.90", 7)
    assert carol.refused(quantity=50) == Refusal("debt_stands")
    # Even what costs nothing.
    execute("UPDATE catalog_service SET rate_micros = 0 WHERE id = %s", alice.services[FOLLOWERS].id)
    assert carol.refused(quantity=50) == Refusal("debt_stands")
    assert alice.audit() == []


def test_a_refund_of_an_order_pays_the_debt_too(moves: Moves, alice: Owner, carol: Buyer) -> None:
    order = carol.order(quantity=1000)
    carol.spends_all_but("0.00")
    moves.post(moves.chargeback(carol.account_id, 1, "d-1"))
    assert carol.cancel(order) == [1]
    assert value("SELECT owed_micros FROM ledger_account WHERE id = %s", carol.account_id) == 100_000
    assert carol.balance() == "0.00"
    rows = values("SELECT reference, amount_micros FROM ledger_transfer WHERE code = 'repayment'")
    assert rows == [(f"refund:{order.number}", 900_000)]
    assert alice.audit() == []


def test_a_reversed_chargeback_pays_its_debt_and_gives_the_rest_back(moves: Moves, alice: Owner, carol: Buyer) -> None:
    moves.post(moves.chargeback(carol.account_id, 130, "d-1"))
    assert moves.stands(carol.account_id) == (0, 30)
    won = moves.of(CLEARING, carol.account_id, 130, TransferCode.REVERSAL, "d-1")
    assert moves.post(won, won) == [True, False]
    assert moves.stands(carol.account_id) == (100, 0)
    assert alice.audit() == []


def test_commission_that_is_taken_back_may_leave_less_than_nothing_and_is_earned_again(
    moves: Moves, carol: Buyer, alice: Owner
) -> None:
    earnings = NamedAccount(AccountKind.EARNINGS, str(carol.account_id))
    commission = NamedAccount(AccountKind.COMMISSION)
    assert moves.post(moves.of(commission, earnings, 5, TransferCode.COMMISSION, "p-1")) == [True]
    assert moves.post(moves.of(earnings, carol.account_id, 4, TransferCode.PAYOUT, "out-1")) == [True]
    assert moves.post(moves.of(earnings, commission, 5, TransferCode.COMMISSION, "r-1")) == [True]
    with scope(panel=alice.panel):
        earned = account(alice.panel_id, AccountKind.EARNINGS, str(carol.account_id))
    assert moves.stands(earned) == (-4, 0)
    assert moves.post(moves.of(earnings, carol.account_id, 1, TransferCode.PAYOUT, "out-2")) == Refusal(
        "balance_below", "amount"
    )
    assert (carol.balance(), alice.audit()) == ("104.00", [])


@pytest.mark.django_db(transaction=True)
def test_a_transfer_without_a_balance_is_posted_once_however_often_it_is_told_at_once(
    alice: Owner, moves: Moves
) -> None:
    settled = moves.of(NamedAccount(AccountKind.BANK), CLEARING, 5, TransferCode.SETTLEMENT, "s-1")
    assert sorted(together([lambda: moves.post(settled)] * 6), key=str) == [[False]] * 5 + [[True]]


@pytest.mark.django_db(transaction=True)
def test_chargebacks_orders_and_deposits_at_once_lose_nothing(alice: Owner, carol: Buyer, moves: Moves) -> None:
    def chargebacks() -> None:
        for n in range(5):
            moves.post(moves.chargeback(carol.account_id, 30, f"d-{n}"))

    def deposits() -> None:
        for n in range(5):
            moves.post(moves.deposit(carol.account_id, 10, f"p-{n}"))

    def orders() -> None:
        for _ in range(10):
            carol.place(quantity=1000)

    together([chargebacks, deposits, orders])
    kept = value("SELECT SUM(charge_micros) FROM orders_order") or 0
    balance, owed = values("SELECT balance_micros, owed_micros FROM ledger_account WHERE id = %s", carol.account_id)[0]
    assert balance - owed + kept == 0
    assert alice.audit() == []


def test_the_audit_finds_debts_that_are_not_what_they_name(moves: Moves, carol: Buyer) -> None:
    moves.post(moves.chargeback(carol.account_id, 130, "d-1"), moves.deposit(carol.account_id, 5, "p-1"))
    assert moves.faults() == []
    ids = dict(values("SELECT code, id FROM ledger_transfer WHERE code IN ('debt', 'repayment')"))
    for code, reference in (("debt", "chargeback:d-2"), ("repayment", "p-1"), ("repayment", "chargeback:d-1")):
        (stood,) = values("SELECT reference FROM ledger_transfer WHERE id = %s", ids[code])[0]
        execute("UPDATE ledger_transfer SET reference = %s WHERE id = %s", reference, ids[code])
        assert moves.faults() == [f"transfer {ids[code]} ({code} {reference}): not part of what it names"]
        execute("UPDATE ledger_transfer SET reference = %s WHERE id = %s", stood, ids[code])
    execute("UPDATE ledger_account SET owed_micros = owed_micros + 1 WHERE id = %s", carol.account_id)
    assert moves.faults() == [f"account {carol.account_id}: owes 25.000001, its debts add up to 25.00"]
    execute("UPDATE ledger_account SET owed_micros = owed_micros - 1 WHERE id = %s", carol.account_id)
    ((debts,),) = values("SELECT id FROM ledger_account WHERE kind = 'debt'")
    execute("UPDATE ledger_account SET name = '0' WHERE id = %s", debts)
    assert moves.faults() == [
        f"account {carol.account_id}: owes 25.00, its debts add up to 0.00",
        f"account {debts}: debt of 0, and there is no such customer account",
    ]
    execute("UPDATE ledger_account SET name = %s WHERE id = %s", str(carol.account_id), debts)
    # Nobody has money and a debt: the database says so.
    with pytest.raises(IntegrityError), transaction.atomic():
        execute("UPDATE ledger_account SET balance_micros = 1 WHERE id = %s", carol.account_id)


# ---- anything that can happen, in any order ------------------------------------------------------------

AMOUNTS = st.integers(1, 60)


class LedgerMachine(RuleBasedStateMachine):
    """Two customers and everything that moves money on their accounts; what must be, is kept here in plain numbers."""

    number = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).number += 1
        panel = create_panel(slug=f"machine-{self.number}", name="Machine", currency="USD", domains=[])
        self.moves = Moves(panel)
        with scope(panel=panel):
            self.ids = [Account.objects.create(panel=panel, kind="customer", balance_micros=0).id for _ in range(2)]
        self.balance, self.owed, self.floor = (
            dict.fromkeys(self.ids, 0),
            dict.fromkeys(self.ids, 0),
            dict.fromkeys(self.ids, 0),
        )
        self.gateway = 0  # what it holds for the panel
        self.count = 0

    def _reference(self) -> str:
        self.count += 1
        return f"n-{self.count}"

    def _came(self, account_id: int, amount: int) -> None:
        paid = min(self.owed[account_id], amount)
        self.owed[account_id] -= paid
        self.balance[account_id] += amount - paid

    def _posted(self, new: NewTransfer, *, fits: bool = True) -> bool:
        result = self.moves.post(new)
        if fits:
            assert result == [True]
            assert self.moves.post(new) == [False]
        else:
            assert isinstance(result, Refusal) and result.code in ("balance_below", "available_below")
        return fits

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def deposit(self, who: int, amount: int) -> None:
        self._posted(self.moves.deposit(self.ids[who], amount, self._reference()))
        self.gateway += amount
        self._came(self.ids[who], amount)

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def win_a_dispute(self, who: int, amount: int) -> None:
        self._posted(self.moves.of(CLEARING, self.ids[who], amount, TransferCode.REVERSAL, self._reference()))
        self.gateway += amount
        self._came(self.ids[who], amount)

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def lose_a_dispute(self, who: int, amount: int) -> None:
        self._posted(self.moves.chargeback(self.ids[who], amount, self._reference()))
        self.gateway -= amount
        there = min(max(self.balance[self.ids[who]], 0), amount)
        self.balance[self.ids[who]] -= there
        self.owed[self.ids[who]] += amount - there

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def refund_a_payment(self, who: int, amount: int) -> None:
        id_ = self.ids[who]
        new = self.moves.of(id_, CLEARING, amount, TransferCode.GATEWAY_REFUND, self._reference())
        # What the owner lends is for orders: only what is there goes back.
        if self._posted(new, fits=self.balance[id_] >= amount):
            self.gateway -= amount
            self.balance[id_] -= amount

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def correct(self, who: int, amount: int) -> None:
        id_ = self.ids[who]
        target = NamedAccount(AccountKind.ADJUSTMENT)
        new = self.moves.of(id_, target, amount, TransferCode.ADJUSTMENT, self._reference())
        if self._posted(new, fits=self.balance[id_] - amount >= self.floor[id_]):
            self.balance[id_] -= amount

    @rule(who=st.integers(0, 1), amount=st.integers(0, 50))
    def grant_credit(self, who: int, amount: int) -> None:
        id_ = self.ids[who]
        with scope(panel=self.moves.panel):
            try:
                set_credit_limit(panel_id=self.moves.panel.id, account_id=id_, limit_micros=amount * MICROS)
            except Refused as refused:
                assert refused.refusal.code == "credit_in_use" and self.balance[id_] < -amount
                return
        assert self.balance[id_] >= -amount
        self.floor[id_] = -amount

    @precondition(lambda self: self.count)
    @rule(amount=AMOUNTS)
    def move_together(self, amount: int) -> None:
        """A payment with its bonus, and a bonus that is taken back, in one post."""
        first, second = self.ids
        reference = self._reference()
        given = self.moves.of(BONUS, first, amount, TransferCode.BONUS, reference)
        back = self.moves.of(second, BONUS, amount, TransferCode.BONUS, f"{reference} back")
        assert self.moves.post(given, back) == [True, True]
        self._came(first, amount)
        there = min(max(self.balance[second], 0), amount)
        self.balance[second] -= there
        self.owed[second] += amount - there

    @invariant()
    def all_is_as_it_must_be(self) -> None:
        for id_ in self.ids:
            assert self.moves.stands(id_) == (self.balance[id_], self.owed[id_])
            assert self.balance[id_] >= self.floor[id_]
            # What comes in pays first: nobody has money and a debt.
            assert not (self.owed[id_] and self.balance[id_] > 0)
        held = value(
            "SELECT COALESCE(SUM(t.amount_micros * CASE WHEN a.id = t.debit_account_id THEN 1 ELSE -1 END), 0)"
            " FROM ledger_transfer t JOIN ledger_account a ON a.id IN (t.debit_account_id, t.credit_account_id)"
            " WHERE t.panel_id = %s AND a.kind = 'clearing'",
            self.moves.panel.id,
        )
        assert int(held) == self.gateway * MICROS
        assert self.moves.faults() == []


def test_money_is_conserved_whatever_happens_in_whatever_order(db: None) -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=effort(15, proving=200),
            stateful_step_count=effort(15, proving=50),
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.django_db(transaction=True)
def test_books_of_before_have_floors_and_no_debts(alice: Owner, carol: Buyer) -> None:
    carol.cancel(carol.order())
    carol.order()
    stood = values("SELECT id, balance_micros FROM ledger_account ORDER BY id"), counts("ledger_transfer")
    try:
        call_command("migrate", "ledger", "0002", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert (values("SELECT id, balance_micros FROM ledger_account ORDER BY id"), counts("ledger_transfer")) == stood
    assert values("SELECT DISTINCT floor_micros, owed_micros FROM ledger_account") == [(0, 0)]
    assert alice.audit() == []


def test_the_reference_page_shows_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "books.md").read_text(encoding="utf-8")
    stored = (AccountKind.CUSTOMER, AccountKind.EARNINGS)
    for each in MOVEMENTS:
        short = each.short.value if each.debit in stored else "–"
        cells = (f"`{each.code.value}`", each.debit.value, each.credit.value, each.reference, each.words or "–", short)
        assert f"| {' | '.join(cells)} |" in page
