"""PROTOCOL sections 2 and 4: what each action answers, its types and its words."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.protocol.conftest import Live
from tests.protocol.talk import post, send

REFILL_WORDS = ["Pending", "In progress", "Completed", "Rejected", "Canceled"]


def test_services(live: Live) -> None:
    rows = post(live, action="services").json
    assert {row["type"] for row in rows} >= {"Default", "Package", "Subscriptions", "Web Traffic"}
    for row in rows:
        assert list(row)[:9] == ["service", "name", "type", "category", "rate", "min", "max", "refill", "cancel"]
        assert list(row)[9:] == ["dripfeed"]
        assert type(row["service"]) is int
        assert all(type(row[k]) is str for k in ("rate", "min", "max", "name"))
        assert all(type(row[k]) is bool for k in ("refill", "cancel", "dripfeed"))
        whole, fraction = row["rate"].split(".")
        assert whole.isdigit() and 2 <= len(fraction) <= 6


def test_services_are_sent_once_and_compressed(live: Live) -> None:
    path = f"/api/v2?key={live.api_key}&action=services"
    first = send(live, method="GET", path=path, content_type=None)
    again = send(live, method="GET", path=path, content_type=None, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    small = send(live, method="GET", path=path, content_type=None, headers={"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert len(small.body) < len(first.body) / 2


def test_balance(live: Live) -> None:
    body = post(live, action="balance").body
    answer = json.loads(body)
    assert list(answer) == ["balance", "currency"]
    assert Decimal(answer["balance"]) == live.balance()
    assert answer["currency"] == "USD"


def test_status_of_one_before_anything_is_known(live: Live) -> None:
    order = live.order(quantity=77)
    answer = post(live, action="status", order=order).json
    assert list(answer) == ["charge", "start_count", "status", "remains", "currency"]
    assert all(type(value) is str for value in answer.values())
    assert (answer["start_count"], answer["status"], answer["remains"]) == ("0", "Pending", "77")


def test_status_of_many_stays_an_object_even_for_one(live: Live) -> None:
    order = live.order()
    one = post(live, action="status", order=order).json
    assert post(live, action="status", orders=order).json == {str(order): one}
    assert post(live, action="status", order=f"{order},999999999").json == {
        str(order): one,
        "999999999": {"error": "Incorrect order ID"},
    }
    assert post(live, action="status", order=999_999_999).error == "Incorrect order ID"


@pytest.mark.parametrize(
    ("word", "remains", "kept"), [("Completed", 0, 1), ("Partial", 40, Decimal("0.6")), ("Canceled", 100, 0)]
)
def test_after_the_end(live: Live, word: str, remains: int, kept: Decimal) -> None:
    before = live.balance()
    order = live.order(quantity=100)
    charge = before - live.balance()
    live.end(order, word, remains=remains, start_count=3572)
    answer = post(live, action="status", order=order).json
    assert (answer["status"], answer["remains"], answer["start_count"]) == (word, str(remains), "3572")
    assert Decimal(answer["charge"]) == before - live.balance()
    # charge x (quantity - remains) / quantity, the refund rounded down to the micro
    assert abs(Decimal(answer["charge"]) - charge * kept) < Decimal("0.000001")
    if word == "Canceled":
        assert answer["charge"] == "0.00"
    live.end(order, "Canceled", remains=100)
    assert post(live, action="status", order=order).json == answer  # terminal states never change


def test_refill_answers_texts_for_one_and_numbers_for_many(live: Live) -> None:
    first, second = live.completed_order(), live.completed_order()
    one = post(live, action="refill", order=first).json
    assert list(one) == ["refill"]
    assert type(one["refill"]) is str
    many = post(live, action="refill", orders=f"{second},{first},999999999,Array").json
    assert [row["order"] for row in many] == [second, first, 999_999_999, "Array"]
    assert type(many[0]["refill"]) is int
    assert many[1]["refill"] == {"error": "The refill task is not completed for this order"}
    assert many[2]["refill"] == many[3]["refill"] == {"error": "Incorrect order ID"}


def test_refills_are_refused_in_the_words_of_the_protocol(live: Live) -> None:
    def said(order: int) -> str:
        return post(live, action="refill", order=order).error

    fresh = live.order()
    assert said(fresh) == "The order is not completed"
    live.end(fresh, "Completed", days=0.5)
    assert said(fresh) == "The order was completed or refill was requested less than 24 hours ago"
    old = live.order()
    live.end(old, "Completed", days=31)
    assert said(old) == "Refill days are over"
    partial = live.order()
    live.end(partial, "Partial", remains=3)
    assert said(partial) == "The order is not completed"


@pytest.mark.parametrize("word", REFILL_WORDS)
def test_refill_status(live: Live, word: str) -> None:
    refill = live.refill(word)
    assert send(live, f"key={live.api_key}&action=refill_status&refill={refill}").body == (
        b'{"status":"' + word.encode() + b'"}'
    )
    many = post(live, action="refill_status", refills=f"{refill},999999999,Array").json
    assert many == [
        {"refill": refill, "status": word},
        {"refill": 999_999_999, "status": {"error": "Refill not found"}},
        {"refill": "Array", "status": {"error": "Refill not found"}},
    ]
    assert post(live, action="refill_status", refill=999_999_999).error == "Refill not found"


def test_p1_spells_refill_status_its_own_way(promobox: Live) -> None:
    refill = promobox.refill("Completed")
    assert post(promobox, action="refill_status", refill=refill).body == b'{"refill":"Completed"}'


def test_cancel_is_always_a_list(live: Live) -> None:
    before = live.balance()
    first, second = live.order(), live.order()
    ended = live.completed_order()
    charged = before - live.balance()
    answer = post(live, action="cancel", orders=f"{first},999999999,{ended},Array").json
    assert answer == [
        {"order": first, "cancel": 1},
        {"order": 999_999_999, "cancel": {"error": "Incorrect order ID"}},
        {"order": ended, "cancel": {"error": "The order cannot be canceled"}},
        {"order": "Array", "cancel": {"error": "Incorrect order ID"}},
    ]
    assert post(live, action="cancel", order=second).json == [{"order": second, "cancel": 1}]
    for order in (first, second):
        status = post(live, action="status", order=order).json
        assert (status["status"], status["charge"], status["remains"]) == ("Canceled", "0.00", "100")
    assert before - live.balance() == charged / 3  # the completed one is kept


def test_a_drip_feed_tells_its_runs_and_orders(live: Live) -> None:
    before = live.balance()
    plain = live.order(quantity=50)
    price = before - live.balance()
    order = live.order(quantity=50, runs=4, interval=10)
    assert before - live.balance() == price * 5  # charged at once, for all four runs
    answer = post(live, action="status", order=order).json
    assert list(answer) == ["charge", "start_count", "status", "remains", "currency", "runs", "orders"]
    assert (answer["runs"], answer["orders"], answer["remains"]) == ("0", [], "200")
    assert list(post(live, action="status", order=plain).json) == list(answer)[:5]


def test_a_subscription_tells_its_posts_orders_and_expiry(live: Live) -> None:
    before = live.balance()
    fields = {"service": live.service("Subscriptions"), "username": "anna", "min": 50, "max": 60, "delay": 30}
    order = post(live, action="add", **fields, expiry="1/2/2099").json["order"]
    assert live.balance() == before  # each order that it creates is charged when it is created
    assert post(live, action="status", order=order).json == {
        "charge": "0.00",
        "start_count": "0",
        "status": "Active",
        "remains": "0",
        "currency": "USD",
        "posts": "0",
        "orders": [],
        "expiry": "01/02/2099",
    }
    assert post(live, action="cancel", orders=order).json == [{"order": order, "cancel": 1}]
    assert post(live, action="status", order=order).json["status"] == "Canceled"
