"""The writes of refills and cancels on their way to the provider and back. Same guards as in actions.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.core.places import Room
from panelwright.events.actions import NewEvent, record
from panelwright.orders import actions as order_actions
from panelwright.orders import problems, requests
from panelwright.orders.models import Job
from panelwright.orders.problems import NONE, Problem, problem
from panelwright.orders.status import REFILL_ENDED
from panelwright.orders.webhook_events import tell_refills
from panelwright.providers.routing import calls, rules, store
from panelwright.providers.routing.calls import NewCall
from panelwright.providers.routing.store import PollTask, ProviderRow
from panelwright.providers.wire.outcomes import Accepted, Reason, RefillReport, Unknown, UpstreamRefused

_PASSING = frozenset({Reason.LIMIT, Reason.UNREACHABLE, Reason.KEY})
REFILL_POLL_MIN = timedelta(seconds=5)
# A cancel of an order that no provider has yet is looked at again: after 3 s, 6 s, … a minute.
NOT_YET, NOT_YET_MAX = timedelta(seconds=3), timedelta(minutes=1)
# A provider that accepted a cancel and goes on delivering may be asked again after this.
ASK_AGAIN = timedelta(hours=1)
ATTEMPTS_MAX = 1000
# So many refills are passed on to one provider at once: each is a request of its own.
REFILLS_AT_ONCE = 16

_ANY_REFILL = sql.Query("SELECT 1 FROM orders_refill WHERE state IN ('waiting', 'sending') AND due_at <= ? LIMIT 1")
_PICK_REFILLS = sql.Query(
    "SELECT id FROM orders_refill WHERE state IN ('waiting', 'sending') AND due_at <= ?"
    " AND NOT COALESCE((SELECT o.provider_id FROM orders_order o WHERE o.id = order_id), 0) :in_int"
    " AND NOT panel_id :in_int ORDER BY due_at LIMIT ? :skip_locked"
)
_REFILLS = sql.Query(
    "SELECT r.id, r.number, r.panel_id, r.state, r.attempts, r.order_id, o.provider_id, o.upstream_id, r.lease_until,"
    " r.status, r.created_at FROM orders_refill r JOIN orders_order o ON o.id = r.order_id"
    " WHERE r.id :in_int ORDER BY r.id"
)
_LOCK_REFILLS = sql.Query("SELECT id FROM orders_refill WHERE id :in_int ORDER BY id :for_update")
_ANY_REFILL_POLL = sql.Query(
    "SELECT 1 FROM orders_refill WHERE state = 'passed on' AND provider_id = ? AND due_at <= ? LIMIT 1"
)
_PICK_REFILL_POLL = sql.Query(
    "SELECT id FROM orders_refill WHERE state = 'passed on' AND provider_id = ? AND due_at <= ?"
    " ORDER BY due_at LIMIT ? :skip_locked"
)
_LEASE_REFILLS = sql.Query(
    "UPDATE orders_refill SET lease_until = ?, due_at = ? WHERE id :in_int RETURNING id, upstream_id"
)
_SET_REFILL = sql.Update(
    "orders_refill",
    {
        "status": "text",
        "state": "text",
        "provider_id": "bigint",
        "upstream_id": "text",
        "due_at": "timestamptz",
        "lease_until": "timestamptz",
        "attempts": "int",
        "problem_code": "text",
        "problem_facts": "text",
        "ended_at": "timestamptz",
    },
    {"id": "bigint"},
    also="ended_at IS NULL",
)
_SENDING_REFILL = sql.Update(
    "orders_refill",
    {
        "state": "text",
        "provider_id": "bigint",
        "lease_until": "timestamptz",
        "due_at": "timestamptz",
        "attempts +": "int",
    },
    {"id": "bigint"},
)
_ANY_CANCEL = sql.Query("SELECT 1 FROM orders_cancel WHERE state = 'waiting' AND due_at <= ? LIMIT 1")
_PICK_CANCELS = sql.Query(
    "SELECT id FROM orders_cancel WHERE state = 'waiting' AND due_at <= ?"
    # One that stands in line for a provider is not there yet: whether that one is busy is nothing to it.
    " AND NOT COALESCE((SELECT o.provider_id FROM orders_order o WHERE o.id = order_id AND COALESCE(o.job, '') <>"
    " 'forward'), 0) :in_int AND NOT panel_id :in_int ORDER BY due_at LIMIT ? :skip_locked"
)
_CANCELS = sql.Query(
    "SELECT k.id, k.panel_id, k.order_id, o.provider_id, o.upstream_id, o.status, o.job, o.ended_at, k.attempts,"
    " k.provider_id FROM orders_cancel k JOIN orders_order o ON o.id = k.order_id WHERE k.id :in_int ORDER BY k.id"
)
_SET_CANCEL = sql.Update(
    "orders_cancel",
    {
        "state": "text",
        "provider_id": "bigint",
        "due_at": "timestamptz",
        "answer_code": "text",
        "answer_facts": "text",
        "attempts": "int",
    },
    {"id": "bigint"},
    # Staff may have answered it meanwhile.
    also="state = 'waiting'",
)
_POLL_NOW = sql.Query(
    "UPDATE orders_order SET due_at = ? WHERE id :in_int AND job = 'poll' AND lease_until IS NULL AND due_at > ?"
)


class RefillRequestRow(NamedTuple):
    id: int
    number: int
    panel_id: int
    state: str
    attempts: int
    order_id: int
    order_provider_id: int | None
    order_upstream_id: str | None
    lease_until: datetime | None
    status: str
    created_at: datetime


class RefillSending(NamedTuple):
    """A refill to be passed on: whose order, by the provider's number."""

    id: int
    provider: ProviderRow
    upstream_order: str
    lease_until: datetime


