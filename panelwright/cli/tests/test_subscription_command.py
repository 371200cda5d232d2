"""`subscription` shows, pauses, resumes and cancels drip-feeds and subscriptions alike; `post` takes any time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_rate
from panelwright.orders.models import Order
from tests.support.people import (
    SUBSCRIPTION,
    Buyer,
    Known,
    Owner,
    Time,
    check_books,
    children_of,
    everything,
    execute,
    row_of,
    run_schedules,
    value,
)

Said = Callable[..., str]


def command(order: Known | Order | int, *options: str) -> tuple[str, ...]:
    number = order.number if isinstance(order, (Known, Order)) else order
    return ("subscription", "--panel", "shop", "--order", str(number), *options)


def test_a_drip_feed_is_cancelled_by_staff_whatever_the_service_allows(
    carol: Buyer, alice: Owner, time: Time, said: Said
) -> None:
    execute("UPDATE catalog_service SET cancel = %s", False)
    order_id = carol.order(quantity=100, runs=5, interval=10)  # 0.45
    run_schedules()
    time.passes(minutes=10)
    run_schedules()
    first, second = children_of(order_id)
    execute("UPDATE orders_order SET status = 'Processing', job = 'poll', upstream_id = '1' WHERE id = %s", first.id)
    told = said(0, *command(order_id, "--cancel"))
    assert told == "No more runs start, and those that had not are given back. 1 under way are to be cancelled.\n"
    assert row_of(second.id).status == "Canceled"
    assert carol.balance() == "99.91", "four of five runs are given back, the one under way is not"
    assert value("SELECT order_id FROM orders_cancel") == first.id
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'dripfeed.canceled'") == 1
    time.passes(hours=1)
    run_schedules()
    assert len(children_of(order_id)) == 2
    check_books()


def test_a_drip_feed_that_has_not_begun_ends_at_once(carol: Buyer, time: Time, said: Said) -> None:
    order_id = carol.order(quantity=100, runs=5, interval=10)
    assert said(0, *command(order_id, "--pause")) == "Paused\n"
    assert "paused by hand since" in said(0, *command(order_id))
    assert said(0, *command(order_id, "--cancel")) == "Canceled\n"
    assert (carol.sees(order_id).status, carol.balance()) == ("Canceled", "100.00")
    before = everything()
    for option in ("--cancel", "--pause", "--resume"):
        assert "This order has ended." in said(1, *command(order_id, option))
    assert everything() == before


def test_nothing_else_is_cancelled_so(carol: Buyer, mallory: Buyer, time: Time, said: Said) -> None:
    orders = [
        carol.order(),
        mallory.order(runs=2, interval=5, quantity=100),
        mallory.order(service=SUBSCRIPTION),
        10**9,
    ]
    before = everything()
    for order_id in orders:
        for option in ("--cancel", "--pause", "--resume"):
            assert " not found." in said(1, *command(order_id, option))
        assert "no such drip-feed or subscription" in said(1, *command(order_id))
    assert everything() == before


def test_staff_see_why_a_subscription_pauses_and_who_ends_it(
    carol: Buyer, alice: Owner, said: Said, time: Time
) -> None:
    order_id = carol.order(service=SUBSCRIPTION, delay=0, posts=3)
    assert "0 ordered for, of 3" in said(0, *command(order_id))
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=SUBSCRIPTION, rate_micros=9_000_000)
    said(0, "post", "--panel", "shop", "--username", "carol", "--link", "https://example.com/p/1")
    run_schedules()
    shown = said(0, *command(order_id))
    assert "paused: the service costs more than was agreed" in shown and "at most 1.50 for 1000, 100 to 100" in shown
    assert "Only the customer can resume it." in said(1, *command(order_id, "--resume"))


@pytest.mark.parametrize(
    "at",
    [
        *("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "9999-12-31", "0001-01-01", "0001-01-01T00:00:00+14:00"),
        *("2026-05-04T12:00", "2026-05-04T12:00:00.123456789Z", "20260504T120000Z", "2026-05-04 12:00:00+05:45"),
    ],
)
def test_a_post_of_any_time_is_taken(carol: Buyer, time: Time, said: Said, at: str) -> None:
    order_id = carol.order(service=SUBSCRIPTION, posts=5, old_posts=5, delay=600)
    link = ("--username", "carol", "--link", "https://example.com/p/1")
    assert said(0, "post", "--panel", "shop", *link, "--published-at", at).startswith("1 of 1")
    time.passes(hours=10)
    run_schedules()
    assert len(children_of(order_id)) == 1


@pytest.mark.parametrize("at", ["31/12/9999", "10000-01-01", "9999-13-01", "-0001-01-01", "now", "1e9", ""])
def test_what_is_no_time_is_told(carol: Buyer, time: Time, said: Said, at: str) -> None:
    carol.order(service=SUBSCRIPTION)
    link = ("--username", "carol", "--link", "https://example.com/p/1")
    assert "is no time" in said(1, "post", "--panel", "shop", *link, f"--published-at={at}")


def test_who_pays_for_what_a_provider_delivered_without_funds(
    carol: Buyer, alice: Owner, time: Time, said: Said
) -> None:
    order_id = carol.order(service=SUBSCRIPTION, delay=0)
    said(0, "post", "--panel", "shop", "--username", "carol", "--link", "https://example.com/p/1")
    said(0, "post", "--panel", "shop", "--username", "carol", "--link", "https://example.com/p/2")
    run_schedules()
    first, second = children_of(order_id)
    for option in ("--charge", "--waive"):
        assert "No charge of this order waits" in said(1, *command(first, option))
    # As `take_over` leaves them.
    execute("UPDATE ledger_account SET balance_micros = 100000000 WHERE id = %s", carol.account_id)
    execute("DELETE FROM ledger_transfer WHERE order_id IN (%s, %s)", first.id, second.id)
    execute(
        "UPDATE orders_order SET booked_micros = 0, charge_micros = 0, job = NULL, due_at = NULL,"
        " problem_code = 'not_charged', problem_at = created_at, provider_id = 1, upstream_id = CAST(id AS text)"
        " WHERE kind = 'post'"
    )
    assert said(0, *command(first, "--charge")) == f"Order {first.number} is charged 0.15 and goes on.\n"
    assert said(0, *command(second, "--waive")) == f"Order {second.number} goes on and is not charged.\n"
    assert [(o.charge_micros, o.job, o.problem_code) for o in children_of(order_id)] == [
        (150_000, "poll", ""),
        (0, "poll", ""),
    ]
    assert carol.balance() == "99.85"
    check_books()
