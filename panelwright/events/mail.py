"""E-mail is a row first: written in the transaction of what it tells of, sent by a loop afterwards."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q

from panelwright.core import limits
from panelwright.events.models import Mail

SUBJECT_MAX = 200
TEXT_MAX = 100_000
# Of what is written in a text, each character may become several.
HTML_MAX = limits.LETTER_HTML_CHARS_MAX


def queue_mail(
    *,
    panel_id: int,
    to: str,
    subject: str,
    text: str,
    kind: str,
    now: datetime,
    html: str = "",
    unsubscribe: str = "",
) -> None:
    """Send a text to one address, soon. The caller holds the transaction.

    `html`: the same for who reads that. `unsubscribe`: the address that ends letters to many (RFC 8058).

    A subject is one line: line breaks in it become spaces, and what is too long is cut. Raises
    ValueError for what is not one address.
    """
    try:
        validate_email(to)
    except ValidationError:
        raise ValueError("an e-mail needs one address") from None
    if len(text) > TEXT_MAX or len(html) > HTML_MAX:
        raise ValueError("an e-mail has at most 100,000 characters, as a page 200,000")
    Mail.objects.create(
        panel_id=panel_id,
        to=to,
        subject=" ".join(subject.split())[:SUBJECT_MAX],
        text=text,
        html=html,
        unsubscribe=unsubscribe,
        kind=kind,
        due_at=now,
        created_at=now,
    )


def drop_mail(*, panel_id: int, to: str, unsubscribe: str, kind: str, now: datetime) -> int:
    """Forget letters of a kind that are not sent yet: to an address, or whose link to end them ends in this. Answers
    how many. What is on its way just now is not held back."""
    rows = Mail.objects.filter(Q(to=to) | Q(unsubscribe__endswith=unsubscribe), panel_id=panel_id, kind=kind)
    waiting = rows.filter(Q(lease_until=None) | Q(lease_until__lte=now), due_at__isnull=False)
    return int(waiting.delete()[0])
