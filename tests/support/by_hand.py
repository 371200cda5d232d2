"""A panel whose own people deliver, for tests. Import this late: it needs Django to be set up."""

from __future__ import annotations

from django_scopes import scope

from panelwright.customers.actions import create_staff_key
from panelwright.customers.models import Staff, StaffKey
from panelwright.providers.manual.manual_actions import add_manual_provider
from panelwright.providers.models import Provider
from tests.support.people import FOLLOWERS, Owner

BY = "bob, by test"


def own_people(owner: Owner, *services: int, name: str = "our people") -> Provider:
    """A manual provider; the services (followers, if none is named) have a route to it."""
    with scope(panel=owner.panel):
        provider = add_manual_provider(panel_id=owner.panel_id, name=name)
    for number in services or (FOLLOWERS,):
        owner.route(number, provider, upstream_service="")
    return provider


def staff_key(owner: Owner, staff: Staff) -> tuple[StaffKey, str]:
    """A key of the staff API: its row, and the key itself."""
    with scope(panel=owner.panel):
        return create_staff_key(staff=staff)
