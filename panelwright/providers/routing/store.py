"""The SQL of delivery: claims, and what a claim needs to know. Inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.orders import settling
from panelwright.orders.problems import Problem
from panelwright.providers.routing import rules
from panelwright.providers.routing.health import FAILURES_MAX, Health
from panelwright.providers.routing.merit_rules import Merit
from panelwright.providers.wire import transports


class SendTask(NamedTuple):
    """An order that was claimed for sending."""

    id: int
    panel_id: int
    service_id: int
    kind: str
    type_name: str
    link: str
    quantity: int
    fields: str
    attempts: int
    route_id: int | None
    created_at: datetime
    rate_micros: int
    problem_at: datetime | None = None
    chosen_route_id: int | None = None
    sent_anew: int = 0
    problem_code: str = ""
    problem_facts: str = ""
    due_at: datetime | None = None
    # By what its service chooses the first route (merit_rules.py), and which one was chosen, where one has refused it.
    route_by: str = ""
    first_route_id: int | None = None


class RouteRow(NamedTuple):
    """A route. What the provider's list says of its service is None where it is not known.

    `rate_micros` is in the provider's currency, `rate_e12` its exchange rate into the panel's (None: not set).
    """

    id: int
    service_id: int
    provider_id: int
    upstream_service: str
    position: int
    rate_micros: int | None = None
    min: int | None = None
    max: int | None = None
    available: bool = True
    rate_e12: int | None = None
    upstream_type: str = ""
    step: int | None = None
    held_stops: bool = False


class ProviderRow(NamedTuple):
    id: int
    panel_id: int
    name: str
    url: str
    sealed_key: str
    knows_request_id: bool
    transport: str = transports.DEFAULT
    kind: str = "api"
    per_minute_max: int | None = None
    spoken_for_us: int = 0
    health: Health = Health()


class PollTask(NamedTuple):
    """An order, refill or cancel that a provider is to be asked about. `token` proves the claim."""

    id: int
    upstream_id: str
    token: datetime


# Cheap looks before a claim: an idle worker takes no write lock. The queue's index begins with job and provider.
_ANY_FORWARD = sql.Query(
    "SELECT 1 FROM orders_order WHERE job = 'forward' AND provider_id IS NULL AND due_at <= ? LIMIT 1"
)
_ANY_POLL = sql.Query("SELECT 1 FROM orders_order WHERE job = 'poll' AND provider_id = ? AND due_at <= ? LIMIT 1")
_PICK_FORWARD = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'forward' AND provider_id IS NULL AND due_at <= ?"
    # By the provider too, which is null: so that PostgreSQL sees that the index has them in this order.
    " ORDER BY provider_id, due_at LIMIT ? :skip_locked"
)
_PICK_SENDING = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'sending' AND provider_id = ? AND due_at <= ?"
    " ORDER BY due_at LIMIT ? :skip_locked"
)
# Of the first that are due at a provider those that it cannot be asked about; nothing is locked yet.
_LOST = sql.Query(
    "SELECT o.id FROM (SELECT id, route_id, provider_id FROM orders_order WHERE job = 'sending' AND provider_id = ?"
    " AND due_at <= ? ORDER BY due_at LIMIT ?) o WHERE NOT EXISTS (SELECT 1 FROM providers_route r"
    " JOIN providers_provider p ON p.id = r.provider_id"
    " WHERE r.id = o.route_id AND r.provider_id = o.provider_id AND p.knows_request_id) ORDER BY o.id"
)
_PICK_POLL = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'poll' AND provider_id = ? AND due_at <= ?"
    " ORDER BY due_at LIMIT ? :skip_locked"
)
_OVERDUE = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'poll' AND provider_id = ? AND due_at <= ? ORDER BY due_at LIMIT ?"
)
_TO_SEND = sql.Query(
    "SELECT o.id, o.panel_id, o.service_id, o.kind, v.type, o.link, o.quantity, o.fields, o.attempts, o.route_id,"
    " o.created_at, o.rate_micros, o.problem_at, o.chosen_route_id, o.sent_anew, o.problem_code, o.problem_facts,"
    " o.due_at, v.route_by FROM orders_order o JOIN catalog_service v ON v.id = o.service_id WHERE o.id :in_int"
    " ORDER BY o.due_at, o.id"
)
_ROUTE_COLUMNS = (
    "r.id, r.service_id, r.provider_id, r.upstream_service, r.position, r.rate_micros, r.min, r.max, r.available,"
    " CASE WHEN p.currency = '' OR p.currency = n.currency THEN 1000000000000 ELSE COALESCE(x.rate_e12, h.rate_e12)"
    " END, r.upstream_type, r.step, r.held_stops"
)
_ROUTE_JOINS = (
    " JOIN providers_provider p ON p.id = r.provider_id JOIN panels_panel n ON n.id = r.panel_id"
    " LEFT JOIN providers_exchangerate x"
    " ON x.panel_id = r.panel_id AND x.currency = p.currency AND x.target = n.currency"
    " LEFT JOIN providers_hostexchangerate h ON h.currency = p.currency AND h.target = n.currency"
)
_ROUTES = sql.Query(
    f"SELECT {_ROUTE_COLUMNS} FROM providers_route r{_ROUTE_JOINS}"
    " WHERE r.panel_id :in_int AND r.service_id :in_int AND r.enabled AND p.enabled"
    " ORDER BY r.service_id, r.position"
)
_ROUTES_BY_ID = sql.Query(f"SELECT {_ROUTE_COLUMNS} FROM providers_route r{_ROUTE_JOINS} WHERE r.id :in_int")
_PROVIDER_COLUMNS = (
    "id, panel_id, name, url, sealed_key, knows_request_id, transport, kind, per_minute_max, spoken_for_us,"
    " failures, rest_until, sends_rest_until, problem"
)
_PROVIDERS = sql.Query(f"SELECT {_PROVIDER_COLUMNS} FROM providers_provider WHERE id :in_int ORDER BY id")
_LOCKED_PROVIDERS = sql.Query(
    f"SELECT {_PROVIDER_COLUMNS} FROM providers_provider WHERE id :in_int ORDER BY id :for_update"
)
# Orders that stand in line for a provider that has as many under way as it may: they are due, and in nobody's way.
_PICK_OF_LINE = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'forward' AND provider_id = ? AND due_at <= ?"
    " ORDER BY due_at LIMIT ? :skip_locked"
)
_LINE_UP = sql.Update("orders_order", {"provider_id": "bigint"}, {"id": "bigint"}, also="job = 'forward'")
# What waits to be sent and may not be: it is looked at as before it waited, which says why.
_LOOK_AGAIN = sql.Query(
    "UPDATE orders_order SET job = 'schedule', provider_id = NULL, due_at = ?, problem_code = '', problem_facts = '',"
    " problem_at = NULL WHERE id :in_int AND job = 'forward'"
)
# Those that have orders (or refills) to ask about now; none that rests or asked for a pause. One that gets no
# more orders is asked about those that it has.
_MAY_BE_ASKED = (
    "SELECT p.id FROM providers_provider p WHERE p.kind = 'api'"
    " AND (p.rest_until IS NULL OR (p.rest_until <= ? AND p.failures < ?))"
)
_TO_POLL = sql.Query(
    f"{_MAY_BE_ASKED} AND EXISTS (SELECT 1 FROM orders_order o WHERE o.job = 'poll' AND o.provider_id = p.id"
    " AND o.due_at <= ?) ORDER BY p.id"
)
_TO_POLL_REFILLS = sql.Query(
    f"{_MAY_BE_ASKED} AND EXISTS (SELECT 1 FROM orders_refill o WHERE o.state = 'passed on' AND o.provider_id = p.id"
    " AND o.due_at <= ?) ORDER BY p.id"
)


def _walk(job: str, *, due: bool = False) -> sql.Query:
    """The providers of a job's orders: walks the queue's index from provider to provider, not from order to order.

    `due`: only those of which an order is due, and who waits longest first.
    """
    walk = (
        f"WITH RECURSIVE found (id) AS (SELECT MIN(provider_id) FROM orders_order WHERE job = '{job}'"
        " AND provider_id > 0 UNION ALL SELECT"
        f" (SELECT MIN(o.provider_id) FROM orders_order o WHERE o.job = '{job}' AND o.provider_id > found.id)"
        " FROM found WHERE found.id IS NOT NULL)"
    )
    if not due:
        return sql.Query(f"{walk} SELECT id FROM found WHERE id IS NOT NULL")
    first = f"(SELECT MIN(o.due_at) FROM orders_order o WHERE o.job = '{job}' AND o.provider_id = found.id)"
    waits = f"(SELECT id, {first} AS due_at FROM found WHERE id IS NOT NULL) w"
    return sql.Query(f"{walk} SELECT id FROM {waits} WHERE due_at <= ? ORDER BY due_at, id")


_POLLED_PROVIDERS = _walk("poll")
_LINES = _walk("forward", due=True)
_UNFINISHED = _walk("sending", due=True)
_TO_TRY = sql.Query(
    "SELECT id FROM providers_provider WHERE kind = 'api' AND failures >= ? AND rest_until <= ? ORDER BY id"
)
_CLAIM_SENDING = sql.Update(
    "orders_order",
    {
        "status": "text",
        "job": "text",
        "provider_id": "bigint",
        "route_id": "bigint",
        "lease_until": "timestamptz",
        "due_at": "timestamptz",
        "cost_micros": "bigint",
        "cost_rate_e12": "bigint",
        "cost_told": "boolean",
        "attempts +": "int",
    },
    {"id": "bigint"},
    also="ended_at IS NULL",
)
_WAIT = sql.Update(
    "orders_order",
    {
        "problem_code": "text",
        "problem_facts": "text",
        "problem_at": "timestamptz",
        "due_at": "timestamptz",
        "lease_until": "timestamptz",
    },
    {"id": "bigint"},
)
# The last one of an order counts: after all routes had refused it, it was chosen anew.
_ROUTED = sql.Query(
    "SELECT subject_id, facts FROM events_event WHERE panel_id :in_int AND subject_id :in_int"
    " AND name = 'order.routed' ORDER BY id"
)
_MERITS = sql.Query(
    "SELECT route_id, ended, completed, refused, started, start_s, took_s FROM providers_routemerit"
    " WHERE route_id :in_int"
)
_LEASE_ORDERS = sql.Query(
    "UPDATE orders_order SET lease_until = ?, due_at = ? WHERE id :in_int RETURNING id, upstream_id"
)
_TAKEN_UPSTREAM_IDS = sql.Query(
    "SELECT provider_id, upstream_id FROM orders_order"
    " WHERE panel_id :in_int AND provider_id :in_int AND upstream_id :in_text"
)
_CURRENCIES = sql.Query(
    "SELECT p.currency, n.currency, n.id FROM providers_provider p JOIN panels_panel n ON n.id = p.panel_id"
    " WHERE p.id = ?"
)
# The panel's own come last and stand before the host's.
_RATES = sql.Query(
    "SELECT 0, currency, rate_e12 FROM providers_hostexchangerate WHERE target = ? AND currency :in_text"
    " UNION ALL SELECT 1, currency, rate_e12 FROM providers_exchangerate WHERE panel_id = ? AND target = ?"
    " AND currency :in_text ORDER BY 1"
)
_SET_HEALTH = sql.Query(
    "UPDATE providers_provider SET failures = ?, rest_until = ?, sends_rest_until = ?, problem = ? WHERE id = ?"
)
_SPEAK_FOR = sql.Query("UPDATE providers_provider SET spoken_for_us = ? WHERE id = ?")


def any_forward(now: datetime) -> bool:
    return bool(_ANY_FORWARD.rows(connection, sql.moment(connection, now)))


def any_poll(provider_id: int, now: datetime) -> bool:
    return bool(_ANY_POLL.rows(connection, provider_id, sql.moment(connection, now)))


def pick_forward(now: datetime, limit: int) -> list[SendTask]:
    return _to_send(_PICK_FORWARD.rows(connection, sql.moment(connection, now), limit))


def lines(now: datetime) -> list[int]:
    """Ids of the providers for which orders that are due stand in line, the longest waiting first."""
    return [row[0] for row in _LINES.rows(connection, sql.moment(connection, now))]


def pick_of_line(provider_id: int, now: datetime, limit: int) -> list[SendTask]:
    return _to_send(_PICK_OF_LINE.rows(connection, provider_id, sql.moment(connection, now), limit))


def with_first_routes(orders: Sequence[SendTask]) -> list[SendTask]:
    """The orders with the route that each was given first by merit, where one has refused it since. One query where
    there are any.
    """
    asked = {order.id: order.panel_id for order in orders if order.route_id is not None}
    if not asked:
        return list(orders)
    found: dict[int, int] = {}
    for order_id, facts in _ROUTED.rows(connection, sorted(set(asked.values())), sorted(asked)):
        told = facts if isinstance(facts, dict) else json.loads(facts)
        found[order_id] = int(told["route"])
    return [order._replace(first_route_id=found.get(order.id)) for order in orders]


def merits(routes: Iterable[RouteRow]) -> dict[int, Merit]:
    """By route id what was measured; one of which nothing was is left out."""
    ids = sorted({route.id for route in routes})
    return {row[0]: Merit(*row[1:]) for row in _MERITS.rows(connection, ids)} if ids else {}


def line_up(orders: Sequence[tuple[int, int]]) -> None:
    """Orders that wait until their provider may get one more: (the provider's id, the order's)."""
    _LINE_UP.run(connection, orders)


def look_again(order_ids: Sequence[int], now: datetime) -> None:
    """Subscriptions that are not to be sent as they stand, to whoever decides of them."""
    if order_ids:
        _LOOK_AGAIN.run(connection, sql.moment(connection, now), list(order_ids))


def unfinished(now: datetime) -> list[int]:
    """Ids of the providers with orders that are due of which the sender died or the outcome is unknown; as `lines`."""
    return [row[0] for row in _UNFINISHED.rows(connection, sql.moment(connection, now))]


def pick_unfinished(provider_id: int, now: datetime, limit: int) -> list[SendTask]:
    """Such orders of a provider, that are due."""
    return _to_send(_PICK_SENDING.rows(connection, provider_id, sql.moment(connection, now), limit))


def lost(provider_id: int, now: datetime, limit: int) -> list[int]:
    """Of the first of them that are due the ids of those that nobody can ask about again. None is locked."""
    return [row[0] for row in _LOST.rows(connection, provider_id, sql.moment(connection, now), limit)]


def _to_send(rows: Sequence[sql.Row]) -> list[SendTask]:
    return tasks([row[0] for row in rows])


def tasks(order_ids: Collection[int]) -> list[SendTask]:
    """Orders as they are sent, in the order in which they are due."""
    ids = sorted(order_ids)
    found = _TO_SEND.rows(connection, ids) if ids else []
    return [_send_task(row) for row in found]


def _send_task(row: sql.Row) -> SendTask:
    values: list[Any] = [
        *row[:10],
        sql.aware(row[10]),
        row[11],
        sql.aware(row[12]),
        *row[13:17],
        sql.aware(row[17]),
        *row[18:],
    ]
    return SendTask(*values)


def routes(panel_ids: Collection[int], service_ids: Collection[int]) -> dict[int, list[RouteRow]]:
    """Service id -> its usable routes, the first choice first."""
    found: dict[int, list[RouteRow]] = {}
    for row in _ROUTES.rows(connection, sorted(panel_ids), sorted(service_ids)):
        route = _route(row)
        found.setdefault(route.service_id, []).append(route)
    return found


def routes_by_id(ids: Collection[int]) -> dict[int, RouteRow]:
    return {row[0]: _route(row) for row in _ROUTES_BY_ID.rows(connection, sorted(ids))}


def _route(row: sql.Row) -> RouteRow:
    return RouteRow._make((*row[:8], bool(row[8]), *row[9:]))


def providers(ids: Collection[int], *, locked: bool = False) -> dict[int, ProviderRow]:
    """Providers by id; locked in id order where their health or their permits are to be changed."""
    rows = (_LOCKED_PROVIDERS if locked else _PROVIDERS).rows(connection, sorted(ids))
    return {row[0]: _provider(row) for row in rows}


def _provider(row: sql.Row) -> ProviderRow:
    health = Health(row[10], sql.aware(row[11]), sql.aware(row[12]), row[13])
    return ProviderRow._make((*row[:5], bool(row[5]), *row[6:10], health))


def exchange(provider_id: int, said: Collection[str]) -> rules.Exchange | None:
    """What the currencies that a provider named in its answers are worth to its panel. One query, mostly."""
    rows = _CURRENCIES.rows(connection, provider_id)
    if not rows:
        return None
    (provider_currency, panel_currency, panel_id) = rows[0]
    foreign = sorted({*said, provider_currency} - {"", panel_currency})
    rates = _RATES.rows(connection, panel_currency, foreign, panel_id, panel_currency, foreign) if foreign else []
    return rules.Exchange(provider_currency, panel_currency, {currency: rate for _, currency, rate in rates})


def providers_to_ask(what: str, now: datetime) -> list[int]:
    """Ids of the providers that can be asked now and about whose "orders" or "refills" something is due."""
    at = sql.moment(connection, now)
    query = _TO_POLL if what == "orders" else _TO_POLL_REFILLS
    return [row[0] for row in query.rows(connection, at, FAILURES_MAX, at)]


def polled_providers() -> list[int]:
    """Ids of all providers that have orders of ours, whether their rows are there or not."""
    return [row[0] for row in _POLLED_PROVIDERS.rows(connection)]


def overdue(provider_id: int, since: datetime, limit: int) -> list[int]:
    """Ids of orders that should have been asked about before `since`. None is locked."""
    return [row[0] for row in _OVERDUE.rows(connection, provider_id, sql.moment(connection, since), limit)]


def providers_to_try(now: datetime) -> list[int]:
    """Ids of the providers whose rest is over: somebody has to find out whether they are back."""
    return [row[0] for row in _TO_TRY.rows(connection, FAILURES_MAX, sql.moment(connection, now))]


def set_health(provider_id: int, health: Health) -> None:
    rest_until, sends = (sql.moment(connection, t) for t in (health.rest_until, health.sends_rest_until))
    _SET_HEALTH.run(connection, health.failures, rest_until, sends, health.problem[:500], provider_id)


def speak_for(provider_id: int, spoken_for_us: int) -> None:
    _SPEAK_FOR.run(connection, spoken_for_us, provider_id)


def claim_sending(orders: Sequence[tuple[SendTask, RouteRow]], lease_until: datetime) -> None:
    """Write down, before the call, where each order goes, and at what cost: what is not written down was not sent."""
    at = sql.moment(connection, lease_until)
    rows = [
        (settling.on_its_way(o.kind), "sending", r.provider_id, r.id, at, at, *estimated_cost(o, r), False, 1, o.id)
        for o, r in orders
    ]
    _CLAIM_SENDING.run(connection, rows)


def estimated_cost(order: SendTask, route: RouteRow) -> tuple[int | None, int | None]:
    """What the order will cost by this route, in micros of the panel's currency, and the exchange rate used."""
    return rules.estimated_cost(
        type_name=order.type_name, units=order.quantity, rate_micros=route.rate_micros, rate_e12=route.rate_e12
    )


