"""What YooKassa has and the others have not. What all of them have: test_matrix.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.payments.test_surplus import stands
from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


def there(till: Till, id_: int) -> str:
    return str(till.play.of(till.reference(id_)).id)


def tell(till: Till, id_: int, kind: str = "payment.succeeded", **changed: object) -> int:
    from tests.payments.till import SentHook

    status = till.post(SentHook({}, till.play.double.event(kind, there(till, id_), **changed)))
    till.settle()
    return status


def writes(till: Till) -> list[str]:
    return [one for one in till.play.double.calls if one.startswith("POST")]


def test_a_payment_asks_for_the_amount_with_our_reference_and_no_receipt(at: At) -> None:
    till = at("yookassa")
    id_ = till.begin()
    payment = till.play.of(till.reference(id_))
    assert (str(payment.amount), payment.currency, payment.receipt) == ("2000.00", "RUB", None)
    assert "/funds/1001" in payment.return_url
    assert set(payment.metadata) == {"reference", "panel", "payment"}


def test_what_is_held_is_taken_once(at: At) -> None:
    till = at("yookassa")
    id_ = till.begin()
    till.play.double.holds = True
    till.pay(id_)
    for _ in range(3):
        assert tell(till, id_, "payment.waiting_for_capture") == 200
    assert stands(till, id_) == ("paid", "120.00", "")
    assert len([one for one in writes(till) if one.endswith("/capture")]) == 1


@pytest.mark.parametrize("knob", ["lose_answers", "fail_after"])
def test_a_lost_answer_to_the_capture_is_asked_for(at: At, time: Time, knob: str) -> None:
    till = at("yookassa")
    id_ = till.begin()
    till.play.double.holds = True
    till.pay(id_)
    setattr(till.play.double, knob, 1)
    time.passes(minutes=1)
    till.settle()
    assert till.balance() == "100.00"
    time.passes(minutes=10)
    till.settle()
    assert stands(till, id_) == ("paid", "120.00", "")


def test_who_has_canceled_is_not_charged_and_their_money_is_let_go(at: At) -> None:
    till = at("yookassa")
    id_ = till.begin()
    till.play.double.holds = True
    till.pay(id_)
    till.browser.post("/funds/1001/cancel")
    for _ in range(2):
        assert tell(till, id_, "payment.waiting_for_capture") == 200
    assert stands(till, id_) == ("canceled", "100.00", "")
    assert till.play.of(till.reference(id_)).status == "canceled"
    assert not [one for one in writes(till) if one.endswith("/capture")]


def test_nobody_signs_and_so_nothing_but_the_id_is_read(at: At) -> None:
    till = at("yookassa")
    first, second = till.begin(), till.begin()
    till.pay(second)
    # What it says of the second one's reference moves nothing of that: the first one is asked about.
    reference = till.reference(second)
    assert tell(till, first, metadata={"reference": reference}, status="succeeded") == 200
    assert (till.state(first), till.state(second), till.balance()) == ("sent", "sent", "100.00")
    assert tell(till, second) == 200
    assert till.state(second) == "paid" and till.balance() == "120.00"
    # However often, and whatever else it says, it is one event.
    for n in range(3):
        assert tell(till, second, note=n) == 200
    assert value("SELECT COUNT(*) FROM payments_webhookevent") == 2
    till.audit()


def test_what_names_nothing_costs_nothing_of_the_budget(at: At) -> None:
    from tests.payments.till import SentHook

    till = at("yookassa")
    id_ = till.begin()
    before = len(till.play.double.calls)
    right = till.play.double.event("payment.succeeded", there(till, id_))
    for body in (b"", b"[]", right.replace(b"payment.succeeded", b"deal.closed"), right.replace(b"22e12f66", b"/../")):
        assert till.post(SentHook({}, body)) == 400
    counted = "SELECT COUNT(*) FROM customers_attempts WHERE kind = 'payment hook'"
    assert value(counted) == 0 and len(till.play.double.calls) == before
    assert till.post(SentHook({}, right.replace(b"22e12f66", b"22e12f67"))) == 400
    assert value(counted) == 1 and len(till.play.double.calls) == before + 1


def test_a_webhook_that_cannot_be_checked_is_to_be_told_again(at: At) -> None:
    till = at("yookassa")
    id_ = till.begin()
    till.pay(id_)
    till.play.double.refuse_keys = True
    assert till.tell(id_) == 503
    assert value("SELECT COUNT(*) FROM payments_webhookevent") == 0
    till.play.double.refuse_keys = False
    assert tell(till, id_) == 200
    assert stands(till, id_) == ("paid", "120.00", "")


def test_a_payment_of_something_else_in_the_shop_is_nobodys(at: At) -> None:
    from tests.payments.till import SentHook

    till = at("yookassa")
    id_ = till.begin()
    double = till.play.double
    id_there = "22e12f66-000f-5000-8000-0000000000ff"
    other = dataclasses.replace(till.play.of(till.reference(id_)), id=id_there, metadata={"order_id": "17"})
    double.payments[id_there] = other
    double.pay(id_there)
    assert till.post(SentHook({}, double.event("payment.succeeded", id_there))) == 200
    till.settle()
    assert stands(till, id_) == ("sent", "100.00", "")
    assert values("SELECT payment_id, due_at FROM payments_webhookevent") == [(None, None)]


def test_a_webhook_before_the_answer_to_the_creation(at: At, time: Time) -> None:
    till = at("yookassa")
    till.play.double.lose_answers = 1
    till.browser.post("/funds/pay", **till.form())
    id_ = int(value("SELECT id FROM payments_payment"))
    till.pay(id_)
    # Whose it is, YooKassa says; it is asked about under its name once that is known.
    assert tell(till, id_) == 200
    assert values("SELECT payment_id FROM payments_webhookevent") == [(id_,)]
    till.browser.post("/funds/1001/pay")
    time.passes(minutes=1)
    till.settle()
    assert stands(till, id_) == ("paid", "120.00", "")
    assert till.play.is_there(till.reference(id_)) == 1


def test_receipts_are_sent_where_the_shop_has_them(at: At) -> None:
    till = at("yookassa")
    till.enter(vat_code=6, tax_system=2)
    id_ = till.begin()
    payment = till.play.of(till.reference(id_))
    receipt = payment.receipt
    assert receipt is not None and receipt["tax_system_code"] == 2
    assert receipt["customer"] == {"email": till.carol.customer.user.email}
    (item,) = receipt["items"]
    assert item["amount"] == {"value": "2000.00", "currency": "RUB"} and item["vat_code"] == 6
    assert (item["payment_mode"], item["payment_subject"], item["quantity"]) == ("advance", "payment", "1.00")
    till.pay(id_)
    assert tell(till, id_) == 200
    # A part has a receipt of its own; of all of it YooKassa makes one.
    till.refund(id_, "500.00")
    till.settle()
    assert [one["had_receipt"] for one in till.play.double.refunds] == [True]
    till.refund(id_)
    till.settle()
    assert [one["had_receipt"] for one in till.play.double.refunds] == [True, True]
    assert stands(till, id_) == ("refunded", "100.00", "")


def test_all_of_it_goes_back_without_a_receipt_of_ours(at: At) -> None:
    till = at("yookassa")
    till.enter(vat_code=1)
    id_ = till.paid()
    till.refund(id_)
    till.settle()
    assert [one["had_receipt"] for one in till.play.double.refunds] == [False]
    assert stands(till, id_) == ("refunded", "100.00", "")


@pytest.mark.parametrize(
    ("ends", "balance", "state"), [("succeeded", "115.00", "done"), ("canceled", "120.00", "failed")]
)
def test_a_refund_that_waits_is_asked_about(at: At, ends: str, balance: str, state: str) -> None:
    till = at("yookassa")
    id_ = till.paid()
    till.play.double.refund_status = "pending"
    till.refund(id_, "500.00")
    till.settle()
    assert values("SELECT state FROM payments_refund") == [("sent",)] and till.balance() == "115.00"
    till.play.double.end_refund(till.play.double.refunds[0]["id"], ends)
    assert tell(till, id_, "refund.succeeded") == 200
    assert values("SELECT state FROM payments_refund") == [(state,)] and till.balance() == balance
    till.audit()


def test_shop_and_key_are_needed(at: At) -> None:
    from panelwright.core.refusal import Refused

    till = at("yookassa")
    for wrong in ({"shop_id": "shop"}, {"shop_id": ""}, {"key": "test_short"}, {"key": "live_ with spaces 0123456789"}):
        with pytest.raises(Refused):
            till.enter(**wrong)
