"""The writes of drip-feeds and subscriptions: starting runs, ordering for posts, expiring, resuming.

Only the database is touched here, so a round is one transaction and needs no lease.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.catalog import quantities
from panelwright.core import clock, money, sql
from panelwright.core.refusal import Refused
from panelwright.orders import (
    blocking,
    fields,
    lifecycle,
    linking,
    post_orders,
    rules,
    same_link,
    settling,
    standing,
    standing_store,
    store,
)
from panelwright.orders.models import Job, OrderKind, PauseReason
from panelwright.orders.post_rules import POSTS_MAX, ReportedPost, is_old, order_at, username_key, within
from panelwright.orders.rules import NewOrder
from panelwright.orders.settling import OpenOrder, ScheduleState, Settled
from panelwright.orders.standing import Agreement, Today

_PICK = sql.Query(
    "SELECT id FROM orders_order WHERE job = 'schedule' AND due_at <= ? ORDER BY due_at LIMIT ? :skip_locked"
)
_ANY = sql.Query("SELECT 1 FROM orders_order WHERE job = 'schedule' AND due_at <= ? LIMIT 1")
_PARENTS = sql.Query(
    "SELECT o.id, o.service_id, o.link, o.fields, o.rate_micros, s.interval_min, s.posts, s.old_posts, s.posts_done,"
    " s.old_posts_done, s.paused_at, s.expires_on, s.min, s.max, s.seed, s.delay_min, v.step, v.link_hosts,"
    " v.link_kinds, s.pause_reason FROM orders_order o JOIN catalog_service v ON v.id = o.service_id"
    " JOIN orders_schedule s ON s.order_id = o.id WHERE o.id :in_int"
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
_DROPPED_ALL = sql.Query(
    "UPDATE orders_post SET due_at = NULL WHERE panel_id = ? AND subscription_id = ? AND order_id IS NULL"
)
_SET_REASON = sql.Query("UPDATE orders_schedule SET pause_reason = ? WHERE panel_id = ? AND order_id = ?")
_ADD_POST = sql.Query(
    "INSERT INTO orders_post (panel_id, subscription_id, link, link_key, old, due_at, created_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_KNOWN_POSTS = sql.Query(
    "SELECT link FROM orders_post WHERE panel_id = ? AND subscription_id = ? AND (link_key :in_text OR link :in_text)"
)
# Ordered for, or waiting to be.
_TAKEN_POSTS = sql.Query(
    "SELECT old, COUNT(*) FROM orders_post WHERE panel_id = ? AND subscription_id = ?"
    " AND (order_id IS NOT NULL OR due_at IS NOT NULL) GROUP BY old"
)
_PAUSES = sql.Query(
    "SELECT facts FROM events_event WHERE panel_id = ? AND subject_id = ? AND name = 'subscription.resumed'"
    " ORDER BY id DESC LIMIT ?"
)
_MOST = sql.Query(
    "SELECT s.max, COALESCE(s.agreed_micros, o.rate_micros) FROM orders_schedule s"
    " JOIN orders_order o ON o.id = s.order_id WHERE o.panel_id = ? AND s.order_id :in_int"
)
_OPEN_SUBSCRIPTIONS = sql.Query(
    "SELECT o.id, s.username, o.created_at FROM orders_order o JOIN orders_schedule s ON s.order_id = o.id"
    " WHERE o.panel_id = ? AND o.job = 'schedule' AND o.kind = 'subscription' AND o.ended_at IS NULL ORDER BY o.id"
)

POSTS_PER_ROUND = 100
PAUSES_MAX = 50
# Nothing is waited for in a pause; every open order is looked at now and then all the same.
PAUSED_LOOK = timedelta(days=1)


class Parent(NamedTuple):
    """What a schedule's orders are made from. `posts` None: without limit."""

    id: int
    service_id: int
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
    pause_reason: str

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


class Undecided(NamedTuple):
    """A subscription that has ordered nothing yet: its provider may take it as a whole."""

    order_id: int
    panel_id: int
    service_id: int


# Answers the ids of those that go to their provider as a whole.
PassOn = Callable[[Sequence[Undecided]], Collection[int]]


