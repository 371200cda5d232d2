"""Decisions about orders: pure functions of what was loaded and the time. They refuse, never raise."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from panelwright.catalog import quantities, types
from panelwright.catalog import rates as catalog_rates
from panelwright.catalog.link_kinds import Table
from panelwright.catalog.rates import NOTHING, CustomRate, RateKey
from panelwright.catalog.types import BY_NAME, ServiceType, Units
from panelwright.core import limits, money
from panelwright.core.refusal import Refusal
from panelwright.customers.access import Caller, Grant
from panelwright.orders import fields, linking, same_link
from panelwright.orders.blocking import Blocked, Screen
from panelwright.orders.models import Job, OrderKind
from panelwright.panels.blocks import Rules, Steps

REQUEST_ID_MAX = 100
_PENDING, _PLAIN, _FORWARD = "Pending", OrderKind.PLAIN.value, Job.FORWARD.value

BAD_SERVICE = Refusal("bad_service", "service")
MAY_NOT_ORDER = Refusal("may_not_order")
NO_FUNDS = Refusal("no_funds")
DEBT_STANDS = Refusal("debt_stands")
PRICE_ROSE = Refusal("price_rose")
CAP_REACHED = Refusal("cap_reached")
SAME_LINK = Refusal("same_link", "link")
BAD_REQUEST_ID = Refusal("bad_field", "request_id", why="bad_request_id")
# Not decided yet: the orders of its panel before it took so long to hold against blocks that it waits.
LATER = Refusal("later")
OTHER_ORDER = Refusal("bad_field", "request_id", why="other_order")


class PlaceOrder(NamedTuple):
    """A command. `params` are texts by the names of PROTOCOL.md section 3, trimmed.

    `rate_max_micros`: the rate that the customer was shown; at a higher one the order is refused. None: any.
    """

    caller: Caller
    params: dict[str, str]
    request_id: str = ""
    rate_max_micros: int | None = None


class SoldService(NamedTuple):
    """A service as `add` needs it; only enabled ones are loaded."""

    id: int
    type: str
    rate_micros: int
    min: int
    max: int
    drip_feed: bool
    unique_link: bool
    private: bool
    step: int = 1
    link_hosts: str = ""
    link_kinds: str = ""
    link_example: str = ""

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest quantity that can be ordered."""
        return (self.min, self.max) if self.step == 1 else quantities.bounds(self.min, self.max, self.step)


@dataclass(slots=True)
class BatchContext:
    """All that a batch of PlaceOrder commands needs to be decided.

    `grants` stand in the order of the commands; the dicts are keyed by ids.
    """

    grants: Sequence[Grant | Refusal]
    # Account id -> micros that can be spent, locked until the commit. Below zero: a debt stands, nothing is ordered.
    balances: dict[int, int]
    services: dict[tuple[int, int], SoldService]  # (panel id, number)
    rates: dict[RateKey, CustomRate]  # what price lists say of services
    requests: dict[tuple[int, str], tuple[int, str]]  # (customer id, request_id) -> (order's number, digest)
    open_links: set[tuple[int, int, str]]  # (customer id, service id, digest of the link)
    blocks: dict[int, Rules] = field(default_factory=dict)  # panel id -> rules, of panels that have any
    tables: dict[int, Table] = field(default_factory=dict)  # panel id -> its table of links, where a service needs it
    asked: dict[str, int] = field(default_factory=dict)  # as a client names a service -> its number
    ids: Sequence[int] = ()  # for as many orders as there are commands
    # What holding orders against blocks took so far, by panel id. None: all are decided, however long that takes.
    steps: dict[int, Steps] | None = None


class NewOrder(NamedTuple):
    """A row of `orders_order` to be; its id and number are given at the commit. Order of columns as in store.py."""

    panel_id: int
    customer_id: int
    service_id: int
    key_id: int | None
    parent_id: int | None
    kind: str
    link: str
    quantity: int
    fields: str
    rate_micros: int
    booked_micros: int
    charge_micros: int
    status: str
    remains: int
    job: str | None
    due_at: datetime | None
    request_id: str | None
    request_digest: str | None
    open_link: str | None
    created_at: datetime


