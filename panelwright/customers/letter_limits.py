"""How many letters go to addresses that nobody has shown to be theirs.

Staff can add customers and colleagues with any address. What they then write would go to strangers, in the name of the
mail server that all panels of the installation share. So such letters are counted by the day, of a panel and of the
installation. Whoever has opened a letter that went there is not counted any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from panelwright.core.refusal import Refusal
from panelwright.customers import throttle_actions
from panelwright.customers.models import User
from panelwright.customers.throttle_actions import Attempt, AttemptLimit

_DAY_S = 86_400


def count(user: User, *, now: datetime) -> Refusal | None:
    """Count a letter that staff have sent, inside the transaction that queues it. Refusal: letters_unproven."""
    if not user.email_unproven:
        return None
    refused = throttle_actions.count(user.panel_id, _attempts(user.panel_id), now=now)
    return None if refused is None else _refusal(user.panel_id)


def left(panel_id: int, *, now: datetime) -> int:
    """How many more there may be today."""
    return min(throttle_actions.left(panel_id, attempt, now=now) for attempt in _attempts(panel_id))


def beyond(panel_id: int) -> Refusal:
    """What a letter too many is refused with."""
    return _refusal(panel_id)


def _refusal(panel_id: int) -> Refusal:
    return Refusal("letters_unproven", limit=min(limit.most for limit, _subject in _attempts(panel_id)))


def _attempts(panel_id: int) -> Sequence[Attempt]:
    of_panel = AttemptLimit("unproven letter", settings.UNPROVEN_LETTERS_OF_PANEL, stretch_s=_DAY_S)
    of_all = AttemptLimit("unproven letter", settings.UNPROVEN_LETTERS, everywhere=True, stretch_s=_DAY_S)
    return [(of_panel, "panel"), (of_all, "installation")]
