"""Which of the declared actions a person may do with an order as it stands, for the page that offers them. Pure.

What is offered here may still be refused: by what is typed in, or by what has changed since.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from panelwright.orders import problems
from panelwright.orders.models import Job, OrderKind

_SCHEDULES = frozenset({OrderKind.DRIP_FEED.value, OrderKind.SUBSCRIPTION.value})


class OrderFacts(Protocol):
    """What of an order decides."""

    kind: str
    status: str
    job: str | None
    quantity: int
    remains: int
    problem_code: str
    lease_until: datetime | None
    ended_at: datetime | None


def with_order(order: OrderFacts, *, cancel_asked: bool, paused: bool, now: datetime) -> tuple[str, ...]:
    """Names of actions, as `order.done`, the likeliest first. `cancel_asked`: its customer waits for an answer."""
    if order.ended_at is not None:
        return ()
    if order.job == Job.SENDING.value and order.lease_until is not None and order.lease_until > now:
        return ()
    if order.problem_code in problems.UNPAID:
        return ("order.charge", "order.waive", *_ends(order))
    found = ["cancel.accept", "cancel.refuse"] if cancel_asked else []
    if order.job == Job.MANUAL.value:
        found += ["order.start"] if order.status == "Pending" else []
        found += ["order.progress", "order.done"]
        found += ["order.pass_on"] if order.remains == order.quantity and not cancel_asked else []
        return (*found, *(name for name in _ends(order) if name not in found))
    if order.kind in _SCHEDULES and order.job == Job.SCHEDULE.value:
        found += ["order.resume" if paused else "order.pause", "order.stop"]
        return tuple(found) if order.kind == OrderKind.SUBSCRIPTION.value else (*found, *_ends(order))
    if order.kind != OrderKind.DRIP_FEED.value:
        unknown = order.problem_code == problems.OUTCOME_UNKNOWN
        found += ["order.arrived"] if unknown else []
        found += [] if cancel_asked else ["order.send"]
        found += [] if unknown else ["order.arrived"]
    return (*found, *_ends(order))


def _ends(order: OrderFacts) -> tuple[str, ...]:
    partial = ("order.partial",) if order.quantity > 1 and order.kind != OrderKind.SUBSCRIPTION.value else ()
    return ("order.done", *partial, "order.cancel")
