"""What servers that we ask may send: heads, chunks and trailers have an end."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from panelwright.core import limits
from panelwright.core.reply import HttpReply
from panelwright.core.said import words
from panelwright.core.transport import NoResponse, Transport

READ_S = 8.0
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"


@contextmanager
def answering(first: bytes, then: bytes) -> Iterator[str]:
    """A server that answers `first`, and then `then` as long as anybody listens, if it is something."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve(wire: socket.socket) -> None:
        with wire, suppress(OSError):
            wire.recv(65_536)
            wire.sendall(first)
            while then:
                wire.sendall(then * 4_000)
            # Closed with something unread, the connection is reset, and takes what was answered with it.
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(65_536):
                pass

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with ExitStack() as end:
        end.callback(server.close)
        end.callback(server.shutdown, socket.SHUT_RDWR)
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def sent(url: str, *, max_bytes: int = 2 * limits.MIB) -> tuple[HttpReply | NoResponse, float]:
    """What comes of a request, and the seconds that it took."""
    transport = Transport(
        url=url, allow_private=True, connect_timeout_s=5, read_timeout_s=READ_S, max_bytes=max_bytes, secrets=()
    )
    began = time.monotonic()
    try:
        came = transport.post([("a", "b")])
    finally:
        transport.close()
    assert isinstance(came, HttpReply | NoResponse)
    return came, time.monotonic() - began


@pytest.mark.parametrize(
    ("endless", "why"),
    [
        (b"HTTP/1.1 100 C\r\n\r\n", "more than 8 interim heads"),
        (b"HTTP/1.1 100 C\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", "the answer has more bytes"),
        (b"X: " + b"y" * 2_000 + b"\r\n", "the answer has more bytes"),
    ],
    ids=["interim", "long interim", "headers"],
)
def test_heads_without_end(endless: bytes, why: str) -> None:
    with answering(b"" if endless.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n", endless) as url:
        came, took_s = sent(url)
    assert isinstance(came, NoResponse)
    assert why in words(came.text)
    assert took_s < READ_S / 4


@pytest.mark.parametrize(
    ("first", "endless", "why"),
    [
        (CHUNKED + b"1\r\na\r\n0\r\n", b"X: y\r\n", "the answer has more bytes"),
        (CHUNKED, b"1\r\na\r\n", "more than 100,000 chunks"),
        (PACKED, gzip.compress(b""), "the answer has more bytes"),
    ],
    ids=["trailers", "chunks", "packed nothing"],
)
def test_frames_without_end(first: bytes, endless: bytes, why: str) -> None:
    with answering(first, endless) as url:
        came, took_s = sent(url)
    assert isinstance(came, HttpReply)
    assert (came.status, why in words(came.broke)) == (200, True), came.broke
    assert took_s < READ_S / 2


def test_what_servers_send_is_taken() -> None:
    interim = b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" * limits.INTERIM_HEADS_MAX
    heads = b"".join(b"X-%d: %s\r\n" % (i, b"y" * 400) for i in range(90))
    chunks = b"".join(b"64\r\n" + b"z" * 100 + b"\r\n" for _ in range(20_000))
    first = interim + CHUNKED[:-2] + heads + b"\r\n" + chunks + b"0\r\nX-Sum: 1\r\n\r\n"
    with answering(first, b"") as url:
        came, _ = sent(url)
    assert isinstance(came, HttpReply)
    assert (came.broke, came.body == b"z" * 2_000_000) == ("", True)
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"z" * 1_000_000
    with answering(long, b"") as url:
        came, _ = sent(url, max_bytes=limits.WEBHOOK_ANSWER_BYTES_MAX)
    assert isinstance(came, HttpReply)
    assert (came.status, words(came.broke)) == (200, "the answer is longer than 4,096 bytes")
