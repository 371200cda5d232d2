"""The views of a list as tabs: all, those that come with the product, and those that staff have saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from panelwright.core.lists import count_text, whole
from panelwright.staff import views
from panelwright.staff.lists import StaffList
from panelwright.ui.request import StaffRequest


class ViewTab(NamedTuple):
    """A view over a list."""

    label: str
    url: str
    current: bool
    number: str = ""


class Views(NamedTuple):
    """The tabs of a list. `own`: the id of the saved view that is looked at, where the visitor may change it, and
    `changed`: its filters are others now, which are `query`. `save_as`: where they are saved under a name.
    """

    tabs: list[ViewTab]
    current_label: str
    own: int = 0
    own_name: str = ""
    changed: bool = False
    query: str = ""
    back: str = ""
    save_as: str = ""


def tabs(request: StaffRequest, of: StaffList, asked: Mapping[str, str], counts: Mapping[str, int]) -> Views | None:
    """None for a list without filters. `counts`: the list's."""
    if not of.listing.filters:
        return None
    here, query = request.path, views.query_of(asked)
    opened = whole(request.GET.get("view", ""))
    saved = views.seen_by(request.panel.id, request.actor, of.name)
    looked_at = next((view for view in saved if view.id == opened), None)
    shipped = [
        ViewTab(
            _(view.label),
            f"{here}?{view.query}",
            looked_at is None and views.query_of(views.asked_of(of, view.query)) == query,
            count_text(counts[view.counted]) if counts.get(view.counted) else "",
        )
        for view in of.views
    ]
    found = [ViewTab(_("All"), here, looked_at is None and not query), *shipped]
    for view in saved:
        where = f"{here}?{urlencode({'view': view.id})}&{view.query}".rstrip("&")
        alone = looked_at is None and view.query == query and not any(tab.current for tab in found)
        found.append(ViewTab(view.name, where, view is looked_at or alone))
    current = next((tab for tab in found if tab.current), None)
    # Whatever is in an address that no view has may be kept under a name.
    changed = looked_at is not None and looked_at.query != query
    new = bool(query) and (current is None or changed)
    if len(found) == 1 and not new:
        return None
    may = looked_at is not None and views.may_change(request.actor, looked_at)
    form = urlencode({"list": of.name, "query": query, "back": f"{here}?{query}"})
    return Views(
        found,
        current.label if current is not None else _("Unsaved view"),
        own=looked_at.id if looked_at is not None and may else 0,
        own_name=looked_at.name if looked_at is not None else "",
        changed=changed and may,
        query=query,
        back=f"{here}?{urlencode({'view': opened})}&{query}" if opened else here,
        save_as=f"{reverse('backoffice:view_add')}?{form}" if new else "",
    )
