"""A standing sandbox and the product's own client of upstream panels, with nothing but HTTP between them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

import pytest

from panelwright.sandbox.tests.harness import Caller, Sandbox
from tests.support.spoken import SpeakingClient

_KEYS = tuple(f"exchange-key-{n}" for n in range(300))
_next_key = count()
# What a call of the hasty client may take; the faults that keep it waiting are silent for longer.
HASTE_S = 0.3
# How long a busy machine may take to do what was asked.
SOON_S = 60.0


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Its clock only moves when a test moves it."""
    standing = Sandbox(tmp_path_factory.mktemp("exchange"), keys=_KEYS, options=("--speed", "0"))
    standing.start()
    yield standing
    standing.kill()


class Exchange:
    """Both ends of one provider: `client` is ours, and `hasty` is it without patience; `there` is the same customer
    as the sandbox knows him."""

    def __init__(self, sandbox: Sandbox, there: Caller) -> None:
        self.sandbox = sandbox
        self.there = there
        url = f"{sandbox.url}/api/v2"
        self.client = SpeakingClient(url=url, key=there.key, allow_private=True)
        self.hasty = SpeakingClient(url=url, key=there.key, allow_private=True, read_timeout_s=HASTE_S)

    def close(self) -> None:
        self.client.close()
        self.hasty.close()

    def speak(self, *dialects: str) -> None:
        """The sandbox answers this client in these dialects from now on."""
        self.fault("dialect", dialect=list(dialects))

    def fault(self, name: str, **settings: object) -> None:
        """This fault strikes the calls of this client, in the place of all faults and dialects before."""
        self.faults({"fault": name} | settings)

    def faults(self, *rules: dict[str, object]) -> None:
        self.check_struck()
        self.sandbox.set_faults(*({"key": self.there.key} | rule for rule in rules))

    def check_struck(self) -> None:
        """What was set has struck: an exchange in the plain protocol proves nothing of a dialect."""
        assert [rule for rule in self.sandbox.faults()["faults"] if not rule["hits"]] == []

    def orders(self) -> int:
        """How many orders the sandbox really took."""
        return sum(order["owner"] == self.there.owner for order in self.sandbox.state()["orders"])

    def wait_for_orders(self, count: int) -> None:
        """Wait for what the sandbox does after our client has gone."""
        deadline = time.monotonic() + SOON_S
        while self.orders() != count:
            assert time.monotonic() < deadline, (self.orders(), count)
            time.sleep(0.02)

    def calls(self) -> dict[str, int]:
        """How many calls reached the sandbox since the faults were set, by action."""
        calls: dict[str, int] = self.sandbox.faults()["calls"]
        return calls


@pytest.fixture
def exchange(sandbox: Sandbox) -> Iterator[Exchange]:
    both = Exchange(sandbox, sandbox.caller(_KEYS[next(_next_key)]))
    try:
        yield both
        both.check_struck()
    finally:
        both.close()
        sandbox.set_faults()
