"""uvloop: what its transports do at once, and what raises."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
import uvloop

PIECES = ("is_closing", "abort", "write", "writelines", "write_eof", "can_write_eof", "get_write_buffer_size")


def with_transport(do: Callable[[asyncio.Transport, socket.socket], Awaitable[None]]) -> list[dict[str, Any]]:
    """Run it with a connected transport and the other end of it; what the loop's handler was told."""
    loop = uvloop.new_event_loop()
    faults: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: faults.append(context))
    ours, theirs = socket.socketpair()
    theirs.settimeout(20)

    async def run() -> None:
        transport, _ = await loop.create_unix_connection(asyncio.Protocol, sock=ours)
        await do(cast(asyncio.Transport, transport), theirs)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
        theirs.close()
    return faults


def test_each_write_leaves_at_once_and_writelines_is_one() -> None:
    """Why SingleWriteTransport holds a head until its body is there."""

    async def look(transport: asyncio.Transport, other: socket.socket) -> None:
        transport.write(b"head")
        assert other.recv(100) == b"head"
        transport.writelines([b"head", b"body"])
        assert other.recv(100) == b"headbody"
        assert transport.get_write_buffer_size() == 0

    assert with_transport(look) == []


def test_a_transport_that_was_cut_says_so_and_raises() -> None:
    """Why SingleWriteTransport asks `is_closing` before it writes."""

    async def look(transport: asyncio.Transport, other: socket.socket) -> None:
        assert not transport.is_closing()
        transport.abort()
        assert transport.is_closing()
        for _ in range(5):
            await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            transport.write(b"x")
        with pytest.raises(RuntimeError):
            transport.writelines([b"x"])

    with_transport(look)


def test_the_pieces_are_there() -> None:
    async def look(transport: asyncio.Transport, other: socket.socket) -> None:
        assert [name for name in PIECES if not hasattr(transport, name)] == []

    assert with_transport(look) == []


def test_a_call_of_another_thread_raises_once_the_loop_is_closed() -> None:
    """By that the batcher knows that its callers are gone."""
    loop = uvloop.new_event_loop()
    loop.close()
    with pytest.raises(RuntimeError):
        loop.call_soon_threadsafe(print)
