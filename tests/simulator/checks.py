"""The checks that look at everything: the whole database against what was seen of it, and that all comes to its end."""

from __future__ import annotations

import traceback
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from django.db import connection

from panelwright.core import sql
from panelwright.reports.audit import audit
from panelwright.support.audit import ticket_faults
from tests.simulator import told
from tests.simulator.asking import PATIENCE
from tests.simulator.upstream import Mood
from tests.simulator.watch import OPEN_ORDERS, Changes, OrderRow, order_row
from tests.simulator.workers import LOOPS

if TYPE_CHECKING:
    from tests.simulator.run import Happened, Simulation

# In the calm, time passes in hops; after so many, five days, all that can end has ended.
HOP_S = 1200.0
ROUNDS_MAX = 360
LIMIT = 100
# What nothing but a person, or a new route, ends.
STUCK = frozenset(
    {
        *("no_route", "not_known_upstream", "partial_without_remains", "partial_above_quantity", "not_charged"),
        "partial_of_all",
        *("not_of_it", "post_not_known", "post_unread", "posts_differ"),
    }
)

_ENDS = sql.Query(
    "SELECT id, status, charge_micros, booked_micros, remains FROM orders_order WHERE ended_at IS NOT NULL"
)
_BALANCES = sql.Query("SELECT id, balance_micros FROM ledger_account WHERE kind = 'customer'")
_SCHEDULES = sql.Query(
    "SELECT order_id, runs, run_quantity, runs_started, runs_done, undelivered, posts_done FROM orders_schedule"
)
# Of a subscription that has ended no post waits any more.
_WAITING_POSTS = sql.Query(
    "SELECT p.subscription_id, COUNT(*) FROM orders_post p JOIN orders_order o ON o.id = p.subscription_id"
    " WHERE o.ended_at IS NOT NULL AND p.order_id IS NULL AND p.due_at IS NOT NULL GROUP BY p.subscription_id"
)
_CANCELS = sql.Query(
    "SELECT k.order_id, k.state FROM orders_cancel k JOIN orders_order o ON o.id = k.order_id"
    " WHERE k.state NOT IN ('done', 'passed on') AND o.ended_at IS NOT NULL AND o.kind <> 'subscription'"
)


def everything(now: Simulation) -> None:
    """The whole database is what was seen of it, and the books and reports balance. Raises Broken."""
    say, books = now.complaints, now.books
    now.reporting.catch_up()
    for panel in now.world.panels:
        for fault in (*audit(panel.id).faults, *ticket_faults(panel.id)):
            say.add(f"the audit of panel {panel.id} says: {fault}")
    there = {row[0]: order_row(row) for row in OPEN_ORDERS.rows(connection)}
    say.check(
        there == {id_: books.orders[id_] for id_ in (*books.open, *books.subscribed)}, "open orders changed unseen"
    )
    for id_, *seen in _ENDS.rows(connection):
        row = books.orders.get(id_)
        kept = None if row is None else [row.status, row.charge, row.booked, row.remains]
        say.check(seen == kept, f"order {id_} changed unseen: {kept} -> {seen}")
    for account, balance in _BALANCES.rows(connection):
        moved = books.balances.get(account, 0)
        say.check(balance == moved, f"account {account}: {balance}, its transfers add up to {moved}")
    say.check(sum(books.balances.values()) == 0, "money came from nowhere")
    kept_charges = sum(row.charge for row in books.orders.values())
    moved = sum(books.taken.values()) - sum(books.back.values())
    say.check(kept_charges == moved, f"the charges of all orders are {kept_charges}, what moved for them {moved}")
    _counters(now)
    for id_, posts in _WAITING_POSTS.rows(connection):
        say.add(f"subscription {id_} has ended, and {posts} posts wait for it")
    told.check(now)
    say.raise_any()


def _counters(now: Simulation) -> None:
    """What schedules count is what their orders are."""
    say, books = now.complaints, now.books
    for id_, runs, run_quantity, started, done, undelivered, posts_done in _SCHEDULES.rows(connection):
        children = [books.orders[child] for child in books.children.get(id_, ())]
        if books.orders[id_].kind == "subscription":
            say.check(posts_done == len(children), f"subscription {id_} counts {posts_done} of {len(children)} posts")
            continue
        ended = [run for run in children if run.ended_at is not None]
        lost = sum(run.quantity if run.status == "Canceled" else run.remains for run in ended)
        given_up = books.orders[id_].quantity - runs * run_quantity
        counted = (started, done, undelivered)
        true = (len(children), len(ended), lost + given_up)
        say.check(counted == true, f"drip-feed {id_} counts started, done, lost {counted}, it is {true}")


