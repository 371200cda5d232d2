"""A block that comes after an order was placed stops what that order would still do by itself."""

from __future__ import annotations

import pytest
from django_scopes import scope

from panelwright.core.refusal import Refusal
from panelwright.orders import pause_actions
from panelwright.orders.schedule_actions import record_post
from panelwright.panels.block_actions import NewBlock, add_blocks
from panelwright.panels.models import Block
from tests.support.people import (
    FOLLOWERS,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Time,
    check_books,
    children_of,
    execute,
    row_of,
    run_schedules,
    value,
)

REASON = "SELECT pause_reason FROM orders_schedule WHERE order_id = %s"


def unblock(alice: Owner) -> None:
    with scope(panel=alice.panel):
        Block.objects.all().delete()
    execute("UPDATE panels_panel SET blocks_version = blocks_version + 1")


@pytest.mark.parametrize("block", [NewBlock("exact", "evilcorp"), NewBlock("pattern", "*evil*")], ids=str)
def test_a_subscription_to_a_user_who_is_blocked_now_pauses(
    alice: Owner, carol: Buyer, time: Time, block: NewBlock
) -> None:
    order_id = carol.order(service=SUBSCRIPTION, username="@EvilCorp", delay=0)
    other = carol.order(service=SUBSCRIPTION, username="anna", delay=0)
    add_blocks(alice.panel_id, [block])
    for id_ in (order_id, other):
        record_post(panel_id=alice.panel_id, subscription_id=id_, link="https://example.com/p/abc")
    time.passes(minutes=1)
    run_schedules()
    assert (row_of(order_id).status, value(REASON, order_id), children_of(order_id)) == ("Paused", "blocked", [])
    assert len(children_of(other)) == 1
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'subscription.paused'") == 1
    refused = pause_actions.resume(panel_id=alice.panel_id, order_id=order_id, by="carol")
    assert refused == Refusal("waits_for_block")
    unblock(alice)
    time.passes(minutes=11)
    run_schedules()
    assert (row_of(order_id).status, value(REASON, order_id)) == ("Active", "")
    assert len(children_of(order_id)) == 1
    check_books()


def test_a_drip_feed_to_a_link_that_is_blocked_now_starts_no_more_runs(alice: Owner, carol: Buyer, time: Time) -> None:
    order_id = carol.order(service=FOLLOWERS, link="https://evil.example/p", quantity=100, runs=4, interval=10)
    run_schedules()
    before = carol.balance()
    add_blocks(alice.panel_id, [NewBlock("domain", "evil.example")])
    time.passes(minutes=11)
    run_schedules()
    order = row_of(order_id)
    assert (len(children_of(order_id)), order.job, order.ended_at) == (1, None, None)
    assert order.charge_micros * 4 == order.booked_micros and carol.balance() > before
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'order.blocked' AND subject_id = %s", order_id) == 1
    check_books()


def test_a_drip_feed_that_is_blocked_before_its_first_run_is_paid_back(alice: Owner, carol: Buyer) -> None:
    order_id = carol.order(service=FOLLOWERS, link="https://evil.example/p", quantity=100, runs=4, interval=10)
    add_blocks(alice.panel_id, [NewBlock("domain", "evil.example")])
    run_schedules()
    assert (row_of(order_id).status, children_of(order_id), carol.balance()) == ("Canceled", [], "100.00")