def wait(orders: Sequence[tuple[int, datetime, Problem, datetime | None]]) -> None:
    """Orders that are looked at again later and claimed by nobody until then: (id, when, problem, since when)."""
    rows = [
        (*problem, sql.moment(connection, since), sql.moment(connection, due_at), None, id_)
        for id_, due_at, problem, since in orders
    ]
    _WAIT.run(connection, rows)


def explain_claim_poll(provider_id: int, at: object) -> str:
    """The database's plan of the claim of orders to be asked about."""
    return _PICK_POLL.plan(connection, provider_id, at, 100)


def explain_claim_forward(at: object) -> str:
    """The database's plan of the claim of orders to be sent."""
    return _PICK_FORWARD.plan(connection, at, 100)


def claim_poll(provider_id: int, until: datetime, lease_until: datetime, limit: int) -> list[PollTask]:
    rows = _PICK_POLL.rows(connection, provider_id, sql.moment(connection, until), limit)
    if not rows:
        return []
    at = sql.moment(connection, lease_until)
    ids = sorted(row[0] for row in rows)
    return [PollTask(row[0], row[1], lease_until) for row in _LEASE_ORDERS.rows(connection, at, at, ids)]


def taken_upstream_ids(wanted: Collection[tuple[int, int, str]]) -> set[tuple[int, str]]:
    """Of (panel, provider, upstream id) those, as (provider, upstream id), that an order has already."""
    if not wanted:
        return set()
    panels, owners, refs = ({w[i] for w in wanted} for i in range(3))
    rows = _TAKEN_UPSTREAM_IDS.rows(connection, sorted(panels), sorted(owners), sorted(refs))
    return {(row[0], row[1]) for row in rows}
