"""The simulator holds what it promises: it finds nothing in the product, and a broken rule at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.simulator.mutants import MUTANTS
from tests.simulator.mutating import Mutant
from tests.simulator.run import Outcome, simulate
from tests.support.effort import effort, seed
from tools.local_postgres import with_database

ROOT = Path(__file__).parents[2]
# Steps for which a run looks for faults, and of which seed.
STEPS, SEED = effort(3_000, proving=30_000), seed(2)
# A mutant has to be found within so many steps, by one of so many seeds: which fault meets which order is chance.
# A mutant names the one that found it; the others are for what has changed since.
STEPS_MAX = 1_000
SEEDS = range(1, 31)


def told(outcome: Outcome) -> str:
    """What was broken, and what happened before."""
    return "\n".join([f"seed {outcome.seed}, step {outcome.steps}: {outcome.broken}", *map(str, outcome.last)])


def test_a_long_run_finds_nothing(empty_world: None) -> None:
    outcome = simulate(SEED, steps=STEPS)
    assert outcome.broken == "", told(outcome)
    assert outcome.steps > 100 and outcome.orders > 20


# What is broken is Python, and found in the rows that either database then has. `make prove` tries both.
@pytest.mark.one_database
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_rule_is_found(
    empty_world: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, mutant: Mutant
) -> None:
    from django.core.management import call_command

    mutant.make(monkeypatch)
    for number in (mutant.seed, *SEEDS):
        outcome = simulate(number, steps=STEPS_MAX)
        if outcome.broken:
            return
        call_command("flush", interactive=False, verbosity=0, reset_sequences=True)
    pytest.fail(f"{STEPS_MAX} steps of {len(SEEDS)} seeds did not find it: {mutant.name}")


@contextmanager
def busy_neighbour(database_url: str) -> Iterator[None]:
    """On PostgreSQL, another database of the same server is written to all the time."""
    if database_url.startswith("sqlite:"):
        yield
        return
    over = threading.Event()

    def write() -> None:
        with psycopg.connect(with_database(database_url, "postgres"), autocommit=True) as neighbour:
            while not over.is_set():
                with neighbour.transaction(), neighbour.cursor() as run:
                    run.execute("CREATE TEMPORARY TABLE busy (n int)")
                    over.wait(0.02)
                neighbour.execute("DROP TABLE busy")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_seed_gives_the_same_history_again(empty_world: None, database_kind: str, database_url: str) -> None:
    """What is told of a failure can be seen again: here against another process with a database server of its own."""
    with busy_neighbour(database_url):
        outcome = simulate(3, steps=400)
    command = [sys.executable, "-m", "tests.simulator", "--steps", "400", "--seed", "3", "--db", database_kind]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PANELWRIGHT_", "DJANGO_"))}
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"400 steps, {outcome.orders} orders" in done.stdout
    events = dict(re.findall(r"([a-z][a-z ]*) (\d+)", done.stdout.partition("events: ")[2].partition("\n")[0]))
    assert events == {kind: str(count) for kind, count in outcome.kinds.items()}
    assert f"Its history: {outcome.digest}" in done.stdout
    assert re.search(r"\d+ steps/s$", done.stdout, re.MULTILINE)


def test_a_broken_invariant_is_told_with_its_seed_and_the_last_events(
    empty_world: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.simulator.__main__ import tell

    mutant = next(mutant for mutant in MUTANTS if mutant.name == "the balance is not charged")
    mutant.make(monkeypatch)
    outcome = simulate(2, steps=STEPS_MAX)
    assert tell(outcome) == 1
    printed = capsys.readouterr().out
    assert f"seed 2 broke an invariant at step {outcome.steps}" in printed
    assert outcome.broken in printed
    assert printed.splitlines()[-1] == str(outcome.last[-1])
