"""Writes of staff who are signed in as a customer: the session of it begins and ends (stand_ins.py)."""

from __future__ import annotations

from django.db import transaction

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.customers import login_records, sessions
from panelwright.customers.models import Customer, LoginHow, Session
from panelwright.customers.stand_ins import LASTS, StandIn


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


def end(stand_in: StandIn) -> None:
    session = stand_in.session
    Session.objects.filter(panel_id=session.panel_id, id=session.id).delete()
