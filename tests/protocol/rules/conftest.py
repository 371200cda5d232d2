"""What the tests of the rules have: see stand.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.protocol.conftest import Installation, Live
from tests.protocol.rules.stand import Inside, Reseller, Stand


@pytest.fixture(scope="session")
def stand(installation: Installation, panels: dict[str, Live]) -> Iterator[Stand]:
    assert installation.server is not None
    inside = Inside(installation.launch)
    made = Stand(port=panels["carol"].port, server=installation.server, inside=inside)
    yield made
    made.line.close()
    inside.close()


@pytest.fixture
def carol(stand: Stand) -> Reseller:
    """A customer of the panel `everything`, who has 10,000.00 and more than enough."""
    return stand.carol


@pytest.fixture
def neighbour(stand: Stand) -> Reseller:
    """Another customer of Carol's panel, with 1,000.00 and no orders."""
    return stand.neighbour()


@pytest.fixture(scope="session")
def stranger(stand: Stand) -> Reseller:
    """The customer of another panel, which sells the same and is answered by the same server."""
    return stand.shop(preset="everything")


@pytest.fixture(autouse=True)
def books_balance(stand: Stand) -> Iterator[None]:
    """After every test the books of every panel balance, and the server has met no fault of its own."""
    yield
    assert stand.inside.faults() == []
    assert stand.trouble() == ""
