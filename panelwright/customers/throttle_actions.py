"""Slows down who guesses: passwords, codes, addresses. Counted in the database, so over all processes.

An attempt is counted before it is looked at: many at once cannot slip through together. One that is refused
writes nothing. A network address is counted over all panels of the installation, as operators are, who belong to
none; all else panel by panel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.core.refusal import Refusal

STRETCH_S = 900  # a quarter of an hour


class AttemptLimit(NamedTuple):
    """At most `most` attempts of a kind for one subject, in a quarter of an hour or another stretch that is made of
    them; `everywhere`: on all panels."""

    kind: str
    most: int
    everywhere: bool = False
    stretch_s: int = STRETCH_S


LOG_IN_ACCOUNT = AttemptLimit("login account", 10)
LOG_IN_ADDRESS = AttemptLimit("login address", 60, everywhere=True)
CODE_ACCOUNT = AttemptLimit("code account", 10)
LETTER_ACCOUNT = AttemptLimit("letter account", 3)
LETTER_ADDRESS = AttemptLimit("letter address", 20, everywhere=True)
OPERATOR_ACCOUNT = AttemptLimit("operator account", 10, everywhere=True)
OPERATOR_ADDRESS = AttemptLimit("operator address", 30, everywhere=True)
# Wrong log-ins of operators that leave a trace.
OPERATOR_TRACE = AttemptLimit("operator trace", 100, everywhere=True)
# Of a panel: what staff have asked of servers outside while they wait for it.
ASKED = AttemptLimit("asked", 60)
OPERATOR_CODE = AttemptLimit("operator code", 10, everywhere=True)
PASSWORD_ACCOUNT = AttemptLimit("password account", 10)
PASSWORD_LETTER = AttemptLimit("password letter", 10)

Attempt = tuple[AttemptLimit, str]  # with its subject

_SEEN = sql.Query(
    "SELECT count FROM customers_attempts WHERE panel_id = ? AND kind = ? AND subject = ? AND stretch = ?"
)
_SEEN_EVERYWHERE = sql.Query(
    "SELECT count FROM customers_addressattempts WHERE kind = ? AND subject = ? AND stretch = ?"
)
_COUNT = sql.Query(
    "INSERT INTO customers_attempts (panel_id, kind, subject, stretch, count) VALUES (?, ?, ?, ?, 1)"
    " ON CONFLICT (panel_id, kind, subject, stretch) DO UPDATE SET count = customers_attempts.count + 1"
    " WHERE customers_attempts.count < ? RETURNING count"
)
_COUNT_EVERYWHERE = sql.Query(
    "INSERT INTO customers_addressattempts (kind, subject, stretch, count) VALUES (?, ?, ?, 1)"
    " ON CONFLICT (kind, subject, stretch) DO UPDATE SET count = customers_addressattempts.count + 1"
    " WHERE customers_addressattempts.count < ? RETURNING count"
)
_TAKE_BACK = sql.Query(
    "UPDATE customers_attempts SET count = count - 1"
    " WHERE panel_id = ? AND kind = ? AND subject = ? AND stretch = ? AND count > 0"
)
_TAKE_BACK_EVERYWHERE = sql.Query(
    "UPDATE customers_addressattempts SET count = count - 1"
    " WHERE kind = ? AND subject = ? AND stretch = ? AND count > 0"
)
_NOTHING_LEFT = sql.Query(
    "DELETE FROM customers_attempts WHERE panel_id = ? AND kind = ? AND subject = ? AND stretch = ? AND count = 0"
)
_NOTHING_LEFT_EVERYWHERE = sql.Query(
    "DELETE FROM customers_addressattempts WHERE kind = ? AND subject = ? AND stretch = ? AND count = 0"
)
# Only the present stretch counts; the older ones are swept by `count`, and two that delete the same rows in
# different orders would wait for each other.
_FORGET_SUBJECT = sql.Query(
    "DELETE FROM customers_attempts WHERE panel_id = ? AND kind = ? AND subject = ? AND stretch = ?"
)
_FORGET_SUBJECT_EVERYWHERE = sql.Query(
    "DELETE FROM customers_addressattempts WHERE kind = ? AND subject = ? AND stretch = ?"
)
_FORGET_OLD = sql.Query("DELETE FROM customers_attempts WHERE stretch < ?")
_FORGET_OLD_EVERYWHERE = sql.Query("DELETE FROM customers_addressattempts WHERE stretch < ?")


class _TooOften(Exception):
    """Ends the transaction in which an attempt before it was counted already."""


def count(panel_id: int, attempts: Sequence[Attempt], *, now: datetime) -> Refusal | None:
    """Count one attempt of each; a Refusal `too_often` with the minutes to wait when one is one too many.

    Then none is counted: who hammers at a closed door writes nothing.
    """
    stretch = int(now.timestamp()) // STRETCH_S
    left_s = max((_left_s(limit, now) for limit, _subject in attempts), default=0)
    too_often = Refusal("too_often", limit=-(-left_s // 60))
    wanted = [(limit, _key(panel_id, limit, subject, now)) for limit, subject in sorted(attempts)]
    if any(_seen(limit, key) >= limit.most for limit, key in wanted):
        return too_often
    try:
        with transaction.atomic():
            counts = [_count(limit, key) for limit, key in wanted]
            if counts and max(counts) == 1:
                _FORGET_OLD.run(connection, stretch - 4)
                _FORGET_OLD_EVERYWHERE.run(connection, stretch - 4)
    except _TooOften:
        return too_often
    return None


def left(panel_id: int, attempt: Attempt, *, now: datetime) -> int:
    """How many more there may be in this stretch."""
    limit, subject = attempt
    return max(limit.most - _seen(limit, _key(panel_id, limit, subject, now)), 0)


def _left_s(limit: AttemptLimit, now: datetime) -> int:
    return limit.stretch_s - int(now.timestamp()) % limit.stretch_s


def _key(panel_id: int, limit: AttemptLimit, subject: str, now: datetime) -> tuple[int | str, ...]:
    # By the last quarter of an hour that belongs to it: until then it is not forgotten.
    stretch = (int(now.timestamp()) + _left_s(limit, now) - 1) // STRETCH_S
    found = (limit.kind, _digest(subject), stretch)
    return found if limit.everywhere else (panel_id, *found)


def _seen(limit: AttemptLimit, key: tuple[int | str, ...]) -> int:
    rows = (_SEEN_EVERYWHERE if limit.everywhere else _SEEN).rows(connection, *key)
    return int(rows[0][0]) if rows else 0


def _count(limit: AttemptLimit, key: tuple[int | str, ...]) -> int:
    rows = (_COUNT_EVERYWHERE if limit.everywhere else _COUNT).rows(connection, *key, limit.most)
    if not rows:
        raise _TooOften  # others came between looking and counting
    return int(rows[0][0])


def take_back(panel_id: int, attempts: Sequence[Attempt], *, now: datetime) -> None:
    """What was counted at `now` was not looked at, because we were busy: it counts no more, and leaves no row."""
    with transaction.atomic():
        for limit, subject in sorted(attempts):
            key = _key(panel_id, limit, subject, now)
            (_TAKE_BACK_EVERYWHERE if limit.everywhere else _TAKE_BACK).run(connection, *key)
            (_NOTHING_LEFT_EVERYWHERE if limit.everywhere else _NOTHING_LEFT).run(connection, *key)


def forget(panel_id: int, limit: AttemptLimit, subject: str) -> None:
    """He knew it after all: what he tried before counts no more."""
    with transaction.atomic():
        forgotten = _FORGET_SUBJECT_EVERYWHERE if limit.everywhere else _FORGET_SUBJECT
        forgotten.run(connection, *_key(panel_id, limit, subject, clock.now()))


def _digest(subject: str) -> str:
    return hashlib.sha256(subject.strip().lower().encode("utf-8", "replace")).hexdigest()
