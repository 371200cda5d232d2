"""The one entry: /api/v2 goes to the API, everything else to Django."""

from __future__ import annotations

import asyncio
import gc
import os
import re
from functools import cached_property
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panelwright.settings")

import django

django.setup()

from asgiref.sync import sync_to_async  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.exceptions import TooManyFieldsSent  # noqa: E402
from django.core.handlers.asgi import ASGIHandler, ASGIRequest  # noqa: E402
from django.db import connections  # noqa: E402
from django.http import HttpResponse, QueryDict  # noqa: E402
from django.utils.datastructures import MultiValueDict  # noqa: E402

from panelwright.api.app import Api, Receive, Scope, Send  # noqa: E402
from panelwright.core import charsets, cookies, limits, urlencoded  # noqa: E402
from panelwright.core.gate import PAGES, Crowded, aside  # noqa: E402
from panelwright.core.remote import caller_address, neighbourhood, plain  # noqa: E402
from panelwright.core.room import BODIES, FREE_BYTES  # noqa: E402
from panelwright.core.turns import LARGE_BODIES  # noqa: E402
from panelwright.panels import hosts  # noqa: E402
from panelwright.ui.error_pages import TOO_LARGE  # noqa: E402


class _Request(ASGIRequest):
    """Read by our own means where the library's take too long for what strangers write."""

    @cached_property
    def COOKIES(self) -> dict[str, str]:  # type: ignore[override]
        """May be set, as the library's may: by https only some of them are ours (ui/middleware.py)."""
        return cookies.read(self.META.get("HTTP_COOKIE", ""))

    _read_started: bool
    _files: MultiValueDict[str, Any]

    @cached_property
    def GET(self) -> QueryDict:  # type: ignore[override]
        return _read(self.META.get("QUERY_STRING", "").encode("utf-8", "replace"))

    def _load_post_and_files(self) -> None:
        """The library takes seconds for a form of three megabytes of percent signs, and lets nobody else go on."""
        if self.method == "POST" and self._may_be_large():
            with aside(), LARGE_BODIES.one():
                self._load()
        else:
            self._load()

    def _may_be_large(self) -> bool:
        length = self.META.get("CONTENT_LENGTH") or "0"
        # Sent in pieces: who knows how many.
        return "HTTP_TRANSFER_ENCODING" in self.META or not length.isdigit() or int(length) > FREE_BYTES

    def _load(self) -> None:
        read_elsewhere = self._read_started and not hasattr(self, "_body")
        if self.method == "POST" and self.content_type == "application/x-www-form-urlencoded" and not read_elsewhere:
            self._post, self._files = _read(self.body), MultiValueDict()
        else:
            super()._load_post_and_files()

    def get_host(self) -> str:
        """The middleware answers what is no host before anybody asks for it."""
        server = self.META.get("SERVER_NAME", "")
        host = self.META.get("HTTP_HOST") or f"{server}:{self.META.get('SERVER_PORT')}"
        return hosts.text(hosts.split(host, 0)) or server


def _read(text: bytes) -> QueryDict:
    found = QueryDict(mutable=True)
    try:
        for name, value in urlencoded.pairs(text, pairs_max=limits.PAGE_FIELDS_MAX):
            found.appendlist(name, value)
    except ValueError as error:
        raise TooManyFieldsSent(str(error)) from None
    found._mutable = False
    return found


