"""What the others notice of an attack: another panel's customer, who goes on ordering on the same installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from panelwright.sandbox.tests.harness import Sandbox
from tests.support import selling, signals
from tests.support.effort import effort
from tests.support.processes import Launcher, Process, free_port
from tests.support.proportion import in_proportion, spent_by

# What nobody's input may cost the others. A share of orders, because a machine that does other things as well
# sometimes lets a process wait.
ANSWERED_MAX_S = 0.1
SENT_MAX_S = 2.0
SHARE = 0.95
ROUNDS = 5
# How long an attack goes on at least, and the quiet before it.
ATTACK_S = float(effort(1, proving=15))
QUIET_S = 0.5
EVERY_S = 0.025
SENT_WITHIN_S = 60.0
# How often a plain request is sent that another one's cost is compared with: some hundredths of a second.
PLAIN_TIMES = 100
READY_MAX_S = 60.0
# An order passes through so many processes (customer, web, database), and the machine may let each of them wait.
PROCESSES = 3
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Round:
    """What became of the orders of one attack: seconds until they were answered and sent, and what went wrong.

    `quiet_s` is what they took before it, `stood_s` how late a program was meanwhile that has nothing to do with it.
    """

    orders: int
    answered_s: float
    sent_s: float
    quiet_s: float
    stood_s: float
    faults: tuple[str, ...]

    @property
    def good(self) -> bool:
        """What the machine needs without an attack is not the attack's doing, nor that it lets everybody wait."""
        machine_s = self.quiet_s + PROCESSES * self.stood_s
        return (
            not self.faults
            and self.orders >= ATTACK_S / EVERY_S / 2
            and self.answered_s <= ANSWERED_MAX_S + machine_s
            and self.sent_s <= SENT_MAX_S + machine_s
        )


