"""What anybody can bring about as often as they like is logged now and then."""

from __future__ import annotations

import time

EVERY_S = 600.0


class Seldom:
    """`due` is True once in ten minutes for each panel; it remembers one moment a panel."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._last: dict[int, float] = {}

    def due(self, panel_id: int) -> bool:
        now = time.monotonic()
        last = self._last.get(panel_id)
        if last is not None and now - last < self._every_s:
            return False
        self._last[panel_id] = now
        return True
