"""uvicorn's HTTP, with a handle on the connection: a fault can end it in the middle, which ASGI cannot say."""

from __future__ import annotations

import asyncio
import os
import socket
import struct

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from panelwright.sandbox.wire import CONNECTION


class SandboxConnection:
    """The connection of one call."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def end(self, *, reset: bool) -> None:
        """Close after what was written, or at once with a TCP reset."""
        if not reset:
            self._transport.close()
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            # Linger for no time: closing resets. Set on a copy of the descriptor, as the transport's own is wrapped.
            with socket.socket(fileno=os.dup(sock.fileno())) as copy:
                copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class SandboxProtocol(HttpToolsProtocol):
    """Puts the Connection into the extensions of every scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"handle": SandboxConnection(self.transport)}}
