"""A request that comes in one piece is answered without ASGI in between, and nobody can tell on the wire."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.protocol.conftest import Live


@contextmanager
def wire(live: Live) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", live.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def request(live: Live, *lines: str, key: str | None = None, **params: object) -> bytes:
    body = urlencode({"key": live.api_key if key is None else key, **params})
    head = ["POST /api/v2 HTTP/1.1", f"Host: 127.0.0.1:{live.port}", f"Content-Length: {len(body)}", *lines]
    return ("\r\n".join([*head, "Content-Type: application/x-www-form-urlencoded"]) + "\r\n\r\n" + body).encode()


def answer(connection: socket.socket, rest: bytes = b"") -> tuple[bytes, bytes, bytes]:
    """Head, body, and what came behind them."""
    data = rest
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        assert part, data
        data += part
    head, _, data = data.partition(b"\r\n\r\n")
    (length,) = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while len(data) < length:
        data += connection.recv(65536)
    return head, data[:length], data[length:]


def without_date(head: bytes) -> list[bytes]:
    return [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]


@pytest.mark.parametrize(
    "params",
    [
        {"action": "balance"},
        {"action": "status", "order": "7777777"},
        {"action": "status", "orders": "1,x,7777777"},
        {"action": "cancel", "orders": "7777777"},
        {"action": "refill_status", "refill": "1"},
        {"action": "add", "service": "0"},
        {"action": "add", "service": "1", "link": "\u200bhttps://exam\u00adple.com", "quantity": "100"},
        {"action": "add", "service": "1", "link": "https://example.com/dry", "quantity": "1,000"},
        {"action": "add", "service": "1", "link": "https://example.com/dry\ufeff", "quantity": "1000", "dry_run": "1"},
        {"action": "add", "service": "1", "link": "https://example.com/dry", "quantity": "1000", "dry_run": "x"},
        {"action": "status", "request_id": "unknown"},
        {"action": "multi-status", "orders": "1,x,7777777"},
        {"action": "services"},
        {"action": "nonsense"},
        {"action": "balance", "key": "wrong"},
    ],
    ids=lambda params: "-".join(params.values()),
)
def test_both_ways_give_the_same_bytes(live: Live, params: dict[str, str]) -> None:
    said = {"key": live.api_key, **params}
    whole = request(live, key=said.pop("key"), **said)
    heads = []
    bodies = []
    for pieces in ([whole], [whole[:-5], whole[-5:]]):
        with wire(live) as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.02)
            head, body, rest = answer(connection)
        assert rest == b""
        heads.append(without_date(head))
        bodies.append(body)
    assert bodies[0] == bodies[1]
    assert sorted(heads[0]) == sorted(heads[1])
    assert b"Content-Type: application/json" in heads[0]


def get(live: Live, *lines: str, **params: object) -> bytes:
    query = urlencode({"key": live.api_key, **params})
    head = [f"GET /api/v2?{query} HTTP/1.1", f"Host: 127.0.0.1:{live.port}", *lines]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def both_paths(live: Live, whole: bytes) -> tuple[list[bytes], bytes]:
    """Head and body of the answer, which are the same by the fast path and through ASGI."""
    said = []
    for pieces in ([whole], [whole[:-5], whole[-5:]]):
        with wire(live) as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.02)
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            if b" 304 " in data[:20]:
                head, body = data[:-4], b""
                assert data.endswith(b"\r\n\r\n")
            else:
                head, body, _ = answer(connection, data)
        said.append((sorted(without_date(head)), body))
    assert said[0] == said[1]
    return said[0]


def test_gets_are_answered_the_same_on_both_paths(live: Live) -> None:
    assert both_paths(live, get(live, action="balance"))[1].startswith(b'{"balance":')
    assert both_paths(live, get(live, action="add", service="1", link="https://é.example/ a"))[1].startswith(
        b'{"error"'
    )
    head, services = both_paths(live, get(live, action="services"))
    (etag,) = [line.partition(b": ")[2].decode() for line in head if line.startswith(b"etag: ")]
    head, packed = both_paths(live, get(live, "Accept-Encoding: gzip, deflate", action="services"))
    assert b"content-encoding: gzip" in head
    assert gzip.decompress(packed) == services
    head, _ = both_paths(live, get(live, "Accept-Encoding: gzip;q=0", action="services"))
    assert b"content-encoding: gzip" not in head
    head, nothing = both_paths(live, get(live, f"If-None-Match: {etag}", action="services"))
    assert head[0] == b"HTTP/1.1 304 Not Modified"
    assert nothing == b""
    assert both_paths(live, get(live, 'If-None-Match: "x"', action="services"))[1] == services
    # A list that was asked for by POST is always sent.
    assert both_paths(live, request(live, f"If-None-Match: {etag}", action="services"))[1] == services


@pytest.mark.parametrize("header", ["Idempotency-Key: {}", 'Idempotency-Key: "{}"', 'idempotency-key:\t"{}" '])
def test_a_repeat_is_marked_both_ways(live: Live, header: str) -> None:
    key = f"cart-{time.time_ns()}"
    params: dict[str, Any] = {"action": "add", "service": live.service("Default"), "link": f"https://example.com/{key}"}
    first = request(live, quantity=1000, **params, request_id=key)
    whole = request(live, header.format(key), quantity=1000, runs=1, interval=0, **params)
    heads, bodies = [], []
    for pieces in ([first], [whole], [whole[:-5], whole[-5:]]):
        with wire(live) as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.02)
            head, body, _ = answer(connection)
        heads.append(sorted(without_date(head)))
        bodies.append(body)
    assert bodies[0] == bodies[1] == bodies[2]
    assert heads[1] == heads[2]
    assert [b"idempotent-replayed: true" in head for head in heads] == [False, True, True]


def test_a_connection_is_kept_and_may_change_its_ways(live: Live) -> None:
    balance = request(live, action="balance")
    with wire(live) as connection:
        told = set()
        for pieces in ([balance], [balance[:40], balance[40:]], [balance], [balance[:-1], balance[-1:]], [balance]):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.01)
            told.add(answer(connection)[1])
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % live.port)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
    assert len(told) == 1


def test_requests_that_come_before_the_answer_are_answered_in_order(live: Live) -> None:
    lists = [request(live, action="status", orders=f"x{n}") for n in range(40)]
    with wire(live) as connection:
        for one in lists:
            connection.sendall(one)
        rest, told = b"", []
        for _ in lists:
            _, body, rest = answer(connection, rest)
            told.append(body)
        assert told == [b'{"x%d":{"error":"Incorrect order ID"}}' % n for n in range(40)]
        connection.sendall(b"".join(lists))
        for n in range(40):
            _, body, rest = answer(connection, rest)
            assert body == b'{"x%d":{"error":"Incorrect order ID"}}' % n


def test_an_order_of_somebody_who_hangs_up_is_placed(live: Live) -> None:
    before = live.balance()
    with wire(live) as connection:
        link = f"https://example.com/{time.time_ns()}"
        connection.sendall(request(live, action="add", service=1, link=link, quantity=1000))
        connection.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + 60
    while live.balance() == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert live.balance() < before
    assert live.installation.hand.do("faults") == {"faults": []}
