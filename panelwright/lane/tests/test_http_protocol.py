"""How long a connection may wait, or keep us waiting, and how many there may be."""

from __future__ import annotations

import asyncio
import functools
import heapq
import itertools
import socket
from collections.abc import Callable
from typing import Any, cast

import pytest
import uvloop
from uvicorn.server import ServerState

from panelwright.core import limits
from panelwright.lane import fast_path, http_protocol
from panelwright.lane.connections import OpenConnections

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
        self._numbers = itertools.count()

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, do: Callable[..., None], *arguments: Any) -> Timer:
        timer = Timer()
        run = functools.partial(do, *arguments)
        due: tuple[float, int, Timer, Callable[[], None]] = (self.now + seconds, next(self._numbers), timer, run)
        heapq.heappush(self.timers, due)
        return timer

    def call_soon(self, do: Callable[[], None]) -> None:
        do()

    def go_on(self, seconds: float) -> None:
        end = self.now + seconds
        while self.timers and self.timers[0][0] <= end:
            due, _, timer, do = heapq.heappop(self.timers)
            self.now = max(self.now, due)
            if not timer.cancelled:
                do()
        self.now = max(self.now, end)


class Transport:
    """Takes all that is written, unless it is told to hold it."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.closed = self.aborted = self.ended = self.paused = False
        self.written = b""
        self.held = 0

    def get_extra_info(self, name: str) -> Any:
        return {"sockname": ("127.0.0.1", 8000), "peername": (self.peer, 4000)}.get(name)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def write(self, data: bytes) -> None:
        self.written += data

    def writelines(self, parts: list[bytes]) -> None:
        self.written += b"".join(parts)

    def get_write_buffer_size(self) -> int:
        return self.held

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class App:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.done: Callable[[int, list[fast_path.Header], bytes], None] | None = None

    def quick(self, request: fast_path.PlainRequest, *, done: Callable[..., None], **_: Any) -> bool:
        self.done = done
        return True

    def answer(self) -> None:
        assert self.done is not None
        self.done(200, [], b"{}")


class Connection:
    def __init__(
        self, *, open_connections: OpenConnections | None = None, peer: str = "127.0.0.1", loop: Loop | None = None
    ) -> None:
        self.loop, self.transport, self.app = loop or Loop(), Transport(peer), App()
        config = http_protocol.config(self.app)  # type: ignore[arg-type]
        config.load()
        self.protocol = http_protocol.LaneProtocol(config, ServerState(), {}, _loop=self.loop)  # type: ignore[arg-type]
        self.protocol.open_connections = open_connections or OpenConnections()
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
    connection.loop.go_on(2.1)
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
    connection.loop.go_on(2)
    assert connection.transport.closed


def test_there_is_one_timer_for_all(connection: Connection) -> None:
    for _ in range(50):
        connection.ask()
        connection.app.answer()
    assert len(connection.loop.timers) == 1


@pytest.mark.parametrize("sent", [b"", b"P", REQUEST[:40], b"GET /", b"POST /api/v2 HTTP/1.1\r\nHost: a\r\n"], ids=repr)
def test_a_head_has_so_long_and_no_longer_however_it_drips(connection: Connection, sent: bytes) -> None:
    """A byte every second keeps nobody waiting for more than all of them at once."""
    for second in range(int(limits.HEAD_S) - 1):
        connection.protocol.data_received(sent[second : second + 1])
        connection.loop.go_on(1)
    assert (connection.transport.closed, connection.transport.ended) == (False, False)
    connection.protocol.data_received(sent[int(limits.HEAD_S) - 1 :])
    connection.loop.go_on(3)
    if sent:
        assert connection.transport.written.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert connection.transport.ended
        connection.loop.go_on(http_protocol.LINGER_S + 2)
    assert connection.transport.closed


@pytest.mark.parametrize("empty", [b"\n", b"\r\n", b"\r\n\r\n"], ids=repr)
def test_empty_lines_before_a_request_are_skipped_at_once(
    connection: Connection, empty: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken one by one each of them would copy all that follow: 256 KiB of them held the event loop for seconds."""
    begin = http_protocol.LaneProtocol._begin
    sizes: list[int] = []

    def counted(self: http_protocol.LaneProtocol, data: bytes) -> bytes:
        sizes.append(len(data))
        return begin(self, data)

    monkeypatch.setattr(http_protocol.LaneProtocol, "_begin", counted)
    for _ in range(3):
        connection.protocol.data_received(empty * 65_536)
    assert sum(sizes) == 3 * 65_536 * len(empty)
    connection.ask()
    connection.app.answer()
    assert connection.answers == 1
    connection.loop.go_on(KEEP_S + 1)
    assert connection.transport.closed


