"""What staff read of a subscription: why it orders nothing, and of its posts only what somebody sent."""

from __future__ import annotations

import pytest
from django_scopes import scope

from panelwright.orders import lifecycle, pause_actions, settling
from panelwright.orders.models import PauseReason
from panelwright.orders.schedule_actions import note_pause
from panelwright.providers import order_queries
from panelwright.providers.posts.tests.test_whole_subscriptions import Far, far, look, subscribe
from tests.support.people import SUBSCRIPTION, Buyer, Owner, Time, children_of
from tests.support.rounds import Rounds

__all__ = ["far"]


def test_staff_read_why_it_pauses_and_of_its_posts_nothing_that_nobody_sent(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker, min=100, max=300)
    far.makes(901, 100)
    look(worker, time)
    (post,) = children_of(order_id)
    with scope(panel=alice.panel):
        facts, of_post = (order_queries.order_facts(alice.panel_id, id_) for id_ in (order_id, post.id))
    assert facts is not None and of_post is not None
    assert (facts["paused_for"], facts["sent"]["username"]) == (None, "carol")
    assert (of_post["paused_for"], of_post["sent"], of_post["upstream_id"]) == (None, None, "901")


@pytest.mark.parametrize("reason", [None, *PauseReason])
def test_staff_read_why_a_subscription_orders_nothing(
    alice: Owner, carol: Buyer, worker: Rounds, time: Time, reason: PauseReason | None
) -> None:
    order_id = carol.order(service=SUBSCRIPTION, delay=0)
    with scope(panel=alice.panel):
        if reason is None:
            assert pause_actions.pause(panel_id=alice.panel_id, order_id=order_id, by="bob") is None
        else:
            changes = lifecycle.OrderChanges(lifecycle.lock([order_id]), time.now)
            before = changes.orders[order_id]
            changes.apply(settling.Settled(before._replace(status="Paused")))
            note_pause(changes, before, changes.orders[order_id], "", reason)
            changes.write()
        facts = order_queries.order_facts(alice.panel_id, order_id)
    assert facts is not None
    assert facts["paused_for"] == (reason.value if reason else order_queries.BY_HAND)
    assert [(event["event"], event["facts"].get("reason")) for event in facts["history"]] == [
        ("subscription.paused", reason.value if reason else None)
    ]
