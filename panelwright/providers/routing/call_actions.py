"""The writes about what is kept of requests: balances that were asked for at once, and what is forgotten."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from panelwright.core import clock, money
from panelwright.core.limits import BALANCES_KEPT_DAYS, CALLS_KEPT_DAYS
from panelwright.providers.routing import calls
from panelwright.providers.wire.outcomes import Balance

FORGOTTEN_AT_ONCE = 1_000
# A provider that could not be asked, or did not tell, is asked again after so long.
BALANCE_AGAIN = timedelta(seconds=30)


def commit_balance(provider_id: int, answer: object) -> None:
    """Write down our balance where an order's outcome is unknown; where it was not told, it is asked for again."""
    now = clock.now()
    with transaction.atomic(durable=True):
        try:
            told = money.owned(answer.amount) if isinstance(answer, Balance) else None
        except ValueError:
            told = None
        if told is None:
            calls.ask_balances([provider_id], now + BALANCE_AGAIN)
        else:
            calls.balance_read(provider_id, told, now)


def forget_old() -> int:
    """Delete calls and balances that are older than they are kept, some at a time. Answers how many."""
    now = clock.now()
    with transaction.atomic(durable=True):
        return calls.forget(
            calls_before=now - timedelta(days=CALLS_KEPT_DAYS),
            balances_before=now - timedelta(days=BALANCES_KEPT_DAYS),
            limit=FORGOTTEN_AT_ONCE,
        )
