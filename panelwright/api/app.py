"""`/api/v2` as one raw ASGI callable: read, hand to the lane, answer. See PROTOCOL.md section 1."""

from __future__ import annotations

import asyncio
import functools
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from django.conf import settings

from panelwright.api import protocol
from panelwright.api.batching import Answer, Call, Lane, call_of
from panelwright.api.reading import parameters
from panelwright.catalog.pricelists import Rendered
from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.core.remote import STRICT_TRANSPORT_SECURITY, caller_address, neighbourhood, plain
from panelwright.core.room import BODIES, FREE_BYTES
from panelwright.core.turns import LARGE_BODIES
from panelwright.customers.rate_limits import RateDecision
from panelwright.lane import fast_path
from panelwright.lane.batcher import Failed, Overloaded
from panelwright.lane.cpu_affinity import anywhere
from panelwright.panels import hosts

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[fast_path.Header]
Reply = tuple[int, bytes, Headers]  # status, body, and headers beside those that every answer has


class SendAnswer(Protocol):
    """Takes an answer: its status, its headers (`complete`: all, else beside those of every answer), its body."""

    def __call__(self, status: int, headers: Headers, body: bytes, *, complete: bool = False) -> None: ...


log = logging.getLogger(__name__)

BODY_MAX = limits.BODY_BYTES_MAX
DRAIN_MAX = 64 * 1024 * 1024
# Larger bodies are read on another thread, one at a time, so that they do not hold up everybody else.
PARSE_INLINE_MAX = fast_path.BODY_MAX

_TOO_LARGE = Refusal("too_large")
_RATE_LIMIT = Refusal("rate_limit")
_OVERLOADED = Refusal("overloaded")
_FAULT = Refusal("fault")
_UNCERTAIN = Refusal("uncertain")
# Nobody is there any more to be told.
_GONE = Refusal("gone")

_REPLAYED = (b"Idempotent-Replayed", b"true")
_BY_HTTPS = (b"Strict-Transport-Security", STRICT_TRANSPORT_SECURITY.encode())

_NO_GZIP = re.compile(rb"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")

_split = functools.lru_cache(maxsize=1024)(hosts.split)


def split(host_header: str, server_port: int) -> hosts.Address:
    """`hosts.split`, remembered; what is too long for a host is not."""
    return _split(host_header, server_port) if len(host_header) <= limits.HOST_BYTES_MAX else hosts.NOWHERE


