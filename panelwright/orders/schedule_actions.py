"""The writes of drip-feeds and subscriptions: starting runs, ordering for posts, expiring, resuming.

Only the database is touched here, so a round is one transaction and needs no lease.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.catalog import quantities
from panelwright.catalog.types import BY_NAME
from panelwright.core import clock, money, sql
from panelwright.ledger.actions import ADD_TO_BALANCES, INSERT_TRANSFERS
from panelwright.orders import blocking, fields, linking, rules, settling, store, work
from panelwright.orders.models import Job, Kind
from panelwright.orders.post_rules import POSTS_MAX, Heard, is_old, order_at, username_key, within
from panelwright.orders.rules import NewOrder
from panelwright.orders.settling import OpenOrder, ScheduleState, Settled

_PICK = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'schedule' AND due_at <= ? ORDER BY due_at LIMIT ? :skip_locked"
)
_ANY = sql.Query("SELECT 1 FROM orders_order WHERE job = 'schedule' AND due_at <= ? LIMIT 1")
_PARENTS = sql.Query(
    "SELECT o.id, o.service_id, v.type, o.link, o.fields, o.rate_micros, s.interval_min, s.posts, s.old_posts,"
    " s.posts_done, s.old_posts_done, s.paused_at, s.expires_on, s.min, s.max, s.seed, s.delay_min,"
    " v.step, v.link_hosts, v.link_kinds"
    " FROM orders_order o JOIN catalog_service v ON v.id = o.service_id JOIN orders_schedule s ON s.order_id = o.id"
    " WHERE o.id :in_int"
)
_DUE_POSTS = sql.Query(
    "SELECT id, link, old FROM orders_post WHERE panel_id = ? AND subscription_id = ? AND order_id IS NULL"
    " AND due_at <= ? ORDER BY id LIMIT ?"
)
_NEXT_POST = sql.Query(
    "SELECT MIN(due_at) FROM orders_post WHERE panel_id = ? AND subscription_id = ? AND order_id IS NULL"
)
_POSTED = sql.Query("UPDATE orders_post SET order_id = ?, due_at = NULL WHERE id = ? AND order_id IS NULL")
_DROPPED = sql.Query("UPDATE orders_post SET due_at = NULL WHERE id = ? AND order_id IS NULL")
_COUNT_POSTS = sql.Query(
    "UPDATE orders_schedule SET posts_done = posts_done + ?, old_posts_done = old_posts_done + ? WHERE order_id = ?"
)
_ADD_POST = sql.Query(
    "INSERT INTO orders_post (panel_id, subscription_id, link, old, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?)"
)
_KNOWN_POSTS = sql.Query("SELECT link FROM orders_post WHERE panel_id = ? AND subscription_id = ? AND link :in_text")
# Ordered for, or waiting to be.
_TAKEN_POSTS = sql.Query(
    "SELECT old, COUNT(*) FROM orders_post WHERE panel_id = ? AND subscription_id = ?"
    " AND (order_id IS NOT NULL OR due_at IS NOT NULL) GROUP BY old"
)
_LOCK_BALANCE = sql.Query("SELECT balance_micros FROM ledger_account WHERE id = ? :for_update")

_PAUSES = sql.Query(
    "SELECT facts FROM events_event WHERE panel_id = ? AND subject_id = ? AND name = 'subscription.resumed'"
    " ORDER BY id DESC LIMIT ?"
)
_OPEN_SUBSCRIPTIONS = sql.Query(
    "SELECT o.id, s.username, o.created_at FROM orders_order o JOIN orders_schedule s ON s.order_id = o.id"
    " WHERE o.panel_id = ? AND o.job = 'schedule' AND o.kind = 'subscription' AND o.ended_at IS NULL ORDER BY o.id"
)

POSTS_PER_ROUND = 100
PAUSES_MAX = 50
RETRY_FUNDS = timedelta(minutes=1)
# Nothing is waited for in a pause; every open order is looked at now and then all the same.
PAUSED_LOOK = timedelta(days=1)


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
    old_posts_done: int
    paused_at: datetime | str | None
    expires_on: date | str | None
    min: int
    max: int
    seed: int
    delay_min: int
    step: int
    link_hosts: str
    link_kinds: str

    @property
    def last_day(self) -> date | None:
        return date.fromisoformat(self.expires_on) if isinstance(self.expires_on, str) else self.expires_on

    def limit(self, *, old: bool) -> int | None:
        """How many posts of a kind are ordered for; None: without limit."""
        return self.old_posts if old else self.posts

    def full(self, *, old: bool, more: int = 0) -> bool:
        """Whether it has all posts of a kind, with `more` that are not counted in its row yet."""
        limit = self.limit(old=old)
        done = self.old_posts_done if old else self.posts_done - self.old_posts_done
        return limit is not None and done + more >= limit


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
                if parents[order_id].paused_at is not None:
                    changes.apply(Settled(order._replace(due_at=now + PAUSED_LOOK)))
                    continue
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
    last_day = parent.last_day
    over = last_day is not None and now.date() > last_day
    later = rules.subscription_due(now=now, expires_on_iso=last_day.isoformat() if last_day else None)
    if parent.paused_at is not None:
        return settling.end(order, "Expired", remains=0, now=now) if over else Settled(order._replace(due_at=later))
    due = _DUE_POSTS.rows(connection, order.panel_id, order.id, sql.moment(connection, now), POSTS_PER_ROUND)
    done, short = {False: 0, True: 0}, False
    for post_id, link, of_old in due:
        old = bool(of_old)
        if parent.full(old=old, more=done[old]):
            _DROPPED.run(connection, post_id)
        elif blocking.skip_post(order, post_id, link, now) or linking.skip_post(
            order, post_id, link, now, hosts=parent.link_hosts, kinds=parent.link_kinds
        ):
            continue
        elif _order_for(order, parent, post_id, link, now):
            done[old] += 1
        else:
            short = True
            break
    if any(done.values()):
        _COUNT_POSTS.run(connection, sum(done.values()), done[True], order.id)
    if all(parent.full(old=old, more=done[old]) for old in (False, True)):
        return settling.end(order, "Completed", remains=0, now=now)
    if over and (short or len(due) < POSTS_PER_ROUND):
        # Also without funds: money that comes later is not spent on what nobody waits for any more.
        return settling.end(order, "Expired", remains=0, now=now)
    if short:
        return Settled(order._replace(status="Paused", due_at=now + RETRY_FUNDS))
    next_post = sql.aware(_NEXT_POST.rows(connection, order.panel_id, order.id)[0][0])
    return Settled(order._replace(status="Active", due_at=min(later, next_post) if next_post else later))


def _order_for(order: OpenOrder, parent: Parent, post_id: int, link: str, now: datetime) -> bool:
    """Create and charge the order for a post. False, and nothing is changed, when the funds do not suffice."""
    quantity = post_quantity(parent.seed, post_id, parent.min, parent.max, step=parent.step)
    charge = money.charge(rate_micros=parent.rate_micros, units=quantity, flat=BY_NAME[parent.type_name].flat)
    if _LOCK_BALANCE.rows(connection, order.account_id)[0][0] < charge:
        return False
    child = _child(order, parent, Kind.POST, link=link, quantity=quantity, charge=charge, now=now)
    (child_id,) = store.insert_orders([child], now)
    if charge:
        at = sql.moment(connection, now)
        accounts = (order.account_id, order.sales_account_id)
        INSERT_TRANSFERS.run(connection, [(order.panel_id, *accounts, charge, "order", str(child_id), child_id, at)])
        ADD_TO_BALANCES.run(connection, [(-charge, order.account_id)])
    _POSTED.run(connection, child_id, post_id)
    return True


def post_quantity(seed: int, post_id: int, low: int, high: int, *, step: int = 1) -> int:
    """The quantity for a post, a multiple of `step`: from the recorded seed, so that anybody can draw it again.

    A step that came after the subscription, and of which no multiple is wanted, does not count: then it is for the
    provider to refuse.
    """
    least, most = quantities.bounds(low, high, step)
    if least > most:
        least, most, step = low, high, 1
    return step * random.Random(f"{seed}:{post_id}").randint(least // step, most // step)


def record_post(
    *, panel_id: int, subscription_id: int, link: str, published_at: datetime | None = None, old: bool | None = None
) -> bool:
    """A subscription's user has a post: see `record_posts`. False when the post was told of before."""
    heard = Heard(link, published_at, old)
    return bool(record_posts(panel_id=panel_id, subscription_id=subscription_id, posts=[heard]))


