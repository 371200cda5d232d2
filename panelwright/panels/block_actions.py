"""Writes of blocks: a panel's own, or (panel_id None) the host's, which stand for every panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django_scopes import scope

from panelwright.core import limits
from panelwright.core.refusal import Refused
from panelwright.panels import blocks
from panelwright.panels.models import Block, HostBlock, Panel

NOTE_MAX = 300  # characters


class NewBlock(NamedTuple):
    kind: str
    text: str
    note: str = ""


class BlockRow(NamedTuple):
    """A rule as people are shown it. `text` is as it is compared."""

    id: int
    kind: str
    text: str
    note: str


def add_blocks(panel_id: int | None, new: Sequence[NewBlock]) -> int:
    """Add rules, all or none; they hold from the next order on. Answers how many were not there before.

    Raises ValueError with what is wrong with a text, or when there would be more than RULES_MAX.
    """
    rows: dict[tuple[str, str], str] = {}
    for block in new:
        if len(block.note) > NOTE_MAX:
            raise Refused("text_too_long", "note", limit=NOTE_MAX)
        rows.setdefault((block.kind, blocks.normal(block.kind, block.text)), block.note)
    with transaction.atomic(), _rules(panel_id) as (kept, owner):
        # Who changes rules waits here for whoever else does: the count below stays true.
        _changed(panel_id)
        there = set(kept.values_list("kind", "text"))
        fresh = {key: note for key, note in rows.items() if key not in there}
        if len(there) + len(fresh) > limits.RULES_MAX:
            raise Refused("too_many_rules", limit=limits.RULES_MAX)
        patterns = sum(kind == "pattern" for kind, _ in (*there, *fresh))
        if patterns > limits.PATTERNS_MAX and any(kind == "pattern" for kind, _ in fresh):
            raise Refused("too_many_patterns", limit=limits.PATTERNS_MAX)
        model: Any = Block if panel_id is not None else HostBlock
        model.objects.bulk_create(
            [model(kind=kind, text=text, note=note, **owner) for (kind, text), note in fresh.items()], batch_size=500
        )
    return len(fresh)


def remove_block(panel_id: int | None, *, kind: str, text: str) -> bool:
    """Remove a rule; False when there is none. Raises ValueError when the text could be no rule."""
    compared = blocks.normal(kind, text)
    with transaction.atomic(), _rules(panel_id) as (kept, _):
        _changed(panel_id)
        return bool(kept.filter(kind=kind, text=compared).delete()[0])


def list_blocks(panel_id: int | None) -> list[BlockRow]:
    """All rules, by kind and text: RULES_MAX at most."""
    with _rules(panel_id) as (kept, _):
        rows = kept.order_by("kind", "text").values_list("id", "kind", "text", "note")
        return [BlockRow(*row) for row in rows[: limits.RULES_MAX]]


class _rules:
    """The rows of a panel or of the host, and the columns that say whose a new one is."""

    def __init__(self, panel_id: int | None) -> None:
        self._panel_id = panel_id
        self._scope = scope(panel=panel_id) if panel_id is not None else None

    def __enter__(self) -> tuple[Any, dict[str, int]]:
        if self._scope is None or self._panel_id is None:
            return HostBlock.objects.all(), {}
        self._scope.__enter__()
        return Block.objects.filter(panel_id=self._panel_id), {"panel_id": self._panel_id}

    def __exit__(self, *error: Any) -> None:
        if self._scope is not None:
            self._scope.__exit__(*error)


def _changed(panel_id: int | None) -> None:
    """A new version for the panel, or for all. Locks them in id order."""
    panels = Panel.objects.filter(id=panel_id) if panel_id is not None else Panel.objects.all()
    ids = list(panels.select_for_update(no_key=True).order_by("id").values_list("id", flat=True))
    if panel_id is not None and not ids:
        raise ValueError(f"there is no panel {panel_id}")
    panels.update(blocks_version=F("blocks_version") + 1)
