"""What orders would cost, before they are placed: the same rules, and nothing is written or locked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.customers.access import Caller, Grant
from panelwright.orders import rules, store
from panelwright.orders.rules import PlaceOrder


class Quote(NamedTuple):
    """What an order would cost, in micros, and for how many units, over all runs of a drip-feed.

    `order`: the number of the one that was placed before, under the same request_id, and as which it would be answered.
    """

    charge_micros: int
    quantity: int
    order: int | None = None


class Quotes(NamedTuple):
    """For each command its quote, or why it would be refused; `missing_micros`: what the customer lacks for all."""

    lines: list[Quote | Refusal]
    total_micros: int
    available_micros: int

    @property
    def missing_micros(self) -> int:
        return max(self.total_micros - self.available_micros, 0)


def quote(commands: Sequence[PlaceOrder]) -> Quotes:
    """Price the commands of one customer as if she could pay for everything, in the order given.

    While a debt stands, none has a price.
    """
    book = store.load(commands, to_place=False)
    available = sum(max(micros, 0) for micros in book.balances.values())
    endless = replace(book, balances={id_: 2**62 if micros >= 0 else micros for id_, micros in book.balances.items()})
    plan = rules.place(endless, commands, clock.now())
    lines: list[Quote | Refusal] = []
    for position, result in enumerate(plan.results):
        if isinstance(result, Refusal):
            lines.append(result)
        elif position in plan.new:
            order = plan.orders[plan.new[position]]
            lines.append(Quote(order.booked_micros, order.quantity))
        else:
            lines.append(Quote(0, 0, order=result))
    return Quotes(lines, sum(plan.spent.values()), available)


class Price(NamedTuple):
    """What one order would take from the balance now, in micros of the currency."""

    charge_micros: int
    currency: str


def dry_run(
    commands: Sequence[PlaceOrder], *, learn: Callable[[Caller, Grant], None] | None = None
) -> list[Refusal | Price]:
    """What each command alone would cost if it were placed now, or why it would be refused: by all rules of placing.

    A repeat of an order that exists costs nothing. Nothing is written: no request_id, no event of a block.
    Some may be answered rules.LATER: the batch would take too long with them.
    """
    book = store.load(commands, to_place=False)
    book.steps = {}
    now = clock.now()
    results: list[Refusal | Price] = []
    for command, grant in zip(commands, book.grants, strict=True):
        if isinstance(grant, Refusal):
            results.append(grant)
            continue
        if learn is not None:
            learn(command.caller, grant)
        # Of its own: placing takes from the balances, and notes links and request_ids.
        alone = replace(
            book,
            grants=[grant],
            balances=dict(book.balances),
            requests=dict(book.requests),
            open_links=set(book.open_links),
        )
        plan = rules.place(alone, [command], now)
        (result,) = plan.results
        if isinstance(result, Refusal):
            results.append(result)
        else:
            results.append(Price(sum(plan.spent.values()), grant.currency))
    return results
