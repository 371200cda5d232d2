"""An installation that can be killed: `serve` with web and worker, a sandbox as its provider, a database that
waits for the disk. Nothing here knows what must be true; that is in proof.py."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3

from panelwright.sandbox.run import CONTROL_TOKEN, KEYS
from tests.support import selling, signals
from tests.support.processes import Launcher, Process, free_ports
from tests.support.relay import Relay
from tests.support.rows import Rows

READY_MAX_S = 60.0
REST_MAX_S = 120.0
TOKEN = "control-token"
# How many times faster the sandbox delivers: most orders take less than a second.
SPEED = 20
# What is due this soon is worth waiting for; the rest is brought nearer by `let_time_pass`.
SOON = timedelta(seconds=3)


class Database(Rows):
    """The installation's own database, read and aged past the product."""

    def let_time_pass(self) -> None:
        """Everything that is due at some time is due now. Only while nobody runs: a lease then has no owner."""
        now = self.moment(datetime.now(UTC))
        for table in ("orders_order", "orders_refill", "orders_cancel"):
            self.run(f"UPDATE {table} SET due_at = ? WHERE due_at > ?", now, now)
        self.end_rests()

    def end_rests(self) -> None:
        """A provider that failed is left alone for a while, longer each time; what a kill did to it is no news."""
        self.run("UPDATE providers_provider SET rest_until = NULL, sends_rest_until = NULL, failures = 0")

    def busy(self) -> int:
        """How many orders a worker will look at soon: none of a provider that is left alone for a while."""
        now = datetime.now(UTC)
        query = (
            "SELECT COUNT(*) FROM orders_order WHERE job IS NOT NULL AND due_at <= ? AND (job <> 'poll' OR"
            " NOT EXISTS (SELECT 1 FROM providers_provider WHERE rest_until > ?))"
        )
        return int(self.run(query, self.moment(now + SOON), self.moment(now))[0][0])

    def break_connections(self) -> None:
        """End every connection to PostgreSQL, in whatever it is doing. Nobody can do that to a SQLite file."""
        if self.kind == "postgresql":
            self.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def delivered(self) -> int:
        """How many orders are known to have reached the provider."""
        return int(self.run("SELECT COUNT(*) FROM orders_order WHERE upstream_id IS NOT NULL")[0][0])

    def unfinished(self) -> int:
        """How many orders a worker will look at some time."""
        return int(self.run("SELECT COUNT(*) FROM orders_order WHERE job IS NOT NULL")[0][0])


