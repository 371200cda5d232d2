"""Many connections to web processes, whose requests all arrive at the same moment."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.support.signals import held

TIMEOUT_S = 60.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Reply(NamedTuple):
    """An answer of the API: HTTP status, headers by lower-case name, the JSON of the body."""

    status: int
    headers: dict[str, str]
    value: Any


def ask(port: int, form: Mapping[str, object]) -> Reply:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        _send(connection, form)
        return _receive(connection)
    finally:
        connection.close()


def _send(connection: http.client.HTTPConnection, form: Mapping[str, object]) -> None:
    connection.request("POST", "/api/v2", urlencode({k: str(v) for k, v in form.items()}), _FORM)


def _receive(connection: http.client.HTTPConnection) -> Reply:
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, json.loads(response.read()))


class Crowd:
    """`size` kept connections, the same number to each of the web processes `pids` that share `port`.

    The processes share a listening socket, so a connection goes to the one that takes it first: while
    connections are made for one of them, the others are held.
    """

    def __init__(self, *, port: int, pids: Sequence[int], size: int) -> None:
        self._pids = list(pids)
        self._connections: list[http.client.HTTPConnection] = []
        for number, pid in enumerate(self._pids):
            share = size // len(pids) + (number < size % len(pids))
            with held([other for other in self._pids if other != pid]):
                self._connections += [self._connected(port) for _ in range(share)]

    @staticmethod
    def _connected(port: int) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        # An answer proves that a process has taken the connection, not only the system.
        _send(connection, {"key": "nobody", "action": "balance"})
        assert _receive(connection).value == {"error": "Invalid API key"}
        return connection

    def ask(self, forms: Sequence[Mapping[str, object]]) -> list[Reply]:
        """The answers to all forms, in their order. All are sent before any process reads one."""
        assert len(forms) == len(self._connections)
        with held(self._pids):
            for connection, form in zip(self._connections, forms, strict=True):
                _send(connection, form)
        return [_receive(connection) for connection in self._connections]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
