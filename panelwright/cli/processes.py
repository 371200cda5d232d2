"""Child processes: started, watched, started again when they die, stopped together."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from panelwright.cli.main import CommandRefused

STOP_WITHIN_S = 60.0
PORT_WITHIN_S = 5.0
AGAIN_MIN_S = 0.2
AGAIN_MAX_S = 10.0
# A process that ran this long was well: its next death starts a new count.
WELL_AFTER_S = 30.0
# Objects that were made and are still there, before the collector looks for cycles among them.
COLLECT_EVERY = 20_000
_PIPE = "PANELWRIGHT_PARENT_PIPE"


def port_number(text: str) -> int:
    """An argument that is a port."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65535")
    return int(text)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Refused with what to do.

    The supervisor holds it, so that connections wait, and are not refused, while a web process is
    started again. A port in use is tried again for a while: after a supervisor was killed, its web
    process needs a moment to notice and to finish what it was answering.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + PORT_WITHIN_S
    while True:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen(2048)
            return sock
        except OSError as error:
            sock.close()
            if error.errno != errno.EADDRINUSE:
                raise CommandRefused(f"cannot listen on {host} port {port}: {error}") from None
            if time.monotonic() > deadline:
                raise CommandRefused(
                    f"port {port} on {host} is in use; stop what uses it or choose another --port"
                ) from None
            time.sleep(0.1)


def collect_seldom() -> None:
    """In a process that answers or works for long, once it has loaded its code: look for cycles less often.

    What is loaded stays, and need not be looked through again; an order makes dozens of objects and no cycle,
    and looking for some every 700 objects took a twelfth of a web process's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, *gc.get_threshold()[1:])


# How long a thread keeps the interpreter that another one wants. Python's own 5 ms are for threads that only compute.
_SWITCH_S = 0.0005


def share_the_interpreter() -> None:
    """In a process whose threads compute beside others that hold the database's locks.

    Who writes asks for the interpreter at each statement, and waits so long for each thread that computes: a page, or a
    provider's list of fifty thousand rows. Meanwhile all others wait for the lock.
    """
    sys.setswitchinterval(_SWITCH_S)


def has_parent() -> bool:
    """Whether this process was started by `serve` or `demo`, which speak for their children."""
    return os.environ.get(_PIPE) == "1"


def stop_with_parent() -> None:
    """In a child: stop as on SIGTERM when the parent is gone, however it went. Nobody may keep its ports."""
    if not has_parent():
        return

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


@dataclass
class Child:
    name: str
    arguments: Sequence[str]
    fds: Sequence[int] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    again_at: float = 0.0
    again_s: float = AGAIN_MIN_S

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "panelwright", *self.arguments],
            stdin=subprocess.PIPE,
            pass_fds=self.fds,
            env={**os.environ, **self.env, _PIPE: "1"},
            # Ctrl-C reaches the supervisor only, which stops the children in order.
            start_new_session=True,
        )
        self.started_at = time.monotonic()


class Supervisor:
    """Keeps children running until it is told to stop by SIGTERM, Ctrl-C or `stop`."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._stop = threading.Event()

    def add(self, name: str, arguments: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        self.children.append(Child(name, arguments, env=env or {}))

    def add_web(self, name: str, sockets: Sequence[socket.socket]) -> None:
        fds = [sock.fileno() for sock in sockets]
        arguments = ["web"] + [part for fd in fds for part in ("--fd", str(fd))]
        self.children.append(Child(name, arguments, fds))

    def start(self) -> None:
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: self.stop())
        for child in self.children:
            if child.process is None:
                child.start()

    def stop(self) -> None:
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def run(self) -> int:
        """Watch until stopped; then stop the children, the ones started last first."""
        while not self._stop.wait(0.1):
            self.check()
        return self._end()

    def check(self) -> None:
        """Start again what has died."""
        for child in self.children:
            self._watch(child)

    def _watch(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            status = child.process.returncode
            if now - child.started_at > WELL_AFTER_S:
                child.again_s = AGAIN_MIN_S
            sys.stderr.write(f"{child.name} ended with status {status}; it is started again\n")
            self._close(child)
            child.process, child.again_at = None, now + child.again_s
            child.again_s = min(child.again_s * 2, AGAIN_MAX_S)
        elif child.process is None and now >= child.again_at:
            child.start()

    def _end(self) -> int:
        status = 0
        for child in reversed(self.children):
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                sys.stderr.write(f"{child.name} did not stop within {STOP_WITHIN_S:.0f} s and was killed\n")
                child.process.kill()
                child.process.wait()
                status = 1
            self._close(child)
        return status

    @staticmethod
    def _close(child: Child) -> None:
        if child.process is not None and child.process.stdin is not None:
            child.process.stdin.close()
