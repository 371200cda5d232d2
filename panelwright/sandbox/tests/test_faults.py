"""Each fault, once, over HTTP; which calls a rule hits; what is told of it at the control address."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from panelwright.sandbox.kinds import KINDS, REFUSALS
from panelwright.sandbox.tests.harness import TOKEN, Caller, Sandbox

LINK = "https://example.com/page"
ADD: dict[str, Any] = {"service": 2, "link": LINK, "quantity": 100}
SetFaults = Callable[..., None]
Strike = Callable[..., None]


@pytest.fixture
def strike(caller: Caller, set_faults: SetFaults) -> Strike:
    """`strike("reset", when="after")`: the one fault in force, for this caller only."""
    return lambda fault, **rule: set_faults({"fault": fault, "key": caller.key} | rule)


def _orders(caller: Caller) -> int:
    """How many orders the caller has, past every fault."""
    return sum(order["owner"] == caller.owner for order in caller.sandbox.state()["orders"])


def _wait_for_orders(caller: Caller, count: int) -> None:
    """Wait for what the sandbox does after its client has gone."""
    deadline = time.monotonic() + 60
    while _orders(caller) != count:
        assert time.monotonic() < deadline, (_orders(caller), count)
        time.sleep(0.02)


def _once(caller: Caller, *, timeout_s: float = 10) -> urllib3.BaseHTTPResponse:
    """One `add` on a connection of its own."""
    with urllib3.PoolManager(retries=False, timeout=timeout_s) as http:
        fields = {"key": caller.key, "action": "add"} | {name: str(value) for name, value in ADD.items()}
        return http.request("POST", f"{caller.sandbox.url}/api/v2", fields=fields, encode_multipart=False)


# Transport


@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("fault", ["timeout", "reset"])
def test_no_answer(caller: Caller, strike: Strike, fault: str, when: str, taken: int):
    strike(fault, when=when)
    with pytest.raises((ReadTimeoutError, ProtocolError)) as caught:
        _once(caller, timeout_s=0.3 if fault == "timeout" else 10)
    assert isinstance(caught.value, ReadTimeoutError if fault == "timeout" else ProtocolError)
    _wait_for_orders(caller, taken)
    assert caller.sandbox.faults()["faults"][0]["hits"] == 1
    log = [row for row in caller.sandbox.state()["add_log"] if row["owner"] == caller.owner]
    assert [(row["result"], row["error"]) for row in log] == [("placed", None) if taken else ("dropped", fault)]


@pytest.mark.alone
def test_a_reset_is_a_reset_and_a_timeout_ends_with_a_close(sandbox: Sandbox, caller: Caller, strike: Strike):
    body = urlencode({"key": caller.key, "action": "balance"}).encode()
    head = b"POST /api/v2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    address = ("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    strike("reset")
    with socket.create_connection(address, timeout=60) as sock, pytest.raises(ConnectionResetError):
        sock.sendall(head + body)
        sock.recv(1)
    strike("timeout", seconds=0.1)
    with socket.create_connection(address, timeout=60) as sock:
        started = time.monotonic()
        sock.sendall(head + body)
        assert sock.recv(1) == b""
        assert 0.08 < time.monotonic() - started < 3


def test_an_answer_that_breaks_off(caller: Caller, strike: Strike):
    strike("cut")
    with pytest.raises(ProtocolError, match="IncompleteRead"):
        _once(caller)
    assert _orders(caller) == 1


@pytest.mark.alone
@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
def test_latency_is_waited_for_before_or_after_the_work(caller: Caller, strike: Strike, when: str, taken: int):
    strike("latency", when=when, seconds=0.25)
    started = time.monotonic()
    assert caller.add(**ADD)
    assert time.monotonic() - started > 0.24
    strike("latency", when=when, seconds=1)
    with pytest.raises(ReadTimeoutError):
        _once(caller, timeout_s=0.3)
    assert _orders(caller) == 1 + taken
    _wait_for_orders(caller, 2)  # a slow panel takes the order of a client that has gone


@pytest.mark.parametrize(
    ("rule", "status", "body"),
    [
        ({"status": 500}, 500, b'{"error":"Internal server error"}'),
        ({"status": 404, "text": "No route"}, 404, b'{"error":"No route"}'),
        ({"status": 422, "text": "The link field is required."}, 422, b'{"error":"The link field is required."}'),
        ({"status": 503, "body": "empty"}, 503, b""),
        ({"status": 403, "body": "empty"}, 403, b""),
    ],
)
@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
def test_http_status_with_and_without_an_error(
    caller: Caller, strike: Strike, rule: dict[str, Any], status: int, body: bytes, when: str, taken: int
):
    strike("http", when=when, **rule)
    answer = caller.raw("add", idempotency_key="", **ADD)
    assert (answer.status, answer.data, _orders(caller)) == (status, body, taken)


def test_pages(caller: Caller, strike: Strike):
    strike("http", status=502, body="page")
    answer = caller.raw("add", idempotency_key="", **ADD)
    assert (answer.status, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert b"<h1>502 Bad Gateway</h1>" in answer.data
    strike("html", when="after")
    answer = caller.raw("add", idempotency_key="", **ADD)
    assert (answer.status, answer.data[:15], _orders(caller)) == (200, b"<!DOCTYPE html>", 1)


def test_the_answer_itself_with_another_status(caller: Caller, strike: Strike):
    strike("http", status=201, body="answer", when="after")
    answer = caller.raw("add", idempotency_key="", **ADD)
    assert (answer.status, list(answer.json()), _orders(caller)) == (201, ["order"], 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(caller: Caller, strike: Strike, status: int):
    strike("redirect", status=status, location=f"{caller.sandbox.url}/api/v2?x=1")
    answer = caller.sandbox.http.request(
        "POST", f"{caller.sandbox.url}/api/v2", fields={"key": caller.key, "action": "balance"}, redirect=False
    )
    assert (answer.status, answer.headers["location"]) == (status, f"{caller.sandbox.url}/api/v2?x=1")


# Refusals


@pytest.mark.parametrize("code", REFUSALS)
def test_any_refusal(caller: Caller, strike: Strike, code: str):
    strike("refuse", code=code)
    answer = caller.raw("add", idempotency_key="", **ADD)
    assert (answer.json(), answer.headers["x-error-code"]) == ({"error": REFUSALS[code].text}, code)
    assert _orders(caller) == 0


def test_a_refusal_in_any_words_also_of_an_order_that_was_taken(caller: Caller, set_faults: SetFaults):
    set_faults(
        {"fault": "refuse", "key": caller.key, "text": "Operation timed out", "when": "after"},
        {"fault": "dialect", "key": caller.key, "dialect": ["status-fail", "error-500"]},
    )
    answer = caller.raw("add", idempotency_key="", **ADD)
    assert (answer.status, answer.json()) == (500, {"status": "fail", "message": "Operation timed out"})
    assert _orders(caller) == 1


def test_rate_limit_and_wrong_key(caller: Caller, strike: Strike):
    strike("rate_limit", retry_after_s=7)
    answer = caller.raw("balance")
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.json() == {"error": "Rate limit exceeded. Please try again later."}
    strike("rate_limit", in_body=True)
    assert caller("balance") == {"error": "Rate limit exceeded. Please try again later."}
    strike("wrong_key")
    assert caller("balance") == {"error": "Invalid API key"}


def test_no_funds_comes_after_the_other_checks_and_shows_in_the_balance(caller: Caller, strike: Strike):
    strike("no_funds")
    assert caller("add", **ADD) == {"error": "Not enough funds on balance"}
    assert caller("add", **ADD | {"service": 0}) == {"error": "Incorrect service ID"}
    assert caller("balance") == {"balance": "0.00", "currency": "USD"}
    caller.sandbox.set_faults()
    assert caller.balance() == "1000000.00"


# Orders


@pytest.mark.parametrize(("when", "taken"), [("before", 1), ("after", 2)])
def test_the_same_id_given_twice(caller: Caller, strike: Strike, when: str, taken: int):
    strike("duplicate", when=when, times=1)
    first = caller.add(**ADD)  # there is nothing to repeat
    assert caller.add(**ADD) == first
    assert _orders(caller) == taken
    assert caller.add(**ADD) != first
    assert [(r["seen"], r["hits"]) for r in caller.sandbox.faults()["faults"]] == [(2, 1)]


def test_a_refusal_stays_a_refusal_where_the_id_would_be_given_twice(caller: Caller, strike: Strike):
    caller.add(**ADD)
    strike("duplicate", when="after")
    assert caller("add", **ADD | {"quantity": 1}) == {"error": "Quantity less than minimal 10"}


def test_a_lost_order_is_paid_and_unknown_for_ever(own_sandbox: Sandbox):
    own_sandbox.start("--speed", "0")
    caller = own_sandbox.caller("key")
    own_sandbox.set_faults({"fault": "lost", "nth": 2})
    kept, lost = (caller.add(**ADD, request_id=f"r{n}") for n in range(2))
    own_sandbox.set_faults()
    own_sandbox.kill()
    own_sandbox.start("--speed", "0")
    assert caller.status(lost) == {"error": "Incorrect order ID"}
    assert caller("status", orders=f"{kept},{lost}")[str(lost)] == {"error": "Incorrect order ID"}
    assert caller("cancel", orders=lost)[0]["cancel"] == {"error": "Incorrect order ID"}
    assert caller("refill", order=lost) == {"error": "Incorrect order ID"}
    assert caller.status(kept)["status"] == "Pending"
    assert [order["lost"] for order in own_sandbox.state()["orders"]] == [False, True]
    assert caller.balance() == "999999.7531"
    # The panel that lost it does not know its request_id either.
    assert caller.add(**ADD, request_id="r0") == kept
    assert caller.add(**ADD, request_id="r1") not in (kept, lost)


def test_states_go_backwards(caller: Caller, strike: Strike):
    ended = caller.held(status="Partial", remains=400)
    running = caller.held(status="In progress", remains=400)
    pending = caller.held(status="Pending", remains=1000)
    strike("backwards", every=2)
    seen = [caller("status", orders=f"{ended},{running},{pending}") for _ in range(4)]
    assert [[report["status"] for report in reports.values()] for reports in seen] == [
        ["Partial", "In progress", "Pending"],
        ["In progress", "Pending", "Pending"],
        ["Partial", "In progress", "Pending"],
        ["In progress", "Pending", "Pending"],
    ]
    back = seen[1][str(ended)]
    assert (back["remains"], back["charge"]) == ("1000", "1.2345")
    assert caller.sandbox.faults()["faults"][0]["seen"] == 8  # a pending one has nothing to go back to


def test_remains_and_over_delivery(caller: Caller, strike: Strike):
    order, done = caller.held(status="In progress", remains=20), caller.held(status="Completed", remains=0)
    strike("remains")
    assert caller.status(order)["remains"] == "Unknown"
    strike("remains", value="above")
    assert caller.status(order)["remains"] == "2000"
    strike("remains", value="-12")
    assert caller.status(order)["remains"] == "-12"
    strike("over_delivery", units=25)
    assert [caller.status(o)["remains"] for o in (order, done)] == ["-5", "-25"]


def test_a_service_is_sold_in_steps(caller: Caller, strike: Strike):
    assert "increment" not in caller("services")[1]
    strike("service", service=2, increment=100)
    assert {row["service"]: row.get("increment") for row in caller("services")[:3]} == {1: None, 2: "100", 3: None}
    assert caller("add", **ADD | {"quantity": 150}) == {"error": "Quantity must be a multiple of 100"}
    assert "order" in caller("add", **ADD | {"quantity": 200})


def test_prices_and_limits_change_on_schedule(sandbox: Sandbox, caller: Caller, set_faults: SetFaults):
    set_faults(
        {"fault": "service", "service": 2, "rate": "2.50", "min": 20, "from_s": 60, "to_s": 120, "key": caller.key},
        {"fault": "service", "service": 3, "percent": 50, "max": 100, "from_s": 60, "to_s": 120, "key": caller.key},
        {"fault": "service", "service": 4, "closed": True, "from_s": 60, "to_s": 120, "key": caller.key},
    )
    usual = {row["service"]: row for row in caller("services")}
    sandbox.advance(60)
    changed = {row["service"]: row for row in caller("services")}
    assert usual[2]["rate"] == "1.2345"
    assert changed[2] == usual[2] | {"rate": "2.50", "min": "20"}
    assert changed[3] == usual[3] | {"rate": "0.50", "max": "100"}  # 0.333333, up by half, to the micro
    assert set(usual) - set(changed) == {4}
    assert [changed[n] for n in changed if n not in (2, 3)] == [usual[n] for n in usual if n not in (2, 3, 4)]
    assert caller("add", service=4, link=LINK, quantity=100) == {"error": "Incorrect service ID"}
    assert caller("add", service=2, link=LINK, quantity=19) == {"error": "Quantity less than minimal 20"}
    assert caller.status(caller.add(**ADD))["charge"] == "0.25"
    sandbox.advance(60)
    assert {row["service"]: row for row in caller("services")} == usual
    assert caller.status(caller.add(**ADD))["charge"] == "0.12345"


def test_a_list_that_lies_about_the_price(caller: Caller, strike: Strike):
    strike("service", action="services", percent=-10)
    assert caller("services")[1]["rate"] == "1.11105"
    assert caller.status(caller.add(**ADD))["charge"] == "0.12345"


# Which calls are hit


def _hit(caller: Caller, calls: int, **params: object) -> list[bool]:
    return ["error" in caller("balance", **params) for _ in range(calls)]


@pytest.mark.parametrize(
    ("conditions", "hit"),
    [
        ({"nth": 3}, [3]),
        ({"every": 3}, [3, 6, 9]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 2}, [2, 4]),
        ({"action": "balance", "every": 5}, [5]),
        ({"action": "add"}, []),
    ],
)
def test_counts(caller: Caller, strike: Strike, conditions: dict[str, Any], hit: list[int]):
    strike("wrong_key", **conditions)
    assert [n for n, struck in enumerate(_hit(caller, 9), 1) if struck] == hit


def test_chance_is_the_same_in_every_run_of_one_seed(caller: Caller, set_faults: SetFaults):
    rule = {"fault": "wrong_key", "key": caller.key, "probability": 0.3}
    runs = []
    for seed in (1, 1, 2):
        set_faults(rule, seed=seed)
        runs.append(_hit(caller, 60))
    assert runs[0] == runs[1] != runs[2]
    assert 8 <= sum(runs[0]) <= 28
    set_faults(rule | {"probability": 0})
    assert not any(_hit(caller, 20))


def test_a_share_of_orders_is_hit_each_time(caller: Caller, strike: Strike):
    ids = ",".join(str(caller.add(**ADD)) for _ in range(30))
    strike("remains", probability=0.3)
    unknown = [[r["remains"] for r in caller("status", orders=ids).values()] for _ in range(2)]
    assert unknown[0] == unknown[1]
    assert 2 <= unknown[0].count("Unknown") <= 18


def test_service_and_link_of_the_order(caller: Caller, strike: Strike):
    one = caller.add(**ADD)
    two = caller.add(**ADD | {"service": 3, "link": f"{LINK}/two"})
    strike("wrong_key", service=3)
    assert "error" in caller("add", **ADD | {"service": 3})
    assert "order" in caller("add", **ADD)
    assert [("error" in caller("status", orders=ids)) for ids in (one, two, f"{one},{two}")] == [False, True, True]
    strike("wrong_key", link="*/t?o", action="cancel")
    assert "error" in caller("cancel", orders=two)
    assert caller("cancel", orders=one) == [{"order": one, "cancel": 1}]
    assert "error" not in caller("status", orders=two)
    strike("remains", link="*/two")
    assert [r["remains"] for r in caller("status", orders=f"{one},{two}").values()] == ["100", "Unknown"]


def test_refills_belong_to_the_service_of_their_order(caller: Caller, strike: Strike):
    refill = caller("refill", order=caller.held(status="Completed", remains=0))["refill"]
    strike("wrong_key", service=2)
    assert caller("refill_status", refill=refill) == {"error": "Invalid API key"}
    strike("wrong_key", service=5)
    assert caller("refill_status", refill=refill) == {"status": "Pending"}


def test_sandbox_time(sandbox: Sandbox, caller: Caller, set_faults: SetFaults):
    now = sandbox.control("config")["now"]
    set_faults(
        {"fault": "wrong_key", "key": caller.key, "from_s": 10, "to_s": 20},
        {"fault": "refuse", "text": "closed", "key": caller.key, "to": now},
        {"fault": "refuse", "text": "open", "key": caller.key, "from": now, "to_s": 5},
    )
    seen = []
    for seconds in (0, 5, 5, 9.9, 0.1):
        sandbox.advance(seconds)
        seen.append(caller("balance").get("error"))
    assert seen == ["open", None, "Invalid API key", "Invalid API key", None]


@pytest.mark.alone
def test_the_first_that_takes_the_answer_does_and_the_others_help(caller: Caller, set_faults: SetFaults):
    rule = {"key": caller.key}
    set_faults(
        rule | {"fault": "latency", "seconds": 0.1},
        rule | {"fault": "latency", "seconds": 0.1, "jitter_s": 0.1},
        rule | {"fault": "dialect", "dialect": "ru"},
        rule | {"fault": "refuse", "code": "bad_link", "nth": 2},
        rule | {"fault": "wrong_key"},
        rule | {"fault": "dialect", "dialect": "error-422"},
    )
    started = time.monotonic()
    answers = [caller.raw("balance") for _ in range(2)]
    assert [(a.status, a.json()["error"]) for a in answers] == [(422, "Неверный API ключ"), (422, "Неверная ссылка")]
    assert time.monotonic() - started > 0.4
    assert [(r["seen"], r["hits"]) for r in caller.sandbox.faults()["faults"]] == [
        *((2, 2), (2, 2), (2, 2), (2, 1), (1, 1), (2, 2))
    ]


# The control address


def test_what_is_shown_and_cleared(sandbox: Sandbox, caller: Caller, set_faults: SetFaults):
    set_faults(
        {"fault": "timeout", "name": "night", "when": "after", "key": caller.key, "action": "add", "from": 0},
        {"fault": "service", "service": 2, "rate": "1.5", "times": 3, "to": "2050-01-01"},
        seed=9,
    )
    caller("services")
    shown = sandbox.faults()
    assert (shown["seed"], shown["calls"]) == (9, {"services": 1})
    first = {"name": "night", "fault": "timeout", "when": "after", "seconds": 60, "action": "add"}
    assert shown["faults"][0] == first | {"owner": caller.owner, "seen": 0, "hits": 0}
    second = {"name": "1", "fault": "service", "rate": "1.50", "closed": False, "service": 2, "times": 3}
    assert shown["faults"][1] == second | {"to": "2050-01-01T00:00:00.000Z", "seen": 1, "hits": 1}
    answer = sandbox.http.request("DELETE", f"{sandbox.url}/control/faults", headers={"X-Control-Token": TOKEN})
    assert answer.json() == {"seed": 1, "faults": [], "calls": {}} == sandbox.faults()


def test_no_faults_without_the_token(sandbox: Sandbox):
    for method in ("GET", "POST", "DELETE"):
        answer = sandbox.http.request(method, f"{sandbox.url}/control/faults")
        assert (answer.status, answer.json()) == (403, {"error": "The control address needs its token"})


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("reset", "write a JSON object"),
        ({"fault": "fire"}, f"fault: write one of {', '.join(KINDS)}"),
        ({"fault": "reset", "seconds": 5}, "unknown: seconds"),
        ({"fault": "reset", "when": "now"}, "when: write one of before, after"),
        ({"fault": "cut", "when": "before"}, "when: write one of after"),
        ({"fault": "reset", "action": "jump"}, "action: write one of services, balance, add, status, refill, "),
        ({"fault": "lost", "action": "status"}, "action: write one of add"),
        ({"fault": "reset", "key": "unknown"}, "key: this sandbox was not started with it"),
        ({"fault": "reset", "service": 99}, "service: this one is not in the catalogue"),
        ({"fault": "reset", "nth": -1}, "nth: write a whole number"),
        ({"fault": "reset", "probability": 2}, "probability: write a number from 0 to 1"),
        ({"fault": "reset", "from": "soon"}, "from: write an ISO 8601 time or seconds since 1970"),
        ({"fault": "http"}, "status: write a whole number"),
        ({"fault": "http", "status": 600}, "status: write a whole number from 200 to 599"),
        ({"fault": "http", "status": 500, "body": "answer"}, 'body: there is an answer only "when": "after"'),
        ({"fault": "http", "status": 500, "text": "a\nb"}, "text: write one line of text"),
        ({"fault": "redirect", "status": 200}, "status: write one of 301, 302, 303, 307, 308"),
        ({"fault": "refuse"}, "write either code or text"),
        ({"fault": "refuse", "code": "sunday"}, "code: write one of invalid_key, "),
        ({"fault": "dialect", "dialect": "klingon"}, "dialect: write one or a list of protocol, created, "),
        ({"fault": "dialect"}, "dialect: write one or a list of protocol, created, "),
        ({"fault": "service", "rate": "dear"}, "rate: write an amount such as 12.50, with up to 6 decimals"),
        ({"fault": "service", "min": 0}, "min: write a whole number from 1 to 1000000000"),
        ({"fault": "rate_limit", "in_body": 1}, "in_body: write true or false"),
        ({"fault": "latency", "seconds": "long"}, "seconds: write a number from 0 to 3600"),
    ],
)
def test_bad_rules_are_told_and_nothing_changes(sandbox: Sandbox, set_faults: SetFaults, rule: Any, text: str):
    set_faults({"fault": "reset", "name": "first", "probability": 0})
    answer = sandbox.http.request(
        "POST",
        f"{sandbox.url}/control/faults",
        json={"faults": [{"fault": "html"}, rule]},
        headers={"X-Control-Token": TOKEN},
    )
    assert answer.status == 400
    assert answer.json()["error"].startswith(f"faults[1]: {text}")
    assert [shown["name"] for shown in sandbox.faults()["faults"]] == ["first"]
