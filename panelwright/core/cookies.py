"""The Cookie header, read in one pass.

Python's own way to take a value out of its quotes needs a time that grows with the square of its length (before
3.11.10 and 3.12.6: seconds for a header that any stranger can send), and Django goes through it.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)


def read(header: str) -> dict[str, str]:
    """The cookies by name, as Django reads them; of a name that comes twice the last one counts."""
    found: dict[str, str] = {}
    for chunk in header.split(";"):
        name, sign, value = chunk.partition("=")
        if not sign:
            name, value = "", name
        name, value = name.strip(), value.strip()
        if name or value:
            found[name] = _unquoted(value)
    return found


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return _ESCAPED.sub(_character, value[1:-1])


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 8)) if match[1] else match[2]
