"""The writes of orders. Only actions open a transaction.

Lock order everywhere: orders in id order, then accounts in id order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.core.refusal import Refusal
from panelwright.customers import access
from panelwright.customers.access import Caller
from panelwright.events.actions import NewEvent, record
from panelwright.lane.batcher import CommitUncertain, about_to_wait
from panelwright.orders import blocking, lifecycle, queries, requests, rules, settling, store
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.rules import PlaceOrder
from panelwright.panels import numbers
from panelwright.panels.models import Noun

# With the panel: the same number is another order in each.
_FIND_ASKED = sql.Query("SELECT id, parent_id FROM orders_order WHERE panel_id = ? AND number :in_int")
_FIND_EACH = sql.Query(
    "SELECT o.id, o.parent_id FROM :pairs p CROSS JOIN orders_order o"
    " WHERE o.panel_id = p.first AND o.number = p.second"
)
_LOCK = sql.Query("SELECT id FROM orders_order WHERE id :in_int ORDER BY id :for_update")
_ASKED = sql.Query(
    "SELECT o.id, o.number, o.customer_id, o.kind, o.status, o.job, o.ended_at, v.refill, v.refill_days, v.cancel"
    " FROM orders_order o JOIN catalog_service v ON v.id = o.service_id WHERE o.id :in_int ORDER BY o.id"
)
_REFILLS = sql.Query(
    "SELECT order_id, SUM(CASE WHEN ended_at IS NULL THEN 1 ELSE 0 END), MAX(created_at)"
    " FROM orders_refill WHERE order_id :in_int GROUP BY order_id"
)
_INSERT_REFILLS = sql.Insert(
    "orders_refill",
    {
        "number": "bigint",
        "panel_id": "bigint",
        "order_id": "bigint",
        "customer_id": "bigint",
        "status": "text",
        "state": "text",
        "due_at": "timestamptz",
        "created_at": "timestamptz",
    },
)
# A request that was refused before may be made again, and so may one that the provider accepted a while ago and
# did nothing about (its due_at says from when); one that is on its way stays as it is.
_PASS_ON_CANCEL = sql.Query(
    "INSERT INTO orders_cancel (panel_id, order_id, state, due_at, created_at) VALUES (?, ?, 'waiting', ?, ?)"
    " ON CONFLICT (order_id) DO UPDATE SET state = 'waiting', due_at = excluded.due_at, attempts = 0"
    " WHERE orders_cancel.state = 'done' OR (orders_cancel.state = 'passed on'"
    " AND (orders_cancel.due_at IS NULL OR orders_cancel.due_at <= excluded.created_at)) RETURNING order_id"
)


@contextmanager
def batch() -> Iterator[None]:
    """A durable transaction for a batch; a failure of the commit itself is CommitUncertain.

    Everything before the commit rolls back for sure, and so does what the database itself refuses at
    the commit. A connection that breaks during the commit leaves both outcomes possible, and nobody
    may run the batch again blindly.
    """
    finished = False
    try:
        with sql.together(connection), transaction.atomic(durable=True):
            yield
            finished = True
            about_to_wait()
    except Exception as error:
        if finished and not sql.certainly_rolled_back(error):
            raise CommitUncertain(f"{type(error).__name__}: {error}") from error
        raise


def place_orders(
    commands: Sequence[PlaceOrder],
    *,
    now: datetime | None = None,
    learn: Callable[[Caller, access.Grant], None] | None = None,
    may_wait: bool = False,
) -> list[Refusal | int]:
    """Place a batch in one transaction: order, charge and schedule together or not at all.

    Results stand in the order of the commands: the order's number, or why it was refused. A repeat of
    a `request_id` with the same input gives the number of the first order (Replayed) and charges nothing.
    `learn` is told of each admitted caller, for the rate limits. `may_wait`: some may be answered rules.LATER,
    because the batch would take too long with them; nothing was done for those, and each batch has others.
    """
    now = now or clock.now()
    with batch():
        book = store.load(commands)
        book.steps = {} if may_wait else None
        plan = rules.place(book, commands, now)
        results, given = store.commit(plan, book.ids, now)
        if plan.blocked:
            blocking.tell(plan.blocked, now)
    given.keep()
    if learn is not None:
        for command, grant in zip(commands, book.grants, strict=True):
            if isinstance(grant, access.Grant):
                learn(command.caller, grant)
    return results


class AskOrders(NamedTuple):
    """A command: ask for refills or cancels of the orders with these numbers; None stands for what is no number."""

    caller: Caller
    numbers: tuple[int | None, ...]


def request_refills(
    commands: Sequence[AskOrders], *, now: datetime | None = None
) -> list[Refusal | list[Refusal | int]]:
    """Ask for refills in one transaction. For each order the refill's number, or why it was refused."""
    with batch():
        return ask_refills(commands, now=now or clock.now())


