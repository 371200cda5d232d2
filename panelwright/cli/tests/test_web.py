"""A connection that nothing is asked on is closed in time, on both ways of answering, and never while one is asked."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.server import ServerState

from panelwright.api import whole
from panelwright.cli import web

REQUEST = b"POST /api/v2 HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 3\r\n\r\na=b"
KEEP_S = 5


class Timer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """The part of an event loop that a connection uses, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, int, Timer, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, do: Callable[[], None]) -> Timer:
        timer = Timer()
        heapq.heappush(self.timers, (self.now + seconds, len(self.timers), timer, do))
        return timer

    def call_soon(self, do: Callable[[], None]) -> None:
        do()

    def go_on(self, seconds: float) -> None:
        end = self.now + seconds
        while self.timers and self.timers[0][0] <= end:
            self.now, _, timer, do = heapq.heappop(self.timers)
            if not timer.cancelled:
                do()
        self.now = end


class Transport:
    def __init__(self) -> None:
        self.closed = False
        self.written = b""

    def get_extra_info(self, name: str) -> Any:
        return {"sockname": ("127.0.0.1", 8000), "peername": ("127.0.0.1", 4000)}.get(name)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def write(self, data: bytes) -> None:
        self.written += data

    def writelines(self, parts: list[bytes]) -> None:
        self.written += b"".join(parts)

    def resume_reading(self) -> None:
        pass


class App:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.done: Callable[[int, list[whole.Header], bytes], None] | None = None

    def quick(self, request: whole.Whole, *, done: Callable[..., None], **_: Any) -> bool:
        self.done = done
        return True

    def answer(self) -> None:
        assert self.done is not None
        self.done(200, [], b"{}")


class Connection:
    def __init__(self) -> None:
        self.loop, self.transport, self.app = Loop(), Transport(), App()
        config = web.config(self.app)  # type: ignore[arg-type]
        config.load()
        self.protocol = web.Protocol(config, ServerState(), {}, _loop=self.loop)  # type: ignore[arg-type]
        self.protocol.app = self.app
        self.protocol.connection_made(self.transport)  # type: ignore[arg-type]

    def ask(self) -> None:
        self.protocol.data_received(REQUEST)

    @property
    def answers(self) -> int:
        return self.transport.written.count(b"HTTP/1.1 200 OK\r\n")


@pytest.fixture
def connection() -> Connection:
    return Connection()


def test_it_is_kept_as_long_as_it_is_used_and_then_closed(connection: Connection) -> None:
    for _ in range(4):
        connection.ask()
        connection.app.answer()
        connection.loop.go_on(KEEP_S - 1)
    assert (connection.answers, connection.transport.closed) == (4, False)
    connection.loop.go_on(0.5)
    assert not connection.transport.closed
    connection.loop.go_on(0.6)
    assert connection.transport.closed


def test_it_is_not_closed_while_an_answer_is_awaited(connection: Connection) -> None:
    connection.ask()
    connection.app.answer()
    connection.loop.go_on(1)
    connection.ask()
    connection.loop.go_on(10 * KEEP_S)
    assert not connection.transport.closed
    connection.app.answer()
    connection.loop.go_on(KEEP_S - 0.5)
    assert (connection.answers, connection.transport.closed) == (2, False)
    connection.loop.go_on(1)
    assert connection.transport.closed


def test_there_is_one_timer_a_connection(connection: Connection) -> None:
    for _ in range(50):
        connection.ask()
        connection.app.answer()
    assert len(connection.loop.timers) == 1
