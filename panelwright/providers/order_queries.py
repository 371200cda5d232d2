"""One order as staff see it, and the orders that a person should look at. Reads only, inside the panel's scope.

Who delivers it, what was sent and what came back, what it costs: nothing of this is for customers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from panelwright.core import money, sql
from panelwright.orders import problems
from panelwright.orders.models import Job, Order, OrderKind, RequestState, Schedule
from panelwright.providers.models import Provider, Route
from panelwright.providers.routing import route_rules, rules

PAGE_MAX = 200
HISTORY_MAX = 50
# Events with the order's id that are looked through; those of other nouns may have the same.
EVENTS_WINDOW = 1_000
TEXT_MAX = 1000

# By the index that holds just these: the words of its condition, or it is not used.
_PROBLEMS = sql.Query(
    "SELECT number FROM orders_order WHERE panel_id = ? AND number > ? AND problem_code > '' AND ended_at IS NULL"
    " ORDER BY number LIMIT ?"
)
_HISTORY = sql.Query(
    "SELECT name, facts, created_at FROM (SELECT id, name, facts, created_at FROM events_event"
    " WHERE panel_id = ? AND subject_id = ? ORDER BY id DESC LIMIT ?) AS newest"
    " WHERE name LIKE 'order.%' OR name LIKE 'subscription.%' OR name LIKE 'dripfeed.%' ORDER BY id DESC LIMIT ?"
)
_CREATING = frozenset({OrderKind.DRIP_FEED.value, OrderKind.SUBSCRIPTION.value})
# Its customer or staff paused it.
BY_HAND = "by_hand"
RELATED = ("service", "cancel", "customer__user", "parent")
# A worker comes back to it by itself.
_GOES_ON = frozenset({Job.FORWARD.value, Job.SENDING.value, Job.POLL.value, Job.SCHEDULE.value})


class QueuePage(NamedTuple):
    """Items as plain JSON values; `next` is the `after` of the page that follows, None on the last one."""

    items: list[dict[str, Any]]
    next: int | None


def problem_orders(panel_id: int, *, after: int = 0, limit: int = 50) -> QueuePage:
    """Open orders that a person should look at, the oldest first: those with numbers above `after`."""
    limit = max(1, min(limit, PAGE_MAX))
    numbers = [row[0] for row in _PROBLEMS.rows(connection, panel_id, after, limit + 1)]
    rows = Order.objects.filter(panel_id=panel_id, number__in=numbers[:limit])
    rows = rows.select_related(*RELATED).order_by("number")
    return QueuePage(facts_of(panel_id, list(rows)), numbers[limit - 1] if len(numbers) > limit else None)


def explain_problems(panel_id: int) -> str:
    """The database's plan of the list of problems."""
    return _PROBLEMS.plan(connection, panel_id, 0, PAGE_MAX)


def order_facts(panel_id: int, order_id: int) -> dict[str, Any] | None:
    """One order of the panel, open or ended, with what happened to it; None when there is none."""
    rows = list(Order.objects.filter(panel_id=panel_id, id=order_id).select_related(*RELATED))
    return {**facts_of(panel_id, rows)[0], "history": history(panel_id, order_id)} if rows else None


def facts_of(panel_id: int, orders: Sequence[Order], *, names: dict[int, str] | None = None) -> list[dict[str, Any]]:
    """Orders that were read with their services, cancels and customers, as plain JSON values. `names`: of the
    panel's providers by id, where they are known."""
    if names is None:
        ids = {order.provider_id for order in orders if order.provider_id is not None}
        names = dict(Provider.objects.filter(panel_id=panel_id, id__in=ids).values_list("id", "name"))
    route_ids = {order.route_id for order in orders if order.route_id is not None}
    columns = ("id", "upstream_service", "upstream_type")
    routes = {
        row[0]: row[1:] for row in Route.objects.filter(panel_id=panel_id, id__in=route_ids).values_list(*columns)
    }
    creating = [order.id for order in orders if order.kind in _CREATING]
    found = Schedule.objects.filter(panel_id=panel_id, order__in=creating) if creating else ()
    plans = {plan.order_id: plan for plan in found}
    return [_facts_of(order, names, routes, plans.get(order.id)) for order in orders]


