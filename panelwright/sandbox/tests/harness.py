"""A sandbox as a real process, and its callers over real HTTP."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import urllib3

import panelwright
from panelwright.catalog.types import FieldKind, ServiceType
from panelwright.sandbox.panel import owner_of
from panelwright.sandbox.run import CONTROL_TOKEN, KEYS
from tests.support.processes import Process, free_port

TOKEN = "control-token"
_ROOT = Path(panelwright.__file__).parents[1]


class Sandbox:
    """One sandbox on one file and port, that can be killed and started again. `options` go on its command line."""

    def __init__(self, folder: Path, *, keys: tuple[str, ...], options: tuple[str, ...] = ()) -> None:
        self.data = folder / "sandbox.sqlite3"
        self.url = ""
        self.process: Process | None = None
        self._folder = folder
        self._keys = keys
        self._options = options
        self._port = free_port()
        self._starts = 0
        self.http = urllib3.PoolManager(maxsize=32, retries=False, timeout=30.0)

    def command(self, *options: str) -> list[str]:
        where = ["--port", str(self._port), "--data", str(self.data)]
        return [sys.executable, "-m", "panelwright.sandbox.run", *where, *self._options, *options]

    def launch(self, command: list[str]) -> Process:
        self._starts += 1
        env = {**os.environ, "PYTHONPATH": str(_ROOT), KEYS: " ".join(self._keys), CONTROL_TOKEN: TOKEN}
        return Process(command, env=env, log=self._folder / f"sandbox-{self._starts}.log")

    def start(self, *options: str) -> None:
        self.begin(*options)
        self.wait()

    def begin(self, *options: str) -> None:
        """Start, and do not wait until it answers: what else has to start may do so meanwhile."""
        self.process = self.launch(self.command(*options))
        self.url = f"http://127.0.0.1:{self._port}"

    def wait(self) -> None:
        """Until it answers."""
        assert self.process is not None
        self.process.wait_for_log("/api/v2")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def caller(self, key: str) -> Caller:
        return Caller(self, key)

    def control(self, name: str, **body: Any) -> Any:
        """POST to the control address; fails on anything but 200."""
        answer = self.http.request("POST", f"{self.url}/control/{name}", json=body, headers={"X-Control-Token": TOKEN})
        assert answer.status == 200, answer.data
        return answer.json()

    def state(self) -> Any:
        answer = self.http.request("GET", f"{self.url}/control/state", headers={"X-Control-Token": TOKEN})
        assert answer.status == 200, answer.data
        return answer.json()

    def set_faults(self, *rules: dict[str, Any], seed: int = 1) -> None:
        """These faults in the place of all others; none clears them."""
        self.control("faults", seed=seed, faults=list(rules))

    def faults(self) -> Any:
        """The faults in force with their counts."""
        answer = self.http.request("GET", f"{self.url}/control/faults", headers={"X-Control-Token": TOKEN})
        assert answer.status == 200, answer.data
        return answer.json()

    def advance(self, seconds: float) -> None:
        self.control("config", advance_s=seconds)


class Caller:
    """Someone with an API key."""

    def __init__(self, sandbox: Sandbox, key: str) -> None:
        self.sandbox = sandbox
        self.key = key
        # Who it is at the control address.
        self.owner = owner_of(key)

    def raw(self, action: str, /, *, idempotency_key: str = "", **params: object) -> urllib3.BaseHTTPResponse:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        fields = {"key": self.key, "action": action} | {name: str(value) for name, value in params.items()}
        return self.sandbox.http.request(
            "POST", f"{self.sandbox.url}/api/v2", fields=fields, encode_multipart=False, headers=headers
        )

    def __call__(self, action: str, /, **params: object) -> Any:
        answer = self.raw(action, idempotency_key="", **params)
        assert answer.status == 200, answer.data
        return answer.json()

    def add(self, **params: object) -> int:
        answer = self("add", **params)
        assert list(answer) == ["order"], answer
        order = answer["order"]
        assert isinstance(order, int)
        return order

    def status(self, order: int) -> Any:
        return self("status", order=order)

    def held(self, *, status: str, remains: int, service: int = 2, link: str = "https://example.com/page") -> int:
        """An order of 1000 units with start count 7 that shows this state until a test changes it."""
        order = self.add(service=service, link=link, quantity=1000)
        self.sandbox.control("order", order=order, status=status, remains=remains, start_count=7)
        return order

    def balance(self) -> str:
        return str(self("balance")["balance"])


def example_params(type_: ServiceType) -> dict[str, str]:
    """The required fields of a service type, with the examples of the table; 250 units where they are counted."""
    params = {f.name: f.example for f in type_.fields if f.required or f.needed_when is not None}
    if "quantity" in params:
        params["quantity"] = "250"
    assert all(f.kind is not FieldKind.LINK or params[f.name] for f in type_.fields)
    return params
