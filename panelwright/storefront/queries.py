"""What the public pages read."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Max, Min
from django.db.models.functions import Length

from panelwright.catalog import link_kinds, quantities
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
    step: int = 1
    # A link that it takes; empty where any will do.
    link: str = ""
    # Whether a service of its type has a step, and whether one takes links of some kinds only.
    steps: bool = False
    needs: bool = False


def example_services(panel_id: int) -> dict[str, ExampleService]:
    """By type name the open service with the lowest number; a type that is sold to few only has none."""
    public = Service.objects.filter(panel_id=panel_id, enabled=True, private=False)
    by_type = public.order_by().values("type")
    told = by_type.annotate(
        first=Min("number"), step=Max("step"), needs=Max(Length("link_kinds")) + Max(Length("link_hosts"))
    )
    of_type = {row["type"]: row for row in told}
    first = [row["first"] for row in of_type.values()]
    rows = public.filter(number__in=first).select_related("category").order_by("number")
    made = {}
    for row in rows:
        step = quantities.step_of(row.type, row.step)
        low, high = quantities.bounds(row.min, row.max, step)
        rule = link_kinds.rule_of(row.link_hosts, row.link_kinds)
        made[row.type] = ExampleService(
            number=row.number,
            name=row.name,
            type=row.type,
            category=row.category.name,
            rate=money.text(row.rate_micros),
            min=low,
            max=high,
            refill=row.refill,
            cancel=row.cancel,
            drip_feed=row.drip_feed and BY_NAME[row.type].drip_feed,
            step=step,
            link=row.link_example or (link_kinds.shipped().example(rule) if rule is not None else ""),
            steps=quantities.step_of(row.type, of_type[row.type]["step"]) > 1,
            needs=of_type[row.type]["needs"] > 0,
        )
    return made
