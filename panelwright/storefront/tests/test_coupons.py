"""A coupon on the page of adding funds: told before anything is paid, kept by the payment, and shown afterwards."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scope

from panelwright.core import clock
from panelwright.payments import refund_actions
from panelwright.payments.tests.making import BOB, approve, method
from panelwright.promotions import actions
from panelwright.storefront.tests.browsing import Browser, error, hidden
from tests.support.people import Buyer, Owner, Time, execute, value, values

# Of a form without one.
NONE = {"coupon": "", "coupon_shown": "", "coupon_brings": ""}


@pytest.fixture
def browser(alice: Owner, carol: Buyer) -> Browser:
    method(alice, fee_percent_e2=290, bonuses="100 5")
    coupon(alice, "SPRING", percent_e2=10_00, most_micros=15_000_000, least_micros=20_000_000)
    return Browser(alice, carol.customer.user)


def coupon(owner: Owner, code: str, **terms: Any) -> None:
    with scope(panel=owner.panel), transaction.atomic():
        actions.make(panel_id=owner.panel_id, code=code, **terms)


def sent(browser: Browser, address: str) -> dict[str, str]:
    """What the form that pays sends."""
    page = browser.get(address)
    names = ("method", "amount", "agreed", "request_id", "method_shown", "coupon_shown", "coupon_brings")
    return {**{name: hidden(page, name) for name in names}, "coupon": hidden(page, "coupon_shown")}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_what_it_brings_is_told_before_anything_is_paid(browser: Browser) -> None:
    page = text_of(browser.get("/funds?amount=100&coupon=+spring"))
    for line in ("Bonus, 5% +5.00 USD", "Coupon SPRING +10.00 USD", "On your balance 115.00 USD", "after 215.00 USD"):
        assert line in page, line
    part = text_of(browser.get("/funds/price?amount=200&coupon=spring"))
    assert "Coupon SPRING +15.00 USD" in part, "at most"
    assert value("SELECT COUNT(*) FROM promotions_couponuse") == 0


@pytest.mark.parametrize(
    ("amount", "code", "said"),
    [
        ("20", "NOTHING", "There is no such coupon. Check the code."),
        ("19.99", "SPRING", "This coupon is for deposits of 20.00 USD or more."),
        ("20", "<b>'\"; --", "There is no such coupon. Check the code."),
    ],
)
def test_what_is_wrong_stands_beside_it(browser: Browser, amount: str, code: str, said: str) -> None:
    answer = browser.client.get("/funds", {"amount": amount, "coupon": code})
    page = answer.content.decode()
    assert error(page, "coupon") == said
    assert "Coupon SPRING" not in text_of(page) and "<b>'" not in page
    # Without it the form can be sent all the same.
    assert 'name="coupon_brings"' not in page and 'name="agreed"' in page
    assert said in browser.client.get("/funds/price", {"amount": amount, "coupon": code}).content.decode()


def test_from_the_page_to_the_balance_and_back(alice: Owner, carol: Buyer, browser: Browser) -> None:
    form = sent(browser, "/funds?amount=100&coupon=SPRING")
    assert browser.post("/funds/pay", **form).headers["Location"] == "/funds/1001"
    assert browser.post("/funds/pay", **form).headers["Location"] == "/funds/1001", "sent twice"
    page = text_of(browser.get("/funds/1001"))
    assert "Coupon SPRING 10.00 USD" in page and "Arrives on your balance 115.00 USD" in page
    office = Browser(alice, alice.staff.user)
    assert "Coupon SPRING 10.00 USD" in text_of(office.get("/admin/payments/1001"))
    payment_id = int(value("SELECT id FROM payments_payment"))
    approve(alice, payment_id)
    assert carol.balance() == "215.00"
    assert "115.00 USD arrived on your balance." in text_of(browser.get("/funds/1001"))
    assert "Coupon" in text_of(browser.get("/balance"))
    with scope(panel=alice.panel), transaction.atomic():
        refund_actions.request(
            BOB, panel_id=alice.panel_id, payment_id=payment_id, amount_micros=51_450_000, now=clock.now()
        )
    assert carol.balance() == "157.50"
    assert "Coupon withdrawn 5.00 USD" in text_of(browser.get("/funds/1001"))
    assert "Coupon withdrawn 5.00 USD" in text_of(office.get("/admin/payments/1001"))
    assert "Coupon withdrawn" in text_of(browser.get("/balance"))
    listed = text_of(office.get("/admin/coupons"))
    assert "SPRING" in listed and "10%" in listed and "at most 15.00 USD" in listed
    assert alice.audit() == []


def test_one_that_is_gone_meanwhile_is_not_paid_for(alice: Owner, carol: Buyer, browser: Browser) -> None:
    form = sent(browser, "/funds?amount=100&coupon=SPRING")
    execute("UPDATE promotions_coupon SET enabled = %s", False)
    answer = browser.post("/funds/pay", **form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert error(page, "coupon") == "There is no such coupon. Check the code."
    assert value("SELECT COUNT(*) FROM payments_payment") == 0
    # The page offers the same without it.
    again = {name: hidden(page, name) for name in ("method", "amount", "agreed", "request_id")}
    assert browser.post("/funds/pay", **again).headers["Location"] == "/funds/1001"
    approve(alice, int(value("SELECT MAX(id) FROM payments_payment")))
    assert carol.balance() == "205.00" and alice.audit() == []


def test_what_the_form_says_of_it_is_not_believed(carol: Buyer, browser: Browser) -> None:
    form = sent(browser, "/funds?amount=100&coupon=SPRING")
    for changed in ({"coupon_brings": "999000000"}, {"coupon_brings": "0"}):
        answer = browser.post("/funds/pay", **{**form, **changed, "request_id": str(changed)})
        assert answer.status_code == 422
    assert value("SELECT COUNT(*) FROM promotions_couponuse") == 0
    assert value("SELECT COUNT(*) FROM payments_payment") == 0


def test_codes_are_not_guessed_by_the_form_that_pays(browser: Browser, time: Time) -> None:
    form = sent(browser, "/funds?amount=100&coupon=SPRING")
    assert browser.post("/funds/pay", **{**form, **NONE}).status_code == 302
    said = set()
    for n in range(200):
        page = browser.post(
            "/funds/pay", **{**form, "coupon": f"GUESS{n}", "coupon_shown": f"GUESS{n}", "coupon_brings": "1"}
        )
        said.add((n < 30, page.status_code, re.sub(r"\d+ minutes?", "…", error(page.content.decode(), "coupon"))))
    wait = "Too many attempts. Try again in …."
    assert said == {(True, 422, "There is no such coupon. Check the code."), (False, 422, wait)}
    part = browser.client.get("/funds/price", {"amount": "100", "coupon": "SPRING"}).content.decode()
    for page in (browser.post("/funds/pay", **form).content.decode(), part):
        assert "Too many attempts. Try again in" in page and "Coupon SPRING" not in text_of(page)


def test_none_is_kept_for_a_payment_that_has_arrived(alice: Owner, carol: Buyer, browser: Browser) -> None:
    form = sent(browser, "/funds?amount=100&coupon=SPRING")
    assert browser.post("/funds/pay", **{**form, **NONE}).status_code == 302
    approve(alice, int(value("SELECT id FROM payments_payment")))
    page = browser.post("/funds/pay", **form)
    assert page.status_code == 422 and value("SELECT COUNT(*) FROM promotions_couponuse") == 0
    assert "105.00 USD arrived on your balance." in text_of(browser.get("/funds/1001"))
    # What the page shows then is another payment.
    again = {**form, "request_id": hidden(page.content.decode(), "request_id")}
    assert browser.post("/funds/pay", **again).headers["Location"] == "/funds/1002"
    assert carol.balance() == "205.00" and alice.audit() == []


def test_a_payment_that_is_canceled_frees_its_coupon(browser: Browser) -> None:
    form = sent(browser, "/funds?amount=100&coupon=SPRING")
    assert browser.post("/funds/pay", **form).status_code == 302
    assert "You have already used this coupon." in browser.get("/funds?amount=100&coupon=SPRING", 422)
    assert browser.post("/funds/1001/cancel").status_code == 302
    again = sent(browser, "/funds?amount=100&coupon=SPRING")
    assert browser.post("/funds/pay", **again).headers["Location"] == "/funds/1002"


@pytest.mark.parametrize("typed", ["SPRING", " spring ", "NOTHING"])
def test_one_that_is_typed_and_not_shown_yet_is_not_left_out(carol: Buyer, browser: Browser, typed: str) -> None:
    page = browser.get("/funds?amount=100")
    names = ("method", "amount", "agreed", "request_id", "method_shown", "coupon_shown")
    form = {name: hidden(page, name) for name in names}
    assert form["coupon_shown"] == "" and 'name="coupon_brings"' not in page
    sent_at_once = browser.post("/funds/pay", **form, coupon=typed)
    answer = sent_at_once.content.decode()
    assert sent_at_once.status_code == 422
    assert error(answer, "coupon") == ("There is no such coupon. Check the code." if typed == "NOTHING" else "")
    assert "You changed the form. Check what arrives, then pay." in text_of(answer)
    assert value("SELECT COUNT(*) FROM payments_payment") == 0
    assert ("Coupon SPRING +10.00 USD" in text_of(answer)) == (typed != "NOTHING")
    # What is shown now may be paid: with the coupon, or without one that there is not.
    again = {name: hidden(answer, name) for name in names}
    assert again["request_id"] != form["request_id"]
    brings = {"coupon_brings": hidden(answer, "coupon_brings")} if typed != "NOTHING" else {}
    assert browser.post("/funds/pay", **again, **brings, coupon=typed).headers["Location"] == "/funds/1001"
    assert values("SELECT promised_micros FROM promotions_couponuse") == ([(10_000_000,)] if brings else [])


@pytest.mark.parametrize("typed", [{"coupon": ""}, {"coupon": "OTHER"}, {"amount": "200"}, {"method_shown": "0"}])
def test_what_was_changed_since_it_was_shown_is_shown_first(browser: Browser, typed: dict[str, str]) -> None:
    form = sent(browser, "/funds?amount=100&coupon=SPRING")
    assert browser.post("/funds/pay", **form).status_code == 302
    answer = browser.post("/funds/pay", **{**form, **typed})
    assert answer.status_code == 422, "nor is it the payment that was begun before"
    assert "You changed the form." in text_of(answer.content.decode())
    assert value("SELECT COUNT(*) FROM payments_payment") == 1


def test_the_form_shows_what_arrives_without_scripts(browser: Browser) -> None:
    page = browser.get("/funds")
    form = {
        "method": hidden(page, "method"),
        "amount": "100",
        "coupon": "SPRING",
        "back": "/order?a=1&b=2",
    }
    assert 'formaction="/funds/show"' in page
    answer = browser.post("/funds/show", **form)
    assert answer.status_code == 302 and value("SELECT COUNT(*) FROM payments_payment") == 0
    shown = browser.get(answer.headers["Location"])
    assert "Coupon SPRING +10.00 USD" in text_of(shown) and hidden(shown, "back") == form["back"]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_begins_one_payment_with_its_coupon(alice: Owner, carol: Buyer, browser: Browser) -> None:
    form = sent(browser, "/funds?amount=100&coupon=SPRING")
    clicks = [Browser(alice, carol.customer.user) for _ in range(4)]
    ready = threading.Barrier(len(clicks))
    led: list[str] = []

    def click(one: Browser) -> None:
        ready.wait()
        led.append(one.post("/funds/pay", **form).headers.get("Location", ""))
        connection.close()

    threads = [threading.Thread(target=click, args=(one,)) for one in clicks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert led == ["/funds/1001"] * 4
    assert values("SELECT state FROM payments_payment") == [("created",)]
    assert values("SELECT promised_micros FROM promotions_couponuse") == [(10_000_000,)]
