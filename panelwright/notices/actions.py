"""The writes of notices: what staff do with channels, and the round that tells what waits.

A notice is queued in the transaction that writes down what the channel was told of: whoever is killed in between leaves
both or none. What is sent, by which loop, with how many tries: events/.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils import translation
from django_scopes import scope

from panelwright.core import clock, sql
from panelwright.core.refusal import Refusal, Refused
from panelwright.customers.models import Staff
from panelwright.events import telegram_rules, webhook_actions, webhook_rules
from panelwright.events.mail import queue_mail
from panelwright.events.models import PANELS_OWN, Endpoint
from panelwright.notices import queries, rules, texts
from panelwright.notices.models import CHANNELS_MAX, NoticeChannel, Way
from panelwright.notices.rules import NoticePlan, Waiting
from panelwright.panels.models import Panel
from panelwright.staff import rights

LEASE = timedelta(seconds=60)

_DUE = sql.Query("SELECT panel_id FROM notices_noticechannel WHERE due_at <= ? ORDER BY due_at, id LIMIT 1")
_PICK = sql.Query(
    "SELECT id FROM notices_noticechannel WHERE panel_id = ? AND due_at <= ? ORDER BY id LIMIT ? :skip_locked"
)
_LEASE = sql.Query("UPDATE notices_noticechannel SET due_at = ? WHERE id :in_int RETURNING id")
_MINE = sql.Query("SELECT id FROM notices_noticechannel WHERE id :in_int AND due_at = ?")
# Where it changes nothing the claim is lost, or staff have changed the channel meanwhile.
_LET_GO = sql.Query("UPDATE notices_noticechannel SET due_at = ?, told_at = ? WHERE id = ? AND due_at = ? RETURNING id")


# ---- what staff do -----------------------------------------------------------------------------------


def add_mail(*, panel_id: int, staff_id: int, kinds: Sequence[str], every_min: int, origin: str) -> int:
    """E-mail to a member of staff. Refused: no_staff, notice_taken, notice_kinds, notice_limit."""
    if not Staff.objects.filter(panel_id=panel_id, id=staff_id, user__is_active=True).exists():
        raise Refused("no_staff", "staff", id=staff_id)
    return _add(panel_id, kinds, way=Way.MAIL.value, staff_id=staff_id, every_min=every_min, origin=origin)


def add_telegram(*, panel_id: int, token: str, chat: str, kinds: Sequence[str], every_min: int, origin: str) -> int:
    """A chat, by a bot of the panel. Refused besides: telegram_token, telegram_chat_id, telegram_taken."""
    with transaction.atomic():
        endpoint = _made(webhook_actions.create_chat(panel_id=panel_id, chat=chat, token=token))
        return _add(panel_id, kinds, way=Way.TELEGRAM.value, endpoint_id=endpoint, every_min=every_min, origin=origin)


def add_webhook(*, panel_id: int, url: str, kinds: Sequence[str], every_min: int, origin: str) -> tuple[int, str]:
    """An address, with the secret that signs what goes there, which is not shown again."""
    with transaction.atomic():
        made = webhook_actions.create_endpoint(
            panel_id=panel_id, customer_id=PANELS_OWN, url=url, names=(webhook_rules.NOTICE,)
        )
        if isinstance(made, Refusal):
            raise Refused.of(made)
        endpoint, secret = made
        added = _add(panel_id, kinds, way=Way.WEBHOOK.value, endpoint_id=endpoint, every_min=every_min, origin=origin)
        return added, secret


def _made(made: int | Refusal) -> int:
    if isinstance(made, Refusal):
        raise Refused.of(made)
    return made


def _add(panel_id: int, kinds: Sequence[str], **values: object) -> int:
    now = clock.now()
    if NoticeChannel.objects.filter(panel_id=panel_id).count() >= CHANNELS_MAX:
        raise Refused("notice_limit", limit=CHANNELS_MAX)
    try:
        with transaction.atomic():
            row = NoticeChannel.objects.create(
                panel_id=panel_id, kinds=_checked(kinds), due_at=now, created_at=now, **values
            )
    except IntegrityError:
        raise Refused("notice_taken", "staff") from None
    return int(row.id)


def _checked(kinds: Sequence[str]) -> list[str]:
    chosen = rules.in_order(kinds)
    if not chosen:
        raise Refused("notice_kinds", "kinds")
    return chosen


def set_channel(
    *,
    panel_id: int,
    channel_id: int,
    kinds: Sequence[str] | None = None,
    every_min: int | None = None,
    token: str | None = None,
) -> None:
    """Refused: notice_kinds, telegram_token; no_token for what is no bot."""
    with transaction.atomic():
        row = _locked(panel_id, channel_id)
        if token is not None:
            if row.way != Way.TELEGRAM:
                raise Refused("no_token", "token")
            refused = webhook_actions.set_token(panel_id=panel_id, endpoint_id=row.endpoint_id or 0, token=token)
            if refused is not None:
                raise Refused.of(refused)
        if kinds is not None:
            row.kinds = _checked(kinds)
        if every_min is not None:
            row.every_min = every_min
        if row.enabled:
            # What comes of the new choice is told soon, and not before the time that was chosen.
            row.due_at = rules.due(clock.now(), row.told_at, every_min=row.every_min)
        row.save(update_fields=["kinds", "every_min", "due_at"])


def turn(*, panel_id: int, channel_id: int, enabled: bool) -> None:
    """On: what waits by then is told. Off: nothing is, and what was queued for an address or a chat is given up."""
    with transaction.atomic():
        row = _locked(panel_id, channel_id)
        row.enabled = enabled
        row.due_at = clock.now() if enabled else None
        if not enabled:
            row.told = {}
        row.save(update_fields=["enabled", "due_at", "told"])
        if row.endpoint_id is not None:
            webhook_actions.turn(
                panel_id=panel_id, customer_id=PANELS_OWN, endpoint_id=row.endpoint_id, enabled=enabled
            )


def remove(*, panel_id: int, channel_id: int) -> None:
    """For good; the token or secret is forgotten with it."""
    with transaction.atomic():
        row = _locked(panel_id, channel_id)
        endpoint_id = row.endpoint_id
        row.delete()
        if endpoint_id is not None:
            webhook_actions.delete_endpoint(panel_id=panel_id, customer_id=PANELS_OWN, endpoint_id=endpoint_id)


def _locked(panel_id: int, channel_id: int) -> NoticeChannel:
    rows = NoticeChannel.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=channel_id)
    row: NoticeChannel | None = rows.first()
    if row is None:
        raise Refused("no_notice", id=channel_id)
    return row


# ---- the round ---------------------------------------------------------------------------------------


class LookClaim(NamedTuple):
    """Channels of one panel that are due, this worker's until the lease ends."""

    panel_id: int
    ids: tuple[int, ...]
    lease_until: datetime


