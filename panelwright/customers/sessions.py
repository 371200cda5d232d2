"""Who is logged in: from the token of a cookie to the session, its user and her customer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from panelwright.customers.models import Session

TOKEN_BYTES = 32
LASTS = timedelta(days=30)
# However much it is used: then she logs in again.
LASTS_AT_MOST = timedelta(days=90)
# Written down no more often than this: a page view is no write.
SEEN_EVERY = timedelta(minutes=5)
BROWSER_MAX = 300
# Of one user; the oldest are forgotten.
DEVICES_MAX = 100


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def browser(text: str) -> str:
    """What a browser calls itself, as it is kept: what is not printable is dropped."""
    return "".join(char for char in text[:BROWSER_MAX] if char.isprintable())


def lasts_until(created_at: datetime, *, now: datetime) -> datetime:
    """When a session that is used now ends, if it is not used again."""
    return min(now + LASTS, created_at + LASTS_AT_MOST)


def session_of(panel_id: int, token: str, *, now: datetime) -> Session | None:
    """The session with its user, customer and account, in one query; None when it is over or there is none."""
    if not token:
        return None
    rows = Session.objects.filter(
        panel_id=panel_id,
        digest=digest(token),
        # Staff who stand in for a customer come in by stand_ins.py alone.
        parent=None,
        expires_at__gt=now,
        created_at__gt=now - LASTS_AT_MOST,
        user__is_active=True,
    ).select_related("user__customer__account", "user__customer__price_list", "user__staff")
    found: Session | None = rows.first()
    return found


def sessions_of(panel_id: int, user_id: int, *, now: datetime) -> Sequence[Session]:
    """Everywhere that a user is logged in, the one seen last first."""
    rows = Session.objects.filter(
        panel_id=panel_id, user_id=user_id, expires_at__gt=now, created_at__gt=now - LASTS_AT_MOST
    )
    return list(rows.order_by("-seen_at")[:100])
