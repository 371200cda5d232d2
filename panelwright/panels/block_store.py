"""The rules of panels, read once for each version and kept ready in a bounded store of this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from django.db import connection

from panelwright.core import sql
from panelwright.panels.blocks import BlockRule, Rules, compiled

# Rules kept ready in all, of all panels together; a panel without rules counts as one.
KEPT_MAX = 200_000

_OF_PANEL = sql.Query("SELECT id, kind, text FROM panels_block WHERE panel_id = ? ORDER BY id")
_OF_HOST = sql.Query("SELECT id, kind, text FROM panels_hostblock ORDER BY id")
_VERSION = sql.Query("SELECT blocks_version FROM panels_panel WHERE id = ?")

_kept: OrderedDict[int, tuple[int, Rules]] = OrderedDict()  # panel id -> (version, rules)
_weight = 0
_lock = threading.Lock()


def rules_of(versions: Mapping[int, int]) -> dict[int, Rules]:
    """The rules of those panels, of `versions` (panel id -> blocks_version), that have any.

    Asks the database only about versions that this process has not seen. The version is to be read
    before, in the same transaction or earlier: rules newer than their version are harmless, as the
    next version is read again; the other way round they would stay.
    """
    found: dict[int, Rules] = {}
    for panel_id, version in versions.items():
        rules = _known(panel_id, version)
        if rules is None:
            rules = _load(panel_id)
            _keep(panel_id, version, rules)
        if rules.size:
            found[panel_id] = rules
    return found


def current(panel_id: int) -> Rules:
    """A panel's rules as they stand now, the host's included."""
    version = _VERSION.rows(connection, panel_id)[0][0]
    return rules_of({panel_id: version}).get(panel_id) or Rules()


def host() -> Rules:
    """The host's own rules as they stand now."""
    return compiled(_rules(_OF_HOST.rows(connection), of_host=True))


def forget() -> None:
    """Drop what is kept: for a process whose database becomes another one."""
    global _weight
    with _lock:
        _kept.clear()
        _weight = 0


def _known(panel_id: int, version: int) -> Rules | None:
    with _lock:
        kept = _kept.get(panel_id)
        if kept is None or kept[0] != version:
            return None
        _kept.move_to_end(panel_id)
        return kept[1]


def _load(panel_id: int) -> Rules:
    # The host's come first: where both refuse a target, the event names the host's.
    of_host = _rules(_OF_HOST.rows(connection), of_host=True)
    return compiled(of_host + _rules(_OF_PANEL.rows(connection, panel_id), of_host=False))


def _rules(rows: list[sql.Row], *, of_host: bool) -> list[BlockRule]:
    return [BlockRule(id_, kind, text, of_host) for id_, kind, text in rows]


def _keep(panel_id: int, version: int, rules: Rules) -> None:
    global _weight
    with _lock:
        before = _kept.pop(panel_id, None)
        if before is not None:
            _weight -= 1 + before[1].size
        _kept[panel_id] = (version, rules)
        _weight += 1 + rules.size
        while _weight > KEPT_MAX and len(_kept) > 1:
            _, (_, dropped) = _kept.popitem(last=False)
            _weight -= 1 + dropped.size
