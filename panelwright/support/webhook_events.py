"""What the panel's own webhooks are told of tickets: in the transaction of the change."""

from __future__ import annotations

from datetime import datetime

from panelwright.events import webhook_actions
from panelwright.events.models import PANELS_OWN
from panelwright.events.webhook_rules import WebhookMessage
from panelwright.support.models import Ticket

OPENED = "ticket.opened"
REPLIED = "ticket.replied"
ANSWERED = "ticket.answered"
CLOSED = "ticket.closed"
# Of a message's text; the rest stands in the ticket.
TEXT_CHARS_MAX = 4_000


def tell(name: str, ticket: Ticket, *, text: str = "", by: str = "", now: datetime) -> None:
    """One query, and one more where somebody listens. `text`: what was written; `by`: who of the staff."""
    listeners = webhook_actions.listeners({(ticket.panel_id, PANELS_OWN)})
    if not any(name in one.names for one in listeners):
        return
    number = ticket.customer.number
    data: dict[str, object] = {"ticket": ticket.number, "subject": ticket.subject, "title": ticket.title}
    if text:
        data["text"] = text[:TEXT_CHARS_MAX]
    if by:
        data["by"] = by
    message = WebhookMessage(ticket.panel_id, ticket.customer_id, name, None, data, number)
    webhook_actions.tell([message], listeners, now=now)
