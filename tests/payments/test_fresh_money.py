"""Money that cannot be spent for some hours: on the balance at once, ordered with later, and exact however it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.payments.test_holds import act, number, pay, refused, stands
from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(shop: Shop) -> int:
    return int(value("SELECT fresh_micros FROM ledger_account WHERE id = %s", shop.carol.account_id))


def ripen() -> int:
    from panelwright.payments import loops

    return loops.ripen(50)


def api_balance(shop: Shop) -> str:
    return str(shop.carol.balance())


def test_fresh_money_is_on_the_balance_and_spent_later(shop: Shop, time: Time) -> None:
    shop.set_terms(spend_after_h=24, bonuses="20 10")
    shop.carol.spends_all_but("0.00")
    id_ = pay(shop)
    assert stands(id_)[0] == "paid" and (shop.carol.balance(), fresh(shop)) == ("22.00", 22_000_000)
    # The wire has the same words as for an empty balance, and nothing moves.
    assert shop.carol.refused(link="https://example.com/fresh1", quantity=100).code == "no_funds"
    assert shop.carol.balance() == "22.00"
    page = shop.browser.get("/balance")
    assert "22.00 USD of your payment 1001 can be spent from" in page and "Available" in page
    order = shop.browser.get("/funds?amount=20")
    assert "This money can be spent 24 hours after it arrives." in order
    time.passes(hours=23)
    assert ripen() == 0 and shop.carol.refused(link="https://example.com/fresh2", quantity=100)
    time.passes(hours=1)
    assert ripen() == 1 and ripen() == 0 and fresh(shop) == 0
    shop.carol.order(link="https://example.com/fresh3", quantity=100)
    assert "can be spent from" not in shop.browser.get("/balance") and shop.alice.audit() == []


def test_what_was_there_before_can_be_spent_to_the_cent(shop: Shop) -> None:
    shop.set_terms(spend_after_h=1)
    pay(shop)
    shop.carol.spends_all_but("20.00")
    assert shop.carol.refused(link="https://example.com/more", quantity=100).code == "no_funds"
    assert (shop.carol.balance(), fresh(shop)) == ("20.00", 20_000_000) and shop.alice.audit() == []


def test_staff_can_trust_it_at_once(shop: Shop) -> None:
    shop.set_terms(spend_after_h=24)
    shop.carol.spends_all_but("0.00")
    id_ = pay(shop)
    act(shop, "payment.make_spendable", number(id_))
    assert fresh(shop) == 0
    assert refused(shop, "payment.make_spendable", number(id_)) == "not_fresh"
    shop.carol.order(link="https://example.com/now", quantity=100)
    assert shop.alice.audit() == []


def test_what_goes_back_is_not_fresh_any_more(shop: Shop, time: Time) -> None:
    shop.set_terms(spend_after_h=24)
    id_ = pay(shop)
    shop.refund(id_, "5.00")
    assert (fresh(shop), shop.carol.balance()) == (15_000_000, "115.00")
    dispute = shop.stripe.dispute(shop.session(id_).id, 1_500)
    _told(shop, time, dispute)
    assert (fresh(shop), shop.carol.balance()) == (0, "100.00") and shop.alice.audit() == []
    # Won: it has been looked at, and is spendable.
    shop.stripe.close_dispute(dispute, "won")
    _told(shop, time, dispute)
    assert (fresh(shop), shop.carol.balance()) == (0, "115.00") and ripen() == 0 and shop.alice.audit() == []


def _told(shop: Shop, time: Time, dispute: Any) -> None:
    body, signature = shop.stripe.dispute_event("charge.dispute.updated", dispute, at=int(time.now.timestamp()))
    assert shop.post(body, signature) == 200
    for _ in range(3):
        shop.work()


def test_what_pays_a_debt_is_not_on_the_balance(shop: Shop, time: Time) -> None:
    id_ = pay(shop)
    shop.carol.spends_all_but("0.00")
    _told(shop, time, shop.stripe.dispute(shop.session(id_).id))
    shop.set_terms(spend_after_h=24, bonuses="30 10")
    pay(shop, "30")
    assert (fresh(shop), shop.carol.balance()) == (13_000_000, "13.00") and shop.alice.audit() == []
    assert values("SELECT micros FROM payments_freshmoney") == [(13_000_000,)]


def test_credit_that_is_granted_can_still_be_spent(shop: Shop) -> None:
    from panelwright.ledger import actions as ledger

    shop.set_terms(spend_after_h=24)
    shop.carol.spends_all_but("0.00")
    with scope(panel=shop.alice.panel):
        ledger.set_credit_limit(panel_id=shop.alice.panel_id, account_id=shop.carol.account_id, limit_micros=10_000_000)
    pay(shop)
    shop.carol.order(link="https://example.com/lent", quantity=100)
    shop.carol.spends_all_but("10.00")
    assert shop.carol.refused(link="https://example.com/lent2", quantity=100).code == "no_funds"
    assert shop.carol.balance() == "10.00" and shop.alice.audit() == []
