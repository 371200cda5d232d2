"""Refunds here and in Stripe's dashboard at the same time: both are booked, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def paid(shop: Shop) -> int:
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    assert shop.carol.balance() == "120.00"
    return id_


def booked() -> list[tuple[str, int]]:
    return values("SELECT state, amount_micros FROM payments_refund ORDER BY n")


def test_a_refund_there_that_makes_ours_fail_is_booked(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    shop.refund(id_)
    assert shop.carol.balance() == "100.00"
    # Before ours is sent, 5 are given back there, so that all 20 cannot be any more.
    shop.stripe.refund_there(shop.session(id_).id, 500)
    shop.tell(id_, "charge.refunded")
    for _ in range(2):
        shop.work()
    assert booked() == [("failed", 20_000_000), ("done", 5_000_000)]
    assert shop.carol.balance() == "115.00" and shop.alice.audit() == []
    assert value("SELECT state FROM payments_payment WHERE id = %s", id_) == "part_refunded"
    # Nothing is left to be done.
    time.passes(minutes=5)
    assert shop.work() == 0


def test_a_refund_there_while_ours_is_under_way_is_booked_beside_it(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    shop.refund(id_, "12")
    shop.stripe.refund_there(shop.session(id_).id, 500)
    shop.tell(id_, "charge.refunded")
    for _ in range(2):
        shop.work()
    assert booked() == [("done", 12_000_000), ("done", 5_000_000)]
    assert shop.carol.balance() == "103.00" and shop.alice.audit() == []
    time.passes(minutes=5)
    assert shop.work() == 0
