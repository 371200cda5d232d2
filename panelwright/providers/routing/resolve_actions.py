"""The writes of what a person decides about an open order, by command, staff API and page alike.

Whatever state it is in, an order can be done, ended as partial, canceled and refunded, sent (again) by the same or
another route, or followed under another id of its provider. `by` says who did it, for the event, which stands in the
transaction of what it tells of. All functions raise `NotThere` (no such row on this panel), `InvalidState` (not in
this state) or another ValueError (a wrong number), and then nothing moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.db import connection, transaction

from panelwright.core import clock, sql
from panelwright.core.refusal import InvalidState, NotThere, Refused
from panelwright.orders import lifecycle
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.settling import OpenOrder
from panelwright.providers.routing import resolve_rules, route_rules, store
from panelwright.providers.routing.resolve_rules import Decided, DripFeed
from panelwright.providers.routing.store import RouteRow

_SERVICE_OF = sql.Query("SELECT service_id FROM orders_order WHERE panel_id = ? AND id = ?")
_CANCEL_ASKED = sql.Query(
    "SELECT 1 FROM orders_cancel WHERE panel_id = ? AND order_id = ? AND state IN ('waiting', 'passed on')"
)
# Only those that wait for staff: what is on its way to a provider is the worker's, which locks it first.
_CANCELS_OVER = sql.Query(
    "UPDATE orders_cancel SET state = 'done', answer_code = 'order_has_ended',"
    # The words of a status need no escaping.
    """ answer_facts = '{"status": "' || (SELECT o.status FROM orders_order o WHERE o.id = order_id) || '"}'"""
    " WHERE panel_id = ? AND order_id :in_int AND state = 'waiting' AND due_at IS NULL"
)
_WHOLE = sql.Query("SELECT 1 FROM orders_order WHERE panel_id = ? AND id = ? AND upstream_id IS NOT NULL")
_API_PROVIDER = sql.Query("SELECT id, kind FROM providers_provider WHERE panel_id = ? AND name = ?")
_KIND_OF = sql.Query("SELECT kind FROM providers_provider WHERE panel_id = ? AND id = ?")


def done(*, panel_id: int, order_id: int, by: str) -> None:
    """It ends as Completed; a drip-feed of which some was given up before as Partial."""
    with worked(panel_id, order_id, "done", by) as (order, drip_feed, write):
        write(resolve_rules.done(order, drip_feed, now=clock.now()), {})


def partial(*, panel_id: int, order_id: int, by: str, remains: int | None = None) -> None:
    """It ends as Partial: what remains is refunded. None: what it is known to have left."""
    with worked(panel_id, order_id, "partial", by) as (order, drip_feed, write):
        left = order.remains if remains is None else remains
        write(resolve_rules.partial(order, drip_feed, remains=left, now=clock.now()), {"remains": left})


def cancel(*, panel_id: int, order_id: int, by: str, reason: str = "") -> None:
    """It ends as Canceled and everything is given back; of a drip-feed all but what its ended runs delivered.

    `reason`: why, for the order's story, which staff read.
    """
    with worked(panel_id, order_id, "cancel", by) as (order, drip_feed, write):
        why: dict[str, object] = {"said": resolve_rules.reason(reason)} if reason.strip() else {}
        write(resolve_rules.cancel(order, drip_feed, now=clock.now()), why)


def arrived(*, panel_id: int, order_id: int, by: str, upstream_id: str, provider: str | None = None) -> None:
    """The provider (of this name; else the one that it was sent to) has it under this id: it goes on from there."""
    upstream_id = resolve_rules.upstream_id(upstream_id)
    with worked(panel_id, order_id, "arrived", by) as (order, _, write):
        provider_id = _provider(panel_id, order, provider)
        decided = resolve_rules.arrived(order, provider_id=provider_id, upstream_id=upstream_id, now=clock.now())
        same = (order.provider_id, order.upstream_id) == (provider_id, upstream_id)
        if not same:
            _stays(order)
        if not same and store.taken_upstream_ids({(panel_id, provider_id, upstream_id)}):
            raise InvalidState("upstream_id_taken", "upstream_id")
        write(decided, {"upstream_id": upstream_id, "provider": provider_id})


def send(
    *,
    panel_id: int,
    order_id: int,
    by: str,
    route: int | None = None,
    provider: str | None = None,
    whole: bool = False,
) -> None:
    """It is sent (again): by the route with this id, by that to the provider of this name, or by whichever takes it.

    `whole`: although some of it is known to be delivered, all of it is to be delivered once more.
    """
    with worked(panel_id, order_id, "send", by) as (order, _, write):
        route_id = None if route is None and provider is None else _route(order, route, provider)
        asked = bool(_CANCEL_ASKED.rows(connection, panel_id, order_id))
        decided = resolve_rules.send(order, route_id=route_id, whole=whole, cancel_asked=asked, now=clock.now())
        _stays(order)
        write(decided, {"route": route_id, "from": order.provider_id, "upstream_id": order.upstream_id})


def count(*, panel_id: int, order_id: int, by: str, start_count: int) -> None:
    """Its start count is this."""
    with worked(panel_id, order_id, "count", by) as (order, _, write):
        counted = resolve_rules.counted(order, start_count=start_count, now=clock.now())
        write(counted, {"start_count": start_count, "from": order.start_count})


def set_remains(*, panel_id: int, order_id: int, by: str, remains: int) -> None:
    """So many units remain of an order that goes on."""
    with worked(panel_id, order_id, "remains", by) as (order, _, write):
        decided = resolve_rules.remaining(order, remains=remains, now=clock.now())
        write(decided, {"remains": remains, "from": order.remains})


def _stays(order: OpenOrder) -> None:
    """Refused: made_by_provider. The provider names such a post with its subscription again and again: under another
    id, or under none, it would be taken for a new one and charged once more."""
    if order.kind == OrderKind.POST.value and _WHOLE.rows(connection, order.panel_id, order.parent_id):
        raise InvalidState("made_by_provider")


def _provider(panel_id: int, order: OpenOrder, name: str | None) -> int:
    """Id of the provider that has the order, which must be another panel."""
    if name is not None:
        rows = _API_PROVIDER.rows(connection, panel_id, name)
        if not rows:
            raise Refused("no_provider", "provider", id=name[:100])
        if rows[0][1] != "api":
            raise Refused("gives_no_ids", "provider", id=name)
        return int(rows[0][0])
    # One that stands in line for a provider was not sent to it.
    sent = order.provider_id is not None and order.job != Job.FORWARD.value
    kinds = _KIND_OF.rows(connection, panel_id, order.provider_id) if sent else []
    if order.provider_id is None or not kinds or kinds[0][0] != "api":
        raise InvalidState("not_sent", "provider")
    return order.provider_id


def _route(order: OpenOrder, route_id: int | None, provider: str | None) -> int:
    """Id of the usable route of the order's service that is meant."""
    (row,) = _SERVICE_OF.rows(connection, order.panel_id, order.id)
    routes = store.routes({order.panel_id}, {row[0]}).get(row[0], [])
    names = {p.id: p.name for p in store.providers({r.provider_id for r in routes}).values()} if routes else {}
    return chosen_route(order.kind, routes, names, route_id, provider)


