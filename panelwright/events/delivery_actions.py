"""The writes of the delivery loop: claim what is due, write down what came of it, forget what is old."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.core.places import Room
from panelwright.events import webhook_rules as rules
from panelwright.events.actions import NewEvent, record
from panelwright.events.webhook_rules import DeliveryOutcome, Waiting

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
ENDPOINTS_AT_ONCE = 500
SLICE = 500  # rows that are forgotten in one transaction

# The queue of all panels, like that of the orders. One look into its index for each endpoint. The first of each
# customer, then the second ones, and of panels the same: who has many endpoints is not all that is seen.
_WAITING = sql.Query(
    "SELECT id, failing_since, panel_id, customer_id FROM (SELECT c.*, ROW_NUMBER() OVER (PARTITION BY panel_id"
    " ORDER BY of_customer, due) AS of_panel FROM (SELECT w.*, ROW_NUMBER() OVER (PARTITION BY panel_id, customer_id"
    " ORDER BY due) AS of_customer FROM (SELECT e.id, e.failing_since, e.panel_id, e.customer_id,"
    " (SELECT MIN(d.due_at) FROM events_delivery d WHERE d.endpoint_id = e.id AND d.due_at IS NOT NULL) AS due"
    " FROM events_endpoint e WHERE e.enabled) w WHERE w.due <= ?) c) p ORDER BY of_panel, due LIMIT ?"
)
_PICK = sql.Query(
    "SELECT id FROM events_delivery WHERE endpoint_id = ? AND due_at <= ? ORDER BY due_at LIMIT ? :skip_locked"
)
_LEASE = sql.Query(
    "UPDATE events_delivery SET lease_until = ?, due_at = ?, attempts = attempts + 1 WHERE id :in_int RETURNING id"
)
_CLAIMED = sql.Query(
    "SELECT d.id, d.panel_id, d.endpoint_id, d.message_id, d.body, d.attempts, e.url, e.sealed_secret,"
    " e.old_sealed_secret, e.old_until, e.failing_since, e.customer_id, e.kind"
    " FROM events_delivery d JOIN events_endpoint e ON e.id = d.endpoint_id WHERE d.id :in_int ORDER BY d.due_at, d.id"
)
_WRITE = sql.Update(
    "events_delivery",
    {
        "due_at": "timestamptz",
        "lease_until": "timestamptz",
        "delivered_at": "timestamptz",
        "tried_at": "timestamptz",
        "status_code": "int",
        "answer": "text",
        "duration_ms": "int",
        "problem": "text",
    },
    # What the sender claimed: whoever lost the claim meanwhile writes nothing.
    {"id": "bigint", "lease_until": "timestamptz"},
)
_ENDPOINTS = sql.Query(
    "SELECT id, panel_id, customer_id, url, failing_since FROM events_endpoint WHERE id :in_int AND enabled ORDER BY id"
)
_LOCK_ENDPOINTS = sql.Query("SELECT id FROM events_endpoint WHERE id :in_int ORDER BY id :for_update")
_RECOVERED = sql.Query("UPDATE events_endpoint SET failing_since = NULL WHERE id = ? AND failing_since IS NOT NULL")
_FAILING = sql.Query("UPDATE events_endpoint SET failing_since = ? WHERE id = ? AND failing_since IS NULL")
_STOP = sql.Query("UPDATE events_endpoint SET enabled = ?, stopped_why = ? WHERE id = ? AND enabled")
_OFF = sql.Query(
    "SELECT e.id FROM events_endpoint e WHERE NOT e.enabled AND EXISTS"
    " (SELECT 1 FROM events_delivery d WHERE d.endpoint_id = e.id AND d.due_at IS NOT NULL) LIMIT 1"
)
_PICK_OFF = sql.Query(
    "SELECT id FROM events_delivery WHERE endpoint_id = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT ? :skip_locked"
)
_DROP = sql.Query("UPDATE events_delivery SET due_at = NULL, lease_until = NULL, problem = ? WHERE id :in_int")
# Ids come in the order of time, near enough: the first ones are the oldest.
_OLDEST = sql.Query("SELECT id, created_at FROM events_delivery ORDER BY id LIMIT ?")
_FORGET = sql.Query("DELETE FROM events_delivery WHERE id :in_int AND due_at IS NULL")
_FORGET_ENDPOINTS = sql.Query(
    "DELETE FROM events_endpoint WHERE id IN (SELECT e.id FROM events_endpoint e WHERE e.deleted_at < ?"
    " AND NOT EXISTS (SELECT 1 FROM events_delivery d WHERE d.endpoint_id = e.id) LIMIT ?)"
)
_OLD_ENDPOINT = sql.Query("SELECT 1 FROM events_endpoint WHERE deleted_at < ? LIMIT 1")


class DeliverySending(NamedTuple):
    """A claimed delivery, with all that sending it needs. `sealed`: the secrets that sign it."""

    id: int
    panel_id: int
    endpoint_id: int
    message_id: str
    body: str
    attempts: int
    url: str
    sealed: tuple[str, ...]
    failing: bool
    lease_until: datetime
    customer_id: int
    kind: str


class DeliverySent(NamedTuple):
    sending: DeliverySending
    outcome: DeliveryOutcome
    tried_at: datetime
    duration_ms: int


class EndpointRow(NamedTuple):
    id: int
    panel_id: int
    customer_id: int
    url: str
    failing_since: datetime | None


class Stopped(NamedTuple):
    """An endpoint that was switched off by itself. `why`: gone, failing."""

    panel_id: int
    customer_id: int
    url: str
    why: str
    problem: str


# Tells the customer, in the transaction that switches it off; customers are above events in the import order.
Tell = Callable[[Stopped, datetime], None]


def claim(in_flight: Mapping[int, int], *, room: Room, failing_room: Room) -> list[DeliverySending]:
    """Deliveries that are due, as many as have `room`; they are this worker's until the lease ends.

    `in_flight`: endpoint id -> how many it is being sent already. A claim counts as an attempt, so that
    a delivery that ends its worker each time is given up like any other.
    """
    now = clock.now()
    at = sql.moment(connection, now)
    rows = _WAITING.rows(connection, at, ENDPOINTS_AT_ONCE)
    waiting = [Waiting(row[0], row[1] is not None, *row[2:]) for row in rows]
    shares = rules.shares(waiting, in_flight, room=room, failing_room=failing_room)
    if not shares:
        return []
    lease_until = now + LEASE
    lease = sql.moment(connection, lease_until)
    with transaction.atomic(durable=True):
        ids = [row[0] for id_, count in shares.items() for row in _PICK.rows(connection, id_, at, count)]
        _LEASE.rows(connection, lease, lease, sorted(ids))
        return [_sending(row, lease_until, now) for row in _CLAIMED.rows(connection, sorted(ids))]


def _sending(row: sql.Row, lease_until: datetime, now: datetime) -> DeliverySending:
    secret, old, old_until, failing_since, customer_id, kind = row[7:]
    until = sql.aware(old_until)
    sealed = (secret, old) if old and until is not None and until > now else (secret,)
    return DeliverySending._make((*row[:7], sealed, failing_since is not None, lease_until, customer_id, kind))


def commit(results: Sequence[DeliverySent], *, tell: Tell) -> None:
    """Write down what came of attempts, and switch off endpoints that are gone or fail for too long."""
    if not results:
        return
    now = clock.now()
    with transaction.atomic(durable=True):
        count = _WRITE.count(connection, [_delivery_row(sent, now) for sent in results])
        if count != len(results):
            log.warning("%d webhook deliveries were claimed by somebody else meanwhile", len(results) - count)
        _judge_endpoints(results, now, tell)


def _delivery_row(sent: DeliverySent, now: datetime) -> sql.Row:
    sending, outcome = sent.sending, sent.outcome
    due_at = None
    if not outcome.ok:
        due_at = rules.next_try(sending.attempts, now=now, retry_after_s=outcome.retry_after_s)
    moments = (due_at, None, now if outcome.ok else None, sent.tried_at)
    return (
        *(sql.moment(connection, moment) for moment in moments),
        outcome.status_code or None,
        outcome.answer,
        sent.duration_ms,
        outcome.problem,
        sending.id,
        sql.moment(connection, sending.lease_until),
    )


def _judge_endpoints(results: Sequence[DeliverySent], now: datetime, tell: Tell) -> None:
    """One success shows that an endpoint works, unless it said itself that it is gone."""
    good = {sent.sending.endpoint_id for sent in results if sent.outcome.ok}
    bad: dict[int, DeliveryOutcome] = {}
    for sent in results:
        gone = sent.outcome.status_code == rules.GONE
        if gone or (not sent.outcome.ok and sent.sending.endpoint_id not in good):
            bad[sent.sending.endpoint_id] = sent.outcome
    changing = sorted({s.sending.endpoint_id for s in results if s.sending.failing} | bad.keys())
    if not changing:
        return
    if connection.vendor == "postgresql":
        _LOCK_ENDPOINTS.rows(connection, changing)
    for row in _ENDPOINTS.rows(connection, changing):
        endpoint = EndpointRow._make((*row[:4], sql.aware(row[4])))
        outcome = bad.get(endpoint.id)
        if outcome is None:
            _RECOVERED.run(connection, endpoint.id)
            continue
        why = rules.stopped_why(outcome, failing_since=endpoint.failing_since or now, now=now)
        _FAILING.run(connection, sql.moment(connection, now), endpoint.id)
        if why:
            _stop(endpoint, why, outcome, now, tell)


def _stop(endpoint: EndpointRow, why: str, outcome: DeliveryOutcome, now: datetime, tell: Tell) -> None:
    _STOP.run(connection, False, why, endpoint.id)
    facts = {"customer": endpoint.customer_id, "url": endpoint.url, "why": why, "problem": outcome.problem}
    record([NewEvent(endpoint.panel_id, "webhook.stopped", endpoint.id, facts)], now=now)
    tell(Stopped(endpoint.panel_id, endpoint.customer_id, endpoint.url, why, outcome.problem), now)


def tidy() -> int:
    """Give up what waits for endpoints that are switched off, and forget what is old. Answers how many rows it was."""
    return _drop_of_switched_off() + _forget_old()


def _drop_of_switched_off() -> int:
    found = _OFF.rows(connection)
    if not found:
        return 0
    with transaction.atomic(durable=True):
        ids = sorted(row[0] for row in _PICK_OFF.rows(connection, found[0][0], SLICE))
        _DROP.run(connection, "the webhook was switched off", ids)
    return len(ids)


def _forget_old() -> int:
    before = clock.now() - rules.KEPT
    old = [row[0] for row in _OLDEST.rows(connection, SLICE) if (sql.aware(row[1]) or before) < before]
    at = sql.moment(connection, before)
    if not old and not _OLD_ENDPOINT.rows(connection, at):
        return 0
    with transaction.atomic(durable=True):
        forgotten = int(_FORGET.run(connection, old).rowcount)
        # A deleted endpoint goes after its log; whatever an unlucky race leaves of it goes the next time.
        return forgotten + int(_FORGET_ENDPOINTS.run(connection, at, SLICE).rowcount)
