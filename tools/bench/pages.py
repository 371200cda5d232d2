"""`bench --pages`: whether a customer's and a panel's lists are as fast with ten million orders as with 10,000."""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from panelwright.cli.main import CommandRefused
from tools.bench.load import ANSWER_MAX_S
from tools.bench.machine import facts
from tools.bench.pages_run import WARM_UP, host_of, typical_ms
from tools.bench.report import NAMES
from tools.bench.servers import Installation

FULL = (10_000, 10_000_000, 200)
QUICK = (60, 600, 3)
# How much slower a list of orders of the many may be.
RATIO_MAX = 1.5
PAGES = {
    "orders": "/orders",
    "orders, in the middle": "/orders?before={id}",
    "orders, Completed": "/orders?status=completed",
    "orders, Canceled": "/orders?status=canceled",
    "orders, part of a link": "/orders?q=/p7/",
    "orders, a link that nobody has": "/orders?q=nowhere",
    "order": "/orders/{id}",
    "balance": "/balance",
}
OFFICE = {
    "office home": "/admin/",
    "office orders": "/admin/orders",
    "office orders, in the middle": "/admin/orders?before={id}",
    "office orders, manual": "/admin/orders?show=manual",
    "office orders, Canceled": "/admin/orders?show=canceled",
    "office orders, a link that nobody has": "/admin/orders?q=nowhere",
    "office order": "/admin/orders/{id}",
}

Opened = Callable[[str, Path], Any]
# What -> who -> milliseconds.
Times = dict[str, dict[str, float]]


def run(args: argparse.Namespace, kinds: list[str], opened: Opened) -> int:
    """Measure on each database; `opened(kind, folder)` gives an empty installation."""
    report: dict[str, Any] = {}
    faults: list[str] = []
    few, many, rounds = QUICK if args.quick else FULL
    many = args.many or many
    with tempfile.TemporaryDirectory(prefix="panelwright-bench-") as name:
        folder = Path(name)
        machine = facts(folder, generator="wrk")
        del machine["generator"]
        print(f"{machine['cores']} cores of {machine['processor']}, load before {machine['load_before']}", flush=True)
        for kind in kinds:
            began = time.monotonic()
            with opened(kind, folder / kind) as (installation, _, _):
                alone = _read(installation, rounds, few=few)
                both = _read(installation, rounds, few=few, many=many)
                pages = _visit(installation, both, max(rounds // 4, QUICK[2]))
            report[kind] = {
                "lists": _rows(both["ms"], alone["ms"]),
                "pages": _rows(pages, {}),
                "added_up_s": both["caught_up_s"] | alone["caught_up_s"],
                "disk_bytes": both["disk_bytes"],
                "took_s": round(time.monotonic() - began),
            }
            faults += alone["faults"] + both["faults"]
            print(_table(kind, report[kind], few=few, many=many), flush=True)
    met = all(_met(report[kind][part]) for kind in kinds for part in ("lists", "pages"))
    args.json.parent.mkdir(parents=True, exist_ok=True)
    target = args.json.with_name("bench-pages.json")
    about = {"orders": {"few": few, "many": many}, "goal": {"ratio_max": RATIO_MAX, "met": met}, "machine": machine}
    target.write_text(json.dumps(report | about | {"quick": args.quick}, indent=1) + "\n")
    print(f"\nNumbers: {target}")
    if not args.quick:
        print(f"Goal: no list of orders takes more than {RATIO_MAX} times as long: {'met' if met else 'missed'}")
    for fault in faults:
        print(f"The books do not balance: {fault}")
    return 1 if faults else 0


def _read(installation: Installation, rounds: int, **customers: int) -> dict[str, Any]:
    wanted = [f"--customer={name}={orders}" for name, orders in customers.items()]
    return installation.command("tools.bench.pages_run", *wanted, "--rounds", str(rounds))


def _visit(installation: Installation, told: dict[str, Any], rounds: int) -> Times:
    """The pages as a browser gets them, each customer and each owner logged in, in turn."""
    found: Times = {}
    pages = [("customer", what, path) for what, path in PAGES.items()]
    pages += [("staff", what, path) for what, path in OFFICE.items()]
    with installation.web() as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_MAX_S)
        for who, what, path in pages:
            times: dict[str, list[float]] = {name: [] for name in told["cookies"]}
            for _ in range(rounds + min(WARM_UP, rounds)):
                for name, cookies in told["cookies"].items():
                    address = path.format(id=told["orders"][name])
                    headers = {"Cookie": cookies[who], "Host": host_of(name)}
                    started = time.perf_counter()
                    client.request("GET", address, headers=headers)
                    answer = client.getresponse()
                    page = answer.read()
                    times[name].append(time.perf_counter() - started)
                    if answer.status != 200 or b"<main" not in page:
                        raise CommandRefused(f"{address}: a wrong answer, {answer.status} {page[:200]!r}")
            found[what] = {name: typical_ms(taken, rounds) for name, taken in times.items()}
        client.close()
    return found


def _rows(both: Times, alone: Times) -> dict[str, dict[str, float]]:
    """Of each list its times, how many times longer the many take, and how long the few take without the many."""
    rows = {}
    for what, ms in both.items():
        rows[what] = {"few_ms": ms["few"], "many_ms": ms["many"], "ratio": round(ms["many"] / ms["few"], 2)}
        if what in alone:
            rows[what]["few_alone_ms"] = alone[what]["few"]
    return rows


def _met(rows: dict[str, dict[str, float]]) -> bool:
    return all(row["ratio"] <= RATIO_MAX for what, row in rows.items() if "orders" in what)


def _table(kind: str, told: dict[str, Any], *, few: int, many: int) -> str:
    lines = [f"\n{NAMES[kind]:<34} {few:>10,} {many:>13,}  ratio   {few:,} alone"]
    for part, title in (("lists", "what is read"), ("pages", "pages over HTTP")):
        lines.append(f"{title}:")
        for what, row in told[part].items():
            alone = f"{row['few_alone_ms']:>10.3f} ms" if "few_alone_ms" in row else ""
            lines.append(
                f"  {what:<32} {row['few_ms']:>7.3f} ms {row['many_ms']:>10.3f} ms {row['ratio']:>6.2f} {alone}"
            )
    added = told["added_up_s"]
    lines.append(f"{'transfers added up at first:':<34} {added['few']:>7.2f} s  {added['many']:>10.2f} s")
    lines.append(f"it took {told['took_s']} s, and the database is of {told['disk_bytes'] / 1e6:,.0f} MB")
    return "\n".join(lines)
