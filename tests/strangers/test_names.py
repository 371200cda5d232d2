"""Names of hosts, languages, encodings and the like: nothing of a request is kept before its length is known, and
none of it fills the log."""

from __future__ import annotations

import asyncio
import codecs
import gc
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from panelwright.core import charsets
from tests.strangers.others import Others
from tests.strangers.wires import FORM, ask, request
from tests.support.effort import effort
from tests.support.people import Owner

TIMES = effort(12, proving=40)
LONG = 24_000


def requests(n: int, host: str) -> Iterator[tuple[str, bytes]]:
    """Requests of all kinds with long texts that no other request has, by what they carry."""
    text = f"{n}".rjust(8, "x") + "y" * LONG
    body = b"key=nobody&action=balance"
    yield "host", request("POST /api/v2", FORM, body=body, host=text)
    yield "host of a page", request("GET /login", host=text)
    yield "host and port", request("POST /api/v2", FORM, body=body, host="a:" + text)
    yield "short host", request("GET /login", host=f"{n}.{'a' * 60}.example")
    yield "key", request("POST /api/v2", FORM, body=b"action=balance&key=" + text.encode())
    yield "request id", request("POST /api/v2", FORM, f"Idempotency-Key: {text}", body=body)
    yield "forwarded", request("POST /api/v2", FORM, f"X-Forwarded-For: {text}", body=body)
    yield "agent", request("POST /api/v2", FORM, f"User-Agent: {text}", body=body)
    yield "action", request("POST /api/v2", FORM, body=b"key=nobody&action=" + text.encode())
    yield "list", request(f"GET /api/v2?key={n}&action=services", f"If-None-Match: {text}")
    yield "language", request("GET /login", f"Accept-Language: {text}", host=host)
    yield "language asked for", request(f"GET /login?lang={text}", host=host)
    yield "origin", request("POST /login", FORM, f"Origin: https://{text}", body=b"a=b", host=host)
    yield "referer", request("POST /login", FORM, f"Referer: https://{text}", body=b"a=b", host=host)
    yield "cookie", request("GET /login", f"Cookie: sessionid={text[:8000]}; language={n}{'y' * 50}", host=host)
    yield "address", request(f"GET /{text[:4000]}", host=host)
    yield "file", request(f"GET /static/{text[:4000]}", host=host)
    yield "encoding", request("POST /login", f"Content-Type: a/b; a*={text}'en'b", body=b"a=b", host=host)
    yield "short encoding", request("POST /login", f"Content-Type: a/b; a*=x{n}y'en'b", body=b"a=b", host=host)
    yield "charset", request("POST /login", f"Content-Type: a/b; charset={text}", body=b"a=b", host=host)


async def carried_out(data: bytes) -> None:
    """One request, by the application itself: behind it nobody else's memory is measured."""
    from panelwright.asgi import app

    head, _, body = data.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    method, target, _ = start.decode().split(" ")
    path, _, query = target.partition("?")
    pairs = [line.split(b": ", 1) for line in lines]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower(), text) for name, text in pairs],
        "client": ("203.0.113.7", 4000),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Any] = []
    came = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not came:
            await asyncio.Event().wait()
        return came.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent


# What a library remembers, in memory.
@pytest.mark.one_database
def test_nothing_of_a_request_stays(alice: Owner, transactional_db: None) -> None:
    """120 requests with another host each made 209 MB that stayed."""
    charsets.remember_no_others()
    kinds = [kind for kind, _ in requests(0, alice.host)]
    kept: dict[str, int] = {}

    async def run(kind: str, numbers: range) -> None:
        for n in numbers:
            await carried_out(dict(requests(n, alice.host))[kind])

    async def measure() -> None:
        for kind in kinds:
            await run(kind, range(-5, 0))
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            await run(kind, range(TIMES))
            gc.collect()
            kept[kind] = (tracemalloc.get_traced_memory()[0] - before) // TIMES

    tracemalloc.start()
    try:
        asyncio.run(measure())
    finally:
        tracemalloc.stop()
        from panelwright.asgi import api

        api.stop()
    # What is remembered of each is short.
    assert {kind: each for kind, each in kept.items() if each > LONG // 8} == {}


def test_hosts_of_a_megabyte_are_not_remembered(standing: Others) -> None:
    before = standing.memory_bytes()
    for n in range(120):
        host = f"{n}".rjust(900_000, "x")
        assert ask(standing.port, request("POST /api/v2", FORM, body=b"key=a", host=host)).status == 431
    assert standing.memory_bytes() - before < 25_000_000


ODD_HOSTS = (
    *("nobody.example", "", " ", "a b", "a/b", "a@b", "[::1", "::1", "[", "]", ":", "a:b:c", "a:99999999", "a:-1", "é"),
    *("_", "a_b", "-", ".", "..", "a..b", "<script>", "%00", "xn--", "a,b", "1.2.3.4", "0x7f.1", "x" * 300, "\x80\xff"),
)


def test_hosts_that_nobody_has_leave_the_log_as_it_is(standing: Others) -> None:
    """Of pages and the API. The panel of the others answers on any host that is one."""
    before = standing.server.log_path.read_bytes()
    for host in ODD_HOSTS:
        for start in ("GET /", "GET /login", "GET /api", "POST /login", "GET /static/x", "GET /nothing", "GET /a/b"):
            said = ask(standing.port, request(start, host=host))
            assert said.status in {200, 302, 400, 403, 404, 405}, (host, start, said)
        body = b"key=%b&action=balance" % standing.key.encode()
        for pieces in (1, 2):
            data = request("POST /api/v2", FORM, body=body, host=host)
            said = ask(standing.port, *([data] if pieces == 1 else [data[:30], data[30:]]))
            assert said.status in {200, 400}, (host, said)
        staff = ask(standing.port, request("GET /api/staff/orders", host=host))
        assert staff.status in {400, 401, 403, 404}, (host, staff)
    for origin in ("http://[", "https://[::1", "null", "https://" + "a" * 5_000, "http://\xff", "javascript:1", "//"):
        for name in ("Origin", "Referer"):
            said = ask(standing.port, request("POST /login", FORM, f"{name}: {origin}", body=b"a=b"))
            assert said.status == 403, (name, origin, said)
    assert standing.server.log_path.read_bytes()[len(before) :].decode() == ""


@pytest.mark.parametrize(
    "name", ["utf-8", "UTF8", "latin-1", "iso-8859-1", "ISO_8859-1", "cp1251", "windows-1252", "idna"]
)
def test_encodings_that_there_are_are_known(name: str) -> None:
    assert codecs.lookup(charsets.known(name)) == codecs.lookup(name)


def test_an_encoding_has_one_spelling() -> None:
    """What is remembered of it is that one."""
    assert {charsets.known(name) for name in ("utf-8", "UTF-8", "utf_8", "utf--8", "utf-8-", "utf-8\0")} == {"utf_8"}


@pytest.mark.parametrize("name", ["", "utf-9", "x" * 5_000, "../utf_8", "encodings.utf_8", "__init__"])
def test_others_are_not(name: str) -> None:
    assert not charsets.known(name)