class Rig:
    """One panel on `database_url`, in `folder`. The sandbox and the panel agree on knowing request_id, or not."""

    def __init__(self, *, database_url: str, folder: Path, knows_request_id: bool, webs: int) -> None:
        self.database = Database(database_url)
        self.launch = Launcher(database_url=database_url, folder=folder)
        self.port = free_ports(3)
        self.knows_request_id = knows_request_id
        self._sandbox_port = self.port + 1
        # The panel reaches its provider over a line that a test can cut.
        self.line = Relay(port=self.port + 2, to_port=self._sandbox_port)
        self._webs = webs
        self._http = urllib3.PoolManager(retries=False, timeout=60.0)
        self.server: Process | None = None
        self.sandbox: Process | None = None
        self.shop = self._open_shop()

    def __enter__(self) -> Rig:
        self.line.start()
        self.start_sandbox()
        self.start_server()
        return self

    def __exit__(self, *exception: object) -> None:
        self.power_cut()
        self.line.stop()
        self.launch.__exit__(*exception)

    def _open_shop(self) -> selling.Shop:
        wanted = {
            "balances": ["1000.00", "1000.00", "1000.00"],
            "ports": [self.port],
            "provider_url": f"http://127.0.0.1:{self.line.port}/api/v2",
            "knows_request_id": self.knows_request_id,
        }
        program = [sys.executable, str(selling.PROGRAM), json.dumps(wanted)]
        made = self.launch.start_command(program, env=self.launch.environment())
        assert made.wait(timeout_s=READY_MAX_S) == 0, made.log()
        return selling.shop_of(made.log())

    # ---- starting and dying ------------------------------------------------------------------------

    def start_server(self) -> None:
        self.server = self.launch.start(
            "serve", "--port", str(self.port), "--workers", str(self._webs), PANELWRIGHT_FSYNC="1"
        )
        self.server.wait_for_http(f"http://127.0.0.1:{self.port}/", timeout_s=READY_MAX_S)
        self.server.wait_for(lambda: self.pids("worker") != [], what="a worker", timeout_s=READY_MAX_S)

    def start_sandbox(self) -> None:
        where = ["--port", str(self._sandbox_port), "--data", str(self.launch.folder / "sandbox.sqlite3")]
        options = ["--speed", str(SPEED), *([] if self.knows_request_id else ["--no-request-id"])]
        secrets = {KEYS: selling.PROVIDER_KEY, CONTROL_TOKEN: TOKEN}
        self.sandbox = self.launch.start("sandbox", *where, *options, **secrets)
        self.sandbox.wait_for_log("/api/v2", timeout_s=READY_MAX_S)

    def pids(self, command: str) -> list[int]:
        """The web processes (`web`) or the worker (`worker`) that live now."""
        return signals.children(self.server.pid, command=command) if self.server is not None else []

    def wait_for(self, condition: Callable[[], bool], *, what: str, timeout_s: float = READY_MAX_S) -> None:
        """Wait until it holds; fails with the server's log when time is up or the server ends."""
        assert self.server is not None
        self.server.wait_for(condition, what=what, timeout_s=timeout_s)

    def kill(self, command: str) -> None:
        """SIGKILL one of the server's children, which the server starts again."""
        self.wait_for(lambda: self.pids(command) != [], what=f"a {command} process")
        signals.kill(self.pids(command)[:1])

    def kill_sandbox(self) -> None:
        if self.sandbox is not None:
            self.sandbox.kill()
            self.sandbox = None

    def power_cut(self) -> None:
        """SIGKILL everything that runs: first the one that would start the others again."""
        if self.server is not None:
            children = self.pids("")
            self.server.kill()
            signals.kill(children)
            signals.wait_until_gone(children)
            self.server = None
        self.kill_sandbox()

    def kill_supervisor(self) -> None:
        """SIGKILL only the one that started the others, and do not wait for what becomes of them."""
        assert self.server is not None
        self.server.kill()
        self.server = None

    def stop_server(self) -> None:
        """SIGTERM, as a service manager does; it must end well."""
        assert self.server is not None
        children = self.pids("")
        assert self.server.terminate(timeout_s=READY_MAX_S) == 0, self.server.log()
        signals.wait_until_gone(children)
        self.server = None

    # ---- asking ------------------------------------------------------------------------------------

    def sandbox_state(self) -> Any:
        """Every order and every `add` that the sandbox ever received."""
        answer = self._http.request(
            "GET", f"http://127.0.0.1:{self._sandbox_port}/control/state", headers={"X-Control-Token": TOKEN}
        )
        assert answer.status == 200, answer.data
        return answer.json()

    def ask(self, form: Mapping[str, str]) -> Any:
        """One request to the panel, which must be up; the JSON of its answer."""
        answer = self._http.request(
            "POST", f"http://127.0.0.1:{self.port}/api/v2", fields=dict(form), encode_multipart=False
        )
        assert answer.status == 200, answer.data
        return answer.json()

    def audit(self) -> tuple[int, str]:
        """Exit status and output of `panelwright audit`."""
        return self.launch.run("audit", timeout_s=READY_MAX_S)

    def come_to_rest(self) -> None:
        """Start the server, again if it runs, until no order is left that a worker would look at by itself.

        Leases of the dead, back-offs and the minutes between runs are skipped: the server stops in good
        order, what is due later becomes due, the server starts again.
        """
        deadline = time.monotonic() + REST_MAX_S
        while True:
            if self.server is not None:
                self.stop_server()
            self.database.let_time_pass()
            self.start_server()
            left_s = max(deadline - time.monotonic(), 1.0)
            self.wait_for(lambda: self.database.busy() == 0, what="rest", timeout_s=left_s)
            if self.database.unfinished() == 0:
                return
            assert time.monotonic() < deadline, f"{self.database.unfinished()} orders do not come to rest"
