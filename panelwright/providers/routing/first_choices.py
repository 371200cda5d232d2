"""The route that an order is given first by merit: written down with why, and read again when one has refused it.

Inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from panelwright.core import money
from panelwright.events.actions import NewEvent, record
from panelwright.providers.routing import store
from panelwright.providers.routing.assigning import Assigned
from panelwright.providers.routing.merit_rules import Merit
from panelwright.providers.routing.store import ProviderRow, RouteRow, SendTask
from panelwright.providers.wire.outcomes import UpstreamRefused

SentT = TypeVar("SentT", bound=Any)


def merits(orders: Sequence[SendTask], routes: Mapping[int, Sequence[RouteRow]]) -> dict[int, Merit]:
    """What was measured of the routes, by service, among which orders choose by merit. A query where there are any."""
    by_merit = {order.service_id for order in orders if order.route_by}
    return store.merits(route for id_ in by_merit for route in routes.get(id_, ()))


def tell_why(assigned: Assigned, providers: dict[int, ProviderRow], now: datetime) -> None:
    """Why orders go where they go, where that is by merit: in their stories, and for when a route refuses them."""
    told = []
    for order, route in (*assigned.send, *assigned.by_hand):
        reason = assigned.chosen.get(order.id)
        if reason is None or reason.route_id != route.id:
            continue
        facts = {
            "code": "to_learn" if reason.learns else f"by_{reason.by}",
            "route": route.id,
            "provider": route.provider_id,
            "name": providers[route.provider_id].name,
            "others": reason.others,
            "cost": None if reason.cost_micros is None else money.text(reason.cost_micros),
            **reason.merit._asdict(),
        }
        told.append(NewEvent(order.panel_id, "order.routed", order.id, facts))
    record(told, now=now)


def known(results: Sequence[SentT]) -> list[SentT]:
    """Orders that were sent (actions.Sent), those that were refused with the route that was chosen first by merit."""
    refused = [r.sending.order for r in results if isinstance(r.outcome, UpstreamRefused)]
    # The route that an order has just been sent to is not one that refused it before.
    asked = [order._replace(route_id=order.route_id or 0) for order in refused]
    found = {order.id: order for order in store.with_first_routes(asked)}

    def with_first(result: Any) -> Any:
        order = result.sending.order
        if order.id not in found:
            return result
        first = found[order.id].first_route_id
        return result._replace(sending=result.sending._replace(order=order._replace(first_route_id=first)))

    return [with_first(result) for result in results]
