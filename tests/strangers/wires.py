"""Bytes on a socket: what strangers write, and what comes back."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

TIMEOUT_S = 60.0
FORM = "Content-Type: application/x-www-form-urlencoded"


class Answer(NamedTuple):
    """`head`: header lines by lower-case name; status 0: the connection ended without an answer."""

    status: int
    head: dict[str, str]
    body: bytes


@contextmanager
def connected(port: int, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.create_connection((host, port), timeout=TIMEOUT_S) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield wire


def request(start: str, *lines: str, body: bytes = b"", host: str = "127.0.0.1", length: int | None = None) -> bytes:
    """`start` is `POST /api/v2`; lines are the headers beside Host and Content-Length."""
    given = [f"Host: {host}"] if host else []
    if body or length is not None:
        given.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([f"{start} HTTP/1.1", *given, *lines, "", ""]).encode("latin-1") + body


def answer(wire: socket.socket) -> Answer:
    """The next answer on the connection, none of whose bytes belong to another."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = b""
        with suppress(ConnectionError):
            part = wire.recv(1)
        if not part:
            return Answer(0, {}, data)
        data += part
    first, *lines = data.decode("latin-1").strip().split("\r\n")
    head = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = b""
    length = int(head.get("content-length", "0"))
    while len(body) < length:
        part = wire.recv(length - len(body))
        if not part:
            break
        body += part
    return Answer(int(first.split()[1]), head, body)


def ask(port: int, *pieces: bytes, pause_s: float = 0.02) -> Answer:
    """Send the pieces one after the other on a new connection; the first answer."""
    return asks(port, pieces, pause_s=pause_s)[0]


def asks(port: int, pieces: Sequence[bytes], *, count: int = 1, pause_s: float = 0.02) -> list[Answer]:
    """As `ask`; so many answers."""
    import time

    with connected(port) as wire:
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(pause_s)
            # Who is refused while he sends may find the connection closed.
            with suppress(ConnectionError):
                wire.sendall(piece)
        return [answer(wire) for _ in range(count)]
