"""Signals to the processes below `serve`: kill one, or hold several still and let them go at the same moment."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

GONE_MAX_S = 60.0


@dataclass(frozen=True)
class Running:
    """A process as the system lists it."""

    pid: int
    parent: int
    command: str


def processes() -> list[Running]:
    """Every process of the machine that is alive."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
    # Z: dead, and not yet collected by its parent.
    return [Running(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and row[2][:1] != "Z"]


def children(pid: int, *, command: str = "") -> list[int]:
    """The children of a process whose command is `panelwright <command>`; all of them when it is empty."""
    wanted = f"-m panelwright {command}"
    return sorted(one.pid for one in processes() if one.parent == pid and wanted.strip() in one.command)


def kill(pids: Collection[int]) -> None:
    """SIGKILL, all of them one right after the other; who is gone already is no matter."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_until_gone(pids: Collection[int]) -> None:
    """Wait until none of them runs. Fails after a minute."""
    deadline = time.monotonic() + GONE_MAX_S
    while left := {one.pid for one in processes()} & set(pids):
        assert time.monotonic() < deadline, f"still running: {sorted(left)}"
        time.sleep(0.02)


@contextmanager
def held(pids: Collection[int]) -> Iterator[None]:
    """Within the block the processes stand still: what is sent to them waits, and then meets them all at once."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
