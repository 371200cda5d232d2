"""An affiliate's link: who comes by it, who signs up, and the page that tells of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from panelwright.payments.tests import partners
from panelwright.payments.tests.making import approve, begun, method
from panelwright.promotions.models import Partner
from panelwright.storefront.tests.browsing import Browser, error, hidden, link_of, path_of, user_of
from tests.support.people import Buyer, Owner, Time, everything, value, values

pytestmark = pytest.mark.django_db

GOOD = "a new good one"


@pytest.fixture
def link(alice: Owner, carol: Buyer, time: Time) -> Partner:
    partners.program(alice, percent_e2=5_00, hold_days=14, least_payout_micros=1_000_000)
    return partners.partner(carol)


def clicks() -> int:
    return int(value("SELECT COALESCE(SUM(clicks), 0) FROM promotions_partnerclicks"))


def signs_up(browser: Browser, email: str = "new@customer.example") -> str:
    """Asks for an account; the path of the letter's link."""
    assert browser.post("/signup", email=email, password=GOOD).status_code == 200
    return path_of(link_of(email, "sign-up"))


def brought() -> list[tuple[str, str]]:
    return values(
        "SELECT p.code, u.email FROM promotions_referral r JOIN promotions_partner p ON p.id = r.partner_id"
        " JOIN customers_customer c ON c.id = r.customer_id JOIN customers_user u ON u.id = c.user_id"
    )


def test_a_visitor_who_came_by_the_link_is_the_partners(alice: Owner, link: Partner) -> None:
    browser = Browser(alice)
    browser.get(f"/?ref={link.code.lower()}")
    browser.get("/services")
    path = signs_up(browser)
    assert browser.post(path).status_code == 302
    assert browser.is_inside()
    assert brought() == [(link.code, "new@customer.example")]
    assert not browser.client.cookies[f"ref_{alice.panel_id}"].value, "it is not kept any longer"


def test_the_letter_brings_the_code_to_another_browser(alice: Owner, link: Partner) -> None:
    browser = Browser(alice)
    browser.get(f"/signup?ref={link.code}")
    path = signs_up(browser)
    assert path.endswith(f"?by={link.code}")
    phone = Browser(alice)
    assert phone.post(path, password=GOOD).status_code == 302
    assert brought() == [(link.code, "new@customer.example")]
    assert clicks() == 1


def test_the_last_link_counts_and_lasts_as_long_as_the_panel_says(alice: Owner, link: Partner) -> None:
    other = partners.partner(alice.customer("erin"))
    partners.program(alice, cookie_days=90)
    browser = Browser(alice)
    browser.get(f"/?ref={link.code}")
    browser.get(f"/?ref={other.code}")
    kept = browser.client.cookies[f"ref_{alice.panel_id}"]
    assert (kept.value, kept["max-age"], kept["httponly"], kept["samesite"]) == (
        other.code,
        90 * 24 * 3600,
        True,
        "Lax",
    )
    browser.post(signs_up(browser))
    assert brought() == [(other.code, "new@customer.example")]


@pytest.mark.parametrize("code", ["", "NOBODYS2", "x" * 5_000, "%00", "../..", "K7F3-M2QA"])
def test_strange_codes_bring_nobody(code: str, alice: Owner, link: Partner) -> None:
    browser = Browser(alice)
    before = everything()
    assert browser.answer(f"/?ref={code}").status_code in (200, 400)
    assert everything() == before
    assert f"ref_{alice.panel_id}" not in browser.client.cookies
    browser.post(signs_up(browser))
    assert brought() == []


def test_a_strange_code_costs_one_read(alice: Owner, link: Partner) -> None:
    browser = Browser(alice)
    browser.get("/services")
    usual = len(browser.queries("/services"))
    assert len(browser.queries("/services?ref=NOBODYS2")) == usual + 1
    assert len(browser.queries(f"/services?ref={'x' * 5_000}")) == usual
    browser.get(f"/services?ref={link.code}")
    assert len(browser.queries(f"/services?ref={link.code}")) == usual, "it was followed before"


def test_whoever_is_logged_in_is_nobodys(alice: Owner, carol: Buyer, link: Partner) -> None:
    browser = Browser(alice, carol.customer.user)
    browser.get(f"/services?ref={link.code}")
    assert clicks() == 0 and f"ref_{alice.panel_id}" not in browser.client.cookies


@pytest.mark.parametrize(
    "path", ["robots.txt", "sitemap.xml", "favicon.ico", "manifest.webmanifest", "theme.css", "static/ui.css"]
)
def test_a_file_that_caches_keep_gives_nobody_a_code(path: str, alice: Owner, link: Partner) -> None:
    browser = Browser(alice)
    answer = browser.answer(f"/{path}?ref={link.code}")
    assert answer.status_code == 200 and not answer.cookies
    assert clicks() == 0


def test_a_file_that_caches_keep_brings_no_session(alice: Owner, carol: Buyer, time: Time) -> None:
    browser = Browser(alice, carol.customer.user)
    time.passes(days=2)
    answer = browser.answer("/robots.txt")
    assert "public" in answer.headers["Cache-Control"] and not answer.cookies
    assert browser.answer("/services").cookies, "a page tells of it"


