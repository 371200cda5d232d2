"""What Paystack has and the others have not. What all of them have: test_matrix.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.payments.test_surplus import stands
from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


def name_of(till: Till, id_: int) -> str:
    return str(till.play.of(till.reference(id_)).reference)


def tell(till: Till, id_: int, kind: str) -> None:
    from tests.payments.till import SentHook

    assert till.post(SentHook(*till.play.double.event(kind, name_of(till, id_)))) == 200
    till.settle()


def test_a_transaction_asks_for_hundredths_with_our_reference_and_way_back(at: At) -> None:
    till = at("paystack")
    id_ = till.begin()
    made = till.play.of(till.reference(id_))
    assert (made.amount, made.currency, made.reference) == (2_000_000, "NGN", till.reference(id_))
    assert "/funds/1001" in made.back_url and made.metadata["panel"] == till.alice.panel.slug


def test_after_a_lost_answer_the_page_that_the_customer_has_is_asked_about(at: At, time: Time) -> None:
    till = at("paystack")
    till.play.double.lose_answers = 1
    till.browser.post("/funds/pay", **till.form())
    id_ = int(value("SELECT id FROM payments_payment"))
    # Somebody asks meanwhile; the try that nobody can pay is not what is kept.
    till.browser.get("/funds/1001?from=gateway")
    till.settle()
    till.browser.post("/funds/1001/pay")
    reference = till.reference(id_)
    assert value("SELECT gateway_id FROM payments_payment") == f"{reference}-2" == name_of(till, id_)
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert stands(till, id_) == ("paid", "120.00", "")


@pytest.mark.parametrize("status", ["failed", "abandoned", "ongoing"])
def test_what_failed_or_was_left_can_be_paid_on_the_same_page(at: At, time: Time, status: str) -> None:
    till = at("paystack")
    id_ = till.begin()
    till.play.double.to(name_of(till, id_), status)
    time.passes(minutes=1)
    till.settle()
    assert stands(till, id_) == ("sent", "100.00", "")
    till.pay(id_)
    tell(till, id_, "charge.success")
    assert stands(till, id_) == ("paid", "120.00", "")


def test_what_is_processed_is_on_its_way(at: At, time: Time) -> None:
    till = at("paystack")
    id_ = till.begin()
    till.play.double.to(name_of(till, id_), "processing")
    time.passes(minutes=1)
    till.settle()
    assert stands(till, id_) == ("pending", "100.00", "")
    till.pay(id_)
    tell(till, id_, "charge.success")
    assert stands(till, id_) == ("paid", "120.00", "")


def test_while_the_key_is_exchanged_both_hold_and_calls_are_made_with_the_first(at: At) -> None:
    from panelwright.core.refusal import Refused

    till = at("paystack")
    id_ = till.begin()
    old, new = till.play.double.key, "sk_test_anew0key0of0the0account0"
    till.play.double.key = new
    till.enter(key=f"{new}, {old}")
    assert till.tell(id_, secret=old) == 200 and till.tell(id_) == 200
    till.pay(id_)
    till.settle()
    assert till.balance() == "120.00"
    till.enter(key=new)
    assert till.tell(id_, secret=old) == 400 and till.tell(id_) == 200
    for wrong in ("pk_test_0123456789abcdef", "sk_test_short", f"{new}, sk_live_0123456789abcdef"):
        with pytest.raises(Refused):
            till.enter(key=wrong)


@pytest.mark.parametrize(
    ("ends", "balance", "state"), [("processed", "115.00", "done"), ("failed", "120.00", "failed")]
)
def test_a_refund_that_waits_is_asked_about(at: At, ends: str, balance: str, state: str) -> None:
    till = at("paystack")
    id_ = till.paid()
    till.play.double.refund_status = "pending"
    till.refund(id_, "5000.00")
    till.settle()
    assert values("SELECT state FROM payments_refund") == [("sent",)] and till.balance() == "115.00"
    (one,) = till.play.double.refunds
    till.play.double.end_refund(one["id"], ends)
    tell(till, id_, f"refund.{ends}")
    assert values("SELECT state FROM payments_refund") == [(state,)] and till.balance() == balance
    till.audit()


def test_a_refund_that_waits_there_is_booked_once_it_is_done(at: At) -> None:
    till = at("paystack")
    id_ = till.paid()
    till.play.double.refund_there(name_of(till, id_), 500_000, status="pending")
    tell(till, id_, "refund.pending")
    assert stands(till, id_) == ("paid", "120.00", "")
    till.play.double.end_refund(till.play.double.refunds[0]["id"], "processed")
    tell(till, id_, "refund.processed")
    assert stands(till, id_) == ("part_refunded", "115.00", "")


def test_refunds_of_other_payments_are_none_of_this_one(at: At) -> None:
    """What is asked for of one transaction may list the account's."""
    till = at("paystack")
    first, second = till.begin(), till.begin()
    for id_ in (first, second):
        till.pay(id_)
        tell(till, id_, "charge.success")
    for _ in range(120):
        till.play.double.refund_there(name_of(till, second), 100)
    till.refund(first, "5000.00")
    for _ in range(120):
        till.play.double.refund_there(name_of(till, second), 100)
    till.settle()
    tell(till, first, "charge.success")
    assert till.state(first) == "part_refunded"
    assert value("SELECT SUM(amount_micros) FROM payments_refund WHERE payment_id = %s", first) == 5_000_000_000
    # It is found behind two pages of others, and not made again.
    till.refund(first, "1000.00")
    till.play.double.lose_answers = 1
    till.settle()
    assert [one["amount"] for one in till.play.double.refunds if "-refund-" in one["merchant_note"]] == [
        500_000,
        100_000,
    ]
    till.audit()


