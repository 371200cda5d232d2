"""How each service does: how its orders ended lately, how long they took, what was asked for again and given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db import connection

from panelwright.core import clock, sql
from panelwright.reports import queries
from panelwright.reports.cuts import Cut, Figures, quantile_s
from panelwright.reports.periods import Period
from panelwright.reports.queries import Asked, Ends

# An order is stuck that has been open for longer than a day, and twice as long as nine of ten of its service take.
STUCK_MIN_S = 86_400
# So many of the oldest open orders of each status are looked at.
LOOKED_MAX = 2_000

_OPEN = sql.Query(
    " UNION ALL ".join(
        "SELECT service_id, created_at FROM (SELECT service_id, created_at FROM orders_order WHERE panel_id = ?"
        f" AND ended_at IS NULL AND status = '{status}' AND kind <> 'drip-feed' ORDER BY number LIMIT ?) {name}"
        for status, name in (("Pending", "a"), ("Processing", "b"), ("In progress", "c"))
    )
)


class ServiceHealth(NamedTuple):
    """Of one service. Times are in seconds, None where nothing was measured; `open` and `stuck` are of this moment."""

    service_id: int
    ends: Ends
    figures: Figures
    refills: int
    start_s: int | None
    start_90_s: int | None
    took_s: int | None
    took_90_s: int | None
    stuck: int


def of_services(panel_id: int, period: Period) -> dict[int, ServiceHealth]:
    """Of all services that had orders, by id. Six queries."""
    ends = queries.ends_by_service(panel_id, period)
    took = queries.times_by_service(panel_id, Cut.END_TIMES, period)
    start = queries.times_by_service(panel_id, Cut.START_TIMES, period)
    refills = queries.refills_by_service(panel_id, period)
    figures = queries.by_key(panel_id, Asked(Cut.SERVICE), period)
    slow = {service: quantile_s(counts, 90) for service, counts in took.items()}
    stuck = _stuck(panel_id, slow)
    return {
        service: ServiceHealth(
            service,
            ends.get(service, Ends()),
            figures.get(service, Figures()),
            refills.get(service, 0),
            *_times(start.get(service, [])),
            *_times(took.get(service, [])),
            stuck.get(service, 0),
        )
        for service in sorted(ends.keys() | figures.keys() | stuck.keys() | refills.keys())
    }


def _times(counts: Sequence[tuple[int, int]]) -> tuple[int | None, int | None]:
    return quantile_s(counts, 50), quantile_s(counts, 90)


def _stuck(panel_id: int, slow: dict[int, int | None]) -> dict[int, int]:
    """How many open orders of each service are older than they should be, of the oldest ones."""
    now = clock.now()
    found: dict[int, int] = {}
    for service, created_at in _OPEN.rows(connection, *((panel_id, LOOKED_MAX) * 3)):
        at = sql.aware(created_at)
        assert at is not None
        if now - at > timedelta(seconds=max(STUCK_MIN_S, 2 * (slow.get(service) or 0))):
            found[service] = found.get(service, 0) + 1
    return found
