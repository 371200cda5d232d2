"""What staff can do with the channels on which they hear of what waits, declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refused
from panelwright.customers import letters
from panelwright.customers.asking import limited
from panelwright.customers.models import Staff
from panelwright.events.models import URL_MAX
from panelwright.notices import actions, rules, trials
from panelwright.notices.models import EVERY_MIN_LEAST, EVERY_MIN_MOST, NoticeChannel, Way
from panelwright.notices.rules import NoticeKind
from panelwright.panels.models import Panel
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import NUMBER, TEXT, YES_NO, fields, listed, words

EVERY_MIN = 5
COLLEAGUES_MAX = 200


def is_on(row: NoticeChannel) -> bool:
    """Not where it stopped by itself, because nobody answered for days."""
    return bool(row.enabled) and (row.endpoint is None or bool(row.endpoint.enabled))


def _row(panel_id: int, id_: int, *, lock: bool = False) -> NoticeChannel | None:
    rows = NoticeChannel.objects.filter(panel_id=panel_id, id=id_).select_related("staff__user", "endpoint")
    found: NoticeChannel | None = (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).first()
    return found


def _state(panel_id: int, id_: int) -> State | None:
    row = _row(panel_id, id_, lock=True)
    if row is None:
        return None
    return {
        "way": row.way,
        "sent_to": str(row),
        "kinds": row.kinds,
        "every_min": row.every_min,
        "enabled": is_on(row),
    }


NOTICE = Noun(
    "notice",
    "notices",
    gettext_noop("Notice"),
    _state,
    shape=fields(
        {
            "way": words(Way.values),
            "sent_to": TEXT,
            "kinds": listed(words([kind.value for kind in NoticeKind])),
            "every_min": NUMBER,
            "enabled": YES_NO,
        }
    ),
    find=by_id,
)


def _may_read(actor: Actor, kinds: Iterable[str]) -> None:
    """Nobody has sent to a place of their choice what they may not read. Refused: not_allowed."""
    lacking = rules.unseen(list(kinds), actor.may)
    if lacking is not None:
        raise Refused("not_allowed", "kinds", right=lacking.value)


def _add_mail(
    actor: Actor, panel_id: int, _target: None, /, *, staff: int, kinds: list[str], every_min: int = EVERY_MIN
) -> ActionDone:
    origin = letters.origin(actor, panel_id)
    return ActionDone(
        actions.add_mail(panel_id=panel_id, staff_id=staff, kinds=kinds, every_min=every_min, origin=origin)
    )


def _add_telegram(
    actor: Actor, panel_id: int, _target: None, /, *, kinds: list[str], every_min: int = EVERY_MIN, **where: str
) -> ActionDone:
    _may_read(actor, kinds)
    origin = letters.origin(actor, panel_id)
    return ActionDone(actions.add_telegram(panel_id=panel_id, kinds=kinds, every_min=every_min, origin=origin, **where))


def _add_webhook(
    actor: Actor, panel_id: int, _target: None, /, *, url: str, kinds: list[str], every_min: int = EVERY_MIN
) -> ActionDone:
    _may_read(actor, kinds)
    id_, secret = actions.add_webhook(
        panel_id=panel_id, url=url, kinds=kinds, every_min=every_min, origin=letters.origin(actor, panel_id)
    )
    return ActionDone(id_, shown={"secret": secret})


def _set(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
    row = _row(panel_id, target)
    if row is not None and row.staff is None:
        # What goes there already, others had sent there.
        _may_read(actor, set(values.get("kinds", ())) - set(row.kinds))
    actions.set_channel(panel_id=panel_id, channel_id=target, **values)


def _set_token(actor: Actor, panel_id: int, target: int, /, *, token: str) -> ActionDone:
    row = _row(panel_id, target)
    # By another bot all of it goes another way.
    _may_read(actor, row.kinds if row is not None else ())
    actions.set_channel(panel_id=panel_id, channel_id=target, token=token)
    return ActionDone(before={}, after={"new_token": True})


def _turn_on(actor: Actor, panel_id: int, target: int, /) -> None:
    actions.turn(panel_id=panel_id, channel_id=target, enabled=True)


def _turn_off(actor: Actor, panel_id: int, target: int, /) -> None:
    actions.turn(panel_id=panel_id, channel_id=target, enabled=False)


def _remove(actor: Actor, panel_id: int, target: int, /) -> None:
    actions.remove(panel_id=panel_id, channel_id=target)


def _try(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Before the transaction: it sends a message and waits for what comes of it."""
    row = _row(panel_id, target or 0)
    if row is None:
        raise Refused("no_notice", id=target or 0)
    panel = Panel.objects.get(id=panel_id)
    if row.staff is not None:
        trials.by_mail(panel, row.staff.user)
    elif row.endpoint is not None and row.way == Way.TELEGRAM:
        trials.by_telegram(panel, row.endpoint)
    elif row.endpoint is not None:
        trials.by_webhook(row.endpoint)
    return values