def run_schedules(limit: int, *, pass_on: PassOn | None = None) -> int:
    """Do what is due on up to `limit` drip-feeds and subscriptions. Answers on how many.

    `pass_on` says which subscriptions a provider takes as a whole: those are sent to it like any order, and
    nothing is ordered for their posts here.
    """
    now = clock.now()
    at = sql.moment(connection, now)
    if not _ANY.rows(connection, at):
        return 0
    with transaction.atomic(durable=True):
        picked = sorted(row[0] for row in _PICK.rows(connection, at, limit))
        orders = lifecycle.lock(picked)
        changes = lifecycle.OrderChanges(orders, now)
        parents = {row[0]: Parent._make(row) for row in _PARENTS.rows(connection, picked)}
        whole = _whole(orders, parents, pass_on)
        agreed = _agreed(orders, parents)
        today = standing_store.load(list(agreed.values()), account_ids=[orders[id_].account_id for id_ in agreed])
        # A panel at a time, as everybody takes numbers: each panel's next one is locked when it is first needed.
        for order_id in sorted(picked, key=lambda id_: (orders[id_].panel_id, id_)):
            order = changes.orders[order_id]
            if order.job != Job.SCHEDULE.value:
                continue
            if order.kind == OrderKind.DRIP_FEED.value:
                schedule = changes.schedule(order_id)
                if parents[order_id].paused_at is not None:
                    changes.apply(Settled(order._replace(due_at=now + PAUSED_LOOK)))
                    continue
                if blocking.refuses_link(order, parents[order_id].link, now):
                    # What was paid for the runs that do not start goes back; those under way are followed to their end.
                    settled, schedule = settling.stop_runs(order, schedule, now)
                else:
                    changed, schedule = _start_run(order, schedule, parents[order_id], now)
                    settled = Settled(changed)
                changes.set_schedule(schedule)
                changes.apply(settled)
            elif order_id in whole and today.why_not(agreed[order_id]) is None:
                _DROPPED_ALL.run(connection, order.panel_id, order_id)
                sent = order._replace(status="Active", job=Job.FORWARD.value, due_at=now)
                note_pause(changes, order, sent, parents[order_id].pause_reason, None)
                changes.apply(Settled(sent))
            else:
                settled, reason = _subscription(order, parents[order_id], agreed.get(order_id), today, now)
                note_pause(changes, order, settled.order, parents[order_id].pause_reason, reason)
                changes.apply(settled)
        store.spend_of_keys(today.key_spent, now)
        changes.write()
    return len(picked)


def _whole(orders: dict[int, OpenOrder], parents: dict[int, Parent], pass_on: PassOn | None) -> Collection[int]:
    undecided = [
        Undecided(parent.id, orders[parent.id].panel_id, parent.service_id)
        for parent in parents.values()
        if orders[parent.id].kind == OrderKind.SUBSCRIPTION.value
        and orders[parent.id].job == Job.SCHEDULE.value
        and not parent.posts_done
        and parent.paused_at is None
    ]
    return pass_on(undecided) if pass_on is not None and undecided else ()


def _agreed(orders: dict[int, OpenOrder], parents: dict[int, Parent]) -> dict[int, Agreement]:
    """What was agreed on, of the subscriptions that may order now."""
    ids = [
        parent.id
        for parent in parents.values()
        if orders[parent.id].kind == OrderKind.SUBSCRIPTION.value and parent.paused_at is None
    ]
    return standing_store.agreements(ids) if ids else {}


def note_pause(
    changes: lifecycle.OrderChanges, before: OpenOrder, after: OpenOrder, was: str, reason: PauseReason | None
) -> None:
    """Write down why a subscription pauses, or that it goes on, and tell of it. `was`: the reason before."""
    new = "" if reason is None or after.ended_at is not None else reason.value
    if new == was:
        return
    _SET_REASON.run(connection, new, after.panel_id, after.id)
    if new:
        changes.event("subscription.paused", after, {"reason": new})
        if before.status != after.status:
            # Another reason in the same pause is no other letter.
            changes.paused(after, new)
        else:
            # Its customer has heard of another reason, or of none.
            changes.tell(after.id)
    elif after.ended_at is None and after.status == "Active":
        changes.event("subscription.went_on", after, {"reason": was})


def _start_run(
    order: OpenOrder, schedule: ScheduleState, parent: Parent, now: datetime
) -> tuple[OpenOrder, ScheduleState]:
    """Create the next run as an order of its own. Its money is the parent's, who paid for it: it carries no charge."""
    store.insert_order(_run(order, parent, schedule.run_quantity, now), now)
    schedule = schedule._replace(runs_started=schedule.runs_started + 1)
    due_at = settling.next_run(schedule, parent.interval_min, now)
    job = Job.SCHEDULE.value if due_at else None
    return order._replace(status="In progress", job=job, due_at=due_at), schedule


