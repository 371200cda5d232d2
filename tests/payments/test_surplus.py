"""A buyer pays twice: staff are told, and what goes back there is of the second money before it is of the balance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from panelwright.sandbox.simulated_mercado_pago import PixOrCard
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


def pays_again(till: Till, id_: int, *, status: str = "approved") -> PixOrCard:
    """A card more, on the page of the same preference."""
    made: PixOrCard = till.play.double.pay_preference(
        till.play.preference(till.reference(id_)),  # type: ignore[attr-defined]
        status=status,
    )
    return made


def tell(till: Till, payment: int) -> None:
    """A webhook about one of Mercado Pago's payments, and what follows."""
    from tests.payments.plays import now_s
    from tests.payments.till import SentHook

    query, headers, body = till.play.double.event(payment, at_ms=now_s() * 1000)
    assert till.post(SentHook(headers, body, query)) == 200
    till.settle()


def do(till: Till, verb: str, id_: int, **given: str) -> Any:
    from panelwright.payments.tests import making
    from panelwright.staff import registry
    from panelwright.staff.actions import perform

    with scope(panel=till.alice.panel):
        return perform(
            registry.actions()[f"payment.{verb}"],
            actor=making.BOB,
            panel_id=till.alice.panel_id,
            target=making.payment(id_).number,
            given=given,
        )


def stands(till: Till, id_: int) -> tuple[str, str, str]:
    till.audit()
    return till.state(id_), till.balance(), str(value("SELECT attention FROM payments_payment WHERE id = %s", id_))


def told(code: str) -> int:
    return int(value("SELECT COUNT(*) FROM payments_paymentstep WHERE code = %s", code))


def test_the_second_payment_is_told_and_given_back_without_the_balance(at: At) -> None:
    from panelwright.payments import texts
    from panelwright.payments.tests import making

    till = at("mercado_pago_checkout")
    id_ = till.paid()
    second = pays_again(till, id_)
    tell(till, second.id)
    assert stands(till, id_) == ("paid", "120.00", "surplus")
    assert texts.attention(making.payment(id_)).startswith("100.00 BRL more came in than was credited.")
    # Told once, however often it is asked about.
    tell(till, second.id)
    assert told("surplus") == 1
    assert "More came in" not in till.browser.get("/funds/1001"), "her staff's alone"
    till.play.double.refund_there(second.id, 40.0)
    tell(till, second.id)
    assert stands(till, id_) == ("paid", "120.00", "surplus")
    till.play.double.refund_there(second.id, 60.0)
    tell(till, second.id)
    assert stands(till, id_) == ("paid", "120.00", "") and told("surplus") == 1
    assert values("SELECT 1 FROM payments_refund") == []
    # What goes back from now on is the customer's.
    till.play.refund_there(till.reference(id_), "30")
    tell(till, second.id)
    assert stands(till, id_) == ("part_refunded", "114.00", "")


def test_whichever_of_the_two_is_given_back_the_balance_stays(at: At) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.paid()
    first = till.play.of(till.reference(id_)).id
    tell(till, pays_again(till, id_).id)
    till.play.double.refund_there(first, 100.0)
    tell(till, first)
    assert stands(till, id_) == ("paid", "120.00", "")


def test_more_than_the_surplus_that_goes_back_there_is_off_the_balance(at: At) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.paid()
    first, second = till.play.of(till.reference(id_)).id, pays_again(till, id_).id
    for payment in (first, second):
        till.play.double.refund_there(payment, 100.0)
    tell(till, second)
    assert stands(till, id_) == ("refunded", "100.00", "")
    tell(till, first)
    assert stands(till, id_) == ("refunded", "100.00", "")


def test_a_refund_of_ours_is_none_of_the_surplus(at: At) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.paid()
    second = pays_again(till, id_).id
    tell(till, second)
    till.refund(id_, "25")
    till.settle()
    assert stands(till, id_) == ("part_refunded", "115.00", "surplus")
    till.play.double.refund_there(second, 100.0)
    tell(till, second)
    assert stands(till, id_) == ("part_refunded", "115.00", "")


def test_what_a_bank_takes_back_of_two_payments_is_the_surplus_first(at: At) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.paid()
    first, second = till.play.of(till.reference(id_)).id, pays_again(till, id_).id
    tell(till, second)
    till.play.double.charge_back(second)
    tell(till, second)
    assert stands(till, id_) == ("disputed", "120.00", "disputed")
    till.play.double.charge_back(second, "settled")
    tell(till, second)
    assert stands(till, id_) == ("lost", "120.00", "")
    # The other one is the customer's now.
    till.play.double.charge_back(first, "settled")
    tell(till, first)
    assert stands(till, id_) == ("lost", "100.00", "")
    # And won after all it is too much again.
    till.play.double.charge_back(second, "reimbursed")
    tell(till, second)
    assert stands(till, id_) == ("lost", "100.00", "surplus")


def test_staff_say_that_they_have_settled_it(at: At) -> None:
    from panelwright.core.refusal import Refusal

    till = at("mercado_pago_checkout")
    id_ = till.paid()
    none = do(till, "settle_surplus", id_)
    assert isinstance(none, Refusal) and none.code == "no_surplus"
    second = pays_again(till, id_)
    tell(till, second.id)
    done = do(till, "settle_surplus", id_)
    assert not isinstance(done, Refusal)
    assert (done.before["attention"], done.after["attention"]) == ("surplus", "")
    tell(till, second.id)
    assert stands(till, id_) == ("paid", "120.00", "") and told("surplus") == 1
    # Given back after all, it is the surplus all the same; and what comes then is another one.
    till.play.double.refund_there(second.id, 100.0)
    tell(till, second.id)
    assert stands(till, id_) == ("paid", "120.00", "")
    tell(till, pays_again(till, id_).id)
    assert stands(till, id_) == ("paid", "120.00", "surplus") and told("surplus") == 2


def test_what_staff_have_seen_when_they_accepted_less_is_not_told_again(at: At, time: Time) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.begin()
    for _ in range(2):
        till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "problem"
    do(till, "approve", id_)
    till.settle()
    assert stands(till, id_) == ("paid", "120.00", "")
    second = max(till.play.double.payments)
    till.play.double.refund_there(second, 100.0)
    tell(till, second)
    assert stands(till, id_) == ("paid", "120.00", "")


def test_coins_that_come_after_an_invoice_was_paid_are_told(at: At) -> None:
    from panelwright.payments.tests import making

    till = at("btcpay")
    id_ = till.paid()
    till.play.double.pay(till.play.of(till.reference(id_)).id, "7.50")
    assert till.tell(id_) == 200
    till.settle()
    assert stands(till, id_) == ("paid", "120.00", "surplus")
    assert making.payment(id_).problem_facts == {"surplus_micros": 7_500_000}