def _tested(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    row = _row(panel_id, target)
    return ActionDone(before={}, after={"test_sent_to": "" if row is None else str(row)})


def _colleagues(panel_id: int) -> Iterable[tuple[str, str]]:
    rows = Staff.objects.filter(panel_id=panel_id, user__is_active=True).order_by("user__email")
    return [(str(id_), email) for id_, email in rows.values_list("id", "user__email")[:COLLEAGUES_MAX]]


_KINDS = Field(
    "kinds",
    ActionFieldKind.CHOICES,
    gettext_noop("Notify about"),
    required=True,
    choices=tuple(kind.value for kind in NoticeKind),
)
_EVERY = Field(
    "every_min",
    ActionFieldKind.NUMBER,
    gettext_noop("Minutes between messages"),
    least=EVERY_MIN_LEAST,
    most=EVERY_MIN_MOST,
    help=gettext_noop("Anything new in between arrives as one message. Default: 5."),
)
_STAFF = Field("staff", ActionFieldKind.NUMBER, gettext_noop("Staff member"), required=True, offers=_colleagues)
_TOKEN = Field(
    "token",
    ActionFieldKind.SECRET,
    gettext_noop("Bot token"),
    required=True,
    most=200,
    help=gettext_noop("From @BotFather in Telegram. Stored encrypted, never shown again."),
)
_CHAT = Field(
    "chat",
    ActionFieldKind.TEXT,
    gettext_noop("Chat ID"),
    required=True,
    most=100,
    help=gettext_noop("A number (negative for groups), or the @name of a channel."),
)


def _can_turn_on(row: NoticeChannel) -> bool:
    return not is_on(row)


def _is_chat(row: NoticeChannel) -> bool:
    return row.way == Way.TELEGRAM


ACTIONS = (
    Action(
        NOTICE,
        "test",
        gettext_noop("Send a test message"),
        Right.SETTINGS,
        _tested,
        prepare=limited(_try),
        help=gettext_noop("We send a message now and show you the result."),
    ),
    Action(
        NOTICE,
        "set",
        gettext_noop("Change notices"),
        Right.SETTINGS,
        _set,
        (
            Field("kinds", ActionFieldKind.CHOICES, _KINDS.label, choices=_KINDS.choices),
            Field("every_min", ActionFieldKind.NUMBER, _EVERY.label, least=EVERY_MIN_LEAST, most=EVERY_MIN_MOST),
        ),
    ),
    Action(
        NOTICE,
        "set_token",
        gettext_noop("Change the bot token"),
        Right.SETTINGS,
        _set_token,
        (_TOKEN,),
        offered=_is_chat,
    ),
    Action(NOTICE, "turn_on", gettext_noop("Turn on"), Right.SETTINGS, _turn_on, offered=_can_turn_on),
    Action(NOTICE, "turn_off", gettext_noop("Turn off"), Right.SETTINGS, _turn_off, offered=is_on),
    Action(NOTICE, "remove", gettext_noop("Remove notices"), Right.SETTINGS, _remove, gone=True),
    Action(
        NOTICE,
        "add_mail",
        gettext_noop("Notify by email"),
        Right.SETTINGS,
        _add_mail,
        (_STAFF, _KINDS, _EVERY),
        on_target=False,
        letter=True,
        help=gettext_noop("They get only what their rights let them see."),
    ),
    Action(
        NOTICE,
        "add_telegram",
        gettext_noop("Notify in Telegram"),
        Right.SETTINGS,
        _add_telegram,
        (_TOKEN, _CHAT, _KINDS, _EVERY),
        on_target=False,
        letter=True,
        help=gettext_noop("Create a bot with @BotFather, then send it a message or add it to your staff's group."),
    ),
    Action(
        NOTICE,
        "add_webhook",
        gettext_noop("Notify a webhook"),
        Right.SETTINGS,
        _add_webhook,
        (
            Field("url", ActionFieldKind.URL, gettext_noop("Address"), required=True, most=URL_MAX),
            _KINDS,
            _EVERY,
        ),
        on_target=False,
        letter=True,
        shown={"secret": TEXT},
        help=gettext_noop("Your program gets signed JSON (Standard Webhooks). The secret is shown once."),
    ),
)
