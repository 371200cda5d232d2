"""Stripe cannot be reached when something has happened: it is asked again soon, and not as late as it else would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.people import Time, value

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def state(payment_id: int) -> str:
    return str(value("SELECT state FROM payments_payment WHERE id = %s", payment_id))


def test_who_pays_after_half_a_day_waits_no_other_half(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    for _ in range(13):
        time.passes(hours=1)
        shop.work()
    shop.stripe.pay(shop.session(id_).id)
    shop.stripe.refuse_keys = True
    assert shop.tell(id_) == 200
    shop.work()
    assert state(id_) == "sent"
    shop.stripe.refuse_keys = False
    time.passes(hours=1)
    shop.work()
    assert state(id_) == "paid" and shop.carol.balance() == "120.00"


def test_a_refund_there_is_booked_however_old_the_payment_is(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.pay(session.id)
    shop.tell(id_)
    shop.work()
    time.passes(days=30)
    shop.stripe.refund_there(session.id, 500)
    shop.stripe.refuse_keys = True
    assert shop.tell(id_, "charge.refunded") == 200
    shop.work()
    assert shop.carol.balance() == "120.00"
    shop.stripe.refuse_keys = False
    time.passes(hours=1)
    shop.work()
    assert shop.carol.balance() == "115.00" and state(id_) == "part_refunded" and shop.alice.audit() == []


def test_a_gateway_that_never_answers_is_not_asked_for_ever(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    shop.stripe.refuse_keys = True
    asked = 0
    for _ in range(400):
        time.passes(hours=1)
        asked += shop.work()
    assert state(id_) == "expired" and 60 <= asked <= 75
    assert shop.work() == 0
