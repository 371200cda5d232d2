"""The history of log-ins, which stays when sessions are over. Written in the transaction that opens the session."""

from __future__ import annotations

from datetime import datetime

from panelwright.customers import sessions
from panelwright.customers.models import LoginHow, LoginRecord, Staff, User

# Of one user; the oldest are forgotten.
KEPT = 200


def write(*, user: User, how: LoginHow, address: str, browser: str, now: datetime, staff: Staff | None = None) -> None:
    """`staff`: who of the staff came in as this user."""
    LoginRecord.objects.create(
        panel_id=user.panel_id,
        user=user,
        how=how.value,
        staff=staff,
        address=address[:45],
        browser=sessions.browser(browser),
        at=now,
    )
    mine = LoginRecord.objects.filter(panel_id=user.panel_id, user=user)
    edge = mine.order_by("-id").values_list("id", flat=True)[KEPT : KEPT + 1]
    for last in edge:
        mine.filter(id__lte=last).delete()


def newest(panel_id: int, user_id: int, *, limit: int = 10) -> list[LoginRecord]:
    """A user's last log-ins, those of staff in her place too."""
    return list(LoginRecord.objects.filter(panel_id=panel_id, user_id=user_id).order_by("-id")[:limit])
