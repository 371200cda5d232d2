"""`bench --pages`: whether a customer's lists are as fast with a million orders as with a thousand."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from panelwright.cli import bench_machine
from panelwright.cli.bench_report import NAMES
from panelwright.cli.bench_servers import Installation

FULL = (1_000, 1_000_000, 200)
QUICK = (60, 600, 3)
# How much slower a list of the many may be: the goal for the lists of orders.
RATIO_MAX = 1.5

Opened = Callable[[str, Path], Any]


def run(args: argparse.Namespace, kinds: list[str], opened: Opened) -> int:
    """Measure on each database; `opened(kind, folder)` gives an empty installation."""
    report: dict[str, Any] = {}
    faults = []
    few, many, rounds = QUICK if args.quick else FULL
    with tempfile.TemporaryDirectory(prefix="panelwright-bench-") as name:
        folder = Path(name)
        machine = bench_machine.facts(folder, generator="wrk")
        del machine["generator"]
        print(f"{machine['cores']} cores of {machine['processor']}, load before {machine['load_before']}", flush=True)
        for kind in kinds:
            with opened(kind, folder / kind) as (installation, _, _):
                of_few = _customer(installation, "few", few, rounds)
                of_many = _customer(installation, "many", many, rounds)
                # Again beside the many, who have ordered since: the neighbours' orders must not cost her anything.
                of_few_beside = _customer(installation, "few", few, rounds)
            told = (of_few, of_many, of_few_beside)
            report[kind] = {read: _compared(*(one["ms"][read] for one in told)) for read in of_few["ms"]}
            report[kind]["added up, s"] = {"few": of_few["caught_up_s"], "many": of_many["caught_up_s"]}
            faults += [fault for one in told for fault in one["faults"]]
            print(_table(kind, report[kind], few=few, many=many), flush=True)
    args.json.parent.mkdir(parents=True, exist_ok=True)
    target = args.json.with_name("bench-pages.json")
    goal = {"orders, ratio": RATIO_MAX, "met": all(_met(report[kind]) for kind in kinds)}
    about = {"orders": {"few": few, "many": many}, "goal": goal, "machine": machine, "quick": args.quick}
    target.write_text(json.dumps(report | about, indent=1) + "\n")
    print(f"\nNumbers: {target}")
    if not args.quick and not goal["met"]:
        print(f"Missed: a list of orders takes more than {RATIO_MAX} times as long.")
    for fault in faults:
        print(f"The books do not balance: {fault}")
    return 1 if faults else 0


def _customer(installation: Installation, name: str, orders: int, rounds: int) -> dict[str, Any]:
    return installation.command(
        *("panelwright.cli.bench_pages_run", "--customer", name),
        *("--orders", str(orders), "--rounds", str(rounds)),
    )


def _compared(few: float, many: float, beside: float) -> dict[str, float]:
    """Milliseconds, and how many times longer the many take than the few, and the few beside the many than alone."""
    return {
        "few_ms": few,
        "many_ms": many,
        "ratio": round(many / few, 2),
        "few_beside_ms": beside,
        "ratio_beside": round(beside / few, 2),
    }


def _met(rows: dict[str, dict[str, float]]) -> bool:
    return all(row["ratio"] <= RATIO_MAX for read, row in rows.items() if read.startswith("orders"))


def _table(kind: str, rows: dict[str, dict[str, float]], *, few: int, many: int) -> str:
    lines = [f"\n{NAMES[kind]:<32} {few:>12,} {many:>12,}   ratio   the few beside the many"]
    for read, row in rows.items():
        if "ratio" in row:
            lines.append(
                f"{read:<32} {row['few_ms']:>9.3f} ms {row['many_ms']:>9.3f} ms {row['ratio']:>7.2f}"
                f" {row['few_beside_ms']:>9.3f} ms {row['ratio_beside']:>7.2f}"
            )
    added = rows["added up, s"]
    lines.append(f"{'transfers added up at first':<32} {added['few']:>9.2f} s  {added['many']:>9.2f} s")
    return "\n".join(lines)
