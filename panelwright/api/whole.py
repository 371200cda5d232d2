"""The short way of a request: one that came whole and plain is answered without ASGI's scope, task and messages.

Nearly every request of a reseller's program is such a one: a POST to the API with a small body, in
one piece. Everything else (another address, a body in pieces, `Expect`, an upgrade, a connection
that is to be closed) takes the long way through the server and the ASGI application, and so does
whatever looks odd: this here reads only what cannot be read in two ways. Pure.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

from panelwright.core import limits

Header = tuple[bytes, bytes]

# A larger body is parsed on another thread; see app.py.
BODY_MAX = 64 * 1024
# Heads up to this are remembered: a program sends the same few again and again.
_HEAD_MAX = 1024
# The first line and the empty one, at most.
_START_MAX = 64

_START = re.compile(rb"POST /api/v2/? HTTP/1\.1\r\n")
# Values without control characters, which the server's parser refuses.
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*")
_ONCE = frozenset(
    {b"host", b"content-type", b"content-length", b"x-forwarded-for", b"x-forwarded-proto", b"idempotency-key"}
)
_LONG_WAY = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"http2-settings", b"trailer", b"te"})


class _AsWritten(bytes):
    """A header's name that uvicorn sends as it is written, not in lower case."""

    def lower(self) -> bytes:
        return self


# One client in the field compares the whole header, letter by letter.
JSON = (_AsWritten(b"Content-Type"), b"application/json")
# Answers hold balances and orders of one customer: nobody in between may keep them.
_NO_STORE = (b"cache-control", b"no-store")
NO_SNIFF = (b"x-content-type-options", b"nosniff")
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class Whole(NamedTuple):
    """A request. Headers that it does not have are empty."""

    host: str
    content_type: bytes
    forwarded: bytes
    idempotency: str
    proto: bytes
    body: bytes


def read(data: bytes) -> Whole | None:
    """The request that the bytes are, exactly; None for whatever takes the long way."""
    start = _START.match(data)
    if start is None:
        return None
    end = data.find(b"\r\n\r\n", start.end() - 2)
    if end < 0:
        return None
    headers, body = data[start.end() : end + 2], data[end + 4 :]
    head = _remembered(headers) if len(headers) <= _HEAD_MAX else _read_head(headers)
    if head is None or head.length != len(body):
        return None
    return Whole(head.host, head.content_type, head.forwarded, head.idempotency, head.proto, body)


class _Head(NamedTuple):
    host: str
    content_type: bytes
    forwarded: bytes
    idempotency: str
    proto: bytes
    length: int


def _read_head(headers: bytes) -> _Head | None:
    """The headers, each line with its end; None for whatever takes the long way."""
    if len(headers) > limits.HEAD_BYTES_MAX - _START_MAX or headers.count(b"\n") > limits.HEAD_LINES_MAX:
        return None
    if _HEADERS.fullmatch(headers) is None:
        return None
    found: dict[bytes, bytes] = {}
    cookie_bytes = 0
    for line in headers[:-2].split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _ONCE:
            if name in found:
                return None
            found[name] = value.strip(b" \t")
        elif name == b"cookie":
            cookie_bytes += len(value)
        elif name in _LONG_WAY or (name == b"connection" and value.strip(b" \t").lower() != b"keep-alive"):
            return None
    if cookie_bytes > limits.COOKIE_BYTES_MAX:
        return None
    length = found.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 6 or int(length) > BODY_MAX:
        return None
    host = found.get(b"host", b"").decode("latin-1")
    if not host:
        return None
    idempotency = found.get(b"idempotency-key", b"").decode("latin-1").strip()
    return _Head(
        host,
        found.get(b"content-type", b""),
        found.get(b"x-forwarded-for", b""),
        idempotency,
        found.get(b"x-forwarded-proto", b""),
        int(length),
    )


_remembered = functools.lru_cache(maxsize=1024)(_read_head)


def headers(length: int, extra: Sequence[Header]) -> list[Header]:
    """The headers of an answer whose body has `length` bytes, with those that only this one has."""
    return [JSON, (b"content-length", b"%d" % length), _NO_STORE, NO_SNIFF, *extra]


def answer(status: int, server: Sequence[Header], extra: Sequence[Header], body: bytes) -> bytes:
    """The bytes of an answer, as the server writes them on the long way. `server`: headers that it adds to all."""
    return _head(status, tuple(server), len(body), tuple(extra)) + body


@functools.lru_cache(maxsize=1024)
def _head(status: int, server: tuple[Header, ...], length: int, extra: tuple[Header, ...]) -> bytes:
    lines = [b"%b: %b\r\n" % (name.lower(), value) for name, value in (*server, *headers(length, extra))]
    return b"".join((_STATUS_LINES[status], *lines, b"\r\n"))


# What the server refuses without asking the application: the code and the text, as api/protocol.py has them, and
# what a person reads who asked for a page.
REFUSED = {
    400: ("bad_request", "Incorrect request", "Invalid HTTP request received."),
    408: ("too_slow", "Request was not sent in time, please retry", "The request was not sent in time."),
    431: ("too_large", "Request is too large", "The head of the request is too large."),
    500: ("fault", "Internal error, the request was not carried out", "Internal error."),
    503: ("overloaded", "The panel is temporarily overloaded, please retry", "Too many connections. Try again soon."),
}


def refused(status: int, server: Sequence[Header], *, as_text: bool = False) -> bytes:
    """The bytes of one of the answers in `REFUSED`, after which the connection is closed."""
    code, error, words = REFUSED[status]
    close = (b"connection", b"close")
    if as_text:
        text_headers = [(b"content-type", b"text/plain; charset=utf-8"), NO_SNIFF, close]
        lines = [b"%b: %b\r\n" % header for header in (*server, *text_headers)]
        return b"".join((_STATUS_LINES[status], *lines, b"content-length: %d\r\n\r\n%b" % (len(words), words.encode())))
    extra = [(b"X-Error-Code", code.encode()), *([(b"Retry-After", b"1")] if status == 503 else []), close]
    return answer(status, server, extra, b'{"error":"%b"}' % error.encode())
