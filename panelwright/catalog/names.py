"""Which services of a panel somebody means: found by number or name, those that are no longer sold included.

    names.find(panel_id=…, version=panel.catalog_version, text="insta likes")    # ids

Read once for each catalogue version, kept in memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from django.db import connection

from panelwright.catalog.priced_catalogue import folded
from panelwright.core import limits, sql

# Over all panels that are kept.
KEPT_MAX = 100_000  # services

_SERVICES = sql.Query("SELECT id, number, name FROM catalog_service WHERE panel_id = ? ORDER BY id")

# Of a service: its id, its number in digits, its name as it is compared.
Named = tuple[int, str, str]


class _Kept:
    """The names of the panels that were searched last."""

    def __init__(self, keep: int = KEPT_MAX) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._panels: OrderedDict[int, tuple[int, list[Named]]] = OrderedDict()

    def get(self, panel_id: int, version: int) -> list[Named]:
        with self._lock:
            kept = self._panels.get(panel_id)
            if kept is not None and kept[0] == version:
                self._panels.move_to_end(panel_id)
                return kept[1]
        rows = _SERVICES.rows(connection, panel_id)
        made = [(id_, str(number), folded(name)) for id_, number, name in rows]
        with self._lock:
            self._panels[panel_id] = (version, made)
            self._panels.move_to_end(panel_id)
            while sum(len(one) for _, one in self._panels.values()) > self._keep and len(self._panels) > 1:
                self._panels.popitem(last=False)
        return made

    def forget(self) -> None:
        """Tests give the same ids and versions to other panels, one after the other."""
        with self._lock:
            self._panels.clear()


kept = _Kept()


def find(*, panel_id: int, version: int, text: str) -> tuple[int, ...]:
    """The ids of the services with this number, or with every word of the text in their names."""
    words = folded(text[: limits.SEARCH_CHARS_MAX]).split()[: limits.SEARCH_WORDS_MAX]
    if not words:
        return ()
    services = kept.get(panel_id, version)
    if len(words) == 1 and words[0].lstrip("#").isdigit():
        number = words[0].lstrip("#").lstrip("0")
        return tuple(id_ for id_, of, _ in services if of == number)
    return tuple(id_ for id_, _, name in services if all(word in name for word in words))
