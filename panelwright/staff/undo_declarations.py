"""Undo, declared: a change of the trail as something that staff act on, one by one or those of bulk work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import InvalidState
from panelwright.staff import undoing
from panelwright.staff.action import Action, ActionDone, Noun, State, by_id
from panelwright.staff.actions import perform_within
from panelwright.staff.actor import Actor
from panelwright.staff.models import TrailEntry
from panelwright.staff.shapes import YES_NO, fields


def _state(panel_id: int, entry_id: int) -> State | None:
    """Locks it: of two that take it back at once one does."""
    rows = TrailEntry.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=entry_id)
    entry: TrailEntry | None = rows.first()
    return None if entry is None else {"undone": undoing.is_undone(entry)}


CHANGE = Noun(
    undoing.CHANGE,
    "changes",
    gettext_noop("Change"),
    _state,
    shape=fields({"undone": YES_NO}),
    find=by_id,
)


def _undo(actor: Actor, panel_id: int, entry_id: int, /) -> ActionDone:
    """Writes the values before back, by an action that leaves its own trail. Refused: not_undoable, undo_too_late,
    already_undone, changed_since, and what that action refuses."""
    entry = undoing.entry_of(panel_id, entry_id)
    assert entry is not None
    by, given = undoing.inverse(entry)
    if undoing.is_undone(entry):
        raise InvalidState("already_undone")
    if not undoing.in_time(entry):
        raise InvalidState("undo_too_late")
    done = perform_within(by, actor=actor, panel_id=panel_id, target=entry.object_id or 0, given=given)
    if not undoing.still_so(entry, done.before):
        raise InvalidState("changed_since")
    return ActionDone(before=_named(entry, done.before), after=_named(entry, done.after))


def _named(entry: TrailEntry, state: Mapping[str, Any]) -> State:
    """What was written back, with what it was written into."""
    return {"object": f"{entry.object_kind} {entry.object_id}", **{name: state.get(name) for name in entry.after}}


ACTIONS = (
    Action(
        CHANGE,
        "undo",
        gettext_noop("Undo"),
        # The function asks for the right of the action that writes back.
        None,
        _undo,
        in_bulk=True,
        help=gettext_noop("The previous values are restored, unless they were changed again since."),
    ),
)
