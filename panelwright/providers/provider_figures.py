"""How a provider fares: what its routes have done, and why it refused orders of late. Reads, in the scope."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, timedelta
from typing import Any, NamedTuple

from panelwright.core import clock
from panelwright.events.models import Event
from panelwright.orders.models import Order
from panelwright.providers.models import BalanceReading, ProviderCall, RouteMerit
from panelwright.providers.routing.merit_actions import merit_of
from panelwright.providers.routing.merit_rules import Merit

ERRORS_SINCE = timedelta(days=7)
# The newest refusals of all providers that are looked at.
REFUSALS_MAX = 2_000
ANSWERS_SINCE = timedelta(days=1)
CALLS_MAX = 2_000
# Days of the drawing of balances, and readings that are looked at for it: one every five minutes.
BALANCE_DAYS = 10
READINGS_MAX = 4_000
# Orders that are named beside an error.
NAMED_MAX = 5


class RefusalClass(NamedTuple):
    """Why a provider refused: a name of wire/outcomes.Reason in small letters, how often, and the newest orders."""

    reason: str
    many: int
    orders: list[int]


class DayBalance(NamedTuple):
    """Our balance there as it was read last on a day in UTC, in the provider's currency."""

    day: date
    balance_micros: int


class Answers(NamedTuple):
    """How it answered orders that were sent to it in the last day, of the newest CALLS_MAX. Times in milliseconds: half
    of them were answered within `half_ms`, 95 of 100 within `most_ms`.
    """

    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    half_ms: int | None = None
    most_ms: int | None = None

    @property
    def sent(self) -> int:
        return self.accepted + self.refused + self.unknown


class ProviderFigures(NamedTuple):
    """`merit`: of all its routes together. `refusals`: the most frequent first; `partly`: there were more than are
    looked at.
    """

    merit: Merit
    refusals: list[RefusalClass]
    partly: bool
    answers: Answers
    balances: list[DayBalance]

    @property
    def most(self) -> int:
        return max((one.many for one in self.refusals), default=0)

    @property
    def success_e2(self) -> int | None:
        return None if self.merit.success is None else int(self.merit.success * 10_000)

    @property
    def start_s(self) -> int | None:
        return None if self.merit.start is None else int(self.merit.start)

    @property
    def took_s(self) -> int | None:
        return None if self.merit.took is None else int(self.merit.took)


def figures(panel_id: int, provider_id: int) -> ProviderFigures:
    """Five queries, each bounded."""
    merit = Merit()
    for row in RouteMerit.objects.filter(panel_id=panel_id, route__provider_id=provider_id):
        merit = Merit(*(a + b for a, b in zip(merit, merit_of(row), strict=True)))
    told = Event.objects.filter(panel_id=panel_id, name="order.refused").order_by("-id")
    rows: list[Any] = list(told.values_list("subject_id", "facts", "created_at")[:REFUSALS_MAX])
    since = clock.now() - ERRORS_SINCE
    by_reason: dict[str, list[int]] = {}
    for order_id, facts, at in rows:
        if at >= since and facts.get("provider") == provider_id:
            by_reason.setdefault(str(facts.get("reason", "other")), []).append(order_id)
    wanted = {order_id for ids in by_reason.values() for order_id in dict.fromkeys(ids[:NAMED_MAX])}
    numbers = dict(Order.objects.filter(panel_id=panel_id, id__in=wanted).values_list("id", "number"))
    found = [
        RefusalClass(reason, len(ids), [numbers[id_] for id_ in dict.fromkeys(ids[:NAMED_MAX]) if id_ in numbers])
        for reason, ids in by_reason.items()
    ]
    partly = len(rows) == REFUSALS_MAX and rows[-1][2] >= since
    return ProviderFigures(
        merit,
        sorted(found, key=lambda one: (-one.many, one.reason)),
        partly,
        _answers(panel_id, provider_id),
        _balances(panel_id, provider_id),
    )


def _answers(panel_id: int, provider_id: int) -> Answers:
    since = clock.now() - ANSWERS_SINCE
    rows = ProviderCall.objects.filter(panel_id=panel_id, provider_id=provider_id, action="add", sent_at__gte=since)
    calls: list[Any] = list(rows.order_by("-sent_at").values_list("outcome", "took_ms")[:CALLS_MAX])
    counts = Counter(outcome for outcome, _took in calls)
    took = sorted(ms for _outcome, ms in calls if ms is not None)
    half, most = (took[len(took) // 2], took[len(took) * 95 // 100]) if took else (None, None)
    return Answers(counts["accepted"], counts["refused"], counts["unknown"], half, most)


def _balances(panel_id: int, provider_id: int) -> list[DayBalance]:
    """The last reading of each of the last BALANCE_DAYS, the oldest first."""
    since = clock.now() - timedelta(days=BALANCE_DAYS)
    rows = BalanceReading.objects.filter(panel_id=panel_id, provider_id=provider_id, at__gte=since)
    found: dict[date, int] = {}
    for at, micros in rows.order_by("-at").values_list("at", "balance_micros")[:READINGS_MAX]:
        found.setdefault(at.astimezone(UTC).date(), micros)
    return [DayBalance(day, micros) for day, micros in sorted(found.items())][-BALANCE_DAYS:]
