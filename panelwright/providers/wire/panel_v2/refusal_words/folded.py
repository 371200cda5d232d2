"""Lines of scripts that folding takes apart: written as people write them, folded when they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from panelwright.providers.wire.folding import fold

_TEXT = re.compile(r"[^\W\da-zA-Z_]+")


def folded(lines: Mapping[str, str]) -> dict[str, str]:
    """The same lists with every word folded, and the signs of patterns as they are."""
    return {name: _TEXT.sub(lambda found: fold(found[0]), text) for name, text in lines.items()}
