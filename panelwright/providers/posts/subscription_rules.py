"""A subscription that a provider has as a whole: what its reports mean, and how much each post's order is. Pure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
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