def chosen_route(
    kind: str, routes: Sequence[RouteRow], names: Mapping[int, str], route_id: int | None, provider: str | None
) -> int:
    """The id of that of the routes of a service which is meant. `names`: of providers, by id."""
    routes = [usable for usable in routes if route_rules.carries(kind, usable.upstream_type)]
    for usable in routes:
        if route_id in (None, usable.id) and provider in (None, names[usable.provider_id]):
            return usable.id
    known = ", ".join(f"{r.id} to {names[r.provider_id]}" for r in routes) or "none"
    raise Refused("no_usable_route", "route", routes=known)


Write = Callable[[Decided, dict[str, object]], None]


@contextmanager
def worked(panel_id: int, order_id: int, action: str, by: str) -> Iterator[tuple[OpenOrder, DripFeed | None, Write]]:
    """The locked order, for a drip-feed its open runs, and what writes new states, in one transaction.

    What is written comes with the event that tells of it: `order.worked` for an order of the queue, else
    `order.resolved`. Cancels that waited for staff are answered by an order's end.
    """
    now = clock.now()
    with transaction.atomic():
        orders = lifecycle.lock([order_id])
        order = locked(orders, panel_id, order_id)
        if order.kind == OrderKind.DRIP_FEED.value:
            # Its runs have higher ids than the parent, so the lock order stands.
            orders.update(lifecycle.lock(lifecycle.open_children(order_id)))
        changes = lifecycle.OrderChanges(orders, now)
        drip_feed = None
        if order.kind == OrderKind.DRIP_FEED.value:
            runs = [run for run in orders.values() if run.parent_id == order_id and run.ended_at is None]
            drip_feed = DripFeed(changes.schedule(order_id), runs)

        def write(decided: Decided, facts: dict[str, object]) -> None:
            queued = order.job == Job.MANUAL.value
            told: dict[str, object] = {"action" if queued else "decision": action, "by": by, **facts}
            if not queued:
                told |= {"was": order.status, "problem": order.problem_code}
            changes.event("order.worked" if queued else "order.resolved", order, told)
            if decided.schedule is not None:
                changes.set_schedule(decided.schedule)
            for settled in decided.settled:
                changes.apply(settled)
            changes.write()
            ended = sorted(o.id for o in changes.orders.values() if o.ended_at is not None)
            if ended:
                _CANCELS_OVER.run(connection, panel_id, ended)

        yield order, drip_feed, write


def locked(orders: dict[int, OpenOrder], panel_id: int, order_id: int) -> OpenOrder:
    """The order of this panel among those that were locked. Raises NotThere."""
    order = orders.get(order_id)
    if order is None or order.panel_id != panel_id:
        raise NotThere("no_order", id=order_id)
    return order
