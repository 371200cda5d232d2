"""Affiliates and payments: what a deposit earns, when it can be paid out, and what goes back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scope

from panelwright.core import clock, money
from panelwright.core.refusal import Refusal, Refused
from panelwright.customers import login_records
from panelwright.customers.models import LoginHow, Staff
from panelwright.customers.session_actions import meet_device
from panelwright.payments import dispute_actions
from panelwright.payments.tests import partners
from panelwright.payments.tests.making import BOB, approve, begun, method
from panelwright.payments.tests.test_coupons import coupon, refund, with_coupon
from panelwright.promotions import affiliate_actions, affiliate_queries
from panelwright.promotions.affiliate_rules import PartnerMoney
from panelwright.promotions.models import Partner, Payout
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.rights import ALL
from tests.support.people import Buyer, Known, Owner, Time, execute, value, values

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bank(alice: Owner) -> int:
    return method(alice, fee_percent_e2=290, bonuses="100 5")


@pytest.fixture
def dave(alice: Owner) -> Buyer:
    return alice.customer("dave")


@pytest.fixture
def link(alice: Owner, carol: Buyer, dave: Buyer, time: Time) -> Partner:
    """Carol's, by which Dave has signed up."""
    partners.program(alice, percent_e2=5_00, hold_days=14, least_payout_micros=money.MICROS, staff_payouts=True)
    made = partners.partner(carol)
    partners.brings(made, dave)
    return made


def paid(alice: Owner, buyer: Buyer, bank: int, amount: str = "100") -> Known:
    made = begun(buyer, bank, amount)
    approve(alice, made)
    return made


def moved(code: str = "commission") -> list[tuple[str, str]]:
    rows = values(
        "SELECT t.reference, CASE WHEN a.kind = 'earnings' THEN -t.amount_micros ELSE t.amount_micros END"
        " FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_account_id WHERE t.code = %s ORDER BY t.id",
        code,
    )
    return [(name, money.text(micros)) for name, micros in rows]


def code_of(result: object) -> str:
    return result.code if isinstance(result, Refusal) else ""