class CancelRow(NamedTuple):
    """A cancel with its order. `told_provider_id`: null until it was first passed on."""

    id: int
    panel_id: int
    order_id: int
    provider_id: int | None
    upstream_id: str | None
    status: str
    job: str | None
    ended_at: datetime | str | None
    attempts: int
    told_provider_id: int | None


class CancelSending(NamedTuple):
    """A cancel to be passed on. `provider_id`: who has the order."""

    id: int
    panel_id: int
    order_id: int
    upstream_order: str
    attempts: int
    provider_id: int


def _refills(ids: Sequence[int]) -> dict[int, RefillRequestRow]:
    rows = _REFILLS.rows(connection, sorted(ids))
    return {r[0]: RefillRequestRow._make((*r[:8], sql.aware(r[8]), r[9], sql.aware(r[10]))) for r in rows}


def claim_refills(limit: int, *, but: Collection[int] = (), room: Room | None = None) -> list[RefillSending]:
    """Refills that are to be passed on, none to the providers `but`, to each at most REFILLS_AT_ONCE.

    `room`: to how many more providers something may be passed on now; of it those are taken that get some.
    One whose sender died is not passed on again by itself.
    """
    now = clock.now()
    at = sql.moment(connection, now)
    if not _ANY_REFILL.rows(connection, at):
        return []
    lease_until = now + rules.LEASE
    with transaction.atomic(durable=True):
        rows = _refills([row[0] for row in _PICK_REFILLS.rows(connection, at, sorted(but), _full(room), limit)])
        providers = store.providers({r.order_provider_id for r in rows.values() if r.order_provider_id is not None})
        going: list[RefillSending] = []
        stuck: list[sql.Row] = []
        to_each: Counter[int] = Counter()
        for row in rows.values():
            provider = providers.get(row.order_provider_id or 0)
            if row.state == "sending":
                lost = problem(problems.OUTCOME_UNKNOWN, why=problems.SENDER_STOPPED)
                stuck.append(_refill_row(row, state="sending", trouble=lost))
            elif provider is None or row.order_upstream_id is None:
                stuck.append(_refill_row(row, state="waiting", trouble=problem(problems.NOT_AT_A_PROVIDER)))
            elif to_each[provider.id] < REFILLS_AT_ONCE and (
                to_each[provider.id] or room is None or room.take(row.panel_id, provider.id)
            ):
                to_each[provider.id] += 1
                going.append(RefillSending(row.id, provider, row.order_upstream_id, lease_until))
        _SET_REFILL.run(connection, stuck)
        lease = sql.moment(connection, lease_until)
        _SENDING_REFILL.run(connection, [("sending", g.provider.id, lease, lease, 1, g.id) for g in going])
    return going


