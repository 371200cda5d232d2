"""Payments that a rule holds: nothing is credited until staff say so, once then, and never once it has gone back."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refusal, Refused
from tests.support.people import Time, execute, value, values
from tests.support.story import Story

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def act(shop: Shop, name: str, target: Any = None, **given: Any) -> Any:
    """A staff action of Bob's."""
    from panelwright.payments.tests import making
    from panelwright.staff import registry
    from panelwright.staff.actions import perform

    action = registry.actions()[name]
    with scope(panel=shop.alice.panel):
        return perform(action, actor=making.BOB, panel_id=shop.alice.panel_id, target=target, given=given)


def refused(shop: Shop, name: str, target: Any = None, **given: Any) -> str:
    """The same, which must be refused: the code."""
    result = act(shop, name, target, **given)
    assert isinstance(result, Refusal), result
    return result.code


def number(id_: int) -> int:
    return int(value("SELECT number FROM payments_payment WHERE id = %s", id_))


def pay(shop: Shop, amount: str = "20", **card: Any) -> int:
    """A payment that its customer makes, and of which we are told."""
    id_ = shop.begin(amount)
    session = shop.session(id_)
    for name, text in card.items():
        setattr(session, name, text)
    shop.stripe.pay(session.id)
    assert shop.tell(id_) == 200
    shop.work()
    return id_


def stands(id_: int) -> tuple[str, str, str]:
    ((state, code, attention),) = values(
        "SELECT state, problem_code, attention FROM payments_payment WHERE id = %s", id_
    )
    return state, code, attention


HELD = ("problem", "payment_held", "")


def moved() -> list[tuple[str, str]]:
    return values("SELECT code, reference FROM ledger_transfer WHERE reference LIKE 'P-%%' ORDER BY id")


def test_what_a_rule_holds_is_credited_once_staff_release_it(shop: Shop) -> None:
    shop.set_terms(bonuses="20 10")
    act(shop, "payment_rules.set", hold_first_above="15.00")
    id_ = pay(shop)
    assert stands(id_) == HELD and shop.carol.balance() == "100.00" and moved() == []
    # Told again, asked again, or the rule is off by now: it waits for staff.
    act(shop, "payment_rules.set", hold_first_above="0")
    for _ in range(3):
        shop.tell(id_)
        shop.work()
    assert stands(id_) == HELD and moved() == [] and shop.alice.audit() == []
    page = shop.browser.get(f"/funds/{number(id_)}")
    assert "We are checking your payment." in page and "Being checked" in page and "rules" not in page
    act(shop, "payment.release", number(id_))
    assert stands(id_) == ("paid", "", "") and shop.carol.balance() == "122.00"
    for _ in range(3):
        shop.tell(id_)
        shop.work()
    assert refused(shop, "payment.release", number(id_)) == "payment_not_held"
    assert moved() == [("deposit", "P-1001"), ("bonus", "P-1001")] and shop.alice.audit() == []
    # What was seen stays in the story.
    facts = value("SELECT facts FROM payments_paymentstep WHERE payment_id = %s AND code = 'held'", id_)
    assert "first_payment" in str(facts) and "15.00" in str(facts)


def test_what_is_held_goes_back_and_is_never_credited_after_that(shop: Shop) -> None:
    act(shop, "payment_rules.set", hold_new_days=3_650)
    id_ = pay(shop)
    assert stands(id_) == HELD
    assert refused(shop, "payment.reject", number(id_), reason="No.") == "held_is_there"
    assert refused(shop, "payment.refund", number(id_), amount="5.00") == "held_goes_back_whole" and stands(id_) == HELD
    act(shop, "payment.refund", number(id_))
    assert values("SELECT text FROM events_mail") == [], "nothing has gone back yet"
    act(shop, "payment_rules.set", hold_new_days=0)
    for _ in range(3):
        shop.tell(id_)
        shop.work()
    assert stands(id_) == ("failed", "", "") and shop.session(id_).refunded == 2_000
    assert values("SELECT state, credit_micros FROM payments_refund") == [("done", 0)]
    for name, given in (("payment.approve_amount", {"received": "20.00"}), ("payment.approve", {})):
        assert refused(shop, name, number(id_), **given) == "payment_given_back"
    assert refused(shop, "payment.refund", number(id_)) == "not_refundable"
    assert moved() == [] and shop.carol.balance() == "100.00" and shop.alice.audit() == []
    page = shop.browser.get(f"/funds/{number(id_)}")
    assert "Your money is on its way back to you." in page
    (letter,) = values("SELECT text FROM events_mail ORDER BY id")
    assert "could not accept your payment 1001" in letter[0]