def test_who_does_not_read_answers_is_asked_for_no_more_and_cut_off(connection: Connection) -> None:
    connection.ask()
    connection.protocol.data_received(REQUEST * 2)
    connection.transport.held = 100_000
    connection.protocol.pause_writing()
    connection.app.answer()
    assert (connection.answers, connection.transport.paused) == (1, True)
    # It reads a little, so it is waited for.
    for _ in range(3):
        connection.loop.go_on(limits.READ_S - 2)
        connection.transport.held -= 1_000
        connection.loop.go_on(1.1)
        assert not connection.transport.closed
    connection.loop.go_on(limits.READ_S + 2)
    assert connection.transport.aborted


def test_who_reads_after_all_is_answered_on(connection: Connection) -> None:
    connection.ask()
    connection.protocol.data_received(REQUEST)
    connection.protocol.pause_writing()
    connection.app.answer()
    assert connection.answers == 1
    connection.protocol.resume_writing()
    assert not connection.transport.paused
    connection.app.answer()
    assert connection.answers == 2


def test_an_answer_that_cannot_be_written_is_an_answer(connection: Connection) -> None:
    connection.ask()
    assert connection.app.done is not None
    connection.app.done(799, [], b"{}")  # There is no such status.
    assert connection.transport.written.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert connection.transport.written.endswith(b'{"error":"Internal error, the request was not carried out"}')
    assert connection.transport.closed


def test_what_waits_behind_a_request_has_its_limit(connection: Connection) -> None:
    connection.ask()
    for _ in range(3):
        connection.protocol.data_received(b"x" * 50_000)
    assert connection.transport.paused


class Crowd:
    """Connections of one event loop."""

    def __init__(self, **options: Any) -> None:
        self.open_connections, self.loop = OpenConnections(**options), Loop()
        self.all: list[Connection] = []

    def comes(self, peer: str, *, asks: bool = False) -> Connection:
        self.loop.now += 0.001
        self.all.append(Connection(open_connections=self.open_connections, peer=peer, loop=self.loop))
        if asks:
            self.all[-1].ask()
        return self.all[-1]

    @property
    def refused(self) -> list[int]:
        return [n for n, one in enumerate(self.all) if one.transport.written.startswith(b"HTTP/1.1 503 ")]

    @property
    def cut(self) -> list[int]:
        return [n for n, one in enumerate(self.all) if one.transport.aborted]


def test_an_address_has_so_many_and_makes_room_for_itself() -> None:
    crowd = Crowd(each=3)
    for asks in (True, False, False, True, True):
        crowd.comes("203.0.113.7", asks=asks)
    # The two that only sat there, the one that came first at first; then all are being answered.
    assert (crowd.cut, crowd.refused) == ([1, 2], [])
    crowd.comes("203.0.113.7", asks=True)
    assert (crowd.cut, crowd.refused) == ([1, 2], [5])
    assert crowd.all[5].transport.closed
    assert b'{"error":"The panel is temporarily overloaded, please retry"}' in crowd.all[5].transport.written
    crowd.comes("203.0.113.8", asks=True)
    crowd.comes("::ffff:203.0.113.7", asks=True)
    assert crowd.refused == [5, 7]
    crowd.all[0].protocol.connection_lost(None)
    crowd.comes("203.0.113.7", asks=True)
    assert crowd.refused == [5, 7]


