"""What staff can do with the views of lists, declared. Of a private one the trail keeps that there is one."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.staff import view_actions, views
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.models import SavedView
from panelwright.staff.shapes import TEXT, YES_NO, fields


def _state(panel_id: int, id_: int) -> State | None:
    view = SavedView.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=id_).first()
    if view is None:
        return None
    shown = {"name": view.name, "query": view.query} if view.shared else {"name": "", "query": ""}
    return {"list": view.list_name, **shown, "shared": view.shared}


VIEW = Noun(
    "view",
    "views",
    gettext_noop("View"),
    _state,
    shape=fields({"list": TEXT, "name": TEXT, "query": TEXT, "shared": YES_NO}),
    find=by_id,
)


def _add(actor: Actor, panel_id: int, _target: None, /, *, list: str, **values: Any) -> ActionDone:
    return ActionDone(view_actions.add_view(actor=actor, panel_id=panel_id, list_name=list, **values).id)


def _set(actor: Actor, panel_id: int, id_: int, /, **values: Any) -> None:
    view_actions.set_view(actor=actor, panel_id=panel_id, view_id=id_, **values)


def _remove(actor: Actor, panel_id: int, id_: int, /) -> None:
    view_actions.remove_view(actor=actor, panel_id=panel_id, view_id=id_)


_LIST = Field("list", ActionFieldKind.TEXT, gettext_noop("List"), required=True, most=40)
_NAME = Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), required=True, most=views.NAME_MAX)
_QUERY = Field(
    "query",
    ActionFieldKind.TEXT,
    gettext_noop("Filters"),
    most=views.QUERY_MAX,
    help=gettext_noop("As in the address of the list."),
)
_SHARED = Field("shared", ActionFieldKind.YES_NO, gettext_noop("Shared with all staff"))

ACTIONS = (
    # A view shows nothing that its list does not: whoever may read that may keep views of it.
    Action(VIEW, "add", gettext_noop("Save view"), None, _add, (_NAME, _SHARED, _LIST, _QUERY), on_target=False),
    Action(
        VIEW,
        "set",
        gettext_noop("Change view"),
        None,
        _set,
        (Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), most=views.NAME_MAX), _SHARED, _QUERY),
    ),
    Action(VIEW, "remove", gettext_noop("Delete view"), None, _remove, gone=True),
)
