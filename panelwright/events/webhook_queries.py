"""Reads of webhooks and their log, for the pages. Each names its panel and its customer."""

from __future__ import annotations

from panelwright.core import paging
from panelwright.core.paging import Found, ListPage
from panelwright.events.models import ENDPOINTS_MAX, Delivery, Endpoint

PAGE = 25


def endpoints(*, panel_id: int, customer_id: int) -> list[Endpoint]:
    """A customer's endpoints, the oldest first; there are at most ten."""
    mine = Endpoint.objects.filter(panel_id=panel_id, customer_id=customer_id, deleted_at=None)
    return list(mine.order_by("id")[:ENDPOINTS_MAX])


def endpoint(*, panel_id: int, customer_id: int, endpoint_id: int) -> Endpoint | None:
    """Somebody else's is as one that does not exist."""
    mine = Endpoint.objects.filter(panel_id=panel_id, customer_id=customer_id, deleted_at=None)
    row: Endpoint | None = mine.filter(id=endpoint_id).first()
    return row


def log(endpoint: Endpoint, *, failed: bool = False, before: int | None = None, after: int | None = None) -> ListPage:
    """A page of an endpoint's log. `failed`: only what was tried and is not delivered."""
    rows = Delivery.objects.filter(panel_id=endpoint.panel_id, endpoint_id=endpoint.id).select_related("endpoint")
    if failed:
        rows = rows.filter(delivered_at=None, attempts__gt=0)
    return paging.page(Found(rows), further=before, back=after, limit=PAGE)


def delivery_endpoint(*, panel_id: int, customer_id: int, delivery_id: int) -> int | None:
    """The id of the endpoint of a customer's delivery."""
    rows = Delivery.objects.filter(panel_id=panel_id, endpoint__customer_id=customer_id, id=delivery_id)
    found: int | None = rows.values_list("endpoint_id", flat=True).first()
    return found
