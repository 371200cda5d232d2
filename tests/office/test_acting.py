"""Staff act by the forms of the back office: what will move is shown first, and moves once."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

if TYPE_CHECKING:
    from tests.office.office import Office

pytestmark = pytest.mark.django_db


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def sure_of(page: str) -> str:
    """What the form sends back of what it shows."""
    found = re.search(r'name="sure" value="([0-9a-f]{64})"', page)
    assert found, page
    return found[1]


def confirmed(browser: Any, address: str, **filled: str) -> Any:
    """Send a form, and confirm what it shows; its answer where it is refused before."""
    shown = browser.post(address, **filled)
    if shown.status_code != 200:
        return shown
    return browser.post(address, **filled, sure=sure_of(shown.content.decode()))


def test_a_refund_is_shown_before_it_moves_and_moves_once(office: Office) -> None:
    from tests.support.people import everything, value

    browser = office.browser("owner")
    order = office.lost
    charge = value("SELECT charge_micros FROM orders_order WHERE id = %s", order)
    balance = office.carol.balance()
    before = everything()
    page = browser.get(f"/admin/orders/{order.number}/cancel")
    sure = sure_of(page)
    assert "Refunded to the customer 0.90 USD" in text_of(page)
    assert charge == 900_000
    assert browser.post(f"/admin/orders/{order.number}/cancel").status_code == 200
    after = everything()
    assert {table for table in after if after[table] != before[table]} <= {"customers_session"}
    assert browser.post(f"/admin/orders/{order.number}/cancel", sure="1").status_code == 409
    assert float(office.carol.balance()) == float(balance)
    done = browser.post(f"/admin/orders/{order.number}/cancel", sure=sure)
    assert done.headers["Location"] == f"/admin/orders/{order.number}"
    assert float(office.carol.balance()) == float(balance) + 0.9
    again = browser.post(f"/admin/orders/{order.number}/cancel", sure=sure)
    assert again.status_code == 422
    assert "has ended" in again.content.decode()
    assert float(office.carol.balance()) == float(balance) + 0.9
    assert value("SELECT COUNT(*) FROM staff_trailentry WHERE action = 'order.cancel'") == 1
    story = text_of(browser.get(f"/admin/orders/{order.number}"))
    assert "Cancel and refund" in story
    assert "alice@shop.example" in story
    assert "+0.90 USD" in story
    assert "−0.90 USD" in story


def test_a_partial_end_asks_for_what_remains_then_shows_the_sum(office: Office) -> None:
    from tests.support.people import value

    browser = office.browser("owner")
    order = office.lost
    quantity = value("SELECT quantity FROM orders_order WHERE id = %s", order)
    first = browser.get(f"/admin/orders/{order.number}/partial")
    assert "What will happen" not in first
    wrong = browser.post(f"/admin/orders/{order.number}/partial", remains="many")
    assert wrong.status_code == 422
    assert "Enter a whole number." in html.unescape(wrong.content.decode())
    shown = browser.post(f"/admin/orders/{order.number}/partial", remains=str(quantity // 2))
    assert "Refunded to the customer 0.45 USD" in text_of(shown.content.decode())
    sure = sure_of(shown.content.decode())
    # The form was changed after it had shown what it does.
    other = browser.post(f"/admin/orders/{order.number}/partial", remains=str(quantity // 3), sure=sure)
    assert other.status_code == 409
    assert "Refunded to the customer 0.29" in text_of(other.content.decode())
    done = browser.post(f"/admin/orders/{order.number}/partial", remains=str(quantity // 2), sure=sure)
    assert done.status_code == 302
    assert value("SELECT status FROM orders_order WHERE id = %s", order) == "Partial"
    assert value("SELECT charge_micros FROM orders_order WHERE id = %s", order) == 450_000


def test_funds_are_added_and_taken_once_by_a_form_that_is_sent_twice(office: Office) -> None:
    from panelwright.storefront.tests.browsing import hidden
    from tests.support.people import value

    browser = office.browser("owner")
    balance = float(office.carol.balance())
    for verb, change in (("credit", 5.0), ("debit", -2.0)):
        address = f"/admin/customers/{office.carol.number}/{verb}"
        page = browser.get(address)
        reference = re.search(r'name="reference"[^>]*value="(office-[0-9a-f]+)"', page)
        assert reference, page
        filled = {"amount": f"{abs(change):.2f}", "reference": reference[1], "reason": "paid by bank"}
        shown = browser.post(address, **filled).content.decode()
        assert hidden(shown, "reference") == reference[1]
        assert f"{balance:.2f}" in text_of(shown)
        balance += change
        assert f"{balance:.2f}" in text_of(shown)
        for _ in range(2):
            assert browser.post(address, **filled, sure=sure_of(shown)).status_code == 302
        assert float(office.carol.balance()) == balance
    too_much = browser.post(address, amount="9999", reference="x", sure="1")
    assert too_much.status_code == 422
    assert "The balance is only" in too_much.content.decode()
    assert value("SELECT COUNT(*) FROM staff_trailentry WHERE action = 'customer.debit'") == 2


def test_credit_is_granted_and_not_taken_back_while_it_is_used(office: Office) -> None:
    from tests.support.people import value

    browser = office.browser("owner")
    address = f"/admin/customers/{office.carol.number}"
    assert confirmed(browser, f"{address}/set_credit_limit", credit_limit="40").status_code == 302
    page = text_of(browser.get(address))
    assert "Credit limit" in page and "40.00 USD" in page
    balance = float(office.carol.balance())
    taken = confirmed(browser, f"{address}/debit", amount=f"{balance + 30:.2f}", reference="lent")
    assert (taken.status_code, office.carol.balance()) == (302, "-30.00")
    for limit, why in (("29.99", "The customer is using 30.00 of the credit."), ("-1", "cannot be below zero")):
        refused = confirmed(browser, f"{address}/set_credit_limit", credit_limit=limit)
        assert refused.status_code == 422
        assert why in html.unescape(refused.content.decode())
    too_much = confirmed(browser, f"{address}/debit", amount="10.01", reference="more")
    assert "Only 10.00 is available, credit limit included." in too_much.content.decode()
    assert value("SELECT COUNT(*) FROM staff_trailentry WHERE action = 'customer.set_credit_limit'") == 1
    confirmed(browser, f"{address}/credit", amount=f"{balance + 30:.2f}", reference="back")
    assert confirmed(browser, f"{address}/set_credit_limit", credit_limit="0").status_code == 302
    assert "Credit limit" not in text_of(browser.get(address)).replace("Set credit limit", "")


def test_what_is_not_as_it_was_shown_is_shown_again_and_not_done(office: Office) -> None:
    """Bob looks at what a cancel will do; before he confirms, a provider's report changes what remains."""
    from tests.support.people import everything, execute, value

    browser = office.browser("owner")
    address = f"/admin/orders/{office.lost.number}/cancel"
    execute("UPDATE orders_order SET remains = 700 WHERE id = %s", office.lost)
    first = browser.get(address)
    execute("UPDATE orders_order SET remains = 400 WHERE id = %s", office.lost)
    before = everything()
    again = browser.post(address, sure=sure_of(first))
    assert again.status_code == 409
    page = again.content.decode()
    assert "has changed since you looked at it" in text_of(page)
    assert "400 → 1000" in text_of(page)
    after = everything()
    assert {table for table in after if after[table] != before[table]} <= {"customers_session"}
    assert sure_of(page) != sure_of(first)
    assert browser.post(address, sure=sure_of(page)).status_code == 302
    assert value("SELECT status FROM orders_order WHERE id = %s", office.lost) == "Canceled"