class NewSchedule(NamedTuple):
    """A row of `orders_schedule` to be, for the order at place `order_index` of the plan."""

    order_index: int
    panel_id: int
    runs: int = 0
    run_quantity: int = 0
    interval_min: int = 0
    username: str = ""
    min: int = 0
    max: int = 0
    delay_min: int = 0
    posts: int | None = None
    old_posts: int = 0
    expires_on: str | None = None
    seed: int = 0


# As NewOrder((...)), without a function in Python in between: every order makes one.
_new_order = functools.partial(tuple.__new__, NewOrder)


class Replayed(int):
    """The number of an order that was placed before, under the same request_id."""


@dataclass(slots=True)
class BatchPlan:
    """What a batch will write. `results` stand in the order of the commands.

    A result is a Refusal, the number of an order that exists already, or (new) the index of an order
    of `orders`, marked by its place in `new`.
    """

    results: list[Refusal | int] = field(default_factory=list)
    new: dict[int, int] = field(default_factory=dict)  # position of the command -> index of the order
    orders: list[NewOrder] = field(default_factory=list)
    schedules: list[NewSchedule] = field(default_factory=list)
    # (index of the order, debit account, credit account, micros)
    charges: list[tuple[int, int, int, int]] = field(default_factory=list)
    spent: dict[int, int] = field(default_factory=dict)  # account id -> micros
    blocked: list[Blocked] = field(default_factory=list)  # refused for a blocked target or word
    key_spent: dict[int, int] = field(default_factory=dict)  # key id -> micros, for keys with a cap
    replayed: set[int] = field(default_factory=set)  # positions of commands that repeat another of this batch


def place(book: BatchContext, commands: Sequence[PlaceOrder], now: datetime) -> BatchPlan:
    """Decide a batch. Commands are decided in order: an earlier one has the first claim on the balance."""
    plan = BatchPlan()
    for position, (command, grant) in enumerate(zip(commands, book.grants, strict=True)):
        result = grant if isinstance(grant, Refusal) else _place_one(book, plan, command, grant, now)
        if isinstance(result, _New):
            plan.new[position] = result.order_index
            if result.replayed:
                plan.replayed.add(position)
            plan.results.append(0)
        else:
            plan.results.append(result)
    return plan


class _New(NamedTuple):
    order_index: int
    replayed: bool


_new = functools.partial(tuple.__new__, _New)


def _place_one(
    book: BatchContext, plan: BatchPlan, command: PlaceOrder, grant: Grant, now: datetime
) -> _New | Refusal | int:
    params = command.params
    if not grant.can_order:
        return MAY_NOT_ORDER
    service = book.services.get((grant.panel_id, book.asked.get(params.get("service", ""), 0)))
    request_id = request_digest = None
    if command.request_id and command.request_id not in fields.ABSENT:
        request_id = command.request_id
        if not good_request_id(request_id):
            return BAD_REQUEST_ID
        before = book.requests.get((grant.customer_id, request_id))
        if before is not None:
            if not _is_of(before[1], params):
                return OTHER_ORDER
            # Negative: the index of an order of this same batch.
            return Replayed(before[0]) if before[0] > 0 else _New(-before[0] - 1, True)
        if service is not None:
            request_digest = _digest_of(BY_NAME[service.type], params)

    if service is None:
        return BAD_SERVICE
    rate = rate_for(service, grant, book.rates)
    if rate is None:
        return BAD_SERVICE
    if command.rate_max_micros is not None and rate > command.rate_max_micros:
        return PRICE_ROSE
    type_ = BY_NAME[service.type]
    checked = _checked(book, plan, params, grant, service)
    if isinstance(checked, Refusal):
        return checked
    if type_.subscription:
        return _subscribe(book, plan, grant, service, rate, checked, now, (request_id, request_digest))

    link, own, runs, interval_min, run_quantity = checked
    if type_.units is not Units.FLAT and (service.step != 1 or not service.min <= run_quantity <= service.max):
        refused = _out_of_bounds(service, run_quantity)
        if refused is not None:
            return refused
    open_link = None
    if service.unique_link:
        open_link = same_link.digest(link)
        if (grant.customer_id, service.id, open_link) in book.open_links:
            return SAME_LINK
    quantity = run_quantity * runs
    charge = money.charge(rate_micros=rate, units=quantity, flat=type_.flat)
    if grant.daily_cap_micros is not None and over_cap(grant, charge, plan.key_spent, now):
        return CAP_REACHED
    account = grant.account_id
    if charge > book.balances[account]:
        return NO_FUNDS if book.balances[account] >= 0 else DEBT_STANDS

    # Nothing can refuse any more: write the plan.
    index = len(plan.orders)
    plan.orders.append(
        _new_order(
            (
                grant.panel_id,
                grant.customer_id,
                service.id,
                grant.key_id,
                None,
                _PLAIN if runs == 1 else OrderKind.DRIP_FEED.value,
                link,
                quantity,
                json.dumps(own, ensure_ascii=False) if own else "",
                rate,
                charge,
                charge,
                _PENDING,
                quantity,
                _FORWARD if runs == 1 else Job.SCHEDULE.value,
                now,
                request_id,
                request_digest,
                open_link,
                now,
            )
        )
    )
    if runs > 1:
        plan.schedules.append(
            NewSchedule(index, grant.panel_id, runs=runs, run_quantity=run_quantity, interval_min=interval_min)
        )
    if charge:
        book.balances[account] -= charge
        plan.spent[account] = plan.spent.get(account, 0) + charge
        plan.charges.append((index, account, grant.sales_account_id, charge))
        count_spent(grant, charge, plan.key_spent)
    if open_link is not None:
        book.open_links.add((grant.customer_id, service.id, open_link))
    if request_id is not None and request_digest is not None:
        book.requests[grant.customer_id, request_id] = (-index - 1, request_digest)
    return _new((index, False))


