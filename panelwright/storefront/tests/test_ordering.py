"""Placing an order on the web: the price before, the same rules as over the API, and never twice."""

from __future__ import annotations

import pytest
from django_scopes import scope

from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.customers.models import PriceList
from panelwright.storefront.tests.browsing import Browser, error, hidden
from tests.support.people import (
    CLOSED,
    COMMENTS,
    FOLLOWERS,
    LINK,
    ONE_A_LINK,
    PRIVATE,
    SUBSCRIPTION,
    Buyer,
    Known,
    Owner,
    Time,
    counts,
    execute,
    row_of,
    value,
    values,
)

SENT = {"service": str(FOLLOWERS), "link": LINK, "quantity": "1000", "request_id": "form one", "rate": "900000"}
# A rate above every one here: whatever a form showed.
ANY_RATE = str(10**9)
AGAIN = "This form was already sent. Check your orders; send again to place another one."


@pytest.fixture
def browser(carol: Buyer, time: Time) -> Browser:
    return Browser(carol.owner, carol.customer.user)


def placed() -> list[Known]:
    return [Known(*row) for row in values("SELECT id, number FROM orders_order ORDER BY id")]


def test_a_service_is_found_priced_and_ordered(browser: Browser, carol: Buyer) -> None:
    assert f'href="/order?service={FOLLOWERS}"' in browser.get("/order")
    assert "Followers" in browser.get("/order/services?q=follo")
    page = browser.get(f"/order?service={FOLLOWERS}")
    request_id = hidden(page, "request_id")
    assert len(request_id) == 22
    priced = browser.post("/order/price", **SENT).content.decode()
    assert "0.90 USD" in priced
    assert "99.10 USD" in priced
    assert counts("orders_order") == (0,)
    response = browser.post("/order", **{**SENT, "request_id": request_id})
    (order_id,) = placed()
    assert (response.status_code, response.headers["Location"]) == (302, f"/orders/{order_id.number}")
    assert f"Order {order_id.number} placed." in browser.get(f"/orders/{order_id.number}")
    assert carol.balance() == "99.10"
    row = row_of(order_id)
    assert (row.link, row.quantity, row.charge_micros, row.key_id) == (LINK, 1000, 900_000, None)


def test_a_rate_that_rose_since_it_was_shown_is_shown_again_and_not_paid(browser: Browser, carol: Buyer) -> None:
    page = browser.get(f"/order?service={FOLLOWERS}")
    sent = {**SENT, "rate": hidden(page, "rate"), "request_id": hidden(page, "request_id")}
    execute("UPDATE catalog_service SET rate_micros = 950000 WHERE number = %s", FOLLOWERS)
    execute("UPDATE panels_panel SET catalog_version = catalog_version + 1")
    for without in (sent, {name: text for name, text in sent.items() if name != "rate"}):
        page = browser.refused("/order", **without)
        assert error(page, "").startswith("The price went up")
        assert "0.95 USD" in page
    assert (counts("orders_order"), carol.balance()) == ((0,), "100.00")
    assert browser.post("/order", **{**sent, "rate": hidden(page, "rate")}).status_code == 302
    assert carol.balance() == "99.05"


def test_a_rate_that_fell_since_it_was_shown_is_what_is_paid(browser: Browser, carol: Buyer) -> None:
    assert browser.post("/order", **{**SENT, "rate": "900001"}).status_code == 302
    assert carol.balance() == "99.10"


def test_a_double_click_places_one_order(browser: Browser, carol: Buyer) -> None:
    first, second = browser.post("/order", **SENT), browser.post("/order", **SENT)
    assert first.headers["Location"] == second.headers["Location"]
    assert counts("orders_order", "ledger_transfer") == (1, 2)
    assert carol.balance() == "99.10"


def test_the_form_sent_again_with_other_values_says_so(browser: Browser, carol: Buyer) -> None:
    """Back in the browser, another quantity, and send."""
    browser.post("/order", **SENT)
    page = browser.refused("/order", **{**SENT, "quantity": "500"})
    assert error(page, "") == AGAIN
    assert 'value="500"' in page
    new = hidden(page, "request_id")
    assert new != SENT["request_id"]
    assert browser.post("/order", **{**SENT, "quantity": "500", "request_id": new}).status_code == 302
    assert carol.balance() == "98.65"


def test_a_request_id_is_each_customers_own(browser: Browser, carol: Buyer, mallory: Buyer) -> None:
    browser.post("/order", **SENT)
    dave = carol.owner.customer("dave", balance="10.00")
    for buyer in (dave, mallory):
        assert Browser(buyer.owner, buyer.customer.user).post("/order", **{**SENT, "rate": ANY_RATE}).status_code == 302
    assert counts("orders_order") == (3,)


