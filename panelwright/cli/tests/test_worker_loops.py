"""Every loop that an app exports is run by the worker."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import panelwright
from panelwright.cli import worker
from panelwright.core.loop import AppLoops, Loops, LoopSpec
from panelwright.host import loops as host

ROOT = Path(panelwright.__file__).parent


def exporting() -> dict[str, ModuleType]:
    """The modules of the product that export loops, by name."""
    paths = sorted(path.relative_to(ROOT.parent) for path in ROOT.rglob("loops.py"))
    names = [".".join(path.with_suffix("").parts) for path in paths]
    return {name: import_module(name) for name in names}


def test_apps_export_loops_of_different_names() -> None:
    apps = worker.exported()
    names = [spec.name for app in apps for spec in app.loops]
    assert {"forward", "poll", "schedules", "webhooks", "mail", "tickets"} < set(names)
    assert len(set(names)) == len(names) == len(Loops(apps).running)
    for app in apps:
        app.finish(0.0)


def test_the_worker_runs_what_each_app_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = {name: threading.Event() for name in exporting()}
    finished: list[str] = []
    assert len(ran) == 10

    def tick(name: str) -> int:
        ran[name].set()
        return 0

    def stand_in(name: str) -> Any:
        spec = LoopSpec(name, lambda: tick(name), idle_s=60.0)
        return lambda **_: AppLoops((spec,), lambda deadline: finished.append(name))

    for name, module in exporting().items():
        monkeypatch.setattr(module, "loops", stand_in(name))
    # As the worker puts them together: what is told of all loops is a loop itself.
    loops: Loops = Loops([*worker.exported(), host.loops(running=lambda: loops.running)])
    loops.start()
    assert [name for name, event in ran.items() if not event.wait(20)] == []
    loops.stop()
    assert sorted(finished) == sorted(ran)
