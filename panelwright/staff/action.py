"""What a staff action is: a plain declaration, from which page, staff API, command and trail are made.

A module of declarations (`<app>/declarations.py`) lists its nouns and actions. `actions.perform` does one for an actor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from panelwright.core.refusal import Refusal
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
    CHANGE = "change"  # "-12.5", of a hundred -> hundredths; may be negative
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

    `argument`: what the function calls it, where that differs. `held_as`: what the object's state calls it, where that
    differs; a form is filled in with what stands there. `clears`: a form that is sent with nothing in it empties it;
    else what stands there stays. `offers`: values with their words that a page lets choose from, which are the panel's
    own; what is none of them, the function refuses. `markdown`: a page shows how it reads before it is done.
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
    held_as: str = ""
    clears: bool = False
    offers: Callable[[int], Iterable[tuple[str, str]]] | None = None
    markdown: bool = False
    # Of a file: the field in which its name stands.
    file_name: str = ""

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
    `facts` makes of an object, as its list and its page read it, what `Action.offered` is asked about; without it, that
    is the object itself. `part_of`: the noun on whose objects' pages its actions stand; it calls them as that does.
    `of_money`: by it money comes in, so that an operator in an owner's place needs leave to move money.
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
    facts: Callable[[Any], Any] | None = None
    part_of: str = ""
    single: bool = False
    of_money: bool = False


def by_id(panel_id: int, text: str) -> int | None:
    """`find` of a noun that is named by its number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class ObjectChange(NamedTuple):
    """What an action that changes many objects has done to one: what people call it, and its fields that differ."""

    called: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class ActionDone(NamedTuple):
    """What an action has done, where that is more than a change of its object.

    `id`: of the object that was made. `shown`: what the actor is told once, a new key for one; never in the trail.
    `before`, `after`: of what has no id. `nothing`: the same had been done before. `each`: the objects of its noun that
    it has changed, each of which gets an entry in the trail; `bulk_id`: of the bulk work that stands for all of them.
    """

    id: int | None = None
    shown: Mapping[str, Any] = {}
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    nothing: bool = False
    each: Sequence[ObjectChange] | None = None
    bulk_id: int | None = None


# Does it, in the transaction that `perform` has opened: do(actor, panel_id, target, **values). `target` is the id of
# the object; None for an action that makes one. Raises Refused.
Do = Callable[..., ActionDone | None]
# Whether an action makes sense for an object as it stands (Noun.facts). Pure, no query; 0 is no. An action is offered
# by it on the object's page and in the menu of its row, the highest answers first, then in the order of declaration.
Offered = Callable[[Any], int]
Prepare = Callable[[int, int | None, Mapping[str, Any]], Mapping[str, Any]]


class Foretold(NamedTuple):
    """What an action would do to one of many objects. Money in micros of customers. `notes`: codes of what is counted
    beside it before it is done, as `below_cost` (backoffice/bulk_words.py)."""

    refund_micros: int = 0
    charge_micros: int = 0
    notes: tuple[str, ...] = ()


# Asked for one batch after the other, in the order in which they would be worked on, with what actions call the
# objects: what would be done to each, or why it would be refused.
Foresight = Callable[[Sequence[int]], Sequence[Foretold | Refusal]]
# foretell(panel_id, **values) begins to look ahead. It reads, and decides by the rule by which `do` does.
Foretell = Callable[..., Foresight]


class Pace(NamedTuple):
    """How many objects of bulk work are done in a minute: the number in the field of this name, else `usual`."""

    field: str
    usual: int


class Undo(NamedTuple):
    """How what an action did is taken back: by the action of the same noun with this verb. `given` makes its fields of
    what stood in the object before, of which it gets the values that changed; None where that cannot be written back.
    """

    verb: str
    given: Callable[[Mapping[str, Any]], Mapping[str, object] | None]


def by_opposite(verb: str, *changes: str) -> Undo:
    """Taken back by an action without fields, as `turn_off`, where nothing else of the object changed than these."""
    return Undo(verb, lambda before: {} if set(before) <= set(changes) else None)


def by_values(verb: str, *fields: str) -> Undo:
    """Taken back by an action that takes the values as they stand in the object's state, under the same names."""

    def given(before: Mapping[str, Any]) -> Mapping[str, object] | None:
        known = all(name in fields and value is not None for name, value in before.items())
        return dict(before) if before and known else None

    return Undo(verb, given)


def in_its_place(_facts: Any) -> int:
    """`offered` of what stands on the object's page in a form of its own, and so in no menu."""
    return 0


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that staff can do.

    `on_target`: it is done to one object; else it makes one, or changes what has no id. `in_bulk`: it may be done to
    many at once (bulk.py). `foretell`: what it would do to many, without doing it; what moves money in bulk has it.
    `right` is None where any of the staff may try, and the function says who may. `moves_money`: what it moves cannot
    be taken back by doing it again. `undo`: how it is taken back, where that can be (undoing.py). `prepare` runs before
    the transaction and answers the values anew: a hash, what a provider's list says. `host`: operators alone may do it,
    to the whole installation; `operators`: they alone may, to a panel. `gone`: the object is not there afterwards.
    `shown` is the shape of what `ActionDone.shown` holds. `offered`: whether it makes sense now; without it, always.
    `many`: it changes many objects at once, each with an entry in the trail, and answers none of them.
    `pace`: in bulk it takes its time, as with letters. `part`: of its object's page, where it stands
    there and in no menu of a row. `letter`: it sends a letter with a link. `person`: somebody at a page does it,
    and no program can. `caution`: `help` is a warning, as it is of what moves money or takes something away.
    `of_money`: it decides what is paid or to whom, so that an operator in an owner's place needs leave to move money;
    so does whatever needs the right to prices.
    """

    noun: Noun
    verb: str
    label: str
    right: Right | None
    do: Do
    fields: tuple[Field, ...] = ()
    on_target: bool = True
    in_bulk: bool = False
    moves_money: bool = False
    prepare: Prepare | None = None
    host: bool = False
    operators: bool = False
    gone: bool = False
    many: bool = False
    help: str = ""
    shown: Mapping[str, Shape] = field(default_factory=dict)
    body_max: int | None = None
    offered: Offered | None = None
    part: str = ""
    foretell: Foretell | None = None
    undo: Undo | None = None
    letter: bool = False
    person: bool = False
    pace: Pace | None = None
    caution: bool = False
    of_money: bool = False

    def __post_init__(self) -> None:
        assert self.undo is None or not self.moves_money, f"{self.name}: money is moved back by another action"
        if self.in_bulk:
            kinds = {field.kind for field in self.fields}
            # What is kept in the row of the work until it is done is no secret, and nobody else is asked meanwhile.
            assert self.on_target and self.prepare is None, self.name
            assert not kinds & {ActionFieldKind.SECRET, ActionFieldKind.FILE}, self.name
            assert not self.moves_money or self.foretell is not None, self.name

    @property
    def name(self) -> str:
        return f"{self.noun.name}.{self.verb}"

    @property
    def warns(self) -> bool:
        """Whether what `help` says is to be read before, as a warning."""
        return self.caution or self.moves_money or self.gone

    @property
    def for_operators(self) -> bool:
        """No page and no program offers it."""
        return self.host or self.operators
