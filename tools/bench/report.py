"""The numbers of the benchmark: as a table with the goals, and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, NamedTuple

from tools.bench.load import Measured
from tools.bench.pgbench import CLIENTS, Ran

KINDS = ("sqlite", "postgresql")
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
CONNECTIONS = (32, 128)


@dataclass
class DatabaseResult:
    """What was measured on one database, and beside it the ceilings, each as often as it was measured."""

    scenarios: dict[str, dict[int, Measured]] = field(default_factory=dict)
    empty: dict[int, list[Measured]] = field(default_factory=dict)
    pgbench: list[Ran] = field(default_factory=list)
    pgbench_one_account: list[Ran] = field(default_factory=list)
    # Size of an answer by scenario.
    bytes: dict[str, int] = field(default_factory=dict)
    # Milliseconds that the disk took to keep 4 KiB, before and after each measurement of `add`.
    sync_ms: list[float] = field(default_factory=list)
    # What must not be: errors, orders that are missing or too many, books that do not balance.
    problems: list[str] = field(default_factory=list)

    def empty_mean(self, connections: int) -> Measured:
        runs = self.empty[connections]
        return Measured(
            rps=fmean(run.rps for run in runs),
            p50_ms=fmean(run.p50_ms for run in runs),
            p99_ms=fmean(run.p99_ms for run in runs),
            answers=sum(run.answers for run in runs),
            errors=sum(run.errors for run in runs),
        )


class Goal(NamedTuple):
    """A number beside what it is to reach; `unit` says of what."""

    name: str
    reached: float
    wanted: float
    unit: str

    @property
    def met(self) -> bool:
        return self.reached >= self.wanted


@dataclass(frozen=True)
class Report:
    results: dict[str, DatabaseResult]
    machine: dict[str, Any]
    seconds: float
    quick: bool

    @property
    def problems(self) -> list[str]:
        return [f"{NAMES[kind]}: {text}" for kind, result in self.results.items() for text in result.problems]


def goals(report: Report) -> list[Goal]:
    """Each goal, compared with the ceilings that were measured beside it."""
    found = []
    for kind, result in report.results.items():
        for connections in CONNECTIONS:
            at = f"on {NAMES[kind]}, {connections} connections"
            rps = {name: by[connections].rps for name, by in result.scenarios.items()}
            empty = result.empty_mean(connections).rps
            if kind == "sqlite":
                found.append(Goal(f"add {at}", rps["add"] / empty, 0.3, "of the empty answer"))
            else:
                found.append(Goal(f"add {at}", rps["add"] / fmean(r.tps for r in result.pgbench), 1.5, "times pgbench"))
            found.append(Goal(f"status_100 {at}", rps["status_100"], 1500, "requests/s"))
            for name in ("services_304", "services"):
                found.append(Goal(f"{name} {at}", rps[name] / empty, 0.3, "of the empty answer"))
    return found


def text(report: Report) -> str:
    """The tables and the goals, for people."""
    lines = []
    for kind, result in report.results.items():
        lines += ["", *_table(kind, result)]
    lines += ["", "Goals"]
    listed = goals(report)
    width = max(len(goal.name) for goal in listed)
    for goal in listed:
        lines.append(
            f"  {'met   ' if goal.met else 'MISSED'}  {goal.name.ljust(width)}  {_plain(goal.reached):>7}"
            f" {goal.unit} (goal {_plain(goal.wanted)})"
        )
    if report.quick:
        lines.append("  A quick run: a small panel, measured briefly. It shows that everything works, not how fast.")
    lines.append("")
    if report.problems:
        lines += ["Problems", *(f"  {problem}" for problem in report.problems)]
    else:
        lines.append("No errors; every answered order is in the database once, and the books balance.")
    return "\n".join(lines)


def _table(kind: str, result: DatabaseResult) -> list[str]:
    head = "".join(f"  | {connections:>4} connections{'':<19}" for connections in CONNECTIONS)
    lines = [f"{NAMES[kind]:<14}{head}".rstrip()]
    lines.append(" " * 14 + "  |   req/s  p50 ms  p99 ms  of empty" * len(CONNECTIONS))
    rows = {**result.scenarios, "empty answer": {c: result.empty_mean(c) for c in CONNECTIONS}}
    for name, by in rows.items():
        cells = ""
        for connections in CONNECTIONS:
            m = by[connections]
            share = m.rps / result.empty_mean(connections).rps
            cells += f"  | {m.rps:>7,.0f} {m.p50_ms:>7.2f} {m.p99_ms:>7.2f} {share:>9.2f}"
        lines.append(f"{name:<14}{cells}")
    if "services" in result.bytes:
        size = result.bytes["services"]
        most = max(m.rps for m in result.scenarios["services"].values()) * size / 1e6
        lines.append(
            f"One services answer: {size / 1e3:,.0f} kB, gzip {result.bytes['services_gzip'] / 1e3:,.0f} kB;"
            f" in full at most {most:,.0f} MB/s."
        )
    if result.sync_ms:
        low, high = min(result.sync_ms), max(result.sync_ms)
        lines.append(f"Around add the disk kept 4 KiB in {low:.2f} to {high:.2f} ms.")
    if result.pgbench:
        lines.append(
            f"pgbench, {CLIENTS} clients: {fmean(r.tps for r in result.pgbench):,.0f} orders/s, each client for its own"
            f" customer; {fmean(r.tps for r in result.pgbench_one_account):,.0f} all for one customer."
        )
    return lines


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def as_json(report: Report) -> str:
    """`sqlite`, `postgresql` and `ceiling`, each by scenario and connections; the other keys say more."""
    told: dict[str, Any] = {
        kind: {name: {str(c): _measured(m) for c, m in by.items()} for name, by in result.scenarios.items()}
        for kind, result in report.results.items()
    }
    beside = {
        kind: {str(c): _measured(result.empty_mean(c)) for c in CONNECTIONS} for kind, result in report.results.items()
    }
    # SQLite's goals are shares of the empty answer, so the one that was measured beside SQLite stands for it.
    told["ceiling"] = {"empty_answer": next(iter(beside.values())), "empty_answer_beside": beside}
    for result in report.results.values():
        if result.pgbench:
            told["ceiling"]["pgbench"] = _ran(result.pgbench)
            told["ceiling"]["pgbench_one_account"] = _ran(result.pgbench_one_account)
    told["goals"] = [
        {"name": g.name, "reached": round(g.reached, 3), "wanted": g.wanted, "unit": g.unit, "met": g.met}
        for g in goals(report)
    ]
    told["answer_bytes"] = {kind: result.bytes for kind, result in report.results.items()}
    told["sync_ms"] = {kind: [round(ms, 3) for ms in result.sync_ms] for kind, result in report.results.items()}
    told["problems"] = report.problems
    told["run"] = {**report.machine, "seconds": report.seconds, "quick": report.quick}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _measured(m: Measured) -> dict[str, float]:
    return {"rps": round(m.rps, 1), "p50_ms": round(m.p50_ms, 3), "p99_ms": round(m.p99_ms, 3), "errors": m.errors}


def _ran(runs: list[Ran]) -> dict[str, Any]:
    return {
        "tps": round(fmean(r.tps for r in runs), 1),
        "latency_ms": round(fmean(r.latency_ms for r in runs), 3),
        "clients": CLIENTS,
        "runs": [round(r.tps, 1) for r in runs],
    }