def test_a_balance_that_orders_change_meanwhile_does_not_stop_funds(office: Office) -> None:
    browser = office.browser("owner")
    address = f"/admin/customers/{office.carol.number}/credit"
    filled = {"amount": "5.00", "reference": "bank-1", "reason": "paid by bank"}
    shown = browser.post(address, **filled).content.decode()
    balance = float(office.carol.balance())
    office.carol.order(link="https://example.com/meanwhile")
    assert browser.post(address, **filled, sure=sure_of(shown)).status_code == 302
    assert float(office.carol.balance()) == pytest.approx(balance - 0.9 + 5)


def test_a_post_that_staff_report_shows_what_it_may_cost(office: Office) -> None:
    from tests.support.people import SUBSCRIPTION, value

    office.carol.order(service=SUBSCRIPTION, username="anna", min=100, max=300)
    filled = {"username": "anna", "link": "https://example.com/anna/17"}
    assert office.browser("support").post("/admin/posts/report", **filled).status_code == 403
    browser = office.browser("owner")
    shown = browser.post("/admin/posts/report", **filled).content.decode()
    assert "Charged to customers at most – → 0.45" in text_of(shown)
    assert value("SELECT COUNT(*) FROM orders_post") == 0
    assert browser.post("/admin/posts/report", **filled, sure=sure_of(shown)).status_code == 302
    assert value("SELECT COUNT(*) FROM orders_post") == 1


