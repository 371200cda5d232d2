"""Money reaches a customer once, from an account of her own panel, and never in part."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django_scopes import scope

from panelwright.core.refusal import Refused
from panelwright.ledger.actions import account, credit_customer, debit_customer
from panelwright.ledger.models import AccountKind, TransferCode
from tests.support.people import NOON, Buyer, Owner, counts, everything, value, values
from tests.support.threads import together


def credit(
    owner: Owner, buyer: Buyer, micros: int, *, reference: str = "p-1", code: TransferCode = TransferCode.DEPOSIT
) -> bool:
    with scope(panel=owner.panel):
        return credit_customer(
            panel_id=owner.panel_id,
            account_id=buyer.account_id,
            amount_micros=micros,
            code=code,
            reference=reference,
            name="cards" if code is TransferCode.DEPOSIT else "",
            now=NOON,
        )


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        (TransferCode.DEPOSIT, "clearing", "cards"),
        (TransferCode.BONUS, "bonus", ""),
        (TransferCode.ADJUSTMENT, "adjustment", ""),
    ],
)
def test_a_credit_comes_from_the_account_that_its_code_names(
    alice: Owner, carol: Buyer, code: TransferCode, kind: str, name: str
) -> None:
    assert credit(alice, carol, 12_345_678, code=code)
    assert carol.balance() == "112.345678"
    (row,) = values(
        "SELECT t.panel_id, d.panel_id, d.kind, d.name, d.balance_micros, t.credit_account_id, t.amount_micros,"
        " t.code, t.order_id, t.created_at FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_account_id"
        " WHERE t.reference = 'p-1'"
    )
    panel = alice.panel_id
    created_at: datetime = row[-1] if row[-1].tzinfo else row[-1].replace(tzinfo=UTC)
    assert row[:-1] == (panel, panel, kind, name, None, carol.account_id, 12_345_678, code.value, None)
    assert created_at == NOON


def test_a_credit_is_booked_once(alice: Owner, carol: Buyer) -> None:
    assert credit(alice, carol, 5_000_000)
    before = everything()
    assert not credit(alice, carol, 5_000_000)
    assert everything() == before
    assert carol.balance() == "105.00"


def test_a_reference_means_one_amount_of_one_customer(alice: Owner, carol: Buyer) -> None:
    dave = alice.customer("dave")
    credit(alice, carol, 5_000_000)
    before = everything()
    for buyer, micros in ((carol, 5_000_001), (dave, 5_000_000)):
        with pytest.raises(ValueError, match="already booked with another amount or customer"):
            credit(alice, buyer, micros)
    assert everything() == before


@pytest.mark.parametrize("micros", [0, -1])
def test_nothing_and_less_cannot_be_credited(alice: Owner, carol: Buyer, micros: int) -> None:
    before = everything()
    with pytest.raises(ValueError, match="must be more than zero"):
        credit(alice, carol, micros)
    assert everything() == before


def test_an_account_of_another_panel_is_not_there(alice: Owner, mallory: Buyer) -> None:
    before = everything()
    with pytest.raises(ValueError, match=f"panel {alice.panel_id} has no account {mallory.account_id}"):
        credit(alice, mallory, 5_000_000)
    assert {**everything(), "ledger_account": []} == {**before, "ledger_account": []}
    assert mallory.balance() == "100.00"


def test_the_same_reference_on_two_panels_is_two_payments(
    alice: Owner, carol: Buyer, rival: Owner, mallory: Buyer
) -> None:
    assert credit(alice, carol, 1_000_000)
    assert credit(rival, mallory, 2_000_000)
    assert (carol.balance(), mallory.balance()) == ("101.00", "102.00")


def test_a_reference_counts_for_its_code(alice: Owner, carol: Buyer) -> None:
    assert credit(alice, carol, 1_000_000)
    assert credit(alice, carol, 1_000_000, code=TransferCode.BONUS)
    assert carol.balance() == "102.00"


def test_an_account_is_made_when_it_is_first_needed(alice: Owner, rival: Owner) -> None:
    with scope(panel=alice.panel):
        first = account(alice.panel_id, AccountKind.CLEARING, "cards")
        assert account(alice.panel_id, AccountKind.CLEARING, "cards") == first
        assert account(alice.panel_id, AccountKind.CLEARING, "coins") != first
    with scope(panel=rival.panel):
        assert account(rival.panel_id, AccountKind.CLEARING, "cards") != first
    assert value("SELECT COUNT(*) FROM ledger_account WHERE name = 'cards'") == 2


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_is_told_many_times_at_once_is_booked_once(alice: Owner, carol: Buyer) -> None:
    results = together([lambda: credit(alice, carol, 5_000_000)] * 6)
    assert sorted(results) == [False] * 5 + [True]
    assert carol.balance() == "105.00"
    assert value("SELECT COUNT(*) FROM ledger_transfer WHERE reference = 'p-1'") == 1


@pytest.mark.django_db(transaction=True)
def test_payments_that_arrive_at_once_all_count(alice: Owner, carol: Buyer) -> None:
    credit(alice, carol, 1, reference="first")
    payments = [lambda n=n: credit(alice, carol, 1_000_000, reference=f"p-{n}") for n in range(8)]
    assert together(payments) == [True] * 8
    assert carol.balance() == "108.000001"


@pytest.mark.django_db(transaction=True)
def test_a_credit_of_a_transaction_that_fails_is_not_there(alice: Owner, carol: Buyer) -> None:
    before = counts("ledger_transfer")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        credit(alice, carol, 5_000_000)
        assert 1 / 0
    assert counts("ledger_transfer") == before
    assert carol.balance() == "100.00"
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_orders_and_a_payment_at_once_lose_nothing(alice: Owner, carol: Buyer) -> None:
    """Lost update: whoever writes back what he read wipes out what the other one did."""
    started = threading.Barrier(2)

    def orders() -> int:
        started.wait(60)
        return sum(1 for _ in range(10) if carol.order(quantity=1000))

    def payments() -> int:
        started.wait(60)
        return sum(credit(alice, carol, 1_000_000, reference=f"p-{n}") for n in range(10))

    assert together([orders, payments]) == [10, 10]
    assert carol.balance() == "101.00"


def debit(owner: Owner, buyer: Buyer, micros: int, *, reference: str = "d-1") -> bool:
    with scope(panel=owner.panel):
        return debit_customer(
            panel_id=owner.panel_id, account_id=buyer.account_id, amount_micros=micros, reference=reference, now=NOON
        )


def test_what_is_taken_off_a_balance_goes_to_adjustments_once(alice: Owner, carol: Buyer) -> None:
    assert debit(alice, carol, 12_345_678)
    assert carol.balance() == "87.654322"
    (row,) = values(
        "SELECT t.debit_account_id, c.kind, t.amount_micros, t.code FROM ledger_transfer t"
        " JOIN ledger_account c ON c.id = t.credit_account_id WHERE t.reference = 'd-1'"
    )
    assert row == (carol.account_id, "adjustment", 12_345_678, "adjustment")
    before = everything()
    assert not debit(alice, carol, 12_345_678)
    for micros, reference in ((12_345_679, "d-1"), (0, "d-2"), (-5, "d-3")):
        with pytest.raises(ValueError, match=r"already booked|more than zero"):
            debit(alice, carol, micros, reference=reference)
    with pytest.raises(Refused, match=r"The balance is only 87\.654322\."):
        debit(alice, carol, 87_654_323, reference="d-4")
    assert everything() == before
    assert debit(alice, carol, 87_654_322, reference="d-5")
    assert carol.balance() == "0.00"
