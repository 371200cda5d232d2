"""What a list shows, declared once as plain data: its columns and filters.

The HTML row and the card of a phone (ui/templatetags/listing.py), the CSV file and the JSON of the staff API come out
of the same declaration: a column or a filter is one edit. What a list reads stands with the rows, in the app that
owns them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from operator import attrgetter
from typing import Any, Protocol

from panelwright.core import clock, csv, limits, money
from panelwright.core.refusal import Refusal, Refused

Value = str | int | bool | None
# Counts beside tabs, in menus and on the home page stop here: more is this number with a plus.
COUNTED_MAX = 999


def count_text(count: int) -> str:
    """A number that was counted up to one more than COUNTED_MAX."""
    return f"{COUNTED_MAX}+" if count > COUNTED_MAX else str(count)


class ListScope(Enum):
    """Whose rows a list shows."""

    CUSTOMER = "customer"  # one customer's, or one user's
    PANEL = "panel"
    HOST = "host"  # of all panels, for whoever runs the installation


class ColumnKind(Enum):
    """What a column holds, and so how it is written."""

    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    MONEY = "money"  # micros; on pages, in files and in JSON an exact amount as text
    TIME = "time"  # in files and in JSON UTC
    DAY = "day"
    STATUS = "status"  # the wire's word; on pages in the reader's language
    FLAG = "flag"  # 0 or 1 in files, true or false in JSON


class ColumnPlace(Enum):
    """Where a column stands. As a table the places are columns from the start to the end of the row; as a card the
    first line holds FIRST, MARK and ACT, the second MAIN, the third LEFT and END.
    """

    PICK = "pick"
    FIRST = "first"
    MAIN = "main"
    LEFT = "left"
    MARK = "mark"
    END = "end"
    ACT = "act"


_PLACES = list(ColumnPlace)


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is the key in files and JSON; `label` and `place` are for pages, where a column without a place is not.

    `value` takes it out of a row: a function, or the path of an attribute as `order.service.number`; else it is the
    row's attribute of that name, of money the one with `_micros` behind it. `cell` names a template of its own.
    `says`: on a card the label stands before the value, which alone would not say what it is. `file`: whether it is
    in files and JSON. `empty`: its value may be missing, which is null in JSON.
    """

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    label: str = ""
    place: ColumnPlace | None = None
    value: Callable[[Any], Any] | str | None = None
    cell: str = ""
    says: bool = False
    file: bool = True
    empty: bool = False

    @property
    def number(self) -> bool:
        """Whether its digits stand under each other."""
        return self.kind in {ColumnKind.NUMBER, ColumnKind.MONEY}

    def of(self, row: Any) -> Any:
        """The value as the row holds it."""
        if callable(self.value):
            return self.value(row)
        name = f"{self.name}_micros" if self.kind is ColumnKind.MONEY else self.name
        return attrgetter(self.value or name)(row)

    def plain(self, row: Any) -> Value:
        """The value in JSON: money and times are text."""
        value = self.of(row)
        if value is None:
            return None
        match self.kind:
            case ColumnKind.MONEY:
                return money.text(value)
            case ColumnKind.TIME:
                assert isinstance(value, datetime)
                return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            case ColumnKind.DAY:
                assert isinstance(value, date)
                return value.isoformat()
            case ColumnKind.FLAG:
                return bool(value)
        plain: Value = value
        return plain

    def cell_of(self, row: Any) -> str | int | None:
        """The value in a CSV file."""
        value = self.plain(row)
        return int(value) if isinstance(value, bool) else value


class FilterKind(Enum):
    """What a filter without choices takes, or one whose choices are a panel's own."""

    TEXT = "text"
    NUMBER = "number"  # an id
    DAY = "day"  # 2030-12-31


# The highest number that a filter takes: more than any id, and as many digits as databases hold.
NUMBER_MAX = 10**18 - 1