def test_a_refund_that_the_gateway_refuses_leaves_it_held(shop: Shop) -> None:
    act(shop, "payment_rules.set", hold_shared=True, hold_first_above="1.00")
    id_ = pay(shop)
    shop.stripe.refuse_refunds = True
    act(shop, "payment.refund", number(id_))
    assert stands(id_)[0] == "failed"
    for _ in range(2):
        shop.work()
    assert stands(id_) == HELD and values("SELECT state FROM payments_refund") == [("failed",)]
    assert values("SELECT text FROM events_mail") == [], "nobody is told that it is on its way"
    assert "first_payment" in str(value("SELECT problem_facts FROM payments_payment WHERE id = %s", id_))
    assert shop.alice.audit() == []
    act(shop, "payment.release", number(id_))
    assert shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_what_was_given_back_at_the_gateway_cannot_be_released(shop: Shop) -> None:
    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    # A part of it is no end: what is released then is followed by what went back.
    shop.stripe.refund_there(shop.session(id_).id, 500)
    shop.tell(id_, "charge.refunded")
    shop.work()
    assert stands(id_) == HELD
    shop.stripe.refund_there(shop.session(id_).id, 1_500)
    shop.tell(id_, "charge.refunded", event_id="evt_2")
    shop.work()
    assert stands(id_) == ("failed", "", "") and moved() == [] and shop.alice.audit() == []
    assert refused(shop, "payment.release", number(id_)) == "payment_not_held"


def test_a_part_that_went_back_before_it_was_released_is_booked_after(shop: Shop) -> None:
    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    shop.stripe.refund_there(shop.session(id_).id, 500)
    act(shop, "payment.release", number(id_))
    shop.work()
    assert stands(id_)[0] == "part_refunded" and shop.carol.balance() == "115.00" and shop.alice.audit() == []


def test_an_unknown_refund_of_what_is_held_is_for_staff(shop: Shop, time: Time) -> None:
    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    act(shop, "payment.refund", number(id_))
    execute("UPDATE payments_refund SET state = 'unknown', due_at = NULL")
    execute("UPDATE payments_payment SET attention = 'refund_unknown' WHERE id = %s", id_)
    act(shop, "payment.undo_refund", number(id_), reason="Not there.")
    assert stands(id_) == HELD and shop.alice.audit() == []
    act(shop, "payment.refund", number(id_))
    execute("UPDATE payments_refund SET state = 'unknown', due_at = NULL WHERE n = 2")
    act(shop, "payment.confirm_refund", number(id_), reason="There.")
    assert stands(id_) == ("failed", "", "") and shop.alice.audit() == [] and shop.carol.balance() == "100.00"
    (letter,) = values("SELECT text FROM events_mail")
    assert "on its way back to you" in letter[0]


def test_the_rules_see_cards_countries_and_how_often(shop: Shop, time: Time) -> None:
    act(shop, "payment_rules.set", hold_countries=True, hold_cards=2, hold_count=4, hold_hours=6)
    first = pay(shop, fingerprint="a")
    assert stands(first)[0] == "paid", _facts(first)
    abroad = pay(shop, fingerprint="a", card_country="NG", country="DE")
    assert stands(abroad) == HELD
    assert stands(pay(shop, fingerprint="b"))[0] == "paid"
    third = pay(shop, fingerprint="c")
    assert stands(third) == HELD and "many_cards" in str(_facts(third)) and "many_payments" not in str(_facts(third))
    fifth = pay(shop, fingerprint="a")
    assert stands(fifth) == HELD and "many_payments" in str(_facts(fifth))
    time.passes(hours=7)
    # What was held counts as one of her cards; how often she paid is forgotten.
    later = pay(shop, fingerprint="a")
    assert "many_cards" in str(_facts(later)) and "many_payments" not in str(_facts(later))
    assert shop.carol.balance() == f"{100 + 20 * _count('paid')}.00" and shop.alice.audit() == []
    page = _office(shop, f"/admin/payments/{number(abroad)}")
    assert "The card is from NG, the billing address in DE" in page and "visa 4242" in page
    listed = _office(shop, "/admin/payments?show=held")
    assert str(number(third)) in listed and "Held" in listed


def _count(state: str) -> int:
    return int(value("SELECT COUNT(*) FROM payments_payment WHERE state = %s", state))


def _facts(id_: int) -> Any:
    return value("SELECT problem_facts FROM payments_payment WHERE id = %s", id_)


def _office(shop: Shop, path: str) -> str:
    from panelwright.storefront.tests.browsing import Browser

    return str(Browser(shop.alice, shop.story.bob.user).get(path))


