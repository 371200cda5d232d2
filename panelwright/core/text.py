"""Texts as people paste them: what nobody sees is cut off at the ends."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from panelwright.core import limits

# Soft hyphen, zero-width characters, marks of direction, byte-order mark, anchors of notes: they come along when a link
# is copied. Of what Unicode calls format characters, all but the Arabic and Syriac ones that are seen.
INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
# None of them stands above the first plane; to look through all planes takes every process half a second at its start.
_AROUND = "".join(re.findall(rf"[\s{INVISIBLE}]", "".join(map(chr, range(0x10000)))))


def trim(text: str) -> str:
    """Without white space and invisible characters at its ends."""
    text = text.strip()
    return text if text.isascii() else text.strip(_AROUND)


def has_invisible(text: str) -> bool:
    return not text.isascii() and _INVISIBLE.search(text) is not None


def without_invisible(text: str) -> str:
    return text if text.isascii() else _INVISIBLE.sub("", text)


def _is_mark(char: str) -> bool:
    """Whether nothing but marks that combine is left of it once it is taken apart."""
    if unicodedata.decomposition(char):
        return all(map(unicodedata.combining, unicodedata.normalize("NFKD", char)))
    return unicodedata.combining(char) > 0


_MARKS = frozenset(c for c in map(chr, range(0x300, 0x20000)) if _is_mark(c))
_LONG_RUN = re.compile("([{0}]{{{1}}})[{0}]++".format("".join(sorted(_MARKS)), limits.MARKS_IN_A_ROW_MAX))
_TOO_MANY = b"\x01" * (limits.MARKS_IN_A_ROW_MAX + 1)


def has_marks(text: str) -> bool:
    """Whether marks that combine are in it, which take long to put in order."""
    return not text.isascii() and not _MARKS.isdisjoint(text)


def normalized(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """Unicode's normal form, in a time that is proportional to the length.

    Marks that combine are sorted in a way that is quadratic in how many follow one another: of a long run no more
    than MARKS_IN_A_ROW_MAX count. No language writes so many; Unicode's own stream-safe format allows 30, and sorting
    those still takes as long as all else together.
    """
    if text.isascii():
        return text
    if len(text) > limits.MARKS_IN_A_ROW_MAX and not _MARKS.isdisjoint(text):
        marks = bytes(map(_MARKS.__contains__, text))
        if _TOO_MANY in marks:
            text = _LONG_RUN.sub(r"\1", text)
    return unicodedata.normalize(form, text)
