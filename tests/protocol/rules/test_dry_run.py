"""Ours: `dry_run=1` asks what an order would cost, a `request_id` asks whether it arrived. Neither changes anything."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.protocol.rules.wire import API, FORM, JSON, compact, form, request

ROW: dict[str, Any] = {
    "number": 1,
    "category": "Social",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 1_432_100,
    "min": 10,
    "max": 10_000,
    "cancel": True,
    "drip_feed": True,
}
DETAIL = "x-error-detail"


@pytest.fixture(scope="module")
def shop(stand: Stand) -> Reseller:
    return stand.shop(
        ROW,
        ROW | {"number": 2, "drip_feed": False, "unique_link": True},
        ROW | {"number": 3, "type": "Subscriptions", "drip_feed": False},
        ROW | {"number": 4, "type": "Package", "drip_feed": False},
        ROW | {"number": 5, "type": "Custom Comments", "drip_feed": False, "min": 1},
    )


def cart(**more: object) -> dict[str, Any]:
    return {"service": 1, "link": new_link(), "quantity": 1000, **more}


# ---- what it would cost ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "charge"),
    [
        ({}, "1.4321"),
        ({"quantity": 77}, "0.110272"),
        ({"runs": 3, "interval": 5}, "4.2963"),
        ({"service": 3, "username": "anna", "min": 10, "max": 20, "delay": 0}, "0.00"),
        ({"service": 4}, "1.4321"),
        ({"service": 5, "comments": "a\nb"}, "0.002865"),
    ],
)
def test_what_an_order_would_cost(stand: Stand, shop: Reseller, fields: dict[str, Any], charge: str) -> None:
    sent = cart(**fields)
    with stand.still():
        reply = shop.ask("add", **sent, dry_run=1, request_id=f"dry-{uuid.uuid4().hex}")
        assert reply.body == b'{"charge":"%b","currency":"USD"}' % charge.encode()
        for way in (
            shop.send("GET", f"{API}?{form({'key': shop.key, 'action': 'add', **sent, 'dry_run': 1}).decode()}"),
            shop.send(
                "POST", API, JSON, body=json.dumps({"key": shop.key, "action": "add", **sent, "dry_run": True}).encode()
            ),
        ):
            assert way.body == reply.body
    with shop.spends(charge):
        shop.order(**sent, dry_run=0)


@pytest.mark.parametrize("word", ["", "0", "false", "null", "undefined", "None"])
def test_who_says_no_places_the_order(shop: Reseller, word: str) -> None:
    with shop.spends("1.4321"):
        shop.order(**cart(dry_run=word))


@pytest.mark.parametrize("word", ["2", "yes please", "-1", "00", "\u00b9"])
def test_whoever_says_neither_is_asked_again(shop: Reseller, word: str) -> None:
    assert shop.refused("add", **cart(dry_run=word)) == "Incorrect dry_run"


def test_it_is_no_action_of_its_own(shop: Reseller) -> None:
    assert shop.refused("dry_run", **cart()) == "Incorrect request"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"service": 99}, "Incorrect service ID"),
        ({"link": "two words"}, "Bad link"),
        ({"runs": 2, "interval": 5, "service": 2}, "Incorrect runs"),
        ({"quantity": "1,000"}, "Incorrect quantity"),
        ({"quantity": 9}, "Quantity less than minimal 10"),
        ({"quantity": 10_001}, "Quantity more than maximum 10000"),
        ({"request_id": "x" * 101}, "Incorrect request_id"),
    ],
)
def test_it_is_refused_as_the_order_would_be(shop: Reseller, fields: dict[str, Any], text: str) -> None:
    sent = cart(**fields)
    assert shop.refused("add", **sent) == text
    assert shop.refused("add", **sent, dry_run=1) == text
    ours, asked = shop.ask("add", **sent).headers, shop.ask("add", **sent, dry_run=1).headers
    for name in ("x-error-code", DETAIL):
        assert ours.get(name) == asked.get(name)


def test_funds_caps_scopes_and_open_links_count(stand: Stand) -> None:
    poor = stand.shop(ROW, balance="1.00")
    assert poor.refused("add", **cart(dry_run=1)) == "Not enough funds on balance"
    rich = stand.shop(ROW | {"unique_link": True})
    capped = rich.with_key(daily_cap_micros=1_000_000)
    assert capped.refused("add", **cart(dry_run=1)).startswith("Daily spending cap is reached")
    assert capped.says("add", **cart(dry_run=1, quantity=100)) == {"charge": "0.14321", "currency": "USD"}
    reads = rich.with_key(can_order=False)
    assert reads.refused("add", **cart(dry_run=1)) == "This API key may not place or change orders"
    orders = rich.with_key(can_read=False)
    assert orders.says("add", **cart(dry_run=1))["charge"] == "1.4321"
    fields = cart()
    rich.order(**fields)
    assert rich.refused("add", **fields, dry_run=1).startswith("You have active order with this link.")
    assert rich.refused("add", **fields, dry_run=1, key="wrong") == "Invalid API key"


def test_a_request_id_is_not_used_up_and_its_order_costs_nothing_again(stand: Stand, shop: Reseller) -> None:
    fields = cart(request_id=f"cart-{uuid.uuid4().hex}")
    assert shop.says("add", **fields, dry_run=1) == {"charge": "1.4321", "currency": "USD"}
    with shop.spends("1.4321"):
        shop.order(**fields)
    with stand.still():
        assert shop.says("add", **fields, dry_run=1) == {"charge": "0.00", "currency": "USD"}
        assert shop.refused("add", **fields | {"quantity": 20}, dry_run=1) == "Incorrect request_id"


def test_many_at_once_are_each_asked_about_alone(stand: Stand) -> None:
    """One after the other they would be too much for the balance, and for the link."""
    shop = stand.shop(ROW | {"unique_link": True}, balance="1.5")
    body = form({"key": shop.key, "action": "add", **cart(), "dry_run": 1})
    asked = request("POST", API, FORM, host=shop.host, body=body)
    with stand.still():
        answers = {reply.body for reply in stand.at_once([asked] * 32)}
    assert answers == {b'{"charge":"1.4321","currency":"USD"}'}


# ---- did it arrive? --------------------------------------------------------------------------------


def new_id() -> str:
    return f'корзина "{uuid.uuid4().hex}" 👍'


def test_a_status_by_request_id(stand: Stand, shop: Reseller) -> None:
    fields = cart(request_id=new_id())
    assert shop.refused("status", request_id=fields["request_id"]) == "Incorrect order ID"
    order = shop.order(**fields)
    with stand.still():
        reply = shop.ask("status", request_id=fields["request_id"])
    assert reply.body == (
        b'{"order":%d,"charge":"1.4321","start_count":"0","status":"Pending","remains":"1000","currency":"USD"}' % order
    )
    stand.inside.report(order=order, status="Partial", remains=250, start_count=7)
    assert shop.says("status", request_id=fields["request_id"]) == {"order": order, **shop.status(order)}
    for other_name in ("orders", "multi_status", "multi-status"):
        assert shop.says(other_name, request_id=fields["request_id"])["order"] == order


def test_of_orders_with_a_schedule(shop: Reseller) -> None:
    for fields in (
        cart(runs=2, interval=5, request_id=new_id()),
        cart(service=3, username="anna", min=10, max=20, delay=0, request_id=new_id()),
    ):
        order = shop.order(**fields)
        reply = shop.ask("status", request_id=fields["request_id"])
        assert reply.body == b'{"order":%d,' % order + compact(shop.status(order))[1:]


def test_an_order_number_counts_where_both_are_sent(shop: Reseller) -> None:
    fields = cart(request_id=new_id())
    order, other = shop.order(**fields), shop.order(**cart(quantity=20))
    both = {"request_id": fields["request_id"]}
    assert shop.ask("status", **both, order=other).body == shop.ask("status", order=other).body
    assert shop.ask("status", **both, orders=other).body == shop.ask("status", orders=other).body
    assert shop.ask("status", **both, order=1, orders=f"{other},x").body == shop.ask("status", orders=f"{other},x").body
    assert shop.refused("status", **both, order=999_999_999) == "Incorrect order ID"
    for nothing in ("", "null", "undefined"):
        assert shop.says("status", **both, order=nothing, orders=nothing)["order"] == order


@pytest.mark.parametrize("request_id", ["unknown", "x" * 101, "x" * 100_000, "a\0b", "a\nb", "1"])
def test_an_order_that_did_not_arrive(shop: Reseller, request_id: str) -> None:
    assert shop.refused("status", request_id=request_id) == "Incorrect order ID"


def test_broken_bytes_did_not_arrive_either(stand: Stand, shop: Reseller) -> None:
    for broken in (b"%FF", b"%ED%A0%80"):
        body = form({"key": shop.key, "action": "status"}) + b"&request_id=" + broken
        with stand.still():
            assert shop.send("POST", API, FORM, body=body).value == {"error": "Incorrect order ID"}


def test_the_orders_of_others_did_not_arrive(stand: Stand, shop: Reseller) -> None:
    fields = cart(request_id=new_id())
    order = shop.order(**fields)
    other, elsewhere = stand.customer(panel_id=shop.panel_id, host=shop.host), stand.shop(ROW)
    for who in (other, elsewhere):
        assert who.refused("status", request_id=fields["request_id"]) == "Incorrect order ID"
    theirs = other.order(**fields)
    assert theirs != order
    assert other.says("status", request_id=fields["request_id"])["order"] == theirs
    assert shop.says("status", request_id=fields["request_id"])["order"] == order


def test_nothing_but_a_status_is_asked_for_by_request_id(shop: Reseller) -> None:
    fields = cart(request_id=new_id())
    shop.order(**fields)
    for action in ("cancel", "refill", "refill_status"):
        assert shop.refused(action, request_id=fields["request_id"]) == "Incorrect request"
    for nothing in ("", "null"):
        assert shop.refused("status", request_id=nothing) == "Incorrect request"


# ---- the same by other names -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["orders", "multi_status", "multi-status"])
def test_a_status_by_its_other_names(shop: Reseller, name: str) -> None:
    first, second = shop.order(**cart()), shop.order(**cart(quantity=20))
    listed = f"{first},x,{second},7,{first}"
    assert shop.ask(name, orders=listed).body == shop.ask("status", orders=listed).body
    assert shop.ask(name, orders=first).body == shop.ask("status", orders=first).body
    assert shop.refused(name) == "Incorrect request"
    assert shop.refused(name.title(), orders=first) == "Incorrect request"


# ---- why -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "text", "detail"),
    [
        ({"quantity": "1,000"}, "Incorrect quantity", "Use a whole number in digits only, such as 1000."),
        ({"quantity": "50.83"}, "Incorrect quantity", "Use a whole number in digits only, such as 1000."),
        ({"quantity": None}, "Incorrect quantity", "This field is required."),
        ({"runs": 2}, "Incorrect interval", "Drip-feed needs both runs and interval."),
        ({"runs": 2, "interval": 5, "service": 2}, "Incorrect runs", "This service has no drip-feed."),
        ({"runs": 10_001, "interval": 5}, "Incorrect runs", "The maximum is 10000."),
        ({"link": "ftp://x"}, "Bad link", "A link must start with http:// or https://, followed by a site name."),
        ({"service": 5, "comments": ""}, "Incorrect comments", "This field is required."),
        ({"request_id": "a\nb"}, "Incorrect request_id", "Use at most 100 printable characters."),
        ({"dry_run": "maybe"}, "Incorrect dry_run", "Use 1 or 0."),
        (
            {"service": 3, "username": "anna", "min": 20, "max": 10, "delay": 0},
            "Incorrect max",
            "The maximum cannot be below the minimum.",
        ),
        (
            {"service": 3, "username": "anna", "min": 10, "max": 20, "delay": 7},
            "Incorrect delay",
            "Use one of the listed values.",
        ),
    ],
)
def test_the_reason_stands_in_a_header(shop: Reseller, fields: dict[str, Any], text: str, detail: str) -> None:
    reply = shop.ask("add", **cart(**fields))
    assert reply.value == {"error": text}
    assert reply.headers[DETAIL] == detail


def test_what_says_all_has_no_reason(shop: Reseller) -> None:
    for fields in ({"quantity": 9}, {"service": 99}):
        assert DETAIL not in shop.ask("add", **cart(**fields)).headers
    assert DETAIL not in shop.ask("status", order=1).headers
    assert DETAIL not in shop.ask("add", **cart()).headers