def _facts_of(
    order: Order, names: dict[int, str], routes: dict[int, tuple[str, str]], plan: Schedule | None
) -> dict[str, Any]:
    cancel = getattr(order, "cancel", None)
    facts = problems.facts_of(order.problem_facts)
    return {
        "id": order.number,
        "kind": order.kind,
        "parent": None if order.parent is None else order.parent.number,
        "status": order.status,
        "customer": {"id": order.customer.number, "email": order.customer.user.email},
        "service": order.service.number,
        "service_name": order.service.name,
        "type": order.service.type,
        "link": order.link,
        "quantity": order.quantity,
        "fields": json.loads(order.fields) if order.fields else {},
        "start_count": order.start_count,
        "remains": order.remains,
        "charge": money.text(order.charge_micros),
        "cost": None if order.cost_micros is None else money.text(order.cost_micros),
        "cost_told": order.cost_told,
        "past_cost": money.text(order.past_cost_micros),
        "cost_rate": None if order.cost_rate_e12 is None else money.rate_text(order.cost_rate_e12),
        "paused_for": None if plan is None or order.ended_at is not None else _paused(plan),
        "cancel_asked": cancel is not None and cancel.state == RequestState.WAITING.value,
        "problem": problems.words(order.problem_code, facts),
        "problem_code": order.problem_code,
        "problem_facts": facts,
        "problem_since": _text(order.problem_at),
        "goes_on": order.job in _GOES_ON,
        "again_at": _text(order.due_at) if order.job in _GOES_ON else None,
        "provider": _provider(order, names),
        "route": order.route_id,
        "upstream_id": order.upstream_id,
        "sent": _sent(order, *routes.get(order.route_id or 0, ("", ""))),
        "created_at": _text(order.created_at),
        "waiting_since": _text(order.due_at) if order.job == Job.MANUAL.value else None,
        "ended_at": _text(order.ended_at),
    }


def _provider(order: Order, names: dict[int, str]) -> dict[str, Any] | None:
    """`name` is null where the provider's row is gone. One that is only meant to get the order does not have it."""
    return (
        None
        if order.provider_id is None or order.job == Job.FORWARD.value
        else {"id": order.provider_id, "name": names.get(order.provider_id)}
    )


def _paused(plan: Schedule) -> str | None:
    """Why it orders nothing now: a PauseReason, BY_HAND, or None."""
    return plan.pause_reason or (BY_HAND if plan.paused_at is not None else None)


def _sent(order: Order, upstream_service: str, upstream_type: str) -> dict[str, str] | None:
    """What its provider with an API was sent, without our key and the request id, long texts cut; else None.

    Of a post that a provider made of a subscription, which it has as a whole, nobody sent anything.
    """
    if order.provider_id is None or not upstream_service or order.job == Job.FORWARD.value:
        return None
    if order.kind == OrderKind.POST.value and route_rules.takes_subscriptions(upstream_type):
        return None
    params = rules.upstream_params(
        kind=order.kind,
        type_name=order.service.type,
        upstream_service=upstream_service,
        link=order.link,
        quantity=order.quantity,
        fields=order.fields,
        request_id="",
    )
    return {name: value[:TEXT_MAX] for name, value in params.items() if name != "request_id"}


def history(panel_id: int, order_id: int) -> list[dict[str, Any]]:
    """What happened to the order and was kept, the newest first: refusals in the provider's words, decisions, ends."""
    found = []
    for name, facts, at in _HISTORY.rows(connection, panel_id, order_id, EVENTS_WINDOW, HISTORY_MAX):
        said = json.loads(facts) if isinstance(facts, str) else facts
        found.append({"event": name, "at": _text(sql.aware(at)), "facts": said})
    return found


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
