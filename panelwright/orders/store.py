"""The hot SQL of placing orders: load all that a batch needs in a few set queries, write it in a few more."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from panelwright.catalog import link_store, quantities
from panelwright.catalog.rates import CustomRate, RateKey, together
from panelwright.core import limits, sql
from panelwright.core.refusal import Refusal
from panelwright.customers import access
from panelwright.ledger.store import ADD_TO_BALANCES, INSERT_TRANSFERS
from panelwright.orders import fields, same_link
from panelwright.orders.rules import (
    BatchContext,
    BatchPlan,
    NewOrder,
    PlaceOrder,
    Replayed,
    SoldService,
    good_request_id,
)
from panelwright.panels import block_store, numbers
from panelwright.panels.models import Noun

# Accounts are locked first, in id order: what is read after that is what other processes committed.
# What they hold down to their floor, without what is fresh; below zero where a debt stands: then even what costs
# nothing is too dear.
_AVAILABLE = (
    "CASE WHEN owed_micros > 0 THEN -1 WHEN fresh_micros = 0 THEN balance_micros - floor_micros"
    " WHEN balance_micros - floor_micros > fresh_micros THEN balance_micros - floor_micros - fresh_micros ELSE 0 END"
)
_BALANCES = sql.Query(
    f"SELECT id, {_AVAILABLE} FROM ledger_account WHERE id :in_int AND kind = 'customer' ORDER BY id :for_update"
)
_BALANCES_SEEN = sql.Query(f"SELECT id, {_AVAILABLE} FROM ledger_account WHERE id :in_int AND kind = 'customer'")
_SERVICES = sql.Query(
    "SELECT panel_id, number, id, type, rate_micros, min, max, drip_feed, unique_link, private, step,"
    " link_hosts, link_kinds, link_example FROM catalog_service WHERE panel_id :in_int AND number :in_int AND enabled"
)
_RATES = sql.Query(
    "SELECT price_list_id, service_id, rate_micros, percent_off_e2, NULL FROM catalog_pricelistrate"
    " WHERE panel_id :in_int AND price_list_id :in_int AND service_id :in_int"
    # The few percents first: SQLite keeps to this order, and where there are none it ends here.
    " UNION ALL SELECT k.price_list_id, v.id, NULL, NULL, k.percent_off_e2"
    " FROM catalog_pricelistpercent k CROSS JOIN catalog_service v"
    " WHERE k.panel_id :in_int AND k.price_list_id :in_int AND v.id :in_int"
    " AND v.panel_id = k.panel_id AND v.category_id = k.category_id"
)
_REQUESTS = sql.Query(
    "SELECT customer_id, request_id, number, request_digest FROM orders_order"
    " WHERE panel_id :in_int AND customer_id :in_int AND request_id :in_text"
)
_OPEN_LINKS = sql.Query(
    "SELECT customer_id, service_id, open_link FROM orders_order"
    " WHERE panel_id :in_int AND customer_id :in_int AND service_id :in_int AND open_link :in_text"
)

_INSERT_ORDERS = sql.Insert(
    "orders_order",
    {
        "id": "bigint",
        "number": "bigint",
        "panel_id": "bigint",
        "customer_id": "bigint",
        "service_id": "bigint",
        "key_id": "bigint",
        "parent_id": "bigint",
        "kind": "text",
        "link": "text",
        "quantity": "bigint",
        "fields": "text",
        "rate_micros": "bigint",
        "booked_micros": "bigint",
        "charge_micros": "bigint",
        "status": "text",
        "remains": "bigint",
        "job": "text",
        "due_at": "timestamptz",
        "request_id": "text",
        "request_digest": "text",
        "open_link": "text",
        "created_at": "timestamptz",
    },
)
_DUE_AT, _CREATED_AT = 15, 19  # places of the times in rules.NewOrder
_INSERT_SCHEDULES = sql.Insert(
    "orders_schedule",
    {
        "order_id": "bigint",
        "number": "bigint",
        "customer_id": "bigint",
        "panel_id": "bigint",
        "runs": "int",
        "run_quantity": "bigint",
        "interval_min": "int",
        "username": "text",
        "min": "bigint",
        "max": "bigint",
        "delay_min": "int",
        "posts": "int",
        "old_posts": "int",
        "expires_on": "date",
        "seed": "bigint",
    },
)
# Read after the account's lock, which all keys of a customer share: another process may just have spent.
_SPENT_BY_KEYS = sql.Query("SELECT id, spent_micros, spent_on FROM customers_apikey WHERE id :in_int")
_SPEND_OF_KEYS = sql.Query(
    "UPDATE customers_apikey SET spent_micros = CASE WHEN spent_on = ? THEN spent_micros ELSE 0 END + ?, spent_on = ?"
    " WHERE id = ?"
)


def load(commands: Sequence[PlaceOrder], *, to_place: bool = True) -> BatchContext:
    """All that the commands need. Locks the accounts of their customers, in id order, if they are to be placed."""
    texts = {c.params.get("service", "") for c in commands}
    numbers_asked = {text: n for text in texts if (n := fields.whole(text)) is not None and n < 2**62}
    services = sorted(set(numbers_asked.values()))
    with sql.together(connection):
        asked = access.AccessQuery([command.caller for command in commands])
        ask = functools.partial(_Sales, services=services, ids=len(commands) if to_place else 0)
        sales = ask(asked.likely) if asked.likely else None
        book = BatchContext(asked.grants(), {}, {}, {}, {}, set())
        admitted = [(c, g) for c, g in zip(commands, book.grants, strict=True) if isinstance(g, access.Grant)]
        if not admitted:
            return book
        known = list({id(g): g for _, g in admitted}.values())  # many commands of few callers
        places = frozenset((g.panel_id, g.account_id) for g in known)
        if sales is None or not places <= sales.places:
            # Met for the first time; or remembered wrongly, as when a host has moved to another panel: then accounts
            # that nobody needs stay locked until the commit, too.
            sales = ask(places)
        sales.fetch(book)
    book.asked = numbers_asked
    _load_more(book, admitted, known)
    return book


class _Sales:
    """What is asked about panels and accounts, each `(panel id, account id)`: what is sold, and on which balance.

    `services` are numbers.
    """

    def __init__(self, places: frozenset[tuple[int, int]], *, services: Sequence[int], ids: int) -> None:
        self.places = places
        accounts = sorted({account for _, account in places})
        self._balances = (_BALANCES if ids else _BALANCES_SEEN).run(connection, accounts)
        self._sold = _SERVICES.run(connection, sorted({panel for panel, _ in places}), services)
        self._take_ids = sql.take_ids(connection, "orders_order", ids) if ids else None

    def fetch(self, book: BatchContext) -> None:
        book.balances = dict(self._balances.fetchall())
        book.services = {row[:2]: _sold(row) for row in self._sold.fetchall()}
        book.ids = self._take_ids() if self._take_ids else ()


_sold_service = functools.partial(tuple.__new__, SoldService)


def _sold(row: sql.Row) -> SoldService:
    service = _sold_service(row[2:])
    return service if service.step == 1 else service._replace(step=quantities.step_of(service.type, service.step))


def _load_more(
    book: BatchContext, admitted: Sequence[tuple[PlaceOrder, access.Grant]], known: Sequence[access.Grant]
) -> None:
    """What only some commands need."""
    panels = sorted({g.panel_id for g in known})
    capped = sorted({g.key_id for g in known if g.daily_cap_micros is not None and g.key_id is not None})
    if capped:
        spent = {row[0]: row[1:] for row in _SPENT_BY_KEYS.rows(connection, capped)}
        book.grants = [_as_spent(grant, spent) for grant in book.grants]
    customers = sorted({g.customer_id for g in known})
    book.blocks = block_store.rules_of({g.panel_id: g.blocks_version for g in known})
    if any(service.link_hosts or service.link_kinds for service in book.services.values()):
        book.tables = link_store.tables_of({g.panel_id: g.blocks_version for g in known})
    price_lists = sorted({g.price_list_id for g in known if g.price_list_id is not None})
    if price_lists:
        services = sorted(s.id for s in book.services.values())
        book.rates = own_rates(panels, price_lists, services)
    requests = sorted({c.request_id for c, _ in admitted if good_request_id(c.request_id)})
    if requests:
        for customer, request, order, digest in _REQUESTS.rows(connection, panels, customers, requests):
            book.requests[customer, request] = (order, digest)
    services = sorted(s.id for s in book.services.values() if s.unique_link)
    if services:
        given = {c.params.get("link", "") for c, _ in admitted}
        links = sorted({same_link.digest(link) for link in given if len(link) <= limits.LINK_CHARS_MAX})
        book.open_links = set(_OPEN_LINKS.rows(connection, panels, customers, services, links))


def _as_spent(grant: access.Grant | Refusal, spent: dict[int, tuple[int, date | str | None]]) -> access.Grant | Refusal:
    if isinstance(grant, Refusal) or grant.key_id not in spent:
        return grant
    micros, on = spent[grant.key_id]
    return grant._replace(spent_micros=micros, spent_on=on)


class Placed(NamedTuple):
    """An order's id, which stays inside, and its number, which its panel's people see."""

    id: int
    number: int


def commit(plan: BatchPlan, ids: Sequence[int], now: datetime) -> tuple[list[Refusal | int], numbers.Given]:
    """Write the plan; the results with the numbers of the new orders, whose ids are taken of `ids`.

    Also what else of its panels' numbers the process has once the transaction is committed.
    """
    results = list(plan.results)
    if not plan.orders:
        return results, numbers.Given()
    given = numbers.orders.give(Counter([order.panel_id for order in plan.orders]))
    placed = _placed(plan.orders, ids, given)
    with sql.together(connection):
        _write(plan, placed, now)
    for position, index in plan.new.items():
        number = placed[index][1]
        results[position] = Replayed(number) if position in plan.replayed else number
    return results, given


def _placed(orders: Sequence[NewOrder], ids: Sequence[int], given: numbers.Given) -> list[tuple[int, int]]:
    """Of each its id and number, as plain tuples: `Placed` each would take as long as half of a row's writing."""
    if len(given.numbers) == 1:
        (of_panel,) = given.numbers.values()
        return list(zip(ids, of_panel, strict=False))
    turns = {panel_id: iter(of_panel) for panel_id, of_panel in given.numbers.items()}
    return [(id_, next(turns[order.panel_id])) for id_, order in zip(ids, orders, strict=False)]


