"""Staff in a customer's place: what they see, what they may not do, and that it ends when it should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

if TYPE_CHECKING:
    from panelwright.storefront.tests.browsing import Browser
    from tests.office.office import Office
    from tests.support.people import Time

pytestmark = pytest.mark.django_db

REASON = "cannot find a refund"


def sign_in(office: Office, browser: Browser, number: int | None = None, reason: str = REASON) -> Any:
    return browser.post(f"/admin/customers/{number or office.carol.number}/sign_in", reason=reason)


def signed_in(office: Office, role: str = "owner") -> Browser:
    browser = office.browser(role)
    assert sign_in(office, browser).status_code == 302
    return browser


def stand_in(browser: Browser) -> str:
    return f"stand_in_{browser.owner.panel_id}"


def trail(office: Office) -> list[tuple[Any, ...]]:
    from tests.support.people import values

    return values(
        "SELECT action, actor_name, object_id FROM staff_trailentry WHERE action IN"
        " ('customer.sign_in', 'customer.acted_as', 'customer.went_back') ORDER BY id"
    )


def test_there_and_back_is_seen_by_all(office: Office) -> None:
    browser = office.browser("owner")
    assert sign_in(office, browser, reason="").status_code == 422
    assert trail(office) == []
    assert sign_in(office, browser).headers["Location"] == "/order"
    page = browser.get("/order")
    assert "signed in as carol@customer.example until" in page and "alice@shop.example" in page
    assert "signed in as carol@customer.example until" in browser.get("/nowhere", 404), "on every page"
    assert browser.answer("/balance").headers["Cache-Control"] == "private, no-store"
    back = browser.post("/logout")
    assert back.headers["Location"] == f"/admin/customers/{office.carol.number}"
    shown = browser.get(f"/admin/customers/{office.carol.number}?tab=logins")
    assert "alice@shop.example" in shown
    assert [row[:2] for row in trail(office)] == [
        ("customer.sign_in", "alice@shop.example"),
        ("customer.went_back", "alice@shop.example"),
    ]
    assert "signed in as" not in browser.get("/")

    from panelwright.storefront.tests.browsing import Browser

    hers = Browser(office.alice, office.carol.customer.user).get("/account/security")
    assert "Staff of this panel" in hers
    assert "alice@shop.example" not in hers and "127.0.0.1" not in hers.split("Recent log-ins")[1]


def test_only_whose_right_it_is_and_only_her_panel(office: Office) -> None:
    for role in ("support", "finance", "orders", "read_only"):
        assert sign_in(office, office.browser(role)).status_code == 403, role
    browser = office.browser("manager")
    assert sign_in(office, browser, office.mallory.number + 500).status_code == 404
    with scope(panel=office.alice.panel):
        from panelwright.customers.models import Customer

        numbers = set(Customer.objects.filter(panel=office.alice.panel).values_list("number", flat=True))
    if office.mallory.number not in numbers:
        assert sign_in(office, browser, office.mallory.number).status_code == 404
    assert not browser.client.cookies.get(stand_in(browser))


def test_nothing_is_sent_but_what_pages_allow(office: Office) -> None:
    """Every address of the site, from the registry: what a declaration does not allow is refused, and moves nothing."""
    from panelwright.ui.pages import AsCustomer, Who, all_pages
    from tests.support.people import everything

    browser = signed_in(office)
    rows = {**office.rows, "webhook": "x", "file": "x"}
    before = everything()
    for site, page in all_pages():
        if page.who is Who.STAFF or page.name == "logout" or page.path.startswith("^"):
            continue
        address = f"/{page.path}"
        for name, value in {"<int:number>": rows["order"], "<str:token>": "x", "<str:name>": "ui.css"}.items():
            address = address.replace(name, str(value))
        if "<" in address:
            continue
        if page.as_customer is AsCustomer.NEVER:
            assert browser.answer(address).status_code == 403, address
        if page.as_customer in {AsCustomer.LOOK, AsCustomer.NEVER}:
            assert browser.post(address).status_code == 403, (site.name, page.name)
    changed = {table for table, found in everything().items() if found != before[table]}
    assert changed <= {"customers_session"}, changed
    for address in ("/admin/", f"/admin/customers/{office.carol.number}", "/admin/staff/add"):
        assert browser.answer(address).status_code == 403, address
        assert browser.post(address).status_code == 403, address


def test_money_moves_by_the_right_to_move_it_and_is_written_down(office: Office) -> None:
    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import PASSWORD

    with scope(panel=office.alice.panel):
        helper = create_staff(
            panel_id=office.alice.panel_id,
            email="helper@staff.example",
            password=PASSWORD,
            role=Role.CUSTOM,
            single_rights=["customers.read", "customers.act"],
        )
    order = office.world.started()
    balance = office.carol.balance()
    browser = Browser(office.alice, helper.user)
    assert sign_in(office, browser).status_code == 302
    assert browser.answer(f"/orders/{order.number}").status_code == 200
    assert browser.post(f"/orders/{order.number}/cancel").status_code == 403
    assert browser.post("/order", service="1", link="https://example.com/a", quantity="100").status_code == 403
    assert office.carol.balance() == balance
    owner = signed_in(office)
    assert owner.post(f"/orders/{order.number}/cancel").status_code == 302
    assert ("customer.acted_as", "alice@shop.example", office.carol.number) in trail(office)


def test_it_ends_after_half_an_hour_however_much_it_is_used(office: Office, time: Time) -> None:
    browser = signed_in(office)
    for _ in range(3):
        time.passes(minutes=9)
        assert "signed in as carol" in browser.get("/order")
    time.passes(minutes=4)
    assert browser.post("/logout", stand_in="1").headers["Location"] == "/inside", (
        "too late to go back: nothing else ends"
    )
    assert browser.answer("/order").status_code == 403, "staff again, who order nothing"
    assert "signed in as" not in browser.get("/account")
    assert not browser.client.cookies[stand_in(browser)].value, "and the browser forgets it"


def test_it_ends_with_the_right_the_account_and_the_session(office: Office) -> None:
    from panelwright.customers.actions import set_staff
    from panelwright.customers.people_actions import end_sessions
    from panelwright.staff.rights import Role
    from panelwright.storefront.tests.browsing import Browser

    member = office.member("manager")
    browser = Browser(office.alice, member.user)
    assert sign_in(office, browser).status_code == 302
    browser.get("/order")
    with scope(panel=office.alice.panel):
        set_staff(panel_id=office.alice.panel_id, staff_id=member.id, role=Role.SUPPORT, single_rights=[])
    assert browser.answer("/order").status_code == 403
    with scope(panel=office.alice.panel):
        set_staff(panel_id=office.alice.panel_id, staff_id=member.id, role=Role.MANAGER, single_rights=[])
    assert sign_in(office, browser).status_code == 302
    browser.get("/order")
    with scope(panel=office.alice.panel):
        end_sessions(panel_id=office.alice.panel_id, user_id=member.user_id)
    assert browser.answer("/order").headers["Location"].startswith("/login")


def test_a_token_is_good_only_where_it_was_made(office: Office) -> None:
    """Session fixation: a planted or stolen token leads nowhere, in whichever cookie it stands."""
    from panelwright.storefront.tests.browsing import Browser
    from panelwright.ui.cookies import session_name

    browser = signed_in(office)
    token = browser.client.cookies[stand_in(browser)].value
    for user in (None, office.member("manager").user, office.mallory.customer.user):
        thief = Browser(office.alice if user is not office.mallory.customer.user else office.rival, user)
        thief.client.cookies[stand_in(browser)] = token
        thief.client.cookies[f"stand_in_{office.rival.panel_id}"] = token
        assert "carol@customer.example" not in thief.answer("/account").content.decode()
    thief = Browser(office.alice)
    thief.client.cookies[session_name(office.alice.panel)] = token
    assert not thief.is_inside(), "a stand-in's token is no session"
    assert "carol@customer.example" in browser.get("/account")
    own = browser.client.cookies[session_name(office.alice.panel)].value
    assert sign_in(office, browser).status_code == 403, "one customer at a time: back first"
    assert browser.client.cookies[session_name(office.alice.panel)].value == own


def test_looking_leaves_her_tickets_unread(office: Office) -> None:
    from tests.support.people import execute, value

    ticket = office.rows["ticket"]
    execute("UPDATE support_ticket SET unread_customer = %s WHERE number = %s", True, ticket)
    assert signed_in(office).answer(f"/tickets/{ticket}").status_code == 200
    assert value("SELECT unread_customer FROM support_ticket WHERE number = %s", ticket)


def test_it_takes_a_form_of_ours_to_begin_and_to_go_back(office: Office) -> None:
    from django.test import Client

    browser = office.browser("owner")
    strict = Client(enforce_csrf_checks=True, headers={"host": office.alice.host})
    strict.cookies = browser.client.cookies
    address = f"/admin/customers/{office.carol.number}/sign_in"
    assert strict.post(address, {"reason": REASON}).status_code == 403
    assert trail(office) == []
    assert sign_in(office, browser).status_code == 302
    order = office.lost.number
    assert strict.post(f"/orders/{order}/cancel").status_code == 403
    assert strict.post("/logout").status_code == 403
    assert [row[0] for row in trail(office)] == ["customer.sign_in"], "what was forged is not told as done"


def test_what_only_shows_is_sent_without_the_right_to_money(office: Office) -> None:
    """Without scripts the form of adding funds shows what arrives by being sent."""
    from tests.support.people import execute

    browser = signed_in(office)
    execute(
        "UPDATE customers_staff SET role = 'custom', rights = %s WHERE id = %s",
        '["customers.read", "customers.act"]',
        office.alice.staff.id,
    )
    shown = browser.post("/funds/show", amount="100", method="")
    assert shown.status_code == 302 and shown.headers["Location"] == "/funds?amount=100"
    assert browser.post("/funds/pay", amount="100").status_code == 403
