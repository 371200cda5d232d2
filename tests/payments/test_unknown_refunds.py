"""Refunds whose outcome nobody knows, and those that take days: asked about, and decided by staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.payments.test_disputes import do, paid, state
from tests.support.people import Time, execute, value, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def refunds() -> list[str]:
    return [row[0] for row in values("SELECT state FROM payments_refund ORDER BY n")]


def attention() -> str:
    return str(value("SELECT attention FROM payments_payment"))


@pytest.mark.parametrize(
    ("status", "kept", "balance"), [("succeeded", "done", "100.00"), ("failed", "failed", "120.00")]
)
def test_a_refund_that_takes_days_is_asked_about(shop: Shop, time: Time, status: str, kept: str, balance: str) -> None:
    id_ = paid(shop)
    shop.stripe.refund_status = "pending"
    shop.refund(id_)
    shop.work()
    assert refunds() == ["sent"] and shop.carol.balance() == "100.00"
    time.passes(hours=2)
    shop.work()
    assert refunds() == ["sent"]
    shop.stripe.refunds[0]["status"] = status
    if status == "failed":
        shop.session(id_).refunded = 0
    time.passes(days=1)
    for _ in range(3):
        shop.work()
    assert (refunds(), shop.carol.balance()) == ([kept], balance) and shop.alice.audit() == []
    assert shop.work() == 0


def test_a_refund_is_asked_about_as_soon_as_stripe_tells_something(shop: Shop) -> None:
    id_ = paid(shop)
    shop.stripe.refund_status = "pending"
    shop.refund(id_)
    shop.work()
    shop.stripe.refunds[0]["status"] = "succeeded"
    shop.tell(id_, "refund.updated")
    for _ in range(3):
        shop.work()
    assert refunds() == ["done"]


def lost(shop: Shop, time: Time, *, arrives: bool) -> int:
    """A refund is sent, and for a day nobody hears a word of it. `arrives`: Stripe has made it all the same."""
    id_ = paid(shop)
    shop.refund(id_, "5")
    if arrives:
        shop.stripe.lose_answers = 1
    else:
        shop.stripe.refuse_keys = True
    shop.work()
    shop.stripe.refuse_keys = True
    for _ in range(24):
        time.passes(hours=1)
        shop.work()
    assert refunds() == ["unknown"] and attention() == "refund_unknown" and shop.carol.balance() == "115.00"
    return id_


def test_what_nobody_knows_is_for_staff_and_never_sent_again(shop: Shop, time: Time) -> None:
    from panelwright.payments import staff_lists

    id_ = lost(shop, time, arrives=False)
    sent = len([call for call in shop.stripe.calls if call == "POST /v1/refunds"])
    from django_scopes import scope

    with scope(panel=shop.alice.panel):
        assert staff_lists.counts(shop.alice.panel_id)["problem"] == 1
    shop.stripe.refuse_keys = False
    time.passes(days=3)
    for _ in range(3):
        shop.work()
    # Stripe says that it has none such; a person makes sure.
    assert refunds() == ["unknown"] and shop.stripe.refunds == []
    assert len([call for call in shop.stripe.calls if call == "POST /v1/refunds"]) == sent
    do(shop, id_, "undo_refund", reason="Not in the dashboard.")
    assert (refunds(), shop.carol.balance(), state(id_)) == (["failed"], "120.00", "paid")
    assert attention() == "" and shop.alice.audit() == []
    # And it can be made anew.
    shop.refund(id_, "5")
    shop.work()
    assert refunds() == ["failed", "done"] and len(shop.stripe.refunds) == 1 and shop.alice.audit() == []


def test_what_stripe_has_made_is_found_by_our_key(shop: Shop, time: Time) -> None:
    id_ = lost(shop, time, arrives=True)
    shop.stripe.refuse_keys = False
    time.passes(days=1)
    for _ in range(3):
        shop.work()
    assert refunds() == ["done"] and attention() == "" and len(shop.stripe.refunds) == 1
    assert shop.carol.balance() == "115.00" and state(id_) == "part_refunded" and shop.alice.audit() == []


def test_staff_say_that_it_was_made(shop: Shop, time: Time) -> None:
    from panelwright.core.refusal import Refusal

    id_ = lost(shop, time, arrives=False)
    do(shop, id_, "confirm_refund", reason="Sent from the bank.")
    assert (refunds(), shop.carol.balance(), state(id_)) == (["done"], "115.00", "part_refunded")
    assert attention() == "" and shop.alice.audit() == []
    again = do(shop, id_, "confirm_refund")
    assert isinstance(again, Refusal) and again.code == "no_unknown_refund"


def test_a_key_that_stood_for_something_else_is_no_refusal(shop: Shop, time: Time) -> None:
    """The first one may have been made: booked back, it would be given twice."""
    id_ = paid(shop)
    shop.refund(id_, "5")
    shop.stripe.lose_answers = 1
    shop.work()
    execute("UPDATE payments_refund SET amount_micros = 6000000, credit_micros = 6000000")
    time.passes(minutes=10)
    shop.work()
    assert refunds() == ["done"] and len(shop.stripe.refunds) == 1


def test_what_staff_approved_goes_back_by_hand_unless_stripe_has_it(shop: Shop, time: Time) -> None:
    from panelwright.payments.tests import making

    by_hand = shop.begin()
    making.approve(shop.alice, by_hand)
    shop.work()
    # Nobody can pay it a second time.
    assert shop.session(by_hand).status == "expired" and shop.carol.balance() == "120.00"
    shop.refund(by_hand)
    assert refunds() == ["done"] and state(by_hand) == "refunded" and shop.carol.balance() == "100.00"
    known = shop.begin()
    shop.stripe.pay(shop.session(known).id)
    making.approve(shop.alice, known)
    shop.work()
    shop.refund(known)
    shop.work()
    assert len(shop.stripe.refunds) == 1 and state(known) == "refunded" and shop.alice.audit() == []


def test_a_problem_that_staff_rejected_stays_so(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.pay(session.id)
    session.told = {"amount_total": 1999}
    shop.tell(id_)
    shop.work()
    assert state(id_) == "problem"
    do(shop, id_, "reject", reason="Another amount.")
    for _ in range(2):
        shop.tell(id_)
        shop.work()
    assert state(id_) == "failed" and shop.carol.balance() == "100.00"
    # Something else is something new.
    session.told = {"amount_total": 1500}
    shop.tell(id_)
    shop.work()
    assert state(id_) == "problem"
    session.told = {}
    do(shop, id_, "reject", reason="Still another amount.")
    shop.tell(id_)
    shop.work()
    assert state(id_) == "paid" and shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_money_that_cannot_be_booked_is_a_problem(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.ledger import actions as ledger

    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    refused = Refusal("reference_taken", "reference")
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "post", lambda *_given, **_named: refused)
        shop.tell(id_)
        shop.work()
    assert values("SELECT state, problem_code FROM payments_payment") == [("problem", "reference_taken")]
    assert state(id_) == "problem" and shop.carol.balance() == "100.00"
    do(shop, id_, "approve_amount", received="20")
    assert state(id_) == "paid" and shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_only_a_proof_is_called_a_used_proof(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import IntegrityError

    from panelwright.ledger import actions as ledger

    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)

    def broken(*_given: object, **_named: object) -> None:
        raise IntegrityError("another constraint")

    monkeypatch.setattr(ledger, "post", broken)
    with pytest.raises(IntegrityError, match="another constraint"):
        shop.look(id_)
    assert state(id_) == "sent"


def test_the_proof_of_a_payment_that_is_over_is_not_taken(shop: Shop, time: Time) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.payments.tests import making

    bank = making.method(shop.alice, currency="EUR", rate_e12=11 * 10**11)
    id_ = making.begun(shop.carol, bank)
    time.passes(days=8)
    shop.work()
    assert state(id_) == "expired"
    refused = making.submit(shop.carol, id_, "TX 1")
    assert isinstance(refused, Refusal) and refused.code == "payment_ended"


def test_another_currency_may_be_worth_exactly_one_once_it_is_said(shop: Shop) -> None:
    from panelwright.core.refusal import Refused
    from panelwright.payments import method_actions

    panel_id = shop.alice.panel_id
    from django_scopes import scope

    with scope(panel=shop.alice.panel):
        row = method_actions.add(panel_id=panel_id, kind="by_hand", name="Tether", currency="USDT")

        def on() -> str:
            try:
                method_actions.turn(panel_id=panel_id, method_id=row.id, enabled=True)
            except Refused as refused:
                return refused.refusal.code
            return ""

        assert on() == "rate_missing"
        method_actions.set_method(panel_id=panel_id, method_id=row.id, rate_e12=10**12)
        assert on() == ""
        # What the one was worth says nothing of the next.
        with pytest.raises(Refused, match="worth"):
            method_actions.set_method(panel_id=panel_id, method_id=row.id, currency="EUR", rate_e12=10**12)
        method_actions.set_method(panel_id=panel_id, method_id=row.id, currency="USD")
        assert on() == ""


def test_who_makes_a_voucher_does_not_use_it(shop: Shop) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.payments import voucher_actions, voucher_rules
    from panelwright.payments.tests import making

    code, other = voucher_rules.new_code(), voucher_rules.new_code()
    user = int(value("SELECT user_id FROM customers_customer WHERE id = %s", shop.carol.customer_id))
    from django.db import transaction
    from django_scopes import scope

    with scope(panel=shop.alice.panel), transaction.atomic():
        for made, by in ((code, user), (other, None)):
            voucher_actions.make(
                panel_id=shop.alice.panel_id, label="Gift", value_micros=5_000_000, codes=[made], made_by=by
            )
    refused = making.redeem(shop.carol, code)
    assert isinstance(refused, Refusal) and refused.code == "own_voucher"
    assert making.redeem(shop.carol, other) == 5_000_000 and shop.carol.balance() == "105.00"
    assert shop.alice.audit() == []


def test_test_money_and_real_money_never_mix(shop: Shop, settings: object) -> None:
    from typing import Any

    from django_scopes import scope

    from panelwright.cli import setup
    from panelwright.cli.main import CommandRefused
    from panelwright.core.refusal import Refused
    from panelwright.payments import method_actions

    kept: Any = settings
    panel_id = shop.alice.panel_id
    setup.refuse_mixed_money()
    url, kept.SANDBOX_GATEWAYS = kept.SANDBOX_GATEWAYS, ""
    with scope(panel=shop.alice.panel):
        row = method_actions.add(panel_id=panel_id, kind="stripe", name="Real")
        method_actions.set_gateway(
            panel_id=panel_id, method_id=row.id, key="sk_live_ofsomebody", hook_secret=shop.stripe.secret
        )
        with pytest.raises(Refused, match="real money"):
            method_actions.turn(panel_id=panel_id, method_id=row.id, enabled=True)
        kept.TEST_PAYMENTS = False
        method_actions.turn(panel_id=panel_id, method_id=row.id, enabled=True)
    setup.refuse_mixed_money()
    kept.TEST_PAYMENTS = True
    with pytest.raises(CommandRefused, match=r"takes real money by the payment method “Real”.*unset it"):
        setup.refuse_mixed_money()
    kept.SANDBOX_GATEWAYS, kept.TEST_PAYMENTS = url, False
    with pytest.raises(CommandRefused, match=r"PANELWRIGHT_SANDBOX_GATEWAYS.*unset it"):
        setup.refuse_mixed_money()
