"""PROTOCOL.md section 1, what goes out: statuses, headers and bytes of answers, and the words of refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link, refusal
from tests.protocol.rules.wire import API, FORM, Reply, compact, form

DEFAULT = {"category": "First Category", "type": "Default", "min": 50, "max": 10_000}
UNKNOWN = 999_999_999


def content_types(reply: Reply) -> list[bytes]:
    return re.findall(rb"(?im)^content-type:.*$", reply.head.replace(b"\r", b""))


def test_the_content_type_is_one_line_of_exactly_these_bytes(stand: Stand, carol: Reseller) -> None:
    order = stand.pending_order()
    for reply in (
        carol.ask("balance"),
        carol.ask("services"),
        carol.ask("status", order=order),
        carol.ask("status", orders=order),
        carol.ask("cancel", orders=order),
        carol.ask("nonsense"),
        carol.send("GET", API),
        carol.send("POST", API, FORM, body=b"x" * (1024 * 1024 + 1)),
    ):
        assert content_types(reply) == [b"Content-Type: application/json"]


def test_every_answer_says_its_length_and_is_kept_by_nobody(carol: Reseller) -> None:
    for action in ("balance", "nonsense"):
        reply = carol.ask(action)
        assert int(reply.headers["content-length"]) == len(reply.body) > 0
        assert reply.headers["cache-control"] == "no-store"
        assert "set-cookie" not in reply.headers


def test_bytes_are_compact_utf8_without_escapes(stand: Stand) -> None:
    name = 'Подписчики 👍 "быстро" \\ 日本 / <b>&\u2028'
    shop = stand.shop({"number": 1, "name": name, "rate_micros": 900_000, "refill": True, "cancel": True} | DEFAULT)
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    assert (
        shop.ask("services").body
        == (
            f'[{{"service":1,"name":"{escaped}","type":"Default","category":"First Category","rate":"0.90","min":"50",'
            '"max":"10000","refill":true,"cancel":true,"dripfeed":false}]'
        ).encode()
    )


# ---- the same words for the same thing, always as {"error":"…"} under 200 --------------------------

Ask = Callable[[Stand, Reseller], Reply]
WORDS: list[tuple[str, str, Ask]] = [
    ("Invalid API key", "bad_key", lambda s, c: c.ask("balance", key="nobody")),
    ("Incorrect request", "bad_request", lambda s, c: c.ask("nonsense")),
    ("Incorrect service ID", "bad_service", lambda s, c: c.ask("add", service=UNKNOWN)),
    ("Bad link", "bad_link", lambda s, c: c.ask("add", service=1)),
    ("Incorrect quantity", "bad_field", lambda s, c: c.ask("add", service=1, link="a")),
    ("Quantity less than minimal 50", "below_min", lambda s, c: c.ask("add", service=1, link="a", quantity=49)),
    ("Quantity more than maximum 10000", "above_max", lambda s, c: c.ask("add", service=1, link="a", quantity=10001)),
    ("Incorrect order ID", "bad_order", lambda s, c: c.ask("status", order=UNKNOWN)),
    ("Incorrect order ID", "bad_order", lambda s, c: c.ask("refill", order=UNKNOWN)),
    ("Refill not found", "bad_refill", lambda s, c: c.ask("refill_status", refill=UNKNOWN)),
    ("The order is not completed", "not_completed", lambda s, c: c.ask("refill", order=s.pending_order())),
]


@pytest.mark.parametrize(("text", "code", "ask"), WORDS, ids=[f"{code}-{n}" for n, (_, code, _) in enumerate(WORDS)])
def test_a_refusal_is_200_with_one_key(stand: Stand, carol: Reseller, text: str, code: str, ask: Ask) -> None:
    reply = ask(stand, carol)
    assert reply.head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert reply.body == b'{"error":"%s"}' % text.encode()
    assert reply.headers["x-error-code"] == code


def test_a_success_has_no_error_anywhere(stand: Stand, carol: Reseller) -> None:
    order = stand.completed_order()
    for reply in (
        carol.ask("services"),
        carol.ask("balance"),
        carol.ask("status", order=order),
        carol.ask("refill", order=order),
        carol.ask("add", service=stand.service(), link=new_link(), quantity=100),
    ):
        assert b"error" not in reply.body
        assert "x-error-code" not in reply.headers


# How clients sort texts, the first that fits; what is in no class is a fault in the order itself.
CLASSES = [
    ("stop", ["api key"]),
    ("retry later", ["active order", "in progress", "same link"]),
    ("passing", ["balance", "rate limit", "temporarily"]),
    ("other provider", ["disabled", "incorrect service", "less than minimal"]),
]


def class_of(text: str) -> str:
    return next((name for name, words in CLASSES if any(word in text.lower() for word in words)), "fault")


def test_clients_that_sort_texts_by_their_words_do_the_right_thing(stand: Stand) -> None:
    row = {"number": 1, "name": "Likes", "rate_micros": 1_000_000, "cancel": False} | DEFAULT
    shop = stand.shop(row, row | {"number": 2, "unique_link": True}, balance="1.00")
    fields: dict[str, Any] = {"service": 1, "link": "a", "quantity": 100}
    shop.order(**fields | {"service": 2})
    reads, orders = shop.with_key(can_order=False), shop.with_key(can_read=False)
    away, capped = shop.with_key(addresses="203.0.113.7"), shop.with_key(daily_cap_micros=1)
    told = {
        shop.refused("balance", key="nobody"): "stop",
        reads.refused("add", **fields): "stop",
        orders.refused("balance"): "stop",
        away.refused("balance"): "stop",
        capped.refused("add", **fields): "passing",
        shop.refused("add", **fields | {"service": 2}): "retry later",
        shop.refused("add", **fields | {"quantity": 1000}): "passing",
        shop.refused("add", **fields | {"service": 3}): "other provider",
        shop.refused("add", **fields | {"quantity": 49}): "other provider",
        shop.refused("refill", order=shop.order(**fields)): "other provider",
        shop.refused("add", **fields | {"link": ""}): "fault",
        shop.refused("add", **fields | {"quantity": "x"}): "fault",
        shop.refused("status", order=UNKNOWN): "fault",
        shop.refused("nonsense"): "fault",
    }
    assert {text: class_of(text) for text in told} == told
    assert shop.balance() == Decimal("0.80")


# ---- the limit of a body ---------------------------------------------------------------------------

LIMIT = 1024 * 1024


def of_size(who: Reseller, size: int) -> bytes:
    """A form of exactly this many bytes that asks for the balance."""
    start = form({"key": who.key, "action": "balance"}) + b"&note="
    return start + b"x" * (size - len(start))


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_a_body_up_to_the_limit_is_read(carol: Reseller, size: int) -> None:
    assert carol.send("POST", API, FORM, body=of_size(carol, size)).body == carol.ask("balance").body


@pytest.mark.parametrize("size", [LIMIT + 1, 20 * LIMIT])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_413_with_an_error(stand: Stand, carol: Reseller, size: int, chunked: bool) -> None:
    body, headers = of_size(carol, size), [FORM]
    if chunked:
        headers.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:LIMIT], body[LIMIT:])) + b"0\r\n\r\n"
    with stand.still():
        reply = carol.send("POST", API, *headers, body=body)
    assert (reply.status, reply.body) == (413, b'{"error":"Request is too large"}')
    assert reply.headers["x-error-code"] == "too_large"
    assert content_types(reply) == [b"Content-Type: application/json"]
    assert carol.says("balance")["currency"] == "USD"


# ---- check order -----------------------------------------------------------------------------------


def test_key_then_action_and_selector_then_parameters(stand: Stand, carol: Reseller) -> None:
    asked: list[dict[str, Any]] = [
        {},
        {"action": ""},
        {"action": "nonsense"},
        *[{"action": action} for action in ("status", "refill", "refill_status", "cancel", "add")],
        {"action": "balance"},
        {"action": "status", "order": "x"},
        {"action": "add", "service": 1, "link": new_link(), "quantity": 100},
    ]
    for fields in asked:
        for key in (None, "", "nobody", carol.key.upper(), carol.key[:-1], f"{carol.key}0", "' OR 1=1 --"):
            reply = carol.send("POST", API, FORM, body=form({"key": key, **fields}))
            assert reply.body == b'{"error":"Invalid API key"}', (key, fields)
    for fields in asked[:-3]:
        expected = "Incorrect service ID" if fields.get("action") == "add" else "Incorrect request"
        with stand.still():
            assert refusal(carol.send("POST", API, FORM, body=form({"key": carol.key, **fields}))) == expected


@pytest.mark.parametrize("action", ["Balance", "BALANCE", "balances", "balance,status", "add[]", "__class__", "ü"])
def test_actions_are_words_of_exact_case(carol: Reseller, action: str) -> None:
    assert carol.refused(action) == "Incorrect request"


@pytest.mark.parametrize("action", ["status", "refill", "refill_status", "cancel"])
def test_the_selector_of_another_action_is_none(stand: Stand, carol: Reseller, action: str) -> None:
    wrong = ("order", "orders") if action == "refill_status" else ("refill", "refills")
    for name in (*wrong, "id", "ids", "order_id", "Order"):
        assert carol.refused(action, **{name: stand.pending_order()}) == "Incorrect request"


def test_what_stays_bytes_for_bytes(stand: Stand, carol: Reseller) -> None:
    """The published examples, with our numbers."""
    order = stand.completed_order()
    status = carol.status(order)
    assert carol.ask("status", order=order).body == (
        b'{"charge":"0.14321","start_count":"1200","status":"Completed","remains":"0","currency":"USD"}'
    )
    assert carol.ask("status", orders=f"{order},1x").body == compact(
        {str(order): status, "1x": {"error": "Incorrect order ID"}}
    )