def test_a_suspended_customer_cannot_order_until_restored(office: Office) -> None:
    browser = office.browser("owner")
    address = f"/admin/customers/{office.carol.number}"
    assert browser.post(f"{address}/suspend").status_code == 302
    assert "Suspended" in browser.get(address)
    with pytest.raises(AssertionError):
        office.carol.order()
    assert browser.post(f"{address}/restore").status_code == 302
    assert office.carol.order()


def test_a_custom_price_is_the_customer_s_own(office: Office) -> None:
    from tests.support.people import LIKES, value

    browser = office.browser("owner")
    address = f"/admin/customers/{office.carol.number}/set_rate"
    assert browser.post(address, service=str(LIKES), rate="0.11").status_code == 302
    order = office.carol.order(service=LIKES, quantity=1000, link="https://example.com/own")
    assert value("SELECT rate_micros FROM orders_order WHERE id = %s", order) == 110_000
    assert "0.11" in text_of(browser.get(f"/admin/customers/{office.carol.number}"))
    dave = office.alice.customer("dave", balance="5.00")
    order = dave.order(service=LIKES, quantity=1000, link="https://example.com/list")
    assert value("SELECT rate_micros FROM orders_order WHERE id = %s", order) != 110_000


def test_a_ticket_is_answered_once_and_leaves_the_inbox(office: Office) -> None:
    from panelwright.storefront.tests.browsing import hidden
    from tests.support.people import value

    browser = office.browser("owner")
    ticket = office.rows["ticket"]
    assert f"/admin/tickets/{ticket}" in browser.get("/admin/tickets")
    version = hidden(browser.get(f"/admin/tickets/{ticket}"), "version")
    filled = {"text": "It is on its way.", "version": version}
    assert browser.post(f"/admin/tickets/{ticket}/answer", **filled).headers["Location"] == f"/admin/tickets/{ticket}"
    assert browser.post(f"/admin/tickets/{ticket}/answer", **filled).status_code == 422
    assert value("SELECT COUNT(*) FROM support_message WHERE text = 'It is on its way.'") == 1
    assert f"/admin/tickets/{ticket}" not in browser.get("/admin/tickets")
    assert f"/admin/tickets/{ticket}" in browser.get("/admin/tickets?show=mine")


def test_a_search_finds_an_order_by_each_of_its_names(office: Office) -> None:
    from tests.support.people import execute

    browser = office.browser("owner")
    order = office.lost
    execute(
        "UPDATE orders_order SET upstream_id = 'up-77', provider_id = %s, link = 'https://example.com/needle'"
        " WHERE id = %s",
        office.world.people.id,
        order,
    )
    for text in (str(order.number), "up-77", "needle", "carol@customer"):
        assert f'href="/admin/orders/{order.number}"' in browser.get(f"/admin/orders?q={text}"), text
    assert "No orders match your filters." in browser.get("/admin/orders?q=haystack")
    assert f'href="/admin/orders/{order.number}"' in browser.get("/admin/orders?show=problem&problem=outcome_unknown")
    assert f'href="/admin/orders/{order.number}"' not in browser.get("/admin/orders?show=problem&problem=no_route")
    lines = b"".join(browser.answer("/admin/orders.csv?show=problem").streaming_content).decode()
    assert lines.count("\r\n") == 2
    assert "outcome_unknown" in lines


