"""Checkouts that are opened while something else happens to the payment: a second click, a change of mind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from panelwright.core import limits
from tests.support.people import Time, value, values
from tests.support.threads import together

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


def clicked_twice(till: Till, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page that the first click leads to: the second one comes when the first has looked for an invoice, and to
    another process.
    """
    from panelwright.payments import asking_actions
    from panelwright.payments.gateways.btcpay import client

    look, looks = client._invoices, [0]

    def slow(*to_and_reference: Any) -> Any:
        found = look(*to_and_reference)
        looks[0] += 1
        if looks[0] == 1:
            asking_actions._opening.clear()
            till.browser.post("/funds/1001/pay")
        return found

    monkeypatch.setattr(client, "_invoices", slow)
    page: str = till.browser.post("/funds/pay", **till.form()).content.decode()
    assert len(till.play.double.invoices) == 2
    return page


def told(till: Till, id_: str, kind: str = "InvoiceSettled") -> None:
    from tests.payments.till import SentHook

    assert till.post(SentHook(*till.play.double.event(kind, id_))) == 200
    till.settle()


def test_a_second_click_leads_to_the_invoice_that_is_asked_about(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    till = at("btcpay")
    page = clicked_twice(till, monkeypatch)
    ((kept, url),) = values("SELECT gateway_id, url FROM payments_payment")
    (other,) = set(till.play.double.invoices) - {kept}
    assert url in page and other not in page and kept in url


@pytest.mark.parametrize("refunded", [False, True])
def test_whichever_invoice_is_paid_counts(at: At, time: Time, monkeypatch: pytest.MonkeyPatch, refunded: bool) -> None:
    till = at("btcpay")
    clicked_twice(till, monkeypatch)
    kept = value("SELECT gateway_id FROM payments_payment")
    (other,) = set(till.play.double.invoices) - {kept}
    till.play.double.expire(kept)
    till.play.double.pay(other)
    told(till, other)
    id_ = value("SELECT id FROM payments_payment")
    assert till.state(id_) == "paid" and till.balance() == "120.00"
    if refunded:
        till.refund(id_, "5.00")
        till.settle()
        assert till.play.given_back(till.reference(id_)) == ["5.00"] and till.balance() == "115.00"
    till.audit()


def test_one_that_ends_does_not_end_the_payment_while_the_other_can_be_paid(
    at: At, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = at("btcpay")
    clicked_twice(till, monkeypatch)
    kept = value("SELECT gateway_id FROM payments_payment")
    till.play.double.expire(kept)
    told(till, kept, "InvoiceExpired")
    assert value("SELECT state FROM payments_payment") == "sent"


def test_who_pays_both_invoices_has_paid_twice_and_staff_decide(
    at: At, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = at("btcpay")
    clicked_twice(till, monkeypatch)
    for id_ in till.play.double.invoices:
        till.play.double.pay(id_)
    time.passes(minutes=1)
    till.settle()
    assert values("SELECT state, received_micros FROM payments_payment") == [("problem", 40_000_000)]
    assert till.balance() == "100.00"


def canceled_meanwhile(till: Till, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The answer to who begins to pay, where the checkout takes so long that they cancel in another window."""
    from panelwright.payments import asking_actions
    from panelwright.payments.connections import api_of

    def slow(method: Any) -> Any:
        api = api_of(method)
        assert api is not None

        def open_(*to_and_asked: Any) -> Any:
            made = api.open_(*to_and_asked)
            till.browser.post("/funds/1001/cancel")
            return made

        return replace(api, open_=open_)

    monkeypatch.setattr(asking_actions, "api_of", slow)
    answer = till.browser.post("/funds/pay", **till.form())
    monkeypatch.setattr(asking_actions, "api_of", api_of)
    return answer


def test_who_cancels_while_it_opens_is_led_nowhere_and_it_is_closed_there(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from panelwright.payments.tests import making

    shop.form = shop.pay_form
    answer = canceled_meanwhile(shop, monkeypatch)
    assert (answer.status_code, answer["location"]) == (302, "/funds/1001")
    assert "This payment has ended" in shop.browser.get("/funds/1001")
    id_ = value("SELECT id FROM payments_payment")
    assert making.state(id_) == "canceled" and shop.session(id_).status == "open"
    shop.work()
    assert making.state(id_) == "canceled" and shop.session(id_).status == "expired"


def test_who_agrees_all_the_same_is_not_charged(at: At, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """PayPal takes nothing before it is told to, and it is told so for nobody who has given up."""
    till = at("paypal")
    assert canceled_meanwhile(till, monkeypatch).status_code == 302
    id_ = value("SELECT id FROM payments_payment")
    assert till.state(id_) == "canceled"
    till.pay(id_)
    till.settle()
    assert till.state(id_) == "canceled" and till.balance() == "100.00"
    assert not [one for one in till.play.double.calls if one.endswith("/capture")]
    till.audit()


def test_of_one_payment_one_request_waits_for_a_gateway_that_hangs(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who clicks again and again meanwhile is told so at once, and takes no thread for as long as it hangs."""
    from panelwright.payments import asking_actions
    from panelwright.payments.connections import api_of

    shop.stripe.refuse_keys = True
    shop.browser.post("/funds/pay", **shop.pay_form())
    id_, hangs, goes_on = value("SELECT id FROM payments_payment"), threading.Event(), threading.Event()
    asked: list[int] = []

    def slow(method: Any) -> Any:
        api = api_of(method)
        assert api is not None

        def open_(*to_and_asked: Any) -> Any:
            asked.append(1)
            hangs.set()
            assert goes_on.wait(30)
            return api.open_(*to_and_asked)

        return replace(api, open_=open_)

    def opened() -> Any:
        with scope(panel=shop.alice.panel):
            return asking_actions.open_checkout(panel_id=shop.alice.panel_id, payment_id=id_, back_url="https://x")

    def others() -> list[Any]:
        try:
            assert hangs.wait(30)
            return [opened() for _ in range(5)]
        finally:
            goes_on.set()

    shop.stripe.refuse_keys = False
    monkeypatch.setattr(asking_actions, "api_of", slow)
    first, told = together([opened, others])
    assert [one.code for one in told] == ["payment_opening"] * 5 and len(asked) == 1
    assert first.url and opened() == first


def test_a_gateway_that_is_down_is_tried_so_often_and_no_more(shop: Any, time: Time) -> None:
    shop.stripe.refuse_keys = True
    shop.browser.post("/funds/pay", **shop.pay_form())
    for _ in range(limits.PAYMENT_OPENINGS_MAX + 5):
        shop.browser.post("/funds/1001/pay")
    assert len(shop.stripe.calls) == limits.PAYMENT_OPENINGS_MAX
    assert "Too many attempts. Try again in 15 minutes." in shop.browser.get("/funds/1001")
    # What others pay is not held up by that.
    shop.stripe.refuse_keys = False
    time.passes(minutes=15)
    shop.browser.post("/funds/1001/pay")
    assert value("SELECT state FROM payments_payment") == "sent"
