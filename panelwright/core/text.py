"""Texts as people paste them: what nobody sees is cut off at the ends."""

from __future__ import annotations

import re
import sys

# Soft hyphen, zero-width characters, marks of direction, byte-order mark: they come along when a link is copied.
INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_AROUND = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace() or _INVISIBLE.match(c))


def trim(text: str) -> str:
    """Without white space and invisible characters at its ends."""
    text = text.strip()
    return text if text.isascii() else text.strip(_AROUND)


def has_invisible(text: str) -> bool:
    return not text.isascii() and _INVISIBLE.search(text) is not None


def without_invisible(text: str) -> str:
    return text if text.isascii() else _INVISIBLE.sub("", text)