def _refill_row(
    row: RefillRequestRow,
    *,
    state: str,
    status: str = "",
    upstream_id: str | None = None,
    due_at: datetime | None = None,
    trouble: Problem = NONE,
    ended_at: datetime | None = None,
    attempts: int | None = None,
) -> sql.Row:
    return (
        status or row.status,
        state,
        row.order_provider_id,
        upstream_id,
        sql.moment(connection, due_at),
        None,
        row.attempts if attempts is None else attempts,
        *trouble,
        sql.moment(connection, ended_at),
        row.id,
    )


def _said(code: str, answer: UpstreamRefused | Unknown) -> Problem:
    """With the provider's own words, which are kept as evidence."""
    return problem(code, said=answer.text)


def commit_refills(results: Sequence[tuple[RefillSending, Accepted | UpstreamRefused | Unknown]]) -> None:
    """Write what the provider answered to refills that were passed on."""
    now = clock.now()
    with transaction.atomic(durable=True):
        rows = _locked_refills([sending.id for sending, _ in results])
        changes, events, told = [], [], []
        for sending, outcome in results:
            row = rows[sending.id]
            if row.state != "sending" or row.lease_until != sending.lease_until:
                continue
            if isinstance(outcome, Accepted) and outcome.ref:
                changes.append(
                    _refill_row(
                        row, state="passed on", upstream_id=outcome.ref, due_at=now + REFILL_POLL_MIN, attempts=0
                    )
                )
            elif isinstance(outcome, Accepted):
                changes.append(_refill_row(row, state="passed on", trouble=problem(problems.NO_REFILL_ID)))
            elif isinstance(outcome, UpstreamRefused) and outcome.reason in _PASSING:
                due_at = now + rules.backoff(row.attempts)
                changes.append(
                    _refill_row(row, state="waiting", due_at=due_at, trouble=_said(problems.REQUEST_WAITS, outcome))
                )
            elif isinstance(outcome, UpstreamRefused):
                refused = _said(problems.REQUEST_REFUSED, outcome)
                changes.append(_refill_row(row, state="done", status="Rejected", trouble=refused, ended_at=now))
                events.append(
                    NewEvent(
                        row.panel_id, "refill.rejected", row.order_id, {"refill": row.number, "said": outcome.text}
                    )
                )
                told.append(row.id)
            else:
                lost = problem(problems.OUTCOME_UNKNOWN, why=outcome.text)
                changes.append(_refill_row(row, state="sending", trouble=lost))
        _SET_REFILL.run(connection, changes)
        record(events, now=now)
        tell_refills(told, now)
        calls.keep(
            [call for sending, answer in results if (call := _refill_call(rows[sending.id], sending, answer, now))]
        )


def _refill_call(
    row: RefillRequestRow, sending: RefillSending, answer: Accepted | UpstreamRefused | Unknown, now: datetime
) -> NewCall | None:
    of_order = (row.panel_id, row.order_id, sending.provider.id)
    return _call(of_order, "refill", row.attempts, {"order": sending.upstream_order}, answer, now)


