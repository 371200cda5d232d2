"""The proof that what a panel numbers has its numbers: each thing one of its own, below the next one. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from panelwright.core import sql
from panelwright.panels import numbers
from panelwright.panels.models import Noun


class NumberAudit:
    """Looks at the numbers of one noun, which stand in `table`, the constant name of a table with a panel."""

    def __init__(self, noun: Noun, table: str) -> None:
        assert table.isidentifier(), table
        self._noun = noun
        self._highest = sql.Query(f"SELECT MAX(number) FROM {table} WHERE panel_id = ?")  # noqa: S608 - a name
        self._without = sql.Query(
            f"SELECT id FROM {table} WHERE panel_id = ?"  # noqa: S608
            " AND (number IS NULL OR number < 1) ORDER BY id LIMIT ?"
        )
        self._twice = sql.Query(
            f"SELECT number, COUNT(*) FROM {table} WHERE panel_id = ?"  # noqa: S608
            " GROUP BY number HAVING COUNT(*) > 1 ORDER BY number LIMIT ?"
        )

    def faults(self, panel_id: int, limit: int) -> Iterator[str]:
        """What is wrong in words, at most so much of each kind."""
        noun = self._noun.value
        for number, count in self._twice.rows(connection, panel_id, limit):
            if number is not None:
                yield f"{noun} {number} is there {count} times"
        for (id_,) in self._without.rows(connection, panel_id, limit):
            yield f"a {noun} has no number: the row with the id {id_}"
        ((highest,),) = self._highest.rows(connection, panel_id)
        # A number at or above the next one would be given a second time.
        following = numbers.given_below(panel_id, self._noun)
        if highest is not None and (following is None or following <= highest):
            yield f"{noun} {highest} is there, and the next number is {following}"
