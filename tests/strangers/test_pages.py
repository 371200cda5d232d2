"""Pages that anybody may open, asked for by many at once: each computes, and nobody's order waits for all of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest
from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services
from panelwright.core import limits
from tests.strangers.others import Others
from tests.strangers.wires import connected, request
from tests.support.people import Owner

SERVICES = 3_000
AT_ONCE = 30


@pytest.fixture
def large(alice: Owner) -> None:
    """A list of services that takes a tenth of a second to show."""
    sold = [
        NewService(
            number=100 + n,
            category=f"Category {n // 50}",
            name=f"Followers number {n}, from everywhere, no drop",
            type="Default",
            rate_micros=1_000_000 + n,
            min=10,
            max=1_000,
        )
        for n in range(SERVICES)
    ]
    with scope(panel=alice.panel):
        add_services(alice.panel_id, sold)


def asked(port: int, host: str, path: str, count: int) -> Callable[[], None]:
    """The first line of each answer is looked at, and all of it is taken."""
    data = request(f"GET {path}", "Connection: close", host=host)

    def ask() -> None:
        with ExitStack() as stack:
            wires = [stack.enter_context(connected(port)) for _ in range(count)]
            for wire in wires:
                wire.sendall(data)
            for wire in wires:
                wire.settimeout(120)
                head = wire.recv(65_536)
                assert head.startswith(b"HTTP/1.1 200"), head[:200]
                while wire.recv(65_536):
                    pass

    return ask


@pytest.mark.alone
@pytest.mark.parametrize("path", ["/services", "/services.csv"])
def test_pages_that_take_long_hold_up_no_order(others: Others, alice: Owner, large: None, path: str) -> None:
    """Thirty at once had orders wait for two seconds, two hundred for eight."""
    others.unharmed_by(asked(others.port, alice.host, path, AT_ONCE))


@pytest.mark.alone
@pytest.mark.one_database
def test_who_asks_for_more_pages_than_may_wait_is_told(others: Others, alice: Owner, large: None) -> None:
    data = request("GET /services", "Connection: close", host=alice.host)
    with ExitStack() as stack:
        wires = [stack.enter_context(connected(others.port)) for _ in range(limits.PAGES_WAITING_MAX // 4 + 10)]
        for wire in wires:
            wire.sendall(data)
        told = []
        for wire in wires:
            wire.settimeout(120)
            told.append(wire.recv(65_536))
    assert {head[:12] for head in told} == {b"HTTP/1.1 200", b"HTTP/1.1 503"}
    assert all(b"retry-after: 2" in head.lower() for head in told if head.startswith(b"HTTP/1.1 503"))
