"""The writes of bulk work: it is started, done a slice at a time by whoever claims it, and stopped.

Each object has a transaction of its own: the action with its trail, or why it was refused; in it the work's position
moves on, guarded by the claim's lease. So each object is done exactly once, whoever is killed at which moment, and two
workers that hold the same work, because the lease of one is over, cannot both commit.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from django.db import IntegrityError, connection, transaction
from django_scopes import scope

from panelwright.core import clock, sql
from panelwright.core.loop import let_others_write
from panelwright.core.refusal import Refusal, Refused
from panelwright.ledger import tally
from panelwright.ledger.models import TransferCode
from panelwright.panels import numbers
from panelwright.panels.models import Noun, Panel
from panelwright.staff import actor as actors
from panelwright.staff import bulk
from panelwright.staff.actions import perform_within
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.bulk import Foreseen
from panelwright.staff.lists import Selection, Step
from panelwright.staff.models import NAME_MAX, BulkMiss, BulkState, BulkWork

log = logging.getLogger(__name__)

# A claim is for one slice, which ends long before it.
LEASE = timedelta(seconds=20)
SLICE_S = 2.0
# Between two objects.
REST_MAX_S = 0.02
# Objects that are looked up at once: what the filters ask for is asked anew after so many.
STEPS = 50
# Of work that takes its time.
SLICES_A_MINUTE = 12

_DUE = sql.Query("SELECT id FROM staff_bulkwork WHERE due_at <= ? ORDER BY due_at, id LIMIT 1 :skip_locked")
_LEASE = sql.Query(
    "UPDATE staff_bulkwork SET lease_until = ?, due_at = ? WHERE id = ? AND state = 'running' RETURNING id, panel_id"
)
_RELEASE = sql.Query(
    "UPDATE staff_bulkwork SET lease_until = NULL, due_at = ? WHERE id = ? AND lease_until = ? RETURNING id"
)
# Inside the object's transaction. Where it changes nothing the claim is lost, or somebody has stopped the work.
_MOVE = sql.Query(
    "UPDATE staff_bulkwork SET position = ?, done = done + ?, skipped = skipped + ?, failed = failed + ?,"
    " refund_micros = refund_micros + ?, charge_micros = charge_micros + ? WHERE id = ? AND lease_until = ?"
    " AND state = 'running' AND (position IS NULL OR position < ?) RETURNING id"
)
_END = sql.Query(
    "UPDATE staff_bulkwork SET state = ?, stop_code = ?, due_at = NULL, lease_until = NULL, ended_at = ?"
    " WHERE id = ? AND lease_until = ? AND state = 'running' RETURNING id"
)


class ActorAgain(Protocol):
    """Who started it, with what they may do now; None: nothing any more. Customers, who know, lie above this app."""

    def __call__(
        self, panel_id: int, *, kind: str, staff_id: int | None, key_id: int | None, address: str
    ) -> Actor | None: ...


class ClaimLost(Exception):
    """Another worker has the work, or it was stopped: nothing of the running transaction stays."""


class Claim(NamedTuple):
    """Bulk work that is this worker's until the lease ends."""

    id: int
    panel_id: int
    lease_until: datetime


class _Moved(NamedTuple):
    done: int = 0
    skipped: int = 0
    failed: int = 0
    refund_micros: int = 0
    charge_micros: int = 0


def start(foreseen: Foreseen, *, actor: Actor, panel_id: int, once: str) -> BulkWork:
    """A row for what was foreseen, which a worker takes up. Started with the same `once` before, it is that one.

    Refused: once_used, when that one does something else.
    """
    now = clock.now()
    try:
        with transaction.atomic():
            found: BulkWork | None = BulkWork.objects.filter(panel_id=panel_id, once=once).first()
            if found is None:
                return BulkWork.objects.create(
                    panel_id=panel_id,
                    number=numbers.take(panel_id, Noun.BULK, 1).start,
                    once=once,
                    list_name=foreseen.selection.name,
                    action=foreseen.action.name,
                    given=dict(foreseen.given),
                    selection=foreseen.selection.as_json(),
                    actor_kind=actor.kind.value,
                    actor_id=actor.id,
                    key_id=actor.key_id,
                    actor_name=actor.name[:NAME_MAX],
                    address=actor.address[:45],
                    total=foreseen.count,
                    due_at=now,
                    created_at=now,
                )
    except IntegrityError:
        # Sent twice at once.
        found = BulkWork.objects.get(panel_id=panel_id, once=once)
    same = (foreseen.action.name, foreseen.selection.name, dict(foreseen.given))
    if (found.action, found.list_name, found.given) != same:
        raise Refused("once_used", "once")
    return found


