"""A coupon over a gateway: given with the deposit, taken with the dispute, back when it is won, gone with a refund."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django_scopes import scope

from tests.payments.shop import led_to
from tests.payments.test_disputes import state, told
from tests.support.people import Time, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_dispute_takes_the_coupon_along_and_won_brings_it_back(shop: Shop, time: Time) -> None:
    from panelwright.promotions import actions

    owner, carol = shop.alice, shop.carol
    with scope(panel=owner.panel), transaction.atomic():
        actions.make(panel_id=owner.panel_id, code="SPRING", percent_e2=10_00)
    form = {**shop.pay_form("20"), "coupon": "SPRING", "coupon_shown": "SPRING", "coupon_brings": "2000000"}
    assert "/pay/cs_test_" in led_to(shop.browser.post("/funds/pay", **form))
    ((id_,),) = values("SELECT id FROM payments_payment")
    shop.stripe.pay(shop.session(id_).id)
    for _ in range(3):
        shop.tell(id_)
        shop.work()
    assert (state(id_), carol.balance()) == ("paid", "122.00")
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told(shop, time, dispute, times=3)
    assert (state(id_), carol.balance()) == ("disputed", "100.00") and owner.audit() == []
    shop.stripe.close_dispute(dispute, "won")
    told(shop, time, dispute, "charge.dispute.closed", times=2)
    assert (state(id_), carol.balance()) == ("won", "122.00") and owner.audit() == []
    shop.refund(id_, "5")
    for _ in range(3):
        shop.work()
    assert carol.balance() == "116.50" and owner.audit() == []
    moved = values("SELECT reference, amount_micros FROM ledger_transfer WHERE code = 'coupon' ORDER BY id")
    assert moved == [
        ("P-1001", 2_000_000),
        ("P-1001 coupon 1", 2_000_000),
        ("P-1001 coupon 2", 2_000_000),
        ("P-1001 coupon 3", 500_000),
    ]
