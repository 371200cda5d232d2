"""Start one worker: it sends orders to providers, brings their outcomes back, and follows what tickets ask for."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from panelwright.cli import setup
from panelwright.cli.processes import collect_seldom, has_parent, share_the_interpreter, stop_with_parent

if TYPE_CHECKING:
    from panelwright.core.loop import AppLoops

EXAMPLE = """example:
  PANELWRIGHT_DATABASE_URL=postgresql://panel@localhost/panel panelwright worker

Any number may run, on any number of hosts; on SQLite one is enough and `serve` starts it.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    setup.django()
    if not has_parent():
        setup.refuse_mixed_money()
        setup.warn()
    from panelwright.core.loop import Loops
    from panelwright.host import loops as host

    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    stop_with_parent()
    collect_seldom()
    share_the_interpreter()
    # What is told of all loops is a loop itself.
    worker: Loops = Loops([*exported(), host.loops(running=lambda: worker.running)])
    worker.start()
    # A signal that the system gives to another thread does not wake this one, and only this one acts on it.
    while not stop.wait(1.0):
        pass
    worker.stop()
    _leave_threads_that_wait()
    return 0


def exported() -> list[AppLoops]:
    """The loops of all apps. What one needs of an app above it is put in here."""
    from panelwright.customers.access import actor_again
    from panelwright.customers.emails import webhook_stopped
    from panelwright.events import loops as events
    from panelwright.notices import loops as notices
    from panelwright.orders import loops as orders
    from panelwright.payments import loops as payments
    from panelwright.providers import loops as providers
    from panelwright.providers.posts import subscription_actions
    from panelwright.receipts import loops as receipts
    from panelwright.reports import loops as reports
    from panelwright.staff import loops as staff
    from panelwright.support import loops as support

    return [
        providers.loops(),
        orders.loops(pass_on=subscription_actions.pass_on),
        events.loops(tell=webhook_stopped),
        support.loops(),
        payments.loops(),
        receipts.loops(),
        staff.loops(actor_again=actor_again),
        reports.loops(),
        notices.loops(),
    ]


def _leave_threads_that_wait() -> None:
    """End now where threads still wait for somebody's server, such as a feed that never ends.

    Python would wait for them. What they do is lost with them and is no more than a lease: it is done again.
    """
    waiting = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if any(not thread.daemon for thread in waiting):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
