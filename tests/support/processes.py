"""Real processes for tests: start, wait until they answer, stop or kill, and never leave one behind."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.guardian import guardian

START_MAX_S = 120.0
STOP_MAX_S = 90.0
LOG_TAIL_BYTES = 8_000
_ROOT = Path(__file__).parents[2]

# Below the range from which the system gives out ports by itself.
_PORT_MIN, _PORT_MAX = 12_000, 31_000


def pytest_collection_finish() -> None:
    """Thousands of tests are loaded and stay: to look through them for garbage, again and again, takes long."""
    from panelwright.cli.processes import collect_seldom

    collect_seldom()


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on, as the demo wants them."""
    for _ in range(200):
        first = random.randrange(_PORT_MIN, _PORT_MAX - count)
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise RuntimeError(f"no {count} free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Process:
    """A child process with its children: one process group, one log file."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        self.command = list(command)
        self.log_path = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                self.command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        guardian.keep(self._popen.pid)
        self._gone = False

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        status = self._popen.poll()
        self._note_the_end()
        return status

    def log(self) -> str:
        """The end of what it wrote to standard output and error."""
        return self.log_path.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")

    def wait(self, *, timeout_s: float = STOP_MAX_S) -> int:
        """Wait for its end; returns the exit status. Fails the test when it goes on."""
        try:
            status = self._popen.wait(timeout_s)
            self._note_the_end()
            return status
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.command} still runs after {timeout_s:g} s:\n{self.log()}")

    def terminate(self, *, timeout_s: float = STOP_MAX_S) -> int:
        """Ask it to stop as a service manager does (SIGTERM); returns the exit status."""
        self._popen.terminate()
        return self.wait(timeout_s=timeout_s)

    def kill(self) -> None:
        """End it and all of its children at once, as a power cut would (SIGKILL)."""
        if not self._gone:
            with suppress(ProcessLookupError):  # the whole group has ended by itself
                os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._note_the_end()

    def _note_the_end(self) -> None:
        """When the whole group has ended, its number is free for anybody, and must not be killed any more.

        A run of all tests needs more processes than there are numbers.
        """
        if self._popen.returncode is not None and not self._gone:
            try:
                os.killpg(self.pid, 0)
            except ProcessLookupError:
                self._gone = True
                guardian.let_go(self.pid)

    def wait_for_http(self, url: str, *, timeout_s: float = START_MAX_S) -> None:
        """Wait until `url` (http, loopback) answers anything below 500."""
        self.wait_for(lambda: _answers(url), what=url, timeout_s=timeout_s)

    def wait_for_log(self, text: str, *, timeout_s: float = START_MAX_S) -> None:
        """Wait until it has written `text`."""
        wanted = text.encode()
        self.wait_for(lambda: wanted in self.log_path.read_bytes(), what=repr(text), timeout_s=timeout_s)

    def wait_for(self, condition: Callable[[], bool], *, what: str, timeout_s: float = START_MAX_S) -> None:
        """Wait until `condition` holds. Fails the test, with the log, when the process ends or time is up."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if self.returncode is not None:
                pytest.fail(f"{self.command} ended with {self.returncode} before {what}:\n{self.log()}")
            if time.monotonic() > deadline:
                pytest.fail(f"{self.command}: no {what} after {timeout_s:g} s:\n{self.log()}")
            time.sleep(0.05)


def _answers(url: str) -> bool:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


class Launcher:
    """Starts processes against a database and ends them all when its `with` block does."""

    def __init__(self, *, database_url: str, folder: Path) -> None:
        self.database_url = database_url
        self.folder = folder
        self.running: list[Process] = []
        self._clerk: subprocess.Popen[str] | None = None
        self._told = itertools.count()

    def environment(self, **changes: str) -> dict[str, str]:
        """The tests' environment with the test database, and a data folder of its own."""
        return {
            **os.environ,
            "PANELWRIGHT_DATABASE_URL": self.database_url,
            "PANELWRIGHT_DATA": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            **changes,
        }

    def start(self, *arguments: str, **changes: str) -> Process:
        """Start `panelwright <arguments>`; `changes` are environment variables on top."""
        command = [sys.executable, "-m", "panelwright.cli.main", *arguments]
        return self.start_command(command, env=self.environment(**changes))

    def secret_file(self, secret: str) -> str:
        """A file that holds a secret, for an option such as `--key-file`."""
        path = self.folder / f"secret-{len(list(self.folder.glob('secret-*')))}"
        path.write_text(f"{secret}\n")
        return str(path)

    def start_command(self, command: Sequence[str], *, env: Mapping[str, str]) -> Process:
        """Start any program."""
        process = Process(command, env=env, log=self.folder / f"process-{len(self.running)}.log")
        self.running.append(process)
        return process

    def run(self, *arguments: str, timeout_s: float = START_MAX_S, **changes: str) -> tuple[int, str]:
        """Run `panelwright <arguments>` to its end; returns exit status and output."""
        process = self.start(*arguments, **changes)
        return process.wait(timeout_s=timeout_s), process.log()

    def told(self, *arguments: str) -> tuple[int, str]:
        """As `run`, by a process that has the product loaded already (clerk.py): for commands of which it does not
        matter how they start."""
        clerk = self._clerk = self._clerk or self._new_clerk()
        assert clerk.stdin is not None and clerk.stdout is not None
        log = self.folder / f"command-{next(self._told)}.log"
        clerk.stdin.write(json.dumps([arguments, str(log)]) + "\n")
        clerk.stdin.flush()
        ready, _, _ = select.select([clerk.stdout], [], [], START_MAX_S)
        said = clerk.stdout.readline() if ready else ""
        output = log.read_text(errors="replace") if log.exists() else ""
        assert said, f"{arguments}: no end after {START_MAX_S:g} s, or no beginning: see above\n{output}"
        return int(said), output

    def _new_clerk(self) -> subprocess.Popen[str]:
        clerk = subprocess.Popen(
            [sys.executable, "-m", "tests.support.clerk"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.environment(),
            cwd=_ROOT,
            text=True,
            start_new_session=True,
        )
        guardian.keep(clerk.pid)
        return clerk

    def command(self, *arguments: str) -> str:
        """What a command prints, which must succeed; see `told`."""
        status, output = self.told(*arguments)
        assert status == 0, output
        return output

    def __enter__(self) -> Launcher:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._clerk is not None:
            os.killpg(self._clerk.pid, signal.SIGKILL)
            self._clerk.communicate()
            guardian.let_go(self._clerk.pid)
            self._clerk = None
        for process in reversed(self.running):
            process.kill()


@pytest.fixture
def launch(database_url: str, tmp_path: Path) -> Iterator[Launcher]:
    """`launch.start("serve", "--port", str(free_port()))` on this worker's test database.

    Depends on `database_url`, so that the processes have ended before the tables are emptied.
    """
    with Launcher(database_url=database_url, folder=tmp_path) as launcher:
        yield launcher
