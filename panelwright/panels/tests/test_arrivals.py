"""Whether a host leads to its panel: what a check asks, what it makes of the answers, and whom it never asks."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from panelwright.core.reply import HttpReply
from panelwright.core.said import said
from panelwright.core.transport import NoResponse, NotSent, Unreachable
from panelwright.panels import arrivals
from panelwright.panels.models import Arrival
from tests.support.serving import LoopbackServer

PANEL, OTHER = 7, 8
Answering = Callable[[str], tuple[int, str]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answering], int]]:
    """A web server that answers a nonce with status and body; its port. It may wait for the end of a TLS greeting."""
    monkeypatch.setattr(arrivals, "CONNECT_S", 0.5)
    running: list[LoopbackServer] = []

    def start(answering: Answering) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                assert parts.path == arrivals.PATH
                status, body = answering(parse_qs(parts.query)["nonce"][0])
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args: Any) -> None:
                pass

        server = LoopbackServer(Handler)
        running.append(server)
        return server.port

    yield start
    for server in running:
        server.stop()


def look(port: int, *, allow_private: bool = True) -> Arrival:
    return arrivals.look(PANEL, "127.0.0.1", port, allow_private=allow_private)


def test_the_panel_itself_answers(serve: Callable[[Answering], int]) -> None:
    assert look(serve(lambda nonce: (200, arrivals.answer(PANEL, nonce)))) is Arrival.NO_HTTPS


@pytest.mark.parametrize(
    "answering",
    [
        lambda nonce: (200, arrivals.answer(OTHER, nonce)),
        lambda nonce: (200, arrivals.answer(PANEL, "0" * 32)),
        lambda nonce: (301, arrivals.answer(PANEL, nonce)),
        lambda nonce: (200, arrivals.answer(PANEL, nonce) + "x" * 10_000),
        lambda nonce: (404, "No panel answers on this host."),
    ],
    ids=["another panel", "an older question", "a redirect", "too long", "nothing here"],
)
def test_something_else_answers(serve: Callable[[Answering], int], answering: Answering) -> None:
    assert look(serve(answering)) is Arrival.ELSEWHERE


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert look(taken.getsockname()[1]) is Arrival.NO_CONNECTION


def test_a_private_address_is_never_asked(serve: Callable[[Answering], int]) -> None:
    asked: list[str] = []

    def answering(nonce: str) -> tuple[int, str]:
        asked.append(nonce)
        return 200, arrivals.answer(PANEL, nonce)

    port = serve(answering)
    for host in ("127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"):
        for at in (port, 0, 80, 443):
            found = arrivals.look(PANEL, host, at, allow_private=False)
            # Whether anything listens there shows nowhere.
            assert found in {Arrival.PRIVATE, Arrival.NO_NAME}, (host, at, found)
    assert asked == []


def test_a_name_without_an_address() -> None:
    assert arrivals.look(PANEL, "nowhere.invalid", 0, allow_private=True) is Arrival.NO_NAME


def test_what_a_request_came_to() -> None:
    def judged(reply: Any) -> Arrival:
        return arrivals.judged(reply, "expected")

    assert judged(NotSent(said("net_connect_time"), Unreachable.CERTIFICATE)) is Arrival.CERTIFICATE
    assert judged(NotSent(said("net_connect_time"), Unreachable.TIME)) is Arrival.NO_ANSWER
    assert judged(NoResponse(said("net_no_answer", seconds=5))) is Arrival.NO_ANSWER
    assert judged(HttpReply(status=200, body=b"expected", broke="", secrets=())) is Arrival.ARRIVES
    assert judged(HttpReply(status=200, body=b"expecte\xff", broke="", secrets=())) is Arrival.ELSEWHERE
