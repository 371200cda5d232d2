"""One web process; started by `serve` and `demo`, which hand it the sockets to listen on."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import socket
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from panelwright.cli.processes import stop_with_parent

_UPGRADE = re.compile(rb"\r\nupgrade:", re.I)
HEAD_MAX = 1024 * 1024


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fd", type=int, action="append", required=True)


class OneWrite:
    """A transport that sends what one answer writes, its head and its body, in one packet.

    Each packet wakes the client: two of them cost it and us twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._held:
            self._call_soon(self.flush)
        self._held.append(data)

    def flush(self) -> None:
        held = self._held
        if held:
            self._held = []
            self._transport.writelines(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """Takes a request that offers an upgrade to HTTP/2 as the HTTP/1.1 request that it is.

    curl and Java offer it by default on plain HTTP; the parser would hold back the body of such a
    request, and the key with it. A head that comes in pieces is put together first: the offer may
    stand in any of them.
    """

    between = True
    head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, OneWrite(cast(asyncio.Transport, transport), self.loop)))

    def data_received(self, data: bytes) -> None:
        if self.between:
            data = self.head + data
            if b"\r\n\r\n" not in data and b"\n\n" not in data:
                self.head = data
                if len(data) > HEAD_MAX:
                    self.send_400_response("The head of the request is too large.")
                return
            self.head = b""
            if b"pgrade:" in data:
                head, end, rest = data.partition(b"\r\n\r\n")
                data = _UPGRADE.sub(b"\r\nignored:", head) + end + rest
        super().data_received(data)

    def on_message_begin(self) -> None:
        self.between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self.between = True
        super().on_message_complete()


def config(app: str = "panelwright.asgi:app", *, lifespan: str = "on") -> uvicorn.Config:
    """How every web process of ours is served; the benchmark's empty answer is served the same way."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan=lifespan,  # type: ignore[arg-type]
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=2048,
        timeout_graceful_shutdown=20,
        h11_max_incomplete_event_size=None,
    )


def run(args: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panelwright.settings")
    sockets = [socket.socket(fileno=fd) for fd in args.fd]
    server = uvicorn.Server(config())
    stop_with_parent()
    server.run(sockets=sockets)
    return 0
