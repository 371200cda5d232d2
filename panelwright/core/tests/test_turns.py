"""Turns: one at a time, with a rest behind each."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from panelwright.core.turns import WorkTurns


def test_one_has_its_turn_and_the_rest_is_as_long_as_it_computed() -> None:
    inside = most = 0
    rests: list[float] = []

    def rest(seconds: float) -> None:
        nonlocal inside
        rests.append(seconds)
        # Only behind its rest a turn is over: who is let in before that is counted twice.
        inside -= 1

    turns = WorkTurns(rest=rest)
    ready = threading.Barrier(4)

    def work(_: int) -> None:
        nonlocal inside, most
        ready.wait()
        for _ in range(20):
            with turns.one():
                inside += 1
                most = max(most, inside)
                sum(range(50_000))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert (most, inside, len(rests)) == (1, 0, 80)
    assert 0 < min(rests) <= max(rests) <= 0.1


def test_a_turn_that_fails_is_over() -> None:
    rests: list[float] = []
    turns = WorkTurns(rest=rests.append)
    for _ in range(2):
        with pytest.raises(ValueError, match="no form"), turns.one():
            raise ValueError("no form")
    assert len(rests) == 2
