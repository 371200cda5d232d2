"""Servers of customers' webhooks that never end the beginning of an answer: what the others notice."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.core.said import words
from panelwright.events import webhook_actions
from panelwright.events.models import Delivery
from tests.strangers.others import Others
from tests.support.people import Owner, values

# What is looked at is how the worker reads, before the database.
pytestmark = pytest.mark.one_database

# A program of its own, and politely: what it takes to send so much is not what is looked at.
_ENDLESS = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0), backlog=256)
print(server.getsockname()[1], flush=True)

def serve(wire):
    try:
        wire.recv(65536)
        while True:
            wire.sendall(b"HTTP/1.1 100 C\\r\\n\\r\\n" * 4000)
    except OSError:
        pass

while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""
CUSTOMERS, ENDPOINTS, EACH = 3, 10, 20


@pytest.fixture
def endless() -> Iterator[int]:
    """The port of such a server."""
    server = subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", _ENDLESS], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    yield int(server.stdout.readline())
    server.kill()
    server.wait()


def listening(owner: Owner, port: int) -> list[int]:
    """Ids of endpoints that are told of orders there, as many as her customers may have."""
    ids = []
    for i in range(CUSTOMERS):
        customer = owner.customer(f"eve{i}").customer_id
        for slot in range(ENDPOINTS):
            url = f"http://127.0.0.1:{port}/{i}/{slot}"
            made = webhook_actions.create_endpoint(
                panel_id=owner.panel_id, customer_id=customer, url=url, names=["order.completed"]
            )
            assert not isinstance(made, Refusal), made
            ids.append(made[0])
    return ids


@pytest.mark.alone
def test_interim_answers_without_end(others: Others, alice: Owner, endless: int) -> None:
    numbers = itertools.count()

    def tell() -> None:
        now = clock.now()
        with scope(panel=alice.panel):
            Delivery.objects.bulk_create(
                Delivery(
                    panel_id=alice.panel_id,
                    endpoint_id=endpoint,
                    name="order.completed",
                    message_id=f"m{next(numbers)}",
                    body="{}",
                    due_at=now,
                    created_at=now,
                )
                for endpoint in endpoints
                for _ in range(EACH)
            )
        time.sleep(2)

    with scope(panel=alice.panel):
        endpoints = listening(alice, endless)
    others.unharmed_by(tell)
    tried = values("SELECT problem FROM events_delivery WHERE tried_at IS NOT NULL")
    assert tried, "the worker has asked it"
    assert {"interim heads" in words(problem) for (problem,) in tried} == {True}
