"""HTTP/1.1 byte by byte: what is sent is what the test wrote, what came back is kept as it came."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus

API = "/api/v2"
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
TIMEOUT_S = 60.0
# Servers close a connection that has been idle for some seconds; a request must not meet the closing.
IDLE_MAX_S = 2.0


class Reply(NamedTuple):
    """An answer. `head` is the status line and the header lines as received; `headers` has lower-case names."""

    status: int
    head: bytes
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """The value in a proper answer: 200, exactly this content type, compact UTF-8 JSON without escapes."""
        assert self.status == 200, self
        assert b"\r\nContent-Type: application/json\r\n" in self.head + b"\r\n", self.head
        value = json.loads(self.body.decode("utf-8"))
        assert self.body == compact(value)
        return value


def compact(value: Any) -> bytes:
    """JSON as the protocol writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def form(fields: Mapping[str, object]) -> bytes:
    """An urlencoded form; fields that are None are left out."""
    return "&".join(f"{name}={quote_plus(str(value))}" for name, value in fields.items() if value is not None).encode()


def request(method: str, target: str, *headers: str, host: str, body: bytes = b"") -> bytes:
    """A request with these header lines after Host. Content-Length is added unless one of them says the length."""
    lines = list(headers)
    if not any(line.lower().startswith(("content-length:", "transfer-encoding:")) for line in lines):
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, "", ""])
    return head.encode("latin-1") + body


class Line:
    """A kept connection to a port on loopback; made anew when it has been idle or the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._rest = b""
        self._used_at = 0.0

    def exchange(self, sent: bytes) -> Reply:
        """Send these bytes, and read one answer. Raises OSError when the server hangs up instead."""
        if self._socket is None or time.monotonic() - self._used_at > IDLE_MAX_S:
            self.open()
        assert self._socket is not None
        try:
            self._socket.sendall(sent)
            reply = self._read()
        except OSError:
            self.close()
            raise
        self._used_at = time.monotonic()
        if reply.headers.get("connection", "").lower() == "close":
            self.close()
        return reply

    def open(self) -> None:
        self.close()
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._used_at = time.monotonic()

    def close(self) -> None:
        self._rest = b""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read(self) -> Reply:
        """The next answer that is not an interim one."""
        while True:
            while b"\r\n\r\n" not in self._rest:
                self._receive()
            head, _, self._rest = self._rest.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            status = int(first.split()[1])
            if status >= 200:
                break
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("transfer-encoding") == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self._take(int(headers.get("content-length", 0)))
        return Reply(status, head, headers, body)

    def _chunk(self) -> bytes:
        """One chunk of a page; empty for the last. Answers of the API are never chunked."""
        while b"\r\n" not in self._rest:
            self._receive()
        size, _, self._rest = self._rest.partition(b"\r\n")
        return self._take(int(size, 16) + 2)[:-2]

    def _take(self, length: int) -> bytes:
        while len(self._rest) < length:
            self._receive()
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def _receive(self) -> None:
        assert self._socket is not None
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("the server closed the connection before its answer was complete")
        self._rest += data
