"""Lines of a CSV file that a spreadsheet may open: what others wrote is never taken for a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What makes a cell a formula: half and full width, with whatever does not show before it. A spreadsheet that
# takes the semicolon or the tab for the end of a cell begins another one behind it, and behind a line break too.
# The run is taken whole, so that a long one is looked at once.
_SHOWS_NOTHING = (
    r"\x00-\x08\x0e-\x1b\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
_BEGIN = re.compile(rf"(?:^|[;\t\r\n])(?>[\s;\"{_SHOWS_NOTHING}]*)([=+\-@＝＋－＠﹢﹣﹦﹫−]?)")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_QUOTED = re.compile(r'[",\r\n]')


def cell(value: str | int | None) -> str:
    """None is empty. What a spreadsheet would calculate gets an apostrophe in front, also behind a semicolon, a
    tab or a line break inside the text; numbers stay numbers."""
    text = "" if value is None else str(value)
    if text.startswith(("\t", "\r", "\n")):
        text = f"'{text}"
    if not _NUMBER.fullmatch(text):
        text = _BEGIN.sub(_as_text, text)
    if _QUOTED.search(text):
        text = '"' + text.replace('"', '""') + '"'
    return text


def _as_text(begin: re.Match[str]) -> str:
    return f"{begin[0][:-1]}'{begin[1]}" if begin[1] else begin[0]


def line(values: Iterable[str | int | None]) -> str:
    """One line as in RFC 4180, with its end."""
    return ",".join(cell(value) for value in values) + "\r\n"