def test_a_form_without_or_with_a_strange_request_id_places_nothing_twice(browser: Browser) -> None:
    page = browser.refused("/order", **{**SENT, "request_id": "x" * 5000})
    assert error(page, "") == AGAIN
    page = browser.refused("/order", **{**SENT, "request_id": "a\u202eb"})
    assert error(page, "") == AGAIN


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"link": ""}, "link", "This field is required."),
        ({"link": "javascript:alert(1)"}, "link", "A link must start with http:// or https://"),
        ({"link": "a b"}, "link", "A link cannot contain spaces or line breaks."),
        ({"quantity": ""}, "quantity", "This field is required."),
        ({"quantity": "1.5"}, "quantity", "Use a whole number in digits only, such as 1000."),
        ({"quantity": "49"}, "quantity", "The minimum is 50."),
        ({"quantity": "10001"}, "quantity", "The maximum is 10000."),
        ({"quantity": "9" * 100}, "quantity", "The maximum is 10000."),
        ({"runs": "0", "interval": "10"}, "runs", "The minimum is 1."),
        ({"runs": "2"}, "interval", "Drip-feed needs both runs and interval."),
        (
            {"quantity": "10000", "runs": "100", "interval": "5"},
            "",
            "Not enough funds for this order. Add funds and try again.",
        ),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    browser: Browser, change: dict[str, str], field: str, text: str
) -> None:
    page = browser.refused("/order", **{**SENT, **change})
    assert error(page, field).startswith(text)
    assert hidden(page, "request_id") == SENT["request_id"], "it was not used up"
    for name, typed in {**SENT, **change}.items():
        if name != "service":
            assert f'value="{typed}"' in page, name


@pytest.mark.parametrize(
    "typed",
    [
        *(" 1000 ", "1,000", "1 000", "1\u202f000", "1\u00a0000", "1'000", "1000.00", "\u200b1000"),
        *("１０００", "\u0661\u0660\u0660\u0660", "\u06f1\u066c\u06f0\u06f0\u06f0", "\u061c1000"),
    ],
)
def test_a_quantity_as_people_paste_it(browser: Browser, typed: str) -> None:
    priced = browser.post("/order/price", **{**SENT, "quantity": typed}).content.decode()
    assert "0.90 USD" in priced
    # What was understood is shown before it is paid.
    assert ("<b>1000</b>" in priced) == (typed.strip(" \u200b\u061c") != "1000")
    assert browser.post("/order", **{**SENT, "quantity": typed, "link": f"\ufeff{LINK}\u200b"}).status_code == 302
    (order_id,) = placed()
    assert (row_of(order_id).quantity, row_of(order_id).link) == (1000, LINK)


@pytest.mark.parametrize("typed", ["1.000", "1,5", "1,00,0", "1k"])
def test_a_quantity_that_may_mean_two_things(browser: Browser, typed: str) -> None:
    page = browser.refused("/order", **{**SENT, "quantity": typed})
    assert error(page, "quantity") == "Use a whole number in digits only, such as 1000."
    assert f'value="{typed}"' in page


def test_a_service_is_named_with_a_number_sign(browser: Browser) -> None:
    assert 'name="quantity"' in browser.get(f"/order?service=%23{FOLLOWERS}")
    assert f'href="/order?service={FOLLOWERS}"' in browser.get(f"/order/services?q=%23{FOLLOWERS}")


@pytest.mark.parametrize("number", [PRIVATE, CLOSED, 77, "x", "9" * 30, ""])
def test_what_is_not_sold_to_her_cannot_be_ordered(browser: Browser, number: object) -> None:
    response = browser.post("/order", **{**SENT, "service": str(number)})
    assert (response.status_code, response.headers["Location"]) == (302, "/order")
    assert counts("orders_order") == (0,)
    page = browser.get("/order")
    assert "Service not found, or not available right now." in page
    assert "For some" not in page
    assert "–" in browser.post("/order/price", **{**SENT, "service": str(number)}).content.decode()