def _out_of_bounds(service: SoldService, quantity: int) -> Refusal | None:
    """Why so many units cannot be ordered at once: minimum and maximum first, then the step."""
    low, high = service.bounds
    if quantity < low:
        return Refusal("below_min", "quantity", low)
    if quantity > high:
        return Refusal("above_max", "quantity", high)
    if service.step != 1 and quantity % service.step:
        return Refusal("bad_field", "quantity", why="step", facts=(("step", service.step),))
    return None


def over_cap(grant: Grant, charge: int, key_spent: dict[int, int], now: datetime) -> bool:
    """Whether a charge is more than the caller's key may still spend today. `key_spent`: what is not written yet."""
    if grant.daily_cap_micros is None or grant.key_id is None:
        return False
    return grant.spent_today(now.date()) + key_spent.get(grant.key_id, 0) + charge > grant.daily_cap_micros


def count_spent(grant: Grant, charge: int, key_spent: dict[int, int]) -> None:
    """Count a charge against the cap of the caller's key, where it has one."""
    if grant.daily_cap_micros is not None and grant.key_id is not None:
        key_spent[grant.key_id] = key_spent.get(grant.key_id, 0) + charge


def _checked(
    book: BatchContext, plan: BatchPlan, params: dict[str, str], grant: Grant, service: SoldService
) -> fields.CheckedFields | Refusal:
    """The parameters, or what is wrong with them; what a block refuses is noted in the plan. LATER: not looked at."""
    blocks = book.blocks.get(grant.panel_id)
    screen = None
    if blocks is not None:
        steps = Steps() if book.steps is None else book.steps.setdefault(grant.panel_id, Steps())
        if book.steps is not None and steps.used > limits.BLOCK_STEPS_OF_BATCH_MAX:
            return LATER
        screen = Screen(blocks, steps)
    rule = None
    if service.link_hosts or service.link_kinds:
        rule = linking.needed(
            book.tables.get(grant.panel_id),
            hosts=service.link_hosts,
            kinds=service.link_kinds,
            example=service.link_example,
        )
    checked = fields.check(
        BY_NAME[service.type],
        params,
        drip_feed=service.drip_feed,
        flat_quantity=service.min,
        screen=screen,
        rule=rule,
    )
    if screen is not None and screen.hit is not None:
        number = fields.whole(params["service"]) or 0
        plan.blocked.append(Blocked(grant.panel_id, grant.customer_id, number, screen.hit))
    return checked


