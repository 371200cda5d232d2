"""Bulk work as a person starts it and a worker does it. Import this late: it needs Django to be set up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django_scopes import scope

from panelwright.core.refusal import Refusal
from panelwright.customers.access import actor_again, staff_actor
from panelwright.staff import bulk, bulk_actions, registry
from panelwright.staff.bulk import Foreseen
from panelwright.staff.lists import freeze, named
from panelwright.staff.models import BulkWork
from tests.support.people import Owner


def foreseen(
    owner: Owner,
    action: str,
    *,
    on: str = "orders",
    asked: dict[str, str] | None = None,
    keys: Sequence[int] | None = None,
    actor: Any = None,
    **given: Any,
) -> Foreseen | Refusal:
    """What would come of it now."""
    with scope(panel=owner.panel):
        selection = freeze(named(on), owner.panel, asked or {}, keys=keys)
        if selection is None:
            return Refusal("nothing_selected")
        who = actor or staff_actor(owner.staff, address="198.51.100.9")
        return bulk.foreseen(registry.actions()[action], actor=who, panel=owner.panel, selection=selection, given=given)


def started(owner: Owner, action: str, *, once: str = "", actor: Any = None, **how: Any) -> BulkWork:
    with scope(panel=owner.panel):
        seen = foreseen(owner, action, actor=actor, **how)
        assert isinstance(seen, Foreseen), seen
        who = actor or staff_actor(owner.staff, address="198.51.100.9")
        mark = once or f"t{BulkWork.objects.count()}"
        return bulk_actions.start(seen, actor=who, panel_id=owner.panel_id, once=mark)


def one_slice(*, slice_s: float = 1_000.0) -> int:
    """A worker's round, without rest; how many objects it looked at."""
    claimed = bulk_actions.claim()
    return 0 if claimed is None else bulk_actions.work_on(claimed, actor_again, slice_s=slice_s, rest=False)


def again(owner: Owner, work: BulkWork) -> BulkWork:
    with scope(panel=owner.panel):
        found: BulkWork = BulkWork.objects.get(id=work.id)
        return found
