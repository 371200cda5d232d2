"""A batch of many panels asks for all their orders at once, and is given no other panel's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from panelwright.core import clock, sql
from panelwright.orders import queries
from panelwright.orders.actions import AskOrders, request_cancels, request_refills
from tests.support.people import Buyer, execute


def test_standings_and_refills_of_many_panels_are_one_statement(carol: Buyer, mallory: Buyer) -> None:
    """The same numbers stand in both panels, and each is asked for one of them."""
    hers, theirs = ([buyer.order(link=f"https://example.com/{n}") for n in range(2)] for buyer in (carol, mallory))
    numbers = [order.number for order in hers]
    for order, number in zip(theirs, numbers, strict=True):
        execute("UPDATE orders_order SET number = %s WHERE id = %s", number, order)
    wanted = {carol.owner.panel_id: numbers[:1], mallory.owner.panel_id: [numbers[1], 10**12], 999: []}
    asked: list[str] = []
    with sql.heard_by(lambda text, values: asked.append(text)):
        found, progress = queries.standings(wanted)
    assert {panel: {number: row[:2] for number, row in rows.items()} for panel, rows in found.items()} == {
        carol.owner.panel_id: {numbers[0]: (numbers[0], carol.customer_id)},
        mallory.owner.panel_id: {numbers[1]: (numbers[1], mallory.customer_id)},
        999: {},
    }
    assert (len(asked), progress) == (1, {})
    # By the short way of one panel, the same.
    for panel, rows in found.items():
        assert queries.standings({panel: list(rows)})[0] == {panel: rows}
    execute(
        "UPDATE orders_order SET status = 'Completed', job = NULL, due_at = NULL, remains = 0, ended_at = %s",
        clock.now() - timedelta(days=2),
    )
    execute("UPDATE catalog_service SET refill = %s, cancel = %s", True, True)
    ask = [AskOrders(carol.caller(), (numbers[0],)), AskOrders(mallory.caller(), (numbers[1], 10**12))]
    results: Any = request_refills(ask)
    assert [[type(answer).__name__ for answer in answers] for answers in results] == [["int"], ["int", "Refusal"]]
    refills = {carol.owner.panel_id: [results[0][0]], mallory.owner.panel_id: [results[1][0], 5]}
    assert sorted(queries.refills(refills)) == sorted((panel, numbers[0]) for panel, numbers in refills.items())
    # Nobody is answered for the order of the other one with the same number.
    told: Any = request_cancels([AskOrders(carol.caller(), (numbers[1],)), AskOrders(mallory.caller(), (1,))])
    assert [answer.code for answers in told for answer in answers] == ["cannot_cancel", "bad_order"]
