"""`python -m tests.prove --minutes 60`: everything that looks for faults by chance, each time with another seed.

Both databases at once, each with its own round: simulation, storms of crashes, broken connections and races, drawn
examples, the fuzzing of the protocol, longer attacks, and the simulator's own mutants. What is begun is finished, so a
run takes some minutes longer than it was given. Writes a report; exits with 1 when anything was found. Nothing here
measures time beside the other database: what is marked `alone` waits for the end of both rounds.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
DATABASES = ("sqlite", "postgresql")
TAIL_LINES = 60
# A part that hangs is ended, and counts as a fault.
PART_MAX_S = 3600
# How long a run may be in which each part tries as much as it can: in a shorter one each tries a share of it.
WHOLE_MINUTES = 60
STEPS, STEPS_MIN = 60_000, 3_000
# Of the time, what the attacks get: they measure time, so nothing runs beside them.
ALONE_SHARE = 0.15


@dataclass(frozen=True)
class Part:
    """One way to look for faults. `arguments` of pytest; none: the simulator on the command line."""

    name: str
    arguments: Sequence[str] = ()

    def command(self, database: str, seed: int, share: float = 1) -> list[str]:
        if not self.arguments:
            steps = max(STEPS_MIN, round(STEPS * share))
            return [
                sys.executable,
                "-m",
                "tests.simulator",
                "--steps",
                f"{steps}",
                "--seed",
                f"{seed}",
                "--db",
                database,
            ]
        drawn = [f"--hypothesis-seed={seed}", "-p", "no:cacheprovider", "-q", "-n", "0"]
        # One test may draw for longer than any test of a usual run takes.
        drawn += ["-o", f"faulthandler_timeout={PART_MAX_S}"]
        return [sys.executable, "-m", "pytest", "--db", database, *drawn, *self.arguments]


PARTS = (
    Part("simulation"),
    Part("crashes", ("tests/crash",)),
    Part("races and broken connections", ("tests/invariants", "-m", "not alone")),
    Part("drawn examples", ("-m", "hypothesis and not alone")),
    Part("fuzzing", ("tests/protocol/test_fuzz.py",)),
    Part("mutants", ("tests/simulator/test_simulator.py", "-k", "broken_rule")),
)
ALONE = Part("attacks", ("tests/strangers",))


@dataclass(frozen=True)
class Run:
    part: Part
    database: str
    seed: int
    seconds: float
    told: str
    output: str
    good: bool
    share: float = 1

    @property
    def again(self) -> str:
        """How to see it again."""
        arguments = shlex.join(self.part.command(self.database, self.seed, self.share)[1:])
        share = f"PANELWRIGHT_PROVE_SHARE={self.share:g} " if self.share < 1 else ""
        return f"PANELWRIGHT_PROVE={self.seed} {share}.venv/bin/python {arguments}"


def run(part: Part, database: str, seed: int, share: float = 1) -> Run:
    began = time.monotonic()
    env = {**os.environ, "PANELWRIGHT_PROVE": str(seed), "PANELWRIGHT_PROVE_SHARE": f"{share:g}"}
    command = part.command(database, seed, share)
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=PART_MAX_S
        )
        output, good = done.stdout + done.stderr, done.returncode == 0
    except subprocess.TimeoutExpired as error:
        output, good = f"did not end within {PART_MAX_S} s\n{error.stdout!r}", False
    lines = [line for line in output.splitlines() if re.search(r"\d+ (steps|passed|failed|errors?)\b", line)]
    told = lines[-1].strip("= ") if lines else "nothing"
    made = Run(part, database, seed, time.monotonic() - began, told, output, good, share)
    print(f"{'ok    ' if good else 'FAILED'} {database:<10} {part.name}, seed {seed}: {told}", flush=True)
    return made


def round_of(database: str, until: float, draw: random.Random, runs: list[Run], share: float = 1) -> None:
    """Each part once at least, then on until the time is over."""
    for number, part in enumerate(itertools.cycle(PARTS)):
        if number >= len(PARTS) and time.monotonic() > until:
            return
        runs.append(run(part, database, draw.randrange(1, 10**6), share))


def report(runs: Sequence[Run], *, minutes: float, seed: int) -> str:
    faults = [one for one in runs if not one.good]
    lines = [
        "# What `make prove` found",
        "",
        f"Seed {seed}, {minutes:g} minutes, {len(runs)} runs, {len(faults)} with faults.",
        "",
        "| part | database | runs | with faults | minutes |",
        "|---|---|---|---|---|",
    ]
    for part, database in itertools.product((*PARTS, ALONE), DATABASES):
        of = [one for one in runs if (one.part, one.database) == (part, database)]
        spent = sum(one.seconds for one in of) / 60
        bad = sum(not one.good for one in of)
        lines.append(f"| {part.name} | {database} | {len(of)} | {bad} | {spent:.1f} |")
    for one in faults:
        tail = "\n".join(one.output.splitlines()[-TAIL_LINES:])
        lines += ["", f"## {one.part.name} on {one.database}, seed {one.seed}", "", f"    {one.again}", ""]
        lines += ["```", tail, "```"]
    if runs:
        lines += ["", "## All runs", "", "| part | database | seed | seconds | result |", "|---|---|---|---|---|"]
        lines += [f"| {r.part.name} | {r.database} | {r.seed} | {r.seconds:.0f} | {r.told} |" for r in runs]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--report", type=Path, default=ROOT / "var" / "prove.md")
    args = parser.parse_args()
    seed = args.seed or random.SystemRandom().randrange(1, 10**6)
    began = time.monotonic()
    print(f"seed {seed}", flush=True)
    runs: list[Run] = []
    draw = random.Random(seed)
    until = began + args.minutes * 60 * (1 - ALONE_SHARE)
    share = min(1.0, args.minutes / WHOLE_MINUTES)
    rounds = [
        threading.Thread(target=round_of, args=(database, until, random.Random(draw.random()), runs, share))
        for database in DATABASES
    ]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join()
    for database in DATABASES:
        runs.append(run(ALONE, database, draw.randrange(1, 10**6), share))
    args.report.parent.mkdir(parents=True, exist_ok=True)
    args.report.write_text(report(runs, minutes=(time.monotonic() - began) / 60, seed=seed), encoding="utf-8")
    print(f"The report: {args.report}")
    return int(any(not one.good for one in runs))


if __name__ == "__main__":
    sys.exit(main())
