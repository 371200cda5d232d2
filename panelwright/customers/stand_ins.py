"""Staff who are signed in as a customer, to see what they see: a session of its own, for half an hour, that hangs on
the staff's own.

Both cookies have to be there: a stand-in's token counts only in the browser whose own session made it, so that a token
planted by somebody else leads nowhere, and it ends with that session. The right is asked for at every request.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.customers import login_records, sessions
from panelwright.customers.access import staff_actor
from panelwright.customers.models import Customer, LoginHow, Session
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


def begin(*, parent: Session, customer_id: int, address: str, browser: str) -> str:
    """The token of a new stand-in; what the same session was before, it is no longer. Refused: may_not_log_in."""
    now = clock.now()
    panel_id = parent.panel_id
    token = sessions.new_token()
    with transaction.atomic():
        customer = Customer.objects.select_related("user").get(panel_id=panel_id, id=customer_id)
        if not customer.user.is_active:
            raise Refused("may_not_log_in")
        Session.objects.filter(panel_id=panel_id, parent_id=parent.id).delete()
        Session.objects.create(
            panel_id=panel_id,
            user=customer.user,
            parent=parent,
            digest=sessions.digest(token),
            address=address[:45],
            browser=sessions.browser(browser),
            created_at=now,
            seen_at=now,
            expires_at=now + LASTS,
        )
        login_records.write(
            user=customer.user, how=LoginHow.STAFF, address=address, browser=browser, staff=parent.user.staff, now=now
        )
    return token


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


def end(stand_in: StandIn) -> None:
    session = stand_in.session
    Session.objects.filter(panel_id=session.panel_id, id=session.id).delete()
