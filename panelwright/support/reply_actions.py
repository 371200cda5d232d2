"""The writes of saved replies, which all staff of a panel share. Refusals are raised; then nothing has changed."""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, transaction

from panelwright.core import clock, limits
from panelwright.core.refusal import NotThere, Refused
from panelwright.support import reply_fields, rules
from panelwright.support.models import SavedReply


def add_reply(*, panel_id: int, name: str, text: str) -> SavedReply:
    """Keep a text under a name. Refused: missing_field, text_too_long, unknown_reply_field, reply_name_taken,
    too_many_replies.
    """
    if SavedReply.objects.filter(panel_id=panel_id).count() >= rules.SAVED_REPLIES_MAX:
        raise Refused("too_many_replies", limit=rules.SAVED_REPLIES_MAX)
    row = SavedReply(panel_id=panel_id, name=_named(name), text=_checked(text), created_at=clock.now())
    _written(lambda: row.save(force_insert=True))
    return row


def set_reply(*, panel_id: int, reply_id: int, name: str | None = None, text: str | None = None) -> None:
    """Another name or text. Refused: as `add_reply`, and no_saved_reply."""
    values = {}
    if name is not None:
        values["name"] = _named(name)
    if text is not None:
        values["text"] = _checked(text)
    rows = SavedReply.objects.filter(panel_id=panel_id, id=reply_id)
    if not rows.exists():
        raise NotThere("no_saved_reply", id=reply_id)
    if values:
        _written(lambda: rows.update(**values))


def remove_reply(*, panel_id: int, reply_id: int) -> None:
    """Refused: no_saved_reply."""
    if not SavedReply.objects.filter(panel_id=panel_id, id=reply_id).delete()[0]:
        raise NotThere("no_saved_reply", id=reply_id)


def _named(name: str) -> str:
    name = rules.clean_title(name)
    if not name:
        raise Refused("missing_field", "name", action="add")
    return name


def _checked(text: str) -> str:
    text = rules.clean_text(text)
    if not text:
        raise Refused("missing_field", "text", action="add")
    if len(text) > limits.TICKET_CHARS_MAX:
        raise Refused("text_too_long", "text", limit=limits.TICKET_CHARS_MAX)
    if (name := reply_fields.unknown(text)) is not None:
        raise Refused("unknown_reply_field", "text", name=name, known=", ".join(reply_fields.NAMES))
    return text


def _written(write: Callable[[], object]) -> None:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        raise Refused("reply_name_taken", "name") from None
