"""How several panels fare, beside each other: two statements, whatever their number. Only of those that the caller
names: the operators' page names all (panelwright/host), a person with accounts at several panels hers.

Counts stop at COUNTED_MAX: they are read up to one more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from django.db import connection

from panelwright.core import sql
from panelwright.panels.models import Panel
from panelwright.reports.calendar import buckets
from panelwright.reports.cuts import Cut, Grain

DAYS = 30
_SUMS = sql.Query(
    "SELECT panel_id, bucket, SUM(orders), SUM(charged_micros - refunded_micros) FROM reports_reportsum"
    " WHERE panel_id :in_int AND cut = ? AND grain = ? AND bucket > ? GROUP BY panel_id, bucket"
)
_COUNTS = sql.Query(
    "SELECT p.id,"
    " (SELECT COUNT(*) FROM (SELECT 1 FROM customers_customer c WHERE c.panel_id = p.id LIMIT 1000) t),"
    " (SELECT COUNT(*) FROM (SELECT 1 FROM orders_order o WHERE o.panel_id = p.id AND o.problem_code > ''"
    " AND o.ended_at IS NULL LIMIT 1000) t),"
    " (SELECT COUNT(*) FROM (SELECT 1 FROM support_ticket k WHERE k.panel_id = p.id AND k.state = 'pending'"
    " LIMIT 1000) t),"
    " (SELECT COUNT(*) FROM providers_provider v WHERE v.panel_id = p.id AND v.enabled AND v.kind = 'api'"
    " AND (v.failures >= 5 OR v.problem <> '' OR v.sync_problem_code <> ''"
    " OR (v.low_balance_micros IS NOT NULL AND v.balance_micros < v.low_balance_micros)))"
    " FROM panels_panel p WHERE p.id :in_int"
)

_PROVIDERS = sql.Query(
    "SELECT v.panel_id, v.name, v.url, v.currency, v.balance_micros, v.failures >= 5 OR v.problem <> ''"
    " OR v.sync_problem_code <> '' OR (v.low_balance_micros IS NOT NULL AND v.balance_micros < v.low_balance_micros)"
    " FROM providers_provider v WHERE v.panel_id :in_int AND v.enabled AND v.kind = 'api' ORDER BY v.id LIMIT ?"
)
# Providers of all panels that are looked through for shared ones.
PROVIDERS_MAX = 2_000


class ProviderThere(NamedTuple):
    """A provider as one panel has it. The balance in micros of its currency, None before it was asked; `trouble`: it is
    low or fails."""

    panel_id: int
    name: str
    currency: str
    balance_micros: int | None
    trouble: bool


class PanelFigures(NamedTuple):
    """`today` and `month` are orders, of today and of 30 days by the panel's own days; `providers`: those that are low
    or fail. Money in micros of the panel's currency: what was charged in 30 days, without what was refunded."""

    customers: int
    problems: int
    tickets: int
    providers: int
    today: int
    month: int
    revenue_micros: int


def figures(panels: Sequence[Panel], now: datetime) -> dict[int, PanelFigures]:
    """By panel id."""
    ids = [panel.id for panel in panels]
    if not ids:
        return {}
    counts = {row[0]: tuple(map(int, row[1:])) for row in _COUNTS.rows(connection, ids)}
    # A day more on either side: a panel's own day may be another than that of UTC.
    first = buckets(now - timedelta(days=DAYS + 1), "UTC").day - 1
    sums = _SUMS.rows(connection, ids, Cut.ALL.value, Grain.DAY.value, first)
    found = {}
    for panel in panels:
        today = buckets(now, panel.timezone).day
        mine = [(row[1], int(row[2]), int(row[3])) for row in sums if row[0] == panel.id]
        month = [one for one in mine if today - DAYS < one[0] <= today]
        customers, problems, tickets, providers = counts.get(panel.id, (0, 0, 0, 0))
        found[panel.id] = PanelFigures(
            customers,
            problems,
            tickets,
            providers,
            sum(orders for bucket, orders, _ in mine if bucket == today),
            sum(orders for _, orders, _ in month),
            sum(micros for _, _, micros in month),
        )
    return found


def shared_providers(panel_ids: Sequence[int]) -> dict[str, list[ProviderThere]]:
    """Providers that several of these panels have, by the host of their address. One statement."""
    if len(panel_ids) < 2:
        return {}
    by_host: dict[str, list[ProviderThere]] = {}
    for panel_id, name, url, currency, balance, trouble in _PROVIDERS.rows(connection, panel_ids, PROVIDERS_MAX):
        host = urlsplit(url).netloc.rpartition("@")[2].lower()
        by_host.setdefault(host, []).append(ProviderThere(panel_id, name, currency, balance, bool(trouble)))
    return {host: rows for host, rows in sorted(by_host.items()) if len({row.panel_id for row in rows}) > 1}
