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


def known(name: str) -> str:
    """The one spelling of an encoding that Python has; empty for all others."""
    spelled = encodings.normalize_encoding(name).lower().replace(".", "_") if len(name) <= 2 * _LONGEST else ""
    return spelled if spelled in _KNOWN else ""


def _search(name: str) -> codecs.CodecInfo | None:
    spelled = known(name)
    return encodings.search_function(spelled) if spelled else None


def remember_no_others() -> None:
    """For this process. May be called twice."""
    codecs.unregister(encodings.search_function)
    codecs.unregister(_search)
    codecs.register(_search)
