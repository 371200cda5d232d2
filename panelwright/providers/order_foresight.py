"""What staff's actions would do to many orders: the money that would go back, and which would be refused. Reads only.

It is decided by the rules that the actions decide by, over the orders as they stand, in the order in which they would
be worked on, and kept in mind from one to the next: a drip-feed that ends takes its runs with it, and a run that ends
gives its share back to its drip-feed's charge. Nothing is locked. What changes between this and the work itself, the
work finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from panelwright.core import clock, sql
from panelwright.core.refusal import InvalidState, NotThere, Refusal, Refused
from panelwright.orders import actions, lifecycle
from panelwright.orders.models import OrderKind
from panelwright.orders.pause_actions import BAD_ORDER, HAS_ENDED
from panelwright.orders.settling import OpenOrder
from panelwright.providers.manual import manual_rules
from panelwright.providers.routing import resolve_actions, resolve_rules, store
from panelwright.providers.routing.resolve_rules import Decided, DripFeed
from panelwright.providers.routing.store import RouteRow
from panelwright.staff.action import Foresight, Foretold

_IDS = sql.Query("SELECT number, id FROM orders_order WHERE panel_id = ? AND number :in_int")
_CANCELS = sql.Query(
    "SELECT order_id, state FROM orders_cancel WHERE panel_id = ? AND order_id :in_int"
    " AND state IN ('waiting', 'passed on', 'sending')"
)
_SERVICES = sql.Query("SELECT id, service_id FROM orders_order WHERE panel_id = ? AND id :in_int")
_WHOLE = sql.Query(
    "SELECT o.id FROM orders_order o JOIN orders_order p ON p.id = o.parent_id WHERE o.panel_id = ? AND o.id :in_int"
    " AND o.kind = 'post' AND p.upstream_id IS NOT NULL"
)
_SCHEDULES = frozenset({OrderKind.DRIP_FEED.value, OrderKind.SUBSCRIPTION.value})


class _Beside(NamedTuple):
    """What else decides about the orders of a batch, by order id."""

    cancels: Mapping[int, str] = {}
    routes: Mapping[int, Sequence[RouteRow]] = {}
    names: Mapping[int, str] = {}
    of_whole: frozenset[int] = frozenset()


# What would become of an order; raises Refused.
Decide = Callable[[OpenOrder, DripFeed | None, _Beside, datetime], Decided]
Read = Callable[[int, Sequence[int]], _Beside]


def _nothing_beside(panel_id: int, ids: Sequence[int]) -> _Beside:
    return _Beside()


def _cancels(panel_id: int, ids: Sequence[int]) -> _Beside:
    return _Beside(cancels=dict(_CANCELS.rows(connection, panel_id, sorted(ids))))


def _routes(panel_id: int, ids: Sequence[int]) -> _Beside:
    services: dict[int, int] = dict(_SERVICES.rows(connection, panel_id, sorted(ids)))
    routes = store.routes({panel_id}, set(services.values())) if services else {}
    providers = {route.provider_id for found in routes.values() for route in found}
    names = {row.id: row.name for row in store.providers(providers).values()} if providers else {}
    return _cancels(panel_id, ids)._replace(
        routes={id_: routes.get(service, ()) for id_, service in services.items()},
        names=names,
        of_whole=frozenset(row[0] for row in _WHOLE.rows(connection, panel_id, sorted(ids))),
    )


class _Looking:
    """Looks at one batch after the other, and keeps in mind what the ones before would have become."""

    def __init__(self, panel_id: int) -> None:
        self.panel_id = panel_id
        self.now = clock.now()
        self.changes = lifecycle.OrderChanges({}, self.now)

    def ids_of(self, numbers: Sequence[int]) -> dict[int, int]:
        """Number -> id of those that there are, all of which `changes` then knows."""
        ids: dict[int, int] = dict(_IDS.rows(connection, self.panel_id, sorted(numbers)))
        self.changes.also(lifecycle.read(ids.values()))
        return ids

    def money_of(self, number: int, ids: Mapping[int, int], decide: Callable[[int], None]) -> Foretold | Refusal:
        """`decide` puts into `changes` what would become of the order with an id. Raises Refused."""
        before = self.changes.refunded_micros
        try:
            if number not in ids:
                raise NotThere("no_order", id=number)
            decide(ids[number])
        except Refused as refused:
            return refused.refusal
        return Foretold(refund_micros=self.changes.refunded_micros - before)

    def drip_feed_of(self, order: OpenOrder) -> DripFeed | None:
        if order.kind != OrderKind.DRIP_FEED.value:
            return None
        return DripFeed(self.changes.schedule(order.id), self.changes.runs_of(order.id))


def _by(decide: Decide, read: Read = _nothing_beside) -> Callable[[int], Foresight]:
    def begin(panel_id: int) -> Foresight:
        looking = _Looking(panel_id)

        def look(numbers: Sequence[int]) -> list[Foretold | Refusal]:
            ids = looking.ids_of(numbers)
            beside = read(panel_id, list(ids.values()))

            def decided(order_id: int) -> None:
                order = looking.changes.orders[order_id]
                becomes = decide(order, looking.drip_feed_of(order), beside, looking.now)
                if becomes.schedule is not None:
                    looking.changes.set_schedule(becomes.schedule)
                for settled in becomes.settled:
                    looking.changes.apply(settled)

            return [looking.money_of(number, ids, decided) for number in numbers]

        return look

    return begin


def done(panel_id: int) -> Foresight:
    return _by(lambda order, feed, _, now: resolve_rules.done(order, feed, now=now))(panel_id)


def cancel(panel_id: int, *, reason: str = "") -> Foresight:
    if reason.strip():
        resolve_rules.reason(reason)
    return _by(lambda order, feed, _, now: resolve_rules.cancel(order, feed, now=now))(panel_id)


def partial(panel_id: int, *, remains: int | None = None) -> Foresight:
    return _by(lambda order, feed, _, now: resolve_rules.partial(order, feed, remains=remains, now=now))(panel_id)


def start(panel_id: int, *, start_count: int | None = None) -> Foresight:
    return _by(lambda order, _, __, now: Decided([manual_rules.start(order, start_count)]))(panel_id)


def set_back(panel_id: int) -> Foresight:
    return _by(lambda order, _, __, now: Decided([manual_rules.set_back(order)]))(panel_id)


def progress(
    panel_id: int, *, remains: int | None = None, delivered: int | None = None, start_count: int | None = None
) -> Foresight:
    if (remains is None) == (delivered is None):
        raise Refused("remains_or_delivered", "remains")

    def decide(order: OpenOrder, _: DripFeed | None, __: _Beside, now: datetime) -> Decided:
        left = manual_rules.remains_after(order, delivered) if delivered is not None else remains or 0
        return Decided([manual_rules.progress(order, remains=left, start_count=start_count)])

    return _by(decide)(panel_id)


def count(panel_id: int, *, start_count: int) -> Foresight:
    return _by(lambda order, _, __, now: resolve_rules.counted(order, start_count=start_count, now=now))(panel_id)


def set_remains(panel_id: int, *, remains: int) -> Foresight:
    return _by(lambda order, _, __, now: resolve_rules.remaining(order, remains=remains, now=now))(panel_id)


def pass_on(panel_id: int) -> Foresight:
    def decide(order: OpenOrder, _: DripFeed | None, beside: _Beside, now: datetime) -> Decided:
        routes = [route.id for route in beside.routes.get(order.id, ())]
        asked = beside.cancels.get(order.id) == "waiting"
        return Decided([manual_rules.pass_on(order, routes, cancel_asked=asked, now=now)])

    return _by(decide, _routes)(panel_id)


def send(panel_id: int, *, route: int | None = None, provider: str | None = None, whole: bool = False) -> Foresight:
    def decide(order: OpenOrder, _: DripFeed | None, beside: _Beside, now: datetime) -> Decided:
        route_id = None
        if route is not None or provider is not None:
            usable = beside.routes.get(order.id, ())
            route_id = resolve_actions.chosen_route(order.kind, usable, beside.names, route, provider)
        asked = beside.cancels.get(order.id) in {"waiting", "passed on"}
        decided = resolve_rules.send(order, route_id=route_id, whole=whole, cancel_asked=asked, now=now)
        if order.id in beside.of_whole:
            raise InvalidState("made_by_provider")
        return decided

    return _by(decide, _routes)(panel_id)


def accept_cancel(panel_id: int) -> Foresight:
    def decide(order: OpenOrder, _: DripFeed | None, beside: _Beside, now: datetime) -> Decided:
        decided = resolve_rules.accept_cancel(order, now=now)
        if beside.cancels.get(order.id) not in {"waiting", "passed on"}:
            raise InvalidState("no_cancel_waits")
        return decided

    return _by(decide, _cancels)(panel_id)


def stop(panel_id: int) -> Foresight:
    """Of drip-feeds and subscriptions: by what `orders.actions.cancel_orders` does to them."""
    looking = _Looking(panel_id)

    def stopped(order_id: int) -> None:
        order = looking.changes.orders[order_id]
        if order.kind not in _SCHEDULES:
            raise Refused.of(BAD_ORDER)
        if order.ended_at is not None:
            raise Refused.of(HAS_ENDED)
        actions.cancel_in(looking.changes, order_id, looking.now)

    def look(numbers: Sequence[int]) -> list[Foretold | Refusal]:
        ids = looking.ids_of(numbers)
        return [looking.money_of(number, ids, stopped) for number in numbers]

    return look
