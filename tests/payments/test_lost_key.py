"""The secrets of a method were sealed with a key that the installation has lost: they are entered again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.people import Time, execute, value

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_is_lost_but_time(shop: Shop, time: Time) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.payments.shop import KEY

    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    execute("UPDATE payments_paymentmethod SET secrets_sealed = 'by a key that is lost'")
    assert shop.tell(id_) == 503
    form = shop.pay_form()
    assert shop.browser.post("/funds/pay", **form)["location"] == "/funds/1002"
    time.passes(minutes=1)
    shop.work()
    assert shop.carol.balance() == "100.00"

    owner = Browser(shop.alice, shop.alice.staff.user)
    where = f"/admin/payment_methods/{shop.method_id}"
    assert owner.post(f"{where}/turn_off").status_code == 302
    assert owner.post(f"{where}/turn_on").status_code == 422
    assert owner.post(f"{where}/set_stripe", key=KEY, hook_secret=shop.stripe.secret).status_code == 302
    assert owner.post(f"{where}/turn_on").status_code == 302
    assert shop.tell(id_) == 200
    shop.work()
    assert value("SELECT state FROM payments_payment WHERE id = %s", id_) == "paid"
    assert shop.carol.balance() == "120.00" and shop.alice.audit() == []
