"""What NOWPayments alone has: several payments to an invoice, and a login. What all have: test_matrix.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.people import Time, value

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


def problem() -> tuple[str, int]:
    return str(value("SELECT problem_code FROM payments_payment")), int(
        value("SELECT COALESCE(received_micros, 0) FROM payments_payment")
    )


def invoice_of(till: Till, id_: int) -> str:
    """What the customer was led to."""
    rows = till.play.double.invoices.values()
    return [str(one["id"]) for one in rows if one["order_id"] == till.reference(id_)][-1]


def tell(till: Till, id_: int) -> None:
    from tests.payments.till import SentHook

    assert till.post(SentHook(*till.play.double.event(id_))) == 200
    till.settle()


def calls(till: Till, what: str) -> int:
    return len([one for one in till.play.double.calls if one == what])


def test_without_a_login_a_webhook_names_what_is_asked_about(at: At, time: Time) -> None:
    till = at("nowpayments")
    till.enter(email="")
    id_ = till.begin()
    till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "sent" and till.balance() == "100.00", "the key alone sees no payments of an invoice"
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "paid" and till.balance() == "120.00"
    assert calls(till, "POST /v1/auth") == 0
    till.audit()


def test_without_a_login_the_key_lists_where_it_may(at: At, time: Time) -> None:
    till = at("nowpayments")
    till.enter(email="")
    till.play.double.lists_by_key = True
    id_ = till.begin()
    till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"


def test_one_login_holds_for_many_questions_and_is_renewed(at: At, time: Time) -> None:
    till = at("nowpayments")
    # Tokens are kept by process: this one is asked for anew.
    till.play.double.tokens.clear()
    id_ = till.begin()
    for _ in range(3):
        assert till.tell(id_) == 200
        till.settle()
    assert calls(till, "POST /v1/auth") <= 1
    till.play.double.tokens.clear()
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "120.00"


def test_a_login_that_is_refused_is_told_by_the_test_and_waited_out(at: At, time: Time) -> None:
    from panelwright.storefront.tests.browsing import Browser

    till = at("nowpayments")
    till.enter(password="a password that was changed")
    owner = Browser(till.alice, till.alice.staff.user)
    where = f"/admin/payment_methods/{till.method_id}/test"
    assert owner.post(where).status_code == 422
    id_ = till.begin()
    till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "sent"
    till.enter(password=till.play.entered()["password"])
    assert owner.post(where).status_code == 200
    time.passes(hours=2)
    till.settle()
    assert till.balance() == "120.00"


def test_a_try_that_came_to_nothing_is_no_end_while_another_one_waits(at: At, time: Time) -> None:
    till = at("nowpayments")
    id_ = till.begin()
    invoice = invoice_of(till, id_)
    till.play.double.choose(invoice).status = "failed"
    other = till.play.double.choose(invoice)
    tell(till, other.id)
    assert till.state(id_) == "sent"
    other.came, other.status = other.asked, "confirming"
    for status in ("confirming", "confirmed", "sending"):
        other.status = status
        tell(till, other.id)
        assert (till.state(id_), till.balance()) == ("pending", "100.00"), status
    other.status = "finished"
    tell(till, other.id)
    assert (till.state(id_), till.balance()) == ("paid", "120.00")
    till.audit()


def test_the_documented_sample_of_the_signature_is_taken(at: At) -> None:
    till = at("nowpayments")
    till.play.double.signs_outer_keys = True
    id_ = till.begin()
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "120.00"


@pytest.mark.parametrize(("part", "received"), [("0.5", 10_000_000), ("1.33333", 26_660_000)])
def test_coins_of_another_amount_are_for_staff_with_what_they_were_worth(at: At, part: str, received: int) -> None:
    till = at("nowpayments")
    id_ = till.begin()
    tell(till, till.play.double.pay(invoice_of(till, id_), part).id)
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert problem() == ("received_other_amount", received)


def test_parts_that_make_the_amount_together_are_for_staff_all_the_same(at: At) -> None:
    from panelwright.payments.tests import making

    till = at("nowpayments")
    id_ = till.begin()
    invoice = invoice_of(till, id_)
    first = till.play.double.pay(invoice, "0.25")
    later = till.play.double.pay_more(first, "0.75")
    tell(till, later.id)
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert problem() == ("received_in_parts", 20_000_000)
    making.approve(till.alice, id_)
    assert till.state(id_) == "paid" and till.balance() == "120.00"
    till.settle()
    assert value("SELECT attention FROM payments_payment") == ""
    till.audit()


def test_another_coin_to_the_same_address_never_pays_by_itself(at: At) -> None:
    """As many coins as were asked for, of one that is worth next to nothing."""
    till = at("nowpayments")
    till.enter(email="")
    id_ = till.begin()
    invoice = invoice_of(till, id_)
    first = till.play.double.choose(invoice)
    wrong = till.play.double.pay_more(first, "1", coin="shib")
    tell(till, wrong.id)
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert problem()[0] == "received_in_parts"


def test_who_has_paid_and_sends_more_is_credited_once_and_staff_learn_of_the_rest(at: At) -> None:
    till = at("nowpayments")
    till.enter(email="")
    id_ = till.paid()
    first = till.play.of(till.reference(id_))
    tell(till, till.play.double.pay_more(first, "0.5").id)
    assert till.state(id_) == "paid" and till.balance() == "120.00"
    assert value("SELECT attention FROM payments_payment") == "surplus"
    till.audit()


def test_the_rest_is_waited_for_before_staff_are_called(at: At) -> None:
    till = at("nowpayments")
    id_ = till.begin()
    invoice = invoice_of(till, id_)
    first = till.play.double.pay(invoice, "0.5")
    later = till.play.double.pay_more(first, "0.5")
    later.status = "confirming"
    tell(till, first.id)
    assert till.state(id_) == "pending"
    later.status = "finished"
    tell(till, later.id)
    assert till.state(id_) == "problem" and problem() == ("received_in_parts", 20_000_000)


def test_a_later_deposit_that_names_nothing_of_ours_is_found_by_its_parent(at: At) -> None:
    till = at("nowpayments")
    till.enter(email="")
    id_ = till.paid()
    first = till.play.of(till.reference(id_))
    later = till.play.double.pay_more(first, "1")
    later.told = {"invoice_id": None}
    tell(till, later.id)
    assert value("SELECT attention FROM payments_payment") == "surplus"
    assert value("SELECT COUNT(*) FROM payments_webhookevent WHERE payment_id IS NULL") == 0


def test_what_staff_have_sent_back_is_booked_once(at: At) -> None:
    till = at("nowpayments")
    id_ = till.paid()
    till.refund(id_)
    till.settle()
    assert till.balance() == "100.00" and till.state(id_) == "refunded"
    assert value("SELECT state FROM payments_refund") == "done", "staff have sent it, and nobody else is told to"
    # Should it be marked there, too, it is the same money.
    till.play.refund_there(till.reference(id_), "")
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "100.00" and value("SELECT COUNT(*) FROM payments_refund") == 1
    till.audit()


def test_while_the_secret_is_exchanged_both_hold(at: At) -> None:
    till = at("nowpayments")
    id_ = till.begin()
    new = "a+new+secret/of+the+webhook="
    till.enter(hook_secret=f"{till.play.entered()['hook_secret']}, {new}")
    assert till.tell(id_) == 200 and till.tell(id_, secret=new) == 200
    till.enter(hook_secret=new)
    assert till.tell(id_) == 400 and till.tell(id_, secret=new) == 200


def test_an_invoice_asks_for_the_whole_price(at: At) -> None:
    till = at("nowpayments")
    id_ = till.begin()
    invoice = till.play.double.invoices[invoice_of(till, id_)]
    assert (invoice["price_amount"], invoice["price_currency"]) == ("20", "USD")
    assert "/hooks/payments/" in invoice["ipn_callback_url"]


def test_after_many_tries_the_one_that_was_paid_last_counts(at: At, time: Time) -> None:
    from panelwright.payments.gateways.nowpayments.client import TOLD_MAX
    from tests.payments.till import SentHook

    till = at("nowpayments")
    till.enter(email="")
    id_ = till.begin()
    invoice = invoice_of(till, id_)
    for _ in range(TOLD_MAX + 2):
        failed = till.play.double.choose(invoice)
        failed.status = "failed"
        assert till.post(SentHook(*till.play.double.event(failed.id))) == 200
    # One that it has forgotten since is nothing.
    lost = till.play.double.choose(invoice)
    assert till.post(SentHook(*till.play.double.event(lost.id))) == 200
    del till.play.double.payments[lost.id]
    tell(till, till.play.double.pay(invoice).id)
    assert till.state(id_) == "paid" and till.balance() == "120.00"
    till.audit()


def test_what_nowpayments_gave_back_is_booked(at: At) -> None:
    till = at("nowpayments")
    id_ = till.paid()
    till.play.refund_there(till.reference(id_), "")
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "100.00" and till.state(id_) == "refunded"
    till.audit()
