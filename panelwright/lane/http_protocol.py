"""The server's protocol class: uvicorn's, with the fast path, and with an end to whatever a client may do."""

from __future__ import annotations

import asyncio
import functools
import logging
import re
from typing import Any, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from panelwright.core import limits
from panelwright.lane import fast_path
from panelwright.lane.connections import OpenConnections

log = logging.getLogger(__name__)

_UPGRADE = re.compile(rb"\r\nupgrade:", re.I)
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,12})[ \t]*\r?\n", re.I)
_API = re.compile(rb"[A-Z]+ (?:https?://[^/ ]*)?/api/")
# What may wait while a request is being answered: one more of the fast path.
LATER_MAX = fast_path.BODY_MAX + limits.HEAD_BYTES_MAX
# What is read on from a client that was refused, and for how long.
DROP_MAX = 8 * limits.MIB
LINGER_S = 3.0
# Of a body whose length is not known, so much is fed to the parser at once: requests may hide behind it.
_PIECE = 4096
# A body in pieces may have so many bytes around each of its own.
_WRAPPING = 9
# No head that is shorter passes a limit but that of lines.
_SHORT_HEAD_MAX = min(limits.HEAD_BYTES_MAX, limits.PATH_BYTES_MAX, limits.COOKIE_BYTES_MAX)
# A body up to this is copied behind its head: that costs less than to send two pieces.
_COPY_MAX = 16 * limits.KIB


