"""What strangers may write, in one table: each limit of size, time or memory on what others send and we parse.

Code takes a limit by its name (`limits.HEAD_BYTES_MAX`); docs/reference/limits.md prints the table, and a test
holds the two together. To add one, write a row here, then `python -m tests.limits` for the page, and a test that
sends the worst input known for it while orders go on being placed and sent (tests/strangers).
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limit:
    """One row. `of` says what is limited and who writes it, `beyond` what happens to more than that."""

    name: str
    value: int | float
    unit: str
    of: str
    beyond: str


TABLE: list[Limit] = []


def _limit(name: str, value: int, unit: str, *, of: str, beyond: str) -> int:
    TABLE.append(Limit(name, value, unit, of, beyond))
    return value


def _seconds(name: str, value: float, *, of: str, beyond: str) -> float:
    TABLE.append(Limit(name, value, "seconds", of, beyond))
    return value


# Requests of anybody.
BODY_BYTES_MAX = _limit(
    "BODY_BYTES_MAX", MIB, "bytes", of="The body of a request to the panel API", beyond="413 with an error body"
)
