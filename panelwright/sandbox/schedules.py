"""Drip-feeds and subscriptions: orders that create orders. Created lazily, when someone looks.

A drip-feed's money is taken at once and held by itself; its run orders cost nothing more. A subscription costs
nothing; each order that it creates does, and one that cannot be paid pauses it until funds arrive.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, timedelta

from panelwright.sandbox import money
from panelwright.sandbox.catalogue import BY_ID
from panelwright.sandbox.checks import ABSENT, Draft, read_date, whole
from panelwright.sandbox.delivery import (
    CANCELED,
    COMPLETED,
    PARTIAL,
    OrderCourse,
    OrderState,
    SandboxOrder,
    plan,
    state,
)
from panelwright.sandbox.store import Store

MINUTE_MS = 60_000
# A run starts one second after it is due and takes this long in all.
RUN_START_MS, RUN_MS = 1_000, 8_000
# The author that a subscription follows: how often he posts, and how many posts he has and will write.
POST_EVERY_MS = MINUTE_MS
OLD_POSTS_MAX, NEW_POSTS_MAX = 20, 100
_NEVER = 2**62


def is_subscription(order: SandboxOrder) -> bool:
    return order.parent is None and BY_ID[order.service].service_type.subscription


def is_schedule(order: SandboxOrder) -> bool:
    return order.runs > 0 or is_subscription(order)


def _number(order: SandboxOrder, name: str) -> int | None:
    text = order.params.get(name, "")
    return None if text in ABSENT else whole(text)


def start(order: SandboxOrder, draft: Draft) -> SandboxOrder:
    """The order as a drip-feed or subscription, with its first creation due."""
    now = order.created_at
    if draft.runs:
        ends_at = now + (draft.runs - 1) * _interval_ms(order) + RUN_MS
        whole_plan = OrderCourse(now, ends_at, ends_at, 0, COMPLETED, 0, order.charge_micros)
        return replace(order, runs=draft.runs, plan=whole_plan, next_at=now)
    expiry = read_date(order.params.get("expiry", ""))
    ends_at = _NEVER if expiry is None else int((expiry.replace(tzinfo=UTC) + timedelta(days=1)).timestamp() * 1000)
    return replace(order, plan=OrderCourse(now, ends_at, ends_at, 0, "Expired", 0, 0), next_at=_post_due(order, 0))


def _interval_ms(order: SandboxOrder) -> int:
    return (_number(order, "interval") or 0) * MINUTE_MS


def posts_wanted(order: SandboxOrder) -> tuple[int, int | None]:
    """(old posts, new posts) that a subscription asks for; None is without limit."""
    old, posts = _number(order, "old_posts") or 0, _number(order, "posts")
    return old, None if posts == 0 and old == 0 else posts


def _post_due(order: SandboxOrder, index: int) -> int | None:
    """When the order for post `index` is due, old posts first; None when there is no such post."""
    old, new = posts_wanted(order)
    old = min(old, OLD_POSTS_MAX)
    delay_ms = (_number(order, "delay") or 0) * MINUTE_MS
    if index < old:
        return order.created_at + delay_ms
    nth = index - old + 1
    if nth > NEW_POSTS_MAX or (new is not None and nth > new):
        return None
    return order.created_at + nth * POST_EVERY_MS + delay_ms


def tick(store: Store, *, now: int) -> None:
    """Bring the books up to now: create the orders that are due, book the ends that were reached."""
    for schedule in store.due_schedules(now):
        if schedule.runs:
            _create_runs(store, schedule, now=now)
        else:
            _create_posts(store, schedule, now=now)
    for order in store.due_to_settle(now):
        store.replace_plan(order, order.plan, settled=True)


def _create_runs(store: Store, parent: SandboxOrder, *, now: int) -> None:
    run, due_at = len(store.children(parent.id)), parent.next_at
    while due_at is not None and due_at <= now:
        starts_at, ends_at = due_at + RUN_START_MS, due_at + RUN_MS
        start_count = random.Random(f"run {parent.id}").randint(100, 99_999) + run
        course = OrderCourse(starts_at, ends_at, ends_at, start_count, COMPLETED, 0, 0)
        _create(store, parent, quantity=parent.quantity // parent.runs, charge_micros=0, due_at=due_at, course=course)
        run += 1
        due_at = parent.created_at + run * _interval_ms(parent) if run < parent.runs else None
    store.set_next(parent.id, next_at=due_at)


def _create_posts(store: Store, parent: SandboxOrder, *, now: int) -> None:
    service, index, due_at = BY_ID[parent.service], len(store.children(parent.id)), parent.next_at
    while due_at is not None and due_at <= now:
        if due_at >= parent.plan.ends_at:
            due_at = None
            break
        dice = random.Random(f"post {parent.id} {index}")
        quantity = dice.randint(_number(parent, "min") or 1, _number(parent, "max") or 1)
        charge = money.charge(service, units=quantity)
        if store.balance(parent.owner) < charge:
            due_at = now  # still due, which is what Paused means; not to be dated back when funds arrive
            break
        child = store.next_order_id()
        course = plan(service, order_id=child, quantity=quantity, charge_micros=charge, now=due_at)
        _create(store, parent, quantity=quantity, charge_micros=charge, due_at=due_at, course=course, post=index + 1)
        index += 1
        following = _post_due(parent, index)
        due_at = None if following is None else max(due_at, following)
    store.set_next(parent.id, next_at=due_at)
    old, new = posts_wanted(parent)
    if new is not None and index >= min(old, OLD_POSTS_MAX) + new:
        done = OrderCourse(parent.created_at, now, now, 0, COMPLETED, 0, 0)
        store.replace_plan(parent, done, settled=True)


def _create(
    store: Store,
    parent: SandboxOrder,
    *,
    quantity: int,
    charge_micros: int,
    due_at: int,
    course: OrderCourse,
    post: int = 0,
) -> None:
    link = parent.link or f"https://posts.example/{parent.params['username']}/{post}"
    order = SandboxOrder(
        id=store.next_order_id(),
        owner=parent.owner,
        service=parent.service,
        link=link,
        quantity=quantity,
        charge_micros=charge_micros,
        params={},
        received_at=parent.received_at,
        created_at=due_at,
        plan=course,
        parent=parent.id,
    )
    store.insert_order(order)


def _runs(order: SandboxOrder, *, now: int, after_ms: int) -> int:
    """How many runs are at least `after_ms` past their due moment."""
    passed_ms = now - order.created_at - after_ms
    if passed_ms < 0:
        return 0
    return min(order.runs, passed_ms // _interval_ms(order) + 1)


def schedule_state(order: SandboxOrder, *, now: int) -> OrderState:
    """As delivery.state, for a drip-feed or a subscription. To be asked after `tick`."""
    if order.settled:
        return state(order, now=now)
    if is_subscription(order):
        paused = order.next_at is not None and order.next_at <= now
        return OrderState("Paused" if paused else "Active", 0, 0, 0)
    done = _runs(order, now=now, after_ms=RUN_MS)
    remains = (order.runs - done) * (order.quantity // order.runs)
    return OrderState("In progress", 0, remains, order.charge_micros)


def cancel(store: Store, order: SandboxOrder, *, now: int) -> None:
    """Stop creating orders. A drip-feed gets back the runs that have not started."""
    if is_subscription(order):
        store.replace_plan(order, OrderCourse(order.created_at, now, now, 0, CANCELED, 0, 0), settled=True)
        return
    started = _runs(order, now=now, after_ms=0)
    if started == order.runs:
        return  # nothing is left to cancel: it ends by itself
    remains = (order.runs - started) * (order.quantity // order.runs)
    kept = money.kept(outcome=PARTIAL, charge_micros=order.charge_micros, remains=remains, quantity=order.quantity)
    store.replace_plan(order, OrderCourse(order.created_at, now, now, 0, PARTIAL, remains, kept), settled=True)


def extras(store: Store, order: SandboxOrder, *, now: int) -> dict[str, object]:
    """The keys that `status` has beside the five."""
    children = store.children(order.id)
    if order.runs:
        done = _runs(order, now=now, after_ms=RUN_MS)
        if order.settled:
            done = order.runs - order.plan.remains // (order.quantity // order.runs)
        return {"runs": str(done), "orders": children}
    expiry = order.params.get("expiry", "")
    return {"posts": str(len(children)), "orders": children, "expiry": "" if expiry in ABSENT else expiry}
