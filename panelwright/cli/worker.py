"""Start one worker: it sends orders to providers, brings their outcomes back, and follows what tickets ask for."""

from __future__ import annotations

import argparse
import signal
import threading

from panelwright.cli import setup
from panelwright.cli.processes import collect_seldom, has_parent, stop_with_parent

EXAMPLE = """example:
  PANELWRIGHT_DATABASE_URL=postgresql://panel@localhost/panel panelwright worker

Any number may run, on any number of hosts; on SQLite one is enough and `serve` starts it.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    setup.django()
    if not has_parent():
        setup.warn()
    from panelwright.providers.worker import Worker
    from panelwright.support.loop import loops as support_loops

    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    stop_with_parent()
    collect_seldom()
    worker = Worker(others=[*support_loops()])
    worker.start()
    stop.wait()
    worker.stop()
    return 0
