"""Webhooks that do not say whose they are, checkouts that are closed, and payments that take days."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django_scopes import scope

from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def state(payment_id: int) -> str:
    return str(value("SELECT state FROM payments_payment WHERE id = %s", payment_id))


def told(shop: Shop, time: Time, event: str, intent: str) -> int:
    """Of a refund that somebody made in the dashboard: it names the payment intent, and nothing of ours."""
    thing = {"id": "re_there", "object": "refund", "payment_intent": intent, "metadata": {}}
    body = json.dumps({"id": event, "type": "refund.created", "data": {"object": thing}}).encode()
    return shop.post(body, shop.stripe.signature(body, at=int(time.now.timestamp())))


def test_a_webhook_that_names_the_intent_alone_finds_its_payment(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.pay(session.id)
    shop.tell(id_)
    shop.work()
    shop.stripe.refund_there(session.id, 500)
    for _ in range(2):
        assert told(shop, time, "evt_there", session.intent) == 200
    for _ in range(2):
        shop.work()
    assert shop.carol.balance() == "115.00" and state(id_) == "part_refunded" and shop.alice.audit() == []
    assert values("SELECT payment_id, due_at FROM payments_webhookevent WHERE event_id = 'evt_there'") == [(id_, None)]


def test_a_webhook_of_another_shop_on_the_account_is_nobodys(shop: Shop, time: Time) -> None:
    shop.begin()
    assert told(shop, time, "evt_foreign", "pi_test_of_another_shop") == 200
    assert shop.work() == 1
    assert values("SELECT payment_id, due_at FROM payments_webhookevent") == [(None, None)]
    time.passes(seconds=30)
    assert shop.work() == 0


def test_stripe_is_asked_again_whose_a_webhook_is(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.pay(session.id)
    shop.stripe.refuse_keys = True
    assert told(shop, time, "evt_there", session.intent) == 200
    shop.work()
    shop.stripe.refuse_keys = False
    assert values("SELECT payment_id FROM payments_webhookevent") == [(None,)]
    time.passes(seconds=61)
    for _ in range(2):
        shop.work()
    assert values("SELECT payment_id FROM payments_webhookevent") == [(id_,)]
    assert state(id_) == "paid" and shop.carol.balance() == "120.00"


def test_what_is_canceled_here_cannot_be_paid_there(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    shop.browser.post("/funds/1001/cancel")
    assert shop.session(id_).status == "open"
    shop.work()
    assert shop.session(id_).status == "expired" and state(id_) == "canceled"
    # Asked about once more, and never again.
    time.passes(minutes=1)
    assert shop.work() == 1
    time.passes(days=15)
    assert shop.work() == 0 and state(id_) == "canceled"


def test_who_has_paid_when_it_is_canceled_is_credited(shop: Shop) -> None:
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    shop.browser.post("/funds/1001/cancel")
    shop.work()
    assert state(id_) == "paid" and shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_a_payment_that_takes_days_waits_for_the_gateway_and_for_nobody_else(shop: Shop, time: Time) -> None:
    from panelwright.payments import queries, staff_lists

    id_ = shop.begin()
    shop.stripe.processes(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    assert state(id_) == "pending" and shop.carol.balance() == "100.00"
    assert "Your payment is on its way." in shop.browser.get("/funds/1001")
    # Nothing for staff to approve.
    with scope(panel=shop.alice.panel):
        assert staff_lists.counts(shop.alice.panel_id) == {"waiting": 0, "problem": 0, "held": 0}
        assert list(queries.waiting(shop.alice.panel_id)) == []
    time.passes(days=3)
    shop.stripe.pay(shop.session(id_).id)
    shop.work()
    assert state(id_) == "paid" and shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_who_comes_back_makes_us_ask_so_often_and_no_more(shop: Shop, time: Time) -> None:
    from panelwright.core import limits

    id_ = shop.begin()
    before = len(shop.stripe.calls)
    for _ in range(limits.PAYMENT_RETURNS_MAX + 5):
        shop.browser.get("/funds/1001?from=gateway")
        shop.work()
    assert len(shop.stripe.calls) - before == limits.PAYMENT_RETURNS_MAX
    # It is asked about at its times all the same.
    shop.stripe.pay(shop.session(id_).id)
    time.passes(hours=1)
    shop.work()
    assert state(id_) == "paid"


def test_coming_back_to_a_payment_by_hand_asks_nobody(shop: Shop) -> None:
    from panelwright.payments.tests import making

    bank = making.method(shop.alice)
    id_ = making.begun(shop.carol, bank)
    making.submit(shop.carol, id_)
    making.approve(shop.alice, id_)
    shop.browser.get("/funds/1001?from=gateway")
    assert value("SELECT due_at FROM payments_payment") is None and shop.work() == 0


def test_thousandths_end_with_a_zero_at_stripe(shop: Shop) -> None:
    method = shop.method("Dinar", currency="KWD", rate_e12=2 * 10**9)
    assert "The smallest unit is 0.01 KWD." in shop.browser.get(f"/funds?method={method}&amount=5.001", 422)
    shop.begin("5.01", method=str(method))
    assert [one.amount for one in shop.stripe.sessions.values()] == [5_010]
