"""How an order goes: pure functions of its facts and the time, so nothing needs a background job.

An order's whole course is drawn when it arrives, from a seed made of its id: when it starts, when all of it
would be delivered, and where it really ends. All moments are sandbox milliseconds (clock.py).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from panelwright.sandbox import money
from panelwright.sandbox.catalogue import SandboxService

PENDING, IN_PROGRESS, COMPLETED, PARTIAL, CANCELED = "Pending", "In progress", "Completed", "Partial", "Canceled"
OPEN = frozenset({PENDING, "Processing", IN_PROGRESS})
ENDED = frozenset({COMPLETED, PARTIAL, CANCELED})

# Milliseconds (from, to) of waiting and of delivering, by character.
_WAIT_MS = {"fast": (500, 1_500), "slow": (15_000, 30_000)}
_DELIVER_MS = {"fast": (1_500, 4_000), "slow": (90_000, 240_000)}
_USUAL_WAIT_MS, _USUAL_DELIVER_MS = (2_000, 4_000), (8_000, 20_000)
# The share of orders that end as the character says.
_TROUBLE = 0.75
# From the request to its effect: an upstream panel says "accepted" before it knows.
CANCEL_MS = 2_000

_REFILL_WAIT_MS, _REFILL_DELIVER_MS = (1_000, 3_000), (4_000, 8_000)
_REFILL_REJECTED = 0.2


@dataclass(frozen=True, slots=True)
class OrderCourse:
    """The course of one order.

    `full_at` is when the whole quantity would be delivered, `ends_at` when it really ends, with `outcome`,
    `remains` and `kept_micros` (of the charge).
    """

    starts_at: int
    full_at: int
    ends_at: int
    start_count: int
    outcome: str
    remains: int
    kept_micros: int


@dataclass(frozen=True, slots=True)
class SandboxOrder:
    """An order as stored. `settled`: its end has been booked, or was set by hand; it shows its plan's end.

    `runs` > 0 on a drip-feed: its runs. `next_at` is when a drip-feed or subscription creates its next order.
    `lost`: no caller can see it, as if it had never been.
    """

    id: int
    owner: str
    service: int
    link: str
    quantity: int
    charge_micros: int
    params: dict[str, str]
    received_at: int  # wall ms
    created_at: int  # sandbox ms
    plan: OrderCourse
    request_id: str | None = None
    digest: str = ""
    parent: int | None = None
    runs: int = 0
    next_at: int | None = None
    settled: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class OrderState:
    """What `status` shows of an order at one moment."""

    status: str
    start_count: int
    remains: int
    charge_micros: int


def plan(service: SandboxService, *, order_id: int, quantity: int, charge_micros: int, now: int) -> OrderCourse:
    """Draw the course of a new order."""
    dice = random.Random(f"order {order_id}")
    starts_at = now + dice.randint(*_WAIT_MS.get(service.character, _USUAL_WAIT_MS))
    full_at = starts_at + dice.randint(*_DELIVER_MS.get(service.character, _USUAL_DELIVER_MS))
    whole = OrderCourse(starts_at, full_at, full_at, dice.randint(100, 99_999), COMPLETED, 0, charge_micros)
    share, trouble, early = dice.uniform(0.1, 0.9), dice.random() < _TROUBLE, dice.random() < 0.5
    if not trouble or service.character not in ("partial", "cancels"):
        return whole
    stop_at = starts_at + int((full_at - starts_at) * share)
    if service.character == "cancels":
        # Cancelled before the start, or on the way: then all of the money goes back all the same.
        return _ended_at(whole, starts_at - 1 if early else stop_at, outcome=CANCELED, quantity=quantity)
    if 0 < delivered(whole, quantity=quantity, now=stop_at) < quantity:
        return _ended_at(whole, stop_at, outcome=PARTIAL, quantity=quantity)
    return whole


def delivered(plan: OrderCourse, *, quantity: int, now: int) -> int:
    """Units delivered at a moment, if nothing ends the order before."""
    if now < plan.starts_at:
        return 0
    if now >= plan.full_at:
        return quantity
    return quantity * (now - plan.starts_at) // (plan.full_at - plan.starts_at)


def _ended_at(plan: OrderCourse, at: int, *, outcome: str, quantity: int) -> OrderCourse:
    remains = quantity - delivered(plan, quantity=quantity, now=at)
    kept = money.kept(outcome=outcome, charge_micros=plan.kept_micros, remains=remains, quantity=quantity)
    start_count = plan.start_count if at >= plan.starts_at else 0
    return replace(plan, ends_at=at, outcome=outcome, remains=remains, kept_micros=kept, start_count=start_count)


def state(order: SandboxOrder, *, now: int) -> OrderState:
    """Status, start count, remains and charge of a plain order at a moment."""
    plan = order.plan
    if order.settled or now >= plan.ends_at:
        return OrderState(plan.outcome, plan.start_count, plan.remains, plan.kept_micros)
    if now < plan.starts_at:
        return OrderState(PENDING, 0, order.quantity, order.charge_micros)
    remains = order.quantity - delivered(plan, quantity=order.quantity, now=now)
    return OrderState(IN_PROGRESS, plan.start_count, remains, order.charge_micros)


def cancelled(order: SandboxOrder, *, now: int) -> OrderCourse:
    """The course of an open order after a cancel request: Canceled if nothing will have been delivered by
    then, else Partial. An order that ends by itself first goes its own way."""
    whole = replace(order.plan, kept_micros=order.charge_micros)
    if order.settled:  # held open by hand: what it shows is what was delivered
        remains = min(max(order.plan.remains, 0), order.quantity)
        outcome = _cancel_outcome(remains=remains, quantity=order.quantity)
        kept = money.kept(outcome=outcome, charge_micros=order.charge_micros, remains=remains, quantity=order.quantity)
        return replace(whole, ends_at=now, outcome=outcome, remains=remains, kept_micros=kept)
    at = now + CANCEL_MS
    if order.plan.ends_at <= at:
        return order.plan
    remains = order.quantity - delivered(whole, quantity=order.quantity, now=at)
    return _ended_at(
        whole, at, outcome=_cancel_outcome(remains=remains, quantity=order.quantity), quantity=order.quantity
    )


def _cancel_outcome(*, remains: int, quantity: int) -> str:
    if remains == 0:
        return COMPLETED
    return CANCELED if remains == quantity else PARTIAL


@dataclass(frozen=True, slots=True)
class SandboxRefill:
    id: int
    order_id: int
    owner: str
    created_at: int
    starts_at: int
    ends_at: int
    outcome: str


def plan_refill(*, refill_id: int, order_id: int, owner: str, now: int) -> SandboxRefill:
    dice = random.Random(f"refill {refill_id}")
    starts_at = now + dice.randint(*_REFILL_WAIT_MS)
    ends_at = starts_at + dice.randint(*_REFILL_DELIVER_MS)
    outcome = "Rejected" if dice.random() < _REFILL_REJECTED else COMPLETED
    return SandboxRefill(refill_id, order_id, owner, now, starts_at, ends_at, outcome)


def refill_status(refill: SandboxRefill, *, now: int) -> str:
    if now >= refill.ends_at:
        return refill.outcome
    return IN_PROGRESS if now >= refill.starts_at else PENDING
