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
from panelwright.payments import actions as payment_actions
from panelwright.payments import refund_actions, staff_actions
from panelwright.payments.actions import BegunPayment
from panelwright.payments.tests.making import BOB, approve, begin, begun, letters, method, payment
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
    """What `begin` does for a payment that it makes with a coupon."""
    owner, agreed, now = buyer.owner, Entered(code, money.parse(brings)), clock.now()
    with scope(panel=owner.panel), transaction.atomic():
        held = actions.hold(
            panel_id=owner.panel_id,
            customer_id=buyer.customer_id,
            account_id=buyer.customer.account_id,
            agreed=agreed,
            credit_micros=payment(paid).credit_micros,
            currency="USD",
            now=now,
        )
        if isinstance(held, Refusal):
            return held
        micros = agreed.micros
        actions.promise(held, customer_id=buyer.customer_id, payment_number=paid.number, micros=micros, now=now)
    return None


def begins(buyer: Buyer, bank: int, code: str = "SPRING", brings: str = "2", **how: Any) -> BegunPayment | Refusal:
    """A payment of 20 that is begun with a coupon."""
    return begin(buyer, bank, "20", coupon=Entered(code, money.parse(brings)), address="198.51.100.7", **how)


def with_coupon(buyer: Buyer, bank: int, **how: Any) -> Known:
    result = begins(buyer, bank, **how)
    assert isinstance(result, BegunPayment), result
    return Known(result.payment_id, result.number)


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
    paid = with_coupon(carol, bank, request_id="once")
    again = begins(carol, bank, request_id="once")
    assert isinstance(again, BegunPayment) and (again.payment_id, again.repeated) == (paid, True)
    assert value("SELECT COUNT(*) FROM promotions_couponuse") == 1
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


def test_terms_that_changed_are_not_promised_and_nothing_is_begun(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice)
    coupon(alice, "LEAST", percent_e2=10_00, least_micros=money.parse("50"))
    for code, brings, said in (
        ("SPRING", "200", "terms_changed"),
        ("SPRING", "0", "terms_changed"),
        ("LEAST", "2", "coupon_below"),
        ("NONE", "2", "bad_coupon"),
        ("<b>", "2", "bad_coupon"),
    ):
        assert code_of(begins(carol, bank, code, brings)) == said, code
    assert value("SELECT COUNT(*) FROM promotions_couponuse") == 0
    assert value("SELECT COUNT(*) FROM payments_payment") == 0
    assert begins(carol, bank, " spring ") == BegunPayment(value("SELECT MAX(id) FROM payments_payment"), 1001, True)


@pytest.mark.parametrize("state", ["created", "paid", "canceled"])
def test_none_comes_to_a_payment_that_was_begun_before(alice: Owner, carol: Buyer, bank: int, state: str) -> None:
    coupon(alice, amount_micros=money.parse("50"), uses=1)
    paid = begun(carol, bank, request_id="once")
    if state == "paid":
        approve(alice, paid)
    elif state == "canceled":
        cancel(carol, paid)
    balance = carol.balance()
    assert code_of(begins(carol, bank, brings="50", request_id="once")) == "terms_changed"
    assert value("SELECT COUNT(*) FROM promotions_couponuse") == 0
    assert (value("SELECT state FROM payments_payment"), carol.balance()) == (state, balance)
    assert entered(carol) == Entered("SPRING", money.parse("50")), "its use is free"
    assert alice.audit() == []


