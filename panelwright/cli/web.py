"""One web process; started by `serve` and `demo`, which hand it the sockets to listen on."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import socket
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from panelwright.api import whole
from panelwright.cli.processes import collect_seldom, stop_with_parent

log = logging.getLogger(__name__)

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

    def send(self, data: bytes) -> None:
        """Write now, behind what is held."""
        if self._held:
            self._held.append(data)
            self.flush()
        else:
            self._transport.write(data)

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
    # The short way (api/whole.py): while such a request is being answered, what else arrives waits.
    answering = False
    leaving = False
    later = b""
    # When the last answer of the short way left; the loop's clock.
    idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.is_closing = transport.is_closing
        self.out = OneWrite(cast(asyncio.Transport, transport), self.loop)
        super().connection_made(cast(asyncio.Transport, self.out))
        self.has_quick = hasattr(self.app, "quick")

    def data_received(self, data: bytes) -> None:
        if self.answering:
            self.later += data
            if len(self.later) > HEAD_MAX:
                self.transport.pause_reading()
            return
        if self.between:
            if self.has_quick and not self.head and self._answers(data):
                return
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

    def _answers(self, data: bytes) -> bool:
        """Take a request that came whole the short way. False when it has to take the long one."""
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        request = whole.read(data)
        if request is None:
            return False
        self.answering = True
        taken = False
        try:
            taken = self.app.quick(
                request,
                port=(self.server[1] if self.server else 0) or 0,
                client=self.client[0] if self.client else "",
                loop=self.loop,
                done=self._answered,
            )
        except Exception:
            # The long way meets the same fault, and answers it.
            log.exception("a request could not be read the short way")
        if not taken:
            self.answering = False
        return taken

    def _answered(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.server_state.total_requests += 1
        if self.is_closing():
            return
        self.out.send(whole.answer(status, self.server_state.default_headers, headers, body))
        if self.leaving:
            self.transport.close()
            return
        if self.later:
            # Not from here: a thousand requests in one piece would be a thousand calls deep.
            self.loop.call_soon(self._go_on)
            return
        self.answering = False
        self.idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait_for_more(self.timeout_keep_alive)

    def _wait_for_more(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that nothing was asked on for long.

        The short way leaves the timer as it is, request after request, and it looks here at when the last
        answer left: a timer made and taken back for each request costs more than reading its head.
        """
        self.timeout_keep_alive_task = None
        if self.answering:
            return  # The answer starts it again.
        left = self.idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wait_for_more(left)
        else:
            super().timeout_keep_alive_handler()

    def _go_on(self) -> None:
        """See to what arrived while a request was being answered."""
        self.answering = False
        data, self.later = self.later, b""
        self.transport.resume_reading()
        if not self.transport.is_closing():
            self.data_received(data)

    def shutdown(self) -> None:
        """The server is leaving: what was begun is answered first."""
        if self.answering:
            self.leaving = True
        else:
            super().shutdown()

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
    settings = config()
    settings.load()
    collect_seldom()
    stop_with_parent()
    uvicorn.Server(settings).run(sockets=sockets)
    return 0
