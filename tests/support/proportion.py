"""Whether the cost of reading grows with what is read: processor time, compared with that of a smaller piece.

Processor time is the same beside other programs, but not quite: they take the caches, too, and half of a core that
does two things. So nothing is compared once, and the bound stands far from both what is right and what is not: what
is quadratic takes 256 times as long for a text of 16 times the length.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

ROUNDS = 3
LEAST_S = 0.005
_TICKS = os.sysconf("SC_CLK_TCK")


def spent_by(pids: Iterable[int]) -> float:
    """Seconds of processor time that these processes took so far; counted in hundredths."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(of[11]) + int(of[12]) for of in fields) / _TICKS


def seconds(call: Callable[[], object], times: int = ROUNDS, *, clock: Callable[[], float] = time.thread_time) -> float:
    """The least processor time of so many calls; what the call refuses with a ValueError is refused."""
    spent = []
    for _ in range(times):
        began = clock()
        with suppress(ValueError):
            call()
        spent.append(clock() - began)
    return min(spent)


def in_proportion(
    few: Callable[[], object],
    many: Callable[[], object],
    most: float,
    *,
    about: object = "",
    and_s: float = 0.0,
    times: int = 1,
    clock: Callable[[], float] = time.thread_time,
) -> None:
    """`many` takes at most so many times as long as `few` and so many seconds more, in one of a few rounds.

    What takes next to no time counts as LEAST_S: below that one measures the clock. Of another process the clock is
    `lambda: spent_by(pids)`.
    """
    seen = []
    for _ in range(ROUNDS):
        seen.append((max(seconds(few, times, clock=clock), LEAST_S), seconds(many, times, clock=clock)))
        if seen[-1][1] < most * seen[-1][0] + and_s:
            return
    raise AssertionError(
        f"{about}: {', '.join(f'{b:.4f} s for {a:.4f} s' for a, b in seen)}, at most {most} times and {and_s} s"
    )
