"""Writes of operators who are signed in as an owner (host_guests.py). Inside the panel's scope, but for `end_all`."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_scopes import scopes_disabled

from panelwright.core import clock
from panelwright.core.refusal import Refusal, Refused
from panelwright.customers import login_records, sessions
from panelwright.customers.host_guests import LASTS, TICKET_LASTS
from panelwright.customers.models import HostTicket, LoginHow, Session, Staff, User
from panelwright.staff.rights import Role

OLD_TICKET = Refusal("old_link")


def make_ticket(*, panel_id: int, staff_id: int, host_session_id: int, name: str, money: bool, until: datetime) -> str:
    """The token that lets the operator in as this owner, until `until` at most. Refused: no_staff, may_not_log_in.

    Runs in the caller's transaction, which writes the trail.
    """
    now = clock.now()
    staff = Staff.objects.select_related("user").filter(panel_id=panel_id, id=staff_id, role=Role.OWNER.value).first()
    if staff is None:
        raise Refused("no_staff", id=staff_id)
    if not staff.user.is_active:
        raise Refused("may_not_log_in")
    token = sessions.new_token()
    HostTicket.objects.filter(panel_id=panel_id, expires_at__lte=now).delete()
    HostTicket.objects.create(
        panel_id=panel_id,
        user=staff.user,
        digest=sessions.digest(token),
        host_session_id=host_session_id,
        host_name=name,
        host_money=money,
        host_until=until,
        expires_at=now + TICKET_LASTS,
    )
    return token


def use_ticket(*, panel_id: int, token: str, address: str, browser: str) -> str | Refusal:
    """The token of a new session; each ticket gives one. Refusal: old_link."""
    now = clock.now()
    rows = HostTicket.objects.filter(
        panel_id=panel_id, digest=sessions.digest(token), expires_at__gt=now, user__is_active=True
    )
    if not rows.exists():
        # Whoever makes tokens up keeps nobody from writing.
        return OLD_TICKET
    with transaction.atomic():
        ticket = rows.select_for_update().first()
        if ticket is not None and ticket.host_until is not None and ticket.host_until <= now:
            return OLD_TICKET
        if ticket is None or not HostTicket.objects.filter(panel_id=panel_id, id=ticket.id).delete()[0]:
            return OLD_TICKET
        user = User.objects.get(panel_id=panel_id, id=ticket.user_id)
        made = sessions.new_token()
        Session.objects.create(
            panel_id=panel_id,
            user=user,
            digest=sessions.digest(made),
            address=address[:45],
            browser=sessions.browser(browser),
            created_at=now,
            seen_at=now,
            expires_at=min(now + LASTS, ticket.host_until or now + LASTS),
            host_session_id=ticket.host_session_id,
            host_name=ticket.host_name,
            host_money=ticket.host_money,
        )
        login_records.write(user=user, how=LoginHow.HOST, address=address, browser=browser, now=now)
    return made


def end_all(host_session_ids: list[int]) -> None:
    """Whatever these sessions of operators have begun, on any panel: they are over."""
    with scopes_disabled():
        HostTicket.objects.filter(host_session_id__in=host_session_ids).delete()
        Session.objects.filter(host_session_id__in=host_session_ids).delete()
