"""The short way of a request: one that came whole and plain is answered without ASGI's scope, task and messages.

Nearly every request of a reseller's program is such a one: a POST to the API with a small body, in
one piece. Everything else (another address, a body in pieces, `Expect`, an upgrade, a connection
that is to be closed) takes the long way through the server and the ASGI application, and so does
whatever looks odd: this here reads only what cannot be read in two ways. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple

# A larger body is parsed on another thread; see app.py.
BODY_MAX = 64 * 1024

_START = re.compile(rb"POST /api/v2/? HTTP/1\.1\r\n")
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\x00]*\r\n)*")
_ONCE = frozenset({b"host", b"content-type", b"content-length", b"x-forwarded-for", b"idempotency-key"})
_LONG_WAY = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"http2-settings", b"trailer", b"te"})
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class Whole(NamedTuple):
    """A request. Headers that it does not have are empty."""

    host: bytes
    content_type: bytes
    forwarded: bytes
    idempotency: bytes
    body: bytes


def read(data: bytes) -> Whole | None:
    """The request that the bytes are, exactly; None for whatever takes the long way."""
    start = _START.match(data)
    if start is None:
        return None
    end = data.find(b"\r\n\r\n", start.end() - 2)
    if end < 0 or _HEADERS.fullmatch(data, start.end(), end + 2) is None:
        return None
    found: dict[bytes, bytes] = {}
    for line in data[start.end() : end].split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _ONCE:
            if name in found:
                return None
            found[name] = value.strip(b" \t")
        elif name in _LONG_WAY or (name == b"connection" and value.strip(b" \t").lower() != b"keep-alive"):
            return None
    length = found.get(b"content-length", b"")
    body = data[end + 4 :]
    if not length.isdigit() or len(length) > 6 or int(length) != len(body) or len(body) > BODY_MAX:
        return None
    host = found.get(b"host")
    if not host:
        return None
    get = found.get
    return Whole(host, get(b"content-type", b""), get(b"x-forwarded-for", b""), get(b"idempotency-key", b""), body)


def answer(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """The bytes of an answer, as the server writes them on the long way. The headers name the body's length."""
    parts = [_STATUS_LINES[status]]
    for name, value in headers:
        parts += (name.lower(), b": ", value, b"\r\n")
    parts += (b"\r\n", body)
    return b"".join(parts)
