"""What a customer can cause is a result, not an exception."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

Fact = str | int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command was refused, and that nothing moved.

    `code` is for machines and stable (core/refusals.py has the words for it);
    `field` names the parameter at fault; `limit` is the number that was passed. `why` is a code of what
    exactly is wrong with the field, where that is known, and `facts` what its texts speak of
    (orders/reasons.py): an explanation, which makes no other refusal.
    """

    code: str
    field: str = ""
    limit: int = 0
    why: str = dataclasses.field(default="", compare=False)
    facts: tuple[tuple[str, Fact], ...] = dataclasses.field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """`page`: for people, translated. `wire`: of the panel API v2, in the protocol's words, which never change.

    `status`: of the staff API's answer. An empty text: the code is never told there.
    """

    page: str = ""
    wire: str = ""
    status: int = 400


class Refused(ValueError):
    """Carries a refusal out of a transaction, which it rolls back. Where the transaction ends it becomes a result.

    `facts` are what the texts of the code speak of. As a text it is the refusal in English.
    """

    def __init__(self, code: str, field: str = "", *, limit: int = 0, **facts: Fact) -> None:
        super().__init__(code)
        self.refusal = Refusal(code, field, limit, facts=tuple(facts.items()))

    def __str__(self) -> str:
        from panelwright.core import refusals

        return refusals.page(self.refusal)

    @classmethod
    def of(cls, refusal: Refusal) -> Refused:
        made = cls(refusal.code)
        made.refusal = refusal
        return made


class NotThere(Refused):
    """Staff named a row that the panel does not have."""


class InvalidState(Refused):
    """The row is there, and is not in a state in which staff can do this."""