def watch() -> int:
    """Look at the panel whose channel has waited longest, and queue what its channels are to be told. Answers how many
    channels were looked at. Inside no scope."""
    claimed = claim()
    if claimed is None:
        return 0
    tell(claimed)
    return len(claimed.ids)


def claim() -> LookClaim | None:
    now = clock.now()
    at = sql.moment(connection, now)
    due = _DUE.rows(connection, at)
    if not due:
        return None
    lease_until = now + LEASE
    with transaction.atomic(durable=True):
        picked = _PICK.rows(connection, due[0][0], at, CHANNELS_MAX)
        rows = _LEASE.rows(connection, sql.moment(connection, lease_until), sorted(row[0] for row in picked))
    ids = tuple(sorted(row[0] for row in rows))
    return LookClaim(due[0][0], ids, lease_until) if ids else None


def tell(claimed: LookClaim) -> None:
    panel = Panel.objects.get(id=claimed.panel_id)
    with scope(panel=panel):
        mine = [row[0] for row in _MINE.rows(connection, list(claimed.ids), _lease(claimed))]
        rows = NoticeChannel.objects.filter(panel_id=panel.id, id__in=mine)
        channels = list(rows.select_related("staff__user", "endpoint").order_by("id"))
        kinds = {row.id: _kinds(row) for row in channels}
        waiting = queries.waiting(panel.id, {kind for chosen in kinds.values() for kind in chosen})
        for row in channels:
            _tell_one(panel, row, kinds[row.id], waiting, claimed)


def _kinds(row: NoticeChannel) -> list[str]:
    """What it may hear of now: of staff what their rights let them see."""
    if row.staff is not None:
        user = row.staff.user
        return rules.allowed(row.kinds, rights.of(row.staff.role, row.staff.rights)) if user.is_active else []
    return list(row.kinds) if row.endpoint is not None and row.endpoint.enabled else []


def _tell_one(panel: Panel, row: NoticeChannel, kinds: list[str], waiting: Waiting, claimed: LookClaim) -> None:
    now = clock.now()
    plan = rules.plan(waiting, row.told, kinds)
    told_at = now if plan.parts else row.told_at
    due_at = rules.next_look(now, every_min=row.every_min, told=bool(plan.parts))
    with transaction.atomic(durable=True):
        moments = (sql.moment(connection, due_at), sql.moment(connection, told_at))
        if not _LET_GO.rows(connection, *moments, row.id, _lease(claimed)):
            return
        if plan.told != row.told:
            NoticeChannel.objects.filter(panel_id=panel.id, id=row.id).update(told=plan.told)
        if plan.parts:
            _queue(panel, row, plan, now)


def _lease(claimed: LookClaim) -> object:
    return sql.moment(connection, claimed.lease_until)


def _queue(panel: Panel, row: NoticeChannel, plan: NoticePlan, now: datetime) -> None:
    if row.staff is not None:
        user = row.staff.user
        with translation.override(user.language or panel.language):
            queue_mail(
                panel_id=panel.id,
                to=user.email,
                subject=f"{panel.name}: {texts.subject(plan.parts)}",
                text=texts.text(plan.parts, origin=row.origin),
                kind=queries.MAIL_KIND,
                now=now,
            )
        return
    assert isinstance(row.endpoint, Endpoint)
    webhook_actions.queue_notice(row.endpoint, _body(panel, row, row.endpoint, plan, now), now=now)


def _body(panel: Panel, row: NoticeChannel, endpoint: Endpoint, plan: NoticePlan, now: datetime) -> str:
    if row.way == Way.TELEGRAM:
        with translation.override(panel.language):
            text = f"{panel.name}\n\n{texts.text(plan.parts, origin=row.origin)}"
        return telegram_rules.message(webhook_actions.chat_of(endpoint.url), text)
    data = {"panel": panel.slug, "notices": texts.for_programs(plan.parts, origin=row.origin)}
    return webhook_rules.body(webhook_rules.NOTICE, now, data)