class SingleWriteTransport:
    """A transport that sends what one answer writes, its head and its body, in one packet.

    Each packet wakes the client: two of them cost it and us twice. So a head waits for the body's first piece, or
    for the answer's end. `bytes` is how many were written so far. What is written for a client that has gone
    meanwhile is dropped: the loop's transport would raise.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        # Asked for with each request: found here, it is not looked for (`__getattr__`).
        self.is_closing = transport.is_closing
        self._held = b""
        self.bytes = 0

    def write(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self.flush()
            self._held = data
        else:
            self.send(data)

    def send(self, data: bytes) -> None:
        """Write now, behind what is held."""
        if self._held:
            self.send_parts((data,))
        elif not self.is_closing():
            self.bytes += len(data)
            self._transport.write(data)

    def send_parts(self, parts: tuple[bytes, ...]) -> None:
        """As `send`, in one packet and without copying them together."""
        if self._held:
            parts = (self._held, *parts)
            self._held = b""
        if not self.is_closing():
            self.bytes += sum(map(len, parts))
            self._transport.writelines(parts)

    def flush(self) -> None:
        if self._held:
            self.send_parts(())

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _TooLarge(Exception):
    """A head passes a limit."""


class _TwoHosts(Exception):
    """Whoever stands between the client and us may have gone by the other one."""


class LaneProtocol(HttpToolsProtocol):
    """One connection.

    A request that offers an upgrade to HTTP/2 is taken as the HTTP/1.1 request that it is: curl and Java offer
    it by default on plain HTTP, and the parser would hold back the body of such a request, and the key with it.
    A head that comes in pieces is put together first, whether it fits its limit is seen before any of it is kept
    elsewhere, and a request is begun when the one before it has been answered: what else has come waits.
    """

    open_connections = OpenConnections()
    heads = fast_path.AnswerHeads()
    # How long a head and a body may take: settings.
    head_s: float = limits.HEAD_S
    body_s: float = limits.BODY_S
    of = ""

    between = True
    head = b""
    # When the first byte of the head that is being received came, and when that head was whole; 0: neither.
    head_at = 0.0
    body_at = 0.0
    body_bytes = fed_bytes = 0
    headers: list[tuple[bytes, bytes]] = []
    # The request that is being read came whole and alone, and nothing in its head needs a closer look.
    ordinary = False
    # What the head says is still to come of the body; 0: it does not say.
    body_left = 0
    too_large = False
    # The fast path (fast_path.py): while such a request is being answered, what else arrives waits.
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
        self.out = SingleWriteTransport(cast(asyncio.Transport, transport))
        super().connection_made(cast(asyncio.Transport, self.out))
        self.has_quick = hasattr(self.app, "quick")
        self.port = (self.server[1] if self.server else 0) or 0
        self.peer = self.client[0] if self.client else ""
        self.idle_since = self.loop.time()
        if not self.open_connections.admit(self, self.peer, self.loop):
            self.has_quick, self.refused = False, True
            self.out.send(fast_path.refused(503, self.server_state.default_headers))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_connections.remove(self)
        self.head = self.later = b""
        super().connection_lost(exc)

    # ---- what arrives ------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.answering or self.later:
            self._keep(data)
            return
        if self.between and not self.head and (self.cycle is None or self.cycle.response_complete):
            if self.has_quick:
                request = fast_path.read(data)
                if request is not None and self._answers(request):
                    return
            end = data.find(b"\r\n\r\n") + 4
            if 4 <= end <= _SHORT_HEAD_MAX and _ordinary_body(data[:end]) == len(data) - end and not self.refused:
                self.head, self.ordinary = data, True
                self._feed(data)
                self.head, self.ordinary = b"", False
                return
        while data and not self.refused and self.parser is not None:
            if not self.between:
                size = self.body_left or _PIECE
                piece, data = data[:size], data[size:]
                self.body_left = max(self.body_left - size, 0)
                self._feed_and_count(piece)
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
        # The parser skips empty lines before a request. So do we, all at once: one by one, each would copy the rest.
        data = self.head + data if self.head else data.lstrip(b"\r\n")
        if not data:
            return b""
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
        if head.count(b"\n") > limits.HEAD_LINES_MAX + 2:
            # Not to be taken apart at all; what asks for it stands in its first line.
            self.head = head
            self._refuse(431)
            return b""
        stated = _LENGTH.search(head)
        length = int(stated[1]) if stated is not None else 0
        if b"pgrade:" in head:
            head = _UPGRADE.sub(b"\r\nignored:", head)
        self.head = head
        self.body_left = max(end + length - len(data), 0)
        self._feed_and_count(head + data[end : end + length])
        self.head = b""
        return data[end + length :]

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(431 if self.too_large else 400)
        except httptools.HttpParserUpgrade:
            # Another protocol was asked for, which nobody speaks here: the request is answered, and is the last one.
            self.has_quick, self.refused = False, True
            if self.cycle is not None:
                self.cycle.keep_alive = False

    def _feed_and_count(self, data: bytes) -> None:
        """Feed what may be more than one request, or a part of one."""
        self.fed_bytes += len(data)
        self._feed(data)
        if self.between:
            return
        if len(self.headers) > limits.HEAD_LINES_MAX:
            # Of a head behind another request, or behind a body in pieces.
            self._refuse(431)
        elif self.fed_bytes > 2 * limits.HEAD_BYTES_MAX + _WRAPPING * self.body_bytes:
            # A head behind another request, or pieces of a body that are all wrapping. The parser keeps what it has
            # not seen the end of.
            self._refuse(431 if self.head_at else 400)

    # ---- the fast path -----------------------------------------------------------------------------

    def _answers(self, request: fast_path.PlainRequest) -> bool:
        """Take a request by the fast path. False when it has to go through ASGI."""
        self.answering = True
        taken = False
        try:
            taken = self.app.quick(request, port=self.port, client=self.peer, loop=self.loop, done=self._answered)
        except Exception:
            # ASGI's path meets the same fault, and answers it.
            log.exception("a request could not be read on the fast path")
        if not taken:
            self.answering = False
        return taken

    def _answered(self, status: int, headers: list[fast_path.Header], body: bytes, *, complete: bool = False) -> None:
        """Write an answer of the fast path. `headers`: beside those of every answer, or, `complete`, all of them."""
        self.server_state.total_requests += 1
        if self.is_closing():
            return
        server = self.server_state.default_headers
        if status == 200 and not headers:
            head = self.heads.plain(server, len(body))
        else:
            try:
                head = fast_path.head(status, server, headers, None if complete else len(body))
            except Exception:
                log.exception("an answer could not be written")
                head, body = fast_path.refused(500, server), b""
                self.leaving = True
        if len(body) > _COPY_MAX:
            self.out.send_parts((head, body))
        else:
            self.out.send(head + body)
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
        """OpenConnections looks after that, on both paths."""

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
        self.out.send(fast_path.refused(status, self.server_state.default_headers, as_text=not to_api))
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
        if not self.ordinary:
            self.body_bytes = 0
            self.head_at = self.head_at or self.loop.time()
            self.body_at = 0.0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if not self.ordinary:
            self.too_large = self._head_is_too_large()
            if self.too_large:
                raise _TooLarge
            if sum([name == b"host" for name, _ in self.headers]) > 1:
                raise _TwoHosts
            self.head_at, self.body_at = 0.0, self.loop.time()
        super().on_headers_complete()
        # What stands behind a body in pieces is no head of the request: neither its host nor who sent it.
        self.headers = []

    def _head_is_too_large(self) -> bool:
        """Looked at once for a head, and not for each header: most heads are too short to pass any limit."""
        headers = self.headers
        return (
            len(headers) > limits.HEAD_LINES_MAX
            # The parser's user decodes it, in a time of its own for each percent sign.
            or len(self.url.partition(b"?")[0]) > limits.PATH_BYTES_MAX
            or sum([len(name) + len(value) for name, value in headers]) > limits.HEAD_BYTES_MAX
            or sum([len(value) for name, value in headers if name == b"cookie"]) > limits.COOKIE_BYTES_MAX
        )

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.between = True
        self.body_left = self.fed_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.out.flush()
        if self.pipeline:
            super().on_response_complete()
        else:
            # As there, without the timer of each connection's own, which it would set now and take back at once.
            self.server_state.total_requests += 1
            if not self.is_closing():
                self.flow.resume_reading()
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


@functools.lru_cache(maxsize=1024)
def _ordinary_body(head: bytes) -> int:
    """How long the body is that follows a head in which nothing needs a closer look; -1 for any other head.

    A program sends the same few heads again and again, so that they are looked at once. With such a head and its
    body, the parser sees one request and nothing else: no end of line but CRLF, one length, one host, no pieces, no
    upgrade.
    """
    lines = head.count(b"\n")
    if lines < 2 or lines > limits.HEAD_LINES_MAX or lines != head.count(b"\r\n") or head[:1] == b"\r":
        return -1
    lower = head.lower()
    if b"upgrade" in lower or b"transfer-encoding" in lower or lower.startswith(b"connect"):
        return -1
    if lower.count(b"\nhost:") > 1:
        return -1
    if b"content-length" not in lower:
        return 0
    stated = _LENGTH.findall(head)
    return int(stated[0]) if len(stated) == lower.count(b"content-length") == 1 else -1


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
        http=LaneProtocol,
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
