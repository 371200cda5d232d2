"""A method of payment, a payment that waits for staff, and a voucher, for the walks over all pages."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import Town


def payments(
    town: Town, page: Page, *, panel: str = "everything", name: str = "Bank transfer", reference: str = "4711 0815"
) -> dict[str, Any]:
    """Made by commands, and on the page of the customer who is logged in."""
    where = ("--panel", panel)
    run = town.rows.run
    ((panel_id,),) = run("SELECT id FROM panels_panel WHERE slug = ?", panel)
    town.launch.command("payment-method", "add", *where, "--kind", "by_hand", "--name", name)
    ((method,),) = run("SELECT MAX(id) FROM payments_paymentmethod WHERE panel_id = ?", panel_id)
    at = (str(method), *where)
    town.launch.command("payment-method", "set", *at, "--fee-percent", "2.5", "--bonuses", "20 5", "--max", "900000")
    town.launch.command("payment-method", "set-by-hand", *at, "--proof", "reference")
    town.launch.command("payment-method", "turn-on", *at)
    town.launch.command("voucher", "make", *where, "--label", name, "--value", "5.00", "--count", "2")
    ((voucher,),) = run("SELECT MAX(id) FROM payments_voucher WHERE panel_id = ?", panel_id)
    code = "C" + "".join(char for char in name.upper() if char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")[:20]
    town.launch.command("coupon", "make", *where, "--code", code, "--percent", "10", "--most", "50", "--first-only")
    ((coupon,),) = run("SELECT MAX(id) FROM promotions_coupon WHERE panel_id = ?", panel_id)
    seller = ("--receipt-seller", name, "--receipt-address", f"{name}\n10115 Berlin", "--receipt-note", name)
    tax = ("--receipt-tax-name", "VAT", "--receipt-tax-percent", "19")
    town.launch.command("receipts", "set", *where, "--receipts", *seller, *tax)
    number = _begun(page, f"amount=20&coupon={code}", reference)
    settled = _begun(page, "amount=20", f"{reference} 2"[:200])
    town.launch.command("payment", "approve", str(settled), *where)
    receipt = _receipt(town, page, panel_id, settled)
    brought = _affiliate(town, page, panel_id, where, name)
    return {"payment": number, "payment_method": method, "voucher": voucher, "coupon": coupon, **receipt, **brought}


def _affiliate(town: Town, page: Page, panel_id: int, where: tuple[str, str], text: str) -> dict[str, Any]:
    """The customer has a link, and somebody came by it: what is earned, what staff have to decide, what they send."""
    run = town.rows.run
    terms = ("--affiliate-months", "12", "--affiliate-staff-payouts", "--affiliate-least-payout", "0.01")
    town.launch.command("affiliates", "set", *where, "--affiliates", *terms)
    page.goto("/affiliates")
    page.get_by_role("button", name="Get my link").click()
    page.get_by_text("Your link", exact=True).wait_for()
    ((partner,),) = run("SELECT id FROM promotions_partner WHERE panel_id = ?", panel_id)
    # Nobody brings themselves: the audit, which others of the town run, looks at it.
    email, secret = f"{secrets.token_hex(4)}@brought.example", town.launch.secret_file("correct horse battery")
    town.launch.command("createcustomer", *where, "--email", email, "--password-file", secret)
    ((other,),) = run("SELECT MAX(id) FROM customers_customer WHERE panel_id = ?", panel_id)
    now = town.rows.moment(datetime.now(UTC))
    run(
        "INSERT INTO promotions_referral (panel_id, partner_id, customer_id, at) VALUES (?, ?, ?, ?)",
        *(panel_id, partner, other, now),
    )
    run(
        "INSERT INTO promotions_partnerclicks (panel_id, partner_id, day, clicks) VALUES (?, ?, ?, 123456)",
        *(panel_id, partner, datetime.now(UTC).date().isoformat()),
    )
    ((referral,),) = run("SELECT id FROM promotions_referral WHERE panel_id = ?", panel_id)
    run(
        "INSERT INTO promotions_commission (panel_id, partner_id, referral_id, payment_number, state, credit_micros,"
        " percent_e2, earned_micros, held_until, withdrawn_micros, moves, evidence, at)"
        " VALUES (?, ?, ?, 1001, 'refused', 20000000, 500, 1000000, ?, 0, 0, ?, ?)",
        *(panel_id, partner, referral, now, '["device", "address 2001:db8:1234:5678::/64"]', now),
    )
    run(
        'INSERT INTO promotions_payout (panel_id, partner_id, n, way, state, amount_micros, "to", reference, reason,'
        " request_id, at) VALUES (?, ?, 1, 'staff', 'requested', 1234567, ?, '', '', 'one', ?)",
        *(panel_id, partner, text, now),
    )
    ((commission,),) = run("SELECT id FROM promotions_commission WHERE panel_id = ?", panel_id)
    ((payout,),) = run("SELECT id FROM promotions_payout WHERE panel_id = ?", panel_id)
    return {"partner": partner, "commission": commission, "payout": payout}


def _begun(page: Page, asked: str, reference: str) -> int:
    """A payment that the customer says they have made; its number."""
    page.goto(f"/funds?{asked}")
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    page.wait_for_url(re.compile(r"/funds/\d+$"))
    page.get_by_label("Reference or transaction ID").fill(reference)
    page.get_by_role("button", name="I have paid").click()
    page.get_by_text("We are checking your payment.").wait_for()
    return int(page.url.rsplit("/", 1)[1])


def _receipt(town: Town, page: Page, panel_id: int, number: int) -> dict[str, Any]:
    """The worker issues it: what customers call it, and its id."""
    asked = ("SELECT id FROM receipts_receipt WHERE panel_id = ?", panel_id)
    town.server.wait_for(lambda: bool(town.rows.run(*asked)), what="a receipt")
    found = town.rows.run(*asked)
    page.goto(f"/funds/{number}")
    address = page.get_by_role("link", name=re.compile("^Receipt ")).get_attribute("href") or ""
    return {"receipt": address.rsplit("/", 1)[1], "receipt_id": found[0][0]}
