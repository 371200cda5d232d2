"""The fields of saved replies: what stands for something of the ticket that is answered. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

# {{order}} and {{status}} are about the order that the ticket is about.
NAMES = ("customer", "email", "balance", "ticket", "panel", "order", "status", "service", "link")
# No name is as long, and what is longer is text.
_FIELD = re.compile(r"\{\{([^{}]{0,60})\}\}")


def unknown(text: str) -> str | None:
    """The first field that there is none of; None where all are known."""
    return next((name for name in map(str.strip, _FIELD.findall(text)) if name not in NAMES), None)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what its fields stand for. One without a value is left as it is, for whoever writes to see."""
    return _FIELD.sub(lambda field: values.get(field[1].strip()) or field[0], text)
