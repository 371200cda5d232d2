"""The extension of PROTOCOL.md section 3: `request_id`, so that a repeat after a time-out costs nothing."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.protocol.rules.wire import API, FORM, JSON, Line, form, request

INCORRECT = "Incorrect request_id"
ROW: dict[str, Any] = {
    "number": 1,
    "category": "Social",
    "name": "Likes",
    "type": "Default",
    "rate_micros": 1_000_000,
    "min": 10,
    "max": 10_000,
    "cancel": True,
    "drip_feed": True,
}


@pytest.fixture(scope="module")
def shop(stand: Stand) -> Reseller:
    return stand.shop(
        ROW,
        ROW | {"number": 2},
        ROW | {"number": 3, "type": "Subscriptions", "drip_feed": False},
        ROW | {"number": 4, "type": "Custom Comments", "drip_feed": False, "min": 1},
        ROW | {"number": 5, "unique_link": True},
        ROW | {"number": 6, "type": "Mentions Custom List", "drip_feed": False, "min": 1},
        ROW | {"number": 7, "type": "Web Traffic"},
    )


def new_id() -> str:
    return f"cart-{uuid.uuid4().hex}"


def cart(**more: object) -> dict[str, Any]:
    return {"service": 1, "link": new_link(), "quantity": 100, "request_id": new_id(), **more}


# ---- the same again --------------------------------------------------------------------------------


def test_a_repeat_gives_the_first_order_and_charges_nothing(stand: Stand, shop: Reseller) -> None:
    fields = cart()
    with shop.spends("0.10"):
        first = shop.ask("add", **fields)
    assert "idempotent-replayed" not in first.headers
    with stand.still():
        for _ in range(5):
            again = shop.ask("add", **fields)
            assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
        for way in (
            shop.send("GET", f"{API}?{form({'key': shop.key, 'action': 'add', **fields}).decode()}"),
            shop.send("POST", API, JSON, body=json.dumps({"key": shop.key, "action": "add", **fields}).encode()),
        ):
            assert (way.body, way.headers["idempotent-replayed"]) == (first.body, "true")
    assert "idempotent-replayed" not in shop.ask("add", **cart()).headers
    assert "idempotent-replayed" not in shop.ask("add", **fields | {"quantity": 1}).headers


def test_in_the_header_or_in_the_parameters_is_the_same(stand: Stand, shop: Reseller) -> None:
    fields = cart()
    request_id = fields.pop("request_id")
    header = f"Idempotency-Key: {request_id}"
    first = shop.ask("add", header, **fields)
    with stand.still():
        for again in (
            shop.ask("add", header, **fields),
            shop.ask("add", header.lower(), **fields),
            shop.ask("add", **fields, request_id=request_id),
            shop.ask("add", f"Idempotency-Key:   {request_id}  ", **fields),
            shop.ask("add", f'Idempotency-Key: "{request_id}"', **fields),
            shop.ask("add", f'idempotency-key:\t"{request_id}" ', **fields),
            # A word for nothing is no request_id, so the header counts.
            shop.ask("add", header, **fields, request_id="undefined"),
            # The parameter is the client's own word; a proxy may have set the header.
            shop.ask("add", "Idempotency-Key: another", **fields, request_id=request_id),
        ):
            assert again.body == first.body


def test_the_same_order_said_in_another_way(stand: Stand, shop: Reseller) -> None:
    fields = cart()
    first = shop.order(**fields)
    sent = {"key": shop.key, "action": "add", **fields}
    backwards = dict(reversed(sent.items()))
    other_key = shop.with_key()
    with stand.still():
        for reply in (
            shop.send("GET", f"{API}/?{form(sent).decode()}"),
            shop.send("POST", API, FORM, body=form(backwards)),
            shop.send("POST", API, JSON, body=json.dumps(sent).encode()),
            shop.ask("add", **fields, runs="", interval="null", comments="undefined", note="second try", attempt=2),
            shop.ask("add", **{name: f" {value}\n" for name, value in fields.items()}),
            other_key.ask("add", **fields),
        ):
            assert reply.value == {"order": first}


def test_quotes_of_the_header_are_not_part_of_it(stand: Stand, shop: Reseller) -> None:
    fields = cart(request_id='a "quoted\\ word')
    first = shop.order(**fields)
    del fields["request_id"]
    with stand.still():
        assert shop.ask("add", 'Idempotency-Key: "a \\"quoted\\\\ word"', **fields).value == {"order": first}
    # Of the parameter they are.
    plain = cart(request_id="x")
    assert shop.order(**plain) != shop.order(**plain | {"request_id": '"x"'})
    empty = cart()
    del empty["request_id"]
    assert (
        shop.ask("add", 'Idempotency-Key: ""', **empty).value != shop.ask("add", 'Idempotency-Key: ""', **empty).value
    )


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({}, {"runs": 1}),
        ({}, {"runs": 1, "interval": 0}),
        ({}, {"runs": 0, "interval": 0}),
        ({"runs": 1, "interval": 60}, {"runs": "", "interval": "null"}),
        ({"runs": 2, "interval": 5}, {"runs": "02", "interval": "5"}),
        ({}, {"quantity": "0100"}),
        ({}, {"service": "01"}),
        ({}, {"link": "\u200b {link}\ufeff"}),
        ({"service": 4, "comments": "a\nb"}, {"comments": "\r\n a \r\n\r\nb\u200b", "quantity": 7}),
        ({"service": 3, "username": "anna", "min": 10, "max": 20, "delay": 0}, {"posts": 0, "min": "010"}),
        (
            {"service": 3, "username": "anna", "min": 10, "max": 20, "delay": 0, "expiry": "1/2/2090"},
            {"old_posts": 0, "posts": "", "expiry": "01/02/2090", "username": "\ufeffanna"},
        ),
        ({"service": 6, "usernames": "a\nb"}, {"usernames": "a\\nb"}),
        (
            {"service": 7, "country": "US", "device": 5, "type_of_traffic": 3},
            {"country": "united states", "google_keyword": "null", "runs": 1, "interval": 9},
        ),
    ],
)
def test_inputs_are_compared_as_they_were_understood(
    stand: Stand, shop: Reseller, first: dict[str, Any], again: dict[str, Any]
) -> None:
    fields = cart(**first)
    changed = {name: value.format(**fields) if isinstance(value, str) else value for name, value in again.items()}
    order = shop.order(**fields)
    with stand.still():
        assert shop.order(**fields | changed) == order
        assert shop.order(**fields) == order


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({}, {"runs": 2, "interval": 5}),
        ({"runs": 2, "interval": 5}, {"runs": 1}),
        ({"runs": 2, "interval": 5}, {"interval": 6}),
        ({}, {"link": "https://example.com/P"}),
        ({"service": 4, "comments": "a\nb"}, {"comments": "b\na"}),
        ({"service": 4, "comments": "a\\nb"}, {"comments": "a\nb"}),
        ({"service": 3, "username": "anna", "min": 10, "max": 20, "delay": 0}, {"posts": 1}),
        ({"service": 3, "username": "anna", "min": 10, "max": 20, "delay": 0}, {"old_posts": 1}),
    ],
)
def test_what_means_something_else_is_refused(shop: Reseller, first: dict[str, Any], again: dict[str, Any]) -> None:
    fields = cart(**first)
    shop.order(**fields)
    reply = shop.ask("add", **fields | again)
    assert reply.value == {"error": INCORRECT}
    assert reply.headers["x-error-detail"] == "This request ID was already used for a different order."


def test_a_repeat_after_the_service_closed_says_it_in_another_way(stand: Stand) -> None:
    shop = stand.shop(ROW)
    fields = cart()
    first = shop.order(**fields)
    stand.inside.set_enabled(panel_id=shop.panel_id, number=1, enabled=False)
    with stand.still():
        assert shop.order(**fields | {"runs": 1, "interval": 0}) == first
        assert shop.refused("add", **fields | {"quantity": 200}) == INCORRECT
        assert shop.refused("add", **fields | {"runs": 2, "interval": 5}) == INCORRECT


@pytest.mark.parametrize("word", ["Processing", "In progress", "Completed", "Partial", "Canceled"])
def test_whatever_has_become_of_it(stand: Stand, shop: Reseller, word: str) -> None:
    fields = cart(service=5)
    first = shop.order(**fields)
    stand.inside.report(order=first, status=word, remains=30)
    with stand.still():
        assert shop.order(**fields) == first


def test_a_repeat_is_no_second_order_for_the_link_and_needs_no_funds(stand: Stand) -> None:
    shop = stand.shop(ROW | {"unique_link": True}, balance="0.10")
    fields = cart()
    first = shop.order(**fields)
    assert shop.says("balance")["balance"] == "0.00"
    with stand.still():
        assert shop.order(**fields) == first
    assert shop.refused("add", **fields | {"request_id": new_id()}).startswith("You have active order")


def test_a_repeat_after_the_price_changed_or_the_service_closed(stand: Stand) -> None:
    shop = stand.shop(ROW)
    fields = cart()
    first = shop.order(**fields)
    stand.inside.set_rate(panel_id=shop.panel_id, number=1, rate_micros=9_000_000)
    assert shop.order(**fields) == first
    stand.inside.set_enabled(panel_id=shop.panel_id, number=1, enabled=False)
    with stand.still():
        assert shop.order(**fields) == first


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"service": 1, "quantity": 10, "runs": 3, "interval": 5}, "0.03"),
        ({"service": 3, "username": "anna", "min": 10, "max": 20, "delay": 0}, "0"),
        ({"service": 4, "comments": "Отлично\r\n👍\nthree"}, "0.003"),
    ],
)
def test_of_every_kind(stand: Stand, shop: Reseller, fields: dict[str, Any], cost: str) -> None:
    sent = {"link": new_link(), "request_id": new_id()} | fields
    with shop.spends(cost):
        first = shop.order(**sent)
    with stand.still():
        assert shop.order(**sent) == first


# ---- something else --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"service": 2},
        {"quantity": 101},
        {"link": "https://example.com/other"},
        {"runs": 2, "interval": 5},
        {"comments": "more"},
        {"service": 999},
        {"quantity": 1},
        {"quantity": ""},
        {"link": ""},
    ],
)
def test_another_input_is_refused(stand: Stand, shop: Reseller, changed: dict[str, Any]) -> None:
    fields = cart()
    first = shop.order(**fields)
    for header in ([], [f"Idempotency-Key: {fields['request_id']}"]):
        sent = fields | changed
        if header:
            del sent["request_id"]
        assert shop.refused("add", *header, **sent) == INCORRECT
    assert shop.order(**fields) == first


def test_what_was_refused_is_not_remembered(stand: Stand) -> None:
    shop = stand.shop(ROW, balance="0")
    fields = cart()
    assert shop.refused("add", **fields) == "Not enough funds on balance"
    assert shop.refused("add", **fields | {"quantity": 1}) == "Quantity less than minimal 10"
    stand.inside.credit(panel_id=shop.panel_id, account_id=shop.account_id, micros=100_000)
    with shop.spends("0.10"):
        shop.order(**fields)


def test_two_customers_and_two_panels_have_nothing_to_do_with_each_other(stand: Stand, shop: Reseller) -> None:
    fields = cart()
    other, elsewhere = stand.customer(panel_id=shop.panel_id, host=shop.host), stand.shop(ROW)
    orders = {who.order(**fields) for who in (shop, other, elsewhere)}
    assert len(orders) == 3
    with other.spends("0.20"):
        other.order(**cart(quantity=200))
    assert other.refused("add", **fields | {"quantity": 200}) == INCORRECT


# ---- what it may be --------------------------------------------------------------------------------


@pytest.mark.parametrize("request_id", ["1", "x" * 100, "корзина-7", "👍", "a b", "'; --", "0", "false", "a/b?c=d&e"])
def test_any_short_text(stand: Stand, shop: Reseller, request_id: str) -> None:
    fields = cart(request_id=request_id)
    first = shop.order(**fields)
    with stand.still():
        assert shop.order(**fields) == first


@pytest.mark.parametrize("request_id", ["x" * 101, "x" * 10_000, "a\0b", "a\nb", "\x7f", "a\u202eb", "\x1b"])
def test_no_longer_text_and_nothing_unprintable(shop: Reseller, request_id: str) -> None:
    assert shop.refused("add", **cart(request_id=request_id)) == INCORRECT


def test_broken_bytes(stand: Stand, shop: Reseller) -> None:
    fields = cart()
    del fields["request_id"]
    for broken in (b"%FF", b"%ED%A0%80", b"\xc3("):
        body = form({"key": shop.key, "action": "add", **fields}) + b"&request_id=" + broken
        with stand.still():
            assert shop.send("POST", API, FORM, body=body).value == {"error": INCORRECT}


# ---- at the same moment ----------------------------------------------------------------------------


def add(who: Reseller, **fields: Any) -> bytes:
    return request("POST", API, FORM, host=who.host, body=form({"key": who.key, "action": "add", **fields}))


def test_concurrent_repeats_are_one_order_charged_once(stand: Stand, shop: Reseller) -> None:
    fields = cart()
    with shop.spends("0.10"):
        replies = stand.at_once([add(shop, **fields)] * 32)
    answers = [reply.value for reply in replies]
    assert Counter(reply.headers.get("idempotent-replayed") for reply in replies) == {"true": 31, None: 1}
    assert Counter(map(str, answers)) == {str({"order": answers[0]["order"]}): 32}


def test_of_concurrent_orders_with_one_id_one_wins(stand: Stand, shop: Reseller) -> None:
    fields = cart()
    before = shop.balance()
    sent = [add(shop, **fields | {"quantity": 100 + n % 8}) for n in range(32)]
    answers = [reply.value for reply in stand.at_once(sent)]
    orders = {answer["order"] for answer in answers if "order" in answer}
    assert len(orders) == 1
    refused = [answer for answer in answers if "order" not in answer]
    assert refused == [{"error": INCORRECT}] * 28  # the four with the winner's quantity are one order
    assert before - shop.balance() == Decimal(shop.status(orders.pop())["charge"])


def test_a_pipeline_of_repeats(stand: Stand, shop: Reseller) -> None:
    """Sent one behind the other over one connection, without waiting for answers."""
    fields = cart()
    line = Line(stand.port)
    with shop.spends("0.10"):
        first = line.exchange(add(shop, **fields) * 5)
        others = [line.exchange(b"") for _ in range(4)]
    line.close()
    assert {reply.body for reply in others} == {first.body}