def test_what_is_offered_is_possible(office: Office) -> None:
    """Each action that a page offers is taken as the order stands, up to what must be filled in."""
    from django_scopes import scope

    from panelwright.core.refusal import Refusal
    from panelwright.staff import registry
    from panelwright.staff.actions import preview
    from panelwright.staff.actor import operator

    world = office.world
    orders = [world.queued(), world.started(), office.lost, office.cancel, world.paused(), world.unpaid_post()]
    orders += [world.carol.order(runs=3, interval=5, quantity=50, link="https://example.com/drip")]
    filled = {"remains": 1, "text": "Because.", "upstream_id": "up-1", "provider": "our people", "start_count": 5}
    filled["link"] = "https://example.com/another"
    browser = office.browser("owner")
    tried = 0
    for order in orders:
        page = browser.get(f"/admin/orders/{order.number}")
        for plural, verb in re.findall(rf'href="/admin/(orders|cancels)/{order.number}/([a-z_]+)"', page):
            action = registry.actions()[f"{plural.removesuffix('s')}.{verb}"]
            given = {field.name: filled[field.name] for field in action.fields if field.required}
            if verb in {"progress", "partial", "send"}:
                given |= {"remains": 1} if verb != "send" else {"whole": True, "provider": "our people"}
            if verb == "arrived":
                given["provider"] = "north"
            with scope(panel=office.alice.panel):
                seen = preview(
                    action, actor=operator("t"), panel_id=office.alice.panel_id, target=order.number, given=given
                )
            assert not isinstance(seen, Refusal) or "route" in str(seen), (order, action.name, seen)
            tried += 1
    assert tried > 20


def test_an_order_page_tells_why_a_subscription_pauses(office: Office) -> None:
    from panelwright.orders.key_actions import revoke_key
    from tests.support.people import SUBSCRIPTION

    row, key = office.carol.new_key()
    order = office.carol.order(service=SUBSCRIPTION, delay=0, caller=office.carol.caller(key=key))
    browser = office.browser("owner")
    assert "Paused" not in text_of(browser.get(f"/admin/orders/{order.number}"))
    with scope(panel=office.carol.owner.panel):
        assert revoke_key(panel_id=office.carol.owner.panel_id, key_id=row.id)
    page = text_of(browser.get(f"/admin/orders/{order.number}"))
    # The banner, and the moment in its story.
    assert page.count("Its API key was revoked or can no longer place orders.") == 2


def test_orders_of_any_problem_are_found_by_it(office: Office) -> None:
    from panelwright.orders import problems
    from tests.support.people import execute

    browser = office.browser("owner")
    for code in sorted(problems.CODES):
        execute("UPDATE orders_order SET problem_code = %s WHERE id = %s", code, office.lost)
        page = browser.get(f"/admin/orders?show=problem&problem={code}")
        assert re.findall(r'href="/admin/orders/(\d+)"', page) == [str(office.lost.number)], code


def test_what_an_object_is_called_is_nobodys_to_translate_where_it_is_shown_to_go(office: Office) -> None:
    """What stands in a field may be somebody's name, as in the trail."""
    browser, id_ = office.browser("owner"), office.rows["payment_method"]
    browser.post(f"/admin/payment_methods/{id_}/turn_off")
    page = browser.get(f"/admin/payment_methods/{id_}/remove")
    shown = re.findall(r"<dd([^>]*)><span class=\"quiet\">([^<]*)</span>", page)
    assert any(text.startswith("Bank ") for _, text in shown)
    assert {marks for marks, _ in shown} == {' translate="no"'}
