"""The writes of webhooks: messages in the transaction of what they tell of, and what customers do with endpoints."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from panelwright.core import clock, signatures, sql
from panelwright.core.refusal import Refusal
from panelwright.core.secret import installation_box
from panelwright.events import telegram_rules
from panelwright.events import webhook_rules as rules
from panelwright.events.actions import NewEvent, record
from panelwright.events.models import ENDPOINTS_MAX, PANELS_OWN, Delivery, Endpoint, EndpointKind
from panelwright.events.webhook_rules import Listener, WebhookMessage

NO_ENDPOINT = Refusal("no_webhook", "webhook")
NO_DELIVERY = Refusal("no_delivery", "delivery")
LIMIT = Refusal("webhook_limit", "", ENDPOINTS_MAX)
TAKEN = Refusal("webhook_taken", "url")
SWITCHED_OFF = Refusal("webhook_off", "webhook")
WAITS = Refusal("delivery_waits", "delivery")
TOO_OFTEN = Refusal("delivery_too_often", "delivery", rules.RETRIES_MAX)
_TRIES = 3

_LISTENERS = sql.Query(
    "SELECT id, panel_id, customer_id, names FROM events_endpoint"
    " WHERE panel_id :in_int AND customer_id :in_int AND enabled AND deleted_at IS NULL"
)
_INSERT = sql.Insert(
    "events_delivery",
    {
        "panel_id": "bigint",
        "endpoint_id": "bigint",
        "name": "text",
        "order_number": "bigint",
        "message_id": "text",
        "body": "text",
        "due_at": "timestamptz",
        "created_at": "timestamptz",
    },
)


# ---- what happened -----------------------------------------------------------------------------------


def listeners(customers: Collection[tuple[int, int]]) -> list[Listener]:
    """The endpoints of customers, given as (panel id, customer id), and of their panels, that are switched on. One
    query."""
    if not customers:
        return []
    panels, ids = sorted({c[0] for c in customers}), sorted({PANELS_OWN, *(c[1] for c in customers)})
    return [
        Listener(row[0], row[1], row[2], frozenset(json.loads(row[3]) if isinstance(row[3], str) else row[3]))
        for row in _LISTENERS.rows(connection, panels, ids)
    ]


def tell(messages: Sequence[WebhookMessage], listening: Sequence[Listener], *, now: datetime) -> None:
    """Write down who is told of what. The caller holds the transaction of what it tells of."""
    at = sql.moment(connection, now)
    ids = {id(message): _message_id() for message in messages}
    rows = [
        (m.panel_id, to.id, m.name, m.order_number, ids[id(m)], rules.body(m.name, now, m.data_for(to)), at, at)
        for m, to in rules.wanted(messages, listening)
    ]
    _INSERT.run(connection, rows)


def queue_notice(endpoint: Endpoint, body: str, *, now: datetime) -> None:
    """A notice to an endpoint that was made for it. The caller holds the transaction."""
    Delivery.objects.create(
        panel_id=endpoint.panel_id,
        endpoint=endpoint,
        name=rules.NOTICE,
        message_id=_message_id(),
        body=body,
        due_at=now,
        created_at=now,
    )


def turn(*, panel_id: int, customer_id: int, endpoint_id: int, enabled: bool) -> Refusal | None:
    """On, without its old failures; or off, and what waits for it is given up. None when it is done."""
    now = clock.now()
    with transaction.atomic():
        row = _locked(panel_id, customer_id, endpoint_id)
        if row is None:
            return NO_ENDPOINT
        row.enabled = enabled
        if enabled:
            row.failing_since, row.stopped_why = None, ""
        row.save(update_fields=["enabled", "failing_since", "stopped_why"])
        _note("webhook.changed", row, now, names=row.names, enabled=enabled)
    return None


def set_token(*, panel_id: int, endpoint_id: int, token: str) -> Refusal | None:
    """Another bot for a chat. None when it is done."""
    token = token.strip()
    if not telegram_rules.good_token(token):
        return Refusal("telegram_token", "token")
    with transaction.atomic():
        row = _locked(panel_id, PANELS_OWN, endpoint_id)
        if row is None or row.kind != EndpointKind.TELEGRAM:
            return NO_ENDPOINT
        row.sealed_secret = installation_box().seal(token)
        row.save(update_fields=["sealed_secret"])
        _note("webhook.rotated", row, clock.now())
    return None


def _message_id() -> str:
    return "msg_" + secrets.token_hex(12)


# ---- what customers do -------------------------------------------------------------------------------


def create_endpoint(
    *, panel_id: int, customer_id: int, url: str, names: Sequence[str], description: str = ""
) -> tuple[int, str] | Refusal:
    """A new endpoint: its id, and its secret, which is not shown again. Or why there is none."""
    url, description = url.strip(), description.strip()
    refused = _bad(url, names, description, customer_id=customer_id)
    if refused is not None:
        return refused
    secret = signatures.new_secret()
    made = _create(panel_id, customer_id, EndpointKind.WEBHOOK, url, names, secret, description)
    return made if isinstance(made, Refusal) else (made, secret)


def create_chat(*, panel_id: int, chat: str, token: str) -> int | Refusal:
    """A chat of Telegram that hears the panel's notices by its bot: the id of its endpoint. Or why there is none."""
    token, chat = token.strip(), chat.strip()
    if not telegram_rules.good_token(token):
        return Refusal("telegram_token", "token")
    if not telegram_rules.good_chat(chat):
        return Refusal("telegram_chat_id", "chat")
    made = _create(panel_id, PANELS_OWN, EndpointKind.TELEGRAM, chat_url(chat), (rules.NOTICE,), token, "")
    return Refusal("telegram_taken", "chat") if made == TAKEN else made


