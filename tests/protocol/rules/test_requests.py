"""PROTOCOL.md section 1, what comes in: addresses, methods, where parameters stand, what counts as not sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link, refusal
from tests.protocol.rules.wire import API, FORM, JSON, Reply, compact, form

ABSENT = ["", "undefined", "null", "None"]
# Everything that forms, addresses and JSON have to escape.
AWKWARD = ["Отлично!", "a&b=c+d%20e;f", 'q"\\/<b>', "👍🏽 日本", "tab\there", "~*'()!", "%F0%9F", "&amp;#39;"]


def in_query(who: Reseller, fields: Mapping[str, object], method: str = "POST") -> Reply:
    return who.send(method, f"{API}?{form(fields).decode()}")


def in_form(who: Reseller, fields: Mapping[str, object], *, target: str = API) -> Reply:
    return who.send("POST", target, FORM, body=form(fields))


def in_json(who: Reseller, fields: Mapping[str, object], *, target: str = API) -> Reply:
    return who.send("POST", target, JSON, body=json.dumps(dict(fields)).encode())


def in_multipart(who: Reseller, fields: Mapping[str, object], *, target: str = API) -> Reply:
    edge = "----edge7MA4YWxkTrZu0gW"
    parts = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    kind = f"Content-Type: multipart/form-data; boundary={edge}"
    return who.send("POST", target, kind, body=f"{parts}--{edge}--\r\n".encode())


Carrier = Callable[..., Reply]
BODIES: dict[str, Carrier] = {"form": in_form, "json": in_json, "multipart": in_multipart}


# ---- addresses and methods -------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{"action": "balance"}, {"action": "services"}, {"action": "x"}, {"key": "x"}, {}])
def test_both_addresses_and_methods_give_the_same_bytes(carol: Reseller, fields: dict[str, str]) -> None:
    sent = form({"key": carol.key} | fields)
    replies = [
        reply
        for path in (API, f"{API}/")
        for reply in (
            carol.send("POST", path, FORM, body=sent),
            carol.send("POST", f"{path}?{sent.decode()}"),
            carol.send("GET", f"{path}?{sent.decode()}"),
            carol.send("GET", path, FORM, body=sent),
        )
    ]
    assert {reply.body for reply in replies} == {replies[0].body}
    for reply in replies:
        assert reply.status == 200
        assert "location" not in reply.headers
        assert reply.headers["content-type"] == "application/json"


def test_no_address_near_it_redirects(carol: Reseller) -> None:
    """A redirect is refused, or turns the POST into a GET."""
    for path in ("/api/v2", "/api/v2/", "/api/v2?", "/api/v2/?x=1", "/api//v2", "/api/v2//", "/api/v3", "/api/v2/add"):
        reply = carol.send("POST", path, FORM, body=form({"key": carol.key, "action": "balance"}))
        assert not 300 <= reply.status < 400, path
        assert "location" not in reply.headers, path


# ---- where parameters stand ------------------------------------------------------------------------


@pytest.mark.parametrize("carrier", [in_query, *BODIES.values()], ids=["query", *BODIES])
def test_values_arrive_whole(stand: Stand, carol: Reseller, carrier: Carrier) -> None:
    fields = {"service": stand.service("Custom Comments"), "link": f"{new_link()}?a=1&b=%D1%8F+z#ю"}
    reply = carrier(
        carol, {"key": carol.key, "action": "add", **fields, "comments": "\r\n".join(AWKWARD), "username": "anna"}
    )
    kept = stand.inside.order(order=reply.value["order"])
    assert kept["link"] == fields["link"]
    assert kept["fields"] == {"comments": "\n".join(AWKWARD)}
    assert kept["quantity"] == len(AWKWARD)


@pytest.mark.parametrize("carrier", BODIES.values(), ids=BODIES)
def test_key_in_the_address_and_the_rest_in_the_body(stand: Stand, carol: Reseller, carrier: Carrier) -> None:
    order = stand.pending_order()
    reply = carrier(carol, {"order": order}, target=f"{API}?key={carol.key}&action=status")
    assert reply.value["status"] == "Pending"


@pytest.mark.parametrize("carrier", BODIES.values(), ids=BODIES)
def test_the_body_wins(stand: Stand, carol: Reseller, carrier: Carrier) -> None:
    ours, other = stand.pending_order(), stand.completed_order()
    target = f"{API}?key=nobody&action=balance&order={other}"
    reply = carrier(carol, {"key": carol.key, "action": "status", "order": ours}, target=target)
    assert reply.value["status"] == "Pending"


def test_json_numbers_and_booleans_count_as_their_text(stand: Stand, carol: Reseller) -> None:
    service = stand.service()
    for link, text in [("true", "true"), ("false", "false"), ("1.50", "1.50"), ("1" + "0" * 30, "1" + "0" * 30)]:
        body = f'{{"key":"{carol.key}","action":"add","service":{service},"link":{link},"quantity":100}}'
        reply = carol.send("POST", API, JSON, body=body.encode())
        assert stand.inside.order(order=reply.value["order"])["link"] == text
    order = stand.pending_order()
    number = carol.send("POST", API, JSON, body=compact({"key": carol.key, "action": "status", "order": order}))
    assert number.body == carol.ask("status", order=order).body


@pytest.mark.parametrize("quantity", ["100.0", "100.00000", "1e2", "1.0E+02", "10.0e1", "0.1e3"])
def test_a_json_number_equal_to_a_whole_one_is_that_number(stand: Stand, carol: Reseller, quantity: str) -> None:
    start = f'{{"key":"{carol.key}","action":"add","service":{stand.service()}.0'
    body = f'{start},"link":"{new_link()}","quantity":{quantity}}}'
    order = carol.send("POST", API, JSON, body=body.encode()).value["order"]
    assert stand.inside.order(order=order)["quantity"] == 100
    status = carol.send(
        "POST", API, JSON, body=b'{"key":"%b","action":"status","order":%d.0}' % (carol.key.encode(), order)
    )
    assert status.value["remains"] == "100"


@pytest.mark.parametrize(
    "quantity", ["50.83", "100.5", "true", "-100", "-100.0", "1.5", "1e30", "1e-2", "100.01e1", '"100.0"']
)
def test_other_json_numbers_are_not_reckoned_with(stand: Stand, carol: Reseller, quantity: str) -> None:
    start = f'{{"key":"{carol.key}","action":"add","service":{stand.service()}'
    body = f'{start},"link":"{new_link()}","quantity":{quantity}}}'
    with stand.still():
        assert refusal(carol.send("POST", API, JSON, body=body.encode())) == "Incorrect quantity"


def test_unknown_parameters_are_ignored(stand: Stand, carol: Reseller) -> None:
    fields = {"service": stand.service(), "link": new_link(), "quantity": 100}
    strange = {f"x{n}": "y" * n for n in range(40)} | {"Quantity": "7", "KEY": "z", "order": "1", "é[]": "1", "rate": 0}
    with carol.spends("0.14321"):
        order_id = carol.order(**fields, **strange)
    kept = stand.inside.order(order=order_id)
    assert (kept["link"], kept["quantity"], kept["fields"]) == (fields["link"], 100, {})


def test_values_are_trimmed(stand: Stand, carol: Reseller) -> None:
    link = new_link()
    sent = {"key": carol.key, "action": "add", "service": stand.service(), "link": link, "quantity": 100, "runs": 2}
    sent |= {"interval": 5, "request_id": link}
    padded = {name: f" \t\r\n{value}\n " for name, value in sent.items()}
    replies = [in_query(carol, padded), *(carrier(carol, padded) for carrier in BODIES.values())]
    assert len({reply.body for reply in replies}) == 1  # one request_id: trimmed, they are the same order
    kept = stand.inside.order(order=replies[0].value["order"])
    assert (kept["link"], kept["quantity"], kept["kind"]) == (link, 200, "drip-feed")


# ---- not sent --------------------------------------------------------------------------------------

OPTIONAL: dict[str, tuple[dict[str, Any], list[str]]] = {
    "Default": ({"quantity": 100}, ["runs", "interval"]),
    "Web Traffic": (
        {"quantity": 100, "country": "US", "device": 5, "type_of_traffic": 3},
        ["runs", "interval", "google_keyword", "referring_url"],
    ),
    "Subscriptions": ({"username": "anna", "min": 10, "max": 20, "delay": 0}, ["posts", "old_posts", "expiry"]),
}


@pytest.mark.parametrize("absent", ABSENT)
@pytest.mark.parametrize("type_name", OPTIONAL)
def test_words_for_nothing_on_optional_parameters(stand: Stand, carol: Reseller, type_name: str, absent: str) -> None:
    own, optional = OPTIONAL[type_name]
    fields: dict[str, Any] = {"service": stand.service(type_name), "link": "https://example.com/a", **own}
    bare = stand.inside.order(order=carol.order(**fields))
    said = stand.inside.order(order=carol.order(**fields, **dict.fromkeys([*optional, "request_id", "order"], absent)))
    assert said == bare


@pytest.mark.parametrize("absent", ABSENT)
def test_words_for_nothing_are_no_request_id(stand: Stand, carol: Reseller, absent: str) -> None:
    fields = {"service": stand.service(), "link": new_link(), "quantity": 100}
    first, second = (carol.order(**fields, request_id=absent) for _ in range(2))
    third, fourth = (carol.ask("add", f"Idempotency-Key: {absent}", **fields).value["order"] for _ in range(2))
    assert len({first, second, third, fourth}) == 4


@pytest.mark.parametrize("absent", ABSENT)
def test_words_for_nothing_on_selectors(stand: Stand, carol: Reseller, absent: str) -> None:
    order, refill = stand.pending_order(), stand.refill("Rejected")
    assert carol.ask("status", order=order, orders=absent).body == carol.ask("status", order=order).body
    assert carol.ask("status", order=absent, orders=order).body == carol.ask("status", orders=order).body
    assert carol.says("refill_status", refill=refill, refills=absent) == {"status": "Rejected"}
    for action, names in [("status", ["order", "orders"]), ("refill_status", ["refill", "refills"])]:
        assert carol.refused(action, **dict.fromkeys(names, absent)) == "Incorrect request"


@pytest.mark.parametrize("absent", ABSENT)
def test_words_for_nothing_on_required_parameters(stand: Stand, carol: Reseller, absent: str) -> None:
    good = {"service": stand.service(), "link": new_link(), "quantity": 100}
    for name, text in [
        ("service", "Incorrect service ID"),
        ("link", "Bad link"),
        ("quantity", "Incorrect quantity"),
        ("action", "Incorrect request"),
        ("key", "Invalid API key"),
    ]:
        with stand.still():
            sent = {"key": carol.key, "action": "add", **good, name: absent}
            assert refusal(in_form(carol, sent)) == text


def test_null_in_json_is_not_sent(stand: Stand, carol: Reseller) -> None:
    fields = {"service": stand.service(), "link": new_link(), "quantity": 100, "runs": None, "interval": None}
    reply = carol.send("POST", API, JSON, body=compact({"key": carol.key, "action": "add", **fields}))
    assert stand.inside.order(order=reply.value["order"])["kind"] == "plain"
    reply = carol.send(
        "POST",
        f"{API}?quantity=100",
        JSON,
        body=compact({"key": carol.key, "action": "add", **fields, "quantity": None}),
    )
    assert list(reply.value) == ["order"]


# ---- who asks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("agent", ["Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)", "sqlmap/1.8", "", "x" * 3000])
def test_the_user_agent_is_never_filtered(carol: Reseller, agent: str) -> None:
    plain = carol.ask("balance")
    assert carol.ask("balance", f"User-Agent: {agent}").body == plain.body
    assert (
        carol.ask("balance", f"User-Agent: {quote(agent)}", "Accept: text/html", "Accept-Language: xx").body
        == plain.body
    )
