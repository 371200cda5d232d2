"""Operators who are signed in as a panel's owner, to see what the owner sees: a session of its own, for an hour.

It is the owner's session by its user, and never by what it may do: its actor is of a kind of its own, has no id of a
member of staff, may not touch money unless that was asked for when it began, and never staff and their keys, which
would outlast it. Pages of the owner's own account are closed to it (ui/standing_in.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.customers.models import Session, Staff
from panelwright.staff import rights
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.rights import Right

LASTS = timedelta(hours=1)
# Between the operators' page and the panel's.
TICKET_LASTS = timedelta(minutes=1)
NEVER = frozenset({Right.STAFF})
MONEY = frozenset({Right.ORDERS_REFUND, Right.CUSTOMERS_MONEY, Right.PAYMENTS})


class HostGuest(NamedTuple):
    """Which operator it is, until when, and whether money may be moved."""

    name: str
    until: datetime
    money: bool


def guest_of(session: Session | None) -> HostGuest | None:
    if session is None or session.host_session_id is None:
        return None
    return HostGuest(session.host_name, session.expires_at, session.host_money)


def guest_actor(guest: HostGuest, staff: Staff, *, address: str) -> Actor:
    """What the owner may, without what an operator may not."""
    may = rights.of(staff.role, staff.rights) - NEVER - (frozenset() if guest.money else MONEY)
    return Actor(ActorKind.HOST, None, guest.name, address, may)