def _run(order: OpenOrder, parent: Parent, quantity: int, now: datetime) -> NewOrder:
    return NewOrder(
        panel_id=order.panel_id,
        customer_id=order.customer_id,
        service_id=parent.service_id,
        key_id=None,
        parent_id=order.id,
        kind=OrderKind.RUN.value,
        link=parent.link,
        quantity=quantity,
        fields=parent.fields,
        rate_micros=parent.rate_micros,
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


def _subscription(
    order: OpenOrder, parent: Parent, agreement: Agreement | None, today: Today, now: datetime
) -> tuple[Settled, PauseReason | None]:
    """Order for the posts that are due; complete when all are done, expire after the last day.

    Where something stands against ordering, it pauses, and the reason is answered. `agreement` None: it is
    paused by hand.
    """
    last_day = parent.last_day
    over = last_day is not None and now.date() > last_day
    later = rules.subscription_due(now=now, expires_on_iso=last_day.isoformat() if last_day else None)
    if agreement is None:
        waits = settling.end(order, "Expired", remains=0, now=now) if over else Settled(order._replace(due_at=later))
        return waits, None
    reason = today.why_not(agreement)
    due: Sequence[sql.Row] = ()
    done = {False: 0, True: 0}
    if reason is None:
        due = _DUE_POSTS.rows(connection, order.panel_id, order.id, sql.moment(connection, now), POSTS_PER_ROUND)
    for post_id, link, of_old in due:
        old = bool(of_old)
        if parent.full(old=old, more=done[old]):
            _DROPPED.run(connection, post_id)
        elif not blocking.skip_post(order, post_id, link, now) and not linking.skip_post(
            order, post_id, link, now, hosts=parent.link_hosts, kinds=parent.link_kinds
        ):
            reason = _order_for(order, parent, agreement, today, post_id, link, now)
            if reason is not None:
                break
            done[old] += 1
    post_orders.count(order.id, posts=sum(done.values()), old=done[True])
    if all(parent.full(old=old, more=done[old]) for old in (False, True)):
        return settling.end(order, "Completed", remains=0, now=now), None
    if over and (reason is not None or len(due) < POSTS_PER_ROUND):
        # Also without funds: money that comes later is not spent on what nobody waits for any more.
        return settling.end(order, "Expired", remains=0, now=now), None
    if reason is not None:
        again = standing.look_again(reason, now, at_the_latest=later)
        return Settled(order._replace(status="Paused", due_at=again)), reason
    next_post = sql.aware(_NEXT_POST.rows(connection, order.panel_id, order.id)[0][0])
    return Settled(order._replace(status="Active", due_at=min(later, next_post) if next_post else later)), None


def _order_for(
    order: OpenOrder, parent: Parent, agreement: Agreement, today: Today, post_id: int, link: str, now: datetime
) -> PauseReason | None:
    """Create and charge the order for a post; why not, where that cannot be, and then nothing is changed."""
    bounds = today.bounds(agreement, parent.min, parent.max)
    if bounds is None:
        return PauseReason.QUANTITY
    quantity = post_quantity(parent.seed, post_id, *bounds, step=parent.step)
    spend = today.price(agreement, quantity)
    reason = today.pay(agreement, spend.charge_micros, now)
    if reason is None:
        child_id = post_orders.place(order, agreement, spend, link=link, quantity=quantity, now=now)
        _POSTED.run(connection, child_id, post_id)
    return reason


def post_quantity(seed: int, post_id: int, low: int, high: int, *, step: int = 1) -> int:
    """The quantity for a post, a multiple of `step`: from the recorded seed, so that anybody can draw it again.

    There must be such a multiple between `low` and `high`.
    """
    least, most = quantities.bounds(low, high, step)
    return step * random.Random(f"{seed}:{post_id}").randint(least // step, most // step)


def charge_most(panel_id: int, subscription_ids: Sequence[int]) -> int:
    """What one post of each of these subscriptions may cost their customers at most, in micros."""
    rows = _MOST.rows(connection, panel_id, sorted(subscription_ids)) if subscription_ids else []
    return sum(money.charge(rate_micros=rate_micros, units=units) for units, rate_micros in rows)


def record_post(
    *, panel_id: int, subscription_id: int, link: str, published_at: datetime | None = None, old: bool | None = None
) -> bool:
    """A subscription's user has a post: see `record_posts`. False when the post was told of before."""
    heard = ReportedPost(link, published_at, old)
    return bool(record_posts(panel_id=panel_id, subscription_id=subscription_id, posts=[heard]))


def record_posts(*, panel_id: int, subscription_id: int, posts: Sequence[ReportedPost]) -> list[str]:
    """A subscription's user has these posts. Answers the links that it had not been told of before.

    A wanted post is ordered for after the subscription's delay. One that is not wanted (there are
    enough of its kind, or the subscription is paused by hand) is remembered without a time, so that
    it is not ordered for later either. The first ones in `posts` get what places there are. Two spellings of a
    link (same_link.py) are one post.

    Raises ValueError when there is no such open subscription, a link is none, or there are more
    than POSTS_MAX posts; then nothing was changed.
    """
    now = clock.now()
    if len(posts) > POSTS_MAX:
        raise ValueError(f"{len(posts)} posts at once: at most {POSTS_MAX}")
    for post in posts:
        if not fields.good_link(post.link):
            raise Refused("bad_link", "link")
    with transaction.atomic():
        order = lifecycle.lock([subscription_id]).get(subscription_id)
        if order is None or order.panel_id != panel_id or order.kind != OrderKind.SUBSCRIPTION.value:
            raise ValueError(f"there is no subscription {subscription_id}")
        if order.ended_at is not None:
            raise ValueError(f"subscription {order.number} has ended: {order.status}")
        # Whoever tells of the same posts at the same time waits for the lock on the order.
        keys = [same_link.digest(post.link) for post in posts]
        rows = _KNOWN_POSTS.rows(connection, panel_id, order.id, keys, [post.link for post in posts])
        known = {same_link.digest(row[0]) for row in rows}
        fresh: dict[str, ReportedPost] = {}
        for key, post in zip(keys, posts, strict=True):
            if key not in known:
                fresh.setdefault(key, post)
        if fresh:
            _remember(fresh, order, now)
    return [post.link for post in fresh.values()]


def _remember(posts: Mapping[str, ReportedPost], order: OpenOrder, now: datetime) -> None:
    """`posts` by the digests of their links."""
    (row,) = _PARENTS.rows(connection, [order.id])
    parent = Parent._make(row)
    taken = {bool(old): count for old, count in _TAKEN_POSTS.rows(connection, order.panel_id, order.id)}
    earliest = order.due_at
    pauses = _pauses(order) if any(post.published_at for post in posts.values()) else []
    at = sql.moment(connection, now)
    for key, post in posts.items():
        old = is_old(post, placed_at=order.created_at)
        limit, due_at = parent.limit(old=old), None
        if (
            # What a provider has as a whole orders for its posts itself.
            order.job == Job.SCHEDULE.value
            and parent.paused_at is None
            and not within(pauses, post.published_at)
            and (limit is None or taken.get(old, 0) < limit)
        ):
            taken[old] = taken.get(old, 0) + 1
            due_at = order_at(post.published_at, delay_min=parent.delay_min, now=now)
            earliest = due_at if earliest is None else min(earliest, due_at)
        _ADD_POST.run(connection, order.panel_id, order.id, post.link, key, old, sql.moment(connection, due_at), at)
    changes = lifecycle.OrderChanges({order.id: order}, now)
    if earliest != order.due_at:
        changes.apply(Settled(order._replace(due_at=earliest)))
    changes.write()


def _pauses(order: OpenOrder) -> list[tuple[datetime, datetime]]:
    """The last pauses by hand that are over. Their events are the only rows that still know of them."""
    found = []
    for (facts,) in _PAUSES.rows(connection, order.panel_id, order.id, PAUSES_MAX):
        said = json.loads(facts) if isinstance(facts, str) else facts
        if said.get("paused_at"):
            found.append((datetime.fromisoformat(said["paused_at"]), datetime.fromisoformat(said["resumed_at"])))
    return found


class OpenSubscription(NamedTuple):
    """An open subscription to a user."""

    id: int
    placed_at: datetime


def following(panel_id: int, username: str) -> list[OpenSubscription]:
    """The subscriptions to a user that have not ended, however they spell the name.

    Reads all open subscriptions of the panel (the index of the queue holds just what is open): how
    letters of other alphabets fold is not the same in the two databases.
    """
    key = username_key(username)
    return [
        OpenSubscription(order_id, sql.aware(placed_at) or clock.now())
        for order_id, written, placed_at in _OPEN_SUBSCRIPTIONS.rows(connection, panel_id)
        if username_key(written) == key
    ]


def open_subscriptions(panel_id: int, username: str) -> Sequence[int]:
    """Ids of the subscriptions to a user that have not ended."""
    return [subscription.id for subscription in following(panel_id, username)]
