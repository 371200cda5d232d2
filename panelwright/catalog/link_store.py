"""The tables of links of panels that have rows of their own, kept ready in a bounded store of this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from django.db import connection

from panelwright.catalog.link_kinds import OwnRow, Table, shipped
from panelwright.core import sql

# Panels, with at most limits.LINK_PATTERNS_MAX rows each.
KEPT_MAX = 1_000

_OF_PANEL = sql.Query("SELECT host, path, kinds FROM catalog_linkpattern WHERE panel_id = ? ORDER BY id")
_VERSION = sql.Query("SELECT blocks_version FROM panels_panel WHERE id = ?")

_kept: OrderedDict[int, tuple[int, Table]] = OrderedDict()  # panel id -> (blocks_version, table)
_lock = threading.Lock()


def tables_of(versions: Mapping[int, int]) -> dict[int, Table]:
    """The tables of those panels, of `versions` (panel id -> blocks_version).

    Asks the database only about versions that this process has not seen; see panels/block_store.py, which keeps
    its rules by the same version.
    """
    return {panel_id: _known(panel_id, version) or _load(panel_id, version) for panel_id, version in versions.items()}


def current(panel_id: int) -> Table:
    """A panel's table as it stands now."""
    version = _VERSION.rows(connection, panel_id)[0][0]
    return tables_of({panel_id: version})[panel_id]


def forget() -> None:
    """Drop what is kept: for a process whose database becomes another one."""
    with _lock:
        _kept.clear()


def _known(panel_id: int, version: int) -> Table | None:
    with _lock:
        kept = _kept.get(panel_id)
        if kept is None or kept[0] != version:
            return None
        _kept.move_to_end(panel_id)
        return kept[1]


def _load(panel_id: int, version: int) -> Table:
    rows = [OwnRow._make(row) for row in _OF_PANEL.rows(connection, panel_id)]
    table = shipped().with_rows(rows) if rows else shipped()
    with _lock:
        _kept[panel_id] = (version, table)
        while len(_kept) > KEPT_MAX:
            _kept.popitem(last=False)
    return table