def record_posts(*, panel_id: int, subscription_id: int, posts: Sequence[Heard]) -> list[str]:
    """A subscription's user has these posts. Answers the links that it had not been told of before.

    A wanted post is ordered for after the subscription's delay. One that is not wanted (there are
    enough of its kind, or the subscription is paused by hand) is remembered without a time, so that
    it is not ordered for later either. The first ones in `posts` get what places there are.

    Raises ValueError when there is no such open subscription, a link is none, or there are more
    than POSTS_MAX posts; then nothing was changed.
    """
    now = clock.now()
    if len(posts) > POSTS_MAX:
        raise ValueError(f"{len(posts)} posts at once: at most {POSTS_MAX}")
    for post in posts:
        if not fields.good_link(post.link):
            raise ValueError(f"{post.link!r} is no link")
    with transaction.atomic(durable=True):
        order = work.lock([subscription_id]).get(subscription_id)
        if order is None or order.panel_id != panel_id or order.kind != Kind.SUBSCRIPTION.value:
            raise ValueError(f"there is no subscription {subscription_id}")
        if order.ended_at is not None:
            raise ValueError(f"subscription {subscription_id} has ended: {order.status}")
        # Whoever tells of the same posts at the same time waits for the lock on the order.
        known = {r[0] for r in _KNOWN_POSTS.rows(connection, panel_id, order.id, [post.link for post in posts])}
        fresh: dict[str, Heard] = {}
        for post in posts:
            if post.link not in known:
                fresh.setdefault(post.link, post)
        if fresh:
            _remember(list(fresh.values()), order, now)
    return list(fresh)


