"""What the product itself finds out about an order whose outcome is unknown. Reads only, inside the panel's scope.

From what was kept of requests and balances (routing/calls.py); a fixed number of queries, each bounded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from panelwright.core import money, sql
from panelwright.orders import problems
from panelwright.orders.models import Order
from panelwright.providers.models import CallOutcome, Provider, ProviderCall
from panelwright.providers.routing import evidence_rules, rules, store
from panelwright.providers.routing.evidence_rules import CutOff, Fall, Suggests
from panelwright.providers.routing.store import RouteRow

# Requests between two balances that are looked at; of more than that nothing is concluded.
BETWEEN_MAX = 200
# Others that were cut off so long before or after it.
NEARBY = timedelta(minutes=15)
# How long a request whose sender died may have been under way.
LONGEST_CALL = rules.LEASE / 2
# A balance that is older than this says nothing of an order; what it gave back may come to be known so late.
READING_AGE_MAX = timedelta(days=2)
KNOWN_LATE = timedelta(minutes=20)
SHOWN_MAX = 5
# Orders before and after it, by number, that are looked through for the same link.
LOOKED_AT = 2_000


class Evidence(NamedTuple):
    """`sent_at` to `until`: when the request may have arrived. `others`: numbers of orders that were sent there between
    the two balances, at most SHOWN_MAX, of `others_number` in all, which cost `others_micros` (None: not known).
    `same_link`: numbers of our open orders there for the same link. Money in micros of the provider's currency.
    """

    provider: Provider
    currency: str
    call: ProviderCall | None
    sent_at: datetime
    until: datetime
    before_at: datetime | None
    after_at: datetime | None
    fall: Fall | None
    others: list[int]
    others_number: int
    others_micros: int | None
    cut_off: CutOff
    same_link: list[int]
    suggests: Suggests


class RouteCost(NamedTuple):
    """A route by which the order could go, and what it costs, in micros of the panel's currency. None: not known."""

    route: RouteRow
    provider: str
    cost_micros: int | None


def of(order: Order, provider: Provider, calls: Sequence[ProviderCall], panel_currency: str) -> Evidence:
    """The evidence about an order that was sent to a provider. `calls`: those of the order, the newest first."""
    call = next(
        (one for one in calls if one.action == "add" and one.outcome == "unknown" and one.provider_id == provider.id),
        None,
    )
    sent_at = call.sent_at if call is not None else order.problem_at or order.created_at
    until = _ended(call) if call is not None else sent_at
    before, after = _readings(provider, sent_at, until)
    start = min(before.at if before else sent_at, sent_at - NEARBY) - LONGEST_CALL
    others = _others(provider, order, start, max(after.at if after else sent_at, sent_at + NEARBY) + KNOWN_LATE)
    between = [one for one in others if before and after and _moves_in(one, before.at, after.at)]
    sent = [one for one in between if one.action == "add"]
    nearby = [one for one in others if abs(one.sent_at - sent_at) <= NEARBY and one.outcome == "unknown"]
    shown = {one.order_id for one in sent[:SHOWN_MAX]}
    cut_off = {one.order_id for one in nearby if one.action == "add"}
    known, same_link = _orders(order, provider, shown | cut_off)
    ends = [known[id_].end for id_ in cut_off if id_ in known]
    counted = CutOff(ends.count("taken"), ends.count("not_taken"), ends.count("open"))
    fall = None
    if before and after and len(others) <= BETWEEN_MAX:
        cost = None if call is None else call.cost_micros
        fall = _fall(before, after, cost, between)
    costs = [one.cost_micros for one in sent]
    return Evidence(
        provider,
        provider.currency or panel_currency,
        call,
        sent_at,
        until,
        None if before is None else before.at,
        None if after is None else after.at,
        fall,
        sorted(known[id_].number for id_ in shown if id_ in known),
        len(sent) if len(others) <= BETWEEN_MAX else len(others),
        None if None in costs else sum(micros or 0 for micros in costs),
        counted,
        same_link,
        evidence_rules.suggests(fall, counted),
    )


def _fall(before: Reading, after: Reading, cost: int | None, between: Sequence[ProviderCall]) -> Fall:
    certain = [one.cost_micros for one in between if _surely_in(one, before.at, after.at)]
    possible = [one.cost_micros for one in between if not _surely_in(one, before.at, after.at)]
    return Fall(before.balance_micros, after.balance_micros, cost, certain, possible)


def routes_of(order: Order, providers: Mapping[int, Provider]) -> list[RouteCost]:
    """The routes by which the order can be sent (again), that of its provider first."""
    routes = store.routes({order.panel_id}, {order.service_id}).get(order.service_id, [])
    routes = [one for one in routes if one.provider_id in providers and providers[one.provider_id].kind == "api"]
    routes.sort(key=lambda route: (route.id != order.route_id, route.position))
    return [
        RouteCost(
            route,
            providers[route.provider_id].name,
            rules.estimated_cost(
                type_name=order.service.type,
                units=order.quantity,
                rate_micros=route.rate_micros,
                rate_e12=route.rate_e12,
            )[0],
        )
        for route in routes
    ]


