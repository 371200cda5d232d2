"""Another link for an order that nobody has yet: typed wrong, private, renamed since."""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction

from panelwright.catalog import link_store
from panelwright.catalog.types import BY_NAME, LINK
from panelwright.core import clock, sql
from panelwright.core.refusal import InvalidState, Refusal, Refused
from panelwright.orders import fields, lifecycle, linking, same_link
from panelwright.orders.blocking import Screen
from panelwright.orders.models import Order
from panelwright.panels import block_store
from panelwright.providers.routing import resolve_rules
from panelwright.providers.routing.resolve_actions import worked

_SERVICE = sql.Query(
    "SELECT s.type, s.link_hosts, s.link_kinds, s.link_example, o.link FROM orders_order o"
    " JOIN catalog_service s ON s.id = o.service_id WHERE o.panel_id = ? AND o.id = ?"
)


def change_link(*, panel_id: int, order_id: int, by: str, link: str) -> None:
    """The order goes to this link from now on. The link is held against what `add` asks of one. No money moves.

    Refused: what `add` says of a link, no_link_to_change, outcome_first, has_been_sent, same_link.
    """
    link = link.strip()
    with worked(panel_id, order_id, "link", by) as (order, _, write):
        decided = resolve_rules.relinked(order, now=clock.now())
        (type_name, hosts, kinds, example, before) = _SERVICE.rows(connection, panel_id, order_id)[0]
        if not BY_NAME[type_name].has_link:
            raise InvalidState("no_link_to_change")
        refusal = _wrong(panel_id, link, hosts=hosts, kinds=kinds, example=example)
        if refusal is not None:
            raise Refused.of(refusal)
        write(decided, {"from": before, "link": link})
        open_link = None if order.open_link is None else same_link.digest(link)
        rows = Order.objects.filter(panel_id=panel_id, id=order_id, ended_at=None)
        try:
            with transaction.atomic():
                changed = rows.update(link=link, open_link=open_link)
        except IntegrityError as error:
            raise Refused("same_link", "link") from error
        if changed != 1:
            raise lifecycle.StaleOrder(f"order {order.number} was not as it had been read under its lock")


def _wrong(panel_id: int, link: str, *, hosts: str, kinds: str, example: str) -> Refusal | None:
    fault = fields.link_refusal(link)
    if fault is not None:
        return fault
    if Screen(block_store.current(panel_id)).refuses(LINK, link):
        return Refusal("bad_link", "link", why="not_accepted")
    rule = linking.needed(link_store.current(panel_id), hosts=hosts, kinds=kinds, example=example)
    return None if rule is None else rule.refuses_link(link)
