"""A line between two programs that can be cut: it passes bytes on, withholds answers, or is gone."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

_CHUNK = 65_536


class Relay:
    """Listens on a port of loopback and passes connections on to another one.

    While it withholds, requests arrive and answers do not: `withheld` counts the connections whose answer came
    and was kept back.
    """

    def __init__(self, *, port: int, to_port: int) -> None:
        self.port = port
        self.withhold = False
        self.withheld = 0
        self._to_port = to_port
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Close every connection; from now on nobody listens, so a connection is refused."""
        if self._listener is not None:
            # Wakes the thread that waits in accept, which close alone does not.
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            for sock in self._open:
                _hang_up(sock)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._to_port))
        except OSError:
            near.close()
            return
        with self._lock:
            self._open |= {near, far}
        back = threading.Thread(target=self._pass_on, args=(far, near), kwargs={"answers": True}, daemon=True)
        back.start()
        self._pass_on(near, far, answers=False)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _pass_on(self, source: socket.socket, target: socket.socket, *, answers: bool) -> None:
        kept_back = False
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if not answers or not self.withhold:
                    target.sendall(data)
                elif not kept_back:
                    kept_back = True
                    with self._lock:
                        self.withheld += 1
        _hang_up(source)
        _hang_up(target)


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
