"""The sandbox's own time: the wall clock, run `speed` times as fast.

Orders are dated in this time, so a change of speed bends nothing that has already happened, and time goes
on while the process is down: an upstream panel does not wait for us.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


def wall_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment at which both clocks were read (ms since 1970), and the speed since. Stored with the orders."""

    wall_ms: int
    sandbox_ms: int
    speed: float


class Clock:
    def __init__(self, anchor: Anchor, *, wall: Callable[[], int] = wall_ms) -> None:
        self.anchor = anchor
        self._wall = wall
        self._latest_ms = anchor.sandbox_ms

    def now(self) -> int:
        """Sandbox ms since 1970. Never goes back, even where the wall clock is set back."""
        passed_ms = int((self._wall() - self.anchor.wall_ms) * self.anchor.speed)
        self._latest_ms = max(self._latest_ms, self.anchor.sandbox_ms + passed_ms)
        return self._latest_ms

    def change(self, *, speed: float | None = None, advance_ms: int = 0) -> Anchor:
        """Go on from now at another speed, or jump ahead. The caller stores the new anchor."""
        new_speed = self.anchor.speed if speed is None else speed
        self.anchor = Anchor(self._wall(), self.now() + advance_ms, new_speed)
        return self.anchor