class Others:
    """`panelwright serve` with its worker, a sandbox as provider, and a panel whose customer orders 40 times a second.

    The panel of the others answers at http://127.0.0.1:`port`/. Panels that the test makes in its own database
    (alice's, say) answer on the same port, to a request with their own `Host`.
    """

    def __init__(self, launch: Launcher, folder: Path) -> None:
        self.port = free_port()
        self.launch = launch
        self.folder = folder
        self.sandbox = Sandbox(folder, keys=(selling.PROVIDER_KEY,), options=("--speed", "1"))
        self._server: Process | None = None
        self.key = ""

    @property
    def server(self) -> Process:
        assert self._server is not None
        return self._server

    def start(self, *, elsewhere: bool = False, **environment: str) -> None:
        """`elsewhere`: on a database that is not the test's own."""
        # All of them load at the same time.
        self.sandbox.begin()
        wanted: dict[str, Any] = {
            "balances": ["1000000.00"],
            "ports": [self.port],
            "slug": "others",
            "provider_url": f"{self.sandbox.url}/api/v2",
        }
        if elsewhere:
            program = [sys.executable, str(selling.PROGRAM), json.dumps(wanted)]
            made = self.launch.start_command(program, env=self.launch.environment())
            assert made.wait(timeout_s=READY_MAX_S) == 0, made.log()
            shop = selling.shop_of(made.log())
        else:
            shop = selling.open_shop(**wanted)
        self.key = shop.buyers[0].key
        self._server = self.launch.start("serve", "--port", str(self.port), **environment)
        self.sandbox.wait()
        self.server.wait_for_http(f"http://127.0.0.1:{self.port}/", timeout_s=READY_MAX_S)
        self.server.wait_for(lambda: self.pids("worker") != [], what="a worker", timeout_s=READY_MAX_S)
        self.round_of(_nothing, seconds=QUIET_S)  # The first orders load what all others find loaded.

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate(timeout_s=READY_MAX_S)
        if self.sandbox.process is not None:
            self.sandbox.kill()

    # ---- what the others notice --------------------------------------------------------------------

    def unharmed_by(self, *attacks: Callable[[], object], seconds: float = ATTACK_S) -> Round:
        """Run the attacks, one after the other and again, for `seconds` at least; fails when the others noticed.

        They did not when of their orders 95 in 100 were answered within 100 ms of the time that they were due (and
        what the machine takes: what such orders took just before the attack, and three times what a bystander had to
        wait during it), all of them well, and 95 in 100 reached the provider within 2 s. The best of five rounds
        counts: who shares the machine with us is not the attack's doing either.
        """
        rounds = []
        for _ in range(ROUNDS):
            rounds.append(self.round_of(*attacks, seconds=seconds))
            if rounds[-1].good:
                return rounds[-1]
        raise AssertionError(f"the others noticed: {rounds}\n{self.server.log()}")

    def round_of(self, *attacks: Callable[[], object], seconds: float = ATTACK_S) -> Round:
        """One round, whatever comes of it."""
        bystander = _Program("bystander", str(self.folder))
        try:
            customer = _Program("customer", str(self.port), self.key, str(selling.FAST))
            try:
                # They load at the same time.
                bystander.begin()
                customer.begin()
                ready = time.time()
                time.sleep(QUIET_S)
                began = time.time()
                while time.time() < began + seconds:
                    for attack in attacks:
                        attack()
                ended = time.time()
            finally:
                told = customer.stop()
        finally:
            stood = bystander.stop()
        during = [one for one in told if began <= one["due"] <= ended]
        before = [one for one in told if ready <= one["due"] < began]
        sent = self._sent({one["link"]: one["due"] for one in during if one["order"]})
        return Round(
            orders=len(during),
            answered_s=_share([one["answered_s"] for one in during]),
            sent_s=_share(sent),
            quiet_s=_share([one["answered_s"] for one in before]),
            stood_s=_share([one["late_s"] for one in stood if began <= one["due"] <= ended]),
            faults=tuple(sorted({one["fault"] for one in told if one["fault"]})),
        )

    def _sent(self, due: dict[str, float]) -> list[float]:
        """Seconds from when each order was due until it reached the provider."""
        deadline = time.monotonic() + SENT_WITHIN_S
        while True:
            came = {
                row["params"].get("link", ""): datetime.fromisoformat(row["received_at"]).timestamp()
                for row in self.sandbox.state()["add_log"]
            }
            if came.keys() >= due.keys():
                return [came[link] - at for link, at in due.items()]
            assert time.monotonic() < deadline, f"{len(due.keys() - came.keys())} orders are not sent"
            time.sleep(0.1)

    # ---- what the server spends --------------------------------------------------------------------

    def pids(self, command: str) -> list[int]:
        """The web processes (`web`) or the worker (`worker`)."""
        return signals.children(self.server.pid, command=command)

    def processor_s(self, command: str = "web") -> float:
        """Seconds of processor time that these processes took so far; counted in hundredths."""
        return spent_by(self.pids(command))

    def memory_bytes(self, command: str = "web") -> int:
        """What these processes hold in memory now."""
        return sum(map(_memory_bytes, self.pids(command)))

    def costs_at_most(
        self,
        most: float,
        plain: Callable[[], object],
        call: Callable[[], object],
        *,
        and_s: float = 0.0,
        times: int,
        plain_times: int = PLAIN_TIMES,
        about: object = "",
    ) -> None:
        """One `call` takes at most `most` times the processor time of the web processes that one of `plain` takes,
        and `and_s` seconds.

        Take as many `times` as give some hundredths of a second, and a bound that is far from what it costs and from
        what it must not: what once went wrong took a hundred times as long.
        """
        in_proportion(
            partial(_repeated, plain, plain_times),
            partial(_repeated, call, times),
            most * times / plain_times,
            and_s=and_s * times,
            about=about,
            clock=self.processor_s,
        )


def _repeated(call: Callable[[], object], times: int) -> None:
    for _ in range(times):
        call()


class _Program:
    """A program of this folder that does something every so often and tells of each time, until it is stopped."""

    def __init__(self, name: str, *arguments: str) -> None:
        self.told: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.strangers.{name}", *arguments, str(EVERY_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            text=True,
        )
        self._name = name
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def begin(self) -> None:
        """Wait for its first turn."""
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first, f"the {self._name} could not begin"
        self._thread.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self.told.extend(json.loads(line) for line in self.process.stdout)

    def stop(self) -> list[dict[str, Any]]:
        """What it told but for the first time, which also made the connection."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(READY_MAX_S)
        finally:
            self.process.kill()
            self.process.wait()
        if self._thread.ident is not None:
            self._thread.join(READY_MAX_S)
        return self.told


def _share(values: Sequence[float]) -> float:
    """What `SHARE` of the values do not exceed; 0 without values."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * SHARE), len(ordered) - 1)] if ordered else 0.0


def _nothing() -> None:
    time.sleep(0.05)


def _memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
