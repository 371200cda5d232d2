"""What must hold of rows that changed, whatever happened; and what one event may do to them.

A second statement of PROTOCOL.md section 4 and of the promises of DESIGN.md, on purpose not made of
the product's code. Nothing ends without a cause: an event says beforehand, in `Permits`, which
orders may end by it and how; every end that nobody allowed is a complaint.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_CEILING

from panelwright.providers.wire.outcomes import OrderReport, Unknown, UpstreamRefused
from tests.simulator.books import CHILDREN, PARENTS, Books, Subscription
from tests.simulator.broken import Complaints
from tests.simulator.buying import Order
from tests.simulator.deliveries import Deliveries
from tests.simulator.movements import Movements
from tests.simulator.watch import Changes, OrderRow, RefillRow, TransferRow
from tests.simulator.world import BACK_MAX_S, World

RANK = {"Pending": 0, "Processing": 1, "In progress": 2}
ENDS = frozenset({"Completed", "Partial", "Canceled", "Expired"})
REFILL_ENDS = frozenset({"Completed", "Rejected", "Canceled"})
LEASE = timedelta(minutes=5)
# The longest that anything is left alone, but for a schedule, which may be due in a day or at its next run.
WAIT_MAX = timedelta(hours=1)
SCHEDULE_MAX = timedelta(days=1)

End = tuple[str, int]  # status and remains


# Orders that providers made of subscriptions and nobody was charged for.
UNPAID = frozenset({"not_charged", "post_not_known", "post_unread"})


@dataclass(slots=True)
class Permits:
    """What one event may do. `must_end` are those ends that it has to bring about."""

    ends: dict[int, set[End]] = field(default_factory=dict)
    must_end: dict[int, End] = field(default_factory=dict)
    new: dict[int, Order] = field(default_factory=dict)
    pending_again: set[int] = field(default_factory=set)
    jobs: dict[int, set[str | None]] = field(default_factory=dict)  # what an order may have to do afterwards
    children: bool = False
    refills: set[int] = field(default_factory=set)  # orders that may get a new refill
    refill_words: dict[int, set[str]] = field(default_factory=dict)
    deposits: Counter[int] = field(default_factory=Counter)  # by account; below zero: charged back
    charged: dict[int, int] = field(default_factory=dict)  # orders that are charged only now, and what
    suspended: int = 0  # a customer who may not order meanwhile
    blocked: tuple[int, str] | None = None  # a user whom a panel takes no orders for meanwhile
    paused: set[int] = field(default_factory=set)  # subscriptions that have to pause now, if they are open
    costs: dict[int, int] = field(default_factory=dict)  # by order: what its provider has just said, in micros

    def end(self, order_id: int, status: str, remains: int, *, must: bool = False) -> None:
        self.ends.setdefault(order_id, set()).add((status, remains))
        if must:
            self.must_end[order_id] = (status, remains)


def end_by(report: OrderReport | UpstreamRefused | Unknown | None, quantity: int, cost: int | None) -> End | None:
    """How an order ends by a provider's report, or None while it goes on. `cost`: what it was to cost until now."""
    if not isinstance(report, OrderReport):
        return None
    remains = report.remains
    if report.status == "Completed":
        return "Completed", 0
    if report.status == "Canceled":
        return "Canceled", quantity
    if report.status == "Partial" and remains is not None and remains <= quantity:
        if remains == 0:
            return None if takes_less(report, cost) else ("Completed", 0)
        return ("Canceled", quantity) if remains == quantity else ("Partial", remains)
    return None


def takes_less(report: OrderReport, cost: int | None) -> bool:
    """Whether a provider that left nothing undone takes less than for all of it: then a person has to look."""
    if report.charge is None or cost is None or report.status != "Partial" or report.remains != 0:
        return False
    return int((report.charge * 10**6).to_integral_value(ROUND_CEILING)) * 100 < cost * 99


