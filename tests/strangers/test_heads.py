"""Heads: how large, how many lines, how large the cookies, which characters; the same however they arrive."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from panelwright.core import limits
from tests.strangers.others import Others
from tests.strangers.wires import FORM, Answer, ask, asks, request
from tests.support.people import Owner

# Nothing that is sent here gets as far as the database.
pytestmark = pytest.mark.one_database

BODY = b"key=nobody&action=balance"
Sender = Callable[[int, tuple[str, ...]], Answer]


def whole(port: int, lines: tuple[str, ...]) -> Answer:
    return ask(port, request("POST /api/v2", FORM, *lines, body=BODY))


def in_two(port: int, lines: tuple[str, ...]) -> Answer:
    data = request("POST /api/v2", FORM, *lines, body=BODY)
    return ask(port, data[:50], data[50:])


def in_many(port: int, lines: tuple[str, ...]) -> Answer:
    data = request("POST /api/v2", FORM, *lines, body=BODY)
    return ask(port, *(data[n : n + 1_000] for n in range(0, len(data), 1_000)), pause_s=0.001)


def by_get(port: int, lines: tuple[str, ...]) -> Answer:
    return ask(port, request("GET /api/v2?" + BODY.decode(), *lines))


def in_chunks(port: int, lines: tuple[str, ...]) -> Answer:
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    return ask(port, request("POST /api/v2", FORM, "Transfer-Encoding: chunked", *lines) + chunk)


def behind_another(port: int, lines: tuple[str, ...]) -> Answer:
    both = request("POST /api/v2", FORM, body=BODY) + request("POST /api/v2", FORM, *lines, body=BODY)
    first, second = asks(port, [both], count=2)
    assert json.loads(first.body) == {"error": "Invalid API key"}
    return second


def behind_chunks(port: int, lines: tuple[str, ...]) -> Answer:
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    before = request("POST /api/v2", FORM, "Transfer-Encoding: chunked") + chunk
    first, second = asks(port, [before + request("POST /api/v2", FORM, *lines, body=BODY)], count=2)
    assert json.loads(first.body) == {"error": "Invalid API key"}
    return second


WAYS: list[Sender] = [whole, in_two, in_many, by_get, in_chunks, behind_another, behind_chunks]


def too_large(said: Answer) -> bool:
    """Refused as too large, with a body that clients read; anything else must be a plain answer."""
    if said.status == 431:
        assert said.body == b'{"error":"Request is too large"}'
        assert said.head["content-type"] == "application/json"
        assert said.head["x-content-type-options"] == "nosniff"
        assert said.head["x-error-code"] == "too_large"
        assert said.head["connection"] == "close"
        return True
    assert (said.status, said.body) == (200, b'{"error":"Invalid API key"}'), said
    return False


@pytest.mark.parametrize("line", [b"Host: nowhere.example", b"X-Forwarded-For: 10.0.0.1", b"X-HTTP-Method: PUT"])
@pytest.mark.parametrize("path", ["/api/v2", "/login"])
def test_what_stands_behind_a_body_is_no_head(standing: Others, path: str, line: bytes) -> None:
    """A trailer named the host of another panel, and the address of whoever it liked."""

    def said(trailer: bytes) -> tuple[int, bytes]:
        chunks = b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(BODY), BODY, trailer)
        answer = ask(standing.port, request(f"POST {path}", FORM, "Transfer-Encoding: chunked") + chunks)
        return answer.status, answer.body[:40]

    assert said(line + b"\r\n") == said(b"")


def test_a_head_has_one_limit_on_every_way(standing: Others) -> None:
    for way in WAYS:
        assert not too_large(way(standing.port, ("X: " + "y" * (limits.HEAD_BYTES_MAX - 400),))), way
        assert too_large(way(standing.port, ("X: " + "y" * (limits.HEAD_BYTES_MAX + 10),))), way
        assert too_large(way(standing.port, ("X: " + "y" * 200_000,))), way
        # With Host, Content-Type, and what says where the body ends.
        assert not too_large(way(standing.port, tuple(f"X-{n}: y" for n in range(limits.HEAD_LINES_MAX - 4)))), way
        assert too_large(way(standing.port, tuple(f"X-{n}: y" for n in range(limits.HEAD_LINES_MAX)))), way
        assert not too_large(way(standing.port, ("Cookie: " + "y" * limits.COOKIE_BYTES_MAX,))), way
        assert too_large(way(standing.port, ("Cookie: " + "y" * (limits.COOKIE_BYTES_MAX + 1),))), way
        assert too_large(way(standing.port, ("Cookie: " + "y" * 5_000, "cookie: " + "y" * 5_000))), way


def test_pages_are_refused_in_words(standing: Others) -> None:
    for lines in (("X: " + "y" * 40_000,), tuple(f"X-{n}: y" for n in range(200)), ("Cookie: " + "y" * 9_000,)):
        said = ask(standing.port, request("GET /", *lines))
        assert (said.status, said.body) == (431, b"The head of the request is too large.")
        assert said.head["content-type"] == "text/plain; charset=utf-8"
    assert ask(standing.port, request("GET /" + "a" * 40_000)).status == 431
    # The name of a page is not as long as a head may be; what stands behind it may be.
    assert ask(standing.port, request("GET /" + "a" * limits.PATH_BYTES_MAX)).status == 431
    assert ask(standing.port, request("GET /?" + "a" * limits.PATH_BYTES_MAX)).status == 200


CONTROLS = [chr(code) for code in (0, 1, 7, 8, 11, 12, 14, 27, 31, 127)]


def test_control_characters_are_refused_on_every_way(standing: Others) -> None:
    for way in WAYS:
        for character in CONTROLS:
            said = way(standing.port, (f"Idempotency-Key: a{character}b",))
            assert (said.status, said.body) == (400, b'{"error":"Incorrect request"}'), (way, character)
            assert said.head["x-error-code"] == "bad_request"
        assert not too_large(way(standing.port, ("User-Agent: a\tb\x80\xff",)))


def test_two_hosts_are_refused_on_every_way(standing: Others) -> None:
    """The last one counted here, and the first one may for whoever stands in front."""
    for way in WAYS:
        for host in ("other.example", "127.0.0.1"):
            said = way(standing.port, (f"Host: {host}",))
            assert (said.status, said.body) == (400, b'{"error":"Incorrect request"}'), way


def test_what_is_endless_ends(standing: Others) -> None:
    """No way to write makes the parser keep more than a head's worth: chunk extensions, trailers, names, addresses."""
    chunked = request("POST /api/v2", FORM, "Transfer-Encoding: chunked")
    endless = [
        request("GET /")[:-2] + b"a" * 2_000_000,
        request("GET /")[:-2] + b"X: " + b"a" * 2_000_000,
        request("GET /")[:-2] + b"a: b\r\n" * 300_000,
        b"GET /" + b"a" * 2_000_000,
        b"A" * 2_000_000,
        # Empty lines, which the parser skips, and behind them nothing that ends.
        b"\n" * 2_000_000 + b"A" * 100_000,
        b"\r\n" * 1_000_000 + b"A" * 100_000,
        chunked + b"1;" + b"a" * 2_000_000,
        chunked + b"1;a\r\nx\r\n" * 1 + b"0\r\n" + b"X: " + b"a" * 2_000_000,
        chunked + b"0\r\n" + b"a: b\r\n" * 300_000,
        chunked + b"1" + b"0" * 2_000_000,
        # A request in the same piece as the end of chunks, with the same.
        chunked + b"0\r\n\r\n" + request("GET /")[:-2] + b"X: " + b"a" * 2_000_000,
    ]
    before = standing.memory_bytes()
    for data in endless:
        said = ask(standing.port, data)
        assert said.status in {400, 431, 200}, (data[:100], said)
        if said.status == 200:  # the one before it
            continue
        assert said.status == 0 or said.head["connection"] == "close"
    assert standing.memory_bytes() - before < 30_000_000


@pytest.mark.alone
def test_cookies_hold_up_nobody(others: Others, alice: Owner) -> None:
    """60,000 backslashes took 7 s; 8 KiB of them would still take longer than a page."""
    worst = [
        'Cookie: a="' + "\\" * (limits.COOKIE_BYTES_MAX - 10) + '"',
        'Cookie: a="' + '\\"' * (limits.COOKIE_BYTES_MAX // 2 - 10) + '"',
        'Cookie: a="' + "\\1" * (limits.COOKIE_BYTES_MAX // 2 - 10) + '"',
        "Cookie: " + "a=;" * (limits.COOKIE_BYTES_MAX // 3),
        'Cookie: csrftoken="' + "\\" * (limits.COOKIE_BYTES_MAX - 20) + '"',
    ]

    def page(*lines: str) -> None:
        assert ask(others.port, request("GET /login", *lines, host=alice.host)).status == 200

    for line in worst:
        others.costs_at_most(3, page, partial(page, line), and_s=0.01, times=50, about=line[:30])
    others.unharmed_by(*(partial(page, line) for line in worst))
