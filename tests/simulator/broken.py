"""A broken invariant, and the collection of those of one step.

Complaints are collected instead of raised: some are heard in the middle of product code that keeps
every exception to itself, as it should.
"""

from __future__ import annotations


class Broken(Exception):
    """An invariant does not hold."""


class Complaints:
    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        self._texts.append(text)

    def check(self, condition: bool, text: str) -> None:
        if not condition:
            self._texts.append(text)

    def raise_any(self) -> None:
        """Raises Broken with everything that was complained of since the last time."""
        if self._texts:
            texts, self._texts = self._texts, []
            raise Broken("\n".join(dict.fromkeys(texts)))