class Referee:
    """Compares what a step changed with what it may change, and keeps the books."""

    def __init__(self, world: World, books: Books, deliveries: Deliveries, complaints: Complaints) -> None:
        self._world = world
        self._books = books
        self._deliveries = deliveries
        self._complaints = complaints
        self._now = world.clock.now
        self._ended_now: set[int] = set()
        self._new_cancels: set[int] = set()
        # Subscriptions of which an order was taken over without a charge by this event: the rest of its report is, too.
        self._unpaid_now: set[int] = set()
        self._credited: Counter[int] = Counter()
        # Accounts on which a debt stood before or after this event.
        self._owing: set[int] = set()
        self._movements = Movements(world, books, complaints)

    def judge(self, changes: Changes, permits: Permits) -> None:
        self._now = self._world.clock.now
        say = self._complaints
        for table in changes.gone:
            say.add(f"a row was deleted, or changed for ever: {table}")
        touched = self._money(changes, permits)
        self._credited = Counter()
        for transfer in changes.transfers:
            self._credited[transfer.credit] += transfer.micros
        parents = set()
        self._ended_now = {
            row.id
            for row in changes.orders
            if row.ended_at is not None and (row.id in self._books.open or row.id in self._books.subscribed)
        }
        self._new_cancels = set(changes.cancels) - self._books.asked_to_cancel
        self._books.asked_to_cancel |= self._new_cancels
        self._unpaid_now = set()
        for row in changes.orders:
            before = self._books.orders.get(row.id)
            if before is None:
                self._new_order(row, permits)
            else:
                self._changed_order(before, row, permits)
            self._always(row)
            self._books.keep(row, self._now)
            touched.add(row.id)
            if row.kind in PARENTS:
                parents.add(row.id)
            elif row.parent_id is not None and row.ended_at is not None:
                parents.add(row.parent_id)
        for transfer in changes.transfers:
            self._between(transfer, changes)
        for parent in sorted(parents):
            self._parent(self._books.orders[parent], permits)
        for order_id in sorted(touched):
            self._charged(order_id)
        for order_id, end in permits.must_end.items():
            row = self._books.orders[order_id]
            if (row.status, row.remains) != end:
                say.add(f"order {order_id} should have ended as {end}: {_short(row)}")
        for order_id, jobs in permits.jobs.items():
            row = self._books.orders[order_id]
            if row.job not in jobs:
                say.add(f"order {order_id} should have {jobs} to do: {_short(row)}")
        for order_id, micros in permits.costs.items():
            row = self._books.orders[order_id]
            if (row.cost, row.cost_told) != (micros, True):
                say.add(f"order {order_id} costs {micros}, as its provider says: {_short(row)}")
        for order_id in permits.paused:
            row = self._books.orders[order_id]
            if row.ended_at is None and row.status != "Paused":
                say.add(f"subscription {order_id} should pause: {_short(row)}")
        for order_id in permits.new:
            if order_id not in self._books.orders:
                say.add(f"order {order_id} was acknowledged and is not there")
        for refill in changes.refills:
            self._refill(refill, permits)

    # ---- money ----

    def _money(self, changes: Changes, permits: Permits) -> set[int]:
        """Book the new transfers; the orders that they are for."""
        say, books = self._complaints, self._books
        touched = set()
        expected = Counter(permits.deposits)
        self._owing = {account for account, owed in books.owed.items() if owed}
        self._movements.judge(changes.transfers)
        self._owing |= {account for account, owed in books.owed.items() if owed}
        for transfer in changes.transfers:
            if transfer.micros <= 0:
                say.add(f"transfer {transfer}: nothing moved")
            if transfer.order_id is not None:
                touched.add(transfer.order_id)
            elif transfer.code == "chargeback":
                expected[transfer.debit] += transfer.micros
            elif transfer.code in ("deposit", "reversal"):
                expected[transfer.credit] -= transfer.micros
            elif transfer.code not in ("debt", "repayment"):
                say.add(f"money from nowhere: {transfer}")
        for account, micros in expected.items():
            if micros != 0:
                say.add(f"account {account}: deposits differ by {micros} micros")
        for account, balance in changes.balances.items():
            moved = books.balances.get(account, 0)
            if balance != moved:
                say.add(f"account {account}: balance {balance}, its transfers add up to {moved}")
            if balance < -books.credit[account]:
                say.add(f"account {account} is below its floor of {-books.credit[account]}: {balance}")
            if changes.owed[account] != books.owed[account]:
                say.add(f"account {account} owes {changes.owed[account]}, its debts add up to {books.owed[account]}")
        return touched

    def _between(self, transfer: TransferRow, changes: Changes) -> None:
        """The two accounts of a transfer, and that the balance moved with it."""
        say = self._complaints
        if transfer.code == "cost":
            return
        customer, sales = transfer.debit, transfer.credit
        if transfer.code in ("chargeback", "repayment"):
            sales = customer
        if transfer.code != "order":
            customer, sales = sales, customer
        if customer not in changes.balances:
            say.add(f"the balance of account {customer} did not move with {transfer}")
        row = self._books.orders.get(transfer.order_id or 0)
        if row is not None and transfer.code in ("order", "refund"):
            owner = self._world.owners[row.customer_id]
            fine = (customer, sales) == (owner.account_id, owner.panel.sales_account_id)
            if not fine:
                say.add(f"{transfer} is not between the customer of order {row.id} and sales")

    def _charged(self, order_id: int) -> None:
        """What is kept of an order is what was taken less what went back, each thing once."""
        say, books = self._complaints, self._books
        row = books.orders.get(order_id)
        if row is None:
            say.add(f"money moved for order {order_id}, which is not there")
            return
        taken, back = books.taken[order_id], books.back[order_id]
        if row.booked != taken:
            say.add(f"order {order_id}: booked {row.booked}, taken {taken}")
        if row.charge != taken - back:
            say.add(f"order {order_id}: charge {row.charge}, taken {taken}, given back {back}")
        # A cost counts from when a provider took the order; that of a drip-feed are its runs'.
        counts = row.kind != "drip-feed" and (row.upstream_id is not None or row.ended_at is not None)
        earned = 0 if row.kind == "drip-feed" else row.past_cost + ((row.cost or 0) if counts else 0)
        if books.costs[order_id] != earned:
            say.add(f"order {order_id} cost {earned}, in the books {books.costs[order_id]}: {_short(row)}")
        elif earned and not row.past_cost and books.costs_at[order_id, str(row.provider_id)] != earned:
            say.add(f"order {order_id} cost {earned}, and not at provider {row.provider_id}: {_short(row)}")
        references = books.refunds.get(order_id, [])
        if row.kind == "drip-feed":
            runs = [books.orders[id_] for id_ in books.children.get(order_id, ()) if id_ in books.orders]
            allowed = {str(row.number), *(str(run.number) for run in runs)}
            fine = len(set(references)) == len(references) and set(references) <= allowed
        else:
            fine = references in ([], [str(row.number)])
        if not fine:
            say.add(f"order {order_id} was refunded by {references}")

    # ---- orders ----

    def _new_order(self, row: OrderRow, permits: Permits) -> None:
        say = self._complaints
        if self._books.ids.get((row.panel_id, row.number), row.id) != row.id:
            say.add(f"number {row.number} of panel {row.panel_id} is another order's: {_short(row)}")
        if row.kind in CHILDREN:
            if not permits.children:
                say.add(f"a {row.kind} from nowhere: {_short(row)}")
            self._child(row, permits)
        else:
            order = permits.new.get(row.id)
            if order is None:
                say.add(f"an order from nowhere: {_short(row)}")
                return
            said = (row.customer_id, row.kind, row.quantity, row.rate, row.booked, row.charge)
            wanted = (order.wish.customer.id, order.kind, order.quantity, order.rate, order.charge, order.charge)
            if said != wanted:
                say.add(f"order {row.id} was booked as {said}, asked for was {wanted}")
            if row.remains != row.quantity:
                say.add(f"a new order has {row.remains} of {row.quantity} remaining")
        if row.kind != "drip-feed" and row.upstream_id is None:
            self._deliveries.register(row.id, row.created_at, row.link, row.quantity)

    def _child(self, row: OrderRow, permits: Permits) -> None:
        say = self._complaints
        parent = self._books.orders.get(row.parent_id or 0)
        if parent is None:
            say.add(f"a {row.kind} without its parent: {_short(row)}")
            return
        open_before = parent.ended_at is None or parent.id in self._ended_now
        if not open_before:
            say.add(f"order {parent.id} had ended and got a {row.kind}")
        if parent.id in self._books.paused:
            say.add(f"drip-feed {parent.id} is paused and started run {row.id}")
        unpaid = row.kind == "post" and row.problem_code in UNPAID
        rate = row.rate if unpaid else self._rate_today(row) if row.kind == "post" else parent.rate
        same = (row.panel_id, row.customer_id, row.service_id, row.rate)
        whose = (parent.panel_id, parent.customer_id, parent.service_id, rate)
        if same != whose:
            say.add(f"{_short(row)} differs from its parent {_short(parent)}")
        charge = 0 if row.kind == "run" or unpaid else -((-row.rate * row.quantity) // 1000)
        if (row.booked, row.charge) != (charge, charge):
            say.add(f"{row.kind} {row.id} costs {row.charge}, not {charge}")
        self._world.owners[row.customer_id].orders.append(row.id)
        if row.kind == "post":
            if row.upstream_id is None:
                self._post(row)
            else:
                self._taken_over(row, parent)
            if not unpaid:
                self._may_spend(row, permits)

    def _taken_over(self, row: OrderRow, parent: OrderRow) -> None:
        """An order that a provider made of a subscription: it did, it is ours once, within what was asked for."""
        say, asked = self._complaints, self._books.subscriptions[parent.id]
        model = self._world.models[row.provider_id or 0]
        whose = self._deliveries.made.pop((model.name, row.upstream_id or ""), None)
        if whose != parent.id:
            say.add(f"order {row.id} is not of subscription {parent.id} but of {whose}, or was taken over before")
        if not asked.min <= row.quantity <= asked.max:
            say.add(f"order {row.id} has a quantity of {row.quantity}: {asked}")
        asked.done += 1
        if self._beyond(row, asked):
            if row.booked:
                say.add(f"order {row.id} is more than was ordered, and is charged: {asked}")
        elif row.problem_code == "not_charged" and parent.id in self._books.asked_to_cancel - self._new_cancels:
            self._unpaid_now.add(parent.id)
        elif row.problem_code == "not_charged":
            if parent.ended_at is None and (parent.status != "Paused" or parent.id not in self._books.asked_to_cancel):
                say.add(f"order {row.id} is not charged, and its provider is not asked to cancel: {_short(parent)}")
            stopped_before = parent.id in (self._books.asked_to_cancel - self._new_cancels) | self._unpaid_now
            if not stopped_before and self._could_pay(row):
                say.add(f"order {row.id} could be paid for and is not charged")
            self._unpaid_now.add(parent.id)
        elif parent.id in self._unpaid_now:
            say.add(f"order {row.id} is charged, and one before it in the same report is not")

    def _beyond(self, row: OrderRow, asked: Subscription) -> bool:
        """Whether it is more than was wanted, or is named for the first time long after the last day."""
        if asked.wanted is not None and asked.done > asked.wanted + asked.old_wanted:
            return True
        late = timedelta(days=1, minutes=asked.delay_min)
        return asked.last_day is not None and (row.created_at - late).date() > asked.last_day

    def _could_pay(self, row: OrderRow) -> bool:
        asked, owner = self._books.subscriptions[row.parent_id or 0], self._world.owners[row.customer_id]
        sold = self._world.sold[row.service_id]
        today = owner.rate_of(sold) if sold.enabled else None
        if today is None or today > asked.agreed or asked.key_id in self._world.revoked:
            return False
        cost, cap = -((-row.rate * row.quantity) // 1000), self._world.caps.get(asked.key_id or 0)
        day = row.created_at.date()
        if cap is not None and self._books.spent_by(asked.key_id or 0, day) + cost > cap:
            return False
        if owner.account_id in self._owing:
            return False
        # What comes back in the same transaction comes after it.
        return cost <= self._books.available(owner.account_id) - self._credited[owner.account_id]

    def _may_spend(self, row: OrderRow, permits: Permits) -> None:
        """A post is ordered for by a customer and a key that may, and within the key's day."""
        say, books = self._complaints, self._books
        key_id = books.subscriptions[row.parent_id or 0].key_id
        if row.key_id != key_id:
            say.add(f"order {row.id} is of key {row.key_id}, its subscription of key {key_id}")
        if (row.panel_id, books.subscriptions[row.parent_id or 0].user) == permits.blocked:
            say.add(f"order {row.id} was created for a user who is blocked: {permits.blocked}")
        if row.customer_id == permits.suspended:
            say.add(f"customer {row.customer_id} may not order, and order {row.id} was created for her")
        if key_id is None:
            return
        if key_id in self._world.revoked:
            say.add(f"key {key_id} is revoked, and ordered {row.id}")
        cap = self._world.caps.get(key_id)
        if cap is not None and row.charge:
            books.spend(key_id, row.booked, row.created_at.date())
            spent = books.spent_by(key_id, row.created_at.date())
            if spent > cap:
                say.add(f"key {key_id} may spend {cap} a day and has spent {spent} with order {row.id}")

    def _rate_today(self, row: OrderRow) -> int:
        """What a post has to cost: no more than was agreed, and no more than the service costs today."""
        agreed = self._books.subscriptions[row.parent_id or 0].agreed
        sold = self._world.sold[row.service_id]
        today = self._world.owners[row.customer_id].rate_of(sold) if sold.enabled else None
        if today is None or today > agreed:
            self._complaints.add(f"order {row.id} is for a post that costs {today} today, agreed was {agreed}")
            return agreed
        return min(agreed, today)

    def _post(self, row: OrderRow) -> None:
        """An order for a post: one a post, after the delay, as many and as large as was asked for."""
        say, books = self._complaints, self._books
        assert row.parent_id is not None
        asked = books.subscriptions[row.parent_id]
        told_at = asked.posts.pop(row.link, None)
        if told_at is None:
            say.add(f"order {row.id} is for a post that there is not, or that has its order")
        elif row.created_at < told_at + timedelta(minutes=asked.delay_min):
            say.add(f"order {row.id} came before the delay of its post")
        if not asked.min <= row.quantity <= asked.max:
            say.add(f"order {row.id} has a quantity of {row.quantity}: {asked}")
        if row.quantity % self._world.sold[row.service_id].step:
            say.add(f"order {row.id} has a quantity of {row.quantity}, which is no multiple of the service's step")
        asked.done += 1
        if asked.wanted is not None and asked.done > asked.wanted:
            say.add(f"too many posts were ordered for: {asked}")

    def _changed_order(self, before: OrderRow, row: OrderRow, permits: Permits) -> None:
        say = self._complaints
        if before.ended_at is not None:
            if before != row:
                say.add(f"order {row.id} had ended and was changed: {_short(before)} -> {_short(row)}")
            return
        fixed = ("panel_id", "customer_id", "service_id", "kind", "parent_id", "link", "quantity", "rate", "booked")
        late = permits.charged.get(row.id)
        for name in fixed:
            changed = getattr(before, name) != getattr(row, name)
            if changed and not (name == "booked" and before.booked == 0 and row.booked == late):
                say.add(f"order {row.id}: {name} was changed")
        if row.charge > before.charge and row.charge != late:
            say.add(f"order {row.id} became dearer: {before.charge} -> {row.charge}")
        if row.kind in ("plain", "run") and row.cost_told > before.cost_told and row.id not in permits.costs:
            say.add(f"nobody has said yet what order {row.id} costs: {_short(row)}")
        if row.status in RANK and before.status in RANK and RANK[row.status] < RANK[before.status]:
            fine = (before.status, row.status) == ("Processing", "Pending") and row.id in permits.pending_again
            if not fine:
                say.add(f"order {row.id} went back from {before.status} to {row.status}")
        if row.ended_at is None and row.remains == 0 and before.remains == row.quantity != 0:
            fine = row.status == "In progress" and bool(row.start_count)
            if not fine:
                say.add(f"order {row.id} has not begun, and nothing of it remains: {_short(row)}")
        if row.ended_at is not None and before.job == "forward" and row.provider_id is not None:
            say.add(f"order {row.id} ended before it was sent, and names a provider: {_short(row)}")
        if row.ended_at is not None and row.kind not in PARENTS:
            allowed = permits.ends.get(row.id, set())
            end = (row.status, row.remains)
            if end not in allowed:
                say.add(f"order {row.id} ended as {end} without a cause; allowed was {sorted(allowed)}")
            self._cost_at_end(before, row)

    def _cost_at_end(self, before: OrderRow, row: OrderRow) -> None:
        """Where the provider does not say what it takes in the end, what was not delivered costs nothing."""
        if row.cost_told:
            return
        wanted = before.cost
        if row.status == "Canceled":
            wanted = 0
        elif row.status == "Partial" and before.cost is not None:
            wanted = before.cost - before.cost * row.remains // row.quantity
        if row.cost != wanted:
            self._complaints.add(f"order {row.id} cost {before.cost} and ended at {row.cost}, not {wanted}")

    def _always(self, row: OrderRow) -> None:
        """What holds of every order at any time, by the order alone."""
        say = self._complaints
        if row.job == "sending" and not row.cost_told:
            rate = self._world.rates.get(row.route_id or 0)
            sold = self._world.sold[row.service_id]
            wanted = None if rate is None else rate if sold.type.flat else -(-rate * row.quantity // 1000)
            if row.cost != wanted:
                say.add(f"order {row.id} is sent at a rate of {rate}: {_short(row)}")
        if row.ended_at is not None:
            self._ended(row)
            return
        if row.status in ENDS:
            say.add(f"order {row.id} is {row.status} without an end")
        if row.kind in ("plain", "post") and row.charge != row.booked:
            say.add(f"order {row.id} is open and was refunded")
        if row.lease_until is not None:
            fine = row.job in ("sending", "poll") and row.due_at is not None and row.due_at <= row.lease_until
            if not fine:
                say.add(f"order {row.id} has a lease that does not end: {_short(row)}")
            # A clock that was set back since then makes it look longer.
            if row.lease_until > self._now + LEASE + timedelta(seconds=BACK_MAX_S):
                say.add(f"order {row.id} has a lease that is too long: {_short(row)}")
        if row.job is None:
            # A drip-feed whose runs have all started waits for them: see `_drip_feed`.
            fine = bool(row.problem_code) or row.kind == "drip-feed"
            if not fine:
                say.add(f"order {row.id} stands still without a problem: {_short(row)}")
            return
        assert row.due_at is not None
        longest = max(SCHEDULE_MAX, WAIT_MAX) + timedelta(seconds=BACK_MAX_S) if row.job == "schedule" else WAIT_MAX
        if row.due_at > self._now + longest:
            say.add(f"order {row.id} is left alone for too long: {_short(row)}")
        if row.job == "poll":
            known = row.provider_id is not None and row.upstream_id is not None
            if not known:
                say.add(f"order {row.id} is asked about and has no upstream id: {_short(row)}")
        if row.job == "forward" and row.status != ("Active" if row.kind == "subscription" else "Pending"):
            say.add(f"order {row.id} is to be sent and is {row.status}")

    def _ended(self, row: OrderRow) -> None:
        """PROTOCOL.md section 4, after the end."""
        say = self._complaints
        if row.kind == "subscription":
            if row.charge != 0:
                say.add(f"subscription {row.id} was charged")
            held = (row.job, row.due_at, row.lease_until, row.open_link)
            if held != (None,) * 4 or row.problem_code:
                say.add(f"subscription {row.id} has ended and holds something: {_short(row)}")
            return
        if row.status == "Completed":
            fine = row.remains == 0 and row.charge == row.booked
        elif row.status == "Partial":
            fine = 0 < row.remains < row.quantity
            fine = fine and row.booked - row.charge == row.booked * row.remains // row.quantity
        else:
            fine = row.status == "Canceled" and row.remains == row.quantity and row.charge == 0
        if not fine:
            say.add(f"the end of order {row.id} is not right: {_short(row)}")

    # ---- drip-feeds and subscriptions ----

    def _parent(self, row: OrderRow, permits: Permits) -> None:
        children = [self._books.orders[c] for c in self._books.children.get(row.id, ())]
        if row.kind == "drip-feed":
            self._drip_feed(row, children)
        elif row.id in self._ended_now:
            asked = self._books.subscriptions[row.id]
            fine = {
                "Completed": asked.wanted is not None and asked.done == asked.wanted,
                "Expired": asked.last_day is not None and self._now.date() > asked.last_day,
                "Canceled": row.id in self._books.cancels,
            }.get(row.status, False)
            # One that a provider has as a whole ends as the provider says.
            if not fine and (row.status, 0) not in permits.ends.get(row.id, ()):
                self._complaints.add(f"subscription {row.id} ended as {row.status}: {asked}")

    def _drip_feed(self, row: OrderRow, runs: list[OrderRow]) -> None:
        """A drip-feed is paid for what its runs deliver."""
        say = self._complaints
        ended = [run for run in runs if run.ended_at is not None]
        costs = [run.cost for run in ended]
        if ended and row.cost != (None if None in costs else sum(cost or 0 for cost in costs)):
            say.add(f"drip-feed {row.id}: its runs cost {costs}, {_short(row)}")
        delivered = sum(run.quantity - (run.quantity if run.status == "Canceled" else run.remains) for run in ended)
        if row.ended_at is not None:
            if len(ended) != len(runs):
                say.add(f"drip-feed {row.id} ended before its runs")
            if row.quantity - row.remains != delivered:
                say.add(f"drip-feed {row.id}: {delivered} came, {_short(row)}")
        else:
            if row.remains != row.quantity - delivered:
                say.add(f"drip-feed {row.id}: {delivered} came, {_short(row)}")
            lost = sum(run.quantity for run in ended) - delivered
            if row.id in self._books.cancels:
                lost += row.quantity - sum(run.quantity for run in runs)
            # What will not come any more is given back at once.
            kept = row.booked - row.booked * lost // row.quantity
            if row.charge != kept:
                say.add(f"drip-feed {row.id}: {lost} will not come, {_short(row)}")
            moves = row.job is not None or len(ended) < len(runs)
            if not moves:
                say.add(f"drip-feed {row.id} waits for nothing: {_short(row)}")
        if sum(run.quantity for run in runs) > row.quantity:
            say.add(f"drip-feed {row.id} started more than was ordered")

    # ---- refills ----

    def _refill(self, row: RefillRow, permits: Permits) -> None:
        say = self._complaints
        before = self._books.refills.get(row.id)
        if before is None:
            if row.order_id not in permits.refills:
                say.add(f"a refill that nobody asked for: {row}")
            if self._books.orders[row.order_id].status != "Completed":
                say.add(f"a refill of an open order: {row}")
        elif before.ended_at is not None:
            if before != row:
                say.add(f"refill {row.id} had ended and was changed: {before} -> {row}")
        elif before.status != row.status:
            words = permits.refill_words.get(row.id, set())
            if row.status not in words:
                say.add(f"refill {row.id} became {row.status}; nobody said so")
        if row.ended_at is None:
            if row.status in REFILL_ENDS:
                say.add(f"refill {row.id} is {row.status} without an end")
            if row.due_at is None and not row.problem:
                say.add(f"refill {row.id} stands still: {row}")
            if row.due_at is not None and row.due_at > self._now + WAIT_MAX:
                say.add(f"refill {row.id} is left alone for too long: {row}")
            if row.lease_until is not None:
                fine = row.due_at is not None and row.lease_until <= self._now + LEASE
                if not fine:
                    say.add(f"refill {row.id} has a lease that does not end: {row}")
        else:
            if row.status not in REFILL_ENDS:
                say.add(f"refill {row.id} ended as {row.status}")
        self._books.keep_refill(row)


def _short(row: OrderRow) -> str:
    """An order in one line, without what nobody needs to see."""
    parts = [
        f"{row.kind} {row.id} {row.status}",
        f"{row.remains} of {row.quantity}",
        f"charge {row.charge} of {row.booked}",
    ]
    if row.job is not None:
        parts.append(f"{row.job} due {row.due_at:%d %H:%M:%S.%f}")
    if row.lease_until is not None:
        parts.append(f"lease {row.lease_until:%d %H:%M:%S.%f}")
    if row.provider_id is not None:
        parts.append(f"provider {row.provider_id} as {row.upstream_id}")
    if row.problem_code:
        parts.append(f"problem {row.problem_code}")
    if row.cost is not None:
        parts.append(f"cost {row.cost}{' as told' if row.cost_told else ''}")
    return "<" + ", ".join(parts) + ">"
