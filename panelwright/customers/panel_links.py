"""Accounts of one person at several panels: which they are. Reads only.

The one place of the panels' own pages that reads rows of other panels, and of these only accounts that were linked with
proof of both, whose passwords and second factors are those of then.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import NamedTuple

from django_scopes import scopes_disabled

from panelwright.customers.models import Staff, StaffLink, User

# Of one person.
PANELS_MAX = 20
TICKET_LASTS = timedelta(seconds=30)


class OwnAccounts(NamedTuple):
    """`own` is the account that she is logged in with, `others` are those at other panels."""

    own: Staff
    others: list[Staff]


def mark_of(user: User) -> str:
    """Changes with what she proves herself by, and tells nothing of it: both are salted or sealed already."""
    return hashlib.sha256(f"linked:{user.password}:{user.totp_sealed}".encode()).hexdigest()


def accounts_of(staff: Staff) -> OwnAccounts:
    """Hers, as far as the links count; none others where her own does not."""
    with scopes_disabled():
        mine = StaffLink.objects.filter(panel_id=staff.panel_id, staff_id=staff.id).first()
        if mine is None or mine.mark != mark_of(staff.user):
            return OwnAccounts(staff, [])
        rows = StaffLink.objects.filter(person=mine.person, staff__user__is_active=True, panel__enabled=True).exclude(
            panel_id=staff.panel_id
        )
        found = list(rows.select_related("staff__user", "panel").order_by("panel_id")[:PANELS_MAX])
    others = []
    for link in found:
        if link.mark == mark_of(link.staff.user):
            link.staff.panel = link.panel
            others.append(link.staff)
    return OwnAccounts(staff, others)


def other_of(staff: Staff, panel_id: int) -> Staff | None:
    """Her account at that panel."""
    return next((one for one in accounts_of(staff).others if one.panel_id == panel_id), None)


def weaker(own: Staff, other: Staff) -> bool:
    """Whether the way over would let her in with less than the other panel asks for: the log-in here is then all that
    stands before both."""
    return not own.user.totp_sealed and bool(other.user.totp_sealed or other.panel.staff_factor_required)