def chat_url(chat: str) -> str:
    return f"telegram:{chat}"


def chat_of(url: str) -> str:
    return url.removeprefix("telegram:")


def _create(
    panel_id: int,
    customer_id: int,
    kind: EndpointKind,
    url: str,
    names: Sequence[str],
    secret: str,
    description: str,
) -> int | Refusal:
    now = clock.now()
    for _ in range(_TRIES):
        slot = _free_slot(panel_id, customer_id, url)
        if isinstance(slot, Refusal):
            return slot
        try:
            with transaction.atomic():
                row = Endpoint.objects.create(
                    panel_id=panel_id,
                    customer_id=customer_id,
                    kind=kind.value,
                    slot=slot,
                    url=url,
                    description=description,
                    names=_in_order(names, customer_id),
                    sealed_secret=installation_box().seal(secret),
                    created_at=now,
                )
                _note("webhook.created", row, now)
            return int(row.id)
        except IntegrityError:
            continue  # somebody took the place, or made the same one, at the same moment: look again
    return LIMIT


def _free_slot(panel_id: int, customer_id: int, url: str) -> int | Refusal:
    mine = Endpoint.objects.filter(panel_id=panel_id, customer_id=customer_id, deleted_at=None)
    taken = dict(mine.values_list("slot", "url"))
    if url in taken.values():
        return TAKEN
    return next((slot for slot in range(1, ENDPOINTS_MAX + 1) if slot not in taken), LIMIT)


def change_endpoint(
    *,
    panel_id: int,
    customer_id: int,
    endpoint_id: int,
    url: str,
    names: Sequence[str],
    description: str,
    enabled: bool,
) -> Refusal | None:
    """Set all that may be set. Switched on (again), it starts without its old failures; switched off, what
    waits for it is given up. None when it is done."""
    url, description = url.strip(), description.strip()
    refused = _bad(url, names, description, customer_id=customer_id)
    if refused is not None:
        return refused
    now = clock.now()
    try:
        with transaction.atomic():
            row = _locked(panel_id, customer_id, endpoint_id)
            if row is None:
                return NO_ENDPOINT
            if (enabled and not row.enabled) or url != row.url:
                row.failing_since, row.stopped_why = None, ""
            row.url, row.names, row.description, row.enabled = url, _in_order(names, customer_id), description, enabled
            row.save(update_fields=["url", "names", "description", "enabled", "failing_since", "stopped_why"])
            _note("webhook.changed", row, now, names=row.names, enabled=enabled)
    except IntegrityError:
        return TAKEN
    return None


