"""When each of the declared actions on an order makes sense, for the pages that offer them (Action.offered). Pure.

What is offered here may still be refused: by what is typed in, or by what has changed since. An answer of 0 is no, and
of two that are offered the one with the higher answer stands first.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from panelwright.orders import problems
from panelwright.orders.models import Job, OrderKind

_SCHEDULES = frozenset({OrderKind.DRIP_FEED.value, OrderKind.SUBSCRIPTION.value})
# Most can be ended; what moves it on stands before that, what somebody waits for before all.
_NEAR, _NEXT, _WAITED_FOR = 2, 3, 4


class OrderFacts(Protocol):
    """What of an order decides."""

    kind: str
    status: str
    job: str | None
    quantity: int
    remains: int
    problem_code: str
    upstream_id: str | None
    lease_until: datetime | None
    ended_at: datetime | None


class OrderNow(NamedTuple):
    """An order at a moment. `cancel_asked`: its customer waits for an answer."""

    order: OrderFacts
    cancel_asked: bool
    paused: bool
    now: datetime

    @property
    def is_free(self) -> bool:
        """Open, and not on its way to a provider at this moment."""
        leased = self.order.lease_until is not None and self.order.lease_until > self.now
        return self.order.ended_at is None and not (self.order.job == Job.SENDING.value and leased)

    @property
    def is_unpaid(self) -> bool:
        """It first has to be decided who pays for it."""
        return self.order.problem_code in problems.UNPAID

    @property
    def is_manual(self) -> bool:
        """In the hands of the panel's own people."""
        return self.is_free and not self.is_unpaid and self.order.job == Job.MANUAL.value

    @property
    def creates(self) -> bool:
        """It creates orders by itself."""
        schedules = self.order.kind in _SCHEDULES and self.order.job == Job.SCHEDULE.value
        return self.is_free and not self.is_unpaid and schedules

    @property
    def is_delivered(self) -> bool:
        """Providers deliver it, or will."""
        others = self.order.kind == OrderKind.DRIP_FEED.value or self.is_manual or self.creates
        return self.is_free and not self.is_unpaid and not others


def decide_charge(one: OrderNow) -> int:
    return _NEXT if one.is_free and one.is_unpaid else 0


def answer_cancel(one: OrderNow) -> int:
    return _WAITED_FOR if one.cancel_asked and one.is_free and not one.is_unpaid else 0


def start(one: OrderNow) -> int:
    return _NEXT if one.is_manual and one.order.status == "Pending" else 0


def progress(one: OrderNow) -> int:
    return _NEAR if one.is_manual else 0


def pass_on(one: OrderNow) -> int:
    return one.is_manual and one.order.remains == one.order.quantity and not one.cancel_asked


def send(one: OrderNow) -> int:
    return _NEAR if one.is_delivered and not one.cancel_asked else 0


def arrived(one: OrderNow) -> int:
    if not one.is_delivered:
        return 0
    return _NEXT if one.order.problem_code == problems.OUTCOME_UNKNOWN else _NEAR


def end(one: OrderNow) -> int:
    """Of a subscription that creates orders `stop` is the end."""
    return one.is_free and not (one.creates and one.order.kind == OrderKind.SUBSCRIPTION.value)


def end_partly(one: OrderNow) -> int:
    return end(one) and one.order.quantity > 1 and one.order.kind != OrderKind.SUBSCRIPTION.value


def pause(one: OrderNow) -> int:
    return _NEAR if one.creates and not one.paused else 0


def resume(one: OrderNow) -> int:
    return _NEAR if one.creates and one.paused else 0


def stop(one: OrderNow) -> int:
    return _NEAR if one.creates else 0


def set_back(one: OrderNow) -> int:
    """Somebody has begun, and nothing is delivered yet."""
    return one.is_manual and one.order.status != "Pending" and one.order.remains == one.order.quantity


def relink(one: OrderNow) -> int:
    """Nobody has it under its old link, and nobody may have it."""
    linked = one.order.kind in {OrderKind.PLAIN.value, OrderKind.RUN.value, OrderKind.DRIP_FEED.value}
    unknown = one.order.problem_code in {problems.OUTCOME_UNKNOWN, problems.OUTCOME_ASKED_AGAIN}
    unsent = one.order.upstream_id is None or one.order.problem_code != ""
    return one.is_free and linked and unsent and not unknown


def count(one: OrderNow) -> int:
    return one.is_free and one.order.kind not in _SCHEDULES