def _remember(posts: Sequence[Heard], order: OpenOrder, now: datetime) -> None:
    (row,) = _PARENTS.rows(connection, [order.id])
    parent = Parent._make(row)
    taken = {bool(old): count for old, count in _TAKEN_POSTS.rows(connection, order.panel_id, order.id)}
    earliest = order.due_at
    pauses = _pauses(order) if any(post.published_at for post in posts) else []
    at = sql.moment(connection, now)
    for post in posts:
        old = is_old(post, placed_at=order.created_at)
        limit, due_at = parent.limit(old=old), None
        if (
            parent.paused_at is None
            and not within(pauses, post.published_at)
            and (limit is None or taken.get(old, 0) < limit)
        ):
            taken[old] = taken.get(old, 0) + 1
            due_at = order_at(post.published_at, delay_min=parent.delay_min, now=now)
            earliest = due_at if earliest is None else min(earliest, due_at)
        _ADD_POST.run(connection, order.panel_id, order.id, post.link, old, sql.moment(connection, due_at), at)
    changes = work.Changes({order.id: order}, now)
    if earliest != order.due_at:
        changes.apply(Settled(order._replace(due_at=earliest)))
    changes.write()


def _pauses(order: OpenOrder) -> list[tuple[datetime, datetime]]:
    """The last pauses by hand that are over. Their events are the only rows that still know of them."""
    found = []
    for (facts,) in _PAUSES.rows(connection, order.panel_id, order.id, PAUSES_MAX):
        said = json.loads(facts) if isinstance(facts, str) else facts
        found.append((datetime.fromisoformat(said["paused_at"]), datetime.fromisoformat(said["resumed_at"])))
    return found


class Following(NamedTuple):
    """An open subscription to a user."""

    id: int
    placed_at: datetime


def following(panel_id: int, username: str) -> list[Following]:
    """The subscriptions to a user that have not ended, however they spell the name.

    Reads all open subscriptions of the panel (the index of the queue holds just what is open): how
    letters of other alphabets fold is not the same in the two databases.
    """
    key = username_key(username)
    return [
        Following(order_id, sql.aware(placed_at) or clock.now())
        for order_id, written, placed_at in _OPEN_SUBSCRIPTIONS.rows(connection, panel_id)
        if username_key(written) == key
    ]


def open_subscriptions(panel_id: int, username: str) -> Sequence[int]:
    """Ids of the subscriptions to a user that have not ended."""
    return [subscription.id for subscription in following(panel_id, username)]