def _write(plan: BatchPlan, placed: Sequence[tuple[int, int]], now: datetime) -> None:
    _insert(plan.orders, placed, now)
    at = sql.moment(connection, now)
    _INSERT_SCHEDULES.run(
        connection, [(*placed[s.order_index], plan.orders[s.order_index].customer_id, *s[1:]) for s in plan.schedules]
    )
    INSERT_TRANSFERS.run(
        connection,
        [
            (plan.orders[index].panel_id, debit, credit, micros, "order", str(placed[index][1]), placed[index][0], at)
            for index, debit, credit, micros in plan.charges
        ],
    )
    ADD_TO_BALANCES.run(connection, [(-micros, account) for account, micros in sorted(plan.spent.items())])
    spend_of_keys(plan.key_spent, now)


def spend_of_keys(key_spent: dict[int, int], now: datetime) -> None:
    """Write down what keys with a cap have spent today. Their customers' accounts are locked."""
    today = now.date() if connection.vendor == "postgresql" else now.date().isoformat()
    for key, micros in sorted(key_spent.items()):
        _SPEND_OF_KEYS.run(connection, today, micros, today, key)


def lock_balances(account_ids: Sequence[int]) -> dict[int, int]:
    """Account id -> micros that can be spent (below zero: a debt stands), locked in id order until the commit."""
    return dict(_BALANCES.rows(connection, sorted(account_ids)))


