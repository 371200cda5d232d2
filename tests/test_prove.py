"""`make prove` runs what it says, counts what failed as a fault, and says how to see it again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import prove
from tests.prove import PARTS, Part, Run
from tests.style.files import ROOT

ONE_TEST = ("tests/style/test_locks.py", "-k", "test_tests_run_with_the_versions_that_production_gets")


@pytest.fixture(autouse=True)
def as_from_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what this run of tests has set for itself."""
    for name in [name for name in os.environ if name.startswith(("PANELWRIGHT_", "DJANGO_", "PYTEST_"))]:
        monkeypatch.delenv(name)


def test_a_part_is_run_with_its_seed_and_its_result_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    done = prove.run(Part("one test", ONE_TEST), "sqlite", 7)
    assert (done.good, done.seed, done.database) == (True, 7, "sqlite")
    assert "1 passed" in done.told
    assert capsys.readouterr().out.startswith("ok     sqlite     one test, seed 7: ")


def test_what_finds_no_test_has_proven_nothing(tmp_path: Path) -> None:
    done = prove.run(Part("no test", ("tests/style/test_locks.py", "-k", "nothing_of_this_name")), "sqlite", 7)
    assert not done.good
    text = prove.report([done], minutes=1, seed=3)
    assert "Seed 3, 1 minutes, 1 runs, 1 with faults." in text
    assert re.search(
        r"## no test on sqlite, seed 7\n\n    PANELWRIGHT_PROVE=7 \.venv/bin/python -m pytest --db sqlite ", text
    )


def test_the_report_counts_runs_and_faults_by_part_and_database() -> None:
    runs = [
        Run(PARTS[0], "sqlite", 1, 60.0, "60000 steps", "", good=True),
        Run(PARTS[0], "sqlite", 2, 30.0, "311 steps", "seed 2 broke an invariant", good=False),
        Run(PARTS[1], "postgresql", 3, 90.0, "4 passed", "", good=True),
    ]
    text = prove.report(runs, minutes=3, seed=5)
    assert "| simulation | sqlite | 2 | 1 | 1.5 |" in text
    assert "| crashes | postgresql | 1 | 0 | 1.5 |" in text
    assert "| simulation | postgresql | 0 | 0 | 0.0 |" in text
    assert "PANELWRIGHT_PROVE=2 .venv/bin/python -m tests.simulator --steps 60000 --seed 2 --db sqlite" in text
    assert "seed 2 broke an invariant" in text


def test_in_less_than_an_hour_each_part_tries_a_share_of_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(share: str, usual: int, proving: int) -> int:
        monkeypatch.setenv("PANELWRIGHT_PROVE", "7")
        monkeypatch.setenv("PANELWRIGHT_PROVE_SHARE", share)
        program = f"from tests.support.effort import effort; print(effort({usual}, proving={proving}))"
        command = [sys.executable, "-c", program]
        return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)

    assert [tried("1", 60, 2_000), tried("0.1", 60, 2_000), tried("0.01", 60, 2_000)] == [2_000, 200, 60]
    assert "60000" in PARTS[0].command("sqlite", 7)
    assert "6000" in PARTS[0].command("sqlite", 7, 0.1)
    assert "3000" in PARTS[0].command("sqlite", 7, 0.01)
    short = Run(PARTS[0], "sqlite", 7, 1.0, "6000 steps", "", good=False, share=0.1)
    assert short.again.startswith(
        "PANELWRIGHT_PROVE=7 PANELWRIGHT_PROVE_SHARE=0.1 .venv/bin/python -m tests.simulator "
    )


@pytest.mark.parametrize("part", [*PARTS, prove.ALONE], ids=lambda part: part.name)
def test_what_a_part_names_is_there(part: Part) -> None:
    for argument in part.arguments:
        if argument.startswith("tests/"):
            assert (ROOT / argument).exists()