def test_what_is_no_clash_of_codes_ends(alice: Owner, carol: Buyer, link: Partner, monkeypatch: Any) -> None:
    monkeypatch.setattr("panelwright.promotions.affiliate_rules.ALPHABET", "2")
    partners.partner(alice.customer("erin"))
    dave = alice.customer("dave")
    with pytest.raises(IntegrityError), transaction.atomic():
        partners.partner(dave)


def test_a_click_counts_once_a_day_for_an_address(alice: Owner, link: Partner, time: Time) -> None:
    for _ in range(5):
        Browser(alice).get(f"/?ref={link.code}")  # each without a cookie, as crawlers are
    assert clicks() == 1
    Browser(alice).client.get(f"/?ref={link.code}", REMOTE_ADDR="203.0.113.50")
    assert clicks() == 2
    time.passes(days=1)
    Browser(alice).get(f"/?ref={link.code}")
    assert values("SELECT clicks FROM promotions_partnerclicks ORDER BY day") == [(2,), (1,)]


def test_a_crawler_writes_so_many_rows_and_no_more(alice: Owner, link: Partner) -> None:
    links = [partners.partner(alice.customer(f"partner{n}")) for n in range(25)]
    for one in links:
        Browser(alice).get(f"/?ref={one.code}")
    assert clicks() == 20
    before = everything()
    for one in links[20:]:
        assert Browser(alice).answer(f"/?ref={one.code}").status_code == 200
    assert everything() == before


def test_the_program_is_off_until_the_owner_turns_it_on(alice: Owner, carol: Buyer, time: Time) -> None:
    browser = Browser(alice, carol.customer.user)
    assert 'href="/affiliates"' not in browser.get("/services")
    assert "no affiliate program at the moment" in browser.get("/affiliates")
    browser.refused("/affiliates/start", 422)
    partners.program(alice)
    assert 'href="/affiliates"' in browser.get("/services")


def test_a_customer_gets_one_link(alice: Owner, carol: Buyer, time: Time) -> None:
    partners.program(alice, percent_e2=7_50, months=12, hold_days=1)
    browser = Browser(alice, carol.customer.user)
    page = browser.get("/affiliates")
    assert "Earn 7.5% of what your referrals deposit" in page and "within 12 months" in page
    for _ in range(2):
        assert browser.post("/affiliates/start").status_code == 302
    ((code,),) = values("SELECT code FROM promotions_partner")
    assert f">http://{alice.host}/?ref={code}</code>" in browser.get("/affiliates")


def test_what_was_earned_is_moved_to_the_balance_once(alice: Owner, carol: Buyer, link: Partner, time: Time) -> None:
    dave = alice.customer("dave")
    partners.brings(link, dave)
    approve(alice, begun(dave, method(alice), "60"))
    browser = Browser(alice, carol.customer.user)
    page = browser.get("/affiliates")
    assert "On hold" in page and "until" in page and "Move" not in page and "dave@" not in page
    time.passes(days=14)
    page = browser.get("/affiliates")
    assert "Move 3.00 USD to my balance" in page
    assert "Be paid elsewhere" not in page
    form = {"way": "balance", "request_id": hidden(page, "request_id")}
    for _ in range(2):
        assert browser.post("/affiliates/payout", **form).status_code == 302
    assert carol.balance() == "103.00"
    assert "Affiliate payout" in browser.get("/balance")
    browser.refused("/affiliates/payout", 422, way="balance", request_id="another")
    browser.refused("/affiliates/payout", 422, way="staff", amount="1", to="wallet", request_id="third")


def test_staff_are_asked_for_a_payout(alice: Owner, carol: Buyer, link: Partner, time: Time) -> None:
    partners.program(alice, hold_days=0, staff_payouts=True)
    dave = alice.customer("dave")
    partners.brings(link, dave)
    approve(alice, begun(dave, method(alice), "60"))
    browser = Browser(alice, carol.customer.user)
    form = {"way": "staff", "request_id": hidden(browser.get("/affiliates"), "request_id")}
    assert "Enter an amount" in error(browser.refused("/affiliates/payout", 422, **form, to="w", amount="x"), "amount")
    assert error(browser.refused("/affiliates/payout", 422, **form, to=" ", amount="2"), "to")
    assert "3.00" in error(browser.refused("/affiliates/payout", 422, **form, to="w", amount="4"), "amount")
    assert browser.post("/affiliates/payout", **form, to="<b>wallet</b>", amount="2").status_code == 302
    page = browser.get("/affiliates")
    assert "One payout is waiting to be sent" in page and "&lt;b&gt;wallet&lt;/b&gt;" in page
    partners.approve_payout(alice, value("SELECT id FROM promotions_payout"), "wire 77")
    assert "wire 77" in browser.get("/affiliates")
    assert user_of("dave@customer.example").email not in browser.get("/affiliates")


def test_customers_of_another_panel_have_no_such_link(
    alice: Owner, rival: Owner, mallory: Buyer, link: Partner
) -> None:
    partners.program(rival)
    browser = Browser(rival)
    browser.get(f"/?ref={link.code}")
    assert clicks() == 0
    browser.post(signs_up(browser))
    assert brought() == []
    assert link.code not in Browser(rival, mallory.customer.user).get("/affiliates")
