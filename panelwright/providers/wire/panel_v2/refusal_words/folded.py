"""Lines of scripts that folding takes apart: written as people write them, folded when they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from panelwright.providers.wire.folding import fold

# All signs of patterns are ASCII.
_TEXT = re.compile(r"[^\x00-\x7f]+")
_REPEATED = re.compile(r"([^\x00-\x7f])(?=[?*+])")


def folded(lines: Mapping[str, str]) -> dict[str, str]:
    """The same lists with every word folded, and the signs of patterns as they are.

    A sign behind a letter that folding takes apart, as a syllable of Korean, is about the whole of it.
    """
    return {name: _TEXT.sub(lambda found: fold(found[0]), _REPEATED.sub(r"(\1)", text)) for name, text in lines.items()}
