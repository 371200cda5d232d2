"""A subscription between two panels, over the real wire: what the provider makes of it is ours, to the unit."""

from __future__ import annotations

from typing import Any

from django_scopes import scope

from panelwright.core import money
from panelwright.providers.actions import add_provider, set_provider
from panelwright.providers.routing.route_actions import NewRoute, add_routes
from tests.exchange.conftest import Exchange
from tests.support.people import SUBSCRIPTION, Buyer, Owner, Time, check_books, children_of, execute, row_of, value
from tests.support.rounds import Rounds


def joined(alice: Owner, exchange: Exchange) -> None:
    """Alice's subscriptions go to the sandbox's, whose rate she knows."""
    offers = exchange.client.services()
    assert isinstance(offers, list)
    offer = next(offer for offer in offers if offer.type == "Subscriptions")
    with scope(panel=alice.panel):
        provider = add_provider(
            panel_id=alice.panel_id, name="sandbox", url=f"{exchange.sandbox.url}/api/v2", key=exchange.there.key
        )
        set_provider(panel_id=alice.panel_id, provider_id=provider.id, currency="USD")
        route = NewRoute(alice.services[SUBSCRIPTION].id, provider.id, offer.service, offer.type)
        add_routes(alice.panel_id, [route])
    execute("UPDATE providers_route SET rate_micros = %s", money.cost_of(offer.rate))


def later(exchange: Exchange, worker: Rounds, time: Time, minutes: int) -> None:
    for _ in range(minutes):
        exchange.sandbox.advance(60)
        time.passes(minutes=20)
        worker.everything()


def theirs(exchange: Exchange, ref: str) -> dict[str, Any]:
    return next(order for order in exchange.sandbox.state()["orders"] if str(order["id"]) == ref)


def test_each_order_that_the_provider_makes_is_ours_with_its_quantity(
    exchange: Exchange, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    joined(alice, exchange)
    order_id = carol.order(service=SUBSCRIPTION, min=10, max=1000, delay=0, posts=4, old_posts=2)
    later(exchange, worker, time, 8)
    assert row_of(order_id).status == "Completed"
    orders = children_of(order_id)
    assert len(orders) == 6 == value("SELECT posts_done FROM orders_schedule")
    for order in orders:
        there = theirs(exchange, str(order.upstream_id))
        assert order.quantity == there["quantity"]
        assert order.booked_micros == money.charge(rate_micros=1_500_000, units=order.quantity)
        assert order.status in ("Completed", "Partial", "Canceled", "Processing", "In progress")
    assert exchange.orders() == 7, "the subscription and its six orders"
    check_books()


def test_a_balance_that_does_not_suffice_ends_it_at_the_provider(
    exchange: Exchange, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    joined(alice, exchange)
    order_id = carol.order(service=SUBSCRIPTION, min=1000, max=1000, delay=0)
    carol.spends_all_but("3.10")
    later(exchange, worker, time, 6)
    assert row_of(order_id).status == "Canceled"
    paid = [order.booked_micros for order in children_of(order_id)]
    assert paid[:2] == [1_500_000] * 2 and set(paid[2:]) == {0}
    assert {order.problem_code for order in children_of(order_id) if not order.booked_micros} == {"not_charged"}
    upstream_id = str(row_of(order_id).upstream_id)
    made = len(children_of(order_id))
    later(exchange, worker, time, 5)
    assert theirs(exchange, upstream_id)["status"] == "Canceled"
    assert exchange.orders() == 1 + made, "nothing more is made"
    check_books()
