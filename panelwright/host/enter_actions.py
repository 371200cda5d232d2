"""Signing in as a panel's owner, from the operators' host: a ticket that the panel's own host takes (customers/
host_guests.py), in one transaction with what the panel's trail says of it."""

from __future__ import annotations

from django.db import transaction
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refusal, Refused
from panelwright.customers import host_guest_actions
from panelwright.host.models import OperatorSession
from panelwright.host.sessions import used_until
from panelwright.panels.actions import REASON_CHARS_MAX
from panelwright.panels.models import Panel
from panelwright.staff.actions import note
from panelwright.staff.actor import Actor

ENTERED = "host.enter"


def enter(
    actor: Actor, session: OperatorSession, *, panel: Panel, staff_id: int, reason: str, money: bool
) -> str | Refusal:
    """The token of the ticket. Refusals: reason_needed, no_staff, may_not_log_in."""
    reason = " ".join(reason.split())[:REASON_CHARS_MAX]
    if not reason:
        return Refusal("reason_needed", "why")
    try:
        with scope(panel=panel), transaction.atomic():
            token = host_guest_actions.make_ticket(
                panel_id=panel.id,
                staff_id=staff_id,
                host_session_id=session.id,
                name=actor.name,
                money=money,
                until=used_until(session, now=clock.now()),
            )
            note(
                actor,
                panel_id=panel.id,
                action=ENTERED,
                object_kind="staff",
                object_id=staff_id,
                given={"reason": reason, "money": money},
            )
    except Refused as refused:
        return refused.refusal
    return token
