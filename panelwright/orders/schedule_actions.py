"""The writes of drip-feeds and subscriptions: starting runs, ordering for posts, expiring, resuming.

Only the database is touched here, so a round is one transaction and needs no lease.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction

from panelwright.catalog.types import BY_NAME
from panelwright.core import clock, money, sql
from panelwright.ledger.actions import ADD_TO_BALANCES, INSERT_TRANSFERS
from panelwright.orders import blocking, fields, rules, settling, store, work
from panelwright.orders.models import Job, Kind
from panelwright.orders.rules import NewOrder
from panelwright.orders.settling import OpenOrder, ScheduleState, Settled

_PICK = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'schedule' AND due_at <= ? ORDER BY due_at LIMIT ? :skip_locked"
)
_ANY = sql.Query("SELECT 1 FROM orders_order WHERE job = 'schedule' AND due_at <= ? LIMIT 1")
_PARENTS = sql.Query(
    "SELECT o.id, o.service_id, v.type, o.link, o.fields, o.rate_micros, s.interval_min, s.posts, s.old_posts,"
    " s.posts_done, s.expires_on, s.min, s.max, s.seed, s.delay_min"
    " FROM orders_order o JOIN catalog_service v ON v.id = o.service_id JOIN orders_schedule s ON s.order_id = o.id"
    " WHERE o.id :in_int"
)
_DUE_POSTS = sql.Query(
    "SELECT id, link FROM orders_post WHERE panel_id = ? AND subscription_id = ? AND order_id IS NULL AND due_at <= ?"
    " ORDER BY id LIMIT ?"
)
_NEXT_POST = sql.Query(
    "SELECT MIN(due_at) FROM orders_post WHERE panel_id = ? AND subscription_id = ? AND order_id IS NULL"
)
_POSTED = sql.Query("UPDATE orders_post SET order_id = ?, due_at = NULL WHERE id = ? AND order_id IS NULL")
_COUNT_POSTS = sql.Query("UPDATE orders_schedule SET posts_done = posts_done + ? WHERE order_id = ?")
_ADD_POST = sql.Query(
    "INSERT INTO orders_post (panel_id, subscription_id, link, due_at, created_at) VALUES (?, ?, ?, ?, ?)"
)
_KNOWN_POST = sql.Query("SELECT 1 FROM orders_post WHERE panel_id = ? AND subscription_id = ? AND link = ?")
_LOCK_BALANCE = sql.Query("SELECT balance_micros FROM ledger_account WHERE id = ? :for_update")

_OPEN_SUBSCRIPTIONS = sql.Query(
    "SELECT o.id FROM orders_order o JOIN orders_schedule s ON s.order_id = o.id"
    " WHERE s.panel_id = ? AND s.username = ? AND o.kind = 'subscription' AND o.ended_at IS NULL ORDER BY o.id"
)

POSTS_PER_ROUND = 100
RETRY_FUNDS = timedelta(minutes=1)


class Parent(NamedTuple):
    """What a schedule's orders are made from. `posts` None: without limit."""

    id: int
    service_id: int
    type_name: str
    link: str
    fields: str
    rate_micros: int
    interval_min: int
    posts: int | None
    old_posts: int
    posts_done: int
    expires_on: date | str | None
    min: int
    max: int
    seed: int
    delay_min: int

    @property
    def last_day(self) -> date | None:
        return date.fromisoformat(self.expires_on) if isinstance(self.expires_on, str) else self.expires_on

    @property
    def wanted(self) -> int | None:
        """How many posts are ordered for before it is complete; None: without limit."""
        return None if self.posts is None else self.posts + self.old_posts


def run_schedules(limit: int) -> int:
    """Do what is due on up to `limit` drip-feeds and subscriptions. Answers on how many."""
    now = clock.now()
    at = sql.moment(connection, now)
    if not _ANY.rows(connection, at):
        return 0
    with transaction.atomic(durable=True):
        picked = sorted(row[0] for row in _PICK.rows(connection, at, limit))
        orders = work.lock(picked)
        changes = work.Changes(orders, now)
        parents = {row[0]: Parent._make(row) for row in _PARENTS.rows(connection, picked)}
        for order_id in picked:
            order = changes.orders[order_id]
            if order.job != Job.SCHEDULE.value:
                continue
            if order.kind == Kind.DRIP_FEED.value:
                schedule = changes.schedule(order_id)
                changed, schedule = _start_run(order, schedule, parents[order_id], now)
                changes.set_schedule(schedule)
                changes.apply(Settled(changed))
            else:
                changes.apply(_subscription(order, parents[order_id], now))
        changes.write()
    return len(picked)


def _start_run(
    order: OpenOrder, schedule: ScheduleState, parent: Parent, now: datetime
) -> tuple[OpenOrder, ScheduleState]:
    """Create the next run as an order of its own. Its money is the parent's: it carries no charge."""
    child = _child(order, parent, Kind.RUN, link=parent.link, quantity=schedule.run_quantity, charge=0, now=now)
    store.insert_orders([child], now)
    schedule = schedule._replace(runs_started=schedule.runs_started + 1)
    due_at = settling.next_run(schedule, parent.interval_min, now)
    job = Job.SCHEDULE.value if due_at else None
    return order._replace(status="In progress", job=job, due_at=due_at), schedule


