"""PROTOCOL section 1: the envelope, byte for byte."""

from __future__ import annotations

import json
import socket
import uuid
from urllib.parse import quote, urlencode

import pytest

from tests.protocol.conftest import Live
from tests.protocol.talk import FORM, Answer, post, send

BALANCE = b'{"balance":"'


def form(live: Live, **params: object) -> str:
    return urlencode({"key": live.api_key, **params})


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("path", ["/api/v2", "/api/v2/"])
def test_both_addresses_and_methods_answer_alike_without_a_redirect(live: Live, method: str, path: str) -> None:
    if method == "GET":
        answer = send(live, method="GET", path=f"{path}?{form(live, action='balance')}", content_type=None)
    else:
        answer = send(live, form(live, action="balance"), path=path)
    assert answer.status == 200
    assert answer.body.startswith(BALANCE)
    assert "location" not in answer.headers


def test_the_content_type_is_exactly_application_json(live: Live) -> None:
    head = f"POST /api/v2 HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\nConnection: close\r\nContent-Type: {FORM}\r\n"
    for body in (form(live, action="balance"), "key=wrong"):
        with socket.create_connection(("127.0.0.1", live.port), timeout=60) as raw:
            raw.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            answer = b"".join(iter(lambda: raw.recv(65536), b""))
        lines = [
            line for line in answer.split(b"\r\n\r\n")[0].split(b"\r\n") if line.lower().startswith(b"content-type")
        ]
        assert [line.split(b": ", 1)[1] for line in lines] == [b"application/json"]


def test_answers_are_compact(live: Live) -> None:
    body = post(live, action="services").body
    assert body == json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()


def test_parameters_from_query_form_multipart_and_json(live: Live) -> None:
    boundary = "b0undary"
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("key", live.api_key), ("action", "balance"))
    )
    for answer in (
        send(live, f"{parts}--{boundary}--\r\n", content_type=f"multipart/form-data; boundary={boundary}"),
        send(live, json.dumps({"key": live.api_key, "action": "balance"}), content_type="application/json"),
        send(live, "action=balance", path=f"/api/v2?key={live.api_key}"),
        send(
            live, json.dumps({"action": "balance"}), path=f"/api/v2?key={live.api_key}", content_type="application/json"
        ),
    ):
        assert answer.body.startswith(BALANCE)


def test_the_body_wins(live: Live) -> None:
    assert send(live, form(live, action="balance"), path="/api/v2?key=wrong&action=nonsense").body.startswith(BALANCE)


def test_json_numbers_count_as_their_text(live: Live) -> None:
    order = live.order()
    body = json.dumps({"key": live.api_key, "action": "status", "order": order})
    assert send(live, body, content_type="application/json").json["status"] == "Pending"
    body = f'{{"key":"{live.api_key}","action":"add","service":{live.service("Default")},"link":"https://example.com/n","quantity":1e30}}'
    assert send(live, body, content_type="application/json").error == "Incorrect quantity"


def test_values_are_trimmed_and_unknown_parameters_ignored(live: Live) -> None:
    assert send(live, f"key=%20{live.api_key}%0A&action=+balance+&colour=red").body.startswith(BALANCE)


@pytest.mark.parametrize("absent", ["", "undefined", "null", "None"])
def test_absent_words_on_optional_parameters(live: Live, absent: str) -> None:
    fields = {"service": live.service("Default"), "link": f"https://example.com/{uuid.uuid4().hex}", "quantity": 100}
    assert list(post(live, action="add", **fields, runs=absent, interval=absent).json) == ["order"]
    assert post(live, action="status", order=live.order(), orders=absent).json["status"] == "Pending"


def test_a_refusal_is_http_200_with_one_key_and_its_code_in_a_header(live: Live) -> None:
    answer = post(live, action="add", service=999_999)
    assert answer.body == b'{"error":"Incorrect service ID"}'
    assert answer.status == 200
    assert answer.headers["x-error-code"] == "bad_service"


@pytest.mark.parametrize("agent", ["", "Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)", "sqlmap/1.0", "curl/8"])
def test_the_user_agent_is_never_filtered(live: Live, agent: str) -> None:
    assert post(live, action="balance", headers={"User-Agent": agent}).body.startswith(BALANCE)


@pytest.mark.parametrize("key", ["", "wrong", "0", "é" * 40, "\x00"])
def test_the_key_comes_before_everything(live: Live, key: str) -> None:
    for params in ({}, {"action": "nonsense"}, {"action": "add"}, {"action": "status"}, {"action": "balance"}):
        assert post(live, key=key, **params).error == "Invalid API key"


def test_then_the_action_and_its_selector(live: Live) -> None:
    for params in (
        {},
        {"action": ""},
        {"action": "nonsense"},
        {"action": "Balance"},
        {"action": "status"},
        {"action": "status", "order": ""},
        {"action": "refill"},
        {"action": "refill_status"},
        {"action": "cancel"},
    ):
        assert post(live, **params).error == "Incorrect request"