def at_once(
    *, action: str, selection: Selection, given: Mapping[str, object], actor: Actor, panel_id: int, count: int
) -> BulkWork:
    """A row for what one transaction does to many objects, which is this one: so that it is found, and taken back as
    bulk work is. Inside that transaction, and the panel's scope.
    """
    now = clock.now()
    return BulkWork.objects.create(
        panel_id=panel_id,
        number=numbers.take(panel_id, Noun.BULK, 1).start,
        once=secrets.token_hex(16),
        list_name=selection.name,
        action=action,
        given=dict(given),
        selection=selection.as_json(),
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        key_id=actor.key_id,
        actor_name=actor.name[:NAME_MAX],
        address=actor.address[:45],
        state=BulkState.DONE.value,
        total=count,
        done=count,
        created_at=now,
        ended_at=now,
    )


def stop(*, actor: Actor, panel_id: int, work_id: int) -> None:
    """End running work here: what was done stays done. Refused: not_allowed, bulk_ended."""
    with transaction.atomic():
        rows = BulkWork.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=work_id)
        work: BulkWork | None = rows.first()
        if work is None:
            raise Refused("no_bulk", id=0)
        if not bulk.may_stop(actor, work):
            action = bulk.action_of(work)
            raise Refused("not_allowed", right="" if action is None or action.right is None else action.right.value)
        if work.state != BulkState.RUNNING.value:
            raise Refused("bulk_ended")
        ended = {"state": BulkState.STOPPED.value, "stop_code": "by_hand", "due_at": None, "lease_until": None}
        rows.update(**ended, ended_at=clock.now())


def claim() -> Claim | None:
    """The work that waits longest for its next slice, for this worker alone."""
    now = clock.now()
    lease_until = now + LEASE
    lease = sql.moment(connection, lease_until)
    with transaction.atomic(durable=True):
        for (id_,) in _DUE.rows(connection, sql.moment(connection, now)):
            for row in _LEASE.rows(connection, lease, lease, id_):
                return Claim(row[0], row[1], lease_until)
    return None


