"""Rolling up how routes have done: from the events of orders' ends, starts and refusals, each counted once.

It follows the events by their ids, some time behind, so that those which committed late are there; what is missed all
the same is missing in an average.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django_scopes import scopes_disabled

from panelwright.core import clock, sql
from panelwright.providers.models import MeritCursor, RouteMerit
from panelwright.providers.routing import merit_rules
from panelwright.providers.routing.merit_rules import Merit

BEHIND = timedelta(seconds=30)
BATCH = 2_000
# Where an installation begins to measure, it looks back so far.
LOOK_BACK = 100_000

_EVENTS = sql.Query(
    "SELECT id, panel_id, name, subject_id, created_at, facts FROM events_event WHERE id > ? ORDER BY id LIMIT ?"
)
_LAST_EVENT = sql.Query("SELECT id, panel_id FROM events_event ORDER BY id DESC LIMIT 1")
# Those that a customer or staff have cancelled say nothing of the route.
_ORDERS = sql.Query(
    "SELECT o.id, o.route_id, o.created_at FROM orders_order o WHERE o.panel_id :in_int AND o.id :in_int"
    " AND o.route_id IS NOT NULL AND o.kind IN ('plain', 'run', 'post')"
    " AND NOT EXISTS (SELECT 1 FROM orders_cancel c WHERE c.order_id = o.id)"
)
_ENDED = frozenset({"order.completed", "order.partial", "order.canceled"})
_STARTED = "order.in progress"
_REFUSED = "order.refused"


def roll_up() -> int:
    """Count the next events. Answers how many events were looked at; 0: there are none to count yet."""
    before = clock.now() - BEHIND
    # The events of all panels; each row that is written names its own.
    with scopes_disabled(), transaction.atomic(durable=True):
        cursor = MeritCursor.objects.select_for_update().order_by("id").first()
        if cursor is None:
            last = [row[0] for row in _LAST_EVENT.rows(connection)]
            MeritCursor.objects.create(id=1, event_id=max(max(last, default=0) - LOOK_BACK, 0))
            return 0
        rows = _EVENTS.rows(connection, cursor.event_id, BATCH)
        ready = []
        for row in rows:
            at = sql.aware(row[4])
            if at is None or at > before:
                break
            ready.append((row[0], row[1], row[2], row[3], at, row[5]))
        if not ready:
            return 0
        _count(ready)
        MeritCursor.objects.filter(id=cursor.id).update(event_id=ready[-1][0])
        return len(ready)


def _count(events: list[tuple[int, int, str, int, datetime, object]]) -> None:
    told = [event for event in events if event[2] in _ENDED or event[2] in {_STARTED, _REFUSED}]
    ids = sorted({event[3] for event in told if event[2] != _REFUSED})
    panels = sorted({event[1] for event in told})
    found = _ORDERS.rows(connection, panels, ids) if ids else []
    orders = {row[0]: (row[1], sql.aware(row[2])) for row in found}
    new: dict[tuple[int, int], Merit] = defaultdict(Merit)
    for _id, panel_id, name, order_id, at, facts in told:
        if name == _REFUSED:
            route = (facts if isinstance(facts, dict) else json.loads(str(facts))).get("route")
            if isinstance(route, int):
                new[panel_id, route] = merit_rules.added(new[panel_id, route], Merit(refused=1))
        elif order_id in orders:
            route_id, created_at = orders[order_id]
            assert created_at is not None
            one = _of_event(name, max(int((at - created_at).total_seconds()), 0))
            new[panel_id, route_id] = merit_rules.added(new[panel_id, route_id], one)
    _add(new)


def _of_event(name: str, seconds: int) -> Merit:
    if name == _STARTED:
        return Merit(started=1, start_s=seconds)
    if name == "order.completed":
        return Merit(ended=1, completed=1, took_s=seconds)
    return Merit(ended=1)


def _add(new: Mapping[tuple[int, int], Merit]) -> None:
    """Routes that are gone are left out."""
    now = clock.now()
    ids = [route_id for _panel_id, route_id in new]
    there = routes_of(ids)
    held = {row.route_id: row for row in RouteMerit.objects.select_for_update().filter(route_id__in=ids)}
    for (panel_id, route_id), more in sorted(new.items()):
        if there.get(route_id) != panel_id:
            continue
        row = held.get(route_id)
        total = merit_rules.added(merit_of(row) if row is not None else Merit(), more)
        values = {**total._asdict(), "measured_at": now}
        if row is None:
            RouteMerit.objects.create(panel_id=panel_id, route_id=route_id, **values)
        else:
            RouteMerit.objects.filter(panel_id=panel_id, route_id=route_id).update(**values)


_ROUTES = sql.Query("SELECT id, panel_id FROM providers_route WHERE id :in_int")


def routes_of(ids: list[int]) -> dict[int, int]:
    """Of these routes those that are there, with their panels."""
    return {row[0]: row[1] for row in _ROUTES.rows(connection, sorted(set(ids)))} if ids else {}


def merit_of(row: RouteMerit) -> Merit:
    return Merit(row.ended, row.completed, row.refused, row.started, row.start_s, row.took_s)
