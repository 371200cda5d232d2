"""Customers and staff in the back office: what the pages tell, invitations, and who changed what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.office.office import Office
    from tests.support.people import Time

pytestmark = pytest.mark.django_db


def test_a_customers_page_tells_money_and_prices(office: Office) -> None:
    from panelwright.core import money
    from tests.office.test_acting import text_of
    from tests.support.people import LIKES, value

    browser, number = office.browser("owner"), office.carol.number
    account = office.carol.customer.account_id
    ordered = value(
        "SELECT SUM(amount_micros) FROM ledger_transfer WHERE debit_account_id = %s AND code = 'order'", account
    )
    returned = value(
        "SELECT COALESCE(SUM(amount_micros), 0) FROM ledger_transfer WHERE credit_account_id = %s AND code = 'refund'",
        account,
    )
    page = text_of(browser.get(f"/admin/customers/{number}"))
    assert f"Spent {money.text(ordered - returned)} USD" in page
    assert browser.post(f"/admin/customers/{number}/set_rate", service=str(LIKES), rate="0.10").status_code == 302
    assert browser.post(f"/admin/customers/{number}/set_percent", category="Social", percent="12.5").status_code == 302
    page = text_of(browser.get(f"/admin/customers/{number}"))
    assert "−12.5%" in page and "0.10" in page
    for tab in ("statement", "orders", "tickets", "keys", "sessions", "logins", "notes", "trail"):
        assert len(browser.queries(f"/admin/customers/{number}?tab={tab}")) <= 15, tab
    assert browser.post(f"/admin/customers/{number}/add_note", text="Pays <late>.").status_code == 302
    assert "Pays &lt;late&gt;." in browser.get(f"/admin/customers/{number}?tab=notes")
    assert "Set a custom price" in text_of(browser.get(f"/admin/customers/{number}?tab=trail"))
    assert "0.10" not in text_of(office.browser("support").get(f"/admin/customers/{number}")), "prices need their right"


def test_the_button_names_the_sum(office: Office) -> None:
    from tests.office.test_acting import confirmed, text_of

    browser, address = office.browser("owner"), f"/admin/customers/{office.carol.number}/credit"
    before = float(office.carol.balance())
    given = {"amount": "100", "reference": "Transfer of 28 November", "reason": "bank"}
    assert "Add money to the balance: 100.00 USD" in text_of(browser.post(address, **given).content.decode())
    assert confirmed(browser, address, **given).status_code == 302
    assert float(office.carol.balance()) == before + 100


def test_who_changed_a_price_is_found_by_object_and_by_person(office: Office) -> None:
    from tests.office.test_acting import text_of

    browser = office.browser("owner")
    manager = office.browser("manager")
    assert manager.post("/admin/services/1/set_rate", rate="1.25").status_code == 302
    assert browser.post("/admin/services/2/set_rate", rate="9.99").status_code == 302
    row = browser.get("/admin/services")
    assert 'href="/admin/trail?noun=service&amp;object=1"' in row
    for query in ("noun=service&object=1", "action=service.set_rate&since=2020-01-01&until=2100-01-01&object=1"):
        page = text_of(browser.get(f"/admin/trail?{query}"))
        assert "manager@staff.example" in page and "0.90 → 1.25" in page, query
        assert "9.99" not in page, query
    assert "No changes match" in browser.get("/admin/trail?noun=service&object=1&until=2020-01-01")
    file = b"".join(browser.answer("/admin/trail.csv?noun=service&object=1").streaming_content).decode()
    assert len(file.strip().splitlines()) == 2 and "manager@staff.example" in file and "1.25" in file
    assert manager.answer("/admin/trail").status_code == 403


def test_bob_is_invited_chooses_a_password_and_sees_what_support_sees(office: Office, time: Time) -> None:
    from panelwright.storefront.tests.browsing import Browser, letters
    from tests.support.people import values

    owner = office.browser("owner")
    invited = {"email": "rob@shop.example", "role": "support", "rights-shown": "1", "rights": "exports"}
    assert owner.post("/admin/staff/invite", **invited).status_code == 302
    link = _link(letters("rob@shop.example")[-1][1])
    rob = Browser(office.alice)
    assert rob.log_in("rob@shop.example", "").status_code == 422
    assert rob.post(link, password="short").status_code == 422
    assert rob.post(link, password="a long enough one").headers["Location"] == "/inside"
    assert rob.answer("/admin/tickets").status_code == 200
    assert rob.answer("/admin/orders.csv").status_code == 200, "by the single right"
    for address in (
        "/admin/staff",
        "/admin/trail",
        "/admin/services",
        f"/admin/customers/{office.carol.number}/credit",
    ):
        assert rob.answer(address).status_code == 403, address
    assert Browser(office.alice).post(link, password="another long one").status_code == 410, "once"
    assert values("SELECT how FROM customers_loginrecord ORDER BY id DESC LIMIT 1") == [("invitation",)]


def _link(text: str) -> str:
    found = re.search(r"https?://[^/]+(/\S+)", text)
    assert found, text
    return found[1]


def test_an_invitation_ends_and_gives_nobody_more_than_its_sender_has(office: Office, time: Time) -> None:
    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from panelwright.storefront.tests.browsing import Browser, letters
    from tests.support.people import PASSWORD, values

    owner = office.browser("owner")
    assert owner.post("/admin/staff/invite", email="late@shop.example", role="support").status_code == 302
    (staff_id,) = values("SELECT MAX(id) FROM customers_staff")[0]
    old = _link(letters("late@shop.example")[-1][1])
    assert owner.post(f"/admin/staff/{staff_id}/invite_again").status_code == 302
    new = _link(letters("late@shop.example")[-1][1])
    assert Browser(office.alice).post(old, password="a long enough one").status_code == 410
    time.passes(days=7, minutes=1)
    assert Browser(office.alice).post(new, password="a long enough one").status_code == 410

    from django_scopes import scope

    with scope(panel=office.alice.panel):
        half = create_staff(
            panel_id=office.alice.panel_id,
            email="half@shop.example",
            password=PASSWORD,
            role=Role.CUSTOM,
            single_rights=["staff"],
        )
    browser = Browser(office.alice, half.user)
    for address, given in (
        ("/admin/staff/invite", {"email": "x@shop.example", "role": "owner"}),
        (f"/admin/staff/{office.alice.staff.id}/end_sessions", {}),
        (f"/admin/staff/{office.alice.staff.id}/send_password_letter", {}),
    ):
        browser.refused(address, **given)
    assert letters("x@shop.example") == []


def test_a_second_factor_can_be_required_of_all_staff(office: Office) -> None:
    owner = office.browser("owner")
    assert owner.post("/admin/panel/set_staff_factor", staff_factor="yes").status_code == 302
    for browser in (owner, office.browser("support")):
        for address in ("/admin/", "/admin/orders", "/admin/staff/add"):
            assert browser.answer(address).headers["Location"] == "/account/security/on", address
            assert browser.post(address).headers["Location"] == "/account/security/on", address
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import execute

    assert Browser(office.alice, office.carol.customer.user).answer("/order").status_code == 200
    execute("UPDATE customers_user SET totp_sealed = 'x' WHERE id = %s", office.alice.staff.user_id)
    assert owner.answer("/admin/").status_code == 200


def test_a_password_comes_by_a_letter_only(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser, letters

    browser, number = office.browser("manager"), office.carol.number
    done = browser.client.post(f"/admin/customers/{number}/send_password_letter", follow=True)
    (kind, text) = letters("carol@customer.example")[-1]
    link = _link(text)
    assert kind == "reset" and link.rsplit("/", 1)[1] not in done.content.decode()
    assert Browser(office.alice).post(link, password="a long enough one").headers["Location"] == "/login"
    carol = Browser(office.alice)
    assert carol.log_in("carol@customer.example", "a long enough one").status_code == 302


def test_a_sign_up_that_waits_is_confirmed_by_staff(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser

    Browser(office.alice).post("/signup", email="slow@customer.example", password="a long enough one")
    browser = office.browser("manager")
    assert browser.post("/admin/customers/confirm", email="slow@customer.example").status_code == 302
    browser.refused("/admin/customers/confirm", email="slow@customer.example")
    assert Browser(office.alice).log_in("slow@customer.example", "a long enough one").status_code == 302


def test_staff_write_to_one_customer(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser, letters

    browser, number = office.browser("support"), office.carol.number
    assert browser.post(f"/admin/customers/{number}/mail", subject="Sale", text="Half off").status_code == 302
    assert letters("carol@customer.example")[-1] == ("staff", "Half off")
    given: dict[str, Any] = {"title": "Your link", "text": "It is private."}
    assert browser.post(f"/admin/customers/{number}/open_ticket", **given).status_code in {200, 302}
    carol = Browser(office.alice, office.carol.customer.user)
    assert "Your link" in carol.get("/tickets")
    assert "It is private." in letters("carol@customer.example")[-1][1]


def test_a_staff_key_is_good_only_from_its_addresses(office: Office) -> None:
    from django_scopes import scope

    from panelwright.customers.access import staff_grant
    from panelwright.customers.actions import create_staff_key

    with scope(panel=office.alice.panel):
        _row, key = create_staff_key(staff=office.alice.staff, addresses="203.0.113.0/24")
        assert staff_grant(office.alice.panel_id, key, address="198.51.100.1") is None
        assert staff_grant(office.alice.panel_id, key, address="203.0.113.9") is not None
