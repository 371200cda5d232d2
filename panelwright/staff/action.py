"""What a staff action is: a plain declaration, from which page, staff API, command and trail are made.

A module of declarations (`<app>/declarations.py`) lists its nouns and actions. `actions.perform` does one for an actor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from panelwright.staff.rights import Right
from panelwright.staff.shapes import ANYTHING, Shape

State = dict[str, Any]


class ActionFieldKind(StrEnum):
    """What a field holds: how it is typed in, and what the function is given for it."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    URL = "url"
    SECRET = "secret"  # never in the trail, never on a command line
    NUMBER = "number"
    AMOUNT = "amount"  # "0.85" -> micros
    PERCENT = "percent"  # "12.5" -> hundredths
    TIMES = "times"  # "2.5" -> hundredths
    EXCHANGE_RATE = "exchange_rate"  # "5.43" -> 10^-12
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"  # several of them
    WORDS = "words"  # several free texts
    FILE = "file"  # bytes; base64 in JSON
    MOMENT = "moment"
    OBJECT = "object"  # as JSON; for programs


@dataclass(frozen=True, slots=True)
class Field:
    """`label` and `help` are texts to translate. `least` and `most` bound a number, `most` the length of a text too.

    `argument`: what the function calls it, where that differs. `of`: the noun that a number or text names.
    """

    name: str
    kind: ActionFieldKind
    label: str
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""
    least: int = 0
    most: int | None = None
    argument: str = ""

    @property
    def is_secret(self) -> bool:
        return self.kind is ActionFieldKind.SECRET


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of object that staff act on.

    `state` answers what stands in the object now, or None when the panel has none of this id; inside the action's
    transaction it locks the row, so that nobody changes it between `before` and `after`. It holds no secret.
    `find` gives the id or number of the object that a person names (a name, an address, a number), or None.
    `id_of`: of an object that goes by a number of its panel's, the id; without it, objects go by their ids.
    `number_of`: the number of an id, where actions make such objects.
    `answer`: what the staff API answers about it, where that is more than `state`; `shape`: of that answer, which
    stands under the noun's name, or under `answers_as`.
    """

    name: str
    plural: str
    label: str
    state: Callable[[int, int], State | None]
    shape: Shape = field(default_factory=lambda: ANYTHING)
    find: Callable[[int, str], int | None] | None = None
    id_of: Callable[[int, int], int | None] | None = None
    number_of: Callable[[int, int], int] | None = None
    answer: Callable[[int, int], State | None] | None = None
    answers_as: str = ""
    named_by: str = "id"


def by_id(panel_id: int, text: str) -> int | None:
    """`find` of a noun that is named by its number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class ActionDone(NamedTuple):
    """What an action has done, where that is more than a change of its object.

    `id`: of the object that was made. `shown`: what the actor is told once, a new key for one; never in the trail.
    `before`, `after`: of what has no id. `nothing`: the same had been done before.
    """

    id: int | None = None
    shown: Mapping[str, Any] = {}
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    nothing: bool = False


# Does it, in the transaction that `perform` has opened: do(actor, panel_id, target, **values). `target` is the id of
# the object; None for an action that makes one. Raises Refused.
Do = Callable[..., ActionDone | None]
Prepare = Callable[[int, int | None, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that staff can do.

    `on_target`: it is done to one object; else it makes one, or changes what has no id. `in_bulk`: it may be done to
    many at once. `moves_money`: what it moves cannot be taken back by doing it again. `prepare` runs before the
    transaction and answers the values anew: a hash, what a provider's list says. `host`: operators alone may do it, to
    the whole installation; `operators`: they alone may, to a panel. `gone`: the object is not there afterwards.
    `shown` is the shape of what `ActionDone.shown` holds.
    """

    noun: Noun
    verb: str
    label: str
    right: Right
    do: Do
    fields: tuple[Field, ...] = ()
    on_target: bool = True
    in_bulk: bool = False
    moves_money: bool = False
    prepare: Prepare | None = None
    host: bool = False
    operators: bool = False
    gone: bool = False
    help: str = ""
    shown: Mapping[str, Shape] = field(default_factory=dict)
    body_max: int | None = None

    @property
    def name(self) -> str:
        return f"{self.noun.name}.{self.verb}"

    @property
    def for_operators(self) -> bool:
        """No page and no program offers it."""
        return self.host or self.operators
