"""Receipts: one for each payment, numbered without gaps, unchanged ever after; credit notes for what goes back."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.payments import dispute_actions
from panelwright.payments.tests.making import BOB, approve, begun, method, payment
from panelwright.receipts import actions, document, loops, pdf, queries
from panelwright.receipts.models import Receipt
from tests.support.people import Buyer, Owner, Time, execute, values
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)

SELLER = {"seller": "Alice Media GmbH", "address": "Hauptstr. 1\n10115 Berlin", "tax_id": "DE123456789"}


def turn_on(owner: Owner, **more: Any) -> None:
    with scope(panel=owner.panel):
        actions.set_receipts(panel_id=owner.panel_id, now=clock.now(), enabled=True, **{**SELLER, **more})


def paid(owner: Owner, buyer: Buyer, amount: str = "20", *, bank: int = 0) -> int:
    id_ = begun(buyer, bank or method(owner, f"Bank {amount} {buyer.customer_id}", fee_percent_e2=250), amount)
    approve(owner, id_)
    return id_


def look() -> int:
    return loops.look(50)


def numbers(owner: Owner) -> list[str]:
    rows = values(
        "SELECT number FROM receipts_receipt WHERE panel_id = %s ORDER BY kind DESC, year, serial", owner.panel_id
    )
    return [number for (number,) in rows]


def receipts(owner: Owner) -> list[Receipt]:
    with scope(panel=owner.panel):
        ids = [
            id_ for (id_,) in values("SELECT id FROM receipts_receipt WHERE panel_id = %s ORDER BY id", owner.panel_id)
        ]
        found = [queries.receipt(owner.panel_id, id_) for id_ in ids]
        return [one for one in found if one is not None]


def refunded(owner: Owner, payment_id: int, n: int, micros: int) -> None:
    """A refund that is done, as the payments' own actions write it."""
    execute(
        "INSERT INTO payments_refund (panel_id, payment_id, n, state, amount_micros, credit_micros, bonus_micros,"
        " fee_micros, gateway_id, said, attempts, created_at) VALUES (%s, %s, %s, 'done', %s, %s, 0, 0, '', '', 0, %s)",
        owner.panel_id,
        payment_id,
        n,
        micros,
        micros,
        clock.now(),
    )


def test_each_payment_gets_one_with_what_stood_that_day(alice: Owner, carol: Buyer, time: Time) -> None:
    before = paid(alice, carol, "10")
    assert look() == 0, "the panel issues none"
    time.passes(seconds=1)
    turn_on(alice, tax_name="VAT", tax_percent_e2=19_00, note="Thank you")
    assert look() == 0, "what came in before gets none"
    time.passes(minutes=5)
    with scope(panel=alice.panel):
        actions.set_billing(
            panel_id=alice.panel_id,
            customer_id=carol.customer_id,
            name="Carol & Co",
            address="Lane 2\r\nYork",
            tax_id="",
        )
    id_ = paid(alice, carol, "20")
    assert (look(), look()) == (1, 0)
    (found,) = receipts(alice)
    assert (found.number, found.kind, found.payment_id, found.currency) == ("2026-000001", "receipt", id_, "USD")
    assert (found.amount_micros, found.fee_micros, found.tax_micros) == (20_500_000, 500_000, 3_270_000)
    text = document.text_of(found)
    assert text.seller == ["Alice Media GmbH", "Hauptstr. 1", "10115 Berlin", "DE123456789"]
    assert text.buyer == ["Carol & Co", "Lane 2", "York", "carol@customer.example"]
    assert [line.value for line in text.sums] == ["20.00 USD", "0.50 USD"] and text.total.value == "20.50 USD"
    assert [line.value for line in text.within] == ["17.23 USD", "3.27 USD"] and text.note == "Thank you"

    turn_on(alice, seller="Somebody else", tax_percent_e2=0)
    with scope(panel=alice.panel):
        actions.set_billing(
            panel_id=alice.panel_id, customer_id=carol.customer_id, name="Another", address="", tax_id="1"
        )
    assert receipts(alice)[0].seller == found.seller and receipts(alice)[0].buyer == found.buyer
    assert payment(before).state == "paid" and alice.audit() == []


