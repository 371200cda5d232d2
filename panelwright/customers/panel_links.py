"""Accounts of one person at several panels: which they are. Reads only.

The one place of the panels' own pages that reads rows of other panels, and of these only accounts that were linked with
proof of both, whose passwords and second factors are those of then.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import NamedTuple

from django_scopes import scopes_disabled

from panelwright.core.secret import installation_box
from panelwright.customers.models import Staff, StaffLink, User

# Of one person.
PANELS_MAX = 20
TICKET_LASTS = timedelta(seconds=30)


class OwnAccounts(NamedTuple):
    """`own` is the account that she is logged in with, `others` are those at other panels."""

    own: Staff
    others: list[Staff]


def mark_of(user: User) -> str:
    """Changes with what she proves herself by, and tells nothing of it: the one is salted, the other a secret.

    The second factor counts as it is, not as it is sealed: with other keys of the installation it is the same. A
    password that is hashed anew takes the marks along (login_actions.is_password_of).
    """
    return _mark(f"{user.password}:{_factor(user)}")


def counts(mark: str, user: User) -> bool:
    """Whether a link with this mark still says what it was proven by; those from before are sealed."""
    return mark in {mark_of(user), _mark(f"{user.password}:{user.totp_sealed}")}


def _mark(text: str) -> str:
    return hashlib.sha256(f"linked:{text}".encode()).hexdigest()


def _factor(user: User) -> str:
    try:
        return installation_box().open(user.totp_sealed) if user.totp_sealed else ""
    except ValueError:
        return str(user.totp_sealed)


def accounts_of(staff: Staff) -> OwnAccounts:
    """Hers, as far as the links count; none others where her own does not."""
    with scopes_disabled():
        mine = StaffLink.objects.filter(panel_id=staff.panel_id, staff_id=staff.id).first()
        if mine is None or not counts(mine.mark, staff.user):
            return OwnAccounts(staff, [])
        rows = StaffLink.objects.filter(person=mine.person, staff__user__is_active=True, panel__enabled=True).exclude(
            panel_id=staff.panel_id
        )
        found = list(rows.select_related("staff__user", "panel").order_by("panel_id")[:PANELS_MAX])
    others = []
    for link in found:
        if counts(link.mark, link.staff.user):
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
