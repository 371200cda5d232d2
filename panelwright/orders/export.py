"""A customer's orders as a CSV file, written while it is read: a page in memory, whatever the number."""

from __future__ import annotations

from collections.abc import Iterator

from panelwright.orders import listing
from panelwright.orders.listing import EVERYTHING, ListedOrder, Wanted
from panelwright.orders.lists import ORDERS

ROWS_MAX = 100_000
# Pages that are looked at, when a filter finds little: 1,000 windows.
PAGES_MAX = 1_000


def orders_csv(
    *, panel_id: int, customer_id: int, wanted: Wanted = EVERYTHING, before: int | None = None
) -> Iterator[str]:
    """The lines, newest order first, after one with the columns' names; at most 100,000 orders, below `before`.

    Amounts are in the panel's currency as on the wire, times in UTC. More orders than that are fetched with
    the last one's number as `before`. The column "id" is what customers know as an order's id: its number.
    """
    return ORDERS.csv(_pages(panel_id=panel_id, customer_id=customer_id, wanted=wanted, before=before))


def _pages(*, panel_id: int, customer_id: int, wanted: Wanted, before: int | None) -> Iterator[list[ListedOrder]]:
    written = 0
    for _ in range(PAGES_MAX):
        limit = min(listing.PAGE_MAX, ROWS_MAX - written)
        page = listing.page(
            panel_id=panel_id, customer_id=customer_id, wanted=wanted, before=before, limit=limit, with_refills=False
        )
        yield page.rows
        written += len(page.rows)
        before = page.older
        if before is None or written == ROWS_MAX:
            return
