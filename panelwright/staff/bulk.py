"""One action to many objects: what it will do, found out before; and what is kept of it. Reads only.

A person or program first sees what would happen (`foreseen`), and what is then started is bound to that by its digest.
The work itself is a row, done by a loop (bulk_actions.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from panelwright.core import money, refusals
from panelwright.core.refusal import Refusal, Refused
from panelwright.panels.models import Panel
from panelwright.staff import registry, values
from panelwright.staff.action import Action, Foretold
from panelwright.staff.actions import not_allowed, preview
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.lists import Selection, StaffList, all_lists, named
from panelwright.staff.models import BulkMiss, BulkWork

# Objects of one work. What is shown before is read in the request.
OBJECTS_MAX = 20_000
# Looks at the list for them, each of a window at most.
BATCHES_MAX = 100
# Of an action that cannot foretell, it is done to so many and taken back.
TRIED_MAX = 100
# From here on the number is typed before it starts.
TYPED_ABOVE = 100


@dataclass(slots=True)
class Skipped:
    """Objects that would be left out for one reason: how many, the first of them, and its refusal."""

    refusal: Refusal
    count: int = 0
    first: int = 0


@dataclass(slots=True)
class Foreseen:
    """What bulk work would do. `count`: the objects that are selected, `tried` of which were looked at; `todo`: those
    of the tried to which it would be done. Money in micros. `notes`: how many have what is counted beside it.
    """

    action: Action
    selection: Selection
    given: Mapping[str, object]
    count: int = 0
    tried: int = 0
    todo: int = 0
    refund_micros: int = 0
    charge_micros: int = 0
    skipped: dict[str, Skipped] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        """How many objects it would be done to, as far as it is known."""
        return self.count - self.left_out

    @property
    def left_out(self) -> int:
        return sum(one.count for one in self.skipped.values())

    @property
    def asks_number(self) -> bool:
        """Whether the number is to be typed."""
        return self.expected > TYPED_ABOVE

    def digest(self, *, frozen: bool = True) -> str:
        """What a confirmation is bound to: what would come of it. Without `frozen` not to which rows there were when it
        was looked at."""
        facts = {
            "action": self.action.name,
            "selection": self.selection.as_json() if frozen else [self.selection.asked, self.selection.keys],
            "counts": [self.count, self.tried, self.todo],
            "money": [self.refund_micros, self.charge_micros],
            "skipped": {code: one.count for code, one in self.skipped.items()},
            "notes": self.notes,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()

    def take(self, targets: Sequence[int], results: Sequence[Foretold | Refusal]) -> None:
        """Add up what was foretold of some objects."""
        for target, result in zip(targets, results, strict=True):
            self.tried += 1
            if isinstance(result, Refusal):
                one = self.skipped.setdefault(result.code, Skipped(result, first=target))
                one.count += 1
                continue
            self.todo += 1
            self.refund_micros += result.refund_micros
            self.charge_micros += result.charge_micros
            for note in result.notes:
                self.notes[note] = self.notes.get(note, 0) + 1


def actions_of(of: StaffList, actor: Actor) -> list[Action]:
    """What the actor may do to many rows of the list. An operator who is signed in as the owner may nothing: the work
    goes on when they have left."""
    if not actor.may(of.right) or actor.kind is ActorKind.HOST:
        return []
    return [action for action in of.bulk if not action.for_operators and actor.may(action.right)]


def of_lists() -> Iterator[tuple[StaffList, Action]]:
    """Each list with each action that pages and programs offer on it in bulk."""
    for of in all_lists().values():
        for action in of.bulk:
            if not action.for_operators:
                yield of, action


def foreseen(
    action: Action, *, actor: Actor, panel: Panel, selection: Selection, given: Mapping[str, object]
) -> Foreseen | Refusal:
    """What would happen now, and nothing has. Inside the panel's scope.

    Refusals: not_allowed, what is wrong with a field, nothing_selected, selection_too_large.
    """
    right = named(selection.name).right
    if right is not None and not actor.may(right):
        return Refusal("not_allowed", facts=(("right", right.value),))
    if (refusal := not_allowed(action, actor)) is not None:
        return refusal
    if actor.kind is ActorKind.HOST:
        return Refusal("not_allowed", facts=(("right", ""),))
    found = Foreseen(action, selection, given)
    try:
        checked = values.of(action, given)
        look = None if action.foretell is None else action.foretell(panel.id, **checked)
        for targets in _batches(panel, selection):
            found.count += len(targets)
            if found.count > OBJECTS_MAX:
                raise Refused("selection_too_large", limit=OBJECTS_MAX)
            if look is not None:
                found.take(targets, look(targets))
            else:
                some = targets[: max(TRIED_MAX - found.tried, 0)]
                found.take(some, [_tried(action, actor, panel.id, target, given) for target in some])
    except Refused as refused:
        return refused.refusal
    return found if found.count else Refusal("nothing_selected")


def _batches(panel: Panel, selection: Selection) -> Iterator[list[int]]:
    after: int | None = None
    for _ in range(BATCHES_MAX):
        targets, after = selection.batch(panel, after=after)
        yield targets
        if after is None:
            return
    # It would be looked for through more rows than a page should wait for.
    raise Refused("selection_too_large", limit=OBJECTS_MAX)


def _tried(action: Action, actor: Actor, panel_id: int, target: int, given: Mapping[str, object]) -> Foretold | Refusal:
    done = preview(action, actor=actor, panel_id=panel_id, target=target, given=given)
    return done if isinstance(done, Refusal) else Foretold()


def is_skip(refusal: Refusal) -> bool:
    """Whether an object was in no state for the action, or is not there any more; else it has failed."""
    return refusals.status(refusal) in {404, 409}


def refusal_of(miss: BulkMiss) -> Refusal:
    """Why it was not done, as it was refused."""
    facts = dict(miss.facts)
    limit = facts.pop("limit", 0)
    return Refusal(miss.code, miss.field, int(limit), facts=tuple(facts.items()))


def action_of(work: BulkWork) -> Action | None:
    """None: this version knows it no more."""
    return registry.actions().get(work.action)


def per_minute(work: BulkWork) -> int | None:
    """How many objects of it are done in a minute; None: as many as can be."""
    action = action_of(work)
    if action is None or action.pace is None:
        return None
    asked = work.given.get(action.pace.field)
    return asked if isinstance(asked, int) and asked > 0 else action.pace.usual


def work_numbered(panel_id: int, number: int) -> BulkWork | None:
    found: BulkWork | None = BulkWork.objects.filter(panel_id=panel_id, number=number).first()
    return found


def may_see(actor: Actor, work: BulkWork) -> bool:
    """Whoever may read the list may read what was done to its rows."""
    of = all_lists().get(work.list_name)
    return of is not None and actor.may(of.right)


def may_stop(actor: Actor, work: BulkWork) -> bool:
    action = action_of(work)
    return may_see(actor, work) and action is not None and actor.may(action.right)


def facts_of(work: BulkWork) -> dict[str, Any]:
    """A bulk work as plain JSON values."""
    return {
        "id": work.number,
        "list": work.list_name,
        "action": work.action,
        "given": work.given,
        "state": work.state,
        "stopped_for": work.stop_code,
        "total": work.total,
        "done": work.done,
        "skipped": work.skipped,
        "failed": work.failed,
        "refunded": money.text(work.refund_micros),
        "charged": money.text(work.charge_micros),
        "by": work.actor_name,
        "created_at": work.created_at.isoformat(timespec="seconds"),
        "ended_at": None if work.ended_at is None else work.ended_at.isoformat(timespec="seconds"),
    }
