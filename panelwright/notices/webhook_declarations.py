"""What staff can do with the panel's own webhooks, declared. Their tables, and the loop that sends, lie in events/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal, Refused
from panelwright.customers.asking import limited
from panelwright.events import webhook_actions
from panelwright.events.models import PANELS_OWN, URL_MAX, Delivery, Endpoint, EndpointKind
from panelwright.events.webhook_rules import DESCRIPTION_MAX, PANEL_NAMES
from panelwright.notices import rules, trials
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import TEXT, YES_NO, fields, listed, words


def _row(panel_id: int, id_: int, *, lock: bool = False) -> Endpoint | None:
    rows = Endpoint.objects.filter(
        panel_id=panel_id,
        id=id_,
        customer_id=PANELS_OWN,
        kind=EndpointKind.WEBHOOK.value,
        deleted_at=None,
        noticechannel__isnull=True,
    )
    found: Endpoint | None = (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).first()
    return found


def _state(panel_id: int, id_: int) -> State | None:
    row = _row(panel_id, id_, lock=True)
    if row is None:
        return None
    return {"url": row.url, "description": row.description, "names": row.names, "enabled": row.enabled}


WEBHOOK = Noun(
    "panel_webhook",
    "webhooks",
    gettext_noop("Webhook"),
    _state,
    shape=fields({"url": TEXT, "description": TEXT, "names": listed(words(PANEL_NAMES)), "enabled": YES_NO}),
    find=by_id,
)


def _delivery_state(panel_id: int, id_: int) -> State | None:
    rows = Delivery.objects.filter(panel_id=panel_id, id=id_, endpoint__customer_id=PANELS_OWN)
    row = rows.select_related("endpoint").first()
    if row is None or row.endpoint.deleted_at is not None:
        return None
    return {"name": row.name, "sent": row.delivered_at is not None}


DELIVERY = Noun(
    "delivery",
    "deliveries",
    gettext_noop("Delivery"),
    _delivery_state,
    shape=fields({"name": TEXT, "sent": YES_NO}),
    find=by_id,
)


def _done(refused: Refusal | None) -> None:
    if refused is not None:
        raise Refused.of(refused)


def _may_read(actor: Actor, names: Iterable[str]) -> None:
    """Nobody has sent to an address of their choice what they may not read. Refused: not_allowed."""
    lacking = rules.unseen_events(list(names), actor.may)
    if lacking is not None:
        raise Refused("not_allowed", "names", right=lacking.value)


def _add(
    actor: Actor, panel_id: int, _target: None, /, *, url: str, names: list[str], description: str = ""
) -> ActionDone:
    _may_read(actor, names)
    made = webhook_actions.create_endpoint(
        panel_id=panel_id, customer_id=PANELS_OWN, url=url, names=names, description=description
    )
    if isinstance(made, Refusal):
        raise Refused.of(made)
    return ActionDone(made[0], shown={"secret": made[1]})


def _set(actor: Actor, panel_id: int, target: int, /, **values: Any) -> None:
    row = _row(panel_id, target)
    if row is None:
        raise Refused.of(webhook_actions.NO_ENDPOINT)
    chosen = set(values.get("names", row.names))
    elsewhere = values.get("url", row.url) != row.url
    _may_read(actor, chosen if elsewhere else chosen - set(row.names))
    stands = {"url": row.url, "names": row.names, "description": row.description, "enabled": row.enabled}
    _done(
        webhook_actions.change_endpoint(
            panel_id=panel_id, customer_id=PANELS_OWN, endpoint_id=target, **{**stands, **values}
        )
    )


def _rotate(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    made = webhook_actions.rotate_secret(panel_id=panel_id, customer_id=PANELS_OWN, endpoint_id=target)
    if isinstance(made, Refusal):
        raise Refused.of(made)
    return ActionDone(before={}, after={"new_secret": True}, shown={"secret": made})


def _turn_on(actor: Actor, panel_id: int, target: int, /) -> None:
    _done(webhook_actions.turn(panel_id=panel_id, customer_id=PANELS_OWN, endpoint_id=target, enabled=True))


def _turn_off(actor: Actor, panel_id: int, target: int, /) -> None:
    _done(webhook_actions.turn(panel_id=panel_id, customer_id=PANELS_OWN, endpoint_id=target, enabled=False))


def _remove(actor: Actor, panel_id: int, target: int, /) -> None:
    _done(webhook_actions.delete_endpoint(panel_id=panel_id, customer_id=PANELS_OWN, endpoint_id=target))


def _try(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Before the transaction: it sends a message and waits for what comes of it."""
    row = _row(panel_id, target or 0)
    if row is None:
        raise Refused("no_panel_webhook", id=target or 0)
    trials.by_webhook(row)
    return values


