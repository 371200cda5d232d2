"""What must be true when everything has come to rest, whoever died and whenever."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from panelwright.core import money
from panelwright.providers.routing.rules import request_id
from tests.crash.load import Intent
from tests.crash.rig import Rig

ENDED = ("Completed", "Partial", "Canceled")


class Order(NamedTuple):
    """An order of the panel. Money in micros."""

    id: int
    number: int
    customer_id: int
    kind: str
    parent_id: int | None
    link: str
    quantity: int
    booked_micros: int
    charge_micros: int
    status: str
    remains: int
    job: str | None
    problem_code: str
    upstream_id: str | None
    request_id: str | None
    created_at: Any


class Refund(NamedTuple):
    reference: str
    order_id: int
    micros: int


@dataclass
class Evidence:
    """All that the panel and the sandbox know in the end."""

    orders: dict[int, Order]
    charges: list[tuple[int, int]]  # (order id, micros)
    refunds: list[Refund]
    balances: dict[int, int]  # account id -> micros
    upstream: list[dict[str, Any]]
    adds: list[dict[str, Any]]
    secret: str

    def sent_as(self, order: Order) -> str:
        """The request_id under which this order, and no other, goes upstream."""
        at = order.created_at
        if isinstance(at, str):
            at = datetime.fromisoformat(at).replace(tzinfo=UTC)
        return request_id(self.secret, order.id, at)


def gather(rig: Rig) -> Evidence:
    """Read it while nothing moves any more."""
    run, state = rig.database.run, rig.sandbox_state()
    orders = [Order._make(row) for row in run(f"SELECT {', '.join(Order._fields)} FROM orders_order")]
    return Evidence(
        orders={order.id: order for order in orders},
        charges=run("SELECT order_id, amount_micros FROM ledger_transfer WHERE code = 'order'"),
        refunds=[
            Refund._make(row)
            for row in run("SELECT reference, order_id, amount_micros FROM ledger_transfer WHERE code = 'refund'")
        ],
        balances=dict(run("SELECT id, balance_micros FROM ledger_account WHERE kind = 'customer'")),
        upstream=state["orders"],
        adds=state["add_log"],
        secret=rig.launch.environment()["PANELWRIGHT_SECRET_KEY"],
    )


def prove(rig: Rig, intents: Sequence[Intent]) -> Evidence:
    """Raises AssertionError with what is not so."""
    evidence = gather(rig)
    acknowledged_orders_are_there(evidence, intents)
    nothing_is_there_that_nobody_ordered(evidence, intents)
    upstream_has_each_order_once(evidence)
    what_was_not_sent_is_not_delivered(evidence)
    outcomes_are_those_of_upstream(evidence)
    each_order_was_charged_once(evidence)
    each_refund_happened_once(evidence)
    balances_are_what_is_left(evidence, rig)
    everything_is_at_rest(evidence, knows_request_id=rig.knows_request_id)
    status, output = rig.audit()
    assert status == 0, output
    return evidence


def acknowledged_orders_are_there(evidence: Evidence, intents: Sequence[Intent]) -> None:
    """Each number that was ever answered stands for the order asked for, and a repeat gave the same one."""
    numbered = {(order.customer_id, order.number): order for order in evidence.orders.values()}
    for intent in intents:
        assert len(set(intent.answers)) <= 1, f"{intent.form} was answered with {set(intent.answers)}"
        for number in intent.answers:
            order = numbered.get((intent.buyer.customer_id, number))
            assert order is not None, f"order {number} was acknowledged and is lost: {intent.form}"
            assert (order.link, order.request_id or "") == (
                intent.link,
                intent.request_id,
            ), f"order {number} is not what was asked for: {order}, {intent.form}"


def nothing_is_there_that_nobody_ordered(evidence: Evidence, intents: Sequence[Intent]) -> None:
    """Each link, and with it each request_id, has one order, or none where no request may have arrived."""
    found = Counter(order.link for order in evidence.orders.values() if order.parent_id is None)
    wanted = {intent.link: intent for intent in intents}
    assert set(found) <= set(wanted)
    for link, intent in wanted.items():
        most = 1 if intent.answers or intent.lost else 0
        least = 1 if intent.answers else 0
        assert least <= found[link] <= most, f"{found[link]} orders, {least} to {most} expected: {intent}"
    runs = Counter(order.parent_id for order in evidence.orders.values() if order.kind == "run")
    assert all(count <= 2 for count in runs.values()), runs


def upstream_has_each_order_once(evidence: Evidence) -> None:
    """The sandbox has at most one order under the request_id of each of ours, and none under another."""
    ours = {evidence.sent_as(order): order for order in evidence.orders.values() if order.kind in ("plain", "run")}
    placed = Counter(order["request_id"] for order in evidence.upstream)
    assert {sent: count for sent, count in placed.items() if count > 1} == {}
    assert set(placed) <= set(ours)
    for theirs in evidence.upstream:
        order = ours[theirs["request_id"]]
        assert (theirs["link"], theirs["quantity"]) == (order.link, order.quantity)
        assert order.upstream_id in (None, str(theirs["id"])), f"{order} has the number of another order"


def what_was_not_sent_is_not_delivered(evidence: Evidence) -> None:
    """An order that was cancelled without the provider, or that the provider refused, is unknown there."""
    placed = {order["request_id"] for order in evidence.upstream}
    for order in evidence.orders.values():
        if order.upstream_id is None and order.status in ENDED and order.kind in ("plain", "run"):
            assert evidence.sent_as(order) not in placed, f"refunded and delivered: {order}"
        elif order.upstream_id is not None:
            assert evidence.sent_as(order) in placed, f"never arrived: {order}"


def outcomes_are_those_of_upstream(evidence: Evidence) -> None:
    """Status and remains of what has ended are what the sandbox says, to the unit.

    Of a canceled one everything was given back, so that all of it remains, whatever the sandbox had delivered.
    """
    theirs = {order["request_id"]: order for order in evidence.upstream}
    for order in evidence.orders.values():
        if order.upstream_id is not None and order.status in ENDED:
            said = theirs[evidence.sent_as(order)]
            remains = order.quantity if order.status == "Canceled" else said["remains"]
            assert (order.status, order.remains) == (said["status"], remains), f"{order}: {said}"


def each_order_was_charged_once(evidence: Evidence) -> None:
    charged = dict(evidence.charges)
    assert len(charged) == len(evidence.charges), "an order was charged twice"
    booked = {order.id: order.booked_micros for order in evidence.orders.values() if order.booked_micros}
    assert charged == booked


def each_refund_happened_once(evidence: Evidence) -> None:
    """What went back is exactly what was not delivered, in one transfer for each order or run."""
    references = Counter(refund.reference for refund in evidence.refunds)
    assert {reference: count for reference, count in references.items() if count > 1} == {}
    back: dict[int, int] = defaultdict(int)
    for refund in evidence.refunds:
        back[refund.order_id] += refund.micros
    for order in evidence.orders.values():
        due = 0
        if order.status == "Canceled":
            due = order.booked_micros
        elif order.status == "Partial":
            due = money.refund(charge_micros=order.booked_micros, remains=order.remains, quantity=order.quantity)
        if order.status in ENDED:
            assert (back[order.id], order.charge_micros) == (due, order.booked_micros - due), order


def balances_are_what_is_left(evidence: Evidence, rig: Rig) -> None:
    """Each customer began with 1,000.00 and has that less the charges of the orders, in the books and on the wire."""
    spent: dict[int, int] = defaultdict(int)
    for order in evidence.orders.values():
        spent[order.customer_id] += order.charge_micros
    for buyer in rig.shop.buyers:
        left = 1_000 * money.MICROS - spent[buyer.customer_id]
        assert evidence.balances[buyer.account_id] == left
        shown = rig.ask({"key": buyer.key, "action": "balance"})
        assert shown == {"balance": money.text(left), "currency": "USD"}


def everything_is_at_rest(evidence: Evidence, *, knows_request_id: bool) -> None:
    """All have ended; where the provider cannot be asked again, some wait for a person, and say why."""
    waiting = [order for order in evidence.orders.values() if order.status not in ENDED]
    assert [order for order in waiting if order.job is not None] == []
    if knows_request_id:
        assert waiting == []
    stuck = {order.id for order in waiting if order.problem_code == "outcome_unknown"}
    held_up = {evidence.orders[id_].parent_id for id_ in stuck}
    assert [order for order in waiting if order.id not in stuck and order.id not in held_up] == []
    calls = Counter(call["request_id"] for call in evidence.adds)
    for id_ in stuck:
        assert calls[evidence.sent_as(evidence.orders[id_])] <= 1, f"sent again: {evidence.orders[id_]}"
    if not knows_request_id:
        assert {sent: count for sent, count in calls.items() if count > 1} == {}
