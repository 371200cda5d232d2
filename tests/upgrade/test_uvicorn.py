"""uvicorn: the protocol class that `lane/http_protocol.py` and `sandbox/connection.py` extend."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState

from panelwright.lane import http_protocol
from panelwright.lane.http_protocol import LaneProtocol
from tests.upgrade.pieces import names_taken, names_under

PIECES = {
    "what we read of HttpToolsProtocol": {
        *("app", "client", "config", "cycle", "flow", "headers", "loop", "parser", "pipeline", "scope", "server"),
        *("server_state", "transport", "url"),
    },
    "what we call or override of it": {
        *("connection_made", "connection_lost", "data_received", "on_message_begin", "on_headers_complete", "on_body"),
        *("on_message_complete", "on_response_complete", "pause_writing", "resume_writing", "send_400_response"),
        *("shutdown", "timeout_keep_alive_handler"),
    },
    "RequestResponseCycle": {
        *("disconnected", "keep_alive", "message_event", "more_body", "response_complete", "response_started"),
    },
    "FlowControl": {"pause_reading", "read_paused", "resume_reading", "write_paused"},
    "ServerState": {"default_headers", "total_requests"},
}
REQUEST = b"GET /x?y HTTP/1.1\r\nHost: a\r\nX-Y: Z\r\n\r\n"


class Transport:
    def __init__(self) -> None:
        self.calls: list[Any] = []

    def get_extra_info(self, name: str) -> Any:
        return {"sockname": ("127.0.0.1", 8000), "peername": ("127.0.0.1", 4000)}.get(name)

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.calls.append("close")

    def pause_reading(self) -> None:
        self.calls.append("pause_reading")

    def resume_reading(self) -> None:
        self.calls.append("resume_reading")


async def app(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Length", b"1")]})
    await send({"type": "http.response.body", "body": b"x"})


def connected(application: Any = app) -> tuple[HttpToolsProtocol, Transport]:
    """uvicorn's own class, connected; to be called in a running loop."""
    config = http_protocol.config(application, lifespan="off")
    config.load()
    protocol, transport = HttpToolsProtocol(config, ServerState(), {}), Transport()
    protocol.connection_made(transport)  # type: ignore[arg-type]
    return protocol, transport


def test_these_are_all_that_we_touch() -> None:
    of_protocol = PIECES["what we read of HttpToolsProtocol"] | PIECES["what we call or override of it"]
    assert names_taken(LaneProtocol) <= of_protocol | {"is_closing", "out", "has_quick", "port", "peer"}
    assert {name for name in vars(LaneProtocol) if hasattr(HttpToolsProtocol, name)} <= of_protocol | {
        *vars(object),
        *("__module__", "__doc__", "__dict__", "__weakref__", "__annotations__"),
    }
    assert names_under(LaneProtocol, "cycle") == PIECES["RequestResponseCycle"]
    assert names_under(LaneProtocol, "flow") == PIECES["FlowControl"]
    assert names_under(LaneProtocol, "server_state") == PIECES["ServerState"]


def test_each_of_them_is_there() -> None:
    async def look() -> None:
        protocol, _ = connected()
        protocol.data_received(REQUEST)
        for name in PIECES["what we read of HttpToolsProtocol"] | PIECES["what we call or override of it"]:
            assert hasattr(protocol, name), name
        for name in PIECES["RequestResponseCycle"]:
            assert hasattr(protocol.cycle, name), name
        for name in PIECES["FlowControl"]:
            assert hasattr(protocol.flow, name), name
        await asyncio.sleep(0)

    asyncio.run(look())
    state = ServerState()
    assert (state.total_requests, state.default_headers) == (0, [])
    assert set(inspect.signature(FlowControl).parameters) == {"transport"}


def test_a_request_is_begun_with_an_empty_list_of_headers_that_the_scope_holds() -> None:
    """`on_headers_complete` looks at them, and they grow by what stands behind a body in pieces."""

    async def look() -> None:
        protocol, _ = connected()
        protocol.data_received(REQUEST)
        assert protocol.headers == [(b"host", b"a"), (b"x-y", b"Z")]
        assert protocol.scope["headers"] is protocol.headers
        assert protocol.url == b"/x?y"
        await asyncio.sleep(0)

    asyncio.run(look())


def test_head_and_body_are_written_one_after_the_other_and_then_the_end_is_told() -> None:
    """SingleWriteTransport holds the first, which begins like this, and `on_response_complete` sends what is held."""
    ends: list[list[Any]] = []

    class Told(HttpToolsProtocol):
        def on_response_complete(self) -> None:
            ends.append(list(self.transport.calls))  # type: ignore[attr-defined]
            super().on_response_complete()

    async def look() -> Transport:
        config = http_protocol.config(app, lifespan="off")  # type: ignore[arg-type]
        config.load()
        protocol, transport = Told(config, ServerState(), {}), Transport()
        protocol.connection_made(transport)  # type: ignore[arg-type]
        protocol.data_received(REQUEST)
        for _ in range(5):
            await asyncio.sleep(0)
        # A timer for the idle connection is all that it does beside: ours has none (lane/connections.py).
        assert protocol.timeout_keep_alive_task is not None
        assert protocol.server_state.total_requests == 1
        assert not protocol.pipeline
        return transport

    transport = asyncio.run(look())
    head, body = [call for call in transport.calls if isinstance(call, bytes)]
    assert head.startswith(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n")
    assert body == b"x"
    assert ends == [[head, body]]


def test_whoever_expects_it_is_told_to_go_on_in_a_line_that_is_no_head() -> None:
    async def look() -> Transport:
        protocol, transport = connected()
        head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
        protocol.data_received(head)
        await asyncio.sleep(0)
        assert transport.calls == [b"HTTP/1.1 100 Continue\r\n\r\n"]
        protocol.data_received(b"x")
        await asyncio.sleep(0)
        return transport

    asyncio.run(look())


def test_a_header_s_name_is_sent_as_its_own_lower_gives_it() -> None:
    """fast_path.JSON keeps its capitals by that: one client in the field compares the whole header."""
    source = inspect.getsource(RequestResponseCycle.send)
    assert "name = name.lower()" in source
    assert "content.extend([name, " in source


def test_a_second_request_waits_in_the_pipeline() -> None:
    async def never(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def look() -> None:
        protocol, _ = connected(never)
        protocol.data_received(REQUEST * 2)
        assert len(protocol.pipeline) == 1
        for task in protocol.tasks:
            task.cancel()
        await asyncio.sleep(0)

    asyncio.run(look())


@pytest.mark.parametrize("argument", ["sockets"])
def test_a_server_runs_on_sockets_that_are_given(argument: str) -> None:
    assert argument in inspect.signature(Server.run).parameters


def test_each_second_has_a_list_of_headers_of_its_own() -> None:
    """fast_path.AnswerHeads takes another list for another date, and the same one for the same."""

    async def look() -> None:
        config = http_protocol.config(app, lifespan="off")  # type: ignore[arg-type]
        config.load()
        server = Server(config)
        lists = []
        for _ in range(2):
            await server.on_tick(0)
            lists.append(server.server_state.default_headers)
        await server.on_tick(1)
        assert server.server_state.default_headers is lists[1]
        assert lists[0] is not lists[1]
        assert [name for name, _ in lists[1]] == [b"date"]

    asyncio.run(look())
