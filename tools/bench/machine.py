"""What the benchmark ran on: without it, nobody can compare its numbers with others."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any

SYNCS = 50
_IN_MEMORY = {"tmpfs", "ramfs"}


def facts(folder: Path, *, generator: str) -> dict[str, Any]:
    """The machine, as JSON. `sync_ms` is how long the disk under `folder` takes to keep 4 KiB."""
    load = os.getloadavg()[0]
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "processor": _processor(),
        "load_before": round(load, 2),
        "filesystem": _filesystem(folder),
        "sync_ms": round(sync_ms(folder), 3),
        "generator": generator,
    }


def text(machine: dict[str, Any]) -> str:
    lines = [
        f"{machine['cores']} cores of {machine['processor']}, Python {machine['python']},"
        f" load by {machine['generator']} on the same machine.",
        f"Temporary folder on {machine['filesystem']}: the disk keeps 4 KiB in {machine['sync_ms']:.2f} ms.",
    ]
    if machine["filesystem"] in _IN_MEMORY:
        lines.append(
            "That is memory, so no commit waits for a disk: set TMPDIR to a folder on a disk for true numbers."
        )
    if machine["generator"] != "wrk":
        lines.append("It is slower than wrk and may be the limit: shares of the empty answer then come out too high.")
    if machine["load_before"] > machine["cores"] / 4:
        lines.append(f"The machine is busy already (load {machine['load_before']}): the numbers will be too low.")
    return "\n".join(lines)


def sync_ms(folder: Path) -> float:
    """The median time that the disk takes to keep 4 KiB."""
    times = []
    descriptor = os.open(folder / "sync", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for _ in range(SYNCS):
            started = time.perf_counter()
            os.write(descriptor, b"x" * 4096)
            os.fsync(descriptor)
            times.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
    return sorted(times)[SYNCS // 2] * 1e3


def _filesystem(folder: Path) -> str:
    """The type of the file system that holds the folder, as Linux names it."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "unknown"
    found = {}
    for line in mounts.read_text().splitlines():
        _, where, kind, *_ = line.split()
        found[where] = kind
    real = folder.resolve()
    return next((found[str(place)] for place in (real, *real.parents) if str(place) in found), "unknown")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
