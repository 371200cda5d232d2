"""What the public pages read."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Min

from panelwright.catalog.models import Service
from panelwright.catalog.types import BY_NAME
from panelwright.core import money


@dataclass(frozen=True, slots=True)
class ExampleService:
    """A service that anybody may buy, to stand in an example. `rate` is text as on the wire."""

    number: int
    name: str
    type: str
    category: str
    rate: str
    min: int
    max: int
    refill: bool
    cancel: bool
    drip_feed: bool


def example_services(panel_id: int) -> dict[str, ExampleService]:
    """By type name the open service with the lowest number; a type that is sold to few only has none."""
    public = Service.objects.filter(panel_id=panel_id, enabled=True, private=False)
    first = public.order_by().values("type").annotate(first=Min("number")).values("first")
    rows = public.filter(number__in=first).select_related("category").order_by("number")
    return {
        row.type: ExampleService(
            number=row.number,
            name=row.name,
            type=row.type,
            category=row.category.name,
            rate=money.text(row.rate_micros),
            min=row.min,
            max=row.max,
            refill=row.refill,
            cancel=row.cancel,
            drip_feed=row.drip_feed and BY_NAME[row.type].drip_feed,
        )
        for row in rows
    }
