"""What waits for the panel's own people, the oldest first. Reads only, inside the panel's scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from panelwright.core import clock
from panelwright.orders import problems
from panelwright.orders.models import Cancel, Job, Order, Refill, RequestState
from panelwright.providers import order_queries
from panelwright.providers.models import Provider
from panelwright.providers.order_queries import PAGE_MAX, QueuePage

# A refill that should have been asked about for so long is listed: its provider rests, is slow, or is gone.
OVERDUE = timedelta(hours=1)
# A cancel that was passed on so often in vain.
TRIES = 5


class QueueFilters(NamedTuple):
    """Which part of a queue. None: all. `started` tells what somebody works on from what nobody does."""

    started: bool | None = None
    service: int | None = None
    provider: str | None = None


ALL = QueueFilters()


def waiting_orders(panel_id: int, filters: QueueFilters = ALL, *, after: int = 0, limit: int = 50) -> QueuePage:
    """Orders in the hands of the panel's own people."""
    rows = Order.objects.filter(panel_id=panel_id, job=Job.MANUAL.value)
    if filters.provider is not None:
        ids = list(Provider.objects.filter(panel_id=panel_id, name=filters.provider).values_list("id", flat=True))
        rows = rows.filter(provider_id__in=ids)
    page = partial(order_queries.facts_of, panel_id)
    return _page(_of_service(rows, filters, "service__number", "status"), page, "number", after, limit)


def waiting_refills(panel_id: int, filters: QueueFilters = ALL, *, after: int = 0, limit: int = 50) -> QueuePage:
    """Refills that only a person moves, or whose trouble a person may end: it has lasted, or was noted."""
    troubled = ~Q(problem_code="") & ~Q(state=RequestState.SENDING.value)
    rows = Refill.objects.filter(panel_id=panel_id, ended_at=None).filter(
        Q(due_at=None, by_order=None) | troubled | Q(due_at__lt=clock.now() - OVERDUE)
    )
    return _page(_of_service(rows, filters, "order__service__number", "status"), _refills, "number", after, limit)


def waiting_cancels(panel_id: int, filters: QueueFilters = ALL, *, after: int = 0, limit: int = 50) -> QueuePage:
    """Customers' cancels of orders that staff have started, or that the provider has not answered for long."""
    rows = Cancel.objects.filter(panel_id=panel_id, state=RequestState.WAITING.value).filter(
        Q(due_at=None) | Q(attempts__gte=TRIES, provider_id__isnull=False)
    )
    return _page(_of_service(rows, filters, "order__service__number", ""), _cancels, "order__number", after, limit)


def _refills(rows: Sequence[Refill]) -> list[dict[str, Any]]:
    return [refill_facts_of(row) for row in rows]


def _cancels(rows: Sequence[Cancel]) -> list[dict[str, Any]]:
    return [cancel_facts_of(row) for row in rows]


def refill_facts(panel_id: int, refill_id: int) -> dict[str, Any] | None:
    rows = Refill.objects.filter(panel_id=panel_id, id=refill_id).select_related("order__service")
    return next(map(refill_facts_of, rows), None)


def refill_facts_of(refill: Refill) -> dict[str, Any]:
    return {
        "id": refill.number,
        "order": refill.order.number,
        "status": refill.status,
        "service": refill.order.service.number,
        "link": refill.order.link,
        "quantity": refill.order.quantity,
        "start_count": refill.order.start_count,
        "problem": problems.told(refill.problem_code, refill.problem_facts),
        "problem_code": refill.problem_code,
        "problem_facts": problems.facts_of(refill.problem_facts),
        "created_at": _text(refill.created_at),
        "ended_at": _text(refill.ended_at),
    }


def cancel_facts_of(cancel: Cancel) -> dict[str, Any]:
    return {
        "id": cancel.order.number,
        "order": cancel.order.number,
        "service": cancel.order.service.number,
        "link": cancel.order.link,
        "quantity": cancel.order.quantity,
        "remains": cancel.order.remains,
        "answer": problems.told(cancel.answer_code, cancel.answer_facts),
        "answer_code": cancel.answer_code,
        "answer_facts": problems.facts_of(cancel.answer_facts),
        "created_at": _text(cancel.created_at),
    }


def _of_service(rows: QuerySet[Any], filters: QueueFilters, number: str, status: str) -> QuerySet[Any]:
    if filters.service is not None:
        rows = rows.filter(**{number: filters.service})
    if filters.started is not None and status:
        started = Q(**{status: "In progress"})
        rows = rows.filter(started if filters.started else ~started)
    return rows


def _page(rows: QuerySet[Any], facts: Any, number: str, after: int, limit: int) -> QueuePage:
    """A page by `number`, which is a row's or its order's: it tells the age, and what ends meanwhile shifts no page."""
    limit = max(1, min(limit, PAGE_MAX))
    related = order_queries.RELATED if rows.model is Order else ("order__service",)
    found = list(rows.filter(**{f"{number}__gt": after}).select_related(*related).order_by(number)[: limit + 1])
    items: list[dict[str, Any]] = facts(found[:limit])
    return QueuePage(items, items[-1]["id"] if len(found) > limit else None)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
