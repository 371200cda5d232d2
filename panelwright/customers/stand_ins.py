"""Staff who are signed in as a customer, to see what they see: a session of its own, for half an hour, that hangs on
the staff's own.

Both cookies have to be there: a stand-in's token counts only in the browser whose own session made it, so that a token
planted by somebody else leads nowhere, and it ends with that session. The right is asked for at every request.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.customers import sessions
from panelwright.customers.access import staff_actor
from panelwright.customers.models import Session
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right

LASTS = timedelta(minutes=30)
NEEDS = Right.CUSTOMERS_ACT
# What moves the customer's money needs the right of who may change it.
MONEY = Right.CUSTOMERS_MONEY


class StandIn(NamedTuple):
    """`session` is the customer's, `actor` who it is."""

    session: Session
    actor: Actor

    @property
    def until(self) -> datetime:
        ends: datetime = self.session.expires_at
        return ends

    @property
    def may_move_money(self) -> bool:
        return self.actor.may(MONEY)


def stand_in_of(panel_id: int, token: str, *, own_token: str, address: str, now: datetime) -> StandIn | None:
    """Who stands in for whom, in one query; None when it is over, or the right is gone."""
    if not token or not own_token:
        return None
    rows = Session.objects.filter(
        panel_id=panel_id,
        digest=sessions.digest(token),
        expires_at__gt=now,
        created_at__gt=now - LASTS,
        user__is_active=True,
        parent__panel_id=panel_id,
        # Who is in somebody's place already takes no other.
        parent__host_session_id=None,
        parent__digest=sessions.digest(own_token),
        parent__expires_at__gt=now,
        parent__created_at__gt=now - sessions.LASTS_AT_MOST,
        parent__user__is_active=True,
    ).select_related("user__customer__account", "user__customer__price_list", "parent__user__staff")
    found: Session | None = rows.first()
    if found is None or found.parent is None:
        return None
    staff = getattr(found.parent.user, "staff", None)
    actor = None if staff is None else staff_actor(staff, address=address)
    return None if actor is None or not actor.may(NEEDS) else StandIn(found, actor)
