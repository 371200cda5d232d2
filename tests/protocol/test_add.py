"""PROTOCOL section 3: `add`, type by type, and its refusals."""

from __future__ import annotations

import threading
import uuid
from decimal import Decimal
from typing import Any

import pytest

from panelwright.catalog.types import BY_NAME, DELAYS_MIN, TYPES, ServiceType, Units
from tests.protocol.conftest import Live
from tests.protocol.talk import post

# A good value for each field that only some types have.
GOOD = {
    "keywords": "red\r\nblue",
    "comments": "one\r\ntwo\n\nthree\rfour\n  \n",
    "usernames": "anna\nboris\r\nchiara",
    "hashtags": "#a\n#b",
    "hashtag": "#spring",
    "username": "https://example.com/anna",
    "media": "https://example.com/p/1",
    "answer_number": "3",
    "groups": "https://example.com/g/1\nhttps://example.com/g/2",
    "country": "Brazil",
    "device": "5",
    "type_of_traffic": "3",
    "min": "50",
    "max": "60",
    "delay": "30",
}
BAD = {
    "answer_number": ["0", "-1", "two"],
    "country": ["XX", "Atlantis"],
    "device": ["0", "6", "desktop"],
    "type_of_traffic": ["0", "4"],
    "media": ["not a url", "javascript:alert(1)"],
    "delay": ["7", "-5", "601", "x"],
    "min": ["x", "-1", "1.5"],
    "max": ["x", ""],
    "comments": ["", " \r\n \n"],
    "usernames": ["", "\n\n"],
}


def link() -> str:
    return f"https://example.com/{uuid.uuid4().hex}"


def row_of(live: Live, type_: ServiceType) -> dict[str, Any]:
    number = live.service(type_.name)
    return next(row for row in live.call(action="services") if row["service"] == number)


def good(live: Live, type_: ServiceType) -> dict[str, str]:
    row = row_of(live, type_)
    params = {"service": str(row["service"])}
    for field in type_.fields:
        if field.name == "link":
            params["link"] = link()
        elif field.name == "quantity":
            params["quantity"] = str(int(row["min"]) + 7)
        elif field.name in GOOD:
            params[field.name] = GOOD[field.name]
    if type_.lines_of:
        params[type_.lines_of] = "\r\n".join(f"line {i}" for i in range(int(row["min"]) + 3))
    if type_.subscription:
        params |= {"min": row["min"], "max": row["max"]}
    return params


def units(type_: ServiceType, params: dict[str, str], row: dict[str, Any]) -> Decimal:
    """Thousands of billed units."""
    if type_.units is Units.FLAT:
        return Decimal(1)
    if type_.units is Units.PER_POST:
        return Decimal(0)
    if type_.units is Units.LINES:
        return Decimal(int(row["min"]) + 3) / 1000
    return Decimal(params["quantity"]) / 1000


@pytest.mark.parametrize("type_", TYPES, ids=lambda t: t.slug)
def test_each_type_is_taken_and_charged_exactly(live: Live, type_: ServiceType) -> None:
    row, params = row_of(live, type_), good(live, type_)
    before = live.balance()
    answer = post(live, action="add", **params).json
    assert list(answer) == ["order"]
    assert type(answer["order"]) is int
    exact = Decimal(row["rate"]) * units(type_, params, row)
    charge = exact.quantize(Decimal("0.000001"), rounding="ROUND_CEILING")
    assert before - live.balance() == charge
    status = live.call(action="status", order=answer["order"])
    assert Decimal(status["charge"]) == charge
    assert status["status"] == ("Active" if type_.subscription else "Pending")


@pytest.mark.parametrize("type_", TYPES, ids=lambda t: t.slug)
def test_each_required_field_is_missed_by_its_name(live: Live, type_: ServiceType) -> None:
    before = live.balance()
    params = good(live, type_)
    for field in type_.fields:
        if not field.required:
            continue
        without = {name: value for name, value in params.items() if name != field.name}
        expected = "Bad link" if field.name == "link" else f"Incorrect {field.name}"
        assert post(live, action="add", **without).error == expected
        for bad in BAD.get(field.name, []):
            assert post(live, action="add", **{**params, field.name: bad}).error == expected
    assert live.balance() == before


@pytest.mark.parametrize(
    "bad", ["", "two words", "javascript:alert(1)", "data:text/html,x", "http://", "a\x00b", "null"]
)
def test_bad_links(live: Live, bad: str) -> None:
    fields = {"service": live.service("Default"), "quantity": 100}
    assert post(live, action="add", link=bad, **fields).error == "Bad link"