class Api:
    """The ASGI application. The lane is made with the first request, in the process that answers it."""

    def __init__(self) -> None:
        self._lane: Lane | None = None
        # Of its own: the loop's threads have other work, and those that wait for their turn would take all of them.
        self._reader: ThreadPoolExecutor | None = None
        self._proxies: frozenset[str] = settings.TRUSTED_PROXIES

    @property
    def lane(self) -> Lane:
        if self._lane is None:
            self._lane = Lane()
        return self._lane

    @property
    def reader(self) -> ThreadPoolExecutor:
        if self._reader is None:
            self._reader = ThreadPoolExecutor(1, thread_name_prefix="bodies", initializer=anywhere)
        return self._reader

    def stop(self) -> None:
        if self._reader is not None:
            self._reader.shutdown()
            self._reader = None
        if self._lane is not None:
            self._lane.stop()
            self._lane = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = content_type = forwarded = idempotency = if_none_match = accept_encoding = proto = b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"content-type":
                content_type = value
            elif name == b"x-forwarded-for":
                forwarded = value
            elif name == b"idempotency-key":
                idempotency = value
            elif name == b"x-forwarded-proto":
                proto = value
            elif name == b"if-none-match":
                if_none_match = value
            elif name == b"accept-encoding":
                accept_encoding = value

        client = scope.get("client")
        body = _Body(self.place(client))
        extra: Headers = []
        if scope.get("scheme") == "https" or (proto and self._came_by_https(client[0] if client else "", proto)):
            extra.append(_BY_HTTPS)
        try:
            refused = await body.read(receive)
            if refused is _GONE:
                return
            if refused is not None:
                status = 413 if refused is _TOO_LARGE else 503
                closing = [(b"Connection", b"close"), _code(refused), *extra]
                reply: Reply | _List = status, protocol.error(refused), closing
            else:
                reply = await self._reply(scope, body.content, host, content_type, forwarded, idempotency, extra)
        except Exception as error:
            log.exception("a request could not be answered")
            reply = _failed(Failed(str(error)), extra)
        finally:
            body.let_go()
        if isinstance(reply, _List):
            await _send_list(send, reply, scope["method"], if_none_match, accept_encoding)
        else:
            await _send(send, *reply)

    def place(self, client: tuple[str, int] | None) -> str:
        """Who shares room for bodies with whom. Behind our proxies there are many, who do not share one's."""
        peer = (plain(client[0]) or client[0]) if client else ""
        return "" if peer in self._proxies else neighbourhood(peer)

    def _came_by_https(self, peer: str, proto: bytes) -> bool:
        """Whether a proxy of ours says that the client uses https."""
        return (plain(peer) or peer) in self._proxies and proto.strip().lower() == b"https"

    async def _reply(
        self,
        scope: Scope,
        body: bytes,
        host: bytes,
        content_type: bytes,
        forwarded: bytes,
        idempotency: bytes,
        extra: Headers,
    ) -> Reply | _List:
        loop = asyncio.get_running_loop()
        if len(body) <= PARSE_INLINE_MAX:
            params = parameters(scope["query_string"], content_type, body)
        else:
            params = await loop.run_in_executor(self.reader, _elsewhere, scope["query_string"], content_type, body)
        server, client = scope.get("server"), scope.get("client")
        call = call_of(
            params,
            address=split(host.decode("latin-1"), (server[1] if server else 0) or 0),
            remote=self._remote(client[0] if client else "", forwarded),
            header_request_id=idempotency.decode("latin-1").strip(),
            size=len(body) + len(scope["query_string"]),
        )
        refused = self._admit(call, extra)
        if refused is not None:
            return refused
        result: Answer | Exception
        try:
            result = await self.lane.submit(call, loop)
        except (Overloaded, Failed) as failure:
            result = failure
        return _List(result, extra) if isinstance(result, Rendered) else _told(result, extra)

    def quick(
        self,
        request: fast_path.PlainRequest,
        *,
        port: int,
        client: str,
        loop: asyncio.AbstractEventLoop,
        done: SendAnswer,
    ) -> bool:
        """Answer a request that came whole, by calling `done` with status, headers beside the common ones, and body.

        False when it has to go through ASGI: then nothing was done.
        """
        head = request.head
        call = call_of(
            parameters(request.query, head.content_type, request.body),
            address=split(head.host, port),
            remote=self._remote(client, head.forwarded),
            header_request_id=head.idempotency,
            size=len(request.body) + len(request.query),
        )
        extra: Headers = []
        if head.proto and self._came_by_https(client, head.proto):
            extra.append(_BY_HTTPS)
        refused = self._admit(call, extra)
        if refused is None:
            told = functools.partial(_tell, done, extra, request.method, head)
            try:
                self.lane.tell(call, loop, told)
                return True
            except Overloaded as failure:
                refused = _failed(failure, extra)
        status, body, headers = refused
        done(status, headers, body)
        return True

    def _admit(self, call: Call, extra: Headers) -> Reply | None:
        """None when the key's rate limit lets the call in; its headers are added to `extra`."""
        verdict = self.lane.meter.admit(call.caller.digest)
        if verdict is None:
            return None
        extra += _limits(verdict)
        if verdict.allowed:
            return None
        retry = (b"Retry-After", str(verdict.reset_s).encode())
        return 429, protocol.error(_RATE_LIMIT), [retry, _code(_RATE_LIMIT), *extra]

    def _remote(self, peer: str, forwarded: bytes) -> str:
        return caller_address(str(peer), forwarded.decode("latin-1"), self._proxies) if forwarded else str(peer)


def _elsewhere(query: bytes, content_type: bytes, body: bytes) -> dict[str, str]:
    """`parameters`, in another thread than the event loop's, and in its turn."""
    with LARGE_BODIES.one():
        return parameters(query, content_type, body)


class _Body:
    """The body of a request, and the room that it takes until the request is answered."""

    def __init__(self, of: str) -> None:
        self.content = b""
        self._of = of
        self._taken = 0

    async def read(self, receive: Receive) -> Refusal | None:
        """Read it whole. What it is refused with where it is over a limit, or ends before its end (`_GONE`).

        What is over the limit is read and dropped, up to a point: a client that is still sending when the
        connection closes never sees the answer that says why. Half a body is nothing at all: half a number is
        another number.
        """
        message = await receive()
        parts: list[bytes] = []
        size, refused = 0, None
        while True:
            if message["type"] == "http.disconnect":
                return _GONE
            part: bytes = message.get("body", b"")
            size += len(part)
            if refused is None and size > BODY_MAX:
                refused = _TOO_LARGE
            if refused is None and not self._has_room(size):
                refused = _OVERLOADED
            if refused is not None:
                parts.clear()
                self.let_go()
            else:
                parts.append(part)
            if not message.get("more_body") or size > DRAIN_MAX:
                break
            message = await receive()
        self.content = b"".join(parts)
        return refused

    def _has_room(self, size: int) -> bool:
        more = size - FREE_BYTES - self._taken
        if more > 0:
            if not BODIES.take(more, self._of):
                return False
            self._taken += more
        return True

    def let_go(self) -> None:
        BODIES.give_back(self._taken, self._of)
        self._taken = 0


