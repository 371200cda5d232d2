"""Ends what a process of tests has started, once that process has ended itself, however it ended.

A time limit ends pytest by SIGTERM, which runs no code of ours; then its servers, in sessions of their own, would go on
for ever. So a program of its own is told of each group of processes, and of each folder: a line `+ 12`, `- 12` or
`folder /tmp/x` on its standard input. When that closes, nobody is left to stop them, and it does. It imports nothing
of the product: it is there in a moment.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

# A group that was killed writes no more; its folder may still take a moment to be free.
_TRIES, _PAUSE_S = 50, 0.1


class Guardian:
    """One for each process that starts others. It begins when it is first asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._of = 0
        self._one_at_a_time = threading.Lock()

    def keep(self, group: int) -> None:
        self._tell(f"+ {group}")

    def let_go(self, group: int) -> None:
        """It has ended: its number is anybody's."""
        self._tell(f"- {group}")

    def keep_folder(self, folder: Path) -> None:
        self._tell(f"folder {folder}")

    def _tell(self, line: str) -> None:
        with self._one_at_a_time:
            # A child that was forked has its parent's guardian; it needs one of its own.
            if self._process is None or self._of != os.getpid():
                self._process, self._of = _started(), os.getpid()
            assert self._process.stdin is not None
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


guardian = Guardian()


def _started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-ES", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # who ends all of a session, or presses Ctrl-C, does not mean the guardian
    )


def _began(pid: int) -> str:
    """When a process began, as the kernel counts; empty where it has ended, or where nothing tells."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _main() -> None:
    groups: dict[int, str] = {}
    folders: list[str] = []
    for line in sys.stdin:
        what, _, name = line.rstrip("\n").partition(" ")
        if what == "+":
            groups[int(name)] = _began(int(name))
        elif what == "-":
            groups.pop(int(name), None)
        else:
            folders.append(name)
    for group, began in groups.items():
        # The number of a group stays taken while any of it lives; with another beginning, it is somebody else's.
        if _began(group) in ("", began):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
    for folder in folders:
        for _ in range(_TRIES):
            shutil.rmtree(folder, ignore_errors=True)
            if not os.path.exists(folder):
                break
            time.sleep(_PAUSE_S)


if __name__ == "__main__":
    _main()
