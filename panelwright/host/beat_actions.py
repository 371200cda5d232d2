"""Writes of workers: that they are alive."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db import transaction

from panelwright import __version__
from panelwright.core import clock
from panelwright.core.loop import Loop
from panelwright.host.models import WorkerBeat

# Of workers that were killed.
FORGOTTEN_AFTER = timedelta(days=1)


class Beats:
    """One worker's row, made with its first beat."""

    def __init__(self, running: Callable[[], Sequence[Loop]]) -> None:
        self._running = running
        self._name = f"{socket.gethostname()[:100]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._started_at = clock.now()

    def beat(self) -> int:
        """Write down how the loops fare. There is nothing more to do at once: 0."""
        now = clock.now()
        loops = {
            loop.name: {
                "at": None if loop.beat_at is None else loop.beat_at.isoformat(timespec="seconds"),
                "failures": loop.failures,
            }
            for loop in self._running()
        }
        with transaction.atomic():
            said = {"seen_at": now, "loops": loops}
            if not WorkerBeat.objects.filter(name=self._name).update(**said):
                WorkerBeat.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()
                WorkerBeat.objects.create(name=self._name, version=__version__, started_at=self._started_at, **said)
        return 0

    def end(self, deadline: float) -> None:
        """The worker stops: nobody has to miss it."""
        WorkerBeat.objects.filter(name=self._name).delete()
