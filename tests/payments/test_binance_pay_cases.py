"""What Binance Pay alone has: keys of the platform, and the answers that it wants. What all have: test_matrix.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]
_CERTIFICATES = "POST /binancepay/openapi/certificates"


def calls(till: Till, what: str) -> int:
    return len([one for one in till.play.double.calls if one == what])


def test_a_webhook_is_answered_as_binance_wants_it(at: At) -> None:
    till = at("binance_pay")
    sent = till.play.hook(till.reference(till.begin()))
    ((token,),) = values("SELECT hook_token FROM payments_paymentmethod WHERE id = %s", till.method_id)
    client = Client(headers={"host": till.alice.host, **sent.headers})
    answer = client.post(f"/hooks/payments/{token}", sent.body, content_type="application/json")
    assert json.loads(answer.content) == {"returnCode": "SUCCESS", "returnMessage": None}


def test_certificates_are_fetched_once_and_again_for_a_new_one(at: At, time: Time) -> None:
    till = at("binance_pay")
    # What this process has fetched for the tests before belongs to another address.
    id_ = till.begin()
    for _ in range(3):
        assert till.tell(id_) == 200
    assert calls(till, _CERTIFICATES) == 1
    till.play.double.serial = "A0NEW0SERIAL"
    assert till.tell(id_) == 200 and till.tell(id_) == 200
    assert calls(till, _CERTIFICATES) == 2
    time.passes(hours=1)
    assert till.tell(id_) == 200
    assert calls(till, _CERTIFICATES) == 3


def test_a_webhook_that_cannot_be_checked_is_to_be_told_again(at: At) -> None:
    till = at("binance_pay")
    id_ = till.begin()
    till.pay(id_)
    till.play.double.refuse_keys = True
    assert till.tell(id_) == 503
    till.play.double.refuse_keys = False
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "120.00"


def test_what_is_incomplete_or_old_costs_nothing_of_the_budget(at: At, time: Time) -> None:
    till = at("binance_pay")
    right = till.play.hook(till.reference(till.begin()))
    before = len(till.play.double.calls)
    time.passes(minutes=6)
    for sent in (right, right._replace(headers={}), right._replace(headers={**right.headers, "binancepay-nonce": ""})):
        assert till.post(sent) == 400
    assert value("SELECT COUNT(*) FROM customers_attempts WHERE kind = 'payment hook'") == 0
    assert len(till.play.double.calls) == before


def test_a_genuine_webhook_of_another_merchant_pays_nothing(at: At) -> None:
    """The key signs for everybody: whoever has an account can have such a body signed that names our reference."""
    from tests.payments.plays import now_s
    from tests.payments.till import SentHook

    till = at("binance_pay")
    id_ = till.begin()
    double = till.play.double
    double._open(
        {
            "merchantTradeNo": "THEIROWNORDER",
            "orderAmount": 40,
            "currency": "USDT",
            "returnUrl": "",
            "orderExpireTime": 0,
        }
    )
    theirs = list(double.orders)[-1]
    double.pay(theirs)
    ours = till.reference(id_)
    assert till.post(SentHook(*double.event(theirs, at_ms=now_s() * 1000, merchantTradeNo=ours))) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("sent", "100.00")
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("paid", "120.00")


def test_it_names_no_order_of_ours_either(at: At) -> None:
    """While the answer to our own creation is lost, nothing but Binance's answers says what the order is called."""
    from tests.payments.plays import now_s
    from tests.payments.till import SentHook

    till = at("binance_pay")
    theirs = till.play.of(till.reference(till.begin())).prepay_id
    till.play.double.lose_answers = 1
    till.browser.post("/funds/pay", **till.form())
    id_ = int(value("SELECT MAX(id) FROM payments_payment"))
    ours = till.reference(id_)
    assert till.post(SentHook(*till.play.double.event(theirs, at_ms=now_s() * 1000, merchantTradeNo=ours))) == 200
    till.settle()
    assert values("SELECT gateway_id FROM payments_payment WHERE id = %s", id_) != [(theirs,)]
    till.browser.post("/funds/1002/pay")
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("paid", "120.00")
    # What goes back, goes back of the order that was paid.
    till.refund(id_)
    till.settle()
    assert till.play.given_back(ours) == ["40.00"] and till.balance() == "100.00"
    till.audit()