def calm_down(now: Simulation) -> None:
    """Nothing fails any more and time passes: every order ends, or has a problem. Raises Broken."""
    before = [(model, model.faults, model.mood) for model in now.world.models.values()]
    now.calming = True
    for model, _, _ in before:
        model.faults, model.mood = 0.0, Mood.FAIR
        model.finish()
    try:
        now.event("pause", now.people.resume_all)
        for _ in range(ROUNDS_MAX):
            _round(now)
            if not _unfinished(now) and not _left_behind(now):
                break
            now.clock.passes(HOP_S)
        _tell_stuck(now, _unfinished(now))
        _taken_over(now)
    finally:
        now.calming = False
        for model, faults, mood in before:
            model.faults, model.mood = faults, mood
    now.complaints.raise_any()


def _round(now: Simulation) -> None:
    """All that is due, until nothing is; then people decide about what waits for them."""
    workers = now.workers
    again = True
    while again:
        again = False
        for loop in LOOPS:
            for provider_id in now.world.models if "poll" in loop else [None]:
                again = now.event(loop, partial(workers.turn, loop, 0, LIMIT, provider_id=provider_id)) or again
        while workers.waiting:
            now.event("ask", lambda permits: workers.ask(workers.waiting[0]))
        while workers.answered:
            now.event("write down", lambda permits: workers.write_down(workers.answered[0], permits))
    if now.books.unknown:
        now.clock.goes_to(max(now.books.unknown.values()) + PATIENCE)
    while now.books.unknown:
        now.event("decide", now.people.decide)


def _unfinished(now: Simulation) -> list[OrderRow]:
    """Open orders that should still go on by themselves."""
    rows = [now.books.orders[id_] for id_ in now.books.open]
    stuck = {row.id for row in rows if row.problem_code in STUCK}
    return [row for row in rows if row.id not in stuck and not _waits_with_reason(now, row, stuck)]


def _waits_with_reason(now: Simulation, row: OrderRow, stuck: set[int]) -> bool:
    if row.kind != "drip-feed" or row.job is not None:
        return False
    runs = [id_ for id_ in now.books.children.get(row.id, ()) if id_ in now.books.open]
    return bool(runs) and all(id_ in stuck for id_ in runs)


def _tell_stuck(now: Simulation, stuck: list[OrderRow]) -> None:
    say = now.complaints
    for row in stuck[:5]:
        say.add(f"all is calm and order {row.id} does not come to its end: {row}")
    for refill in now.books.refills.values():
        if refill.ended_at is None:
            say.check(refill.due_at is not None or bool(refill.problem), f"refill {refill.id} does not end: {refill}")
    for order_id, state in _CANCELS.rows(connection):
        say.add(f"order {order_id} has ended and its cancel is still {state}")


def _taken_over(now: Simulation) -> None:
    """Everything that a provider made of a subscription is ours, unless a person ended the subscription before."""
    for model, ref, row in _left_behind(now):
        now.complaints.add(f"{model} made its order {ref} of subscription {row.id}: {row}")


def _left_behind(now: Simulation) -> list[tuple[str, str, OrderRow]]:
    """What providers made of subscriptions and is not ours yet: the provider, its id, the subscription."""
    made = ((model, ref, now.books.orders[order_id]) for (model, ref), order_id in now.deliveries.made.items())
    return [
        (model, ref, row)
        for model, ref, row in made
        if row.id not in now.books.cancels and row.job is not None and row.problem_code not in STUCK
    ]


def follow(order_id: int, changes: Changes, history: deque[Happened]) -> None:
    """Print what happened to one order, for whoever looks for the cause of a failure."""
    for row in changes.orders:
        if order_id in (row.id, row.parent_id):
            print(history[-1] if history else "", "\n           ", row)


def where(error: BaseException) -> str:
    """The places of an error in the product, the last one last."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return "".join(
        f"\n    {frame.filename.rpartition('/panelwright/')[2]}:{frame.lineno} {frame.line}" for frame in frames
    )
