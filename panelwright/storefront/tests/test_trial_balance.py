"""The trial balance of a new customer: given once, when the address is confirmed, and no more than the panel says."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope

from panelwright.core.refusal import Refused
from panelwright.ledger.actions import credit_customer
from panelwright.ledger.models import TransferCode
from panelwright.payments.tests.making import approve, begun, method
from panelwright.payments.tests.test_coupons import refund
from panelwright.promotions import trial_actions
from panelwright.storefront.tests.browsing import Browser, link_of, path_of, user_of
from tests.support.people import Buyer, Owner, Time, execute, value, values

pytestmark = pytest.mark.django_db

GOOD = "a new good one"


def gives(owner: Owner, **terms: Any) -> None:
    given = {"enabled": True, "amount_micros": 1_500_000, **terms}
    with scope(panel=owner.panel), transaction.atomic():
        trial_actions.set_terms(panel_id=owner.panel_id, **given)


def joins(owner: Owner, name: str, *, address: str, browser: Browser | None = None) -> Browser:
    """Signs up, and opens the link of the letter."""
    browser = browser or Browser(owner)
    browser.client.defaults["REMOTE_ADDR"] = address
    email = f"{name}@customer.example"
    browser.post("/signup", email=email, password=GOOD)
    assert browser.post(path_of(link_of(email, "sign-up"))).status_code == 302
    return browser


def balance(name: str) -> str:
    with scope(panel=user_of(f"{name}@customer.example").panel_id):
        customer = user_of(f"{name}@customer.example").customer
    return Buyer.balance(_Account(customer.account_id))  # type: ignore[arg-type]


class _Account:
    def __init__(self, account_id: int) -> None:
        self.account_id = account_id


def given() -> list[tuple[str, int]]:
    return values("SELECT reference, amount_micros FROM ledger_transfer WHERE code = 'bonus' ORDER BY id")


def test_a_new_customer_gets_it_and_reads_of_it(alice: Owner, time: Time) -> None:
    gives(alice)
    browser = joins(alice, "dave", address="203.0.113.1")
    assert "1.50 USD is on your balance to try us." in browser.get("/services")
    page = browser.get("/balance")
    number = value("SELECT MAX(number) FROM customers_customer")
    assert "Bonus" in page and f"trial-{number}" in page
    assert given() == [(f"trial-{number}", 1_500_000)]
    assert alice.audit() == []


def test_it_is_off_until_the_owner_turns_it_on(alice: Owner, time: Time) -> None:
    joins(alice, "dave", address="203.0.113.1")
    gives(alice)
    gives(alice, enabled=False)
    joins(alice, "erin", address="203.0.113.2")
    assert given() == []
    with pytest.raises(Refused):
        gives(alice, amount_micros=0)


def test_once_for_an_address_and_for_a_browser(alice: Owner, rival: Owner, time: Time) -> None:
    gives(alice)
    first = joins(alice, "one", address="203.0.113.1")
    joins(alice, "two", address="203.0.113.1")
    again = Browser(alice)
    again.client.cookies["device"] = first.client.cookies["device"].value
    joins(alice, "three", address="203.0.113.3", browser=again)
    joins(alice, "four", address="2001:db8::1")
    joins(alice, "five", address="2001:db8:0:ffff::2")  # another network of theirs
    joins(alice, "six", address="203.0.113.6")
    assert [balance(name) for name in ("one", "two", "three", "four", "five", "six")] == [
        "1.50",
        "0.00",
        "0.00",
        "1.50",
        "0.00",
        "1.50",
    ]
    gives(rival)
    joins(rival, "seven", address="203.0.113.1")
    assert balance("seven") == "1.50"
    assert alice.audit() == [] and rival.audit() == []
    assert "203.0.113" not in str(values("SELECT * FROM promotions_trialbalance")), "digests are kept"


def test_what_the_books_refuse_keeps_nobody_out(alice: Owner, carol: Buyer, time: Time) -> None:
    gives(alice)
    number = value("SELECT MAX(number) FROM customers_customer") + 1
    with scope(panel=alice.panel):
        credit_customer(
            panel_id=alice.panel_id,
            account_id=carol.account_id,
            amount_micros=1,
            code=TransferCode.BONUS,
            reference=f"trial-{number}",
            now=time.now,
        )
    assert joins(alice, "dave", address="203.0.113.1").is_inside()
    assert balance("dave") == "0.00" and value("SELECT COUNT(*) FROM promotions_trialbalance") == 0


def test_so_many_a_day_and_no_more(alice: Owner, time: Time) -> None:
    gives(alice, per_day=2)
    for n in range(3):
        joins(alice, f"new{n}", address=f"203.0.113.{n}")
    assert len(given()) == 2
    time.passes(days=1)
    joins(alice, "later", address="203.0.113.9")
    assert len(given()) == 3


def test_it_does_not_leave_by_a_refund(alice: Owner, time: Time) -> None:
    gives(alice)
    joins(alice, "dave", address="203.0.113.1")
    with scope(panel=alice.panel):
        dave = Buyer(alice, user_of("dave@customer.example").customer)
    paid = begun(dave, method(alice), "20")
    approve(alice, paid)
    refund(alice, paid)
    assert dave.balance() == "1.50"
    assert alice.audit() == []


@pytest.mark.parametrize(
    "broken",
    ["UPDATE promotions_trialbalance SET amount_micros = 1", "DELETE FROM promotions_trialbalance"],
)
def test_the_audit_sees_what_is_not_so(broken: str, alice: Owner, time: Time) -> None:
    gives(alice)
    joins(alice, "dave", address="203.0.113.1")
    execute(broken)
    assert alice.audit() != []
