"""`bench --delivery`: how many orders a second one worker settles, and whether that depends on the table's size."""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bench.machine import facts
from tools.bench.report import NAMES
from tools.bench.servers import Installation, upstream_server

PROVIDERS = 20
# (rows in the table, of them due): the first is the busy day, the others show that the table may grow.
FULL = ((100_000, 100_000), (10_000, 10_000), (100_000, 10_000), (1_000_000, 10_000))
QUICK = ((400, 400), (1_000, 400))

Opened = Callable[[str, Path], Any]


def run(args: argparse.Namespace, kinds: list[str], opened: Opened) -> int:
    """Measure on each database; `opened(kind, folder)` gives an empty installation."""
    report: dict[str, Any] = {}
    faults = []
    with tempfile.TemporaryDirectory(prefix="panelwright-bench-") as name:
        folder = Path(name)
        machine = facts(folder, generator="wrk")
        del machine["generator"]
        print(f"{machine['cores']} cores of {machine['processor']}, load before {machine['load_before']}", flush=True)
        for kind in kinds:
            report[kind] = []
            sizes = QUICK if args.quick else FULL
            grown = folder / "grown"
            with opened(kind, folder / "busy") as busy, opened(kind, grown) as growing:
                for place, (table, due) in enumerate(sizes):
                    installation = busy[0] if place == 0 else growing[0]
                    row = _measure(installation, folder, table=table, due=due)
                    report[kind].append(row)
                    faults += row.pop("faults")
                    print(_line(kind, row), flush=True)
            for what, plan in report[kind][-1]["plans"].items():
                print(f"\n{NAMES[kind]}, the plan of the claim to {what} at {sizes[-1][0]:,} rows:\n{plan}", flush=True)
    args.json.parent.mkdir(parents=True, exist_ok=True)
    target = args.json.with_name("bench-delivery.json")
    target.write_text(json.dumps(report | {"machine": machine, "quick": args.quick}, indent=1) + "\n")
    print(f"\nNumbers: {target}")
    for fault in faults:
        print(f"The books do not balance: {fault}")
    return 1 if faults else 0


def _measure(installation: Installation, folder: Path, *, table: int, due: int) -> dict[str, Any]:
    with upstream_server(folder) as port:
        told = installation.command(
            *("tools.bench.delivery_run", "--upstream", f"http://127.0.0.1:{port}"),
            *("--providers", str(PROVIDERS), "--table", str(table), "--due", str(due)),
        )
        client = http.client.HTTPConnection("127.0.0.1", port)
        client.request("GET", "/count")
        counted = json.loads(client.getresponse().read())
        client.close()
    return {
        "table": table,
        "due": due,
        "orders_a_second": round(told["settled"] / told["seconds"]),
        "us_an_order": round(told["seconds"] / told["settled"] * 1e6, 1),
        "requests": counted["requests"],
        "fewest_requests": PROVIDERS * -(-(due // PROVIDERS) // 100),
        "plans": told["plans"],
        "faults": told["faults"],
    }


def _line(kind: str, row: dict[str, Any]) -> str:
    return (
        f"{NAMES[kind]:<11} {row['due']:>9,} due of {row['table']:>9,} at {PROVIDERS} providers:"
        f" {row['orders_a_second']:>6,} orders/s settled, {row['us_an_order']:>6} us each,"
        f" {row['requests']:,} requests (fewest possible: {row['fewest_requests']:,})"
    )
