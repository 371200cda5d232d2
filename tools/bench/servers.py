"""The processes of the benchmark: what is measured runs as it does for customers, beside us and not in us."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from panelwright.cli.main import CommandRefused

# The programs of the benchmark are modules of the checkout.
ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 60
STOP_WITHIN_S = 70
# The longest makes a customer with ten million orders, and proves her books.
COMMAND_MAX_S = 3 * 3600
LOG_TAIL_BYTES = 4_000

# Holds a program: when our end of its standard input closes, however we end, the program is stopped.
_HOLDER = """
exec 3<&0
"$@" 3<&- </dev/null &
program=$!
( cat <&3 >/dev/null; kill -TERM "$program" 2>/dev/null ) &
exec 3<&-
wait "$program"
"""


class Installation:
    """An installation of Panelwright in a folder, with a database: its commands, and its web process."""

    def __init__(self, *, folder: Path, database_url: str) -> None:
        self.folder = folder
        # Its logs and keys are its owner's alone; the product says so where they are not.
        folder.mkdir(parents=True, mode=0o700)
        # Settings of whoever runs the benchmark, such as an fsync that is switched off, must not reach it.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PANELWRIGHT_")}
        self._env = inherited | {
            "DJANGO_SETTINGS_MODULE": "panelwright.settings",
            "PANELWRIGHT_DATA": str(folder),
            "PANELWRIGHT_DATABASE_URL": database_url,
            "PANELWRIGHT_FSYNC": "1",
            "PANELWRIGHT_ALLOW_PRIVATE_PROVIDERS": "1",
        }

    def command(self, *arguments: str) -> dict[str, Any]:
        """Run `python -m <arguments>`, which writes JSON. Raises Refused with what went wrong."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            env=self._env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_MAX_S,
        )
        try:
            told: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise CommandRefused(
                f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            ) from None
        return told

    def audit(self) -> tuple[int, list[str]]:
        """The number of orders, and the faults of the books."""
        (panel,) = self.command("panelwright", "audit", "--json")["panels"].values()
        return panel["orders"], panel["faults"]

    @contextmanager
    def web(self) -> Iterator[int]:
        """`serve` with one web process and no worker; the port that it answers on."""
        port = _free_port()
        arguments = ["panelwright", "serve", "--no-worker", "--port", str(port)]
        with _running(arguments, port, env=self._env, log=self.web_log):
            yield port

    @property
    def web_log(self) -> Path:
        """What the web process wrote to standard error: nothing, when all went well."""
        return self.folder / "web.log"


@contextmanager
def empty_server(folder: Path) -> Iterator[int]:
    """The empty answer on the same server; the port that it answers on."""
    port = _free_port()
    log = folder / "empty.log"
    with _running(["tools.bench.empty", str(port)], port, env=dict(os.environ), log=log):
        yield port


@contextmanager
def upstream_server(folder: Path) -> Iterator[int]:
    """The provider of the delivery benchmark; the port that it answers on."""
    port = _free_port()
    environment = dict(os.environ)
    with _running(["tools.bench.upstream", str(port)], port, env=environment, log=folder / "upstream.log"):
        yield port


@contextmanager
def _running(arguments: Sequence[str], port: int, *, env: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as errors:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _HOLDER, "sh", sys.executable, "-m", *arguments],
            env=env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for us; the server stops when we have finished with it
        )
    try:
        _wait_until_ready(process, port, log)
        yield
        if process.poll() is not None:
            raise CommandRefused(f"{' '.join(arguments)} ended by itself:\n{tail(log)}")
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_WITHIN_S)
        try:
            client.request("GET", "/api/v2")
            client.getresponse().read()
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            client.close()
    raise CommandRefused(f"the server on port {port} did not start:\n{tail(log)}")


def tail(log: Path) -> str:
    return log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip() if log.exists() else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
