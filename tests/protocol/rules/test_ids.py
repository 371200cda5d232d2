"""PROTOCOL.md section 1, ids in lists: each item is answered, in the order asked, whatever the others are."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.protocol.rules.wire import API, FORM, Reply, compact, form

WRONG = {"error": "Incorrect order ID"}
NOT_FOUND = {"error": "Refill not found"}
UNKNOWN = 999_999_999
GARBAGE = [
    *("Array", "null", "undefined", "None", "-1", "1.0", "1e3", "+5", "0x10", "5x", "1 2", "١٢", "²", "５", "NaN"),
    *('"', "\\", "'", "<b>", "{}", "[1]", "ю", "👍", "a" * 3000, "&", "=", "%", "\x7f", "true"),
]
# Action, name of the list, name in its rows, name of what is answered, what a bad one is answered.
LISTS = [
    ("refill", "orders", "order", "refill", WRONG),
    ("cancel", "orders", "order", "cancel", WRONG),
    ("refill_status", "refills", "refill", "status", NOT_FOUND),
]


@pytest.mark.parametrize("item", GARBAGE)
def test_garbage_in_a_status_list(stand: Stand, carol: Reseller, item: str) -> None:
    order = stand.pending_order()
    with stand.still():
        many = carol.ask("status", orders=f"{item},{order},{UNKNOWN}")
    assert many.body == compact({item: WRONG, str(order): carol.status(order), str(UNKNOWN): WRONG})


@pytest.mark.parametrize("item", GARBAGE)
@pytest.mark.parametrize(("action", "names", "name", "key", "wrong"), LISTS, ids=[row[0] for row in LISTS])
def test_garbage_in_other_lists(
    stand: Stand, carol: Reseller, action: str, names: str, name: str, key: str, wrong: object, item: str
) -> None:
    """An id that is no number is echoed as text; the same garbage twice is answered twice."""
    with stand.still():
        many = carol.ask(action, **{names: f"{item},{UNKNOWN},{item}"})
    assert many.body == compact([{name: echo, key: wrong} for echo in (item, UNKNOWN, item)])


def test_the_same_garbage_twice_in_an_object_is_one_key(carol: Reseller) -> None:
    assert carol.ask("status", orders="Array,Array").body == b'{"Array":{"error":"Incorrect order ID"}}'
    assert carol.ask("cancel", orders="Array,Array").body == (
        b'[{"order":"Array","cancel":{"error":"Incorrect order ID"}},'
        b'{"order":"Array","cancel":{"error":"Incorrect order ID"}}]'
    )


@pytest.mark.parametrize(
    "item", [b"%FF", b"%ED%A0%80", b"%00", b"1%0B1", b"1%E2%80%8B1", b"1%00", b"%C3%28", b"\xff\xfe", b"%F0%9F", b"%"]
)
def test_broken_bytes_in_lists(stand: Stand, carol: Reseller, item: bytes) -> None:
    order = stand.pending_order()
    for action, names, key in [
        ("status", "orders", None),
        ("cancel", "orders", "cancel"),
        ("refill_status", "refills", "status"),
    ]:
        sent = form({"key": carol.key, "action": action}) + f"&{names}=".encode() + item + f",{UNKNOWN}".encode()
        with stand.still():
            value = carol.send("POST", API, FORM, body=sent).value
        assert len(value) == 2
        answers = value.values() if key is None else [row[key] for row in value]
        assert all(list(answer) == ["error"] for answer in answers)
    assert carol.status(order)["status"] == "Pending"


# ---- order and number ------------------------------------------------------------------------------


def test_a_hundred_orders_in_the_order_asked(stand: Stand, carol: Reseller) -> None:
    """By order's own number, never by place: each of them has another quantity."""
    service = stand.service()
    orders = {carol.order(service, link=new_link(), quantity=50 + n): 50 + n for n in range(100)}
    asked = list(orders)
    random.Random(7).shuffle(asked)
    answer = carol.says("status", orders=",".join(map(str, asked)))
    assert list(answer) == [str(order) for order in asked]
    assert [row["remains"] for row in answer.values()] == [str(orders[order]) for order in asked]
    canceled = carol.says("cancel", orders=",".join(map(str, asked[:50])))
    assert canceled == [{"order": order, "cancel": 1} for order in asked[:50]]
    words = [row["status"] for row in carol.says("status", orders=",".join(map(str, asked))).values()]
    assert words == ["Canceled"] * 50 + ["Pending"] * 50


def answers(reply: Reply) -> list[Any]:
    value = reply.value
    return list(value.values()) if isinstance(value, dict) else value


@pytest.mark.parametrize(
    ("action", "names"),
    [("status", "orders"), ("refill", "orders"), ("cancel", "orders"), ("refill_status", "refills")],
)
@pytest.mark.parametrize("count", [99, 100, 101, 150, 20_000])
def test_up_to_a_hundred_and_the_rest_is_ignored(carol: Reseller, action: str, names: str, count: int) -> None:
    assert len(answers(carol.ask(action, **{names: ",".join(str(UNKNOWN + n) for n in range(count))}))) == min(
        count, 100
    )