def _call(
    of_order: tuple[int, int, int],
    action: str,
    attempt: int,
    params: dict[str, str],
    answer: Accepted | UpstreamRefused | Unknown | None,
    now: datetime,
) -> NewCall | None:
    """What is kept of what was passed on about an order; nothing of what did not go out, or is tried again."""
    if answer is None or (isinstance(answer, UpstreamRefused) and answer.reason in _PASSING):
        return None
    outcome, came = calls.outcome_of(answer)
    return NewCall(*of_order, None, action, outcome, attempt, calls.written(params), came, None, now, None)


def _locked_refills(ids: Sequence[int]) -> dict[int, RefillRequestRow]:
    if connection.vendor == "postgresql":
        _LOCK_REFILLS.rows(connection, sorted(ids))
    return _refills(ids)


def claim_refill_poll(provider_id: int, limit: int) -> list[PollTask]:
    now = clock.now()
    at = sql.moment(connection, now)
    if not _ANY_REFILL_POLL.rows(connection, provider_id, at):
        return []
    lease_until = now + rules.LEASE
    with transaction.atomic(durable=True):
        ids = sorted(row[0] for row in _PICK_REFILL_POLL.rows(connection, provider_id, at, limit))
        lease = sql.moment(connection, lease_until)
        return [PollTask(row[0], row[1], lease_until) for row in _LEASE_REFILLS.rows(connection, lease, lease, ids)]


def commit_refill_polled(
    asked: Sequence[PollTask], reports: Mapping[str, RefillReport | UpstreamRefused | Unknown]
) -> None:
    """Write how refills stand by their provider's word."""
    now = clock.now()
    with transaction.atomic(durable=True):
        rows = _locked_refills([ask.id for ask in asked])
        changes, events, told = [], [], []
        for ask in asked:
            row = rows[ask.id]
            if row.lease_until != ask.token or row.state != "passed on":
                continue
            report = reports.get(ask.upstream_id)
            due_at = now + min(max((now - row.created_at) / 10, REFILL_POLL_MIN), timedelta(hours=1))
            status, trouble = row.status, NONE
            if isinstance(report, RefillReport) and report.status is not None:
                status = report.status
            elif isinstance(report, RefillReport):
                trouble = problem(problems.STATUS_NOT_UNDERSTOOD, word=report.raw_status[:80])
            elif isinstance(report, UpstreamRefused) and report.reason is Reason.NOT_FOUND:
                trouble = problem(problems.REFILL_NOT_KNOWN, upstream_id=ask.upstream_id)
            ended = status in REFILL_ENDED
            changes.append(
                _refill_row(
                    row,
                    state="done" if ended else "passed on",
                    status=status,
                    upstream_id=ask.upstream_id,
                    due_at=None if ended else due_at,
                    trouble=trouble,
                    ended_at=now if ended else None,
                )
            )
            if status != row.status:
                told.append(row.id)
            if ended:
                events.append(NewEvent(row.panel_id, f"refill.{status.lower()}", row.order_id, {"refill": row.number}))
        _SET_REFILL.run(connection, changes)
        record(events, now=now)
        tell_refills(told, now)


def _full(room: Room | None) -> list[int]:
    return [] if room is None else room.full_panels()


