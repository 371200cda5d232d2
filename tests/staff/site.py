"""Bob who calls the staff API: in this process, or of a running server.

Import this late: it needs Django to be set up.
"""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple

from django.test import Client

from tests.staff.described import described
from tests.support.by_hand import staff_key
from tests.support.people import everything
from tests.support.story import Story

BAD_KEY = "Invalid staff key. Send it in the header Authorization: Bearer <key>."


class Answer(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]


class Site:
    """The pages of all panels, and Bob with a key of Alice's.

    They are asked in this process, without a socket; with a `port`, those of the server there.
    """

    def __init__(self, story: Story, *, port: int = 0) -> None:
        self.port = port
        self.alice, self.carol = story.alice, story.carol
        self.row, self.key = staff_key(story.alice, story.bob)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        host: str = "",
        scheme: str = "Bearer",
    ) -> Answer:
        raw = self.raw(method, path, body, key=key, host=host, scheme=scheme)
        return raw._replace(body=described(method, path, raw))

    def raw(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        host: str = "",
        scheme: str = "Bearer",
    ) -> Answer:
        """As `ask`; the body in bytes, whatever they are."""
        headers = {"Host": host or self.alice.host}
        if key != "":
            headers["Authorization"] = f"{scheme} {self.key if key is None else key}"
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if not self.port:
            return _in_process(method, f"/api/staff/v1/{path}", sent or b"", headers)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, f"/api/staff/v1/{path}", sent, headers)
            response = connection.getresponse()
            text = response.read()
            return Answer(response.status, text, {k.lower(): v for k, v in response.getheaders()})
        finally:
            connection.close()

    def get(self, path: str, **how: Any) -> Answer:
        return self.ask("GET", path, **how)

    def post(self, path: str, **body: object) -> Answer:
        return self.ask("POST", path, body)

    def refused(self, status: int, text: str, method: str, path: str, body: object = None, **how: Any) -> None:
        """It is refused with this text and nothing else, and nothing moved."""
        before = everything()
        answer = self.ask(method, path, body, **how)
        assert (answer.status, answer.body["error"]) == (status, text)
        assert everything() == before


def _in_process(method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    response: Any = Client().generic(method, path, body, content_type="", headers=headers)
    return Answer(response.status_code, response.getvalue(), {k.lower(): v for k, v in response.items()})
