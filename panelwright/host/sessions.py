"""Which operator is logged in: from the token of a cookie to the session. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from panelwright.customers.sessions import digest
from panelwright.host.models import OperatorSession

# Shorter than those of staff: all panels are behind it.
IDLE = timedelta(hours=1)
AT_MOST = timedelta(hours=12)
# Written down no more often than this: a page view is no write.
SEEN_EVERY = timedelta(minutes=5)
COOKIE = "operator"


def session_of(token: str, *, now: datetime) -> OperatorSession | None:
    """The session with its operator, in one query; None when it is over, or they may not log in any more."""
    if not token:
        return None
    rows = OperatorSession.objects.filter(
        digest=digest(token), expires_at__gt=now, created_at__gt=now - AT_MOST, operator__enabled=True
    )
    return rows.select_related("operator").first()


def used_until(session: OperatorSession, *, now: datetime) -> datetime:
    """When a session that is used now ends, if it is not used again."""
    return min(now + IDLE, session.created_at + AT_MOST)


def sessions_of(operator_id: int, *, now: datetime) -> Sequence[OperatorSession]:
    """Everywhere that an operator is logged in, the one seen last first."""
    rows = OperatorSession.objects.filter(operator_id=operator_id, expires_at__gt=now, created_at__gt=now - AT_MOST)
    return list(rows.order_by("-seen_at")[:100])
