"""The one entry: /api/v2 goes to the API, everything else to Django."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panelwright.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402

from panelwright.api.app import Api, Receive, Scope, Send  # noqa: E402

api = Api()
_pages = ASGIHandler()
_API_PATHS = frozenset({"/api/v2", "/api/v2/"})


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        if scope["path"] in _API_PATHS:
            await api(scope, receive, send)
        else:
            await _pages(_as_the_visitor_sees(scope), receive, send)  # type: ignore[arg-type]
    elif scope["type"] == "lifespan":
        await _lifespan(receive, send)


def _as_the_visitor_sees(scope: Scope) -> dict[str, Any]:
    """The request with the scheme that the visitor used, where a trusted proxy says so: links and cookies need it."""
    seen = dict(scope)
    client = seen.get("client")
    if client and client[0] in settings.TRUSTED_PROXIES:
        proto = [value for name, value in seen["headers"] if name == b"x-forwarded-proto"]
        if proto and proto[-1].strip().lower() in {b"http", b"https"}:
            seen["scheme"] = proto[-1].strip().lower().decode()
    return seen


# The server hands plain requests to the API without ASGI in between (cli/web.py).
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
