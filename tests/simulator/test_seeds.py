"""Seeds that have shown a fault once, and have to hold now: a failed run becomes a line here."""

from __future__ import annotations

import pytest

from tests.simulator.run import simulate

# seed, steps: a little more than it took to show the fault.
SEEDS = ((1, 3000),)


@pytest.mark.parametrize(("seed", "steps"), SEEDS)
def test_a_seed_that_failed_once_holds_now(empty_world: None, seed: int, steps: int) -> None:
    outcome = simulate(seed, steps=steps)
    assert outcome.broken == "", "\n".join(map(str, outcome.last))
    assert outcome.steps == steps