def test_a_price_list_customer_sees_and_pays_her_own_rate(alice: Owner, carol: Buyer, time: Time) -> None:
    with scope(panel=alice.panel):
        friends = PriceList.objects.create(panel=alice.panel, name="friends", percent_off_e2=1000)
        set_own_rate(price_list=friends, number=PRIVATE, rate_micros=2_000_000)
    dave = alice.customer("dave", balance="10.00", price_list=friends)
    his, hers = Browser(alice, dave.customer.user), Browser(alice, carol.customer.user)
    assert "0.81 USD" in his.get(f"/order?service={FOLLOWERS}")
    assert "0.90 USD" in hers.get(f"/order?service={FOLLOWERS}")
    assert "2.00 USD" in his.get("/order/services?q=for+some")
    assert "For some" not in hers.get("/order/services?q=for+some")
    assert "0.81 USD" in his.post("/order/price", **SENT).content.decode()
    his.post("/order", **SENT)
    his.post("/order", **{**SENT, "service": str(PRIVATE), "rate": ANY_RATE, "request_id": "two"})
    assert dave.balance() == "7.19"


def test_lines_are_counted_as_everybody_writes_them(browser: Browser, carol: Buyer) -> None:
    sent = {"service": str(COMMENTS), "link": LINK, "comments": "One\r\n\r\n two \r\nthree 🎉", "request_id": "c"}
    sent["rate"] = ANY_RATE
    assert "0.03003 USD" in browser.post("/order/price", **sent).content.decode()
    browser.post("/order", **sent)
    (order_id,) = placed()
    assert (row_of(order_id).quantity, row_of(order_id).charge_micros) == (3, 30_030)


def test_a_subscription_takes_the_day_as_the_browser_sends_it(browser: Browser) -> None:
    sent = {"service": str(SUBSCRIPTION), "username": "carol", "min": "100", "max": "200", "delay": "30"}
    sent["rate"] = ANY_RATE
    page = browser.refused("/order", **sent, expiry="2026-05-03", request_id="s")
    assert error(page, "expiry") == "This date is in the past."
    assert browser.post("/order", **sent, expiry="2026-12-31", request_id="s").status_code == 302
    assert str(value("SELECT expires_on FROM orders_schedule")) == "2026-12-31"


@pytest.mark.parametrize("day", ["0001-01-01", "10000-01-01", "9999-12-32", "+9999-12-31", "9999-W52-7", "today"])
def test_a_day_that_is_none_of_the_calendar_is_told_beside_its_field(browser: Browser, day: str) -> None:
    sent = {"service": str(SUBSCRIPTION), "username": "carol", "min": "100", "max": "200", "delay": "30"}
    page = browser.refused("/order", **sent, rate=ANY_RATE, expiry=day, request_id="s")
    assert error(page, "expiry")
    assert browser.post("/order", **sent, rate=ANY_RATE, expiry="9999-12-31", request_id="s").status_code == 302
    assert str(value("SELECT expires_on FROM orders_schedule")) == "9999-12-31"
    (order_id,) = placed()
    assert "9999" in browser.get(f"/orders/{order_id.number}")


def test_an_open_order_with_the_link_is_told(browser: Browser) -> None:
    sent = {**SENT, "service": str(ONE_A_LINK), "rate": ANY_RATE}
    browser.post("/order", **sent)
    page = browser.refused("/order", **{**sent, "request_id": "two"})
    assert error(page, "link") == "This link already has an active order. Wait until it ends."


def test_money_that_is_missing_is_told_before(alice: Owner, time: Time) -> None:
    poor = alice.customer("poor", balance="0.40")
    browser = Browser(alice, poor.customer.user)
    priced = browser.post("/order/price", **SENT).content.decode()
    assert "Funds needed" in priced
    assert "0.50 USD" in priced
    assert error(browser.refused("/order", **SENT), "") == "Not enough funds for this order. Add funds and try again."


def test_an_order_is_filled_in_to_be_placed_again(browser: Browser, carol: Buyer) -> None:
    order_id = carol.order(runs=3, interval=20, quantity=100)
    address = browser.answer(f"/orders/{order_id.number}/again").headers["Location"]
    page = browser.get(address)
    for typed in (LINK, "100", "3", "20"):
        assert f'value="{typed}"' in page
    assert "0.27 USD" in page


def test_who_may_not_order_sees_no_order_form(alice: Owner, carol: Buyer) -> None:
    staff = Browser(alice, alice.staff.user)
    execute("UPDATE customers_customer SET enabled = %s WHERE id = %s", False, carol.customer_id)
    suspended = Browser(alice, carol.customer.user)
    for browser in (staff, suspended):
        for path in ("/order", "/order/many", "/orders", "/order/services", "/account/keys", "/account/keys/new"):
            browser.get(path, 403)
        browser.refused("/order", 403, **SENT)
        browser.refused("/order/many", 403, lines=f"1 | {LINK} | 100")
        assert browser.get("/account/security")
