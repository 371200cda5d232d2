"""The served panel that the protocol tests talk to: the product's own commands and server, no worker.

Without a worker nothing moves by itself: what becomes of an order is up to the test.
"""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.support.processes import Launcher, Process, free_ports

_opener = build_opener(ProxyHandler({}))


class Hand:
    """Speaks with tests/protocol/hand.py."""

    def __init__(self, launch: Launcher) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.protocol.hand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=launch.environment(),
            cwd=Path(__file__).parents[2],
            text=True,
        )

    def do(self, name: str, **arguments: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": name, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the hand failed at {name}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class Live:
    """One served panel with a customer who has 10,000 and a key without limits."""

    def __init__(self, installation: Installation, *, slug: str, port: int, email: str, api_key: str) -> None:
        self.installation = installation
        self.slug = slug
        self.email = email
        self.api_key = api_key
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}"
        self.api_url = f"{self.base_url}/api/v2"

    def call(self, **params: object) -> Any:
        """A plain POST with the panel's key; the answer as JSON."""
        body = urlencode({"key": self.api_key, **params}).encode()
        with _opener.open(self.api_url, body, timeout=60) as response:
            return json.load(response)

    def service(self, type_name: str) -> int:
        return int(self.installation.hand.do("service", panel=self.slug, type_name=type_name)["number"])

    def order(self, *, quantity: int = 100, **params: object) -> int:
        answer = self.call(
            action="add",
            service=self.service("Default"),
            link=f"https://example.com/{uuid.uuid4().hex}",
            quantity=quantity,
            **params,
        )
        return int(answer["order"])

    def pending_order(self) -> int:
        return self.order()

    def end(
        self, order: int, status: str, *, remains: int = 0, start_count: int | None = None, days: float = 2
    ) -> None:
        self.installation.hand.do(
            "end", order=order, status=status, remains=remains, start_count=start_count, days=days
        )

    def completed_order(self) -> int:
        order = self.order()
        self.end(order, "Completed")
        return order

    def refill(self, status: str = "Completed") -> int:
        refill = int(self.call(action="refill", order=self.completed_order())["refill"])
        assert self.installation.hand.do("refill", refill=refill, status=status)["changed"] == 1
        return refill

    def balance(self) -> Decimal:
        return Decimal(self.installation.hand.do("balance", panel=self.slug, email=self.email)["micros"]) / 10**6


class Installation:
    """A database, a server on two ports, and a hand inside."""

    def __init__(self, launch: Launcher) -> None:
        self.launch = launch
        self.hand = Hand(launch)
        self.server: Process | None = None

    def command(self, *arguments: str) -> Any:
        output = self.launch.command(*arguments)
        return json.loads(output[output.index("{") :]) if "{" in output else output

    def panel(self, preset: str, *, slug: str, port: int, customer: str = "carol") -> Live:
        """A panel with a customer, her money and her key. By the hand: a command a piece would take seconds."""
        email = f"{customer}@{slug}.example"
        made = self.hand.do("open_panel", preset=preset, slug=slug, port=port, email=email, micros=10_000 * 10**6)
        return Live(self, slug=slug, port=port, email=email, api_key=made["key"])


@pytest.fixture(scope="session")
def installation(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("protocol")
    with Launcher(database_url=new_database(), folder=folder) as launch:
        installation = Installation(launch)
        try:
            yield installation
        finally:
            faults = installation.hand.do("faults")["faults"]
            installation.hand.close()
        assert faults == []


@pytest.fixture(scope="session")
def panels(installation: Installation) -> dict[str, Live]:
    """Two panels of one installation: carol's and mallory's."""
    port = free_ports(2)
    made = {
        "carol": installation.panel("everything", slug="everything", port=port),
        "mallory": installation.panel("everything", slug="other", port=port + 1, customer="mallory"),
    }
    installation.hand.do("prepare")
    command = [sys.executable, "-c", _SERVE, str(port), "2"]
    environment = installation.launch.environment(PYTHONPATH=str(Path(__file__).parents[2]))
    installation.server = installation.launch.start_command(command, env=environment)
    for live in made.values():
        installation.server.wait_for_http(f"{live.base_url}/")
    return made


# What `serve` does for one port, the demo does for several; this is the same web process on two.
_SERVE = """
import sys
from panelwright.cli.processes import Supervisor, listen
sockets = [listen("127.0.0.1", int(sys.argv[1]) + i) for i in range(int(sys.argv[2]))]
supervisor = Supervisor()
supervisor.add_web("web", sockets)
supervisor.start()
sys.exit(supervisor.run())
"""


@pytest.fixture(scope="session")
def live(panels: dict[str, Live]) -> Live:
    return panels["carol"]


@pytest.fixture(scope="session")
def mallory(panels: dict[str, Live]) -> Live:
    """The customer of another panel of the same installation."""
    return panels["mallory"]