def _child(
    order: OpenOrder, parent: Parent, kind: Kind, *, link: str, quantity: int, charge: int, now: datetime
) -> NewOrder:
    return NewOrder(
        panel_id=order.panel_id,
        customer_id=order.customer_id,
        service_id=parent.service_id,
        key_id=None,
        parent_id=order.id,
        kind=kind.value,
        link=link,
        quantity=quantity,
        fields=parent.fields if kind is Kind.RUN else "",
        rate_micros=parent.rate_micros,
        booked_micros=charge,
        charge_micros=charge,
        status="Pending",
        remains=quantity,
        job=Job.FORWARD.value,
        due_at=now,
        request_id=None,
        request_digest=None,
        open_link=None,
        created_at=now,
    )


def _subscription(order: OpenOrder, parent: Parent, now: datetime) -> Settled:
    """Order for the posts that are due; pause without funds, complete when all are done, expire after the last day."""
    due = _DUE_POSTS.rows(connection, order.panel_id, order.id, sql.moment(connection, now), POSTS_PER_ROUND)
    done, short = 0, False
    for post_id, link in due:
        if parent.wanted is not None and parent.posts_done + done >= parent.wanted:
            break
        if blocking.skip_post(order, post_id, link, now):
            continue
        quantity = post_quantity(parent.seed, post_id, parent.min, parent.max)
        charge = money.charge(rate_micros=parent.rate_micros, units=quantity, flat=BY_NAME[parent.type_name].flat)
        if _LOCK_BALANCE.rows(connection, order.account_id)[0][0] < charge:
            short = True
            break
        child = _child(order, parent, Kind.POST, link=link, quantity=quantity, charge=charge, now=now)
        (child_id,) = store.insert_orders([child], now)
        if charge:
            at = sql.moment(connection, now)
            INSERT_TRANSFERS.run(
                connection,
                [
                    (
                        order.panel_id,
                        order.account_id,
                        order.sales_account_id,
                        charge,
                        "order",
                        str(child_id),
                        child_id,
                        at,
                    )
                ],
            )
            ADD_TO_BALANCES.run(connection, [(-charge, order.account_id)])
        _POSTED.run(connection, child_id, post_id)
        done += 1
    if done:
        _COUNT_POSTS.run(connection, done, order.id)
    if parent.wanted is not None and parent.posts_done + done >= parent.wanted:
        return settling.end(order, "Completed", remains=0, now=now)
    last_day = parent.last_day
    if last_day is not None and now.date() > last_day and (short or len(due) < POSTS_PER_ROUND):
        # Also without funds: money that comes later is not spent on what nobody waits for any more.
        return settling.end(order, "Expired", remains=0, now=now)
    if short:
        return Settled(order._replace(status="Paused", due_at=now + RETRY_FUNDS))
    due_at = rules.subscription_due(now=now, expires_on_iso=last_day.isoformat() if last_day else None)
    next_post = sql.aware(_NEXT_POST.rows(connection, order.panel_id, order.id)[0][0])
    return Settled(order._replace(status="Active", due_at=min(due_at, next_post) if next_post else due_at))


def post_quantity(seed: int, post_id: int, low: int, high: int) -> int:
    """The quantity for a post: from the recorded seed, so that anybody can draw it again."""
    return random.Random(f"{seed}:{post_id}").randint(low, high)


def record_post(*, panel_id: int, subscription_id: int, link: str) -> bool:
    """A subscription's user has a new post: it is ordered for after the subscription's delay.

    False when the post was told of before. Raises ValueError when there is no such open
    subscription, or the link is none.
    """
    now = clock.now()
    if not fields.good_link(link):
        raise ValueError(f"{link!r} is no link")
    try:
        with transaction.atomic(durable=True):
            order = work.lock([subscription_id]).get(subscription_id)
            if order is None or order.panel_id != panel_id or order.kind != Kind.SUBSCRIPTION.value:
                raise ValueError(f"there is no subscription {subscription_id}")
            if order.ended_at is not None:
                raise ValueError(f"subscription {subscription_id} has ended: {order.status}")
            if _KNOWN_POST.rows(connection, panel_id, subscription_id, link):
                return False
            (row,) = _PARENTS.rows(connection, [subscription_id])
            parent = Parent._make(row)
            due_at = now + timedelta(minutes=parent.delay_min)
            at = sql.moment(connection, now)
            _ADD_POST.run(connection, panel_id, subscription_id, link, sql.moment(connection, due_at), at)
            changes = work.Changes({order.id: order}, now)
            earlier = due_at if order.due_at is None else min(order.due_at, due_at)
            changes.apply(Settled(order._replace(due_at=earlier)))
            changes.write()
    except IntegrityError:
        return False
    return True


def open_subscriptions(panel_id: int, username: str) -> Sequence[int]:
    """Ids of the subscriptions to a user that have not ended."""
    return [row[0] for row in _OPEN_SUBSCRIPTIONS.rows(connection, panel_id, username)]
