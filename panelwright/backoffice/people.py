"""What is shown of one object beside its own rows: what staff changed about it."""

from __future__ import annotations

from typing import Any

from panelwright.backoffice import lists
from panelwright.customers.people_queries import SHOWN
from panelwright.staff.lists import named
from panelwright.ui.request import StaffRequest


def trail_of(request: StaffRequest, noun: str, number: int) -> dict[str, Any]:
    """What staff changed about one object: the rows of the trail, for the page of the object."""
    of = named("trail")
    further, back = lists.cursor(request, "before"), lists.cursor(request, "after")
    page = of.page(request.panel, {"noun": noun, "object": str(number)}, further=further, back=back, limit=SHOWN)
    return {"list": of.listing, "rows": page.rows, "page": page}
