"""What a customer can cause is a result, not an exception."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command was refused, and that nothing moved.

    `code` is for machines and stable (see api/protocol.py for the words on the wire);
    `field` names the parameter at fault; `limit` is the number that was passed. `why` is a code of what
    exactly is wrong with the field, where that is known, and `facts` what its texts speak of
    (orders/reasons.py has them): an explanation, which makes no other refusal.
    """

    code: str
    field: str = ""
    limit: int = 0
    why: str = dataclasses.field(default="", compare=False)
    facts: tuple[tuple[str, str | int], ...] = dataclasses.field(default=(), compare=False)


class NotThere(ValueError):
    """Staff named a row that the panel does not have."""


class NotNow(ValueError):
    """The row is there, and is not in a state in which staff can do this."""
