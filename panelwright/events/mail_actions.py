"""The writes of the mail loop: claim what is due, write down what came of it, forget what is old."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.events import mail_rules as rules
from panelwright.events.mail_rules import Outgoing

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
SLICE = 500

_ANY = sql.Query("SELECT 1 FROM events_mail WHERE due_at <= ? LIMIT 1")
# The first of each panel, then the second ones: a panel with thousands to send holds up no other one's log-in. Of one
# panel letters to many come last.
_PICK = sql.Query(
    "SELECT id FROM events_mail WHERE due_at <= ? AND id IN (SELECT id FROM (SELECT id, due_at, ROW_NUMBER() OVER"
    " (PARTITION BY panel_id ORDER BY CASE WHEN unsubscribe = '' THEN 0 ELSE 1 END, due_at, id) AS of_panel"
    " FROM events_mail WHERE due_at <= ?) m"
    " ORDER BY of_panel, due_at LIMIT ?) :skip_locked"
)
_LEASE = sql.Query(
    "UPDATE events_mail SET lease_until = ?, due_at = ?, attempts = attempts + 1 WHERE id :in_int RETURNING id"
)
_CLAIMED = sql.Query(
    'SELECT m.id, m.panel_id, m."to", m.subject, m.text, m.html, m.unsubscribe, m.attempts, m.created_at, p.name,'
    " (SELECT d.host FROM panels_domain d WHERE d.panel_id = m.panel_id AND d.confirmed AND d.host <> '*'"
    " ORDER BY d.id LIMIT 1), m.unsubscribe <> '' AND p.suspended_at IS NOT NULL"
    " FROM events_mail m JOIN panels_panel p ON p.id = m.panel_id WHERE m.id :in_int ORDER BY m.id"
)
# The text may hold a link that logs in: it is forgotten with the sending.
_SENT = sql.Query(
    "UPDATE events_mail SET sent_at = ?, due_at = NULL, lease_until = NULL, text = '', html = '', unsubscribe = '',"
    " problem = ''"
    " WHERE id = ? AND lease_until = ? RETURNING id"
)
_TRY_AGAIN = sql.Query(
    "UPDATE events_mail SET due_at = ?, lease_until = NULL, problem = ? WHERE id = ? AND lease_until = ? RETURNING id"
)
_GIVE_UP = sql.Query(
    "UPDATE events_mail SET due_at = NULL, lease_until = NULL, text = '', html = '', unsubscribe = '',"
    " problem = ?"
    " WHERE id = ? AND lease_until = ? RETURNING id"
)
# Ids come in the order of time, near enough: the first ones are the oldest.
_OLDEST = sql.Query("SELECT id, created_at FROM events_mail ORDER BY id LIMIT ?")
_FORGET = sql.Query("DELETE FROM events_mail WHERE id :in_int AND due_at IS NULL")


def claim(limit: int) -> list[Outgoing]:
    """Up to `limit` e-mails to be sent, this worker's until the lease ends."""
    now = clock.now()
    at = sql.moment(connection, now)
    if not _ANY.rows(connection, at):
        return []
    lease_until = now + LEASE
    lease = sql.moment(connection, lease_until)
    with transaction.atomic(durable=True):
        ids = sorted(row[0] for row in _PICK.rows(connection, at, at, limit))
        _LEASE.rows(connection, lease, lease, ids)
        rows = _CLAIMED.rows(connection, ids)
    return [Outgoing._make((*row[:8], sql.aware(row[8]), *row[9:11], bool(row[11]), lease_until)) for row in rows]


def commit(mail: Outgoing, error: Exception | None) -> None:
    """Write down that it was sent, or why not and when it is tried again. One at a time, right after the sending:
    what is sent and not written down is sent twice."""
    now = clock.now()
    key = (mail.id, sql.moment(connection, mail.lease_until))
    with transaction.atomic(durable=True):
        if error is None:
            done = _SENT.rows(connection, sql.moment(connection, now), *key)
        else:
            due_at, problem = rules.next_try(mail, error, now=now), rules.problem(error)
            if due_at is None:
                done = _GIVE_UP.rows(connection, problem, *key)
            else:
                done = _TRY_AGAIN.rows(connection, sql.moment(connection, due_at), problem, *key)
            log.warning("mail %d of panel %d was not sent: %s", mail.id, mail.panel_id, problem)
    if not done:
        log.warning("mail %d was claimed by somebody else meanwhile: it may arrive twice", mail.id)


def tidy() -> int:
    """Forget e-mails that are older than 30 days. Answers how many."""
    before = clock.now() - rules.KEPT
    old = [row[0] for row in _OLDEST.rows(connection, SLICE) if (sql.aware(row[1]) or before) < before]
    if not old:
        return 0
    with transaction.atomic(durable=True):
        return int(_FORGET.run(connection, old).rowcount)
