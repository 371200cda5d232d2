"""A customer's program on loopback that hears webhooks over real HTTP, and answers what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

from standardwebhooks.webhooks import Webhook

from tests.support.serving import LoopbackServer


@dataclass(frozen=True)
class Heard:
    """A request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.body)
        return said

    def verify(self, secret: str) -> Any:
        """By the library, the clock included. Raises when the signature is not good."""
        return Webhook(secret).verify(self.body, self.headers)

    def signed_with(self, secret: str) -> bool:
        """Whether one of the signatures is the secret's, whatever time a test has made it."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        return Webhook(secret).sign(self.id, at, self.body.decode()) in self.headers["webhook-signature"].split(" ")


@dataclass(frozen=True)
class Say:
    """An answer of the receiver."""

    status: int = 204
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    after_s: float = 0.0


class Receiver:
    """`receiver.says(Say(500), Say(204))`: one after the other, the last one again and again."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._script = [Say()]
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): text for name, text in self.headers.items()}
                say = receiver._hear(Heard(self.path, headers, body))
                time.sleep(say.after_s)
                try:
                    self.send_response(say.status)
                    for name, text in say.headers:
                        self.send_header(name, text)
                    if say.status != 204:
                        self.send_header("Content-Length", str(len(say.body)))
                    self.end_headers()
                    self.wfile.write(say.body)
                except OSError:
                    pass  # who waited for it has gone

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = LoopbackServer(Handler)
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def says(self, *answers: Say) -> None:
        with self._lock:
            self._script = list(answers)

    def stop(self) -> None:
        self._server.stop()

    def _hear(self, heard: Heard) -> Say:
        with self._lock:
            self.heard.append(heard)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]
