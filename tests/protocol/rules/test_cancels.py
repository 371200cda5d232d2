"""PROTOCOL.md sections 2 to 4, `cancel`: always a list; 1 means that the request was accepted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link

UNKNOWN = 999_999_999
DISABLED = {"error": "Cancel is disabled for this service"}
ENDED = {"error": "The order cannot be canceled"}
ROW: dict[str, Any] = {
    "number": 1,
    "category": "Social",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 900_000,
    "min": 1,
    "max": 10_000,
    "cancel": True,
    "drip_feed": True,
}


@pytest.fixture(scope="module")
def shop(stand: Stand) -> Reseller:
    """Service 1 can be cancelled, 2 cannot, 3 is a subscription, 4 allows one open order a link."""
    return stand.shop(
        ROW,
        ROW | {"number": 2, "cancel": False},
        ROW | {"number": 3, "type": "Subscriptions", "drip_feed": False},
        ROW | {"number": 4, "unique_link": True},
    )


def place(shop: Reseller, service: int = 1, **fields: object) -> int:
    return shop.order(service, **{"link": new_link(), "quantity": 1000} | fields)


def cancel(shop: Reseller, order: int) -> None:
    assert shop.ask("cancel", orders=order).body == b'[{"order":%d,"cancel":1}]' % order


@pytest.mark.parametrize("name", ["order", "orders"])
def test_it_is_always_a_list(shop: Reseller, name: str) -> None:
    order = place(shop)
    assert shop.ask("cancel", **{name: order}).body == b'[{"order":%d,"cancel":1}]' % order
    assert shop.ask("cancel", **{name: order}).body == (
        b'[{"order":%d,"cancel":{"error":"The order cannot be canceled"}}]' % order
    )
    assert (
        shop.ask("cancel", **{name: UNKNOWN}).body == b'[{"order":999999999,"cancel":{"error":"Incorrect order ID"}}]'
    )


def test_everything_at_once(stand: Stand, shop: Reseller) -> None:
    pending, closed, ended = place(shop), place(shop, 2), place(shop)
    stand.inside.report(order=ended, status="Completed")
    with shop.spends("-0.90"):
        reply = shop.ask("cancel", orders=f"{ended},9,{pending},Array,{closed},{pending},{UNKNOWN}")
    assert reply.body == (
        b'[{"order":%d,"cancel":{"error":"The order cannot be canceled"}},'
        b'{"order":9,"cancel":{"error":"Incorrect order ID"}},{"order":%d,"cancel":1},'
        b'{"order":"Array","cancel":{"error":"Incorrect order ID"}},'
        b'{"order":%d,"cancel":{"error":"Cancel is disabled for this service"}},'
        b'{"order":999999999,"cancel":{"error":"Incorrect order ID"}}]' % (ended, pending, closed)
    )


def test_what_nobody_else_knows_of_is_cancelled_at_once(shop: Reseller) -> None:
    order = place(shop, quantity=777)  # 0.6993
    with shop.spends("-0.6993"):
        cancel(shop, order)
    assert shop.ask("status", order=order).body == (
        b'{"charge":"0.00","start_count":"0","status":"Canceled","remains":"777","currency":"USD"}'
    )


@pytest.mark.parametrize("word", ["sending", "Processing", "In progress"])
def test_what_the_provider_has_is_asked_of_him(stand: Stand, shop: Reseller, word: str) -> None:
    """Accepted, and until the provider says so nothing has changed: neither status nor money."""
    order = place(shop)
    if word == "sending":
        stand.inside.started_sending(order=order)
    else:
        stand.inside.report(order=order, status=word, remains=600)
    before = shop.status(order)
    with shop.spends(0):
        cancel(shop, order)
        with stand.still():
            cancel(shop, order)  # asked again: accepted, and nothing more happens
    assert shop.status(order) == before
    with shop.spends("-0.90"):
        stand.inside.report(order=order, status="Canceled", remains=400)
    # Everything was credited, so nothing counts as delivered, whatever number the provider gives.
    assert (shop.status(order)["charge"], shop.status(order)["remains"]) == ("0.00", "1000")


@pytest.mark.parametrize(("word", "back"), [("Completed", "0"), ("Partial", "0.36")])
def test_a_cancel_that_comes_too_late_is_no_refund(stand: Stand, shop: Reseller, word: str, back: str) -> None:
    order = place(shop)
    stand.inside.report(order=order, status="In progress", remains=600)
    cancel(shop, order)
    with shop.spends(-Decimal(back)):
        stand.inside.report(order=order, status=word, remains=400)
    assert shop.status(order)["status"] == word
    assert shop.says("cancel", orders=order) == [{"order": order, "cancel": ENDED}]


@pytest.mark.parametrize("word", ["Pending", "In progress", "Completed"])
def test_disabled_for_the_service(stand: Stand, shop: Reseller, word: str) -> None:
    order = place(shop, 2)
    if word != "Pending":
        stand.inside.report(order=order, status=word)
    with stand.still():
        assert shop.says("cancel", orders=order) == [{"order": order, "cancel": DISABLED}]


@pytest.mark.parametrize("word", ["Completed", "Partial", "Canceled"])
def test_what_has_ended(stand: Stand, shop: Reseller, word: str) -> None:
    order = place(shop)
    stand.inside.report(order=order, status=word, remains=400)
    with stand.still():
        assert shop.says("cancel", orders=order) == [{"order": order, "cancel": ENDED}]


def test_a_link_is_free_again(shop: Reseller) -> None:
    fields = {"link": new_link(), "quantity": 10}
    order = shop.order(4, **fields)
    assert shop.refused("add", service=4, **fields).startswith("You have active order with this link.")
    cancel(shop, order)
    shop.order(4, **fields)


def test_a_drip_feed_before_its_first_run(shop: Reseller) -> None:
    order = place(shop, quantity=100, runs=3, interval=5)
    with shop.spends("-0.27"):
        cancel(shop, order)
    assert shop.ask("status", order=order).body == (
        b'{"charge":"0.00","start_count":"0","status":"Canceled","remains":"300","currency":"USD","runs":"0","orders":[]}'
    )


def test_a_drip_feed_on_its_way(stand: Stand, shop: Reseller) -> None:
    """What has not started is given back at once, what is with the provider when he says so."""
    order = place(shop, quantity=100, runs=5, interval=5)
    (done,) = stand.inside.run_schedule(order=order)
    stand.inside.report(order=done, status="Completed")
    _, running = stand.inside.run_schedule(order=order)
    stand.inside.report(order=running, status="In progress", remains=50)
    with shop.spends("-0.27"):
        cancel(shop, order)
    assert shop.status(order)["status"] == "In progress"
    assert shop.status(order)["charge"] == "0.18"
    with shop.spends("-0.09"):
        stand.inside.report(order=running, status="Canceled")
    assert shop.ask("status", order=order).body == (
        b'{"charge":"0.09","start_count":"0","status":"Partial","remains":"400","currency":"USD","runs":"2",'
        b'"orders":[%d,%d]}' % (done, running)
    )


def test_a_subscription(stand: Stand, shop: Reseller) -> None:
    order = shop.order(3, username="anna", min=10, max=10, delay=0)
    assert stand.inside.has_post(panel_id=shop.panel_id, order=order, link=new_link())
    (post,) = stand.inside.run_schedule(order=order)
    with shop.spends(0):
        cancel(shop, order)
    told = shop.status(order)
    assert (told["status"], told["posts"], told["orders"]) == ("Canceled", "1", [post])
    assert shop.status(post)["status"] == "Pending"  # what it has ordered already is delivered
    assert shop.says("cancel", orders=f"{order},{post}") == [
        {"order": order, "cancel": ENDED},
        {"order": post, "cancel": 1},
    ]
