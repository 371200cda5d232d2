"""HTTP, as little as a panel needs: a request becomes parameters, an answer becomes bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qsl

from python_multipart import create_form_parser
from python_multipart.exceptions import FormParserError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

FIELDS_MAX = 1000
# Where the scope has the connection (connection.py).
CONNECTION = "panelwright.sandbox.connection"


class BodyTooLarge(Exception):
    """The body passed the limit."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    body: bytes


class Ending(Enum):
    """How a reply goes out."""

    WHOLE = auto()
    CUT = auto()  # half of the body, then the connection closes
    SILENCE = auto()  # nothing for a while, then the connection closes
    RESET = auto()  # nothing, and the connection is reset


JSON, HTML = "application/json", "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class SandboxReply:
    """What goes out. `code` is the machine-readable reason of a refusal; `hold_s` is how long a SILENCE lasts."""

    status: int
    body: bytes
    code: str = ""
    content_type: str = JSON
    more_headers: tuple[tuple[str, str], ...] = ()
    ending: Ending = Ending.WHOLE
    hold_s: float = 0.0

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        lines = [("content-type", self.content_type), ("content-length", str(len(self.body))), *self.more_headers]
        lines += [("x-error-code", self.code)] if self.code else []
        return [(name.encode(), value.encode("utf-8")) for name, value in lines]

    def with_header(self, name: str, value: str) -> SandboxReply:
        return replace(self, more_headers=(*self.more_headers, (name, value)))

    def with_status(self, status: int) -> SandboxReply:
        return replace(self, status=status)

    def ended(self, ending: Ending) -> SandboxReply:
        return replace(self, ending=ending)


def reply(value: object, *, status: int = 200, code: str = "") -> SandboxReply:
    """Compact UTF-8 JSON."""
    return SandboxReply(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), code)


def error(text: str, *, status: int = 200, code: str = "") -> SandboxReply:
    return reply({"error": text}, status=status, code=code)


async def read(scope: Scope, receive: Receive, *, body_max: int) -> Request:
    """The whole request; TooLarge when query or body pass the limit (bytes)."""
    chunks, size, more = [], len(scope["query_string"]), True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > body_max:
            raise BodyTooLarge
        chunks.append(chunk)
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope["query_string"], headers, b"".join(chunks))


async def write(answer: SandboxReply, scope: Scope, receive: Receive, send: Send, *, leaving: asyncio.Event) -> None:
    """Send the reply as its ending says; `leaving` cuts a silence short.

    Another ending than WHOLE needs the connection in the scope.
    """
    whole = answer.ending is Ending.WHOLE
    if whole or answer.ending is Ending.CUT:
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        body = answer.body if whole else answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": body, "more_body": not whole})
    if whole:
        return
    gone = asyncio.ensure_future(_gone(receive))
    if answer.ending is Ending.SILENCE:
        left = asyncio.ensure_future(leaving.wait())
        await asyncio.wait((gone, left), timeout=answer.hold_s, return_when=asyncio.FIRST_COMPLETED)
        left.cancel()
    scope["extensions"][CONNECTION]["handle"].end(reset=answer.ending is Ending.RESET)
    # The server asks for an answer until the connection is really gone.
    await gone


async def _gone(receive: Receive) -> None:
    """Return when the connection is closed, by whichever side."""
    while (await receive())["type"] != "http.disconnect":
        pass


def params_of(request: Request) -> dict[str, str]:
    """The parameters of query and body together, trimmed; the body wins. What cannot be read is not there."""
    found = _form(request.query)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        found |= _multipart(request)
    elif kind == "application/json" or request.body.lstrip()[:1] == b"{":
        found |= _json(request.body)
    else:
        found |= _form(request.body)
    return {clean(name): clean(value) for name, value in found.items()}


def clean(text: str) -> str:
    """Trimmed, and without lone surrogates, which no file and no answer can hold."""
    return text.strip().encode("utf-8", "replace").decode()


def _form(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        return {}


def _multipart(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}

    def on_field(field: Any) -> None:
        name, value = field.field_name or b"", field.value or b""
        if len(found) < FIELDS_MAX:
            found[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")

    headers = {"Content-Type": request.headers["content-type"].encode("latin-1")}
    config = {"MAX_MEMORY_FILE_SIZE": len(request.body) + 1}  # a file part is ignored, and never touches the disk
    try:
        parser = create_form_parser(headers, on_field, lambda _file: None, config=config)
        parser.write(request.body)
        parser.finalize()
    except FormParserError:
        return {}
    return found


def _json(raw: bytes) -> dict[str, str]:
    """The members of a JSON object that are text, number or boolean; numbers exactly as they were written."""
    value = load_json(raw)
    if not isinstance(value, dict):
        return {}
    words = {True: "true", False: "false"}
    texts = {name: words[v] if isinstance(v, bool) else v for name, v in value.items()}
    return {name: v for name, v in texts.items() if isinstance(v, str)}


def load_json(raw: bytes) -> object:
    """JSON with its numbers kept as text; None for what is no JSON."""
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
