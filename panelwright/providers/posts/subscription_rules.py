"""A subscription that a provider has as a whole: what its reports mean, and how much each post's order is. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from panelwright.providers.wire.outcomes import OrderReport

# Our word for what a provider says of a subscription, whatever table its word stands in.
WORDS = {
    "Active": "Active",
    "Pending": "Active",
    "Processing": "Active",
    "In progress": "Active",
    "Paused": "Paused",
    "Completed": "Completed",
    "Expired": "Expired",
    # Over, with fewer posts than were wanted.
    "Partial": "Canceled",
    "Canceled": "Canceled",
}
ENDS = frozenset({"Completed", "Expired", "Canceled"})
# While an order has one of these, its charge is that of the whole quantity.
_CHARGED_WHOLE = frozenset({"Pending", "Processing", "In progress", "Completed"})


# An order that cannot be asked about is tried so often, each time after twice as long: for twenty minutes in all.
TRIES_MAX = 8
# A refusal that passes, such as a rate limit, where nothing else that was asked in the round was answered: it may be of
# the request and not of the order. Tried on for a day; then it is of the order.
PASSING_MAX = 100
AGAIN_MIN = timedelta(seconds=10)
AGAIN_MAX = timedelta(minutes=15)


# A provider tells no time of its orders, and is asked from time to time: so long after the last one was due, an order
# that is named for the first time counts as made in time.
LATE = timedelta(days=1)


class Beyond(StrEnum):
    """Why an order of a subscription is more than its customer ordered; nothing stands against her other orders."""

    POSTS = "posts"  # the provider has made as many as were wanted
    EXPIRED = "expired"  # it is named for the first time after the last day
    CANCELED = "canceled"  # its customer has cancelled, and the provider has said yes to it


class Wanted(NamedTuple):
    """What a subscription's customer ordered. `posts` None: without limit. `canceled_at`: when she asked for a cancel
    to which the provider has said yes."""

    posts: int | None
    old_posts: int
    expires_on: date | None
    delay_min: int
    canceled_at: datetime | None


def beyond(wanted: Wanted, *, posts_done: int, now: datetime) -> Beyond | None:
    """Why an order that its provider now names for the first time was not ordered; None where it was.

    `posts_done`: the orders of the subscription that are known by now, whatever became of them.
    """
    if wanted.posts is not None and posts_done >= wanted.posts + wanted.old_posts:
        return Beyond.POSTS
    late = timedelta(minutes=wanted.delay_min) + LATE
    if wanted.canceled_at is not None and now >= wanted.canceled_at + late:
        return Beyond.CANCELED
    if wanted.expires_on is None:
        return None
    # Without overflow: the last day may be the last one of all.
    ended = datetime.combine(wanted.expires_on, time.max, UTC)
    return Beyond.EXPIRED if now - late > ended else None


class Tries(NamedTuple):
    """How often an order could not be asked about: by what was said of it, and by refusals that pass."""

    refused: int = 0
    passing: int = 0

    @property
    def all(self) -> int:
        return self.refused + self.passing

    @property
    def over(self) -> bool:
        """It is not tried again."""
        return self.refused >= TRIES_MAX or self.all >= PASSING_MAX


def again(tries: int) -> timedelta:
    """After how long a subscription is asked about again of which something could not be taken over."""
    return min(AGAIN_MIN * 2 ** max(min(tries, TRIES_MAX) - 1, 0), AGAIN_MAX)


def posts_differ(report: OrderReport, upstream_id: str | None) -> bool:
    """Whether a provider says that it made so many posts and names another number of orders.

    Some count no posts at all: then there is nothing to compare. Some count what they name twice.
    """
    named = [ref for ref in report.orders if ref != upstream_id]
    return bool(report.posts) and report.posts not in {len(named), len(set(named))}


class Bounds(NamedTuple):
    """What may be said of a post's order: the subscription's `low` and `high`, and the provider's rate for 1000.

    `rate_micros` is in `currency`, the provider's; None where it is not known.
    """

    low: int
    high: int
    rate_micros: int | None
    currency: str


class Quantity(NamedTuple):
    """Units of a post's order. Not `exact`: the least that it can be, by all that is told."""

    units: int
    exact: bool


def quantity(report: OrderReport, bounds: Bounds) -> Quantity:
    """How many units a provider made an order of, by what it first says of it; never more than the maximum.

    Nobody tells the quantity in so many words. It is what remains of an order that has not begun, or what its
    charge pays for at the provider's rate. Where neither says so, it is the least that is certain: a customer
    pays for nothing that was perhaps not delivered.
    """
    low, high = bounds.low, bounds.high
    if low >= high:
        return Quantity(high, exact=True)
    remains = report.remains or 0
    untouched = report.status == "Pending" or (report.status == "Canceled" and not report.charge)
    if untouched and low <= remains <= high:
        return Quantity(remains, exact=True)
    paid_for = _paid_for(report, bounds)
    if report.status == "Partial" and paid_for is not None:
        paid_for = paid_for + remains
    if paid_for is not None and max(low, remains) <= paid_for <= high:
        return Quantity(paid_for, exact=True)
    return Quantity(max(low, min(remains, high)), exact=False)


def _paid_for(report: OrderReport, bounds: Bounds) -> int | None:
    """The units that the charge pays for, where it is that of a whole number of them; else None.

    A provider that rounds its charges tells one number of units all the same, where no other one within the
    bounds costs as much when it is rounded so.
    """
    if report.charge is None or not bounds.rate_micros:
        return None
    if report.status not in _CHARGED_WHOLE and report.status != "Partial":
        return None
    if report.currency and bounds.currency and report.currency != bounds.currency:
        return None
    one = Decimal(bounds.rate_micros) / 10**9
    exactly = report.charge / one
    if exactly == exactly.to_integral_value():
        return int(exactly)
    if report.status == "Partial":
        return None
    digits = max(-int(report.charge.as_tuple().exponent), 0)
    unit = Decimal(1).scaleb(-digits)
    # Rounded up, down or to the nearest: the true charge is less than one unit away.
    least = max(bounds.low, int((report.charge - unit) / one) + 1)
    most = min(bounds.high, -int(-(report.charge + unit) / one))
    likely = [units for units in range(least, min(most, least + 3) + 1) if abs(units * one - report.charge) < unit]
    return likely[0] if len(likely) == 1 else None