def ask_refills(commands: Sequence[AskOrders], *, now: datetime) -> list[Refusal | list[Refusal | int]]:
    """As request_refills, in the caller's transaction."""
    admitted = _admit(commands)
    asked = _asked(admitted)
    refills = _refills_of(asked)
    fresh: list[tuple[sql.Row, list[Refusal | int], int]] = []
    results: list[Refusal | list[Refusal | int]] = []
    for command, grant in admitted:
        if isinstance(grant, Refusal):
            results.append(grant)
            continue
        answers: list[Refusal | int] = []
        for number in command.numbers:
            order_id, order = asked.get((grant.customer_id, number or 0), _NO_ORDER)
            if order is None:
                answers.append(requests.BAD_ORDER)
                continue
            open_refill, last_at = refills.get(order_id, (False, None))
            refused = requests.may_refill(order, open_refill=open_refill, last_refill_at=last_at, now=now)
            answers.append(refused or 0)
            if refused is None:
                refills[order_id] = (True, now)
                fresh.append(((grant.panel_id, order_id, grant.customer_id), answers, len(answers) - 1))
        results.append(answers)
    _insert_refills(fresh, now)
    return results


def _insert_refills(fresh: Sequence[tuple[sql.Row, list[Refusal | int], int]], now: datetime) -> None:
    """Each with its row, and the place in its command's answers that its number goes to."""
    counts = Counter(row[0] for row, _, _ in fresh)
    turns = {id_: iter(taken) for id_, taken in numbers.take_each(counts, Noun.REFILL).items()}
    numbered = [(next(turns[row[0]]), row, answers, place) for row, answers, place in fresh]
    at = sql.moment(connection, now)
    _INSERT_REFILLS.run(connection, [(number, *row, "Pending", "waiting", at, at) for number, row, _, _ in numbered])
    for number, _, answers, place in numbered:
        answers[place] = number
    record(
        (NewEvent(row[0], "refill.requested", row[1], {"refill": number}) for number, row, _, _ in numbered), now=now
    )


def request_cancels(
    commands: Sequence[AskOrders], *, now: datetime | None = None
) -> list[Refusal | list[Refusal | int]]:
    """Ask for cancels in one transaction: for each order 1 when the request was accepted, or why not.

    What nobody works on yet is cancelled and refunded at once. Anything else is passed on to the
    provider, and ends as the provider then reports it, or waits for the staff who deliver it; asking
    again meanwhile is accepted and does nothing more.
    """
    with batch():
        return ask_cancels(commands, now=now or clock.now())


def ask_cancels(commands: Sequence[AskOrders], *, now: datetime) -> list[Refusal | list[Refusal | int]]:
    """As request_cancels, in the caller's transaction."""
    admitted = _admit(commands)
    asked = _asked(admitted)
    results: list[Refusal | list[Refusal | int]] = []
    accepted: list[int] = []
    for command, grant in admitted:
        if isinstance(grant, Refusal):
            results.append(grant)
            continue
        answers: list[Refusal | int] = []
        for number in command.numbers:
            order_id, order = asked.get((grant.customer_id, number or 0), _NO_ORDER)
            refused = requests.BAD_ORDER if order is None else requests.may_cancel(order)
            answers.append(refused or 1)
            if refused is None:
                accepted.append(order_id)
        results.append(answers)
    cancel_orders(accepted, now)
    return results


def cancel_orders(order_ids: Sequence[int], now: datetime) -> None:
    """Cancel what can be cancelled at once, write a Cancel row for the rest. Runs in the caller's transaction.

    Of a drip-feed the runs that have not started are given back, and those that have are cancelled as any order.
    """
    orders = lifecycle.lock(order_ids)
    for parent in [o for o in orders.values() if o.kind == OrderKind.DRIP_FEED.value and o.id in set(order_ids)]:
        # Its runs have higher ids than the parent, so the lock order stands.
        orders.update(lifecycle.lock(lifecycle.open_children(parent.id)))
    changes = lifecycle.OrderChanges(orders, now)
    to_pass_on: list[settling.OpenOrder] = []
    for order_id in dict.fromkeys(order_ids):
        to_pass_on += cancel_in(changes, order_id, now)
    changes.write()
    pass_on_cancels(to_pass_on, now)


