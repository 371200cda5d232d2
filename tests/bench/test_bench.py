"""The benchmark: it counts what it says it counts, and notices what is wrong. Never how fast anything is."""

from __future__ import annotations

import http.server
import json
import shutil
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Launcher
from tools.bench import report as reports
from tools.bench.chart import svg
from tools.bench.load import Load, Measured, Wrk
from tools.bench.pages import OFFICE, PAGES
from tools.bench.pgbench import Ran
from tools.bench.report import DatabaseResult, Report

SCENARIOS = ["add", "status_1", "status_100", "balance", "services", "services_gzip", "services_304"]
MACHINE = {"cores": 2, "processor": "a processor"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def wrk(tmp_path: Path) -> Wrk:
    program = shutil.which("wrk")
    if program is None:
        pytest.skip("wrk is not installed: apt-get install wrk")
    return Wrk(program, tmp_path)


def bench(launch: Launcher, *arguments: str, timeout_s: float = 60.0, **changes: str) -> tuple[int, str]:
    """Run the benchmark as `make bench` does; exit status and output."""
    command = [sys.executable, "-m", "tools.bench", *arguments]
    process = launch.start_command(command, env=launch.environment(**changes))
    return process.wait(timeout_s=timeout_s), process.log()


def test_a_quick_run_measures_everything_without_errors(
    wrk: Wrk, launch: Launcher, database_kind: str, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "bench.json"
    status, output = bench(
        launch, *("--quick", "--seconds", "0.2", "--only", database_kind, "--json", str(target)), timeout_s=300
    )
    assert status == 0, output
    assert "every answered order is in the database once, and the books balance" in output
    told = json.loads(target.read_text())
    assert told["problems"] == []
    assert list(told[database_kind]) == SCENARIOS
    for measured in (*told[database_kind].values(), told["ceiling"]["empty_answer"]):
        assert list(measured) == ["32", "128"]
        for numbers in measured.values():
            assert numbers["rps"] > 0
            assert 0 < numbers["p50_ms"] <= numbers["p99_ms"]
            assert numbers["errors"] == 0
    assert ("pgbench" in told["ceiling"]) == (database_kind == "postgresql")
    if database_kind == "postgresql":
        assert told["ceiling"]["pgbench"]["tps"] > 0
    assert [goal["name"].split()[0] for goal in told["goals"]] == ["add", "status_100", "services_304", "services"] * 2
    assert ET.parse(target.with_suffix(".svg")).getroot().tag == f"{SVG}svg"


# It measures pages, and how it does has nothing to do with the database.
@pytest.mark.one_database
def test_the_lists_of_few_and_many_orders_are_compared(launch: Launcher, database_kind: str, tmp_path: Path) -> None:
    status, output = bench(
        launch, *("--pages", "--quick", "--only", database_kind, "--json", str(tmp_path / "bench.json")), timeout_s=300
    )
    assert status == 0, output
    assert "do not balance" not in output
    told = json.loads((tmp_path / "bench-pages.json").read_text())
    assert told["orders"] == {"few": 60, "many": 600}
    lists, pages = told[database_kind]["lists"], told[database_kind]["pages"]
    assert list(pages) == [*PAGES, *OFFICE]
    for rows, count in ((lists, 25), (pages, 15)):
        assert len(rows) == count
        for row in rows.values():
            assert row["few_ms"] > 0
            assert row["ratio"] == round(row["many_ms"] / row["few_ms"], 2)
    assert all(row["few_alone_ms"] > 0 for row in lists.values())


def test_without_a_load_generator_it_says_how_to_get_one(launch: Launcher, tmp_path: Path) -> None:
    target = tmp_path / "bench.json"
    status, output = bench(launch, "--json", str(target), PATH=str(tmp_path))
    assert status == 1
    assert "apt-get install wrk" in output
    assert "Traceback" not in output
    assert not target.exists()


class _Answers(http.server.BaseHTTPRequestHandler):
    """Every third answer is a refusal, which has the status of a success."""

    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    bodies: list[bytes] = []

    def do_POST(self) -> None:
        with self.lock:
            self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            refused = len(self.bodies) % 3 == 0
        body = b'{"error":"Not enough funds on balance"}' if refused else b'{"order":1}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def answers() -> Iterator[tuple[int, list[bytes]]]:
    """A server's port, and the bodies that it was sent."""
    _Answers.bodies.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, _Answers.bodies
    server.shutdown()
    server.server_close()


def test_a_check_sends_exactly_its_requests_and_counts_refusals(wrk: Wrk, answers: tuple[int, list[bytes]]) -> None:
    port, bodies = answers
    checked = wrk.check(Load("add", ["a=1", "a=2"]), port=port, connections=4, requests=30)
    assert (checked.good, checked.bad) == (20, 10)
    assert checked.example == '200 {"error":"Not enough funds on balance"}'
    assert len(bodies) == 30
    assert set(bodies) == {b"a=1", b"a=2"}


def test_a_check_counts_every_other_status_as_bad(wrk: Wrk, answers: tuple[int, list[bytes]]) -> None:
    port, _ = answers
    checked = wrk.check(Load("services_304", ["a=1"], expected=304), port=port, connections=2, requests=10)
    assert (checked.good, checked.bad) == (0, 10)


def test_a_measurement_counts_answers(wrk: Wrk, answers: tuple[int, list[bytes]]) -> None:
    port, bodies = answers
    measured = wrk.drive(Load("add", ["a=1"]), port=port, connections=2, seconds=0.3)
    assert measured.errors == 0
    # When the time is up, each connection may have one request on its way.
    assert measured.answers <= len(bodies) <= measured.answers + 2
    assert measured.rps > 0
    assert 0 < measured.p50_ms <= measured.p99_ms


def _result(*, rps: float, empty: float, pgbench: float = 0.0) -> DatabaseResult:
    result = DatabaseResult()
    for connections in (32, 128):
        for name in SCENARIOS:
            result.scenarios.setdefault(name, {})[connections] = Measured(rps, 1.0, 2.0, 100, 0)
        # Measured twice: the goals compare with the middle.
        result.empty[connections] = [Measured(empty - 500, 0.5, 1.0, 100, 0), Measured(empty + 500, 0.5, 1.0, 100, 0)]
    if pgbench:
        result.pgbench = [Ran(pgbench, 1.0, 100)]
        result.pgbench_one_account = [Ran(pgbench / 2, 1.0, 100)]
    return result


def _report(*, problems: list[str]) -> Report:
    sqlite = _result(rps=3_000, empty=10_000)
    sqlite.problems.extend(problems)
    results = {"sqlite": sqlite, "postgresql": _result(rps=1_490, empty=20_000, pgbench=1_000)}
    return Report(results=results, machine=MACHINE, seconds=5.0, quick=False)


def test_goals_compare_with_the_ceilings_of_their_own_database() -> None:
    told = {goal.name: (goal.reached, goal.wanted, goal.met) for goal in reports.goals(_report(problems=[]))}
    for connections in (32, 128):
        assert told[f"add on SQLite, {connections} connections"] == (0.3, 0.3, True)
        assert told[f"status_100 on SQLite, {connections} connections"] == (3_000, 1_500, True)
        assert told[f"add on PostgreSQL, {connections} connections"] == (1.49, 1.5, False)
        assert told[f"status_100 on PostgreSQL, {connections} connections"] == (1_490, 1_500, False)
        assert told[f"services_304 on PostgreSQL, {connections} connections"] == (0.0745, 0.3, False)
    assert len(told) == 16


def test_the_numbers_have_the_shape_that_scripts_read() -> None:
    told: dict[str, Any] = json.loads(reports.as_json(_report(problems=[])))
    measured = {"rps": 3_000.0, "p50_ms": 1.0, "p99_ms": 2.0, "errors": 0}
    assert told["sqlite"] == {name: {"32": measured, "128": measured} for name in SCENARIOS}
    empty = {"rps": 10_000.0, "p50_ms": 0.5, "p99_ms": 1.0, "errors": 0}
    assert told["ceiling"]["empty_answer"] == {"32": empty, "128": empty}
    assert told["ceiling"]["empty_answer_beside"]["postgresql"]["32"]["rps"] == 20_000.0
    assert told["ceiling"]["pgbench"]["tps"] == 1_000.0


def test_a_problem_is_told_in_place_of_the_all_clear() -> None:
    clear = "No errors; every answered order is in the database once, and the books balance."
    assert clear in reports.text(_report(problems=[]))
    told = reports.text(_report(problems=["add, 32 connections: 3 errors"]))
    assert clear not in told
    assert "  SQLite: add, 32 connections: 3 errors" in told.splitlines()


def test_the_chart_has_a_bar_for_each_number() -> None:
    report = _report(problems=[])
    drawing = ET.fromstring(svg(report))
    bars = [e.get("class") for e in drawing.iter(f"{SVG}rect")]
    assert {kind: bars.count(kind) for kind in set(bars)} == {
        "ground": 1,
        "ceiling": 3,
        "sqlite": 2 * len(SCENARIOS),
        "postgresql": 2 * len(SCENARIOS),
    }
    words = [e.text for e in drawing.iter(f"{SVG}text")]
    assert words.count("3,000") == 2 * len(SCENARIOS)
    assert words.count("1,490") == 2 * len(SCENARIOS)
    assert "prefers-color-scheme: dark" in (drawing.findtext(f"{SVG}style") or "")
