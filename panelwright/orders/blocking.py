"""Which fields of an order are held against the blocked targets and words, and the events that tell of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from panelwright.catalog.types import LINK, FieldKind, TypeField
from panelwright.core import sql
from panelwright.events.actions import NewEvent, record
from panelwright.orders.settling import OpenOrder
from panelwright.panels import block_store
from panelwright.panels.blocks import TOO_MUCH, BlockRule, Rules, Steps

# What an event keeps of the text.
SHOWN_MAX = 200  # characters
# Events that one customer can cause in a minute, in one process; one a rule.
EVENTS_A_MINUTE = 20
_CUSTOMERS_MAX = 10_000


class Hit(NamedTuple):
    """A rule that refused a field."""

    rule: BlockRule
    field: str
    value: str


class Blocked(NamedTuple):
    """A refused order, for the event. `service` is the panel's number, 0 where only a post was skipped."""

    panel_id: int
    customer_id: int
    service: int
    hit: Hit


class Screen:
    """Holds one order's fields against a panel's rules, and keeps what it found.

    What names a target or holds words, the table of service types says. What it took is added to `steps`.
    """

    __slots__ = ("hit", "rules", "steps")

    def __init__(self, rules: Rules, steps: Steps | None = None) -> None:
        self.rules = rules
        self.steps = steps
        self.hit: Hit | None = None

    def refuses(self, field: TypeField, value: str) -> bool:
        """Whether a rule speaks against this value, which has passed the field's own check.

        True without a hit where it would take too long to find out (BLOCK_STEPS_MAX).
        """
        rule = self._rule(field, value)
        if rule is None:
            return False
        if rule is not TOO_MUCH:
            self.hit = Hit(rule, field.name, value)
        return True

    def _rule(self, field: TypeField, value: str) -> BlockRule | None:
        rule = None
        if field.names_target:
            lines = value.split("\n") if field.kind is FieldKind.LINES else [value]
            rule = self.rules.first(lines, self.steps)
        if rule is None and field.holds_words:
            rule = self.rules.word(value, self.steps)
        return rule


class ReportThrottle:
    """Who has been told of which rule in this minute: bounded, so that nobody can flood the events."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[int, tuple[int, set[tuple[bool, int]]]] = OrderedDict()

    def first(self, blocked: Blocked, now: datetime) -> bool:
        """Whether this is to be written: the first of this customer and rule in the minute, and not one too many."""
        minute, rule = int(now.timestamp()) // 60, blocked.hit.rule
        with self._lock:
            at, rules = self._seen.pop(blocked.customer_id, (minute, set()))
            if at != minute:
                rules = set()
            fresh = (rule.of_host, rule.id) not in rules and len(rules) < EVENTS_A_MINUTE
            if fresh:
                rules.add((rule.of_host, rule.id))
            self._seen[blocked.customer_id] = (minute, rules)
            if len(self._seen) > _CUSTOMERS_MAX:
                self._seen.popitem(last=False)
        return fresh

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()


told = ReportThrottle()


def tell(blocked: Iterable[Blocked], now: datetime) -> None:
    """Write `order.blocked` events, as many as are allowed. In the caller's transaction."""
    record([_event(b, None) for b in blocked if told.first(b, now)], now=now)


def _event(blocked: Blocked, subject_id: int | None) -> NewEvent:
    rule, name, value = blocked.hit
    facts = {
        "rule": rule.id,
        "kind": rule.kind,
        "text": rule.text,
        "of": "host" if rule.of_host else "panel",
        "customer": blocked.customer_id,
        "service": blocked.service,
        "field": name,
        "value": value[:SHOWN_MAX],
    }
    return NewEvent(blocked.panel_id, "order.blocked", subject_id, facts)


_SKIP = sql.Query("UPDATE orders_post SET due_at = NULL WHERE panel_id = ? AND id = ? AND order_id IS NULL")


def skip_post(subscription: OpenOrder, post_id: int, link: str, now: datetime) -> bool:
    """Whether a post's link is blocked; then it is never ordered for, and an event of the subscription says so. What
    cannot be checked within its budget is not ordered for either.

    In the caller's transaction. A post is skipped once, so each that is has its event.
    """
    if not refuses_link(subscription, link, now):
        return False
    _SKIP.run(connection, subscription.panel_id, post_id)
    return True


def refuses_link(order: OpenOrder, link: str, now: datetime) -> bool:
    """Whether a rule as it stands now speaks against a link of a standing order, and then an event of it says so."""
    screen = Screen(block_store.current(order.panel_id))
    if not screen.refuses(LINK, link):
        return False
    if screen.hit is not None:  # else it is too costly to check
        record([_event(Blocked(order.panel_id, order.customer_id, 0, screen.hit), order.id)], now=now)
    return True