def test_of_ipv6_a_network_is_one() -> None:
    crowd = Crowd(each=2)
    for n in range(1, 4):
        crowd.comes(f"2001:db8:0:1::{n}", asks=True)
    crowd.comes("2001:db8:0:2::1", asks=True)
    assert crowd.refused == [2]


def test_behind_a_trusted_proxy_there_are_many() -> None:
    crowd = Crowd(each=2, total=6, proxies=frozenset({"10.0.0.1"}))
    for _ in range(6):
        crowd.comes("10.0.0.1", asks=True)
    assert crowd.refused == []
    crowd.comes("10.0.0.1", asks=True)
    assert crowd.refused == [6]


def test_who_holds_the_most_makes_room_for_others() -> None:
    crowd = Crowd(each=100, total=10)
    crowd.comes("203.0.113.1")
    for _ in range(9):
        crowd.comes("198.51.100.66")
    crowd.comes("203.0.113.2", asks=True)
    assert (crowd.cut, crowd.refused) == ([1], [])
    # Who has gone is forgotten.
    for one in crowd.all:
        one.protocol.connection_lost(None)
    for n in range(10):
        crowd.comes(f"203.0.113.{n}", asks=True)
    assert (crowd.cut, crowd.refused) == ([1], [])


def test_what_came_while_we_stood_still_is_read_first(connection: Connection) -> None:
    connection.ask()
    connection.app.answer()
    connection.loop.go_on(0.5)
    connection.loop.now += 60
    connection.loop.go_on(0)
    assert not connection.transport.closed
    connection.ask()
    connection.app.answer()
    assert connection.answers == 2


def test_what_is_written_for_a_client_who_has_gone_is_dropped() -> None:
    """An answer may be finished after its connection was cut: the loop's own transport raises then."""
    loop = uvloop.new_event_loop()
    faults: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: faults.append(context))
    ours, theirs = socket.socketpair()

    async def answer() -> int:
        made, _ = await loop.create_unix_connection(asyncio.Protocol, sock=ours)
        transport = cast(asyncio.Transport, made)
        out = http_protocol.SingleWriteTransport(transport)
        out.write(b"what she still gets")
        await asyncio.sleep(0)
        transport.abort()
        for _ in range(5):
            await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            transport.write(b"what raises")
        out.write(b"HTTP/1.1 200 OK held")
        out.flush()
        out.write(b"HTTP/1.1 200 OK held again")
        out.send(b"and sent at once")
        out.send(b"sent at once")
        await asyncio.sleep(0)
        return out.bytes

    try:
        written = loop.run_until_complete(answer())
    finally:
        loop.close()
    assert faults == []
    assert written == len(theirs.recv(100)) == len(b"what she still gets")
    theirs.close()


def test_a_head_leaves_with_the_first_of_its_body() -> None:
    transport = Transport("127.0.0.1")
    out = http_protocol.SingleWriteTransport(transport)  # type: ignore[arg-type]
    packets: list[bytes] = []
    transport.write = packets.append  # type: ignore[method-assign,assignment]
    transport.writelines = lambda parts: packets.append(b"".join(parts))  # type: ignore[method-assign]
    for data in (
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"a",
        b"b",
        b"HTTP/1.1 304 Not Modified",
    ):
        out.write(data)
    assert packets == [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\na", b"b"]
    out.flush()
    out.write(b"HTTP/1.1 204 No Content")
    out.close()
    assert packets[3:] == [b"HTTP/1.1 304 Not Modified", b"HTTP/1.1 204 No Content"]
    assert out.bytes == sum(map(len, packets))