def cancel_in(changes: lifecycle.OrderChanges, order_id: int, now: datetime) -> list[settling.OpenOrder]:
    """Cancel one in what is going to be written, as far as it can be at once; answers what is to be passed on."""
    to_pass_on: list[settling.OpenOrder] = []
    order = changes.orders[order_id]
    if order.ended_at is not None:
        return to_pass_on
    if order.kind == OrderKind.SUBSCRIPTION.value and order.job == Job.SCHEDULE.value:
        changes.apply(settling.end(order, "Canceled", remains=0, now=now))
    elif order.kind == OrderKind.DRIP_FEED.value:
        stopped, schedule = settling.stop_runs(order, changes.schedule(order_id), now)
        changes.set_schedule(schedule)
        changes.apply(stopped)
        for child in changes.runs_of(order_id):
            _cancel_one(child, changes, to_pass_on, now)
    else:
        _cancel_one(order, changes, to_pass_on, now)
    return to_pass_on


def pass_on_cancels(orders: Sequence[settling.OpenOrder], now: datetime) -> None:
    """Ask the providers of these orders to cancel them, but for those that have just been asked."""
    at = sql.moment(connection, now)
    fresh = [
        # Staff answer it where staff deliver: nothing is due to be passed on.
        o
        for o in orders
        if _PASS_ON_CANCEL.rows(connection, o.panel_id, o.id, None if o.job == Job.MANUAL.value else at, at)
    ]
    record((NewEvent(o.panel_id, "order.cancel_requested", o.id, {}) for o in fresh), now=now)


def cancel_unsent(order_ids: Sequence[int], now: datetime) -> set[int]:
    """Cancel and refund those orders that nobody works on; answers which. Runs in the caller's transaction."""
    cancelled: set[int] = set()
    if not order_ids:
        return cancelled
    changes = lifecycle.OrderChanges(lifecycle.lock(order_ids), now)
    for order_id in order_ids:
        order = changes.orders[order_id]
        if requests.cancels_at_once(status=order.status, job=order.job):
            changes.apply(settling.end(order, "Canceled", remains=order.quantity, now=now))
            cancelled.add(order_id)
    changes.write()
    return cancelled


def _cancel_one(
    order: settling.OpenOrder, changes: lifecycle.OrderChanges, to_pass_on: list[settling.OpenOrder], now: datetime
) -> None:
    if requests.cancels_at_once(status=order.status, job=order.job):
        changes.apply(settling.end(order, "Canceled", remains=order.quantity, now=now))
    else:
        to_pass_on.append(order)


def _admit(commands: Sequence[AskOrders]) -> list[tuple[AskOrders, access.Grant | Refusal]]:
    """Each command with its grant, or with why it may not order."""
    grants = access.grants([command.caller for command in commands])
    return [
        (command, grant if isinstance(grant, Refusal) or grant.can_order else rules.MAY_NOT_ORDER)
        for command, grant in zip(commands, grants, strict=True)
    ]


# By (customer id, the order's number): its id, and what is asked of it.
_AskedOrders = dict[tuple[int, int], tuple[int, requests.RefillTarget]]
_NO_ORDER: tuple[int, None] = (0, None)


def _asked(admitted: Sequence[tuple[AskOrders, access.Grant | Refusal]]) -> _AskedOrders:
    """The orders that belong to who asks for them, locked in id order with their parents: all that may be changed."""
    wanted: dict[int, set[int]] = {}
    for command, grant in admitted:
        if isinstance(grant, access.Grant):
            wanted.setdefault(grant.panel_id, set()).update(n for n in command.numbers if n is not None)
    # A parent never changes, so it can be looked up before the lock.
    found = queries.of_panels(_FIND_ASKED, _FIND_EACH, wanted)
    if not found:
        return {}
    if connection.vendor == "postgresql":
        _LOCK.rows(connection, sorted({id_ for row in found for id_ in row if id_ is not None}))
    return {
        (customer_id, number): (
            id_,
            requests.RefillTarget(kind, status, job, sql.aware(ended_at), bool(refill), days, bool(cancel)),
        )
        for id_, number, customer_id, kind, status, job, ended_at, refill, days, cancel in _ASKED.rows(
            connection, sorted(row[0] for row in found)
        )
    }


def _refills_of(asked: _AskedOrders) -> dict[int, tuple[bool, datetime | None]]:
    """Order id -> (one is open, when the last one was asked for)."""
    ids = sorted(order_id for order_id, _ in asked.values())
    return {row[0]: (row[1] > 0, sql.aware(row[2])) for row in _REFILLS.rows(connection, ids)} if ids else {}