def work_on(claimed: Claim, actor_again: ActorAgain, *, slice_s: float = SLICE_S, rest: bool = True) -> int:
    """Do a slice of it, and let it go; answers how many objects were looked at. Inside no scope."""
    panel = Panel.objects.get(id=claimed.panel_id)
    did, began, pace = 0, clock.now(), None
    try:
        with scope(panel=panel):
            work = BulkWork.objects.get(panel_id=panel.id, id=claimed.id)
            pace = bulk.per_minute(work)
            most = None if pace is None else max(pace // SLICES_A_MINUTE, 1)
            for looked_at in _slice(claimed, panel, work, actor_again, slice_s=slice_s, rest=rest):
                did += looked_at
                if most is not None and did >= most:
                    break
    except ClaimLost:
        log.info("bulk work %d is in other hands", claimed.id)
        return did
    due_at = clock.now() if pace is None else max(clock.now(), began + timedelta(seconds=did * 60 / pace))
    _RELEASE.rows(connection, sql.moment(connection, due_at), claimed.id, _lease(claimed))
    return did


def _slice(
    claimed: Claim, panel: Panel, work: BulkWork, actor_again: ActorAgain, *, slice_s: float, rest: bool
) -> Iterator[int]:
    """Looks at objects one by one, and yields how many each look was for."""
    selection = Selection.of_json(work.selection)
    position = work.position
    began = time.monotonic()
    while True:
        steps, further = selection.steps(panel, after=position, limit=STEPS)
        for step in steps:
            before = time.monotonic()
            if not _step(claimed, work, step, actor_again):
                return
            position = step.key
            yield 1
            if time.monotonic() - began >= slice_s:
                return
            if rest:
                let_others_write(min(time.monotonic() - before, REST_MAX_S))
        if further is None:
            _end(claimed, BulkState.DONE, "")
            return
        if further != position:
            # The rest of a window, in which there was nothing.
            _move(claimed, further, _Moved())
            position = further
        yield 0
        if time.monotonic() - began >= slice_s:
            return


def _step(claimed: Claim, work: BulkWork, step: Step, actor_again: ActorAgain) -> bool:
    """Do it to one object. False: who started it may not any more, and the work has ended."""
    actor = _actor(work, actor_again)
    action = bulk.action_of(work)
    if action is not None and action.pace is not None and _is_suspended(claimed.panel_id):
        _end(claimed, BulkState.STOPPED, "panel_suspended")
        return False
    if actor is None or action is None or not actor.may(action.right):
        _end(claimed, BulkState.STOPPED, "not_allowed")
        return False
    refusal: Refusal | None = None
    try:
        with transaction.atomic(durable=True), tally.tallied() as transfers:
            done = perform_within(
                action,
                actor=actor,
                panel_id=claimed.panel_id,
                target=step.target,
                given=work.given,
                bulk_id=claimed.id,
            )
            moved = _Moved(skipped=1) if done.nothing else _Moved(done=1)
            refunded = sum(one.amount_micros for one in transfers if one.code is TransferCode.REFUND)
            charged = sum(one.amount_micros for one in transfers if one.code is TransferCode.ORDER)
            if done.nothing:
                _miss(claimed, step, Refusal("nothing_to_do"), failed=False)
            _move(claimed, step.key, moved._replace(refund_micros=refunded, charge_micros=charged))
            return True
    except Refused as refused:
        refusal = refused.refusal
    except (ClaimLost, *sql.PASSING_ERRORS):
        # Done again by whoever claims it next.
        raise
    except Exception:
        log.exception("bulk work %d: object %d failed", claimed.id, step.target)
        refusal = Refusal("bulk_failed")
    with transaction.atomic(durable=True):
        skip = bulk.is_skip(refusal)
        _miss(claimed, step, refusal, failed=not skip)
        _move(claimed, step.key, _Moved(skipped=1) if skip else _Moved(failed=1))
    return True


def _is_suspended(panel_id: int) -> bool:
    return Panel.objects.filter(id=panel_id).exclude(suspended_at=None).exists()


def _actor(work: BulkWork, actor_again: ActorAgain) -> Actor | None:
    if work.actor_kind == ActorKind.OPERATOR.value:
        return actors.operator(work.actor_name)
    return actor_again(
        work.panel_id, kind=work.actor_kind, staff_id=work.actor_id, key_id=work.key_id, address=work.address
    )


def _miss(claimed: Claim, step: Step, refusal: Refusal, *, failed: bool) -> None:
    facts: Mapping[str, object] = dict(refusal.facts) | ({"limit": refusal.limit} if refusal.limit else {})
    BulkMiss.objects.create(
        panel_id=claimed.panel_id,
        work_id=claimed.id,
        target=step.target,
        failed=failed,
        code=refusal.code,
        field=refusal.field,
        facts=dict(facts),
        at=clock.now(),
    )


def _move(claimed: Claim, key: int, moved: _Moved) -> None:
    """The last statement of the object's transaction. Raises ClaimLost, which rolls it back."""
    if not _MOVE.rows(connection, key, *moved, claimed.id, _lease(claimed), key):
        raise ClaimLost


def _end(claimed: Claim, state: BulkState, code: str) -> None:
    _END.rows(connection, state.value, code, sql.moment(connection, clock.now()), claimed.id, _lease(claimed))


def _lease(claimed: Claim) -> object:
    return sql.moment(connection, claimed.lease_until)
