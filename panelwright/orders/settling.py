"""What a provider's report, or the end of a run, makes of an order. Pure.

Terminal states never change; money goes back exactly once, because it goes back in the same
transaction in which an order ends, and an order ends once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.core import money
from panelwright.orders import problems
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.problems import NONE, Problem
from panelwright.orders.status import ENDED, PROGRESS

POLL_MIN = timedelta(seconds=2)
POLL_MAX = timedelta(minutes=15)
MOST = money.AMOUNT_MAX_MICROS


class OpenOrder(NamedTuple):
    """An order as it stands, locked. Columns as in work.py. Money in micros."""

    id: int
    number: int
    panel_id: int
    customer_id: int
    account_id: int
    sales_account_id: int
    kind: str
    parent_id: int | None
    quantity: int
    booked_micros: int
    charge_micros: int
    status: str
    start_count: int | None
    remains: int
    job: str | None
    due_at: datetime | None
    lease_until: datetime | None
    attempts: int
    problem_code: str
    problem_facts: str
    # Kept by work.Changes: since when it has a problem, whichever.
    problem_at: datetime | None
    provider_id: int | None
    route_id: int | None
    upstream_id: str | None
    created_at: datetime
    ended_at: datetime | None
    open_link: str | None
    chosen_route_id: int | None = None
    sent_anew: int = 0
    cost_micros: int | None = None
    cost_rate_e12: int | None = None
    past_cost_micros: int = 0
    cost_told: bool = False
    cost_postings: int = 0
    refund_rule: int = 1

    def having(self, problem: Problem) -> OpenOrder:
        """With this problem, or with NONE."""
        return self._replace(problem_code=problem.problem_code, problem_facts=problem.problem_facts)


class ScheduleState(NamedTuple):
    """The counters of a drip-feed. `undelivered` are units that will not come: refunded, or to be."""

    order_id: int
    runs: int
    run_quantity: int
    runs_started: int
    runs_done: int
    undelivered: int


class Cost(NamedTuple):
    """What a provider takes for an order, in micros of the panel's currency, by this exchange rate (10^-12)."""

    micros: int
    rate_e12: int


class Report(NamedTuple):
    """What a provider says of an order. None: it does not say, or not so that it can be understood."""

    status: str | None
    start_count: int | None = None
    remains: int | None = None
    raw_status: str = ""
    cost: Cost | None = None


class Refund(NamedTuple):
    """Money that goes back. `reference` is the number of the order or run that was not delivered in full."""

    panel_id: int
    order_id: int
    reference: int
    sales_account_id: int
    account_id: int
    micros: int


class Settled(NamedTuple):
    order: OpenOrder
    refund: Refund | None = None


def unsent(kind: str) -> str:
    """The word of an order that waits to be sent; a subscription has words of its own."""
    return "Active" if kind == OrderKind.SUBSCRIPTION.value else "Pending"


def on_its_way(kind: str) -> str:
    """The word of an order that was claimed to be sent."""
    return "Active" if kind == OrderKind.SUBSCRIPTION.value else "Processing"


def next_poll(order: OpenOrder, now: datetime) -> datetime:
    """When to ask again: every tenth of the order's age, so that the cost per order stays small."""
    return now + min(max((now - order.created_at) / 10, POLL_MIN), POLL_MAX)


def settle(order: OpenOrder, report: Report, now: datetime) -> Settled:
    """The order after a report. What cannot be right becomes a problem for a person, never a refund."""
    if order.status in ENDED:
        return Settled(order)
    start_count = order.start_count if report.start_count is None else max(report.start_count, 0)
    order = order._replace(start_count=start_count, attempts=0, lease_until=None)
    if report.status == "Partial" and report.remains is not None and report.remains <= 0 and _takes_less(order, report):
        # All came, or something did not: one of the two is wrong. Its cost is left, too, to judge the next report by.
        assert report.cost is not None
        less = problems.problem(
            problems.PARTIAL_OF_ALL, cost=money.text(report.cost.micros), before=money.text(_cost_before(order, report))
        )
        return _still_open(order, now, problem=less)
    # Many providers leave 0 until they start: only at the end it is what they take.
    told = report.cost is not None and (report.cost.micros > 0 or report.status in ENDED)
    if told and report.cost is not None:
        order = order._replace(cost_micros=report.cost.micros, cost_rate_e12=report.cost.rate_e12, cost_told=True)
    if report.status == "Completed":
        return end(order, "Completed", remains=0, now=now, cost_told=told)
    if report.status == "Canceled":
        return end(order, "Canceled", remains=order.quantity, now=now, cost_told=told)
    if report.status == "Partial":
        return _partial(order, report.remains, now, cost_told=told)
    if report.status not in PROGRESS:
        # No word of ours, or one that only a subscription can have.
        word = problems.problem(problems.STATUS_NOT_UNDERSTOOD, word=report.raw_status[:80])
        return _still_open(order, now, problem=word)
    status = report.status if PROGRESS[report.status] > PROGRESS[order.status] else order.status
    # Sent is no longer Pending, whatever the provider calls it.
    status = "Processing" if status == "Pending" else status
    return _still_open(order._replace(status=status, remains=_open_remains(order, report)), now)


