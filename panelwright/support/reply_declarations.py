"""What staff can do with saved replies, declared."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import limits
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import TEXT, fields
from panelwright.support import reply_actions
from panelwright.support.models import REPLY_NAME_MAX, SavedReply


def _state(panel_id: int, id_: int) -> State | None:
    row = SavedReply.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=id_).first()
    return None if row is None else {"name": row.name, "text": row.text}


SAVED_REPLY = Noun(
    "saved_reply",
    "saved_replies",
    gettext_noop("Saved reply"),
    _state,
    shape=fields({"name": TEXT, "text": TEXT}),
    find=by_id,
)


def _add(_actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    return ActionDone(reply_actions.add_reply(panel_id=panel_id, **values).id)


def _set(_actor: Actor, panel_id: int, id_: int, /, **values: Any) -> None:
    reply_actions.set_reply(panel_id=panel_id, reply_id=id_, **values)


def _remove(_actor: Actor, panel_id: int, id_: int, /) -> None:
    reply_actions.remove_reply(panel_id=panel_id, reply_id=id_)


def _fields(*, required: bool) -> tuple[Field, ...]:
    return (
        Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), required=required, most=REPLY_NAME_MAX),
        Field(
            "text",
            ActionFieldKind.LONG_TEXT,
            gettext_noop("Text"),
            required=required,
            most=limits.TICKET_CHARS_MAX,
            help=gettext_noop(
                "Fields are filled in for each ticket: {{customer}}, {{email}}, {{balance}}, {{ticket}}, {{panel}},"
                " {{order}}, {{status}}, {{service}}, {{link}}."
            ),
        ),
    )


ACTIONS = (
    Action(
        SAVED_REPLY,
        "add",
        gettext_noop("Add saved reply"),
        Right.SUPPORT,
        _add,
        _fields(required=True),
        on_target=False,
    ),
    Action(SAVED_REPLY, "set", gettext_noop("Edit saved reply"), Right.SUPPORT, _set, _fields(required=False)),
    Action(SAVED_REPLY, "remove", gettext_noop("Delete saved reply"), Right.SUPPORT, _remove, gone=True),
)
