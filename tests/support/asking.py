"""The API v2 as the server calls it: one ASGI callable, in this process, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

if TYPE_CHECKING:
    from tests.support.people import Buyer


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Request(NamedTuple):
    """Who asks for what. `key` and `host` stand instead of the customer's own."""

    buyer: Buyer
    action: str
    params: dict[str, object]
    key: str = ""
    host: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Door:
    """Has its own lane; `close` ends its threads."""

    def __init__(self) -> None:
        from panelwright.api.app import Api

        self.api = Api()

    def ask(self, buyer: Buyer, action: str, *, key: str = "", host: str = "", **params: Any) -> Any:
        """The JSON of the answer, which must be a 200."""
        answered = self.answer(Request(buyer, action, params, key, host))
        assert answered.status == 200, answered
        return answered.json

    def answer(self, request: Request) -> Answered:
        return self.together([request])[0]

    def together(self, requests: Sequence[Request]) -> list[Answered]:
        """All at once, from one event loop; the answers in the order of the requests."""

        async def run() -> list[Answered]:
            return await asyncio.gather(*(self._call(request) for request in requests))

        return asyncio.run(run())

    async def _call(self, request: Request) -> Answered:
        from tests.support.people import REMOTE

        params = {"key": request.key or request.buyer.key, "action": request.action, **request.params}
        body = urlencode(params).encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v2",
            "query_string": b"",
            "headers": [
                (b"host", (request.host or request.buyer.owner.host).encode()),
                (b"content-type", b"application/x-www-form-urlencoded"),
                (b"content-length", b"%d" % len(body)),
                *request.headers,
            ],
            "client": (REMOTE, 4000),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.api(scope, receive, send)
        headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return Answered(sent[0]["status"], headers, sent[1]["body"])

    def close(self) -> None:
        self.api.stop()