class _Pages(ASGIHandler):
    request_class = _Request

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Each request has a thread of its own, and on SQLite a connection that nobody else takes over.

        Left alone, the connection, and what was sent, wait for the collector of garbage: hundreds of files and of
        megabytes later. It looks when there are many objects, and a form of three megabytes is only a few.
        """
        made: list[_Request] = []
        try:
            await super().handle({**scope, _MADE: made}, receive, send)
        finally:
            await sync_to_async(_end)(made)

    async def run_get_response(self, request: Any) -> Any:
        """Few pages are made at once (core/gate.py). Reading what was sent, and sending the page, are no part of it."""
        try:
            async with PAGES.through(_address_of(request)):
                return await super().run_get_response(request)
        except Crowded:
            # Without a page around it: to make one is what there is no room for.
            return HttpResponse(_CROWDED, status=503, content_type="text/plain", headers={"Retry-After": "2"})

    def create_request(self, scope: Any, body_file: Any) -> Any:
        request, refused = super().create_request(scope, body_file)
        if request is not None:
            scope[_MADE].append(request)
        return request, refused


def _address_of(request: _Request) -> str:
    peer, forwarded = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
    return neighbourhood(caller_address(peer, forwarded, settings.TRUSTED_PROXIES))


class _Leftovers:
    """Large bodies that were worked on since garbage was last collected: some of each may be a part of it."""

    def __init__(self) -> None:
        self.bytes = 0

    def too_much_with(self, more: int) -> bool:
        """Whether it is time to collect."""
        self.bytes += more
        if self.bytes <= limits.BODIES_BYTES_MAX:
            return False
        self.bytes = 0
        return True


_leftovers = _Leftovers()
_CROWDED = "The panel is busy. Nothing was changed. Try again in a moment.\n"
# Where a request stands in its scope until it is answered.
_MADE = "panelwright.made"


def _end(made: list[_Request]) -> None:
    """In the thread of a request that is answered.

    What has to do with a request points to it, and it to that: the messages on it, for one. So it forgets all. A form
    on its page, which is part of such a circle, too, holds what was sent: so that is emptied.
    """
    connections.close_all()
    for request in made:
        sent = [getattr(request, name, None) for name in ("_post", "_files")]
        vars(request).clear()
        for values in sent:
            if values is not None:
                dict.clear(values)
    made.clear()


charsets.remember_no_others()
api = Api()
_pages = _Pages()
# A ticket may carry three files of 2 MiB, and its texts.
PAGE_BODY_MAX = limits.PAGE_BODY_BYTES_MAX
_BOUNDARY = re.compile(rb";\s*(boundary=(?:\"[^\"]*\"|[^;,\"\s]+))", re.I)
_CONTENT_TYPE_MAX = 1024
# Of a page that a form stands on, and of its host: more of it says nothing.
_ADDRESS_MAX = 2048
_ORIGIN_MAX = 300
_API_PATHS = frozenset({"/api/v2", "/api/v2/"})


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        if scope["path"] in _API_PATHS:
            await api(scope, receive, send)
        else:
            await _page(scope, receive, send)
    elif scope["type"] == "lifespan":
        await _lifespan(receive, send)


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    """Django keeps whatever is sent on disk before a view is asked, so what is too much is stopped here."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if len(length) > 12 or not length.isdigit() or int(length) > PAGE_BODY_MAX:
        await _too_large(scope, send)
        return
    of, came, taken = api.place(scope.get("client")), 0, 0

    async def counted() -> Any:
        nonlocal came, taken
        message = await receive()
        came += len(message.get("body", b""))
        # Django writes what is more than that to the disk.
        more = min(came, settings.FILE_UPLOAD_MAX_MEMORY_SIZE) - FREE_BYTES - taken
        # Sent without a length, in pieces: to Django it looks as if the browser had gone away.
        if came > PAGE_BODY_MAX or (more > 0 and not BODIES.take(more, of)):
            return {"type": "http.disconnect"}
        taken += max(more, 0)
        return message

    try:
        await _pages(_as_the_visitor_sees(scope), counted, send)  # type: ignore[arg-type]
    finally:
        BODIES.give_back(taken, of)
        if _leftovers.too_much_with(taken):
            await asyncio.to_thread(gc.collect)


async def _too_large(scope: Scope, send: Send) -> None:
    """The page that says so (ui/error_pages.py); the body is not read, so the connection ends behind it."""

    bodies = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def nothing() -> Any:
        """An empty body; whoever asks for more waits to hear that the client has gone, and is ended with the page."""
        message = next(bodies, None)
        return message if message is not None else await asyncio.Future()

    async def last(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    seen = {**_as_the_visitor_sees(scope), TOO_LARGE: True, "method": "GET"}
    seen["headers"] = [pair for pair in seen["headers"] if pair[0] not in {b"content-length", b"transfer-encoding"}]
    await _pages(seen, nothing, last)


def _as_the_visitor_sees(scope: Scope) -> dict[str, Any]:
    """The request with the scheme that the visitor used, where a trusted proxy says so: links and cookies need it."""
    seen = dict(scope)
    seen["headers"] = [
        (name, _SHORTENED[name](value) if name in _SHORTENED else value) for name, value in seen["headers"]
    ]
    client = seen.get("client")
    if client and (plain(client[0]) or client[0]) in settings.TRUSTED_PROXIES:
        proto = [value for name, value in seen["headers"] if name == b"x-forwarded-proto"]
        if proto and proto[-1].strip().lower() in {b"http", b"https"}:
            seen["scheme"] = proto[-1].strip().lower().decode()
    return seen


def _kind_of_body(content_type: bytes) -> bytes:
    """The type, and the boundary of a form's parts.

    Our forms are UTF-8: a charset, where Python knows it, would give no text, or half a character, and one that it
    does not know, here or in another parameter, ends in a fault.
    """
    boundary = _BOUNDARY.search(content_type[:_CONTENT_TYPE_MAX])
    return content_type.partition(b";")[0][:_CONTENT_TYPE_MAX] + (b"; " + boundary[1] if boundary else b"")


# What the library remembers by its text, or looks up by it.
_SHORTENED = {
    b"content-type": _kind_of_body,
    b"origin": lambda value: value[:_ORIGIN_MAX],
    b"referer": lambda value: value[:_ADDRESS_MAX],
}


# The server hands plain requests to the API without ASGI in between (lane/http_protocol.py).
app.quick = api.quick  # type: ignore[attr-defined]


async def _lifespan(receive: Receive, send: Send) -> None:
    """On shutdown: finish what is queued, so that no accepted order is dropped."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            api.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