def _subscribe(
    book: BatchContext,
    plan: BatchPlan,
    grant: Grant,
    service: SoldService,
    rate: int,
    checked: fields.CheckedFields,
    now: datetime,
    request: tuple[str | None, str | None],
) -> _New | Refusal:
    """A subscription costs nothing itself: each order that it creates is charged when it is created."""
    own = checked.own
    low, high = int(own["min"]), int(own["max"])
    least, most = service.bounds
    if low < least:
        return Refusal("below_min", "min", least)
    if high > most:
        return Refusal("above_max", "max", most)
    if low > high:
        return Refusal("bad_field", "max", why="below_low")
    if not quantities.can_be(low, high, service.step):
        return Refusal("bad_field", "max", why="no_step", facts=(("step", service.step), ("low", low), ("high", high)))
    posts: int | None = int(own["posts"]) if "posts" in own else None
    old_posts = int(own.get("old_posts", "0"))
    for name, number in (("posts", posts), ("old_posts", old_posts)):
        if number is not None and number > limits.POSTS_MAX:
            return Refusal("bad_field", name, why="too_high", facts=(("limit", limits.POSTS_MAX),))
    if posts == 0 and old_posts == 0:
        posts = None
    expires_on = fields.day(own["expiry"]) if "expiry" in own else None
    if expires_on is not None and expires_on < now.date():
        return Refusal("bad_field", "expiry", why="past")
    index = len(plan.orders)
    request_id, request_digest = request
    plan.orders.append(
        NewOrder(
            grant.panel_id,
            grant.customer_id,
            service.id,
            grant.key_id,
            None,
            OrderKind.SUBSCRIPTION.value,
            checked.link,
            0,
            json.dumps(own, ensure_ascii=False),
            rate,
            0,
            0,
            "Active",
            0,
            Job.SCHEDULE.value,
            # At once: whether a provider takes it as a whole is found out then.
            now,
            request_id,
            request_digest,
            None,
            now,
        )
    )
    seed = int.from_bytes(hashlib.sha256(f"{grant.customer_id}:{now.isoformat()}:{index}".encode()).digest()[:7])
    plan.schedules.append(
        NewSchedule(
            index,
            grant.panel_id,
            username=checked.link,
            min=low,
            max=high,
            delay_min=int(own["delay"]),
            posts=posts,
            old_posts=old_posts,
            expires_on=expires_on.isoformat() if expires_on else None,
            seed=seed,
        )
    )
    if request_id is not None and request_digest is not None:
        book.requests[grant.customer_id, request_id] = (-index - 1, request_digest)
    return _new((index, False))


def subscription_due(*, now: datetime, expires_on_iso: str | None) -> datetime:
    """When a subscription is looked at next: at the end of its last day, or in a day's time."""
    tomorrow = now + timedelta(days=1)
    if expires_on_iso is None:
        return tomorrow
    last_day = date.fromisoformat(expires_on_iso)
    if last_day >= tomorrow.date():
        # Also the last day that there is: the day after 31/12/9999 is none.
        return tomorrow
    return datetime.combine(last_day + timedelta(days=1), time(), now.tzinfo)


def rate_for(service: SoldService, grant: Grant, rates: dict[RateKey, CustomRate]) -> int | None:
    """The caller's own rate, in micros; None when the service is not for this caller."""
    if grant.price_list_id is None:
        return None if service.private else service.rate_micros
    return catalog_rates.rate_for(
        rate_micros=service.rate_micros,
        private=service.private,
        custom=rates.get((grant.price_list_id, service.id), NOTHING),
        percent_off_e2=grant.percent_off_e2,
    )


def good_request_id(text: str) -> bool:
    return 0 < len(text) <= REQUEST_ID_MAX and text.isprintable()


_DIGEST_CHARS = 64  # the column's


def _digest_of(type_: ServiceType, params: dict[str, str]) -> str:
    """What was ordered, so that a repeat can be told from another order under the same request_id.

    It begins with the type, by which a repeat is understood as the order was.
    """
    said = json.dumps([type_.name, fields.understood(type_, params)], ensure_ascii=False)
    return f"{type_.slug}:{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()}"[:_DIGEST_CHARS]


def _is_of(digest: str, params: dict[str, str]) -> bool:
    """Whether the digest is that of an order with these parameters.

    The service may be gone by now, or be of another type: the type that it was counts. One digest is worked out,
    whatever is sent: a body may be large, and anybody may send it again and again.
    """
    slug, colon, _ = digest.partition(":")
    if not colon:
        return _digest_as_sent(params) == digest
    type_ = next((type_ for type_ in BY_NAME.values() if type_.slug == slug), None)
    return type_ is not None and _digest_of(type_, params) == digest


def _digest_as_sent(params: dict[str, str]) -> str:
    """The digest of orders from before it was made of what was understood."""
    known = types.parameters()  # anything else that a client sends is ignored
    said = sorted((k, v) for k, v in params.items() if k in known and v not in fields.ABSENT)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
