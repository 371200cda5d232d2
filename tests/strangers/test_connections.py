"""Connections: who only sits there, who never comes to an end, who does not read, and how many there may be."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from panelwright.core import limits
from tests.strangers.others import Others
from tests.strangers.wires import FORM, answer, asks, connected, request
from tests.support.crowd import ask as ask_form

# Nothing that is sent here gets as far as the database.
pytestmark = pytest.mark.one_database

# How long a server of little patience waits for a head and a body, instead of 15 and 30 seconds.
HEAD_S, BODY_S = 4, 6
HALF_A_HEAD = b"POST /api/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
WAIT_MAX_S = 60.0


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANELWRIGHT_HEAD_S", str(HEAD_S))
    monkeypatch.setenv("PANELWRIGHT_BODY_S", str(BODY_S))


def ended(wire: socket.socket) -> bool:
    """Whether the other side has closed the connection; what it said before is read away."""
    wire.setblocking(False)
    try:
        while True:
            if not wire.recv(65_536):
                return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        wire.setblocking(True)


def wait_until_ended(wires: list[socket.socket], *, dripping: bytes = b"") -> None:
    """Until all are closed, while a byte a second goes out on each; fails after a minute."""
    began = time.monotonic()
    left = list(wires)
    while True:
        left = [wire for wire in left if not ended(wire)]
        if not left:
            return
        assert time.monotonic() < began + WAIT_MAX_S, f"{len(left)} of {len(wires)} stay open"
        for wire in left if dripping else []:
            with suppress(ConnectionError):
                wire.sendall(dripping)
        time.sleep(1)


@pytest.mark.alone
def test_who_drips_is_closed_and_nobody_waits_for_him(little_patience: None, others: Others) -> None:
    """Idle connections, half heads and half bodies, dripping on and silent: 200 of them at once."""
    with ExitStack() as stack:
        wires = [stack.enter_context(connected(others.port)) for _ in range(200)]
        half_a_body = request("POST /api/v2", FORM, length=1_000, body=b"key=")
        half_a_page = b"GET / HTTP/1.1\r\nHost: 127.0.0.1"
        for number, wire in enumerate(wires):
            wire.sendall((b"", HALF_A_HEAD, half_a_body, half_a_page)[number % 4])
        others.unharmed_by(lambda: time.sleep(0.2))
        # The first ones are told why they end.
        for wire in (wires[1], wires[2]):
            said = answer(wire)
            assert (said.status, said.head["x-error-code"]) == (408, "too_slow")
            assert json.loads(said.body) == {"error": "Request was not sent in time, please retry"}
        said = answer(wires[3])
        assert (said.status, said.body) == (408, b"The request was not sent in time.")
        wait_until_ended(wires)


def test_a_byte_a_second_keeps_a_head_no_longer(little_patience: None, others: Others) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(connected(others.port)) for _ in range(20)]
        for wire in wires:
            wire.sendall(HALF_A_HEAD)
        # If a byte gave it more time, it would never end.
        wait_until_ended(wires, dripping=b"y")


@pytest.mark.alone
def test_an_address_has_its_number_and_others_have_theirs(standing: Others) -> None:
    """A thousand connections of one address, each begun and not ended; whoever else comes is let in."""
    with ExitStack() as stack:
        wires = []
        for _ in range(1_000):
            wires.append(stack.enter_context(connected(standing.port)))
            with suppress(ConnectionError):
                wires[-1].sendall(HALF_A_HEAD)
        time.sleep(1)
        still = [wire for wire in wires if not ended(wire)]
        # The customer of the others is among them: she has the same address here.
        assert limits.CONNECTIONS_PER_ADDRESS_MAX - 10 <= len(still) <= limits.CONNECTIONS_PER_ADDRESS_MAX
        # Another address of this machine, and a new connection of this one: the longest half head makes room.
        assert ask_form(standing.port, {"key": standing.key, "action": "balance"}).status == 200
        with socket.create_connection(("127.0.0.1", standing.port), 30, source_address=("127.0.0.2", 0)) as other:
            other.sendall(request("POST /api/v2", FORM, body=b"key=a&action=balance"))
            assert answer(other).status == 200
        standing.unharmed_by(lambda: time.sleep(0.2))


def test_a_benchmark_s_worth_of_connections_of_one_address_is_served(standing: Others) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(connected(standing.port)) for _ in range(128)]
        for _ in range(3):
            for wire in wires:
                wire.sendall(request("POST /api/v2", FORM, body=b"key=a&action=balance"))
            assert {answer(wire).status for wire in wires} == {200}


@pytest.mark.alone
def test_thousands_of_requests_in_one_packet_are_one_after_the_other(standing: Others) -> None:
    """Each would have been a task of its own, all of them begun before the first was answered."""
    small = b"GET /api/v2 HTTP/1.1\r\nHost: a\r\n\r\n"

    def flood() -> None:
        for said in asks(standing.port, [small * 2_000], count=300):
            assert (said.status, said.body) == (200, b'{"error":"Invalid API key"}')

    standing.unharmed_by(flood)
