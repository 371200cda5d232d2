"""Slows down who guesses: passwords, codes, addresses. Counted in the database, so over all processes.

An attempt is counted before it is looked at: many at once cannot slip through together.
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


class Limit(NamedTuple):
    """At most `most` attempts of a kind in a quarter of an hour, for one subject."""

    kind: str
    most: int


LOG_IN_ACCOUNT = Limit("login account", 10)
LOG_IN_ADDRESS = Limit("login address", 60)
CODE_ACCOUNT = Limit("code account", 10)
LETTER_ACCOUNT = Limit("letter account", 3)
LETTER_ADDRESS = Limit("letter address", 20)
PASSWORD_ACCOUNT = Limit("password account", 10)
PASSWORD_LETTER = Limit("password letter", 10)

_COUNT = sql.Query(
    "INSERT INTO customers_attempts (panel_id, kind, subject, stretch, count) VALUES (?, ?, ?, ?, 1)"
    " ON CONFLICT (panel_id, kind, subject, stretch) DO UPDATE SET count = customers_attempts.count + 1"
    " RETURNING count"
)
# Only the present stretch counts; the older ones are swept by `count`, and two that delete the same rows in
# different orders would wait for each other.
_FORGET_SUBJECT = sql.Query(
    "DELETE FROM customers_attempts WHERE panel_id = ? AND kind = ? AND subject = ? AND stretch = ?"
)
_FORGET_OLD = sql.Query("DELETE FROM customers_attempts WHERE stretch < ?")


def count(panel_id: int, attempts: Sequence[tuple[Limit, str]], *, now: datetime) -> Refusal | None:
    """Count one attempt of each; a Refusal `too_often` with the minutes to wait when one is one too many."""
    stretch = int(now.timestamp()) // STRETCH_S
    with transaction.atomic():
        counts = [
            int(_COUNT.rows(connection, panel_id, limit.kind, _digest(subject), stretch)[0][0])
            for limit, subject in sorted(attempts)
        ]
        if counts and max(counts) == 1:
            _FORGET_OLD.run(connection, stretch - 4)
    if any(found > limit.most for found, (limit, _) in zip(counts, sorted(attempts), strict=True)):
        left_s = STRETCH_S - int(now.timestamp()) % STRETCH_S
        return Refusal("too_often", limit=-(-left_s // 60))
    return None


def forget(panel_id: int, limit: Limit, subject: str) -> None:
    """He knew it after all: what he tried before counts no more."""
    stretch = int(clock.now().timestamp()) // STRETCH_S
    with transaction.atomic():
        _FORGET_SUBJECT.run(connection, panel_id, limit.kind, _digest(subject), stretch)


def _digest(subject: str) -> str:
    return hashlib.sha256(subject.strip().lower().encode("utf-8", "replace")).hexdigest()
