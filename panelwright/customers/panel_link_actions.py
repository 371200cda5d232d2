"""Writes of accounts of one person at several panels: linked with proof of both, unlinked by either; the way over."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django_scopes import scope, scopes_disabled

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.customers import account_actions, login_actions, panel_links, sessions
from panelwright.customers.access import staff_actor
from panelwright.customers.login_actions import Admitted, Visitor
from panelwright.customers.models import LoginHow, Session, Staff, StaffLink, SwitchTicket, User
from panelwright.panels import hosts
from panelwright.panels.models import Panel
from panelwright.staff.actions import note

LINKED, UNLINKED, SWITCHED = "staff.link_panel", "staff.unlink_panel", "staff.switch_panel"
NO_PANEL = Refusal("no_such_panel", "host")
OLD_TICKET = Refusal("old_link")


def panel_called(text: str) -> Panel | None:
    """The panel that answers where she logs in at it: "rival.example", or the whole address of a page."""
    written = text.strip().lower().removeprefix("https://").removeprefix("http://").partition("/")[0]
    host, port, _ = hosts.split(written, 0)
    return hosts.panel_at((host, port, port)) if host else None


def link(
    *, own: Staff, current: str, host: str, email: str, password: str, code: str, visitor: Visitor
) -> Panel | Refusal:
    """Own is who is logged in, with her password: by a link, a session that was stolen would last for ever. The other
    account is proven here by password and code, and throttled as its log-in is.

    Refusals: no_such_panel, own_panel, wrong_password, and those of a log-in: wrong_login (also for a customer),
    wrong_code, too_often.
    """
    panel = panel_called(host)
    if panel is None:
        return NO_PANEL
    if panel.id == own.panel_id:
        return Refusal("own_panel", "host")
    refused = account_actions.prove_password(own.user, current)
    if refused is not None:
        return refused
    with scope(panel=panel):
        user = login_actions.prove(panel_id=panel.id, email=email, password=password, code=code, visitor=visitor)
        if isinstance(user, Refusal):
            return user
        other = Staff.objects.select_related("user", "panel").filter(panel_id=panel.id, user_id=user.id).first()
    if other is None:
        return login_actions.WRONG
    if len(panel_links.accounts_of(own).others) >= panel_links.PANELS_MAX:
        return Refusal("too_many_panels", limit=panel_links.PANELS_MAX)
    _join(own, other, address=visitor.address, now=clock.now())
    return panel


def _join(own: Staff, other: Staff, *, address: str, now: datetime) -> None:
    with scopes_disabled(), transaction.atomic():
        # In the order of their ids: two who link the same pair wait for each other.
        list(Staff.objects.select_for_update(no_key=True).filter(id__in=[own.id, other.id]).order_by("id"))
        person = secrets.token_hex(16)
        mine = StaffLink.objects.filter(panel_id=own.panel_id, staff_id=own.id).first()
        if mine is not None and panel_links.counts(mine.mark, own.user):
            person = mine.person
        # Of one person a panel has one account: another one of hers there is not hers any more.
        StaffLink.objects.filter(panel_id=other.panel_id, person=person).delete()
        for staff, beside in ((own, other), (other, own)):
            StaffLink.objects.filter(panel_id=staff.panel_id, staff_id=staff.id).delete()
            StaffLink.objects.create(
                panel_id=staff.panel_id, staff=staff, person=person, mark=panel_links.mark_of(staff.user), at=now
            )
            _note(staff, LINKED, beside, address=address)


def unlink(own: Staff, *, address: str) -> None:
    """Take the account that she is logged in with away from her others. Each of them can, so none keeps another."""
    others = panel_links.accounts_of(own).others
    with scopes_disabled(), transaction.atomic():
        if StaffLink.objects.filter(panel_id=own.panel_id, staff_id=own.id).delete()[0]:
            for other in others:
                _note(own, UNLINKED, other, address=address)
                _note(other, UNLINKED, own, address=address)


def _note(staff: Staff, action: str, beside: Staff, *, address: str) -> None:
    note(
        staff_actor(staff, address=address),
        panel_id=staff.panel_id,
        action=action,
        object_kind="staff",
        object_id=staff.id,
        given={"panel": beside.panel.name, "email": beside.user.email},
    )


def make_ticket(*, session: Session, own: Staff, panel_id: int, address: str) -> tuple[Panel, str] | Refusal:
    """The way over to another panel of hers. Refusals: no_such_panel, factor_needed."""
    other = panel_links.other_of(own, panel_id)
    if other is None:
        return Refusal("no_such_panel")
    if panel_links.weaker(own, other):
        return Refusal("factor_needed")
    now = clock.now()
    token = sessions.new_token()
    with scopes_disabled(), transaction.atomic():
        SwitchTicket.objects.filter(panel_id=panel_id, expires_at__lte=now).delete()
        SwitchTicket.objects.create(
            panel_id=panel_id,
            user=other.user,
            digest=sessions.digest(token),
            from_panel_id=own.panel_id,
            from_session_id=session.id,
            expires_at=now + panel_links.TICKET_LASTS,
        )
        _note(own, SWITCHED, other, address=address)
    return other.panel, token


def use_ticket(*, panel_id: int, token: str, visitor: Visitor) -> Admitted | Refusal:
    """Inside the panel's scope. Each ticket lets in once, and only while the session that asked for it is there.

    Refusal: old_link.
    """
    now = clock.now()
    rows = SwitchTicket.objects.filter(
        panel_id=panel_id, digest=sessions.digest(token), expires_at__gt=now, user__is_active=True
    )
    if not rows.exists():
        # Whoever makes tokens up keeps nobody from writing.
        return OLD_TICKET
    with transaction.atomic():
        ticket = rows.select_for_update().first()
        if ticket is None or not SwitchTicket.objects.filter(panel_id=panel_id, id=ticket.id).delete()[0]:
            return OLD_TICKET
    with scope(panel=ticket.from_panel_id):
        asked = Session.objects.filter(
            panel_id=ticket.from_panel_id,
            id=ticket.from_session_id,
            expires_at__gt=now,
            parent=None,
            host_session_id=None,
            user__is_active=True,
        )
        session = asked.select_related("user__staff__panel", "user__staff__user").first()
    own = getattr(session.user, "staff", None) if session is not None else None
    other = None if own is None else panel_links.other_of(own, panel_id)
    # As it stands now: either account may have been changed, or unlinked, in the half minute.
    if own is None or other is None or other.user_id != ticket.user_id or panel_links.weaker(own, other):
        return OLD_TICKET
    user = User.objects.select_related("panel").get(panel_id=panel_id, id=ticket.user_id)
    return login_actions.admit(user, visitor, how=LoginHow.SWITCH) or OLD_TICKET