def _cost_before(order: OpenOrder, report: Report) -> int:
    """What the whole order was to cost until now, at the report's exchange rate; 0 where nobody knows."""
    if order.cost_micros is None or report.cost is None or not order.cost_rate_e12:
        return order.cost_micros or 0
    return order.cost_micros * report.cost.rate_e12 // order.cost_rate_e12


def _takes_less(order: OpenOrder, report: Report) -> bool:
    """Whether the provider takes less than the whole order was to cost, by more than what is rounded."""
    return report.cost is not None and report.cost.micros * 100 < _cost_before(order, report) * 99


def _open_remains(order: OpenOrder, report: Report) -> int:
    """What remains of an order that goes on, at most its quantity.

    Many providers leave 0 until they start. So 0 counts only where something was seen to happen: a number below
    the quantity before, or a start count of an order in progress. Else it is the quantity.
    """
    if report.remains is None:
        return order.remains
    if report.remains != 0:
        return min(max(report.remains, 0), order.quantity)
    begun = order.remains < order.quantity or (report.status == "In progress" and (order.start_count or 0) > 0)
    return 0 if begun and report.status != "Pending" else order.remains


def _partial(order: OpenOrder, remains: int | None, now: datetime, *, cost_told: bool) -> Settled:
    if remains is None:
        return _still_open(order, now, problem=problems.problem(problems.PARTIAL_WITHOUT_REMAINS))
    if remains > order.quantity:
        above = problems.problem(problems.PARTIAL_ABOVE_QUANTITY, remains=remains, quantity=order.quantity)
        return _still_open(order, now, problem=above)
    if remains <= 0:
        return end(order, "Completed", remains=0, now=now, cost_told=cost_told)
    if remains == order.quantity:
        # Nothing was delivered: on the wire Partial means that something was.
        return end(order, "Canceled", remains=remains, now=now, cost_told=cost_told)
    return end(order, "Partial", remains=remains, now=now, cost_told=cost_told)


def _still_open(order: OpenOrder, now: datetime, problem: Problem = NONE) -> Settled:
    return Settled(order._replace(job=Job.POLL.value, due_at=next_poll(order, now)).having(problem))


def end(order: OpenOrder, status: str, *, remains: int, now: datetime, cost_told: bool = False) -> Settled:
    """The order ended with `remains` units undelivered; what was not delivered is refunded.

    Of a canceled one everything is: its whole quantity remains, whatever was said of it. `cost_told`: what stands
    as its cost is what the provider takes in the end. Else that was said or reckoned of the whole order, and what
    was not delivered costs nothing. A run carries no charge itself: its parent's share is refunded by `run_ended`.
    """
    charge = order.charge_micros
    if status == "Partial":
        charge = order.booked_micros - money.refund(
            charge_micros=order.booked_micros, remains=remains, quantity=order.quantity
        )
    elif status == "Canceled":
        charge, remains = 0, order.quantity
    back = order.charge_micros - charge
    ended = order._replace(
        # One that stood in line for a provider never got there.
        provider_id=None if order.job == Job.FORWARD.value else order.provider_id,
        status=status,
        remains=remains,
        charge_micros=charge,
        job=None,
        due_at=None,
        lease_until=None,
        problem_code="",
        problem_facts="",
        ended_at=now,
        open_link=None,
        refund_rule=money.REFUND_RULE,
    )
    return Settled(ended if cost_told else _at_cost_of(ended), _refund(order, back, reference=order.number))