def claim_cancels(limit: int, *, but: Collection[int] = (), room: Room | None = None) -> dict[int, list[CancelSending]]:
    """Cancels that are to be passed on, by provider id, none to the providers `but`. `room` as in `claim_refills`.

    A cancel may be passed on twice: it changes nothing more.
    An order that came back to us is cancelled here and now; one that has ended needs no cancel; one
    that the panel's own people deliver waits for their answer; one whose sending is still under way waits.
    """
    now = clock.now()
    at = sql.moment(connection, now)
    if not _ANY_CANCEL.rows(connection, at):
        return {}
    going: dict[int, list[CancelSending]] = {}
    with transaction.atomic(durable=True):
        ids = sorted(row[0] for row in _PICK_CANCELS.rows(connection, at, sorted(but), _full(room), limit))
        changes: list[sql.Row] = []
        ours: dict[int, CancelRow] = {}
        for row in map(CancelRow._make, _CANCELS.rows(connection, ids)):
            if row.ended_at is not None:
                ended = problem(problems.ORDER_HAS_ENDED, status=row.status)
                changes.append(("done", row.provider_id, None, *ended, row.attempts, row.id))
            elif requests.cancels_at_once(status=row.status, job=row.job):
                ours[row.order_id] = row
            elif row.job == Job.MANUAL.value:
                changes.append(("waiting", row.provider_id, None, *NONE, 0, row.id))
            elif row.upstream_id is None or row.provider_id is None:
                changes.append(_not_yet(row, now))
            elif row.provider_id in going or room is None or room.take(row.panel_id, row.provider_id):
                # What it waited for before the provider had the order does not count.
                attempts = 1 if row.told_provider_id is None else min(row.attempts + 1, ATTEMPTS_MAX)
                lease = sql.moment(connection, now + rules.LEASE)
                changes.append(("waiting", row.provider_id, lease, *NONE, attempts, row.id))
                going.setdefault(row.provider_id, []).append(
                    CancelSending(row.id, row.panel_id, row.order_id, row.upstream_id, attempts, row.provider_id)
                )
        cancelled = order_actions.cancel_unsent(sorted(ours), now)
        for order_id, row in ours.items():
            if order_id in cancelled:
                changes.append(("done", None, None, *problem(problems.CANCELED_UNSENT), row.attempts, row.id))
            else:
                # A worker claimed it between the look and the lock: it is passed on once it has arrived.
                changes.append(_not_yet(row, now))
        _SET_CANCEL.run(connection, changes)
    return going


def _not_yet(row: CancelRow, now: datetime) -> sql.Row:
    """Look again later, each time twice as late: the order may stay on its way until a person decides."""
    wait = min(NOT_YET * 2 ** min(row.attempts, 10), NOT_YET_MAX)
    return ("waiting", None, sql.moment(connection, now + wait), *NONE, min(row.attempts + 1, ATTEMPTS_MAX), row.id)


def commit_cancels(
    provider_id: int, sent: Sequence[CancelSending], answers: Mapping[str, Accepted | UpstreamRefused | Unknown]
) -> None:
    """Write what the provider answered. The order itself ends by what a poll then reports, not by a yes here."""
    now = clock.now()
    with transaction.atomic(durable=True):
        changes, events, accepted = [], [], []
        taken = problem(problems.CANCEL_ACCEPTED)
        for cancel in sorted(sent, key=lambda c: c.id):
            answer = answers.get(cancel.upstream_order)
            if isinstance(answer, Accepted):
                accepted.append(cancel.order_id)
                again = sql.moment(connection, now + ASK_AGAIN)
                changes.append(("passed on", provider_id, again, *taken, cancel.attempts, cancel.id))
            elif isinstance(answer, UpstreamRefused) and answer.reason not in _PASSING:
                refused = _said(problems.REQUEST_REFUSED, answer)
                changes.append(("done", provider_id, None, *refused, cancel.attempts, cancel.id))
                facts = {"said": answer.text}
                events.append(NewEvent(cancel.panel_id, "order.cancel_refused", cancel.order_id, facts))
            else:
                due_at = sql.moment(connection, now + rules.backoff(cancel.attempts))
                waits = problem(problems.NOT_ANSWERED) if answer is None else _said(problems.REQUEST_WAITS, answer)
                changes.append(("waiting", provider_id, due_at, *waits, cancel.attempts, cancel.id))
        at = sql.moment(connection, now)
        if accepted:
            _POLL_NOW.run(connection, at, sorted(accepted), at)
        _SET_CANCEL.run(connection, changes)
        record(events, now=now)
        kept = (
            _call(
                (cancel.panel_id, cancel.order_id, provider_id),
                "cancel",
                cancel.attempts,
                {"orders": cancel.upstream_order},
                answers.get(cancel.upstream_order),
                now,
            )
            for cancel in sent
        )
        calls.keep([call for call in kept if call is not None])
