"""Writes of a panel's own rows of the table of links. Each holds from the next order on, in every process."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction

from panelwright.catalog import link_kinds
from panelwright.catalog.models import LinkPattern
from panelwright.core import limits
from panelwright.core.refusal import Refused
from panelwright.panels.actions import targets_changed


class LinkPatternRow(NamedTuple):
    """A row as people are shown it."""

    host: str
    path: str
    kinds: str


def add_pattern(panel_id: int, *, host: str, path: str, kinds: list[str]) -> LinkPatternRow:
    """Say what a path on a host leads to; a row for the same host and path is written over.

    Raises ValueError with what is wrong, or when there would be more than limits.LINK_PATTERNS_MAX rows.
    """
    row = LinkPatternRow(
        _host(host), _path(path), link_kinds.kinds_text(kinds, also=(link_kinds.ANY, link_kinds.OTHER))
    )
    with transaction.atomic():
        targets_changed(panel_id)
        kept = LinkPattern.objects.filter(panel_id=panel_id)
        if not kept.filter(host=row.host, path=row.path).update(kinds=row.kinds):
            if kept.count() >= limits.LINK_PATTERNS_MAX:
                raise Refused("too_many_link_patterns", limit=limits.LINK_PATTERNS_MAX)
            LinkPattern.objects.create(panel_id=panel_id, host=row.host, path=row.path, kinds=row.kinds)
    return row


def remove_pattern(panel_id: int, *, host: str, path: str) -> bool:
    """Remove a row; False when there is none. Raises ValueError when they could be none."""
    with transaction.atomic():
        targets_changed(panel_id)
        rows = LinkPattern.objects.filter(panel_id=panel_id, host=_host(host), path=_path(path))
        return bool(rows.delete()[0])


def list_patterns(panel_id: int) -> list[LinkPatternRow]:
    """A panel's own rows in the order in which they are held against a link."""
    rows = LinkPattern.objects.filter(panel_id=panel_id).order_by("id").values_list("host", "path", "kinds")
    return [LinkPatternRow(*row) for row in rows[: limits.LINK_PATTERNS_MAX]]


def _host(text: str) -> str:
    host = text.strip().lower().removesuffix("/")
    if not link_kinds.is_host(host):
        raise Refused("bad_link_host", "host")
    return host


def _path(text: str) -> str:
    try:
        return str(link_kinds.parse_pattern(text.strip()))
    except ValueError:
        raise Refused("bad_link_pattern", "path") from None
