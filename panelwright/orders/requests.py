"""What a customer may ask of an order afterwards: a refill, a cancel. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.core.refusal import Refusal
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.status import ENDED

BETWEEN_REFILLS = timedelta(hours=24)

BAD_ORDER = Refusal("bad_order", "order")
REFILL_DISABLED = Refusal("refill_disabled")
REFILL_RUNS = Refusal("refill_runs")
NOT_COMPLETED = Refusal("not_completed")
REFILL_OPEN = Refusal("refill_open")
REFILL_TOO_SOON = Refusal("refill_too_soon")
REFILL_OVER = Refusal("refill_over")
CANCEL_DISABLED = Refusal("cancel_disabled")
CANNOT_CANCEL = Refusal("cannot_cancel")


class RefillTarget(NamedTuple):
    """An order that something is asked of, with what its service allows."""

    kind: str
    status: str
    job: str | None
    ended_at: datetime | None
    refill: bool
    refill_days: int | None
    cancel: bool


def may_refill(
    order: RefillTarget, *, open_refill: bool, last_refill_at: datetime | None, now: datetime
) -> Refusal | None:
    """None when a refill may be asked for; checks in the order in which PROTOCOL.md lists the texts."""
    if not order.refill:
        return REFILL_DISABLED
    if order.kind in {OrderKind.DRIP_FEED.value, OrderKind.SUBSCRIPTION.value}:
        return REFILL_RUNS
    if order.status != "Completed" or order.ended_at is None:
        return NOT_COMPLETED
    if open_refill:
        return REFILL_OPEN
    latest = max(order.ended_at, last_refill_at or order.ended_at)
    if now - latest < BETWEEN_REFILLS:
        return REFILL_TOO_SOON
    if order.refill_days is not None and now > order.ended_at + timedelta(days=order.refill_days):
        return REFILL_OVER
    return None


def may_cancel(order: RefillTarget) -> Refusal | None:
    """None when a cancel may be asked for."""
    if not order.cancel:
        return CANCEL_DISABLED
    if order.status in ENDED:
        return CANNOT_CANCEL
    return None


def cancels_at_once(*, status: str, job: str | None) -> bool:
    """True while nobody works on the order: it was not claimed for sending, and no staff has started it.

    A subscription on its way to a provider has the words of subscriptions.
    """
    waits = {"Pending", "Active", "Paused"} if job == Job.FORWARD.value else {"Pending"}
    return status in waits and job in {Job.FORWARD.value, Job.MANUAL.value}
