"""Payments in the back office: what waits, what is shown before money moves, and who may decide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.people import value, values

if TYPE_CHECKING:
    from tests.office.office import Office

pytestmark = pytest.mark.django_db


def test_what_waits_is_told_on_the_home_page_and_approved_once(office: Office) -> None:
    number = office.rows["payment"]
    finance = office.browser("finance")
    assert "Payments to approve" in finance.get("/admin/")
    page = finance.get("/admin/payments?show=waiting")
    assert f'href="/admin/payments/{number}"' in page
    page = finance.get(f"/admin/payments/{number}")
    assert "Being checked" in page and f'href="/admin/payments/{number}/approve' in page

    where = f"/admin/payments/{number}/approve"
    before = office.carol.balance()
    shown = finance.get(where)
    assert "20.00" in shown and office.carol.balance() == before, "nothing moved unseen"
    (sure,) = re.findall(r'name="sure" value="(\w+)"', shown)
    assert finance.post(where, sure=sure).status_code == 302
    assert finance.post(where, sure=sure).status_code in (409, 422)
    assert value("SELECT state FROM payments_payment WHERE number = %s", number) == "paid"
    assert values("SELECT amount_micros FROM ledger_transfer WHERE reference = %s", f"P-{number}") == [(20_000_000,)]
    assert "Payments to approve" not in finance.get("/admin/")
    assert office.alice.audit() == []


def test_another_amount_and_a_rejection(office: Office) -> None:
    from tests.staff.payment_cases import payment

    owner, number = office.browser("owner"), office.rows["payment"]
    where = f"/admin/payments/{number}/approve_amount"
    shown = owner.post(where, received="12.50", gateway_id="wire 7").content.decode()
    (sure,) = re.findall(r'name="sure" value="(\w+)"', shown)
    assert owner.post(where, received="12.50", gateway_id="wire 7", sure=sure).status_code == 302
    assert values("SELECT credit_micros, gateway_id FROM payments_payment WHERE number = %s", number) == [
        (12_500_000, "WIRE7")
    ]
    other = payment(office.world)
    assert owner.post(f"/admin/payments/{other.number}/reject", reason="Not there.").status_code == 302
    assert "Not there." in owner.get(f"/admin/payments/{other.number}")
    assert office.alice.audit() == []


def test_a_method_is_made_and_offered_from_the_back_office(office: Office) -> None:
    owner = office.browser("owner")
    made = owner.post("/admin/payment_methods/add", kind="by_hand", name="Wise", currency="EUR")
    assert made.status_code == 302
    id_ = value("SELECT id FROM payments_paymentmethod WHERE name = %s", "Wise")
    where = f"/admin/payment_methods/{id_}"
    assert "what 1 EUR is worth" in owner.post(f"{where}/turn_on").content.decode()
    assert owner.post(f"{where}/set", rate="1.1", bonuses="100 5", fee_percent="2.5").status_code == 302
    assert owner.post(f"{where}/set_texts", language="en", instructions="Send it.").status_code == 302
    assert owner.post(f"{where}/set_by_hand", proof="both").status_code == 302
    assert owner.post(f"{where}/turn_on").status_code == 302
    row = values("SELECT rate_e12, bonuses, fee_percent_e2, enabled FROM payments_paymentmethod WHERE id = %s", id_)
    assert row[0][0] == 11 * 10**11 and row[0][2] == 250 and bool(row[0][3])
    assert "Wise" in owner.get("/admin/payment-methods")


@pytest.mark.parametrize("role", ["support", "read_only", "orders"])
def test_others_do_not_see_payments(office: Office, role: str) -> None:
    browser, number = office.browser(role), office.rows["payment"]
    for path in ("/admin/payments", f"/admin/payments/{number}", f"/admin/payments/{number}/approve"):
        assert browser.answer(path).status_code == 403, path
    assert "Payments to approve" not in browser.get("/admin/")


def test_who_approves_does_not_change_the_account_that_is_paid(office: Office) -> None:
    browser, id_ = office.browser("finance"), office.rows["payment_method"]
    for path in ("/admin/payment-methods", f"/admin/payment_methods/{id_}/set_texts"):
        assert browser.answer(path).status_code == 403, path


def test_the_list_is_a_file(office: Office) -> None:
    answer = office.browser("finance").answer("/admin/payments.csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("id,customer,method,state,currency,asked,fee,received,credited,bonus,reference")
    assert any(line.startswith(f"{office.rows['payment']},carol@customer.example,") for line in lines[1:])


def test_codes_of_vouchers_are_told_once(office: Office) -> None:
    finance = office.browser("finance")
    answer = finance.post("/admin/vouchers/make", label="Spring", value="5.00", count="3", uses="2")
    page = answer.content.decode()
    assert answer.status_code == 200 and "no-store" in answer["cache-control"]
    codes = re.findall(r"(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}", page)
    assert len(set(codes)) == 3
    shown = finance.get("/admin/vouchers")
    assert all(code.replace("-", "")[:8] in shown and code not in shown for code in codes)
    kept = str(values("SELECT given, before, after FROM staff_trailentry"))
    assert all(code not in kept and code.replace("-", "")[8:] not in kept for code in codes)
    assert finance.post("/admin/vouchers/make", label="X", value="0", count="1").status_code == 422
    assert finance.post("/admin/vouchers/make", label="X", value="1", count="1001").status_code == 422
