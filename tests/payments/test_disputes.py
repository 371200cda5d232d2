"""Disputes: money that a bank takes back is off the balance or a debt, comes back when they are won, and each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def state(payment_id: int) -> str:
    return str(value("SELECT state FROM payments_payment WHERE id = %s", payment_id))


def owed(shop: Shop) -> int:
    return int(value("SELECT owed_micros FROM ledger_account WHERE id = %s", shop.carol.account_id))


def paid(shop: Shop, amount: str = "20", **terms: Any) -> int:
    if terms:
        shop.set_terms(**terms)
    id_ = shop.begin(amount)
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    assert state(id_) == "paid"
    return id_


def told(shop: Shop, time: Time, dispute: dict[str, Any], kind: str = "charge.dispute.created", times: int = 1) -> None:
    for _ in range(times):
        body, signature = shop.stripe.dispute_event(kind, dispute, at=int(time.now.timestamp()))
        assert shop.post(body, signature) == 200
    for _ in range(3):
        shop.work()


def test_a_dispute_takes_the_money_and_won_gives_it_back(shop: Shop, time: Time) -> None:
    id_ = paid(shop, fee_percent_e2=1000, bonuses="20 10")
    assert shop.carol.balance() == "122.00"
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told(shop, time, dispute, times=3)
    assert (state(id_), shop.carol.balance(), owed(shop)) == ("disputed", "100.00", 0)
    assert shop.alice.audit() == []
    page = shop.browser.get("/funds/1001")
    assert "This payment was disputed with your bank or payment provider." in page and "Disputed" in page
    # It is asked about without a word of Stripe's, too.
    shop.stripe.close_dispute(dispute, "won")
    time.passes(days=1)
    shop.work()
    assert (state(id_), shop.carol.balance()) == ("won", "122.00") and shop.alice.audit() == []
    told(shop, time, dispute, "charge.dispute.closed", times=2)
    assert shop.carol.balance() == "122.00" and shop.alice.audit() == []
    assert values("SELECT code, amount_micros FROM ledger_transfer WHERE reference LIKE 'P-1001 d%%' ORDER BY id") == [
        ("chargeback", 20_000_000),
        ("bonus", 2_000_000),
        ("fee", 2_000_000),
        ("reversal", 20_000_000),
        ("bonus", 2_000_000),
        ("fee", 2_000_000),
    ]
    # And can be refunded again.
    shop.refund(id_)
    shop.work()
    assert (state(id_), shop.carol.balance()) == ("refunded", "100.00") and shop.alice.audit() == []


def test_what_was_spent_becomes_a_debt_and_nothing_is_ordered_with_it(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    shop.carol.spends_all_but("5.00")
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told(shop, time, dispute)
    assert (shop.carol.balance(), owed(shop)) == ("0.00", 15_000_000) and shop.alice.audit() == []
    assert "You owe 15.00 USD." in shop.browser.get("/funds/1001")
    assert value("SELECT credit_micros FROM payments_dispute") == 20_000_000
    told(shop, time, dispute)
    shop.stripe.close_dispute(dispute, "lost")
    told(shop, time, dispute, "charge.dispute.closed")
    assert (state(id_), shop.carol.balance(), owed(shop)) == ("lost", "0.00", 15_000_000)
    # The next money in pays it first.
    again = shop.begin("20")
    shop.stripe.pay(shop.session(again).id)
    shop.tell(again)
    shop.work()
    assert (shop.carol.balance(), owed(shop)) == ("5.00", 0) and shop.alice.audit() == []


def test_won_after_spending_pays_the_debt(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    shop.carol.spends_all_but("5.00")
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told(shop, time, dispute)
    shop.stripe.close_dispute(dispute, "won")
    told(shop, time, dispute, "charge.dispute.funds_reinstated")
    assert (state(id_), shop.carol.balance(), owed(shop)) == ("won", "5.00", 0) and shop.alice.audit() == []


def test_an_inquiry_takes_nothing(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    dispute = shop.stripe.dispute(shop.session(id_).id, takes=False)
    told(shop, time, dispute)
    assert (state(id_), shop.carol.balance()) == ("disputed", "120.00")
    # It grows into a dispute, which takes it; the order in which this is told says nothing.
    shop.stripe.withdraw(dispute)
    dispute["status"] = "needs_response"
    told(shop, time, dispute, "charge.dispute.closed")
    assert (state(id_), shop.carol.balance()) == ("disputed", "100.00") and shop.alice.audit() == []


def test_an_inquiry_that_ends_leaves_the_payment_as_it_was(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    dispute = shop.stripe.dispute(shop.session(id_).id, takes=False)
    told(shop, time, dispute)
    shop.stripe.close_dispute(dispute, "warning_closed")
    told(shop, time, dispute, "charge.dispute.closed")
    assert (state(id_), shop.carol.balance()) == ("won", "120.00") and shop.alice.audit() == []


def test_a_dispute_after_a_refund_takes_what_is_left(shop: Shop, time: Time) -> None:
    id_ = paid(shop, bonuses="20 10")
    shop.refund(id_, "7")
    shop.work()
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told(shop, time, dispute)
    assert (state(id_), shop.carol.balance(), owed(shop)) == ("disputed", "100.00", 0) and shop.alice.audit() == []
    shop.stripe.close_dispute(dispute, "lost")
    told(shop, time, dispute)
    assert state(id_) == "lost" and shop.alice.audit() == []


def test_a_part_is_disputed_and_in_another_currency_all_of_it(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    told(shop, time, shop.stripe.dispute(shop.session(id_).id, 500))
    assert shop.carol.balance() == "115.00" and shop.alice.audit() == []
    other = paid(shop)
    told(shop, time, shop.stripe.dispute(shop.session(other).id, 1700, currency="eur"))
    assert shop.carol.balance() == "115.00" and shop.alice.audit() == []


def test_nothing_is_refunded_while_it_is_disputed(shop: Shop, time: Time) -> None:
    from panelwright.core.refusal import Refusal

    id_ = paid(shop)
    told(shop, time, shop.stripe.dispute(shop.session(id_).id, 500))
    refused = shop.refund(id_, "1")
    assert isinstance(refused, Refusal) and refused.code == "payment_disputed"


def test_what_was_never_credited_is_disputed_without_the_balance(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.pay(session.id)
    session.told = {"amount_total": 1999}
    shop.tell(id_)
    shop.work()
    told(shop, time, shop.stripe.dispute(session.id))
    assert (state(id_), shop.carol.balance(), owed(shop)) == ("problem", "100.00", 0) and shop.alice.audit() == []


def test_a_lost_dispute_that_is_won_after_all(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    dispute = shop.stripe.dispute(shop.session(id_).id)
    shop.stripe.close_dispute(dispute, "lost")
    told(shop, time, dispute)
    assert (state(id_), shop.carol.balance()) == ("lost", "100.00")
    for status, balance in (("won", "120.00"), ("lost", "100.00"), ("won", "120.00")):
        if status == "lost":
            shop.stripe.withdraw(dispute)
        shop.stripe.close_dispute(dispute, status)
        told(shop, time, dispute)
        assert (state(id_), shop.carol.balance()) == (status, balance) and shop.alice.audit() == []


def do(shop: Shop, payment_id: int, verb: str, **given: str) -> Any:
    from panelwright.payments.tests import making
    from panelwright.staff import registry
    from panelwright.staff.actions import perform

    with scope(panel=shop.alice.panel):
        return perform(
            registry.actions()[f"payment.{verb}"],
            actor=making.BOB,
            panel_id=shop.alice.panel_id,
            target=making.payment(payment_id).number,
            given=given,
        )


def test_staff_write_down_what_a_bank_has_taken(shop: Shop, time: Time) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.payments.tests import making

    id_ = making.begun(shop.carol, making.method(shop.alice))
    making.submit(shop.carol, id_)
    making.approve(shop.alice, id_)
    assert shop.carol.balance() == "120.00"
    too_much = do(shop, id_, "record_dispute", amount="20.01")
    assert isinstance(too_much, Refusal) and too_much.code == "more_than_received"
    none = do(shop, id_, "close_dispute", outcome="won")
    assert isinstance(none, Refusal) and none.code == "no_open_dispute"
    do(shop, id_, "record_dispute", amount="5", reason="Reversed by the bank")
    assert (state(id_), shop.carol.balance()) == ("disputed", "115.00") and shop.alice.audit() == []
    twice = do(shop, id_, "record_dispute")
    assert isinstance(twice, Refusal) and twice.code == "payment_disputed"
    do(shop, id_, "close_dispute", outcome="won")
    assert (state(id_), shop.carol.balance()) == ("won", "120.00") and shop.alice.audit() == []
    do(shop, id_, "record_dispute")
    do(shop, id_, "close_dispute", outcome="lost")
    assert (state(id_), shop.carol.balance()) == ("lost", "100.00") and shop.alice.audit() == []
    assert shop.work() == 0


def test_what_staff_have_written_down_and_stripe_tells_of_is_one_dispute(shop: Shop, time: Time) -> None:
    from panelwright.core.refusal import Refusal

    id_ = paid(shop)
    do(shop, id_, "record_dispute")
    assert shop.carol.balance() == "100.00"
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told(shop, time, dispute)
    assert (shop.carol.balance(), owed(shop)) == ("100.00", 0)
    refused = do(shop, id_, "close_dispute", outcome="won")
    assert isinstance(refused, Refusal) and refused.code == "dispute_at_gateway"
    shop.stripe.close_dispute(dispute, "won")
    told(shop, time, dispute)
    assert (state(id_), shop.carol.balance()) == ("won", "120.00") and shop.alice.audit() == []
    assert value("SELECT COUNT(*) FROM payments_dispute") == 1


def test_the_audit_finds_disputes_and_refunds_that_the_books_do_not_have(shop: Shop, time: Time) -> None:
    from tests.support.people import execute

    id_ = paid(shop)
    shop.refund(id_, "5")
    shop.work()
    told(shop, time, shop.stripe.dispute(shop.session(id_).id, 500))
    assert shop.alice.audit() == []
    for statement, said in (
        ("UPDATE payments_refund SET credit_micros = credit_micros + 1", "refund 1 of payment 1001"),
        ("UPDATE payments_dispute SET credit_micros = credit_micros + 1", "dispute 1 of payment 1001"),
        ("UPDATE payments_refund SET amount_micros = 16000000", "payment 1001 is disputed: of 20.00 went back 16.00"),
        ("UPDATE payments_payment SET state = 'paid'", "payment 1001 is paid: of 20.00 went back"),
    ):
        before = values("SELECT amount_micros, credit_micros FROM payments_refund")
        disputed = values("SELECT credit_micros FROM payments_dispute")
        execute(statement)
        assert any(said in fault for fault in shop.alice.audit()), statement
        execute("UPDATE payments_refund SET amount_micros = %s, credit_micros = %s", *before[0])
        execute("UPDATE payments_dispute SET credit_micros = %s", *disputed[0])
        execute("UPDATE payments_payment SET state = 'disputed'")
    assert shop.alice.audit() == []
