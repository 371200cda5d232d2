"""What staff can do with bulk work, declared: stop it. It is started from a list (bulk.py)."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.staff import bulk, bulk_actions
from panelwright.staff.action import Action, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.models import BulkState, BulkWork
from panelwright.staff.shapes import AMOUNT, ANYTHING, MOMENT, NUMBER, TEXT, fields, maybe, words

SHAPE = fields(
    {
        "id": NUMBER,
        "list": TEXT,
        "action": TEXT,
        "given": ANYTHING,
        "state": words(BulkState.values),
        "stopped_for": TEXT,
        "total": NUMBER,
        "done": NUMBER,
        "skipped": NUMBER,
        "failed": NUMBER,
        "refunded": AMOUNT,
        "charged": AMOUNT,
        "by": TEXT,
        "created_at": MOMENT,
        "ended_at": maybe(MOMENT),
    }
)


def _state(panel_id: int, id_: int) -> State | None:
    work = BulkWork.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=id_).first()
    return None if work is None else {"state": work.state, "done": work.done}


def _answer(panel_id: int, id_: int) -> State | None:
    work = BulkWork.objects.filter(panel_id=panel_id, id=id_).first()
    return None if work is None else bulk.facts_of(work)


def _id_of(panel_id: int, number: int) -> int | None:
    found = bulk.work_numbered(panel_id, number)
    return None if found is None else found.id


BULK = Noun(
    "bulk",
    "bulk",
    gettext_noop("Bulk action"),
    _state,
    shape=SHAPE,
    answer=_answer,
    find=by_id,
    id_of=_id_of,
)


def _stop(actor: Actor, panel_id: int, target: int, /) -> None:
    bulk_actions.stop(actor=actor, panel_id=panel_id, work_id=target)


ACTIONS = (
    # Whoever may do to one object what it does to many; the function looks.
    Action(BULK, "stop", gettext_noop("Stop"), None, _stop, help=gettext_noop("Completed changes stay.")),
)
