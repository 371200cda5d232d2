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

from panelwright.core import csv, money

Value = str | int | bool | None
# Of what an address asks a list for: a hundred numbers of 18 digits go in.
TEXT_MAX = 2000
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

    `value` takes it out of a row; else it is the row's attribute of that name. `cell` names a template of its own.
    `says`: on a card the label stands before the value, which alone would not say what it is. `file`: whether it is
    in files and JSON. `empty`: its value may be missing, which is null in JSON.
    """

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    label: str = ""
    place: ColumnPlace | None = None
    value: Callable[[Any], Any] | None = None
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
        return (self.value or attrgetter(self.name))(row)

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


def whole(text: str) -> int | None:
    """A number of an address; None for what is none, or for none that an id can be."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def day(text: str) -> date | None:
    """A day of an address; None for what is none, and for the last one, which no other comes after."""
    try:
        found = date.fromisoformat(text.strip()) if len(text) < 30 else None
    except ValueError:
        return None
    return None if found == date.max else found


_READ: dict[FilterKind, Callable[[str], Any]] = {
    FilterKind.TEXT: str.strip,
    FilterKind.NUMBER: whole,
    FilterKind.DAY: day,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list can be narrowed by. `name` is the parameter of addresses and of the staff API.

    `choices` are pairs of value and words, the first of them for all; without choices a text is typed. `offers` answers
    more of them, which are a panel's own. `read` makes of the parameter's text what the list's reader takes, where that
    is not what the kind says; it never raises.
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
    # Its choices stand beside each other instead of in a menu.
    chips: bool = False
    # All words but the first are names, in no language.
    names: bool = False

    def asked(self, text: str) -> str:
        """The parameter as far as it makes sense: one of the choices, or a short text."""
        if self.choices:
            return text if text in dict(self.choices) else self.choices[0][0]
        return text[:TEXT_MAX]

    def value(self, text: str) -> Any:
        """What the list's reader takes for the parameter's text."""
        return (self.read or _READ[self.kind])(text)


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
        return {one.name: one.asked(parameters.get(one.name, "")) for one in self.filters}

    def read(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """The filters as the list's reader takes them."""
        return {one.name: one.value(asked.get(one.name, "")) for one in self.filters}

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
