"""The SQL of what happens to orders after they were placed: lock, claim, change, refund.

Every function here runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from panelwright.core import sql
from panelwright.events.actions import NewEvent, record
from panelwright.ledger import store as books
from panelwright.ledger.models import TransferCode
from panelwright.ledger.rules import NewTransfer
from panelwright.orders import costs, pause_letters, problems, settling, webhook_events
from panelwright.orders.models import OrderKind
from panelwright.orders.pause_letters import PauseNotice
from panelwright.orders.settling import OpenOrder, Refund, ScheduleState, Settled
from panelwright.orders.status import ENDED, OrderStatus

# What is delivered itself; the others make orders.
_DELIVERED = frozenset({OrderKind.PLAIN.value, OrderKind.RUN.value, OrderKind.POST.value})

_ORDER_COLUMNS = (
    "o.id, o.number, o.panel_id, o.customer_id, c.account_id, s.id, o.kind, o.parent_id, o.quantity, o.booked_micros,"
    " o.charge_micros, o.status, o.start_count, o.remains, o.job, o.due_at, o.lease_until, o.attempts,"
    " o.problem_code, o.problem_facts, o.problem_at, o.provider_id, o.route_id, o.upstream_id, o.created_at,"
    " o.ended_at, o.open_link, o.chosen_route_id, o.sent_anew, o.cost_micros, o.cost_rate_e12,"
    " o.past_cost_micros, o.cost_told, o.cost_postings, o.refund_rule"
)
_ORDER_JOINS = (
    " JOIN customers_customer c ON c.id = o.customer_id"
    # The last condition is the index's own: SQLite does not see that the first one says it, too.
    " JOIN ledger_account s ON s.panel_id = o.panel_id AND s.kind = 'sales' AND s.name = '' AND NOT s.kind = 'customer'"
)
_PROBLEM = slice(OpenOrder._fields.index("problem_code"), OpenOrder._fields.index("problem_facts") + 1)
_TOLD = OpenOrder._fields.index("cost_told")
_TIMES = tuple(i for i, name in enumerate(OpenOrder._fields) if name.endswith(("_at", "_until")))

_LOCK_ORDERS = sql.Query("SELECT id FROM orders_order WHERE id :in_int ORDER BY id :for_update")
_ORDERS = sql.Query(f"SELECT {_ORDER_COLUMNS} FROM orders_order o{_ORDER_JOINS} WHERE o.id :in_int ORDER BY o.id")
_PARENTS = sql.Query("SELECT DISTINCT parent_id FROM orders_order WHERE id :in_int AND parent_id IS NOT NULL")
_OPEN_CHILDREN = sql.Query("SELECT id FROM orders_order WHERE parent_id = ? AND ended_at IS NULL ORDER BY id")
_OPEN_CHILDREN_OF = sql.Query("SELECT id FROM orders_order WHERE parent_id :in_int AND ended_at IS NULL ORDER BY id")
_SCHEDULES = sql.Query(
    "SELECT order_id, runs, run_quantity, runs_started, runs_done, undelivered FROM orders_schedule"
    " WHERE order_id :in_int"
)
_UPDATE_ORDERS = sql.Update(
    "orders_order",
    {
        "charge_micros": "bigint",
        "status": "text",
        "start_count": "bigint",
        "remains": "bigint",
        "job": "text",
        "due_at": "timestamptz",
        "lease_until": "timestamptz",
        "attempts": "int",
        "problem_code": "text",
        "problem_facts": "text",
        "problem_at": "timestamptz",
        "provider_id": "bigint",
        "route_id": "bigint",
        "upstream_id": "text",
        "ended_at": "timestamptz",
        "open_link": "text",
        "chosen_route_id": "bigint",
        "sent_anew": "int",
        "cost_micros": "bigint",
        "cost_rate_e12": "bigint",
        "past_cost_micros": "bigint",
        "cost_told": "boolean",
        "cost_postings": "int",
        "refund_rule": "int",
    },
    {"id": "bigint"},
    # The last guard, whatever the code above it does: an order that has ended is never touched again.
    also="ended_at IS NULL",
)
_UPDATE_SCHEDULES = sql.Update(
    "orders_schedule",
    {"runs": "int", "runs_started": "int", "runs_done": "int", "undelivered": "bigint"},
    {"order_id": "bigint"},
)
# A subscription that has ended orders for nothing: what was told of and has no order waits for nothing.
_DROP_POSTS = sql.Query(
    "UPDATE orders_post SET due_at = NULL WHERE panel_id :in_int AND subscription_id :in_int AND order_id IS NULL"
    " AND due_at IS NOT NULL"
)


class StaleOrder(Exception):
    """A row was not as it had just been read under its lock: a fault of ours, everything is rolled back."""


def lock(ids: Collection[int], *, with_parents: bool = True) -> dict[int, OpenOrder]:
    """The orders (and their parents), locked in id order and as they stand after the lock."""
    wanted = set(ids)
    if with_parents and wanted:
        # A parent never changes, so it can be looked up before the lock.
        wanted.update(row[0] for row in _PARENTS.rows(connection, sorted(wanted)))
    listed = sorted(wanted)
    if connection.vendor == "postgresql":
        _LOCK_ORDERS.rows(connection, listed)
    return {row[0]: _open_order(row) for row in _ORDERS.rows(connection, listed)}


def read(ids: Collection[int]) -> dict[int, OpenOrder]:
    """The orders, their parents, and the open runs of drip-feeds among them, as they stand: not locked, only to look
    ahead at what would become of them."""
    wanted = set(ids)
    if wanted:
        wanted.update(row[0] for row in _PARENTS.rows(connection, sorted(wanted)))
    found = {row[0]: _open_order(row) for row in _ORDERS.rows(connection, sorted(wanted))}
    feeds = sorted(o.id for o in found.values() if o.kind == OrderKind.DRIP_FEED.value)
    if feeds:
        runs = [row[0] for row in _OPEN_CHILDREN_OF.rows(connection, feeds) if row[0] not in found]
        found |= {row[0]: _open_order(row) for row in _ORDERS.rows(connection, runs)}
    return found


def _open_order(row: sql.Row) -> OpenOrder:
    values = list(row)
    for i in _TIMES:
        values[i] = sql.aware(values[i])
    values[_TOLD] = bool(values[_TOLD])
    return OpenOrder(*values)


def open_children(parent_id: int) -> list[int]:
    """Ids of the orders of a schedule that have not ended. Lock the parent first: only then are there no new ones."""
    return [row[0] for row in _OPEN_CHILDREN.rows(connection, parent_id)]


def schedules(order_ids: Collection[int]) -> dict[int, ScheduleState]:
    """The counters of these drip-feeds."""
    if not order_ids:
        return {}
    return {row[0]: ScheduleState(*row) for row in _SCHEDULES.rows(connection, sorted(order_ids))}


class OrderChanges:
    """Collects what a transaction does to locked orders, then writes it at once.

    Ends of runs are passed on to their drip-feeds on the way, so that nobody can forget it.
    """

    def __init__(self, orders: dict[int, OpenOrder], now: datetime) -> None:
        self.orders = orders
        self.now = now
        self._before = dict(orders)
        self._schedules = schedules([o.id for o in orders.values() if o.kind == OrderKind.DRIP_FEED.value])
        self._schedules_before = dict(self._schedules)
        self._refunds: list[Refund] = []
        self._events: list[NewEvent] = []
        self._told: set[int] = set()
        self._troubled: set[int] = set()
        self._paused: list[PauseNotice] = []

    def also(self, orders: dict[int, OpenOrder]) -> None:
        """More orders, beside those that it has: what it has made of these stands."""
        new = {id_: order for id_, order in orders.items() if id_ not in self.orders}
        self.orders.update(new)
        self._before.update(new)
        found = schedules([o.id for o in new.values() if o.kind == OrderKind.DRIP_FEED.value])
        self._schedules.update(found)
        self._schedules_before.update(found)

    @property
    def refunded_micros(self) -> int:
        """What goes back, or would."""
        return sum(refund.micros for refund in self._refunds)

    def runs_of(self, parent_id: int) -> list[OpenOrder]:
        """The runs of a drip-feed that have not ended, of the orders that it has."""
        return [run for run in self.orders.values() if run.parent_id == parent_id and run.ended_at is None]

    def schedule(self, order_id: int) -> ScheduleState:
        return self._schedules[order_id]

    def set_schedule(self, schedule: ScheduleState) -> None:
        self._schedules[schedule.order_id] = schedule

    def apply(self, settled: Settled) -> None:
        """Take over an order's new state, its refund, and what its end means for its parent."""
        order, refund = settled
        before = self.orders[order.id]
        if before.ended_at is not None:
            return
        since = (before.problem_at or self.now) if order.problem_code else None
        if order.problem_at != since:
            order = order._replace(problem_at=since)
        self.orders[order.id] = order
        if refund is not None:
            self._refunds.append(refund)
        if order.problem_code and order[_PROBLEM] != before[_PROBLEM]:
            facts = problems.facts_of(order.problem_facts)
            told = {"code": order.problem_code, **facts, "problem": problems.words(order.problem_code, facts)}
            self.event("order.problem", order, told)
            self._troubled.add(order.id)
        if order.status == OrderStatus.IN_PROGRESS.value != before.status and order.kind in _DELIVERED:
            self.event("order.in progress", order, {"remains": order.remains})
        if order.status in ENDED:
            self.event(f"order.{order.status.lower()}", order, {"remains": order.remains})
            if order.kind == OrderKind.RUN.value and order.parent_id is not None:
                parent, schedule = settling.run_ended(
                    self.orders[order.parent_id], self._schedules[order.parent_id], order, self.now
                )
                self._schedules[order.parent_id] = schedule
                self.apply(parent)

    def event(self, name: str, order: OpenOrder, facts: dict[str, object]) -> None:
        self._events.append(NewEvent(order.panel_id, name, order.id, facts))

    def tell(self, order_id: int) -> None:
        """Tell its customer how the order stands though its status is what it was."""
        self._told.add(order_id)

    def paused(self, order: OpenOrder, reason: str) -> None:
        """An e-mail tells its customer that a subscription pauses, and why."""
        self._paused.append(PauseNotice(order, reason))

    def write(self) -> None:
        """Write all of it. Raises Stale when a row was not what it had been under the lock."""
        cost_transfers = self._post_costs()
        changed = [o for o in self.orders.values() if o is not self._before.get(o.id)]
        count = _UPDATE_ORDERS.count(connection, [_order_row(o) for o in changed])
        if count != len(changed):
            raise StaleOrder(f"{len(changed)} orders to change, {count} were as they had been")
        moved = [s for s in self._schedules.values() if s is not self._schedules_before.get(s.order_id)]
        _UPDATE_SCHEDULES.run(
            connection, [(s.runs, s.runs_started, s.runs_done, s.undelivered, s.order_id) for s in moved]
        )
        over = [o for o in changed if o.kind == OrderKind.SUBSCRIPTION.value and o.ended_at is not None]
        if over:
            _DROP_POSTS.run(connection, sorted({o.panel_id for o in over}), sorted(o.id for o in over))
        credit(self._refunds, self.now)
        books.write(cost_transfers, self.now)
        record(self._events, now=self.now)
        if self._paused:
            pause_letters.tell(self._paused, self.now)
        webhook_events.tell_orders(
            [o for o in changed if o.status != self._before[o.id].status or o.id in self._told],
            self.now,
            troubled=[o for o in changed if o.id in self._troubled and o.problem_code],
        )

    def _post_costs(self) -> list[NewTransfer]:
        """The transfers of what has become dearer or cheaper to the panel; each order counts its own."""
        transfers: list[NewTransfer] = []
        for order in [o for o in self.orders.values() if o is not self._before.get(o.id)]:
            self.orders[order.id], made = costs.posted(self._before[order.id], order)
            transfers += made
        return transfers


def _order_row(o: OpenOrder) -> sql.Row:
    return (
        o.charge_micros,
        o.status,
        o.start_count,
        o.remains,
        o.job,
        sql.moment(connection, o.due_at),
        sql.moment(connection, o.lease_until),
        o.attempts,
        o.problem_code,
        o.problem_facts,
        sql.moment(connection, o.problem_at),
        o.provider_id,
        o.route_id,
        o.upstream_id,
        sql.moment(connection, o.ended_at),
        o.open_link,
        o.chosen_route_id,
        o.sent_anew,
        o.cost_micros,
        o.cost_rate_e12,
        o.past_cost_micros,
        o.cost_told,
        o.cost_postings,
        o.refund_rule,
        o.id,
    )


def credit(refunds: Sequence[Refund], now: datetime) -> None:
    """Book refunds: one transfer each, the balances raised by their sums, accounts locked in id order."""
    transfers = [
        NewTransfer(
            r.panel_id,
            r.sales_account_id,
            r.account_id,
            r.micros,
            TransferCode.REFUND,
            str(r.reference),
            r.order_id,
        )
        for r in refunds
    ]
    books.credit(transfers, now)
