"""The fast path: a plain request that arrives complete is answered without ASGI's scope, task and messages.

Nearly every request of a reseller's program is such a one: a POST to the API with a small body, or a
GET, in one piece. Everything else (another address, a body in pieces, `Expect`, an upgrade, a connection
that is to be closed) goes through the server's parser and the ASGI application, and so does whatever
looks odd: this here reads only what cannot be read in two ways. Pure.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

from panelwright.core import limits

Header = tuple[bytes, bytes]

# A larger body is read on another thread; see app.py.
BODY_MAX = 64 * 1024
# Heads up to this are remembered: a program sends the same few again and again.
_HEAD_MAX = 1024
_HEADS_MAX = 1024
# Of the first line, what is not the query, at most, and the query.
_START_MAX = 64
_QUERY_MAX = 2048

# In the query, what an address may hold by its standard, without a fragment.
_START = re.compile(rb"(POST|GET) /api/v2/?(?:\?([A-Za-z0-9._~!$&'()*+,;=:@/?%-]*))? HTTP/1\.1\r\n")
# Values without control characters, which the server's parser refuses.
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*")
_ONCE = frozenset(
    {
        *(b"host", b"content-type", b"content-length", b"x-forwarded-for", b"idempotency-key"),
        *(b"x-forwarded-proto", b"if-none-match", b"accept-encoding"),
    }
)
_NOT_PLAIN = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"http2-settings", b"trailer", b"te"})


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


class RequestHead(NamedTuple):
    """The headers of a request that are looked at. Those that it does not have are empty."""

    host: str
    content_type: bytes
    forwarded: bytes
    idempotency: str
    proto: bytes
    if_none_match: bytes
    accept_encoding: bytes
    length: int


class PlainRequest(NamedTuple):
    """A request; `method` is POST or GET."""

    method: bytes
    query: bytes
    head: RequestHead
    body: bytes


# As PlainRequest(...), without a function in Python in between.
_plain_request = functools.partial(tuple.__new__, PlainRequest)


def read(data: bytes) -> PlainRequest | None:
    """The request that the bytes are, exactly; None for whatever has to go through ASGI."""
    start = _START.match(data)
    if start is None:
        return None
    at = start.end()
    end = data.find(b"\r\n\r\n", at - 2)
    if end < 0:
        return None
    headers, body = data[at : end + 2], data[end + 4 :]
    head = _remembered(headers) if len(headers) <= _HEAD_MAX else _read_head(headers)
    if head is None or head.length != len(body):
        return None
    method, query = start.groups(b"")
    if len(query) > _QUERY_MAX or (method == b"POST" and not body):
        return None
    return _plain_request((method, query, head, body))


def _read_head(headers: bytes) -> RequestHead | None:
    """The headers, each line with its end; None for whatever has to go through ASGI."""
    if len(headers) > limits.HEAD_BYTES_MAX - _START_MAX - _QUERY_MAX or headers.count(b"\n") > limits.HEAD_LINES_MAX:
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
        elif name in _NOT_PLAIN or (name == b"connection" and value.strip(b" \t").lower() != b"keep-alive"):
            return None
    if cookie_bytes > limits.COOKIE_BYTES_MAX:
        return None
    length = found.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 6 or int(length) > BODY_MAX:
        return None
    host = found.get(b"host", b"").decode("latin-1")
    if not host:
        return None
    return RequestHead(
        host=host,
        content_type=found.get(b"content-type", b""),
        forwarded=found.get(b"x-forwarded-for", b""),
        idempotency=found.get(b"idempotency-key", b"").decode("latin-1").strip(),
        proto=found.get(b"x-forwarded-proto", b""),
        if_none_match=found.get(b"if-none-match", b""),
        accept_encoding=found.get(b"accept-encoding", b""),
        length=int(length),
    )


_remembered = functools.lru_cache(maxsize=1024)(_read_head)


def headers(length: int, extra: Sequence[Header]) -> list[Header]:
    """The headers of an answer whose body has `length` bytes, with those that only this one has."""
    return [JSON, (b"content-length", b"%d" % length), _NO_STORE, NO_SNIFF, *extra]


class AnswerHeads:
    """The heads of plain answers: made once a second for each length, as the date is all else that changes."""

    def __init__(self) -> None:
        self._server: Sequence[Header] = ()
        self._plain: dict[int, bytes] = {}

    def plain(self, server: Sequence[Header], length: int) -> bytes:
        """Of a 200 of `length` bytes with no headers but those of every answer."""
        if server is not self._server or len(self._plain) > _HEADS_MAX:
            # The server makes a new list for each second's date.
            self._server, self._plain = server, {}
        found = self._plain.get(length)
        if found is None:
            found = self._plain[length] = head(200, server, (), length)
        return found


def head(status: int, server: Sequence[Header], extra: Sequence[Header], length: int | None) -> bytes:
    """The head of an answer. `server`: headers that the server adds to all.

    `extra`: the headers that only this one has, beside those of every answer of `length` bytes; None: all that it has.
    """
    return _head(status, tuple(server), length, tuple(extra))


def answer(status: int, server: Sequence[Header], extra: Sequence[Header], body: bytes) -> bytes:
    """The bytes of an answer."""
    return _head(status, tuple(server), len(body), tuple(extra)) + body


@functools.lru_cache(maxsize=1024)
def _head(status: int, server: tuple[Header, ...], length: int | None, extra: tuple[Header, ...]) -> bytes:
    own = extra if length is None else headers(length, extra)
    lines = [b"%b: %b\r\n" % (name.lower(), value) for name, value in (*server, *own)]
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
