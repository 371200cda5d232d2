"""What becomes of an order that a provider did not simply take. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from panelwright.catalog.types import BY_NAME, Units
from panelwright.core import money
from panelwright.orders import problems
from panelwright.orders.models import OrderKind
from panelwright.orders.problems import Problem
from panelwright.orders.settling import Cost, OpenOrder
from panelwright.providers.wire.outcomes import OrderReport, Reason, UpstreamRefused

# A currency in itself.
PAR_E12 = 10**12
RETRY_MIN = timedelta(seconds=5)
RETRY_MAX = timedelta(hours=1)
# Longer than the slowest call can take, so that a lease only ends when its owner is dead.
LEASE = timedelta(minutes=5)
# A request for the status of orders is filled with those that are due so soon.
POLL_AHEAD = timedelta(seconds=10)


class Next(Enum):
    """What to do after a clear refusal."""

    OTHER_ROUTE = "other route"  # another provider may well take it
    WAIT = "wait"  # the same provider will take it later
    CANCEL = "cancel"  # nobody can take it: the customer gets the money back


_NEXT = {
    Reason.FUNDS: Next.OTHER_ROUTE,
    Reason.SERVICE: Next.OTHER_ROUTE,
    Reason.QUANTITY: Next.OTHER_ROUTE,
    Reason.DISABLED: Next.OTHER_ROUTE,
    Reason.KEY: Next.OTHER_ROUTE,
    Reason.UNREACHABLE: Next.OTHER_ROUTE,
    Reason.NOT_FOUND: Next.OTHER_ROUTE,
    Reason.OTHER: Next.OTHER_ROUTE,
    Reason.DUPLICATE: Next.WAIT,
    Reason.LIMIT: Next.WAIT,
    Reason.LINK: Next.CANCEL,
}
# What waiting does not heal: when no route is left, these end the order.
FINAL = frozenset({Reason.SERVICE, Reason.QUANTITY, Reason.DISABLED})


class AfterRefusal(NamedTuple):
    """`step` for an order; `problem` is for staff; `due_at` when it is tried again."""

    step: Next
    problem: Problem
    due_at: datetime


def after_refusal(
    refused: UpstreamRefused, *, provider: str, attempts: int, more_routes: bool, now: datetime
) -> AfterRefusal:
    """What to do with an order that a provider refused for the `attempts`th time."""
    problem = problems.problem(
        problems.REFUSED, provider=provider, said=refused.text, reason=refused.reason.name.lower()
    )
    step = _NEXT[refused.reason]
    if step is Next.OTHER_ROUTE:
        if more_routes:
            return AfterRefusal(step, problem, now)
        step = Next.CANCEL if refused.reason in FINAL else Next.WAIT
    wait = backoff(attempts)
    if refused.retry_after_s is not None:
        wait = max(wait, min(timedelta(seconds=refused.retry_after_s), RETRY_MAX))
    return AfterRefusal(step, problem, now + wait)


def backoff(attempts: int) -> timedelta:
    """How long to wait before the next try: doubled each time, up to an hour."""
    return min(RETRY_MIN * 2 ** min(max(attempts - 1, 0), 12), RETRY_MAX)


class Exchange(NamedTuple):
    """The currencies in which a provider and its panel count, and what others are worth in the panel's, in 10^-12."""

    provider_currency: str
    panel_currency: str
    rates_e12: dict[str, int]

    def rate_e12(self, currency: str) -> int | None:
        """None where nobody has said what this currency is worth. Empty: the provider's own."""
        currency = currency or self.provider_currency or self.panel_currency
        return PAR_E12 if currency == self.panel_currency else self.rates_e12.get(currency)


def estimated_cost(
    *, type_name: str, units: int, rate_micros: int | None, rate_e12: int | None
) -> tuple[int | None, int | None]:
    """What an order will cost by its route's rate, and the exchange rate used; nothing where one is not known."""
    if rate_micros is None or rate_e12 is None:
        return None, None
    flat = BY_NAME[type_name].flat
    micros = money.cost(rate_micros=rate_micros, units=units, flat=flat, rate_e12=rate_e12)
    return (None, None) if micros is None else (micros, rate_e12)


def told_cost(report: OrderReport, exchange: Exchange | None) -> Cost | None:
    """What the provider says that the order costs; None where it does not say, or not so that it can be kept."""
    rate_e12 = exchange.rate_e12(report.currency) if exchange is not None and report.charge is not None else None
    if rate_e12 is None or report.charge is None:
        return None
    micros = money.told_cost(report.charge, rate_e12=rate_e12)
    return None if micros is None else Cost(micros, rate_e12)


def upstream_params(
    *, kind: str, type_name: str, upstream_service: str, link: str, quantity: int, fields: str, request_id: str
) -> dict[str, str]:
    """The parameters of `add` for an order, by the same table that checked it.

    A drip-feed is never passed on as one: each of its runs is an order of its own, so `runs` and
    `interval` are never sent. A subscription's post goes out as a link and a quantity; a subscription that is
    passed on as a whole has its user among its fields, and no link.
    """
    type_ = BY_NAME[type_name]
    params = {"service": upstream_service}
    if not type_.subscription or kind == OrderKind.POST.value:
        params["link"] = link
    if kind == OrderKind.POST.value:
        params["quantity"] = str(quantity)
    else:
        if type_.units is Units.QUANTITY:
            params["quantity"] = str(quantity)
        if fields:
            params.update(json.loads(fields))
    params["request_id"] = request_id
    return params


def request_id(secret: str, order_id: int, created_at: datetime, sent_anew: int = 0) -> str:
    """The same for each try of an order, and different from every other order of every installation.

    The time is part of it because ids come again when a database is restored from an older backup. `sent_anew`:
    how often staff ordered once more what a provider had taken, each time another order there.
    """
    said = f"order:{order_id}:{created_at.astimezone(UTC).isoformat(timespec='microseconds')}"
    said += f":{sent_anew}" if sent_anew else ""
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()[:40]


def left_unknown(order: OpenOrder, why: str, came: str = "") -> OpenOrder:
    """Nothing but a person moves it now. `came`: the start of what came back, where something did."""
    facts = {"why": why, "said": came} if came else {"why": why}
    unknown = problems.problem(problems.OUTCOME_UNKNOWN, **facts)
    return order._replace(job=None, due_at=None, lease_until=None).having(unknown)


def asked_again(why: str) -> Problem:
    return problems.problem(problems.OUTCOME_ASKED_AGAIN, why=why)
