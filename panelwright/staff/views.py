"""The views of a list that staff have saved: filters under a name. Reads, inside the panel's scope."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q

from panelwright.staff.actor import Actor
from panelwright.staff.lists import StaffList
from panelwright.staff.models import SavedView
from panelwright.staff.rights import Right

NAME_MAX = 60
QUERY_MAX = 2_000
# Of one person for one list.
VIEWS_MAX = 30


def seen_by(panel_id: int, actor: Actor, list_name: str) -> list[SavedView]:
    """A person's own and those that are shared, by their names. One query."""
    rows = SavedView.objects.filter(panel_id=panel_id, list_name=list_name)
    mine = Q(shared=True) if actor.id is None else Q(shared=True) | Q(staff_id=actor.id)
    return list(rows.filter(mine).order_by("name", "id")[: 10 * VIEWS_MAX])


def may_change(actor: Actor, view: SavedView) -> bool:
    """Whose it is may; of a shared one whoever manages staff, too."""
    if view.staff_id is not None and view.staff_id == actor.id:
        return True
    return view.shared and actor.may(Right.STAFF)


def asked_of(of: StaffList, query: str) -> dict[str, str]:
    """What the view narrows the list by; a filter that the list has no more is left out."""
    return of.listing.asked(dict(parse_qsl(query[:QUERY_MAX])))


def query_of(asked: Mapping[str, str]) -> str:
    """The same as it stands in an address."""
    return urlencode({name: text for name, text in sorted(asked.items()) if text})
