"""A real message to a channel or a webhook, sent while somebody waits for what comes of it. No transaction is open."""

from __future__ import annotations

import secrets

from django.utils import translation
from django.utils.translation import gettext as _

from panelwright.core import clock, said
from panelwright.core.gate import aside
from panelwright.core.refusal import Refused
from panelwright.core.secret import installation_box
from panelwright.customers.models import User
from panelwright.events import telegram_rules, webhook_actions, webhook_rules
from panelwright.events.mail_loop import send_now
from panelwright.events.mail_rules import Outgoing
from panelwright.events.models import Endpoint
from panelwright.events.webhook_loop import post, post_to_telegram
from panelwright.events.webhook_rules import DeliveryOutcome
from panelwright.panels.models import Domain, Panel

_UNAUTHORIZED, _NOT_FOUND, _BAD_REQUEST, _FORBIDDEN, _TOO_MANY = 401, 404, 400, 403, 429


def by_mail(panel: Panel, user: User) -> None:
    """Refused: mail_not_sent, with what the mail server says."""
    hosts = Domain.objects.filter(panel_id=panel.id, confirmed=True).exclude(host="*").order_by("id")
    now = clock.now()
    with translation.override(user.language or panel.language):
        mail = Outgoing(
            # No row of ours has it: what is made of it is this letter's own Message-ID.
            id=secrets.randbits(48),
            panel_id=panel.id,
            to=user.email,
            subject=f"{panel.name}: {_('Test')}",
            text=_("This is a test. Notices of %(panel)s arrive here.") % {"panel": panel.name},
            html="",
            unsubscribe="",
            attempts=1,
            created_at=now,
            panel_name=panel.name,
            host=hosts.values_list("host", flat=True).first(),
            halted=False,
            lease_until=now,
        )
        # A mail server may take its time, and pages wait for their places.
        with aside():
            problem = send_now(mail)
    if problem:
        raise Refused("mail_not_sent", said=said.words(problem, _))


def by_telegram(panel: Panel, endpoint: Endpoint) -> None:
    """Refused: telegram_…, by what Telegram answers."""
    with translation.override(panel.language):
        text = _("This is a test. Notices of %(panel)s arrive here.") % {"panel": panel.name}
    body = telegram_rules.message(webhook_actions.chat_of(endpoint.url), text)
    outcome = post_to_telegram(_secrets(endpoint)[0], body)
    if not outcome.ok:
        raise _telegram_refusal(outcome)


def by_webhook(endpoint: Endpoint) -> None:
    """A signed message "test". Refused: webhook_unreachable, webhook_answered."""
    message_id = f"msg_{secrets.token_hex(12)}"
    body = webhook_rules.body(webhook_rules.TEST, clock.now(), {"endpoint": endpoint.id})
    outcome = post(endpoint.url, _secrets(endpoint), message_id, body)
    if outcome.ok:
        return
    if outcome.status_code:
        raise Refused("webhook_answered", answer=outcome.status_code)
    raise Refused("webhook_unreachable", said=said.words(outcome.problem, _))


def _secrets(endpoint: Endpoint) -> list[str]:
    box = installation_box()
    old = endpoint.old_sealed_secret if endpoint.old_until is not None and endpoint.old_until > clock.now() else ""
    return [box.open(sealed) for sealed in (endpoint.sealed_secret, old) if sealed]


def _telegram_refusal(outcome: DeliveryOutcome) -> Refused:
    """By the status code, which is part of Telegram's protocol; its words are shown and not read."""
    match outcome.status_code:
        case 0:
            return Refused("telegram_unreachable", said=said.words(outcome.problem, _))
        case code if code in (_UNAUTHORIZED, _NOT_FOUND):
            return Refused("telegram_token", "token")
        case code if code == _BAD_REQUEST:
            return Refused("telegram_no_chat", said=said.words(outcome.problem, _))
        case code if code == _FORBIDDEN:
            return Refused("telegram_forbidden")
        case code if code == _TOO_MANY:
            return Refused("telegram_busy", seconds=outcome.retry_after_s or 60)
        case _:
            return Refused("telegram_refused", said=said.words(outcome.problem, _))
