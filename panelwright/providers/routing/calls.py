"""The SQL of what is kept of requests about orders, and of balances. Inside the caller's transaction.

Keys never get here: parameters are those of `actions.params_of`, and answers were cleaned where they were read
(core/reply.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.core.limits import CALL_ANSWER_CHARS_MAX, CALL_SENT_CHARS_MAX, CALLS_OF_ORDER_MAX
from panelwright.providers.wire.outcomes import Accepted, Unknown, UpstreamRefused

# Of one parameter so much, so that a long list of comments leaves room for the others.
PARAMETER_MAX = 300


class NewCall(NamedTuple):
    """A request and its outcome, as models.ProviderCall has them. `cost_micros` in the provider's currency."""

    panel_id: int
    order_id: int
    provider_id: int
    route_id: int | None
    action: str
    outcome: str
    attempt: int
    sent: str
    came: str
    cost_micros: int | None
    sent_at: datetime
    took_ms: int | None


_INSERT = sql.Insert(
    "providers_providercall",
    {
        "panel_id": "bigint",
        "order_id": "bigint",
        "provider_id": "bigint",
        "route_id": "bigint",
        "action": "text",
        "outcome": "text",
        "attempt": "int",
        "sent": "text",
        "came": "text",
        "cost_micros": "bigint",
        "sent_at": "timestamptz",
        "took_ms": "int",
    },
)
_OLDER = sql.Query(
    "DELETE FROM providers_providercall WHERE panel_id = ? AND order_id = ? AND id <= (SELECT id FROM"
    " providers_providercall WHERE panel_id = ? AND order_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)
# The oldest stand first: ids rise with time.
_FORGET_CALLS = sql.Query(
    "DELETE FROM providers_providercall WHERE id IN (SELECT id FROM (SELECT id, sent_at FROM providers_providercall"
    " ORDER BY id LIMIT ?) AS oldest WHERE sent_at < ?) RETURNING 1"
)
_FORGET_BALANCES = sql.Query(
    "DELETE FROM providers_balancereading WHERE id IN (SELECT id FROM (SELECT id, at FROM providers_balancereading"
    " ORDER BY id LIMIT ?) AS oldest WHERE at < ?) RETURNING 1"
)
_BALANCE = sql.Query(
    "INSERT INTO providers_balancereading (panel_id, provider_id, balance_micros, currency, at)"
    " SELECT panel_id, id, ?, currency, ? FROM providers_provider WHERE id = ?"
)
_BALANCES_DUE = sql.Query(
    "SELECT id FROM providers_provider WHERE balance_due_at IS NOT NULL AND balance_due_at <= ? ORDER BY id"
)
_ASK_BALANCE = sql.Update(
    "providers_provider", {"balance_due_at": "timestamptz"}, {"id": "bigint"}, also="kind = 'api' AND enabled"
)
_BALANCE_READ = sql.Query(
    "UPDATE providers_provider SET balance_micros = ?, balance_at = ?, balance_due_at = NULL WHERE id = ?"
)


def outcome_of(answer: Accepted | UpstreamRefused | Unknown) -> tuple[str, str]:
    """The word of an outcome, and what came back: the start of the answer, else what happened instead of one."""
    if isinstance(answer, Accepted):
        return "accepted", answer.evidence or answer.ref
    if isinstance(answer, UpstreamRefused):
        return "refused", answer.evidence or answer.text
    return "unknown", answer.evidence or answer.text


def written(params: Mapping[str, str]) -> str:
    """Parameters as they are kept: without the request id, long ones cut, as JSON. What is too long as a whole is cut
    at a parameter."""
    kept = {
        name: value if len(value) <= PARAMETER_MAX else value[:PARAMETER_MAX] + "…"
        for name, value in params.items()
        if name != "request_id"
    }
    text = json.dumps(kept, ensure_ascii=False)
    while len(text) > CALL_SENT_CHARS_MAX:
        kept.popitem()
        text = json.dumps(kept, ensure_ascii=False)
    return text


def keep(calls: Sequence[NewCall]) -> None:
    """Write calls; of orders with more than CALLS_OF_ORDER_MAX the oldest go."""
    rows = [
        (*call[:8], call.came[:CALL_ANSWER_CHARS_MAX], call.cost_micros, sql.moment(connection, call.sent_at), call[11])
        for call in calls
    ]
    _INSERT.run(connection, rows)
    for panel_id, order_id in sorted({(c.panel_id, c.order_id) for c in calls if c.attempt > CALLS_OF_ORDER_MAX}):
        _OLDER.run(connection, panel_id, order_id, panel_id, order_id, CALLS_OF_ORDER_MAX)


def forget(*, calls_before: datetime, balances_before: datetime, limit: int) -> int:
    """Delete the oldest of what is older. Answers how many."""
    gone = _FORGET_CALLS.rows(connection, limit, sql.moment(connection, calls_before))
    return len(gone) + len(_FORGET_BALANCES.rows(connection, limit, sql.moment(connection, balances_before)))


def keep_balance(provider_id: int, balance_micros: int, at: datetime) -> None:
    """What our balance at a provider was at a moment, in the currency that its row has."""
    _BALANCE.run(connection, balance_micros, sql.moment(connection, at), provider_id)


def balances_due(now: datetime) -> list[int]:
    """Ids of the providers whose balance is to be read at once."""
    return [row[0] for row in _BALANCES_DUE.rows(connection, sql.moment(connection, now))]


def ask_balances(provider_ids: Collection[int], at: datetime) -> None:
    """Have the balances of these providers read as soon as they may be asked after `at`."""
    _ASK_BALANCE.run(connection, [(sql.moment(connection, at), id_) for id_ in sorted(provider_ids)])


def balance_read(provider_id: int, balance_micros: int, at: datetime) -> None:
    """The balance that was asked for at once: of the provider's row, and for the evidence."""
    _BALANCE_READ.run(connection, balance_micros, sql.moment(connection, at), provider_id)
    keep_balance(provider_id, balance_micros, at)