def refused(do: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(Refused) as caught:
        do(*args, **given)
    return caught.value.refusal.code


def test_a_deposit_earns_its_share_once_and_waits(
    alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    number = paid(alice, dave, bank).number
    assert moved() == [(f"P-{number}", "5.00")], "of what the deposit brought, without its fee and bonus"
    assert partners.available(link) == "0.00"
    assert code_of(partners.pay_out(link)) == "payout_below"
    time.passes(days=13, hours=23)
    assert partners.available(link) == "0.00"
    time.passes(hours=1)
    assert partners.available(link) == "5.00"
    assert carol.balance() == "100.00"
    made = partners.pay_out(link, request_id="once")
    again = partners.pay_out(link, request_id="once")
    assert isinstance(made, Payout) and isinstance(again, Payout) and made.id == again.id
    assert (carol.balance(), partners.available(link)) == ("105.00", "0.00")
    assert [name for name, _ in moved("payout")] == [f"{link.code}-1"]
    assert code_of(partners.pay_out(link)) == "payout_below"
    assert alice.audit() == []


def test_coupons_bonuses_and_fees_earn_nothing(alice: Owner, dave: Buyer, link: Partner, bank: int) -> None:
    coupon(alice)
    approve(alice, made := with_coupon(dave, bank))
    assert moved() == [(f"P-{made.number}", "1.00")]
    assert alice.audit() == []


def test_others_deposits_earn_nothing(alice: Owner, carol: Buyer, link: Partner, bank: int) -> None:
    paid(alice, alice.customer("erin"), bank)
    paid(alice, carol, bank)
    assert moved() == [] and value("SELECT COUNT(*) FROM promotions_commission") == 0


def test_a_refund_while_it_is_held_cancels_its_share(
    alice: Owner, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    made = paid(alice, dave, bank)
    refund(alice, made, "34.30")  # a third of 102.90
    assert moved()[1:] == [(f"P-{made.number} commission 1", "-1.666666")]
    refund(alice, made)
    assert sum(money.parse(micros) for _name, micros in moved()) == 0
    time.passes(days=30)
    assert partners.available(link) == "0.00"
    assert alice.audit() == []


def test_what_was_paid_out_is_covered_by_the_next(
    alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    made = paid(alice, dave, bank)
    time.passes(days=14)
    partners.pay_out(link)
    assert carol.balance() == "105.00"
    refund(alice, made)
    assert carol.balance() == "105.00", "nobody's orders stop because of it"
    assert partners.stands(link).lacks_micros == 5 * money.MICROS
    paid(alice, dave, bank, "120")
    time.passes(days=14)
    assert partners.available(link) == "1.00"
    assert alice.audit() == []


def test_a_dispute_takes_it_and_won_brings_it_back(alice: Owner, dave: Buyer, link: Partner, bank: int) -> None:
    made = paid(alice, dave, bank)

    def dispute(do: Any, **given: Any) -> None:
        with scope(panel=alice.panel), transaction.atomic():
            do(BOB, panel_id=alice.panel_id, payment_id=made, now=clock.now(), **given)

    dispute(dispute_actions.record)
    assert partners.stands(link).earned_micros == 0
    dispute(dispute_actions.close, won=True)
    assert partners.stands(link).earned_micros == 5 * money.MICROS
    dispute(dispute_actions.record)
    dispute(dispute_actions.close, won=False)
    assert partners.stands(link).earned_micros == 0
    assert alice.audit() == []


def test_the_first_deposit_alone(alice: Owner, dave: Buyer, link: Partner, bank: int) -> None:
    partners.program(alice, first_only=True)
    first, second = begun(dave, bank, "20"), begun(dave, bank, "30")
    approve(alice, second)
    approve(alice, first)
    assert moved() == [(f"P-{second.number}", "1.50")]


def test_for_some_months(alice: Owner, dave: Buyer, link: Partner, bank: int, time: Time) -> None:
    partners.program(alice, months=1)
    time.passes(days=30, hours=23)
    paid(alice, dave, bank)
    time.passes(hours=1)
    paid(alice, dave, bank)
    assert len(moved()) == 1


def test_the_partners_own_percentage_and_the_terms_of_the_day(
    alice: Owner, dave: Buyer, link: Partner, bank: int
) -> None:
    with scope(panel=alice.panel):
        affiliate_actions.set_percent(BOB, panel_id=alice.panel_id, partner_id=link.id, percent_e2=12_50)
    paid(alice, dave, bank)
    with scope(panel=alice.panel):
        affiliate_actions.set_percent(BOB, panel_id=alice.panel_id, partner_id=link.id, percent_e2=None)
    paid(alice, dave, bank)
    partners.program(alice, percent_e2=0)
    paid(alice, dave, bank)
    partners.program(alice, percent_e2=5_00, enabled=False)
    paid(alice, dave, bank)
    assert [micros for _name, micros in moved()] == ["12.50", "5.00"]
    assert alice.audit() == []


def test_a_blocked_partner_earns_and_gets_nothing(
    alice: Owner, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    paid(alice, dave, bank)
    time.passes(days=14)
    asked = partners.pay_out(link, "2", to="wallet")
    assert isinstance(asked, Payout)
    with scope(panel=alice.panel):
        affiliate_actions.block(BOB, panel_id=alice.panel_id, partner_id=link.id, blocked=True)
    paid(alice, dave, bank)
    assert len(moved()) == 1
    assert code_of(partners.pay_out(link)) == "partner_blocked"
    partners.approve_payout(alice, asked.id)  # the money is gone
    assert moved("payout") == [(f"{link.code}-1", "-2.00")]
    erin = alice.customer("erin")
    partners.brings(link, erin)
    assert value("SELECT COUNT(*) FROM promotions_referral") == 1
    with scope(panel=alice.panel):
        affiliate_actions.block(BOB, panel_id=alice.panel_id, partner_id=link.id, blocked=False)
    assert partners.available(link) == "3.00"
    assert alice.audit() == []


def test_who_brought_a_customer_stays(alice: Owner, carol: Buyer, dave: Buyer, link: Partner) -> None:
    other = partners.partner(alice.customer("erin"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        partners.brings(other, dave)
    assert values("SELECT partner_id FROM promotions_referral") == [(link.id,)]
    partners.brings(link, carol)  # herself
    assert value("SELECT COUNT(*) FROM promotions_referral") == 1


def test_a_code_of_another_panel_brings_nobody(alice: Owner, rival: Owner, mallory: Buyer, link: Partner) -> None:
    partners.program(rival)
    partners.brings(link, mallory)
    assert value("SELECT COUNT(*) FROM promotions_referral") == 1


def same_browser(*buyers: Buyer) -> None:
    for buyer in buyers:
        with scope(panel=buyer.owner.panel):
            meet_device(user=buyer.customer.user, device="d" * 43, now=clock.now())


def logged_in(buyer: Buyer, address: str, how: LoginHow = LoginHow.PASSWORD) -> None:
    with scope(panel=buyer.owner.panel):
        login_records.write(user=buyer.customer.user, how=how, address=address, browser="", now=clock.now())


def commission() -> tuple[int, str, Any]:
    ((id_, state, evidence),) = values("SELECT id, state, evidence FROM promotions_commission")
    return id_, state, evidence


def test_one_browser_earns_nothing_until_staff_say_so(
    alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    same_browser(carol, dave)
    made = paid(alice, dave, bank)
    id_, state, evidence = commission()
    assert state == "refused" and "device" in str(evidence) and moved() == []
    assert partners.stands(link) == (0, 0, 0)
    refund(alice, made, "51.45")  # half of it
    assert moved() == [] and alice.audit() == []
    partners.decide(alice, id_, earned=True)
    assert moved() == [(f"P-{made.number}", "2.50")], "as far as it has not gone back"
    assert refused(partners.decide, alice, id_, earned=False) == "commission_decided"
    refund(alice, made)
    assert partners.stands(link).earned_micros == 0
    assert "device" in str(commission()[2]), "the evidence is kept"
    assert alice.audit() == []


def test_declined_it_stays_nothing(alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int) -> None:
    same_browser(carol, dave)
    made = paid(alice, dave, bank)
    partners.decide(alice, commission()[0], earned=False)
    refund(alice, made)
    assert moved() == [] and commission()[1] == "declined"
    assert alice.audit() == []


@pytest.mark.parametrize(
    ("hers", "his", "how", "state"),
    [
        ("203.0.113.9", "203.0.113.9", LoginHow.PASSWORD, "refused"),
        ("2001:db8::1", "2001:db8::2", LoginHow.SIGN_UP, "refused"),
        ("203.0.113.9", "203.0.113.10", LoginHow.PASSWORD, "earned"),
        # Staff have signed in as both of them.
        ("203.0.113.9", "203.0.113.9", LoginHow.HOST, "earned"),
    ],
)
def test_one_network_is_one_person(
    hers: str, his: str, how: LoginHow, state: str, alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int
) -> None:
    logged_in(carol, hers, how)
    logged_in(dave, his, how)
    paid(alice, dave, bank)
    assert commission()[1] == state


def test_one_card_is_one_person(alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int) -> None:
    hers, his = paid(alice, carol, bank), begun(dave, bank, "20")
    execute("UPDATE payments_payment SET payer_key = 'card one' WHERE id IN (%s, %s)", int(hers), int(his))
    approve(alice, his)
    assert commission()[1] == "refused" and "payer" in str(commission()[2])
    assert moved() == [] and alice.audit() == []


def test_a_card_that_nobody_tells_of_is_nobodys(
    alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int
) -> None:
    paid(alice, carol, bank)
    paid(alice, dave, bank)
    assert commission()[1] == "earned"


def test_staff_send_what_is_asked_for_or_say_why_not(
    alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    paid(alice, dave, bank)
    time.passes(days=14)
    assert code_of(partners.pay_out(link, "0.50", to="wallet")) == "payout_below"
    assert code_of(partners.pay_out(link, "6", to="wallet")) == "payout_above"
    assert code_of(partners.pay_out(link, "4", to="w" * 301)) == "text_too_long"
    asked = partners.pay_out(link, "4", to="wallet")
    assert isinstance(asked, Payout) and moved("payout") == []
    assert partners.available(link) == "1.00"
    assert code_of(partners.pay_out(link, "1", to="wallet")) == "payout_requested"
    partners.reject_payout(alice, asked.id)
    assert partners.available(link) == "5.00"
    assert refused(partners.approve_payout, alice, asked.id) == "payout_closed"
    asked = partners.pay_out(link, "5", to="wallet")
    assert isinstance(asked, Payout)
    partners.approve_payout(alice, asked.id)
    assert refused(partners.reject_payout, alice, asked.id) == "payout_closed"
    assert moved("payout") == [(f"{link.code}-2", "-5.00")]
    assert (carol.balance(), partners.available(link)) == ("100.00", "0.00")
    assert alice.audit() == []
    partners.program(alice, staff_payouts=False)
    assert code_of(partners.pay_out(link, "5", to="wallet")) == "payouts_to_balance_only"


def test_what_was_sent_is_booked_whatever_went_back_since_it_was_asked_for(
    alice: Owner, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    made = paid(alice, dave, bank)
    time.passes(days=14)
    asked = partners.pay_out(link, "5", to="wallet")
    assert isinstance(asked, Payout)
    refund(alice, made, "10")
    partners.approve_payout(alice, asked.id)
    assert moved("payout") == [(f"{link.code}-1", "-5.00")]
    assert partners.stands(link).lacks_micros == 485_908
    assert alice.audit() == []


def test_a_refund_between_reading_and_paying_waits(
    alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = paid(alice, dave, bank)
    time.passes(days=14)
    money_of, started = affiliate_queries.money_of, threading.Event()

    def goes_back() -> None:
        try:
            started.set()
            refund(alice, made)
        finally:
            connection.close()

    other = threading.Thread(target=goes_back)

    def read(partner: Partner, **given: Any) -> Any:
        found = money_of(partner, **given)
        other.start()
        started.wait()
        other.join(timeout=1)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(affiliate_queries, "money_of", read)
        assert isinstance(partners.pay_out(link), Payout)
    other.join()
    assert carol.balance() == "105.00" and partners.stands(link).lacks_micros == 5 * money.MICROS
    assert alice.audit() == []


def test_what_the_books_refuse_is_an_answer(alice: Owner, link: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affiliate_queries, "money_of", lambda *_given, **_more: PartnerMoney(5 * money.MICROS))
    assert code_of(partners.pay_out(link)) == "balance_below"
    assert value("SELECT COUNT(*) FROM promotions_payout") == 0 and alice.audit() == []


def test_nobody_decides_about_affiliate_money_of_their_own(
    alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    same_browser(carol, dave)
    paid(alice, dave, bank)
    id_ = commission()[0]
    with scope(panel=alice.panel):
        staff = [Staff.objects.create(panel=alice.panel, user=one.customer.user, role="owner") for one in (carol, dave)]
    herself, her_customer = (Actor(ActorKind.STAFF, one.id, "", "", ALL) for one in staff)
    her_program = Actor(ActorKind.KEY, staff[0].id, "", "", ALL, key_id=1)
    for actor in (herself, her_program, her_customer):
        for earned in (True, False):
            assert refused(partners.decide, alice, id_, earned=earned, actor=actor) == "own_affiliate_money"
    partners.decide(alice, id_, earned=True)
    time.passes(days=14)
    asked = partners.pay_out(link, "2", to="wallet")
    assert isinstance(asked, Payout)
    for end in (partners.approve_payout, partners.reject_payout):
        assert refused(end, alice, asked.id, actor=herself) == "own_affiliate_money"
    mine = {"panel_id": alice.panel_id, "partner_id": link.id}
    with scope(panel=alice.panel), transaction.atomic():
        for percent in (90_00, None):
            found = refused(affiliate_actions.set_percent, herself, **mine, percent_e2=percent)
            assert found == "own_affiliate_money"
        for blocked in (True, False):
            assert refused(affiliate_actions.block, herself, **mine, blocked=blocked) == "own_affiliate_money"
        affiliate_actions.set_percent(her_customer, **mine, percent_e2=90_00)
    partners.approve_payout(alice, asked.id, actor=her_customer)
    assert alice.audit() == []


def test_many_clicks_at_once_pay_once(
    alice: Owner, carol: Buyer, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    paid(alice, dave, bank)
    time.passes(days=14)
    found: list[object] = []

    def click(n: int) -> None:
        try:
            found.append(partners.pay_out(link, request_id="same" if n % 2 else f"own {n}"))
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 6
    assert len(moved("payout")) == 1
    assert carol.balance() == "105.00"
    assert alice.audit() == []


def test_two_first_deposits_at_once_earn_once(alice: Owner, dave: Buyer, link: Partner, bank: int) -> None:
    partners.program(alice, first_only=True)
    both = [begun(dave, bank, "20"), begun(dave, bank, "20")]

    def settle(id_: Known) -> None:
        try:
            approve(alice, id_)
        finally:
            connection.close()

    threads = [threading.Thread(target=settle, args=(one,)) for one in both]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(moved()) == 1
    assert alice.audit() == []


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE promotions_commission SET withdrawn_micros = 1",
        "UPDATE promotions_commission SET state = 'declined'",
        "UPDATE promotions_commission SET earned_micros = earned_micros - 1",
        "UPDATE promotions_payout SET amount_micros = amount_micros - 1",
        "DELETE FROM promotions_payout",
        "UPDATE promotions_partner SET customer_id = (SELECT customer_id FROM promotions_referral)",
    ],
)
def test_the_audit_sees_what_is_not_so(
    broken: str, alice: Owner, dave: Buyer, link: Partner, bank: int, time: Time
) -> None:
    paid(alice, dave, bank)
    time.passes(days=14)
    partners.pay_out(link)
    assert alice.audit() == []
    execute(broken)
    assert alice.audit() != []