def test_another_customers_card_is_noticed_and_another_panels_is_not(shop: Shop) -> None:
    act(shop, "payment_rules.set", hold_shared=True)
    dave = shop.alice.customer("dave")
    assert stands(pay(shop, fingerprint="stolen"))[0] == "paid"
    execute("UPDATE payments_payment SET customer_id = %s", dave.customer_id)
    id_ = pay(shop, fingerprint="stolen")
    assert stands(id_) == HELD and str(dave.customer.number) in str(_facts(id_))
    assert stands(pay(shop, fingerprint="own"))[0] == "paid"


def test_two_payments_at_once_are_judged_one_after_the_other(shop: Shop) -> None:
    """Each would be the first, had neither seen the other."""
    act(shop, "payment_rules.set", hold_count=1)
    ids = [shop.begin("20"), shop.begin("25")]
    for id_ in ids:
        shop.stripe.pay(shop.session(id_).id)
    execute("UPDATE payments_payment SET due_at = %s", "2000-01-01 00:00:00+00:00")
    _at_once([lambda id_=id_: shop.look(id_) for id_ in ids])
    for id_ in ids:
        shop.tell(id_)
    shop.work()
    assert sorted(stands(id_)[0] for id_ in ids) == ["paid", "problem"] and shop.alice.audit() == []