@pytest.mark.parametrize(
    "good_link",
    ["https://example.com/a?b=c#d", "@anna", "anna", "t.me/anna", "example.com:8080/x", "https://пример.рф/ю"],
)
def test_links_as_customers_write_them(live: Live, good_link: str) -> None:
    fields = {"service": live.service("Default"), "quantity": 100}
    assert list(post(live, action="add", link=good_link, **fields).json) == ["order"]


def test_checks_come_in_their_order(live: Live) -> None:
    number = live.service("Web Traffic")
    wrong = {"service": "x", "link": "", "country": "XX", "runs": "2", "interval": "x", "quantity": "x"}
    expected = [
        ("service", number, "Incorrect service ID"),
        ("link", link(), "Bad link"),
        ("country", "US", "Incorrect country"),
        ("device", 5, "Incorrect device"),
        ("type_of_traffic", 3, "Incorrect type_of_traffic"),
        ("interval", 5, "Incorrect interval"),
        ("quantity", 1, "Incorrect quantity"),
    ]
    for name, right, text in expected:
        assert post(live, action="add", **wrong).error == text
        wrong[name] = str(right)
    assert post(live, action="add", **wrong).error.startswith("Quantity less than minimal")


def test_minimum_and_maximum_apply_per_run(live: Live) -> None:
    row = row_of(live, BY_NAME["Default"])
    fields = {"service": row["service"], "link": link()}
    low, high = int(row["min"]), int(row["max"])
    assert post(live, action="add", **fields, quantity=low - 1).error == f"Quantity less than minimal {low}"
    assert post(live, action="add", **fields, quantity=0).error == f"Quantity less than minimal {low}"
    assert post(live, action="add", **fields, quantity=high + 1).error == f"Quantity more than maximum {high}"
    assert post(live, action="add", **fields, quantity=10**30).error == f"Quantity more than maximum {high}"
    few = {"quantity": low - 1, "runs": 5, "interval": 5}
    assert post(live, action="add", **fields, **few).error == f"Quantity less than minimal {low}"
    for text in ("-5", "1.5", "1e3", "ten", "١٠٠"):
        assert post(live, action="add", **fields, quantity=text).error == "Incorrect quantity"


def test_runs_and_interval_together_or_neither(live: Live) -> None:
    fields = {"service": live.service("Default"), "quantity": 100, "link": link()}
    assert post(live, action="add", **fields, runs=3).error == "Incorrect interval"
    assert post(live, action="add", **fields, interval=3).error == "Incorrect runs"
    for bad in ("0", "-1", "x", "1.5"):
        assert post(live, action="add", **fields, runs=bad, interval=5).error == "Incorrect runs"
        assert post(live, action="add", **fields, runs=2, interval=bad).error == "Incorrect interval"
    order = post(live, action="add", **fields, runs=1, interval=5).json["order"]
    assert "runs" not in live.call(action="status", order=order)  # one run is a plain order


def test_drip_feed_only_where_the_service_allows_it(live: Live) -> None:
    rows = [r for r in live.call(action="services") if r["type"] == "Default" and not r["dripfeed"]]
    fields = {"service": rows[0]["service"], "quantity": rows[0]["min"], "link": link()}
    assert post(live, action="add", **fields, runs=2, interval=5).error == "Incorrect runs"
    assert list(post(live, action="add", **fields, runs=1, interval=5).json) == ["order"]


def test_a_quantity_is_ignored_where_the_type_derives_it(live: Live) -> None:
    row = row_of(live, BY_NAME["Custom Comments"])
    params = {**good(live, BY_NAME["Custom Comments"]), "quantity": "999999"}
    before = live.balance()
    order = post(live, action="add", **params).json["order"]
    assert live.call(action="status", order=order)["remains"] == str(int(row["min"]) + 3)
    assert before > live.balance()


def test_lines_are_split_at_any_line_end_and_blank_ones_do_not_count(live: Live) -> None:
    row = row_of(live, BY_NAME["Custom Comments"])
    lines = [f"comment {i}" for i in range(max(int(row["min"]), 4))]
    text = "\r\n".join(lines[:1]) + "\n\n" + "\r".join(lines[1:3]) + "\n \r\n" + "\n".join(lines[3:]) + "\r\n"
    order = post(live, action="add", service=row["service"], link=link(), comments=text).json["order"]
    assert live.call(action="status", order=order)["remains"] == str(len(lines))


