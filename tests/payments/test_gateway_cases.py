"""What one gateway has and the others have not. What all of them have: test_matrix.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.people import Time, execute, value, values

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


# ---- Mercado Pago ----------------------------------------------------------------------------------


def test_pix_is_paid_from_our_own_page(at: At) -> None:
    till = at("pix")
    id_ = till.begin()
    code = value("SELECT code FROM payments_payment")
    page = till.browser.get("/funds/1001")
    assert code.startswith("000201") and code in page and 'class="qr"' in page
    assert till.play.double.calls == ["POST /v1/payments"]
    # What is shown is one thing, however often it is asked for.
    till.browser.post("/funds/1001/pay")
    assert till.play.is_there(till.reference(id_)) == 1


def test_pix_asks_for_the_amount_that_the_page_showed(at: At) -> None:
    from django_scopes import scope

    from panelwright.payments import method_actions

    till = at("pix")
    with scope(panel=till.alice.panel):
        method_actions.set_method(
            panel_id=till.alice.panel_id, method_id=till.method_id, fee_percent_e2=199, fee_fixed_micros=370_000
        )
    id_ = till.begin()
    payment = till.play.of(till.reference(id_))
    assert (payment.amount, payment.kind, payment.live) == (102.36, "pix", False)


def test_a_card_that_is_refused_is_no_end_and_the_next_one_pays(at: At, time: Time) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.begin()
    (preference,) = till.play.double.preferences
    till.play.double.pay_preference(preference, status="rejected")
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "sent"
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "paid" and till.balance() == "120.00"


def test_a_preference_that_is_paid_twice_is_for_staff(at: At, time: Time) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.begin()
    for _ in range(2):
        till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert value("SELECT received_micros FROM payments_payment") == 200_000_000


def test_a_reference_that_only_looks_like_ours_is_not_found(at: At, time: Time) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.begin()
    double = till.play.double
    longer = double._made(100, till.reference(id_) + "X", kind="visa", live=False)
    double.pay(longer.id)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "sent" and till.balance() == "100.00"


def test_an_event_of_another_shop_on_the_account_is_nobodys(at: At) -> None:
    from tests.payments.plays import now_s
    from tests.payments.till import SentHook

    till = at("pix")
    till.begin()
    double = till.play.double
    other = double._made(50, "ANOTHERSHOPS", kind="pix", live=False)
    double.pay(other.id)
    query, headers, body = double.event(other.id, at_ms=now_s() * 1000)
    assert till.post(SentHook(headers, body, query)) == 200
    till.settle()
    assert till.balance() == "100.00"
    assert values("SELECT payment_id, due_at FROM payments_webhookevent") == [(None, None)]


def test_while_the_secret_is_exchanged_both_hold(at: At) -> None:
    till = at("pix")
    id_ = till.begin()
    new = "a0new0secret0of0the0webhook"
    till.enter(hook_secret=f"{till.play.double.secret}, {new}")
    assert till.tell(id_) == 200 and till.tell(id_, secret=new) == 200
    till.enter(hook_secret=new)
    assert till.tell(id_) == 400 and till.tell(id_, secret=new) == 200


def test_the_page_of_a_code_follows_the_payment(at: At, time: Time) -> None:
    from panelwright.storefront.tests.browsing import Browser

    till = at("pix")
    id_ = till.begin()
    where = "/funds/1001/live?state=sent"

    def told() -> tuple[int, str]:
        answer = till.browser.client.get(where)
        return answer.status_code, answer.headers.get("HX-Refresh", "")

    time.now = time.now.replace(second=6)
    calls = len(till.play.double.calls)
    assert told() == (204, "")
    till.work()
    # One in three brings the question forward.
    assert len(till.play.double.calls) == calls
    time.now = time.now.replace(second=31)
    assert told() == (204, "")
    till.pay(id_)
    till.work()
    assert told() == (204, "true") and till.balance() == "120.00"
    assert "data-until" not in till.browser.get("/funds/1001")
    # Nobody else is told anything: her staff are no customers of this payment.
    assert Browser(till.alice).client.get(where).status_code in (302, 401, 404)


def test_a_code_is_shown_until_its_time_is_over(at: At, time: Time) -> None:
    till = at("pix")
    till.begin()
    assert "data-until" in till.browser.get("/funds/1001")
    time.passes(minutes=61)
    page = till.browser.get("/funds/1001")
    assert "data-until" not in page and "The time to pay is over." in page and 'class="qr"' not in page


def test_a_body_about_another_payment_than_was_signed_is_refused(at: At, time: Time) -> None:
    """The signature covers the id of the query; whoever has seen one webhook could write any other body to it."""
    till = at("pix")
    first, second = till.begin(), till.begin()
    till.pay(second)
    signed, other = (till.play.hook(till.reference(id_)) for id_ in (first, second))
    assert till.post(signed._replace(body=other.body)) == 400
    assert value("SELECT COUNT(*) FROM payments_webhookevent") == 0
    for sent in (signed, other):
        assert till.post(sent) == 200
    till.settle()
    assert till.state(second) == "paid" and till.balance() == "120.00"
    # What we do not look at is theirs to tell as they like.
    assert till.post(signed._replace(body=b'{"type": "plan", "data": {"id": "7"}}')) == 200


# ---- PayPal ----------------------------------------------------------------------------------------


def test_what_the_buyer_has_agreed_to_is_captured_once(at: At, time: Time) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.settle()
    assert not [one for one in till.play.double.calls if one.endswith("/capture")]
    till.pay(id_)
    for _ in range(3):
        assert till.tell(id_) == 200
        till.settle()
    assert till.balance() == "120.00"
    assert len([one for one in till.play.double.calls if one.endswith("/capture")]) == 1


def test_a_lost_answer_to_the_capture_is_asked_for(at: At, time: Time) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.pay(id_)
    till.play.double.lose_answers = 1
    time.passes(minutes=1)
    till.settle()
    assert till.balance() == "100.00"
    time.passes(minutes=10)
    till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"
    till.audit()


def test_a_capture_that_waits_is_not_paid(at: At, time: Time) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.play.double.captures_end = "PENDING"
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "pending" and till.balance() == "100.00"
    till.play.double.end_capture(till.play.of(till.reference(id_)).id, "COMPLETED")
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "paid" and till.balance() == "120.00"


def test_a_token_that_paypal_takes_no_more_is_renewed(at: At, time: Time) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.pay(id_)
    till.play.double.forget_tokens = True
    time.passes(minutes=1)
    till.settle()
    assert till.balance() == "120.00"


def test_without_leave_to_see_disputes_payments_are_credited(at: At, time: Time) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.pay(id_)
    till.play.double.refuse_disputes = True
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "paid" and till.balance() == "120.00"


def test_a_webhook_that_cannot_be_checked_is_to_be_told_again(at: At) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.pay(id_)
    till.play.double.refuse_keys = True
    assert till.tell(id_) == 503
    till.play.double.refuse_keys = False
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "120.00"


def test_what_is_incomplete_costs_nothing_of_the_budget(at: At) -> None:
    """Whoever knows the address can send webhooks: those that PayPal need not be asked about keep out no others."""
    till = at("paypal")
    id_ = till.begin()
    right = till.play.hook(till.reference(id_))
    before = len(till.play.double.calls)
    incomplete = [right._replace(headers={}), right._replace(body=b"[]"), right._replace(body=b"no JSON")]
    for sent in incomplete:
        assert till.post(sent) == 400
    counted = "SELECT COUNT(*) FROM customers_attempts WHERE kind = 'payment hook'"
    assert value(counted) == 0 and len(till.play.double.calls) == before
    assert till.post(right._replace(headers={**right.headers, "paypal-transmission-sig": "AAAA"})) == 400
    assert value(counted) == 1


def captures(till: Till) -> int:
    return len([one for one in till.play.double.calls if one.endswith("/capture")])


def test_who_has_canceled_is_not_charged(at: At, time: Time) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.pay(id_)
    till.browser.post("/funds/1001/cancel")
    assert till.tell(id_) == 200
    time.passes(minutes=20)
    till.settle()
    assert (till.state(id_), till.balance(), captures(till)) == ("canceled", "100.00", 0)
    assert till.play.of(till.reference(id_)).status == "APPROVED"
    till.audit()


def test_what_staff_had_by_another_way_is_not_captured(at: At, time: Time) -> None:
    from panelwright.payments.tests import making

    till = at("paypal")
    id_ = till.begin()
    till.pay(id_)
    making.approve(till.alice, id_, reference="WIRE1")
    assert till.tell(id_) == 200
    time.passes(minutes=20)
    till.settle()
    assert (till.state(id_), till.balance(), captures(till)) == ("paid", "120.00", 0)
    till.audit()


def test_what_was_paid_there_too_is_for_staff(at: At, time: Time) -> None:
    """Captured while staff approved what had come by another way: nobody but them knows whether it was paid twice."""
    from django_scopes import scope

    from panelwright.core.refusal import Refusal
    from panelwright.payments import staff_lists
    from panelwright.payments.tests import making
    from panelwright.staff import registry
    from panelwright.staff.actions import perform

    till = at("paypal")
    id_ = till.begin()
    till.play.double.captures_end = "PENDING"
    till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    making.approve(till.alice, id_, reference="WIRE1")
    till.settle()

    def seen() -> tuple[str, int]:
        with scope(panel=till.alice.panel):
            return str(value("SELECT attention FROM payments_payment")), staff_lists.counts(till.alice.panel_id)[
                "problem"
            ]

    def mark() -> object:
        action, target = registry.actions()["payment.mark_checked"], making.payment(id_).number
        with scope(panel=till.alice.panel):
            return perform(action, actor=making.BOB, panel_id=till.alice.panel_id, target=target, given={})

    assert seen() == ("", 0)
    refused = mark()
    assert isinstance(refused, Refusal) and refused.code == "nothing_to_check"
    till.play.double.end_capture(till.play.of(till.reference(id_)).id, "COMPLETED")
    for _ in range(2):
        assert till.tell(id_) == 200
        till.settle()
    assert (till.state(id_), till.balance(), seen()) == ("paid", "120.00", ("paid_twice", 1))
    # A refund in between does not make it forgotten, and customers are not told of it.
    till.refund(id_, "5.00")
    till.settle()
    assert (till.state(id_), seen()) == ("part_refunded", ("paid_twice", 1))
    assert "received by the payment provider" not in till.browser.get("/funds/1001")
    assert not isinstance(mark(), Refusal)
    assert till.tell(id_) == 200
    till.settle()
    assert (till.balance(), seen()) == ("115.00", ("", 0))
    steps = [code for (code,) in values("SELECT code FROM payments_paymentstep ORDER BY id")]
    assert steps.count("paid_there_too") == steps.count("checked") == 1
    till.audit()


def test_what_was_captured_before_it_was_canceled_is_credited(at: At, time: Time) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.play.double.captures_end = "PENDING"
    till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    execute("UPDATE payments_payment SET state = 'canceled'")
    till.play.double.end_capture(till.play.of(till.reference(id_)).id, "COMPLETED")
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("paid", "120.00")
    till.audit()


def test_another_card_is_captured_after_one_that_was_declined(at: At, time: Time) -> None:
    till = at("paypal")
    id_ = till.begin()
    till.play.double.captures_end = "INSTRUMENT_DECLINED"
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance(), captures(till)) == ("sent", "100.00", 1)
    till.play.double.captures_end = "COMPLETED"
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance(), captures(till)) == ("paid", "120.00", 2)
    till.audit()


# ---- Cryptomus, Heleket ----------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "received"), [("0.5", 10_000_000), ("1.33333", 26_660_000)])
def test_coins_of_another_amount_are_for_staff_with_what_they_were_worth(
    at: At, time: Time, part: str, received: int
) -> None:
    till = at("cryptomus")
    id_ = till.begin()
    uuid = till.play.of(till.reference(id_)).uuid
    till.play.double.pay(uuid, part)
    if part < "1":
        assert till.tell(id_) == 200
        till.settle()
        assert till.state(id_) == "sent", "the rest may come"
        till.play.double.expire(uuid)
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert value("SELECT received_micros FROM payments_payment") == received


def test_an_invoice_of_another_amount_under_our_reference_is_not_used(at: At) -> None:
    till = at("cryptomus")
    till.play.double.lose_answers = 1
    till.browser.post("/funds/pay", **till.form())
    id_ = int(value("SELECT id FROM payments_payment"))
    till.play.of(till.reference(id_)).amount = "1.00"
    till.browser.post("/funds/1001/pay")
    assert till.state(id_) == "created"


def test_coins_that_staff_have_sent_back_are_booked_once(at: At) -> None:
    till = at("cryptomus")
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


# ---- Razorpay --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["refund.processed", "payment.dispute.created"])
def test_an_event_about_a_payment_alone_is_asked_about(at: At, kind: str) -> None:
    till = at("razorpay")
    id_ = till.begin()
    till.pay(id_)
    from tests.payments.till import SentHook

    link = till.play.of(till.reference(id_))
    assert till.post(SentHook(*till.play.double.event(kind, link.id))) == 200
    till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"


def test_a_link_asks_for_paise(at: At) -> None:
    till = at("razorpay")
    link = till.play.of(till.reference(till.begin()))
    assert (link.amount, link.currency) == (100_000, "INR")


def test_what_cryptomus_gave_back_is_booked(at: At) -> None:
    till = at("cryptomus")
    id_ = till.paid()
    till.play.refund_there(till.reference(id_), "")
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "100.00" and till.state(id_) == "refunded"
    till.audit()
