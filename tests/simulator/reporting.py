"""Reports are added up meanwhile, by a process that is killed now and then. It draws from a chance of its own, so that
the history of a seed is the same with it.
"""

from __future__ import annotations

from random import Random

from panelwright.reports.actions import Adder
from tests.simulator.killed import Killed, dies_after

CHUNK = 20
EVERY = 20
KILLED = 0.3


class Reporting:
    def __init__(self, seed: int) -> None:
        self._rng = Random(f"reports {seed}")
        self._adder = Adder(CHUNK)

    def turn(self) -> None:
        """A round, which may die in the middle."""
        if self._rng.random() >= KILLED:
            self._adder.round()
            return
        try:
            with dies_after(self._rng.randint(0, 3)):
                self._adder.round()
        except Killed:
            self._adder = Adder(CHUNK)

    def catch_up(self) -> None:
        """Until all is in that there is."""
        while self._adder.round():
            pass
