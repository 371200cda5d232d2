"""What people paste into the order forms, read where it can only mean one thing. Pure.

The API takes none of this: a program says what it means.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from panelwright.core.text import trim

# Spaces of all widths, apostrophes, underscore, comma and point, which part thousands somewhere.
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([ \u00a0\u2007\u2009\u202f'\u2019\u02bc_,.])[0-9]{3})(?:\1[0-9]{3})*")
# As in India: above the thousands in groups of two.
_GROUPED_IN_TWOS = re.compile(r"[1-9][0-9]?(?:(,)[0-9]{2})(?:,[0-9]{2})*,[0-9]{3}")
# The marks of other digits that part thousands.
_OTHER_MARKS = {"\u066c": ",", "\uff0c": ",", "\uff0e": ".", "\u066b": "."}
_NO_CENTS = re.compile(r"(.*[0-9])([.,])0{1,2}")
NUMBER_MAX = 40  # characters

_SERVICE = re.compile(r"(?:[#\u2116]\s*|id\s*[:#]?\s*)?([0-9]{1,17})", re.IGNORECASE | re.ASCII)
_SPACES = re.compile(r"\s+")
# Of a line whose cells stand in quotes, as spreadsheets write them.
QUOTED_MAX = 10_000  # characters


def number(text: str) -> int | None:
    """A whole number as people and spreadsheets write it (` 1000 `, `1,000`, `1 000`, `1000.00`, `1,00,000`), in the
    digits of any language, or None.

    `1.000` is a thousand to some and one to others; `1,000` is a thousand to all who order whole units.
    """
    text = trim(text)
    if len(text) > NUMBER_MAX:
        return None
    if not text.isascii():
        text = _in_our_digits(text)
    cents = None if _is_digits(text) else _NO_CENTS.fullmatch(text)
    if cents is not None:
        text = cents[1]
    if _is_digits(text):
        return int(text)
    grouped = _GROUPED.fullmatch(text) or _GROUPED_IN_TWOS.fullmatch(text)
    if grouped is None:
        return None
    mark = grouped[1]
    # With two marks, one of them parts thousands and the other what is less than one.
    if cents is not None and cents[2] == mark:
        return None
    if mark == "." and cents is None and text.count(mark) == 1:
        return None
    return int(text.replace(mark, ""))


def understood(text: str) -> str:
    """The number in digits where it is one, else the text, trimmed."""
    found = number(text)
    return trim(text) if found is None else str(found)


def service(text: str) -> int | None:
    """A service's number: `12`, `#12`, `ID 12`."""
    text = trim(text)
    match = _SERVICE.fullmatch(text) if len(text) <= NUMBER_MAX else None
    return int(match[1]) if match is not None else None


class Cells(NamedTuple):
    """A line of a mass order taken apart: the service's number, the link, and what follows them."""

    service: int
    link: str
    more: tuple[str, ...]


def cells(line: str) -> Cells | None:
    """`service | link | …`, or the same from a spreadsheet or between spaces. None where it is not unmistakable.

    Bars may stand at both ends; tabs part cells as bars do, since nobody types one. Else cells are parted by
    semicolons, commas or spaces: by the first of these that leaves a service's number, what can only be a link, and
    one quantity or nothing.
    """
    if "|" in line:
        parts = [trim(part) for part in line.split("|")]
        while parts and not parts[-1]:
            parts.pop()
        if parts and not parts[0]:
            parts.pop(0)
        return _of(parts)
    if "\t" in line:
        found = _of(_parts(line, "\t"))
        if found is not None and _SPACES.search(found.link) is None:
            return found
    for parts in _ways(line):
        found = _of(parts)
        if found is not None and _is_link(found.link) and (not found.more or _is_quantity(found.more)):
            return found
    return None


def _ways(line: str) -> Iterator[list[str]]:
    for mark in ";,":
        if mark in line:
            yield _parts(line, mark)
    # Two numbers are two: here a space parts cells, so it parts no thousands.
    yield _SPACES.split(line)


def _parts(line: str, mark: str) -> list[str]:
    parts = [trim(part) for part in _parted(line, mark)]
    while parts and not parts[-1]:
        parts.pop()
    return parts


def _parted(line: str, mark: str) -> list[str]:
    if '"' not in line or len(line) > QUOTED_MAX:
        return line.split(mark)
    try:
        return next(csv.reader([line], delimiter=mark, skipinitialspace=True, strict=True), [])
    except csv.Error:
        return []


def _of(parts: list[str]) -> Cells | None:
    number_ = service(parts[0]) if len(parts) >= 2 else None
    return Cells(number_, parts[1], tuple(parts[2:])) if number_ is not None and parts[1] else None


def _is_link(text: str) -> bool:
    return _SPACES.search(text) is None and (text.startswith("@") or "." in text or "/" in text)


def _is_quantity(more: tuple[str, ...]) -> bool:
    return len(more) == 1 and number(more[0]) is not None


def _in_our_digits(text: str) -> str:
    """The same in ASCII digits, where all of its digits are of one kind: nobody mixes them."""
    zeros = {ord(char) - unicodedata.decimal(char) for char in text if char.isdecimal()}
    if len(zeros) != 1 or zeros == {ord("0")}:
        return text
    return "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else _OTHER_MARKS.get(char, char) for char in text
    )


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
