"""One web process; started by `serve` and `demo`, which hand it the sockets to listen on."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import re
import resource
import socket
import sys
from typing import Any, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from panelwright.api import whole
from panelwright.cli.door import Door
from panelwright.cli.processes import collect_seldom, stop_with_parent
from panelwright.core import limits

log = logging.getLogger(__name__)

_UPGRADE = re.compile(rb"\r\nupgrade:", re.I)
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,12})[ \t]*\r?\n", re.I)
_API = re.compile(rb"[A-Z]+ (?:https?://[^/ ]*)?/api/")
# What may wait while a request is being answered: one more of the short way.
LATER_MAX = whole.BODY_MAX + limits.HEAD_BYTES_MAX
# What is read on from somebody who was refused, and for how long.
DROP_MAX = 8 * limits.MIB
LINGER_S = 3.0
# Of a body whose length is not known, so much is fed to the parser at once: requests may hide behind it.
_PIECE = 4096
# A body in pieces may have so many bytes around each of its own.
_WRAPPING = 9
_OTHER_FILES = 256


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fd", type=int, action="append", required=True)


class OneWrite:
    """A transport that sends what one answer writes, its head and its body, in one packet.

    Each packet wakes the client: two of them cost it and us twice. `bytes` is how many were written so far. What is
    written to a client who has gone meanwhile, as what was held for her, is dropped: the loop's transport would raise.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._held: list[bytes] = []
        self.bytes = 0

    def write(self, data: bytes) -> None:
        if not self._held:
            self._call_soon(self.flush)
        self._held.append(data)

    def send(self, data: bytes) -> None:
        """Write now, behind what is held."""
        if self._held:
            self._held.append(data)
            self.flush()
        elif not self._transport.is_closing():
            self.bytes += len(data)
            self._transport.write(data)

    def flush(self) -> None:
        held = self._held
        if held:
            self._held = []
            if not self._transport.is_closing():
                self.bytes += sum(map(len, held))
                self._transport.writelines(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _TooLarge(Exception):
    """A head passes a limit."""


class Protocol(HttpToolsProtocol):
    """One connection: uvicorn's, with the short way, and with an end to whatever a client may do.

    A request that offers an upgrade to HTTP/2 is taken as the HTTP/1.1 request that it is: curl and Java offer
    it by default on plain HTTP, and the parser would hold back the body of such a request, and the key with it.
    A head that comes in pieces is put together first, whether it fits its limit is seen before any of it is kept
    elsewhere, and a request is begun when the one before it has been answered: what else has come waits.
    """

    door = Door()
    # How long a head and a body may take: settings.
    head_s: float = limits.HEAD_S
    body_s: float = limits.BODY_S
    of = ""

    between = True
    head = b""
    # When the first byte of the head that is being received came, and when that head was whole; 0: neither.
    head_at = 0.0
    body_at = 0.0
    head_bytes = head_lines = cookie_bytes = body_bytes = fed_bytes = 0
    # What the head says is still to come of the body; 0: it does not say.
    body_left = 0
    too_large = False
    # The short way (api/whole.py): while such a request is being answered, what else arrives waits.
    answering = False
    leaving = False
    later = b""
    # What waits goes on when the client has read what it was answered.
    held_up = False
    # Nothing is read any more; the status that is still to be told, behind an answer; when we began to close.
    refused = False
    owed = 0
    dropped = 0
    closing_at = 0.0
    # When the last answer left, or the connection was made, and whether there was an answer; the loop's clock.
    idle_since = 0.0
    asked = False
    # The client does not read what it was answered: since when, and how many bytes it had taken by then.
    stalled_at = 0.0
    taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.is_closing = transport.is_closing
        self.out = OneWrite(cast(asyncio.Transport, transport), self.loop)
        super().connection_made(cast(asyncio.Transport, self.out))
        self.has_quick = hasattr(self.app, "quick")
        self.idle_since = self.loop.time()
        if not self.door.let_in(self, self.client[0] if self.client else "", self.loop):
            self.has_quick, self.refused = False, True
            self.out.send(whole.refused(503, self.server_state.default_headers))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.left(self)
        self.head = self.later = b""
        super().connection_lost(exc)

    # ---- what arrives ------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.answering or self.later:
            self._keep(data)
            return
        if self.between and self.has_quick and not self.head and self._answers(data):
            return
        self._unset_keepalive_if_required()
        while data and not self.refused and self.parser is not None:
            if not self.between:
                size = self.body_left or _PIECE
                piece, data = data[:size], data[size:]
                self.body_left = max(self.body_left - size, 0)
                self._feed(piece)
            elif self.cycle is not None and not self.cycle.response_complete:
                self._keep(data)
                return
            else:
                data = self._begin(data)
        if self.refused:
            self.dropped += len(data)
            if self.dropped > DROP_MAX:
                self.transport.abort()

    def _keep(self, data: bytes) -> None:
        """Until the request before it has been answered."""
        self.later += data
        if len(self.later) > LATER_MAX:
            self.flow.pause_reading()

    def _begin(self, data: bytes) -> bytes:
        """Take the beginning of a request, as far as it is known where it ends; what is left of the data."""
        searched = max(len(self.head) - 3, 0)
        data = self.head + data
        end = _end_of_head(data, searched)
        if end > limits.HEAD_BYTES_MAX or (end < 0 and len(data) > limits.HEAD_BYTES_MAX):
            self.head = data[: limits.HEAD_BYTES_MAX]
            self._refuse(431)
            return b""
        if end < 0:
            self.head = data
            self.head_at = self.head_at or self.loop.time()
            return b""
        head = data[:end]
        stated = _LENGTH.search(head)
        length = int(stated[1]) if stated is not None else 0
        if b"pgrade:" in head:
            head = _UPGRADE.sub(b"\r\nignored:", head)
        self.head = head
        self.body_left = max(end + length - len(data), 0)
        self._feed(head + data[end : end + length])
        self.head = b""
        return data[end + length :]

    def _feed(self, data: bytes) -> None:
        self.fed_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(431 if self.too_large else 400)
        except httptools.HttpParserUpgrade:
            # Another protocol was asked for, which nobody speaks here: the request is answered, and is the last one.
            self.has_quick, self.refused = False, True
            if self.cycle is not None:
                self.cycle.keep_alive = False
        if not self.between and self.fed_bytes > 2 * limits.HEAD_BYTES_MAX + _WRAPPING * self.body_bytes:
            # A head behind another request, or pieces of a body that are all wrapping. The parser keeps what it has
            # not seen the end of.
            self._refuse(431 if self.head_at else 400)

    # ---- the short way -----------------------------------------------------------------------------

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
        try:
            answer = whole.answer(status, self.server_state.default_headers, headers, body)
        except Exception:
            log.exception("an answer could not be written")
            answer = whole.refused(500, self.server_state.default_headers)
            self.leaving = True
        self.out.send(answer)
        if self.leaving:
            self.transport.close()
            return
        if self.later:
            self._soon()
            return
        self.answering = False
        self.idle_since = self.loop.time()
        self.asked = True

    def _soon(self) -> None:
        """Go on with what has arrived meanwhile, once the client has read what it was answered."""
        if self.flow.write_paused:
            self.held_up = True
        else:
            # Not from here: a thousand requests in one piece would be a thousand calls deep.
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """See to what arrived while a request was being answered."""
        self.answering = False
        data, self.later = self.later, b""
        self.flow.resume_reading()
        if not self.transport.is_closing():
            self.data_received(data)

    # ---- how long we wait --------------------------------------------------------------------------

    @property
    def waiting_since(self) -> float | None:
        if self.closing_at:
            return self.closing_at
        if not self.answering:
            if self.head_at:
                return self.head_at
            if self.cycle is None or self.cycle.response_complete:
                return self.idle_since
            if self._body_is_awaited():
                return self.body_at
        return self.stalled_at or None

    def _body_is_awaited(self) -> bool:
        return self.body_at > 0 and self.cycle is not None and self.cycle.more_body and not self.flow.read_paused

    def _body_may_take_s(self) -> float:
        return self.body_s + self.body_bytes / limits.BODY_BYTES_A_S

    def close(self) -> None:
        self.transport.abort()

    def look(self, now: float) -> None:
        if self.transport.is_closing() and not self.closing_at:
            self.closing_at = now
        if self._stalls(now) or (self.closing_at and now > self.closing_at + LINGER_S):
            self.transport.abort()
        elif self.answering or self.closing_at or self.refused:
            return
        elif self.head_at:
            if now > self.head_at + self.head_s:
                self._refuse(408)
        elif self.cycle is None or self.cycle.response_complete:
            if now > self.idle_since + (limits.KEEP_ALIVE_S if self.asked else self.head_s):
                self.transport.close()
        elif self._body_is_awaited() and now > self.body_at + self._body_may_take_s():
            self._refuse(408)

    def _stalls(self, now: float) -> bool:
        left = self.transport.get_write_buffer_size()
        taken = self.out.bytes - left
        if not left or taken > self.taken or not self.stalled_at:
            self.taken, self.stalled_at = taken, now if left else 0.0
        return bool(self.stalled_at) and now > self.stalled_at + limits.READ_S

    def timeout_keep_alive_handler(self) -> None:
        """The door looks after that, for both ways."""

    def pause_writing(self) -> None:
        """Who does not read answers is not asked for more."""
        super().pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.held_up:
            self.held_up = False
            self.loop.call_soon(self._go_on)
        elif len(self.later) <= LATER_MAX:
            self.flow.resume_reading()

    # ---- ends --------------------------------------------------------------------------------------

    def _refuse(self, status: int) -> None:
        """Answer what is no request, or does not come to its end, and read no more."""
        if self.refused:
            return
        self.has_quick, self.refused = False, True
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                self.owed = status  # The request before it is being answered.
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self._hang_up()
                return
        self._tell(status)

    def _tell(self, status: int) -> None:
        to_api = _API.match(self.head or b"GET " + (self.url if self.scope else b"")) is not None
        self.out.send(whole.refused(status, self.server_state.default_headers, as_text=not to_api))
        self._hang_up()

    def _hang_up(self) -> None:
        """Say that nothing more comes from us, and for a moment read on: who is still sending would not see why."""
        self.head = self.later = b""
        self.closing_at = self.loop.time()
        if not self.transport.is_closing():
            self.out.flush()
            self.flow.resume_reading()
            if self.transport.can_write_eof():
                self.transport.write_eof()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400)

    def shutdown(self) -> None:
        """The server is leaving: what was begun is answered first."""
        if self.answering:
            self.leaving = True
        else:
            super().shutdown()

    # ---- what the parser tells ---------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self.between = False
        self.head_bytes = self.head_lines = self.cookie_bytes = self.body_bytes = 0
        self.head_at = self.head_at or self.loop.time()
        self.body_at = 0.0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_lines += 1
        self.head_bytes += len(name) + len(value)
        if name.lower() == b"cookie":
            self.cookie_bytes += len(value)
        self.too_large = (
            self.head_lines > limits.HEAD_LINES_MAX
            or self.head_bytes > limits.HEAD_BYTES_MAX
            or self.cookie_bytes > limits.COOKIE_BYTES_MAX
        )
        if self.too_large:
            raise _TooLarge
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        # The parser's user decodes it, in a time of its own for each percent sign.
        self.too_large = len(self.url.partition(b"?")[0]) > limits.PATH_BYTES_MAX
        if self.too_large:
            raise _TooLarge
        self.head_at, self.body_at = 0.0, self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.between = True
        self.body_left = self.fed_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.idle_since = self.loop.time()
        self.asked = True
        if self.flow.write_paused:
            self.flow.pause_reading()
        if self.cycle is None or not self.cycle.response_complete:
            return
        if self.owed and not self.transport.is_closing():
            self._tell(self.owed)
        elif self.later:
            self._soon()


