"""Measure requests a second on SQLite and PostgreSQL, beside the ceilings of server and database.

Builds a panel from nothing in a temporary folder, starts the web process as `serve` does, and lets
wrk (or autocannon) send requests over loopback. Nothing is left behind but the report.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote

from panelwright.cli.main import CommandRefused
from panelwright.cli.setup import old_python
from tools.bench import delivery, indexes, pages
from tools.bench import pgbench as orders_in_sql
from tools.bench.chart import svg
from tools.bench.load import Generator, Measured, find_generator
from tools.bench.machine import facts, sync_ms
from tools.bench.machine import text as machine_text
from tools.bench.report import CONNECTIONS, KINDS, NAMES, DatabaseResult, Report, as_json
from tools.bench.report import text as report_text
from tools.bench.scenarios import Scenario, empty_load, probe, scenarios
from tools.bench.servers import Installation, empty_server, tail
from tools.local_postgres import PostgresMissing, create_database, running_postgres

EXAMPLE = """example:
  make bench
  make bench ARGS="--only sqlite --seconds 10 --json sqlite.json"
  make bench ARGS=--delivery
  make bench ARGS=--pages

Needs wrk or autocannon, and for PostgreSQL the development wheel (`make setup-dev`). Takes about
five minutes. Exit status: 0 measured, whatever the numbers are; 1 it could not be measured, or
there were errors, or the books did not balance afterwards.
"""
SECONDS_MAX = 60.0


class Size(NamedTuple):
    services: int
    orders: int
    seconds: float


FULL = Size(services=5_000, orders=10_000, seconds=5.0)
QUICK = Size(services=100, orders=300, seconds=0.5)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    configure(parser)
    try:
        return run(parser.parse_args(argv))
    except CommandRefused as refused:
        sys.stderr.write(f"bench: {refused}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=_seconds, metavar="N", help=f"for each measurement (default: {FULL.seconds:g})"
    )
    parser.add_argument("--only", choices=KINDS, help="one database (default: both)")
    parser.add_argument(
        "--json",
        type=Path,
        default=Path("var/bench.json"),
        metavar="FILE",
        help="where to write the numbers; a chart goes beside it as .svg (default: %(default)s)",
    )
    parser.add_argument(
        "--delivery",
        action="store_true",
        help="measure a worker instead: orders settled a second, and the table's size (bench-delivery.json)",
    )
    parser.add_argument(
        "--pages",
        action="store_true",
        help="measure lists of customers and panels at 10,000 and 10,000,000 orders instead (bench-pages.json)",
    )
    parser.add_argument(
        "--indexes",
        action="store_true",
        help="measure what indexes of orders cost an add, each without and with it (bench-indexes.json)",
    )
    parser.add_argument(
        "--many",
        type=int,
        metavar="N",
        help="with --pages: how many orders the second customer has instead; with --indexes: how many there are before",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a small panel and short measurements: shows that it works, says little about speed",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number of seconds from 0.1 to {SECONDS_MAX:g}")
    return seconds


def run(args: argparse.Namespace) -> int:
    size = QUICK if args.quick else FULL
    if args.seconds is not None:
        size = size._replace(seconds=args.seconds)
    kinds = [args.only] if args.only else list(KINDS)
    # A request to stop unwinds the blocks below, which end every process that was started.
    signal.signal(signal.SIGTERM, _stop)
    if args.delivery:
        return delivery.run(args, kinds, _installation)
    if args.pages:
        return pages.run(args, kinds, _installation)
    if args.indexes:
        return indexes.run(args, kinds, _installation)
    with tempfile.TemporaryDirectory(prefix="panelwright-bench-") as name:
        folder = Path(name)
        generator = find_generator(folder)
        machine = facts(folder, generator=generator.name)
        print(machine_text(machine), flush=True)
        say = _progress(len(kinds), pgbench="postgresql" in kinds)
        with empty_server(folder) as empty_port:
            results = {kind: _database(kind, folder, generator, size, empty_port, say) for kind in kinds}
    report = Report(results=results, machine=machine, seconds=size.seconds, quick=args.quick)
    print(report_text(report))
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(as_json(report))
    chart = args.json.with_suffix(".svg")
    chart.write_text(svg(report))
    print(f"\nNumbers: {args.json}\nChart:   {chart}")
    return 1 if report.problems else 0


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + signum)


Say = Callable[[str], None]


def _progress(databases: int, *, pgbench: bool) -> Say:
    """A line on standard error for each step; one line that changes where that is a terminal."""
    steps = databases * (1 + len(CONNECTIONS) * 9) + (3 if pgbench else 0)
    done = 0
    started = time.monotonic()

    def say(what: str) -> None:
        nonlocal done
        done += 1
        line = f"[{done}/{steps}, {time.monotonic() - started:.0f} s] {what}"
        sys.stderr.write(f"\r\x1b[K{line}" if sys.stderr.isatty() else f"{line}\n")
        if sys.stderr.isatty() and done >= steps:
            sys.stderr.write("\n")
        sys.stderr.flush()

    return say


@contextmanager
def _installation(kind: str, folder: Path) -> Iterator[tuple[Installation, str, Path]]:
    """A new installation that waits for the disk at each commit; its database's address, and the server's programs."""
    if kind == "sqlite":
        url = f"sqlite:///{quote(str(folder / kind / 'panelwright.sqlite3'))}"
        yield Installation(folder=folder / kind, database_url=url), url, folder
        return
    try:
        with running_postgres(durable=True) as server:
            url = create_database(server.url("postgres"), "bench")
            yield Installation(folder=folder / kind, database_url=url), url, server.programs
    except PostgresMissing as missing:
        raise CommandRefused(f"{missing} Or measure SQLite alone: panelwright bench --only sqlite") from None


def _database(kind: str, folder: Path, generator: Generator, size: Size, empty_port: int, say: Say) -> DatabaseResult:
    """All measurements on one database, with the ceilings measured before and after."""
    result = DatabaseResult()
    name = NAMES[kind]
    with _installation(kind, folder) as (installation, url, programs):
        say(f"{name}: making a panel with {size.services} services and {size.orders} orders")
        pgbench = orders_in_sql.find_pgbench(programs) if kind == "postgresql" else None
        made = installation.command(
            *("tools.bench.panel", "--services", str(size.services), "--orders", str(size.orders)),
            *("--more-customers", str(orders_in_sql.CLIENTS - 1 if pgbench else 0)),
        )
        books = _Books(installation, result, orders=size.orders)

        def order_with_pgbench(*, spread: bool) -> None:
            assert pgbench is not None
            say(f"{name}: pgbench, {orders_in_sql.CLIENTS} clients")
            ran = orders_in_sql.run(pgbench, url=url, folder=folder, made=made, spread=spread, seconds=size.seconds)
            (result.pgbench if spread else result.pgbench_one_account).append(ran)
            books.expect("pgbench", least=ran.orders, most=ran.orders)

        if pgbench:
            orders_in_sql.tidy(url)
            order_with_pgbench(spread=True)
        with installation.web() as port:
            for connections in CONNECTIONS:
                drive = _Driver(generator, connections, size.seconds, folder, result, books)
                say(f"{name}: empty answer, {connections} connections")
                drive.empty(made, port=empty_port)
                for scenario in scenarios(made, port=port):
                    say(f"{name}: {scenario.load.name}, {connections} connections")
                    drive.scenario(scenario, port=port)
                say(f"{name}: empty answer, {connections} connections")
                drive.empty(made, port=empty_port)
        if pgbench:
            order_with_pgbench(spread=True)
            order_with_pgbench(spread=False)
        # What it says of this machine's Python is no fault of the run.
        of_python = old_python(sys.version_info[:3])
        written = [line for line in tail(installation.web_log).splitlines() if not of_python or of_python not in line]
        if written:
            result.problems.append(f"the web process wrote: {chr(10).join(written)}")
    return result


class _Books:
    """Counts orders and audits the books after whatever placed orders."""

    def __init__(self, installation: Installation, result: DatabaseResult, *, orders: int) -> None:
        self._installation = installation
        self._result = result
        self._orders = orders

    def expect(self, what: str, *, least: int, most: int) -> None:
        """From `least` to `most` orders have come since the last look, and the books balance; else it is a problem."""
        orders, faults = self._installation.audit()
        placed = orders - self._orders
        self._orders = orders
        if not least <= placed <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            self._result.problems.append(f"{what}: {placed} orders in the database, {wanted} were answered")
        if faults:
            self._result.problems.append(f"{what}: the books do not balance: {'; '.join(faults[:5])}")


@dataclass(frozen=True)
class _Driver:
    """Checks and measures scenarios with one number of connections."""

    generator: Generator
    connections: int
    seconds: float
    folder: Path
    result: DatabaseResult
    books: _Books

    def empty(self, made: dict[str, Any], *, port: int) -> None:
        load = empty_load(made)
        measured = self.generator.drive(load, port=port, connections=self.connections, seconds=self.seconds)
        self.result.empty.setdefault(self.connections, []).append(measured)
        self._complain(load.name, measured.errors)

    def scenario(self, scenario: Scenario, *, port: int) -> None:
        """Look at one answer in full and at a number of answers for refusals, then measure."""
        load, count = scenario.load, scenario.checked
        self.result.bytes[load.name] = probe(scenario, port=port)
        checked = self.generator.check(load, port=port, connections=self.connections, requests=count)
        self._complain(load.name, checked.bad, checked.example)
        if load.name == "add":
            self.books.expect("add, counted", least=1 + checked.good, most=1 + checked.good)
            self.result.sync_ms.append(sync_ms(self.folder))
        measured = self.generator.drive(load, port=port, connections=self.connections, seconds=self.seconds)
        self._complain(load.name, measured.errors)
        if load.name == "add":
            self.result.sync_ms.append(sync_ms(self.folder))
            # When the time is up, each connection has at most one order on its way, whose answer nobody reads.
            most = measured.answers + measured.errors + self.connections
            self.books.expect("add, measured", least=measured.answers, most=most)
        self.result.scenarios.setdefault(load.name, {})[self.connections] = Measured(
            measured.rps, measured.p50_ms, measured.p99_ms, measured.answers, measured.errors + checked.bad
        )

    def _complain(self, name: str, errors: int, example: str = "") -> None:
        if errors:
            told = f", the first: {example}" if example else ""
            self.result.problems.append(f"{name}, {self.connections} connections: {errors} errors{told}")


if __name__ == "__main__":
    sys.exit(main())