def _at_once(works: list[Any]) -> list[Any]:
    found: list[Any] = []
    gate = threading.Barrier(len(works))

    def run(work: Any) -> None:
        gate.wait()
        try:
            found.append(work())
        except Refused as error:
            found.append(error.refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_webhooks_and_staff_at_once_credit_once(shop: Shop) -> None:
    from panelwright.payments.tests import making

    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    act(shop, "payment_rules.set", hold_first_above="0")
    works = [lambda: act(shop, "payment.release", number(id_))] * 2
    works += [lambda: making.receive(shop.alice, id_)] * 3
    _at_once(works)
    assert stands(id_) == ("paid", "", "") and shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_release_and_refund_at_once_do_one_of_them_first(shop: Shop) -> None:
    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    _at_once([lambda: act(shop, "payment.release", number(id_)), lambda: act(shop, "payment.refund", number(id_))])
    for _ in range(3):
        shop.work()
    # Refunded either way: what was released first is taken off the balance again.
    assert shop.carol.balance() == "100.00" and shop.session(id_).refunded == 2_000 and shop.alice.audit() == []


def test_nobody_releases_their_own(shop: Shop) -> None:
    from django.db import transaction

    from panelwright.payments import staff_actions
    from panelwright.payments.tests import making

    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    execute("UPDATE customers_staff SET user_id = %s WHERE id = %s", shop.carol.customer.user_id, shop.story.bob.id)
    herself = replace(making.BOB, id=shop.story.bob.id)
    with scope(panel=shop.alice.panel), pytest.raises(Refused) as found, transaction.atomic():
        staff_actions.release(herself, panel_id=shop.alice.panel_id, payment_id=id_, now=clock.now())
    assert found.value.refusal.code == "own_payment" and stands(id_) == HELD


# ---- blocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "text"), [("customer", ""), ("address", "127.0.0.0/8"), ("domain", "EXAMPLE.com")])
def test_who_is_blocked_begins_no_payment_and_what_comes_in_is_held(shop: Shop, kind: str, text: str) -> None:
    begun = shop.begin("20")
    shop.stripe.pay(shop.session(begun).id)
    email = shop.carol.customer.user.email
    blocked = {"customer": str(shop.carol.customer.number), "domain": email.rpartition("@")[2].upper()}.get(kind, text)
    made = act(shop, "payment_block.add", kind=kind, value=blocked, note="Chargebacks.")
    page = shop.browser.post("/funds/pay", **shop.pay_form("25")).content.decode()
    assert "Payments are not available for your account." in page
    shop.tell(begun)
    shop.work()
    assert stands(begun) == HELD and "blocked" in str(_facts(begun)) and moved() == []
    assert refused(shop, "payment_block.add", kind=kind, value=blocked) == "payment_block_there"
    assert refused(shop, "payment_block.add", kind="website", value=blocked) == "not_a_choice"
    assert "Email domain" in _office(shop, "/admin/payment_blocks/add")
    assert blocked.lower() in _office(shop, "/admin/payment-blocks").lower()
    act(shop, "payment_block.remove", made.target)
    assert shop.begin("25") != begun and shop.alice.audit() == []


def test_a_rival_s_block_says_nothing_here(shop: Shop, story: Story) -> None:
    from panelwright.payments import holding_actions

    with scope(panel=story.rival.panel):
        domain = shop.carol.customer.user.email.rpartition("@")[2]
        holding_actions.add_block(panel_id=story.rival.panel_id, kind="domain", value=domain)
        holding_actions.set_rules(panel_id=story.rival.panel_id, first_above_micros=1)
        with pytest.raises(Refused) as found:
            holding_actions.add_block(panel_id=story.rival.panel_id, kind="customer", value="999999")
    assert found.value.refusal == Refusal("bad_block_customer", "value")
    assert stands(pay(shop))[0] == "paid"


def test_what_is_held_where_nothing_goes_back_by_program_can_be_declined(at: Any) -> None:
    till = at("nowpayments")
    act(till, "payment_rules.set", hold_first_above="1.00")
    id_ = till.begin()
    till.pay(id_)
    till.tell(id_)
    till.settle()
    assert stands(id_) == HELD
    act(till, "payment.refund", number(id_), reason="Coins sent: 4f2c.")
    till.settle()
    assert stands(id_) == ("failed", "", "") and till.balance() == "100.00" and till.alice.audit() == []
    assert values("SELECT state, credit_micros FROM payments_refund") == [("done", 0)]
    assert "4f2c" in str(value("SELECT facts FROM payments_paymentstep WHERE code = 'refunded'"))
    (letter,) = values("SELECT text FROM events_mail")
    assert "on its way back to you" in letter[0]


def told_of(shop: Shop, dispute: Any, kind: str = "charge.dispute.created") -> None:
    body, signature = shop.stripe.dispute_event(kind, dispute, at=int(clock.now().timestamp()))
    assert shop.post(body, signature) == 200
    for _ in range(3):
        shop.work()


def disputes() -> list[Any]:
    return values("SELECT state, credit_micros, bonus_micros, fee_micros FROM payments_dispute ORDER BY n")


DISPUTED = ("problem", "payment_held", "disputed")


def test_a_dispute_of_what_is_held_is_seen_and_keeps_it_from_being_released(shop: Shop, time: Time) -> None:
    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told_of(shop, dispute)
    assert stands(id_) == DISPUTED and disputes() == [("open", 0, 0, 0)] and moved() == []
    assert "This payment is disputed." in _office(shop, f"/admin/payments/{number(id_)}")
    assert refused(shop, "payment.release", number(id_)) == "payment_taken_back"
    assert refused(shop, "payment.approve_amount", number(id_), received="20.00") == "payment_taken_back"
    assert refused(shop, "payment.refund", number(id_)) == "payment_disputed"
    assert stands(id_) == DISPUTED and shop.carol.balance() == "100.00" and shop.alice.audit() == []
    assert values("SELECT text FROM events_mail") == []
    # Nobody tells the end of it: it is asked about.
    shop.stripe.close_dispute(dispute, "won")
    time.passes(days=1, minutes=1)
    for _ in range(2):
        shop.work()
    assert stands(id_) == HELD and disputes() == [("won", 0, 0, 0)] and shop.alice.audit() == []
    act(shop, "payment.release", number(id_))
    shop.work()
    assert shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_a_dispute_of_what_is_held_that_is_lost_is_the_end_of_it(shop: Shop, time: Time) -> None:
    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told_of(shop, dispute)
    shop.stripe.close_dispute(dispute, "lost")
    told_of(shop, dispute, "charge.dispute.closed")
    assert stands(id_) == ("failed", "", "") and disputes() == [("lost", 0, 0, 0)]
    for _ in range(3):
        shop.tell(id_)
        shop.work()
    assert stands(id_) == ("failed", "", "") and moved() == [] and shop.alice.audit() == []
    assert refused(shop, "payment.approve", number(id_)) == "payment_given_back"
    assert shop.carol.balance() == "100.00"


def test_what_a_lost_dispute_has_left_of_what_is_held_goes_back(shop: Shop, time: Time) -> None:
    act(shop, "payment_rules.set", hold_first_above="1.00")
    id_ = pay(shop)
    dispute = shop.stripe.dispute(shop.session(id_).id, 500)
    told_of(shop, dispute)
    shop.stripe.close_dispute(dispute, "lost")
    told_of(shop, dispute, "charge.dispute.closed")
    assert stands(id_) == HELD and refused(shop, "payment.release", number(id_)) == "payment_taken_back"
    act(shop, "payment.refund", number(id_))
    for _ in range(2):
        shop.work()
    assert stands(id_) == ("failed", "", "") and shop.session(id_).refunded == 1_500
    assert moved() == [] and shop.carol.balance() == "100.00" and shop.alice.audit() == []