def _end_of_head(data: bytes, searched: int) -> int:
    """Where the first head in the data ends, behind its empty line; -1 when it does not within the limit."""
    most = limits.HEAD_BYTES_MAX + 4
    ends = [at + len(line) for line in (b"\r\n\r\n", b"\n\n") if (at := data.find(line, searched, most)) >= 0]
    return min(ends, default=-1)


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


def _files_max() -> int:
    """How many files this process may have open, raised as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _door() -> Door:
    from django.conf import settings

    return Door(
        each=settings.CONNECTIONS_PER_ADDRESS,
        # The database, the mail and all else want files too.
        total=min(settings.CONNECTIONS, max(_files_max() - _OTHER_FILES, 64)),
        proxies=settings.TRUSTED_PROXIES,
    )


def _patience_s() -> tuple[float, float]:
    """How long a head and a body may take."""
    from django.conf import settings

    return settings.HEAD_S, settings.BODY_S


def run(args: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panelwright.settings")
    sockets = [socket.socket(fileno=fd) for fd in args.fd]
    settings = config()
    settings.load()
    Protocol.door = _door()
    Protocol.head_s, Protocol.body_s = _patience_s()
    collect_seldom()
    stop_with_parent()
    uvicorn.Server(settings).run(sockets=sockets)
    return 0