def _at_cost_of(order: OpenOrder) -> OpenOrder:
    """An order that has ended, at the cost of what was delivered: in proportion, and nothing when it was canceled."""
    if order.status == "Canceled":
        return order._replace(cost_micros=0, cost_told=False)
    if order.status != "Partial" or order.cost_micros is None:
        return order
    undone = money.refund(charge_micros=order.cost_micros, remains=order.remains, quantity=order.quantity)
    return order._replace(cost_micros=order.cost_micros - undone, cost_told=False)


def _refund(order: OpenOrder, micros: int, *, reference: int) -> Refund | None:
    if micros <= 0:
        return None
    return Refund(order.panel_id, order.id, reference, order.sales_account_id, order.account_id, micros)


def run_ended(
    parent: OpenOrder, schedule: ScheduleState, run: OpenOrder, now: datetime
) -> tuple[Settled, ScheduleState]:
    """A drip-feed after one of its runs ended: counters, the run's share back, the end after the last run."""
    # A cancelled run is paid back whole, as any cancelled order is.
    undelivered = run.quantity if run.status == "Canceled" else run.remains
    parent = _with_cost_of(parent, run, first=schedule.runs_done == 0)
    parent = parent._replace(past_cost_micros=min(parent.past_cost_micros + run.past_cost_micros, MOST))
    schedule = schedule._replace(runs_done=schedule.runs_done + 1, undelivered=schedule.undelivered + undelivered)
    delivered = run.quantity - undelivered
    parent = parent._replace(
        remains=max(parent.remains - delivered, 0),
        start_count=run.start_count if parent.start_count is None else parent.start_count,
    )
    return _drip_feed_after(parent, schedule, reference=run.number, now=now), schedule


def _with_cost_of(parent: OpenOrder, run: OpenOrder, *, first: bool) -> OpenOrder:
    """A drip-feed costs what its runs that have ended cost together; not known when that of one of them is not, or
    when it is more than an amount can be: a run alone may cost that much by what its provider says."""
    if first:
        return parent._replace(cost_micros=run.cost_micros, cost_told=run.cost_told)
    if parent.cost_micros is None or run.cost_micros is None or parent.cost_micros + run.cost_micros > MOST:
        return parent._replace(cost_micros=None, cost_told=False)
    told = parent.cost_told and run.cost_told
    return parent._replace(cost_micros=parent.cost_micros + run.cost_micros, cost_told=told)


def stop_runs(
    parent: OpenOrder, schedule: ScheduleState, now: datetime, *, given_up: int | None = None
) -> tuple[Settled, ScheduleState]:
    """A drip-feed that starts no more runs: those that have not started are refunded at once.

    `given_up`: the units of them that are not delivered, where that is not all of them.
    """
    if given_up is None:
        given_up = (schedule.runs - schedule.runs_started) * schedule.run_quantity
    schedule = schedule._replace(runs=schedule.runs_started, undelivered=schedule.undelivered + given_up)
    parent = parent._replace(job=None, due_at=None, lease_until=None)
    return _drip_feed_after(parent, schedule, reference=parent.number, now=now), schedule


def _drip_feed_after(parent: OpenOrder, schedule: ScheduleState, *, reference: int, now: datetime) -> Settled:
    """Refund up to what is undelivered by now, and end the parent after its last run.

    The refund is the whole one less what went back before, so that many small refunds add up to
    exactly what one would have been.
    """
    charge = parent.booked_micros - money.refund(
        charge_micros=parent.booked_micros, remains=schedule.undelivered, quantity=parent.quantity
    )
    refund = _refund(parent, parent.charge_micros - charge, reference=reference)
    parent = parent._replace(charge_micros=charge, refund_rule=money.REFUND_RULE)
    if schedule.runs_done == schedule.runs:
        left = schedule.undelivered
        status = "Completed" if left == 0 else "Canceled" if left == parent.quantity else "Partial"
        if schedule.runs_done == 0:
            parent = parent._replace(cost_micros=0)
        parent = parent._replace(
            status=status,
            remains=left,
            job=None,
            due_at=None,
            lease_until=None,
            problem_code="",
            problem_facts="",
            ended_at=now,
            open_link=None,
        )
    return Settled(parent, refund)


def next_run(schedule: ScheduleState, interval_min: int, now: datetime) -> datetime | None:
    """When the run after this one starts; None after the last.

    Counted from now, not from the plan: after a long pause the missed runs do not come as a burst.
    """
    if schedule.runs_started >= schedule.runs:
        return None
    return now + timedelta(minutes=interval_min)
