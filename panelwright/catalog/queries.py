"""Reads of the catalogue with more than one caller."""

from __future__ import annotations

from panelwright.catalog.models import Service
from panelwright.catalog.types import TYPES, ServiceType


def types_sold(panel_id: int) -> list[ServiceType]:
    """The types of the services that everybody may buy, in the order of the table of types."""
    sold = set(
        Service.objects.filter(panel_id=panel_id, enabled=True, private=False).values_list("type", flat=True).distinct()
    )
    return [type_ for type_ in TYPES if type_.name in sold]


def service_count(panel_id: int) -> int:
    """How many services everybody may buy."""
    return Service.objects.filter(panel_id=panel_id, enabled=True, private=False).count()


def description(panel_id: int, number: int) -> str:
    """What staff wrote of a service: plain text, maybe of several paragraphs, maybe nothing."""
    found = Service.objects.filter(panel_id=panel_id, number=number).values_list("description", flat=True).first()
    return str(found or "")