def test_a_revoked_key_is_unknown_at_once(live: Live) -> None:
    made = live.installation.key(live, "--name", "short")
    assert post(live, key=made["key"], action="balance").body.startswith(BALANCE)
    live.installation.command("revokekey", "--panel", live.slug, "--id", str(made["id"]))
    assert post(live, key=made["key"], action="balance").error == "Invalid API key"


def test_a_key_of_one_panel_is_unknown_on_another(live: Live, mallory: Live) -> None:
    assert post(mallory, key=live.api_key, action="balance").error == "Invalid API key"
    assert post(live, key=mallory.api_key, action="balance").error == "Invalid API key"
    # The Host header decides as little as any other word of the client.
    answer = post(mallory, key=live.api_key, action="balance", headers={"Host": f"127.0.0.1:{live.port}"})
    assert answer.error == "Invalid API key"


def test_scopes_addresses_and_caps_of_keys(live: Live) -> None:
    read = live.installation.key(live, "--scope", "read")["key"]
    order = live.installation.key(live, "--scope", "order")["key"]
    away = live.installation.key(live, "--address", "203.0.113.0/24")["key"]
    near = live.installation.key(live, "--address", "127.0.0.0/8")["key"]
    capped = live.installation.key(live, "--daily-cap", "0.20")["key"]
    fields = {"service": live.service("Default"), "quantity": 100}
    before = live.balance()
    assert post(live, key=read, action="add", link="https://example.com/s1", **fields).error.startswith("This API key")
    assert post(live, key=read, action="balance").body.startswith(BALANCE)
    assert post(live, key=order, action="balance").error.startswith("This API key")
    assert post(live, key=away, action="balance").error.startswith("This API key")
    assert post(live, key=near, action="balance").body.startswith(BALANCE)
    assert live.balance() == before
    assert list(post(live, key=capped, action="add", link="https://example.com/s2", **fields).json) == ["order"]
    again = post(live, key=capped, action="add", link="https://example.com/s3", **fields).error
    # Clients take "temporarily" for passing, and "api key" for the end of the key.
    assert "temporarily" in again
    assert "API key" not in again


def test_a_rate_limit_is_429_with_retry_after_and_the_ratelimit_headers(live: Live) -> None:
    key = live.installation.key(live, "--per-minute", "5")["key"]
    answers: list[Answer] = [post(live, key=key, action="balance") for _ in range(9)]
    refused = [a for a in answers if a.status == 429]
    # The first request of a key in a process is not judged, and a minute may turn meanwhile.
    assert 2 <= len(refused) <= 4
    assert all(list(a.json) == ["error"] and "ate limit" in a.json["error"] for a in refused)
    assert 1 <= int(refused[-1].headers["retry-after"]) <= 60
    assert refused[-1].headers["ratelimit-policy"] == '"key";q=5;w=60'
    assert refused[-1].headers["ratelimit"].startswith('"key";r=0;t=')


def test_a_body_over_the_limit_is_413_with_an_error(live: Live) -> None:
    answer = send(live, b"key=" + b"x" * (1024 * 1024 + 10))
    assert answer.status == 413
    assert list(answer.json) == ["error"]
    assert post(live, action="balance").body.startswith(BALANCE)


def test_ids_in_lists_are_answered_each_in_order_up_to_100(live: Live) -> None:
    order = live.order()
    sent = f"Array,{order},Array,999999999,-1,{order}x,{quote('ю')}"
    answer = send(live, f"key={live.api_key}&action=status&orders={sent}")
    assert list(answer.json) == ["Array", str(order), "999999999", "-1", f"{order}x", "ю"]
    assert answer.json["Array"] == {"error": "Incorrect order ID"}
    assert answer.json[str(order)]["status"] == "Pending"
    many = post(live, action="status", orders=",".join(str(900_000_000 + i) for i in range(150))).json
    assert list(many) == [str(900_000_000 + i) for i in range(100)]


def test_an_order_of_another_customer_is_answered_as_one_that_does_not_exist(live: Live, mallory: Live) -> None:
    theirs = mallory.order()
    for action, name in (
        ("status", "order"),
        ("refill", "order"),
        ("status", "orders"),
        ("refill", "orders"),
        ("cancel", "orders"),
    ):
        there, nowhere = (post(live, action=action, **{name: i}).body for i in (theirs, 999_999_999))
        assert there.replace(str(theirs).encode(), b"N") == nowhere.replace(b"999999999", b"N")
    assert mallory.call(action="status", order=theirs)["status"] == "Pending"


def test_a_host_without_a_panel(live: Live) -> None:
    answer = post(live, action="balance", headers={"Host": "nobody.example"})
    assert answer.body.startswith(BALANCE)  # this panel answers any host on its port
    assert send(live, b"", method="HEAD", content_type=None).status == 200