def test_what_a_dispute_gives_back_is_no_refund(at: At) -> None:
    till = at("paystack")
    id_ = till.paid()
    name = name_of(till, id_)
    till.play.double.dispute(name, taken=True, resolution="merchant-accepted")
    till.play.double.refund_there(name, 2_000_000)
    till.play.double.refunds[0]["dispute"] = 2_800_001
    tell(till, id_, "charge.dispute.resolve")
    assert stands(till, id_) == ("lost", "100.00", "")
    assert value("SELECT COUNT(*) FROM payments_refund") == 0


def test_what_is_reversed_has_gone_back_whatever_is_listed(at: At) -> None:
    till = at("paystack")
    id_ = till.paid()
    till.play.double.to(name_of(till, id_), "reversed")
    tell(till, id_, "charge.success")
    assert stands(till, id_) == ("refunded", "100.00", "")


def test_a_dispute_whose_end_is_not_understood_stays_open(at: At) -> None:
    till = at("paystack")
    id_ = till.paid()
    till.play.double.dispute(name_of(till, id_), resolution="something-new")
    tell(till, id_, "charge.dispute.resolve")
    assert stands(till, id_) == ("disputed", "120.00", "disputed")


def test_a_dispute_about_what_is_left_after_a_refund(at: At) -> None:
    till = at("paystack")
    id_ = till.paid()
    till.refund(id_, "5000.00")
    till.settle()
    till.play.double.dispute(name_of(till, id_))
    tell(till, id_, "charge.dispute.create")
    assert till.state(id_) == "disputed" and till.balance() == "115.00"
    till.play.double.dispute(name_of(till, id_), taken=True, resolution="auto-accepted")
    tell(till, id_, "charge.dispute.resolve")
    assert stands(till, id_) == ("lost", "100.00", "")


def test_an_event_of_another_shop_on_the_account_is_nobodys(at: At) -> None:
    import json

    from tests.payments.till import SentHook

    till = at("paystack")
    till.begin()
    for event in (
        {"event": "charge.success", "data": {"reference": "ANOTHERSHOPS", "amount": 2_000_000, "status": "success"}},
        {"event": "charge.success", "data": {"reference": "another.shop/17", "amount": 1}},
        {"event": "transfer.success", "data": {"reference": "T1"}},
        {"event": "charge.dispute.create", "data": {"transaction": [1]}},
    ):
        body = json.dumps(event).encode()
        assert till.post(SentHook({"x-paystack-signature": till.play.double.signature(body)}, body)) == 200
    till.settle()
    assert till.balance() == "100.00"
    assert values("SELECT payment_id, due_at FROM payments_webhookevent") == [(None, None)]
