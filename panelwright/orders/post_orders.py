"""The order for one post of a subscription, and its charge. Inside the caller's transaction, which has the
subscription and its customer's account locked."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from panelwright.core import sql
from panelwright.ledger import store as books
from panelwright.ledger.store import ADD_TO_BALANCES, INSERT_TRANSFERS
from panelwright.orders import costs, store
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.problems import NONE, Problem
from panelwright.orders.rules import NewOrder
from panelwright.orders.settling import Cost, OpenOrder
from panelwright.orders.standing import Agreement, Spend
from panelwright.orders.store import Placed

_COUNT_POSTS = sql.Query(
    "UPDATE orders_schedule SET posts_done = posts_done + ?, old_posts_done = old_posts_done + ? WHERE order_id = ?"
)
_SENT = sql.Query(
    "UPDATE orders_order SET provider_id = ?, route_id = ?, upstream_id = ?, problem_code = ?, problem_facts = ?,"
    " problem_at = ?, cost_micros = ?, cost_rate_e12 = ?, cost_told = ?, cost_postings = ?"
    " WHERE panel_id = ? AND id = ?"
)
_BOOK = sql.Query(
    "UPDATE orders_order SET booked_micros = ?, charge_micros = ?"
    " WHERE panel_id = ? AND id = ? AND booked_micros = 0 AND ended_at IS NULL RETURNING id"
)


class There(NamedTuple):
    """Where an order is delivered that its provider made of a subscription.

    `cost` is in micros of the panel's currency with the exchange rate used: what the provider says (`told`), else
    what its route's rate makes of it. None: not known.
    """

    provider_id: int
    route_id: int | None
    upstream_id: str
    cost: Cost | None
    told: bool


def place(
    subscription: OpenOrder, agreement: Agreement, spend: Spend, *, link: str, quantity: int, now: datetime
) -> int:
    """An order for a post, to be sent, charged what `spend` says: it was taken from the balance that is known here."""
    order = _post(subscription, agreement, spend.rate_micros, link, quantity, now)
    charged = order._replace(booked_micros=spend.charge_micros, charge_micros=spend.charge_micros)
    placed = store.insert_order(charged, now)
    _charge(subscription, placed, spend.charge_micros, now)
    return placed.id


def take_over(
    subscription: OpenOrder,
    agreement: Agreement,
    spend: Spend,
    *,
    there: There,
    link: str,
    quantity: int,
    problem: Problem = NONE,
    now: datetime,
) -> Placed:
    """An order that the provider has made already: it is asked about from now on.

    With a `problem` it is not charged and not asked about: what becomes of it is for a person to decide, at the
    rate that is written down with it.
    """
    charge = 0 if problem != NONE else spend.charge_micros
    order = _post(subscription, agreement, spend.rate_micros, link, quantity, now)
    order = order._replace(booked_micros=charge, charge_micros=charge, status="Processing", job=Job.POLL.value)
    if problem != NONE:
        order = order._replace(job=None, due_at=None)
    placed = store.insert_order(order, now)
    since = sql.moment(connection, now if problem != NONE else None)
    where = (there.provider_id, there.route_id, there.upstream_id)
    cost = (*(there.cost or (None, None)), there.told)
    earned = there.cost.micros if there.cost is not None else 0
    _SENT.run(connection, *where, *problem, since, *cost, 1 if earned else 0, subscription.panel_id, placed.id)
    if earned:
        of_order = (subscription.panel_id, placed.id, placed.number)
        books.write([costs.transfer(*of_order, there.provider_id, earned, count=1)], now)
    _charge(subscription, placed, charge, now)
    return placed


def charge_later(order: OpenOrder, charge_micros: int, now: datetime) -> bool:
    """Charge an order that was taken over without a charge. False when it has one, or has ended."""
    if not charge_micros:
        return True
    if not _BOOK.rows(connection, charge_micros, charge_micros, order.panel_id, order.id):
        return False
    _charge(order, Placed(order.id, order.number), charge_micros, now)
    return True


def count(subscription_id: int, *, posts: int, old: int = 0) -> None:
    """So many more posts have their orders; `old` of them existed before the subscription."""
    if posts:
        _COUNT_POSTS.run(connection, posts, old, subscription_id)


def _post(
    subscription: OpenOrder, agreement: Agreement, rate_micros: int, link: str, quantity: int, now: datetime
) -> NewOrder:
    return NewOrder(
        panel_id=subscription.panel_id,
        customer_id=subscription.customer_id,
        service_id=agreement.service_id,
        key_id=agreement.key_id,
        parent_id=subscription.id,
        kind=OrderKind.POST.value,
        link=link,
        quantity=quantity,
        fields="",
        rate_micros=rate_micros,
        booked_micros=0,
        charge_micros=0,
        status="Pending",
        remains=quantity,
        job=Job.FORWARD.value,
        due_at=now,
        request_id=None,
        request_digest=None,
        open_link=None,
        created_at=now,
    )


def _charge(order: OpenOrder, placed: Placed, micros: int, now: datetime) -> None:
    """`order`: whose accounts are meant."""
    if micros:
        at = sql.moment(connection, now)
        what = (order.account_id, order.sales_account_id, micros, "order", str(placed.number), placed.id)
        INSERT_TRANSFERS.run(connection, [(order.panel_id, *what, at)])
        ADD_TO_BALANCES.run(connection, [(-micros, order.account_id)])