def test_after_a_lost_answer_another_order_is_made_and_brings_the_payment(at: At) -> None:
    till = at("binance_pay")
    till.play.double.lose_answers = 2
    till.browser.post("/funds/pay", **till.form())
    till.browser.post("/funds/1001/pay")
    till.browser.post("/funds/1001/pay")
    id_ = int(value("SELECT id FROM payments_payment"))
    reference = till.reference(id_)
    names = [one.trade_no for one in till.play.double.orders.values()]
    assert names == [reference, f"{reference}02", f"{reference}03"] and till.state(id_) == "sent"
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("paid", "120.00")
    till.audit()


def test_orders_without_an_answer_have_an_end(at: At) -> None:
    till = at("binance_pay")
    till.play.double.lose_answers = 20
    till.browser.post("/funds/pay", **till.form())
    for _ in range(8):
        till.browser.post("/funds/1001/pay")
    assert len(till.play.double.orders) == 5
    assert value("SELECT state FROM payments_payment") == "created"


def test_an_order_that_nobody_wants_any_more_is_closed(at: At, time: Time) -> None:
    till = at("binance_pay")
    id_ = till.begin()
    till.browser.post("/funds/1001/cancel")
    time.passes(minutes=20)
    till.settle()
    assert till.state(id_) == "canceled"
    assert till.play.of(till.reference(id_)).status == "CANCELED"


def test_an_order_says_until_when_it_can_be_paid(at: At, time: Time) -> None:
    till = at("binance_pay")
    till.enter(minutes=30)
    order = till.play.of(till.reference(till.begin()))
    assert order.until_ms == int(time.now.timestamp() * 1000) + 30 * 60_000
    assert till.play.double.calls[-1] == "POST /binancepay/openapi/v3/order"
    (until,) = values("SELECT expires_at IS NOT NULL FROM payments_payment")
    assert until == (True,)


def test_a_refund_is_done_when_binance_says_so(at: At, time: Time) -> None:
    till = at("binance_pay")
    id_ = till.paid()
    till.play.double.refund_status = "REFUND_PENDING"
    till.refund(id_, "10.00")
    till.settle()
    assert value("SELECT state FROM payments_refund") == "sent" and till.balance() == "115.00"
    till.play.double.refunds()[0]["refundStatus"] = "REFUND_FAIL"
    time.passes(days=1)
    till.settle()
    assert value("SELECT state FROM payments_refund") == "failed" and till.balance() == "120.00"
    till.audit()


def test_a_last_refund_that_gives_back_all_that_is_left_is_for_staff(at: At, time: Time) -> None:
    till = at("binance_pay")
    id_ = till.paid()
    till.play.double.gives_all_back = True
    till.refund(id_, "5.00")
    till.settle()
    time.passes(days=1)
    till.settle()
    assert value("SELECT attention FROM payments_payment") == "refund_unknown"
    assert till.play.given_back(till.reference(id_)) == ["40.00"]


def test_all_of_it_that_was_given_back_there_is_booked(at: At) -> None:
    from tests.payments.plays import now_s
    from tests.payments.till import SentHook

    till = at("binance_pay")
    id_ = till.paid()
    till.play.refund_there(till.reference(id_), "")
    order = till.play.of(till.reference(id_))
    sent = till.play.double.event(order.prepay_id, at_ms=now_s() * 1000, status="REFUND_SUCCESS")
    assert till.post(SentHook(*sent)) == 200
    till.settle()
    assert till.balance() == "100.00" and till.state(id_) == "refunded"
    till.audit()


def test_no_other_coin_is_offered(at: At) -> None:
    from django_scopes import scope

    from panelwright.core.refusal import Refused
    from panelwright.payments import method_actions

    till = at("binance_pay")
    with scope(panel=till.alice.panel), pytest.raises(Refused, match="does not take BTC"):
        method_actions.set_method(
            panel_id=till.alice.panel_id, method_id=till.method_id, currency="BTC", rate_e12=10**12
        )