def whole(text: str) -> int | None:
    """A number of an address; None for what is none, or for none that an id can be."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def day(text: str) -> date | None:
    """A day of an address; None for what is none, and for the last one, which no other comes after. "today" is the day
    that it is, in UTC."""
    if text.strip() == "today":
        return clock.now().date()
    try:
        found = date.fromisoformat(text.strip()) if len(text) < 30 else None
    except ValueError:
        return None
    return None if found == date.max else found


_READ: dict[FilterKind, Callable[[str], Any]] = {
    FilterKind.TEXT: str.strip,
    FilterKind.NUMBER: lambda text: whole(text.strip()),
    FilterKind.DAY: day,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list can be narrowed by: the one place of it. `name` is the parameter of addresses and of the staff API.

    `choices` are pairs of value and words, the first of them for all; without choices a text is typed. `offers` answers
    more of them, which are a panel's own. `read` makes of the parameter's text what `where` takes, where that is not
    what the kind says; it never raises.

    `where` says what the filter asks of the database: where(panel, value), of a value that narrows. Lists of staff take
    a `Narrowing` (core/paging.py), a customer's orders a `Wanted` (orders/listing.py); None asks for nothing. `joint`
    says it instead where it depends on what others narrow by: joint(panel, values), with the values of all. `unasked`,
    called alike, says what a list shows that is not narrowed by this filter.
    """

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    kind: FilterKind = FilterKind.TEXT
    read: Callable[[str], Any] | None = None
    offers: Callable[[int], Iterable[tuple[str, str]]] | None = None
    hint: str = ""
    # Neither shown nor typed: it comes with a link from elsewhere.
    hidden: bool = False
    # Said by whoever shows the list, never by an address.
    inner: bool = False
    # Its choices stand beside each other instead of in a menu.
    chips: bool = False
    # All words but the first are names, in no language.
    names: bool = False
    where: Callable[[Any, Any], Any] | None = None
    joint: Callable[[Any, Mapping[str, Any]], Any] | None = None
    unasked: Callable[[Any, Mapping[str, Any]], Any] | None = None
    # Characters of a typed text.
    most: int = limits.SEARCH_CHARS_MAX

    def asked(self, text: str) -> str:
        """The parameter of a page: of what old or mistyped addresses hold one of the choices, or a text as long as one
        may be. Numbers and days stand as they were typed, and are refused where they are none.
        """
        if self.choices:
            return text if text in dict(self.choices) else self.choices[0][0]
        if self.kind is FilterKind.TEXT:
            spaced = (" " if c.isspace() else c for c in text[: 2 * self.most])
            text = "".join(c for c in spaced if c.isprintable())
        return text[: self.most]

    def refused(self, text: str) -> Refusal | None:
        """What is wrong with a parameter's text: the same on pages and for programs. Empty asks for nothing."""
        if not text:
            return None
        if self.choices and self.offers is None:
            values = [value for value, _ in self.choices if value]
            if text not in values:
                return Refusal("not_a_choice", self.name, facts=(("choices", ", ".join(values)),))
        elif self.kind is FilterKind.NUMBER:
            if whole(text.strip()) is None:
                return Refusal("number_out_of_range", self.name, facts=(("least", 0), ("most", NUMBER_MAX)))
        elif self.kind is FilterKind.DAY:
            if day(text) is None:
                return Refusal("not_a_day", self.name)
        elif len(text) > self.most:
            return Refusal("text_too_long", self.name, facts=(("limit", self.most),))
        elif not all(c.isprintable() or c == " " for c in text):
            return Refusal("unstorable_text", self.name)
        return None

    def value(self, text: str) -> Any:
        """What the list's reader takes for the parameter's text. Refused: it is none of this filter's."""
        refusal = self.refused(text)
        if refusal is not None:
            raise Refused.of(refusal)
        return (self.read or _READ[self.kind])(text)

    def asks(self, panel: Any, text: str, values: Mapping[str, Any]) -> Any:
        """What it asks of the database; None for nothing."""
        value = values[self.name]
        if text and value not in (None, "", ()):
            if self.joint is not None:
                return self.joint(panel, values)
            return None if self.where is None else self.where(panel, value)
        return None if self.unasked is None else self.unasked(panel, values)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list. `name` is its file's; `label` its caption; `empty` and `none_match` are said where it has no rows."""

    name: str
    label: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    scope: ListScope = ListScope.CUSTOMER
    empty: str = ""
    none_match: str = ""

    @property
    def shown(self) -> list[Column]:
        """The columns of pages, in the order of their places."""
        placed = [(_PLACES.index(column.place), column) for column in self.columns if column.place is not None]
        return [column for _, column in sorted(placed, key=lambda pair: pair[0])]

    @property
    def written(self) -> list[Column]:
        """The columns of files and of JSON."""
        return [column for column in self.columns if column.file]

    def asked(self, parameters: Any) -> dict[str, str]:
        """What a request's parameters narrow the list by: a text for each filter, empty for all."""
        return {one.name: "" if one.inner else one.asked(parameters.get(one.name, "")) for one in self.filters}

    def refused(self, asked: Mapping[str, str]) -> Refusal | None:
        """What is wrong with what is asked, by the first filter that something is wrong with."""
        return next(filter(None, (one.refused(asked.get(one.name, "")) for one in self.filters)), None)

    def read(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """The values of the filters. Raises Refused, which names the filter."""
        return {one.name: one.value(asked.get(one.name, "")) for one in self.filters}

    def narrowed(self, panel: Any, asked: Mapping[str, str]) -> list[Any]:
        """What the filters ask of the database, in their order. Raises Refused."""
        values = self.read(asked)
        found = (one.asks(panel, asked.get(one.name, ""), values) for one in self.filters)
        return [asks for asks in found if asks is not None]

    def of_panel(self, panel_id: int) -> Listing:
        """The list with the choices that are the panel's own."""

        def offered(one: Filter) -> Filter:
            if one.offers is None:
                return one
            return replace(one, choices=(*one.choices, *one.offers(panel_id)), offers=None)

        return replace(self, filters=tuple(map(offered, self.filters)))

    def item(self, row: Any) -> dict[str, Value]:
        """A row in JSON."""
        return {column.name: column.plain(row) for column in self.written}

    def csv(self, pages: Iterable[Sequence[Any]]) -> Iterator[str]:
        """The lines of a file, a page of rows at a time, after one with the columns' names."""
        yield csv.line(column.name for column in self.written)
        for rows in pages:
            if rows:
                yield "".join(csv.line(column.cell_of(row) for column in self.written) for row in rows)


class Window(Protocol):
    """A page of a list: its rows, and the cursors of the pages before and behind it; None where there is none."""

    @property
    def rows(self) -> Sequence[Any]: ...

    @property
    def older(self) -> Any: ...

    @property
    def newer(self) -> Any: ...