def test_the_rest_is_really_ignored(stand: Stand, carol: Reseller) -> None:
    order = stand.pending_order()
    before = ",".join(str(UNKNOWN + n) for n in range(100))
    assert len(carol.says("cancel", orders=f"{before},{order}")) == 100
    assert carol.status(order)["status"] == "Pending"
    assert len(carol.says("status", orders=f"{order},{before}")) == 100


def test_a_repeated_id_is_answered_once(stand: Stand, carol: Reseller) -> None:
    order, done, refill = stand.pending_order(), stand.completed_order(), stand.refill("Rejected")
    again = f"{done},{order},{done},{order},{UNKNOWN},{UNKNOWN}"
    assert list(carol.says("status", orders=again)) == [str(done), str(order), str(UNKNOWN)]
    assert [row["order"] for row in carol.says("refill", orders=again)] == [done, order, UNKNOWN]
    assert [row["order"] for row in carol.says("cancel", orders=again)] == [done, order, UNKNOWN]
    assert carol.says("refill_status", refills=f"{refill},{refill}") == [{"refill": refill, "status": "Rejected"}]
    # Those that come again take nobody's place.
    other = stand.pending_order()
    assert len(carol.says("status", orders=f"{order}," * 150 + str(other))) == 2


def test_empty_items_are_dropped(stand: Stand, carol: Reseller) -> None:
    order = stand.pending_order()
    status = carol.status(order)
    for sent in (f",{order}", f"{order},", f" , ,{order} ,,", "," * 300 + str(order)):
        assert carol.ask("status", orders=sent).body == compact({str(order): status})
    for sent in (",", " , ", ",,,,"):
        assert carol.ask("status", orders=sent).body == b"{}"
        assert carol.ask("cancel", orders=sent).body == b"[]"


# ---- one or many -----------------------------------------------------------------------------------


def test_the_list_form_stays_a_list_for_one(stand: Stand, carol: Reseller) -> None:
    order, done, refill = stand.pending_order(), stand.completed_order(), stand.refill("Rejected")
    assert carol.ask("status", orders=order).body == compact({str(order): carol.status(order)})
    assert carol.ask("refill_status", refills=refill).body == b'[{"refill":%d,"status":"Rejected"}]' % refill
    made = carol.ask("refill", orders=done)
    assert made.body == b'[{"order":%d,"refill":%d}]' % (done, made.value[0]["refill"])


def test_a_comma_in_the_single_form_means_many(stand: Stand, carol: Reseller) -> None:
    order, done, refill = stand.pending_order(), stand.completed_order(), stand.refill("Rejected")
    assert carol.ask("status", order=f"{done},{order}").body == carol.ask("status", orders=f"{done},{order}").body
    assert list(carol.says("status", order=f"{order},")) == [str(order)]
    assert carol.ask("refill_status", refill=f"{refill},x").body == (
        b'[{"refill":%d,"status":"Rejected"},{"refill":"x","status":{"error":"Refill not found"}}]' % refill
    )
    assert carol.says("refill", order=f"{order},{order}") == [
        {"order": order, "refill": {"error": "The order is not completed"}}
    ]
    assert carol.says("cancel", order=f"{order},x") == [{"order": order, "cancel": 1}, {"order": "x", "cancel": WRONG}]


@pytest.mark.parametrize("item", [*GARBAGE, "0", "00", str(10**18), str(10**30), "9" * 5000, str(UNKNOWN)])
def test_one_that_is_none(stand: Stand, carol: Reseller, item: str) -> None:
    if item in {"null", "undefined", "None"}:  # not sent at all
        assert carol.refused("status", order=item) == "Incorrect request"
        return
    assert carol.refused("status", order=item) == "Incorrect order ID"
    assert carol.refused("refill", order=item) == "Incorrect order ID"
    assert carol.refused("refill_status", refill=item) == "Refill not found"
    [row] = carol.says("cancel", order=item)
    assert row["cancel"] == WRONG


def test_both_forms_at_once(stand: Stand, carol: Reseller) -> None:
    """The list is what the client wants; nothing fails."""
    one, two = stand.pending_order(), stand.completed_order()
    assert list(carol.says("status", order=one, orders=f"{two},{one}")) == [str(two), str(one)]


def test_a_list_of_ids_in_json_and_php_form(stand: Stand, carol: Reseller) -> None:
    one, two = stand.pending_order(), stand.completed_order()
    expected = carol.ask("status", orders=f"{two},{one}").body
    body = json.dumps({"key": carol.key, "action": "status", "orders": [two, str(one)]}).encode()
    assert carol.send("POST", API, "Content-Type: application/json", body=body).body == expected
    sent = f"key={carol.key}&action=status&orders%5B%5D={two}&orders[]={one}".encode()
    assert carol.send("POST", API, FORM, body=sent).body == expected
