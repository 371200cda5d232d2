"""Ids in addresses of pages, encrypted: they run through all panels, and nobody counts the log-ins or keys of others.

`<hidden:key_id>` in a page's path: the view gets the id, `{% url %}` takes it. What people call by a number has that
number in its address instead.
"""

from __future__ import annotations

from panelwright.core.secret import conceal, reveal

_PURPOSE = "id in an address"


def hidden_id(id_: int) -> str:
    """The id as an address has it: always the same text for the same id."""
    return conceal(str(id_), purpose=_PURPOSE).rstrip("=")


class HiddenId:
    """A path converter. What was not made here leads nowhere (404)."""

    regex = "[0-9A-Za-z_-]{20,60}"

    def to_python(self, text: str) -> int:
        return int(reveal(text + "=" * (-len(text) % 4), purpose=_PURPOSE))

    def to_url(self, id_: int) -> str:
        return hidden_id(int(id_))
