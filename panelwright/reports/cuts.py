"""What is added up: the cuts, by which keys each of them tells things apart, in which stretches of time. Data, pure.

A sum is of a panel, a cut, a stretch of time (grain and bucket) and up to two keys. Every fact (an order that was
placed, a transfer, an end) is added to all cuts that speak of it, so a report reads one cut and adds up few rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from panelwright.ledger.models import TransferCode


class Grain(IntEnum):
    """A stretch of time, in the panel's time zone. A bucket is its number, see calendar.py."""

    HOUR = 1
    DAY = 2
    WEEK = 3
    MONTH = 4


class Cut(IntEnum):
    """By what sums are told apart. Stored: a number is never given another meaning."""

    ALL = 1
    SERVICE = 2
    CUSTOMER = 3
    SOURCE = 4
    # Orders and money of providers: of what has ended, on the day of its end; the cost as it was posted.
    PROVIDER = 5
    CUSTOMER_SERVICE = 6
    PROVIDER_SERVICE = 7
    SOURCE_SERVICE = 8
    # Transfers by their code (CODES) and direction (Flow).
    LEDGER = 10
    # Ends of orders by service and End, and how long they took by service and place in TIMES_S.
    ENDS = 11
    END_TIMES = 12
    START_TIMES = 13
    REFILLS = 14
    NEW_CUSTOMERS = 20


class End(IntEnum):
    """How an order ended: the second key of ENDS."""

    COMPLETED = 1
    PARTIAL = 2
    CANCELED = 3


class Source(IntEnum):
    """Where an order came from."""

    WEB = 1
    API = 2
    SUBSCRIPTION = 3


class Flow(IntEnum):
    """Which side of a transfer is a customer's balance: the second key of LEDGER."""

    BESIDE = 0
    IN = 1
    OUT = 2


_HOUR, _DAY, _WEEK, _MONTH = Grain
# Hours are kept for HOURS_KEPT days. A series is made of days; months are there where many keys are added up over a
# year, and weeks and months where it counts who was there at all.
GRAINS: dict[Cut, tuple[Grain, ...]] = {
    Cut.ALL: (_HOUR, _DAY),
    Cut.SERVICE: (_HOUR, _DAY, _MONTH),
    Cut.CUSTOMER: (_HOUR, _DAY, _WEEK, _MONTH),
    Cut.SOURCE: (_HOUR, _DAY),
    Cut.PROVIDER: (_HOUR, _DAY, _MONTH),
    Cut.CUSTOMER_SERVICE: (_DAY,),
    Cut.PROVIDER_SERVICE: (_DAY,),
    Cut.SOURCE_SERVICE: (_DAY,),
    Cut.LEDGER: (_HOUR, _DAY),
    Cut.ENDS: (_DAY,),
    Cut.END_TIMES: (_DAY,),
    Cut.START_TIMES: (_DAY,),
    Cut.REFILLS: (_DAY,),
    Cut.NEW_CUSTOMERS: (_HOUR, _DAY),
}
HOURS_KEPT = 62

# Code -> its number in the sums. Never changed, only added to.
CODES: dict[str, int] = {
    code.value: number
    for code, number in (
        (TransferCode.ORDER, 1),
        (TransferCode.REFUND, 2),
        (TransferCode.DEPOSIT, 3),
        (TransferCode.FEE, 4),
        (TransferCode.BONUS, 5),
        (TransferCode.COUPON, 6),
        (TransferCode.VOUCHER, 7),
        (TransferCode.COMMISSION, 8),
        (TransferCode.PAYOUT, 9),
        (TransferCode.GATEWAY_REFUND, 10),
        (TransferCode.CHARGEBACK, 11),
        (TransferCode.REVERSAL, 12),
        (TransferCode.DEBT, 13),
        (TransferCode.REPAYMENT, 14),
        (TransferCode.SETTLEMENT, 15),
        (TransferCode.COST, 16),
        (TransferCode.ADJUSTMENT, 17),
    )
}
CODE_OF = {number: code for code, number in CODES.items()}

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
# Where the places of the histograms of times end, in seconds; what took longer stands behind the last one. Never
# changed: sums that stand were counted by it.
TIMES_S: tuple[int, ...] = (
    *(n * _MINUTE_S for n in (1, 2, 3, 5, 7, 10, 15, 20, 30, 45)),
    *(n * _HOUR_S // 2 for n in (2, 3, 4, 6, 8, 12, 16, 24, 36)),
    *(n * _DAY_S // 2 for n in (2, 3, 4, 6, 8, 10, 14, 20, 28, 42, 60, 90, 120, 180)),
)


def place_of(seconds: int) -> int:
    """The place of a time in the histogram, from 1 on."""
    return bisect_right(TIMES_S, max(seconds, 0)) + 1


def quantile_s(counts: Sequence[tuple[int, int]], percent: int) -> int | None:
    """The time in seconds that so many percent of them did not exceed, evenly within a place; None of nothing.

    `counts`: places with how many stand there. Behind the last place: its beginning.
    """
    ordered = sorted((place, count) for place, count in counts if count > 0)
    total = sum(count for _, count in ordered)
    wanted, seen = total * percent, 0
    for place, count in ordered:
        if (seen + count) * 100 >= wanted:
            low = TIMES_S[place - 2] if place >= 2 else 0
            if place > len(TIMES_S):
                return low
            return low + (TIMES_S[place - 1] - low) * (wanted - seen * 100) // (count * 100)
        seen += count
    return None


class Figures(NamedTuple):
    """What is added up. `orders` counts what the cut speaks of: orders, transfers, ends or customers; `quantity` is
    units; the rest is micros. In LEDGER `charged_micros` is the amount.
    """

    orders: int = 0
    quantity: int = 0
    charged_micros: int = 0
    refunded_micros: int = 0
    cost_micros: int = 0

    def __add__(self, other: object) -> Figures:
        assert isinstance(other, Figures)
        return Figures(*map(sum, zip(self, other, strict=True)))

    @property
    def net_micros(self) -> int:
        """What is kept of the charges."""
        return self.charged_micros - self.refunded_micros

    @property
    def profit_micros(self) -> int:
        return self.net_micros - self.cost_micros

    @property
    def margin_e3(self) -> int | None:
        """Profit of what is kept, in thousandths, rounded to the nearest; None where nothing is kept."""
        return (2_000 * self.profit_micros + self.net_micros) // (2 * self.net_micros) if self.net_micros > 0 else None
