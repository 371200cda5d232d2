"""A TCP server on loopback that answers as badly as a test wants, and counts what it has read."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class Request:
    """One request that was read to its end."""

    connection: int  # which connection it came on, from 1
    line: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Wild:
    """`url` to ask; `requests` that were read; `connections` that were made."""

    url: str
    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)


# What to do with a request: (socket, all requests so far). True keeps the connection for the next one.
Behaviour = Callable[[socket.socket, list[Request]], bool]


def http(
    body: object, status: int = 200, headers: str = "", *, length: int | None = None, keep: bool = True
) -> Behaviour:
    """Answers with this body, on a connection that is kept or closed afterwards."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw) if length is None else length}\r\n{headers}\r\n"

    def behave(sock: socket.socket, requests: list[Request]) -> bool:
        sock.sendall(head.encode() + raw)
        return keep

    return behave


def raw(data: bytes) -> Behaviour:
    """Sends these bytes and closes."""

    def behave(sock: socket.socket, requests: list[Request]) -> bool:
        sock.sendall(data)
        return False

    return behave


def reset(sock: socket.socket, requests: list[Request]) -> bool:
    """Closes with a TCP reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def hang_up(sock: socket.socket, requests: list[Request]) -> bool:
    """Closes without a word."""
    return False


@contextlib.contextmanager
def wild_panel(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, read: bool = True, by_connection: bool = False
) -> Iterator[Wild]:
    """Run a server; with read=False the behaviour is called before anything is read.

    With by_connection the behaviour sees only the requests of the connection that it answers on.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    wild = Wild(f"{'https' if tls else 'http'}://localhost:{port}/api/v2", port)
    threads: list[threading.Thread] = []

    def serve(sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            if tls is not None:
                sock = tls.wrap_socket(sock, server_side=True)
        with sock, contextlib.suppress(OSError):
            stream = sock.makefile("rb")
            own: list[Request] = []
            while not wild.stop.is_set():
                if read:
                    request = _read_request(stream, number)
                    if request is None:
                        return
                    wild.requests.append(request)
                    own.append(request)
                if not behaviour(sock, own if by_connection else wild.requests):
                    stream.close()
                    return

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            if wild.stop.is_set():
                sock.close()
                return
            wild.connections += 1
            threads.append(threading.Thread(target=serve, args=(sock, wild.connections), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield wild
    finally:
        wild.stop.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=60).close()  # wakes accept()
        acceptor.join(60)
        listener.close()


def _read_request(stream: Any, number: int) -> Request | None:
    line = stream.readline().decode("latin-1").strip()
    if not line:
        return None
    headers: dict[str, str] = {}
    while text := stream.readline().decode("latin-1").strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Request(number, line, headers, dict(parse_qsl(body.decode(), keep_blank_values=True)))
