"""A page asked for in any encoding, as the server calls the application."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.people import Owner


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "charset", ["base64", "utf-7", "utf-16", "unicode_escape", "rot13", "nonsense", '"base64"', "idna", "x" * 5000]
)
def test_no_encoding_breaks_a_page(transactional_db: None, alice: Owner, charset: str) -> None:
    """As the server calls it. Python's encodings hold some that give no text, and some that give half characters."""
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        named = f"{kind}; charset={charset}".encode()
        assert asyncio.run(served("GET", "/login?next=+2AA-", named, b"", alice.host)) == 200
        parts = b"".join(
            b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n+2AA-\\ud800\r\n' % name
            for name in (b"email", b"password", b"csrfmiddlewaretoken")
        )
        body = parts + b"--b--\r\n" if kind.startswith("multi") else b"email=+2AA-&password=%5Cud800"
        assert asyncio.run(served("POST", "/login", named, body, alice.host)) == 403


async def served(
    method: str, path: str, content_type: bytes, body: bytes, host: str, *headers: tuple[bytes, bytes]
) -> int:
    """The status that the server would answer with."""
    from panelwright.asgi import app

    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [
            (b"host", host.encode()),
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(body)),
            *headers,
        ],
        "client": ("198.51.100.7", 4000),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    sent: list[Any] = []
    gone = asyncio.Event()
    asked = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])
