"""An upstream panel on loopback, spoken to over real HTTP, that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

from tests.support.serving import LoopbackServer

Params = dict[str, str]


@dataclass(frozen=True)
class Http:
    """An answer with a status other than 200."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


class _Lost:
    """The request was read, and then the connection ends without a word."""

    def __repr__(self) -> str:
        return "LOST"  # names tests, and must be the same in each process of a run


LOST = _Lost()
# JSON (dict or list), raw text or bytes, Http, LOST, or a function of the parameters that gives one of them.
Answer = Any


class ScriptedUpstream:
    """`upstream.answers("add", {"order": 1}, LOST)`: one after the other, the last one again and again.

    `calls` holds what was asked, in order, without the key; `keys` the keys. `look`, when set, is
    called in the server's thread before each answer, and what it gives is kept in `looked`.
    """

    def __init__(self) -> None:
        self.calls: list[Params] = []
        self.keys: list[str] = []
        self.unexpected: list[Params] = []
        self.look: Callable[[Params], object] | None = None
        self.looked: list[Any] = []
        self._script: dict[str, list[Answer]] = {}
        self._lock = threading.Lock()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # A kept connection that nobody uses holds its thread no longer than this.
            timeout = 10

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = upstream.answer(dict(parse_qsl(body.decode(), keep_blank_values=True)))
                if answer is LOST:
                    self.close_connection = True
                    return
                made = answer if isinstance(answer, Http) else Http(200, answer)
                raw = made.body if isinstance(made.body, bytes | str) else json.dumps(made.body)
                raw = raw.encode() if isinstance(raw, str) else raw
                self.send_response(made.status)
                for name, text in made.headers:
                    self.send_header(name, text)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = LoopbackServer(Handler)
        self.url = f"http://127.0.0.1:{self._server.port}/api/v2"

    def answers(self, action: str, *answers: Answer) -> None:
        with self._lock:
            self._script[action] = list(answers)

    def called(self, action: str) -> list[Params]:
        """The parameters of the calls of one action."""
        with self._lock:
            return [call for call in self.calls if call["action"] == action]

    def answer(self, params: Params) -> Answer:
        look = self.look
        with self._lock:
            self.keys.append(params.pop("key", ""))
            self.calls.append(params)
            script = self._script.get(params.get("action", ""), [])
            if not script:
                self.unexpected.append(params)
                return {"error": "the test says nothing of this"}
            answer = script.pop(0) if len(script) > 1 else script[0]
        if look is not None:
            seen = look(params)
            with self._lock:
                self.looked.append(seen)
        return answer(params) if callable(answer) else answer

    def stop(self) -> None:
        self._server.stop()
