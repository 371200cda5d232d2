"""What Flutterwave has and the others have not. What all of them have: test_matrix.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.payments.test_surplus import stands
from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from panelwright.sandbox.wire import Request, SandboxReply
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


def tell(till: Till, transaction: int, kind: str = "charge.completed", **changed: object) -> None:
    from tests.payments.till import SentHook

    assert till.post(SentHook(*till.play.double.event(transaction, kind, **changed))) == 200
    till.settle()


def paid_by(till: Till, id_: int) -> int:
    return int(till.play.of(till.reference(id_)).id)


def test_a_page_asks_for_the_amount_under_our_reference(at: At) -> None:
    till = at("flutterwave")
    id_ = till.begin()
    (page,) = till.play.double.pages
    assert (page.tx_ref, page.amount, page.currency) == (till.reference(id_), 20_000, "NGN")
    assert "/funds/1001" in page.back_url


@pytest.mark.parametrize("status", ["failed", "pending"])
def test_a_try_that_failed_or_was_left_is_no_end_and_the_next_one_pays(at: At, status: str) -> None:
    till = at("flutterwave")
    id_ = till.begin()
    tell(till, till.play.double.pay(till.reference(id_), status=status).id)
    assert stands(till, id_) == ("sent", "100.00", "")
    till.pay(id_)
    # What it tells of last failed, and what was paid before is found in the list.
    last = till.play.double.pay(till.reference(id_), status="failed")
    tell(till, last.id)
    assert stands(till, id_) == ("paid", "120.00", "")


def test_many_tries_that_failed_do_not_push_out_the_one_that_paid(at: At) -> None:
    till = at("flutterwave")
    id_ = till.begin()
    till.play.double.lists_all = True
    for status in ["failed"] * 20 + ["successful"] + ["failed"] * 15:
        last = till.play.double.pay(till.reference(id_), status=status)
    tell(till, last.id)
    assert stands(till, id_) == ("paid", "120.00", "")


def test_what_is_not_listed_yet_is_found_by_reference(at: At) -> None:
    till = at("flutterwave")
    id_ = till.begin()
    till.play.double.list_is_behind = True
    till.pay(id_)
    tell(till, paid_by(till, id_))
    assert stands(till, id_) == ("paid", "120.00", "")


def test_a_reference_that_is_paid_twice_is_for_staff(at: At, time: Time) -> None:
    till = at("flutterwave")
    id_ = till.begin()
    for _ in range(2):
        till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    assert stands(till, id_) == ("problem", "100.00", "")
    assert value("SELECT received_micros FROM payments_payment") == 40_000_000_000


def test_a_second_payment_is_a_surplus_and_goes_back_first(at: At) -> None:
    till = at("flutterwave")
    id_ = till.paid()
    second = till.play.double.pay(till.reference(id_))
    tell(till, second.id)
    assert stands(till, id_) == ("paid", "120.00", "surplus")
    till.play.double.refund_there(second.id, 20_000.0)
    tell(till, second.id, "refund.completed")
    assert stands(till, id_) == ("paid", "120.00", "")


def test_money_of_two_currencies_is_for_staff(at: At, time: Time) -> None:
    till = at("flutterwave")
    id_ = till.begin()
    till.pay(id_)
    till.play.double.pay(till.reference(id_)).told = {"currency": "GHS"}
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert value("SELECT problem_code FROM payments_payment") == "received_other_currency"


def test_a_reference_that_only_looks_like_ours_is_not_found(at: At, time: Time) -> None:
    till = at("flutterwave")
    id_ = till.begin()
    double = till.play.double
    longer = double.pay(till.reference(id_))
    longer.tx_ref += "X"
    # And one that is found under ours, but says when it is asked that it is another's.
    double.pay(till.reference(id_)).told = {"tx_ref": "SOMEBODYELSE"}
    time.passes(minutes=1)
    till.settle()
    assert stands(till, id_) == ("sent", "100.00", "")


def test_the_list_is_believed_in_nothing_but_ids(at: At, time: Time) -> None:
    """What counts is what is told by the id; the list may be older."""
    till = at("flutterwave")
    id_ = till.begin()
    first = till.play.double.pay(till.reference(id_))
    till.play.double.pay(till.reference(id_), status="failed")
    first.told = {"status": "successful"}
    first.status = "failed"
    answers = []
    serve = till.play.double.serve

    def later(request: Request) -> SandboxReply:
        if request.path.endswith("/verify"):
            first.told = {"status": "failed"}
            answers.append(request.path)
        return serve(request)

    till.play.double.serve = later
    time.passes(minutes=1)
    till.settle()
    assert answers == [f"/v3/transactions/{first.id}/verify"]
    assert stands(till, id_) == ("sent", "100.00", "")


def test_a_signed_webhook_is_held_to_its_signature(at: At) -> None:
    from tests.payments.till import SentHook

    till = at("flutterwave")
    id_ = till.begin()
    till.pay(id_)
    headers, body = till.play.double.event(paid_by(till, id_))
    signed = {"flutterwave-signature": till.play.double.signature(body)}
    assert till.post(SentHook(signed, body.replace(b"20000", b"30000"))) == 400
    assert till.post(SentHook(headers | signed, body.replace(b"20000", b"30000"))) == 400
    assert till.post(SentHook(signed, body)) == 200
    till.settle()
    assert stands(till, id_) == ("paid", "120.00", "")


def test_while_the_secret_is_exchanged_both_hold(at: At) -> None:
    till = at("flutterwave")
    id_ = till.begin()
    new = "a-new-secret-hash-of-webhooks"
    till.enter(hook_secret=f"{till.play.double.secret}, {new}")
    assert till.tell(id_) == 200 and till.tell(id_, secret=new) == 200
    till.enter(hook_secret=new)
    assert till.tell(id_) == 400 and till.tell(id_, secret=new) == 200


def test_a_refund_names_its_transaction_which_is_asked_whose_it_is(at: At) -> None:
    till = at("flutterwave")
    id_ = till.paid()
    there = paid_by(till, id_)
    till.play.double.refund_there(there, 5_000.0)
    tell(till, there, "refund.completed")
    assert stands(till, id_) == ("part_refunded", "115.00", "")
    # Another shop's, and one of which Flutterwave knows nothing.
    other = till.play.double.pay(till.reference(id_))
    other.tx_ref = "another-shop"
    tell(till, other.id, "refund.completed")
    tell(till, there, "refund.completed", TransactionId=999)
    assert values("SELECT payment_id FROM payments_webhookevent WHERE due_at IS NOT NULL") == []
    assert stands(till, id_) == ("part_refunded", "115.00", "")


@pytest.mark.parametrize(
    ("ends", "balance", "state"), [("completed-offline", "115.00", "done"), ("failed", "120.00", "failed")]
)
def test_a_refund_that_waits_is_asked_about(at: At, ends: str, balance: str, state: str) -> None:
    till = at("flutterwave")
    id_ = till.paid()
    till.play.double.refund_status = "new"
    till.refund(id_, "5000.00")
    till.settle()
    assert values("SELECT state FROM payments_refund") == [("sent",)] and till.balance() == "115.00"
    till.play.double.refunds[0]["status"] = ends
    tell(till, paid_by(till, id_), "refund.completed")
    assert values("SELECT state FROM payments_refund") == [(state,)] and till.balance() == balance
    till.audit()


def test_a_refund_is_found_behind_others_and_not_made_again(at: At, time: Time) -> None:
    till = at("flutterwave")
    id_ = till.paid()
    there = paid_by(till, id_)
    till.refund(id_, "5000.00")
    till.play.double.lose_answers = 1
    till.settle()
    for _ in range(25):
        till.play.double.refund_there(there, 1.0)
    time.passes(minutes=10)
    till.settle()
    assert till.play.given_back(till.reference(id_)) == ["5000.00"]
    tell(till, there)
    assert till.state(id_) == "part_refunded"
    assert value("SELECT SUM(amount_micros) FROM payments_refund") == 5_025_000_000
    till.audit()


def test_the_stages_of_a_chargeback_are_one_dispute(at: At) -> None:
    till = at("flutterwave")
    id_ = till.paid()
    there = paid_by(till, id_)
    for status, stage, state, balance in (
        ("initiated", "new", "disputed", "100.00"),
        ("declined", "new", "disputed", "100.00"),
        ("won", "new", "won", "120.00"),
        ("initiated", "pre-arbitration", "disputed", "100.00"),
        ("lost", "pre-arbitration", "lost", "100.00"),
    ):
        till.play.double.charge_back(there, status, stage=stage)
        tell(till, there, "chargeback.updated")
        assert (till.state(id_), till.balance()) == (state, balance), (status, stage)
        till.audit()
    assert value("SELECT COUNT(*) FROM payments_dispute") == 1


def test_a_chargeback_after_a_refund_takes_what_is_left(at: At) -> None:
    till = at("flutterwave")
    id_ = till.paid()
    till.refund(id_, "5000.00")
    till.settle()
    till.play.double.charge_back(paid_by(till, id_), "lost")
    tell(till, paid_by(till, id_))
    assert stands(till, id_) == ("lost", "100.00", "")


def test_without_leave_to_see_chargebacks_payments_are_credited(at: At) -> None:
    till = at("flutterwave")
    till.play.double.refuse_chargebacks = True
    id_ = till.paid()
    assert stands(till, id_) == ("paid", "120.00", "")


def test_events_of_other_shops_and_of_nothing_are_nobodys(at: At) -> None:
    from tests.payments.till import SentHook

    till = at("flutterwave")
    till.begin()
    calls = len(till.play.double.calls)
    for event in (
        {"event": "charge.completed", "data": {"id": 1, "tx_ref": "ANOTHERSHOPS", "status": "successful"}},
        {"event": "charge.completed", "data": {"id": 1, "tx_ref": "another shop/7"}},
        {"event": "transfer.completed", "data": {"id": 7}},
        {"event": "refund.completed", "data": {"TransactionId": "7; DROP"}},
        {"event": "refund.completed", "data": {"TransactionId": 10**30}},
    ):
        headers = {"verif-hash": till.play.double.secret}
        assert till.post(SentHook(headers, json.dumps(event).encode())) == 200
    till.settle()
    assert till.balance() == "100.00" and len(till.play.double.calls) == calls
    assert values("SELECT payment_id, due_at FROM payments_webhookevent") == [(None, None)]


@pytest.mark.parametrize("amount", [None, "", "a lot", 0])
def test_a_chargeback_that_does_not_say_of_how_much_is_of_all(at: At, amount: object) -> None:
    till = at("flutterwave")
    id_ = till.paid()
    there = paid_by(till, id_)
    till.play.double.charge_back(there, "initiated")
    for row in till.play.double.chargebacks:
        row["amount"] = amount
    tell(till, there, "chargeback.updated")
    assert (till.state(id_), till.balance()) == ("disputed", "100.00")
    till.audit()
