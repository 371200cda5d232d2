"""Disputes that end without a word: what the gateway says nothing of any more does not stay open for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.payments.test_surplus import do, pays_again, stands, tell, told
from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


def claimed(till: Till) -> tuple[int, int]:
    """Ours, and Mercado Pago's id of it: paid, and then the buyer complains there."""
    id_ = till.paid()
    there = till.play.of(till.reference(id_)).id
    till.play.double.claim(there)
    tell(till, there)
    assert stands(till, id_) == ("disputed", "120.00", "disputed")
    return id_, there


def test_a_claim_that_ends_with_the_money_approved_is_won(at: At, time: Time) -> None:
    from panelwright.core.refusal import Refusal

    till = at("pix")
    id_, there = claimed(till)
    till.play.double.pay(there)
    time.passes(days=1)
    till.settle()
    assert stands(till, id_) == ("won", "120.00", "")
    assert values("SELECT state, taken FROM payments_dispute") == [("won", False)]
    # And the money can be given back again.
    assert not isinstance(till.refund(id_), Refusal)
    till.settle()
    assert stands(till, id_) == ("refunded", "100.00", "")


def test_a_claim_that_ends_with_the_money_given_back_is_lost(at: At, time: Time) -> None:
    till = at("pix")
    id_, there = claimed(till)
    till.play.double.refund_there(there, 100.0)
    time.passes(days=1)
    till.settle()
    assert stands(till, id_) == ("lost", "100.00", "")
    time.passes(days=2)
    assert till.work() == 0


def test_a_claim_that_becomes_a_chargeback_is_the_same_dispute(at: At) -> None:
    till = at("pix")
    id_, there = claimed(till)
    till.play.double.charge_back(there, "settled")
    tell(till, there)
    assert stands(till, id_) == ("lost", "100.00", "")
    assert value("SELECT COUNT(*) FROM payments_dispute") == 1


def test_a_payment_without_a_claim_has_no_dispute(at: At) -> None:
    till = at("pix")
    id_ = till.paid()
    till.play.refund_there(till.reference(id_), "100")
    assert till.tell(id_) == 200
    till.settle()
    assert stands(till, id_) == ("refunded", "100.00", "") and values("SELECT 1 FROM payments_dispute") == []


@pytest.mark.parametrize(("outcome", "balance"), [("won", "120.00"), ("lost", "100.00")])
def test_staff_close_what_the_gateway_lists_no_more(at: At, time: Time, outcome: str, balance: str) -> None:
    from panelwright.core.refusal import Refusal

    till = at("razorpay")
    id_ = till.paid()
    till.play.dispute(till.reference(id_), "taken")
    assert till.tell(id_) == 200
    till.settle()
    assert stands(till, id_) == ("disputed", "100.00", "disputed")
    refused = do(till, "close_dispute", id_, outcome=outcome)
    assert isinstance(refused, Refusal) and refused.code == "dispute_at_gateway"
    # So many newer ones that this one is not among them; it is said once, however often it is asked about.
    kept = till.play.double.disputes.popitem()
    for _ in range(2):
        time.passes(days=1)
        till.settle()
    assert stands(till, id_) == ("disputed", "100.00", "unlisted") and told("dispute_unlisted") == 1
    assert "no longer lists" not in till.browser.get("/funds/1001")
    done = do(till, "close_dispute", id_, outcome=outcome)
    assert not isinstance(done, Refusal)
    assert done.before["attention"] == "unlisted" and done.after["state"] == outcome
    assert stands(till, id_) == (outcome, balance, "")
    time.passes(days=1)
    till.settle()
    assert stands(till, id_) == (outcome, balance, "")
    # What the gateway says of it later holds.
    name, row = kept
    till.play.double.disputes[name] = {**row, "status": "won"}
    assert till.tell(id_) == 200
    till.settle()
    assert stands(till, id_) == ("won", "120.00", "")


def test_what_the_gateway_lists_again_is_its_own_to_close(at: At, time: Time) -> None:
    from panelwright.core.refusal import Refusal

    till = at("paypal")
    id_ = till.paid()
    till.play.dispute(till.reference(id_), "taken")
    assert till.tell(id_) == 200
    till.settle()
    # The leave to see disputes is taken away, and given back.
    till.play.double.refuse_disputes = True
    time.passes(days=1)
    till.settle()
    assert stands(till, id_) == ("disputed", "100.00", "unlisted")
    till.play.double.refuse_disputes = False
    time.passes(days=1)
    till.settle()
    assert stands(till, id_) == ("disputed", "100.00", "disputed") and told("dispute_listed") == 1
    refused = do(till, "close_dispute", id_, outcome="won")
    assert isinstance(refused, Refusal) and refused.code == "dispute_at_gateway"


def test_cards_that_were_refused_hide_no_chargeback(at: At) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.paid()
    there = till.play.of(till.reference(id_)).id
    for _ in range(60):
        pays_again(till, id_, status="rejected")
    tell(till, there)
    assert stands(till, id_) == ("paid", "120.00", "")
    till.play.double.charge_back(there, "settled")
    tell(till, there)
    assert stands(till, id_) == ("lost", "100.00", "")


def test_after_many_refused_cards_the_one_that_pays_is_found_and_given_back(at: At) -> None:
    till = at("mercado_pago_checkout")
    id_ = till.begin()
    paid = pays_again(till, id_)
    for _ in range(60):
        pays_again(till, id_, status="rejected")
    tell(till, paid.id)
    assert stands(till, id_) == ("paid", "120.00", "")
    till.refund(id_, "25")
    till.settle()
    assert stands(till, id_) == ("part_refunded", "115.00", "")
    assert [one["payment_id"] for one in till.play.double.refunds] == [paid.id]
