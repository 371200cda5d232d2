"""How the installation fares: what its workers tell of themselves, what waits for them, what is left of the disk."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from panelwright import __version__
from panelwright.core import clock
from panelwright.host import queries
from panelwright.host.models import WorkerBeat
from panelwright.host.queries import Queue
from panelwright.host.request import OperatorRequest
from panelwright.panels.models import Panel

# A worker that was not heard of for so long is not there: it tells of itself four times a minute.
LOST_AFTER = timedelta(minutes=1)
# A loop may look at many rows in a round; a queue may be paced by its providers.
SLOW_AFTER = timedelta(minutes=10)
DISK_FREE_MIN = 0.1
KINDS = {
    "forward": gettext_noop("Orders to be sent"),
    "sending": gettext_noop("Orders that were cut off while being sent"),
    "poll": gettext_noop("Orders to be asked about"),
    "schedule": gettext_noop("Runs to be started"),
    "mail": gettext_noop("Emails"),
    "webhook": gettext_noop("Webhooks"),
}


class LoopLine(NamedTuple):
    """A loop of a worker. `good`: its last round ended well, and not long ago."""

    name: str
    at: datetime | None
    failures: int
    good: bool


class WorkerLine(NamedTuple):
    beat: WorkerBeat
    alive: bool
    loops: list[LoopLine]


class QueueLine(NamedTuple):
    """What is due and was not done yet. `slow`: the oldest of it waits for long."""

    panel: Panel
    words: str
    queue: Queue
    slow: bool


class Disk(NamedTuple):
    """Bytes of the disk that the data folder is on."""

    total: int
    free: int

    @property
    def low(self) -> bool:
        return self.free < self.total * DISK_FREE_MIN


def worker_lines(beats: Sequence[WorkerBeat], now: datetime) -> list[WorkerLine]:
    return [
        WorkerLine(
            beat,
            now - beat.seen_at < LOST_AFTER,
            [_loop(name, told, now) for name, told in sorted(beat.loops.items())],
        )
        for beat in beats
    ]


def _loop(name: str, told: Mapping[str, Any], now: datetime) -> LoopLine:
    at = parse_datetime(told["at"]) if told.get("at") else None
    failures = int(told.get("failures", 0))
    return LoopLine(name, at, failures, failures == 0 and (at is None or now - at < SLOW_AFTER))


def queue_lines(queues: Sequence[Queue], now: datetime) -> list[QueueLine]:
    of = queries.panels_by_id(queue.panel_id for queue in queues)
    return [
        QueueLine(of[queue.panel_id], _(KINDS[queue.kind]), queue, queue.age(now) > SLOW_AFTER)
        for queue in queues
        if queue.panel_id in of
    ]


def troubles(workers: Sequence[WorkerLine], queues: Sequence[QueueLine], disk: Disk) -> list[str]:
    """What somebody should look at, in words."""
    found = []
    alive = [worker for worker in workers if worker.alive]
    if not alive:
        found.append(_("No worker is running: orders are not sent and not followed. Start one with panelwright serve."))
    for worker in alive:
        failing = [loop.name for loop in worker.loops if not loop.good]
        if failing:
            found.append(
                _("%(worker)s: these loops fail or are late: %(loops)s. See its log.")
                % {"worker": worker.beat.name, "loops": ", ".join(failing)}
            )
    if any(line.slow for line in queues):
        found.append(_("Work waits for more than 10 minutes."))
    if disk.low:
        found.append(_("The disk is nearly full."))
    if len({worker.beat.version for worker in alive} | {__version__}) > 1:
        found.append(_("Processes of different versions are running. Restart those of the old one."))
    return found


@require_safe
def health(request: OperatorRequest) -> HttpResponse:
    now = clock.now()
    usage = shutil.disk_usage(settings.DATA if settings.DATA.exists() else settings.BASE_DIR)
    disk = Disk(usage.total, usage.free)
    workers = worker_lines(queries.beats(), now)
    queues = queue_lines(queries.queues(now), now)
    server, size = queries.database()
    context = {
        "troubles": troubles(workers, queues, disk),
        "workers": workers,
        "queues": queues[:100],
        "disk": disk,
        "server": server,
        "size": size,
        "version": __version__,
        "python": platform.python_version(),
    }
    return render(request, "host/health.html", context)
