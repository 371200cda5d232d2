"""The loops about payments: gateways are asked, refunds sent, and what nobody has paid in time is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import NamedTuple

from django.db import close_old_connections, connections
from django_scopes import scope, scopes_disabled

from panelwright.core import clock
from panelwright.core.loop import AFTER_FAULT_S, AppLoops, LoopSpec, let_go
from panelwright.core.places import Room, Turns
from panelwright.payments import actions, asking_actions, queries, refund_actions, ripening_actions
from panelwright.payments.queries import BusyNow, DueRow

log = logging.getLogger(__name__)

BATCH = 50
# Gateways that are asked at once. Of these places no method and no panel takes all (core/places.py): one whose gateway
# is slow holds up only itself.
PLACES = 24
IDLE_S = 2.0
# How long a round that has begun nothing waits for one that is under way.
PATIENCE_S = 0.5
FORGET_IDLE_S = 600.0
RIPEN_IDLE_S = 20.0


class _Key(NamedTuple):
    """What one thing at a time is done about: a payment, or a webhook of which nobody knows yet whose it is."""

    payment_id: int
    event_id: int = 0


class _Asked(NamedTuple):
    panel_id: int
    method_id: int
    done: Future[None]


class Asking:
    """`look` is the round of a loop, and does not wait for gateways. Of one payment one thing at a time is done."""

    def __init__(self, places: int = PLACES) -> None:
        self._places = places
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="payment")
        self._under_way: dict[_Key, _Asked] = {}
        self._turns = Turns()

    def look(self, limit: int) -> int:
        """One round: payments that are due are asked about, or over; refunds are sent; webhooks that do not say whose
        they are find their payment. How many were begun, or have ended where none was.
        """
        self._ended()
        asked = self._under_way.values()
        room = Room(self._places, [(one.panel_id, one.method_id) for one in asked], self._turns)
        full = {one.method_id for one in asked if not room.more(one.panel_id, one.method_id)}
        keys, now = list(self._under_way), clock.now()
        payments, webhooks = [key.payment_id for key in keys], [key.event_id for key in keys]
        busy = BusyNow(room.full_panels(), full, payments, webhooks)
        with scopes_disabled():
            found, refunds = queries.due(now, limit, busy), queries.refunds_due(now, limit, busy)
            events = queries.events_due(now, limit, busy)
        done = 0
        for row in found:
            if row.by_hand:
                with scope(panel=row.panel_id):
                    done += actions.expire(panel_id=row.panel_id, payment_id=row.id, now=now)
        todo: dict[_Key, list[tuple[DueRow, Callable[[DueRow], object]]]] = {}
        for rows, work in ((found, _look), (refunds, _refund), (events, _learn)):
            for row in rows:
                key = _Key(row.payment_id) if row.payment_id else _Key(0, row.id)
                if not row.by_hand:
                    todo.setdefault(key, []).append((row, work))
        for key, works in todo.items():
            panel_id, method_id = works[0][0].panel_id, works[0][0].method_id
            if room.take(panel_id, method_id):
                future = self._threads.submit(_each, [partial(work, row) for row, work in works], panel_id)
                self._under_way[key] = _Asked(panel_id, method_id, future)
                done += len(works)
        return done or self._ended(PATIENCE_S)

    def _ended(self, wait_s: float = 0.0) -> int:
        """Forget those that have ended, the first of which is waited for so long. How many there were."""
        if wait_s and self._under_way:
            let_go()
            wait([one.done for one in self._under_way.values()], wait_s, return_when=FIRST_COMPLETED)
        ended = [key for key, one in self._under_way.items() if one.done.done()]
        for key in ended:
            del self._under_way[key]
        return len(ended)

    def under_way(self) -> int:
        """How many gateways are being asked."""
        self._ended()
        return len(self._under_way)

    def finish(self, deadline: float) -> None:
        """Once the loop has ended: wait for what is under way until a time in seconds since 1970, and let go. What
        takes longer loses only its lease.
        """
        wait([one.done for one in self._under_way.values()], max(deadline - clock.now().timestamp(), 0.1))
        self._threads.shutdown(wait=False, cancel_futures=True)


def _each(works: list[Callable[[], object]], panel_id: int) -> None:
    """Never raises. After a fault the next one is done; what was claimed comes due when its lease ends."""
    for work in works:
        try:
            with scope(panel=panel_id):
                work()
        except Exception:
            log.exception("asking a payment gateway for panel %d failed and is tried again", panel_id)
            connections.close_all()
            # It may be due still, where the database was away.
            time.sleep(AFTER_FAULT_S)
    close_old_connections()


def _look(row: DueRow) -> object:
    return asking_actions.look(panel_id=row.panel_id, payment_id=row.id, now=clock.now())


def _refund(row: DueRow) -> object:
    return refund_actions.look(panel_id=row.panel_id, refund_id=row.id, now=clock.now())


def _learn(row: DueRow) -> object:
    return asking_actions.learn(panel_id=row.panel_id, event_id=row.id, now=clock.now())


def forget(limit: int) -> int:
    """One round: webhooks that are older than they are kept."""
    with scopes_disabled():
        return asking_actions.forget_events(limit, now=clock.now())


def ripen(limit: int) -> int:
    """One round: money whose hours are over can be spent."""
    now = clock.now()
    with scopes_disabled():
        due = queries.ripe(now, limit)
    done = 0
    for panel_id, payment_id in due:
        with scope(panel=panel_id):
            done += ripening_actions.ripen(panel_id=panel_id, payment_id=payment_id, now=now)
    return done


def loops() -> AppLoops:
    asking = Asking()
    return AppLoops(
        (
            LoopSpec("payments", partial(asking.look, BATCH), idle_s=IDLE_S),
            LoopSpec("fresh money", partial(ripen, BATCH), idle_s=RIPEN_IDLE_S),
            LoopSpec("payment webhooks", lambda: forget(BATCH), idle_s=FORGET_IDLE_S),
        ),
        asking.finish,
    )
