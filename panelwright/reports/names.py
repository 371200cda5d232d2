"""What reports call the services, categories, customers and providers whose sums they show. One query each."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from panelwright.catalog.models import Category, Service
from panelwright.customers.models import Customer
from panelwright.providers.models import Provider


class Named(NamedTuple):
    """`id`: the key of the sums; `value`: what addresses call it."""

    id: int
    value: str
    name: str


def _rows(panel_id: int, by: str) -> Any:
    """Of a service, customer, provider or category: id, what addresses call it, name."""
    if by == "service":
        return Service.objects.filter(panel_id=panel_id).values_list("id", "number", "name")
    if by == "customer":
        return Customer.objects.filter(panel_id=panel_id).values_list("id", "number", "user__email")
    if by == "provider":
        return Provider.objects.filter(panel_id=panel_id).values_list("id", "id", "name")
    return Category.objects.filter(panel_id=panel_id).values_list("id", "id", "name")


def of(panel_id: int, by: str, ids: Collection[int]) -> dict[int, Named]:
    """Key -> what it is called."""
    return {row[0]: Named(row[0], str(row[1]), row[2]) for row in _rows(panel_id, by).filter(id__in=list(ids))}


def find(panel_id: int, by: str, value: int) -> Named | None:
    """By what addresses call it; None where the panel has none."""
    key = "number" if by in ("service", "customer") else "id"
    row = _rows(panel_id, by).filter(**{key: value}).first()
    return Named(row[0], str(row[1]), row[2]) if row else None


def services_of(panel_id: int, category_id: int) -> tuple[int, ...]:
    """The ids of a category's services, as they stand in the catalogue today."""
    return tuple(
        sorted(Service.objects.filter(panel_id=panel_id, category_id=category_id).values_list("id", flat=True))
    )


def categories(panel_id: int) -> dict[int, int]:
    """Service id -> category id, as they stand today."""
    return dict(Service.objects.filter(panel_id=panel_id).values_list("id", "category_id"))
