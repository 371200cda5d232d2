"""Payments: credited once, whoever says it how often; what differs is for staff; and nobody else's is touched."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope

from panelwright.core import limits, money
from panelwright.core.refusal import Refusal, Refused
from panelwright.customers.models import Staff
from panelwright.payments import (
    actions,
    dispute_actions,
    method_actions,
    refund_actions,
    ripening_actions,
    staff_actions,
    surplus_actions,
)
from panelwright.payments.actions import BegunPayment
from panelwright.payments.models import PaymentState
from panelwright.payments.rules import PaymentSum
from panelwright.payments.tests.making import (
    BOB,
    approve,
    begin,
    begun,
    letters,
    method,
    moved,
    payment,
    receive,
    state,
    story,
    submit,
    work,
)
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.rights import ALL
from panelwright.support.files import Upload
from panelwright.support.tests.test_files import png
from tests.support.people import Buyer, Owner, Time, everything, execute, value
from tests.support.threads import together

CAROL = "carol@customer.example"
M = money.MICROS


def unmoved(act: Any) -> str:
    """The code of its refusal; nothing has moved."""
    before = everything()
    try:
        result = act()
    except Refused as refused:
        result = refused.refusal
    assert everything() == before
    return result.code if isinstance(result, Refusal) else str(result)


def test_a_transfer_by_hand_from_beginning_to_end(alice: Owner, carol: Buyer, time: Time) -> None:
    bank = method(alice, proof="both", fee_percent_e2=250, bonuses="20 10")
    id_ = begun(carol, bank, "20")
    row = payment(id_)
    assert (id_.number, row.state, row.asked_micros, row.fee_micros) == (1001, "created", 20 * M, 500_000)
    assert (row.credit_micros, row.bonus_micros, row.received_micros) == (20 * M, 2 * M, None)
    assert len(row.reference) == 10 and row.live

    assert unmoved(lambda: submit(carol, id_)) == "proof_missing"
    assert unmoved(lambda: submit(carol, id_, "TX 1")) == "receipt_missing"
    assert submit(carol, id_, " TX\u00a01 ", Upload("receipt.png", png())) is None
    assert state(id_) == "pending" and carol.balance() == "100.00"

    approve(alice, id_)
    row = payment(id_)
    assert (row.state, row.received_micros, row.gateway_id, row.due_at) == ("paid", 20_500_000, "TX1", None)
    assert carol.balance() == "122.00"
    assert moved(alice) == [
        ("deposit", "P-1001", "20.00"),
        ("fee", "P-1001", "0.50"),
        ("bonus", "P-1001", "2.00"),
    ]
    assert story(id_) == ["created", "submitted", "settled"]
    ((kind, text),) = letters(CAROL)
    assert kind == "payment" and "22.00 USD" in text and "a bonus of 2.00 USD" in text
    assert alice.audit() == []


def test_a_second_approval_moves_nothing(alice: Owner, carol: Buyer) -> None:
    id_ = begun(carol, method(alice))
    approve(alice, id_)
    assert unmoved(lambda: approve(alice, id_)) == "payment_settled"
    assert unmoved(lambda: approve(alice, id_, "21")) == "payment_settled"
    assert unmoved(lambda: receive(alice, id_)) == "paid"
    assert carol.balance() == "120.00" and alice.audit() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["gateway", "staff"])
def test_many_at_once_credit_once(alice: Owner, carol: Buyer, how: str) -> None:
    id_ = begun(carol, method(alice, fee_percent_e2=100, bonuses="1 5"))

    def once() -> str:
        try:
            if how == "gateway":
                return str(receive(alice, id_))
            approve(alice, id_)
            return "paid"
        except Refused as refused:
            return refused.refusal.code

    said = together([once] * 12)
    assert sorted(set(said)) == (["paid"] if how == "gateway" else ["paid", "payment_settled"])
    assert how == "gateway" or said.count("paid") == 1
    assert carol.balance() == "121.00"
    assert moved(alice) == [("deposit", "P-1001", "20.00"), ("fee", "P-1001", "0.20"), ("bonus", "P-1001", "1.00")]
    assert alice.audit() == []


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_by_many_hands_at_once_begins_one_payment(alice: Owner, carol: Buyer) -> None:
    bank = method(alice)
    made = together([lambda: begin(carol, bank, "20", request_id="r")] * 8)
    assert len({one.number for one in made if isinstance(one, BegunPayment)}) == 1
    assert value("SELECT COUNT(*) FROM payments_payment") == 1


@pytest.mark.parametrize(
    ("differs", "code"),
    [
        ({"amount_micros": 20 * M - 10_000}, "received_other_amount"),
        ({"amount_micros": 20 * M + 10_000}, "received_other_amount"),
        ({"currency": "EUR"}, "received_other_currency"),
        ({"reference": "another"}, "received_for_another"),
        ({"live": False}, "received_in_test_mode"),
    ],
)
def test_what_differs_waits_for_staff_and_credits_nothing(
    alice: Owner, carol: Buyer, differs: dict[str, Any], code: str
) -> None:
    id_ = begun(carol, method(alice))
    assert receive(alice, id_, **differs) is PaymentState.PROBLEM
    row = payment(id_)
    assert (row.state, row.problem_code, row.paid_at) == ("problem", code, None)
    assert carol.balance() == "100.00" and moved(alice) == []
    # Told again it is the same problem, once in the story.
    assert unmoved(lambda: receive(alice, id_, **differs)) == "problem"
    assert story(id_) == ["created", "problem"]

    proposed = row.received_micros
    assert proposed == (differs.get("amount_micros"))
    approve(alice, id_, money.text(proposed) if proposed else "")
    assert payment(id_).problem_code == ""
    assert carol.balance() == money.text(100 * M + (proposed or 20 * M)) and alice.audit() == []


def test_staff_approve_what_came_in_with_its_share_of_the_fee(alice: Owner, carol: Buyer) -> None:
    id_ = begun(carol, method(alice, fee_percent_e2=1000, bonuses="20 10"), "20")
    # 22 were asked for, half of it came: ten and one of fee, below the row of the bonus.
    approve(alice, id_, "11")
    assert moved(alice) == [("deposit", "P-1001", "10.00"), ("fee", "P-1001", "1.00")]
    assert carol.balance() == "110.00" and alice.audit() == []


def test_a_late_success_is_credited_from_every_end_but_never_taken_back(alice: Owner, carol: Buyer, time: Time) -> None:
    bank = method(alice)
    canceled, expired, rejected = (begun(carol, bank) for _ in range(3))
    with scope(panel=alice.panel):
        actions.cancel(panel_id=alice.panel_id, customer_id=carol.customer_id, payment_id=canceled)
        staff_actions.reject(
            BOB, panel_id=alice.panel_id, payment_id=rejected, reason="No such transfer.", now=time.now
        )
    time.passes(days=8)
    assert work() == 1
    assert [state(id_) for id_ in (canceled, expired, rejected)] == ["canceled", "expired", "failed"]
    for id_ in (canceled, expired, rejected):
        assert receive(alice, id_) is PaymentState.PAID
    assert carol.balance() == "160.00" and alice.audit() == []
    for id_ in (canceled, expired, rejected):
        with scope(panel=alice.panel):
            reject = lambda id_=id_: staff_actions.reject(  # noqa: E731
                BOB, panel_id=alice.panel_id, payment_id=id_, reason="x", now=time.now
            )
            assert unmoved(reject) == "payment_settled"


def test_a_rejection_tells_the_customer_why(alice: Owner, carol: Buyer, time: Time) -> None:
    id_ = begun(carol, method(alice))
    submit(carol, id_)
    with scope(panel=alice.panel):
        staff_actions.reject(BOB, panel_id=alice.panel_id, payment_id=id_, reason="Not on our account.", now=time.now)
    assert (state(id_), carol.balance(), moved(alice)) == ("failed", "100.00", [])
    assert "Not on our account." in letters(CAROL)[0][1]
    assert unmoved(lambda: submit(carol, id_, "again")) == "payment_ended"


def test_who_does_not_want_letters_gets_the_money_all_the_same(alice: Owner, carol: Buyer) -> None:
    execute("UPDATE customers_user SET mails_off = 'payment' WHERE id = %s", carol.customer.user_id)
    approve(alice, begun(carol, method(alice)))
    assert letters(CAROL) == [] and carol.balance() == "120.00"


def test_an_address_that_no_letter_reaches_keeps_no_money_back(alice: Owner, carol: Buyer) -> None:
    execute("UPDATE customers_user SET email = 'nobody' WHERE id = %s", carol.customer.user_id)
    approve(alice, begun(carol, method(alice)))
    assert carol.balance() == "120.00" and alice.audit() == []


def test_one_proof_pays_once(alice: Owner, carol: Buyer) -> None:
    bank, wallet = method(alice), method(alice, "Wallet")
    first, second, third = begun(carol, bank), begun(carol, bank), begun(carol, wallet)
    approve(alice, first, reference="tx 77")
    assert unmoved(lambda: approve(alice, second, reference=" TX77")) == "proof_used"
    # Of another method it is another name.
    approve(alice, third, reference="TX77")
    assert carol.balance() == "140.00" and alice.audit() == []


def test_a_strangers_proof_takes_nothing_from_its_owner(alice: Owner, carol: Buyer) -> None:
    bank, dave = method(alice), alice.customer("dave")
    theirs, hers = begun(dave, bank), begun(carol, bank)
    submit(dave, theirs, "TX77")
    submit(carol, hers, "TX77")
    approve(alice, hers)
    assert unmoved(lambda: approve(alice, theirs)) == "proof_used"
    assert (carol.balance(), dave.balance()) == ("120.00", "0.00")


def test_nobody_decides_about_a_payment_of_their_own(alice: Owner, carol: Buyer, time: Time) -> None:
    id_ = begun(carol, method(alice))
    with scope(panel=alice.panel):
        both = Staff.objects.create(panel=alice.panel, user=carol.customer.user, role="owner")
    herself = Actor(ActorKind.STAFF, both.id, CAROL, "", ALL)
    assert unmoved(lambda: approve(alice, id_, actor=herself)) == "own_payment"
    her_program = Actor(ActorKind.KEY, both.id, CAROL, "", ALL, key_id=1)
    assert unmoved(lambda: approve(alice, id_, actor=her_program)) == "own_payment"
    with scope(panel=alice.panel):
        reject = lambda: staff_actions.reject(  # noqa: E731
            herself, panel_id=alice.panel_id, payment_id=id_, reason="x", now=time.now
        )
        assert unmoved(reject) == "own_payment"


@pytest.mark.parametrize(
    "decide",
    [
        ripening_actions.release,
        refund_actions.request,
        partial(refund_actions.decide, made=True),
        partial(refund_actions.decide, made=False),
        refund_actions.check,
        dispute_actions.record,
        partial(dispute_actions.close, won=True),
        partial(dispute_actions.close, won=False),
        surplus_actions.settle,
    ],
)
def test_nor_about_what_becomes_of_it_later(alice: Owner, carol: Buyer, time: Time, decide: Any) -> None:
    approve(alice, id_ := begun(carol, method(alice)))
    with scope(panel=alice.panel):
        both = Staff.objects.create(panel=alice.panel, user=carol.customer.user, role="owner")
    herself = Actor(ActorKind.STAFF, both.id, CAROL, "", ALL)
    with scope(panel=alice.panel), transaction.atomic():
        do = lambda: decide(herself, panel_id=alice.panel_id, payment_id=id_, now=time.now)  # noqa: E731
        assert unmoved(do) == "own_payment"


def test_of_others_a_customer_reaches_nothing(alice: Owner, carol: Buyer, mallory: Buyer) -> None:
    bank = method(alice)
    id_ = begun(carol, bank)
    dave = alice.customer("dave")
    for stranger in (dave, mallory):
        assert unmoved(lambda who=stranger: submit(who, id_, "mine")) == "no_payment"
        with scope(panel=stranger.owner.panel):
            cancel = lambda who=stranger: actions.cancel(  # noqa: E731
                panel_id=who.owner.panel_id, customer_id=who.customer_id, payment_id=id_
            )
            assert unmoved(cancel) == "no_payment"
    assert unmoved(lambda: begin(mallory, bank, "20")) == "no_payment_method"
    assert unmoved(lambda: receive(mallory.owner, id_)) == "no_payment"
    assert unmoved(lambda: approve(mallory.owner, id_)) == "no_payment"


def test_terms_that_changed_meanwhile_are_shown_before_anything_begins(alice: Owner, carol: Buyer) -> None:
    bank = method(alice, bonuses="10 5")
    shown = PaymentSum(20 * M, 0, 20 * M, M, 500)
    assert isinstance(begin(carol, bank, "20", agreed=shown), BegunPayment)
    with scope(panel=alice.panel):
        method_actions.set_method(panel_id=alice.panel_id, method_id=bank, bonuses="")
    assert unmoved(lambda: begin(carol, bank, "20", agreed=shown)) == "terms_changed"


def test_what_was_agreed_on_is_kept_when_the_terms_change(alice: Owner, carol: Buyer) -> None:
    bank = method(alice, currency="EUR", rate_e12=11 * 10**11, bonuses="10 5")
    id_ = begun(carol, bank, "20")
    with scope(panel=alice.panel):
        method_actions.set_method(panel_id=alice.panel_id, method_id=bank, rate_e12=10**11, bonuses="")
    approve(alice, id_)
    assert moved(alice) == [("deposit", "P-1001", "22.00"), ("bonus", "P-1001", "1.10")]


def test_a_method_that_is_off_takes_no_payment_and_settles_those_it_has(alice: Owner, carol: Buyer) -> None:
    bank = method(alice)
    id_ = begun(carol, bank)
    with scope(panel=alice.panel):
        method_actions.turn(panel_id=alice.panel_id, method_id=bank, enabled=False)
    assert unmoved(lambda: begin(carol, bank, "20")) == "no_payment_method"
    assert receive(alice, id_) is PaymentState.PAID


def test_unfinished_payments_and_those_of_a_day_are_bounded(alice: Owner, carol: Buyer, time: Time) -> None:
    bank = method(alice)
    for _ in range(limits.PAYMENTS_OPEN_MAX):
        id_ = begun(carol, bank)
    assert unmoved(lambda: begin(carol, bank, "20")) == "too_many_payments"
    for _ in range(limits.PAYMENTS_A_DAY_MAX - limits.PAYMENTS_OPEN_MAX):
        receive(alice, id_)
        id_ = begun(carol, bank)
    receive(alice, id_)
    assert unmoved(lambda: begin(carol, bank, "20")) == "too_many_today"
    time.passes(days=1, seconds=1)
    assert isinstance(begin(carol, bank, "20"), BegunPayment)


def test_receipts_are_checked_and_bounded_as_those_of_tickets(alice: Owner, carol: Buyer) -> None:
    bank = method(alice)
    id_ = begun(carol, bank)
    picture = Upload("a.png", png())
    assert unmoved(lambda: submit(carol, id_, "", Upload("a.png", b"<html>"))) == "bad_file"
    assert unmoved(lambda: submit(carol, id_, "", *[picture] * (limits.ATTACHMENTS_MAX + 1))) == "too_many_files"
    huge = Upload("a.png", b"x" * (limits.ATTACHMENT_BYTES_MAX + 1))
    assert unmoved(lambda: submit(carol, id_, "", huge)) == "file_too_large"
    assert unmoved(lambda: submit(carol, id_, "p" * 201)) == "too_long"
    assert submit(carol, id_, "", picture) is None
    execute("UPDATE payments_paymentfile SET size = %s", limits.ATTACHMENT_BYTES_MAX)
    full = limits.ATTACHED_BYTES_MAX // limits.ATTACHMENT_BYTES_MAX
    for _ in range(full - 1):
        execute(
            "INSERT INTO payments_paymentfile (panel_id, payment_id, customer_id, name, type, size, data, created_at)"
            " SELECT panel_id, payment_id, customer_id, name, type, size, data, created_at FROM payments_paymentfile"
            " ORDER BY id LIMIT 1"
        )
    other = begun(carol, bank)
    assert unmoved(lambda: submit(carol, other, "", picture)) == "files_full"


def test_a_debt_is_paid_first(alice: Owner, carol: Buyer, time: Time) -> None:
    from panelwright.ledger.actions import post
    from panelwright.ledger.models import AccountKind, TransferCode
    from panelwright.ledger.rules import NamedAccount, NewTransfer

    with scope(panel=alice.panel):
        lost = NewTransfer(
            alice.panel_id,
            carol.account_id,
            NamedAccount(AccountKind.CLEARING, "cards"),
            130 * M,
            TransferCode.CHARGEBACK,
            "dispute 1",
        )
        assert post([lost], now=time.now) == [True]
    approve(alice, begun(carol, method(alice), "50"))
    assert carol.balance() == "20.00" and alice.audit() == []


def test_the_audit_notices_what_was_credited_otherwise(alice: Owner, carol: Buyer) -> None:
    approve(alice, begun(carol, method(alice)))
    execute("UPDATE payments_payment SET credit_micros = credit_micros + 1")
    assert alice.audit() == ["payment 1001 brought 20.00 and a bonus of 0.00, and says 20.000001 and 0.00"]


def test_a_method_in_another_currency_needs_its_rate(alice: Owner) -> None:
    with scope(panel=alice.panel):
        row = method_actions.add(panel_id=alice.panel_id, kind="by_hand", name="Pix", currency="brl")
        for act in (
            lambda: method_actions.turn(panel_id=alice.panel_id, method_id=row.id, enabled=True),
            lambda: method_actions.add(panel_id=alice.panel_id, kind="by_hand", name=" Pix "),
            lambda: method_actions.add(panel_id=alice.panel_id, kind="nothing", name="X"),
            lambda: method_actions.add(panel_id=alice.panel_id, kind="by_hand", name="X", currency="$"),
            lambda: method_actions.set_method(panel_id=alice.panel_id, method_id=row.id, min_micros=9, max_micros=8),
            lambda: method_actions.set_method(panel_id=alice.panel_id, method_id=row.id, fee_percent_e2=100_01),
            lambda: method_actions.set_method(panel_id=alice.panel_id, method_id=row.id, fee_fixed_micros=-1),
            lambda: method_actions.set_method(panel_id=alice.panel_id, method_id=row.id, rate_e12=0),
        ):
            assert unmoved(act) in {
                "rate_missing",
                "method_name_taken",
                "bad_choice",
                "bad_currency",
                "max_below_min",
                "bad_fee_percent",
                "amount_below_zero",
                "bad_method_rate",
            }
        method_actions.set_method(panel_id=alice.panel_id, method_id=row.id, rate_e12=2 * 10**11)
        method_actions.turn(panel_id=alice.panel_id, method_id=row.id, enabled=True)
        # What a real is worth says nothing of another currency.
        other = lambda: method_actions.set_method(panel_id=alice.panel_id, method_id=row.id, currency="CLP")  # noqa: E731
        assert unmoved(other) == "rate_missing"


def test_a_method_that_was_used_is_not_deleted(alice: Owner, carol: Buyer) -> None:
    bank, spare = method(alice), method(alice, "Spare")
    begun(carol, bank)
    with scope(panel=alice.panel):
        remove = lambda: method_actions.remove(panel_id=alice.panel_id, method_id=bank)  # noqa: E731
        assert unmoved(remove) == "method_has_payments"
        method_actions.remove(panel_id=alice.panel_id, method_id=spare)
    assert value("SELECT COUNT(*) FROM payments_paymentmethod") == 1
