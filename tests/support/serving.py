"""Servers on loopback in the test's own process, which answer at once and end at once."""

from __future__ import annotations

import selectors
import socket
import socketserver
import threading
from typing import Any


class LoopbackServer(socketserver.ThreadingTCPServer):
    """`LoopbackServer(Handler)` listens on its `port` until `stop()`; each connection has a thread.

    The library's own servers let a test wait: `shutdown` for the next turn of a loop that looks twice a second, and an
    answer whose body is sent after its head for the other side to confirm the head, a twentieth of a second.
    """

    daemon_threads = True
    # A kept connection may sleep in its thread; nobody waits for it.
    block_on_close = False
    # All connections of a worker at once: the five of the library's default are lost under load.
    request_queue_size = 128
    # What a call of `handle_request` waits for has come before it is called.
    timeout = 0

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.port = int(self.server_address[1])
        self._over, self._end = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        request, address = super().get_request()
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return request, address

    def stop(self) -> None:
        """Take no more connections; those that are open are left to end by themselves."""
        self._end.close()
        self._thread.join()
        self._over.close()
        self.server_close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self, selectors.EVENT_READ)
            waiting.register(self._over, selectors.EVENT_READ)
            while all(key.fileobj is not self._over for key, _events in waiting.select()):
                self.handle_request()
