"""What only BTCPay Server does: what came late, in part or too much, and refunds that customers fetch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


def test_coins_without_their_confirmations_are_waited_for(at: At, time: Time) -> None:
    till = at("btcpay")
    id_ = till.begin()
    invoice = till.play.of(till.reference(id_))
    till.play.double.pay(invoice.id, confirmed=False)
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "pending" and till.balance() == "100.00"
    till.play.double.confirm(invoice.id)
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "paid" and till.balance() == "120.00"


@pytest.mark.parametrize(("came", "received"), [("12.34567891", 12_340_000), ("25.5", 25_500_000)])
def test_another_amount_is_for_staff_with_what_it_was_worth(at: At, time: Time, came: str, received: int) -> None:
    till = at("btcpay")
    id_ = till.begin()
    invoice = till.play.of(till.reference(id_))
    till.play.double.pay(invoice.id, came)
    till.play.double.expire(invoice.id)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert value("SELECT received_micros FROM payments_payment") == received


def test_coins_that_come_late_are_waited_for_until_they_are_confirmed(at: At, time: Time) -> None:
    till = at("btcpay")
    id_ = till.begin()
    invoice = till.play.of(till.reference(id_))
    till.play.double.expire(invoice.id)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "expired"
    till.play.double.pay(invoice.id, confirmed=False)
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "pending" and till.balance() == "100.00"
    till.play.double.confirm(invoice.id)
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "paid" and till.balance() == "120.00"


def test_what_somebody_marked_there_as_paid_is_for_staff(at: At, time: Time) -> None:
    till = at("btcpay")
    id_ = till.begin()
    till.play.double.mark(till.play.of(till.reference(id_)).id)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "problem" and till.balance() == "100.00"


def test_a_refund_of_coins_is_a_page_where_the_customer_fetches_it(at: At) -> None:
    till = at("btcpay")
    id_ = till.paid()
    till.refund(id_, "5.00")
    till.settle()
    double = till.play.double
    (page,) = double.pulls.values()
    assert values("SELECT state, url, gateway_id FROM payments_refund") == [("sent", page["viewLink"], page["id"])]
    assert (page["amount"], page["currency"]) == ("5.00", "USD")


def test_a_store_that_bears_with_less_is_paid_in_full_all_the_same(at: At, time: Time) -> None:
    till = at("btcpay")
    till.play.double.tolerance = 5
    id_ = till.begin()
    till.play.double.pay(till.play.of(till.reference(id_)).id, "19.20")
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("sent", "100.00")
    till.play.double.pay(till.play.of(till.reference(id_)).id, "0.80")
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("paid", "120.00")


@pytest.mark.parametrize(
    ("claims", "state", "balance"),
    [
        ((("20.00", "Completed"),), "done", "100.00"),
        ((("12.00", "Completed"), ("8.00", "Completed")), "done", "100.00"),
        ((("5.00", "Completed"),), "unknown", "100.00"),
        ((("20.00", "InProgress"),), "sent", "100.00"),
        ((("5.00", "Completed"), ("15.00", "InProgress")), "sent", "100.00"),
        ((("20.00", "AwaitingPayment"),), "failed", "120.00"),
        ((), "failed", "120.00"),
    ],
)
def test_what_the_customer_has_fetched_stays_given_when_the_page_is_archived(
    at: At, time: Time, claims: tuple[tuple[str, str], ...], state: str, balance: str
) -> None:
    till = at("btcpay")
    id_ = till.paid()
    till.refund(id_)
    till.settle()
    double = till.play.double
    (page,) = double.pulls
    for amount, how in claims:
        double.fetch(page, amount, state=how)
    double.take_back(page)
    time.passes(hours=2)
    till.settle()
    ((found, attention),) = values(
        "SELECT r.state, p.attention FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id"
    )
    assert (found, till.balance()) == (state, balance)
    assert attention == ("refund_unknown" if state == "unknown" else "")
    # However often it is asked.
    time.passes(days=1)
    till.settle()
    assert till.balance() == balance
    till.audit()


def test_a_refund_whose_page_is_paid_out_after_it_was_archived_is_done(at: At, time: Time) -> None:
    till = at("btcpay")
    till.refund(till.paid())
    till.settle()
    double = till.play.double
    (page,) = double.pulls
    double.fetch(page, "20.00", state="InProgress")
    double.take_back(page)
    time.passes(hours=2)
    till.settle()
    double.payouts[page][0]["state"] = "Completed"
    time.passes(days=1)
    till.settle()
    assert value("SELECT state FROM payments_refund") == "done" and till.balance() == "100.00"
    till.audit()


def test_a_refund_that_may_be_there_is_not_booked_back(at: At, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer was lost, and then the server refuses to say which ones there are."""
    from panelwright.payments import refund_actions
    from panelwright.payments.gateway import Trouble

    till = at("btcpay")
    till.refund(till.paid())
    till.play.double.lose_answers = 1
    till.settle()
    assert len(till.play.double.pulls) == 1
    with monkeypatch.context() as broken:
        refused = Trouble("gateway_refused", "HTTP 404")
        broken.setattr(refund_actions, "_asked", lambda _api: lambda *_asked: refused)
        time.passes(minutes=2)
        till.settle()
    assert value("SELECT state FROM payments_refund") == "unknown" and till.balance() == "100.00"
    time.passes(hours=1)
    till.settle()
    assert value("SELECT state FROM payments_refund") == "sent" and len(till.play.double.pulls) == 1


def test_a_private_address_is_reached_only_where_the_host_says_so(at: At, settings: Any) -> None:
    from django_scopes import scope

    from panelwright.payments import method_actions

    till = at("btcpay")
    with scope(panel=till.alice.panel):
        method_actions.set_gateway(
            panel_id=till.alice.panel_id, method_id=till.method_id, url=f"{settings.SANDBOX_GATEWAYS}/btcpay"
        )
    settings.SANDBOX_GATEWAYS = ""
    till.browser.post("/funds/pay", **till.form())
    assert till.play.double.calls == [] and value("SELECT state FROM payments_payment") == "created"
    settings.PRIVATE_GATEWAYS = frozenset({"127.0.0.1"})
    till.browser.post("/funds/1001/pay")
    assert value("SELECT state FROM payments_payment") == "sent"
