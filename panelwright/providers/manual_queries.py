"""What waits for the panel's own people, the oldest first. Reads only, inside the panel's scope."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from panelwright.orders.models import Cancel, Job, Order, Refill, RequestState
from panelwright.providers.models import Provider

PAGE_MAX = 200


class Page(NamedTuple):
    """Items as plain JSON values; `next` is the `after` of the page that follows, None on the last one."""

    items: list[dict[str, Any]]
    next: int | None


class Filters(NamedTuple):
    """Which part of a queue. None: all. `started` tells what somebody works on from what nobody does."""

    started: bool | None = None
    service: int | None = None
    provider: str | None = None


ALL = Filters()


def waiting_orders(panel_id: int, filters: Filters = ALL, *, after: int = 0, limit: int = 50) -> Page:
    """Orders in the hands of the panel's own people."""
    rows = Order.objects.filter(panel_id=panel_id, job=Job.MANUAL.value)
    if filters.provider is not None:
        ids = list(Provider.objects.filter(panel_id=panel_id, name=filters.provider).values_list("id", flat=True))
        rows = rows.filter(provider_id__in=ids)
    return _page(_of_service(rows, filters, "service__number", "status"), order_facts_of, after, limit)


def problem_orders(panel_id: int, *, after: int = 0, limit: int = 50) -> Page:
    """Open orders that a person should look at."""
    rows = Order.objects.filter(panel_id=panel_id, ended_at=None).exclude(problem="")
    return _page(rows, order_facts_of, after, limit)


def waiting_refills(panel_id: int, filters: Filters = ALL, *, after: int = 0, limit: int = 50) -> Page:
    """Refills that only a person moves, or whose trouble a person may end; see manual_rules.waits_for_staff."""
    rows = Refill.objects.filter(panel_id=panel_id, ended_at=None).filter(
        Q(due_at=None) | (~Q(problem="") & ~Q(state=RequestState.SENDING.value))
    )
    return _page(_of_service(rows, filters, "order__service__number", "status"), refill_facts_of, after, limit)


def waiting_cancels(panel_id: int, filters: Filters = ALL, *, after: int = 0, limit: int = 50) -> Page:
    """Customers' cancels of orders that staff have started."""
    rows = Cancel.objects.filter(panel_id=panel_id, state=RequestState.WAITING.value, due_at=None)
    return _page(_of_service(rows, filters, "order__service__number", ""), cancel_facts_of, after, limit)


def order_facts(panel_id: int, order_id: int) -> dict[str, Any] | None:
    """One order of the panel, open or ended; None when there is none."""
    rows = Order.objects.filter(panel_id=panel_id, id=order_id).select_related("service", "cancel")
    return next(map(order_facts_of, rows), None)


def refill_facts(panel_id: int, refill_id: int) -> dict[str, Any] | None:
    rows = Refill.objects.filter(panel_id=panel_id, id=refill_id).select_related("order__service")
    return next(map(refill_facts_of, rows), None)


def order_facts_of(order: Order) -> dict[str, Any]:
    cancel = getattr(order, "cancel", None)
    return {
        "id": order.id,
        "status": order.status,
        "service": order.service.number,
        "service_name": order.service.name,
        "type": order.service.type,
        "link": order.link,
        "quantity": order.quantity,
        "fields": json.loads(order.fields) if order.fields else {},
        "start_count": order.start_count,
        "remains": order.remains,
        "cancel_asked": cancel is not None and cancel.state == RequestState.WAITING.value,
        "problem": order.problem,
        "created_at": _text(order.created_at),
        "waiting_since": _text(order.due_at) if order.job == Job.MANUAL.value else None,
        "ended_at": _text(order.ended_at),
    }


def refill_facts_of(refill: Refill) -> dict[str, Any]:
    return {
        "id": refill.id,
        "order": refill.order_id,
        "status": refill.status,
        "service": refill.order.service.number,
        "link": refill.order.link,
        "quantity": refill.order.quantity,
        "start_count": refill.order.start_count,
        "problem": refill.problem,
        "created_at": _text(refill.created_at),
        "ended_at": _text(refill.ended_at),
    }


def cancel_facts_of(cancel: Cancel) -> dict[str, Any]:
    return {
        "id": cancel.id,
        "order": cancel.order_id,
        "service": cancel.order.service.number,
        "link": cancel.order.link,
        "quantity": cancel.order.quantity,
        "remains": cancel.order.remains,
        "created_at": _text(cancel.created_at),
    }


def _of_service(rows: QuerySet[Any], filters: Filters, number: str, status: str) -> QuerySet[Any]:
    if filters.service is not None:
        rows = rows.filter(**{number: filters.service})
    if filters.started is not None and status:
        started = Q(**{status: "In progress"})
        rows = rows.filter(started if filters.started else ~started)
    return rows


def _page(rows: QuerySet[Any], facts: Any, after: int, limit: int) -> Page:
    """A page by id: the number of a row is its age, and what ends meanwhile shifts no page."""
    limit = max(1, min(limit, PAGE_MAX))
    related = ("service", "cancel") if rows.model is Order else ("order__service",)
    found = list(rows.filter(id__gt=after).select_related(*related).order_by("id")[: limit + 1])
    return Page([facts(row) for row in found[:limit]], found[limit - 1].id if len(found) > limit else None)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
