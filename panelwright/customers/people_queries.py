"""What staff read about one customer or member: sessions, log-ins, notes. Inside the panel's scope, and bounded."""

from __future__ import annotations

from panelwright.core import clock
from panelwright.customers.models import CustomerNote, LoginRecord, Session
from panelwright.customers.sessions import LASTS_AT_MOST

SHOWN = 50


def last_login(panel_id: int, user_id: int) -> LoginRecord | None:
    """The newest log-in of the user's own: staff who signed in as them are not looked at."""
    rows = LoginRecord.objects.filter(panel_id=panel_id, user_id=user_id, staff=None)
    found: LoginRecord | None = rows.order_by("-id").first()
    return found


def logins(panel_id: int, user_id: int) -> list[LoginRecord]:
    rows = LoginRecord.objects.filter(panel_id=panel_id, user_id=user_id).select_related("staff__user")
    return list(rows.order_by("-id")[:SHOWN])


def sessions(panel_id: int, user_id: int) -> list[Session]:
    """Where somebody is logged in now, the one seen last first."""
    now = clock.now()
    rows = Session.objects.filter(
        panel_id=panel_id, user_id=user_id, expires_at__gt=now, created_at__gt=now - LASTS_AT_MOST
    )
    return list(rows.select_related("parent__user").order_by("-seen_at")[:SHOWN])


def notes(panel_id: int, customer_id: int) -> list[CustomerNote]:
    rows = CustomerNote.objects.filter(panel_id=panel_id, customer_id=customer_id)
    return list(rows.order_by("-id")[:SHOWN])