def test_numbers_have_no_gaps_when_many_are_issued_at_once(alice: Owner, carol: Buyer, time: Time) -> None:
    turn_on(alice, prefix="INV-")
    bank = method(alice)
    ids = [paid(alice, carol, str(amount), bank=bank) for amount in range(10, 14)]

    def issue(id_: int) -> Any:
        with scope(panel=alice.panel):
            return actions.issue(panel_id=alice.panel_id, payment_id=id_, now=clock.now())

    # Each of them asked for twice.
    together([partial(issue, id_) for id_ in ids + ids])
    assert numbers(alice) == [f"INV-2026-{n:06d}" for n in range(1, 5)]
    assert {one.payment_id for one in receipts(alice)} == set(ids)


def test_a_year_begins_with_one_and_each_panel_counts_for_itself(
    alice: Owner, mallory: Buyer, carol: Buyer, time: Time
) -> None:
    time.now = datetime(2026, 12, 31, 12, tzinfo=UTC)
    turn_on(alice)
    turn_on(mallory.owner)
    paid(alice, carol, "10")
    paid(mallory.owner, mallory, "11")
    assert look() == 2
    time.passes(days=1)
    paid(alice, carol, "12")
    assert look() == 1
    assert numbers(alice) == ["2026-000001", "2027-000001"] and numbers(mallory.owner) == ["2026-000001"]


def test_what_goes_back_in_parts_takes_back_the_tax_to_the_cent(alice: Owner, carol: Buyer, time: Time) -> None:
    turn_on(alice, tax_name="VAT", tax_percent_e2=7_00)
    id_ = paid(alice, carol, "10", bank=method(alice))
    assert look() == 1
    for n, micros in enumerate((3_330_000, 3_330_000, 3_340_000), start=1):
        refunded(alice, id_, n, micros)
    assert (look(), look()) == (3, 0)
    receipt, *notes = receipts(alice)
    assert [one.number for one in notes] == [f"CN-2026-{n:06d}" for n in (1, 2, 3)]
    assert sum(one.tax_micros for one in notes) == receipt.tax_micros == 650_000
    assert document.text_of(notes[0]).about[1].value == receipt.number


def test_a_cent_that_is_all_tax_holds_nobody_up(alice: Owner, carol: Buyer, mallory: Buyer, time: Time) -> None:
    """Of three cents that go back one by one, the third one takes back the tax of all."""
    turn_on(alice, tax_name="VAT", tax_percent_e2=20_00)
    turn_on(mallory.owner)
    id_ = paid(alice, carol, "10", bank=method(alice))
    assert look() == 1
    for n in (1, 2, 3):
        refunded(alice, id_, n, 10_000)
    paid(mallory.owner, mallory, "11")
    assert look() == 4
    assert [one.tax_micros for one in receipts(alice)[1:]] == [0, 0, 10_000]