def _ended(call: ProviderCall) -> datetime:
    took = LONGEST_CALL if call.took_ms is None else timedelta(milliseconds=call.took_ms)
    return call.sent_at + took


class Reading(NamedTuple):
    balance_micros: int
    at: datetime


_READINGS = sql.Query(
    "SELECT * FROM (SELECT 1, balance_micros, at FROM providers_balancereading WHERE panel_id = ? AND provider_id = ?"
    " AND currency = ? AND at <= ? AND at >= ? ORDER BY at DESC LIMIT 1) AS before UNION ALL"
    " SELECT * FROM (SELECT 2, balance_micros, at FROM providers_balancereading WHERE panel_id = ? AND provider_id = ?"
    " AND currency = ? AND at >= ? AND at <= ? ORDER BY at LIMIT 1) AS after"
)


def _readings(provider: Provider, sent_at: datetime, until: datetime) -> tuple[Reading | None, Reading | None]:
    """The last balance before the request, and the first after it. None where there is none that says something."""
    which = (provider.panel_id, provider.id, provider.currency)
    before = [sql.moment(connection, at) for at in (sent_at, sent_at - READING_AGE_MAX)]
    after = [sql.moment(connection, at) for at in (until, until + READING_AGE_MAX)]
    found: dict[int, Reading] = {}
    for place, micros, at in _READINGS.rows(connection, *which, *before, *which, *after):
        moment = sql.aware(at)
        assert moment is not None
        found[place] = Reading(micros, moment)
    return found.get(1), found.get(2)


def _others(provider: Provider, order: Order, start: datetime, end: datetime) -> list[ProviderCall]:
    """Requests to the provider in a span of time that may have moved the balance, or whose outcome is unknown; none of
    the order's own. At most one more than are looked at."""
    rows = ProviderCall.objects.filter(panel_id=provider.panel_id, provider_id=provider.id)
    rows = rows.filter(sent_at__gte=start, sent_at__lte=end).exclude(outcome=CallOutcome.REFUSED.value)
    rows = rows.filter(Q(action="add") | Q(action="status", cost_micros__lt=0)).exclude(order_id=order.id)
    columns = ("order_id", "action", "outcome", "cost_micros", "sent_at", "took_ms")
    return list(rows.only(*columns).order_by("sent_at")[: BETWEEN_MAX + 1])


def _moves_in(call: ProviderCall, start: datetime, end: datetime) -> bool:
    """Whether a request may have moved the balance between the two moments. What gives money back is heard of later."""
    if call.action == "status":
        return start <= call.sent_at <= end + KNOWN_LATE
    return _ended(call) >= start and call.sent_at <= end


def _surely_in(call: ProviderCall, start: datetime, end: datetime) -> bool:
    """Whether what a request cost was certainly taken between the two moments."""
    return (
        call.action == "add"
        and call.outcome == CallOutcome.ACCEPTED.value
        and call.sent_at >= start
        and _ended(call) <= end
    )


class OtherOrder(NamedTuple):
    """An order that was sent to the same provider: its number, and how it ended there."""

    number: int
    end: str


_ORDERS = sql.Query(
    "SELECT 1, id, number, problem_code, provider_id, upstream_id FROM orders_order WHERE panel_id = ? AND id :in_int"
    " UNION ALL SELECT 2, id, number, problem_code, provider_id, upstream_id FROM orders_order WHERE panel_id = ?"
    # The plus: of the orders near it, never of all that the provider ever had.
    " AND number > ? AND number < ? AND link = ? AND +provider_id = ? AND upstream_id IS NOT NULL AND ended_at IS NULL"
    " AND id <> ?"
)


def _orders(order: Order, provider: Provider, ids: Collection[int]) -> tuple[dict[int, OtherOrder], list[int]]:
    """The orders of these ids; and numbers of our open orders at the provider for the same link, of those near it."""
    near = (order.number - LOOKED_AT, order.number + LOOKED_AT, order.link or "\n", provider.id, order.id)
    found, same_link = {}, []
    for place, id_, number, problem, at, upstream_id in _ORDERS.rows(
        connection, order.panel_id, sorted(ids), order.panel_id, *near
    ):
        if place == 1:
            found[id_] = OtherOrder(number, _end_of(problem, at == provider.id, upstream_id))
        else:
            same_link.append(number)
    return found, sorted(same_link)[:SHOWN_MAX]


def _end_of(problem: str, there: bool, upstream_id: str | None) -> str:
    if problem in {problems.OUTCOME_UNKNOWN, problems.OUTCOME_ASKED_AGAIN}:
        return "open"
    return "taken" if there and upstream_id else "not_taken"


def cost_at(evidence: Evidence, order: Order) -> int | None:
    """What the order costs at the provider, in micros of the panel's currency."""
    if order.cost_micros is not None or evidence.call is None or evidence.call.cost_micros is None:
        return order.cost_micros
    if not order.cost_rate_e12:
        return None
    return money.exchanged(micros=evidence.call.cost_micros, rate_e12=order.cost_rate_e12)


def calls_of(order: Order, limit: int) -> Sequence[ProviderCall]:
    """What was said to its providers about an order, the newest first."""
    rows = ProviderCall.objects.filter(panel_id=order.panel_id, order_id=order.id).order_by("-id")
    return list(rows[:limit])
