"""A service's rule about links (catalog/link_kinds.py), held against an order and against a subscription's posts."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from panelwright.catalog import link_kinds, link_store
from panelwright.catalog.link_kinds import LinkRule, Table, Wrong
from panelwright.core import sql
from panelwright.core.refusal import Refusal
from panelwright.events.actions import NewEvent, record
from panelwright.orders.settling import OpenOrder

# What an event keeps of a link.
SHOWN_MAX = 200  # characters


class Needed(NamedTuple):
    """What the links of a service must lead to, and an example that it shows."""

    rule: LinkRule
    table: Table
    example: str

    def refuses_link(self, link: str) -> Refusal | None:
        wrong = link_kinds.wrong_link(self.rule, self.table, link)
        return None if wrong is None else self._refusal("bad_link", "link", wrong)

    def refuses_name(self, field: str, text: str) -> Refusal | None:
        """The same for a field that names somebody: a name, or a link to her."""
        wrong = link_kinds.wrong_name(self.rule, self.table, text)
        return None if wrong is None else self._refusal("bad_field", field, wrong)

    def _refusal(self, code: str, field: str, wrong: Wrong) -> Refusal:
        facts: tuple[tuple[str, str | int], ...] = (("found", wrong.found), ("wanted", wrong.wanted))
        example = (self.example or self.table.example(self.rule)) if code == "bad_link" else ""
        return Refusal(code, field, why=wrong.why, facts=(*facts, ("example", example)) if example else facts)


def needed(table: Table | None, *, hosts: str, kinds: str, example: str) -> Needed | None:
    """A service's rule out of its columns; None where it has none. `table` None: the one that is shipped."""
    if not hosts and not kinds:
        return None
    rule = link_kinds.rule_of(hosts, kinds)
    return None if rule is None else Needed(rule, table or link_kinds.shipped(), example)


_SKIP = sql.Query("UPDATE orders_post SET due_at = NULL WHERE panel_id = ? AND id = ? AND order_id IS NULL")


def skip_post(subscription: OpenOrder, post_id: int, link: str, now: datetime, *, hosts: str, kinds: str) -> bool:
    """Whether a post's link is none that the service takes; then it is never ordered for, and an event says why.

    In the caller's transaction. A post is skipped once, so each that is has its event.
    """
    if not hosts and not kinds:
        return False
    rule = needed(link_store.current(subscription.panel_id), hosts=hosts, kinds=kinds, example="")
    refusal = rule.refuses_link(link) if rule is not None else None
    if refusal is None:
        return False
    _SKIP.run(connection, subscription.panel_id, post_id)
    facts = {
        "customer": subscription.customer_id,
        "post": post_id,
        "link": link[:SHOWN_MAX],
        "why": refusal.why,
        **{name: value for name, value in refusal.facts if name != "example"},
    }
    record([NewEvent(subscription.panel_id, "subscription.post_refused", subscription.id, facts)], now=now)
    return True
