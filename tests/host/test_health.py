"""What operators are told of workers, queues, database and disk, and what is blocked on all panels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.host.installation import Installation

pytestmark = pytest.mark.django_db(transaction=True)


def beats(*ticks: Callable[[], int]) -> Any:
    """A worker's loops that were run once each by hand, and the writer of its beats."""
    from panelwright.core.loop import Loop
    from panelwright.host.beat_actions import Beats

    loops = [Loop(f"loop {n}", tick) for n, tick in enumerate(ticks)]
    for loop in loops:
        loop._stop.wait = lambda _s, loop=loop: loop._stop.set()  # type: ignore[method-assign, misc, assignment]
        loop._run()
        loop._stop.clear()
    return Beats(lambda: loops)


def broken() -> int:
    raise RuntimeError("a fault of a test")


def test_a_worker_tells_of_its_loops_and_is_gone_when_it_stops(installation: Installation) -> None:
    from panelwright.host.models import WorkerBeat

    browser = installation.browser()
    nobody = "No worker is running"
    assert nobody in browser.get("/health")
    writer = beats(lambda: 0)
    assert writer.beat() == 0
    row = WorkerBeat.objects.get()
    at = installation.time.now.isoformat(timespec="seconds")
    assert row.loops == {"loop 0": {"at": at, "failures": 0}}
    page = browser.get("/health")
    assert nobody not in page and "Running" in page and "loop 0" in page and "Everything runs." in page
    installation.time.passes(seconds=61)
    assert nobody in browser.get("/health"), "not heard of for a minute"
    writer.beat()
    assert WorkerBeat.objects.count() == 1 and nobody not in browser.get("/health")
    writer.end(0.0)
    assert WorkerBeat.objects.count() == 0


def test_a_loop_that_fails_or_is_late_is_named(installation: Installation, worker: Any) -> None:
    worker.fails = True
    browser = installation.browser()
    beats(lambda: 0, broken).beat()
    page = browser.get("/health")
    assert "these loops fail or are late: loop 1." in page and "1 failed" in page
    writer = beats(lambda: 0)
    installation.time.passes(minutes=11)
    writer.beat()
    assert "these loops fail or are late: loop 0." in browser.get("/health")


def test_workers_that_were_killed_are_forgotten(installation: Installation) -> None:
    from panelwright.host.models import WorkerBeat

    beats(lambda: 0).beat()
    installation.time.passes(days=2)
    beats(lambda: 0).beat()
    assert WorkerBeat.objects.count() == 1


def test_queues_are_told_by_panel_with_their_age(installation: Installation) -> None:
    from panelwright.host import queries

    installation.carol.order(link="https://example.com/waits")
    installation.carol.order(link="https://example.com/waits/too")
    installation.time.passes(minutes=5)
    installation.mallory.order()
    (mine, theirs) = queries.queues(installation.time.now)
    assert (mine.panel_id, mine.kind, mine.number) == (installation.alice.panel_id, "forward", 2)
    assert mine.age(installation.time.now) == timedelta(minutes=5)
    assert (theirs.panel_id, theirs.number) == (installation.rival.panel_id, 1)
    browser = installation.browser()
    slow = "Work waits for more than 10 minutes."
    assert slow not in browser.get("/health")
    assert "Orders to be sent" in browser.get(f"/panels/{installation.alice.panel.slug}")
    installation.time.passes(minutes=6)
    assert slow in browser.get("/health")


def test_the_size_of_the_database_and_what_is_free_are_told(installation: Installation) -> None:
    from django.db import connection

    from panelwright import __version__
    from panelwright.host import queries
    from panelwright.host.health import Disk

    server, size = queries.database()
    assert server.startswith(connection.display_name + " ") and size > 100_000
    page = installation.browser().get("/health")
    assert server in page and __version__ in page
    assert Disk(1000, 99).low and not Disk(1000, 100).low


def test_a_real_worker_beats(launch: Any) -> None:
    """In the product's own process."""
    from panelwright.host.models import WorkerBeat

    worker = launch.start("worker")
    worker.wait_for(lambda: WorkerBeat.objects.count() == 1, what="the worker's beat")
    row = WorkerBeat.objects.get()
    assert {"beats", "schedules", "reports"} <= set(row.loops)


def test_what_the_host_blocks_no_panel_takes(installation: Installation) -> None:
    from tests.support.people import values

    browser = installation.browser()
    assert browser.post("/blocks", kind="domain", text="Bad.Example", note="A court said so").status_code == 302
    for buyer in (installation.carol, installation.mallory):
        # That it was blocked is an event.
        assert getattr(buyer.place(link="https://www.bad.example/post"), "code", "") == "bad_link"
    assert values("SELECT action, panel_id FROM staff_trailentry WHERE object_kind = 'host_block'") == [
        ("host_block.add", None)
    ]
    page = browser.get("/blocks?try=https://bad.example/x")
    assert "bad.example" in page and "A court said so" in page and "Refused by:" in page
    assert "Nothing refuses it." in browser.get("/blocks?try=https://good.example/x")
    assert (
        "Already blocked."
        in browser.client.post("/blocks", {"kind": "domain", "text": "bad.example"}, follow=True).content.decode()
    )
    assert "No blocks match your filters." in browser.get("/blocks?q=nothing")
    assert browser.post("/blocks/remove", kind="domain", text="bad.example").status_code == 302
    assert installation.carol.order(link="https://www.bad.example/post") is not None
    refused = browser.post("/blocks", kind="pattern", text="***")
    assert refused.status_code == 422
