"""The writes of the views of lists that staff save. Refusals are raised; then nothing has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction

from panelwright.core import clock
from panelwright.core.refusal import NotThere, Refused
from panelwright.staff import views
from panelwright.staff.actor import Actor
from panelwright.staff.lists import all_lists
from panelwright.staff.models import SavedView
from panelwright.staff.rights import Right


def add_view(
    *, actor: Actor, panel_id: int, list_name: str, name: str, query: str = "", shared: bool = False
) -> SavedView:
    """Keep filters of a list under a name. Refused: only_shared, too_many_views, view_name_taken."""
    kept = _checked(actor, list_name, query)
    if actor.id is None and not shared:
        raise Refused("only_shared", "shared")
    mine = SavedView.objects.filter(panel_id=panel_id, list_name=list_name, staff_id=actor.id)
    if mine.count() >= views.VIEWS_MAX:
        raise Refused("too_many_views", limit=views.VIEWS_MAX)
    row = SavedView(
        panel_id=panel_id, list_name=list_name, name=_named(name), query=kept, staff_id=actor.id, shared=shared
    )
    row.created_at = clock.now()
    _written(lambda: row.save(force_insert=True))
    return row


def set_view(*, actor: Actor, panel_id: int, view_id: int, **values: Any) -> None:
    """Another name, other filters, shared or not. Refused: no_view, not_allowed, only_shared, view_name_taken."""
    view = _own(actor, panel_id, view_id)
    if "name" in values:
        values["name"] = _named(values["name"])
    if "query" in values:
        values["query"] = _checked(actor, view.list_name, values["query"])
    if values.get("shared") is False and view.staff_id is None:
        raise Refused("only_shared", "shared")
    rows = SavedView.objects.filter(panel_id=panel_id, id=view_id)
    if values:
        _written(lambda: rows.update(**values))


def remove_view(*, actor: Actor, panel_id: int, view_id: int) -> None:
    """Refused: no_view, not_allowed."""
    _own(actor, panel_id, view_id).delete()


def _checked(actor: Actor, list_name: str, query: str) -> str:
    """The filters as they are kept. Refused: not_a_choice, not_allowed."""
    of = all_lists().get(list_name)
    if of is None:
        raise Refused("not_a_choice", "list", choices=", ".join(all_lists()))
    if of.right is not None and not actor.may(of.right):
        raise Refused("not_allowed", right=of.right.value)
    return views.query_of(views.asked_of(of, query))


def _own(actor: Actor, panel_id: int, id_: int) -> SavedView:
    view: SavedView | None = SavedView.objects.filter(panel_id=panel_id, id=id_).first()
    if view is not None and view.shared and not views.may_change(actor, view):
        raise Refused("not_allowed", right=Right.STAFF.value)
    if view is None or not views.may_change(actor, view):
        raise NotThere("no_view", id=id_)
    return view


def _named(name: str) -> str:
    if not name.strip():
        raise Refused("missing_field", "name", action="add")
    return " ".join(name.split())


def _written(write: Callable[[], object]) -> None:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        raise Refused("view_name_taken", "name") from None