@pytest.mark.parametrize(
    ("traffic", "more", "refused"),
    [
        ("1", {}, "google_keyword"),
        ("1", {"google_keyword": "red shoes"}, ""),
        ("2", {"google_keyword": "red shoes"}, "referring_url"),
        ("2", {"referring_url": "nonsense"}, "referring_url"),
        ("2", {"referring_url": "https://example.com/from"}, ""),
        ("3", {}, ""),
    ],
)
def test_web_traffic_needs_what_its_kind_of_traffic_needs(
    live: Live, traffic: str, more: dict[str, str], refused: str
) -> None:
    params = {**good(live, BY_NAME["Web Traffic"]), "type_of_traffic": traffic, "country": "us", **more}
    answer = post(live, action="add", **params)
    if refused:
        assert answer.error == f"Incorrect {refused}"
    else:
        assert list(answer.json) == ["order"]


@pytest.mark.parametrize("delay", DELAYS_MIN)
def test_every_delay_of_a_subscription(live: Live, delay: int) -> None:
    params = {**good(live, BY_NAME["Subscriptions"]), "delay": str(delay)}
    assert list(post(live, action="add", **params).json) == ["order"]


def test_subscriptions_keep_within_the_service(live: Live) -> None:
    row, params = row_of(live, BY_NAME["Subscriptions"]), good(live, BY_NAME["Subscriptions"])
    low, high = int(row["min"]), int(row["max"])
    for change, text in (
        ({"min": str(low - 1)}, f"Quantity less than minimal {low}"),
        ({"max": str(high + 1)}, f"Quantity more than maximum {high}"),
        ({"min": str(low + 5), "max": str(low + 4)}, "Incorrect max"),
        ({"expiry": "31/12/2001"}, "Incorrect expiry"),
        ({"expiry": "2099-12-31"}, "Incorrect expiry"),
        ({"expiry": "31/02/2099"}, "Incorrect expiry"),
        ({"posts": "-1"}, "Incorrect posts"),
        ({"old_posts": "x"}, "Incorrect old_posts"),
        ({"username": ""}, "Incorrect username"),
    ):
        assert post(live, action="add", **{**params, **change}).error == text
    for fine in ({"posts": "0", "old_posts": "3"}, {"posts": "0"}, {"posts": "", "expiry": ""}, {"old_posts": "None"}):
        assert list(post(live, action="add", **{**params, **fine}).json) == ["order"]


def test_a_second_open_order_for_the_same_link(live: Live) -> None:
    number = live.installation.hand.do("unique", panel=live.slug)["number"]
    fields = {"service": number, "quantity": 100, "link": link()}
    before = live.balance()
    first = post(live, action="add", **fields).json["order"]
    price = before - live.balance()
    text = "You have active order with this link. Please wait until order being completed."
    assert post(live, action="add", **fields).error == text
    assert before - live.balance() == price
    live.call(action="cancel", orders=first)
    assert list(post(live, action="add", **fields).json) == ["order"]


def test_not_enough_funds_takes_nothing(live: Live) -> None:
    poor = live.installation.customer(live, "poor@everything.example")
    fields = {"service": live.service("Default"), "quantity": 100, "link": link()}
    assert post(live, key=poor, action="add", **fields).error == "Not enough funds on balance"
    assert post(live, key=poor, action="balance").body == b'{"balance":"0.00","currency":"USD"}'


def test_request_id_makes_a_repeat_safe(live: Live) -> None:
    fields = {"service": live.service("Default"), "quantity": 100, "link": link()}
    before = live.balance()
    mine = uuid.uuid4().hex
    first = post(live, action="add", **fields, request_id=mine).json
    price = before - live.balance()
    assert post(live, action="add", **fields, request_id=mine).json == first
    assert post(live, action="add", **fields, headers={"Idempotency-Key": mine}).json == first
    assert before - live.balance() == price
    other = {**fields, "quantity": 101}
    assert post(live, action="add", **other, request_id=mine).error == "Incorrect request_id"
    assert post(live, action="add", **fields, request_id="x" * 101).error == "Incorrect request_id"
    assert before - live.balance() == price


def test_request_ids_of_two_customers_have_nothing_to_do_with_each_other(live: Live, mallory: Live) -> None:
    mine = uuid.uuid4().hex
    fields = {"service": live.service("Default"), "quantity": 100, "link": link(), "request_id": mine}
    assert post(live, action="add", **fields).json != post(mallory, action="add", **fields).json


def test_concurrent_repeats_of_one_request_id_make_one_order(live: Live) -> None:
    fields = {"service": live.service("Default"), "quantity": 100, "link": link(), "request_id": uuid.uuid4().hex}
    before = live.balance()
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(live, action="add", **fields).body)) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert len(set(answers)) == 1
    single = before - live.balance()
    post(live, action="add", **{**fields, "request_id": uuid.uuid4().hex, "link": link()})
    assert before - live.balance() == 2 * single
