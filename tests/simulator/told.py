"""What customers' webhooks were told: each end of an order once, as it stands; and nothing that did not happen."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from django.db import connection

from panelwright.core import money, sql

if TYPE_CHECKING:
    from tests.simulator.run import Simulation

# What is told when an order, subscription or refill ends, and when it begins.
ENDS = {"Completed": "completed", "Partial": "partial", "Canceled": "canceled", "Expired": "expired"}
REFILL_ENDS = {"Completed": "completed", "Rejected": "rejected", "Canceled": "canceled"}

_TOLD = sql.Query(
    "SELECT d.panel_id, e.customer_id, d.name, d.order_number, d.body FROM events_delivery d"
    " JOIN events_endpoint e ON e.id = d.endpoint_id ORDER BY d.id"
)


def check(now: Simulation) -> None:
    """Every row of the outbox against the orders and refills, and the other way round. Notes complaints."""
    say, books = now.complaints, now.books
    of_orders: dict[int, Counter[str]] = {}
    of_refills: dict[int, Counter[str]] = {}
    last: dict[int, dict[str, Any]] = {}
    for panel_id, customer_id, name, number, body in _TOLD.rows(connection):
        message = json.loads(body)
        order_id = books.ids[panel_id, number]
        order = books.orders[order_id]
        say.check(message["data"]["order"] == number, f"order {number} was told as {message['data']['order']}")
        theirs = (order.panel_id, order.customer_id) == (panel_id, customer_id)
        say.check(theirs, f"customer {customer_id} was told of order {order_id}, which is another's")
        say.check(message["type"] == name, f"order {order_id}: {name} was told as {message['type']}")
        noun, _, word = name.partition(".")
        if noun == "refill":
            of_refills.setdefault(books.refill_ids[panel_id, message["data"]["refill"]], Counter())[word] += 1
        else:
            say.check(
                (noun == "subscription") == (order.kind == "subscription"), f"order {order_id} was told as {noun}"
            )
            of_orders.setdefault(order_id, Counter())[word] += 1
            last[order_id] = message["data"]
    for id_, row in books.orders.items():
        if row.customer_id not in now.world.listening:
            say.check(id_ not in of_orders, f"nobody listens, and was told of order {id_}")
            continue
        told = of_orders.get(id_, Counter())
        ends = {word: told[word] for word in ENDS.values() if told[word]}
        true = {ENDS[row.status]: 1} if row.ended_at is not None else {}
        say.check(ends == true, f"order {id_} is {row.status}, its webhook was told {ends}")
        say.check(told["in_progress"] <= 1, f"order {id_} began {told['in_progress']} times")
        if row.status == "In progress":
            say.check(told["in_progress"] == 1, f"order {id_} is in progress, and that was not told")
        if row.ended_at is not None and id_ in last:
            seen = (last[id_]["status"], last[id_]["charge"], last[id_]["remains"])
            true_end = (row.status, money.text(row.charge), str(row.remains))
            say.check(seen == true_end, f"order {id_} ended as {true_end}, its webhook was told {seen}")
    for id_, refill in books.refills.items():
        if books.orders[refill.order_id].customer_id in now.world.listening:
            told = of_refills.get(id_, Counter())
            ends = {word: told[word] for word in REFILL_ENDS.values() if told[word]}
            true = {REFILL_ENDS[refill.status]: 1} if refill.status in REFILL_ENDS else {}
            say.check(ends == true, f"refill {id_} is {refill.status}, its webhook was told {ends}")
