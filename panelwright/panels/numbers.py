"""The numbers that people see of orders, refills and tickets: each panel's own, and never given twice.

A row of the panel (models.Numbering) says which number comes next. It is moved on inside the transaction that
uses the numbers: what is rolled back gives none out, and what is committed has given them out for good. The row
stays locked until the commit, so it is taken after every other lock of the transaction.

Where orders come in fast, a transaction takes more than it needs (`give`), and the rest belongs to its process once
it is committed (`Given.keep`): the next batches take from that, without a statement and without a lock. A process
that dies leaves a gap, and nothing else. A panel that sells little has no gaps, and its numbers stand in the order
of time; with several busy processes they do so but for a few seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.panels.models import Noun

FIRST = 1001
# The highest number that a panel may begin with: far below what parameters and columns can hold.
BEGIN_MAX = 10**12
BLOCK_MAX = 1024
# A block is made to last for about the first of these, and is not used after the second: numbers tell what came first.
BLOCK_S = 1.0
KEPT_S = 10.0

_TAKE = sql.Query(
    "INSERT INTO panels_numbering (panel_id, noun, next_number) VALUES (?, ?, ?)"
    " ON CONFLICT (panel_id, noun) DO UPDATE SET next_number = panels_numbering.next_number + ?"
    " RETURNING next_number"
)
# Of many panels at once, whose rows are locked in the order of their ids.
_TAKE_EACH = sql.Query(
    "INSERT INTO panels_numbering (panel_id, noun, next_number) SELECT p.first, ?, p.second + ? FROM :pairs p"
    # The condition tells SQLite's parser that no join follows.
    " WHERE p.second > 0 ORDER BY p.first"
    " ON CONFLICT (panel_id, noun) DO UPDATE SET next_number = panels_numbering.next_number"
    " + excluded.next_number - ? RETURNING panel_id, next_number"
)
_RAISE = sql.Query(
    "INSERT INTO panels_numbering (panel_id, noun, next_number) VALUES (?, ?, ?)"
    " ON CONFLICT (panel_id, noun) DO UPDATE SET next_number = excluded.next_number"
    " WHERE panels_numbering.next_number < excluded.next_number RETURNING next_number"
)
_NEXT = sql.Query("SELECT next_number FROM panels_numbering WHERE panel_id = ? AND noun = ?")


def take(panel_id: int, noun: Noun, count: int) -> range:
    """So many numbers, in the caller's transaction. The panel's row is locked until its end."""
    (row,) = _TAKE.rows(connection, panel_id, noun.value, FIRST + count, count)
    return range(row[0] - count, row[0])


def take_each(counts: Mapping[int, int], noun: Noun) -> dict[int, range]:
    """As `take`, so many numbers for each panel id, in one statement; the panels' rows are locked in id order."""
    if len(counts) == 1:
        ((panel_id, count),) = counts.items()
        return {panel_id: take(panel_id, noun, count)}
    if not counts:
        return {}
    rows = _TAKE_EACH.rows(connection, noun.value, FIRST, sql.pairs(sorted(counts.items())), FIRST)
    return {panel_id: range(after - counts[panel_id], after) for panel_id, after in rows}


def given_below(panel_id: int, noun: Noun) -> int | None:
    """Every number that was given out is below this one; None where no number was."""
    rows = _NEXT.rows(connection, panel_id, noun.value)
    return int(rows[0][0]) if rows else None


def next_number(panel_id: int, noun: Noun) -> int:
    """The lowest number that is neither given out nor in a process's block."""
    below = given_below(panel_id, noun)
    return FIRST if below is None else below


def raise_next(panel_id: int, noun: Noun, number: int) -> bool:
    """Go on with this number; False where that is not above the next one. In the caller's transaction."""
    return bool(_RAISE.rows(connection, panel_id, noun.value, number))


class Block(NamedTuple):
    """Numbers of a panel that belong to this process: from `first` to below `end`. `size`: with those used before."""

    first: int
    end: int
    size: int
    taken_at: float


def block_size(before: Block | None, *, missing: int, now: float) -> int:
    """How many numbers to take for a panel: what is missing, and more where the last block did not last. Pure."""
    lasted = KEPT_S if before is None else now - before.taken_at
    if before is None or lasted >= KEPT_S:
        return missing
    wanted = min(before.size * 2, BLOCK_MAX) if lasted < BLOCK_S else before.size // 2
    return max(wanted, missing)


@dataclass(slots=True)
class Given:
    """Numbers by panel, in ascending order; and the blocks that are this process's once they are committed."""

    numbers: dict[int, Sequence[int]] = field(default_factory=dict)
    blocks: dict[int, Block] = field(default_factory=dict)
    _keep: Callable[[dict[int, Block]], None] | None = None

    def keep(self) -> None:
        """The transaction was committed for certain."""
        if self.blocks and self._keep is not None:
            self._keep(self.blocks)


class Blocks:
    """The blocks of a process, of one noun. May be used from any thread."""

    def __init__(self, noun: Noun, *, now: Callable[[], float] = time.monotonic) -> None:
        self._noun = noun
        self._now = now
        self._blocks: dict[int, Block] = {}
        # Never held while the database is asked: that may wait for a row whose holder waits to keep its block.
        self._lock = threading.Lock()

    def give(self, counts: Mapping[int, int]) -> Given:
        """So many numbers for each panel id. In the caller's transaction, after all its other locks."""
        given = Given(_keep=self._kept)
        now = self._now()
        sizes: dict[int, int] = {}
        for panel_id, count in counts.items():
            numbers, before = self._from_block(panel_id, count, now)
            given.numbers[panel_id] = numbers
            if len(numbers) < count:
                sizes[panel_id] = block_size(before, missing=count - len(numbers), now=now)
        # All panels at once: a batch may hold orders of as many panels as it has orders.
        for panel_id, fresh in take_each(sizes, self._noun).items():
            missing = counts[panel_id] - len(given.numbers[panel_id])
            given.numbers[panel_id] = [*given.numbers[panel_id], *fresh[:missing]]
            given.blocks[panel_id] = Block(fresh.start + missing, fresh.stop, sizes[panel_id], now)
        return given

    def forget(self) -> None:
        with self._lock:
            self._blocks.clear()

    def _from_block(self, panel_id: int, count: int, now: float) -> tuple[Sequence[int], Block | None]:
        """What of the numbers the block has, and the block as it was. Nobody else gets these, whatever happens."""
        with self._lock:
            block = self._blocks.get(panel_id)
            if block is None:
                return (), None
            if now - block.taken_at >= KEPT_S:
                return (), block
            end = min(block.first + count, block.end)
            self._blocks[panel_id] = block._replace(first=end)
            return range(block.first, end), block

    def _kept(self, blocks: dict[int, Block]) -> None:
        with self._lock:
            self._blocks.update(blocks)


orders = Blocks(Noun.ORDER)
