"""Folding: what is compared of a text, so that spelling, markup and scripts do not hide that it is the same.

Whatever is matched against a folded text is folded by the same function, or written so that folding leaves it as
it is; the tests of the word lists prove it line by line.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from panelwright.core import limits
from panelwright.core.text import normalized

FOLD_MAX = limits.FOLDED_CHARS_MAX
_ROUGH_MAX = 4 * FOLD_MAX

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
# Letters that Unicode does not take apart, as people type them without their mark; and small capitals, with which
# names are dressed.
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
_PLAIN = str.maketrans(
    {"ı": "i", "đ": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ی": "ي", "ک": "ك", "ة": "ه"} | _SMALL_CAPITALS
)
# Combining classes that stay, besides none: the signs of Indian scripts are letters of their own. Accents above and
# below a letter, Hebrew and Arabic points are dropped.
_NUKTA, _VIRAMA = 7, 9


@lru_cache(maxsize=2_048)
def _folded(text: str) -> str:
    # Twice: letters in bold, in circles or full width are only letters afterwards. One character may become eighteen,
    # so it is cut again; a syllable of Korean becomes three letters, which are all the same text.
    text = normalized("NFKD", normalized("NFKC", text)[:FOLD_MAX].casefold())
    kept = []
    for char in text[: 3 * FOLD_MAX]:
        kind = unicodedata.category(char)
        if kind == "Cf":
            continue  # zero-width characters, direction marks
        if kind[0] == "M":
            if unicodedata.combining(char) in (0, _NUKTA, _VIRAMA) and kind != "Me":
                kept.append(char)
        else:
            kept.append(char if char.isalnum() else " ")
    return " ".join("".join(kept).translate(_PLAIN).split())[:FOLD_MAX].rstrip()


def fold(text: str) -> str:
    """Lower case words separated by one space; no accents (also й -> и, ё -> е, ı -> i, đ -> d), no markup.

    At most FOLD_MAX characters, of a text that is at most so long without its markup.
    """
    text = text[:_ROUGH_MAX]
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    return _folded(text[:FOLD_MAX])