class _List(NamedTuple):
    """The services list is the answer, with the headers that this one has."""

    rendered: Rendered
    extra: Headers


def _code(refusal: Refusal) -> tuple[bytes, bytes]:
    """The machine-readable code. It stands in a header, because a second key in the body reads as success."""
    return b"X-Error-Code", refusal.code.encode()


def _limits(verdict: RateDecision) -> Headers:
    """The RateLimit headers of the IETF's httpapi group."""
    return [
        (b"RateLimit-Policy", b'"key";q=%d;w=60' % verdict.limit),
        (b"RateLimit", b'"key";r=%d;t=%d' % (verdict.left, verdict.reset_s)),
    ]


def _said(answer: Answer, extra: Headers) -> Reply:
    if isinstance(answer, Refusal):
        if answer.code not in protocol.TEXTS:
            log.error("the refusal %r has no text", answer.code)
            return _failed(Failed(answer.code), extra)
        headers = [_code(answer), *extra]
        detail = protocol.detail(answer)
        if detail:
            headers.insert(1, (b"X-Error-Detail", detail))
        return 200, protocol.error(answer), headers
    assert isinstance(answer, bytes)
    return 200, answer, [_REPLAYED, *extra] if isinstance(answer, protocol.Replay) else extra


def _failed(failure: Overloaded | Failed, extra: Headers) -> Reply:
    if isinstance(failure, Overloaded):
        return 503, protocol.error(_OVERLOADED), [(b"Retry-After", b"1"), _code(_OVERLOADED), *extra]
    refusal = _UNCERTAIN if failure.uncertain else _FAULT
    return 500, protocol.error(refusal), [_code(refusal), *extra]


def _told(result: Answer | Exception, extra: Headers) -> Reply:
    """What is answered when the lane has given this. Never raises: nobody else would answer."""
    try:
        if isinstance(result, Exception):
            return _failed(result if isinstance(result, (Overloaded, Failed)) else Failed(str(result)), extra)
        return _said(result, extra)
    except Exception as error:
        log.exception("an answer could not be written")
        return _failed(Failed(str(error), uncertain=True), [])


def _tell(
    done: SendAnswer, extra: Headers, method: bytes, head: fast_path.RequestHead, result: Answer | Exception
) -> None:
    if isinstance(result, Rendered):
        status, body, headers = _listed(
            _List(result, extra), is_get=method == b"GET", known=head.if_none_match, takes=head.accept_encoding
        )
        done(status, headers, body, complete=True)
    elif type(result) is bytes:
        done(200, extra, result)
    else:
        status, body, headers = _told(result, extra)
        done(status, headers, body)


async def _send(send: Send, status: int, body: bytes, extra: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": fast_path.headers(len(body), extra)})
    await send({"type": "http.response.body", "body": body})


async def _send_list(send: Send, reply: _List, method: str, if_none_match: bytes, accept_encoding: bytes) -> None:
    status, body, headers = _listed(reply, is_get=method == "GET", known=if_none_match, takes=accept_encoding)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _listed(reply: _List, *, is_get: bool, known: bytes, takes: bytes) -> Reply:
    """The services list, with all its headers: nothing when the client has it already, compressed when it takes that.

    `known`: the tags of what the client has. `takes`: the encodings that it takes.
    """
    rendered = reply.rendered
    headers = [
        (b"ETag", rendered.etag),
        (b"Vary", b"Accept-Encoding"),
        (b"Cache-Control", b"private, no-cache"),
        fast_path.NO_SNIFF,
        *reply.extra,
    ]
    if is_get and known and rendered.etag in known:
        return 304, b"", headers
    body = rendered.body
    if b"gzip" in takes and not _NO_GZIP.search(takes):
        body = rendered.gzipped
        headers.append((b"Content-Encoding", b"gzip"))
    return 200, body, [*headers, fast_path.JSON, (b"Content-Length", b"%d" % len(body))]