def rotate_secret(*, panel_id: int, customer_id: int, endpoint_id: int) -> str | Refusal:
    """A new secret, which is not shown again. The one before it signs beside it for 24 hours."""
    now, secret, box = clock.now(), signatures.new_secret(), installation_box()
    with transaction.atomic():
        row = _locked(panel_id, customer_id, endpoint_id)
        if row is None:
            return NO_ENDPOINT
        row.old_sealed_secret, row.old_until = row.sealed_secret, now + rules.ROTATION
        row.sealed_secret = box.seal(secret)
        row.save(update_fields=["old_sealed_secret", "old_until", "sealed_secret"])
        _note("webhook.rotated", row, now)
    return secret


def delete_endpoint(*, panel_id: int, customer_id: int, endpoint_id: int) -> Refusal | None:
    """For good. Its secrets are forgotten now, its log when that is old enough. None when it is done."""
    now = clock.now()
    with transaction.atomic():
        row = _locked(panel_id, customer_id, endpoint_id)
        if row is None:
            return NO_ENDPOINT
        row.enabled, row.deleted_at = False, now
        row.sealed_secret = row.old_sealed_secret = ""
        row.save(update_fields=["enabled", "deleted_at", "sealed_secret", "old_sealed_secret"])
        _note("webhook.deleted", row, now)
    return None


def send_test(*, panel_id: int, customer_id: int, endpoint_id: int) -> int | Refusal:
    """Send a message "test" to an endpoint, whatever it asked for: the id of the delivery. One at a time."""
    now = clock.now()
    with transaction.atomic():
        row = _locked(panel_id, customer_id, endpoint_id)
        if row is None:
            return NO_ENDPOINT
        if not row.enabled:
            return SWITCHED_OFF
        if Delivery.objects.filter(panel_id=panel_id, endpoint=row, name=rules.TEST, due_at__isnull=False).exists():
            return WAITS
        delivery = Delivery.objects.create(
            panel_id=panel_id,
            endpoint=row,
            name=rules.TEST,
            message_id=_message_id(),
            body=rules.body(rules.TEST, now, {"endpoint": endpoint_id}),
            due_at=now,
            created_at=now,
        )
    return int(delivery.id)


def retry_delivery(*, panel_id: int, customer_id: int, delivery_id: int) -> Refusal | None:
    """Send it (again) now, with the same message id, also when it was delivered. None when it will be."""
    now = clock.now()
    with transaction.atomic():
        found = Delivery.objects.select_for_update(of=("self",)).select_related("endpoint")
        row = found.filter(panel_id=panel_id, endpoint__customer_id=customer_id, id=delivery_id).first()
        if row is None or row.endpoint.deleted_at is not None:
            return NO_DELIVERY
        if not row.endpoint.enabled:
            return SWITCHED_OFF
        if row.lease_until is not None and row.lease_until > now:
            return WAITS
        if row.attempts >= rules.RETRIES_MAX:
            return TOO_OFTEN
        row.due_at, row.lease_until, row.delivered_at = now, None, None
        row.save(update_fields=["due_at", "lease_until", "delivered_at"])
    return None


def _bad(url: str, names: Sequence[str], description: str, *, customer_id: int) -> Refusal | None:
    return (
        rules.good_url(
            url, allow_private=settings.ALLOW_PRIVATE_WEBHOOKS, allow_own=settings.ALLOW_WEBHOOKS_TO_THIS_MACHINE
        )
        or rules.good_names(names, of=rules.names_of(customer_id))
        or rules.good_description(description)
    )


def _in_order(names: Sequence[str], customer_id: int) -> list[str]:
    return [name for name in rules.names_of(customer_id) if name in set(names)]


def _locked(panel_id: int, customer_id: int, endpoint_id: int) -> Endpoint | None:
    """The customer's endpoint; somebody else's is as one that does not exist."""
    found = Endpoint.objects.select_for_update().filter(panel_id=panel_id, customer_id=customer_id, deleted_at=None)
    row: Endpoint | None = found.filter(id=endpoint_id).first()
    return row


def _note(name: str, row: Endpoint, now: datetime, **facts: object) -> None:
    record([NewEvent(row.panel_id, name, row.id, {"customer": row.customer_id, "url": row.url, **facts})], now=now)
