"""A refill by way of another service: an order at the panel's cost, with which the customer's refill ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import InvalidState, Refused
from panelwright.providers.manual import manual_actions, paid_refill_actions
from panelwright.providers.models import Route
from panelwright.providers.routing import resolve_actions
from panelwright.providers.staff_lists import waiting_refills
from tests.support.by_hand import BY, own_people
from tests.support.people import FOLLOWERS, LIKES, SUBSCRIPTION, Buyer, Known, Owner, Time, execute, row_of, value
from tests.support.rounds import Rounds
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db


def refill_of(owner: Owner, buyer: Buyer, worker: Rounds) -> Known:
    """A refill of an order that the panel's own people have delivered."""
    own_people(owner, FOLLOWERS)
    order_id = buyer.order()
    worker.forward()
    resolve_actions.done(panel_id=owner.panel_id, order_id=order_id, by=BY)
    execute("UPDATE orders_order SET ended_at = %s WHERE id = %s", clock.now() - timedelta(days=5), order_id)
    (refill_id,) = buyer.refill(order_id)
    assert isinstance(refill_id, Known)
    return refill_id


def standing(refill_id: int) -> tuple[str, str]:
    status = value("SELECT status FROM orders_refill WHERE id = %s", refill_id)
    return status, value("SELECT problem_code FROM orders_refill WHERE id = %s", refill_id)


def waits(owner: Owner) -> int:
    with scope(panel=owner.panel):
        return waiting_refills(owner.panel_id).rows.count()


@pytest.mark.parametrize(
    ("reported", "ends"),
    [
        ({"status": "Completed", "charge": "0.30"}, ("Completed", "")),
        ({"status": "Canceled"}, ("In progress", "refill_not_delivered")),
        ({"status": "Partial", "remains": "100", "charge": "0.24"}, ("In progress", "refill_not_delivered")),
    ],
    ids=lambda part: str(part.get("status")) if isinstance(part, dict) else "",
)
def test_a_refill_ends_with_the_order_that_delivers_it_and_costs_the_customer_nothing(
    alice: Owner,
    carol: Buyer,
    upstream: ScriptedUpstream,
    worker: Rounds,
    time: Time,
    reported: dict[str, str],
    ends: tuple[str, str],
) -> None:
    refill_id = refill_of(alice, carol, worker)
    provider = alice.provider(upstream.url)
    alice.route(LIKES, provider)
    with scope(panel=alice.panel):
        Route.objects.filter(panel_id=alice.panel_id, provider=provider).update(rate_micros=600_000)
    upstream.answers("add", {"order": 501})
    upstream.answers("status", {"currency": "USD", **reported})
    balance = carol.balance()
    paid_refill_actions.order_refill(panel_id=alice.panel_id, refill_id=refill_id, by=BY, service=LIKES, quantity=500)
    order_id = value("SELECT by_order_id FROM orders_refill WHERE id = %s", refill_id)
    assert (standing(refill_id), waits(alice)) == (("In progress", ""), 0)
    with pytest.raises(InvalidState, match="already ordered"):
        paid_refill_actions.order_refill(
            panel_id=alice.panel_id, refill_id=refill_id, by=BY, service=LIKES, quantity=500
        )
    worker.forward()
    assert paid_refill_actions.finish_ordered() == 0
    time.passes(seconds=5)
    worker.poll()
    assert paid_refill_actions.finish_ordered() == 1
    assert paid_refill_actions.finish_ordered() == 0
    assert standing(refill_id) == ends
    assert waits(alice) == (1 if ends[1] else 0)
    from panelwright.orders import details

    # The customer sees which order delivers it, from either side.
    number = value("SELECT number FROM orders_order WHERE id = %s", order_id)
    of = value(
        "SELECT o.number FROM orders_refill r JOIN orders_order o ON o.id = r.order_id WHERE r.id = %s", refill_id
    )
    who = {"panel_id": alice.panel_id, "customer_id": carol.customer_id}
    with scope(panel=alice.panel):
        delivers, first = details.one(**who, number=number), details.one(**who, number=of)
    assert delivers is not None and delivers.refill_of == of
    assert first is not None and [one.by_order for one in first.refills] == [number] and first.refill_of is None
    order = row_of(order_id)
    assert (order.booked_micros, order.charge_micros, carol.balance()) == (0, 0, balance)
    assert (order.cost_micros or 0) == {"Completed": 300_000, "Canceled": 0, "Partial": 240_000}[reported["status"]]
    assert alice.audit() == []
    if ends[1]:
        # Staff decide as about any other.
        manual_actions.finish_refill(panel_id=alice.panel_id, refill_id=refill_id, by=BY)
        assert standing(refill_id)[0] == "Completed"


def test_what_cannot_be_ordered_is_refused_and_nothing_moves(alice: Owner, carol: Buyer, worker: Rounds) -> None:
    refill_id = refill_of(alice, carol, worker)
    orders = value("SELECT COUNT(*) FROM orders_order")
    for service, quantity, code in (
        (SUBSCRIPTION, 500, "bad_refill_service"),
        (9_999, 500, "bad_refill_service"),
        (LIKES, 0, "bad_refill_quantity"),
        (LIKES, 10**9, "bad_refill_quantity"),
    ):
        with pytest.raises(Refused) as refused:
            paid_refill_actions.order_refill(
                panel_id=alice.panel_id, refill_id=refill_id, by=BY, service=service, quantity=quantity
            )
        assert refused.value.refusal.code == code
    assert standing(refill_id) == ("Pending", "")
    assert value("SELECT COUNT(*) FROM orders_order") == orders
