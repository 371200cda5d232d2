"""A customer's receipts: on the payment's page, as a page and as a file, and nobody else's."""

from __future__ import annotations

import re

from panelwright.payments.tests.making import begun, method
from panelwright.receipts.tests.making import issued
from panelwright.storefront.tests.browsing import Browser, error
from tests.support.people import Buyer, Owner, values


def paid(owner: Owner, buyer: Buyer) -> int:
    """The number of a payment with a receipt."""
    payment = begun(buyer, method(owner), "12")
    issued(owner, payment)
    return payment.number


def test_a_receipt_as_a_page_and_as_a_file(alice: Owner, carol: Buyer) -> None:
    browser = Browser(alice, carol.customer.user)
    number = paid(alice, carol)
    page = browser.get(f"/funds/{number}")
    (address,) = set(re.findall(r'href="(/receipts/[\w-]+)"', page))
    shown = browser.get(address)
    for text in ("2026-000001", "Alice Media", "York", "carol@customer.example", "VAT 20%", "2.00 USD", "12.00 USD"):
        assert text in shown, text
    file = browser.client.get(f"{address}/pdf", headers={"host": alice.host})
    assert file.status_code == 200 and file.headers["Content-Type"] == "application/pdf"
    assert "2026-000001.pdf" in file.headers["Content-Disposition"] and file.content.startswith(b"%PDF-")


def test_nobody_elses_receipt(alice: Owner, carol: Buyer, mallory: Buyer) -> None:
    number = paid(alice, carol)
    page = Browser(alice, carol.customer.user).get(f"/funds/{number}")
    (address,) = set(re.findall(r'href="(/receipts/[\w-]+)"', page))
    theirs = Browser(mallory.owner, mallory.customer.user)
    for path in (address, f"{address}/pdf"):
        answer = theirs.client.get(path, headers={"host": mallory.owner.host})
        assert answer.status_code == 404 and b"Alice Media" not in answer.content


def test_billing_details_are_kept_and_too_long_ones_are_told(alice: Owner, carol: Buyer) -> None:
    browser = Browser(alice, carol.customer.user)
    assert (
        browser.post("/account/billing", name="Carol & Co", address="Lane 2\r\nYork", tax_id="GB 1").status_code == 302
    )
    assert values("SELECT name, address, tax_id FROM receipts_billingdetails") == [
        ("Carol & Co", "Lane 2\nYork", "GB 1")
    ]
    assert "Carol &amp; Co" in browser.get("/account/billing")
    answer = browser.post("/account/billing", name="C" * 121, address="Lane 3", tax_id="")
    assert answer.status_code == 422 and error(answer.content.decode(), "name")
    assert "Lane 3" in answer.content.decode(), "nothing that was typed is lost"
    assert values("SELECT address FROM receipts_billingdetails") == [("Lane 2\nYork",)]
