"""Lines of a CSV file that a spreadsheet may open: what others wrote is never taken for a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_QUOTED = re.compile(r'[",\r\n]')


def cell(value: str | int | None) -> str:
    """None is empty. A text that a spreadsheet would calculate gets an apostrophe in front; numbers stay numbers."""
    text = "" if value is None else str(value)
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        text = f"'{text}"
    if _QUOTED.search(text):
        text = '"' + text.replace('"', '""') + '"'
    return text


def line(values: Iterable[str | int | None]) -> str:
    """One line as in RFC 4180, with its end."""
    return ",".join(cell(value) for value in values) + "\r\n"
