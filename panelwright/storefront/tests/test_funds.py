"""Adding funds: what is told before anything is paid, the way of a payment by hand, and the way back to the order."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django_scopes import scope

from panelwright.payments import method_actions
from panelwright.payments.tests.making import approve, begun, method, state, submit, vouchers
from panelwright.storefront.tests.browsing import Browser, error, hidden
from panelwright.support.tests.test_files import png
from tests.support.people import FOLLOWERS, Buyer, Owner, value, values


@pytest.fixture
def bank(alice: Owner) -> int:
    return method(
        alice,
        proof="reference",
        fee_percent_e2=290,
        fee_fixed_micros=300_000,
        bonuses="100 5",
        min_micros=5_000_000,
        max_micros=500_000_000,
    )


@pytest.fixture
def browser(alice: Owner, carol: Buyer) -> Browser:
    return Browser(alice, carol.customer.user)


def agreed(browser: Browser, amount: str) -> dict[str, str]:
    """What the form of the page sends that says what this amount brings."""
    page = browser.get(f"/funds?amount={amount}")
    return {name: hidden(page, name) for name in ("method", "amount", "agreed", "request_id")}


def test_fee_bonus_and_what_arrives_are_told_before_anything_is_paid(browser: Browser, bank: int) -> None:
    page = re.sub(r"<[^>]+>|\s+", " ", browser.get("/funds?amount=100"))
    page = re.sub(r"\s+", " ", page)
    for line in (
        "You add 100.00 USD",
        "Fee 3.20 USD",
        "You pay 103.20 USD",
        "Bonus, 5% +5.00 USD",
        "On your balance 105.00 USD",
        "Balance after 205.00 USD",
        "Pay 103.20 USD",
    ):
        assert line in page, line
    assert value("SELECT COUNT(*) FROM payments_payment") == 0


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("4.99", "The minimum amount is 5.00 USD."),
        ("500.01", "The maximum amount is 500.00 USD."),
        ("1.005", "The smallest unit is 0.01 USD."),
        ("ten", "Enter an amount such as 25 or 12.50."),
        ("1,000", "Enter an amount such as 25 or 12.50."),
        ("-5", "Enter an amount such as 25 or 12.50."),
    ],
)
def test_what_cannot_be_paid_is_said_in_words(browser: Browser, bank: int, amount: str, said: str) -> None:
    page = browser.get(f"/funds?amount={amount}", status=422)
    assert error(page, "amount") == said and 'name="agreed"' not in page


def test_presets_are_those_that_the_method_takes(browser: Browser, bank: int) -> None:
    page = browser.get("/funds")
    assert re.findall(r'class="preset num"[^>]*>(\d+)', page) == ["10", "25", "50", "100", "250"]
    assert page.count("+5%") == 2


def test_a_payment_by_hand_from_the_page_to_the_balance(
    alice: Owner, carol: Buyer, browser: Browser, bank: int
) -> None:
    with scope(panel=alice.panel):
        text = "Send **{{amount}} {{currency}}** to *IBAN 1*, quote `{{reference}}`."
        method_actions.set_texts(panel_id=alice.panel_id, method_id=bank, language="en", instructions=text)
    sent = browser.post("/funds/pay", **agreed(browser, "100"))
    assert (sent.status_code, sent["location"]) == (302, "/funds/1001")
    ((reference, id_),) = values("SELECT reference, id FROM payments_payment")
    page = browser.get("/funds/1001")
    assert f"Send <strong>103.20 USD</strong> to <em>IBAN 1</em>, quote <code>{reference}</code>." in page
    assert "Payment 1001 is waiting for you." in browser.get("/funds")

    assert error(browser.refused("/funds/1001", proof=""), "proof").startswith("Enter the reference")
    receipt = SimpleUploadedFile("receipt.png", png())
    assert browser.client.post("/funds/1001", {"proof": "TX 1", "files": [receipt]}).status_code == 302
    page = browser.get("/funds/1001")
    assert "We are checking your payment." in page and "receipt.png" in page
    (file,) = re.findall(r'href="(/funds/1001/files/[\w-]+)"', page)
    answer = browser.answer(file)
    assert answer.content == png() and "attachment" in answer["content-disposition"]
    assert carol.balance() == "100.00"

    approve(alice, id_)
    assert "105.00 USD arrived on your balance." in browser.get("/funds/1001")
    assert carol.balance() == "205.00" and alice.audit() == []


def test_a_form_that_is_sent_twice_begins_one_payment(browser: Browser, bank: int) -> None:
    given = agreed(browser, "20")
    for _ in range(2):
        assert browser.post("/funds/pay", **given)["location"] == "/funds/1001"
    assert value("SELECT COUNT(*) FROM payments_payment") == 1


def test_new_terms_are_shown_before_anything_begins(alice: Owner, browser: Browser, bank: int) -> None:
    given = agreed(browser, "100")
    with scope(panel=alice.panel):
        method_actions.set_method(panel_id=alice.panel_id, method_id=bank, bonuses="", fee_percent_e2=500)
    page = browser.refused("/funds/pay", **given)
    assert "The fee, rate or bonus has changed." in page and "105.30 USD" in page
    assert browser.post("/funds/pay", **{**given, "agreed": hidden(page, "agreed")}).status_code == 302


def test_what_was_not_shown_begins_nothing(browser: Browser, bank: int) -> None:
    given = agreed(browser, "100")
    for differs in (
        {"agreed": ""},
        {"agreed": "x"},
        {"amount": "10"},
        {"agreed": given["agreed"].replace("3200000", "0")},
        {"method": "999999"},
        {"method": "x"},
    ):
        before = value("SELECT COUNT(*) FROM payments_payment")
        assert browser.post("/funds/pay", **{**given, **differs}).status_code in (200, 422), differs
        assert value("SELECT COUNT(*) FROM payments_payment") == before == 0


def test_from_an_order_that_lacks_funds_and_back(alice: Owner, carol: Buyer, bank: int) -> None:
    browser = Browser(alice, carol.customer.user)
    carol.spends_all_but("0.50")
    order = f"/order?service={FOLLOWERS}&link=https://example.com/x&quantity=10000"
    page = browser.get(order)
    (link,) = re.findall(r'href="(/funds\?[^"]+)"', page)
    link = link.replace("&amp;", "&")
    page = browser.get(link)
    # 9.00 are needed, and 0.50 are there.
    assert 'value="8.50"' in page
    back = hidden(page, "back")
    assert back.startswith(f"/order?service={FOLLOWERS}&link=") and "quantity=10000" in back
    given = {name: hidden(page, name) for name in ("method", "amount", "agreed", "request_id", "back")}
    browser.post("/funds/pay", **given)
    approve(alice, int(value("SELECT id FROM payments_payment")))
    (href,) = re.findall(r'<a class="button" href="([^"]+)">Back to your order', browser.get("/funds/1001"))
    page = browser.get(href.replace("&amp;", "&"))
    assert "Funds needed" not in page and 'value="10000"' in page


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/order",
        "//evil.example/order",
        "/order/../admin/",
        "/ordering",
        "/admin/",
        "javascript:alert(1)",
        "/order?x=<script>",
        "/order?" + "x" * 3_000,
    ],
)
def test_nobody_is_led_back_to_a_page_that_is_no_order(browser: Browser, bank: int, address: str) -> None:
    page = browser.client.get("/funds", {"amount": "20", "back": address}).content.decode()
    assert 'name="back"' not in page
    browser.post("/funds/pay", **agreed(browser, "20"), back=address)
    assert values("SELECT back FROM payments_payment") == [("",)]


def test_another_currency_is_told_with_its_rate(alice: Owner, browser: Browser) -> None:
    method(alice, "Pix", currency="BRL", rate_e12=2 * 10**11)
    page = browser.get("/funds?amount=50")
    assert "1 BRL = 0.2 USD" in page and "Pay 50.00 BRL" in page and "10.00 USD" in page
    # What an order lacks, in the currency of the method.
    assert 'value="61.73"' in browser.get("/funds?need=12.345678")


def test_texts_of_the_visitors_language(alice: Owner, carol: Buyer, bank: int) -> None:
    with scope(panel=alice.panel):
        from panelwright.panels.models import Panel

        Panel.objects.filter(id=alice.panel_id).update(languages=["es"])
        give: dict[str, Any] = {"panel_id": alice.panel_id, "method_id": bank}
        method_actions.set_texts(**give, language="en", note="1–2 days", instructions="Pay.")
        method_actions.set_texts(**give, language="es", name="Banco")
    browser = Browser(alice, carol.customer.user, **{"accept-language": "es"})
    page = browser.get("/funds")
    assert ">Banco</b>" in page and "1–2 days" in page


def test_a_panel_without_methods_says_so(browser: Browser) -> None:
    assert "This panel has no payment methods yet." in browser.get("/funds?amount=20")


def test_a_customer_cancels_what_was_not_paid(alice: Owner, carol: Buyer, browser: Browser, bank: int) -> None:
    waiting, checked = begun(carol, bank), begun(carol, bank)
    submit(carol, checked, "TX 1")
    for id_ in (waiting, checked):
        assert browser.post(f"/funds/{id_.number}/cancel").status_code == 302
    assert (state(waiting), state(checked)) == ("canceled", "pending")
    assert browser.post("/funds/4711/cancel").status_code == 404


def test_a_payment_of_another_customer_is_not_there(alice: Owner, carol: Buyer, mallory: Buyer, bank: int) -> None:
    id_ = begun(carol, bank)
    for stranger in (alice.customer("dave"), mallory):
        other = Browser(stranger.owner, stranger.customer.user)
        for path in (f"/funds/{id_.number}", f"/funds/{id_.number}/files/AAAAAAAAAAAAAAAAAAAAAAAA"):
            assert other.answer(path).status_code == 404, path
        assert other.post(f"/funds/{id_.number}", proof="mine").status_code == 404
        assert other.post(f"/funds/{id_.number}/cancel").status_code == 404
    assert state(id_) == "created"


def test_the_history_goes_by_pages(alice: Owner, carol: Buyer, browser: Browser, bank: int) -> None:
    for _ in range(25):
        approve(alice, begun(carol, bank))
    page = browser.get("/funds")
    assert len(re.findall(r'href="/funds/\d+"', page)) == 20
    assert len(re.findall(r'href="/funds/\d+"', browser.get("/funds?before=1006"))) == 5
    assert len(browser.queries("/funds?amount=20")) <= 12
    assert len(browser.queries("/funds/1001")) <= 12


def test_a_voucher_is_redeemed_on_the_page(alice: Owner, carol: Buyer, browser: Browser) -> None:
    ((_id, code),) = vouchers(alice, value="12.50")
    wrong = browser.post("/funds/voucher", voucher="ABCD")
    assert wrong.status_code == 422
    assert error(wrong.content.decode(), "voucher").startswith("This code is not valid.")
    assert browser.post("/funds/voucher", voucher=code).status_code == 302
    assert "12.50 USD was added to your balance." in browser.get("/funds")
    assert carol.balance() == "112.50"
    again = browser.post("/funds/voucher", voucher=code).content.decode()
    assert error(again, "voucher") == "You have already used this voucher."
    assert carol.balance() == "112.50" and alice.audit() == []


def test_limits_currency_and_round_amounts_follow_the_chosen_method(alice: Owner, browser: Browser, bank: int) -> None:
    """They stand beside the amount, outside the part that says what arrives."""
    pix = method(alice, "Pix", currency="BRL", rate_e12=180_000_000_000, min_micros=20_000_000)
    shown = browser.get(f"/funds/price?method={pix}&amount=30")
    (terms,) = re.findall(r'<div class="spread" id="amount-of" hx-swap-oob="true">(.*?)</div>', shown, re.S)
    assert "BRL" in terms and "20.00" in terms and "USD" not in terms
    (presets,) = re.findall(r'<div class="presets" id="presets" hx-swap-oob="true">(.*?)</div>', shown, re.S)
    assert f"method={pix}" in presets and ">10<" not in presets and "+5%" not in presets
    assert "hx-swap-oob" not in browser.get(f"/funds?method={pix}&amount=30")
