"""Bytes in, bytes out: HTTP as the rules of the protocol see it."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.protocol.conftest import Live

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The refusal's text; the body must be a refusal and nothing else, with HTTP 200."""
        assert self.status == 200, (self.status, self.body)
        assert list(self.json) == ["error"], self.body
        assert self.body == json.dumps(self.json, ensure_ascii=False, separators=(",", ":")).encode()
        return str(self.json["error"])


def send(
    live: Live,
    body: bytes | str = b"",
    *,
    method: str = "POST",
    path: str = "/api/v2",
    content_type: str | None = FORM,
    headers: dict[str, str] | None = None,
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    try:
        sent = dict(headers or {})
        if content_type:
            sent["Content-Type"] = content_type
        connection.request(method, path, body.encode() if isinstance(body, str) else body, sent)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def post(live: Live, *, key: Any = None, headers: Any = None, **params: Any) -> Answer:
    """A form with the panel's key, as most clients send it."""
    return send(live, urlencode({"key": live.api_key if key is None else key, **params}), headers=headers)
