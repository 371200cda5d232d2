"""Writes of sessions. A password that is changed ends all others; a session can be ended from another one."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from panelwright.core import clock
from panelwright.core.sql import PASSING_ERRORS
from panelwright.customers import sessions
from panelwright.customers.models import Device, Session, User

log = logging.getLogger(__name__)


def open_session(*, user: User, address: str, browser: str) -> str:
    """Log a user in; the token for her cookie, which is not stored. Runs in the caller's transaction, or its own."""
    now = clock.now()
    token = sessions.new_token()
    with transaction.atomic():
        over = Q(expires_at__lte=now) | Q(created_at__lte=now - sessions.LASTS_AT_MOST)
        Session.objects.filter(over, panel_id=user.panel_id, user=user).delete()
        Session.objects.create(
            panel_id=user.panel_id,
            user=user,
            digest=sessions.digest(token),
            address=address[:45],
            browser=sessions.browser(browser),
            created_at=now,
            seen_at=now,
            expires_at=now + sessions.LASTS,
        )
    return token


def note_seen(session: Session, *, address: str, now: datetime) -> bool:
    """A session goes on while it is used, for 90 days at most. True when that was written down.

    A database that is too busy to write it down is no reason to refuse a page: the next one tries again.
    """
    if now - session.seen_at < sessions.SEEN_EVERY or session.host_session_id is not None:
        # An operator's in an owner's place ends when it ends, however much it is used.
        return False
    rows = Session.objects.filter(panel_id=session.panel_id, id=session.id)
    until = sessions.lasts_until(session.created_at, now=now)
    try:
        return bool(rows.update(seen_at=now, expires_at=until, address=address[:45]))
    except PASSING_ERRORS:
        log.warning(
            "session %d of panel %d: the database was too busy to note that it is used", session.id, session.panel_id
        )
        return False


def renew_session(*, panel_id: int, user_id: int, session_id: int) -> str:
    """A new token for a session that goes on: whoever knows the old one is out. Empty when it is over."""
    token = sessions.new_token()
    mine = Session.objects.filter(panel_id=panel_id, user_id=user_id, id=session_id)
    return token if mine.update(digest=sessions.digest(token)) else ""


def end_session(*, panel_id: int, user_id: int, session_id: int) -> bool:
    """End one of a user's sessions. False when it is over already, or is not hers."""
    gone, _ = Session.objects.filter(panel_id=panel_id, user_id=user_id, id=session_id).delete()
    return bool(gone)


def end_others(*, panel_id: int, user_id: int, keep_id: int | None) -> int:
    """End all of a user's sessions but one; how many."""
    others = Session.objects.filter(panel_id=panel_id, user_id=user_id)
    gone, _ = (others if keep_id is None else others.exclude(id=keep_id)).delete()
    return int(gone)


def meet_device(*, user: User, device: str, now: datetime) -> bool:
    """Remember the browser. True when the user has been here with others, and never with this one."""
    seen = Device.objects.filter(panel_id=user.panel_id, user=user)
    known = seen.count()
    _, new = Device.objects.get_or_create(
        panel_id=user.panel_id, user=user, digest=sessions.digest(device), defaults={"created_at": now}
    )
    if new and known >= sessions.DEVICES_MAX:
        oldest = seen.order_by("-id").values_list("id", flat=True)[sessions.DEVICES_MAX :]
        Device.objects.filter(panel_id=user.panel_id, id__in=list(oldest[:1000])).delete()
    return new and known > 0
