"""What the simulator has seen of orders and money so far, row by row."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.simulator.watch import OrderRow, RefillRow, TransferRow

# How a browser and an app write the same page.
PLAIN_START = "https://example.com/"
SHARED_START, SHARED_END = "HTTP://www.Example.COM/", "/?igsh=MzRlODBiNWFlZA&utm_source=share#"


def as_shared(link: str) -> str:
    return SHARED_START + link.removeprefix(PLAIN_START) + SHARED_END


def one_link(link: str) -> str:
    """What stands for a link where a service takes one open order a link."""
    return link.removesuffix(SHARED_END).replace(SHARED_START, PLAIN_START)


UNKNOWN = "outcome_unknown"
CHILDREN = ("run", "post")
PARENTS = ("drip-feed", "subscription")
RECENT = 60


@dataclass(slots=True)
class Subscription:
    """What was asked for. `posts`: link -> when it was told of, until it has its order. `wanted` None: no limit;
    `old_wanted`: posts that were there before, of which only a provider that has it as a whole makes orders here.

    `agreed` is the rate that no post may be dearer than, `key_id` the key that each post is judged by.
    """

    agreed: int
    key_id: int | None
    min: int
    max: int
    delay_min: int
    wanted: int | None
    last_day: date | None
    posts: dict[str, datetime] = field(default_factory=dict)
    done: int = 0
    old_wanted: int = 0
    user: str = ""


@dataclass(slots=True)
class Books:
    """Money in micros. `taken` and `back` are by order, from transfers alone."""

    orders: dict[int, OrderRow] = field(default_factory=dict)
    refills: dict[int, RefillRow] = field(default_factory=dict)
    refills_of: dict[int, list[int]] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    # What customers' accounts owe, and how far below zero each may go.
    owed: Counter[int] = field(default_factory=Counter)
    credit: Counter[int] = field(default_factory=Counter)
    # What orders have cost, and at which provider, by transfers alone.
    costs: Counter[int] = field(default_factory=Counter)
    costs_at: Counter[tuple[int, str]] = field(default_factory=Counter)
    taken: Counter[int] = field(default_factory=Counter)
    back: Counter[int] = field(default_factory=Counter)
    refunds: dict[int, list[str]] = field(default_factory=dict)  # references, by order
    open_links: set[tuple[int, int, str]] = field(default_factory=set)
    # (panel id, number) -> order or refill
    ids: dict[tuple[int, int], int] = field(default_factory=dict)
    refill_ids: dict[tuple[int, int], int] = field(default_factory=dict)
    # (provider id, upstream id) -> order
    upstream: dict[tuple[int, str], int] = field(default_factory=dict)
    # Orders that wait for a person, and since when.
    unknown: dict[int, datetime] = field(default_factory=dict)
    # Orders that have not ended, in the order in which they were placed; subscriptions, which may never end, apart.
    open: dict[int, None] = field(default_factory=dict)
    subscribed: dict[int, None] = field(default_factory=dict)
    completed: deque[int] = field(default_factory=lambda: deque(maxlen=RECENT))
    # Orders of which a cancel was accepted.
    cancels: set[int] = field(default_factory=set)
    # Those of them that have not ended.
    cancelling: dict[int, None] = field(default_factory=dict)
    # Orders whose provider is, or was, asked to cancel them.
    asked_to_cancel: set[int] = field(default_factory=set)
    # Drip-feeds that a person paused.
    paused: set[int] = field(default_factory=set)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    # What keys with a cap have spent on the last day on which they spent anything.
    key_spent: dict[int, tuple[date, int]] = field(default_factory=dict)

    def available(self, account: int) -> int:
        """What orders can spend. Nothing at all where a debt stands: not even what costs nothing is ordered then."""
        return -1 if self.owed[account] else self.balances.get(account, 0) + self.credit[account]

    def spent_by(self, key_id: int, day: date) -> int:
        on, micros = self.key_spent.get(key_id, (day, 0))
        return micros if on == day else 0

    def spend(self, key_id: int, micros: int, day: date) -> None:
        self.key_spent[key_id] = (day, self.spent_by(key_id, day) + micros)

    def keep(self, row: OrderRow, now: datetime) -> None:
        """Take over how an order stands."""
        before = self.orders.get(row.id)
        self.orders[row.id] = row
        self.ids[row.panel_id, row.number] = row.id
        if before is None and row.parent_id is not None:
            self.children.setdefault(row.parent_id, []).append(row.id)
        if row.open_link is not None:
            self.open_links.add((row.customer_id, row.service_id, one_link(row.link)))
        elif before is not None and before.open_link is not None:
            self.open_links.discard((row.customer_id, row.service_id, one_link(row.link)))
        if row.upstream_id is not None and row.provider_id is not None:
            self.upstream[row.provider_id, row.upstream_id] = row.id
        elif before is not None and before.upstream_id is not None and before.provider_id is not None:
            self.upstream.pop((before.provider_id, before.upstream_id), None)
        still_open = self.subscribed if row.kind == "subscription" else self.open
        if row.ended_at is None:
            still_open[row.id] = None
        else:
            still_open.pop(row.id, None)
            self.cancelling.pop(row.id, None)
            if row.status == "Completed" and (before is None or before.ended_at is None):
                self.completed.append(row.id)
        if waits_for_a_person(row):
            self.unknown.setdefault(row.id, now)
        else:
            self.unknown.pop(row.id, None)

    def book(self, transfer: TransferRow) -> None:
        for account, micros in ((transfer.debit, -transfer.micros), (transfer.credit, transfer.micros)):
            self.balances[account] = self.balances.get(account, 0) + micros
        if transfer.order_id is not None:
            if transfer.code == "order":
                self.taken[transfer.order_id] += transfer.micros
            elif transfer.code == "refund":
                self.back[transfer.order_id] += transfer.micros
                self.refunds.setdefault(transfer.order_id, []).append(transfer.reference)

    def keep_refill(self, row: RefillRow) -> None:
        if row.id not in self.refills:
            self.refills_of.setdefault(row.order_id, []).append(row.id)
        self.refills[row.id] = row
        self.refill_ids[self.orders[row.order_id].panel_id, row.number] = row.id

    def ours(self, order_id: int, lease_until: datetime, job: str) -> bool:
        """Whether a result of that lease may still be written."""
        row = self.orders[order_id]
        return row.ended_at is None and row.job == job and row.lease_until == lease_until


def waits_for_a_person(row: OrderRow) -> bool:
    return row.ended_at is None and row.job is None and row.problem_code == UNKNOWN
