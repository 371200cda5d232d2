"""`bench --indexes`: what each index that the back office's lists could use costs an `add`."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bench.machine import facts
from tools.bench.report import NAMES

FULL = (200_000, 12)
QUICK = (2_000, 1)

Opened = Callable[[str, Path], Any]


def run(args: argparse.Namespace, kinds: list[str], opened: Opened) -> int:
    """Measure on each database; `opened(kind, folder)` gives an empty installation."""
    orders, rounds = QUICK if args.quick else FULL
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="panelwright-bench-") as name:
        folder = Path(name)
        machine = facts(folder, generator="wrk")
        del machine["generator"]
        print(f"{machine['cores']} cores of {machine['processor']}, load before {machine['load_before']}", flush=True)
        for kind in kinds:
            with opened(kind, folder / kind) as (installation, _, _):
                asked = ("--orders", str(args.many or orders), "--rounds", str(rounds))
                report[kind] = installation.command("tools.bench.indexes_run", *asked)
            print(_table(kind, report[kind]), flush=True)
    target = args.json.with_name("bench-indexes.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({**report, "machine": machine, "quick": args.quick}, indent=1) + "\n")
    print(f"\nNumbers: {target}")
    return 0


def _table(kind: str, rows: dict[str, dict[str, float]]) -> str:
    lines = [f"\n{NAMES[kind]:<46} without     with          log, bytes an order   bytes an entry"]
    for what, row in rows.items():
        more = (row["with_ms"] / row["without_ms"] - 1) * 100
        lines.append(
            f"  {what:<44} {row['without_ms']:>7.2f} {row['with_ms']:>8.2f} ms {more:>+6.1f} %"
            f" {row['log_bytes_an_order']:>14} {row['bytes_an_entry']:>16}"
        )
    return "\n".join(lines)
