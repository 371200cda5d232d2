"""Reads of the catalogue with more than one caller."""

from __future__ import annotations

from collections.abc import Collection

from panelwright.catalog.models import Favourite, Service
from panelwright.customers.models import Customer


def description(panel_id: int, number: int) -> str:
    """What staff wrote of a service: plain text, maybe of several paragraphs, maybe nothing."""
    found = Service.objects.filter(panel_id=panel_id, number=number).values_list("description", flat=True).first()
    return str(found or "")


def descriptions(panel_id: int, service_ids: Collection[int]) -> dict[int, str]:
    """By service id; a service without a description is left out. For the services that a page shows."""
    rows = Service.objects.filter(panel_id=panel_id, id__in=service_ids).exclude(description="")
    return dict(rows.values_list("id", "description"))


def favourite_ids(customer: Customer) -> set[int]:
    """The ids of the services that the customer has marked, sold or not: FAVOURITES_MAX at most."""
    rows = Favourite.objects.filter(panel_id=customer.panel_id, customer=customer)
    return set(rows.values_list("service_id", flat=True))
