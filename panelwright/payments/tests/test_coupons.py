"""Coupons with their payments: promised before anything is paid, given once, and withdrawn by the share of what goes
back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scope

from panelwright.core import clock, money
from panelwright.core.refusal import Refusal, Refused
from panelwright.payments import refund_actions
from panelwright.payments.tests.making import BOB, approve, begun, letters, method, payment
from panelwright.promotions import actions
from panelwright.promotions.actions import Depositor, Entered
from panelwright.promotions.audit import coupon_faults
from tests.support.people import Buyer, Known, Owner, Time, execute, value, values

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bank(alice: Owner) -> int:
    return method(alice, fee_percent_e2=290, bonuses="100 5")


def coupon(owner: Owner, code: str = "SPRING", **terms: Any) -> int:
    with scope(panel=owner.panel), transaction.atomic():
        return int(actions.make(panel_id=owner.panel_id, code=code, **(terms or {"percent_e2": 10_00})).id)


def who(buyer: Buyer) -> Depositor:
    return Depositor(buyer.customer_id, buyer.customer.account_id, "198.51.100.7")


def entered(buyer: Buyer, code: str = "SPRING", amount: str = "20") -> Entered | Refusal:
    owner = buyer.owner
    with scope(panel=owner.panel):
        return actions.entered(
            panel_id=owner.panel_id, who=who(buyer), code=code, credit_micros=money.parse(amount), currency="USD"
        )


def promise(buyer: Buyer, paid: Known, brings: str = "2", code: str = "SPRING") -> Refusal | None:
    owner = buyer.owner
    with scope(panel=owner.panel):
        return actions.promise(
            panel_id=owner.panel_id,
            who=who(buyer),
            payment_number=paid.number,
            agreed=Entered(code, money.parse(brings)),
            credit_micros=payment(paid).credit_micros,
            currency="USD",
        )


def refund(owner: Owner, paid: Known, amount: str = "") -> None:
    with scope(panel=owner.panel), transaction.atomic():
        refund_actions.request(
            BOB,
            panel_id=owner.panel_id,
            payment_id=paid,
            amount_micros=money.parse(amount) if amount else None,
            now=clock.now(),
        )


def code_of(result: object) -> str:
    return result.code if isinstance(result, Refusal) else ""


def moved() -> list[tuple[str, str]]:
    rows = values("SELECT reference, amount_micros FROM ledger_transfer WHERE code = 'coupon' ORDER BY id")
    return [(name, money.text(micros)) for name, micros in rows]


def test_a_coupon_is_given_once_with_its_payment(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice)
    assert entered(carol) == Entered("SPRING", 2 * money.MICROS)
    paid = begun(carol, bank)
    assert promise(carol, paid) is None
    assert promise(carol, paid) is None, "a form that is sent twice"
    assert carol.balance() == "100.00" and moved() == [], "nothing before the money is there"
    approve(alice, paid)
    assert carol.balance() == "122.00"
    assert moved() == [(f"P-{paid.number}", "2.00")]
    (told,) = [text for kind, text in letters("carol@customer.example") if kind == "payment"]
    assert "22.00 USD was added to your balance" in told
    with pytest.raises(Refused):
        approve(alice, paid)
    assert carol.balance() == "122.00"
    assert alice.audit() == []
    assert code_of(entered(carol)) == "coupon_used"


def test_it_is_worked_out_from_what_came_without_bonuses(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice, percent_e2=10_00, least_micros=money.parse("50"))
    paid = begun(carol, bank, "100")
    assert promise(carol, paid, "10") is None
    approve(alice, paid, "51.45", "wire 7")  # half of 102.90
    assert payment(paid).credit_micros == 50 * money.MICROS
    assert moved() == [(f"P-{paid.number}", "5.00")]
    other = begun(carol, bank, "100")
    coupon(alice, "LEAST", percent_e2=10_00, least_micros=money.parse("50"))
    assert promise(carol, other, "10", "LEAST") is None
    approve(alice, other, "20", "wire 8")  # less than it is for
    assert len(moved()) == 1
    assert alice.audit() == []


def test_what_goes_back_takes_its_share_along(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice, amount_micros=1_000_001)
    paid = begun(carol, bank)
    assert promise(carol, paid, "1.000001") is None
    approve(alice, paid)
    received = payment(paid).received_micros or 0
    assert money.text(received) == "20.58"
    for part in ("5.00", "0.01", ""):
        refund(alice, paid, part)
        assert alice.audit() == []
    assert carol.balance() == "100.00"
    assert [name for name, _ in moved()] == [f"P-{paid.number}", *(f"P-{paid.number} coupon {n}" for n in (1, 2, 3))]
    taken = values("SELECT amount_micros FROM ledger_transfer WHERE code = 'coupon' ORDER BY id")
    assert sum(micros for (micros,) in taken[1:]) == 1_000_001
    assert taken[1] == (1_000_001 * 5_000_000 // received,)


def test_less_gone_than_before_brings_its_share_back(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice)
    paid = begun(carol, bank)
    promise(carol, paid)
    approve(alice, paid)
    for gone, balance in ((10_290_000, "121.00"), (20_580_000, "120.00"), (0, "122.00"), (0, "122.00")):
        with scope(panel=alice.panel), transaction.atomic():
            actions.follow(
                panel_id=alice.panel_id,
                payment_number=paid.number,
                account_id=carol.customer.account_id,
                reference=f"P-{paid.number}",
                gone_micros=gone,
                received_micros=20_580_000,
                now=clock.now(),
            )
        assert carol.balance() == balance
        assert alice.audit() == []


def test_what_was_spent_is_a_debt(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice, amount_micros=money.parse("50"))
    paid = begun(carol, bank)
    promise(carol, paid, "50")
    approve(alice, paid)
    assert carol.balance() == "170.00"
    carol.spends_all_but("20.00")
    refund(alice, paid)
    assert carol.balance() == "0.00"
    assert value("SELECT owed_micros FROM ledger_account WHERE id = %s", carol.customer.account_id) == 50_000_000
    assert alice.audit() == []


def test_a_refund_is_whole_or_not_at_all(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice)
    paid = begun(carol, bank)
    promise(carol, paid)
    approve(alice, paid)
    carol.spends_all_but("12.00")
    with pytest.raises(Refused):
        refund(alice, paid)  # 20 are not there
    assert carol.balance() == "12.00" and len(moved()) == 1
    assert alice.audit() == []


def test_a_promise_is_kept_though_the_coupon_is_over(alice: Owner, carol: Buyer, bank: int, time: Time) -> None:
    id_ = coupon(alice, percent_e2=10_00, uses=1)
    paid = begun(carol, bank)
    assert promise(carol, paid) is None
    with scope(panel=alice.panel):
        actions.turn(panel_id=alice.panel_id, coupon_id=id_, enabled=False)
    time.passes(days=6)
    approve(alice, paid)
    assert carol.balance() == "122.00"
    assert alice.audit() == []


def test_a_promise_that_nobody_took_up_is_free_for_others(alice: Owner, carol: Buyer, bank: int, time: Time) -> None:
    coupon(alice, percent_e2=10_00, uses=1)
    dave = alice.customer("dave", balance="0.00")
    first, second = begun(carol, bank), begun(dave, bank)
    assert promise(carol, first) is None
    assert code_of(promise(dave, second)) == "coupon_used_up"
    time.passes(days=8)
    assert promise(dave, second) is None
    # Hers is late now: his is promised.
    approve(alice, first)
    assert carol.balance() == "120.00"
    approve(alice, second)
    assert dave.balance() == "22.00"
    assert alice.audit() == []


def test_one_that_is_late_is_given_where_it_can_be(alice: Owner, carol: Buyer, bank: int, time: Time) -> None:
    coupon(alice, percent_e2=10_00, uses=1)
    paid = begun(carol, bank)
    assert promise(carol, paid) is None
    time.passes(days=8)
    approve(alice, paid)
    assert carol.balance() == "122.00"
    assert alice.audit() == []


def test_the_first_deposit_only(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice, percent_e2=10_00, first_only=True)
    dave = alice.customer("dave", balance="0.00")
    first, second = begun(dave, bank), begun(dave, bank)
    assert promise(dave, second) is None
    approve(alice, first)
    approve(alice, second)  # another one was first
    assert dave.balance() == "40.00"
    eve = alice.customer("eve", balance="0.00")
    paid = begun(eve, bank)
    assert promise(eve, paid) is None
    approve(alice, paid)
    assert eve.balance() == "22.00"
    assert code_of(entered(dave)) == "coupon_first_only"
    assert alice.audit() == []


def test_terms_that_changed_are_not_promised(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice)
    paid = begun(carol, bank)
    assert code_of(promise(carol, paid, "200")) == "terms_changed"
    assert value("SELECT COUNT(*) FROM promotions_couponuse") == 0


def test_guessing_is_slowed_down(alice: Owner, carol: Buyer) -> None:
    coupon(alice)
    for n in range(29):
        assert code_of(entered(carol, f"GUESS{n}")) == "bad_coupon"
        assert isinstance(entered(carol), Entered), "who knows it is not guessing"
    assert code_of(entered(carol, "GUESS")) == "bad_coupon"
    assert code_of(entered(carol, "GUESS")) == "too_often"
    assert code_of(entered(carol)) == "too_often"


def test_a_neighbour_s_code_is_none(alice: Owner, mallory: Buyer) -> None:
    coupon(alice)
    assert code_of(entered(mallory)) == "bad_coupon"
    coupon(mallory.owner, percent_e2=5_00)
    assert entered(mallory) == Entered("SPRING", money.MICROS)


def test_the_last_use_is_promised_once_however_many_ask(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice, percent_e2=10_00, uses=2)
    people = [carol, *(alice.customer(f"buyer{n}", balance="0.00") for n in range(5))]
    payments = [begun(one, bank) for one in people]
    results: list[Refusal | None] = []
    ready = threading.Barrier(len(people))

    def ask(buyer: Buyer, paid: Known) -> None:
        ready.wait()
        results.append(promise(buyer, paid))
        connection.close()

    threads = [threading.Thread(target=ask, args=pair) for pair in zip(people, payments, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(code_of, results)) == ["", "", *["coupon_used_up"] * 4]
    for paid in payments:
        approve(alice, paid)
    assert len(moved()) == 2
    assert alice.audit() == []


def test_the_audit_finds_what_is_wrong(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice, percent_e2=10_00, uses=1)
    paid = begun(carol, bank)
    promise(carol, paid)
    approve(alice, paid)
    execute("UPDATE promotions_couponuse SET given_micros = 3000000")
    with scope(panel=alice.panel):
        (fault,) = coupon_faults(alice.panel_id)
    assert fault == (f"the coupon of payment {paid.number} gave 2.00 and took back 0.00, and says 3.00 and 0.00")


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"code": "ab"}, "bad_coupon_code"),
        ({"code": "spring"}, "coupon_code_taken"),
        ({"percent_e2": 0}, "coupon_brings"),
        ({"amount_micros": 1}, "coupon_brings"),
        ({"percent_e2": 1_000_01}, "coupon_percent"),
        ({"least_micros": -1}, "amount_not_positive"),
    ],
)
def test_what_is_no_coupon_is_not_made(alice: Owner, terms: dict[str, Any], code: str) -> None:
    coupon(alice)
    with pytest.raises(Refused) as refused:
        coupon(alice, **{"code": "OTHER", "percent_e2": 10_00, **terms})
    assert refused.value.refusal.code == code


def test_an_expiry_is_after_the_start(alice: Owner, time: Time) -> None:
    day = timedelta(days=1)
    past: dict[str, Any] = {"expires_at": time.now}
    for more in (past, {"expires_at": time.now + day, "begins_at": time.now + 2 * day}):
        with pytest.raises(Refused) as refused:
            coupon(alice, percent_e2=10_00, **more)
        assert refused.value.refusal.code == "coupon_expiry_past"