def _tested(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    row = _row(panel_id, target)
    return ActionDone(before={}, after={"test_sent_to": row.url if row is not None else ""})


def _resend(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    _done(webhook_actions.retry_delivery(panel_id=panel_id, customer_id=PANELS_OWN, delivery_id=target))
    return ActionDone(before={}, after={"sent_again": True})


_NAMES = tuple(PANEL_NAMES)
_URL = Field("url", ActionFieldKind.URL, gettext_noop("Address"), required=True, most=URL_MAX)
_EVENTS = Field("names", ActionFieldKind.CHOICES, gettext_noop("Events"), required=True, choices=_NAMES)
_DESCRIPTION = Field("description", ActionFieldKind.TEXT, gettext_noop("Description"), most=DESCRIPTION_MAX)


def _is_on(row: Endpoint) -> bool:
    return bool(row.enabled)


def _is_off(row: Endpoint) -> bool:
    return not row.enabled


ACTIONS = (
    Action(
        WEBHOOK,
        "test",
        gettext_noop("Send a test message"),
        Right.SETTINGS,
        _tested,
        prepare=limited(_try),
        help=gettext_noop("We send a message now and show you the result."),
    ),
    Action(
        WEBHOOK,
        "set",
        gettext_noop("Change webhook"),
        Right.SETTINGS,
        _set,
        (
            Field("url", ActionFieldKind.URL, _URL.label, most=URL_MAX),
            Field("names", ActionFieldKind.CHOICES, _EVENTS.label, choices=_NAMES),
            Field("description", ActionFieldKind.TEXT, _DESCRIPTION.label, most=DESCRIPTION_MAX, clears=True),
        ),
    ),
    Action(
        WEBHOOK,
        "rotate",
        gettext_noop("Create new secret"),
        Right.SETTINGS,
        _rotate,
        shown={"secret": TEXT},
        help=gettext_noop("A new secret is shown once. The old one keeps working for 24 hours."),
    ),
    Action(WEBHOOK, "turn_on", gettext_noop("Turn on"), Right.SETTINGS, _turn_on, offered=_is_off),
    Action(WEBHOOK, "turn_off", gettext_noop("Turn off"), Right.SETTINGS, _turn_off, offered=_is_on),
    Action(WEBHOOK, "remove", gettext_noop("Delete webhook"), Right.SETTINGS, _remove, gone=True),
    Action(
        WEBHOOK,
        "add",
        gettext_noop("Add webhook"),
        Right.SETTINGS,
        _add,
        (_URL, _EVENTS, _DESCRIPTION),
        on_target=False,
        shown={"secret": TEXT},
        help=gettext_noop(
            "We call your program when something changes. Messages are signed (Standard Webhooks) with a secret that is"
            " shown once."
        ),
    ),
    Action(
        DELIVERY,
        "resend",
        gettext_noop("Send again"),
        Right.SETTINGS,
        _resend,
        help=gettext_noop("The message keeps its ID, so your program can tell that it is the same."),
    ),
)
