"""The audit finds whatever does not balance, names it, and finds nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from panelwright.core import clock, money
from panelwright.orders import audit as order_audit
from panelwright.orders import lifecycle, settling
from panelwright.orders.audit import Audit, audit
from tests.support.people import LIKES, SUBSCRIPTION, Buyer, Known, Owner, counts, execute, run_schedules, value, values
from tests.support.story import Story


class Books:
    """Books of every kind of order, clean before a test falsifies them."""

    def __init__(self, story: Story) -> None:
        self.alice, self.carol, self.rival, self.mallory = story.alice, story.carol, story.rival, story.mallory
        self.dave = self.alice.customer("dave", balance="5.00")
        self.open = self.carol.order()
        self.completed = self._ended("Completed")
        self.partial = self._ended("Partial", remains=157)
        self.canceled = self._ended("Canceled", remains=1000)
        self.drip_feed = self.carol.order(quantity=100, runs=2, interval=5)
        run_schedules()
        self.carol.order(service=SUBSCRIPTION)
        self.davids = self.dave.order(service=LIKES)
        self.hers = self.mallory.order()
        assert self.faults() == [] == self.rival.audit()

    def _ended(self, status: str, remains: int = 0) -> Known:
        order_id = self.carol.order()
        changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), clock.now())
        changes.apply(settling.end(changes.orders[order_id], status, remains=remains, now=clock.now()))
        changes.write()
        return order_id

    def faults(self) -> list[str]:
        return self.alice.audit()

    def transfer(self, order_id: int, code: str = "order") -> int:
        return int(value("SELECT id FROM ledger_transfer WHERE order_id = %s AND code = %s", order_id, code))


@pytest.fixture
def books(untold_story: Story) -> Books:
    return Books(untold_story)


def test_clean_books_are_counted(books: Books) -> None:
    result = audit(books.alice.panel_id)
    # Sales, the clearing account of deposits, Carol, Dave; 2 deposits, 6 charges, 2 refunds; 8 orders.
    assert result == Audit(accounts=4, transfers=10, orders=8, faults=[])
    assert audit(books.rival.panel_id) == Audit(accounts=3, transfers=2, orders=1, faults=[])


def test_a_panel_without_anything_balances(db: None) -> None:
    assert audit(12345) == Audit()


def test_a_changed_balance_is_found(books: Books) -> None:
    execute("UPDATE ledger_account SET balance_micros = balance_micros + 1 WHERE id = %s", books.carol.account_id)
    assert books.faults() == [f"account {books.carol.account_id}: balance 97.261301, its transfers add up to 97.2613"]
    assert books.rival.audit() == []


def test_a_changed_charge_is_found(books: Books) -> None:
    execute("UPDATE orders_order SET charge_micros = charge_micros - 1 WHERE id = %s", books.open)
    assert books.faults() == [
        f"order {books.open.number}: charge 0.899999 of 0.90, its transfers took 0.90 and gave back 0.00"
    ]


def test_a_changed_booking_is_found(books: Books) -> None:
    execute("UPDATE orders_order SET booked_micros = booked_micros + 5 WHERE id = %s", books.open)
    assert books.faults() == [
        f"order {books.open.number}: charge 0.90 of 0.900005, its transfers took 0.90 and gave back 0.00"
    ]


def test_a_deleted_charge_is_found_twice(books: Books) -> None:
    execute("DELETE FROM ledger_transfer WHERE id = %s", books.transfer(books.open))
    assert books.faults() == [
        f"account {books.carol.account_id}: balance 97.2613, its transfers add up to 98.1613",
        f"order {books.open.number}: charge 0.90 of 0.90, its transfers took 0.00 and gave back 0.00",
    ]


def test_a_deleted_refund_is_found(books: Books) -> None:
    execute("DELETE FROM ledger_transfer WHERE id = %s", books.transfer(books.partial, "refund"))
    assert books.faults() == [
        f"account {books.carol.account_id}: balance 97.2613, its transfers add up to 97.12",
        f"order {books.partial.number}: charge 0.7587 of 0.90, its transfers took 0.90 and gave back 0.00",
    ]


def test_a_deleted_deposit_is_found(books: Books) -> None:
    execute("DELETE FROM ledger_transfer WHERE code = 'deposit' AND credit_account_id = %s", books.dave.account_id)
    assert books.faults() == [f"account {books.dave.account_id}: balance 4.876543, its transfers add up to -0.123457"]


def test_a_changed_amount_is_found(books: Books) -> None:
    execute("UPDATE ledger_transfer SET amount_micros = 1 WHERE id = %s", books.transfer(books.canceled, "refund"))
    assert len(books.faults()) == 2


def test_a_refund_that_was_booked_twice_is_found(books: Books) -> None:
    """Even where the balance was raised with it, so that account and transfers agree."""
    execute(
        "INSERT INTO ledger_transfer (panel_id, debit_account_id, credit_account_id, amount_micros, code, reference,"
        " order_id, created_at) SELECT panel_id, debit_account_id, credit_account_id, amount_micros, code, 'again',"
        " order_id, created_at FROM ledger_transfer WHERE id = %s",
        books.transfer(books.partial, "refund"),
    )
    execute("UPDATE ledger_account SET balance_micros = balance_micros + 141300 WHERE id = %s", books.carol.account_id)
    assert books.faults() == [
        f"order {books.partial.number}: charge 0.7587 of 0.90, its transfers took 0.90 and gave back 0.2826"
    ]


def test_swapped_accounts_are_found(books: Books) -> None:
    transfer = books.transfer(books.open)
    execute(
        "UPDATE ledger_transfer SET debit_account_id = credit_account_id, credit_account_id = debit_account_id"
        " WHERE id = %s",
        transfer,
    )
    assert books.faults() == [
        f"account {books.carol.account_id}: balance 97.2613, its transfers add up to 99.0613",
        f"transfer {transfer} (order {books.open.number}): not between its order's customer and sales",
    ]


def test_a_charge_that_another_customer_paid_is_found(books: Books) -> None:
    """Even where both balances were changed with it."""
    transfer = books.transfer(books.open)
    execute("UPDATE ledger_transfer SET debit_account_id = %s WHERE id = %s", books.dave.account_id, transfer)
    for account_id, sign in ((books.carol.account_id, 1), (books.dave.account_id, -1)):
        execute(
            "UPDATE ledger_account SET balance_micros = balance_micros + %s WHERE id = %s", sign * 900_000, account_id
        )
    assert books.faults() == [
        f"transfer {transfer} (order {books.open.number}): not between its order's customer and sales"
    ]


@pytest.mark.parametrize(("order", "code", "side"), [("open", "order", "credit"), ("partial", "refund", "debit")])
def test_money_of_an_order_that_went_past_sales_is_found(books: Books, order: str, code: str, side: str) -> None:
    transfer = books.transfer(getattr(books, order), code)
    clearing = value("SELECT id FROM ledger_account WHERE panel_id = %s AND kind = 'clearing'", books.alice.panel_id)
    execute(f"UPDATE ledger_transfer SET {side}_account_id = %s WHERE id = %s", clearing, transfer)
    assert books.faults() == [
        f"transfer {transfer} ({code} {getattr(books, order).number}): not between its order's customer and sales"
    ]


def test_an_account_of_another_panel_is_found(books: Books) -> None:
    transfer = books.transfer(books.open)
    execute("UPDATE ledger_transfer SET credit_account_id = %s WHERE id = %s", books.rival.sales_account_id, transfer)
    assert f"transfer {transfer}: an account of another panel" in books.faults()


def test_money_for_an_order_that_is_not_there_is_found(books: Books) -> None:
    transfer = books.transfer(books.open)
    execute("DELETE FROM orders_order WHERE id = %s", books.open)
    assert books.faults() == [
        f"transfer {transfer} (order {books.open.number}): not between its order's customer and sales"
    ]


@pytest.mark.parametrize(
    ("order", "change"),
    [
        ("completed", "remains = 1"),
        ("partial", "remains = 0"),
        ("partial", "remains = quantity"),
        ("partial", "remains = remains - 1"),
        ("partial", "status = 'Completed', remains = 0"),
        ("partial", "status = 'Canceled'"),
        ("completed", "status = 'Pending'"),
        ("completed", "status = 'Canceled'"),
    ],
)
def test_an_end_that_breaks_its_promise_is_found(books: Books, order: str, change: str) -> None:
    order_id = getattr(books, order)
    execute(f"UPDATE orders_order SET {change} WHERE id = %s", order_id)
    (fault,) = books.faults()
    assert fault.startswith(f"order {order_id.number}: ")


def test_a_fault_of_one_panel_is_not_another_panels(books: Books) -> None:
    execute("UPDATE orders_order SET charge_micros = 0 WHERE id = %s", books.hers)
    assert books.faults() == []
    assert len(books.rival.audit()) == 1


def test_the_list_of_faults_has_a_limit(books: Books) -> None:
    for _ in range(5):
        books.carol.order(quantity=50)
    for _ in range(110):
        books.carol.order(service=LIKES, quantity=10)
    execute("UPDATE orders_order SET charge_micros = 0 WHERE service_id = %s", books.alice.services[LIKES].id)
    assert len(books.faults()) == 100


def test_the_audit_changes_nothing(books: Books) -> None:
    before = values("SELECT * FROM ledger_transfer ORDER BY id"), counts("orders_order", "events_event")
    books.faults()
    assert (values("SELECT * FROM ledger_transfer ORDER BY id"), counts("orders_order", "events_event")) == before


def test_each_order_is_checked_by_the_rule_that_settled_it(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another rule tomorrow (here: no refund is less than a cent) makes no fault of what was settled today."""
    share = money.refund

    def to_the_cent(*, charge_micros: int, remains: int, quantity: int) -> int:
        exact = share(charge_micros=charge_micros, remains=remains, quantity=quantity)
        return min(-(-exact // 10_000) * 10_000, charge_micros)

    monkeypatch.setattr(money, "refund", to_the_cent)
    monkeypatch.setattr(money, "REFUND_RULE", 2)
    second = books._ended("Partial", remains=157)
    rules = values("SELECT id, refund_rule, charge_micros FROM orders_order WHERE status = 'Partial' ORDER BY id")
    assert rules == [(books.partial, 1, 758_700), (second, 2, 750_000)]
    unknown = f"order {second.number}: Partial with charge 0.75 of 0.90, 157 of 1000 remaining"
    assert books.faults() == [unknown], "a version that the audit does not know"
    known = {**order_audit._SHARES, 2: "(booked_micros * remains / quantity + 9999) / 10000 * 10000"}
    monkeypatch.setattr(order_audit, "_SHARES", known)
    assert books.faults() == []
    for order_id, version in ((books.partial, 2), (second, 1)):
        execute("UPDATE orders_order SET refund_rule = %s WHERE id = %s", version, order_id)
        (fault,) = books.faults()
        assert fault.startswith(f"order {order_id.number}: Partial")
        execute("UPDATE orders_order SET refund_rule = %s WHERE id = %s", 3 - version, order_id)


# ---- what the database refuses by itself --------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda b: ("UPDATE ledger_account SET balance_micros = -1 WHERE id = %s", b.carol.account_id),
        lambda b: ("UPDATE ledger_account SET balance_micros = NULL WHERE id = %s", b.carol.account_id),
        lambda b: ("UPDATE ledger_account SET balance_micros = 0 WHERE id = %s", b.alice.sales_account_id),
        lambda b: ("UPDATE ledger_transfer SET amount_micros = 0 WHERE order_id = %s", b.open),
        lambda b: ("UPDATE ledger_transfer SET amount_micros = -5 WHERE order_id = %s", b.open),
        lambda b: ("UPDATE ledger_transfer SET credit_account_id = debit_account_id WHERE order_id = %s", b.open),
        lambda b: ("UPDATE ledger_transfer SET code = 'gift' WHERE order_id = %s", b.open),
        lambda b: (
            "UPDATE ledger_transfer SET reference = '" + str(b.open.number) + "' WHERE order_id = %s",
            b.completed,
        ),
        lambda b: ("UPDATE orders_order SET charge_micros = -1 WHERE id = %s", b.open),
        lambda b: ("UPDATE orders_order SET charge_micros = booked_micros + 1 WHERE id = %s", b.open),
        lambda b: ("UPDATE orders_order SET remains = quantity + 1 WHERE id = %s", b.open),
        lambda b: ("UPDATE orders_order SET remains = -1 WHERE id = %s", b.open),
        lambda b: ("UPDATE orders_order SET status = 'Cancelled' WHERE id = %s", b.open),
        lambda b: ("UPDATE orders_order SET status = 'Active' WHERE id = %s", b.open),
        lambda b: ("UPDATE orders_order SET job = 'forward', due_at = created_at WHERE id = %s", b.completed),
        lambda b: ("UPDATE orders_order SET due_at = NULL WHERE id = %s", b.open),
        lambda b: ("UPDATE orders_order SET kind = 'run' WHERE id = %s", b.open),
        lambda b: ("UPDATE orders_schedule SET runs_done = runs_started + 1 WHERE order_id = %s", b.drip_feed),
    ],
)
def test_what_cannot_be_true_cannot_be_written(books: Books, change: Callable[[Books], tuple[str, object]]) -> None:
    from django.db import IntegrityError, transaction

    statement, parameter = change(books)
    with pytest.raises(IntegrityError), transaction.atomic():
        execute(statement, parameter)
    assert books.faults() == []


def test_the_people_are_the_same_in_every_test(story: Story) -> None:
    assert isinstance(story.alice, Owner)
    assert isinstance(story.mallory, Buyer)
    assert story.mallory.owner is story.rival
    assert (story.carol.balance(), story.mallory.balance()) == ("100.00", "100.00")