def test_guessing_with_a_form_that_pays_is_slowed_down_too(alice: Owner, carol: Buyer, bank: int, time: Time) -> None:
    coupon(alice)
    begun(carol, bank, request_id="once")
    for n in range(15):
        assert code_of(begins(carol, bank, f"GUESS{n}", request_id="once")) == "bad_coupon"
        assert code_of(entered(carol, f"GUESS{n}")) == "bad_coupon"
    for request_id in ("once", "", "another"):
        assert code_of(begins(carol, bank, "GUESS", request_id=request_id)) == "too_often"
        assert code_of(begins(carol, bank, "SPRING", request_id=request_id)) == "too_often"
    assert code_of(entered(carol)) == "too_often"
    counted = values("SELECT kind, count FROM customers_attempts WHERE kind LIKE 'coupon%%'")
    assert counted == [("coupon account", 30)]
    assert values("SELECT kind, count FROM customers_addressattempts WHERE kind LIKE 'coupon%%'") == [
        ("coupon address", 30)
    ]


def cancel(buyer: Buyer, paid: Known) -> None:
    owner = buyer.owner
    with scope(panel=owner.panel):
        refused = payment_actions.cancel(panel_id=owner.panel_id, customer_id=buyer.customer_id, payment_id=paid)
    assert refused is None


def reject(owner: Owner, paid: Known) -> None:
    with scope(panel=owner.panel), transaction.atomic():
        staff_actions.reject(BOB, panel_id=owner.panel_id, payment_id=paid, reason="no such money", now=clock.now())


def expire(owner: Owner, paid: Known) -> None:
    execute("UPDATE payments_payment SET due_at = %s", clock.now())
    with scope(panel=owner.panel):
        assert payment_actions.expire(panel_id=owner.panel_id, payment_id=paid, now=clock.now())


@pytest.mark.parametrize("end", ["canceled", "failed", "expired"])
def test_the_coupon_of_a_payment_that_is_over_is_free(alice: Owner, carol: Buyer, bank: int, end: str) -> None:
    coupon(alice, percent_e2=10_00, uses=1)
    dave = alice.customer("dave", balance="0.00")
    first = with_coupon(carol, bank)
    assert code_of(entered(carol)) == "coupon_used"
    assert code_of(begins(dave, bank)) == "coupon_used_up"
    if end == "canceled":
        cancel(carol, first)
    elif end == "failed":
        reject(alice, first)
    else:
        expire(alice, first)
    assert payment(first).state == end
    second = with_coupon(carol, bank)
    assert code_of(begins(dave, bank)) == "coupon_used_up", "promised again"
    # Hers comes late all the same: the only use is the second one's.
    approve(alice, first, "", "wire 1")
    assert carol.balance() == "120.00" and moved() == []
    approve(alice, second, "", "wire 2")
    assert carol.balance() == "142.00" and moved() == [(f"P-{second.number}", "2.00")]
    assert alice.audit() == []


@pytest.mark.parametrize("enabled", [True, False])
def test_who_pays_after_all_gets_what_the_coupon_still_gives(
    alice: Owner, carol: Buyer, bank: int, enabled: bool
) -> None:
    id_ = coupon(alice, percent_e2=10_00, uses=1)
    paid = with_coupon(carol, bank)
    cancel(carol, paid)
    with scope(panel=alice.panel):
        actions.turn(panel_id=alice.panel_id, coupon_id=id_, enabled=enabled)
    approve(alice, paid)
    assert carol.balance() == ("122.00" if enabled else "120.00")
    assert alice.audit() == []
    assert code_of(entered(carol)) == ("coupon_used" if enabled else "bad_coupon")


def test_a_double_click_begins_one_payment_with_its_coupon(alice: Owner, carol: Buyer, bank: int) -> None:
    coupon(alice, percent_e2=10_00, uses=1)
    results: list[BegunPayment | Refusal] = []
    ready = threading.Barrier(4)

    def click() -> None:
        ready.wait()
        results.append(begins(carol, bank, request_id="once"))
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((id_, state),) = values("SELECT id, state FROM payments_payment")
    assert state == "created"
    assert {one.payment_id if isinstance(one, BegunPayment) else one for one in results} == {id_}
    assert value("SELECT COUNT(*) FROM promotions_couponuse") == 1
    approve(alice, id_)
    assert carol.balance() == "122.00"
    assert alice.audit() == []


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
