"""What each fact adds to the sums. Pure.

A fact counts on the day on which it was posted: a refund of today for an order of last month is a refund of today, and
last month stays what it was. An order counts once, where its customer is charged: a drip-feed and not its runs, the
posts of a subscription and not the subscription.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.orders.models import OrderKind
from panelwright.reports.calendar import Buckets, buckets
from panelwright.reports.cuts import CODES, GRAINS, Cut, End, Figures, Flow, Grain, Source, place_of

ENDS = {"order.completed": End.COMPLETED, "order.partial": End.PARTIAL, "order.canceled": End.CANCELED}
# The event by which a refill is counted.
REFILL = "refill.requested"
# The event of an order that its provider has begun with.
STARTED = "order.in progress"
EVENTS = (*ENDS, REFILL, STARTED)
_UNCOUNTED = frozenset({OrderKind.RUN.value, OrderKind.SUBSCRIPTION.value})


class PlacedOrder(NamedTuple):
    """An order as it was placed. What is taken for it is a transfer: of some orders it is taken later."""

    id: int
    panel_id: int
    at: datetime
    kind: str
    by_key: bool
    service_id: int
    customer_id: int
    quantity: int


class PostedTransfer(NamedTuple):
    """A transfer, with the order that it belongs to, if it belongs to one.

    `provider`: the name of its provider's account, which is the provider's id; empty where there is none.
    """

    id: int
    panel_id: int
    at: datetime
    code: str
    micros: int
    debit: str
    credit: str
    provider: str
    kind: str | None
    by_key: bool
    service_id: int | None
    customer_id: int | None


class OrderEvent(NamedTuple):
    """An event of an order: that its provider began, its end, or that a refill was asked for, with the order.

    `provider_id` of a drip-feed is that of its last run.
    """

    id: int
    panel_id: int
    at: datetime
    name: str
    kind: str
    service_id: int
    provider_id: int | None
    quantity: int
    remains: int
    booked_micros: int
    charge_micros: int
    created_at: datetime
    ended_at: datetime | None


class NewCustomer(NamedTuple):
    id: int
    panel_id: int
    at: datetime


Key = tuple[int, Cut, Grain, int, int, int]  # panel, cut, grain, bucket, two keys


class Tally:
    """Adds facts up. `zones`: panel id -> time zone, else `default`; hours before the day `hours_from` are left out."""

    def __init__(self, zones: Mapping[int, str], default: str, hours_from: int, without: Collection[int] = ()) -> None:
        self.sums: dict[Key, list[int]] = {}
        self._zones, self._default = zones, default
        self._hours_from = hours_from
        self._without = without

    def placed(self, order: PlacedOrder) -> None:
        if order.panel_id in self._without or order.kind in _UNCOUNTED:
            return
        figures = Figures(1, order.quantity)
        self._of_order(order, self._at(order.panel_id, order.at), source(order.kind, by_key=order.by_key), figures)

    def posted(self, transfer: PostedTransfer) -> None:
        if transfer.panel_id in self._without:
            return
        panel_id, at = transfer.panel_id, self._at(transfer.panel_id, transfer.at)
        self._add(panel_id, at, Cut.LEDGER, CODES[transfer.code], _flow(transfer), Figures(1, 0, transfer.micros))
        if transfer.code == TransferCode.ORDER.value:
            figures = Figures(charged_micros=transfer.micros)
        elif transfer.code == TransferCode.REFUND.value:
            figures = Figures(refunded_micros=transfer.micros)
        elif transfer.code == TransferCode.COST.value:
            earned = transfer.micros if transfer.credit == AccountKind.PROVIDER.value else -transfer.micros
            figures = Figures(cost_micros=earned)
            provider = int(transfer.provider or 0)
            self._add(panel_id, at, Cut.PROVIDER, provider, 0, figures)
            self._add(panel_id, at, Cut.PROVIDER_SERVICE, provider, transfer.service_id or 0, figures)
        else:
            return
        self._of_order(transfer, at, source(transfer.kind or "", by_key=transfer.by_key), figures)

    def _of_order(self, of: PlacedOrder | PostedTransfer, at: Buckets, from_: Source, figures: Figures) -> None:
        panel_id, service, customer = of.panel_id, of.service_id or 0, of.customer_id or 0
        self._add(panel_id, at, Cut.ALL, 0, 0, figures)
        self._add(panel_id, at, Cut.SERVICE, service, 0, figures)
        self._add(panel_id, at, Cut.CUSTOMER, customer, 0, figures)
        self._add(panel_id, at, Cut.SOURCE, from_, 0, figures)
        self._add(panel_id, at, Cut.CUSTOMER_SERVICE, customer, service, figures)
        self._add(panel_id, at, Cut.SOURCE_SERVICE, from_, service, figures)

    def ended(self, order: OrderEvent) -> None:
        if order.panel_id in self._without or order.kind == OrderKind.SUBSCRIPTION.value:
            return
        panel_id, service = order.panel_id, order.service_id
        at = self._at(panel_id, order.at)
        if order.name == REFILL:
            self._add(panel_id, at, Cut.REFILLS, service, 0, Figures(1))
            return
        if order.name == STARTED:
            if order.kind != OrderKind.DRIP_FEED.value:
                self._took(panel_id, at, Cut.START_TIMES, service, order.at - order.created_at)
            return
        end = ENDS[order.name]
        if order.kind != OrderKind.RUN.value:
            refunded = order.booked_micros - order.charge_micros
            figures = Figures(1, order.quantity - order.remains, order.booked_micros, refunded)
            self._add(panel_id, at, Cut.PROVIDER, order.provider_id or 0, 0, figures)
            self._add(panel_id, at, Cut.PROVIDER_SERVICE, order.provider_id or 0, service, figures)
        if order.kind != OrderKind.DRIP_FEED.value:
            # What a provider was asked for: the runs, each by itself.
            self._add(panel_id, at, Cut.ENDS, service, end, Figures(1))
            if end is not End.CANCELED:
                self._took(panel_id, at, Cut.END_TIMES, service, (order.ended_at or order.at) - order.created_at)

    def _took(self, panel_id: int, at: Buckets, cut: Cut, service: int, time: timedelta) -> None:
        self._add(panel_id, at, cut, service, place_of(time // timedelta(seconds=1)), Figures(1))

    def joined(self, customer: NewCustomer) -> None:
        if customer.panel_id not in self._without:
            at = self._at(customer.panel_id, customer.at)
            self._add(customer.panel_id, at, Cut.NEW_CUSTOMERS, 0, 0, Figures(1))

    def _at(self, panel_id: int, at: datetime) -> Buckets:
        return buckets(at, self._zones.get(panel_id, self._default))

    def _add(self, panel_id: int, at: Buckets, cut: Cut, a: int, b: int, figures: Figures) -> None:
        for grain in GRAINS[cut]:
            if grain is Grain.HOUR and at.day < self._hours_from:
                continue
            key = (panel_id, cut, grain, at[grain - 1], a, b)
            there = self.sums.get(key)
            if there is None:
                self.sums[key] = list(figures)
            else:
                for n, value in enumerate(figures):
                    there[n] += value


def source(kind: str, *, by_key: bool) -> Source:
    """Where an order came from."""
    if kind == OrderKind.POST.value:
        return Source.SUBSCRIPTION
    return Source.API if by_key else Source.WEB


def _flow(transfer: PostedTransfer) -> Flow:
    if transfer.credit == AccountKind.CUSTOMER.value:
        return Flow.IN
    return Flow.OUT if transfer.debit == AccountKind.CUSTOMER.value else Flow.BESIDE
