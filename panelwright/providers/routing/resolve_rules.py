"""What a person may decide about an open order, whatever state it is in, and what becomes of it. Pure.

Each function answers the new states with their refunds. They raise InvalidState when the order has ended, is being sent
at this moment, or is not of a kind for it, and another ValueError when a number is wrong. An order that goes out
right now is never decided about: until its answer is written down nobody knows whether it has arrived.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from panelwright.core.refusal import InvalidState, Refused
from panelwright.orders import settling
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.problems import NONE, OUTCOME_ASKED_AGAIN, OUTCOME_UNKNOWN, UNPAID
from panelwright.orders.settling import OpenOrder, ScheduleState, Settled

TEXT_MAX = 500
UPSTREAM_ID_MAX = 100
_SELF_SENT = frozenset({OrderKind.PLAIN.value, OrderKind.RUN.value, OrderKind.POST.value})


class DripFeed(NamedTuple):
    """What a drip-feed consists of beside its own row: its counters, and its runs that have not ended."""

    schedule: ScheduleState
    runs: Sequence[OpenOrder]


class Decided(NamedTuple):
    """New states, to be applied in this order. `schedule`: the drip-feed's counters before them."""

    settled: list[Settled]
    schedule: ScheduleState | None = None


def decidable(order: OpenOrder, now: datetime) -> OpenOrder:
    """The order, if a person may decide about it. Raises InvalidState."""
    if order.ended_at is not None:
        raise InvalidState("order_ended", status=order.status)
    if order.job == Job.SENDING.value and order.lease_until is not None and order.lease_until > now:
        wait_s = math.ceil((order.lease_until - now).total_seconds())
        raise InvalidState("being_sent", seconds=wait_s)
    return order


def done(order: OpenOrder, drip_feed: DripFeed | None = None, *, now: datetime) -> Decided:
    """It ends with everything delivered that was not given up before."""
    decidable(order, now)
    if drip_feed is not None:
        return _end_runs(order, drip_feed, lost=0, now=now)
    return _ended(order, "Completed", remains=0, now=now)


def partial(order: OpenOrder, drip_feed: DripFeed | None = None, *, remains: int | None, now: datetime) -> Decided:
    """It ends with so many units undelivered, which are refunded; None: with those that it is known to have left."""
    decidable(order, now)
    remains = order.remains if remains is None else remains
    if order.kind == OrderKind.SUBSCRIPTION.value:
        raise InvalidState("is_subscription")
    if order.quantity < 2:
        raise Refused("one_unit")
    if not 1 <= remains < order.quantity:
        raise Refused("bad_partial", "remains", least=1, most=order.quantity - 1)
    if drip_feed is None:
        return _ended(order, "Partial", remains=remains, now=now)
    least, most = drip_feed.schedule.undelivered, drip_feed.schedule.undelivered + _to_come(drip_feed)
    if not least <= remains <= most:
        raise Refused("bad_runs_remain", "remains", least=least, most=most)
    return _end_runs(order, drip_feed, lost=remains - least, now=now)


def cancel(order: OpenOrder, drip_feed: DripFeed | None = None, *, now: datetime) -> Decided:
    """It ends and everything is given back, whatever was delivered; of a drip-feed all but the runs that have ended."""
    decidable(order, now)
    if drip_feed is not None:
        return _end_runs(order, drip_feed, lost=_to_come(drip_feed), now=now)
    return _ended(order, "Canceled", remains=order.quantity, now=now)


def accept_cancel(order: OpenOrder, *, now: datetime) -> Decided:
    """The customer's wish is granted: what was delivered is kept and paid for, the rest is given back."""
    if decidable(order, now).remains == order.quantity:
        return cancel(order, now=now)
    if order.remains == 0:
        return done(order, now=now)
    return _ended(order, "Partial", remains=order.remains, now=now)


def arrived(order: OpenOrder, *, provider_id: int, upstream_id: str, now: datetime) -> Decided:
    """The provider has it under this id: it is asked about from now on."""
    _deliverable(order, now)
    if provider_id != order.provider_id:
        # What it costs at this one is not known until it says so; what the other one said that it took, it took.
        order = order._replace(
            past_cost_micros=order.past_cost_micros + (order.cost_micros or 0 if order.cost_told else 0),
            cost_micros=None,
            cost_rate_e12=None,
            cost_told=False,
        )
    found = order._replace(
        # Whoever has it has begun: no word of ours goes back.
        status="Processing" if order.status == "Pending" else order.status,
        provider_id=provider_id,
        upstream_id=upstream_id,
        # The route stays where it is of that provider: it says what was sent.
        route_id=order.route_id if provider_id == order.provider_id else None,
        job=Job.POLL.value,
        due_at=now,
        lease_until=None,
        attempts=0,
        chosen_route_id=None,
    )
    return Decided([Settled(found.having(NONE))])