def test_what_one_panel_runs_into_keeps_no_others_back(
    alice: Owner, carol: Buyer, mallory: Buyer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_on(alice)
    turn_on(mallory.owner)
    paid(alice, carol, "10")
    paid(mallory.owner, mallory, "11")
    issue = actions.issue

    def breaks(*, panel_id: int, **about: Any) -> Any:
        assert panel_id != alice.panel_id, "as a broken row would"
        return issue(panel_id=panel_id, **about)

    monkeypatch.setattr(actions, "issue", breaks)
    assert look() == 1 and numbers(mallory.owner) == ["2026-000001"] and numbers(alice) == []


def test_another_amount_has_its_own_fee(alice: Owner, carol: Buyer, time: Time) -> None:
    """As it was booked: staff accept half of what was asked for, and half of the fee."""
    turn_on(alice)
    id_ = begun(carol, method(alice, fee_percent_e2=10_00), "100")
    approve(alice, id_, "55", "wire 1")
    assert look() == 1
    (found,) = receipts(alice)
    assert (found.amount_micros, found.fee_micros) == (55_000_000, 5_000_000)


def test_what_went_back_while_none_were_issued_gets_its_note(alice: Owner, carol: Buyer, time: Time) -> None:
    turn_on(alice)
    id_ = paid(alice, carol, "10", bank=method(alice))
    assert look() == 1
    with scope(panel=alice.panel):
        actions.set_receipts(panel_id=alice.panel_id, now=clock.now(), enabled=False)
    refunded(alice, id_, 1, 3_000_000)
    time.passes(days=2)
    assert look() == 0
    turn_on(alice)
    assert look() == 1 and numbers(alice) == ["2026-000001", "CN-2026-000001"]


def test_a_lost_dispute_gets_a_note_of_what_it_took(alice: Owner, carol: Buyer, time: Time) -> None:
    turn_on(alice, tax_name="VAT", tax_percent_e2=25_00)
    id_ = paid(alice, carol, "10", bank=method(alice))
    assert look() == 1
    told: dict[str, Any] = {"panel_id": alice.panel_id, "payment_id": id_, "now": time.now}
    with scope(panel=alice.panel), transaction.atomic():
        dispute_actions.record(BOB, **told)
    assert look() == 0, "it may still be won"
    with scope(panel=alice.panel), transaction.atomic():
        dispute_actions.close(BOB, won=False, **told)
    assert (look(), look()) == (1, 0)
    note = receipts(alice)[1]
    assert (note.kind, note.amount_micros, note.tax_micros) == ("credit_note", 10_000_000, 2_000_000)
    assert alice.audit() == []


def test_test_money_and_what_has_not_come_in_get_none(alice: Owner, carol: Buyer, time: Time) -> None:
    turn_on(alice)
    bank = method(alice)
    begun(carol, bank, "15")
    test = paid(alice, carol, "16", bank=bank)
    execute("UPDATE payments_payment SET live = %s WHERE id = %s", False, test)
    assert look() == 0 and numbers(alice) == []


def test_a_payment_whose_transaction_ended_late_is_still_found(alice: Owner, carol: Buyer, time: Time) -> None:
    """It says an earlier moment than that up to which all were found."""
    turn_on(alice)
    bank = method(alice)
    time.passes(hours=3)
    assert look() == 0
    id_ = paid(alice, carol, "10", bank=bank)
    execute("UPDATE payments_payment SET paid_at = %s WHERE id = %s", clock.now() - actions.LATE / 2, id_)
    assert look() == 1


@pytest.mark.parametrize(
    ("wanted", "code", "field"),
    [
        ({"seller": " "}, "receipts_need", "receipt_seller"),
        ({"address": ""}, "receipts_need", "receipt_address"),
        ({"prefix": "№ "}, "bad_receipt_prefix", "receipt_prefix"),
        ({"prefix": "123456789"}, "bad_receipt_prefix", "receipt_prefix"),
        ({"prefix": "A-CN-"}, "bad_receipt_prefix", "receipt_prefix"),
        ({"tax_percent_e2": 100_01, "tax_name": "VAT"}, "bad_tax_percent", "receipt_tax_percent"),
        ({"tax_percent_e2": 5_00}, "tax_needs_name", "receipt_tax_name"),
        ({"note": "x" * 601}, "text_too_long", "receipt_note"),
    ],
)
def test_settings_that_cannot_be(alice: Owner, wanted: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refused) as caught:
        turn_on(alice, **wanted)
    assert (caught.value.refusal.code, caught.value.refusal.field) == (code, field)
    assert values("SELECT enabled FROM receipts_receiptsettings") in ([], [(False,)])


def test_the_file_says_the_same_in_every_script(alice: Owner, carol: Buyer, time: Time) -> None:
    turn_on(alice, seller="ООО «Ёлка» 漢", note="\N{RIGHT-TO-LEFT OVERRIDE}ĞİŞ ąę €")
    paid(alice, carol, "10")
    assert look() == 1
    (found,) = receipts(alice)
    text = document.text_of(found)
    data = pdf.written(text, panel="Panel", at=found.issued_at)
    assert data == pdf.written(text, panel="Panel", at=found.issued_at), "the same receipt is the same file"
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF") and len(data) < 40_000
    for word in (b"/JavaScript", b"/URI", b"/Launch", b"/EmbeddedFile"):
        assert word not in data
    long = text._replace(buyer=["W" * 400] * 8, note="lorem ipsum " * 50)
    assert pdf.written(long, panel="Panel", at=found.issued_at).startswith(b"%PDF-")
