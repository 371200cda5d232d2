"""The SQL of delivery: claims, and what a claim needs to know. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql


class ToSend(NamedTuple):
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


class RouteRow(NamedTuple):
    id: int
    service_id: int
    provider_id: int
    upstream_service: str
    position: int


class ProviderRow(NamedTuple):
    id: int
    panel_id: int
    name: str
    url: str
    sealed_key: str
    knows_request_id: bool
    problem: str


class ToAsk(NamedTuple):
    """An order, refill or cancel that a provider is to be asked about. `token` proves the claim."""

    id: int
    upstream_id: str
    token: datetime


# Cheap looks before a claim: an idle worker takes no write lock.
_ANY_DUE = sql.Query("SELECT 1 FROM orders_order WHERE job = ? AND due_at <= ? LIMIT 1")
_ANY_POLL = sql.Query("SELECT 1 FROM orders_order WHERE job = 'poll' AND provider_id = ? AND due_at <= ? LIMIT 1")
_PICK_FORWARD = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'forward' AND provider_id IS NULL AND due_at <= ?"
    " ORDER BY due_at LIMIT ? :skip_locked"
)
_PICK_JOB = sql.Query("SELECT id FROM orders_order WHERE job = ? AND due_at <= ? ORDER BY due_at LIMIT ? :skip_locked")
_PICK_POLL = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'poll' AND provider_id = ? AND due_at <= ?"
    " ORDER BY due_at LIMIT ? :skip_locked"
)
_TO_SEND = sql.Query(
    "SELECT o.id, o.panel_id, o.service_id, o.kind, v.type, o.link, o.quantity, o.fields, o.attempts, o.route_id,"
    " o.created_at"
    " FROM orders_order o JOIN catalog_service v ON v.id = o.service_id WHERE o.id :in_int ORDER BY o.due_at, o.id"
)
_ROUTES = sql.Query(
    "SELECT r.id, r.service_id, r.provider_id, r.upstream_service, r.position FROM providers_route r"
    " JOIN providers_provider p ON p.id = r.provider_id"
    " WHERE r.panel_id :in_int AND r.service_id :in_int AND r.enabled AND p.enabled"
    " ORDER BY r.service_id, r.position"
)
_ROUTES_BY_ID = sql.Query(
    "SELECT id, service_id, provider_id, upstream_service, position FROM providers_route WHERE id :in_int"
)
_PROVIDERS = sql.Query(
    "SELECT id, panel_id, name, url, sealed_key, knows_request_id, problem FROM providers_provider WHERE id :in_int"
)
_TO_POLL_FROM = sql.Query(
    "SELECT id FROM providers_provider WHERE enabled AND (rest_until IS NULL OR rest_until <= ?) ORDER BY id"
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
        "attempts +": "int",
    },
    {"id": "bigint"},
    also="ended_at IS NULL",
)
_NO_ROUTE = sql.Update("orders_order", {"problem": "text", "due_at": "timestamptz"}, {"id": "bigint"})
_LEASE_ORDERS = sql.Query(
    "UPDATE orders_order SET lease_until = ?, due_at = ? WHERE id :in_int RETURNING id, upstream_id"
)
_TAKEN_UPSTREAM_IDS = sql.Query(
    "SELECT provider_id, upstream_id FROM orders_order"
    " WHERE panel_id :in_int AND provider_id :in_int AND upstream_id :in_text"
)
_REST = sql.Query("UPDATE providers_provider SET rest_until = ?, problem = ? WHERE id = ?")


def any_due(job: str, now: datetime) -> bool:
    return bool(_ANY_DUE.rows(connection, job, sql.moment(connection, now)))


def any_poll(provider_id: int, now: datetime) -> bool:
    return bool(_ANY_POLL.rows(connection, provider_id, sql.moment(connection, now)))


def pick_forward(now: datetime, limit: int) -> list[ToSend]:
    return _to_send(_PICK_FORWARD.rows(connection, sql.moment(connection, now), limit))


def pick_unfinished(now: datetime, limit: int) -> list[ToSend]:
    """Orders whose sender died, or whose outcome is unknown, and that are due."""
    return _to_send(_PICK_JOB.rows(connection, "sending", sql.moment(connection, now), limit))


def pick_scheduled(now: datetime, limit: int) -> list[int]:
    return [row[0] for row in _PICK_JOB.rows(connection, "schedule", sql.moment(connection, now), limit)]


def _to_send(rows: Sequence[sql.Row]) -> list[ToSend]:
    ids = sorted(row[0] for row in rows)
    found = _TO_SEND.rows(connection, ids) if ids else []
    return [ToSend._make((*row[:-1], sql.aware(row[-1]))) for row in found]


def routes(panel_ids: Collection[int], service_ids: Collection[int]) -> dict[int, list[RouteRow]]:
    """Service id -> its usable routes, the first choice first."""
    found: dict[int, list[RouteRow]] = {}
    for row in _ROUTES.rows(connection, sorted(panel_ids), sorted(service_ids)):
        route = RouteRow._make(row)
        found.setdefault(route.service_id, []).append(route)
    return found


def routes_by_id(ids: Collection[int]) -> dict[int, RouteRow]:
    return {row[0]: RouteRow._make(row) for row in _ROUTES_BY_ID.rows(connection, sorted(ids))}


def providers(ids: Collection[int]) -> dict[int, ProviderRow]:
    return {
        row[0]: ProviderRow._make((*row[:5], bool(row[5]), row[6])) for row in _PROVIDERS.rows(connection, sorted(ids))
    }


def providers_to_ask(now: datetime) -> list[int]:
    return [row[0] for row in _TO_POLL_FROM.rows(connection, sql.moment(connection, now))]


def claim_sending(orders: Sequence[tuple[ToSend, RouteRow]], lease_until: datetime) -> None:
    """Write down, before the call, where each order goes: what is then not written down was not sent."""
    at = sql.moment(connection, lease_until)
    rows = [("Processing", "sending", r.provider_id, r.id, at, at, 1, o.id) for o, r in orders]
    _CLAIM_SENDING.run(connection, rows)


def no_route(order_ids: Sequence[int], problem: str, due_at: datetime) -> None:
    _NO_ROUTE.run(connection, [(problem, sql.moment(connection, due_at), id_) for id_ in order_ids])


def claim_poll(provider_id: int, now: datetime, lease_until: datetime, limit: int) -> list[ToAsk]:
    rows = _PICK_POLL.rows(connection, provider_id, sql.moment(connection, now), limit)
    if not rows:
        return []
    at = sql.moment(connection, lease_until)
    ids = sorted(row[0] for row in rows)
    return [ToAsk(row[0], row[1], lease_until) for row in _LEASE_ORDERS.rows(connection, at, at, ids)]


def taken_upstream_ids(wanted: Collection[tuple[int, int, str]]) -> set[tuple[int, str]]:
    """Of (panel, provider, upstream id) those, as (provider, upstream id), that an order has already."""
    if not wanted:
        return set()
    panels, owners, refs = ({w[i] for w in wanted} for i in range(3))
    rows = _TAKEN_UPSTREAM_IDS.rows(connection, sorted(panels), sorted(owners), sorted(refs))
    return {(row[0], row[1]) for row in rows}


def rest(provider_id: int, until: datetime | None, problem: str) -> None:
    _REST.run(connection, sql.moment(connection, until), problem[:500], provider_id)