def send(order: OpenOrder, *, route_id: int | None, whole: bool, cancel_asked: bool, now: datetime) -> Decided:
    """It is sent, by this route and no other one, or by the first one that takes it.

    What a provider has taken before is a new order there: it gets a request_id of its own. An order that may have
    arrived keeps its request_id, so that a provider that knows it gives the first one. `whole`: what was
    delivered is known, and all of it is to be delivered once more.
    """
    _deliverable(order, now)
    if cancel_asked:
        raise InvalidState("cancel_waits")
    if order.remains < order.quantity and not whole:
        raise InvalidState("would_repeat", delivered=order.quantity - order.remains, quantity=order.quantity)
    fresh = order._replace(
        status=settling.unsent(order.kind),
        job=Job.FORWARD.value,
        due_at=now,
        lease_until=None,
        attempts=0,
        provider_id=None,
        route_id=None,
        upstream_id=None,
        start_count=None,
        remains=order.quantity,
        chosen_route_id=route_id,
        sent_anew=order.sent_anew + (order.upstream_id is not None),
        past_cost_micros=order.past_cost_micros + (order.cost_micros or 0 if order.upstream_id is not None else 0),
        cost_micros=None,
        cost_rate_e12=None,
        cost_told=False,
    )
    return Decided([Settled(fresh.having(NONE))])


def relinked(order: OpenOrder, *, now: datetime) -> Decided:
    """It may get another link: nobody has it under the old one. What waits to be sent is sent at once."""
    if decidable(order, now).kind in {OrderKind.SUBSCRIPTION.value, OrderKind.POST.value}:
        # A post is its link, and a subscription has none.
        raise InvalidState("no_link_to_change")
    if order.problem_code in {OUTCOME_UNKNOWN, OUTCOME_ASKED_AGAIN}:
        # What may have arrived under the old link would be sent under the new one, with the same request_id.
        raise InvalidState("outcome_first")
    if order.upstream_id is not None and not order.problem_code:
        raise InvalidState("has_been_sent")
    if order.job == Job.FORWARD.value:
        order = order._replace(due_at=now, attempts=0)
    return Decided([Settled(order)])


def counted(order: OpenOrder, *, start_count: int, now: datetime) -> Decided:
    """What the target had before delivery, put right. A report of the provider may say otherwise later."""
    if decidable(order, now).kind in {OrderKind.SUBSCRIPTION.value, OrderKind.DRIP_FEED.value}:
        raise InvalidState("sends_nothing", kind=order.kind)
    return Decided([Settled(order._replace(start_count=start_count))])


def remaining(order: OpenOrder, *, remains: int, now: datetime) -> Decided:
    """What is left to deliver, put right. A report of the provider may say otherwise later."""
    if decidable(order, now).kind in {OrderKind.SUBSCRIPTION.value, OrderKind.DRIP_FEED.value}:
        raise InvalidState("sends_nothing", kind=order.kind)
    if not 1 <= remains <= order.quantity:
        raise Refused("bad_remains", "remains", least=1, most=order.quantity)
    return Decided([Settled(order._replace(remains=remains))])


def _deliverable(order: OpenOrder, now: datetime) -> OpenOrder:
    # A subscription that its provider takes as a whole is sent itself; any other waits for posts.
    as_a_whole = order.kind == OrderKind.SUBSCRIPTION.value and order.job != Job.SCHEDULE.value
    if decidable(order, now).kind not in _SELF_SENT and not as_a_whole:
        raise InvalidState("sends_nothing", kind=order.kind)
    if order.problem_code in UNPAID:
        # Sent or followed, it would be delivered with nobody asked for its price again.
        raise InvalidState("charge_undecided")
    return order


def _ended(order: OpenOrder, status: str, *, remains: int, now: datetime) -> Decided:
    # What the provider said that it takes stays what it costs: nobody has said otherwise.
    return Decided([settling.end(order, status, remains=remains, now=now, cost_told=order.cost_told)])


def _to_come(drip_feed: DripFeed) -> int:
    """Units of runs that have not ended, or not started."""
    schedule = drip_feed.schedule
    unstarted = (schedule.runs - schedule.runs_started) * schedule.run_quantity
    return unstarted + sum(run.quantity for run in drip_feed.runs)


def _end_runs(parent: OpenOrder, drip_feed: DripFeed, *, lost: int, now: datetime) -> Decided:
    """End a drip-feed with `lost` of the units that are to come undelivered: the last ones, those of no run first."""
    for run in drip_feed.runs:
        decidable(run, now)
    schedule = drip_feed.schedule
    unstarted = (schedule.runs - schedule.runs_started) * schedule.run_quantity
    given_up = min(lost, unstarted)
    stopped, schedule = settling.stop_runs(parent, schedule, now, given_up=given_up)
    lost -= given_up
    ends = []
    for run in sorted(drip_feed.runs, key=lambda run: run.id, reverse=True):
        remains = min(lost, run.quantity)
        lost -= remains
        status = "Completed" if remains == 0 else "Canceled" if remains == run.quantity else "Partial"
        ends += _ended(run, status, remains=remains, now=now).settled
    return Decided([stopped, *reversed(ends)], schedule)


def reason(text: str) -> str:
    """A refusal's text for the record. Raises ValueError when there is none or it is too long."""
    text = " ".join(text.split())
    if not 1 <= len(text) <= TEXT_MAX or not text.isprintable():
        raise Refused("bad_reason", "text", limit=TEXT_MAX)
    return text


def upstream_id(text: str) -> str:
    """A provider's id of an order as a person gives it. Raises ValueError when it can be none."""
    text = text.strip()
    if not 1 <= len(text) <= UPSTREAM_ID_MAX or not text.isprintable() or "," in text or " " in text:
        raise Refused("bad_upstream_id", "upstream_id", limit=UPSTREAM_ID_MAX)
    return text
