"""The SQL of standing.py: what some subscriptions need to be judged, in a few set queries. In the caller's
transaction, which has their orders locked."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from panelwright.catalog.types import BY_NAME
from panelwright.core import sql
from panelwright.customers import access
from panelwright.orders import store
from panelwright.orders.blocking import Screen
from panelwright.orders.rules import SoldService
from panelwright.orders.standing import Agreement, Today, keys_of
from panelwright.panels import block_store

USER = next(field for field in BY_NAME["Subscriptions"].fields if field.name == "username")

_SERVICES = sql.Query(
    "SELECT panel_id, number, id, type, rate_micros, min, max, drip_feed, unique_link, private, step,"
    " link_hosts, link_kinds, link_example FROM catalog_service WHERE id :in_int AND enabled"
)
_AGREEMENTS = sql.Query(
    "SELECT o.id, o.customer_id, CASE WHEN s.without_key THEN NULL ELSE o.key_id END, o.service_id,"
    " COALESCE(s.agreed_micros, o.rate_micros)"
    " FROM orders_order o JOIN orders_schedule s ON s.order_id = o.id WHERE o.id :in_int ORDER BY o.id"
)

_USERS = sql.Query(
    "SELECT s.order_id, s.panel_id, p.blocks_version, s.username FROM orders_schedule s"
    " JOIN panels_panel p ON p.id = s.panel_id WHERE s.order_id :in_int"
)


def agreements(order_ids: Sequence[int]) -> dict[int, Agreement]:
    """What was agreed on, by the subscription's order id."""
    return {row[0]: Agreement._make(row) for row in _AGREEMENTS.rows(connection, sorted(order_ids))}


def load(agreed: Sequence[Agreement], *, account_ids: Sequence[int]) -> Today:
    """How they stand now. `account_ids` are their customers' accounts: locked here, in id order, before anything
    of theirs is read, so that nobody else spends meanwhile."""
    balances = store.lock_balances(account_ids) if account_ids else {}
    customers, keys = access.by_ids(sorted({a.customer_id for a in agreed}), keys_of(agreed))
    services = _sold(sorted({a.service_id for a in agreed}))
    price_lists = sorted({g.price_list_id for g in customers.values() if g.price_list_id is not None})
    panels = sorted({g.panel_id for g in customers.values()})
    rates = store.own_rates(panels, price_lists, sorted(services)) if price_lists and services else {}
    return Today(customers, keys, services, rates, balances, {}, _blocked([a.order_id for a in agreed]))


def rate_now(order_id: int) -> int | None:
    """Today's rate of a subscription for its customer, in micros; None where it is not sold to her. Locks nothing."""
    agreed = list(agreements([order_id]).values())
    return load(agreed, account_ids=()).rate_of(agreed[0]) if agreed else None


def stopped(order_ids: Sequence[int]) -> list[int]:
    """Which of these subscriptions may order nothing now, whatever it costs: who has them as a whole would."""
    agreed = list(agreements(order_ids).values()) if order_ids else []
    today = load(agreed, account_ids=()) if agreed else None
    return [one.order_id for one in agreed if today is not None and today.why_not(one) is not None]


def _blocked(order_ids: Sequence[int]) -> set[int]:
    """Which of these subscriptions are to a user whom the rules as they stand now speak against."""
    rows = _USERS.rows(connection, sorted(order_ids)) if order_ids else []
    rules = block_store.rules_of({panel_id: version for _, panel_id, version, _ in rows})
    return {
        order_id
        for order_id, panel_id, _, username in rows
        if panel_id in rules and Screen(rules[panel_id]).refuses(USER, username)
    }


def _sold(service_ids: Sequence[int]) -> dict[int, SoldService]:
    return {row[2]: SoldService._make(row[2:]) for row in _SERVICES.rows(connection, service_ids)}
