"""`python -m tests.simulator --steps 20000 --seed 1 --db sqlite`: run the simulator on a database of its own."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from tools.local_postgres import create_database, running_postgres

if TYPE_CHECKING:
    from tests.simulator.run import Outcome

SHARED_MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--steps", type=int, help="stop after so many events (default: 20000, or none with --seconds)")
    parser.add_argument("--seconds", type=float, help="stop after so many seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--follow", type=int, metavar="ORDER", help="print everything that happens to this order")
    args = parser.parse_args()
    steps = args.steps if args.steps is not None or args.seconds is not None else 20_000
    with _database(args.db) as url:
        os.environ["PANELWRIGHT_DATABASE_URL"] = url
        return _run(args.seed, steps, args.seconds, args.follow)


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """A new database that does not wait for the disk, in memory where the machine has such a place."""
    place = str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="panelwright-simulator-", dir=place) as folder:
        os.environ |= {
            "PANELWRIGHT_DATA": folder,
            "PANELWRIGHT_SECRET_KEY": "a-key-for-simulations-and-for-nothing-else",
            "PANELWRIGHT_FSYNC": "0",
            "PANELWRIGHT_LOG_LEVEL": "ERROR",
        }
        if kind == "sqlite":
            yield f"sqlite:///{quote(str(Path(folder) / 'panelwright.sqlite3'))}"
            return
        with running_postgres(durable=False) as server:
            yield create_database(server.url("postgres"), "simulator")


def _run(seed: int, steps: int | None, seconds: float | None, follow: int | None) -> int:
    from django.db import connection

    from panelwright.cli import setup

    setup.django(migrated=False)
    setup.migrate()
    from tests.simulator.run import simulate

    def progress(so_far: Outcome) -> None:
        of = f" of {steps}" if steps is not None else ""
        line = f"seed {seed}: step {so_far.steps}{of}, {so_far.orders} orders, {so_far.steps_a_second:.0f} steps/s"
        print(
            f"\r{line}  " if sys.stderr.isatty() else line,
            end="" if sys.stderr.isatty() else "\n",
            file=sys.stderr,
            flush=True,
        )

    outcome = simulate(seed, steps=steps, seconds=seconds, progress=progress, follow=follow)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    connection.close()
    return tell(outcome)


def tell(outcome: Outcome) -> int:
    """Print what came of a run; the exit status."""
    print(
        f"{outcome.steps} steps, {outcome.orders} orders, {outcome.seconds:.1f} s, {outcome.steps_a_second:.0f} steps/s"
    )
    print("events: " + ", ".join(f"{kind} {count}" for kind, count in outcome.kinds.most_common()))
    if not outcome.broken:
        print(f"seed {outcome.seed}: every invariant held. Its history: {outcome.digest}")
        return 0
    print(f"\nseed {outcome.seed} broke an invariant at step {outcome.steps}:\n{outcome.broken}\n\nthe last events:")
    for happened in outcome.last:
        print(happened)
    return 1


if __name__ == "__main__":
    sys.exit(main())