def own_rates(
    panel_ids: Sequence[int], price_list_ids: Sequence[int], service_ids: Sequence[int]
) -> dict[RateKey, CustomRate]:
    """What the price lists say of the services, where they say anything. One statement."""
    asked = (panel_ids, price_list_ids, service_ids)
    return together(_RATES.rows(connection, *asked, *asked))


def insert_order(order: NewOrder, now: datetime) -> Placed:
    """Insert one order, outside a batch. Its panel's numbers are locked until the commit: take other locks before."""
    (id_,) = sql.next_ids(connection, "orders_order", 1)
    placed = Placed(id_, numbers.take(order.panel_id, Noun.ORDER, 1).start)
    _insert([order], [placed], now)
    return placed


def _insert(orders: Sequence[NewOrder], placed: Sequence[tuple[int, int]], now: datetime) -> None:
    if connection.vendor == "postgresql":
        rows = [(*names, *order) for names, order in zip(placed, orders, strict=True)]
    else:
        at = sql.moment(connection, now)
        rows = []
        for names, order in zip(placed, orders, strict=True):
            due = at if order.due_at is now else sql.moment(connection, order.due_at)
            rows.append((*names, *order[:_DUE_AT], due, *order[_DUE_AT + 1 : _CREATED_AT], at))
    _INSERT_ORDERS.run(connection, rows)
