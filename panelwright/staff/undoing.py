"""Taking back what staff changed where no money moved: for ten minutes, by the action that its declaration names.

The values that stood in the object before are in the trail. They are written back where the object still has those that
stood there after; who does it needs the right of the action that does. Bulk work is taken back as bulk work: each of
its entries of the trail, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from panelwright.core import clock
from panelwright.core.refusal import InvalidState, Refused
from panelwright.staff import registry, trail
from panelwright.staff.action import Action, State
from panelwright.staff.actor import Actor
from panelwright.staff.models import BulkWork, TrailEntry

UNDONE_FOR = timedelta(minutes=10)
# The name of the action that takes one back, and the noun of what it is done to.
UNDO, CHANGE, CHANGES = "change.undo", "change", "changes"


def inverse(entry: TrailEntry) -> tuple[Action, Mapping[str, Any]]:
    """The action that takes it back, and with which fields. Raises Refused: not_undoable."""
    action = registry.actions().get(entry.action)
    if action is None or action.undo is None or entry.object_id is None or action.moves_money:
        raise InvalidState("not_undoable")
    if not entry.before and not entry.after:
        # It changed nothing.
        raise InvalidState("not_undoable")
    by = registry.of_noun(entry.object_kind).get(action.undo.verb)
    given = action.undo.given(entry.before)
    if by is None or given is None or any(map(_was_cut, entry.before.values())):
        raise InvalidState("not_undoable")
    return by, given


def _was_cut(value: object) -> bool:
    """Of a long value the trail keeps the beginning, which is not what stood there."""
    if isinstance(value, Mapping):
        return "…" in value
    if isinstance(value, (list, tuple)):
        return bool(value) and isinstance(value[-1], str) and value[-1].startswith("… (")
    return isinstance(value, str) and len(value) > trail.TEXT_KEPT


def in_time(entry: TrailEntry) -> bool:
    """Of bulk work the time counts from its end."""
    at = entry.at if entry.bulk is None else entry.bulk.ended_at or clock.now()
    return bool(clock.now() - at < UNDONE_FOR)


def is_undone(entry: TrailEntry) -> bool:
    rows = TrailEntry.objects.filter(panel_id=entry.panel_id or 0, object_kind=CHANGE, object_id=entry.id, action=UNDO)
    return bool(rows.exists())


def still_so(entry: TrailEntry, stands: State) -> bool:
    """Whether the object has the values that the change left in it."""
    return all(trail.kept(stands.get(name)) == value for name, value in entry.after.items())


def entry_of(panel_id: int, entry_id: int) -> TrailEntry | None:
    rows = TrailEntry.objects.filter(panel_id=panel_id, id=entry_id).select_related("bulk")
    found: TrailEntry | None = rows.first()
    return found


def can_undo(entry: TrailEntry | None, actor: Actor) -> bool:
    """Whether it is offered: declared so, in time, not taken back yet, and the actor may."""
    if entry is None or not in_time(entry) or is_undone(entry):
        return False
    try:
        by, _ = inverse(entry)
    except Refused:
        return False
    return actor.may(by.right)


def entries_of(work: BulkWork) -> QuerySet[TrailEntry]:
    """What bulk work changed."""
    found: QuerySet[TrailEntry] = TrailEntry.objects.filter(panel_id=work.panel_id, bulk_id=work.id)
    return found


def can_undo_work(work: BulkWork, actor: Actor) -> bool:
    """By its first entry: they are all of one action."""
    if work.ended_at is None or work.action == UNDO or clock.now() - work.ended_at >= UNDONE_FOR:
        return False
    return can_undo(entries_of(work).select_related("bulk").order_by("id").first(), actor)
