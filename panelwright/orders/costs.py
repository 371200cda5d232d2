"""What an order has cost so far, in the books: which transfers follow from a change of it. Pure.

A cost counts from when a provider took the order: it has an id there, or the order has ended. Until then it is what
would be paid. A drip-feed costs what its runs do, and those are booked, not the drip-feed.
"""

from __future__ import annotations

from collections.abc import Iterator

from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.orders.models import OrderKind
from panelwright.orders.settling import OpenOrder

_COST = NamedAccount(AccountKind.COST)


def earned(order: OpenOrder) -> int:
    """What its present provider has earned with it, in micros: what it costs, if it counts yet."""
    if order.kind == OrderKind.DRIP_FEED.value or (order.upstream_id is None and order.ended_at is None):
        return 0
    return order.cost_micros or 0


def changes(before: OpenOrder, after: OpenOrder) -> Iterator[tuple[int | None, int]]:
    """(provider id, micros that it earned more, or less when below zero) by which a change makes an order dearer."""
    was, now = earned(before), earned(after)
    if after.kind != OrderKind.DRIP_FEED.value:
        # What an earlier provider keeps is no more its present cost, and stays what that one has earned.
        was -= after.past_cost_micros - before.past_cost_micros
    moves = [(before.provider_id, -was), (after.provider_id, now)]
    if before.provider_id == after.provider_id or not was or not now:
        moves = [(after.provider_id if now else before.provider_id, now - was)]
    return ((provider_id, micros) for provider_id, micros in moves if micros)


def posted(before: OpenOrder, after: OpenOrder) -> tuple[OpenOrder, list[NewTransfer]]:
    """The order as it counts the transfers of its cost, and those that a change of it brings."""
    made = []
    for provider_id, micros in changes(before, after):
        after = after._replace(cost_postings=after.cost_postings + 1)
        made.append(transfer(after.panel_id, after.id, after.number, provider_id, micros, count=after.cost_postings))
    return after, made


def transfer(
    panel_id: int, order_id: int, number: int, provider_id: int | None, micros: int, *, count: int
) -> NewTransfer:
    """`number` is the order's; `count` counts the transfers of its cost. Below zero the provider gets less than was
    thought.
    """
    sides = (_COST, NamedAccount(AccountKind.PROVIDER, "" if provider_id is None else str(provider_id)))
    debit, credit = sides if micros > 0 else sides[::-1]
    reference = f"{number}.{count}"
    return NewTransfer(panel_id, debit, credit, abs(micros), TransferCode.COST, reference, order_id)
