"""Encodings that Python knows, and no others, are looked up.

Python remembers each name that it was asked for and did not know, for ever, and a request may name an encoding
in a dozen places (`boundary*=…'` in its Content-Type, `filename*=` in each of its parts).
"""

from __future__ import annotations

import codecs
import encodings
import encodings.aliases
import pkgutil

_KNOWN = frozenset(encodings.aliases.aliases) | {found.name for found in pkgutil.iter_modules(encodings.__path__)}
_LONGEST = max(map(len, _KNOWN))


def known(name: str) -> bool:
    """Whether Python has an encoding of this name."""
    return len(name) <= _LONGEST + 8 and encodings.normalize_encoding(name).lower().replace(".", "_") in _KNOWN


def _search(name: str) -> codecs.CodecInfo | None:
    return encodings.search_function(name) if known(name) else None


def remember_no_others() -> None:
    """For this process. May be called twice."""
    codecs.unregister(encodings.search_function)
    codecs.unregister(_search)
    codecs.register(_search)
